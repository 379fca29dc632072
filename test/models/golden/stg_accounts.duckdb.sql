with repeated_keys as (
  select key
  from (select coalesce(nullif(trim_blanks(cast(c."account_id" as varchar)), ''), '') as key from (select "Account Nr" as "account_id", "Größe und Name" as "name", "Since" as "created_on", case cast("Order" as varchar) when '1' then 'enterprise' when '2' then 'mid' when '3' then 'small' else cast("Order" as varchar) end as "segment", "region" as "region", "csm" as "owner", "_synced" as "loaded_at", "industry" as "attribute_industry", "employees" as "attribute_employees" from "raw"."crm-accounts") as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    "account_id", "name", "created_on", "segment", "region", "owner", "attribute_industry", "attribute_employees",
    max(loaded_at) as loaded_at,
    count(*) as copies,
    cast(sum(cast(hash(c) >> 20 as bigint)) as bigint) as checksum
  from (select "Account Nr" as "account_id", "Größe und Name" as "name", "Since" as "created_on", case cast("Order" as varchar) when '1' then 'enterprise' when '2' then 'mid' when '3' then 'small' else cast("Order" as varchar) end as "segment", "region" as "region", "csm" as "owner", "_synced" as "loaded_at", "industry" as "attribute_industry", "employees" as "attribute_employees" from "raw"."crm-accounts") as c
  where coalesce(nullif(trim_blanks(cast(c."account_id" as varchar)), ''), '') in (select key from repeated_keys)
  group by "account_id", "name", "created_on", "segment", "region", "owner", "attribute_industry", "attribute_employees"
),
single as (
  select c.*, 1 as copies, cast(hash(c) >> 20 as bigint) as checksum
  from (select "Account Nr" as "account_id", "Größe und Name" as "name", "Since" as "created_on", case cast("Order" as varchar) when '1' then 'enterprise' when '2' then 'mid' when '3' then 'small' else cast("Order" as varchar) end as "segment", "region" as "region", "csm" as "owner", "_synced" as "loaded_at", "industry" as "attribute_industry", "employees" as "attribute_employees" from "raw"."crm-accounts") as c
  where coalesce(nullif(trim_blanks(cast(c."account_id" as varchar)), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    "account_id", "name", "created_on", "segment", "region", "owner", "loaded_at", "attribute_industry", "attribute_employees", copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by "account_id"
      order by loaded_at desc nulls last, "name" asc nulls first, "created_on" asc nulls first, "segment" asc nulls first, "region" asc nulls first, "owner" asc nulls first, "attribute_industry" asc nulls first, "attribute_employees" asc nulls first
    ) as occurrence,
    count(*) over (partition by "account_id") as rows_with_id
  from (
  select
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."name" as varchar)), '') as "name",
    cast(try_strptime(nullif(trim_blanks(cast(c."created_on" as varchar)), ''), '%d.%m.%Y') as date) as "created_on",
    nullif(trim_blanks(cast(c."segment" as varchar)), '') as "segment",
    nullif(trim_blanks(cast(c."region" as varchar)), '') as "region",
    nullif(trim_blanks(cast(c."owner" as varchar)), '') as "owner",
    case when typeof(c."loaded_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."loaded_at" as timestamptz) else cast(c."loaded_at" as timestamp) at time zone 'Europe/Berlin' end as "loaded_at",
    nullif(trim_blanks(cast(c."attribute_industry" as varchar)), '') as "attribute_industry",
    case when abs(c."attribute_employees") < 9e15 and c."attribute_employees" = trunc(c."attribute_employees") then cast(try_cast(c."attribute_employees" as bigint) as varchar) else cast(c."attribute_employees" as varchar) end as "attribute_employees",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null) then 'missing_account_id' end), '') as unusable_values,
    nullif(concat_ws(', ', case when nullif(trim_blanks(cast(c."created_on" as varchar)), '') is not null and cast(try_strptime(nullif(trim_blanks(cast(c."created_on" as varchar)), ''), '%d.%m.%Y') as date) is null then 'unreadable_created_on' end, case when c."attribute_employees" is not null and case when abs(c."attribute_employees") < 9e15 and c."attribute_employees" = trunc(c."attribute_employees") then cast(try_cast(c."attribute_employees" as bigint) as varchar) else cast(c."attribute_employees" as varchar) end is null then 'unreadable_attribute_employees' end), '') as unusual_values
  from merged as c
  ) as read_rows
  union all
  select
    "account_id", "name", "created_on", "segment", "region", "owner", "loaded_at", "attribute_industry", "attribute_employees", copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."name" as varchar)), '') as "name",
    cast(try_strptime(nullif(trim_blanks(cast(c."created_on" as varchar)), ''), '%d.%m.%Y') as date) as "created_on",
    nullif(trim_blanks(cast(c."segment" as varchar)), '') as "segment",
    nullif(trim_blanks(cast(c."region" as varchar)), '') as "region",
    nullif(trim_blanks(cast(c."owner" as varchar)), '') as "owner",
    case when typeof(c."loaded_at") = 'TIMESTAMP WITH TIME ZONE' then cast(c."loaded_at" as timestamptz) else cast(c."loaded_at" as timestamp) at time zone 'Europe/Berlin' end as "loaded_at",
    nullif(trim_blanks(cast(c."attribute_industry" as varchar)), '') as "attribute_industry",
    case when abs(c."attribute_employees") < 9e15 and c."attribute_employees" = trunc(c."attribute_employees") then cast(try_cast(c."attribute_employees" as bigint) as varchar) else cast(c."attribute_employees" as varchar) end as "attribute_employees",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null) then 'missing_account_id' end), '') as unusable_values,
    nullif(concat_ws(', ', case when nullif(trim_blanks(cast(c."created_on" as varchar)), '') is not null and cast(try_strptime(nullif(trim_blanks(cast(c."created_on" as varchar)), ''), '%d.%m.%Y') as date) is null then 'unreadable_created_on' end, case when c."attribute_employees" is not null and case when abs(c."attribute_employees") < 9e15 and c."attribute_employees" = trunc(c."attribute_employees") then cast(try_cast(c."attribute_employees" as bigint) as varchar) else cast(c."attribute_employees" as varchar) end is null then 'unreadable_attribute_employees' end), '') as unusual_values
  from single as c
  ) as read_rows
),
judged as (
  select
    r.account_id as "account_id",
    r."name" as "name",
    r."created_on" as "created_on",
    r."segment" as "segment",
    r."region" as "region",
    r."owner" as "owner",
    r."loaded_at" as "loaded_at",
    r."attribute_industry" as "attribute_industry",
    r."attribute_employees" as "attribute_employees",
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(concat_ws(', ', r.unusable_values, case when r.occurrence > 1 then 'superseded' end), '') as unusable,
    nullif(concat_ws(', ', r.unusual_values), '') as unusual
  from numbered as r
)
select
  "account_id", "name", "created_on", "segment", "region", "owner", "loaded_at", "attribute_industry", "attribute_employees",
  occurrence,
  copies,
  checksum,
  nullif(concat_ws(', ', unusable, unusual), '') as defects,
  unusable is null as is_usable
from judged
