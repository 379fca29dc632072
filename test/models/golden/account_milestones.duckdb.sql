with first_stays as (
  select account_id, stage, min(entered_on) as entered_on
  from "stage_stays"
  group by account_id, stage
),
started as (
  select a.account_id as account_id, 'used' as milestone, a.customer_since as started_on, e."used_reached_on" as reached_on, 7 as expected_days, 14 as stuck_days
  from "accounts" as a
  inner join "milestone_evidence" as e on e.account_id = a.account_id
  union all
  select a.account_id as account_id, 'team' as milestone, s.entered_on as started_on, e."team_reached_on" as reached_on, 0 as expected_days, 30 as stuck_days
  from "accounts" as a
  inner join "milestone_evidence" as e on e.account_id = a.account_id
  left join first_stays as s on s.account_id = a.account_id and s.stage = 'onboarding'
  union all
  select a.account_id as account_id, 'won' as milestone, e."used_reached_on" as started_on, e."won_reached_on" as reached_on, 60 as expected_days, 120 as stuck_days
  from "accounts" as a
  inner join "milestone_evidence" as e on e.account_id = a.account_id
),
dated as (
  select
    account_id,
    milestone,
    started_on,
    reached_on,
    (started_on + cast(expected_days as integer)) as due_on,
    (started_on + cast(stuck_days as integer)) as stuck_after
  from started
)
select
  account_id,
  milestone,
  started_on,
  reached_on,
  due_on,
  stuck_after,
  case when reached_on < started_on then 0 else date_diff('day', started_on, reached_on) end as days_to_reach,
  case
    when reached_on is not null and (due_on is null or reached_on <= due_on) then 'reached_on_time'
    when reached_on is not null then 'reached_late'
    when started_on is null or started_on > t.data_through then 'not_started'
    when t.data_through > stuck_after then 'stuck'
    when t.data_through > due_on then 'behind'
    else 'on_track'
  end as status
from dated
cross join "timeline" as t
