select
  account_id, min(if(coalesce(f.`events_1d` >= 1, false), f.day, null)) as `first_use_reached_on`, min(if(coalesce(f.`licence_utilisation_28d` >= 0.2e0, false), f.day, null)) as `team_active_reached_on`, min(if((coalesce(f.`active_days_28d` >= 8, false) and (coalesce(f.`features_used_28d` >= 3, false) or f.`features_used_28d` is null)), f.day, null)) as `adopted_reached_on`, min(if(coalesce(f.`outcomes_confirmed` >= 1, false), f.day, null)) as `first_outcome_reached_on`
from `account_facts` as f
group by account_id
