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
where not s.comes and d.`to_version` = 9007199254740991 and (d.`day` >= date '2024-02-01' and d.`day` <= date '2024-03-10') and d.`account_id` = s.`account_id` and d.`day` = s.`day`;
insert into `waymark_tables`.`usage_daily__rows_000001` (`account_id`, `day`, `events`, `sessions`, `logins`, `sticky_events`, `active_users`, `features`, `new_users`, `key_events`, `new_features`, `events_7d`, `events_28d`, `active_days_28d`, `sessions_28d`, `logins_28d`, `login_days_28d`, `sticky_events_28d`, `new_users_28d`, `key_events_28d`, `new_features_28d`, `active_users_7d`, `active_users_28d`, `active_users_28d_before`, `features_used_28d`, `last_event_day`, `from_version`, `to_version`)
select d.`account_id`, d.`day`, d.`events`, d.`sessions`, d.`logins`, d.`sticky_events`, d.`active_users`, d.`features`, d.`new_users`, d.`key_events`, d.`new_features`, d.`events_7d`, d.`events_28d`, d.`active_days_28d`, d.`sessions_28d`, d.`logins_28d`, d.`login_days_28d`, d.`sticky_events_28d`, d.`new_users_28d`, d.`key_events_28d`, d.`new_features_28d`, d.`active_users_7d`, d.`active_users_28d`, d.`active_users_28d_before`, d.`features_used_28d`, d.`last_event_day`, 2, 9007199254740991
from `waymark_work`.`usage_daily__delta_2` as d
inner join `waymark_work`.`usage_daily__changes_2` as s on d.`account_id` = s.`account_id` and d.`day` = s.`day`
where s.comes;
insert into `waymark_ledger`.`checks` (`run_id`, `model`, `check_name`, `severity`, `failing_rows`, `examples`, `error`, `checked_at`, `failing_since`, `definition`, `tables`, `kept_in`) values (@p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p11, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p12, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p13, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p14, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p15, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p16, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p17, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p18, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p19, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p20, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p21, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p22, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p23, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p24, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p25, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p26, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p27, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p28, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p29, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p30, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p31, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p32, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p33, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p34, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p35, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p36, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p37, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p38, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p39, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p40, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p41, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p42, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p43, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p44, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p45, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p46, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p47, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p48, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p49, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p50, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p51, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p52, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p53, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p54, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p55, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p56, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p57, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p58, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2), (@p2, @p3, @p59, @p5, @p6, @p7, @p8, @p9, @p10, @p8, @p8, @p2);
insert into `waymark_ledger`.`built_tables` (`table_name`, `model`, `store`, `version`, `inputs`, `rows`, `built_at`, `run_id`) values (@p60, @p61, @p62, @p63, @p64, @p65, @p66, @p67);
insert into `waymark_ledger`.`writings` (`model`, `version`, `run_id`, `written_at`, `is_whole`, `reason`, `code`, `journey_version`, `inputs`, `accounts`, `first_day`, `last_day`, `rows_added`, `rows_ended`) values (@p68, @p69, @p70, @p71, @p72, @p73, @p74, @p75, @p76, @p77, @p78, @p79, @p80, @p80);
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
