import type { Indicator, Journey } from "../journey/journey.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators, pointsOf, weightOf } from "../models/health/account_indicators.js";
import { type CompanyWords, ref } from "../models/model.js";
import { type Estimate, noFigure } from "../stats/estimate.js";
import { hexDigest, safeDivide, sumCount, toTenDecimals } from "../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import { cohortsOf } from "./backtest.js";
import { landmarkCtes } from "./cohorts.js";
import { type Ask, cohortSizes, nothingToCompare } from "./compare.js";
import { type Gain, gainsOf, inTenBillionths } from "./gain.js";
import { endedOf, type SuggestionPart, type SuggestOptions, whyTooFew } from "./suggest_parts.js";
import { type SuggestedScale, sameScales, suggestScales } from "./suggest_scales.js";
import { fitWeights, roundedTo, type Standing } from "./weights.js";

/** A weight of the journey, and what outcomes say of it. */
export interface SuggestedWeight {
  readonly id: string;
  readonly name: string;
  readonly weight: number;
  /** Null where nothing is suggested. */
  readonly suggested: number | null;
  /** Its other weights in some stages, which change in proportion. */
  readonly stages: readonly {
    readonly stage: string;
    readonly weight: number;
    readonly suggested: number | null;
  }[];
  /** Why nothing else is suggested for it; null where it was fitted. */
  readonly why: string | null;
}

export interface Suggestion {
  /** Why no weights are suggested; null where they are. */
  readonly why: string | null;
  readonly journeyVersion: string;
  readonly leadDays: number;
  /** Weights and scales are fitted to outcomes before this day, and tested on those from it on; null without outcomes. */
  readonly testedFrom: string | null;
  readonly fitted: SuggestionPart;
  readonly tested: SuggestionPart;
  /** Of the tested: how well today's score, caps aside, and the one with the suggested weights tell them apart. */
  readonly published: Estimate;
  readonly suggested: Estimate;
  /** The second less the first. */
  readonly gain: Estimate;
  readonly weights: readonly SuggestedWeight[];
  /** Each indicator's scale by itself, in the journey's order; whether or not weights are suggested. */
  readonly scales: readonly SuggestedScale[];
}

type Weights = Omit<Suggestion, "scales">;

/**
 * Outcomes of the rarer kind that a fitted weight takes: P. Peduzzi et al., *Journal of Clinical Epidemiology* 49 (1996),
 * 1373–1379. As many test it.
 */
export const outcomesPerWeight = 10;

/** Of all outcomes the share by which weights are fitted: the earliest. */
const fittedShare = 2 / 3;

/** Accounts of either kind that weights are fitted to, at most: more would give them their next decimals. */
const mostFitted = 20_000;

/** Weights and scales fitted to earlier outcomes, tested on later ones beside today's. Nothing is applied. */
export async function suggestHealth(
  ask: Ask,
  { journey }: CompanyWords,
  options: SuggestOptions,
): Promise<Suggestion> {
  const nothing = (why: string): Suggestion => ({
    ...withReason({ ...sameWeights(journey, options), why }),
    scales: sameScales(journey, why),
  });
  const why = nothingToCompare(await cohortSizes(ask, cohortsOf(options, options.leadDays)), options);
  if (why !== null) return nothing(why);
  const testedFrom = await firstTested(ask, options);
  if (testedFrom === undefined)
    return nothing("All outcomes are of one day: there are no later ones to test with.");
  const [weights, scales] = await Promise.all([
    suggestWeights(ask, journey, options, testedFrom),
    options.withScales === false ? [] : suggestScales(ask, journey, options, testedFrom),
  ]);
  return { ...withReason(weights), scales };
}

/** What nothing is suggested for says why, also where that is why nothing is for any. */
const withReason = (told: Weights): Weights => ({
  ...told,
  weights: told.weights.map((weight) => ({ ...weight, why: weight.why ?? told.why })),
});

