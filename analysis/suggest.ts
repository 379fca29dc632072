import type { Indicator } from "../journey/journey.js";
import { accountHealth, toTenDecimals } from "../models/health/account_health.js";
import { accountIndicators, pointsOf, weightOf } from "../models/health/account_indicators.js";
import { type CompanyWords, ref } from "../models/model.js";
import { type Estimate, noFigure } from "../stats/estimate.js";
import { auc, aucGain, type PlacementChange } from "../stats/ranks.js";
import { cast, hexDigest, safeDivide, sumCount } from "../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import { type BacktestOptions, cohortsOf } from "./backtest.js";
import { landmarkCtes } from "./cohorts.js";
import { type Ask, cohortSizes, nothingToCompare } from "./compare.js";
import { fitWeights, roundedTo, type Standing } from "./weights.js";

export interface SuggestOptions extends BacktestOptions {
  /** Points are read as of so many days before the outcome. */
  readonly leadDays: number;
}

/** The accounts of which a part of the work is done, and how many of either kind it takes. */
export interface SuggestionPart {
  readonly churned: number;
  readonly renewed: number;
  readonly needed: number;
}

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
  /** Why it stays as it is, where the others are fitted; null where it was fitted too. */
  readonly why: string | null;
}

export interface Suggestion {
  /** Why nothing is suggested; null where something is. */
  readonly why: string | null;
  readonly journeyVersion: string;
  readonly leadDays: number;
  /** Weights are fitted to outcomes before this day, and tested on those from it on; null without outcomes. */
  readonly testedFrom: string | null;
  readonly fitted: SuggestionPart;
  readonly tested: SuggestionPart;
  /** Of the tested: how well today's score, caps aside, and the one with the suggested weights tell them apart. */
  readonly published: Estimate;
  readonly suggested: Estimate;
  /** The second less the first. */
  readonly gain: Estimate;
  readonly weights: readonly SuggestedWeight[];
}

/**
 * Outcomes of the rarer kind that a fitted weight takes: P. Peduzzi et al., *Journal of Clinical Epidemiology* 49 (1996),
 * 1373–1379. As many test it.
 */
export const outcomesPerWeight = 10;

/** Of all outcomes the share by which weights are fitted: the earliest. */
const fittedShare = 2 / 3;

/** Accounts of either kind that weights are fitted to, at most: more would give them their next decimals. */
const mostFitted = 20_000;

/**
 * Weights fitted to earlier outcomes, tested on later ones beside today's. Points, scales, caps and what weights add up
 * to stay; nothing is applied.
 */
