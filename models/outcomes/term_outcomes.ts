import { addDays, addDaysAtMost, greatest, orNever } from "../../warehouse/dialect.js";
import { type Sql, sql } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import { accountKey, defineModel, ref } from "../model.js";
import { stgContracts } from "../staging/stg_contracts.js";

/** How a paid term ended; `undecided` while a successor may still come. */
export const termOutcomeWords = ["renewed", "expanded", "contracted", "churned", "undecided"] as const;

export const termOutcomes = defineModel({
  name: "term_outcomes",
  description:
    "One row per account and day on which paid contracts of it ran out, up to the last day built: whether it stayed. It did where a paid contract covers that day or one of the journey's churn.gap_days after it. Trials are no terms, and an open-ended contract has no outcome before it ends.",
  grain: ["account_id", "ended_on"],
  columns: {
    account_id: accountKey,
    ended_on: { type: "date", notNull: true, description: "First day that the contracts no longer cover." },
    started_on: { type: "date", notNull: true, description: "First day of the oldest of them." },
    outcome: {
      type: "string",
      notNull: true,
      oneOf: termOutcomeWords,
      description:
        "churned = no successor in time; else by MRR after and before: expanded, contracted, or renewed where it is the same or not known. undecided = none yet, and there is still time.",
    },
    mrr_before: {
      type: "decimal",
      min: 0,
      unit: "money per month",
      description: "MRR of all paid contracts on the last day of the term; null where none tells.",
    },
    mrr_after: {
      type: "decimal",
      min: 0,
      unit: "money per month",
      description:
        "MRR on the first day covered from ended_on on; null unless it stayed, and where none tells.",
    },
    returned_on: {
      type: "date",
      description: "First day covered again after it churned; null = not so far, and where it didn't churn.",
    },
    churn_reason: {
      type: "string",
      description: "What the company noted of a contract that ran out that day; null = nothing.",
    },
  },
  maxAgeHours: null, // it tells of days long past
  // A term ends, and is churn where nothing followed it in time.
  wakes: ({ journey: { churn } }) => {
    const ends = (day: Sql): Sql =>
      sql`select account_id, ${day} as day from ${ref(stgContracts)} where is_usable`;
    return sql`${ends(sql`ends_on`)} union all ${ends(addDaysAtMost(sql`ends_on`, churn.gap_days))}`;
  },
  sortBy: ["account_id", "ended_on"],
  query: ({ journey }) => sql`
with terms as (
  select account_id, starts_on, ${orNever(sql`ends_on`)} as ends_on, mrr, churn_reason
  from ${ref(stgContracts)}
  where is_usable and not coalesce(is_trial, false) and ${orNever(sql`ends_on`)} > starts_on
),
ended as (
  select t.account_id as account_id, t.ends_on as ended_on, min(t.starts_on) as started_on, min(t.churn_reason) as churn_reason
  from terms as t
  inner join ${ref(timeline)} as l on t.ends_on <= l.data_through
  group by t.account_id, t.ends_on
),
followed as (
  select
    e.account_id as account_id,
    e.ended_on as ended_on,
    e.started_on as started_on,
    e.churn_reason as churn_reason,
    sum(case when t.starts_on < e.ended_on and t.ends_on >= e.ended_on then t.mrr end) as mrr_before,
    min(case when t.ends_on > e.ended_on then ${greatest(sql`t.starts_on`, sql`e.ended_on`)} end) as covered_on
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
    coalesce(f.covered_on <= ${addDays(sql`f.ended_on`, journey.churn.gap_days)}, false) as is_retained,
    ${addDays(sql`f.ended_on`, journey.churn.gap_days)} <= l.data_through as is_decided
  from followed as f
  cross join ${ref(timeline)} as l
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
left join continued as c on c.account_id = j.account_id and c.ended_on = j.ended_on`,
});
