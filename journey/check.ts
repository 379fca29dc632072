import type { Problem } from "../config/yaml.js";
import { didYouMean } from "../errors.js";
import {
  type Comparison,
  type Condition,
  comparisons,
  type Leaf,
  listOf,
  type Part,
  partsOf,
} from "./conditions.js";
import { type Fact, factNames, scoredFacts } from "./facts.js";
import { leastStep } from "./figures.js";
import { type JourneyText, type Milestone, repeats } from "./journey.js";
import { allFactsIn, columnsBesideFacts, factsIn, isScoredFact } from "./own_facts.js";
import { healthMetric, trendMetrics } from "./trends.js";

/** A condition with its place in the file and what the place may speak of. */
export interface Place {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  readonly condition: Condition;
  readonly knows: keyof typeof knowledge;
}

/** What is known where. Each is made before the next: facts, milestones, stages, caps, signals. */
const knowledge = {
  milestone: { says: "facts only", words: ["fact"], isScored: false },
  stage: { says: "facts and milestones reached", words: ["fact", "milestone"], isScored: false },
  cap: {
    says: "facts, milestones reached and stages",
    words: ["fact", "milestone", "stage"],
    isScored: false,
  },
  signal: {
    says: "everything",
    words: ["fact", "milestone", "status", "stage", "band", "trend"],
    isScored: true,
  },
} as const;

/** Every condition of a journey, in the file's order. */
export const placesOf = (journey: JourneyText): Place[] => [
  ...journey.stages.flatMap(({ id, when }, i): Place[] =>
    when ? [{ path: ["stages", i, "when"], what: `stage ${id}`, condition: when, knows: "stage" }] : [],
  ),
  ...journey.milestones.map(
    ({ id, when }, i): Place => ({
      path: ["milestones", i, "when"],
      what: `milestone ${id}`,
      condition: when,
      knows: "milestone",
    }),
  ),
  ...journey.health.caps.map(
    ({ id, when }, i): Place => ({
      path: ["health", "caps", i, "when"],
      what: `cap ${id}`,
      condition: when,
      knows: "cap",
    }),
  ),
  ...journey.signals.map(
    ({ id, when }, i): Place => ({
      path: ["signals", i, "when"],
      what: `signal ${id}`,
      condition: when,
      knows: "signal",
    }),
  ),
];

/** What the shape alone can't say: ids are unique, what is named exists, scales are monotone, every stage can be reached. */
export function checkJourney(journey: JourneyText): Problem[] {
  return [
    ...controlCharacters(journey),
    ...repeatedIds(journey),
    ...ownFactProblems(journey),
    ...placesOf(journey).flatMap((place) => conditionProblems(place, journey)),
    ...stageProblems(journey),
    ...milestoneProblems(journey),
    ...healthProblems(journey),
    ...referenceProblems(journey),
  ];
}

/** The mistake of a word that nothing defines, with the nearest that is; none where it is known. */
const unknown = (
  path: readonly PropertyKey[],
  kind: string,
  word: string,
  known: readonly string[],
): Problem[] =>
  known.includes(word)
    ? []
    : [{ path, message: `unknown ${kind} "${word}".${didYouMean(word, known)}`, unknown: word }];

/** Texts become SQL, messages and lines of terminals, where a NUL ends a statement and an escape rules the screen. */
function controlCharacters(value: unknown, path: readonly PropertyKey[] = []): Problem[] {
  const found = (text: string, at: readonly PropertyKey[]): Problem[] =>
    /(?![\t\n\r])[\p{Cc}\p{Cs}]/u.test(text)
      ? [problem(at, `${JSON.stringify(text)} has a control character; remove it.`)]
      : [];
  if (typeof value === "string") return found(value, path);
  if (Array.isArray(value)) return value.flatMap((item, i) => controlCharacters(item, [...path, i]));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...found(key, [...path, key]),
    ...controlCharacters(item, [...path, key]),
  ]);
}

