with milestone_spans as (
  select
    account_id,
    milestone,
    started_on,
    ended_on,
    reached_on,
    due_on,
    stuck_after,
    lead(started_on) over (partition by account_id, milestone order by occurrence) as next_started_on
  from `account_milestones`
  where milestone in ('team', 'reviewed', 'used')
),
states as (
  select
    f.account_id as account_id,
    f.day as day,
    case when coalesce(f.`days_since_last_event` >= 7, false) then 1 else 0 end
      + case when (coalesce(f.`licence_utilisation_28d` < 0.5e0, false) and coalesce(s.stage in ('renewal', 'established'), false)) then 2 else 0 end
      + case when (coalesce((round((h.score - b.score) * 1e10) / 1e10) <= -10, false) or coalesce(`trend_health_score`.`direction` in ('falling'), false)) then 4 else 0 end
      + case when coalesce(h.band in ('poor', 'unknown'), false) then 8 else 0 end
      + case when coalesce(case
    when `milestone_team`.reached_on <= f.day and (`milestone_team`.due_on is null or `milestone_team`.reached_on <= `milestone_team`.due_on) then 'reached_on_time'
    when `milestone_team`.reached_on <= f.day then 'reached_late'
    when `milestone_team`.started_on is null or `milestone_team`.started_on > f.day then 'not_started'
    when `milestone_team`.ended_on <= f.day then 'missed'
    when f.day > `milestone_team`.stuck_after then 'stuck'
    when f.day > `milestone_team`.due_on then 'behind'
    else 'on_track'
  end in ('behind', 'stuck'), false) then 16 else 0 end
      + case when coalesce(case
    when `milestone_reviewed`.reached_on <= f.day and (`milestone_reviewed`.due_on is null or `milestone_reviewed`.reached_on <= `milestone_reviewed`.due_on) then 'reached_on_time'
    when `milestone_reviewed`.reached_on <= f.day then 'reached_late'
    when `milestone_reviewed`.started_on is null or `milestone_reviewed`.started_on > f.day then 'not_started'
    when `milestone_reviewed`.ended_on <= f.day then 'missed'
    when f.day > `milestone_reviewed`.stuck_after then 'stuck'
    when f.day > `milestone_reviewed`.due_on then 'behind'
    else 'on_track'
  end in ('on_track', 'behind', 'stuck'), false) then 32 else 0 end
      + case when coalesce(`trend_events_7d`.`z` < -1, false) then 64 else 0 end
      + case when coalesce((date_diff(f.day, s.entered_on, day) + 1) > 25, false) then 128 else 0 end
      + case when (coalesce(f.`active_days_28d` >= 10, false) and coalesce(`milestone_used`.reached_on <= f.day, false) and (not coalesce(h.score < 50, false))) then 256 else 0 end as `state_0`
  from `account_facts` as f
  left join `account_stages` as s on s.account_id = f.account_id and s.day = f.day
  left join `account_health` as h on h.account_id = f.account_id and h.day = f.day
  left join (select * from `account_health` as rows_so_far where day <= date_add((select data_through from `timeline`), interval -28 day)) as b on b.account_id = f.account_id and b.day = date_add(f.day, interval -28 day)
  left join `account_trends` as `trend_health_score` on `trend_health_score`.account_id = f.account_id and `trend_health_score`.metric = 'health_score' and `trend_health_score`.week = date_add(date_trunc(date_add(least(f.day, date '9999-12-30'), interval 1 day), week(monday)), interval -7 day)
  left join `account_trends` as `trend_events_7d` on `trend_events_7d`.account_id = f.account_id and `trend_events_7d`.metric = 'events_7d' and `trend_events_7d`.week = date_add(date_trunc(date_add(least(f.day, date '9999-12-30'), interval 1 day), week(monday)), interval -7 day)
  left join milestone_spans as `milestone_team` on `milestone_team`.account_id = f.account_id and `milestone_team`.milestone = 'team'
  left join milestone_spans as `milestone_reviewed` on `milestone_reviewed`.account_id = f.account_id and `milestone_reviewed`.milestone = 'reviewed' and `milestone_reviewed`.started_on <= f.day and f.day < coalesce(`milestone_reviewed`.next_started_on, date '9999-12-31')
  left join milestone_spans as `milestone_used` on `milestone_used`.account_id = f.account_id and `milestone_used`.milestone = 'used'
),
neighbours as (
  select
    account_id,
    day,
    `state_0`, lag(`state_0`) over (partition by account_id order by day) as `previous_state_0`,
    lag(day) over (partition by account_id order by day) as previous_day,
    lead(day) over (partition by account_id order by day) as next_day
  from states as states
),
changes as (
  select
    account_id,
    day,
    `state_0`, case when previous_day = date_add(day, interval -1 day) then `previous_state_0` else 0 end as `previous_state_0`
  from neighbours
  where not coalesce(previous_day = date_add(day, interval -1 day) and `state_0` = `previous_state_0`, false)
),
ends as (
  select n.account_id as account_id, date_add(least(n.day, date '9999-12-30'), interval 1 day) as day
  from neighbours as n
  cross join `timeline` as t
  where n.day < t.data_through and (n.next_day is null or n.next_day <> date_add(least(n.day, date '9999-12-30'), interval 1 day))
),
rules as (
  select 0 as state, 0 as bit, 'quiet' as signal, 'negative' as kind, 'high' as severity, 3 as for_days, 2 as clear_days
  union all
  select 0 as state, 1 as bit, 'few_seats' as signal, 'negative' as kind, 'medium' as severity, 14 as for_days, 1 as clear_days
  union all
  select 0 as state, 2 as bit, 'falling' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 0 as state, 3 as bit, 'unhealthy' as signal, 'negative' as kind, 'low' as severity, 1 as for_days, 5 as clear_days
  union all
  select 0 as state, 4 as bit, 'late' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 0 as state, 5 as bit, 'unreviewed' as signal, 'negative' as kind, 'medium' as severity, 5 as for_days, 1 as clear_days
  union all
  select 0 as state, 6 as bit, 'odd' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 0 as state, 7 as bit, 'long' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 0 as state, 8 as bit, 'keen' as signal, 'positive' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
),
turns as (
  select
    c.account_id as account_id,
    r.signal as signal,
    c.day as day,
    case when ((c.`state_0` >> r.bit) & 1) = 1 then 'holds' else 'clear' end as turn,
    case when ((c.`state_0` >> r.bit) & 1) = 1 then r.for_days else r.clear_days end as needed_days
  from changes as c
  cross join rules as r
  where r.state = 0 and ((c.`state_0` >> r.bit) & 1) <> ((c.`previous_state_0` >> r.bit) & 1)
  union all
    select e.account_id, r.signal, e.day, 'end' as turn, 1 as needed_days
  from ends as e
  cross join rules as r
),
runs as (
  select
    account_id,
    signal,
    turn,
    needed_days,
    day as from_day,
    lead(day) over (partition by account_id, signal order by day) as to_day
  from turns
),
decided as (
  select
    r.account_id as account_id,
    r.signal as signal,
    r.turn = 'holds' as is_open,
    r.from_day as from_day,
    date_add(r.from_day, interval (r.needed_days - 1) day) as day
  from runs as r
  cross join `timeline` as t
  where date_diff(coalesce(r.to_day, date_add(least(t.data_through, date '9999-12-30'), interval 1 day)), r.from_day, day) >= r.needed_days
),
ordered as (
  select
    account_id,
    signal,
    is_open,
    from_day,
    day,
    coalesce(lag(is_open) over (partition by account_id, signal order by day), false) as was_open
  from decided
),
spells as (
  select
    account_id,
    signal,
    is_open,
    from_day,
    day as opened_on,
    lead(day) over (partition by account_id, signal order by day) as closed_on
  from ordered
  where is_open <> was_open
)
select
  s.account_id as account_id,
  s.signal as signal,
  r.kind as kind,
  r.severity as severity,
  s.from_day as held_from,
  s.opened_on as opened_on,
  s.closed_on as closed_on,
  date_diff(coalesce(s.closed_on, date_add(least(t.data_through, date '9999-12-30'), interval 1 day)), s.opened_on, day) as days
from spells as s
inner join rules as r on r.signal = s.signal
cross join `timeline` as t
where s.is_open
