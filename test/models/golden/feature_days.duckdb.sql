select d."account_id", d."feature", d."day", d."events", d."is_sticky", case when date_diff('day', previous_day, d.day) <= 28 then previous_day end as previous_day
from (
  select "account_id", "feature", "day", "events", "is_sticky", lag(day) over (partition by account_id, "feature" order by day) as previous_day
  from (
    select
      account_id,
      feature,
      day,
      cast(sum(coalesce(quantity, 1)) as bigint) as events,
      feature in ('reports') as is_sticky
    from "stg_usage_events"
    where is_usable and feature is not null
    group by account_id, feature, day
  ) as days
) as d