/** What is told where no weights are suggested, or not yet. */
function sameWeights({ version, health }: Journey, { leadDays }: SuggestOptions): Weights {
  const nothing = noFigure("nothing is suggested");
  return {
    why: null,
    journeyVersion: version,
    leadDays,
    testedFrom: null,
    fitted: { churned: 0, stayed: 0, needed: outcomesPerWeight * health.indicators.length },
    tested: { churned: 0, stayed: 0, needed: outcomesPerWeight },
    published: nothing,
    suggested: nothing,
    gain: nothing,
    weights: health.indicators.map((indicator) => suggestedOf(indicator, null, null)),
  };
}

/** Points, scales, caps and what weights add up to stay. */
async function suggestWeights(
  ask: Ask,
  journey: Journey,
  options: SuggestOptions,
  testedFrom: string,
): Promise<Weights> {
  const { indicators, min_coverage } = journey.health;
  const rows = await pointsBefore(ask, indicators, options, testedFrom);
  const reasons = indicators.map((indicator, i) => whyNotFitted(indicator, rows, i));
  const free = indicators.flatMap((_, i) => (reasons[i] === null ? [i] : []));
  const fitted = { ...endedOf(rows), needed: outcomesPerWeight * free.length };
  const begun = { ...sameWeights(journey, options), testedFrom, fitted };
  if (free.length < 2)
    return {
      ...begun,
      weights: indicators.map((indicator, i) => suggestedOf(indicator, null, reasons[i] ?? null)),
      why: `It takes two indicators to weigh them against each other, and before ${testedFrom} ${free.length === 0 ? "none" : "only one"} told accounts apart.`,
    };
  const tooFew = whyTooFew(fitted, `with outcomes before ${testedFrom}, to fit ${free.length} weights`);
  if (tooFew !== null)
    return { ...begun, why: `${tooFew} That is about ${Math.ceil(fitted.needed / fittedShare)} in all.` };
  const factors = fitWeights(rows, free);
  if (!factors)
    return {
      ...begun,
      why: `With outcomes before ${testedFrom} no indicator's higher points went with less churn: no weights would foresee it. Look at the scales first.`,
    };
  const own = free.map((i) => indicators[i]?.weight ?? 0);
  const rounded = roundedTo(
    own.reduce((sum, weight) => sum + weight, 0),
    own.map((weight, i) => weight * (factors[i] ?? 0)),
  );
  const weights = indicators.map((indicator, i) =>
    suggestedOf(
      indicator,
      reasons[i] === null ? (rounded[free.indexOf(i)] ?? 0) : indicator.weight,
      reasons[i] ?? null,
    ),
  );
  const { churned, stayed, ...figures } = await testWeights(ask, weights, min_coverage, options, testedFrom);
  const tested = { churned, stayed, needed: outcomesPerWeight };
  const tooFewLater = whyTooFew(tested, `with outcomes from ${testedFrom} on, to test the weights`);
  if (tooFewLater !== null) return { ...begun, tested, why: tooFewLater };
  return { ...begun, tested, ...figures, weights };
}

const n = { type: "integer", notNull: true } as const;

/** By the days of outcomes alone, not by what came on them: no later outcome has a say in the fit. */
async function firstTested(ask: Ask, options: SuggestOptions): Promise<string | undefined> {
  const days = await ask(
    sql`
with ${join(landmarkCtes(cohortsOf(options, options.leadDays)), ",\n")}
select outcome_on, count(*) as outcomes
from members
where in_first + in_second > 0
group by outcome_on
order by outcome_on`,
    { outcome_on: { type: "date", notNull: true }, outcomes: n },
  );
  const all = days.reduce((sum, { outcomes }) => sum + outcomes, 0);
  let before = 0;
  for (const { outcome_on, outcomes } of days) {
    if (before >= fittedShare * all) return outcome_on;
    before += outcomes;
  }
  return days.length > 1 ? days.at(-1)?.outcome_on : undefined;
}

