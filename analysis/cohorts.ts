import { accountFacts } from "../models/daily/account_facts.js";
import { ref } from "../models/model.js";
import { termOutcomes, type termOutcomeWords } from "../models/outcomes/term_outcomes.js";
import { addDays } from "../warehouse/dialect.js";
import { bind, join, type Sql, sql, text } from "../warehouse/sql.js";

/** How a term ended, of those that are decided. */
export type TermOutcome = Exclude<(typeof termOutcomeWords)[number], "undecided">;

/** Accounts by how their terms ended. */
export interface Cohort {
  readonly outcomes: readonly TermOutcome[];
  /** Outcomes of these days: [from, to); all by default. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Which accounts, as a condition on `account_id`; all by default. */
  readonly accounts?: Sql | undefined;
}

export interface Cohorts {
  readonly first: Cohort;
  readonly second: Cohort;
  /** Everything is read as of so many days before the outcome: the landmark. */
  readonly leadDays: number;
}

/**
 * CTEs, of which `placed` has one row per account of either cohort: its latest outcome that falls in one of them, in
 * which (`in_first`, `in_second`, 1 or 0), and the landmark. So an account counts once, however often it renewed.
 * `landmarks` are those of one cohort alone that had facts then and were covered.
 */
export function landmarkCtes({ first, second, leadDays }: Cohorts): readonly Sql[] {
  const landmark = addDays(sql`o.outcome_on`, -leadDays);
  return [
    ...outcomeCtes(first, second),
    sql`placed as (
  select
    o.account_id as account_id,
    o.outcome_on as outcome_on,
    ${landmark} as landmark,
    o.in_first as in_first,
    o.in_second as in_second,
    case when f.account_id is null then 'no facts' when f.is_customer then 'compared' else 'not covered' end as state
  from ordered as o
  left join ${ref(accountFacts)} as f on f.account_id = o.account_id and f.day = ${landmark}
  where o.nth = 1
)`,
    sql`landmarks as (
  select account_id, outcome_on, landmark, in_first, in_second
  from placed
  where state = 'compared' and in_first + in_second = 1
)`,
  ];
}

/** CTEs, of which `ordered` has the outcomes of the cohorts, an account's latest as `nth` 1. */
export const outcomeCtes = (first: Cohort, second: Cohort): readonly Sql[] => [
  sql`members as (
  select account_id, ended_on as outcome_on, ${isIn(first)} as in_first, ${isIn(second)} as in_second
  from ${ref(termOutcomes)}
)`,
  sql`ordered as (
  select
    account_id,
    outcome_on,
    in_first,
    in_second,
    row_number() over (partition by account_id order by outcome_on desc) as nth
  from members
  where in_first + in_second > 0
)`,
];

function isIn({ outcomes, from, to, accounts }: Cohort): Sql {
  const conditions = [
    sql`outcome in (${outcomes.map(text)})`,
    ...(from === undefined ? [] : [sql`ended_on >= ${bind("date", from)}`]),
    ...(to === undefined ? [] : [sql`ended_on < ${bind("date", to)}`]),
    ...(accounts === undefined ? [] : [accounts]),
  ];
  return sql`case when ${join(conditions, " and ")} then 1 else 0 end`;
}
