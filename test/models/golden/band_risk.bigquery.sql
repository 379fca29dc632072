with month_ends as (
  select e.account_id as account_id, e.band as band, date_add(least(e.day, date '9999-10-02'), interval 90 day) as day_later
  from `account_period_levels` as e
  inner join `timeline` as t on e.day <= date_add(t.data_through, interval -90 day)
  where e.is_customer and date_trunc(date_add(least(e.day, date '9999-12-30'), interval 1 day), month) = date_add(least(e.day, date '9999-12-30'), interval 1 day)
),
landmarks as (
  select m.band as band, coalesce(c.paid_contracts > 0, false) as is_kept
  from month_ends as m
  left join (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from `coverage_daily` as levels
  ) as c on c.account_id = m.account_id and c.day <= m.day_later and c._next_day > m.day_later
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
