import { z } from "zod";
import { type Band, bands } from "./bands.js";
import { days, figure } from "./figures.js";

/**
 * A condition on one day of an account:
 *
 *     { fact: licence_utilisation_28d, below: 0.5 }      at_least, above, at_most, below, equals, is_missing
 *     { milestone: activated }                           reached by that day
 *     { milestone: go_live, status: [behind, stuck] }    where it stands that day
 *     { stage: pre_renewal } · { band: [poor, unknown] } in one of them that day
 *     { trend: active_users_28d, direction: falling }    of the last complete week
 *     { trend: events_7d, measure: z, below: -2 }
 *     { all: […] } · { any: […] } · { not: … }
 *
 * With `held_for_days: 14` any of them holds only where it has held on each of the last 14 days, that day
 * included. A comparison with a missing value doesn't hold; so `not` of it does.
 */
export type Condition = Held & ({ all: Condition[] } | { any: Condition[] } | { not: Condition } | Leaf);

export type Leaf =
  | ({ fact: string } & Comparison)
  | { milestone: string; status?: MilestoneStatus | MilestoneStatus[] | undefined }
  | { stage: string | string[] }
  | { band: Band | Band[] }
  | { trend: string; direction: Direction | Direction[] }
  | ({ trend: string; measure: TrendMeasure } & Comparison);

interface Held {
  held_for_days?: number | undefined;
}

export interface Comparison {
  at_least?: number | undefined;
  above?: number | undefined;
  at_most?: number | undefined;
  below?: number | undefined;
  equals?: number | boolean | undefined;
  is_missing?: boolean | undefined;
}
export const comparisons = ["at_least", "above", "at_most", "below", "equals", "is_missing"] as const;

export const milestoneStatuses = [
  "not_started",
  "on_track",
  "behind",
  "stuck",
  "missed",
  "reached_on_time",
  "reached_late",
] as const;
export type MilestoneStatus = (typeof milestoneStatuses)[number];

export const directions = ["rising", "steady", "falling"] as const;
export type Direction = (typeof directions)[number];

export const trendMeasures = ["value", "change", "z", "slope_30w"] as const;
export type TrendMeasure = (typeof trendMeasures)[number];

const held = {
  held_for_days: days(2)
    .optional()
    .describe("Holds only where it has held on each of the last n days, that day included."),
};
const compared = {
  at_least: figure.optional(),
  above: figure.optional(),
  at_most: figure.optional(),
  below: figure.optional(),
  equals: z.union([figure, z.boolean()]).optional(),
  is_missing: z.boolean().optional(),
};
const isCompared = (condition: Comparison): boolean => comparisons.some((c) => condition[c] !== undefined);
const oneOrMore = <T extends z.ZodType>(word: T) => z.union([word, z.array(word).min(1)]);
const compareIt = `compare it with one of ${comparisons.join(", ")}`;

export const conditionSchema: z.ZodType<Condition, Condition> = z.lazy(() =>
  z.union([
    z
      .strictObject({
        fact: z.string().describe("A fact; `waymark facts` lists them."),
        ...compared,
        ...held,
      })
      .refine(isCompared, compareIt),
    z.strictObject({
      milestone: z.string().describe("A milestone: reached by that day, or with `status` where it stands."),
      status: oneOrMore(z.enum(milestoneStatuses)).optional(),
      ...held,
    }),
    z.strictObject({ stage: oneOrMore(z.string()).describe("In one of these stages that day."), ...held }),
    z.strictObject({ band: oneOrMore(z.enum(bands)).describe("Health in one of these bands."), ...held }),
    z.strictObject({
      trend: z.string().describe("A metric of `trends`, or health_score, in the last complete week."),
      direction: oneOrMore(z.enum(directions)),
      ...held,
    }),
    z
      .strictObject({ trend: z.string(), measure: z.enum(trendMeasures), ...compared, ...held })
      .refine(isCompared, compareIt),
    z.strictObject({ all: z.array(conditionSchema).min(1), ...held }),
    z.strictObject({ any: z.array(conditionSchema).min(1), ...held }),
    z.strictObject({ not: conditionSchema, ...held }),
  ]),
);

/** A part of a condition with its place inside it. */
export interface Part {
  readonly condition: Condition;
  readonly path: readonly PropertyKey[];
}

/** A condition and all that it is made of, in the file's order. */
export function partsOf(condition: Condition, path: readonly PropertyKey[] = []): Part[] {
  const here = { condition, path };
  if ("all" in condition) return [here, ...condition.all.flatMap((c, i) => partsOf(c, [...path, "all", i]))];
  if ("any" in condition) return [here, ...condition.any.flatMap((c, i) => partsOf(c, [...path, "any", i]))];
  if ("not" in condition) return [here, ...partsOf(condition.not, [...path, "not"])];
  return [here];
}

/** What a condition compares, without `all`, `any` and `not`. */
export const leavesOf = (condition: Condition): Leaf[] =>
  partsOf(condition).flatMap(({ condition: c }) => ("all" in c || "any" in c || "not" in c ? [] : [c]));

/** Every fact that a condition speaks of. */
export const factsOf = (condition: Condition): string[] =>
  leavesOf(condition).flatMap((leaf) => ("fact" in leaf ? [leaf.fact] : []));

/** Every milestone that a condition speaks of. */
export const milestonesOf = (condition: Condition): string[] =>
  leavesOf(condition).flatMap((leaf) => ("milestone" in leaf ? [leaf.milestone] : []));

/** Every trend that a condition speaks of. */
export const trendsOf = (condition: Condition): string[] =>
  leavesOf(condition).flatMap((leaf) => ("trend" in leaf ? [leaf.trend] : []));

/** One word or several, as a list. */
export const listOf = <T>(words: T | readonly T[]): readonly T[] =>
  Array.isArray(words) ? (words as readonly T[]) : [words as T];

/** How many days before a day a condition looks at: `held_for_days` of 3 looks at 2 more; inside another, both. */
export function daysHeld(condition: Condition): number {
  const own = (condition.held_for_days ?? 1) - 1;
  if ("not" in condition) return own + daysHeld(condition.not);
  const parts = "all" in condition ? condition.all : "any" in condition ? condition.any : [];
  return own + Math.max(0, ...parts.map(daysHeld));
}
