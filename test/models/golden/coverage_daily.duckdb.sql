with terms as (
  select
    account_id,
    starts_on,
    ends_on,
    coalesce(renews_on, ends_on) as renews_on,
    seats,
    mrr,
    coalesce(is_trial, false) as is_trial
  from "stg_contracts"
  where is_usable
),
covered as (
  select
    c.account_id as account_id,
    day,
    c.is_trial as is_trial,
    c.seats as seats,
    c.mrr as mrr,
    case when c.renews_on >= day then date_diff('day', day, c.renews_on) end as days_to_renewal
  from terms as c
  cross join "timeline" as t
  cross join lateral (select cast(unnest(generate_series(c.starts_on, case when not (t.data_through is null or coalesce((c.ends_on + cast(-1 as integer)), t.data_through) is null) then least(t.data_through, coalesce((c.ends_on + cast(-1 as integer)), t.data_through)) end, interval 1 day)) as date) as day) as days
)
select
  account_id,
  day,
  sum(case when is_trial then 0 else 1 end) as paid_contracts,
  sum(case when is_trial then 1 else 0 end) as trials,
  sum(case when is_trial then null else seats end) as seats,
  sum(case when is_trial then null else mrr end) as mrr,
  min(case when is_trial then null else days_to_renewal end) as days_to_renewal
from covered
group by account_id, day
