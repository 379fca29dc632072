import { timeline } from "../models/daily/timeline.js";
import { ref } from "../models/model.js";
import { stgContracts } from "../models/staging/stg_contracts.js";
import { addDays, greatest, never, orNever } from "../warehouse/dialect.js";
import { integer, type Sql, sql } from "../warehouse/sql.js";

/** How a paid term ended: with no successor, or with one of the same, more or less MRR. */
export const termOutcomes = ["churned", "renewed", "expanded", "contracted"] as const;
export type TermOutcome = (typeof termOutcomes)[number];

/** A successor that starts within so many days is a renewal; what ended since can't be told yet. */
export const gapDays = 31;

/**
 * The outcomes as CTEs, of which the last is `outcomes`: one row per account and day on which a paid term of it ended
 * and that is decided (`account_id`, `outcome_on`, `outcome`). Trials are no terms; one that ends while another
 * covers the day is a renewal.
 */
export const outcomeCtes: readonly Sql[] = [
  sql`terms as (
  select account_id, starts_on, ${orNever(sql`ends_on`)} as ends_on, mrr
  from ${ref(stgContracts)}
  where is_usable and not coalesce(is_trial, false) and (ends_on is null or ends_on > starts_on)
)`,
  sql`ends as (
  select distinct c.account_id as account_id, c.ends_on as outcome_on, t.data_through as data_through
  from terms as c
  cross join ${ref(timeline)} as t
  where c.ends_on <= t.data_through
)`,
  sql`followed as (
  select
    e.account_id as account_id,
    e.outcome_on as outcome_on,
    e.data_through as data_through,
    min(case when c.ends_on > e.outcome_on then ${greatest(sql`c.starts_on`, sql`e.outcome_on`)} end) as covered_from,
    sum(case when c.starts_on < e.outcome_on then c.mrr end) as mrr_before
  from ends as e
  inner join terms as c on c.account_id = e.account_id and c.starts_on <= ${addDays(sql`e.outcome_on`, gapDays)} and c.ends_on >= e.outcome_on
  group by e.account_id, e.outcome_on, e.data_through
)`,
  sql`priced as (
  select
    f.account_id as account_id,
    f.outcome_on as outcome_on,
    f.data_through as data_through,
    f.covered_from as covered_from,
    f.mrr_before as mrr_before,
    sum(c.mrr) as mrr_after
  from followed as f
  left join terms as c on c.account_id = f.account_id and c.starts_on <= ${orNever(sql`f.covered_from`)} and ${orNever(sql`f.covered_from`)} < c.ends_on
  group by f.account_id, f.outcome_on, f.data_through, f.covered_from, f.mrr_before
)`,
  sql`outcomes as (
  select
    account_id,
    outcome_on,
    case
      when covered_from is null then 'churned'
      when mrr_after > mrr_before then 'expanded'
      when mrr_after < mrr_before then 'contracted'
      else 'renewed'
    end as outcome
  from priced
  where covered_from < ${never} or ${addDays(sql`outcome_on`, integer(gapDays))} <= data_through
)`,
];
