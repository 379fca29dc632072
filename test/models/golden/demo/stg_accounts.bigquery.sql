with contents as (
  select
    `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `attribute_tier`, `attribute_industry`,
    max(loaded_at) as loaded_at,
    count(*) as copies
  from (select `id` as `account_id`, `company` as `name`, `signed_up` as `created_on`, `segment` as `segment`, `region` as `region`, `csm` as `owner`, `loaded_at` as `loaded_at`, `tier` as `attribute_tier`, `industry` as `attribute_industry` from `raw`.`crm_accounts`) as raw_rows
  group by `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `attribute_tier`, `attribute_industry`
),
read_rows as (
  select
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`name`, ' 	\n\r '), '') as `name`,
    cast(c.`created_on` as date) as `created_on`,
    nullif(trim(c.`segment`, ' 	\n\r '), '') as `segment`,
    nullif(trim(c.`region`, ' 	\n\r '), '') as `region`,
    nullif(trim(c.`owner`, ' 	\n\r '), '') as `owner`,
    cast(c.`loaded_at` as timestamp) as `loaded_at`,
    nullif(trim(c.`attribute_tier`, ' 	\n\r '), '') as `attribute_tier`,
    nullif(trim(c.`attribute_industry`, ' 	\n\r '), '') as `attribute_industry`,
    c.copies as copies,
    nullif(array_to_string([case when not (nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null) then 'missing_account_id' end], ', '), '') as unusable_values,
    cast(null as string) as unusual_values
  from contents as c
),
numbered as (
  select
    `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `loaded_at`, `attribute_tier`, `attribute_industry`,
    copies,
    unusable_values,
    unusual_values,
    row_number() over (
      partition by `account_id`
      order by loaded_at desc nulls last, `name` asc nulls first, `created_on` asc nulls first, `segment` asc nulls first, `region` asc nulls first, `owner` asc nulls first, `attribute_tier` asc nulls first, `attribute_industry` asc nulls first
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
    r.`attribute_industry` as `attribute_industry`,
    r.occurrence as occurrence,
    r.copies as copies,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'superseded' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values], ', '), '') as unusual
  from numbered as r
)
select
  `account_id`, `name`, `created_on`, `segment`, `region`, `owner`, `loaded_at`, `attribute_tier`, `attribute_industry`,
  occurrence,
  copies,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
