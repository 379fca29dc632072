import { Float, Int } from "type-graphql";
import { accountMilestones } from "../../models/milestones/account_milestones.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { MilestoneStatus } from "../milestone.js";
import { accountsOfEvents, columnOf, Dimension, equals, Measure, type RowSql, View } from "../view.js";

const reached = (row: RowSql) => sql`${row.column("reached_on")} is not null`;
const started = (row: RowSql) => sql`${row.column("started_on")} is not null`;
const onTime = (row: RowSql) => equals(row, "status", MilestoneStatus.REACHED_ON_TIME);

@View({
  field: "milestones",
  model: accountMilestones,
  day: "started_on",
  description:
    "Milestones of accounts, by the period in which they started, with where they stand on the last day of the data.",
})
export class MilestonesView {
  @Dimension(() => String, columnOf(accountMilestones, "milestone"))
  milestone!: string;

  @Dimension(() => MilestoneStatus, columnOf(accountMilestones, "status"))
  status!: MilestoneStatus;

  @Measure(() => Int, {
    description: "Milestones that started.",
    unit: "milestones",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(started(row)),
  })
  started!: number;

  @Measure(() => Int, {
    description: "Milestones of the status; all, also those not started, without one.",
    unit: "milestones",
    nullable: false,
    isAdditive: true,
    args: { status: { type: () => MilestoneStatus, nullable: true, description: "Only these." } },
    sql: (row, { status }) => row.count(equals(row, "status", status)),
  })
  milestones!: number;

  @Measure(() => Int, {
    description: "Those reached so far, in time or late.",
    unit: "milestones",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(reached(row)),
  })
  reached!: number;

  @Measure(() => Float, {
    description: "reached / started; null where none started.",
    unit: "share",
    sql: (row) => safeDivide(row.count(reached(row)), row.count(started(row))),
  })
  reachedShare!: number | null;

  @Measure(() => Float, {
    description: "Of those reached, the ones in time; null where none is reached.",
    unit: "share",
    sql: (row) => safeDivide(row.count(onTime(row)), row.count(reached(row))),
  })
  onTimeShare!: number | null;

  @Measure(() => Float, {
    description: "Mean days from the start to the day reached, of those reached; null without any.",
    unit: "days",
    sql: (row) => row.mean("days_to_reach"),
  })
  averageDaysToReach!: number | null;

  @Measure(() => Int, accountsOfEvents)
  accounts!: number;
}
