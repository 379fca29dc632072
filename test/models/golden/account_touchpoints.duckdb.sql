with stays as (
  select s.account_id as account_id, s.stage as stage, s.entered_on as entered_on, s.left_on as left_on, t.data_through as data_through
  from "stage_stays" as s
  cross join "timeline" as t
),
planned as (
  select account_id, 'kick_off' as touchpoint, stage, entered_on, left_on, data_through, (entered_on + cast(7 as integer)) as due_on, entered_on as from_day, cast(null as date) as to_day
  from stays
  where stage = 'onboarding'
  union all
  select account_id, 'check_in' as touchpoint, stage, entered_on, left_on, data_through, day as due_on, case when day = (entered_on + cast(20 as integer)) then entered_on else ((day + cast(-30 as integer)) + cast(16 as integer)) end as from_day, (day + cast(16 as integer)) as to_day
  from stays
  cross join lateral (select cast(unnest(generate_series((entered_on + cast(20 as integer)), case when not ((entered_on + cast(20 as integer)) is null or (coalesce(left_on, data_through) + cast(30 as integer)) is null) then greatest((entered_on + cast(20 as integer)), (coalesce(left_on, data_through) + cast(30 as integer))) end, interval 30 day)) as date) as day) as days
  where stage = 'established'
  union all
  select account_id, 'review' as touchpoint, stage, entered_on, left_on, data_through, (entered_on + cast(10 as integer)) as due_on, entered_on as from_day, cast(null as date) as to_day
  from stays
  where stage = 'renewal'
),
kinds as (
  select 'kick_off' as touchpoint, 'kick_off' as kind union all select 'kick_off' as touchpoint, 'training' as kind union all select 'check_in' as touchpoint, 'call' as kind union all select 'check_in' as touchpoint, 'qbr' as kind union all select 'review' as touchpoint, 'qbr' as kind
),
contacts as (
  select c.account_id as account_id, k.touchpoint as touchpoint, c.day as day
  from "stg_touchpoints" as c
  inner join kinds as k on k.kind = c.kind
  where c.is_usable
),
found as (
  select
    p.account_id as account_id,
    p.touchpoint as touchpoint,
    p.stage as stage,
    p.entered_on as entered_on,
    p.left_on as left_on,
    p.due_on as due_on,
    p.to_day as to_day,
    p.data_through as data_through,
    min(c.day) as done_on
  from planned as p
  left join contacts as c on c.account_id = p.account_id and c.touchpoint = p.touchpoint and c.day >= p.from_day and c.day < coalesce(p.to_day, date '9999-12-31') and c.day <= coalesce(p.left_on, date '9999-12-31') and c.day <= p.data_through
  group by p.account_id, p.touchpoint, p.stage, p.entered_on, p.left_on, p.due_on, p.to_day, p.data_through
)
select
  account_id,
  touchpoint,
  stage,
  entered_on,
  due_on,
  done_on,
  case when done_on <= due_on then 0 else date_diff('day', due_on, done_on) end as days_late,
  case
    when done_on is not null then 'done'
    when left_on is not null or to_day <= data_through then 'missed'
    when due_on < data_through then 'overdue'
    else 'due'
  end as status
from found
where done_on is not null or left_on is null or due_on < left_on
