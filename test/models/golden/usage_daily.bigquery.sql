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
user_counts as (
  select account_id, day, count(*) as active_users
  from `user_days`
  group by account_id, day
),
feature_counts as (
  select account_id, day, count(*) as features, sum(case when is_sticky then events else 0 end) as sticky_events
  from `feature_days`
  group by account_id, day
),
daily as (
select
  account_id,
  day,
  sum(`events`) as `events`,
  sum(`sessions`) as `sessions`,
  sum(`logins`) as `logins`,
  sum(`sticky_events`) as `sticky_events`,
  sum(`active_users`) as `active_users`,
  sum(`features`) as `features`,
  sum(`new_users`) as `new_users`,
  sum(`key_events`) as `key_events`,
  sum(`new_features`) as `new_features`
from (
  select account_id, day as day, `events` as `events`, `sessions` as `sessions`, `logins` as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, `key_events` as `key_events`, 0 as `new_features` from event_counts where true
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, `active_users` as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features` from user_counts where true
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, `sticky_events` as `sticky_events`, 0 as `active_users`, `features` as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features` from feature_counts where true
  union all
  select account_id, first_day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 1 as `new_users`, 0 as `key_events`, 0 as `new_features` from `user_firsts` where true
  union all
  select account_id, first_day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 1 as `new_features` from `feature_firsts` where true
) as steps
group by account_id, day
),
users_7d as (
  select account_id, from_day as day, count(*) as seen
  from (select account_id, case when date_diff(day, previous_day, day) <= 7 then date_add(previous_day, interval 7 day) else day end as from_day from `user_days` as days) as covering
  group by account_id, from_day
),
users_28d as (
  select account_id, from_day as day, count(*) as seen
  from (select account_id, case when date_diff(day, previous_day, day) <= 28 then date_add(previous_day, interval 28 day) else day end as from_day from `user_days` as days) as covering
  group by account_id, from_day
),
features_28d as (
  select account_id, from_day as day, count(*) as seen
  from (select account_id, case when date_diff(day, previous_day, day) <= 28 then date_add(previous_day, interval 28 day) else day end as from_day from `feature_days` as days) as covering
  group by account_id, from_day
)
select
  account_id,
  day,
  `events`,
  `sessions`,
  `logins`,
  `sticky_events`,
  `active_users`,
  `features`,
  `new_users`,
  `key_events`,
  `new_features`,
  sum(`events_7d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `events_7d`,
  sum(`events_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `events_28d`,
  sum(`active_days_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `active_days_28d`,
  sum(`sessions_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `sessions_28d`,
  sum(`logins_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `logins_28d`,
  sum(`login_days_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `login_days_28d`,
  sum(`sticky_events_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `sticky_events_28d`,
  sum(`new_users_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `new_users_28d`,
  sum(`key_events_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `key_events_28d`,
  sum(`new_features_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `new_features_28d`,
  sum(`active_users_7d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `active_users_7d`,
  sum(`active_users_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `active_users_28d`,
  sum(`active_users_28d_before`) over (partition by account_id order by day rows between unbounded preceding and current row) as `active_users_28d_before`,
  sum(`features_used_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `features_used_28d`,
  max(`last_event_day`) over (partition by account_id order by day rows between unbounded preceding and current row) as `last_event_day`
from (
  select changes.account_id as account_id, day, `events`, `sessions`, `logins`, `sticky_events`, `active_users`, `features`, `new_users`, `key_events`, `new_features`, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, case when `events` > 0 then day end as `last_event_day`
  from (
select
  account_id,
  day,
  sum(`events`) as `events`,
  sum(`sessions`) as `sessions`,
  sum(`logins`) as `logins`,
  sum(`sticky_events`) as `sticky_events`,
  sum(`active_users`) as `active_users`,
  sum(`features`) as `features`,
  sum(`new_users`) as `new_users`,
  sum(`key_events`) as `key_events`,
  sum(`new_features`) as `new_features`,
  sum(`events_7d`) as `events_7d`,
  sum(`events_28d`) as `events_28d`,
  sum(`active_days_28d`) as `active_days_28d`,
  sum(`sessions_28d`) as `sessions_28d`,
  sum(`logins_28d`) as `logins_28d`,
  sum(`login_days_28d`) as `login_days_28d`,
  sum(`sticky_events_28d`) as `sticky_events_28d`,
  sum(`new_users_28d`) as `new_users_28d`,
  sum(`key_events_28d`) as `key_events_28d`,
  sum(`new_features_28d`) as `new_features_28d`,
  sum(`active_users_7d`) as `active_users_7d`,
  sum(`active_users_28d`) as `active_users_28d`,
  sum(`active_users_28d_before`) as `active_users_28d_before`,
  sum(`features_used_28d`) as `features_used_28d`
from (
  select account_id, day as day, `events` as `events`, `sessions` as `sessions`, `logins` as `logins`, `sticky_events` as `sticky_events`, `active_users` as `active_users`, `features` as `features`, `new_users` as `new_users`, `key_events` as `key_events`, `new_features` as `new_features`, events as `events_7d`, events as `events_28d`, case when events > 0 then 1 else 0 end as `active_days_28d`, sessions as `sessions_28d`, logins as `logins_28d`, case when logins > 0 then 1 else 0 end as `login_days_28d`, sticky_events as `sticky_events_28d`, new_users as `new_users_28d`, key_events as `key_events_28d`, new_features as `new_features_28d`, 0 as `active_users_7d`, 0 as `active_users_28d`, 0 as `active_users_28d_before`, 0 as `features_used_28d` from daily where true
  union all
  select account_id, date_add(day, interval 7 day) as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, -(events) as `events_7d`, 0 as `events_28d`, 0 as `active_days_28d`, 0 as `sessions_28d`, 0 as `logins_28d`, 0 as `login_days_28d`, 0 as `sticky_events_28d`, 0 as `new_users_28d`, 0 as `key_events_28d`, 0 as `new_features_28d`, -active_users as `active_users_7d`, 0 as `active_users_28d`, 0 as `active_users_28d_before`, 0 as `features_used_28d` from daily where true
  union all
  select account_id, date_add(day, interval 28 day) as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `events_7d`, -(events) as `events_28d`, -(case when events > 0 then 1 else 0 end) as `active_days_28d`, -(sessions) as `sessions_28d`, -(logins) as `logins_28d`, -(case when logins > 0 then 1 else 0 end) as `login_days_28d`, -(sticky_events) as `sticky_events_28d`, -(new_users) as `new_users_28d`, -(key_events) as `key_events_28d`, -(new_features) as `new_features_28d`, 0 as `active_users_7d`, -active_users as `active_users_28d`, 0 as `active_users_28d_before`, -features as `features_used_28d` from daily where true
  union all
  select account_id, date_add(day, interval 56 day) as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `events_7d`, 0 as `events_28d`, 0 as `active_days_28d`, 0 as `sessions_28d`, 0 as `logins_28d`, 0 as `login_days_28d`, 0 as `sticky_events_28d`, 0 as `new_users_28d`, 0 as `key_events_28d`, 0 as `new_features_28d`, 0 as `active_users_7d`, 0 as `active_users_28d`, -active_users as `active_users_28d_before`, 0 as `features_used_28d` from daily where true
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `events_7d`, 0 as `events_28d`, 0 as `active_days_28d`, 0 as `sessions_28d`, 0 as `logins_28d`, 0 as `login_days_28d`, 0 as `sticky_events_28d`, 0 as `new_users_28d`, 0 as `key_events_28d`, 0 as `new_features_28d`, seen as `active_users_7d`, 0 as `active_users_28d`, 0 as `active_users_28d_before`, 0 as `features_used_28d` from users_7d where true
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `events_7d`, 0 as `events_28d`, 0 as `active_days_28d`, 0 as `sessions_28d`, 0 as `logins_28d`, 0 as `login_days_28d`, 0 as `sticky_events_28d`, 0 as `new_users_28d`, 0 as `key_events_28d`, 0 as `new_features_28d`, 0 as `active_users_7d`, seen as `active_users_28d`, 0 as `active_users_28d_before`, 0 as `features_used_28d` from users_28d where true
  union all
  select account_id, date_add(day, interval 28 day) as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `events_7d`, 0 as `events_28d`, 0 as `active_days_28d`, 0 as `sessions_28d`, 0 as `logins_28d`, 0 as `login_days_28d`, 0 as `sticky_events_28d`, 0 as `new_users_28d`, 0 as `key_events_28d`, 0 as `new_features_28d`, 0 as `active_users_7d`, 0 as `active_users_28d`, seen as `active_users_28d_before`, 0 as `features_used_28d` from users_28d where true
  union all
  select account_id, day as day, 0 as `events`, 0 as `sessions`, 0 as `logins`, 0 as `sticky_events`, 0 as `active_users`, 0 as `features`, 0 as `new_users`, 0 as `key_events`, 0 as `new_features`, 0 as `events_7d`, 0 as `events_28d`, 0 as `active_days_28d`, 0 as `sessions_28d`, 0 as `logins_28d`, 0 as `login_days_28d`, 0 as `sticky_events_28d`, 0 as `new_users_28d`, 0 as `key_events_28d`, 0 as `new_features_28d`, 0 as `active_users_7d`, 0 as `active_users_28d`, 0 as `active_users_28d_before`, seen as `features_used_28d` from features_28d where true
) as steps
group by account_id, day
  ) as changes
  where (`events` <> 0 or `sessions` <> 0 or `logins` <> 0 or `sticky_events` <> 0 or `active_users` <> 0 or `features` <> 0 or `new_users` <> 0 or `key_events` <> 0 or `new_features` <> 0 or `events_7d` <> 0 or `events_28d` <> 0 or `active_days_28d` <> 0 or `sessions_28d` <> 0 or `logins_28d` <> 0 or `login_days_28d` <> 0 or `sticky_events_28d` <> 0 or `new_users_28d` <> 0 or `key_events_28d` <> 0 or `new_features_28d` <> 0 or `active_users_7d` <> 0 or `active_users_28d` <> 0 or `active_users_28d_before` <> 0 or `features_used_28d` <> 0)
) as changes
