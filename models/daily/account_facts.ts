import type { DayRow } from "../../journey/compile.js";
import { type Fact, type FactName, factNames, facts } from "../../journey/facts.js";
import type { Journey } from "../../journey/journey.js";
import { factOf, factsIn } from "../../journey/own_facts.js";
import { cast, daysBetween, eachDay, greatest, nullOf, safeDivide } from "../../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql } from "../../warehouse/sql.js";
import {
  accountKey,
  asked,
  type CompanyWords,
  dayKey,
  defineModel,
  has,
  type ModelColumn,
  type ModelColumns,
  type Readable,
  ref,
  spansOf,
  whereOfPart,
  withScope,
} from "../model.js";
import { accounts } from "../staging/accounts.js";
import { coverageDaily } from "./coverage_daily.js";
import { featuresOffered } from "./features_offered.js";
import { ownFactDays, ownFactSql } from "./own_fact_days.js";
import { peopleDaily } from "./people_daily.js";
import { levelsByMonth, monthOf } from "./steps.js";
import { supportDaily } from "./support_daily.js";
import { timeline } from "./timeline.js";
import { usageDaily } from "./usage_daily.js";
import { voiceDaily } from "./voice_daily.js";

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

const daysSince = (day: Sql): Sql => daysBetween(day, sql`d.day`);

/** A count of trailing days, or a level: 0 before the first row. */
const level = (alias: string, column: string): Sql => sql`coalesce(${name(alias)}.${name(column)}, 0)`;
/** A count of the day itself: a row that holds for later days too counts on its own alone. */
const ofDay = (alias: string, column: string): Sql =>
  sql`case when ${name(alias)}.day = d.day then ${name(alias)}.${name(column)} else 0 end`;

const paidContracts = level("d", "paid_contracts");
const coverage = Object.keys(coverageDaily.columns).filter((c) => c !== "account_id" && c !== "day");
/** What was covered before the account's first day says nothing about it. */
const lastDay = (isNow: Sql, last: Sql): Sql =>
  sql`case when ${isNow} then d.day when ${last} >= d.created_on then ${last} end`;
const lastPaidDay = lastDay(sql`d.paid_contracts > 0`, sql`d.last_paid_on`);
const lastCoveredDay = lastDay(sql`d.paid_contracts > 0 or d.trials > 0`, sql`d.last_covered_on`);

/** Each fact of a day from what holds then; the compiler holds the list against `journey/facts.ts`. */
const factSql: Record<FactName, Sql> = {
  is_customer: sql`${paidContracts} > 0`,
  is_trial: sql`${level("d", "trials")} > 0`,
  account_age_days: daysSince(sql`d.created_on`),
  tenure_days: sql`case when d.customer_since <= d.day then ${daysSince(sql`d.customer_since`)} end`,
  days_since_coverage_ended: sql`case when ${paidContracts} = 0 then ${daysSince(lastPaidDay)} - 1 end`,
  days_to_renewal: sql`case when d.next_renewal_on >= d.day then ${daysBetween(sql`d.day`, sql`d.next_renewal_on`)} end`,
  seats: sql`d.seats`,
  mrr: sql`d.mrr`,
  events_1d: ofDay("u", "events"),
  events_7d: level("u", "events_7d"),
  events_28d: level("u", "events_28d"),
  active_users_1d: ofDay("u", "active_users"),
  active_users_7d: level("u", "active_users_7d"),
  active_users_28d: level("u", "active_users_28d"),
  active_users_change_28d: safeDivide(
    sql`(u.active_users_28d - u.active_users_28d_before)`,
    sql`u.active_users_28d_before`,
  ),
  new_users_28d: level("u", "new_users_28d"),
  key_events_28d: level("u", "key_events_28d"),
  sessions_28d: level("u", "sessions_28d"),
  logins_28d: level("u", "logins_28d"),
  login_days_28d: level("u", "login_days_28d"),
  active_days_28d: level("u", "active_days_28d"),
  features_used_28d: level("u", "features_used_28d"),
  new_features_28d: level("u", "new_features_28d"),
  breadth_28d: safeDivide(level("u", "features_used_28d"), sql`o.features_offered`),
  sticky_share_28d: safeDivide(sql`u.sticky_events_28d`, sql`u.events_28d`),
  licence_utilisation_28d: safeDivide(level("u", "active_users_28d"), sql`d.seats`),
  days_since_last_event: daysSince(sql`u.last_event_day`),
  open_tickets: level("s", "open_tickets"),
  overdue_tickets: level("s", "overdue_tickets"),
  overdue_urgent_tickets: level("s", "overdue_urgent_tickets"),
  open_billing_tickets: level("s", "open_billing_tickets"),
  tickets_opened_28d: level("s", "tickets_opened_28d"),
  replied_within_24h_share_28d: safeDivide(sql`s.replied_28d`, sql`s.timed_28d`),
  escalations_28d: level("s", "escalations_28d"),
  csat_90d: safeDivide(sql`s.csat_sum_90d`, sql`s.csat_count_90d`),
  nps_180d: sql`${number(100)} * ${safeDivide(sql`(v.promoters - v.detractors)`, sql`v.respondents`)}`,
  survey_respondents_180d: level("v", "respondents"),
  detractors_180d: level("v", "detractors"),
  outcomes_confirmed: level("p", "outcomes_confirmed"),
  outcomes_confirmed_365d: level("p", "outcomes_confirmed_365d"),
  touchpoints_28d: level("p", "touchpoints_28d"),
  days_since_last_touchpoint: daysSince(sql`p.last_touchpoint_day`),
  champions: level("p", "champions"),
  champions_left: level("p", "champions_left"),
  champions_left_28d: level("p", "champions_left_28d"),
  executives: level("p", "executives"),
  days_since_executive_seen: daysSince(sql`p.last_executive_day`),
};

