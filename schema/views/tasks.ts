import { Float, Int } from "type-graphql";
import { accountTasks } from "../../models/plays/account_tasks.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { Severity } from "../signal.js";
import { TaskStatus } from "../task.js";
import { accountsOfEvents, columnOf, Dimension, equals, Measure, View } from "../view.js";

@View({
  field: "tasks",
  model: accountTasks,
  day: "set_on",
  description:
    "Tasks that plays set, by the period of the day that set them off, with where they stand now. Each of them is in `accountTasks`.",
})
export class TasksView {
  @Dimension(() => String, columnOf(accountTasks, "play"))
  play!: string;

  @Dimension(() => String, columnOf(accountTasks, "task"))
  task!: string;

  @Dimension(() => String, columnOf(accountTasks, "signal"))
  signal!: string | null;

  @Dimension(() => Severity, columnOf(accountTasks, "severity"))
  severity!: Severity | null;

  @Dimension(() => TaskStatus, {
    description: "Where it stands: by the data's last day and by what people did.",
    nullable: false,
    sql: (row) => row.column("status"),
  })
  status!: TaskStatus;

  @Measure(() => Int, {
    description: "Tasks that were set.",
    unit: "tasks",
    nullable: false,
    isAdditive: true,
    args: { status: { type: () => TaskStatus, nullable: true, description: "Only these." } },
    sql: (row, { status }) => row.count(equals(row, "status", status)),
  })
  set!: number;

  @Measure(() => Int, {
    description: "Those of them that are open or waiting though their day is over.",
    unit: "tasks",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(row.column("is_overdue")),
  })
  overdue!: number;

  @Measure(() => Float, {
    description: "Done / (done + dismissed + expired): of those that came to an end; null where none did.",
    unit: "share",
    sql: (row) =>
      safeDivide(
        row.count(equals(row, "status", TaskStatus.DONE)),
        row.count(sql`${row.column("status")} in ('done', 'dismissed', 'expired')`),
      ),
  })
  doneShare!: number | null;

  @Measure(() => Int, accountsOfEvents)
  accounts!: number;
}
