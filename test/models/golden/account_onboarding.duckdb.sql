with progress as (
  select
    a.account_id as account_id,
    a.customer_since as started_on,
    case when e."used_reached_on" is null then 0 else 1 end + case when e."team_reached_on" is null then 0 else 1 end as steps_done,
    case when a.customer_since <= t.data_through then case when not (e."used_reached_on" is null or e."team_reached_on" is null or a.customer_since is null) then greatest(e."used_reached_on", e."team_reached_on", a.customer_since) end end as onboarded_on,
    t.data_through as data_through
  from (select "account_id", "created_on", "customer_since" from "accounts" as rows_asked) as a
  inner join "milestone_evidence" as e on e.account_id = a.account_id
  cross join "timeline" as t
),
contacts as (
  select p.account_id as account_id, count(*) as contacts
  from progress as p
  inner join "stg_touchpoints" as c on c.account_id = p.account_id and c.is_usable and c.day >= p.started_on and c.day <= coalesce(p.onboarded_on, p.data_through)
  group by p.account_id
),
dated as (
  select
    account_id,
    started_on,
    steps_done,
    onboarded_on,
    (case when not (started_on is null or (date '9999-12-31' + cast((0 - 30) as integer)) is null) then least(started_on, (date '9999-12-31' + cast((0 - 30) as integer))) end + cast(30 as integer)) as due_on,
    data_through
  from progress
)
select
  d.account_id as account_id,
  d.started_on as started_on,
  cast(date_trunc('month', d.started_on) as date) as start_month,
  2 as steps,
  d.steps_done as steps_done,
  d.onboarded_on as onboarded_on,
  d.due_on as due_on,
  date_diff('day', d.started_on, d.onboarded_on) as days_to_onboard,
  cast(case when d.started_on <= d.data_through then coalesce(c.contacts, 0) end as bigint) as contacts,
  case
    when d.onboarded_on <= d.due_on then 'on_time'
    when d.onboarded_on is not null then 'late'
    when d.started_on is null or d.started_on > d.data_through then 'not_started'
    when d.data_through > d.due_on then 'overdue'
    else 'in_progress'
  end as status
from dated as d
left join contacts as c on c.account_id = d.account_id
