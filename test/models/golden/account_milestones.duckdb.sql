with first_stays as (
  select account_id, stage, min(entered_on) as entered_on
  from "stage_stays"
  group by account_id, stage
),
judged as (
  select
    f.account_id as account_id,
    f.day as day,
    (sum(case when coalesce(f."active_users_7d" >= 2, false) then 1 else 0 end) over (partition by f.account_id order by date_diff('day', date '1970-01-01', f.day) range between 2 preceding and current row) = 3) as "lively", coalesce(f."days_since_qbr" <= 30, false) as "reviewed"
  from "account_facts" as f
),
occurrences as (
  select account_id, cast(null as varchar) as stage, row_number() over (partition by account_id order by starts_on, contract_id) as occurrence, starts_on as started_on, ends_on as ended_on
  from "stg_contracts"
  where is_usable and not coalesce(is_trial, false) and (ends_on is null or ends_on > starts_on)
  union all
  select account_id, stage, row_number() over (partition by account_id, stage order by entered_on) as occurrence, entered_on as started_on, left_on as ended_on
  from "stage_stays"
  where stage in ('renewal')
),
found as (
  select
    o.account_id as account_id,
    o.stage as stage,
    o.occurrence as occurrence,
    o.started_on as started_on,
    o.ended_on as ended_on,
    min(j.day) filter (where j."lively") as "lively_reached_on", min(j.day) filter (where j."reviewed") as "reviewed_reached_on"
  from occurrences as o
  left join judged as j on j.account_id = o.account_id and j.day >= o.started_on and j.day < coalesce(o.ended_on, date '9999-12-31')
  group by o.account_id, o.stage, o.occurrence, o.started_on, o.ended_on
),
started as (
  select a.account_id as account_id, 'used' as milestone, 1 as occurrence, a.customer_since as started_on, cast(null as date) as ended_on, e."used_reached_on" as reached_on, 7 as expected_days, 14 as stuck_days
  from (select "account_id", "created_on", "customer_since" from "accounts" as rows_asked) as a
  inner join "milestone_evidence" as e on e.account_id = a.account_id
  union all
  select a.account_id as account_id, 'team' as milestone, 1 as occurrence, s.entered_on as started_on, cast(null as date) as ended_on, e."team_reached_on" as reached_on, 0 as expected_days, 30 as stuck_days
  from (select "account_id", "created_on", "customer_since" from "accounts" as rows_asked) as a
  inner join "milestone_evidence" as e on e.account_id = a.account_id
  left join first_stays as s on s.account_id = a.account_id and s.stage = 'onboarding'
  union all
  select a.account_id as account_id, 'won' as milestone, 1 as occurrence, e."used_reached_on" as started_on, cast(null as date) as ended_on, e."won_reached_on" as reached_on, 60 as expected_days, 120 as stuck_days
  from (select "account_id", "created_on", "customer_since" from "accounts" as rows_asked) as a
  inner join "milestone_evidence" as e on e.account_id = a.account_id
  union all
  select f.account_id as account_id, 'lively' as milestone, f.occurrence as occurrence, f.started_on as started_on, f.ended_on as ended_on, f."lively_reached_on" as reached_on, 14 as expected_days, 28 as stuck_days
  from found as f
  where f.stage is null
  union all
  select f.account_id as account_id, 'reviewed' as milestone, f.occurrence as occurrence, f.started_on as started_on, f.ended_on as ended_on, f."reviewed_reached_on" as reached_on, 20 as expected_days, 40 as stuck_days
  from found as f
  where f.stage = 'renewal'
),
dated as (
  select
    account_id,
    milestone,
    occurrence,
    started_on,
    ended_on,
    reached_on,
    (case when not (started_on is null or (date '9999-12-31' + cast((0 - expected_days) as integer)) is null) then least(started_on, (date '9999-12-31' + cast((0 - expected_days) as integer))) end + cast(expected_days as integer)) as due_on,
    (case when not (started_on is null or (date '9999-12-31' + cast((0 - stuck_days) as integer)) is null) then least(started_on, (date '9999-12-31' + cast((0 - stuck_days) as integer))) end + cast(stuck_days as integer)) as stuck_after
  from started
)
select
  account_id,
  milestone,
  occurrence,
  started_on,
  ended_on,
  reached_on,
  due_on,
  stuck_after,
  case when reached_on < started_on then 0 else date_diff('day', started_on, reached_on) end as days_to_reach,
  case
    when d.reached_on <= t.data_through and (d.due_on is null or d.reached_on <= d.due_on) then 'reached_on_time'
    when d.reached_on <= t.data_through then 'reached_late'
    when d.started_on is null or d.started_on > t.data_through then 'not_started'
    when d.ended_on <= t.data_through then 'missed'
    when t.data_through > d.stuck_after then 'stuck'
    when t.data_through > d.due_on then 'behind'
    else 'on_track'
  end as status
from dated as d
cross join "timeline" as t
