with repeated_keys as (
  select key
  from (select coalesce(nullif(trim_blanks(cast(c."outcome_id" as varchar)), ''), '') as key from (select "id" as "outcome_id", "org" as "account_id", "win" as "name", "worth" as "value", "unit" as "unit", "at" as "confirmed_at" from "raw"."wins") as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    "outcome_id", "account_id", "name", "value", "unit", "confirmed_at",
    count(*) as copies,
    cast(sum(cast(hash(c) >> 20 as bigint)) as bigint) as checksum
  from (select "id" as "outcome_id", "org" as "account_id", "win" as "name", "worth" as "value", "unit" as "unit", "at" as "confirmed_at" from "raw"."wins") as c
  where coalesce(nullif(trim_blanks(cast(c."outcome_id" as varchar)), ''), '') in (select key from repeated_keys)
  group by "outcome_id", "account_id", "name", "value", "unit", "confirmed_at"
),
single as (
  select c.*, 1 as copies, cast(hash(c) >> 20 as bigint) as checksum
  from (select "id" as "outcome_id", "org" as "account_id", "win" as "name", "worth" as "value", "unit" as "unit", "at" as "confirmed_at" from "raw"."wins") as c
  where coalesce(nullif(trim_blanks(cast(c."outcome_id" as varchar)), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    "outcome_id", "account_id", "name", "value", "unit", "confirmed_at", "loaded_at", copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by "outcome_id"
      order by loaded_at desc nulls last, "account_id" asc nulls first, "name" asc nulls first, "value" asc nulls first, "unit" asc nulls first, "confirmed_at" asc nulls first
    ) as occurrence,
    count(*) over (partition by "outcome_id") as rows_with_id
  from (
  select
    c."outcome_id" as "outcome_id",
    c."account_id" as "account_id",
    c."name" as "name",
    c."value" as "value",
    c."unit" as "unit",
    c."confirmed_at" as "confirmed_at",
    cast(null as timestamptz) as "loaded_at",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (c."outcome_id_is_given") then 'missing_outcome_id' end, case when not (c."account_id_is_given") then 'missing_account_id' end, case when not (c."confirmed_at_is_given") then 'missing_confirmed_at' end, case when c."confirmed_at_is_given" and c."confirmed_at" is null then 'unreadable_confirmed_at' end), '') as unusable_values,
    nullif(concat_ws(', ', case when c."value_is_given" and c."value" is null then 'unreadable_value' end), '') as unusual_values
  from (
    select
      nullif(trim_blanks(cast(c."outcome_id" as varchar)), '') as "outcome_id",
    nullif(trim_blanks(cast(c."outcome_id" as varchar)), '') is not null as "outcome_id_is_given",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null as "account_id_is_given",
    nullif(trim_blanks(cast(c."name" as varchar)), '') as "name",
    nullif(trim_blanks(cast(c."name" as varchar)), '') is not null as "name_is_given",
    case when regexp_full_match(nullif(trim_blanks(cast(c."value" as varchar)), ''), '[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?') then try_cast(nullif(trim_blanks(cast(c."value" as varchar)), '') as double) end as "value",
    nullif(trim_blanks(cast(c."value" as varchar)), '') is not null as "value_is_given",
    nullif(trim_blanks(cast(c."unit" as varchar)), '') as "unit",
    nullif(trim_blanks(cast(c."unit" as varchar)), '') is not null as "unit_is_given",
    case when case when typeof(c."confirmed_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."confirmed_at" as timestamptz) else cast(c."confirmed_at" as timestamp) at time zone 'Europe/Berlin' end >= (cast('0001-01-01' as timestamp) at time zone 'Europe/Berlin') and case when typeof(c."confirmed_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."confirmed_at" as timestamptz) else cast(c."confirmed_at" as timestamp) at time zone 'Europe/Berlin' end < least((cast('10000-01-01' as timestamp) at time zone 'Europe/Berlin'), (cast('10000-01-01' as timestamp) at time zone 'UTC')) then case when typeof(c."confirmed_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."confirmed_at" as timestamptz) else cast(c."confirmed_at" as timestamp) at time zone 'Europe/Berlin' end end as "confirmed_at",
    c."confirmed_at" is not null as "confirmed_at_is_given",
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    "outcome_id", "account_id", "name", "value", "unit", "confirmed_at", "loaded_at", copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c."outcome_id" as "outcome_id",
    c."account_id" as "account_id",
    c."name" as "name",
    c."value" as "value",
    c."unit" as "unit",
    c."confirmed_at" as "confirmed_at",
    cast(null as timestamptz) as "loaded_at",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (c."outcome_id_is_given") then 'missing_outcome_id' end, case when not (c."account_id_is_given") then 'missing_account_id' end, case when not (c."confirmed_at_is_given") then 'missing_confirmed_at' end, case when c."confirmed_at_is_given" and c."confirmed_at" is null then 'unreadable_confirmed_at' end), '') as unusable_values,
    nullif(concat_ws(', ', case when c."value_is_given" and c."value" is null then 'unreadable_value' end), '') as unusual_values
  from (
    select
      nullif(trim_blanks(cast(c."outcome_id" as varchar)), '') as "outcome_id",
    nullif(trim_blanks(cast(c."outcome_id" as varchar)), '') is not null as "outcome_id_is_given",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null as "account_id_is_given",
    nullif(trim_blanks(cast(c."name" as varchar)), '') as "name",
    nullif(trim_blanks(cast(c."name" as varchar)), '') is not null as "name_is_given",
    case when regexp_full_match(nullif(trim_blanks(cast(c."value" as varchar)), ''), '[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?') then try_cast(nullif(trim_blanks(cast(c."value" as varchar)), '') as double) end as "value",
    nullif(trim_blanks(cast(c."value" as varchar)), '') is not null as "value_is_given",
    nullif(trim_blanks(cast(c."unit" as varchar)), '') as "unit",
    nullif(trim_blanks(cast(c."unit" as varchar)), '') is not null as "unit_is_given",
    case when case when typeof(c."confirmed_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."confirmed_at" as timestamptz) else cast(c."confirmed_at" as timestamp) at time zone 'Europe/Berlin' end >= (cast('0001-01-01' as timestamp) at time zone 'Europe/Berlin') and case when typeof(c."confirmed_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."confirmed_at" as timestamptz) else cast(c."confirmed_at" as timestamp) at time zone 'Europe/Berlin' end < least((cast('10000-01-01' as timestamp) at time zone 'Europe/Berlin'), (cast('10000-01-01' as timestamp) at time zone 'UTC')) then case when typeof(c."confirmed_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."confirmed_at" as timestamptz) else cast(c."confirmed_at" as timestamp) at time zone 'Europe/Berlin' end end as "confirmed_at",
    c."confirmed_at" is not null as "confirmed_at_is_given",
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r."outcome_id" as "outcome_id",
    r.account_id as "account_id",
    r."name" as "name",
    r."value" as "value",
    r."unit" as "unit",
    r."confirmed_at" as "confirmed_at",
    r."loaded_at" as "loaded_at",
    cast(r."confirmed_at" at time zone 'Europe/Berlin' as date) as day,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(concat_ws(', ', r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when cast(r."confirmed_at" at time zone 'Europe/Berlin' as date) < a.created_on then 'before_account' end), '') as unusable,
    nullif(concat_ws(', ', r.unusual_values), '') as unusual
  from numbered as r
  left join "accounts" as a on a.account_id = r.account_id
)
select
  "outcome_id", "account_id", "name", "value", "unit", "confirmed_at", "loaded_at",
  day,
  occurrence,
  copies,
  checksum,
  cast(hash(coalesce(judged."outcome_id", '')) >> 20 as bigint) as id_hash,
  nullif(concat_ws(', ', unusable, unusual), '') as defects,
  unusable is null as is_usable
from judged
