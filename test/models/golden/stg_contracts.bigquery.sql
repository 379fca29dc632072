with repeated_keys as (
  select key
  from (select coalesce(nullif(trim(c.`contract_id`, ' 	\n\r '), ''), '') as key from (select `id` as `contract_id`, `customer` as `account_id`, `starts` as `starts_on`, `ends` as `ends_on`, `renewal` as `renews_on`, `seats` as `seats`, (arr / 12e0) as `mrr`, case trim(`kind`, ' 	\n\r ') when 'trial' then 'true' when 'paid' then 'false' else trim(`kind`, ' 	\n\r ') end as `is_trial`, `plan` as `plan` from (select * from raw.deals where kind <> 'draft') as raw) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `contract_id`, `account_id`, `starts_on`, `ends_on`, `renews_on`, `seats`, `mrr`, `is_trial`, `plan`,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `id` as `contract_id`, `customer` as `account_id`, `starts` as `starts_on`, `ends` as `ends_on`, `renewal` as `renews_on`, `seats` as `seats`, (arr / 12e0) as `mrr`, case trim(`kind`, ' 	\n\r ') when 'trial' then 'true' when 'paid' then 'false' else trim(`kind`, ' 	\n\r ') end as `is_trial`, `plan` as `plan` from (select * from raw.deals where kind <> 'draft') as raw) as c
  where coalesce(nullif(trim(c.`contract_id`, ' 	\n\r '), ''), '') in (select key from repeated_keys)
  group by `contract_id`, `account_id`, `starts_on`, `ends_on`, `renews_on`, `seats`, `mrr`, `is_trial`, `plan`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `id` as `contract_id`, `customer` as `account_id`, `starts` as `starts_on`, `ends` as `ends_on`, `renewal` as `renews_on`, `seats` as `seats`, (arr / 12e0) as `mrr`, case trim(`kind`, ' 	\n\r ') when 'trial' then 'true' when 'paid' then 'false' else trim(`kind`, ' 	\n\r ') end as `is_trial`, `plan` as `plan` from (select * from raw.deals where kind <> 'draft') as raw) as c
  where coalesce(nullif(trim(c.`contract_id`, ' 	\n\r '), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `contract_id`, `account_id`, `starts_on`, `ends_on`, `renews_on`, `seats`, `mrr`, `is_trial`, `plan`, `churn_reason`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `contract_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `starts_on` asc nulls first, `ends_on` asc nulls first, `renews_on` asc nulls first, `seats` asc nulls first, `mrr` asc nulls first, `is_trial` asc nulls first, `plan` asc nulls first, `churn_reason` asc nulls first
    ) as occurrence,
    count(*) over (partition by `contract_id`) as rows_with_id
  from (
  select
    c.`contract_id` as `contract_id`,
    c.`account_id` as `account_id`,
    case when c.`starts_on` < date '1900-01-01' then null else c.`starts_on` end as `starts_on`,
    c.`ends_on` as `ends_on`,
    c.`renews_on` as `renews_on`,
    case when c.`seats` < 0 then null else c.`seats` end as `seats`,
    case when c.`mrr` < 0 then null else c.`mrr` end as `mrr`,
    c.`is_trial` as `is_trial`,
    c.`plan` as `plan`,
    cast(null as string) as `churn_reason`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`contract_id_is_given`) then 'missing_contract_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`starts_on_is_given`) then 'missing_starts_on' end, case when c.`starts_on_is_given` and c.`starts_on` is null then 'unreadable_starts_on' end, case when c.`starts_on` < date '1900-01-01' then 'out_of_range_starts_on' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`ends_on_is_given` and c.`ends_on` is null then 'unreadable_ends_on' end, case when c.`renews_on_is_given` and c.`renews_on` is null then 'unreadable_renews_on' end, case when c.`seats` < 0 then 'out_of_range_seats' end, case when c.`mrr_is_given` and c.`mrr` is null then 'unreadable_mrr' end, case when c.`mrr` < 0 then 'out_of_range_mrr' end, case when c.`is_trial_is_given` and c.`is_trial` is null then 'unreadable_is_trial' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`contract_id`, ' 	\n\r '), '') as `contract_id`,
    nullif(trim(c.`contract_id`, ' 	\n\r '), '') is not null as `contract_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    cast(c.`starts_on` as date) as `starts_on`,
    c.`starts_on` is not null as `starts_on_is_given`,
    cast(c.`ends_on` as date) as `ends_on`,
    c.`ends_on` is not null as `ends_on_is_given`,
    cast(c.`renews_on` as date) as `renews_on`,
    c.`renews_on` is not null as `renews_on_is_given`,
    cast(c.`seats` as int64) as `seats`,
    c.`seats` is not null as `seats_is_given`,
    safe_cast(c.`mrr` as numeric) as `mrr`,
    c.`mrr` is not null as `mrr_is_given`,
    case lower(nullif(trim(c.`is_trial`, ' 	\n\r '), '')) when 'true' then true when 'false' then false end as `is_trial`,
    nullif(trim(c.`is_trial`, ' 	\n\r '), '') is not null as `is_trial_is_given`,
    nullif(trim(c.`plan`, ' 	\n\r '), '') as `plan`,
    nullif(trim(c.`plan`, ' 	\n\r '), '') is not null as `plan_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `contract_id`, `account_id`, `starts_on`, `ends_on`, `renews_on`, `seats`, `mrr`, `is_trial`, `plan`, `churn_reason`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`contract_id` as `contract_id`,
    c.`account_id` as `account_id`,
    case when c.`starts_on` < date '1900-01-01' then null else c.`starts_on` end as `starts_on`,
    c.`ends_on` as `ends_on`,
    c.`renews_on` as `renews_on`,
    case when c.`seats` < 0 then null else c.`seats` end as `seats`,
    case when c.`mrr` < 0 then null else c.`mrr` end as `mrr`,
    c.`is_trial` as `is_trial`,
    c.`plan` as `plan`,
    cast(null as string) as `churn_reason`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`contract_id_is_given`) then 'missing_contract_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`starts_on_is_given`) then 'missing_starts_on' end, case when c.`starts_on_is_given` and c.`starts_on` is null then 'unreadable_starts_on' end, case when c.`starts_on` < date '1900-01-01' then 'out_of_range_starts_on' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`ends_on_is_given` and c.`ends_on` is null then 'unreadable_ends_on' end, case when c.`renews_on_is_given` and c.`renews_on` is null then 'unreadable_renews_on' end, case when c.`seats` < 0 then 'out_of_range_seats' end, case when c.`mrr_is_given` and c.`mrr` is null then 'unreadable_mrr' end, case when c.`mrr` < 0 then 'out_of_range_mrr' end, case when c.`is_trial_is_given` and c.`is_trial` is null then 'unreadable_is_trial' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`contract_id`, ' 	\n\r '), '') as `contract_id`,
    nullif(trim(c.`contract_id`, ' 	\n\r '), '') is not null as `contract_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    cast(c.`starts_on` as date) as `starts_on`,
    c.`starts_on` is not null as `starts_on_is_given`,
    cast(c.`ends_on` as date) as `ends_on`,
    c.`ends_on` is not null as `ends_on_is_given`,
    cast(c.`renews_on` as date) as `renews_on`,
    c.`renews_on` is not null as `renews_on_is_given`,
    cast(c.`seats` as int64) as `seats`,
    c.`seats` is not null as `seats_is_given`,
    safe_cast(c.`mrr` as numeric) as `mrr`,
    c.`mrr` is not null as `mrr_is_given`,
    case lower(nullif(trim(c.`is_trial`, ' 	\n\r '), '')) when 'true' then true when 'false' then false end as `is_trial`,
    nullif(trim(c.`is_trial`, ' 	\n\r '), '') is not null as `is_trial_is_given`,
    nullif(trim(c.`plan`, ' 	\n\r '), '') as `plan`,
    nullif(trim(c.`plan`, ' 	\n\r '), '') is not null as `plan_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
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
    r.`churn_reason` as `churn_reason`,
    r.`loaded_at` as `loaded_at`,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when r.ends_on < r.starts_on then 'ends_before_start' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values, case when r.starts_on < a.created_on then 'before_account' end], ', '), '') as unusual
  from numbered as r
  left join `stg_accounts` as a on a.account_id = r.account_id and a.occurrence = 1
)
select
  `contract_id`, `account_id`, `starts_on`, `ends_on`, `renews_on`, `seats`, `mrr`, `is_trial`, `plan`, `churn_reason`, `loaded_at`,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`contract_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
