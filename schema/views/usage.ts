import { Float, Int } from "type-graphql";
import { accountPeriodLevels } from "../../models/accounts/account_period_levels.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountsOfRows, columnOf, Dimension, levelOf, Measure, View } from "../view.js";

@View({
  field: "usage",
  model: accountFacts,
  ends: accountPeriodLevels,
  day: "day",
  description:
    "Use of the product: events add up over days; users, sessions and shares of trailing days are told of the last day of each period.",
})
export class UsageView {
  @Dimension(() => Boolean, columnOf(accountFacts, "is_customer"))
  isCustomer!: boolean | null;

  @Measure(() => Float, {
    description: "Usage events; null where none are mapped.",
    unit: "events",
    isAdditive: true,
    sql: (row) => row.sum("events_1d"),
  })
  events!: number | null;

  @Measure(() => Int, {
    description: "Accounts with an event on any day of the period.",
    unit: "accounts",
    nullable: false,
    sql: (row) => row.distinct(row.column("account_id"), sql`${row.column("events_1d")} > 0`),
  })
  activeAccounts!: number;

  @Measure(() => Int, { ...accountsOfRows, isStock: true })
  accounts!: number;

  @Measure(() => Float, levelOf(accountFacts, "active_users_7d"))
  activeUsers7d!: number | null;

  @Measure(() => Float, levelOf(accountFacts, "active_users_28d"))
  activeUsers28d!: number | null;

  @Measure(() => Float, levelOf(accountFacts, "new_users_28d"))
  newUsers28d!: number | null;

  @Measure(() => Float, levelOf(accountFacts, "sessions_28d"))
  sessions28d!: number | null;

  @Measure(() => Float, levelOf(accountFacts, "key_events_28d"))
  keyEvents28d!: number | null;

  @Measure(() => Float, {
    description:
      "Active users in 28 days / seats, of the accounts that have seats; null where none has. Above 1 when more people use it than are paid for.",
    unit: "share",
    isStock: true,
    sql: (row) => safeDivide(row.sum("active_users_28d", sql`${row.column("seats")} > 0`), row.sum("seats")),
  })
  licenceUtilisation28d!: number | null;

  @Measure(() => Float, {
    description: "Mean share of the features offered that an account used in 28 days; null where not mapped.",
    unit: "share",
    isStock: true,
    sql: (row) => row.mean("breadth_28d"),
  })
  averageBreadth28d!: number | null;
}
