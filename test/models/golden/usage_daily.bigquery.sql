with event_counts as (
  select
    account_id,
    day,
    sum(coalesce(quantity, 1)) as events,
    count(distinct session_id) as sessions,
    countif(event = 'sign_in') as logins,
    sum(case when event in ('sign_in') then coalesce(quantity, 1) else 0 end) as key_events
  from `stg_usage_events`
  where is_usable
  group by account_id, day
),
user_visits as (
  select
    account_id,
    day,
    lag(day) over (partition by account_id, user_id order by day) as previous_day,
    lead(day) over (partition by account_id, user_id order by day) as next_day
  from `user_days`
),
feature_visits as (
  select
    account_id,
    day,
    lag(day) over (partition by account_id, feature order by day) as previous_day,
    lead(day) over (partition by account_id, feature order by day) as next_day
  from `feature_days`
)
select
  account_id,
  day,
  sum(`events`) as `events`,
  sum(`sessions`) as `sessions`,
  sum(`logins`) as `logins`,
  sum(`sticky_events`) as `sticky_events`,
  sum(`active_users`) as `active_users`,
  sum(`new_users`) as `new_users`,
  sum(`key_events`) as `key_events`,
  sum(`new_features`) as `new_features`,
  sum(`active_users_7d_change`) as `active_users_7d_change`,
  sum(`active_users_28d_change`) as `active_users_28d_change`,
  sum(`features_used_28d_change`) as `features_used_28d_change`
from (
  select account_id, day as day, events as `events`, sessions as `sessions`, logins as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `new_users`, key_events as `key_events`, 0 as `new_features`, 0 as `active_users_7d_change`, 0 as `active_users_28d_change`, 0 as `features_used_28d_change` from event_counts where true
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, events as `sticky_events`, 0 as `active_users`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `active_users_7d_change`, 0 as `active_users_28d_change`, 0 as `features_used_28d_change` from `feature_days` where is_sticky
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 1 as `active_users`, case when previous_day is null then 1 else 0 end as `new_users`, 0 as `key_events`, 0 as `new_features`, 1 as `active_users_7d_change`, 1 as `active_users_28d_change`, 0 as `features_used_28d_change` from user_visits where true
  union all
  select account_id, least(coalesce(next_day, date_add(day, interval 7 day)), date_add(day, interval 7 day)) as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, -1 as `active_users_7d_change`, 0 as `active_users_28d_change`, 0 as `features_used_28d_change` from user_visits where true
  union all
  select account_id, least(coalesce(next_day, date_add(day, interval 28 day)), date_add(day, interval 28 day)) as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `active_users_7d_change`, -1 as `active_users_28d_change`, 0 as `features_used_28d_change` from user_visits where true
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `new_users`, 0 as `key_events`, case when previous_day is null then 1 else 0 end as `new_features`, 0 as `active_users_7d_change`, 0 as `active_users_28d_change`, 1 as `features_used_28d_change` from feature_visits where true
  union all
  select account_id, least(coalesce(next_day, date_add(day, interval 28 day)), date_add(day, interval 28 day)) as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `active_users_7d_change`, 0 as `active_users_28d_change`, -1 as `features_used_28d_change` from feature_visits where true
) as steps
group by account_id, day
