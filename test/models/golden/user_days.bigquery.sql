select d.`account_id`, d.`user_id`, d.`day`, d.`events`, case when date_diff(d.day, previous_day, day) <= 28 then previous_day end as previous_day
from (
  select `account_id`, `user_id`, `day`, `events`, lag(day) over (partition by account_id, `user_id` order by day) as previous_day
  from (
    select
      account_id,
      user_id,
      day,
      sum(coalesce(quantity, 1)) as events
    from `stg_usage_events`
    where is_usable and user_id is not null
    group by account_id, user_id, day
  ) as days
) as d
