import { factsIn } from "../../journey/own_facts.js";
import { name, type Sql, sql } from "../../warehouse/sql.js";
import { accountFacts, factColumns, ownFactColumns } from "../daily/account_facts.js";
import { dataThrough } from "../daily/timeline.js";
import { accountHealth } from "../health/account_health.js";
import { attributeColumns, defineModel, type ModelColumns, type Readable, ref } from "../model.js";
import { stageStays } from "../stages/stage_stays.js";
import { accounts } from "../staging/accounts.js";

const { account_id: _account, day: _day, stage: _stage, ...healthColumns } = accountHealth.columns;

/** Lists, filters and totals of today read this one; the history would cost them thirty times more. */
export const accountLatest = defineModel({
  name: "account_latest",
  description:
    "One row per account: who it is, and its facts, stage and health on the last day built; these are null for an account that has no facts that day.",
  grain: ["account_id"],
  columns: {
    ...accounts.columns,
    stage: { type: "string", description: "Its stage." },
    stage_entered_on: { type: "date", description: "Since when." },
    stage_days: { type: "integer", min: 1, unit: "days", description: "For how long." },
    is_stuck: { type: "boolean", description: "Longer than the journey expects." },
    ...asNullable(healthColumns),
    ...factColumns,
  },
  companyColumns: (words) => ({ ...attributeColumns(words), ...ownFactColumns(words) }),
  query: (company) => sql`
select
  ${Object.keys(accounts.columnsFor(company)).map((column) => sql`a.${name(column)} as ${name(column)}`)},
  s.stage as stage,
  s.entered_on as stage_entered_on,
  s.days as stage_days,
  s.is_stuck as is_stuck,
  h.uncapped_score as uncapped_score,
  h.cap as cap,
  h.score as score,
  h.coverage as coverage,
  h.band as band,
  h.journey_version as journey_version,
  ${Object.keys(factsIn(company.journey)).map((fact) => sql`f.${name(fact)} as ${name(fact)}`)}
from ${ref(accounts)} as a
left join ${onLastDay(accountFacts)} as f on f.account_id = a.account_id
left join ${onLastDay(accountHealth)} as h on h.account_id = a.account_id
left join ${ref(stageStays)} as s on s.account_id = a.account_id and s.left_on is null`,
});

/** The rows of the last day built. */
const onLastDay = (model: Readable): Sql =>
  sql`(select d.* from ${ref(model)} as d where d.day = ${dataThrough})`;

/** Columns of a table of days as they stand here: null for an account without a row on the last day. */
function asNullable<C extends ModelColumns>(
  columns: C,
): { [K in keyof C]: Omit<C[K], "notNull"> & { notNull?: false } } {
  const entries = Object.entries(columns).map(([column, { notNull, ...rest }]) => [column, rest]);
  return Object.fromEntries(entries);
}
