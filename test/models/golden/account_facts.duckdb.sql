with first_days as (
  select feature, min(day) as day
  from "feature_days"
  group by feature
),
features_offered as (
  select
    day,
    sum(first_used) over (order by day rows between unbounded preceding and current row) as features_offered
  from (
    select day, count(f.feature) as first_used
    from "timeline" as t
    cross join lateral (select cast(unnest(generate_series(t.data_from, t.data_through, interval 1 day)) as date) as day) as days
    left join first_days as f using (day)
    group by day
  ) as days_with_firsts
),
spine as (
  select a.account_id as account_id, a.created_on as created_on, a.customer_since as customer_since, day
  from "accounts" as a
  cross join "timeline" as t
  cross join lateral (select cast(unnest(generate_series(a.created_on, t.data_through, interval 1 day)) as date) as day) as days
),
counted as (
  select
    d.account_id as account_id,
    d.day as day,
    d.created_on as created_on,
    d.customer_since as customer_since,
    c.seats as seats,
    c.mrr as mrr,
    c.days_to_renewal as days_to_renewal,
    o.features_offered as features_offered,
    coalesce("u"."events", 0) as "events",
    coalesce("u"."sessions", 0) as "sessions",
    coalesce("u"."logins", 0) as "logins",
    coalesce("u"."sticky_events", 0) as "sticky_events",
    coalesce("u"."active_users", 0) as "active_users",
    coalesce("u"."new_users", 0) as "new_users",
    coalesce("u"."key_events", 0) as "key_events",
    coalesce("u"."new_features", 0) as "new_features",
    coalesce("u"."active_users_7d_change", 0) as "active_users_7d_change",
    coalesce("u"."active_users_28d_change", 0) as "active_users_28d_change",
    coalesce("u"."features_used_28d_change", 0) as "features_used_28d_change",
    coalesce("s"."tickets_opened", 0) as "tickets_opened",
    coalesce("s"."tickets_timed", 0) as "tickets_timed",
    coalesce("s"."replied_within_24h", 0) as "replied_within_24h",
    coalesce("s"."escalations", 0) as "escalations",
    coalesce("s"."csat_sum", 0) as "csat_sum",
    coalesce("s"."csat_count", 0) as "csat_count",
    coalesce("s"."open_change", 0) as "open_change",
    coalesce("s"."overdue_change", 0) as "overdue_change",
    coalesce("s"."overdue_urgent_change", 0) as "overdue_urgent_change",
    coalesce("s"."open_billing_change", 0) as "open_billing_change",
    coalesce("v"."respondents_change", 0) as "respondents_change",
    coalesce("v"."promoters_change", 0) as "promoters_change",
    coalesce("v"."detractors_change", 0) as "detractors_change",
    coalesce("p"."touchpoints", 0) as "touchpoints",
    coalesce("p"."outcomes_confirmed", 0) as "outcomes_confirmed",
    coalesce("p"."executives_seen", 0) as "executives_seen",
    coalesce("p"."champions_change", 0) as "champions_change",
    coalesce("p"."champions_left", 0) as "champions_left",
    coalesce("p"."executives_change", 0) as "executives_change",
    coalesce("c"."paid_contracts", 0) as "paid_contracts",
    coalesce("c"."trials", 0) as "trials",
    w."exports_28d" as "_own_exports_28d",
    w."admin_events" as "_own_admin_events",
    w."feature_users_14d" as "_own_feature_users_14d",
    w."features_ever" as "_own_features_ever",
    w."meeting_days_60d" as "_own_meeting_days_60d",
    w."days_since_qbr" as "_own_days_since_qbr",
    w."_sum_urgent_csat_365d" as "_own__sum_urgent_csat_365d",
    w."_count_urgent_csat_365d" as "_own__count_urgent_csat_365d",
    w."worst_score_365d" as "_own_worst_score_365d",
    w."best_score" as "_own_best_score",
    w."value_confirmed" as "_own_value_confirmed"
  from spine as d
  left join "usage_daily" as u on u.account_id = d.account_id and u.day = d.day
  left join "support_daily" as s on s.account_id = d.account_id and s.day = d.day
  left join "voice_daily" as v on v.account_id = d.account_id and v.day = d.day
  left join "people_daily" as p on p.account_id = d.account_id and p.day = d.day
  left join "coverage_daily" as c on c.account_id = d.account_id and c.day = d.day
  left join features_offered as o on o.day = d.day
  left join "own_fact_days" as w on w.account_id = d.account_id and w.day = d.day
),
windowed as (
  select
    account_id, day, created_on, customer_since, seats, mrr, days_to_renewal, features_offered,
    paid_contracts, trials, events, active_users,
    max(case when paid_contracts > 0 or trials > 0 then day end) over (partition by account_id order by day rows between unbounded preceding and current row) as "last_covered_day",
    max(case when paid_contracts > 0 then day end) over (partition by account_id order by day rows between unbounded preceding and current row) as "last_paid_day",
    max(case when events > 0 then day end) over (partition by account_id order by day rows between unbounded preceding and current row) as "last_event_day",
    max(case when touchpoints > 0 then day end) over (partition by account_id order by day rows between unbounded preceding and current row) as "last_touchpoint_day",
    max(case when executives_seen > 0 then day end) over (partition by account_id order by day rows between unbounded preceding and current row) as "last_executive_day",
    sum(events) over (partition by account_id order by day rows between 6 preceding and current row) as "events_7d",
    sum(events) over (partition by account_id order by day rows between 27 preceding and current row) as "events_28d",
    sum(sticky_events) over (partition by account_id order by day rows between 27 preceding and current row) as "sticky_events_28d",
    sum(case when events > 0 then 1 else 0 end) over (partition by account_id order by day rows between 27 preceding and current row) as "active_days_28d",
    sum(sessions) over (partition by account_id order by day rows between 27 preceding and current row) as "sessions_28d",
    sum(logins) over (partition by account_id order by day rows between 27 preceding and current row) as "logins_28d",
    sum(case when logins > 0 then 1 else 0 end) over (partition by account_id order by day rows between 27 preceding and current row) as "login_days_28d",
    sum(new_users) over (partition by account_id order by day rows between 27 preceding and current row) as "new_users_28d",
    sum(key_events) over (partition by account_id order by day rows between 27 preceding and current row) as "key_events_28d",
    sum(new_features) over (partition by account_id order by day rows between 27 preceding and current row) as "new_features_28d",
    sum(active_users_7d_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "active_users_7d",
    sum(active_users_28d_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "active_users_28d",
    sum(features_used_28d_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "features_used_28d",
    sum(tickets_opened) over (partition by account_id order by day rows between 27 preceding and current row) as "tickets_opened_28d",
    sum(escalations) over (partition by account_id order by day rows between 27 preceding and current row) as "escalations_28d",
    sum(tickets_timed) over (partition by account_id order by day rows between 27 preceding and 1 preceding) as "timed_28d",
    sum(replied_within_24h) over (partition by account_id order by day rows between 27 preceding and 1 preceding) as "replied_28d",
    sum(csat_sum) over (partition by account_id order by day rows between 89 preceding and current row) as "csat_sum_90d",
    sum(csat_count) over (partition by account_id order by day rows between 89 preceding and current row) as "csat_count_90d",
    sum(open_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "open_tickets",
    sum(overdue_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "overdue_tickets",
    sum(overdue_urgent_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "overdue_urgent_tickets",
    sum(open_billing_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "open_billing_tickets",
    sum(respondents_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "respondents",
    sum(promoters_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "promoters",
    sum(detractors_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "detractors",
    sum(touchpoints) over (partition by account_id order by day rows between 27 preceding and current row) as "touchpoints_28d",
    sum(outcomes_confirmed) over (partition by account_id order by day rows between 364 preceding and current row) as "outcomes_confirmed_365d",
    sum(outcomes_confirmed) over (partition by account_id order by day rows between unbounded preceding and current row) as "outcomes_so_far",
    sum(champions_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "champions_present",
    sum(champions_left) over (partition by account_id order by day rows between unbounded preceding and current row) as "champions_gone",
    sum(champions_left) over (partition by account_id order by day rows between 27 preceding and current row) as "champions_left_28d",
    sum(executives_change) over (partition by account_id order by day rows between unbounded preceding and current row) as "executives_present",
    sum(coalesce("_own_exports_28d", 0)) over (partition by account_id order by day rows between 27 preceding and current row) as "_own_exports_28d",
    sum("_own_admin_events") over (partition by account_id order by day rows between unbounded preceding and current row) as "_own_admin_events",
    sum(coalesce("_own_feature_users_14d", 0)) over (partition by account_id order by day rows between unbounded preceding and current row) as "_own_feature_users_14d",
    sum(coalesce("_own_features_ever", 0)) over (partition by account_id order by day rows between unbounded preceding and current row) as "_own_features_ever",
    sum(case when "_own_meeting_days_60d" > 0 then 1 else 0 end) over (partition by account_id order by day rows between 59 preceding and current row) as "_own_meeting_days_60d",
    max(case when "_own_days_since_qbr" > 0 then day end) over (partition by account_id order by day rows between unbounded preceding and current row) as "_own_days_since_qbr",
    sum("_own__sum_urgent_csat_365d") over (partition by account_id order by day rows between 364 preceding and current row) as "_own__sum_urgent_csat_365d",
    sum("_own__count_urgent_csat_365d") over (partition by account_id order by day rows between 364 preceding and current row) as "_own__count_urgent_csat_365d",
    min("_own_worst_score_365d") over (partition by account_id order by day rows between 364 preceding and current row) as "_own_worst_score_365d",
    max("_own_best_score") over (partition by account_id order by day rows between unbounded preceding and current row) as "_own_best_score",
    sum("_own_value_confirmed") over (partition by account_id order by day rows between unbounded preceding and current row) as "_own_value_confirmed"
  from counted
),
compared as (
  select
    account_id, day, created_on, customer_since, seats, mrr, days_to_renewal, features_offered,
    paid_contracts, trials, events, active_users,
    "last_covered_day", "last_paid_day", "last_event_day", "last_touchpoint_day", "last_executive_day", "events_7d", "events_28d", "sticky_events_28d", "active_days_28d", "sessions_28d", "logins_28d", "login_days_28d", "new_users_28d", "key_events_28d", "new_features_28d", "active_users_7d", "active_users_28d", "features_used_28d", "tickets_opened_28d", "escalations_28d", "timed_28d", "replied_28d", "csat_sum_90d", "csat_count_90d", "open_tickets", "overdue_tickets", "overdue_urgent_tickets", "open_billing_tickets", "respondents", "promoters", "detractors", "touchpoints_28d", "outcomes_confirmed_365d", "outcomes_so_far", "champions_present", "champions_gone", "champions_left_28d", "executives_present", "_own_exports_28d", "_own_admin_events", "_own_feature_users_14d", "_own_features_ever", "_own_meeting_days_60d", "_own_days_since_qbr", "_own__sum_urgent_csat_365d", "_own__count_urgent_csat_365d", "_own_worst_score_365d", "_own_best_score", "_own_value_confirmed",
    lag(active_users_28d, 28) over (partition by account_id order by day) as active_users_28d_before
  from windowed
)
select
  account_id,
  day,
  paid_contracts > 0 as "is_customer",
  trials > 0 as "is_trial",
  date_diff('day', "created_on", day) as "account_age_days",
  case when customer_since <= day then date_diff('day', "customer_since", day) end as "tenure_days",
  case when paid_contracts = 0 then date_diff('day', "last_paid_day", day) - 1 end as "days_since_coverage_ended",
  days_to_renewal as "days_to_renewal",
  seats as "seats",
  mrr as "mrr",
  events as "events_1d",
  events_7d as "events_7d",
  events_28d as "events_28d",
  active_users as "active_users_1d",
  active_users_7d as "active_users_7d",
  active_users_28d as "active_users_28d",
  (cast((active_users_28d - active_users_28d_before) as double) / nullif(cast(active_users_28d_before as double), 0)) as "active_users_change_28d",
  new_users_28d as "new_users_28d",
  key_events_28d as "key_events_28d",
  sessions_28d as "sessions_28d",
  logins_28d as "logins_28d",
  login_days_28d as "login_days_28d",
  active_days_28d as "active_days_28d",
  features_used_28d as "features_used_28d",
  new_features_28d as "new_features_28d",
  (cast(features_used_28d as double) / nullif(cast(features_offered as double), 0)) as "breadth_28d",
  (cast(sticky_events_28d as double) / nullif(cast(events_28d as double), 0)) as "sticky_share_28d",
  (cast(active_users_28d as double) / nullif(cast(seats as double), 0)) as "licence_utilisation_28d",
  date_diff('day', "last_event_day", day) as "days_since_last_event",
  open_tickets as "open_tickets",
  overdue_tickets as "overdue_tickets",
  overdue_urgent_tickets as "overdue_urgent_tickets",
  open_billing_tickets as "open_billing_tickets",
  tickets_opened_28d as "tickets_opened_28d",
  (cast(replied_28d as double) / nullif(cast(timed_28d as double), 0)) as "replied_within_24h_share_28d",
  escalations_28d as "escalations_28d",
  (cast(csat_sum_90d as double) / nullif(cast(csat_count_90d as double), 0)) as "csat_90d",
  100e0 * (cast((promoters - detractors) as double) / nullif(cast(respondents as double), 0)) as "nps_180d",
  respondents as "survey_respondents_180d",
  detractors as "detractors_180d",
  outcomes_so_far as "outcomes_confirmed",
  outcomes_confirmed_365d as "outcomes_confirmed_365d",
  touchpoints_28d as "touchpoints_28d",
  date_diff('day', "last_touchpoint_day", day) as "days_since_last_touchpoint",
  champions_present as "champions",
  champions_gone as "champions_left",
  champions_left_28d as "champions_left_28d",
  executives_present as "executives",
  date_diff('day', "last_executive_day", day) as "days_since_executive_seen",
  "_own_exports_28d" as "exports_28d",
  "_own_admin_events" as "admin_events",
  "_own_feature_users_14d" as "feature_users_14d",
  "_own_features_ever" as "features_ever",
  "_own_meeting_days_60d" as "meeting_days_60d",
  date_diff('day', "_own_days_since_qbr", day) as "days_since_qbr",
  (cast("_own__sum_urgent_csat_365d" as double) / nullif(cast("_own__count_urgent_csat_365d" as double), 0)) as "urgent_csat_365d",
  "_own_worst_score_365d" as "worst_score_365d",
  "_own_best_score" as "best_score",
  "_own_value_confirmed" as "value_confirmed"
from compared
where last_covered_day is null or date_diff('day', "last_covered_day", day) <= 90
