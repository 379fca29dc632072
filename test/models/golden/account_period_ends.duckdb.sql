select
  l.account_id as account_id,
  l.day as day,
  a."name" as "name", a."segment" as "segment", a."region" as "region", a."owner" as "owner", a."attribute_industry" as "attribute_industry", a."attribute_employees" as "attribute_employees", l."stage" as "stage", l."score" as "score", l."coverage" as "coverage", l."cap" as "cap", l."band" as "band", l."is_customer" as "is_customer", l."days_to_renewal" as "days_to_renewal", l."seats" as "seats", l."mrr" as "mrr", l."active_users_7d" as "active_users_7d", l."active_users_28d" as "active_users_28d", l."new_users_28d" as "new_users_28d", l."sessions_28d" as "sessions_28d", l."key_events_28d" as "key_events_28d", l."breadth_28d" as "breadth_28d", l."nps_180d" as "nps_180d", l."survey_respondents_180d" as "survey_respondents_180d", l."detractors_180d" as "detractors_180d"
from "account_period_levels" as l
inner join "accounts" as a on a.account_id = l.account_id
