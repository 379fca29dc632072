import { Float, Int } from "type-graphql";
import { accountSignals } from "../../models/signals/account_signals.js";
import { daysBetween, safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { Severity, SignalKind } from "../signal.js";
import { accountsOfEvents, columnOf, Dimension, Measure, View } from "../view.js";

@View({
  field: "signals",
  model: accountSignals,
  day: "opened_on",
  description:
    "Signals of accounts, by the period in which they opened. Each of them is in `accountSignals`.",
})
export class SignalsView {
  @Dimension(() => String, columnOf(accountSignals, "signal"))
  signal!: string;

  @Dimension(() => SignalKind, columnOf(accountSignals, "kind"))
  kind!: SignalKind;

  @Dimension(() => Severity, columnOf(accountSignals, "severity"))
  severity!: Severity;

  @Measure(() => Int, {
    description: "Signals that opened.",
    unit: "signals",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(),
  })
  opened!: number;

  @Measure(() => Int, {
    description: "Those of them that are open on the last day of the data.",
    unit: "signals",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(sql`${row.column("closed_on")} is null`),
  })
  stillOpen!: number;

  @Measure(() => Float, {
    description: "Mean days open, of those that closed; null where none did.",
    unit: "days",
    sql: (row) => {
      const closed = row.column("closed_on");
      return safeDivide(
        row.sum(daysBetween(row.column("opened_on"), closed)),
        row.count(sql`${closed} is not null`),
      );
    },
  })
  averageDays!: number | null;

  @Measure(() => Int, accountsOfEvents)
  accounts!: number;
}
