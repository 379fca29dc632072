select
  account_id, min(f.day) filter (where coalesce(f."events_1d" >= 1, false)) as "first_use_reached_on", min(f.day) filter (where coalesce(f."licence_utilisation_28d" >= 0.2e0, false)) as "team_active_reached_on", min(f.day) filter (where (coalesce(f."active_days_28d" >= 8, false) and (coalesce(f."features_used_28d" >= 3, false) or f."features_used_28d" is null))) as "adopted_reached_on", min(f.day) filter (where coalesce(f."outcomes_confirmed" >= 1, false)) as "first_outcome_reached_on"
from "account_facts" as f
group by account_id
