with people as (
  select
    u.account_id as account_id,
    u.user_id as user_id,
    u.role as role,
    greatest(coalesce(u.joined_on, a.created_on), a.created_on) as present_from,
    greatest(u.left_on, coalesce(u.joined_on, a.created_on), a.created_on) as present_to
  from `stg_users` as u
  inner join (select `account_id`, `created_on` from `accounts` as rows_asked) as a on a.account_id = u.account_id
  where u.is_usable and u.role in ('champion', 'executive') and a.created_on is not null
),
executive_usage as (
  select d.account_id as account_id, d.day as day
  from `user_days` as d
  inner join people as p on p.user_id = d.user_id and p.account_id = d.account_id
  where p.role = 'executive'
),
executive_meetings as (
  select m.account_id as account_id, m.day as day
  from `stg_touchpoints` as m
  inner join people as p on p.user_id = m.user_id and p.account_id = m.account_id
  where m.is_usable and p.role = 'executive'
),
changes as (
  select changes.account_id as account_id, day, `touchpoints`, `outcomes`, `executives_seen`, `touchpoints_28d`, `outcomes_confirmed`, `outcomes_confirmed_365d`, `champions`, `champions_left`, `champions_left_28d`, `executives`, case when `touchpoints` > 0 then day end as `last_touchpoint_day`, case when `executives_seen` > 0 then day end as `last_executive_day`
  from (
select
  account_id,
  day,
  sum(`touchpoints`) as `touchpoints`,
  sum(`outcomes`) as `outcomes`,
  sum(`executives_seen`) as `executives_seen`,
  sum(`touchpoints_28d`) as `touchpoints_28d`,
  sum(`outcomes_confirmed`) as `outcomes_confirmed`,
  sum(`outcomes_confirmed_365d`) as `outcomes_confirmed_365d`,
  sum(`champions`) as `champions`,
  sum(`champions_left`) as `champions_left`,
  sum(`champions_left_28d`) as `champions_left_28d`,
  sum(`executives`) as `executives`
from (
  select account_id, day as day, 1 as `touchpoints`, 0 as `outcomes`, 0 as `executives_seen`, 1 as `touchpoints_28d`, 0 as `outcomes_confirmed`, 0 as `outcomes_confirmed_365d`, 0 as `champions`, 0 as `champions_left`, 0 as `champions_left_28d`, 0 as `executives` from `stg_touchpoints` where is_usable and day <= (select data_through from `timeline`)
  union all
  select account_id, date_add(least(day, date '9999-12-03'), interval 28 day) as day, 0 as `touchpoints`, 0 as `outcomes`, 0 as `executives_seen`, -1 as `touchpoints_28d`, 0 as `outcomes_confirmed`, 0 as `outcomes_confirmed_365d`, 0 as `champions`, 0 as `champions_left`, 0 as `champions_left_28d`, 0 as `executives` from `stg_touchpoints` where is_usable and date_add(least(day, date '9999-12-03'), interval 28 day) <= (select data_through from `timeline`)
  union all
  select account_id, day as day, 0 as `touchpoints`, 1 as `outcomes`, 0 as `executives_seen`, 0 as `touchpoints_28d`, 1 as `outcomes_confirmed`, 1 as `outcomes_confirmed_365d`, 0 as `champions`, 0 as `champions_left`, 0 as `champions_left_28d`, 0 as `executives` from `stg_outcomes` where is_usable and day <= (select data_through from `timeline`)
  union all
  select account_id, date_add(least(day, date '9998-12-31'), interval 365 day) as day, 0 as `touchpoints`, 0 as `outcomes`, 0 as `executives_seen`, 0 as `touchpoints_28d`, 0 as `outcomes_confirmed`, -1 as `outcomes_confirmed_365d`, 0 as `champions`, 0 as `champions_left`, 0 as `champions_left_28d`, 0 as `executives` from `stg_outcomes` where is_usable and date_add(least(day, date '9998-12-31'), interval 365 day) <= (select data_through from `timeline`)
  union all
  select account_id, day as day, 0 as `touchpoints`, 0 as `outcomes`, 1 as `executives_seen`, 0 as `touchpoints_28d`, 0 as `outcomes_confirmed`, 0 as `outcomes_confirmed_365d`, 0 as `champions`, 0 as `champions_left`, 0 as `champions_left_28d`, 0 as `executives` from executive_usage where true and day <= (select data_through from `timeline`)
  union all
  select account_id, day as day, 0 as `touchpoints`, 0 as `outcomes`, 1 as `executives_seen`, 0 as `touchpoints_28d`, 0 as `outcomes_confirmed`, 0 as `outcomes_confirmed_365d`, 0 as `champions`, 0 as `champions_left`, 0 as `champions_left_28d`, 0 as `executives` from executive_meetings where true and day <= (select data_through from `timeline`)
  union all
  select account_id, present_from as day, 0 as `touchpoints`, 0 as `outcomes`, 0 as `executives_seen`, 0 as `touchpoints_28d`, 0 as `outcomes_confirmed`, 0 as `outcomes_confirmed_365d`, case when role = 'champion' then 1 else 0 end as `champions`, 0 as `champions_left`, 0 as `champions_left_28d`, case when role = 'executive' then 1 else 0 end as `executives` from people where true and present_from <= (select data_through from `timeline`)
  union all
  select account_id, present_to as day, 0 as `touchpoints`, 0 as `outcomes`, 0 as `executives_seen`, 0 as `touchpoints_28d`, 0 as `outcomes_confirmed`, 0 as `outcomes_confirmed_365d`, case when role = 'champion' then -1 else 0 end as `champions`, case when role = 'champion' then 1 else 0 end as `champions_left`, case when role = 'champion' then 1 else 0 end as `champions_left_28d`, case when role = 'executive' then -1 else 0 end as `executives` from people where present_to is not null and present_to <= (select data_through from `timeline`)
  union all
  select account_id, date_add(least(present_to, date_add(date '9999-12-31', interval (0 - 28) day)), interval 28 day) as day, 0 as `touchpoints`, 0 as `outcomes`, 0 as `executives_seen`, 0 as `touchpoints_28d`, 0 as `outcomes_confirmed`, 0 as `outcomes_confirmed_365d`, 0 as `champions`, 0 as `champions_left`, case when role = 'champion' then -1 else 0 end as `champions_left_28d`, 0 as `executives` from people where present_to is not null and date_add(least(present_to, date_add(date '9999-12-31', interval (0 - 28) day)), interval 28 day) <= (select data_through from `timeline`)
) as steps
group by account_id, day
  ) as changes
  where (`touchpoints` <> 0 or `outcomes` <> 0 or `executives_seen` <> 0 or `touchpoints_28d` <> 0 or `outcomes_confirmed` <> 0 or `outcomes_confirmed_365d` <> 0 or `champions` <> 0 or `champions_left` <> 0 or `champions_left_28d` <> 0 or `executives` <> 0)
),
levels as (
  select
    account_id,
    day,
    `touchpoints`,
    `outcomes`,
    `executives_seen`,
    sum(`touchpoints_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `touchpoints_28d`,
    sum(`outcomes_confirmed`) over (partition by account_id order by day rows between unbounded preceding and current row) as `outcomes_confirmed`,
    sum(`outcomes_confirmed_365d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `outcomes_confirmed_365d`,
    sum(`champions`) over (partition by account_id order by day rows between unbounded preceding and current row) as `champions`,
    sum(`champions_left`) over (partition by account_id order by day rows between unbounded preceding and current row) as `champions_left`,
    sum(`champions_left_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `champions_left_28d`,
    sum(`executives`) over (partition by account_id order by day rows between unbounded preceding and current row) as `executives`,
    max(`last_touchpoint_day`) over (partition by account_id order by day rows between unbounded preceding and current row) as `last_touchpoint_day`,
    max(`last_executive_day`) over (partition by account_id order by day rows between unbounded preceding and current row) as `last_executive_day`,
    coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
  from (
    select account_id, day, `touchpoints`, `outcomes`, `executives_seen`, `touchpoints_28d`, `outcomes_confirmed`, `outcomes_confirmed_365d`, `champions`, `champions_left`, `champions_left_28d`, `executives`, `last_touchpoint_day`, `last_executive_day` from changes
  ) as changes
)
select account_id, day, `touchpoints`, `outcomes`, `executives_seen`, `touchpoints_28d`, `outcomes_confirmed`, `outcomes_confirmed_365d`, `champions`, `champions_left`, `champions_left_28d`, `executives`, `last_touchpoint_day`, `last_executive_day` from levels
union all
select account_id, day, 0, 0, 0, `touchpoints_28d`, `outcomes_confirmed`, `outcomes_confirmed_365d`, `champions`, `champions_left`, `champions_left_28d`, `executives`, `last_touchpoint_day`, `last_executive_day`
from (
  select account_id, day as _since, `touchpoints_28d`, `outcomes_confirmed`, `outcomes_confirmed_365d`, `champions`, `champions_left`, `champions_left_28d`, `executives`, `last_touchpoint_day`, `last_executive_day`, _next_day
  from levels as spans
) as spans
cross join unnest(generate_date_array(date_add(date_trunc(_since, month), interval 1 month), least(date_add(_next_day, interval -1 day), (select data_through from `timeline`)), interval 1 month)) as day
