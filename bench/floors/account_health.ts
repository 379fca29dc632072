import type { Indicator } from "../../journey/journey.js";
import type { Company } from "../../models/model.js";
import { name as column, join, number, relation as ref, type Sql, sql, text } from "../../warehouse/sql.js";
import type { Floor } from "./floor.js";

export const accountIndicators: Floor = {
  how: "stages written out again from the facts: no join of two tables by account and day",
  query: (company) => sql`select * from (${judged(company)}) as judged`,
};

export const accountHealth: Floor = {
  how: "stages, points and weights written out again from the facts: no joins by account and day",
  query: (company) => {
    const { indicators } = company.journey.health;
    const plus = (term: (id: Sql, weight: Sql) => Sql): Sql =>
      join(
        indicators.map((i) => term(column(`${i.id}_points`), column(`${i.id}_weight`))),
        " + ",
      );
    return sql`
with weighed as (
  select
    account_id, day, stage, overdue_urgent_tickets >= 1 as is_capped,
    ${plus((p, w) => sql`coalesce(${w} * ${p}, 0e0)`)} as weighted,
    ${plus((p, w) => sql`case when ${p} is null then 0e0 else ${w} end`)} as with_value,
    ${plus((_, w) => w)} as whole
  from (${judged(company)}) as judged
),
scored as (
  select
    account_id, day, stage, is_capped, round(with_value / nullif(whole, 0) * 1e10) / 1e10 as coverage,
    case when with_value > 0 and with_value >= 0.5e0 * whole then round(weighted / with_value * 1e10) / 1e10 end as uncapped_score
  from weighed
),
capped as (
  select *, case when uncapped_score > 40e0 and is_capped then 40e0 else uncapped_score end as score
  from scored
)
select
  account_id, day, stage, uncapped_score, case when uncapped_score > 40e0 and is_capped then 'urgent_ticket' end as cap, score, coverage,
  case when score is null then 'unknown' when score < 50e0 then 'poor' when score < 75e0 then 'average' else 'good' end as band,
  ${text(company.journey.version)} as journey_version
from capped`;
  },
};

/** The default journey's stages, on a row of facts `f` with the account's evidence `e`. */
const stage = sql`case
    when f.days_since_coverage_ended is not null then 'churned'
    when not f.is_customer and f.tenure_days is null then 'prospect'
    when f.days_to_renewal <= 90 and f.tenure_days >= 90 then 'pre_renewal'
    when e.adopted_reached_on is null or e.adopted_reached_on > f.day then 'onboarding'
    else 'established'
  end`;

/** Points of an indicator, on a row of facts `f`: straight lines between the corners of its scale. */
function points({ fact, scale }: Indicator): Sql {
  const value = sql`cast(f.${column(fact)} as double)`;
  const [first, last] = [scale[0] as [number, number], scale.at(-1) as [number, number]];
  const pieces = scale.slice(1).map(([x, y], i) => {
    const [x0, y0] = scale[i] as [number, number];
    return sql`when ${value} < ${number(x)} then ${number(y0)} + (${value} - ${number(x0)}) * ${number((y - y0) / (x - x0))}`;
  });
  return sql`case when f.${column(fact)} is null then null when ${value} <= ${number(first[0])} then ${number(first[1])} ${join(pieces, " ")} else ${number(last[1])} end`;
}

/** Weight of an indicator where the stage is `stage`; nothing counts before the first and after the last contract. */
const weight = (indicator: Indicator): Sql =>
  sql`case when stage in ('churned', 'prospect'${indicator.id === "outcomes" ? sql`, 'onboarding'` : sql``}) then 0e0 else ${number(indicator.weight)} end`;

const judged = (company: Company): Sql => sql`
  select f.account_id, f.day, f.overdue_urgent_tickets, stage,
    ${company.journey.health.indicators.map((i) => sql`${points(i)} as ${column(`${i.id}_points`)}, ${weight(i)} as ${column(`${i.id}_weight`)}`)}
  from (
    select f.*, ${stage} as stage
    from ${ref("account_facts")} as f
    left join ${ref("milestone_evidence")} as e using (account_id)
  ) as f`;
