select
  account_id, min(f.day) filter (where coalesce(f."events_7d" >= 3, false)) as "used_reached_on", min(f.day) filter (where (coalesce(f."mrr" > cast('120.5' as decimal(38, 9)), false) and coalesce(f."is_customer" = true, false))) as "grown_reached_on", min(f.day) filter (where coalesce(f."outcomes_confirmed" = 1, false)) as "proven_reached_on"
from "account_facts" as f
group by account_id
