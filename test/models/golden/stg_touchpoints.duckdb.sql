with repeated_keys as (
  select key
  from (select coalesce(cast(c."touchpoint_id" as varchar), '') as key from (select "id" as "touchpoint_id", "org" as "account_id", "uid" as "user_id", "kind" as "kind", "day" as "happened_at", "csm" as "owner" from "raw"."meetings") as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    "touchpoint_id", "account_id", "user_id", "kind", "happened_at", "owner",
    count(*) as copies,
    cast(sum(cast(hash(c) >> 20 as bigint)) as bigint) as checksum
  from (select "id" as "touchpoint_id", "org" as "account_id", "uid" as "user_id", "kind" as "kind", "day" as "happened_at", "csm" as "owner" from "raw"."meetings") as c
  where coalesce(cast(c."touchpoint_id" as varchar), '') in (select key from repeated_keys)
  group by "touchpoint_id", "account_id", "user_id", "kind", "happened_at", "owner"
),
single as (
  select c.*, 1 as copies, cast(hash(c) >> 20 as bigint) as checksum
  from (select "id" as "touchpoint_id", "org" as "account_id", "uid" as "user_id", "kind" as "kind", "day" as "happened_at", "csm" as "owner" from "raw"."meetings") as c
  where coalesce(cast(c."touchpoint_id" as varchar), '') not in (select key from repeated_keys)
),
numbered as (
  select
    "touchpoint_id", "account_id", "user_id", "kind", "happened_at", "owner", "loaded_at", copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by "touchpoint_id"
      order by loaded_at desc nulls last, "account_id" asc nulls first, "user_id" asc nulls first, "kind" asc nulls first, "happened_at" asc nulls first, "owner" asc nulls first
    ) as occurrence,
    count(*) over (partition by "touchpoint_id") as rows_with_id
  from (
  select
    c."touchpoint_id" as "touchpoint_id",
    c."account_id" as "account_id",
    c."user_id" as "user_id",
    c."kind" as "kind",
    c."happened_at" as "happened_at",
    c."owner" as "owner",
    cast(null as timestamptz) as "loaded_at",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (c."touchpoint_id_is_given") then 'missing_touchpoint_id' end, case when c."touchpoint_id_is_given" and c."touchpoint_id" is null then 'unreadable_touchpoint_id' end, case when not (c."account_id_is_given") then 'missing_account_id' end, case when not (c."happened_at_is_given") then 'missing_happened_at' end, case when c."happened_at_is_given" and c."happened_at" is null then 'unreadable_happened_at' end), '') as unusable_values,
    cast(null as varchar) as unusual_values
  from (
    select
      cast(c."touchpoint_id" as varchar) as "touchpoint_id",
    c."touchpoint_id" is not null as "touchpoint_id_is_given",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null as "account_id_is_given",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') as "user_id",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') is not null as "user_id_is_given",
    nullif(trim_blanks(cast(c."kind" as varchar)), '') as "kind",
    nullif(trim_blanks(cast(c."kind" as varchar)), '') is not null as "kind_is_given",
    (cast(case when c."happened_at" >= date '0001-01-01' and c."happened_at" <= date '9999-12-31' then c."happened_at" end as timestamp) at time zone 'Europe/Berlin') as "happened_at",
    c."happened_at" is not null as "happened_at_is_given",
    nullif(trim_blanks(cast(c."owner" as varchar)), '') as "owner",
    nullif(trim_blanks(cast(c."owner" as varchar)), '') is not null as "owner_is_given",
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    "touchpoint_id", "account_id", "user_id", "kind", "happened_at", "owner", "loaded_at", copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c."touchpoint_id" as "touchpoint_id",
    c."account_id" as "account_id",
    c."user_id" as "user_id",
    c."kind" as "kind",
    c."happened_at" as "happened_at",
    c."owner" as "owner",
    cast(null as timestamptz) as "loaded_at",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (c."touchpoint_id_is_given") then 'missing_touchpoint_id' end, case when c."touchpoint_id_is_given" and c."touchpoint_id" is null then 'unreadable_touchpoint_id' end, case when not (c."account_id_is_given") then 'missing_account_id' end, case when not (c."happened_at_is_given") then 'missing_happened_at' end, case when c."happened_at_is_given" and c."happened_at" is null then 'unreadable_happened_at' end), '') as unusable_values,
    cast(null as varchar) as unusual_values
  from (
    select
      cast(c."touchpoint_id" as varchar) as "touchpoint_id",
    c."touchpoint_id" is not null as "touchpoint_id_is_given",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null as "account_id_is_given",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') as "user_id",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') is not null as "user_id_is_given",
    nullif(trim_blanks(cast(c."kind" as varchar)), '') as "kind",
    nullif(trim_blanks(cast(c."kind" as varchar)), '') is not null as "kind_is_given",
    (cast(case when c."happened_at" >= date '0001-01-01' and c."happened_at" <= date '9999-12-31' then c."happened_at" end as timestamp) at time zone 'Europe/Berlin') as "happened_at",
    c."happened_at" is not null as "happened_at_is_given",
    nullif(trim_blanks(cast(c."owner" as varchar)), '') as "owner",
    nullif(trim_blanks(cast(c."owner" as varchar)), '') is not null as "owner_is_given",
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r."touchpoint_id" as "touchpoint_id",
    r.account_id as "account_id",
    r."user_id" as "user_id",
    r."kind" as "kind",
    r."happened_at" as "happened_at",
    r."owner" as "owner",
    r."loaded_at" as "loaded_at",
    cast(r."happened_at" at time zone 'Europe/Berlin' as date) as day,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(concat_ws(', ', r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when cast(r."happened_at" at time zone 'Europe/Berlin' as date) < a.created_on then 'before_account' end), '') as unusable,
    nullif(concat_ws(', ', r.unusual_values), '') as unusual
  from numbered as r
  left join "accounts" as a on a.account_id = r.account_id
)
select
  "touchpoint_id", "account_id", "user_id", "kind", "happened_at", "owner", "loaded_at",
  day,
  occurrence,
  copies,
  checksum,
  cast(hash(coalesce(judged."touchpoint_id", '')) >> 20 as bigint) as id_hash,
  nullif(concat_ws(', ', unusable, unusual), '') as defects,
  unusable is null as is_usable
from judged
