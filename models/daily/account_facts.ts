import type { DayRow } from "../../journey/compile.js";
import { type Fact, type FactName, factNames, facts } from "../../journey/facts.js";
import type { Journey } from "../../journey/journey.js";
import { factOf, factsIn } from "../../journey/own_facts.js";
import { cast, daysBetween, eachDay, nullOf, safeDivide } from "../../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql } from "../../warehouse/sql.js";
import {
  accountKey,
  type CompanyWords,
  dayKey,
  defineModel,
  has,
  type ModelColumn,
  type ModelColumns,
  ref,
} from "../model.js";
import { accounts } from "../staging/accounts.js";
import { coverageDaily } from "./coverage_daily.js";
import { featuresOffered } from "./features_offered.js";
import { besideFacts, ownFactDays, ownFactSql, ownParts, ownWindows } from "./own_fact_days.js";
import { peopleDaily } from "./people_daily.js";
import { supportDaily } from "./support_daily.js";
import { timeline } from "./timeline.js";
import { usageDaily } from "./usage_daily.js";
import { voiceDaily } from "./voice_daily.js";
import { lastDayWith, soFar, trailing, trailingBut1 } from "./windows.js";

/** Facts go on this long after coverage ends, so that a return is seen. */
const daysAfterCoverage = 90;

type FactColumns = { [F in FactName]: ModelColumn & { type: (typeof facts)[F]["type"]; notNull?: false } };

/** The facts as columns. */
export const factColumns = facts as unknown as FactColumns;

/** The company's own facts as columns. */
export const ownFactColumns = ({ journey }: CompanyWords): ModelColumns =>
  Object.fromEntries(journey.facts.map((own) => [own.id, factOf(own)]));

/** A fact of a row as a number, yes/no as 1 and 0: what scales, trends and the API's figures read. */
export const factAsNumber = (row: Sql, fact: string): Sql =>
  (facts as Record<string, Fact>)[fact]?.type === "boolean"
    ? sql`case ${row}.${name(fact)} when true then ${number(1)} when false then ${number(0)} end`
    : cast(sql`${row}.${name(fact)}`, "number");

/** A row of this table, `f`, as conditions read it. */
export const factRow = (journey: Journey): DayRow => ({
  accountId: sql`f.account_id`,
  day: sql`f.day`,
  facts: factsIn(journey),
  fact: (id) => sql`f.${name(id)}`,
});

/** Sums over each account's days, from which the facts are read. */
const windows: Record<string, Sql> = {
  last_covered_day: lastDayWith(sql`paid_contracts > 0 or trials > 0`),
  last_paid_day: lastDayWith(sql`paid_contracts > 0`),
  last_event_day: lastDayWith(sql`events > 0`),
  last_touchpoint_day: lastDayWith(sql`touchpoints > 0`),
  last_executive_day: lastDayWith(sql`executives_seen > 0`),
  events_7d: trailing(sql`events`, 7),
  events_28d: trailing(sql`events`, 28),
  sticky_events_28d: trailing(sql`sticky_events`, 28),
  active_days_28d: trailing(sql`case when events > 0 then 1 else 0 end`, 28),
  sessions_28d: trailing(sql`sessions`, 28),
  logins_28d: trailing(sql`logins`, 28),
  login_days_28d: trailing(sql`case when logins > 0 then 1 else 0 end`, 28),
  new_users_28d: trailing(sql`new_users`, 28),
  key_events_28d: trailing(sql`key_events`, 28),
  new_features_28d: trailing(sql`new_features`, 28),
  active_users_7d: soFar(sql`active_users_7d_change`),
  active_users_28d: soFar(sql`active_users_28d_change`),
  features_used_28d: soFar(sql`features_used_28d_change`),
  tickets_opened_28d: trailing(sql`tickets_opened`, 28),
  escalations_28d: trailing(sql`escalations`, 28),
  timed_28d: trailingBut1(sql`tickets_timed`, 28),
  replied_28d: trailingBut1(sql`replied_within_24h`, 28),
  csat_sum_90d: trailing(sql`csat_sum`, 90),
  csat_count_90d: trailing(sql`csat_count`, 90),
  open_tickets: soFar(sql`open_change`),
  overdue_tickets: soFar(sql`overdue_change`),
  overdue_urgent_tickets: soFar(sql`overdue_urgent_change`),
  open_billing_tickets: soFar(sql`open_billing_change`),
  respondents: soFar(sql`respondents_change`),
  promoters: soFar(sql`promoters_change`),
  detractors: soFar(sql`detractors_change`),
  touchpoints_28d: trailing(sql`touchpoints`, 28),
  outcomes_confirmed_365d: trailing(sql`outcomes_confirmed`, 365),
  outcomes_so_far: soFar(sql`outcomes_confirmed`),
  champions_present: soFar(sql`champions_change`),
  champions_gone: soFar(sql`champions_left`),
  champions_left_28d: trailing(sql`champions_left`, 28),
  executives_present: soFar(sql`executives_change`),
};

