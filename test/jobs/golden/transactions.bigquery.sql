-- What takes the lease.
begin
begin transaction;
select case when (select max(token) from `waymark_ledger`.`lease`) = 1 then true else error('The lease was taken meanwhile.') end as is_free;
update `waymark_ledger`.`lease`
set
  token = token + 1,
  holder = @p1,
  process = @p2,
  acquired_at = @p3,
  expires_at = @p4
where true;
commit transaction;
exception when error then
rollback transaction;
raise;
end;

-- What writes a part of a table.
begin
begin transaction;
update `waymark_ledger`.`lease` set expires_at = @p1 where case when token = 2 then true else error('The lease is another\'s.') end;
update `waymark_ledger`.`built_tables` set inputs = @p2 where table_name = @p3;
update `waymark_ledger`.`built_tables` set inputs = @p4 where table_name = @p5;
update `waymark_tables`.`usage_daily__rows_000001` as d
set `to_version` = 2
from `waymark_work`.`usage_daily__changes_2` as s
where not s.comes and d.`to_version` = 9007199254740991 and (d.day >= date '2024-02-01' and d.day <= date '2024-03-10') and d.`account_id` = s.`account_id` and d.`day` = s.`day`;
insert into `waymark_tables`.`usage_daily__rows_000001` (`account_id`, `day`, `events`, `sessions`, `logins`, `sticky_events`, `active_users`, `features`, `new_users`, `key_events`, `new_features`, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, `last_event_day`, `from_version`, `to_version`)
select d.`account_id`, d.`day`, d.`events`, d.`sessions`, d.`logins`, d.`sticky_events`, d.`active_users`, d.`features`, d.`new_users`, d.`key_events`, d.`new_features`, d.`events_7d`, d.`events_28d`, d.`active_days_28d`, d.`sessions_28d`, d.`logins_28d`, d.`login_days_28d`, d.`sticky_events_28d`, d.`new_users_28d`, d.`key_events_28d`, d.`new_features_28d`, d.`active_users_7d`, d.`active_users_28d`, d.`active_users_28d_before`, d.`features_used_28d`, d.`last_event_day`, 2, 9007199254740991
from `waymark_work`.`usage_daily__delta_2` as d
inner join `waymark_work`.`usage_daily__changes_2` as s on d.`account_id` = s.`account_id` and d.`day` = s.`day`
where s.comes;
insert into `waymark_ledger`.`checks` (`run_id`, `model`, `check_name`, `severity`, `failing_rows`, `examples`, `error`, `checked_at`, `failing_since`, `definition`, `tables`, `kept_in`) values (@p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p15, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p16, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p17, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p18, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p19, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p20, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p21, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p22, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p23, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p24, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p25, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p26, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p27, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p28, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p29, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p30, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p31, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p32, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p33, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p34, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p35, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p36, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p37, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p38, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p39, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p40, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p41, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p42, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p43, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p44, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p45, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p46, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p47, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p48, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p49, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p50, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p51, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p52, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p53, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p54, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p55, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p56, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p57, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p58, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p59, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p60, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p61, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p62, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6), (@p6, @p7, @p63, @p9, @p10, @p11, @p12, @p13, @p14, @p12, @p12, @p6);
insert into `waymark_ledger`.`built_tables` (`table_name`, `model`, `store`, `version`, `inputs`, `rows`, `built_at`, `run_id`) values (@p64, @p65, @p66, @p67, @p68, @p69, @p70, @p71);
insert into `waymark_ledger`.`writings` (`model`, `version`, `run_id`, `written_at`, `is_whole`, `reason`, `code`, `journey_version`, `inputs`, `accounts`, `first_day`, `last_day`, `rows_added`, `rows_ended`) values (@p72, @p73, @p74, @p75, @p76, @p77, @p78, @p79, @p80, @p81, @p82, @p83, @p84, @p84);
commit transaction;
exception when error then
rollback transaction;
raise;
end;

-- What publishes.
begin
begin transaction;
update `waymark_ledger`.`lease` set expires_at = @p1 where case when token = 2 then true else error('The lease is another\'s.') end;
insert into `waymark_ledger`.`snapshots` (`snapshot_id`, `run_id`, `published_at`, `data_through`, `journey_version`, `words`, `tables`) values (@p2, @p3, @p4, @p5, @p6, @p7, @p8);
commit transaction;
exception when error then
rollback transaction;
raise;
end;
