select
  a.`account_id` as `account_id`, a.`name` as `name`, a.`created_on` as `created_on`, a.`customer_since` as `customer_since`, a.`segment` as `segment`, a.`region` as `region`, a.`owner` as `owner`, a.`attribute_industry` as `attribute_industry`, a.`attribute_employees` as `attribute_employees`,
  s.stage as stage,
  s.entered_on as stage_entered_on,
  s.days as stage_days,
  s.is_stuck as is_stuck,
  h.uncapped_score as uncapped_score,
  h.cap as cap,
  h.score as score,
  h.coverage as coverage,
  h.band as band,
  h.journey_version as journey_version,
  f.`is_customer` as `is_customer`, f.`is_trial` as `is_trial`, f.`account_age_days` as `account_age_days`, f.`tenure_days` as `tenure_days`, f.`days_since_coverage_ended` as `days_since_coverage_ended`, f.`days_to_renewal` as `days_to_renewal`, f.`seats` as `seats`, f.`mrr` as `mrr`, f.`events_1d` as `events_1d`, f.`events_7d` as `events_7d`, f.`events_28d` as `events_28d`, f.`active_users_1d` as `active_users_1d`, f.`active_users_7d` as `active_users_7d`, f.`active_users_28d` as `active_users_28d`, f.`active_users_change_28d` as `active_users_change_28d`, f.`new_users_28d` as `new_users_28d`, f.`key_events_28d` as `key_events_28d`, f.`sessions_28d` as `sessions_28d`, f.`logins_28d` as `logins_28d`, f.`login_days_28d` as `login_days_28d`, f.`active_days_28d` as `active_days_28d`, f.`features_used_28d` as `features_used_28d`, f.`new_features_28d` as `new_features_28d`, f.`breadth_28d` as `breadth_28d`, f.`sticky_share_28d` as `sticky_share_28d`, f.`licence_utilisation_28d` as `licence_utilisation_28d`, f.`days_since_last_event` as `days_since_last_event`, f.`open_tickets` as `open_tickets`, f.`overdue_tickets` as `overdue_tickets`, f.`overdue_urgent_tickets` as `overdue_urgent_tickets`, f.`open_billing_tickets` as `open_billing_tickets`, f.`tickets_opened_28d` as `tickets_opened_28d`, f.`replied_within_24h_share_28d` as `replied_within_24h_share_28d`, f.`escalations_28d` as `escalations_28d`, f.`csat_90d` as `csat_90d`, f.`nps_180d` as `nps_180d`, f.`survey_respondents_180d` as `survey_respondents_180d`, f.`detractors_180d` as `detractors_180d`, f.`outcomes_confirmed` as `outcomes_confirmed`, f.`outcomes_confirmed_365d` as `outcomes_confirmed_365d`, f.`touchpoints_28d` as `touchpoints_28d`, f.`days_since_last_touchpoint` as `days_since_last_touchpoint`, f.`champions` as `champions`, f.`champions_left` as `champions_left`, f.`champions_left_28d` as `champions_left_28d`, f.`executives` as `executives`, f.`days_since_executive_seen` as `days_since_executive_seen`, f.`exports_28d` as `exports_28d`, f.`admin_events` as `admin_events`, f.`feature_users_14d` as `feature_users_14d`, f.`features_ever` as `features_ever`, f.`meeting_days_60d` as `meeting_days_60d`, f.`days_since_qbr` as `days_since_qbr`, f.`urgent_csat_365d` as `urgent_csat_365d`, f.`worst_score_365d` as `worst_score_365d`, f.`best_score` as `best_score`, f.`value_confirmed` as `value_confirmed`
from `accounts` as a
left join (select d.* from `account_facts` as d where d.day = (select data_through from `timeline`)) as f on f.account_id = a.account_id
left join (select d.* from `account_health` as d where d.day = (select data_through from `timeline`)) as h on h.account_id = a.account_id
left join `stage_stays` as s on s.account_id = a.account_id and s.left_on is null
