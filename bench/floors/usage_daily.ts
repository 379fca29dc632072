import { integer, join, name, relation as ref, type Sql, sql, text } from "../../warehouse/sql.js";
import type { Floor } from "./floor.js";

const counts = [
  "events",
  "sessions",
  "logins",
  "sticky_events",
  "active_users",
  "features",
  "new_users",
  "key_events",
  "new_features",
].map(name);

/** What is summed over 28 days, and from what. */
const summed = {
  events: sql`events`,
  active_days: sql`(events > 0)::integer`,
  sessions: sql`sessions`,
  logins: sql`logins`,
  login_days: sql`(logins > 0)::integer`,
  sticky_events: sql`sticky_events`,
  new_users: sql`new_users`,
  key_events: sql`key_events`,
  new_features: sql`new_features`,
};

const levels = [
  "events_7d",
  ...Object.keys(summed).map((column) => `${column}_28d`),
  "active_users_7d",
  "active_users_28d",
  "active_users_28d_before",
  "features_used_28d",
].map(name);

/** The days of all accounts stand in one line: `account` is the number at which one's days begin. */
const dayNumber = (day: Sql): Sql => sql`date_diff('day', date '2020-01-01', ${day})`;
/** Twelve bits for the day are enough until 2031. */
const keyOf = (day: Sql): Sql => sql`account + ${dayNumber(day)}`;
const accountOfKey = (key: Sql): Sql => sql`(${key} >> 12 << 12)`;
const dayOfKey = (key: Sql): Sql => sql`date '2020-01-01' + (${key} & 4095)::integer`;
const withKeys = (table: string, day: Sql = sql`day`): Sql =>
  sql`(select t.* exclude (account_id), ${keyOf(day)} as key from ${ref(table)} as t inner join (select account_id, account from lives) as l using (account_id))`;

const coveredFrom = (days: number): Sql =>
  sql`case when previous + ${integer(days)} >= key then previous + ${integer(days)} else key end`;

const before = (value: Sql, days: number): Sql => sql`lag(${value}, ${integer(days)}, 0) over ()`;
const runningSum = (value: Sql): Sql => sql`sum((${value})::double) over (rows unbounded preceding)::integer`;

/** A trailing sum of n days is made of shorter ones: of these days and of those before them. */
const longer = (days: number, ofShorter: (sum: (days: number) => Sql) => Sql): Sql =>
  join(
    Object.entries(summed).map(([column, value]) => {
      const ofDays = (n: number): Sql => (n === 1 ? value : name(`${column}_${n}d`));
      return sql`${ofShorter(ofDays)} as ${ofDays(days)}`;
    }),
    ", ",
  );

export const usageDaily: Floor = {
  how: "days of all accounts in one line, by one number, with empty ones between two accounts: trailing sums from shorter ones by lag without partitions, which streams",
  query: ({ journey, sources }) => sql`
with lives as (
  select account_id, row_number() over (order by account_id) * 4096 as account, ${dayNumber(sql`min(first_day)`)} as first_used
  from ${ref("user_firsts")}
  group by account_id
),
through as (
  select ${dayNumber(sql`data_through`)} as last_day from ${ref("timeline")}
),
line as (
  select account + unnest(range(first_used, last_day + 57)) as key from lives, through
),
event_counts as (
  select key, sum(events) as events, count(*) as sessions, sum(logins) as logins, sum(key_events) as key_events
  from (
    select
      key,
      hash(session_id) as session,
      sum(counts_for::double) as events,
      (count(*) filter (where event = ${text(sources.usage_events?.loginEvent ?? "login")}))::double as logins,
      sum(case when event in (${journey.key_events.map(text)}) then counts_for::double else 0 end) as key_events
    from ${withKeys("stg_usage_events")} as events
    where is_usable
    group by all
  ) as sessions
  group by key
),
users as (
  select key, key - (day - previous_day) as previous from ${withKeys("user_days")} as days
),
features_seen as (
  select key, key - (day - previous_day) as previous, case when is_sticky then events else 0 end as sticky_events
  from ${withKeys("feature_days")} as days
),
daily as (
  select
    key,
    ${[...counts, ...["users_7d", "users_28d", "features_28d"].map(name)].map((c) => sql`coalesce(${c}, 0)::integer as ${c}`)}
  from line
  left join event_counts using (key)
  left join (select key, count(*) as active_users from users group by all) as a using (key)
  left join (select ${coveredFrom(7)} as key, count(*) as users_7d from users group by all) as b using (key)
  left join (select ${coveredFrom(28)} as key, count(*) as users_28d from users group by all) as c using (key)
  left join (select key, count(*) as features, sum(sticky_events::double) as sticky_events from features_seen group by all) as d using (key)
  left join (select ${coveredFrom(28)} as key, count(*) as features_28d from features_seen group by all) as e using (key)
  left join (select key, count(*) as new_users from ${withKeys("user_firsts", sql`first_day`)} as firsts group by all) as f using (key)
  left join (select key, count(*) as new_features from ${withKeys("feature_firsts", sql`first_day`)} as firsts group by all) as g using (key)
  -- Windows without partitions take the rows as they are sorted here.
  order by key
),
two as (
  select *, ${longer(2, (sum) => sql`${sum(1)} + ${before(sum(1), 1)}`)},
    users_7d - ${before(sql`active_users`, 7)} as users_7d_change,
    users_28d - ${before(sql`active_users`, 28)} as users_28d_change,
    features_28d - ${before(sql`features`, 28)} as features_28d_change
  from daily
),
four as (
  select *, ${longer(4, (sum) => sql`${sum(2)} + ${before(sum(2), 2)}`)},
    ${runningSum(sql`users_7d_change`)} as active_users_7d,
    ${runningSum(sql`users_28d_change`)} as active_users_28d,
    ${runningSum(sql`features_28d_change`)} as features_used_28d,
    max(case when events > 0 then key end) over (rows unbounded preceding) as last_event
  from two
),
seven as (
  select *, ${longer(7, (sum) => sql`${sum(4)} + ${before(sum(2), 4)} + ${before(sum(1), 6)}`)},
    ${before(sql`active_users_28d`, 28)} as active_users_28d_before
  from four
),
fourteen as (
  select *, ${longer(14, (sum) => sql`${sum(7)} + ${before(sum(7), 7)}`)}
  from seven
),
twenty_eight as (
  select *, ${longer(28, (sum) => sql`${sum(14)} + ${before(sum(14), 14)}`)}
  from fourteen
),
compared as (
  select key, last_event, ${counts}, ${levels},
    ${join([...counts.map((c) => sql`${c} <> 0`), ...levels.map((l) => sql`${l} <> ${before(l, 1)}`)], " or ")} as is_change
  from twenty_eight
)
select
  account_id,
  ${dayOfKey(sql`key`)} as day,
  ${counts},
  ${levels},
  case when last_event >= account then ${dayOfKey(sql`last_event`)} end as last_event_day
from compared
inner join lives on account = ${accountOfKey(sql`key`)}
cross join through
where (key & 4095) <= last_day and (is_change or day(${dayOfKey(sql`key`)}) = 1)`,
};
