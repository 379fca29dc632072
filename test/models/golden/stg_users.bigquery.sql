with repeated_keys as (
  select key
  from (select coalesce(nullif(trim(c.`user_id`, ' 	\n\r '), ''), '') as key from (select `uid` as `user_id`, `org` as `account_id`, `full name` as `name`, case trim(`job`, ' 	\n\r ') when 'CEO' then 'executive' when 'Fan' then 'champion' when 'Root' then 'admin' when '' then 'member' else trim(`job`, ' 	\n\r ') end as `role`, `joined` as `joined_on`, `left` as `left_on` from `raw`.`people`) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `user_id`, `account_id`, `name`, `role`, `joined_on`, `left_on`,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `uid` as `user_id`, `org` as `account_id`, `full name` as `name`, case trim(`job`, ' 	\n\r ') when 'CEO' then 'executive' when 'Fan' then 'champion' when 'Root' then 'admin' when '' then 'member' else trim(`job`, ' 	\n\r ') end as `role`, `joined` as `joined_on`, `left` as `left_on` from `raw`.`people`) as c
  where coalesce(nullif(trim(c.`user_id`, ' 	\n\r '), ''), '') in (select key from repeated_keys)
  group by `user_id`, `account_id`, `name`, `role`, `joined_on`, `left_on`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `uid` as `user_id`, `org` as `account_id`, `full name` as `name`, case trim(`job`, ' 	\n\r ') when 'CEO' then 'executive' when 'Fan' then 'champion' when 'Root' then 'admin' when '' then 'member' else trim(`job`, ' 	\n\r ') end as `role`, `joined` as `joined_on`, `left` as `left_on` from `raw`.`people`) as c
  where coalesce(nullif(trim(c.`user_id`, ' 	\n\r '), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `user_id`, `account_id`, `name`, `role`, `joined_on`, `left_on`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `user_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `name` asc nulls first, `role` asc nulls first, `joined_on` asc nulls first, `left_on` asc nulls first
    ) as occurrence,
    count(*) over (partition by `user_id`) as rows_with_id
  from (
  select
    c.`user_id` as `user_id`,
    c.`account_id` as `account_id`,
    c.`name` as `name`,
    case when c.`role` not in ('admin', 'champion', 'executive', 'member') then null else c.`role` end as `role`,
    c.`joined_on` as `joined_on`,
    c.`left_on` as `left_on`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`user_id_is_given`) then 'missing_user_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`role` not in ('admin', 'champion', 'executive', 'member') then 'unexpected_role' end, case when c.`joined_on_is_given` and c.`joined_on` is null then 'unreadable_joined_on' end, case when c.`left_on_is_given` and c.`left_on` is null then 'unreadable_left_on' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    nullif(trim(c.`name`, ' 	\n\r '), '') is not null as `name_is_given`,
    nullif(trim(c.`role`, ' 	\n\r '), '') as `role`,
    nullif(trim(c.`role`, ' 	\n\r '), '') is not null as `role_is_given`,
    cast(c.`joined_on` as date) as `joined_on`,
    c.`joined_on` is not null as `joined_on_is_given`,
    cast(c.`left_on` as date) as `left_on`,
    c.`left_on` is not null as `left_on_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `user_id`, `account_id`, `name`, `role`, `joined_on`, `left_on`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`user_id` as `user_id`,
    c.`account_id` as `account_id`,
    c.`name` as `name`,
    case when c.`role` not in ('admin', 'champion', 'executive', 'member') then null else c.`role` end as `role`,
    c.`joined_on` as `joined_on`,
    c.`left_on` as `left_on`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`user_id_is_given`) then 'missing_user_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`role` not in ('admin', 'champion', 'executive', 'member') then 'unexpected_role' end, case when c.`joined_on_is_given` and c.`joined_on` is null then 'unreadable_joined_on' end, case when c.`left_on_is_given` and c.`left_on` is null then 'unreadable_left_on' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    nullif(trim(c.`name`, ' 	\n\r '), '') is not null as `name_is_given`,
    nullif(trim(c.`role`, ' 	\n\r '), '') as `role`,
    nullif(trim(c.`role`, ' 	\n\r '), '') is not null as `role_is_given`,
    cast(c.`joined_on` as date) as `joined_on`,
    c.`joined_on` is not null as `joined_on_is_given`,
    cast(c.`left_on` as date) as `left_on`,
    c.`left_on` is not null as `left_on_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r.`user_id` as `user_id`,
    r.account_id as `account_id`,
    r.`name` as `name`,
    r.`role` as `role`,
    r.`joined_on` as `joined_on`,
    r.`left_on` as `left_on`,
    r.`loaded_at` as `loaded_at`,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values, case when r.left_on < r.joined_on then 'left_before_joined' end], ', '), '') as unusual
  from numbered as r
  left join `accounts` as a on a.account_id = r.account_id
)
select
  `user_id`, `account_id`, `name`, `role`, `joined_on`, `left_on`, `loaded_at`,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`user_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
