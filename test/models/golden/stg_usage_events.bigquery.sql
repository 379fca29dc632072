with repeated_keys as (
  select key
  from (select coalesce(nullif(trim(c.`event_id`, ' 	\n\r '), ''), '') as key from (select `id` as `event_id`, `org` as `account_id`, `uid` as `user_id`, `visit` as `session_id`, `what` as `event`, `feature` as `feature`, `times` as `quantity`, `at` as `occurred_at`, `loaded` as `loaded_at` from `raw`.`clicks`) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `event_id`, `account_id`, `user_id`, `session_id`, `event`, `feature`, `quantity`, `occurred_at`,
    min(loaded_at) as loaded_at,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `id` as `event_id`, `org` as `account_id`, `uid` as `user_id`, `visit` as `session_id`, `what` as `event`, `feature` as `feature`, `times` as `quantity`, `at` as `occurred_at`, `loaded` as `loaded_at` from `raw`.`clicks`) as c
  where coalesce(nullif(trim(c.`event_id`, ' 	\n\r '), ''), '') in (select key from repeated_keys)
  group by `event_id`, `account_id`, `user_id`, `session_id`, `event`, `feature`, `quantity`, `occurred_at`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `id` as `event_id`, `org` as `account_id`, `uid` as `user_id`, `visit` as `session_id`, `what` as `event`, `feature` as `feature`, `times` as `quantity`, `at` as `occurred_at`, `loaded` as `loaded_at` from `raw`.`clicks`) as c
  where coalesce(nullif(trim(c.`event_id`, ' 	\n\r '), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `event_id`, `account_id`, `contract_id`, `user_id`, `session_id`, `event`, `feature`, `quantity`, `occurred_at`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `event_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `contract_id` asc nulls first, `user_id` asc nulls first, `session_id` asc nulls first, `event` asc nulls first, `feature` asc nulls first, `quantity` asc nulls first, `occurred_at` asc nulls first
    ) as occurrence,
    count(*) over (partition by `event_id`) as rows_with_id
  from (
  select
    c.`event_id` as `event_id`,
    c.`account_id` as `account_id`,
    cast(null as string) as `contract_id`,
    c.`user_id` as `user_id`,
    c.`session_id` as `session_id`,
    c.`event` as `event`,
    c.`feature` as `feature`,
    case when c.`quantity` < 0 then null else c.`quantity` end as `quantity`,
    c.`occurred_at` as `occurred_at`,
    c.`loaded_at` as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`event_id_is_given`) then 'missing_event_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`occurred_at_is_given`) then 'missing_occurred_at' end, case when c.`occurred_at_is_given` and c.`occurred_at` is null then 'unreadable_occurred_at' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`quantity` < 0 then 'out_of_range_quantity' end, case when c.`loaded_at_is_given` and c.`loaded_at` is null then 'unreadable_loaded_at' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`event_id`, ' 	\n\r '), '') as `event_id`,
    nullif(trim(c.`event_id`, ' 	\n\r '), '') is not null as `event_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`session_id`, ' 	\n\r '), '') as `session_id`,
    nullif(trim(c.`session_id`, ' 	\n\r '), '') is not null as `session_id_is_given`,
    nullif(trim(c.`event`, ' 	\n\r '), '') as `event`,
    nullif(trim(c.`event`, ' 	\n\r '), '') is not null as `event_is_given`,
    nullif(trim(c.`feature`, ' 	\n\r '), '') as `feature`,
    nullif(trim(c.`feature`, ' 	\n\r '), '') is not null as `feature_is_given`,
    cast(c.`quantity` as int64) as `quantity`,
    c.`quantity` is not null as `quantity_is_given`,
    cast(c.`occurred_at` as timestamp) as `occurred_at`,
    c.`occurred_at` is not null as `occurred_at_is_given`,
    cast(c.`loaded_at` as timestamp) as `loaded_at`,
    c.`loaded_at` is not null as `loaded_at_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `event_id`, `account_id`, `contract_id`, `user_id`, `session_id`, `event`, `feature`, `quantity`, `occurred_at`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`event_id` as `event_id`,
    c.`account_id` as `account_id`,
    cast(null as string) as `contract_id`,
    c.`user_id` as `user_id`,
    c.`session_id` as `session_id`,
    c.`event` as `event`,
    c.`feature` as `feature`,
    case when c.`quantity` < 0 then null else c.`quantity` end as `quantity`,
    c.`occurred_at` as `occurred_at`,
    c.`loaded_at` as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`event_id_is_given`) then 'missing_event_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`occurred_at_is_given`) then 'missing_occurred_at' end, case when c.`occurred_at_is_given` and c.`occurred_at` is null then 'unreadable_occurred_at' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`quantity` < 0 then 'out_of_range_quantity' end, case when c.`loaded_at_is_given` and c.`loaded_at` is null then 'unreadable_loaded_at' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`event_id`, ' 	\n\r '), '') as `event_id`,
    nullif(trim(c.`event_id`, ' 	\n\r '), '') is not null as `event_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`session_id`, ' 	\n\r '), '') as `session_id`,
    nullif(trim(c.`session_id`, ' 	\n\r '), '') is not null as `session_id_is_given`,
    nullif(trim(c.`event`, ' 	\n\r '), '') as `event`,
    nullif(trim(c.`event`, ' 	\n\r '), '') is not null as `event_is_given`,
    nullif(trim(c.`feature`, ' 	\n\r '), '') as `feature`,
    nullif(trim(c.`feature`, ' 	\n\r '), '') is not null as `feature_is_given`,
    cast(c.`quantity` as int64) as `quantity`,
    c.`quantity` is not null as `quantity_is_given`,
    cast(c.`occurred_at` as timestamp) as `occurred_at`,
    c.`occurred_at` is not null as `occurred_at_is_given`,
    cast(c.`loaded_at` as timestamp) as `loaded_at`,
    c.`loaded_at` is not null as `loaded_at_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r.`event_id` as `event_id`,
    r.account_id as `account_id`,
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
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when date(r.`occurred_at`, 'Europe/Berlin') < a.created_on then 'before_account' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values, case when r.rows_with_id > 1 then 'id_collision' end], ', '), '') as unusual
  from numbered as r
  left join `accounts` as a on a.account_id = r.account_id
)
select
  `event_id`, `account_id`, `contract_id`, `user_id`, `session_id`, `event`, `feature`, `quantity`, `occurred_at`, `loaded_at`,
  day,
  case when quantity is not null then quantity when strpos(unusual, '_quantity') > 0 then null else 1 end as `counts_for`,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`event_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
