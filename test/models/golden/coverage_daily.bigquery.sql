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
  where is_usable and (ends_on is null or ends_on > starts_on)
),
changes as (
  select account_id, starts_on as day from terms
  union distinct
  select account_id, ends_on as day from terms where ends_on is not null
  union distinct
  select account_id, date_add(least(renews_on, date '9999-12-30'), interval 1 day) as day from terms where renews_on < date '9999-12-31'
),
covered as (
  select
    c.account_id as account_id,
    c.day as day,
    countif(not t.is_trial) as paid_contracts,
    countif(t.is_trial) as trials,
    sum(case when t.is_trial then null else t.seats end) as seats,
    sum(case when t.is_trial then null else t.mrr end) as mrr,
    min(case when not t.is_trial and t.renews_on >= c.day then t.renews_on end) as next_renewal_on
  from changes as c
  left join terms as t on t.account_id = c.account_id and t.starts_on <= c.day and c.day < coalesce(t.ends_on, date '9999-12-31')
  group by c.account_id, c.day
),
followed as (
  select
    account_id,
    day,
    paid_contracts,
    trials,
    seats,
    mrr,
    next_renewal_on,
    lag(paid_contracts) over (partition by account_id order by day) as paid_before,
    lag(trials) over (partition by account_id order by day) as trials_before
  from covered
)
select
  account_id,
  day,
  paid_contracts,
  trials,
  seats,
  mrr,
  next_renewal_on,
  max(case when paid_before > 0 then date_add(day, interval -1 day) end) over (partition by account_id order by day rows between unbounded preceding and current row) as last_paid_on,
  max(case when paid_before > 0 or trials_before > 0 then date_add(day, interval -1 day) end) over (partition by account_id order by day rows between unbounded preceding and current row) as last_covered_on
from followed