function repeatedIds(journey: JourneyText): Problem[] {
  const lists: [PropertyKey[], { id: string }[]][] = [
    [["facts"], journey.facts],
    [["stages"], journey.stages],
    [["milestones"], journey.milestones],
    [["touchpoints"], journey.touchpoints],
    [["health", "indicators"], journey.health.indicators],
    [["health", "caps"], journey.health.caps],
    [["signals"], journey.signals],
    [["plays"], journey.plays],
    ...journey.plays.map(({ tasks }, i): [PropertyKey[], { id: string }[]] => [["plays", i, "tasks"], tasks]),
  ];
  return lists.flatMap(([path, items]) => {
    const ids = items.map(({ id }) => id);
    return ids.flatMap((id, i) =>
      ids.indexOf(id) < i
        ? [{ path: [...path, i, "id"], message: `"${id}" is used twice; ids must be unique.` }]
        : [],
    );
  });
}

function ownFactProblems({ facts }: JourneyText): Problem[] {
  const builtIn = [...factNames, ...Object.keys(scoredFacts)];
  return facts.flatMap(({ id }, i) => {
    const path = ["facts", i, "id"];
    if (builtIn.includes(id)) return [problem(path, `"${id}" is a built-in fact; choose another id.`)];
    // An account's own attributes are called so, too.
    return columnsBesideFacts.includes(id) || id.startsWith("attribute_")
      ? [problem(path, `"${id}" is what something beside the facts is called; choose another id.`)]
      : [];
  });
}

function conditionProblems({ path, what, condition, knows }: Place, journey: JourneyText): Problem[] {
  const { says, words, isScored } = knowledge[knows];
  const facts = isScored ? allFactsIn(journey) : factsIn(journey);
  const parts = partsOf(condition);
  const problemsOf = ({ condition: part, path: inner }: Part): Problem[] => {
    const nested = parts.some(
      (outer) => outer.condition.held_for_days !== undefined && isInside(inner, outer.path),
    );
    const held =
      part.held_for_days !== undefined && nested
        ? [problem(["held_for_days"], "held_for_days stands inside another; say it once, outside or inside.")]
        : [];
    if ("all" in part || "any" in part || "not" in part) return held;
    const asksStatus = "milestone" in part && part.status !== undefined;
    const key = asksStatus ? "status" : (Object.keys(part)[0] as string);
    if ((words as readonly string[]).includes(key))
      return [...held, ...leafProblems(part, facts, journey, isScored)];
    const asked = asksStatus ? "a milestone's status" : `a ${key}`;
    return [...held, problem([key], `a ${knows} can't ask for ${asked}: it speaks of ${says}.`)];
  };
  const found = parts.flatMap((part) =>
    problemsOf(part).map((p) => ({ ...p, path: [...path, ...part.path, ...p.path] })),
  );
  return found.length === 0 && contradicts(condition, facts)
    ? [problem(path, `${what} can never hold: its comparisons contradict each other or the fact's range.`)]
    : found;
}

const problem = (path: readonly PropertyKey[], message: string): Problem => ({ path, message });

const isInside = (inner: readonly PropertyKey[], outer: readonly PropertyKey[]): boolean =>
  inner.length > outer.length && outer.every((step, i) => inner[i] === step);

/** What is wrong with a leaf, at a key of it. */
function leafProblems(
  leaf: Leaf,
  facts: Readonly<Record<string, Fact>>,
  journey: JourneyText,
  isScored: boolean,
): Problem[] {
  if ("fact" in leaf) {
    if (!isScored && isScoredFact(leaf.fact))
      return [problem(["fact"], `${leaf.fact} is known only once there is a score; signals may ask for it.`)];
    if (!Object.hasOwn(facts, leaf.fact)) return unknown(["fact"], "fact", leaf.fact, Object.keys(facts));
    return comparisonProblems(leaf.fact, leaf, facts[leaf.fact]?.type);
  }
  if ("milestone" in leaf) {
    const milestone = journey.milestones.find((m) => m.id === leaf.milestone);
    if (!milestone) return unknown(["milestone"], "milestone", leaf.milestone, idsOf(journey.milestones));
    const asked = `"${leaf.milestone}" begins anew with every contract or stay`;
    return !isScored && repeats(milestone)
      ? [problem(["milestone"], `${asked}, so only signals may ask for it.`)]
      : [];
  }
  if ("stage" in leaf)
    return listOf(leaf.stage).flatMap((word) => unknown(["stage"], "stage", word, idsOf(journey.stages)));
  if (!("trend" in leaf)) return [];
  const kept = trendMetrics(journey);
  const problems =
    Object.hasOwn(facts, leaf.trend) && !kept.includes(leaf.trend)
      ? [problem(["trend"], `no trend of ${leaf.trend} is kept; add it to \`trends\`.`)]
      : unknown(["trend"], "trend", leaf.trend, kept);
  return "measure" in leaf ? [...problems, ...comparisonProblems(leaf.trend, leaf)] : problems;
}

