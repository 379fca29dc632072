select
  account_id,
  user_id,
  day,
  sum(coalesce(quantity, 1)) as events
from `stg_usage_events`
where is_usable and user_id is not null
group by account_id, user_id, day
