import { relation as ref, sql } from "../../warehouse/sql.js";
import type { Floor } from "./floor.js";

export const stgUsageEvents: Floor = {
  how: "ids seen once pass without grouping and windows, untrimmed; UTC days from microseconds, not by time zone",
  query: () => sql`
with twice as (
  -- Of hashes: an accidental pair only takes the longer way.
  select id from (select hash(event_id) as id from raw.product_events) as ids group by id having count(*) > 1
),
several as (
  select *, row_number() over (partition by event_id order by loaded_at desc) as occurrence, count(*) over (partition by event_id) as contents
  from (
    select event_id, account_id, user_id, session_id, event, feature, quantity, occurred_at, min(loaded_at) as loaded_at, count(*) as copies
    from raw.product_events
    where hash(event_id) in (select id from twice)
    group by all
  ) as by_content
),
every_event as (
  select event_id, account_id, user_id, session_id, event, feature, quantity, occurred_at, loaded_at, 1 as copies, 1 as occurrence, 1 as contents
  from raw.product_events
  where hash(event_id) not in (select id from twice)
  union all by name
  select * from several
)
select
  e.event_id, e.account_id, null as contract_id, user_id, session_id, event, feature, quantity, occurred_at, loaded_at,
  cast(make_timestamp(epoch_us(occurred_at)) as date) as day,
  coalesce(quantity, 1) as counts_for,
  occurrence,
  copies,
  nullif(concat_ws(', ',
    case when a.account_id is null then 'unknown_account' when cast(make_timestamp(epoch_us(occurred_at)) as date) < a.created_on then 'before_account' end,
    case when contents > 1 then 'id_collision' end), '') as defects,
  a.account_id is not null and cast(make_timestamp(epoch_us(occurred_at)) as date) >= a.created_on as is_usable
from every_event as e
left join ${ref("accounts")} as a on a.account_id = e.account_id`,
};
