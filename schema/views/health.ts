import { Float, Int } from "type-graphql";
import { accountPeriodLevels } from "../../models/accounts/account_period_levels.js";
import { portfolioPeriodEnds } from "../../models/accounts/portfolio_period_ends.js";
import { accountHealth } from "../../models/health/account_health.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { Band } from "../health.js";
import { accountsOfRows, columnOf, Dimension, equals, Measure, View } from "../view.js";

@View({
  field: "health",
  model: accountHealth,
  ends: accountPeriodLevels,
  sums: portfolioPeriodEnds,
  day: "day",
  description:
    "Health of accounts on the last day of each period: scores are levels, never summed over days.",
})
export class HealthView {
  @Dimension(() => String, columnOf(accountHealth, "stage"))
  stage!: string;

  @Dimension(() => Band, columnOf(accountHealth, "band"))
  band!: Band;

  @Dimension(() => String, columnOf(accountHealth, "cap"))
  cap!: string | null;

  @Measure(() => Int, {
    ...accountsOfRows,
    isStock: true,
    args: { band: { type: () => Band, nullable: true, description: "Only those in this band." } },
    sql: (row, { band }) => row.count(equals(row, "band", band)),
  })
  accounts!: number;

  @Measure(() => Float, {
    description: "Mean score of the accounts that have one; null where none has.",
    unit: "points",
    isStock: true,
    sql: (row) => row.mean("score"),
  })
  averageScore!: number | null;

  @Measure(() => Float, {
    description: "Mean coverage, the weight of indicators that had a value; null where no stage is scored.",
    unit: "share",
    isStock: true,
    sql: (row) => row.mean("coverage"),
  })
  averageCoverage!: number | null;

  @Measure(() => Float, {
    description: "Accounts in the band / accounts with a score; null where none has one.",
    unit: "share",
    isStock: true,
    args: { band: { type: () => Band, defaultValue: Band.POOR, description: "The band." } },
    sql: (row, { band }) =>
      safeDivide(row.count(equals(row, "band", band)), row.count(sql`${row.column("band")} <> 'unknown'`)),
  })
  shareInBand!: number | null;
}
