with repeated_keys as (
  select key
  from (select coalesce(nullif(trim(c.`outcome_id`, ' 	\n\r '), ''), '') as key from (select `id` as `outcome_id`, `org` as `account_id`, `win` as `name`, `worth` as `value`, `unit` as `unit`, `at` as `confirmed_at` from `raw`.`wins`) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `outcome_id`, `account_id`, `name`, `value`, `unit`, `confirmed_at`,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `id` as `outcome_id`, `org` as `account_id`, `win` as `name`, `worth` as `value`, `unit` as `unit`, `at` as `confirmed_at` from `raw`.`wins`) as c
  where coalesce(nullif(trim(c.`outcome_id`, ' 	\n\r '), ''), '') in (select key from repeated_keys)
  group by `outcome_id`, `account_id`, `name`, `value`, `unit`, `confirmed_at`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `id` as `outcome_id`, `org` as `account_id`, `win` as `name`, `worth` as `value`, `unit` as `unit`, `at` as `confirmed_at` from `raw`.`wins`) as c
  where coalesce(nullif(trim(c.`outcome_id`, ' 	\n\r '), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `outcome_id`, `account_id`, `name`, `value`, `unit`, `confirmed_at`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `outcome_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `name` asc nulls first, `value` asc nulls first, `unit` asc nulls first, `confirmed_at` asc nulls first
    ) as occurrence,
    count(*) over (partition by `outcome_id`) as rows_with_id
  from (
  select
    c.`outcome_id` as `outcome_id`,
    c.`account_id` as `account_id`,
    c.`name` as `name`,
    c.`value` as `value`,
    c.`unit` as `unit`,
    c.`confirmed_at` as `confirmed_at`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`outcome_id_is_given`) then 'missing_outcome_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`confirmed_at_is_given`) then 'missing_confirmed_at' end, case when c.`confirmed_at_is_given` and c.`confirmed_at` is null then 'unreadable_confirmed_at' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`value_is_given` and c.`value` is null then 'unreadable_value' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`outcome_id`, ' 	\n\r '), '') as `outcome_id`,
    nullif(trim(c.`outcome_id`, ' 	\n\r '), '') is not null as `outcome_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    nullif(trim(c.`name`, ' 	\n\r '), '') is not null as `name_is_given`,
    case when regexp_contains(nullif(trim(c.`value`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`value`, ' 	\n\r '), '') as float64) end as `value`,
    nullif(trim(c.`value`, ' 	\n\r '), '') is not null as `value_is_given`,
    nullif(trim(c.`unit`, ' 	\n\r '), '') as `unit`,
    nullif(trim(c.`unit`, ' 	\n\r '), '') is not null as `unit_is_given`,
    cast(c.`confirmed_at` as timestamp) as `confirmed_at`,
    c.`confirmed_at` is not null as `confirmed_at_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `outcome_id`, `account_id`, `name`, `value`, `unit`, `confirmed_at`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`outcome_id` as `outcome_id`,
    c.`account_id` as `account_id`,
    c.`name` as `name`,
    c.`value` as `value`,
    c.`unit` as `unit`,
    c.`confirmed_at` as `confirmed_at`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`outcome_id_is_given`) then 'missing_outcome_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`confirmed_at_is_given`) then 'missing_confirmed_at' end, case when c.`confirmed_at_is_given` and c.`confirmed_at` is null then 'unreadable_confirmed_at' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`value_is_given` and c.`value` is null then 'unreadable_value' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`outcome_id`, ' 	\n\r '), '') as `outcome_id`,
    nullif(trim(c.`outcome_id`, ' 	\n\r '), '') is not null as `outcome_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    nullif(trim(c.`name`, ' 	\n\r '), '') is not null as `name_is_given`,
    case when regexp_contains(nullif(trim(c.`value`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`value`, ' 	\n\r '), '') as float64) end as `value`,
    nullif(trim(c.`value`, ' 	\n\r '), '') is not null as `value_is_given`,
    nullif(trim(c.`unit`, ' 	\n\r '), '') as `unit`,
    nullif(trim(c.`unit`, ' 	\n\r '), '') is not null as `unit_is_given`,
    cast(c.`confirmed_at` as timestamp) as `confirmed_at`,
    c.`confirmed_at` is not null as `confirmed_at_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r.`outcome_id` as `outcome_id`,
    r.account_id as `account_id`,
    r.`name` as `name`,
    r.`value` as `value`,
    r.`unit` as `unit`,
    r.`confirmed_at` as `confirmed_at`,
    r.`loaded_at` as `loaded_at`,
    date(r.`confirmed_at`, 'Europe/Berlin') as day,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when date(r.`confirmed_at`, 'Europe/Berlin') < a.created_on then 'before_account' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values], ', '), '') as unusual
  from numbered as r
  left join `accounts` as a on a.account_id = r.account_id
)
select
  `outcome_id`, `account_id`, `name`, `value`, `unit`, `confirmed_at`, `loaded_at`,
  day,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`outcome_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
