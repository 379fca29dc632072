with judged as (
  select
    f.account_id as account_id, f.day as day, coalesce(f.`events_1d` >= 1, false) as `used`, coalesce(f.`licence_utilisation_28d` >= 0.4e0, false) as `team`, coalesce(f.`outcomes_confirmed` >= 1, false) as `won`
  from `account_facts` as f
),
reached as (
  select
    j.account_id as account_id, min(if(j.`used`, j.day, null)) as `used_reached_on`, min(if(j.`team`, j.day, null)) as `team_reached_on`, min(if(j.`won`, j.day, null)) as `won_reached_on`
  from judged as j
  group by j.account_id
)
select
  a.account_id as account_id, r.`used_reached_on` as `used_reached_on`, r.`team_reached_on` as `team_reached_on`, r.`won_reached_on` as `won_reached_on`
from (select `account_id`, `created_on` from `accounts` as rows_asked) as a
inner join `timeline` as t on a.created_on <= t.data_through
left join reached as r on r.account_id = a.account_id
