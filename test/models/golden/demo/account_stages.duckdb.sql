select
  f.account_id as account_id,
  f.day as day,
  case
    when f."days_since_coverage_ended" is not null then 'churned'
    when (coalesce(f."is_customer" = false, false) and f."tenure_days" is null) then 'prospect'
    when (coalesce(f."days_to_renewal" <= 90, false) and coalesce(f."tenure_days" >= 90, false)) then 'pre_renewal'
    when (not coalesce(e."adopted_reached_on" <= f.day, false)) then 'onboarding'
    else 'established'
  end as stage,
  '31ba4b206d45' as journey_version
from "account_facts" as f
left join "milestone_evidence" as e on e.account_id = f.account_id
