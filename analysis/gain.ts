import { type Estimate, noFigure } from "../stats/estimate.js";
import { auc, aucGain, type PlacementChange } from "../stats/ranks.js";
import { cast, safeDivide } from "../warehouse/dialect.js";
import { name, type Sql, sql } from "../warehouse/sql.js";
import type { Ask } from "./compare.js";

/** How well today's score and another tell those that churned from those that stayed, of accounts that have both. */
export interface Gain {
  readonly churned: number;
  readonly stayed: number;
  readonly published: Estimate;
  readonly suggested: Estimate;
  /** The second less the first. */
  readonly gain: Estimate;
}

/** A score as `scored` has it, in ten-billionths of a point: BigQuery has no windows over the like of a fraction. */
export const inTenBillionths = (score: Sql): Sql => cast(sql`round(${score} * 1e10)`, "integer");

const n = { type: "integer", notNull: true } as const;
const real = { type: "number", notNull: true } as const;

/**
 * Of CTEs of which `scored` has a row per account and pair of scores: which pair (`what`, from 0), whether it churned
 * (`in_first`, 1 or 0), the score `today` and the `other`. One gain for each pair, in their order.
 */
export async function gainsOf(ask: Ask, ctes: Sql, pairs: number, whyPerfect: string): Promise<Gain[]> {
  const ranks = (score: Sql, of: string): Sql => sql`
    rank() over (partition by what order by ${score}) + (count(*) over (partition by what, ${score}) - 1) / 2 as ${name(`${of}_rank`)},
    rank() over (partition by what, in_first order by ${score}) + (count(*) over (partition by what, in_first, ${score}) - 1) / 2 as ${name(`${of}_rank_within`)},
    count(*) over (partition by what, ${score}) as ${name(`${of}_alike`)}`;
  // The other kind's accounts that it is on the right side of: below, for one that stayed.
  const placement = (of: string): Sql => {
    const below = sql`${name(`${of}_rank`)} - ${name(`${of}_rank_within`)}`;
    return safeDivide(sql`case when in_first = 1 then others - (${below}) else ${below} end`, sql`others`);
  };
  const rows = await ask(
    sql`
with ${ctes},
ranked as (
  select
    what,
    in_first,
    count(*) over (partition by what) - count(*) over (partition by what, in_first) as others,${ranks(sql`today`, "today")},${ranks(sql`other`, "other")}
  from scored
),
told_apart as (
  select
    what,
    in_first,
    today_rank,
    other_rank,
    today_alike,
    other_alike,
    ${placement("other")} - ${placement("today")} as gained
  from ranked
)
select
  what,
  in_first,
  count(*) as accounts,
  ${cast(sql`sum(today_rank)`, "number")} as today_ranks,
  ${cast(sql`sum(other_rank)`, "number")} as other_ranks,
  sum(${cast(sql`today_alike`, "number")} * today_alike - 1) as today_ties,
  sum(${cast(sql`other_alike`, "number")} * other_alike - 1) as other_ties,
  avg(gained) as mean,
  var_samp(gained) as variance
from told_apart
group by what, in_first`,
    {
      what: n,
      in_first: n,
      accounts: n,
      today_ranks: real,
      other_ranks: real,
      today_ties: real,
      other_ties: real,
      mean: { type: "number" },
      variance: { type: "number" },
    },
  );
  return Array.from({ length: pairs }, (_, pair) => {
    const [churned, stayed] = [1, 0].map((kind) =>
      rows.find(({ what, in_first }) => what === pair && in_first === kind),
    );
    const aucOf = (score: "today" | "other"): Estimate =>
      auc({
        first: stayed?.accounts ?? 0,
        second: churned?.accounts ?? 0,
        firstRanks: stayed?.[`${score}_ranks`] ?? 0,
        ties: (stayed?.[`${score}_ties`] ?? 0) + (churned?.[`${score}_ties`] ?? 0),
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
      churned: churned?.accounts ?? 0,
      stayed: stayed?.accounts ?? 0,
      published,
      suggested,
      gain: !tells
        ? noFigure(published.why ?? suggested.why ?? "")
        : isPerfect
          ? noFigure(whyPerfect)
          : aucGain(change(churned), change(stayed)),
    };
  });
}
