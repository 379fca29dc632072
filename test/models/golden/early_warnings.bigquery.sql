with open_signals as (
  select
    account_id,
    count(*) as negative_signals,
    max(case severity when 'high' then 3 when 'medium' then 2 else 1 end) as worst,
    min(opened_on) as warned_since
  from `account_signals`
  where kind = 'negative' and closed_on is null
  group by account_id
),
falling as (
  select w.account_id as account_id
  from `account_trends` as w
  where w.metric = 'health_score' and w.direction = 'falling' and w.week = date_add(date_trunc(date_add(least((select data_through from `timeline`), date '9999-12-30'), interval 1 day), week(monday)), interval -7 day)
)
select
  a.account_id as account_id,
  a.mrr as mrr,
  a.band as band,
  r.churn_risk_90d as churn_risk_90d,
  cast(a.mrr as float64) * r.churn_risk_90d as mrr_at_stake,
  coalesce(s.negative_signals, 0) as negative_signals,
  case s.worst when 3 then 'high' when 2 then 'medium' when 1 then 'low' end as worst_severity,
  s.warned_since as warned_since,
  w.account_id is not null as is_health_falling
from `account_latest` as a
inner join `band_risk` as r on r.band = a.band
left join open_signals as s on s.account_id = a.account_id
left join falling as w on w.account_id = a.account_id
where coalesce(a.is_customer, true) and (s.account_id is not null or w.account_id is not null)