function comparisonProblems(what: string, comparison: Comparison, type?: Fact["type"]): Problem[] {
  const isBoolean = type === "boolean";
  const wrong = comparisons.find(
    (c) =>
      c !== "is_missing" && comparison[c] !== undefined && (typeof comparison[c] === "boolean") !== isBoolean,
  );
  const expected = isBoolean
    ? "yes/no: use equals: true or false"
    : "a number: use at_least, above, at_most, below or equals with one";
  if (wrong) return [problem([wrong], `${what} is ${expected}.`)];
  const finer = comparisons.find((c) => {
    const bound = comparison[c];
    return type === "decimal" && typeof bound === "number" && Number(bound.toFixed(9)) !== bound;
  });
  return finer ? [problem([finer], `${what} is kept to nine decimals; ${comparison[finer]} has more.`)] : [];
}

const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);

/** The values that comparisons leave open; null ends are open. */
interface Range {
  from: number;
  isFromIn: boolean;
  to: number;
  isToIn: boolean;
}

function rangeOf({ at_least, above, at_most, below, equals }: Comparison, fact?: Fact): Range {
  const from = Math.max(
    at_least ?? -Infinity,
    above ?? -Infinity,
    fact?.min ?? -Infinity,
    typeof equals === "number" ? equals : -Infinity,
  );
  const to = Math.min(
    at_most ?? Infinity,
    below ?? Infinity,
    fact?.max ?? Infinity,
    typeof equals === "number" ? equals : Infinity,
  );
  return {
    from,
    isFromIn: above === undefined || from > above,
    to,
    isToIn: below === undefined || to < below,
  };
}

/** Whether what must hold at once leaves some fact no value. */
function contradicts(condition: Condition, facts: Readonly<Record<string, Fact>>): boolean {
  if ("any" in condition) return condition.any.every((c) => contradicts(c, facts));
  const byFact = new Map<string, Comparison>();
  for (const c of givenBy(condition)) {
    if ("any" in c && contradicts(c, facts)) return true;
    if (!("fact" in c)) continue;
    if (c.is_missing === true && comparisons.some((k) => k !== "is_missing" && c[k] !== undefined))
      return true;
    byFact.set(c.fact, narrower(byFact.get(c.fact) ?? {}, c));
  }
  return [...byFact].some(([fact, comparison]) => {
    if (comparison.is_missing === true && Object.keys(comparison).length > 1) return true;
    const { from, isFromIn, to, isToIn } = rangeOf(comparison, facts[fact]);
    return from > to || (from === to && !(isFromIn && isToIn));
  });
}

/** Both comparisons at once. */
function narrower(a: Comparison, b: Comparison): Comparison {
  const both: Comparison = {};
  const extreme = (
    key: "at_least" | "above" | "at_most" | "below",
    pick: (...n: number[]) => number,
  ): void => {
    const bounds = [a[key], b[key]].filter((n) => n !== undefined);
    if (bounds.length > 0) both[key] = pick(...bounds);
  };
  extreme("at_least", Math.max);
  extreme("above", Math.max);
  extreme("at_most", Math.min);
  extreme("below", Math.min);
  // Two different values at once leave none: a range that is empty says so.
  const differ = <T>(x: T | undefined, y: T | undefined): boolean =>
    x !== undefined && y !== undefined && x !== y;
  if (differ(a.equals, b.equals) || differ(a.is_missing, b.is_missing)) return { above: 1, below: 0 };
  const equals = a.equals ?? b.equals;
  if (equals !== undefined) both.equals = equals;
  const isMissing = a.is_missing ?? b.is_missing;
  if (isMissing !== undefined) both.is_missing = isMissing;
  return both;
}

/** What must all hold for a condition to hold. */
const conjunctsOf = (condition: Condition): Condition[] =>
  "all" in condition && condition.held_for_days === undefined
    ? condition.all.flatMap(conjunctsOf)
    : [condition];

