with repeated_keys as (
  select key
  from (select coalesce(nullif(trim_blanks(cast(c."response_id" as varchar)), ''), '') as key from (select "id" as "response_id", "org" as "account_id", "uid" as "user_id", "score" as "score", "said" as "comment", "at" as "responded_at" from "raw"."nps") as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    "response_id", "account_id", "user_id", "score", "comment", "responded_at",
    count(*) as copies,
    cast(sum(cast(hash(c) >> 20 as bigint)) as bigint) as checksum
  from (select "id" as "response_id", "org" as "account_id", "uid" as "user_id", "score" as "score", "said" as "comment", "at" as "responded_at" from "raw"."nps") as c
  where coalesce(nullif(trim_blanks(cast(c."response_id" as varchar)), ''), '') in (select key from repeated_keys)
  group by "response_id", "account_id", "user_id", "score", "comment", "responded_at"
),
single as (
  select c.*, 1 as copies, cast(hash(c) >> 20 as bigint) as checksum
  from (select "id" as "response_id", "org" as "account_id", "uid" as "user_id", "score" as "score", "said" as "comment", "at" as "responded_at" from "raw"."nps") as c
  where coalesce(nullif(trim_blanks(cast(c."response_id" as varchar)), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    "response_id", "account_id", "user_id", "score", "comment", "responded_at", "loaded_at", copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by "response_id"
      order by loaded_at desc nulls last, "account_id" asc nulls first, "user_id" asc nulls first, "score" asc nulls first, "comment" asc nulls first, "responded_at" asc nulls first
    ) as occurrence,
    count(*) over (partition by "response_id") as rows_with_id
  from (
  select
    c."response_id" as "response_id",
    c."account_id" as "account_id",
    c."user_id" as "user_id",
    case when c."score" < 0 or c."score" > 10 then null else c."score" end as "score",
    c."comment" as "comment",
    c."responded_at" as "responded_at",
    cast(null as timestamptz) as "loaded_at",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (c."response_id_is_given") then 'missing_response_id' end, case when not (c."account_id_is_given") then 'missing_account_id' end, case when not (c."score_is_given") then 'missing_score' end, case when c."score_is_given" and c."score" is null then 'unreadable_score' end, case when c."score" < 0 or c."score" > 10 then 'out_of_range_score' end, case when not (c."responded_at_is_given") then 'missing_responded_at' end, case when c."responded_at_is_given" and c."responded_at" is null then 'unreadable_responded_at' end), '') as unusable_values,
    cast(null as varchar) as unusual_values
  from (
    select
      nullif(trim_blanks(cast(c."response_id" as varchar)), '') as "response_id",
    nullif(trim_blanks(cast(c."response_id" as varchar)), '') is not null as "response_id_is_given",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null as "account_id_is_given",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') as "user_id",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') is not null as "user_id_is_given",
    case when c."score" = round(c."score") then try_cast(c."score" as bigint) end as "score",
    c."score" is not null as "score_is_given",
    nullif(trim_blanks(cast(c."comment" as varchar)), '') as "comment",
    nullif(trim_blanks(cast(c."comment" as varchar)), '') is not null as "comment_is_given",
    case when regexp_full_match(nullif(trim_blanks(cast(c."responded_at" as varchar)), ''), '\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})? ?(Z|[+-]\d{2}(:?\d{2})?)') then try_cast(nullif(trim_blanks(cast(c."responded_at" as varchar)), '') as timestamptz) when regexp_full_match(nullif(trim_blanks(cast(c."responded_at" as varchar)), ''), '\d{4}-\d{2}-\d{2}([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?') then (try_cast(nullif(trim_blanks(cast(c."responded_at" as varchar)), '') as timestamp) at time zone 'America/New_York') end as "responded_at",
    nullif(trim_blanks(cast(c."responded_at" as varchar)), '') is not null as "responded_at_is_given",
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    "response_id", "account_id", "user_id", "score", "comment", "responded_at", "loaded_at", copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c."response_id" as "response_id",
    c."account_id" as "account_id",
    c."user_id" as "user_id",
    case when c."score" < 0 or c."score" > 10 then null else c."score" end as "score",
    c."comment" as "comment",
    c."responded_at" as "responded_at",
    cast(null as timestamptz) as "loaded_at",
    c.copies as copies,
    c.checksum as checksum,
    nullif(concat_ws(', ', case when not (c."response_id_is_given") then 'missing_response_id' end, case when not (c."account_id_is_given") then 'missing_account_id' end, case when not (c."score_is_given") then 'missing_score' end, case when c."score_is_given" and c."score" is null then 'unreadable_score' end, case when c."score" < 0 or c."score" > 10 then 'out_of_range_score' end, case when not (c."responded_at_is_given") then 'missing_responded_at' end, case when c."responded_at_is_given" and c."responded_at" is null then 'unreadable_responded_at' end), '') as unusable_values,
    cast(null as varchar) as unusual_values
  from (
    select
      nullif(trim_blanks(cast(c."response_id" as varchar)), '') as "response_id",
    nullif(trim_blanks(cast(c."response_id" as varchar)), '') is not null as "response_id_is_given",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') as "account_id",
    nullif(trim_blanks(cast(c."account_id" as varchar)), '') is not null as "account_id_is_given",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') as "user_id",
    nullif(trim_blanks(cast(c."user_id" as varchar)), '') is not null as "user_id_is_given",
    case when c."score" = round(c."score") then try_cast(c."score" as bigint) end as "score",
    c."score" is not null as "score_is_given",
    nullif(trim_blanks(cast(c."comment" as varchar)), '') as "comment",
    nullif(trim_blanks(cast(c."comment" as varchar)), '') is not null as "comment_is_given",
    case when regexp_full_match(nullif(trim_blanks(cast(c."responded_at" as varchar)), ''), '\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})? ?(Z|[+-]\d{2}(:?\d{2})?)') then try_cast(nullif(trim_blanks(cast(c."responded_at" as varchar)), '') as timestamptz) when regexp_full_match(nullif(trim_blanks(cast(c."responded_at" as varchar)), ''), '\d{4}-\d{2}-\d{2}([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?') then (try_cast(nullif(trim_blanks(cast(c."responded_at" as varchar)), '') as timestamp) at time zone 'America/New_York') end as "responded_at",
    nullif(trim_blanks(cast(c."responded_at" as varchar)), '') is not null as "responded_at_is_given",
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r."response_id" as "response_id",
    r.account_id as "account_id",
    r."user_id" as "user_id",
    r."score" as "score",
    r."comment" as "comment",
    r."responded_at" as "responded_at",
    r."loaded_at" as "loaded_at",
    cast(r."responded_at" at time zone 'Europe/Berlin' as date) as day,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(concat_ws(', ', r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when cast(r."responded_at" at time zone 'Europe/Berlin' as date) < a.created_on then 'before_account' end), '') as unusable,
    nullif(concat_ws(', ', r.unusual_values), '') as unusual
  from numbered as r
  left join "accounts" as a on a.account_id = r.account_id
)
select
  "response_id", "account_id", "user_id", "score", "comment", "responded_at", "loaded_at",
  day,
  occurrence,
  copies,
  checksum,
  cast(hash(coalesce(judged."response_id", '')) >> 20 as bigint) as id_hash,
  nullif(concat_ws(', ', unusable, unusual), '') as defects,
  unusable is null as is_usable
from judged
