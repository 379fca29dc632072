with contents as (
  select
    `account_id`, `name`, `created_on`, `segment`, `attribute_tier`,
    count(*) as copies
  from (select `nr` as `account_id`, `title` as `name`, `since` as `created_on`, `tier` as `segment`, `tier` as `attribute_tier` from `firms`) as raw_rows
  group by `account_id`, `name`, `created_on`, `segment`, `attribute_tier`
),
read_rows as (
  select
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    date(safe.parse_timestamp('%d.%m.%Y', nullif(trim(c.`created_on`, ' 	\n\r '), ''), 'UTC')) as `created_on`,
    nullif(trim(c.`segment`, ' 	\n\r '), '') as `segment`,
    cast(null as string) as `region`,
    cast(null as string) as `owner`,
    cast(null as timestamp) as `loaded_at`,
    nullif(trim(c.`attribute_tier`, ' 	\n\r '), '') as `attribute_tier`,
    c.copies as copies,
    nullif(array_to_string([case when not (nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null) then 'missing_account_id' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when nullif(trim(c.`created_on`, ' 	\n\r '), '') is not null and date(safe.parse_timestamp('%d.%m.%Y', nullif(trim(c.`created_on`, ' 	\n\r '), ''), 'UTC')) is null then 'unreadable_created_on' end], ', '), '') as unusual_values
  from contents as c
),
numbered as (
  select
    `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `loaded_at`, `attribute_tier`,
    copies,
    unusable_values,
    unusual_values,
    row_number() over (
      partition by `account_id`
      order by loaded_at desc nulls last, `name` asc nulls first, `created_on` asc nulls first, `segment` asc nulls first, `region` asc nulls first, `owner` asc nulls first, `attribute_tier` asc nulls first
    ) as occurrence,
    count(*) over (partition by `account_id`) as rows_with_id
  from read_rows
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
    r.`attribute_tier` as `attribute_tier`,
    r.occurrence as occurrence,
    r.copies as copies,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values], ', '), '') as unusual
  from numbered as r
)
select
  `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `loaded_at`, `attribute_tier`,
  occurrence,
  copies,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
