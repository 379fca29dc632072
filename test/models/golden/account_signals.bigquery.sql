with rules as (
  select 'quiet' as signal, 'negative' as kind, 'high' as severity, 3 as for_days, 2 as clear_days
  union all
  select 'few_seats' as signal, 'negative' as kind, 'medium' as severity, 14 as for_days, 1 as clear_days
  union all
  select 'falling' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 'unhealthy' as signal, 'negative' as kind, 'low' as severity, 1 as for_days, 5 as clear_days
  union all
  select 'late' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 'unreviewed' as signal, 'negative' as kind, 'medium' as severity, 5 as for_days, 1 as clear_days
  union all
  select 'odd' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 'long' as signal, 'negative' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
  union all
  select 'keen' as signal, 'positive' as kind, 'medium' as severity, 1 as for_days, 1 as clear_days
),
runs as (
  select
    t.account_id as account_id,
    t.signal as signal,
    t.turn as turn,
    t.day as from_day,
    date_add(t.day, interval (case t.turn when 'holds' then r.for_days when 'clear' then r.clear_days else 1 end - 1) day) as day,
    lead(t.day) over (partition by t.account_id, t.signal order by t.day) as to_day
  from `signal_turns` as t
  inner join rules as r on r.signal = t.signal
),
decided as (
  select
    r.account_id as account_id,
    r.signal as signal,
    r.turn = 'holds' as is_open,
    r.from_day as from_day,
    r.day as day
  from runs as r
  cross join `timeline` as t
  where r.day < coalesce(r.to_day, date_add(least(t.data_through, date '9999-12-30'), interval 1 day))
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
  s.closed_on as closed_on
from spells as s
inner join rules as r on r.signal = s.signal
where s.is_open
