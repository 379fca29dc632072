with days as (
  select a.account_id as account_id, a.created_on as created_on, a.customer_since as customer_since, day
  from (select `account_id`, `created_on`, `customer_since` from `accounts` as rows_asked) as a
  cross join `timeline` as t
  cross join unnest(generate_date_array(a.created_on, t.data_through, interval 1 day)) as day
),
spine as (
  select *
  from (
    select d.`account_id`, d.`day`, d.`created_on`, d.`customer_since`, c.`paid_contracts`, c.`trials`, c.`seats`, c.`mrr`, c.`next_renewal_on`, c.`last_paid_on`, c.`last_covered_on`, date_trunc(d.day, month) as _month
    from days as d
    left join (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from `coverage_daily` as levels
  ) as `c` on `c`.account_id = d.account_id and `c`.day <= d.day and d.day < `c`._next_day
  ) as d
  where case when d.paid_contracts > 0 or d.trials > 0 then d.day when d.last_covered_on >= d.created_on then d.last_covered_on end is null or date_diff(d.day, case when d.paid_contracts > 0 or d.trials > 0 then d.day when d.last_covered_on >= d.created_on then d.last_covered_on end, day) <= 90
)
select
  d.account_id as account_id,
  d.day as day,
  coalesce(`d`.`paid_contracts`, 0) > 0 as `is_customer`,
  coalesce(`d`.`trials`, 0) > 0 as `is_trial`,
  date_diff(d.day, d.created_on, day) as `account_age_days`,
  case when d.customer_since <= d.day then date_diff(d.day, d.customer_since, day) end as `tenure_days`,
  case when coalesce(`d`.`paid_contracts`, 0) = 0 then date_diff(d.day, case when d.paid_contracts > 0 then d.day when d.last_paid_on >= d.created_on then d.last_paid_on end, day) - 1 end as `days_since_coverage_ended`,
  case when d.next_renewal_on >= d.day then date_diff(d.next_renewal_on, d.day, day) end as `days_to_renewal`,
  d.seats as `seats`,
  d.mrr as `mrr`,
  case when `u`.day = d.day then `u`.`events` else 0 end as `events_1d`,
  coalesce(`u`.`events_7d`, 0) as `events_7d`,
  coalesce(`u`.`events_28d`, 0) as `events_28d`,
  case when `u`.day = d.day then `u`.`active_users` else 0 end as `active_users_1d`,
  coalesce(`u`.`active_users_7d`, 0) as `active_users_7d`,
  coalesce(`u`.`active_users_28d`, 0) as `active_users_28d`,
  safe_divide(cast((u.active_users_28d - u.active_users_28d_before) as float64), cast(u.active_users_28d_before as float64)) as `active_users_change_28d`,
  coalesce(`u`.`new_users_28d`, 0) as `new_users_28d`,
  coalesce(`u`.`key_events_28d`, 0) as `key_events_28d`,
  coalesce(`u`.`sessions_28d`, 0) as `sessions_28d`,
  coalesce(`u`.`logins_28d`, 0) as `logins_28d`,
  coalesce(`u`.`login_days_28d`, 0) as `login_days_28d`,
  coalesce(`u`.`active_days_28d`, 0) as `active_days_28d`,
  coalesce(`u`.`features_used_28d`, 0) as `features_used_28d`,
  coalesce(`u`.`new_features_28d`, 0) as `new_features_28d`,
  safe_divide(cast(coalesce(`u`.`features_used_28d`, 0) as float64), cast(o.features_offered as float64)) as `breadth_28d`,
  safe_divide(cast(u.sticky_events_28d as float64), cast(u.events_28d as float64)) as `sticky_share_28d`,
  safe_divide(cast(coalesce(`u`.`active_users_28d`, 0) as float64), cast(d.seats as float64)) as `licence_utilisation_28d`,
  date_diff(d.day, u.last_event_day, day) as `days_since_last_event`,
  coalesce(`s`.`open_tickets`, 0) as `open_tickets`,
  coalesce(`s`.`overdue_tickets`, 0) as `overdue_tickets`,
  coalesce(`s`.`overdue_urgent_tickets`, 0) as `overdue_urgent_tickets`,
  coalesce(`s`.`open_billing_tickets`, 0) as `open_billing_tickets`,
  coalesce(`s`.`tickets_opened_28d`, 0) as `tickets_opened_28d`,
  safe_divide(cast(s.replied_28d as float64), cast(s.timed_28d as float64)) as `replied_within_24h_share_28d`,
  coalesce(`s`.`escalations_28d`, 0) as `escalations_28d`,
  safe_divide(cast(s.csat_sum_90d as float64), cast(s.csat_count_90d as float64)) as `csat_90d`,
  100e0 * safe_divide(cast((v.promoters - v.detractors) as float64), cast(v.respondents as float64)) as `nps_180d`,
  coalesce(`v`.`respondents`, 0) as `survey_respondents_180d`,
  coalesce(`v`.`detractors`, 0) as `detractors_180d`,
  coalesce(`p`.`outcomes_confirmed`, 0) as `outcomes_confirmed`,
  coalesce(`p`.`outcomes_confirmed_365d`, 0) as `outcomes_confirmed_365d`,
  coalesce(`p`.`touchpoints_28d`, 0) as `touchpoints_28d`,
  date_diff(d.day, p.last_touchpoint_day, day) as `days_since_last_touchpoint`,
  coalesce(`p`.`champions`, 0) as `champions`,
  coalesce(`p`.`champions_left`, 0) as `champions_left`,
  coalesce(`p`.`champions_left_28d`, 0) as `champions_left_28d`,
  coalesce(`p`.`executives`, 0) as `executives`,
  date_diff(d.day, p.last_executive_day, day) as `days_since_executive_seen`,
  coalesce(w.`exports_28d`, 0) as `exports_28d`,
  w.`admin_events` as `admin_events`,
  coalesce(w.`feature_users_14d`, 0) as `feature_users_14d`,
  coalesce(w.`features_ever`, 0) as `features_ever`,
  coalesce(w.`meeting_days_60d`, 0) as `meeting_days_60d`,
  date_diff(d.day, w.`days_since_qbr`, day) as `days_since_qbr`,
  w.`urgent_csat_365d` as `urgent_csat_365d`,
  w.`worst_score_365d` as `worst_score_365d`,
  w.`best_score` as `best_score`,
  w.`value_confirmed` as `value_confirmed`
from spine as d
left join `features_offered` as o on o.day = d.day
left join (select spans.*, date_trunc(day, month) as _month from (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from `usage_daily` as levels
  ) as spans) as `u` on `u`.account_id = d.account_id and `u`.day <= d.day and d.day < `u`._next_day and `u`._month = d._month
left join (select spans.*, date_trunc(day, month) as _month from (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from `support_daily` as levels
  ) as spans) as `s` on `s`.account_id = d.account_id and `s`.day <= d.day and d.day < `s`._next_day and `s`._month = d._month
left join (select spans.*, date_trunc(day, month) as _month from (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from `voice_daily` as levels
  ) as spans) as `v` on `v`.account_id = d.account_id and `v`.day <= d.day and d.day < `v`._next_day and `v`._month = d._month
left join (select spans.*, date_trunc(day, month) as _month from (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from `people_daily` as levels
  ) as spans) as `p` on `p`.account_id = d.account_id and `p`.day <= d.day and d.day < `p`._next_day and `p`._month = d._month
left join (select spans.*, date_trunc(day, month) as _month from (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from `own_fact_days` as levels
  ) as spans) as `w` on `w`.account_id = d.account_id and `w`.day <= d.day and d.day < `w`._next_day and `w`._month = d._month
