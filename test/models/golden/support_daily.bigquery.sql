with tickets as (
  select
    account_id,
    day as opened_on,
    date(resolved_at, 'Europe/Berlin') as resolved_on,
    case when reopened_at >= resolved_at then greatest(date(reopened_at, 'Europe/Berlin'), day) end as reopened_on,
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
spells as (
  select opened_on as open_from, greatest(resolved_on, opened_on) as open_to, is_urgent, is_billing, account_id
  from tickets
  union all
  select reopened_on, cast(null as date), is_urgent, is_billing, account_id
  from tickets
  where reopened_on is not null
),
overdue as (
  select account_id, date_add(open_from, interval 7 day) as open_from, open_to, is_urgent
  from spells
  where open_to is null or open_to > date_add(open_from, interval 7 day)
)
select
  account_id,
  day,
  sum(`tickets_opened`) as `tickets_opened`,
  sum(`tickets_timed`) as `tickets_timed`,
  sum(`replied_within_24h`) as `replied_within_24h`,
  sum(`escalations`) as `escalations`,
  sum(`tickets_resolved`) as `tickets_resolved`,
  sum(`first_contact_resolutions`) as `first_contact_resolutions`,
  sum(`csat_sum`) as `csat_sum`,
  sum(`csat_count`) as `csat_count`,
  sum(`open_change`) as `open_change`,
  sum(`overdue_change`) as `overdue_change`,
  sum(`overdue_urgent_change`) as `overdue_urgent_change`,
  sum(`open_billing_change`) as `open_billing_change`
from (
  select account_id, opened_on as day, 1 as `tickets_opened`, case when is_timed then 1 else 0 end as `tickets_timed`, case when is_timed and is_replied_within_24h then 1 else 0 end as `replied_within_24h`, case when is_escalated then 1 else 0 end as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0e0 as `csat_sum`, 0 as `csat_count`, 0 as `open_change`, 0 as `overdue_change`, 0 as `overdue_urgent_change`, 0 as `open_billing_change` from tickets where true
  union all
  select account_id, resolved_on as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 1 as `tickets_resolved`, case when is_first_contact_resolution then 1 else 0 end as `first_contact_resolutions`, 0e0 as `csat_sum`, 0 as `csat_count`, 0 as `open_change`, 0 as `overdue_change`, 0 as `overdue_urgent_change`, 0 as `open_billing_change` from tickets where resolved_on is not null
  union all
  select account_id, coalesce(resolved_on, opened_on) as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, csat as `csat_sum`, 1 as `csat_count`, 0 as `open_change`, 0 as `overdue_change`, 0 as `overdue_urgent_change`, 0 as `open_billing_change` from tickets where csat is not null
  union all
  select account_id, open_from as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0e0 as `csat_sum`, 0 as `csat_count`, 1 as `open_change`, 0 as `overdue_change`, 0 as `overdue_urgent_change`, case when is_billing then 1 else 0 end as `open_billing_change` from spells where true
  union all
  select account_id, open_to as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0e0 as `csat_sum`, 0 as `csat_count`, -1 as `open_change`, 0 as `overdue_change`, 0 as `overdue_urgent_change`, case when is_billing then -1 else 0 end as `open_billing_change` from spells where open_to is not null
  union all
  select account_id, open_from as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0e0 as `csat_sum`, 0 as `csat_count`, 0 as `open_change`, 1 as `overdue_change`, case when is_urgent then 1 else 0 end as `overdue_urgent_change`, 0 as `open_billing_change` from overdue where true
  union all
  select account_id, open_to as day, 0 as `tickets_opened`, 0 as `tickets_timed`, 0 as `replied_within_24h`, 0 as `escalations`, 0 as `tickets_resolved`, 0 as `first_contact_resolutions`, 0e0 as `csat_sum`, 0 as `csat_count`, 0 as `open_change`, -1 as `overdue_change`, case when is_urgent then -1 else 0 end as `overdue_urgent_change`, 0 as `open_billing_change` from overdue where open_to is not null
) as steps
group by account_id, day
