select
  account_id, min(if(coalesce(f.`events_7d` >= 3, false), f.day, null)) as `used_reached_on`, min(if((coalesce(f.`mrr` > numeric '120.5', false) and coalesce(f.`is_customer` = true, false)), f.day, null)) as `grown_reached_on`, min(if(coalesce(f.`outcomes_confirmed` = 1, false), f.day, null)) as `proven_reached_on`
from `account_facts` as f
group by account_id
