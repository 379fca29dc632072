with repeated_keys as (
  select key
  from (select coalesce(nullif(trim(c.`ticket_id`, ' 	\n\r '), ''), '') as key from (select `nr` as `ticket_id`, `org` as `account_id`, `uid` as `user_id`, `channel` as `channel`, case trim(`prio`, ' 	\n\r ') when 'P1' then 'urgent' when 'P2' then 'high' when 'P3' then 'normal' when 'P4' then 'low' else trim(`prio`, ' 	\n\r ') end as `priority`, `topic` as `category`, `opened` as `opened_at`, `replied` as `first_replied_at`, `solved` as `resolved_at`, `reopened` as `reopened_at`, `replies` as `reply_count`, `waited` as `wait_seconds`, `hung up` as `is_abandoned`, `escalated` as `is_escalated`, `wow` as `is_delight`, `stars` as `csat` from `raw`.`helpdesk`) as c) as keys
  group by key
  having count(*) > 1
),
merged as (
  select
    `ticket_id`, `account_id`, `user_id`, `channel`, `priority`, `category`, `opened_at`, `first_replied_at`, `resolved_at`, `reopened_at`, `reply_count`, `wait_seconds`, `is_abandoned`, `is_escalated`, `is_delight`, `csat`,
    count(*) as copies,
    sum((farm_fingerprint(to_json_string(c)) >> 20)) as checksum
  from (select `nr` as `ticket_id`, `org` as `account_id`, `uid` as `user_id`, `channel` as `channel`, case trim(`prio`, ' 	\n\r ') when 'P1' then 'urgent' when 'P2' then 'high' when 'P3' then 'normal' when 'P4' then 'low' else trim(`prio`, ' 	\n\r ') end as `priority`, `topic` as `category`, `opened` as `opened_at`, `replied` as `first_replied_at`, `solved` as `resolved_at`, `reopened` as `reopened_at`, `replies` as `reply_count`, `waited` as `wait_seconds`, `hung up` as `is_abandoned`, `escalated` as `is_escalated`, `wow` as `is_delight`, `stars` as `csat` from `raw`.`helpdesk`) as c
  where coalesce(nullif(trim(c.`ticket_id`, ' 	\n\r '), ''), '') in (select key from repeated_keys)
  group by `ticket_id`, `account_id`, `user_id`, `channel`, `priority`, `category`, `opened_at`, `first_replied_at`, `resolved_at`, `reopened_at`, `reply_count`, `wait_seconds`, `is_abandoned`, `is_escalated`, `is_delight`, `csat`
),
single as (
  select c.*, 1 as copies, (farm_fingerprint(to_json_string(c)) >> 20) as checksum
  from (select `nr` as `ticket_id`, `org` as `account_id`, `uid` as `user_id`, `channel` as `channel`, case trim(`prio`, ' 	\n\r ') when 'P1' then 'urgent' when 'P2' then 'high' when 'P3' then 'normal' when 'P4' then 'low' else trim(`prio`, ' 	\n\r ') end as `priority`, `topic` as `category`, `opened` as `opened_at`, `replied` as `first_replied_at`, `solved` as `resolved_at`, `reopened` as `reopened_at`, `replies` as `reply_count`, `waited` as `wait_seconds`, `hung up` as `is_abandoned`, `escalated` as `is_escalated`, `wow` as `is_delight`, `stars` as `csat` from `raw`.`helpdesk`) as c
  where coalesce(nullif(trim(c.`ticket_id`, ' 	\n\r '), ''), '') not in (select key from repeated_keys)
),
numbered as (
  select
    `ticket_id`, `account_id`, `user_id`, `channel`, `priority`, `category`, `opened_at`, `first_replied_at`, `resolved_at`, `reopened_at`, `reply_count`, `wait_seconds`, `is_abandoned`, `is_escalated`, `is_delight`, `csat`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    row_number() over (
      partition by `ticket_id`
      order by loaded_at desc nulls last, `account_id` asc nulls first, `user_id` asc nulls first, `channel` asc nulls first, `priority` asc nulls first, `category` asc nulls first, `opened_at` asc nulls first, `first_replied_at` asc nulls first, `resolved_at` asc nulls first, `reopened_at` asc nulls first, `reply_count` asc nulls first, `wait_seconds` asc nulls first, `is_abandoned` asc nulls first, `is_escalated` asc nulls first, `is_delight` asc nulls first, `csat` asc nulls first
    ) as occurrence,
    count(*) over (partition by `ticket_id`) as rows_with_id
  from (
  select
    c.`ticket_id` as `ticket_id`,
    c.`account_id` as `account_id`,
    c.`user_id` as `user_id`,
    c.`channel` as `channel`,
    case when c.`priority` not in ('low', 'normal', 'high', 'urgent') then null else c.`priority` end as `priority`,
    c.`category` as `category`,
    c.`opened_at` as `opened_at`,
    c.`first_replied_at` as `first_replied_at`,
    c.`resolved_at` as `resolved_at`,
    c.`reopened_at` as `reopened_at`,
    case when c.`reply_count` < 0 then null else c.`reply_count` end as `reply_count`,
    case when c.`wait_seconds` < 0 then null else c.`wait_seconds` end as `wait_seconds`,
    c.`is_abandoned` as `is_abandoned`,
    c.`is_escalated` as `is_escalated`,
    c.`is_delight` as `is_delight`,
    case when c.`csat` < 1 or c.`csat` > 5 then null else c.`csat` end as `csat`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`ticket_id_is_given`) then 'missing_ticket_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`opened_at_is_given`) then 'missing_opened_at' end, case when c.`opened_at_is_given` and c.`opened_at` is null then 'unreadable_opened_at' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`priority` not in ('low', 'normal', 'high', 'urgent') then 'unexpected_priority' end, case when c.`first_replied_at_is_given` and c.`first_replied_at` is null then 'unreadable_first_replied_at' end, case when c.`resolved_at_is_given` and c.`resolved_at` is null then 'unreadable_resolved_at' end, case when c.`reopened_at_is_given` and c.`reopened_at` is null then 'unreadable_reopened_at' end, case when c.`reply_count` < 0 then 'out_of_range_reply_count' end, case when c.`wait_seconds` < 0 then 'out_of_range_wait_seconds' end, case when c.`csat_is_given` and c.`csat` is null then 'unreadable_csat' end, case when c.`csat` < 1 or c.`csat` > 5 then 'out_of_range_csat' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`ticket_id`, ' 	\n\r '), '') as `ticket_id`,
    nullif(trim(c.`ticket_id`, ' 	\n\r '), '') is not null as `ticket_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`channel`, ' 	\n\r '), '') as `channel`,
    nullif(trim(c.`channel`, ' 	\n\r '), '') is not null as `channel_is_given`,
    nullif(trim(c.`priority`, ' 	\n\r '), '') as `priority`,
    nullif(trim(c.`priority`, ' 	\n\r '), '') is not null as `priority_is_given`,
    nullif(trim(c.`category`, ' 	\n\r '), '') as `category`,
    nullif(trim(c.`category`, ' 	\n\r '), '') is not null as `category_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`opened_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `opened_at`,
    nullif(trim(c.`opened_at`, ' 	\n\r '), '') is not null as `opened_at_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`first_replied_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `first_replied_at`,
    nullif(trim(c.`first_replied_at`, ' 	\n\r '), '') is not null as `first_replied_at_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`resolved_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `resolved_at`,
    nullif(trim(c.`resolved_at`, ' 	\n\r '), '') is not null as `resolved_at_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`reopened_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `reopened_at`,
    nullif(trim(c.`reopened_at`, ' 	\n\r '), '') is not null as `reopened_at_is_given`,
    cast(c.`reply_count` as int64) as `reply_count`,
    c.`reply_count` is not null as `reply_count_is_given`,
    cast(c.`wait_seconds` as int64) as `wait_seconds`,
    c.`wait_seconds` is not null as `wait_seconds_is_given`,
    cast(c.`is_abandoned` as bool) as `is_abandoned`,
    c.`is_abandoned` is not null as `is_abandoned_is_given`,
    cast(c.`is_escalated` as bool) as `is_escalated`,
    c.`is_escalated` is not null as `is_escalated_is_given`,
    cast(c.`is_delight` as bool) as `is_delight`,
    c.`is_delight` is not null as `is_delight_is_given`,
    case when regexp_contains(nullif(trim(c.`csat`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`csat`, ' 	\n\r '), '') as float64) end as `csat`,
    nullif(trim(c.`csat`, ' 	\n\r '), '') is not null as `csat_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from merged as c
  ) as c
  ) as read_rows
  union all
  select
    `ticket_id`, `account_id`, `user_id`, `channel`, `priority`, `category`, `opened_at`, `first_replied_at`, `resolved_at`, `reopened_at`, `reply_count`, `wait_seconds`, `is_abandoned`, `is_escalated`, `is_delight`, `csat`, `loaded_at`, copies, checksum, unusable_values, unusual_values,
    1 as occurrence,
    1 as rows_with_id
  from (
  select
    c.`ticket_id` as `ticket_id`,
    c.`account_id` as `account_id`,
    c.`user_id` as `user_id`,
    c.`channel` as `channel`,
    case when c.`priority` not in ('low', 'normal', 'high', 'urgent') then null else c.`priority` end as `priority`,
    c.`category` as `category`,
    c.`opened_at` as `opened_at`,
    c.`first_replied_at` as `first_replied_at`,
    c.`resolved_at` as `resolved_at`,
    c.`reopened_at` as `reopened_at`,
    case when c.`reply_count` < 0 then null else c.`reply_count` end as `reply_count`,
    case when c.`wait_seconds` < 0 then null else c.`wait_seconds` end as `wait_seconds`,
    c.`is_abandoned` as `is_abandoned`,
    c.`is_escalated` as `is_escalated`,
    c.`is_delight` as `is_delight`,
    case when c.`csat` < 1 or c.`csat` > 5 then null else c.`csat` end as `csat`,
    cast(null as timestamp) as `loaded_at`,
    c.copies as copies,
    c.checksum as checksum,
    nullif(array_to_string([case when not (c.`ticket_id_is_given`) then 'missing_ticket_id' end, case when not (c.`account_id_is_given`) then 'missing_account_id' end, case when not (c.`opened_at_is_given`) then 'missing_opened_at' end, case when c.`opened_at_is_given` and c.`opened_at` is null then 'unreadable_opened_at' end], ', '), '') as unusable_values,
    nullif(array_to_string([case when c.`priority` not in ('low', 'normal', 'high', 'urgent') then 'unexpected_priority' end, case when c.`first_replied_at_is_given` and c.`first_replied_at` is null then 'unreadable_first_replied_at' end, case when c.`resolved_at_is_given` and c.`resolved_at` is null then 'unreadable_resolved_at' end, case when c.`reopened_at_is_given` and c.`reopened_at` is null then 'unreadable_reopened_at' end, case when c.`reply_count` < 0 then 'out_of_range_reply_count' end, case when c.`wait_seconds` < 0 then 'out_of_range_wait_seconds' end, case when c.`csat_is_given` and c.`csat` is null then 'unreadable_csat' end, case when c.`csat` < 1 or c.`csat` > 5 then 'out_of_range_csat' end], ', '), '') as unusual_values
  from (
    select
      nullif(trim(c.`ticket_id`, ' 	\n\r '), '') as `ticket_id`,
    nullif(trim(c.`ticket_id`, ' 	\n\r '), '') is not null as `ticket_id_is_given`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') as `account_id`,
    nullif(trim(c.`account_id`, ' 	\n\r '), '') is not null as `account_id_is_given`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') as `user_id`,
    nullif(trim(c.`user_id`, ' 	\n\r '), '') is not null as `user_id_is_given`,
    nullif(trim(c.`channel`, ' 	\n\r '), '') as `channel`,
    nullif(trim(c.`channel`, ' 	\n\r '), '') is not null as `channel_is_given`,
    nullif(trim(c.`priority`, ' 	\n\r '), '') as `priority`,
    nullif(trim(c.`priority`, ' 	\n\r '), '') is not null as `priority_is_given`,
    nullif(trim(c.`category`, ' 	\n\r '), '') as `category`,
    nullif(trim(c.`category`, ' 	\n\r '), '') is not null as `category_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`opened_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `opened_at`,
    nullif(trim(c.`opened_at`, ' 	\n\r '), '') is not null as `opened_at_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`first_replied_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `first_replied_at`,
    nullif(trim(c.`first_replied_at`, ' 	\n\r '), '') is not null as `first_replied_at_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`resolved_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `resolved_at`,
    nullif(trim(c.`resolved_at`, ' 	\n\r '), '') is not null as `resolved_at_is_given`,
    safe.parse_timestamp('%d.%m.%Y %H:%M', nullif(trim(c.`reopened_at`, ' 	\n\r '), ''), 'Europe/Berlin') as `reopened_at`,
    nullif(trim(c.`reopened_at`, ' 	\n\r '), '') is not null as `reopened_at_is_given`,
    cast(c.`reply_count` as int64) as `reply_count`,
    c.`reply_count` is not null as `reply_count_is_given`,
    cast(c.`wait_seconds` as int64) as `wait_seconds`,
    c.`wait_seconds` is not null as `wait_seconds_is_given`,
    cast(c.`is_abandoned` as bool) as `is_abandoned`,
    c.`is_abandoned` is not null as `is_abandoned_is_given`,
    cast(c.`is_escalated` as bool) as `is_escalated`,
    c.`is_escalated` is not null as `is_escalated_is_given`,
    cast(c.`is_delight` as bool) as `is_delight`,
    c.`is_delight` is not null as `is_delight_is_given`,
    case when regexp_contains(nullif(trim(c.`csat`, ' 	\n\r '), ''), '^(?:[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?)$') then safe_cast(nullif(trim(c.`csat`, ' 	\n\r '), '') as float64) end as `csat`,
    nullif(trim(c.`csat`, ' 	\n\r '), '') is not null as `csat_is_given`,
    c.copies as copies,
    c.checksum as checksum
    from single as c
  ) as c
  ) as read_rows
),
judged as (
  select
    r.`ticket_id` as `ticket_id`,
    r.account_id as `account_id`,
    r.`user_id` as `user_id`,
    r.`channel` as `channel`,
    r.`priority` as `priority`,
    r.`category` as `category`,
    r.`opened_at` as `opened_at`,
    r.`first_replied_at` as `first_replied_at`,
    r.`resolved_at` as `resolved_at`,
    r.`reopened_at` as `reopened_at`,
    r.`reply_count` as `reply_count`,
    r.`wait_seconds` as `wait_seconds`,
    r.`is_abandoned` as `is_abandoned`,
    r.`is_escalated` as `is_escalated`,
    r.`is_delight` as `is_delight`,
    r.`csat` as `csat`,
    r.`loaded_at` as `loaded_at`,
    date(r.`opened_at`, 'Europe/Berlin') as day,
    r.occurrence as occurrence,
    r.copies as copies,
    r.checksum as checksum,
    nullif(array_to_string([r.unusable_values, case when r.occurrence > 1 then 'id_collision' end, case when a.account_id is null and r.account_id is not null then 'unknown_account' end, case when date(r.`opened_at`, 'Europe/Berlin') < a.created_on then 'before_account' end], ', '), '') as unusable,
    nullif(array_to_string([r.unusual_values, case when r.first_replied_at < r.opened_at then 'reply_before_opening' end, case when r.resolved_at < r.opened_at then 'resolution_before_opening' end, case when r.resolved_at < r.first_replied_at then 'resolution_before_reply' end], ', '), '') as unusual
  from numbered as r
  left join `accounts` as a on a.account_id = r.account_id
)
select
  `ticket_id`, `account_id`, `user_id`, `channel`, `priority`, `category`, `opened_at`, `first_replied_at`, `resolved_at`, `reopened_at`, `reply_count`, `wait_seconds`, `is_abandoned`, `is_escalated`, `is_delight`, `csat`, `loaded_at`,
  day,
  date(`first_replied_at`, 'Europe/Berlin') as `first_replied_on`,
    date(`resolved_at`, 'Europe/Berlin') as `resolved_on`,
    date(`reopened_at`, 'Europe/Berlin') as `reopened_on`,
    not coalesce(first_replied_at < opened_at or resolved_at < opened_at or resolved_at < first_replied_at, false) as `is_timed`,
    case when not coalesce(first_replied_at < opened_at or resolved_at < opened_at or resolved_at < first_replied_at, false) then timestamp_diff(first_replied_at, opened_at, second) / 3600e0 end as `first_reply_hours`,
    case when not coalesce(first_replied_at < opened_at or resolved_at < opened_at or resolved_at < first_replied_at, false) then timestamp_diff(resolved_at, opened_at, second) / 3600e0 end as `resolution_hours`,
    case when resolved_at is not null and reply_count is not null then reply_count = 1 and reopened_at is null end as `is_first_contact_resolution`,
  occurrence,
  copies,
  checksum,
  (farm_fingerprint(to_json_string(coalesce(judged.`ticket_id`, ''))) >> 20) as id_hash,
  nullif(array_to_string([unusable, unusual], ', '), '') as defects,
  unusable is null as is_usable
from judged
