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
update `waymark_tables`.`usage_daily__rows_000001` as d
set `to_version` = 2
from `waymark_work`.`usage_daily__changes_2` as s
where not s.comes and d.`to_version` = 9007199254740991 and (d.day >= date '2024-02-01' and d.day <= date '2024-03-10') and d.`account_id` = s.`account_id` and d.`day` = s.`day`;
insert into `waymark_tables`.`usage_daily__rows_000001` (`account_id`, `day`, `events`, `sessions`, `logins`, `sticky_events`, `active_users`, `features`, `new_users`, `key_events`, `new_features`, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, `last_event_day`, `from_version`, `to_version`)
select d.`account_id`, d.`day`, d.`events`, d.`sessions`, d.`logins`, d.`sticky_events`, d.`active_users`, d.`features`, d.`new_users`, d.`key_events`, d.`new_features`, d.`events_7d`, d.`events_28d`, d.`active_days_28d`, d.`sessions_28d`, d.`logins_28d`, d.`login_days_28d`, d.`sticky_events_28d`, d.`new_users_28d`, d.`key_events_28d`, d.`new_features_28d`, d.`active_users_7d`, d.`active_users_28d`, d.`active_users_28d_before`, d.`features_used_28d`, d.`last_event_day`, 2, 9007199254740991
from `waymark_work`.`usage_daily__delta_2` as d
inner join `waymark_work`.`usage_daily__changes_2` as s on d.`account_id` = s.`account_id` and d.`day` = s.`day`
where s.comes;
insert into `waymark_ledger`.`checks` (`run_id`, `model`, `check_name`, `severity`, `failing_rows`, `examples`, `error`, `checked_at`, `failing_since`, `definition`, `tables`, `kept_in`) values (@p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p11, @p5, @p6, @p7, @p8, @p12, @p10, @p8, @p8, @p2), (@p2, @p3, @p13, @p5, @p6, @p7, @p8, @p14, @p10, @p8, @p8, @p2), (@p2, @p3, @p15, @p5, @p6, @p7, @p8, @p16, @p10, @p8, @p8, @p2), (@p2, @p3, @p17, @p5, @p6, @p7, @p8, @p18, @p10, @p8, @p8, @p2), (@p2, @p3, @p19, @p5, @p6, @p7, @p8, @p20, @p10, @p8, @p8, @p2), (@p2, @p3, @p21, @p5, @p6, @p7, @p8, @p22, @p10, @p8, @p8, @p2), (@p2, @p3, @p23, @p5, @p6, @p7, @p8, @p24, @p10, @p8, @p8, @p2), (@p2, @p3, @p25, @p5, @p6, @p7, @p8, @p26, @p10, @p8, @p8, @p2), (@p2, @p3, @p27, @p5, @p6, @p7, @p8, @p28, @p10, @p8, @p8, @p2), (@p2, @p3, @p29, @p5, @p6, @p7, @p8, @p30, @p10, @p8, @p8, @p2), (@p2, @p3, @p31, @p5, @p6, @p7, @p8, @p32, @p10, @p8, @p8, @p2), (@p2, @p3, @p33, @p5, @p6, @p7, @p8, @p34, @p10, @p8, @p8, @p2), (@p2, @p3, @p35, @p5, @p6, @p7, @p8, @p36, @p10, @p8, @p8, @p2), (@p2, @p3, @p37, @p5, @p6, @p7, @p8, @p38, @p10, @p8, @p8, @p2), (@p2, @p3, @p39, @p5, @p6, @p7, @p8, @p40, @p10, @p8, @p8, @p2), (@p2, @p3, @p41, @p5, @p6, @p7, @p8, @p42, @p10, @p8, @p8, @p2), (@p2, @p3, @p43, @p5, @p6, @p7, @p8, @p44, @p10, @p8, @p8, @p2), (@p2, @p3, @p45, @p5, @p6, @p7, @p8, @p46, @p10, @p8, @p8, @p2), (@p2, @p3, @p47, @p5, @p6, @p7, @p8, @p48, @p10, @p8, @p8, @p2), (@p2, @p3, @p49, @p5, @p6, @p7, @p8, @p50, @p10, @p8, @p8, @p2), (@p2, @p3, @p51, @p5, @p6, @p7, @p8, @p52, @p10, @p8, @p8, @p2), (@p2, @p3, @p53, @p5, @p6, @p7, @p8, @p54, @p10, @p8, @p8, @p2), (@p2, @p3, @p55, @p5, @p6, @p7, @p8, @p56, @p10, @p8, @p8, @p2), (@p2, @p3, @p57, @p5, @p6, @p7, @p8, @p58, @p10, @p8, @p8, @p2), (@p2, @p3, @p59, @p5, @p6, @p7, @p8, @p60, @p10, @p8, @p8, @p2), (@p2, @p3, @p61, @p5, @p6, @p7, @p8, @p62, @p10, @p8, @p8, @p2), (@p2, @p3, @p63, @p5, @p6, @p7, @p8, @p64, @p10, @p8, @p8, @p2), (@p2, @p3, @p65, @p5, @p6, @p7, @p8, @p66, @p10, @p8, @p8, @p2), (@p2, @p3, @p67, @p5, @p6, @p7, @p8, @p68, @p10, @p8, @p8, @p2), (@p2, @p3, @p69, @p5, @p6, @p7, @p8, @p70, @p10, @p8, @p8, @p2), (@p2, @p3, @p71, @p5, @p6, @p7, @p8, @p72, @p10, @p8, @p8, @p2), (@p2, @p3, @p73, @p5, @p6, @p7, @p8, @p74, @p10, @p8, @p8, @p2), (@p2, @p3, @p75, @p5, @p6, @p7, @p8, @p76, @p10, @p8, @p8, @p2), (@p2, @p3, @p77, @p5, @p6, @p7, @p8, @p78, @p10, @p8, @p8, @p2), (@p2, @p3, @p79, @p5, @p6, @p7, @p8, @p80, @p10, @p8, @p8, @p2), (@p2, @p3, @p81, @p5, @p6, @p7, @p8, @p82, @p10, @p8, @p8, @p2), (@p2, @p3, @p83, @p5, @p6, @p7, @p8, @p84, @p10, @p8, @p8, @p2), (@p2, @p3, @p85, @p5, @p6, @p7, @p8, @p86, @p10, @p8, @p8, @p2), (@p2, @p3, @p87, @p5, @p6, @p7, @p8, @p88, @p10, @p8, @p8, @p2), (@p2, @p3, @p89, @p5, @p6, @p7, @p8, @p90, @p10, @p8, @p8, @p2), (@p2, @p3, @p91, @p5, @p6, @p7, @p8, @p92, @p10, @p8, @p8, @p2), (@p2, @p3, @p93, @p5, @p6, @p7, @p8, @p94, @p10, @p8, @p8, @p2), (@p2, @p3, @p95, @p5, @p6, @p7, @p8, @p96, @p10, @p8, @p8, @p2), (@p2, @p3, @p97, @p5, @p6, @p7, @p8, @p98, @p10, @p8, @p8, @p2), (@p2, @p3, @p99, @p5, @p6, @p7, @p8, @p100, @p10, @p8, @p8, @p2), (@p2, @p3, @p101, @p5, @p6, @p7, @p8, @p102, @p10, @p8, @p8, @p2), (@p2, @p3, @p103, @p5, @p6, @p7, @p8, @p104, @p10, @p8, @p8, @p2), (@p2, @p3, @p105, @p5, @p6, @p7, @p8, @p106, @p10, @p8, @p8, @p2), (@p2, @p3, @p107, @p5, @p6, @p7, @p8, @p108, @p10, @p8, @p8, @p2);
insert into `waymark_ledger`.`built_tables` (`table_name`, `model`, `store`, `version`, `inputs`, `rows`, `built_at`, `run_id`) values (@p109, @p110, @p111, @p112, @p113, @p114, @p115, @p116);
insert into `waymark_ledger`.`writings` (`model`, `version`, `run_id`, `written_at`, `is_whole`, `reason`, `code`, `journey_version`, `inputs`, `accounts`, `first_day`, `last_day`, `rows_added`, `rows_ended`) values (@p117, @p118, @p119, @p120, @p121, @p122, @p123, @p124, @p125, @p126, @p127, @p128, @p129, @p129);
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