/** A condition and what holds on a day because it does; what is held for days holds on the last of them. */
const givenBy = (condition: Condition): Condition[] => [
  condition,
  ...("all" in condition ? condition.all.flatMap(givenBy) : []),
];

/** Whether `a` can't hold without `b`; only where that is plain from their comparisons. */
function implies(a: Condition, b: Condition): boolean {
  const given = givenBy(a);
  if ("any" in b && b.held_for_days === undefined && b.any.some((c) => implies(a, c))) return true;
  return conjunctsOf(b).every((needed) =>
    given.some((c) => {
      if (JSON.stringify(c) === JSON.stringify(needed)) return true;
      if (!("fact" in c && "fact" in needed) || c.fact !== needed.fact) return false;
      if (needed.held_for_days !== undefined || needed.equals !== undefined || needed.is_missing)
        return false;
      if (c.is_missing) return false;
      const [inner, outer] = [rangeOf(c), rangeOf(needed)];
      return (
        (inner.from > outer.from || (inner.from === outer.from && (outer.isFromIn || !inner.isFromIn))) &&
        (inner.to < outer.to || (inner.to === outer.to && (outer.isToIn || !inner.isToIn)))
      );
    }),
  );
}

function stageProblems({ stages }: JourneyText): Problem[] {
  return stages.flatMap((stage, i): Problem[] => {
    const isLast = i === stages.length - 1;
    if (isLast)
      return stage.when
        ? [
            {
              path: ["stages", i, "when"],
              message: `the last stage, "${stage.id}", takes every day that no other claims; remove its condition.`,
            },
          ]
        : [];
    if (!stage.when)
      return [
        {
          path: ["stages", i],
          message: `stage "${stage.id}" needs a condition (\`when\`): without one the stages after it are never reached.`,
        },
      ];
    const { when } = stage;
    const claiming = stages.slice(0, i).find((earlier) => earlier.when && implies(when, earlier.when));
    return claiming
      ? [
          {
            path: ["stages", i, "when"],
            message: `stage "${stage.id}" is never reached: whenever its condition holds, so does that of "${claiming.id}", which stands before it.`,
          },
        ]
      : [];
  });
}

function milestoneProblems({ stages, milestones }: JourneyText): Problem[] {
  return milestones.flatMap((milestone, i): Problem[] => {
    const path = ["milestones", i];
    const problems: Problem[] = [];
    if (milestone.stuck_after_days !== undefined && milestone.stuck_after_days <= milestone.expected_days)
      problems.push({
        path: [...path, "stuck_after_days"],
        message: `stuck_after_days is ${milestone.stuck_after_days}, expected more than expected_days (${milestone.expected_days}).`,
      });
    const { starts } = milestone;
    if (typeof starts === "string") return problems;
    const [key, word] = Object.entries(starts)[0] as [string, string];
    const kind = key === "milestone" ? "milestone" : "stage";
    const known = idsOf(kind === "milestone" ? milestones : stages);
    const begun = milestones.find((m) => m.id === word);
    const circle = circleFrom(milestone, milestones);
    if (!known.includes(word)) problems.push(...unknown([...path, "starts", key], kind, word, known));
    else if (circle)
      problems.push({
        path: [...path, "starts", key],
        message: `milestones start from each other in a circle: ${circle.join(" → ")}. Let one of them start from customer_start.`,
      });
    else if (kind === "milestone" && begun && repeats(begun))
      problems.push({
        path: [...path, "starts", key],
        message: `"${word}" begins anew with every contract or stay, so nothing can start from it.`,
      });
    return problems;
  });
}

/** The milestones from one back to itself, each started by the next; undefined where there is no circle. */
function circleFrom(first: Milestone, milestones: readonly Milestone[]): string[] | undefined {
  const path = [first.id];
  let here: Milestone | undefined = first;
  while (here && typeof here.starts === "object" && "milestone" in here.starts) {
    const next: string = here.starts.milestone;
    path.push(next);
    if (next === first.id) return path;
    if (path.indexOf(next) < path.length - 1) return undefined; // a circle further on, told where it is
    here = milestones.find((m) => m.id === next);
  }
  return undefined;
}

