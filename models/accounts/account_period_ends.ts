import { addDays, periodOf } from "../../warehouse/dialect.js";
import { name, type Sql, sql } from "../../warehouse/sql.js";
import { accountFacts, factColumns } from "../daily/account_facts.js";
import { accountHealth } from "../health/account_health.js";
import { accountKey, attributeColumns, dayKey, defineModel, type ModelColumns, ref } from "../model.js";
import { accounts } from "../staging/accounts.js";

const { name: accountName, segment, region, owner } = accounts.columns;
const ofAccount = { name: accountName, segment, region, owner };

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

/**
 * Views read here how things stood at the ends of periods. From all days it takes more than four times the work: the rows
 * of the days between are read with them, and accounts are joined. So accounts stand here too; where one has changed its
 * rows are made again, some 130 for two years.
 */
export const accountPeriodEnds = defineModel({
  name: "account_period_ends",
  description:
    "One row per account and day that ends a week (a Sunday) or a month: who the account is today, and its levels, stage and health on that day.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    ...ofAccount,
    ...ofHealth,
    ...ofFacts,
  },
  companyColumns: attributeColumns,
  byDay: true,
  query: (company) => sql`
select
  f.account_id as account_id,
  f.day as day,
  ${[
    ...columnsOf(sql`a`, { ...ofAccount, ...attributeColumns(company) }),
    ...columnsOf(sql`h`, ofHealth),
    ...columnsOf(sql`f`, ofFacts),
  ]}
from ${ref(accountFacts, 0)} as f
inner join ${ref(accountHealth, 0)} as h on h.account_id = f.account_id and h.day = f.day
inner join ${ref(accounts)} as a on a.account_id = f.account_id
where ${endsWeekOrMonth(sql`f.day`)} and ${endsWeekOrMonth(sql`h.day`)}`,
});

const columnsOf = (row: Sql, columns: ModelColumns): Sql[] =>
  Object.keys(columns).map((column) => sql`${row}.${name(column)} as ${name(column)}`);

/** Whether another week or month begins with the next day. */
function endsWeekOrMonth(day: Sql): Sql {
  const next = addDays(day, 1);
  return sql`(${next} = ${periodOf(next, "week")} or ${next} = ${periodOf(next, "month")})`;
}
