import { locateIn, type Snapshot } from "../jobs/ledger.js";
import type { Indicator } from "../journey/journey.js";
import { models } from "../models/index.js";
import type { Company } from "../models/model.js";
import { rowHash } from "../warehouse/dialect.js";
import {
  name as column,
  join,
  number,
  path,
  relation as ref,
  type Sql,
  sql,
  text,
} from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type Spent, stopwatch } from "./stopwatch.js";

/**
 * The best SQL that we know how to write by hand for a table, for DuckDB and the bench's company alone: it trusts ids to be
 * trimmed, and writes the journey's rules out again instead of joining the table that holds them.
 * Tables that are missing here are those for which we know nothing better than the model's own statement.
 */
interface Floor {
  readonly how: string;
  readonly query: (company: Company) => Sql;
}

export interface Comparison {
  model: string;
  how: string;
  rows: number;
  ours: Spent;
  floor: Spent;
}

/** Tables are made here, in turn, and dropped again. */
const schema = "bench_floor";

/**
 * Make every table that has a floor both ways from the same published inputs, with the same types and order.
 * @throws Error where the two differ in one row
 */
export async function compareWithFloors(
  warehouse: Warehouse,
  company: Company,
  snapshot: Snapshot,
  onProgress: (comparison: Comparison) => void,
): Promise<Comparison[]> {
  const locate = locateIn(snapshot.tables);
  const comparisons: Comparison[] = [];
  for (const [name, { how, query }] of Object.entries(floors)) {
    const model = models.find((m) => m.name === name);
    if (!model) throw new Error(`bench/floor.ts has a floor for ${name}, which is no model.`);
    // What each statement hashes in its own way is left out of both.
    const columns = Object.fromEntries(
      Object.entries(model.columnsFor(company)).filter(([, { isOfEngine }]) => !isOfEngine),
    );
    const target = { columns, sortBy: model.sortBy };
    const make = async (way: string, statement: Sql): Promise<[Spent, { n: number; sum: string }]> => {
      const table = [schema, `${name}_${way}`];
      const spent = stopwatch();
      await warehouse.materialize({ ...target, table, query: statement }, { locate });
      const took = spent();
      const [rows] = await warehouse.query(
        sql`select count(*) as n, cast(sum(${rowHash(sql`t`)}) as varchar) as sum from ${path(...table)} as t`,
        { n: { type: "integer", notNull: true }, sum: { type: "string", notNull: true } },
      );
      await warehouse.run(sql`drop table ${path(...table)}`);
      return [took, rows ?? { n: 0, sum: "0" }];
    };
    const [ours, made] = await make("ours", model.query(company));
    const [floor, written] = await make("floor", query(company));
    if (made.n !== written.n || made.sum !== written.sum)
      throw new Error(
        `${name}: the model has ${made.n} rows (${made.sum}), its floor ${written.n} (${written.sum}); they must be equal. One of them, or the generator, has changed.`,
      );
    const comparison = { model: name, how, rows: made.n, ours, floor };
    comparisons.push(comparison);
    onProgress(comparison);
  }
  return comparisons;
}

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

const floors: Readonly<Record<string, Floor>> = {
  stg_usage_events: {
    how: "ids seen once pass without grouping and windows, untrimmed; UTC days from microseconds, not by time zone",
    query: () => sql`
with twice as (
  -- Of hashes: an accidental pair only takes the longer way.
  select id from (select hash(event_id) as id from raw.product_events) as ids group by id having count(*) > 1
),
several as (
  select *, row_number() over (partition by event_id order by loaded_at desc) as occurrence, count(*) over (partition by event_id) as contents
  from (
    select event_id, account_id, user_id, session_id, event, feature, quantity, occurred_at, min(loaded_at) as loaded_at, count(*) as copies
    from raw.product_events
    where hash(event_id) in (select id from twice)
    group by all
  ) as by_content
),
every_event as (
  select event_id, account_id, user_id, session_id, event, feature, quantity, occurred_at, loaded_at, 1 as copies, 1 as occurrence, 1 as contents
  from raw.product_events
  where hash(event_id) not in (select id from twice)
  union all by name
  select * from several
)
select
  e.event_id, e.account_id, null as contract_id, user_id, session_id, event, feature, quantity, occurred_at, loaded_at,
  cast(make_timestamp(epoch_us(occurred_at)) as date) as day,
  coalesce(quantity, 1) as counts_for,
  occurrence,
  copies,
  nullif(concat_ws(', ',
    case when a.account_id is null then 'unknown_account' when cast(make_timestamp(epoch_us(occurred_at)) as date) < a.created_on then 'before_account' end,
    case when contents > 1 then 'id_collision' end), '') as defects,
  a.account_id is not null and cast(make_timestamp(epoch_us(occurred_at)) as date) >= a.created_on as is_usable
from every_event as e
left join ${ref("accounts")} as a on a.account_id = e.account_id`,
  },

  account_indicators: {
    how: "stages written out again from the facts: no join of two tables by account and day",
    query: (company) => sql`select * from (${judged(company)}) as judged`,
  },

  account_health: {
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
  },
};
