with first_stays as (
  select account_id, stage, min(entered_on) as entered_on
  from `stage_stays`
  group by account_id, stage
),
started as (
  select a.account_id as account_id, 'first_use' as milestone, a.customer_since as started_on, e.`first_use_reached_on` as reached_on, 7 as expected_days, 14 as stuck_days
  from `accounts` as a
  inner join `milestone_evidence` as e on e.account_id = a.account_id
  union all
  select a.account_id as account_id, 'team_active' as milestone, a.customer_since as started_on, e.`team_active_reached_on` as reached_on, 30 as expected_days, 60 as stuck_days
  from `accounts` as a
  inner join `milestone_evidence` as e on e.account_id = a.account_id
  union all
  select a.account_id as account_id, 'adopted' as milestone, a.customer_since as started_on, e.`adopted_reached_on` as reached_on, 60 as expected_days, 90 as stuck_days
  from `accounts` as a
  inner join `milestone_evidence` as e on e.account_id = a.account_id
  union all
  select a.account_id as account_id, 'first_outcome' as milestone, e.`adopted_reached_on` as started_on, e.`first_outcome_reached_on` as reached_on, 90 as expected_days, 180 as stuck_days
  from `accounts` as a
  inner join `milestone_evidence` as e on e.account_id = a.account_id
),
dated as (
  select
    account_id,
    milestone,
    started_on,
    reached_on,
    date_add(started_on, interval expected_days day) as due_on,
    date_add(started_on, interval stuck_days day) as stuck_after
  from started
)
select
  account_id,
  milestone,
  started_on,
  reached_on,
  due_on,
  stuck_after,
  case when reached_on < started_on then 0 else date_diff(reached_on, started_on, day) end as days_to_reach,
  case
    when reached_on is not null and (due_on is null or reached_on <= due_on) then 'reached_on_time'
    when reached_on is not null then 'reached_late'
    when started_on is null or started_on > t.data_through then 'not_started'
    when t.data_through > stuck_after then 'stuck'
    when t.data_through > due_on then 'behind'
    else 'on_track'
  end as status
from dated
cross join `timeline` as t