function healthProblems(journey: JourneyText): Problem[] {
  const { indicators, bands } = journey.health;
  const facts = factsIn(journey);
  const stages = idsOf(journey.stages);
  const problems = indicators.flatMap((indicator, i): Problem[] => {
    const path = ["health", "indicators", i];
    const found: Problem[] = [];
    if (isScoredFact(indicator.fact))
      found.push(
        problem(
          [...path, "fact"],
          `${indicator.fact} is known only once there is a score; an indicator can't be made of it.`,
        ),
      );
    else found.push(...unknown([...path, "fact"], "fact", indicator.fact, Object.keys(facts)));
    indicator.scale.slice(1).forEach(([value], j) => {
      const before = indicator.scale[j]?.[0] ?? 0;
      if (value - before < leastStep)
        found.push({
          path: [...path, "scale", j + 1],
          message: `the scale's values must rise${value > before ? `, by at least ${leastStep.toFixed(9)}` : ""}: ${value} follows ${before}.`,
        });
    });
    const turns = indicator.scale.findIndex(([, points], j) => {
      const [before, first, last] = [
        indicator.scale[j - 1]?.[1],
        indicator.scale[0]?.[1],
        indicator.scale.at(-1)?.[1],
      ];
      if (before === undefined || first === undefined || last === undefined) return false;
      return last >= first ? points < before : points > before;
    });
    if (turns > 0)
      found.push({
        path: [...path, "scale", turns],
        message: `the scale's points must not turn back: ${indicator.scale[turns]?.[1]} follows ${indicator.scale[turns - 1]?.[1]}, though they go from ${indicator.scale[0]?.[1]} to ${indicator.scale.at(-1)?.[1]}.`,
      });
    for (const stage of Object.keys(indicator.weights ?? {})) {
      found.push(...unknown([...path, "weights", stage], "stage", stage, stages));
    }
    return found;
  });
  for (const [i, stage] of journey.stages.entries()) {
    const weight = indicators.reduce((sum, x) => sum + (x.weights?.[stage.id] ?? x.weight), 0);
    if (stage.is_scored && weight === 0)
      problems.push({
        path: ["stages", i],
        message: `all indicators weigh 0 in stage "${stage.id}"; give one a weight, or say is_scored: false.`,
      });
  }
  if (bands.average_from >= bands.good_from)
    problems.push({
      path: ["health", "bands"],
      message: `the bands overlap: average_from (${bands.average_from}) must be below good_from (${bands.good_from}).`,
    });
  return problems;
}

/** Stages, milestones, signals and facts that trends, onboarding, touchpoints and plays name. */
function referenceProblems(journey: JourneyText): Problem[] {
  const stages = idsOf(journey.stages);
  const milestones = idsOf(journey.milestones);
  const facts = Object.keys(factsIn(journey));
  return [
    ...journey.trends.flatMap((fact, i) =>
      fact === healthMetric
        ? [problem(["trends", i], `the trend of ${healthMetric} is always kept; remove it here.`)]
        : unknown(["trends", i], "fact", fact, facts),
    ),
    ...journey.milestones.flatMap(({ id }, i) =>
      id === "account_id" || id === "day"
        ? [problem(["milestones", i, "id"], `"${id}" is taken; choose another id.`)]
        : [],
    ),
    ...(journey.onboarding?.checklist ?? []).flatMap((id, i): Problem[] => {
      const path = ["onboarding", "checklist", i];
      const milestone = journey.milestones.find((m) => m.id === id);
      return milestone && repeats(milestone)
        ? [{ path, message: `"${id}" begins anew with every contract or stay; a checklist is done once.` }]
        : unknown(path, "milestone", id, milestones);
    }),
    ...journey.touchpoints.flatMap(({ stage }, i) =>
      unknown(["touchpoints", i, "stage"], "stage", stage, stages),
    ),
    ...journey.plays.flatMap(({ on }, i) => {
      const path = ["plays", i, "on"];
      if ("signal" in on) return unknown([...path, "signal"], "signal", on.signal, idsOf(journey.signals));
      if ("stage" in on) return unknown([...path, "stage"], "stage", on.stage, stages);
      return unknown([...path, "milestone"], "milestone", on.milestone, milestones);
    }),
  ];
}
