with days as (
  select
    account_id,
    day,
    cast(sum(`exports_28d`) as int64) as `exports_28d`,
    cast(sum(`admin_events`) as float64) as `admin_events`,
    cast(sum(`feature_users_14d`) as int64) as `feature_users_14d`,
    cast(sum(`features_ever`) as int64) as `features_ever`,
    cast(sum(`meeting_days_60d`) as int64) as `meeting_days_60d`,
    cast(sum(`days_since_qbr`) as int64) as `days_since_qbr`,
    cast(sum(`_sum_urgent_csat_365d`) as float64) as `_sum_urgent_csat_365d`,
    cast(sum(`_count_urgent_csat_365d`) as int64) as `_count_urgent_csat_365d`,
    cast(min(`worst_score_365d`) as float64) as `worst_score_365d`,
    cast(max(`best_score`) as float64) as `best_score`,
    cast(sum(`value_confirmed`) as float64) as `value_confirmed`
  from (
  select e.account_id as account_id, e.day as day, case when (e.`feature` in ('export')) then 1 end as `exports_28d`, case when (case when u.user_id is not null then coalesce(u.role, 'member') end in ('admin', 'executive')) then cast(e.counts_for as float64) end as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed`
  from `stg_usage_events` as e left join `stg_users` as u on u.user_id = e.user_id and u.account_id = e.account_id and u.is_usable
  where e.is_usable and ((e.`feature` in ('export')) or (case when u.user_id is not null then coalesce(u.role, 'member') end in ('admin', 'executive')))
  union all
  select account_id as account_id, day as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, 1 as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed`
  from (
    select account_id, day, lag(day) over (partition by account_id, v order by day) as previous_day, lead(day) over (partition by account_id, v order by day) as next_day
    from (
      select distinct e.account_id as account_id, e.day as day, e.`user_id` as v
      from `stg_usage_events` as e
      where e.is_usable and e.`user_id` is not null and (e.`feature` in ('reports', 'export'))
    ) as seen
  ) as visits
  where true
  union all
  select account_id as account_id, least(coalesce(next_day, date_add(least(day, date '9999-12-17'), interval 14 day)), date_add(least(day, date '9999-12-17'), interval 14 day)) as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, -1 as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed`
  from (
    select account_id, day, lag(day) over (partition by account_id, v order by day) as previous_day, lead(day) over (partition by account_id, v order by day) as next_day
    from (
      select distinct e.account_id as account_id, e.day as day, e.`user_id` as v
      from `stg_usage_events` as e
      where e.is_usable and e.`user_id` is not null and (e.`feature` in ('reports', 'export'))
    ) as seen
  ) as visits
  where true
  union all
  select account_id as account_id, day as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, 1 as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed`
  from (
    select account_id, day, lag(day) over (partition by account_id, v order by day) as previous_day, lead(day) over (partition by account_id, v order by day) as next_day
    from (
      select distinct e.account_id as account_id, e.day as day, e.`feature` as v
      from `stg_usage_events` as e
      where e.is_usable and e.`feature` is not null and true
    ) as seen
  ) as visits
  where previous_day is null
  union all
  select e.account_id as account_id, e.day as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, case when (e.`priority` in ('urgent', 'high') and e.`is_escalated` in (true, false)) then cast(e.`csat` as float64) end as `_sum_urgent_csat_365d`, case when (e.`priority` in ('urgent', 'high') and e.`is_escalated` in (true, false)) then case when e.`csat` is not null then 1 end end as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed`
  from `stg_tickets` as e
  where e.is_usable and ((e.`priority` in ('urgent', 'high') and e.`is_escalated` in (true, false)))
  union all
  select e.account_id as account_id, e.day as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, case when true then cast(e.`score` as float64) end as `worst_score_365d`, case when true then cast(e.`score` as float64) end as `best_score`, cast(null as float64) as `value_confirmed`
  from `stg_survey_responses` as e
  where e.is_usable and (true or true)
  union all
  select e.account_id as account_id, e.day as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, case when true then 1 end as `meeting_days_60d`, case when (e.`kind` in ('qbr')) then 1 end as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed`
  from `stg_touchpoints` as e
  where e.is_usable and (true or (e.`kind` in ('qbr')))
  union all
  select e.account_id as account_id, e.day as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, case when true then cast(e.`value` as float64) end as `value_confirmed`
  from `stg_outcomes` as e
  where e.is_usable and (true)
  ) as additions
  group by account_id, day
),
changes as (
  select
    account_id,
    day,
    cast(sum(`exports_28d`) as int64) as `exports_28d`,
    cast(sum(`admin_events`) as float64) as `admin_events`,
    cast(sum(`feature_users_14d`) as int64) as `feature_users_14d`,
    cast(sum(`features_ever`) as int64) as `features_ever`,
    cast(sum(`meeting_days_60d`) as int64) as `meeting_days_60d`,
    cast(sum(`days_since_qbr`) as int64) as `days_since_qbr`,
    cast(sum(`_sum_urgent_csat_365d`) as float64) as `_sum_urgent_csat_365d`,
    cast(sum(`_count_urgent_csat_365d`) as int64) as `_count_urgent_csat_365d`,
    cast(min(`worst_score_365d`) as float64) as `worst_score_365d`,
    cast(max(`best_score`) as float64) as `best_score`,
    cast(sum(`value_confirmed`) as float64) as `value_confirmed`
  from (
  select account_id, day, `exports_28d`, `admin_events`, `feature_users_14d`, `features_ever`, `meeting_days_60d`, `days_since_qbr`, `_sum_urgent_csat_365d`, `_count_urgent_csat_365d`, `worst_score_365d`, `best_score`, `value_confirmed` from days
  union all
  select account_id, date_add(least(day, date '9999-12-03'), interval 28 day) as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed` from days where `exports_28d` is not null
  union all
  select account_id, date_add(least(day, date '9999-11-01'), interval 60 day) as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed` from days where `meeting_days_60d` is not null
  union all
  select account_id, date_add(least(day, date '9998-12-31'), interval 365 day) as day, cast(null as int64) as `exports_28d`, cast(null as float64) as `admin_events`, cast(null as int64) as `feature_users_14d`, cast(null as int64) as `features_ever`, cast(null as int64) as `meeting_days_60d`, cast(null as int64) as `days_since_qbr`, cast(null as float64) as `_sum_urgent_csat_365d`, cast(null as int64) as `_count_urgent_csat_365d`, cast(null as float64) as `worst_score_365d`, cast(null as float64) as `best_score`, cast(null as float64) as `value_confirmed` from days where `_sum_urgent_csat_365d` is not null or `_count_urgent_csat_365d` is not null or `worst_score_365d` is not null
  ) as additions
  group by account_id, day
),
levels as (
  select
    l.account_id as account_id,
    l.day as day,
    l.`exports_28d` as `exports_28d`,
    l.`admin_events` as `admin_events`,
    l.`feature_users_14d` as `feature_users_14d`,
    l.`features_ever` as `features_ever`,
    l.`meeting_days_60d` as `meeting_days_60d`,
    l.`days_since_qbr` as `days_since_qbr`,
    l.`urgent_csat_365d` as `urgent_csat_365d`,
    l.`worst_score_365d` as `worst_score_365d`,
    l.`best_score` as `best_score`,
    l.`value_confirmed` as `value_confirmed`
  from (
    select
      account_id,
      day,
      cast(sum(coalesce(`exports_28d`, 0)) over (partition by account_id order by unix_date(day) range between 27 preceding and current row) as int64) as `exports_28d`,
      sum(`admin_events`) over (partition by account_id order by day rows between unbounded preceding and current row) as `admin_events`,
      cast(sum(coalesce(`feature_users_14d`, 0)) over (partition by account_id order by day rows between unbounded preceding and current row) as int64) as `feature_users_14d`,
      cast(sum(coalesce(`features_ever`, 0)) over (partition by account_id order by day rows between unbounded preceding and current row) as int64) as `features_ever`,
      cast(sum(case when `meeting_days_60d` > 0 then 1 else 0 end) over (partition by account_id order by unix_date(day) range between 59 preceding and current row) as int64) as `meeting_days_60d`,
      max(case when `days_since_qbr` > 0 then day end) over (partition by account_id order by day rows between unbounded preceding and current row) as `days_since_qbr`,
      safe_divide(cast(sum(`_sum_urgent_csat_365d`) over (partition by account_id order by unix_date(day) range between 364 preceding and current row) as float64), cast(sum(`_count_urgent_csat_365d`) over (partition by account_id order by unix_date(day) range between 364 preceding and current row) as float64)) as `urgent_csat_365d`,
      min(`worst_score_365d`) over (partition by account_id order by unix_date(day) range between 364 preceding and current row) as `worst_score_365d`,
      max(`best_score`) over (partition by account_id order by day rows between unbounded preceding and current row) as `best_score`,
      sum(`value_confirmed`) over (partition by account_id order by day rows between unbounded preceding and current row) as `value_confirmed`
    from changes as c
  ) as l
  where l.day <= (select data_through from `timeline`)
)
select account_id, day, `exports_28d`, `admin_events`, `feature_users_14d`, `features_ever`, `meeting_days_60d`, `days_since_qbr`, `urgent_csat_365d`, `worst_score_365d`, `best_score`, `value_confirmed` from levels
union all
select account_id, day, `exports_28d`, `admin_events`, `feature_users_14d`, `features_ever`, `meeting_days_60d`, `days_since_qbr`, `urgent_csat_365d`, `worst_score_365d`, `best_score`, `value_confirmed`
from (
  select account_id, day as _since, `exports_28d`, `admin_events`, `feature_users_14d`, `features_ever`, `meeting_days_60d`, `days_since_qbr`, `urgent_csat_365d`, `worst_score_365d`, `best_score`, `value_confirmed`, _next_day
  from (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from levels as levels
  ) as spans
) as spans
cross join unnest(generate_date_array(date_add(date_trunc(_since, month), interval 1 month), least(date_add(_next_day, interval -1 day), (select data_through from `timeline`)), interval 1 month)) as day
