import { addDays, countIf, daysBetween, sumInteger } from "../../warehouse/dialect.js";
import { integer, name, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountKey, defineModel, ref } from "../model.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";
import { featureDays } from "./feature_days.js";
import { featureFirsts } from "./feature_firsts.js";
import { count, levelsOfSteps, minusOne, one, type Step, sumOfSteps } from "./steps.js";
import { userDays } from "./user_days.js";
import { userFirsts } from "./user_firsts.js";

const counts = {
  events: "integer",
  sessions: "integer",
  logins: "integer",
  sticky_events: "integer",
  active_users: "integer",
  new_users: "integer",
  key_events: "integer",
  new_features: "integer",
} as const;

/** What each day adds to the sums of the days that end with it, by how many days that are. */
const sums: Readonly<Record<number, Readonly<Record<string, Sql>>>> = {
  7: { events_7d: sql`events` },
  28: {
    events_28d: sql`events`,
    active_days_28d: sql`case when events > 0 then 1 else 0 end`,
    sessions_28d: sql`sessions`,
    logins_28d: sql`logins`,
    login_days_28d: sql`case when logins > 0 then 1 else 0 end`,
    sticky_events_28d: sql`sticky_events`,
    new_users_28d: sql`new_users`,
    key_events_28d: sql`key_events`,
    new_features_28d: sql`new_features`,
  },
};

const levels = {
  events_7d: "integer",
  events_28d: "integer",
  active_days_28d: "integer",
  sessions_28d: "integer",
  logins_28d: "integer",
  login_days_28d: "integer",
  sticky_events_28d: "integer",
  new_users_28d: "integer",
  key_events_28d: "integer",
  new_features_28d: "integer",
  active_users_7d: "integer",
  active_users_28d: "integer",
  active_users_28d_before: "integer",
  features_used_28d: "integer",
} as const;

export const usageDaily = defineModel({
  name: "usage_daily",
  description:
    "One row per account and day on which something was used, or a count of trailing days changes. Counts of 7 and 28 days hold until the next row.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: { type: "date", notNull: true, description: "The day; up to 56 days after the last event." },
    events: count("events", "Events that day, by quantity."),
    sessions: count("sessions", "Distinct sessions."),
    logins: count("events", "Login events."),
    sticky_events: count("events", "Events on sticky features."),
    active_users: count("users", "Distinct users."),
    new_users: count("users", "Users seen for the first time."),
    key_events: count("events", "Events that the journey calls key events."),
    new_features: count("features", "Features used for the first time by the account."),
    events_7d: count("events", "Events in 7 days."),
    events_28d: count("events", "Events in 28 days."),
    active_days_28d: count("days", "Days with an event in 28 days."),
    sessions_28d: count("sessions", "Sessions of each day, in 28 days."),
    logins_28d: count("events", "Logins in 28 days."),
    login_days_28d: count("days", "Days with a login in 28 days."),
    sticky_events_28d: count("events", "Events on sticky features in 28 days."),
    new_users_28d: count("users", "Users first seen in 28 days."),
    key_events_28d: count("events", "Key events in 28 days."),
    new_features_28d: count("features", "Features first used in 28 days."),
    active_users_7d: count("users", "Distinct users in 7 days."),
    active_users_28d: count("users", "Distinct users in 28 days."),
    active_users_28d_before: count("users", "Distinct users in the 28 days before these."),
    features_used_28d: count("features", "Distinct features in 28 days."),
    last_event_day: { type: "date", description: "Last day with an event so far; null = none." },
  },
  byDay: true,
  query: (company) => sql`
with event_counts as (
  select
    account_id,
    day,
    ${sumInteger(sql`coalesce(quantity, 1)`)} as events,
    count(distinct session_id) as sessions,
    ${countIf(sql`event = ${text(company.sources.usage_events?.loginEvent ?? "login")}`)} as logins,
    ${company.journey.key_events.length > 0 ? sumInteger(sql`case when event in (${company.journey.key_events.map(text)}) then coalesce(quantity, 1) else 0 end`) : integer(0)} as key_events
  from ${ref(stgUsageEvents, 28)}
  where is_usable
  group by account_id, day
),
daily as (
  ${sumOfSteps(counts, [
    {
      from: sql`event_counts`,
      day: sql`day`,
      adds: {
        events: sql`events`,
        sessions: sql`sessions`,
        logins: sql`logins`,
        key_events: sql`key_events`,
      },
    },
    {
      from: ref(featureDays, 28),
      day: sql`day`,
      where: sql`is_sticky`,
      adds: { sticky_events: sql`events` },
    },
    { from: ref(userDays, 28), day: sql`day`, adds: { active_users: one } },
    { from: ref(userFirsts), day: sql`first_day`, adds: { new_users: one } },
    { from: ref(featureFirsts), day: sql`first_day`, adds: { new_features: one } },
  ])}
),
user_visits as (
  ${visitsOf(ref(userDays, 56), sql`user_id`)}
),
feature_visits as (
  ${visitsOf(ref(featureDays, 28), sql`feature`)}
)
${levelsOfSteps("usage_daily", { counts, levels, lastDays: { last_event_day: "events" } }, [
  {
    from: sql`daily`,
    day: sql`day`,
    adds: { ...Object.fromEntries(Object.keys(counts).map((c) => [c, name(c)])), ...sums[7], ...sums[28] },
  },
  ...[7, 28].map((days) => ({
    from: sql`daily`,
    day: addDays(sql`day`, days),
    adds: Object.fromEntries(Object.entries(sums[days] ?? {}).map(([sum, value]) => [sum, sql`-(${value})`])),
  })),
  ...presence(sql`user_visits`, 7, "active_users_7d"),
  ...presence(sql`user_visits`, 28, "active_users_28d", "active_users_28d_before"),
  ...presence(sql`feature_visits`, 28, "features_used_28d"),
])}`,
});

/** Days on which an account's user or feature was seen, with the days before and after on which it was. */
function visitsOf(days: Sql, seen: Sql): Sql {
  const window = sql`over (partition by account_id, ${seen} order by day)`;
  return sql`select account_id, day, lag(day) ${window} as previous_day, lead(day) ${window} as next_day
  from ${days}`;
}

/**
 * What is seen on a day counts for n days: from the first of visits that lie no further apart, to n days after the
 * last. The level of the n days before is the same, n days later.
 */
function presence(visits: Sql, days: number, level: string, before?: string): Step[] {
  const isFirst = sql`previous_day is null or ${daysBetween(sql`previous_day`, sql`day`)} > ${integer(days)}`;
  const isLast = sql`next_day is null or ${daysBetween(sql`day`, sql`next_day`)} > ${integer(days)}`;
  const step = (day: Sql, where: Sql, measure: string, change: Sql): Step => ({
    from: visits,
    day,
    where,
    adds: { [measure]: change },
  });
  return [
    step(sql`day`, isFirst, level, one),
    step(addDays(sql`day`, days), isLast, level, minusOne),
    ...(before
      ? [
          step(addDays(sql`day`, days), isFirst, before, one),
          step(addDays(sql`day`, 2 * days), isLast, before, minusOne),
        ]
      : []),
  ];
}
