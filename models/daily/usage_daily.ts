import { addDays, countIf, sumInteger } from "../../warehouse/dialect.js";
import { integer, name, relation, type Sql, sql, text } from "../../warehouse/sql.js";
import {
  accountKey,
  dayKey,
  defineModel,
  earlier,
  type Readable,
  ref,
  since,
  whereOfPart,
} from "../model.js";
import { stgUsageEvents } from "../staging/stg_usage_events.js";
import { featureDays } from "./feature_days.js";
import { featureFirsts } from "./feature_firsts.js";
import { count, joinOfSteps, levelsOfSteps, monthlyRows } from "./steps.js";
import { dataThrough, upToAgo } from "./timeline.js";
import { userDays } from "./user_days.js";
import { userFirsts } from "./user_firsts.js";
import { coveredFrom } from "./visits.js";

const counts = {
  events: "integer",
  sessions: "integer",
  logins: "integer",
  sticky_events: "integer",
  active_users: "integer",
  features: "integer",
  new_users: "integer",
  key_events: "integer",
  new_features: "integer",
} as const;

const countNames = Object.keys(counts).map(name);

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
  description: `One row per account and day on which something was used, or a count of trailing days changes. Counts of 7 and 28 days hold until the next row. ${monthlyRows}`,
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    events: count("events", "Events that day, by quantity."),
    sessions: count("sessions", "Distinct sessions."),
    logins: count("events", "Login events."),
    sticky_events: count("events", "Events on sticky features."),
    active_users: count("users", "Distinct users."),
    features: count("features", "Distinct features."),
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
    coalesce(${sumInteger(sql`counts_for`)}, 0) as events,
    count(distinct session_id) as sessions,
    ${countIf(sql`event = ${text(company.sources.usage_events?.loginEvent ?? "login")}`)} as logins,
    ${company.journey.key_events.length > 0 ? sumInteger(sql`case when event in (${company.journey.key_events.map(text)}) then coalesce(counts_for, 0) else 0 end`) : integer(0)} as key_events
  from ${ref(stgUsageEvents, 0)}
  where is_usable
  group by account_id, day
),
user_counts as (
  select account_id, day, count(*) as active_users
  from ${ref(userDays, 0)}
  group by account_id, day
),
feature_counts as (
  select account_id, day, count(*) as features, ${sumInteger(sql`case when is_sticky then events else 0 end`)} as sticky_events
  from ${ref(featureDays, 0)}
  group by account_id, day
),
user_starts as (
  ${startsOf(userFirsts)}
),
feature_starts as (
  ${startsOf(featureFirsts)}
),
daily as (${joinOfSteps(counts, [
    { from: sql`event_counts`, day: sql`day`, adds: asNamed("events", "sessions", "logins", "key_events") },
    { from: sql`user_counts`, day: sql`day`, adds: asNamed("active_users") },
    { from: sql`feature_counts`, day: sql`day`, adds: asNamed("features", "sticky_events") },
    { from: sql`user_starts`, day: sql`day`, adds: { new_users: sql`seen` } },
    { from: sql`feature_starts`, day: sql`day`, adds: { new_features: sql`seen` } },
  ])}
),
users_7d as (
  ${covering(relation(userDays.name), 7)}
),
users_28d as (
  ${covering(relation(userDays.name), 28)}
),
users_28d_before as (
  ${whereOfPart(sql`select account_id, ${addDays(sql`day`, 28)} as day, seen from users_28d`, covering(upToAgo(28, relation(userDays.name)), 28, 28))}
),
features_28d as (
  ${covering(relation(featureDays.name), 28)}
),
${levelsOfSteps(
  "usage_daily",
  { counts, levels, lastDays: { last_event_day: "events" } },
  [
    {
      from: sql`daily`,
      day: sql`day`,
      adds: { ...asNamed(...Object.keys(counts)), ...sums[7], ...sums[28] },
    },
    // What a day added to a trailing sum ends so many days later; the users of the 28 days before are those of 28 days ago.
    {
      from: daysUpToAgo(7),
      day: addDays(sql`day`, 7),
      adds: negated({ ...sums[7], active_users_7d: sql`active_users` }),
    },
    {
      from: daysUpToAgo(28),
      day: addDays(sql`day`, 28),
      adds: negated({
        ...sums[28],
        active_users_28d: sql`active_users`,
        features_used_28d: sql`features`,
      }),
    },
    {
      from: daysUpToAgo(56),
      day: addDays(sql`day`, 56),
      adds: negated({ active_users_28d_before: sql`active_users` }),
    },
    { from: sql`users_7d`, day: sql`day`, adds: { active_users_7d: sql`seen` } },
    { from: sql`users_28d`, day: sql`day`, adds: { active_users_28d: sql`seen` } },
    { from: sql`users_28d_before`, day: sql`day`, adds: { active_users_28d_before: sql`seen` } },
    { from: sql`features_28d`, day: sql`day`, adds: { features_used_28d: sql`seen` } },
  ],
  joinOfSteps,
)}`,
});

/** The counts of the days that leave a sum of so many days: built again, or standing already. */
const daysUpToAgo = (days: number): Sql =>
  whereOfPart(
    sql`daily`,
    sql`(
    select account_id, day, ${countNames} from daily
    union all
    select account_id, day, ${countNames} from ${upToAgo(days, earlier("usage_daily", days))} as before
  ) as leaving`,
  );

/** How many users or features are seen for the first time, by day. */
const startsOf = (firsts: Readable): Sql => sql`select account_id, first_day as day, count(*) as seen
  from ${ref(firsts, 0, "first_day")}
  group by account_id, first_day`;

/** How many of what was seen begin or go on to count in n days, by the day from which they do, or so many days later. */
function covering(days: Sql, n: number, later = 0): Sql {
  const from = later === 0 ? coveredFrom(n) : addDays(coveredFrom(n), later);
  // Most of those who were seen count on, and so from days that are still to come.
  const isBuilt = (first: Sql): Sql => sql`${from} >= ${first} and ${from} <= ${dataThrough}`;
  return sql`select account_id, from_day as day, count(*) as seen
  from (select account_id, ${from} as from_day from ${since(days, n + later, "day", isBuilt)} as days) as covering
  group by account_id, from_day`;
}

function asNamed(...columns: string[]): Record<string, Sql> {
  return Object.fromEntries(columns.map((column) => [column, name(column)]));
}

function negated(values: Readonly<Record<string, Sql>>): Record<string, Sql> {
  return Object.fromEntries(Object.entries(values).map(([column, value]) => [column, sql`0 - ${value}`]));
}
