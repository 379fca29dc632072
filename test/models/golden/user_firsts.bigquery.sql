select
  d.account_id as account_id,
  d.user_id as user_id,
  min(d.day) as first_day
from `user_days` as d
group by d.account_id, d.user_id
