import { Int } from "type-graphql";
import { accountPeriodLevels } from "../../models/accounts/account_period_levels.js";
import { portfolioPeriodEnds } from "../../models/accounts/portfolio_period_ends.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { bind, sql } from "../../warehouse/sql.js";
import { Decimal } from "../scalars.js";
import { accountsOfRows, columnOf, Dimension, levelOf, Measure, View } from "../view.js";

@View({
  field: "revenue",
  model: accountFacts,
  ends: accountPeriodLevels,
  sums: portfolioPeriodEnds,
  day: "day",
  description:
    "Recurring revenue, seats and customers on the last day of each period. What came, went and stayed in between is in `retention`.",
})
export class RevenueView {
  @Dimension(() => Boolean, columnOf(accountFacts, "is_customer"))
  isCustomer!: boolean | null;

  @Measure(() => Decimal, levelOf(accountFacts, "mrr"))
  mrr!: string | null;

  @Measure(() => Int, levelOf(accountFacts, "seats"))
  seats!: number | null;

  @Measure(() => Int, {
    ...accountsOfRows,
    description: "How many accounts a paid contract covers.",
    isStock: true,
    sql: (row) => row.count(row.column("is_customer")),
  })
  customers!: number;

  @Measure(() => Decimal, {
    description: "MRR / the customers whose MRR is known; null where none is.",
    unit: "money per month",
    isStock: true,
    sql: (row) => row.mean("mrr"),
  })
  averageMrr!: string | null;

  @Measure(() => Decimal, {
    description: "MRR of the customers whose nearest renewal is so near; null where there are none.",
    unit: "money per month",
    isStock: true,
    isAdditive: true,
    args: { days: { type: () => Int, defaultValue: 90, description: "At most so many days ahead." } },
    sql: (row, { days }) => row.sum("mrr", sql`${row.column("days_to_renewal")} <= ${bind("integer", days)}`),
  })
  mrrUpForRenewal!: string | null;
}
