with terms as (
  select
    account_id,
    starts_on,
    ends_on,
    coalesce(renews_on, ends_on) as renews_on,
    seats,
    mrr,
    coalesce(is_trial, false) as is_trial
  from `stg_contracts`
  where is_usable
),
covered as (
  select
    c.account_id as account_id,
    day,
    c.is_trial as is_trial,
    c.seats as seats,
    c.mrr as mrr,
    case when c.renews_on >= day then date_diff(c.renews_on, day, day) end as days_to_renewal
  from terms as c
  cross join `timeline` as t
  cross join unnest(generate_date_array(c.starts_on, least(t.data_through, coalesce(date_add(c.ends_on, interval -1 day), t.data_through)))) as day
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
