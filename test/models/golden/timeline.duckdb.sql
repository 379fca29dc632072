with last_days as (
  select day from "stg_usage_events" where is_usable
  union all
  select day from "stg_tickets" where is_usable
  union all
  select day from "stg_survey_responses" where is_usable
)
select
  (select min(created_on) from "accounts") as data_from,
  $p1 as data_through
