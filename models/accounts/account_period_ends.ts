import { name, type Sql, sql } from "../../warehouse/sql.js";
import { accountKey, attributeColumns, dayKey, defineModel, type ModelColumns, ref } from "../model.js";
import { accounts } from "../staging/accounts.js";
import { accountPeriodLevels, levelColumns } from "./account_period_levels.js";

const { name: accountName, segment, region, owner } = accounts.columns;
const ofAccount = { name: accountName, segment, region, owner };

/**
 * Views read here how things stood at the ends of periods. From all days it takes more than four times the work: the rows
 * of the days between are read with them, and accounts are joined. So accounts stand here too; where one has changed its
 * rows are made again, some 130 for two years, of its levels at these days alone.
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
    ...levelColumns,
  },
  companyColumns: attributeColumns,
  byDay: true,
  query: (company) => sql`
select
  l.account_id as account_id,
  l.day as day,
  ${[
    ...columnsOf(sql`a`, { ...ofAccount, ...attributeColumns(company) }),
    ...columnsOf(sql`l`, levelColumns),
  ]}
from ${ref(accountPeriodLevels, 0)} as l
inner join ${ref(accounts)} as a on a.account_id = l.account_id`,
});

const columnsOf = (row: Sql, columns: ModelColumns): Sql[] =>
  Object.keys(columns).map((column) => sql`${row}.${name(column)} as ${name(column)}`);
