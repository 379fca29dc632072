with event_counts as (
  select
    account_id,
    day,
    cast(sum(coalesce(quantity, 1)) as bigint) as events,
    count(distinct session_id) as sessions,
    count(*) filter (where event = 'sign_in') as logins,
    cast(sum(case when event in ('sign_in') then coalesce(quantity, 1) else 0 end) as bigint) as key_events
  from "stg_usage_events"
  where is_usable
  group by account_id, day
),
user_visits as (
  select
    account_id,
    day,
    lag(day) over (partition by account_id, user_id order by day) as previous_day,
    lead(day) over (partition by account_id, user_id order by day) as next_day
  from "user_days"
),
feature_visits as (
  select
    account_id,
    day,
    lag(day) over (partition by account_id, feature order by day) as previous_day,
    lead(day) over (partition by account_id, feature order by day) as next_day
  from "feature_days"
)
select
  account_id,
  day,
  cast(sum("events") as bigint) as "events",
  cast(sum("sessions") as bigint) as "sessions",
  cast(sum("logins") as bigint) as "logins",
  cast(sum("sticky_events") as bigint) as "sticky_events",
  cast(sum("active_users") as bigint) as "active_users",
  cast(sum("new_users") as bigint) as "new_users",
  cast(sum("key_events") as bigint) as "key_events",
  cast(sum("new_features") as bigint) as "new_features",
  cast(sum("active_users_7d_change") as bigint) as "active_users_7d_change",
  cast(sum("active_users_28d_change") as bigint) as "active_users_28d_change",
  cast(sum("features_used_28d_change") as bigint) as "features_used_28d_change"
from (
  select account_id, day as day, events as "events", sessions as "sessions", logins as "logins", 0 as "sticky_events", 0 as "active_users", 0 as "new_users", key_events as "key_events", 0 as "new_features", 0 as "active_users_7d_change", 0 as "active_users_28d_change", 0 as "features_used_28d_change" from event_counts where true
  union all
  select account_id, day as day, 0 as "events", 0 as "sessions", 0 as "logins", events as "sticky_events", 0 as "active_users", 0 as "new_users", 0 as "key_events", 0 as "new_features", 0 as "active_users_7d_change", 0 as "active_users_28d_change", 0 as "features_used_28d_change" from "feature_days" where is_sticky
  union all
  select account_id, day as day, 0 as "events", 0 as "sessions", 0 as "logins", 0 as "sticky_events", 1 as "active_users", case when previous_day is null then 1 else 0 end as "new_users", 0 as "key_events", 0 as "new_features", 1 as "active_users_7d_change", 1 as "active_users_28d_change", 0 as "features_used_28d_change" from user_visits where true
  union all
  select account_id, case when not (coalesce(next_day, (day + cast(7 as integer))) is null or (day + cast(7 as integer)) is null) then least(coalesce(next_day, (day + cast(7 as integer))), (day + cast(7 as integer))) end as day, 0 as "events", 0 as "sessions", 0 as "logins", 0 as "sticky_events", 0 as "active_users", 0 as "new_users", 0 as "key_events", 0 as "new_features", -1 as "active_users_7d_change", 0 as "active_users_28d_change", 0 as "features_used_28d_change" from user_visits where true
  union all
  select account_id, case when not (coalesce(next_day, (day + cast(28 as integer))) is null or (day + cast(28 as integer)) is null) then least(coalesce(next_day, (day + cast(28 as integer))), (day + cast(28 as integer))) end as day, 0 as "events", 0 as "sessions", 0 as "logins", 0 as "sticky_events", 0 as "active_users", 0 as "new_users", 0 as "key_events", 0 as "new_features", 0 as "active_users_7d_change", -1 as "active_users_28d_change", 0 as "features_used_28d_change" from user_visits where true
  union all
  select account_id, day as day, 0 as "events", 0 as "sessions", 0 as "logins", 0 as "sticky_events", 0 as "active_users", 0 as "new_users", 0 as "key_events", case when previous_day is null then 1 else 0 end as "new_features", 0 as "active_users_7d_change", 0 as "active_users_28d_change", 1 as "features_used_28d_change" from feature_visits where true
  union all
  select account_id, case when not (coalesce(next_day, (day + cast(28 as integer))) is null or (day + cast(28 as integer)) is null) then least(coalesce(next_day, (day + cast(28 as integer))), (day + cast(28 as integer))) end as day, 0 as "events", 0 as "sessions", 0 as "logins", 0 as "sticky_events", 0 as "active_users", 0 as "new_users", 0 as "key_events", 0 as "new_features", 0 as "active_users_7d_change", 0 as "active_users_28d_change", -1 as "features_used_28d_change" from feature_visits where true
) as steps
group by account_id, day
