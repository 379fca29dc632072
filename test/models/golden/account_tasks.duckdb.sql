with recursive triggers as (
  select 'wake' as play, 20 as cooldown_days, account_id, opened_on as day, signal, severity
  from "account_signals"
  where signal = 'quiet'
  union all
  select 'renew' as play, 30 as cooldown_days, account_id, entered_on as day, cast(null as varchar) as signal, cast(null as varchar) as severity
  from "stage_stays"
  where stage = 'renewal'
  union all
  select 'praise' as play, 30 as cooldown_days, account_id, reached_on as day, cast(null as varchar) as signal, cast(null as varchar) as severity
  from "account_milestones"
  where milestone = 'used' and reached_on is not null
),
successors as (
  select t.play as play, t.account_id as account_id, t.day as day, min(n.day) as next_day
  from triggers as t
  left join triggers as n on n.play = t.play and n.account_id = t.account_id and n.day >= (t.day + cast(greatest(t.cooldown_days, 1) as integer))
  group by t.play, t.account_id, t.day
),
firsts as (
  select play, account_id, min(day) as day
  from successors
  group by play, account_id
),
plays as (
  select play, account_id, day
  from firsts
  union all
  select f.play as play, f.account_id as account_id, f.next_day as day
  from plays as p
  inner join successors as f on f.play = p.play and f.account_id = p.account_id and f.day = p.day
  where f.next_day is not null
),
definitions as (
  select 'wake' as play, 'call' as task, 'account_owner' as owner, 2 as due_in_days, 20 as cooldown_days
  union all
  select 'wake' as play, 'mail' as task, 'desk' as owner, 5 as due_in_days, 20 as cooldown_days
  union all
  select 'renew' as play, 'offer' as task, 'account_owner' as owner, 10 as due_in_days, 30 as cooldown_days
  union all
  select 'praise' as play, 'note' as task, 'account_owner' as owner, 1 as due_in_days, 30 as cooldown_days
),
set_off as (
  select distinct t.play as play, t.account_id as account_id, t.day as day, t.signal as signal, t.severity as severity
  from triggers as t
  inner join plays as p on p.play = t.play and p.account_id = t.account_id and p.day = t.day
)
select
  concat(s.play, '/', d.task, '/', s.account_id, '/', cast(s.day as varchar)) as task_id,
  s.account_id as account_id,
  s.play as play,
  d.task as task,
  s.signal as signal,
  s.severity as severity,
  case when d.owner = 'account_owner' then a.owner else d.owner end as owner,
  s.day as set_on,
  (s.day + cast(d.due_in_days as integer)) as due_on,
  (s.day + cast((d.due_in_days + 30) as integer)) as expires_on,
  d.cooldown_days as cooldown_days
from set_off as s
inner join definitions as d on d.play = s.play
inner join (select "account_id", "owner" from "accounts" as rows_asked) as a on a.account_id = s.account_id
