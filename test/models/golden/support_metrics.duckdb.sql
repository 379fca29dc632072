with tickets as (
  select
    account_id,
    coalesce(channel, 'unknown') as channel,
    day as opened_on,
    first_replied_on as replied_on,
    resolved_on,
    data_through,
    is_timed and day < data_through as is_reply_due,
    coalesce(first_reply_hours <= 24e0, false) as is_replied_within_24h,
    first_reply_hours,
    is_first_contact_resolution,
    wait_seconds,
    is_abandoned,
    is_delight,
    csat
  from "stg_tickets"
  cross join "timeline"
  where is_usable
),
recent as (
  select t.*
  from tickets as t
)
select
  account_id,
  day,
  "channel",
  cast(sum(cast("tickets_opened" as double)) as bigint) as "tickets_opened",
  cast(sum(cast("replies_due_24h" as double)) as bigint) as "replies_due_24h",
  cast(sum(cast("replied_within_24h" as double)) as bigint) as "replied_within_24h",
  cast(sum(cast("first_replies" as double)) as bigint) as "first_replies",
  sum("first_reply_hours_sum") as "first_reply_hours_sum",
  cast(sum(cast("tickets_resolved" as double)) as bigint) as "tickets_resolved",
  cast(sum(cast("resolved_with_replies_known" as double)) as bigint) as "resolved_with_replies_known",
  cast(sum(cast("first_contact_resolutions" as double)) as bigint) as "first_contact_resolutions",
  cast(sum(cast("live_contacts" as double)) as bigint) as "live_contacts",
  cast(sum(cast("waits_known" as double)) as bigint) as "waits_known",
  cast(sum(cast("delayed" as double)) as bigint) as "delayed",
  cast(sum(cast("abandonments_known" as double)) as bigint) as "abandonments_known",
  cast(sum(cast("abandoned" as double)) as bigint) as "abandoned",
  cast(sum(cast("delights" as double)) as bigint) as "delights",
  sum("csat_sum") as "csat_sum",
  cast(sum(cast("csat_count" as double)) as bigint) as "csat_count"
from (
  select account_id, opened_on as day, "channel", 1 as "tickets_opened", case when is_reply_due then 1 else 0 end as "replies_due_24h", case when is_reply_due and is_replied_within_24h then 1 else 0 end as "replied_within_24h", 0 as "first_replies", 0e0 as "first_reply_hours_sum", 0 as "tickets_resolved", 0 as "resolved_with_replies_known", 0 as "first_contact_resolutions", case when wait_seconds is not null or is_abandoned is not null then 1 else 0 end as "live_contacts", case when wait_seconds is not null then 1 else 0 end as "waits_known", case when wait_seconds > 300 then 1 else 0 end as "delayed", case when is_abandoned is not null then 1 else 0 end as "abandonments_known", case when is_abandoned then 1 else 0 end as "abandoned", case when is_delight then 1 else 0 end as "delights", 0e0 as "csat_sum", 0 as "csat_count" from recent where opened_on <= data_through
  union all
  select account_id, replied_on as day, "channel", 0 as "tickets_opened", 0 as "replies_due_24h", 0 as "replied_within_24h", 1 as "first_replies", first_reply_hours as "first_reply_hours_sum", 0 as "tickets_resolved", 0 as "resolved_with_replies_known", 0 as "first_contact_resolutions", 0 as "live_contacts", 0 as "waits_known", 0 as "delayed", 0 as "abandonments_known", 0 as "abandoned", 0 as "delights", 0e0 as "csat_sum", 0 as "csat_count" from recent where first_reply_hours is not null and replied_on <= data_through
  union all
  select account_id, resolved_on as day, "channel", 0 as "tickets_opened", 0 as "replies_due_24h", 0 as "replied_within_24h", 0 as "first_replies", 0e0 as "first_reply_hours_sum", 1 as "tickets_resolved", case when is_first_contact_resolution is not null then 1 else 0 end as "resolved_with_replies_known", case when is_first_contact_resolution then 1 else 0 end as "first_contact_resolutions", 0 as "live_contacts", 0 as "waits_known", 0 as "delayed", 0 as "abandonments_known", 0 as "abandoned", 0 as "delights", 0e0 as "csat_sum", 0 as "csat_count" from recent where resolved_on <= data_through
  union all
  select account_id, coalesce(resolved_on, opened_on) as day, "channel", 0 as "tickets_opened", 0 as "replies_due_24h", 0 as "replied_within_24h", 0 as "first_replies", 0e0 as "first_reply_hours_sum", 0 as "tickets_resolved", 0 as "resolved_with_replies_known", 0 as "first_contact_resolutions", 0 as "live_contacts", 0 as "waits_known", 0 as "delayed", 0 as "abandonments_known", 0 as "abandoned", 0 as "delights", csat as "csat_sum", 1 as "csat_count" from recent where csat is not null and coalesce(resolved_on, opened_on) <= data_through
) as steps
group by account_id, day, "channel"
