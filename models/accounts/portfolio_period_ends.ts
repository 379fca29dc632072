import { cast, sumInteger } from "../../warehouse/dialect.js";
import { by, name, onDaysOfPart, type Sql, sql } from "../../warehouse/sql.js";
import { factColumns } from "../daily/account_facts.js";
import { accountHealth } from "../health/account_health.js";
import { asked, dayKey, defineModel, ref } from "../model.js";
import { accounts } from "../staging/accounts.js";
import { accountPeriodLevels } from "./account_period_levels.js";

const { segment } = accounts.columns;
const { stage, band, cap } = accountHealth.columns;
const groups = { day: dayKey, segment, stage, band, cap, is_customer: factColumns.is_customer };
const keys = Object.keys(groups).map(name);

const sumOf = (column: "score" | "coverage" | "seats" | "mrr") => {
  const { type, unit, description } = accountPeriodLevels.columns[column];
  return { type, ...(unit ? { unit } : {}), description: `Summed over accounts: ${description}` } as const;
};
const knownOf = (column: "score" | "coverage") =>
  ({
    type: "integer",
    notNull: true,
    min: 0,
    unit: "accounts",
    description: `How many accounts have a ${column}.`,
  }) as const;

const asksFor = { accounts: ["segment"] };

/**
 * The few rows from which trends of all accounts by segment are told: to whoever sees every account, as nobody else's
 * accounts can be taken out of a sum.
 */
export const portfolioPeriodEnds = defineModel({
  name: "portfolio_period_ends",
  description:
    "One row per day that ends a week or a month, and segment, stage, band, cap and whether they are customers: how many accounts stood so, and the sums of their levels. All of account_period_levels, added up.",
  grain: ["day", "segment", "stage", "band", "cap", "is_customer"],
  columns: {
    ...groups,
    accounts: { type: "integer", notNull: true, min: 1, unit: "accounts", description: "How many accounts." },
    score_sum: sumOf("score"),
    score_known: knownOf("score"),
    coverage_sum: sumOf("coverage"),
    coverage_known: knownOf("coverage"),
    seats_sum: sumOf("seats"),
    mrr_sum: sumOf("mrr"),
  },
  asksFor,
  byDay: true,
  query: () => sql`
select
  ${keys},
  count(*) as accounts,
  ${sumOfNumbers(sql`score`)} as score_sum,
  count(score) as score_known,
  ${sumOfNumbers(sql`coverage`)} as coverage_sum,
  count(coverage) as coverage_known,
  ${sumInteger(sql`seats`)} as seats_sum,
  sum(mrr) as mrr_sum
from ${onDaysOfPart(ref(accountPeriodLevels))} as l
inner join ${asked(accounts, asksFor.accounts)} as a on a.account_id = l.account_id
group by ${keys}`,
});

/**
 * Of whole ten-thousand-millionths, as scores are told to ten decimals: a sum of floats depends on the order in which they
 * are added. Ten million accounts have more of them than an integer holds: DuckDB adds integers to larger ones, BigQuery
 * does not.
 */
function sumOfNumbers(value: Sql): Sql {
  const whole = (type: "integer" | "decimal"): Sql => cast(sql`round(${value} * 1e10)`, type);
  const sum = by({ duckdb: sql`sum(${whole("integer")})`, bigquery: sql`sum(${whole("decimal")})` });
  return sql`${cast(sum, "number")} / 1e10`;
}
