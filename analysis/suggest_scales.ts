import type { Indicator, Journey } from "../journey/journey.js";
import { factsIn } from "../journey/own_facts.js";
import { accountFacts, factAsNumber } from "../models/daily/account_facts.js";
import { accountHealth } from "../models/health/account_health.js";
import { pointsSql } from "../models/health/account_indicators.js";
import { ref } from "../models/model.js";
import { type Estimate, noFigure } from "../stats/estimate.js";
import { sumCount } from "../warehouse/dialect.js";
import { integer, join, name, type Sql, sql } from "../warehouse/sql.js";
import { cohortsOf } from "./backtest.js";
import { landmarkCtes } from "./cohorts.js";
import type { Ask } from "./compare.js";
import { gainsOf, inTenBillionths } from "./gain.js";
import { roundedDown } from "./round_values.js";
import { fitScale, type Level, outcomesPerBin, type Scale } from "./scales.js";
import { endedOf, type SuggestionPart, type SuggestOptions, whyTooFew } from "./suggest_parts.js";

/** An indicator's scale, and what outcomes say of it. */
export interface SuggestedScale {
  readonly id: string;
  readonly name: string;
  readonly fact: string;
  readonly scale: Scale;
  /** Null where nothing is suggested. */
  readonly suggested: Scale | null;
  /** Why nothing is suggested; null where a scale is. */
  readonly why: string | null;
  /** The scored accounts with a value before an earlier outcome, and before a later one. */
  readonly fitted: SuggestionPart;
  readonly tested: SuggestionPart;
  /** Of the tested: how well the indicator's points tell them apart by today's scale, and by the suggested one. */
  readonly publishedAuc: Estimate;
  readonly suggestedAuc: Estimate;
  /** The second less the first. */
  readonly gain: Estimate;
}

/** Today's scales, where nothing can be said of any. */
export const sameScales = ({ health }: Journey, why: string): SuggestedScale[] =>
  health.indicators.map((indicator) => unchanged(indicator, why));

/** A scale for each indicator alone, fitted to earlier outcomes and tested on later ones beside today's. */
export async function suggestScales(
  ask: Ask,
  journey: Journey,
  options: SuggestOptions,
  testedFrom: string,
): Promise<SuggestedScale[]> {
  const { indicators } = journey.health;
  const levels = await levelsBefore(ask, journey, options, testedFrom);
  const fitted = indicators.map((indicator, i) => {
    const own = levels.filter((level) => level.what === i);
    const part = { ...endedOf(own), needed: 2 * outcomesPerBin };
    const tooFew = whyTooFew(part, `with a value and an outcome before ${testedFrom}, to fit its scale`);
    return { indicator, part, scale: tooFew ?? fitScale(own, indicator.scale) };
  });
  const changed = fitted.flatMap(({ indicator, scale }) =>
    typeof scale === "string" ? [] : [{ indicator, scale }],
  );
  const gains = changed.length > 0 ? await testScales(ask, changed, options, testedFrom) : [];
  return fitted.map(({ indicator, part, scale }): SuggestedScale => {
    if (typeof scale === "string") return { ...unchanged(indicator, scale), fitted: part };
    const gain = gains[changed.findIndex((one) => one.indicator === indicator)];
    const tested = { churned: gain?.churned ?? 0, stayed: gain?.stayed ?? 0, needed: outcomesPerBin };
    const tooFew = whyTooFew(tested, `with a value and an outcome from ${testedFrom} on, to test its scale`);
    if (!gain || tooFew !== null) return { ...unchanged(indicator, tooFew ?? ""), fitted: part, tested };
    return {
      ...unchanged(indicator, null),
      suggested: scale,
      fitted: part,
      tested,
      publishedAuc: gain.published,
      suggestedAuc: gain.suggested,
      gain: gain.gain,
    };
  });
}

function unchanged({ id, name: called, fact, scale }: Indicator, why: string | null): SuggestedScale {
  const nothing = noFigure("nothing is suggested");
  return {
    id,
    name: called,
    fact,
    scale,
    suggested: null,
    why,
    fitted: { churned: 0, stayed: 0, needed: 2 * outcomesPerBin },
    tested: { churned: 0, stayed: 0, needed: outcomesPerBin },
    publishedAuc: nothing,
    suggestedAuc: nothing,
    gain: nothing,
  };
}

const n = { type: "integer", notNull: true } as const;

/** By indicator and rounded value of its fact, how many scored accounts with an earlier outcome had it. */
async function levelsBefore(
  ask: Ask,
  journey: Journey,
  { among, leadDays }: SuggestOptions,
  testedFrom: string,
): Promise<(Level & { readonly what: number })[]> {
  const facts = factsIn(journey);
  const { indicators } = journey.health;
  const rounded = ({ fact }: Indicator): Sql =>
    roundedDown(factAsNumber(sql`f`, fact), {
      unit: facts[fact]?.unit ?? "",
      isWhole: facts[fact]?.type === "integer",
    });
  return ask(
    sql`
with ${join(landmarkCtes(cohortsOf({ among: { ...among, to: testedFrom } }, leadDays)), ",\n")},
stood as (
  select
    l.in_first as in_first,
    l.in_second as in_second,
    ${indicators.map((indicator, i) => sql`${rounded(indicator)} as ${name(`value_${i}`)}`)}
  from landmarks as l
  inner join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
  inner join ${ref(accountFacts)} as f on f.account_id = l.account_id and f.day = l.landmark
  where h.uncapped_score is not null
),
${numbered(indicators.length)},
long as (
  select t.what as what, s.in_first as in_first, s.in_second as in_second, ${byWhat(indicators.map((_, i) => sql`s.${name(`value_${i}`)}`))} as value
  from stood as s
  cross join indicators as t
)
select what, value, ${sumCount(sql`in_first`)} as churned, ${sumCount(sql`in_second`)} as stayed
from long
where value is not null
group by what, value
order by what, value`,
    { what: n, value: { type: "number", notNull: true }, churned: n, stayed: n },
  );
}

const numbered = (count: number): Sql => sql`indicators as (
  ${join(
    Array.from({ length: count }, (_, i) => sql`select ${integer(i)} as what`),
    " union all ",
  )}
)`;

const byWhat = (values: readonly Sql[]): Sql =>
  sql`case t.what ${join(
    values.map((value, i) => sql`when ${integer(i)} then ${value}`),
    " ",
  )} end`;

/** An indicator's points by either scale, of the scored accounts with a value before a later outcome. */
const testScales = (
  ask: Ask,
  changed: readonly { readonly indicator: Indicator; readonly scale: Scale }[],
  { among, leadDays }: SuggestOptions,
  testedFrom: string,
) =>
  gainsOf(
    ask,
    sql`
${join(landmarkCtes(cohortsOf({ among: { ...among, from: testedFrom } }, leadDays)), ",\n")},
${numbered(changed.length)},
pointed as (
  select
    t.what as what,
    l.in_first as in_first,
    ${byWhat(changed.map(({ indicator }) => pointsSql({ ...indicator, missing: "skip" })))} as today,
    ${byWhat(changed.map(({ indicator, scale }) => pointsSql({ ...indicator, scale, missing: "skip" })))} as other
  from landmarks as l
  inner join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
  inner join ${ref(accountFacts)} as f on f.account_id = l.account_id and f.day = l.landmark
  cross join indicators as t
  where h.uncapped_score is not null
),
scored as (
  select what, in_first, ${inTenBillionths(sql`today`)} as today, ${inTenBillionths(sql`other`)} as other
  from pointed
  where today is not null
)`,
    changed.length,
    "today's scale tells them all apart already",
  );
