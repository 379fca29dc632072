with month_ends as (
  select day, date_add(day, interval 90 day) as day_later
  from `timeline`
  cross join unnest(generate_date_array(data_from, date_add(data_through, interval -90 day), interval 1 day)) as day
  where date_trunc(date_add(day, interval 1 day), month) = date_add(day, interval 1 day)
),
customers as (
  select f.account_id as account_id, f.day as day
  from `account_facts` as f
  inner join month_ends as m on m.day = f.day
  where f.is_customer
),
kept as (
  select f.account_id as account_id, m.day as day, f.is_customer as is_customer
  from `account_facts` as f
  inner join month_ends as m on m.day_later = f.day
),
landmarks as (
  select h.band as band, coalesce(k.is_customer, false) as is_kept
  from `account_health` as h
  inner join month_ends as m on m.day = h.day
  inner join customers as c on c.account_id = h.account_id and c.day = h.day
  left join kept as k on k.account_id = h.account_id and k.day = h.day
),
counted as (
  select band, count(*) as accounts, sum(case when is_kept then 0 else 1 end) as churned
  from landmarks
  group by band
),
overall as (
  select safe_divide(cast(sum(churned) as float64), cast(sum(accounts) as float64)) as share
  from counted
),
bands as (
  select 'poor' as band union all select 'average' as band union all select 'good' as band union all select 'unknown' as band
)
select
  b.band as band,
  coalesce(c.accounts, 0) as accounts,
  coalesce(c.churned, 0) as churned,
  (coalesce(c.churned, 0) + 10e0 * o.share) / (coalesce(c.accounts, 0) + 10) as churn_risk_90d
from bands as b
cross join overall as o
left join counted as c on c.band = b.band
