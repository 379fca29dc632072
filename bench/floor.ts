import { locateIn, type Snapshot } from "../jobs/ledger.js";
import type { Indicator } from "../journey/journey.js";
import { models } from "../models/index.js";
import type { Company } from "../models/model.js";
import { checksum } from "../warehouse/dialect.js";
import {
  name as column,
  integer,
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
 * trimmed, packs several sums into one number, writes the journey's rules out again instead of joining the table that holds them.
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
    const target = { columns: model.columnsFor(company), sortBy: model.sortBy };
    const make = async (way: string, statement: Sql): Promise<[Spent, { n: number; sum: string }]> => {
      const table = [schema, `${name}_${way}`];
      const spent = stopwatch();
      await warehouse.materialize({ ...target, table, query: statement }, { locate });
      const took = spent();
      const [rows] = await warehouse.query(
        sql`select count(*) as n, ${checksum(sql`t`)} as sum from ${path(...table)} as t`,
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

const overDays = sql`partition by account_id order by day`;
const running = sql`over (${overDays} rows unbounded preceding)`;

/**
 * Several small sums in one: each gets `bits` of a whole number. Running sums cost what one costs; `part` reads
 * one. Every total must stay within 0 … 2^bits - 1; single changes may be negative.
 */
function packed(columns: readonly Sql[], bits: number): { sum: Sql; part: (from: Sql, i: number) => Sql } {
  return {
    sum: sql`sum(${join(
      columns.map((column, i) => sql`${column} * ${integer(2 ** (bits * i))}`),
      " + ",
    )})`,
    part: (from, i) => sql`((cast(${from} as bigint) >> ${integer(bits * i)}) & ${integer(2 ** bits - 1)})`,
  };
}

const usageNow = packed(
  [sql`active_users_7d_change`, sql`active_users_28d_change`, sql`features_used_28d_change`],
  20,
);
const ticketsNow = packed(
  [sql`open_change`, sql`overdue_change`, sql`overdue_urgent_change`, sql`open_billing_change`],
  15,
);
const voicesNow = packed([sql`respondents_change`, sql`promoters_change`, sql`detractors_change`], 20);
const peopleNow = packed(
  [sql`champions_change`, sql`champions_left`, sql`executives_change`, sql`outcomes_confirmed`],
  15,
);
const use28 = packed([sql`events`, sql`sticky_events`], 31);
const visits28 = packed([sql`sessions`, sql`logins`, sql`key_events`], 20);
const days28 = packed(
  [
    sql`case when events > 0 then 1 else 0 end`,
    sql`case when logins > 0 then 1 else 0 end`,
    sql`new_users`,
    sql`new_features`,
  ],
  15,
);
const contacts28 = packed([sql`tickets_opened`, sql`escalations`, sql`touchpoints`, sql`champions_left`], 15);
const replies28 = packed([sql`tickets_timed`, sql`replied_within_24h`], 31);
const week = packed([sql`events`, sql`coalesce(admin_exports, 0)`], 31);

const lastDay = (condition: Sql): Sql =>
  sql`last_value(case when ${condition} then day end ignore nulls) ${running}`;
const share = (part: Sql, of: Sql): Sql => sql`cast(${part} as double) / nullif(cast(${of} as double), 0)`;

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
  occurrence,
  copies,
  nullif(concat_ws(', ',
    case when a.account_id is null then 'unknown_account' when cast(make_timestamp(epoch_us(occurred_at)) as date) < a.created_on then 'before_account' end,
    case when contents > 1 then 'id_collision' end), '') as defects,
  a.account_id is not null and cast(make_timestamp(epoch_us(occurred_at)) as date) >= a.created_on as is_usable
from every_event as e
left join ${ref("accounts")} as a on a.account_id = e.account_id`,
  },

  usage_daily: {
    how: "each kind counted alone, then joined; steps that undo each other left out; sessions grouped twice",
    query: () => sql`
with event_counts as (
  select account_id, day, sum(events) as events, count(session_id) as sessions, sum(logins) as logins, sum(key_events) as key_events
  from (
    select
      account_id, day, session_id,
      sum(coalesce(quantity, 1)) as events,
      count(*) filter (where event = 'login') as logins,
      sum(coalesce(quantity, 1)) filter (where event in ('create_project', 'run_report', 'api_call')) as key_events
    from ${ref("stg_usage_events")}
    where is_usable
    group by account_id, day, session_id
  ) as by_session
  group by account_id, day
),
users as (
  select
    account_id, day + later as day,
    count(*) filter (where later = 0) as active_users,
    count(*) filter (where later = 0 and before is null) as new_users,
    count(*) filter (where later = 0 and (before is null or before > 7)) - count(*) filter (where later = 7) as change_7d,
    count(*) filter (where later = 0 and (before is null or before > 28)) - count(*) filter (where later = 28) as change_28d
  from (
    select account_id, day, day - lag(day) over visits as before, lead(day) over visits - day as after
    from ${ref("user_days")}
    window visits as (partition by account_id, user_id order by day)
  ) as visits
  cross join (values (0), (7), (28)) as steps(later)
  where later = 0 or after is null or after > later
  group by account_id, day + later
),
features as (
  select
    account_id, day + later as day,
    sum(events) filter (where later = 0 and is_sticky) as sticky_events,
    count(*) filter (where later = 0 and before is null) as new_features,
    count(*) filter (where later = 0 and (before is null or before > 28)) - count(*) filter (where later = 28) as change_28d
  from (
    select account_id, day, events, is_sticky, day - lag(day) over visits as before, lead(day) over visits - day as after
    from ${ref("feature_days")}
    window visits as (partition by account_id, feature order by day)
  ) as visits
  cross join (values (0), (28)) as steps(later)
  where later = 0 or after is null or after > later
  group by account_id, day + later
)
select
  account_id,
  day,
  coalesce(e.events, 0) as events,
  coalesce(e.sessions, 0) as sessions,
  coalesce(e.logins, 0) as logins,
  coalesce(f.sticky_events, 0) as sticky_events,
  coalesce(u.active_users, 0) as active_users,
  coalesce(u.new_users, 0) as new_users,
  coalesce(e.key_events, 0) as key_events,
  coalesce(f.new_features, 0) as new_features,
  coalesce(u.change_7d, 0) as active_users_7d_change,
  coalesce(u.change_28d, 0) as active_users_28d_change,
  coalesce(f.change_28d, 0) as features_used_28d_change
from event_counts as e
full join users as u using (account_id, day)
full join features as f using (account_id, day)`,
  },

  account_facts: {
    how: "34 sums packed into 13; last days by last_value instead of a running maximum",
    query: () => sql`
with first_days as (
  select feature, min(day) as day from ${ref("feature_days")} group by feature
),
features_offered as (
  select day, sum(first_used) over (order by day rows unbounded preceding) as features_offered
  from (
    select day, count(f.feature) as first_used
    from ${ref("timeline")} as t
    cross join lateral (select cast(unnest(generate_series(t.data_from, t.data_through, interval 1 day)) as date) as day) as days
    left join first_days as f using (day)
    group by day
  ) as days_with_firsts
),
spine as (
  select a.account_id, a.created_on, a.customer_since, day
  from ${ref("accounts")} as a
  cross join ${ref("timeline")} as t
  cross join lateral (select cast(unnest(generate_series(a.created_on, t.data_through, interval 1 day)) as date) as day) as days
),
counted as (
  select
    d.account_id, d.day, d.created_on, d.customer_since, c.seats, c.mrr, c.days_to_renewal, o.features_offered,
    coalesce(c.paid_contracts, 0) as paid_contracts,
    coalesce(c.trials, 0) as trials,
    w.admin_exports_7d as admin_exports,
    ${[
      ...["events", "sessions", "logins", "sticky_events", "active_users", "new_users", "key_events"],
      ...["new_features", "active_users_7d_change", "active_users_28d_change", "features_used_28d_change"],
      ...["tickets_opened", "tickets_timed", "replied_within_24h", "escalations", "csat_sum", "csat_count"],
      ...["open_change", "overdue_change", "overdue_urgent_change", "open_billing_change"],
      ...["respondents_change", "promoters_change", "detractors_change", "touchpoints", "outcomes_confirmed"],
      ...["executives_seen", "champions_change", "champions_left", "executives_change"],
    ].map((count) => sql`coalesce(${column(count)}, 0) as ${column(count)}`)}
  from spine as d
  left join ${ref("usage_daily")} as u on u.account_id = d.account_id and u.day = d.day
  left join ${ref("support_daily")} as s on s.account_id = d.account_id and s.day = d.day
  left join ${ref("voice_daily")} as v on v.account_id = d.account_id and v.day = d.day
  left join ${ref("people_daily")} as p on p.account_id = d.account_id and p.day = d.day
  left join ${ref("coverage_daily")} as c on c.account_id = d.account_id and c.day = d.day
  left join features_offered as o on o.day = d.day
  left join ${ref("own_fact_days")} as w on w.account_id = d.account_id and w.day = d.day
),
windowed as (
  select
    account_id, day, created_on, customer_since, seats, mrr, days_to_renewal, features_offered, paid_contracts, trials, events, active_users,
    ${lastDay(sql`paid_contracts > 0 or trials > 0`)} as last_covered_day,
    ${lastDay(sql`paid_contracts > 0`)} as last_paid_day,
    ${lastDay(sql`events > 0`)} as last_event_day,
    ${lastDay(sql`touchpoints > 0`)} as last_touchpoint_day,
    ${lastDay(sql`executives_seen > 0`)} as last_executive_day,
    ${usageNow.sum} ${running} as usage_now,
    ${ticketsNow.sum} ${running} as tickets_now,
    ${voicesNow.sum} ${running} as voices_now,
    ${peopleNow.sum} ${running} as people_now,
    ${week.sum} over (${overDays} rows 6 preceding) as week,
    ${use28.sum} over (${overDays} rows 27 preceding) as use_28d,
    ${visits28.sum} over (${overDays} rows 27 preceding) as visits_28d,
    ${days28.sum} over (${overDays} rows 27 preceding) as days_28d,
    ${contacts28.sum} over (${overDays} rows 27 preceding) as contacts_28d,
    ${replies28.sum} over (${overDays} rows between 27 preceding and 1 preceding) as replies_28d,
    sum(csat_sum) over (${overDays} rows 89 preceding) as csat_sum_90d,
    sum(csat_count) over (${overDays} rows 89 preceding) as csat_count_90d,
    sum(outcomes_confirmed) over (${overDays} rows 364 preceding) as outcomes_confirmed_365d
  from counted
),
unpacked as (
  select
    *,
    ${usageNow.part(sql`usage_now`, 0)} as active_users_7d,
    ${usageNow.part(sql`usage_now`, 1)} as active_users_28d,
    ${usageNow.part(sql`usage_now`, 2)} as features_used_28d,
    ${use28.part(sql`use_28d`, 0)} as events_28d,
    ${use28.part(sql`use_28d`, 1)} as sticky_events_28d,
    ${voicesNow.part(sql`voices_now`, 0)} as respondents,
    ${voicesNow.part(sql`voices_now`, 1)} as promoters,
    ${voicesNow.part(sql`voices_now`, 2)} as detractors,
    ${usageNow.part(sql`lag(usage_now, 28) over (${overDays})`, 1)} as active_users_28d_before
  from windowed
)
select
  account_id,
  day,
  paid_contracts > 0 as is_customer,
  trials > 0 as is_trial,
  day - created_on as account_age_days,
  case when customer_since <= day then day - customer_since end as tenure_days,
  case when paid_contracts = 0 then day - last_paid_day - 1 end as days_since_coverage_ended,
  days_to_renewal, seats, mrr,
  events as events_1d,
  ${week.part(sql`week`, 0)} as events_7d,
  events_28d,
  active_users as active_users_1d,
  active_users_7d,
  active_users_28d,
  ${share(sql`(active_users_28d - active_users_28d_before)`, sql`active_users_28d_before`)} as active_users_change_28d,
  ${days28.part(sql`days_28d`, 2)} as new_users_28d,
  ${visits28.part(sql`visits_28d`, 2)} as key_events_28d,
  ${visits28.part(sql`visits_28d`, 0)} as sessions_28d,
  ${visits28.part(sql`visits_28d`, 1)} as logins_28d,
  ${days28.part(sql`days_28d`, 1)} as login_days_28d,
  ${days28.part(sql`days_28d`, 0)} as active_days_28d,
  features_used_28d,
  ${days28.part(sql`days_28d`, 3)} as new_features_28d,
  ${share(sql`features_used_28d`, sql`features_offered`)} as breadth_28d,
  ${share(sql`sticky_events_28d`, sql`events_28d`)} as sticky_share_28d,
  ${share(sql`active_users_28d`, sql`seats`)} as licence_utilisation_28d,
  day - last_event_day as days_since_last_event,
  ${ticketsNow.part(sql`tickets_now`, 0)} as open_tickets,
  ${ticketsNow.part(sql`tickets_now`, 1)} as overdue_tickets,
  ${ticketsNow.part(sql`tickets_now`, 2)} as overdue_urgent_tickets,
  ${ticketsNow.part(sql`tickets_now`, 3)} as open_billing_tickets,
  ${contacts28.part(sql`contacts_28d`, 0)} as tickets_opened_28d,
  ${share(replies28.part(sql`replies_28d`, 1), replies28.part(sql`replies_28d`, 0))} as replied_within_24h_share_28d,
  ${contacts28.part(sql`contacts_28d`, 1)} as escalations_28d,
  ${share(sql`csat_sum_90d`, sql`csat_count_90d`)} as csat_90d,
  100e0 * (${share(sql`(promoters - detractors)`, sql`respondents`)}) as nps_180d,
  respondents as survey_respondents_180d,
  detractors as detractors_180d,
  ${peopleNow.part(sql`people_now`, 3)} as outcomes_confirmed,
  outcomes_confirmed_365d,
  ${contacts28.part(sql`contacts_28d`, 2)} as touchpoints_28d,
  day - last_touchpoint_day as days_since_last_touchpoint,
  ${peopleNow.part(sql`people_now`, 0)} as champions,
  ${peopleNow.part(sql`people_now`, 1)} as champions_left,
  ${contacts28.part(sql`contacts_28d`, 3)} as champions_left_28d,
  ${peopleNow.part(sql`people_now`, 2)} as executives,
  day - last_executive_day as days_since_executive_seen,
  ${week.part(sql`week`, 1)} as admin_exports_7d
from unpacked
where last_covered_day is null or day - last_covered_day <= 90`,
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
    account_id, day, stage, is_capped, with_value / nullif(whole, 0) as coverage,
    case when with_value > 0 and with_value >= 0.5e0 * whole then least(100e0, weighted / nullif(with_value, 0)) end as uncapped_score
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
