with contents as (
  select
    "account_id", "name", "created_on", "segment", "attribute_tier",
    count(*) as copies
  from (select "nr" as "account_id", "title" as "name", "since" as "created_on", "tier" as "segment", "tier" as "attribute_tier" from "firms") as raw_rows
  group by "account_id", "name", "created_on", "segment", "attribute_tier"
),
read_rows as (
  select
    nullif(trim(c."account_id", e' 	\n\r '), '') as "account_id",
    nullif(trim(c."name", e' 	\n\r '), '') as "name",
    cast(try_strptime(nullif(trim(c."created_on", e' 	\n\r '), ''), '%d.%m.%Y') as date) as "created_on",
    nullif(trim(c."segment", e' 	\n\r '), '') as "segment",
    cast(null as varchar) as "region",
    cast(null as varchar) as "owner",
    cast(null as timestamptz) as "loaded_at",
    nullif(trim(c."attribute_tier", e' 	\n\r '), '') as "attribute_tier",
    c.copies as copies,
    nullif(concat_ws(', ', case when not (nullif(trim(c."account_id", e' 	\n\r '), '') is not null) then 'missing_account_id' end), '') as unusable_values,
    nullif(concat_ws(', ', case when nullif(trim(c."created_on", e' 	\n\r '), '') is not null and cast(try_strptime(nullif(trim(c."created_on", e' 	\n\r '), ''), '%d.%m.%Y') as date) is null then 'unreadable_created_on' end), '') as unusual_values
  from contents as c
),
numbered as (
  select
    "account_id", "name", "created_on", "segment", "region", "owner", "loaded_at", "attribute_tier",
    copies,
    unusable_values,
    unusual_values,
    row_number() over (
      partition by "account_id"
      order by loaded_at desc nulls last, "name" asc nulls first, "created_on" asc nulls first, "segment" asc nulls first, "region" asc nulls first, "owner" asc nulls first, "attribute_tier" asc nulls first
    ) as occurrence,
    count(*) over (partition by "account_id") as rows_with_id
  from read_rows
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
    r."attribute_tier" as "attribute_tier",
    r.occurrence as occurrence,
    r.copies as copies,
    nullif(concat_ws(', ', r.unusable_values, case when r.occurrence > 1 then 'id_collision' end), '') as unusable,
    nullif(concat_ws(', ', r.unusual_values), '') as unusual
  from numbered as r
)
select
  "account_id", "name", "created_on", "segment", "region", "owner", "loaded_at", "attribute_tier",
  occurrence,
  copies,
  nullif(concat_ws(', ', unusable, unusual), '') as defects,
  unusable is null as is_usable
from judged
