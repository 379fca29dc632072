with terms as (
  select account_id, starts_on, coalesce(ends_on, date '9999-12-31') as ends_on, mrr, churn_reason
  from `stg_contracts`
  where is_usable and not coalesce(is_trial, false) and coalesce(ends_on, date '9999-12-31') > starts_on
),
ended as (
  select t.account_id as account_id, t.ends_on as ended_on, min(t.starts_on) as started_on, min(t.churn_reason) as churn_reason
  from terms as t
  inner join `timeline` as l on t.ends_on <= l.data_through
  group by t.account_id, t.ends_on
),
followed as (
  select
    e.account_id as account_id,
    e.ended_on as ended_on,
    e.started_on as started_on,
    e.churn_reason as churn_reason,
    sum(case when t.starts_on < e.ended_on and t.ends_on >= e.ended_on then t.mrr end) as mrr_before,
    min(case when t.ends_on > e.ended_on then greatest(t.starts_on, e.ended_on) end) as covered_on
  from ended as e
  inner join terms as t on t.account_id = e.account_id
  group by e.account_id, e.ended_on, e.started_on, e.churn_reason
),
judged as (
  select
    f.account_id as account_id,
    f.ended_on as ended_on,
    f.started_on as started_on,
    f.churn_reason as churn_reason,
    f.mrr_before as mrr_before,
    f.covered_on as covered_on,
    coalesce(f.covered_on <= date_add(least(f.ended_on, date '9999-11-30'), interval 31 day), false) as is_retained,
    date_add(least(f.ended_on, date '9999-11-30'), interval 31 day) <= l.data_through as is_decided
  from followed as f
  cross join `timeline` as l
),
continued as (
  select j.account_id as account_id, j.ended_on as ended_on, sum(t.mrr) as mrr_after
  from judged as j
  inner join terms as t on t.account_id = j.account_id and t.starts_on <= j.covered_on and j.covered_on < t.ends_on
  where j.is_retained
  group by j.account_id, j.ended_on
)
select
  j.account_id as account_id,
  j.ended_on as ended_on,
  j.started_on as started_on,
  case
    when j.is_retained and c.mrr_after > j.mrr_before then 'expanded'
    when j.is_retained and c.mrr_after < j.mrr_before then 'contracted'
    when j.is_retained then 'renewed'
    when j.is_decided then 'churned'
    else 'undecided'
  end as outcome,
  j.mrr_before as mrr_before,
  c.mrr_after as mrr_after,
  case when j.is_decided and not j.is_retained then j.covered_on end as returned_on,
  j.churn_reason as churn_reason
from judged as j
left join continued as c on c.account_id = j.account_id and c.ended_on = j.ended_on