/** How scored accounts stood before the outcomes that weights are fitted to. */
async function pointsBefore(
  ask: Ask,
  indicators: readonly Indicator[],
  { among, leadDays }: SuggestOptions,
  testedFrom: string,
): Promise<Standing[]> {
  const columns = indicators.flatMap(({ id }) => [pointsOf(id), weightOf(id)]);
  const rows = await ask(
    sql`
with ${join(landmarkCtes(cohortsOf({ among: { ...among, to: testedFrom } }, leadDays)), ",\n")},
stood as (
  select
    l.in_first as in_first,
    l.in_second as in_second,
    h.uncapped_score as uncapped_score,
    ${columns.map((column) => sql`i.${name(column)} as ${name(column)}`)},
    row_number() over (partition by l.in_first order by ${hexDigest(sql`l.account_id`)}) as nth
  from landmarks as l
  inner join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
  inner join ${ref(accountIndicators)} as i on i.account_id = l.account_id and i.day = l.landmark
  where h.uncapped_score is not null
)
select uncapped_score, ${columns.map(name)}, ${sumCount(sql`in_first`)} as churned, ${sumCount(sql`in_second`)} as stayed
from stood
where nth <= ${integer(mostFitted)}
group by uncapped_score, ${columns.map(name)}`,
    {
      uncapped_score: { type: "number", notNull: true },
      ...(Object.fromEntries(columns.map((column) => [column, { type: "number" }])) as Columns),
      churned: n,
      stayed: n,
    },
  );
  return rows.map((row) => {
    const values = row as Readonly<Record<string, unknown>>;
    return {
      churned: row.churned as number,
      stayed: row.stayed as number,
      score: row.uncapped_score as number,
      points: indicators.map(({ id }) => values[pointsOf(id)] as number | null),
      weights: indicators.map(({ id }) => values[weightOf(id)] as number),
    };
  });
}

function whyNotFitted({ weight }: Indicator, rows: readonly Standing[], i: number): string | null {
  if (weight === 0) return "its weight is 0";
  const known = rows.flatMap(({ points }) => points[i] ?? []);
  if (known.length === 0) return "no account had points";
  return known.every((points) => points === known[0]) ? "all accounts had the same points" : null;
}

function suggestedOf(
  { id, name: called, weight, weights = {} }: Indicator,
  suggested: number | null,
  why: string | null,
): SuggestedWeight {
  const inProportion = (other: number): number | null =>
    suggested === null ? null : weight === 0 ? other : Number(((other * suggested) / weight).toPrecision(3));
  return {
    id,
    name: called,
    weight,
    suggested,
    stages: Object.entries(weights).map(([stage, other]) => ({
      stage,
      weight: other,
      suggested: inProportion(other),
    })),
    why,
  };
}

/** Today's score and the one with other weights, of the accounts that have both before a later outcome. */
async function testWeights(
  ask: Ask,
  weights: readonly SuggestedWeight[],
  minCoverage: number,
  { among, leadDays }: SuggestOptions,
  testedFrom: string,
): Promise<Gain> {
  const changed = weights.map(({ id, weight, suggested }) => ({
    points: sql`i.${name(pointsOf(id))}`,
    weight: sql`i.${name(weightOf(id))} * ${number(weight === 0 ? 1 : (suggested ?? weight) / weight)}`,
  }));
  const sum = (terms: Sql[]): Sql => join(terms, "\n      + ");
  const [gain] = await gainsOf(
    ask,
    sql`
${join(landmarkCtes(cohortsOf({ among: { ...among, from: testedFrom } }, leadDays)), ",\n")},
weighed as (
  select
    l.in_first as in_first,
    h.uncapped_score as uncapped_score,
    ${sum(changed.map(({ points, weight }) => sql`coalesce(${weight} * ${points}, 0e0)`))} as weighted_points,
    ${sum(changed.map(({ points, weight }) => sql`case when ${points} is null then 0e0 else ${weight} end`))} as weight_with_value,
    ${sum(changed.map(({ weight }) => weight))} as all_weight
  from landmarks as l
  inner join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
  inner join ${ref(accountIndicators)} as i on i.account_id = l.account_id and i.day = l.landmark
),
scored as (
  select
    0 as what,
    in_first,
    ${inTenBillionths(sql`uncapped_score`)} as today,
    ${inTenBillionths(safeDivide(sql`weighted_points`, sql`weight_with_value`))} as other
  from weighed
  where uncapped_score is not null and weight_with_value > 0 and ${toTenDecimals(safeDivide(sql`weight_with_value`, sql`all_weight`))} >= ${number(minCoverage)}
)`,
    1,
    "today's weights tell them all apart already",
  );
  return gain as Gain;
}