const daysSince = (column: string): Sql => daysBetween(name(column), sql`day`);

/** Each fact from the windows; the compiler holds the list against `journey/facts.ts`. */
const factSql: Record<FactName, Sql> = {
  is_customer: sql`paid_contracts > 0`,
  is_trial: sql`trials > 0`,
  account_age_days: daysSince("created_on"),
  tenure_days: sql`case when customer_since <= day then ${daysSince("customer_since")} end`,
  days_since_coverage_ended: sql`case when paid_contracts = 0 then ${daysSince("last_paid_day")} - 1 end`,
  days_to_renewal: sql`days_to_renewal`,
  seats: sql`seats`,
  mrr: sql`mrr`,
  events_1d: sql`events`,
  events_7d: sql`events_7d`,
  events_28d: sql`events_28d`,
  active_users_1d: sql`active_users`,
  active_users_7d: sql`active_users_7d`,
  active_users_28d: sql`active_users_28d`,
  active_users_change_28d: safeDivide(
    sql`(active_users_28d - active_users_28d_before)`,
    sql`active_users_28d_before`,
  ),
  new_users_28d: sql`new_users_28d`,
  key_events_28d: sql`key_events_28d`,
  sessions_28d: sql`sessions_28d`,
  logins_28d: sql`logins_28d`,
  login_days_28d: sql`login_days_28d`,
  active_days_28d: sql`active_days_28d`,
  features_used_28d: sql`features_used_28d`,
  new_features_28d: sql`new_features_28d`,
  breadth_28d: safeDivide(sql`features_used_28d`, sql`features_offered`),
  sticky_share_28d: safeDivide(sql`sticky_events_28d`, sql`events_28d`),
  licence_utilisation_28d: safeDivide(sql`active_users_28d`, sql`seats`),
  days_since_last_event: daysSince("last_event_day"),
  open_tickets: sql`open_tickets`,
  overdue_tickets: sql`overdue_tickets`,
  overdue_urgent_tickets: sql`overdue_urgent_tickets`,
  open_billing_tickets: sql`open_billing_tickets`,
  tickets_opened_28d: sql`tickets_opened_28d`,
  replied_within_24h_share_28d: safeDivide(sql`replied_28d`, sql`timed_28d`),
  escalations_28d: sql`escalations_28d`,
  csat_90d: safeDivide(sql`csat_sum_90d`, sql`csat_count_90d`),
  nps_180d: sql`${number(100)} * ${safeDivide(sql`(promoters - detractors)`, sql`respondents`)}`,
  survey_respondents_180d: sql`respondents`,
  detractors_180d: sql`detractors`,
  outcomes_confirmed: sql`outcomes_so_far`,
  outcomes_confirmed_365d: sql`outcomes_confirmed_365d`,
  touchpoints_28d: sql`touchpoints_28d`,
  days_since_last_touchpoint: daysSince("last_touchpoint_day"),
  champions: sql`champions_present`,
  champions_left: sql`champions_gone`,
  champions_left_28d: sql`champions_left_28d`,
  executives: sql`executives_present`,
  days_since_executive_seen: daysSince("last_executive_day"),
};

