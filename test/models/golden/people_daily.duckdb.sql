with people as (
  select
    u.account_id as account_id,
    u.user_id as user_id,
    u.role as role,
    case when not (coalesce(u.joined_on, a.created_on) is null or a.created_on is null) then greatest(coalesce(u.joined_on, a.created_on), a.created_on) end as present_from,
    case when not (u.left_on is null or coalesce(u.joined_on, a.created_on) is null or a.created_on is null) then greatest(u.left_on, coalesce(u.joined_on, a.created_on), a.created_on) end as present_to
  from "stg_users" as u
  inner join "accounts" as a on a.account_id = u.account_id
  where u.is_usable and u.role in ('champion', 'executive') and a.created_on is not null
),
executive_usage as (
  select d.account_id as account_id, d.day as day
  from "user_days" as d
  inner join people as p on p.user_id = d.user_id and p.account_id = d.account_id
  where p.role = 'executive'
),
executive_meetings as (
  select m.account_id as account_id, m.day as day
  from "stg_touchpoints" as m
  inner join people as p on p.user_id = m.user_id and p.account_id = m.account_id
  where m.is_usable and p.role = 'executive'
)
select
  account_id,
  day,
  cast(sum("touchpoints") as bigint) as "touchpoints",
  cast(sum("outcomes_confirmed") as bigint) as "outcomes_confirmed",
  cast(sum("executives_seen") as bigint) as "executives_seen",
  cast(sum("champions_change") as bigint) as "champions_change",
  cast(sum("champions_left") as bigint) as "champions_left",
  cast(sum("executives_change") as bigint) as "executives_change"
from (
  select account_id, day as day, 1 as "touchpoints", 0 as "outcomes_confirmed", 0 as "executives_seen", 0 as "champions_change", 0 as "champions_left", 0 as "executives_change" from "stg_touchpoints" where is_usable
  union all
  select account_id, day as day, 0 as "touchpoints", 1 as "outcomes_confirmed", 0 as "executives_seen", 0 as "champions_change", 0 as "champions_left", 0 as "executives_change" from "stg_outcomes" where is_usable
  union all
  select account_id, day as day, 0 as "touchpoints", 0 as "outcomes_confirmed", 1 as "executives_seen", 0 as "champions_change", 0 as "champions_left", 0 as "executives_change" from executive_usage where true
  union all
  select account_id, day as day, 0 as "touchpoints", 0 as "outcomes_confirmed", 1 as "executives_seen", 0 as "champions_change", 0 as "champions_left", 0 as "executives_change" from executive_meetings where true
  union all
  select account_id, present_from as day, 0 as "touchpoints", 0 as "outcomes_confirmed", 0 as "executives_seen", case when role = 'champion' then 1 else 0 end as "champions_change", 0 as "champions_left", case when role = 'executive' then 1 else 0 end as "executives_change" from people where true
  union all
  select account_id, present_to as day, 0 as "touchpoints", 0 as "outcomes_confirmed", 0 as "executives_seen", case when role = 'champion' then -1 else 0 end as "champions_change", case when role = 'champion' then 1 else 0 end as "champions_left", case when role = 'executive' then -1 else 0 end as "executives_change" from people where present_to is not null
) as steps
group by account_id, day
