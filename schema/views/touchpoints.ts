import { Float, Int } from "type-graphql";
import { accountTouchpoints } from "../../models/touchpoints/account_touchpoints.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { TouchpointStatus } from "../touchpoint.js";
import { accountsOfEvents, columnOf, Dimension, equals, Measure, View } from "../view.js";

@View({
  field: "touchpoints",
  model: accountTouchpoints,
  day: "due_on",
  description:
    "Planned contacts, by the period in which they are due, with where they stand on the last day of the data. Every plan and why is in `plannedTouchpoints`.",
})
export class TouchpointsView {
  @Dimension(() => String, columnOf(accountTouchpoints, "touchpoint"))
  touchpoint!: string;

  @Dimension(() => String, columnOf(accountTouchpoints, "stage"))
  stage!: string;

  @Dimension(() => TouchpointStatus, columnOf(accountTouchpoints, "status"))
  status!: TouchpointStatus;

  @Measure(() => Int, {
    description: "Due days, whatever became of them.",
    unit: "touchpoints",
    nullable: false,
    isAdditive: true,
    args: { status: { type: () => TouchpointStatus, nullable: true, description: "Only these." } },
    sql: (row, { status }) => row.count(equals(row, "status", status)),
  })
  planned!: number;

  @Measure(() => Float, {
    description: "done / (done + overdue + missed); null where nothing has fallen due.",
    unit: "share",
    sql: (row) =>
      safeDivide(
        row.count(equals(row, "status", TouchpointStatus.DONE)),
        row.count(sql`${row.column("status")} <> 'due'`),
      ),
  })
  doneShare!: number | null;

  @Measure(() => Float, {
    description: "Mean days from the due day to the contact, of those done; 0 = in time, null without any.",
    unit: "days",
    sql: (row) => row.mean("days_late"),
  })
  averageDaysLate!: number | null;

  @Measure(() => Int, accountsOfEvents)
  accounts!: number;
}
