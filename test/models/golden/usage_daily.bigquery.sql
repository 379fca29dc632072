with event_counts as (
  select
    account_id,
    day,
    coalesce(sum(counts_for), 0) as events,
    count(distinct session_id) as sessions,
    countif(event = 'sign_in') as logins,
    sum(case when event in ('sign_in') then coalesce(counts_for, 0) else 0 end) as key_events
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
user_starts as (
  select account_id, first_day as day, count(*) as seen
  from `user_firsts`
  group by account_id, first_day
),
feature_starts as (
  select account_id, first_day as day, count(*) as seen
  from `feature_firsts`
  group by account_id, first_day
),
daily as (
select
  account_id,
  day,
  coalesce(`s0`.`events`, 0) as `events`,
  coalesce(`s0`.`sessions`, 0) as `sessions`,
  coalesce(`s0`.`logins`, 0) as `logins`,
  coalesce(`s2`.`sticky_events`, 0) as `sticky_events`,
  coalesce(`s1`.`active_users`, 0) as `active_users`,
  coalesce(`s2`.`features`, 0) as `features`,
  coalesce(`s3`.`new_users`, 0) as `new_users`,
  coalesce(`s0`.`key_events`, 0) as `key_events`,
  coalesce(`s4`.`new_features`, 0) as `new_features`
from (select account_id, day as day, `events` as `events`, `sessions` as `sessions`, `logins` as `logins`, `key_events` as `key_events` from event_counts where true) as `s0`
full join (select account_id, day as day, `active_users` as `active_users` from user_counts where true) as `s1` using (account_id, day)
full join (select account_id, day as day, `features` as `features`, `sticky_events` as `sticky_events` from feature_counts where true) as `s2` using (account_id, day)
full join (select account_id, day as day, seen as `new_users` from user_starts where true) as `s3` using (account_id, day)
full join (select account_id, day as day, seen as `new_features` from feature_starts where true) as `s4` using (account_id, day)
),
users_7d as (
  select account_id, from_day as day, count(*) as seen
  from (select account_id, case when date_diff(day, previous_day, day) <= 7 then date_add(least(previous_day, date '9999-12-24'), interval 7 day) else day end as from_day from `user_days` as days) as covering
  group by account_id, from_day
),
users_28d as (
  select account_id, from_day as day, count(*) as seen
  from (select account_id, case when date_diff(day, previous_day, day) <= 28 then date_add(least(previous_day, date '9999-12-03'), interval 28 day) else day end as from_day from `user_days` as days) as covering
  group by account_id, from_day
),
users_28d_before as (
  select account_id, date_add(least(day, date '9999-12-03'), interval 28 day) as day, seen from users_28d
),
features_28d as (
  select account_id, from_day as day, count(*) as seen
  from (select account_id, case when date_diff(day, previous_day, day) <= 28 then date_add(least(previous_day, date '9999-12-03'), interval 28 day) else day end as from_day from `feature_days` as days) as covering
  group by account_id, from_day
),
changes as (
  select changes.account_id as account_id, day, `events`, `sessions`, `logins`, `sticky_events`, `active_users`, `features`, `new_users`, `key_events`, `new_features`, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, case when `events` > 0 then day end as `last_event_day`
  from (
select
  account_id,
  day,
  coalesce(`s0`.`events`, 0) as `events`,
  coalesce(`s0`.`sessions`, 0) as `sessions`,
  coalesce(`s0`.`logins`, 0) as `logins`,
  coalesce(`s0`.`sticky_events`, 0) as `sticky_events`,
  coalesce(`s0`.`active_users`, 0) as `active_users`,
  coalesce(`s0`.`features`, 0) as `features`,
  coalesce(`s0`.`new_users`, 0) as `new_users`,
  coalesce(`s0`.`key_events`, 0) as `key_events`,
  coalesce(`s0`.`new_features`, 0) as `new_features`,
  coalesce(`s0`.`events_7d`, 0) + coalesce(`s1`.`events_7d`, 0) as `events_7d`,
  coalesce(`s0`.`events_28d`, 0) + coalesce(`s2`.`events_28d`, 0) as `events_28d`,
  coalesce(`s0`.`active_days_28d`, 0) + coalesce(`s2`.`active_days_28d`, 0) as `active_days_28d`,
  coalesce(`s0`.`sessions_28d`, 0) + coalesce(`s2`.`sessions_28d`, 0) as `sessions_28d`,
  coalesce(`s0`.`logins_28d`, 0) + coalesce(`s2`.`logins_28d`, 0) as `logins_28d`,
  coalesce(`s0`.`login_days_28d`, 0) + coalesce(`s2`.`login_days_28d`, 0) as `login_days_28d`,
  coalesce(`s0`.`sticky_events_28d`, 0) + coalesce(`s2`.`sticky_events_28d`, 0) as `sticky_events_28d`,
  coalesce(`s0`.`new_users_28d`, 0) + coalesce(`s2`.`new_users_28d`, 0) as `new_users_28d`,
  coalesce(`s0`.`key_events_28d`, 0) + coalesce(`s2`.`key_events_28d`, 0) as `key_events_28d`,
  coalesce(`s0`.`new_features_28d`, 0) + coalesce(`s2`.`new_features_28d`, 0) as `new_features_28d`,
  coalesce(`s1`.`active_users_7d`, 0) + coalesce(`s4`.`active_users_7d`, 0) as `active_users_7d`,
  coalesce(`s2`.`active_users_28d`, 0) + coalesce(`s5`.`active_users_28d`, 0) as `active_users_28d`,
  coalesce(`s3`.`active_users_28d_before`, 0) + coalesce(`s6`.`active_users_28d_before`, 0) as `active_users_28d_before`,
  coalesce(`s2`.`features_used_28d`, 0) + coalesce(`s7`.`features_used_28d`, 0) as `features_used_28d`
from (select account_id, day as day, `events` as `events`, `sessions` as `sessions`, `logins` as `logins`, `sticky_events` as `sticky_events`, `active_users` as `active_users`, `features` as `features`, `new_users` as `new_users`, `key_events` as `key_events`, `new_features` as `new_features`, events as `events_7d`, events as `events_28d`, case when events > 0 then 1 else 0 end as `active_days_28d`, sessions as `sessions_28d`, logins as `logins_28d`, case when logins > 0 then 1 else 0 end as `login_days_28d`, sticky_events as `sticky_events_28d`, new_users as `new_users_28d`, key_events as `key_events_28d`, new_features as `new_features_28d` from daily where true and day <= (select data_through from `timeline`)) as `s0`
full join (select account_id, date_add(least(day, date '9999-12-24'), interval 7 day) as day, 0 - events as `events_7d`, 0 - active_users as `active_users_7d` from daily where true and date_add(least(day, date '9999-12-24'), interval 7 day) <= (select data_through from `timeline`)) as `s1` using (account_id, day)
full join (select account_id, date_add(least(day, date '9999-12-03'), interval 28 day) as day, 0 - events as `events_28d`, 0 - case when events > 0 then 1 else 0 end as `active_days_28d`, 0 - sessions as `sessions_28d`, 0 - logins as `logins_28d`, 0 - case when logins > 0 then 1 else 0 end as `login_days_28d`, 0 - sticky_events as `sticky_events_28d`, 0 - new_users as `new_users_28d`, 0 - key_events as `key_events_28d`, 0 - new_features as `new_features_28d`, 0 - active_users as `active_users_28d`, 0 - features as `features_used_28d` from daily where true and date_add(least(day, date '9999-12-03'), interval 28 day) <= (select data_through from `timeline`)) as `s2` using (account_id, day)
full join (select account_id, date_add(least(day, date '9999-11-05'), interval 56 day) as day, 0 - active_users as `active_users_28d_before` from daily where true and date_add(least(day, date '9999-11-05'), interval 56 day) <= (select data_through from `timeline`)) as `s3` using (account_id, day)
full join (select account_id, day as day, seen as `active_users_7d` from users_7d where true and day <= (select data_through from `timeline`)) as `s4` using (account_id, day)
full join (select account_id, day as day, seen as `active_users_28d` from users_28d where true and day <= (select data_through from `timeline`)) as `s5` using (account_id, day)
full join (select account_id, day as day, seen as `active_users_28d_before` from users_28d_before where true and day <= (select data_through from `timeline`)) as `s6` using (account_id, day)
full join (select account_id, day as day, seen as `features_used_28d` from features_28d where true and day <= (select data_through from `timeline`)) as `s7` using (account_id, day)
  ) as changes
  where (`events` <> 0 or `sessions` <> 0 or `logins` <> 0 or `sticky_events` <> 0 or `active_users` <> 0 or `features` <> 0 or `new_users` <> 0 or `key_events` <> 0 or `new_features` <> 0 or `events_7d` <> 0 or `events_28d` <> 0 or `active_days_28d` <> 0 or `sessions_28d` <> 0 or `logins_28d` <> 0 or `login_days_28d` <> 0 or `sticky_events_28d` <> 0 or `new_users_28d` <> 0 or `key_events_28d` <> 0 or `new_features_28d` <> 0 or `active_users_7d` <> 0 or `active_users_28d` <> 0 or `active_users_28d_before` <> 0 or `features_used_28d` <> 0)
),
levels as (
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
    max(`last_event_day`) over (partition by account_id order by day rows between unbounded preceding and current row) as `last_event_day`,
    coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
  from (
    select account_id, day, `events`, `sessions`, `logins`, `sticky_events`, `active_users`, `features`, `new_users`, `key_events`, `new_features`, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, `last_event_day` from changes
  ) as changes
)
select account_id, day, `events`, `sessions`, `logins`, `sticky_events`, `active_users`, `features`, `new_users`, `key_events`, `new_features`, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, `last_event_day` from levels
union all
select account_id, day, 0, 0, 0, 0, 0, 0, 0, 0, 0, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, `last_event_day`
from (
  select account_id, day as _since, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, `last_event_day`, _next_day
  from levels as spans
) as spans
cross join unnest(generate_date_array(date_add(date_trunc(_since, month), interval 1 month), least(date_add(_next_day, interval -1 day), (select data_through from `timeline`)), interval 1 month)) as day
