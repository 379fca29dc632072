select
  d.account_id as account_id,
  d.feature as feature,
  min(d.day) as first_day
from `feature_days` as d
group by d.account_id, d.feature
