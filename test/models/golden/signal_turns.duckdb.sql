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
  from "account_milestones"
  where milestone in ('team', 'reviewed', 'used')
),
states as (
  select
    f.account_id as account_id,
    f.day as day,
    case when coalesce(f."days_since_last_event" >= 7, false) then 1 else 0 end
      + case when (coalesce(f."licence_utilisation_28d" < 0.5e0, false) and coalesce(s.stage in ('renewal', 'established'), false)) then 2 else 0 end
      + case when (coalesce((round((h.score - b.score) * 1e10) / 1e10) <= -10, false) or coalesce("trend_health_score"."direction" in ('falling'), false)) then 4 else 0 end
      + case when coalesce(h.band in ('poor', 'unknown'), false) then 8 else 0 end
      + case when coalesce(case
    when "milestone_team".reached_on <= f.day and ("milestone_team".due_on is null or "milestone_team".reached_on <= "milestone_team".due_on) then 'reached_on_time'
    when "milestone_team".reached_on <= f.day then 'reached_late'
    when "milestone_team".started_on is null or "milestone_team".started_on > f.day then 'not_started'
    when "milestone_team".ended_on <= f.day then 'missed'
    when f.day > "milestone_team".stuck_after then 'stuck'
    when f.day > "milestone_team".due_on then 'behind'
    else 'on_track'
  end in ('behind', 'stuck'), false) then 16 else 0 end
      + case when coalesce(case
    when "milestone_reviewed".reached_on <= f.day and ("milestone_reviewed".due_on is null or "milestone_reviewed".reached_on <= "milestone_reviewed".due_on) then 'reached_on_time'
    when "milestone_reviewed".reached_on <= f.day then 'reached_late'
    when "milestone_reviewed".started_on is null or "milestone_reviewed".started_on > f.day then 'not_started'
    when "milestone_reviewed".ended_on <= f.day then 'missed'
    when f.day > "milestone_reviewed".stuck_after then 'stuck'
    when f.day > "milestone_reviewed".due_on then 'behind'
    else 'on_track'
  end in ('on_track', 'behind', 'stuck'), false) then 32 else 0 end
      + case when coalesce("trend_events_7d"."z" < -1, false) then 64 else 0 end
      + case when coalesce((date_diff('day', s.entered_on, f.day) + 1) > 25, false) then 128 else 0 end
      + case when (coalesce(f."active_days_28d" >= 10, false) and coalesce("milestone_used".reached_on <= f.day, false) and (not coalesce(h.score < 50, false))) then 256 else 0 end as "state_0"
  from "account_facts" as f
  left join "account_stages" as s on s.account_id = f.account_id and s.day = f.day
  left join "account_health" as h on h.account_id = f.account_id and h.day = f.day
  left join (select * from "account_health" as rows_so_far where day <= ((select data_through from "timeline") + cast(-28 as integer))) as b on b.account_id = f.account_id and b.day = (f.day + cast(-28 as integer))
  left join "account_trends" as "trend_health_score" on "trend_health_score".account_id = f.account_id and "trend_health_score".metric = 'health_score' and "trend_health_score".week = (cast(date_trunc('week', (f.day + cast(1 as integer))) as date) + cast(-7 as integer))
  left join "account_trends" as "trend_events_7d" on "trend_events_7d".account_id = f.account_id and "trend_events_7d".metric = 'events_7d' and "trend_events_7d".week = (cast(date_trunc('week', (f.day + cast(1 as integer))) as date) + cast(-7 as integer))
  left join milestone_spans as "milestone_team" on "milestone_team".account_id = f.account_id and "milestone_team".milestone = 'team'
  left join milestone_spans as "milestone_reviewed" on "milestone_reviewed".account_id = f.account_id and "milestone_reviewed".milestone = 'reviewed' and "milestone_reviewed".started_on <= f.day and f.day < coalesce("milestone_reviewed".next_started_on, date '9999-12-31')
  left join milestone_spans as "milestone_used" on "milestone_used".account_id = f.account_id and "milestone_used".milestone = 'used'
),
neighbours as (
  select
    account_id,
    day,
    "state_0", lag("state_0") over (partition by account_id order by day) as "previous_state_0",
    lag(day) over (partition by account_id order by day) as previous_day,
    lead(day) over (partition by account_id order by day) as next_day
  from states as states
),
changes as (
  select
    account_id,
    day,
    "state_0", case when previous_day = (day + cast(-1 as integer)) then "previous_state_0" else 0 end as "previous_state_0"
  from neighbours
  where not coalesce(previous_day = (day + cast(-1 as integer)) and "state_0" = "previous_state_0", false)
),
ends as (
  select n.account_id as account_id, (n.day + cast(1 as integer)) as day
  from neighbours as n
  cross join "timeline" as t
  where n.day < t.data_through and (n.next_day is null or n.next_day <> (n.day + cast(1 as integer)))
),
bits as (
  select 0 as state, 0 as bit, 'quiet' as signal
  union all
  select 0 as state, 1 as bit, 'few_seats' as signal
  union all
  select 0 as state, 2 as bit, 'falling' as signal
  union all
  select 0 as state, 3 as bit, 'unhealthy' as signal
  union all
  select 0 as state, 4 as bit, 'late' as signal
  union all
  select 0 as state, 5 as bit, 'unreviewed' as signal
  union all
  select 0 as state, 6 as bit, 'odd' as signal
  union all
  select 0 as state, 7 as bit, 'long' as signal
  union all
  select 0 as state, 8 as bit, 'keen' as signal
)
select c.account_id as account_id, b.signal as signal, c.day as day, case when ((c."state_0" >> b.bit) & 1) = 1 then 'holds' else 'clear' end as turn
from changes as c
cross join bits as b
where b.state = 0 and ((c."state_0" >> b.bit) & 1) <> ((c."previous_state_0" >> b.bit) & 1)
union all
select e.account_id, b.signal, e.day, 'end' as turn
from ends as e
cross join bits as b
