import { addDays, countIf, least, sumInteger } from "../../warehouse/dialect.js";
import { integer, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountKey, defineModel, ref } from "../model.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";
import { featureDays } from "./feature_days.js";
import { minusOne, ofLevel, one, oneIf, sumOfSteps } from "./steps.js";
import { userDays } from "./user_days.js";

const measures = {
  events: "integer",
  sessions: "integer",
  logins: "integer",
  sticky_events: "integer",
  active_users: "integer",
  new_users: "integer",
  key_events: "integer",
  new_features: "integer",
  active_users_7d_change: "integer",
  active_users_28d_change: "integer",
  features_used_28d_change: "integer",
} as const;

/**
 * Distinct users of trailing windows come from steps: a user seen on a day counts for the next n days or until
 * seen again, so +1 on the day and −1 when the time is up; a running sum gives every window at once, three
 * times faster than counting each window.
 */
export const usageDaily = defineModel({
  name: "usage_daily",
  description:
    "One row per account and day on which something was used, or a trailing count of users or features changes.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: { type: "date", notNull: true, description: "The day; up to 28 days after the last event." },
    events: { type: "integer", notNull: true, min: 0, unit: "events", description: "Events, by quantity." },
    sessions: { type: "integer", notNull: true, min: 0, unit: "sessions", description: "Distinct sessions." },
    logins: { type: "integer", notNull: true, min: 0, unit: "events", description: "Login events." },
    sticky_events: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "events",
      description: "Events on sticky features.",
    },
    active_users: { type: "integer", notNull: true, min: 0, unit: "users", description: "Distinct users." },
    new_users: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "users",
      description: "Users seen for the first time.",
    },
    key_events: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "events",
      description: "Events that the journey calls key events.",
    },
    new_features: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "features",
      description: "Features used for the first time by the account.",
    },
    active_users_7d_change: {
      type: "integer",
      notNull: true,
      unit: "users",
      description: `Distinct users in 7 days. ${ofLevel}`,
    },
    active_users_28d_change: {
      type: "integer",
      notNull: true,
      unit: "users",
      description: `Distinct users in 28 days. ${ofLevel}`,
    },
    features_used_28d_change: {
      type: "integer",
      notNull: true,
      unit: "features",
      description: `Distinct features in 28 days. ${ofLevel}`,
    },
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
  from ${ref(stgUsageEvents)}
  where is_usable
  group by account_id, day
),
user_visits as (
  select
    account_id,
    day,
    lag(day) over (partition by account_id, user_id order by day) as previous_day,
    lead(day) over (partition by account_id, user_id order by day) as next_day
  from ${ref(userDays)}
),
feature_visits as (
  select
    account_id,
    day,
    lag(day) over (partition by account_id, feature order by day) as previous_day,
    lead(day) over (partition by account_id, feature order by day) as next_day
  from ${ref(featureDays)}
)
${sumOfSteps(measures, [
  {
    from: sql`event_counts`,
    day: sql`day`,
    adds: { events: sql`events`, sessions: sql`sessions`, logins: sql`logins`, key_events: sql`key_events` },
  },
  { from: ref(featureDays), day: sql`day`, where: sql`is_sticky`, adds: { sticky_events: sql`events` } },
  {
    from: sql`user_visits`,
    day: sql`day`,
    adds: {
      active_users: one,
      new_users: oneIf(sql`previous_day is null`),
      active_users_7d_change: one,
      active_users_28d_change: one,
    },
  },
  { from: sql`user_visits`, day: endOf(7), adds: { active_users_7d_change: minusOne } },
  { from: sql`user_visits`, day: endOf(28), adds: { active_users_28d_change: minusOne } },
  {
    from: sql`feature_visits`,
    day: sql`day`,
    adds: { new_features: oneIf(sql`previous_day is null`), features_used_28d_change: one },
  },
  { from: sql`feature_visits`, day: endOf(28), adds: { features_used_28d_change: minusOne } },
])}`,
});

/** The first day on which a visit no longer counts in a trailing window of n days. */
const endOf = (days: number): Sql =>
  least(sql`coalesce(next_day, ${addDays(sql`day`, days)})`, addDays(sql`day`, days));
