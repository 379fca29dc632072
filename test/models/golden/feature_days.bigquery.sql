select
  account_id,
  feature,
  day,
  sum(coalesce(quantity, 1)) as events,
  feature in ('reports') as is_sticky
from `stg_usage_events`
where is_usable and feature is not null
group by account_id, feature, day
