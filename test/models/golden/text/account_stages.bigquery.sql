select
  f.account_id as account_id,
  f.day as day,
  case
    when f.`days_since_coverage_ended` is not null then 'gone'
    when (coalesce(f.`tenure_days` < 30, false) or (not coalesce(e.`used_reached_on` <= f.day, false))) then 'new'
    else 'rest'
  end as stage,
  '2b9943f545d0' as journey_version
from `account_facts` as f
left join `milestone_evidence` as e on e.account_id = f.account_id
