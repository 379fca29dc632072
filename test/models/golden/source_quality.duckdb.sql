select 'accounts' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("created_on") as first_day,
  max("created_on") as last_day, cast(null as varchar) as example
from "stg_accounts"
union all
select 'accounts' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("created_on") as first_day,
  max("created_on") as last_day, min("account_id") as example
from "stg_accounts"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
union all
select 'contracts' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("starts_on") as first_day,
  max("starts_on") as last_day, cast(null as varchar) as example
from "stg_contracts"
union all
select 'contracts' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("starts_on") as first_day,
  max("starts_on") as last_day, min("contract_id") as example
from "stg_contracts"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
union all
select 'users' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("joined_on") as first_day,
  max("joined_on") as last_day, cast(null as varchar) as example
from "stg_users"
union all
select 'users' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("joined_on") as first_day,
  max("joined_on") as last_day, min("user_id") as example
from "stg_users"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
union all
select 'usage_events' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, cast(null as varchar) as example
from "stg_usage_events"
union all
select 'usage_events' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, min("event_id") as example
from "stg_usage_events"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
union all
select 'tickets' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, cast(null as varchar) as example
from "stg_tickets"
union all
select 'tickets' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, min("ticket_id") as example
from "stg_tickets"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
union all
select 'survey_responses' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, cast(null as varchar) as example
from "stg_survey_responses"
union all
select 'survey_responses' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, min("response_id") as example
from "stg_survey_responses"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
union all
select 'touchpoints' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, cast(null as varchar) as example
from "stg_touchpoints"
union all
select 'touchpoints' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, min("touchpoint_id") as example
from "stg_touchpoints"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
union all
select 'outcomes' as source, cast(null as varchar) as defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, cast(null as varchar) as example
from "stg_outcomes"
union all
select 'outcomes' as source, defect,
  count(*) as row_count,
  count(*) filter (where not is_usable) as unusable_rows,
  coalesce(cast(sum(copies - 1) as bigint), 0) as copies,
  min("day") as first_day,
  max("day") as last_day, min("outcome_id") as example
from "stg_outcomes"
cross join lateral (select unnest(string_split(defects, ', ')) as defect) as entries
where defects is not null
group by defect
