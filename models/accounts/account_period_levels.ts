import { addDays, periodOf } from "../../warehouse/dialect.js";
import { name, type Sql, sql } from "../../warehouse/sql.js";
import { accountFacts, factColumns } from "../daily/account_facts.js";
import { accountHealth } from "../health/account_health.js";
import { accountKey, type CompanyWords, dayKey, defineModel, type ModelColumns, ref } from "../model.js";

const { stage, score, coverage, cap, band } = accountHealth.columns;
const ofHealth = { stage, score, coverage, cap, band };

const { is_customer, days_to_renewal, seats, mrr } = factColumns;
const { active_users_7d, active_users_28d, new_users_28d, sessions_28d, key_events_28d } = factColumns;
const { breadth_28d, nps_180d, survey_respondents_180d, detractors_180d } = factColumns;
const ofFacts = {
  is_customer,
  days_to_renewal,
  seats,
  mrr,
  active_users_7d,
  active_users_28d,
  new_users_28d,
  sessions_28d,
  key_events_28d,
  breadth_28d,
  nps_180d,
  survey_respondents_180d,
  detractors_180d,
};

const named = { account_id: accountKey, day: dayKey, account_age_days: factColumns.account_age_days };

/** The facts whose trends are kept, but for those that stand here anyhow. */
const trendFacts = (words: CompanyWords): ModelColumns =>
  Object.fromEntries(
    Object.entries(accountFacts.columnsFor(words)).filter(
      ([fact]) => words.journey.trends.includes(fact) && !(fact in named) && !(fact in ofFacts),
    ),
  );

/**
 * Views and trends read here how things stood at the ends of periods: all days have six times the rows.
 * Who the account is stands beside it no more than in facts: whoever is renamed or looked after by another leaves these
 * rows as they are.
 */
export const accountPeriodLevels = defineModel({
  name: "account_period_levels",
  description:
    "One row per account and day that ends a week (a Sunday) or a month: its levels, stage and health on that day, and the facts whose trends are kept.",
  grain: ["account_id", "day"],
  columns: { ...named, ...ofHealth, ...ofFacts },
  companyColumns: trendFacts,
  byDay: true,
  query: (company) => sql`
select
  f.account_id as account_id,
  f.day as day,
  f.account_age_days as account_age_days,
  ${[
    ...Object.keys(ofHealth).map((column) => sql`h.${name(column)} as ${name(column)}`),
    ...Object.keys({ ...ofFacts, ...trendFacts(company) }).map(
      (column) => sql`f.${name(column)} as ${name(column)}`,
    ),
  ]}
from ${ref(accountFacts, 0)} as f
inner join ${ref(accountHealth, 0)} as h on h.account_id = f.account_id and h.day = f.day
where ${endsWeekOrMonth(sql`f.day`)} and ${endsWeekOrMonth(sql`h.day`)}`,
});

/** Whether another week or month begins with the next day. */
function endsWeekOrMonth(day: Sql): Sql {
  const next = addDays(day, 1);
  return sql`(${next} = ${periodOf(next, "week")} or ${next} = ${periodOf(next, "month")})`;
}
