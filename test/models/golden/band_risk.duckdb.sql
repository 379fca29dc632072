with month_ends as (
  select day, (day + cast(90 as integer)) as day_later
  from "timeline"
  cross join lateral (select cast(unnest(generate_series(data_from, (data_through + cast(-90 as integer)), interval 1 day)) as date) as day) as days
  where cast(date_trunc('month', (day + cast(1 as integer))) as date) = (day + cast(1 as integer))
),
scored as (
  select account_id, day, band
  from "account_health" as h
  where day in (select day from month_ends)
),
customers as (
  select account_id, day
  from "account_facts" as f
  where is_customer and day in (select day from month_ends)
),
kept as (
  select account_id, (day + cast(-90 as integer)) as day, is_customer
  from "account_facts" as f
  where day in (select day_later from month_ends)
),
landmarks as (
  select s.band as band, coalesce(k.is_customer, false) as is_kept
  from scored as s
  inner join customers as c on c.account_id = s.account_id and c.day = s.day
  left join kept as k on k.account_id = s.account_id and k.day = s.day
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
