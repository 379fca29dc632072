with contents as (
  select
    `contract_id`, `account_id`, `starts_on`, `ends_on`, `seats`, `mrr`, `is_trial`,
    count(*) as copies
  from (select `id` as `contract_id`, `firm` as `account_id`, `from_day` as `starts_on`, `to_day` as `ends_on`, `licences` as `seats`, `revenue` as `mrr`, case trim(`test`, ' 	\n\r ') when 'yes' then 'true' when 'no' then 'false' else trim(`test`, ' 	\n\r ') end as `is_trial` from `deals`) as raw_rows
  group by `contract_id`, `account_id`, `starts_on`, `ends_on`, `seats`, `mrr`, `is_trial`
),
read_rows as (
  select
    nullif(trim(c.`contract_id`, ' 	\n\r '), '') as `contract_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    case when regexp_contains(nullif(trim(c.`starts_on`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2})$') then safe_cast(nullif(trim(c.`starts_on`, ' 	\n\r '), '') as date) end as `starts_on`,
    case when regexp_contains(nullif(trim(c.`ends_on`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2})$') then safe_cast(nullif(trim(c.`ends_on`, ' 	\n\r '), '') as date) end as `ends_on`,
    cast(null as date) as `renews_on`,
    case when case when regexp_contains(nullif(trim(c.`seats`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`seats`, ' 	\n\r '), '') as int64) end < 0 then null else case when regexp_contains(nullif(trim(c.`seats`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`seats`, ' 	\n\r '), '') as int64) end end as `seats`,
    case when case when regexp_contains(nullif(trim(c.`mrr`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`mrr`, ' 	\n\r '), '') as numeric) end < 0 then null else case when regexp_contains(nullif(trim(c.`mrr`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`mrr`, ' 	\n\r '), '') as numeric) end end as `mrr`,
    case lower(nullif(trim(c.`is_trial`, ' 	\n\r '), '')) when 'true' then true when 'false' then false end as `is_trial`,
    cast(null as string) as `plan`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    nullif(array_to_string([case when not (nullif(trim(c.`contract_id`, ' 	\n\r '), '') is not null) then 'missing_contract_id' end, case when not (nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null) then 'missing_account_id' end, case when not (nullif(trim(c.`starts_on`, ' 	\n\r '), '') is not null) then 'missing_starts_on' end, case when nullif(trim(c.`starts_on`, ' 	\n\r '), '') is not null and case when regexp_contains(nullif(trim(c.`starts_on`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2})$') then safe_cast(nullif(trim(c.`starts_on`, ' 	\n\r '), '') as date) end is null then 'unreadable_starts_on' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when nullif(trim(c.`ends_on`, ' 	\n\r '), '') is not null and case when regexp_contains(nullif(trim(c.`ends_on`, ' 	\n\r '), ''), '^(?:\\d{4}-\\d{2}-\\d{2})$') then safe_cast(nullif(trim(c.`ends_on`, ' 	\n\r '), '') as date) end is null then 'unreadable_ends_on' end, case when nullif(trim(c.`seats`, ' 	\n\r '), '') is not null and case when regexp_contains(nullif(trim(c.`seats`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`seats`, ' 	\n\r '), '') as int64) end is null then 'unreadable_seats' end, case when case when regexp_contains(nullif(trim(c.`seats`, ' 	\n\r '), ''), '^(?:[+-]?\\d+)$') then safe_cast(nullif(trim(c.`seats`, ' 	\n\r '), '') as int64) end < 0 then 'out_of_range_seats' end, case when nullif(trim(c.`mrr`, ' 	\n\r '), '') is not null and case when regexp_contains(nullif(trim(c.`mrr`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`mrr`, ' 	\n\r '), '') as numeric) end is null then 'unreadable_mrr' end, case when case when regexp_contains(nullif(trim(c.`mrr`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`mrr`, ' 	\n\r '), '') as numeric) end < 0 then 'out_of_range_mrr' end, case when nullif(trim(c.`is_trial`, ' 	\n\r '), '') is not null and case lower(nullif(trim(c.`is_trial`, ' 	\n\r '), '')) when 'true' then true when 'false' then false end is null then 'unreadable_is_trial' end], ', '), '') as unusual_values
  from contents as c
),
numbered as (
  select
    `contract_id`, `account_id`, `starts_on`, `ends_on`, `renews_on`, `seats`, `mrr`, `is_trial`, `plan`, `loaded_at`,
    copies,
    unusable_values,
    unusual_values,
    row_number() over (
      partition by `contract_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `starts_on` asc nulls first, `ends_on` asc nulls first, `renews_on` asc nulls first, `seats` asc nulls first, `mrr` asc nulls first, `is_trial` asc nulls first, `plan` asc nulls first
    ) as occurrence,
    count(*) over (partition by `contract_id`) as rows_with_id
  from read_rows
),
judged as (
  select
    r.`contract_id` as `contract_id`,
    r.account_id as `account_id`,
    r.`starts_on` as `starts_on`,
    r.`ends_on` as `ends_on`,
    r.`renews_on` as `renews_on`,
    r.`seats` as `seats`,
    r.`mrr` as `mrr`,
    r.`is_trial` as `is_trial`,
    r.`plan` as `plan`,
    r.`loaded_at` as `loaded_at`,
    r.occurrence as occurrence,
    r.copies as copies,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when r.ends_on < r.starts_on then 'ends_before_start' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values, case when r.starts_on < a.created_on then 'before_account' end], ', '), '') as unusual
  from numbered as r
  left join `stg_accounts` as a on a.account_id = r.account_id
)
select
  `contract_id`, `account_id`, `starts_on`, `ends_on`, `renews_on`, `seats`, `mrr`, `is_trial`, `plan`, `loaded_at`,
  occurrence,
  copies,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
