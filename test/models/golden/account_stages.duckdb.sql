with judged as (
  select
    f.account_id as account_id,
    f.day as day,
    case
      when coalesce(f."days_since_coverage_ended" >= 0, false) then 'former'
      when (coalesce(f."is_trial" = true, false) and coalesce(f."is_customer" = false, false)) then 'trial'
      when f."tenure_days" is null then 'prospect'
      when coalesce(f."days_to_renewal" <= 60, false) then 'renewal'
      when ((sum(case when coalesce(f."mrr" > cast('999.5' as decimal(38, 9)), false) then 1 else 0 end) over (partition by f.account_id order by date_diff('day', date '1970-01-01', f.day) range between 4 preceding and current row) = 5) and coalesce(e."used_reached_on" <= f.day, false)) then 'key_account'
      when (not (coalesce(e."used_reached_on" <= f.day, false) or coalesce(f."tenure_days" >= 90, false))) then 'onboarding'
      else 'established'
    end as stage
  from "account_facts" as f
  left join "milestone_evidence" as e on e.account_id = f.account_id
),
staged as (
  select j.account_id as account_id, j.day as day, j.stage as stage, cast(null as date) as entered_on
  from judged as j
),
followed as (
  select
    account_id,
    day,
    stage,
    entered_on,
    lag(stage) over (partition by account_id order by day) as stage_before,
    lag(day) over (partition by account_id order by day) as day_before
  from staged
)
select
  account_id,
  day,
  stage,
  max(case when stage = stage_before and day_before = (day + cast(-1 as integer)) then null else coalesce(entered_on, day) end) over (
    partition by account_id order by day rows between unbounded preceding and current row
  ) as entered_on,
  '852f38e16416' as journey_version
from followed
