with landmarks as (
  select h.band as band, coalesce(later.is_customer, false) as is_kept
  from "account_health" as h
  inner join "account_facts" as f on f.account_id = h.account_id and f.day = h.day
  cross join "timeline" as t
  left join "account_facts" as later on later.account_id = h.account_id and later.day = (h.day + cast(90 as integer))
  where f.is_customer
    and cast(date_trunc('month', (h.day + cast(1 as integer))) as date) = (h.day + cast(1 as integer))
    and (h.day + cast(90 as integer)) <= t.data_through
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
