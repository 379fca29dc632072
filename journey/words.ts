import { type Comparison, type Condition, comparisons, listOf } from "./conditions.js";
import type { Fact } from "./facts.js";

/** What conditions are said with: the facts' units, and what people call stages and milestones. */
export interface Vocabulary {
  readonly facts: Readonly<Record<string, Fact>>;
  readonly nameOfStage: (id: string) => string;
  readonly nameOfMilestone: (id: string) => string;
}

/** The values of an account on a day; undefined or null where there is none. */
export interface DayValues {
  readonly fact: (id: string) => number | boolean | null | undefined;
  readonly trend: (metric: string, measure: string) => number | string | null | undefined;
}

/**
 * A condition in words: "licence utilisation (28 days) below 50 %". With the values of a day on which it held,
 * what was the case: "licence utilisation (28 days) was 34 %, below 50 %".
 */
export function inWords(condition: Condition, words: Vocabulary, values?: DayValues): string {
  const said = unheld(condition, words, values);
  const { held_for_days: days } = condition;
  return days === undefined ? said : `${said}, for ${days} days`;
}

function unheld(condition: Condition, words: Vocabulary, values: DayValues | undefined): string {
  const inner = (c: Condition): string => inWords(c, words, values);
  if ("all" in condition) return condition.all.map(inner).join(" and ");
  if ("any" in condition) {
    const parts = values ? condition.any.filter((c) => holdsBy(c, values) !== false) : condition.any;
    const said = (parts.length > 0 ? parts : condition.any).map(inner);
    return said.length === 1 ? (said[0] as string) : `(${said.join(" or ")})`;
  }
  // What does not hold has no value worth telling.
  if ("not" in condition) return `not (${inWords(condition.not, words)})`;
  if ("fact" in condition) {
    const unit = words.facts[condition.fact]?.unit ?? "";
    return compared(label(condition.fact), condition, unit, values?.fact(condition.fact));
  }
  if ("milestone" in condition) {
    const name = words.nameOfMilestone(condition.milestone);
    if (condition.status === undefined) return `milestone "${name}" reached`;
    return `milestone "${name}" ${orList(listOf(condition.status).map(spaced))}`;
  }
  if ("stage" in condition) return `in stage ${orList(listOf(condition.stage).map(words.nameOfStage))}`;
  if ("band" in condition) return `health ${orList(listOf(condition.band))}`;
  if ("direction" in condition) {
    const is = values?.trend(condition.trend, "direction");
    return `${label(condition.trend)} ${is ?? orList(listOf(condition.direction))} over 30 weeks`;
  }
  const { trend, measure } = condition;
  const unit = measure === "change" ? "share" : measure === "value" ? (words.facts[trend]?.unit ?? "") : "";
  return compared(`${measures[measure]}${label(trend)}`, condition, unit, values?.trend(trend, measure));
}

const measures = {
  value: "weekly ",
  change: "week-on-week change of ",
  z: "standard deviations from the 30-week mean of ",
  slope_30w: "slope per week over 30 weeks of ",
};

/** Whether a condition holds by the values at hand; undefined where they can't tell. */
function holdsBy(condition: Condition, values: DayValues): boolean | undefined {
  const today = unheldBy(condition, values);
  // The values are of one day: what didn't hold on it wasn't held, what did may not have held before.
  return condition.held_for_days === undefined || today === false ? today : undefined;
}

function unheldBy(condition: Condition, values: DayValues): boolean | undefined {
  const inner = (c: Condition): boolean | undefined => holdsBy(c, values);
  if ("all" in condition) return every(condition.all.map(inner));
  if ("any" in condition) return not(every(condition.any.map(inner).map(not)));
  if ("not" in condition) return not(inner(condition.not));
  if ("fact" in condition) return compares(condition, values.fact(condition.fact));
  if ("direction" in condition)
    return listOf<unknown>(condition.direction).includes(values.trend(condition.trend, "direction"));
  if ("measure" in condition) {
    const value = values.trend(condition.trend, condition.measure);
    return compares(condition, typeof value === "number" ? value : null);
  }
  return undefined;
}

const not = (holds: boolean | undefined): boolean | undefined => (holds === undefined ? undefined : !holds);
const every = (parts: readonly (boolean | undefined)[]): boolean | undefined =>
  parts.includes(false) ? false : parts.includes(undefined) ? undefined : true;

const compares = (comparison: Comparison, value: number | boolean | null | undefined): boolean =>
  comparisons.every((c) => {
    const bound = comparison[c];
    return bound === undefined || holds[c](value ?? null, bound);
  });

type Test = (value: number | boolean | null, bound: number | boolean) => boolean;
const holds: Record<(typeof comparisons)[number], Test> = {
  at_least: (value, bound) => value !== null && value >= bound,
  above: (value, bound) => value !== null && value > bound,
  at_most: (value, bound) => value !== null && value <= bound,
  below: (value, bound) => value !== null && value < bound,
  equals: (value, bound) => value !== null && Number(value) === Number(bound),
  is_missing: (value, bound) => (value === null) === bound,
};

function compared(what: string, comparison: Comparison, unit: string, value: unknown): string {
  const bounds = comparisons.flatMap((c) => {
    const bound = comparison[c];
    if (bound === undefined) return [];
    if (c === "is_missing") return [bound ? "not known" : "known"];
    return [c === "equals" ? valueInWords(bound, unit) : `${spaced(c)} ${valueInWords(bound, unit)}`];
  });
  const said = bounds.join(" and ");
  if (value === undefined || value === null) return `${what} ${said}`;
  const was = valueInWords(value as number | boolean, unit);
  return comparison.equals === undefined && comparison.is_missing === undefined
    ? `${what} was ${was}, ${said}`
    : `${what} was ${was}`;
}

/** A value with its unit: "34 %", "1 ticket", "12.5 points", "yes". */
export function valueInWords(value: number | boolean, unit: string): string {
  if (unit === "yes/no" || typeof value === "boolean") return value ? "yes" : "no";
  const [word = ""] = unit.split(" ");
  if (word === "share") return `${figure(value * 100)} %`;
  const noun = ["score", "points", "money"].includes(word)
    ? ""
    : spaced(Math.abs(value) === 1 ? word.replace(/s$/, "") : word);
  return noun ? `${figure(value)} ${noun}` : figure(value);
}

export const daysInWords = (days: number): string => valueInWords(days, "days");

/** At most two decimals, at least two digits that say something. */
const figure = (value: number): string =>
  String(Number(Math.abs(value) < 1 ? value.toPrecision(2) : value.toFixed(Math.abs(value) < 10 ? 2 : 1)));

/** A fact's id as people say it: licence_utilisation_28d → licence utilisation (28 days). */
export function label(fact: string): string {
  const [, stem = fact, days] = /^(.*)_(\d+)d$/.exec(fact) ?? [];
  return days ? `${spaced(stem)} (${days === "1" ? "1 day" : `${days} days`})` : spaced(stem);
}

const spaced = (word: string): string => word.replaceAll("_", " ");
const orList = (words: readonly string[]): string => words.join(" or ");
