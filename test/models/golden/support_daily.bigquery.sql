with dated as (
  select
    account_id,
    day as opened_on,
    resolved_on,
    case when reopened_at >= resolved_at then greatest(reopened_on, day) end as reopened_on,
    coalesce(priority = 'urgent', false) as is_urgent,
    coalesce(category = 'billing', false) as is_billing,
    is_timed,
    coalesce(first_reply_hours <= 24e0, false) as is_replied_within_24h,
    coalesce(is_escalated, false) as is_escalated,
    coalesce(is_first_contact_resolution, false) as is_first_contact_resolution,
    csat
  from `stg_tickets`
  where is_usable
),
tickets as (
  select d.*
  from dated as d
),
spells as (
  select opened_on as open_from, greatest(resolved_on, opened_on) as open_to, is_urgent, is_billing, account_id
  from tickets
  union all
  select reopened_on, cast(null as date), is_urgent, is_billing, account_id
  from tickets
  where reopened_on is not null
),
overdue as (
  select account_id, date_add(least(open_from, date '9999-12-24'), interval 7 day) as open_from, open_to, is_urgent
  from spells
  where open_to is null or open_to > date_add(least(open_from, date '9999-12-24'), interval 7 day)
),
changes as (
  select changes.account_id as account_id, day, `tickets_opened`, `tickets_timed`, `replied_within_24h`, `escalations`, `tickets_resolved`, `first_contact_resolutions`, `tickets_opened_28d`, `escalations_28d`, `timed_28d`, `replied_28d`, `csat_sum_90d`, `csat_count_90d`, `open_tickets`, `overdue_tickets`, `overdue_urgent_tickets`, `open_billing_tickets`
  from (
select
  account_id,
  day,
  sum(`tickets_opened`) as `tickets_opened`,
  sum(`tickets_timed`) as `tickets_timed`,
  sum(`replied_within_24h`) as `replied_within_24h`,
  sum(`escalations`) as `escalations`,
  sum(`tickets_resolved`) as `tickets_resolved`,
  sum(`first_contact_resolutions`) as `first_contact_resolutions`,
  sum(`tickets_opened_28d`) as `tickets_opened_28d`,
  sum(`escalations_28d`) as `escalations_28d`,
  sum(`timed_28d`) as `timed_28d`,
  sum(`replied_28d`) as `replied_28d`,
  sum(`csat_sum_90d`) as `csat_sum_90d`,
  sum(`csat_count_90d`) as `csat_count_90d`,
  sum(`open_tickets`) as `open_tickets`,
  sum(`overdue_tickets`) as `overdue_tickets`,
  sum(`overdue_urgent_tickets`) as `overdue_urgent_tickets`,
  sum(`open_billing_tickets`) as `open_billing_tickets`
from (
  select account_id, opened_on as day, 1 as `tickets_opened`, case when is_timed then 1 else 0 end as `tickets_timed`, case when is_timed and is_replied_within_24h then 1 else 0 end as `replied_within_24h`, case when is_escalated then 1 else 0 end as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 1 as `tickets_opened_28d`, case when is_escalated then 1 else 0 end as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, 0 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from tickets where true and opened_on <= (select data_through from `timeline`)
  union all
  select account_id, date_add(least(opened_on, date '9999-12-30'), interval 1 day) as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 1 as `timed_28d`, case when is_replied_within_24h then 1 else 0 end as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, 0 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from tickets where is_timed and date_add(least(opened_on, date '9999-12-30'), interval 1 day) <= (select data_through from `timeline`)
  union all
  select account_id, date_add(least(opened_on, date '9999-12-03'), interval 28 day) as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, -1 as `tickets_opened_28d`, case when is_escalated then -1 else 0 end as `escalations_28d`, case when is_timed then -1 else 0 end as `timed_28d`, case when is_timed and is_replied_within_24h then -1 else 0 end as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, 0 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from tickets where true and date_add(least(opened_on, date '9999-12-03'), interval 28 day) <= (select data_through from `timeline`)
  union all
  select account_id, resolved_on as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 1 as `tickets_resolved`, case when is_first_contact_resolution then 1 else 0 end as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, 0 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from tickets where resolved_on is not null and resolved_on <= (select data_through from `timeline`)
  union all
  select account_id, coalesce(resolved_on, opened_on) as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, cast(csat as numeric) as `csat_sum_90d`, 1 as `csat_count_90d`, 0 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from tickets where csat is not null and coalesce(resolved_on, opened_on) <= (select data_through from `timeline`)
  union all
  select account_id, date_add(least(coalesce(resolved_on, opened_on), date '9999-10-02'), interval 90 day) as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, 0 - cast(csat as numeric) as `csat_sum_90d`, -1 as `csat_count_90d`, 0 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from tickets where csat is not null and date_add(least(coalesce(resolved_on, opened_on), date '9999-10-02'), interval 90 day) <= (select data_through from `timeline`)
  union all
  select account_id, open_from as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, 1 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, case when is_billing then 1 else 0 end as `open_billing_tickets` from spells where true and open_from <= (select data_through from `timeline`)
  union all
  select account_id, open_to as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, -1 as `open_tickets`, 0 as `overdue_tickets`, 0 as `overdue_urgent_tickets`, case when is_billing then -1 else 0 end as `open_billing_tickets` from spells where open_to is not null and open_to <= (select data_through from `timeline`)
  union all
  select account_id, open_from as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, 0 as `open_tickets`, 1 as `overdue_tickets`, case when is_urgent then 1 else 0 end as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from overdue where true and open_from <= (select data_through from `timeline`)
  union all
  select account_id, open_to as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0 as `tickets_opened_28d`, 0 as `escalations_28d`, 0 as `timed_28d`, 0 as `replied_28d`, cast(0 as numeric) as `csat_sum_90d`, 0 as `csat_count_90d`, 0 as `open_tickets`, -1 as `overdue_tickets`, case when is_urgent then -1 else 0 end as `overdue_urgent_tickets`, 0 as `open_billing_tickets` from overdue where open_to is not null and open_to <= (select data_through from `timeline`)
) as steps
group by account_id, day
  ) as changes
  where (`tickets_opened` <> 0 or `tickets_timed` <> 0 or `replied_within_24h` <> 0 or `escalations` <> 0 or `tickets_resolved` <> 0 or `first_contact_resolutions` <> 0 or `tickets_opened_28d` <> 0 or `escalations_28d` <> 0 or `timed_28d` <> 0 or `replied_28d` <> 0 or `csat_sum_90d` <> 0 or `csat_count_90d` <> 0 or `open_tickets` <> 0 or `overdue_tickets` <> 0 or `overdue_urgent_tickets` <> 0 or `open_billing_tickets` <> 0)
),
levels as (
  select
    account_id,
    day,
    `tickets_opened`,
    `tickets_timed`,
    `replied_within_24h`,
    `escalations`,
    `tickets_resolved`,
    `first_contact_resolutions`,
    sum(`tickets_opened_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `tickets_opened_28d`,
    sum(`escalations_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `escalations_28d`,
    sum(`timed_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `timed_28d`,
    sum(`replied_28d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `replied_28d`,
    sum(`csat_sum_90d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `csat_sum_90d`,
    sum(`csat_count_90d`) over (partition by account_id order by day rows between unbounded preceding and current row) as `csat_count_90d`,
    sum(`open_tickets`) over (partition by account_id order by day rows between unbounded preceding and current row) as `open_tickets`,
    sum(`overdue_tickets`) over (partition by account_id order by day rows between unbounded preceding and current row) as `overdue_tickets`,
    sum(`overdue_urgent_tickets`) over (partition by account_id order by day rows between unbounded preceding and current row) as `overdue_urgent_tickets`,
    sum(`open_billing_tickets`) over (partition by account_id order by day rows between unbounded preceding and current row) as `open_billing_tickets`,
    coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
  from (
    select account_id, day, `tickets_opened`, `tickets_timed`, `replied_within_24h`, `escalations`, `tickets_resolved`, `first_contact_resolutions`, `tickets_opened_28d`, `escalations_28d`, `timed_28d`, `replied_28d`, `csat_sum_90d`, `csat_count_90d`, `open_tickets`, `overdue_tickets`, `overdue_urgent_tickets`, `open_billing_tickets` from changes
  ) as changes
)
select account_id, day, `tickets_opened`, `tickets_timed`, `replied_within_24h`, `escalations`, `tickets_resolved`, `first_contact_resolutions`, `tickets_opened_28d`, `escalations_28d`, `timed_28d`, `replied_28d`, `csat_sum_90d`, `csat_count_90d`, `open_tickets`, `overdue_tickets`, `overdue_urgent_tickets`, `open_billing_tickets` from levels
union all
select account_id, day, 0, 0, 0, 0, 0, 0, `tickets_opened_28d`, `escalations_28d`, `timed_28d`, `replied_28d`, `csat_sum_90d`, `csat_count_90d`, `open_tickets`, `overdue_tickets`, `overdue_urgent_tickets`, `open_billing_tickets`
from (
  select account_id, day as _since, `tickets_opened_28d`, `escalations_28d`, `timed_28d`, `replied_28d`, `csat_sum_90d`, `csat_count_90d`, `open_tickets`, `overdue_tickets`, `overdue_urgent_tickets`, `open_billing_tickets`, _next_day
  from levels as spans
) as spans
cross join unnest(generate_date_array(date_add(date_trunc(_since, month), interval 1 month), least(date_add(_next_day, interval -1 day), (select data_through from `timeline`)), interval 1 month)) as day
