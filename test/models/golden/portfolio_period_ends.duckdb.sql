select
  "day", "segment", "stage", "band", "cap", "is_customer",
  count(*) as accounts,
  cast(sum(cast(round(score * 1e10) as bigint)) as double) / 1e10 as score_sum,
  count(score) as score_known,
  cast(sum(cast(round(coverage * 1e10) as bigint)) as double) / 1e10 as coverage_sum,
  count(coverage) as coverage_known,
  cast(sum(seats) as bigint) as seats_sum,
  sum(mrr) as mrr_sum
from "account_period_levels" as l
inner join (select "account_id", "segment" from "accounts" as rows_asked) as a on a.account_id = l.account_id
group by "day", "segment", "stage", "band", "cap", "is_customer"
