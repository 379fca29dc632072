with repeated_keys as (
  select key
  from (select coalesce(cast(c.`touchpoint_id` as string), '') as key from (select `id` as `touchpoint_id`, `org` as `account_id`, `uid` as `user_id`, `kind` as `kind`, `day` as `happened_at`, `csm` as `owner` from `raw`.`meetings`) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `touchpoint_id`, `account_id`, `user_id`, `kind`, `happened_at`, `owner`,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `id` as `touchpoint_id`, `org` as `account_id`, `uid` as `user_id`, `kind` as `kind`, `day` as `happened_at`, `csm` as `owner` from `raw`.`meetings`) as c
  where coalesce(cast(c.`touchpoint_id` as string), '') in (select key from repeated_keys)
  group by `touchpoint_id`, `account_id`, `user_id`, `kind`, `happened_at`, `owner`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `id` as `touchpoint_id`, `org` as `account_id`, `uid` as `user_id`, `kind` as `kind`, `day` as `happened_at`, `csm` as `owner` from `raw`.`meetings`) as c
  where coalesce(cast(c.`touchpoint_id` as string), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `touchpoint_id`, `account_id`, `user_id`, `kind`, `happened_at`, `owner`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `touchpoint_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `user_id` asc nulls first, `kind` asc nulls first, `happened_at` asc nulls first, `owner` asc nulls first
    ) as occurrence,
    count(*) over (partition by `touchpoint_id`) as rows_with_id
  from (
  select
    c.`touchpoint_id` as `touchpoint_id`,
    c.`account_id` as `account_id`,
    c.`user_id` as `user_id`,
    c.`kind` as `kind`,
    c.`happened_at` as `happened_at`,
    c.`owner` as `owner`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`touchpoint_id_is_given`) then 'missing_touchpoint_id' end, case when c.`touchpoint_id_is_given` and c.`touchpoint_id` is null then 'unreadable_touchpoint_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`happened_at_is_given`) then 'missing_happened_at' end, case when c.`happened_at_is_given` and c.`happened_at` is null then 'unreadable_happened_at' end], ', '), '') as unusable_values,
    cast(null as string) as unusual_values
  from (
    select
      cast(c.`touchpoint_id` as string) as `touchpoint_id`,
    c.`touchpoint_id` is not null as `touchpoint_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`kind`, ' 	\n\r '), '') as `kind`,
    nullif(trim(c.`kind`, ' 	\n\r '), '') is not null as `kind_is_given`,
    timestamp(c.`happened_at`, 'Europe/Berlin') as `happened_at`,
    c.`happened_at` is not null as `happened_at_is_given`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') as `owner`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') is not null as `owner_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `touchpoint_id`, `account_id`, `user_id`, `kind`, `happened_at`, `owner`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`touchpoint_id` as `touchpoint_id`,
    c.`account_id` as `account_id`,
    c.`user_id` as `user_id`,
    c.`kind` as `kind`,
    c.`happened_at` as `happened_at`,
    c.`owner` as `owner`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`touchpoint_id_is_given`) then 'missing_touchpoint_id' end, case when c.`touchpoint_id_is_given` and c.`touchpoint_id` is null then 'unreadable_touchpoint_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`happened_at_is_given`) then 'missing_happened_at' end, case when c.`happened_at_is_given` and c.`happened_at` is null then 'unreadable_happened_at' end], ', '), '') as unusable_values,
    cast(null as string) as unusual_values
  from (
    select
      cast(c.`touchpoint_id` as string) as `touchpoint_id`,
    c.`touchpoint_id` is not null as `touchpoint_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`kind`, ' 	\n\r '), '') as `kind`,
    nullif(trim(c.`kind`, ' 	\n\r '), '') is not null as `kind_is_given`,
    timestamp(c.`happened_at`, 'Europe/Berlin') as `happened_at`,
    c.`happened_at` is not null as `happened_at_is_given`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') as `owner`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') is not null as `owner_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r.`touchpoint_id` as `touchpoint_id`,
    r.account_id as `account_id`,
    r.`user_id` as `user_id`,
    r.`kind` as `kind`,
    r.`happened_at` as `happened_at`,
    r.`owner` as `owner`,
    r.`loaded_at` as `loaded_at`,
    date(r.`happened_at`, 'Europe/Berlin') as day,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when date(r.`happened_at`, 'Europe/Berlin') < a.created_on then 'before_account' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values], ', '), '') as unusual
  from numbered as r
  left join `accounts` as a on a.account_id = r.account_id
)
select
  `touchpoint_id`, `account_id`, `user_id`, `kind`, `happened_at`, `owner`, `loaded_at`,
  day,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`touchpoint_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