/** Counts of the day from the daily models: absent rows are zeros. */
const counts: Record<string, readonly string[]> = {
  u: [
    "events",
    "sessions",
    "logins",
    "sticky_events",
    "active_users",
    "new_users",
    "key_events",
    "new_features",
    "active_users_7d_change",
    "active_users_28d_change",
    "features_used_28d_change",
  ],
  s: [
    "tickets_opened",
    "tickets_timed",
    "replied_within_24h",
    "escalations",
    "csat_sum",
    "csat_count",
    "open_change",
    "overdue_change",
    "overdue_urgent_change",
    "open_billing_change",
  ],
  v: ["respondents_change", "promoters_change", "detractors_change"],
  p: [
    "touchpoints",
    "outcomes_confirmed",
    "executives_seen",
    "champions_change",
    "champions_left",
    "executives_change",
  ],
  c: ["paid_contracts", "trials"],
};

export const accountFacts = defineModel({
  name: "account_facts",
  description: `One row per account and day, from the account's first day to the last day built; ${daysAfterCoverage} days after coverage ends rows stop until it is covered again. Every fact knows only what happened before the end of the day.`,
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    ...factColumns,
  },
  companyColumns: ownFactColumns,
  byDay: true,
  sortBy: ["account_id", "day"],
  query: (company) => {
    const own = company.journey.facts;
    const allWindows = { ...windows, ...Object.assign({}, ...own.map(ownWindows)) } as Record<string, Sql>;
    const values = [
      ...factNames.map((fact) => [fact, facts[fact] as Fact, factSql[fact]] as const),
      ...own.map((fact) => [fact.id, factOf(fact), ownFactSql(fact)] as const),
    ];
    return sql`
with spine as (
  select a.account_id as account_id, a.created_on as created_on, a.customer_since as customer_since, day
  from ${ref(accounts)} as a
  cross join ${ref(timeline)} as t
  cross join ${eachDay(sql`a.created_on`, sql`t.data_through`)}
),
counted as (
  select
    d.account_id as account_id,
    d.day as day,
    d.created_on as created_on,
    d.customer_since as customer_since,
    c.seats as seats,
    c.mrr as mrr,
    c.days_to_renewal as days_to_renewal,
    o.features_offered as features_offered,
    ${join(
      Object.entries(counts).flatMap(([alias, columns]) =>
        columns.map((column) => sql`coalesce(${name(alias)}.${name(column)}, 0) as ${name(column)}`),
      ),
      ",\n    ",
    )}${join(
      ownParts(own).map((column) => sql`,\n    w.${name(column)} as ${name(besideFacts(column))}`),
      "",
    )}
  from spine as d
  left join ${ref(usageDaily)} as u on u.account_id = d.account_id and u.day = d.day
  left join ${ref(supportDaily)} as s on s.account_id = d.account_id and s.day = d.day
  left join ${ref(voiceDaily)} as v on v.account_id = d.account_id and v.day = d.day
  left join ${ref(peopleDaily)} as p on p.account_id = d.account_id and p.day = d.day
  left join ${ref(coverageDaily)} as c on c.account_id = d.account_id and c.day = d.day
  left join ${ref(featuresOffered)} as o on o.day = d.day
  ${own.length > 0 ? sql`left join ${ref(ownFactDays)} as w on w.account_id = d.account_id and w.day = d.day` : sql``}
),
windowed as (
  select
    account_id, day, created_on, customer_since, seats, mrr, days_to_renewal, features_offered,
    paid_contracts, trials, events, active_users,
    ${join(
      Object.entries(allWindows).map(([column, value]) => sql`${value} as ${name(column)}`),
      ",\n    ",
    )}
  from counted
),
compared as (
  select
    account_id, day, created_on, customer_since, seats, mrr, days_to_renewal, features_offered,
    paid_contracts, trials, events, active_users,
    ${Object.keys(allWindows).map(name)},
    lag(active_users_28d, 28) over (partition by account_id order by day) as active_users_28d_before
  from windowed
)
select
  account_id,
  day,
  ${join(
    values.map(([fact, { type, needs }, value]) => {
      const isMapped = needs.every((need) => has(company, need));
      return sql`${isMapped ? value : nullOf(type)} as ${name(fact)}`;
    }),
    ",\n  ",
  )}
from compared
where last_covered_day is null or ${daysSince("last_covered_day")} <= ${integer(daysAfterCoverage)}`;
  },
});
