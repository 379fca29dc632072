with month_ends as (
  select e.account_id as account_id, e.band as band, (e.day + cast(90 as integer)) as day_later
  from "account_period_levels" as e
  inner join "timeline" as t on e.day <= (t.data_through + cast(-90 as integer))
  where e.is_customer and cast(date_trunc('month', (e.day + cast(1 as integer))) as date) = (e.day + cast(1 as integer))
),
landmarks as (
  select m.band as band, coalesce(c.paid_contracts > 0, false) as is_kept
  from month_ends as m
  left join (
    select levels.*, coalesce(lead(day) over (partition by account_id order by day), date '9999-12-31') as _next_day
    from "coverage_daily" as levels
  ) as c on c.account_id = m.account_id and c.day <= m.day_later and c._next_day > m.day_later
),
counted as (
  select band, count(*) as accounts, sum(case when is_kept then 0 else 1 end) as churned
  from landmarks
  group by band
),
overall as (
  select (cast(sum(churned) as double) / nullif(cast(sum(accounts) as double), 0)) as share
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
