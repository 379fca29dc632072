with first_days as (
  select feature, min(first_day) as day
  from `feature_firsts`
  group by feature
)
select
  day,
  sum(first_used) over (order by day rows between unbounded preceding and current row) as features_offered
from (
  select day, count(f.feature) as first_used
  from `timeline` as t
  cross join unnest(generate_date_array(t.data_from, t.data_through, interval 1 day)) as day
  left join first_days as f using (day)
  group by day
) as days_with_firsts