const asksFor = { accounts: ["created_on", "customer_since"] };

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
  isHashed: true,
  asksFor,
  query: (company) => {
    const own = company.journey.facts;
    const values = [
      ...factNames.map((fact) => [fact, facts[fact] as Fact, factSql[fact]] as const),
      ...own.map((fact) => [fact.id, factOf(fact), ownFactSql(fact, sql`d.day`)] as const),
    ];
    const holding = (spans: Sql, alias: string): Sql =>
      sql`left join ${spans} as ${name(alias)} on ${name(alias)}.account_id = d.account_id and ${name(alias)}.day <= d.day and d.day < ${name(alias)}._next_day`;
    // By the month too: else an account's days would each be held against all of its rows.
    const levels = (model: Readable, alias: string): Sql =>
      sql`${holding(levelsByMonth(model), alias)} and ${name(alias)}._month = d._month`;
    return sql`
with days as (
  select a.account_id as account_id, a.created_on as created_on, a.customer_since as customer_since, day
  from ${asked(accounts, asksFor.accounts)} as a
  ${withScope(sql`a.account_id`)}
  cross join ${ref(timeline)} as t
  cross join ${eachDay(whereOfPart(sql`a.created_on`, greatest(sql`a.created_on`, sql`scope.from_day`)), sql`t.data_through`)}
),
spine as (
  select *
  from (
    select ${[...["account_id", "day", "created_on", "customer_since"].map((column) => sql`d.${name(column)}`), ...coverage.map((column) => sql`c.${name(column)}`)]}, ${monthOf(sql`d.day`)} as _month
    from days as d
    ${holding(spansOf(ref(coverageDaily)), "c")}
  ) as d
  where ${lastCoveredDay} is null or ${daysSince(lastCoveredDay)} <= ${integer(daysAfterCoverage)}
)
select
  d.account_id as account_id,
  d.day as day,
  ${join(
    values.map(([fact, { type, needs }, value]) => {
      const isMapped = needs.every((need) => has(company, need));
      return sql`${isMapped ? value : nullOf(type)} as ${name(fact)}`;
    }),
    ",\n  ",
  )}
from spine as d
left join ${ref(featuresOffered)} as o on o.day = d.day
${levels(usageDaily, "u")}
${levels(supportDaily, "s")}
${levels(voiceDaily, "v")}
${levels(peopleDaily, "p")}
${own.length > 0 ? levels(ownFactDays, "w") : sql``}`;
  },
});
