with repeated_keys as (
  select key
  from (select coalesce(nullif(trim(c.`response_id`, ' 	\n\r '), ''), '') as key from (select `id` as `response_id`, `org` as `account_id`, `uid` as `user_id`, `score` as `score`, `said` as `comment`, `at` as `responded_at` from `raw`.`nps`) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `response_id`, `account_id`, `user_id`, `score`, `comment`, `responded_at`,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `id` as `response_id`, `org` as `account_id`, `uid` as `user_id`, `score` as `score`, `said` as `comment`, `at` as `responded_at` from `raw`.`nps`) as c
  where coalesce(nullif(trim(c.`response_id`, ' 	\n\r '), ''), '') in (select key from repeated_keys)
  group by `response_id`, `account_id`, `user_id`, `score`, `comment`, `responded_at`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `id` as `response_id`, `org` as `account_id`, `uid` as `user_id`, `score` as `score`, `said` as `comment`, `at` as `responded_at` from `raw`.`nps`) as c
  where coalesce(nullif(trim(c.`response_id`, ' 	\n\r '), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `response_id`, `account_id`, `user_id`, `score`, `comment`, `responded_at`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `response_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `user_id` asc nulls first, `score` asc nulls first, `comment` asc nulls first, `responded_at` asc nulls first
    ) as occurrence,
    count(*) over (partition by `response_id`) as rows_with_id
  from (
  select
    c.`response_id` as `response_id`,
    c.`account_id` as `account_id`,
    c.`user_id` as `user_id`,
    case when c.`score` < 0 or c.`score` > 10 then null else c.`score` end as `score`,
    c.`comment` as `comment`,
    c.`responded_at` as `responded_at`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`response_id_is_given`) then 'missing_response_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`score_is_given`) then 'missing_score' end, case when c.`score_is_given` and c.`score` is null then 'unreadable_score' end, case when c.`score` < 0 or c.`score` > 10 then 'out_of_range_score' end, case when not (c.`responded_at_is_given`) then 'missing_responded_at' end, case when c.`responded_at_is_given` and c.`responded_at` is null then 'unreadable_responded_at' end], ', '), '') as unusable_values,
    cast(null as string) as unusual_values
  from (
    select
      nullif(trim(c.`response_id`, ' 	\n\r '), '') as `response_id`,
    nullif(trim(c.`response_id`, ' 	\n\r '), '') is not null as `response_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    case when c.`score` = round(c.`score`) then safe_cast(c.`score` as int64) end as `score`,
    c.`score` is not null as `score_is_given`,
    nullif(trim(c.`comment`, ' 	\n\r '), '') as `comment`,
    nullif(trim(c.`comment`, ' 	\n\r '), '') is not null as `comment_is_given`,
    case when regexp_contains(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}[T ]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})? ?(Z|[+-]\\d{2}(:?\\d{2})?))$') then safe_cast(regexp_replace(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), r'(\.\d{6})\d+', r'\1') as timestamp) when regexp_contains(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?)?)$') then timestamp(safe_cast(regexp_replace(if(length(nullif(trim(c.`responded_at`, ' 	\n\r '), '')) = 16, concat(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), ':00'), nullif(trim(c.`responded_at`, ' 	\n\r '), '')), r'(\.\d{6})\d+', r'\1') as datetime), 'America/New_York') end as `responded_at`,
    nullif(trim(c.`responded_at`, ' 	\n\r '), '') is not null as `responded_at_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `response_id`, `account_id`, `user_id`, `score`, `comment`, `responded_at`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`response_id` as `response_id`,
    c.`account_id` as `account_id`,
    c.`user_id` as `user_id`,
    case when c.`score` < 0 or c.`score` > 10 then null else c.`score` end as `score`,
    c.`comment` as `comment`,
    c.`responded_at` as `responded_at`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`response_id_is_given`) then 'missing_response_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`score_is_given`) then 'missing_score' end, case when c.`score_is_given` and c.`score` is null then 'unreadable_score' end, case when c.`score` < 0 or c.`score` > 10 then 'out_of_range_score' end, case when not (c.`responded_at_is_given`) then 'missing_responded_at' end, case when c.`responded_at_is_given` and c.`responded_at` is null then 'unreadable_responded_at' end], ', '), '') as unusable_values,
    cast(null as string) as unusual_values
  from (
    select
      nullif(trim(c.`response_id`, ' 	\n\r '), '') as `response_id`,
    nullif(trim(c.`response_id`, ' 	\n\r '), '') is not null as `response_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    case when c.`score` = round(c.`score`) then safe_cast(c.`score` as int64) end as `score`,
    c.`score` is not null as `score_is_given`,
    nullif(trim(c.`comment`, ' 	\n\r '), '') as `comment`,
    nullif(trim(c.`comment`, ' 	\n\r '), '') is not null as `comment_is_given`,
    case when regexp_contains(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}[T ]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})? ?(Z|[+-]\\d{2}(:?\\d{2})?))$') then safe_cast(regexp_replace(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), r'(\.\d{6})\d+', r'\1') as timestamp) when regexp_contains(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2}([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?)?)$') then timestamp(safe_cast(regexp_replace(if(length(nullif(trim(c.`responded_at`, ' 	\n\r '), '')) = 16, concat(nullif(trim(c.`responded_at`, ' 	\n\r '), ''), ':00'), nullif(trim(c.`responded_at`, ' 	\n\r '), '')), r'(\.\d{6})\d+', r'\1') as datetime), 'America/New_York') end as `responded_at`,
    nullif(trim(c.`responded_at`, ' 	\n\r '), '') is not null as `responded_at_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r.`response_id` as `response_id`,
    r.account_id as `account_id`,
    r.`user_id` as `user_id`,
    r.`score` as `score`,
    r.`comment` as `comment`,
    r.`responded_at` as `responded_at`,
    r.`loaded_at` as `loaded_at`,
    date(r.`responded_at`, 'Europe/Berlin') as day,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when date(r.`responded_at`, 'Europe/Berlin') < a.created_on then 'before_account' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values], ', '), '') as unusual
  from numbered as r
  left join `accounts` as a on a.account_id = r.account_id
)
select
  `response_id`, `account_id`, `user_id`, `score`, `comment`, `responded_at`, `loaded_at`,
  day,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`response_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
