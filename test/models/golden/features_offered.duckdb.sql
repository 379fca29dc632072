with first_days as (
  select feature, min(first_day) as day
  from "feature_firsts"
  group by feature
)
select
  day,
  sum(first_used) over (order by day rows between unbounded preceding and current row) as features_offered
from (
  select day, count(f.feature) as first_used
  from "timeline" as t
  cross join lateral (select cast(unnest(generate_series(t.data_from, t.data_through, interval 1 day)) as date) as day) as days
  left join first_days as f using (day)
  group by day
) as days_with_firsts