export async function suggestWeights(
  ask: Ask,
  { journey }: CompanyWords,
  options: SuggestOptions,
): Promise<Suggestion> {
  const { leadDays } = options;
  const { indicators, min_coverage } = journey.health;
  const nothing = noFigure("nothing is suggested");
  /** What is told where nothing is suggested, or not yet. */
  const silent: Suggestion = {
    why: null,
    journeyVersion: journey.version,
    leadDays,
    testedFrom: null,
    fitted: { churned: 0, renewed: 0, needed: outcomesPerWeight * indicators.length },
    tested: { churned: 0, renewed: 0, needed: outcomesPerWeight },
    published: nothing,
    suggested: nothing,
    gain: nothing,
    weights: indicators.map((indicator) => suggestedOf(indicator, null, null)),
  };
  const why = nothingToCompare(await cohortSizes(ask, cohortsOf(options, leadDays)), options);
  if (why !== null) return { ...silent, why };
  const testedFrom = await firstTested(ask, options);
  if (testedFrom === undefined)
    return { ...silent, why: "All outcomes are of one day: there are no later ones to test with." };

  const rows = await pointsBefore(ask, indicators, options, testedFrom);
  const reasons = indicators.map((indicator, i) => whyNotFitted(indicator, rows, i));
  const free = indicators.flatMap((_, i) => (reasons[i] === null ? [i] : []));
  const fitted = { ...countOf(rows), needed: outcomesPerWeight * free.length };
  const begun = { ...silent, testedFrom, fitted };
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
  const { tested, ...figures } = await testWeights(ask, weights, min_coverage, options, testedFrom);
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
select uncapped_score, ${columns.map(name)}, ${sumCount(sql`in_first`)} as churned, ${sumCount(sql`in_second`)} as renewed
from stood
where nth <= ${integer(mostFitted)}
group by uncapped_score, ${columns.map(name)}`,
    {
      uncapped_score: { type: "number", notNull: true },
      ...(Object.fromEntries(columns.map((column) => [column, { type: "number" }])) as Columns),
      churned: n,
      renewed: n,
    },
  );
  return rows.map((row) => {
    const values = row as Readonly<Record<string, unknown>>;
    return {
      churned: row.churned as number,
      renewed: row.renewed as number,
      score: row.uncapped_score as number,
      points: indicators.map(({ id }) => values[pointsOf(id)] as number | null),
      weights: indicators.map(({ id }) => values[weightOf(id)] as number),
    };
  });
}

const countOf = (rows: readonly Standing[]) => ({
  churned: rows.reduce((sum, { churned }) => sum + churned, 0),
  renewed: rows.reduce((sum, { renewed }) => sum + renewed, 0),
});

function whyNotFitted({ weight }: Indicator, rows: readonly Standing[], i: number): string | null {
  if (weight === 0) return "its weight is 0";
  const known = rows.flatMap(({ points }) => points[i] ?? []);
  if (known.length === 0) return "no account had points";
  return known.every((points) => points === known[0]) ? "all accounts had the same points" : null;
}

function whyTooFew({ churned, renewed, needed }: SuggestionPart, whose: string): string | null {
  const [rarer, kind] = churned < renewed ? [churned, "churned"] : [renewed, "renewed"];
  return rarer < needed
    ? `It takes ${needed} scored accounts that churned and as many that renewed, ${whose}: only ${rarer} ${kind}.`
    : null;
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
): Promise<Pick<Suggestion, "tested" | "published" | "suggested" | "gain">> {
  const changed = weights.map(({ id, weight, suggested }) => ({
    points: sql`i.${name(pointsOf(id))}`,
    weight: sql`i.${name(weightOf(id))} * ${number(weight === 0 ? 1 : (suggested ?? weight) / weight)}`,
  }));
  const sum = (terms: Sql[]): Sql => join(terms, "\n      + ");
  /** Of a score in ten-billionths of a point: BigQuery has no windows over the like of a fraction. */
  const ranks = (score: Sql, of: string): Sql => sql`
    rank() over (order by ${score}) + (count(*) over (partition by ${score}) - 1) / 2 as ${name(`${of}_rank`)},
    rank() over (partition by in_first order by ${score}) + (count(*) over (partition by in_first, ${score}) - 1) / 2 as ${name(`${of}_rank_within`)},
    count(*) over (partition by ${score}) as ${name(`${of}_alike`)}`;
  // The other kind's accounts that it is on the right side of: below, for one that renewed.
  const placement = (of: string): Sql => {
    const below = sql`${name(`${of}_rank`)} - ${name(`${of}_rank_within`)}`;
    return safeDivide(sql`case when in_first = 1 then others - (${below}) else ${below} end`, sql`others`);
  };
  const figures = await ask(
    sql`
with ${join(landmarkCtes(cohortsOf({ among: { ...among, from: testedFrom } }, leadDays)), ",\n")},
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
    in_first,
    ${cast(sql`round(uncapped_score * 1e10)`, "integer")} as today,
    ${cast(sql`round(${safeDivide(sql`weighted_points`, sql`weight_with_value`)} * 1e10)`, "integer")} as other
  from weighed
  where uncapped_score is not null and weight_with_value > 0 and ${toTenDecimals(safeDivide(sql`weight_with_value`, sql`all_weight`))} >= ${number(minCoverage)}
),
ranked as (
  select
    in_first,
    count(*) over () - count(*) over (partition by in_first) as others,${ranks(sql`today`, "today")},${ranks(sql`other`, "other")}
  from scored
),
told_apart as (
  select
    in_first,
    today_rank,
    other_rank,
    today_alike,
    other_alike,
    ${placement("other")} - ${placement("today")} as gained
  from ranked
)
select
  in_first,
  count(*) as accounts,
  ${cast(sql`sum(today_rank)`, "number")} as today_ranks,
  ${cast(sql`sum(other_rank)`, "number")} as other_ranks,
  sum(${cast(sql`today_alike`, "number")} * today_alike - 1) as today_ties,
  sum(${cast(sql`other_alike`, "number")} * other_alike - 1) as other_ties,
  avg(gained) as mean,
  var_samp(gained) as variance
from told_apart
group by in_first`,
    {
      in_first: n,
      accounts: n,
      today_ranks: { type: "number", notNull: true },
      other_ranks: { type: "number", notNull: true },
      today_ties: { type: "number", notNull: true },
      other_ties: { type: "number", notNull: true },
      mean: { type: "number" },
      variance: { type: "number" },
    },
  );
  const [churned, renewed] = [1, 0].map((kind) => figures.find(({ in_first }) => in_first === kind));
  const aucOf = (score: "today" | "other"): Estimate =>
    auc({
      first: renewed?.accounts ?? 0,
      second: churned?.accounts ?? 0,
      firstRanks: renewed?.[`${score}_ranks`] ?? 0,
      ties: (renewed?.[`${score}_ties`] ?? 0) + (churned?.[`${score}_ties`] ?? 0),
    });
  const change = (group: typeof churned): PlacementChange => ({
    n: group?.accounts ?? 0,
    mean: group?.mean ?? 0,
    variance: group?.variance ?? 0,
  });
  const [published, suggested] = [aucOf("today"), aucOf("other")];
  const tells = published.value !== null && suggested.value !== null;
  const isPerfect = published.value === 1 && suggested.value === 1;
  return {
    tested: {
      churned: churned?.accounts ?? 0,
      renewed: renewed?.accounts ?? 0,
      needed: outcomesPerWeight,
    },
    published,
    suggested,
    gain: !tells
      ? noFigure(published.why ?? suggested.why ?? "")
      : isPerfect
        ? noFigure("today's weights tell them all apart already")
        : aucGain(change(churned), change(renewed)),
  };
}
