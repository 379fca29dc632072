with repeated_keys as (
  select key
  from (select coalesce(nullif(trim(c.`account_id`, ' 	\n\r '), ''), '') as key from (select `Account Nr` as `account_id`, `Größe und Name` as `name`, `Since` as `created_on`, case cast(`Order` as string) when '1' then 'enterprise' when '2' then 'mid' when '3' then 'small' else cast(`Order` as string) end as `segment`, `region` as `region`, `csm` as `owner`, `_synced` as `loaded_at`, `industry` as `attribute_industry`, `employees` as `attribute_employees` from `raw`.`crm-accounts`) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `attribute_industry`, `attribute_employees`,
    max(loaded_at) as loaded_at,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `Account Nr` as `account_id`, `Größe und Name` as `name`, `Since` as `created_on`, case cast(`Order` as string) when '1' then 'enterprise' when '2' then 'mid' when '3' then 'small' else cast(`Order` as string) end as `segment`, `region` as `region`, `csm` as `owner`, `_synced` as `loaded_at`, `industry` as `attribute_industry`, `employees` as `attribute_employees` from `raw`.`crm-accounts`) as c
  where coalesce(nullif(trim(c.`account_id`, ' 	\n\r '), ''), '') in (select key from repeated_keys)
  group by `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `attribute_industry`, `attribute_employees`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `Account Nr` as `account_id`, `Größe und Name` as `name`, `Since` as `created_on`, case cast(`Order` as string) when '1' then 'enterprise' when '2' then 'mid' when '3' then 'small' else cast(`Order` as string) end as `segment`, `region` as `region`, `csm` as `owner`, `_synced` as `loaded_at`, `industry` as `attribute_industry`, `employees` as `attribute_employees` from `raw`.`crm-accounts`) as c
  where coalesce(nullif(trim(c.`account_id`, ' 	\n\r '), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `loaded_at`, `attribute_industry`, `attribute_employees`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `account_id`
      order by loaded_at desc nulls last, `name` asc nulls first, `created_on` asc nulls first, `segment` asc nulls first, `region` asc nulls first, `owner` asc nulls first, `attribute_industry` asc nulls first, `attribute_employees` asc nulls first
    ) as occurrence,
    count(*) over (partition by `account_id`) as rows_with_id
  from (
  select
    c.`account_id` as `account_id`,
    c.`name` as `name`,
    case when c.`created_on` < date '1900-01-01' then null else c.`created_on` end as `created_on`,
    c.`segment` as `segment`,
    c.`region` as `region`,
    c.`owner` as `owner`,
    c.`loaded_at` as `loaded_at`,
    c.`attribute_industry` as `attribute_industry`,
    c.`attribute_employees` as `attribute_employees`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`account_id_is_given`) then 'missing_account_id' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`created_on_is_given` and c.`created_on` is null then 'unreadable_created_on' end, case when c.`created_on` < date '1900-01-01' then 'out_of_range_created_on' end, case when c.`loaded_at_is_given` and c.`loaded_at` is null then 'unreadable_loaded_at' end, case when c.`attribute_employees_is_given` and c.`attribute_employees` is null then 'unreadable_attribute_employees' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    nullif(trim(c.`name`, ' 	\n\r '), '') is not null as `name_is_given`,
    date(safe.parse_timestamp('%d.%m.%Y', nullif(trim(c.`created_on`, ' 	\n\r '), ''), 'UTC')) as `created_on`,
    nullif(trim(c.`created_on`, ' 	\n\r '), '') is not null as `created_on_is_given`,
    nullif(trim(c.`segment`, ' 	\n\r '), '') as `segment`,
    nullif(trim(c.`segment`, ' 	\n\r '), '') is not null as `segment_is_given`,
    nullif(trim(c.`region`, ' 	\n\r '), '') as `region`,
    nullif(trim(c.`region`, ' 	\n\r '), '') is not null as `region_is_given`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') as `owner`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') is not null as `owner_is_given`,
    cast(c.`loaded_at` as timestamp) as `loaded_at`,
    c.`loaded_at` is not null as `loaded_at_is_given`,
    nullif(trim(c.`attribute_industry`, ' 	\n\r '), '') as `attribute_industry`,
    nullif(trim(c.`attribute_industry`, ' 	\n\r '), '') is not null as `attribute_industry_is_given`,
    case when abs(c.`attribute_employees`) < 9e15 and c.`attribute_employees` = trunc(c.`attribute_employees`) then cast(safe_cast(c.`attribute_employees` as int64) as string) else cast(c.`attribute_employees` as string) end as `attribute_employees`,
    c.`attribute_employees` is not null as `attribute_employees_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `loaded_at`, `attribute_industry`, `attribute_employees`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`account_id` as `account_id`,
    c.`name` as `name`,
    case when c.`created_on` < date '1900-01-01' then null else c.`created_on` end as `created_on`,
    c.`segment` as `segment`,
    c.`region` as `region`,
    c.`owner` as `owner`,
    c.`loaded_at` as `loaded_at`,
    c.`attribute_industry` as `attribute_industry`,
    c.`attribute_employees` as `attribute_employees`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`account_id_is_given`) then 'missing_account_id' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`created_on_is_given` and c.`created_on` is null then 'unreadable_created_on' end, case when c.`created_on` < date '1900-01-01' then 'out_of_range_created_on' end, case when c.`loaded_at_is_given` and c.`loaded_at` is null then 'unreadable_loaded_at' end, case when c.`attribute_employees_is_given` and c.`attribute_employees` is null then 'unreadable_attribute_employees' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    nullif(trim(c.`name`, ' 	\n\r '), '') is not null as `name_is_given`,
    date(safe.parse_timestamp('%d.%m.%Y', nullif(trim(c.`created_on`, ' 	\n\r '), ''), 'UTC')) as `created_on`,
    nullif(trim(c.`created_on`, ' 	\n\r '), '') is not null as `created_on_is_given`,
    nullif(trim(c.`segment`, ' 	\n\r '), '') as `segment`,
    nullif(trim(c.`segment`, ' 	\n\r '), '') is not null as `segment_is_given`,
    nullif(trim(c.`region`, ' 	\n\r '), '') as `region`,
    nullif(trim(c.`region`, ' 	\n\r '), '') is not null as `region_is_given`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') as `owner`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') is not null as `owner_is_given`,
    cast(c.`loaded_at` as timestamp) as `loaded_at`,
    c.`loaded_at` is not null as `loaded_at_is_given`,
    nullif(trim(c.`attribute_industry`, ' 	\n\r '), '') as `attribute_industry`,
    nullif(trim(c.`attribute_industry`, ' 	\n\r '), '') is not null as `attribute_industry_is_given`,
    case when abs(c.`attribute_employees`) < 9e15 and c.`attribute_employees` = trunc(c.`attribute_employees`) then cast(safe_cast(c.`attribute_employees` as int64) as string) else cast(c.`attribute_employees` as string) end as `attribute_employees`,
    c.`attribute_employees` is not null as `attribute_employees_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r.account_id as `account_id`,
    r.`name` as `name`,
    r.`created_on` as `created_on`,
    r.`segment` as `segment`,
    r.`region` as `region`,
    r.`owner` as `owner`,
    r.`loaded_at` as `loaded_at`,
    r.`attribute_industry` as `attribute_industry`,
    r.`attribute_employees` as `attribute_employees`,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'superseded' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values], ', '), '') as unusual
  from numbered as r
)
select
  `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `loaded_at`, `attribute_industry`, `attribute_employees`,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`account_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
