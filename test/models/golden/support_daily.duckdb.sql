with dated as (
  select
    account_id,
    day as opened_on,
    resolved_on,
    case when reopened_at >= resolved_at then case when not (reopened_on is null or day is null) then greatest(reopened_on, day) end end as reopened_on,
    coalesce(priority = 'urgent', false) as is_urgent,
    coalesce(category = 'billing', false) as is_billing,
    is_timed,
    coalesce(first_reply_hours <= 24e0, false) as is_replied_within_24h,
    coalesce(is_escalated, false) as is_escalated,
    coalesce(is_first_contact_resolution, false) as is_first_contact_resolution,
    csat
  from "stg_tickets"
  where is_usable
),
tickets as (
  select d.*
  from dated as d
),
spells as (
  select opened_on as open_from, case when not (resolved_on is null or opened_on is null) then greatest(resolved_on, opened_on) end as open_to, is_urgent, is_billing, account_id
  from tickets
  union all
  select reopened_on, cast(null as date), is_urgent, is_billing, account_id
  from tickets
  where reopened_on is not null
),
overdue as (
  select account_id, (open_from + cast(7 as integer)) as open_from, open_to, is_urgent
  from spells
  where open_to is null or open_to > (open_from + cast(7 as integer))
),
changes as (
  select changes.account_id as account_id, day, "tickets_opened", "tickets_timed", "replied_within_24h", "escalations", "tickets_resolved", "first_contact_resolutions", "tickets_opened_28d", "escalations_28d", "timed_28d", "replied_28d", "csat_sum_90d", "csat_count_90d", "open_tickets", "overdue_tickets", "overdue_urgent_tickets", "open_billing_tickets"
  from (
select
  account_id,
  day,
  cast(sum(cast("tickets_opened" as double)) as bigint) as "tickets_opened",
  cast(sum(cast("tickets_timed" as double)) as bigint) as "tickets_timed",
  cast(sum(cast("replied_within_24h" as double)) as bigint) as "replied_within_24h",
  cast(sum(cast("escalations" as double)) as bigint) as "escalations",
  cast(sum(cast("tickets_resolved" as double)) as bigint) as "tickets_resolved",
  cast(sum(cast("first_contact_resolutions" as double)) as bigint) as "first_contact_resolutions",
  cast(sum(cast("tickets_opened_28d" as double)) as bigint) as "tickets_opened_28d",
  cast(sum(cast("escalations_28d" as double)) as bigint) as "escalations_28d",
  cast(sum(cast("timed_28d" as double)) as bigint) as "timed_28d",
  cast(sum(cast("replied_28d" as double)) as bigint) as "replied_28d",
  sum("csat_sum_90d") as "csat_sum_90d",
  cast(sum(cast("csat_count_90d" as double)) as bigint) as "csat_count_90d",
  cast(sum(cast("open_tickets" as double)) as bigint) as "open_tickets",
  cast(sum(cast("overdue_tickets" as double)) as bigint) as "overdue_tickets",
  cast(sum(cast("overdue_urgent_tickets" as double)) as bigint) as "overdue_urgent_tickets",
  cast(sum(cast("open_billing_tickets" as double)) as bigint) as "open_billing_tickets"
from (
  select account_id, opened_on as day, 1 as "tickets_opened", case when is_timed then 1 else 0 end as "tickets_timed", case when is_timed and is_replied_within_24h then 1 else 0 end as "replied_within_24h", case when is_escalated then 1 else 0 end as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 1 as "tickets_opened_28d", case when is_escalated then 1 else 0 end as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", 0 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", 0 as "open_billing_tickets" from tickets where true and opened_on <= (select data_through from "timeline")
  union all
  select account_id, (opened_on + cast(1 as integer)) as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 1 as "timed_28d", case when is_replied_within_24h then 1 else 0 end as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", 0 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", 0 as "open_billing_tickets" from tickets where is_timed and (opened_on + cast(1 as integer)) <= (select data_through from "timeline")
  union all
  select account_id, (opened_on + cast(28 as integer)) as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", -1 as "tickets_opened_28d", case when is_escalated then -1 else 0 end as "escalations_28d", case when is_timed then -1 else 0 end as "timed_28d", case when is_timed and is_replied_within_24h then -1 else 0 end as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", 0 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", 0 as "open_billing_tickets" from tickets where true and (opened_on + cast(28 as integer)) <= (select data_through from "timeline")
  union all
  select account_id, resolved_on as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 1 as "tickets_resolved", case when is_first_contact_resolution then 1 else 0 end as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", 0 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", 0 as "open_billing_tickets" from tickets where resolved_on is not null and resolved_on <= (select data_through from "timeline")
  union all
  select account_id, coalesce(resolved_on, opened_on) as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", cast(csat as decimal(38, 9)) as "csat_sum_90d", 1 as "csat_count_90d", 0 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", 0 as "open_billing_tickets" from tickets where csat is not null and coalesce(resolved_on, opened_on) <= (select data_through from "timeline")
  union all
  select account_id, (coalesce(resolved_on, opened_on) + cast(90 as integer)) as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", 0 - cast(csat as decimal(38, 9)) as "csat_sum_90d", -1 as "csat_count_90d", 0 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", 0 as "open_billing_tickets" from tickets where csat is not null and (coalesce(resolved_on, opened_on) + cast(90 as integer)) <= (select data_through from "timeline")
  union all
  select account_id, open_from as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", 1 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", case when is_billing then 1 else 0 end as "open_billing_tickets" from spells where true and open_from <= (select data_through from "timeline")
  union all
  select account_id, open_to as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", -1 as "open_tickets", 0 as "overdue_tickets", 0 as "overdue_urgent_tickets", case when is_billing then -1 else 0 end as "open_billing_tickets" from spells where open_to is not null and open_to <= (select data_through from "timeline")
  union all
  select account_id, open_from as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", 0 as "open_tickets", 1 as "overdue_tickets", case when is_urgent then 1 else 0 end as "overdue_urgent_tickets", 0 as "open_billing_tickets" from overdue where true and open_from <= (select data_through from "timeline")
  union all
  select account_id, open_to as day, 0 as "tickets_opened", 0 as "tickets_timed", 0 as "replied_within_24h", 0 as "escalations", 0 as "tickets_resolved", 0 as "first_contact_resolutions", 0 as "tickets_opened_28d", 0 as "escalations_28d", 0 as "timed_28d", 0 as "replied_28d", cast(0 as decimal(38, 9)) as "csat_sum_90d", 0 as "csat_count_90d", 0 as "open_tickets", -1 as "overdue_tickets", case when is_urgent then -1 else 0 end as "overdue_urgent_tickets", 0 as "open_billing_tickets" from overdue where open_to is not null and open_to <= (select data_through from "timeline")
) as steps
group by account_id, day
  ) as changes
  where ("tickets_opened" <> 0 or "tickets_timed" <> 0 or "replied_within_24h" <> 0 or "escalations" <> 0 or "tickets_resolved" <> 0 or "first_contact_resolutions" <> 0 or "tickets_opened_28d" <> 0 or "escalations_28d" <> 0 or "timed_28d" <> 0 or "replied_28d" <> 0 or "csat_sum_90d" <> 0 or "csat_count_90d" <> 0 or "open_tickets" <> 0 or "overdue_tickets" <> 0 or "overdue_urgent_tickets" <> 0 or "open_billing_tickets" <> 0)
),
levels as (
  select
    account_id,
    day,
    "tickets_opened",
    "tickets_timed",
    "replied_within_24h",
    "escalations",
    "tickets_resolved",
    "first_contact_resolutions",
    cast(sum(cast("tickets_opened_28d" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "tickets_opened_28d",
    cast(sum(cast("escalations_28d" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "escalations_28d",
    cast(sum(cast("timed_28d" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "timed_28d",
    cast(sum(cast("replied_28d" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "replied_28d",
    sum("csat_sum_90d") over (partition by account_id order by day rows between unbounded preceding and current row) as "csat_sum_90d",
    cast(sum(cast("csat_count_90d" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "csat_count_90d",
    cast(sum(cast("open_tickets" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "open_tickets",
    cast(sum(cast("overdue_tickets" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "overdue_tickets",
    cast(sum(cast("overdue_urgent_tickets" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "overdue_urgent_tickets",
    cast(sum(cast("open_billing_tickets" as double)) over (partition by account_id order by day rows between unbounded preceding and current row) as bigint) as "open_billing_tickets",
    coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
  from (
    select account_id, day, "tickets_opened", "tickets_timed", "replied_within_24h", "escalations", "tickets_resolved", "first_contact_resolutions", "tickets_opened_28d", "escalations_28d", "timed_28d", "replied_28d", "csat_sum_90d", "csat_count_90d", "open_tickets", "overdue_tickets", "overdue_urgent_tickets", "open_billing_tickets" from changes
  ) as changes
)
select account_id, day, "tickets_opened", "tickets_timed", "replied_within_24h", "escalations", "tickets_resolved", "first_contact_resolutions", "tickets_opened_28d", "escalations_28d", "timed_28d", "replied_28d", "csat_sum_90d", "csat_count_90d", "open_tickets", "overdue_tickets", "overdue_urgent_tickets", "open_billing_tickets" from levels
union all
select account_id, day, 0, 0, 0, 0, 0, 0, "tickets_opened_28d", "escalations_28d", "timed_28d", "replied_28d", "csat_sum_90d", "csat_count_90d", "open_tickets", "overdue_tickets", "overdue_urgent_tickets", "open_billing_tickets"
from (
  select account_id, day as _since, "tickets_opened_28d", "escalations_28d", "timed_28d", "replied_28d", "csat_sum_90d", "csat_count_90d", "open_tickets", "overdue_tickets", "overdue_urgent_tickets", "open_billing_tickets", _next_day
  from levels as spans
) as spans
cross join lateral (select cast(unnest(generate_series(cast(cast(date_trunc('month', _since) as date) + to_months(cast(1 as integer)) as date), case when not ((_next_day + cast(-1 as integer)) is null or (select data_through from "timeline") is null) then least((_next_day + cast(-1 as integer)), (select data_through from "timeline")) end, interval 1 month)) as date) as day) as months
