select
  f.account_id as account_id,
  f.day as day,
  f.account_age_days as account_age_days,
  h."stage" as "stage", h."score" as "score", h."coverage" as "coverage", h."cap" as "cap", h."band" as "band", f."is_customer" as "is_customer", f."days_to_renewal" as "days_to_renewal", f."seats" as "seats", f."mrr" as "mrr", f."active_users_7d" as "active_users_7d", f."active_users_28d" as "active_users_28d", f."new_users_28d" as "new_users_28d", f."sessions_28d" as "sessions_28d", f."key_events_28d" as "key_events_28d", f."breadth_28d" as "breadth_28d", f."nps_180d" as "nps_180d", f."survey_respondents_180d" as "survey_respondents_180d", f."detractors_180d" as "detractors_180d", f."events_7d" as "events_7d", f."licence_utilisation_28d" as "licence_utilisation_28d", f."open_tickets" as "open_tickets"
from "account_facts" as f
inner join "account_health" as h on h.account_id = f.account_id and h.day = f.day
where ((f.day + cast(1 as integer)) = cast(date_trunc('week', (f.day + cast(1 as integer))) as date) or (f.day + cast(1 as integer)) = cast(date_trunc('month', (f.day + cast(1 as integer))) as date)) and ((h.day + cast(1 as integer)) = cast(date_trunc('week', (h.day + cast(1 as integer))) as date) or (h.day + cast(1 as integer)) = cast(date_trunc('month', (h.day + cast(1 as integer))) as date))
