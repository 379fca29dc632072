with contents as (
  select
    `event_id`, `contract_id`, `user_id`, `event`, `feature`, `quantity`, `occurred_at`,
    count(*) as copies
  from (select `id` as `event_id`, `deal` as `contract_id`, `who` as `user_id`, `what` as `event`, `part` as `feature`, `times` as `quantity`, `at` as `occurred_at` from `clicks`) as raw_rows
  group by `event_id`, `contract_id`, `user_id`, `event`, `feature`, `quantity`, `occurred_at`
),
read_rows as (
  select
    nullif(trim(c.`event_id`, ' 	\n\r '), '') as `event_id`,
    cast(null as string) as `account_id`,
    nullif(trim(c.`contract_id`, ' 	\n\r '), '') as `contract_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    cast(null as string) as `session_id`,
    nullif(trim(c.`event`, ' 	\n\r '), '') as `event`,
    nullif(trim(c.`feature`, ' 	\n\r '), '') as `feature`,
    case when case when regexp_contains(nullif(trim(c.`quantity`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`quantity`, ' 	\n\r '), '') as int64) end < 0 then null else case when regexp_contains(nullif(trim(c.`quantity`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`quantity`, ' 	\n\r '), '') as int64) end end as `quantity`,
    case when regexp_contains(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}[T ]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})? ?(Z|[+-]\\d{2}(:?\\d{2})?))$') then safe_cast(regexp_replace(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), r'(\.\d{6})\d+', r'\1') as timestamp) when regexp_contains(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?)?)$') then timestamp(safe_cast(regexp_replace(if(length(nullif(trim(c.`occurred_at`, ' 	\n\r '), '')) = 16, concat(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), ':00'), nullif(trim(c.`occurred_at`, ' 	\n\r '), '')), r'(\.\d{6})\d+', r'\1') as datetime), 'Europe/Berlin') end as `occurred_at`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    nullif(array_to_string([case when not (nullif(trim(c.`event_id`, ' 	\n\r '), '') is not null) then 'missing_event_id' end, case when not (nullif(trim(c.`occurred_at`, ' 	\n\r '), '') is not null) then 'missing_occurred_at' end, case when nullif(trim(c.`occurred_at`, ' 	\n\r '), '') is not null and case when regexp_contains(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}[T ]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})? ?(Z|[+-]\\d{2}(:?\\d{2})?))$') then safe_cast(regexp_replace(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), r'(\.\d{6})\d+', r'\1') as timestamp) when regexp_contains(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?)?)$') then timestamp(safe_cast(regexp_replace(if(length(nullif(trim(c.`occurred_at`, ' 	\n\r '), '')) = 16, concat(nullif(trim(c.`occurred_at`, ' 	\n\r '), ''), ':00'), nullif(trim(c.`occurred_at`, ' 	\n\r '), '')), r'(\.\d{6})\d+', r'\1') as datetime), 'Europe/Berlin') end is null then 'unreadable_occurred_at' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when nullif(trim(c.`quantity`, ' 	\n\r '), '') is not null and case when regexp_contains(nullif(trim(c.`quantity`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`quantity`, ' 	\n\r '), '') as int64) end is null then 'unreadable_quantity' end, case when case when regexp_contains(nullif(trim(c.`quantity`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`quantity`, ' 	\n\r '), '') as int64) end < 0 then 'out_of_range_quantity' end], ', '), '') as unusual_values
  from contents as c
),
numbered as (
  select
    `event_id`, `account_id`, `contract_id`, `user_id`, `session_id`, `event`, `feature`, `quantity`, `occurred_at`, `loaded_at`,
    copies,
    unusable_values,
    unusual_values,
    row_number() over (
      partition by `event_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `contract_id` asc nulls first, `user_id` asc nulls first, `session_id` asc nulls first, `event` asc nulls first, `feature` asc nulls first, `quantity` asc nulls first, `occurred_at` asc nulls first
    ) as occurrence,
    count(*) over (partition by `event_id`) as rows_with_id
  from read_rows
),
judged as (
  select
    r.`event_id` as `event_id`,
    coalesce(r.account_id, k.account_id) as `account_id`,
    r.`contract_id` as `contract_id`,
    r.`user_id` as `user_id`,
    r.`session_id` as `session_id`,
    r.`event` as `event`,
    r.`feature` as `feature`,
    r.`quantity` as `quantity`,
    r.`occurred_at` as `occurred_at`,
    r.`loaded_at` as `loaded_at`,
    date(r.`occurred_at`, 'Europe/Berlin') as day,
    r.occurrence as occurrence,
    r.copies as copies,
    nullif(array_to_string([r.unusable_values, case when a.account_id is null and coalesce(r.account_id, k.account_id) is not null then 'unknown_account' end, case when date(r.`occurred_at`, 'Europe/Berlin') < a.created_on then 'before_account' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values, case when r.rows_with_id > 1 then 'id_collision' end, case when r.contract_id is not null and k.contract_id is null then 'unknown_contract' end, case when date(r.occurred_at, 'Europe/Berlin') < k.starts_on then 'before_contract' end], ', '), '') as unusual
  from numbered as r
  left join `stg_contracts` as k on k.contract_id = r.contract_id and k.occurrence = 1
  left join `accounts` as a on a.account_id = coalesce(r.account_id, k.account_id)
)
select
  `event_id`, `account_id`, `contract_id`, `user_id`, `session_id`, `event`, `feature`, `quantity`, `occurred_at`, `loaded_at`,
  day,
  occurrence,
  copies,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
