select
  account_id, min(f.day) filter (where coalesce(f."events_1d" >= 1, false)) as "used_reached_on", min(f.day) filter (where coalesce(f."licence_utilisation_28d" >= 0.4e0, false)) as "team_reached_on", min(f.day) filter (where coalesce(f."outcomes_confirmed" >= 1, false)) as "won_reached_on"
from "account_facts" as f
group by account_id
