select
  account_id, min(if(coalesce(f.`events_1d` >= 1, false), f.day, null)) as `used_reached_on`, min(if(coalesce(f.`licence_utilisation_28d` >= 0.4e0, false), f.day, null)) as `team_reached_on`, min(if(coalesce(f.`outcomes_confirmed` >= 1, false), f.day, null)) as `won_reached_on`
from `account_facts` as f
group by account_id
