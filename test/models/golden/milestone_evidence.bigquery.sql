with judged as (
  select
    f.account_id as account_id, f.day as day, coalesce(f.`events_1d` >= 1, false) as `used`, coalesce(f.`licence_utilisation_28d` >= 0.4e0, false) as `team`, coalesce(f.`outcomes_confirmed` >= 1, false) as `won`
  from `account_facts` as f
)
select
  account_id, min(if(`used`, day, null)) as `used_reached_on`, min(if(`team`, day, null)) as `team_reached_on`, min(if(`won`, day, null)) as `won_reached_on`
from judged
group by account_id
