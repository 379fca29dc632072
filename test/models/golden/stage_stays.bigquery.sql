with stays as (
  select account_id, stage, entered_on, max(day) as last_day
  from `account_stages`
  group by account_id, stage, entered_on
),
dated as (
  select
    s.account_id as account_id,
    s.stage as stage,
    s.entered_on as entered_on,
    case when s.last_day < t.data_through then date_add(least(s.last_day, date '9999-12-30'), interval 1 day) end as left_on,
    date_diff(s.last_day, s.entered_on, day) + 1 as days,
    case s.stage when 'trial' then 14 when 'renewal' then 60 when 'onboarding' then 30 end as expected_days
  from stays as s
  cross join `timeline` as t
)
select
  account_id,
  stage,
  entered_on,
  left_on,
  days,
  expected_days,
  left_on is null and coalesce(days > expected_days, false) as is_stuck
from dated
