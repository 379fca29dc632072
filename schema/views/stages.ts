import { Float, Int } from "type-graphql";
import { stageStays } from "../../models/stages/stage_stays.js";
import { safeDivide } from "../../warehouse/dialect.js";
import { sql } from "../../warehouse/sql.js";
import { accountsOfEvents, columnOf, Dimension, Measure, View } from "../view.js";

@View({
  field: "stages",
  model: stageStays,
  day: "entered_on",
  description:
    "Stays of accounts in stages, by the period in which they began. How many are in a stage on a day is in `health`.",
})
export class StagesView {
  @Dimension(() => String, columnOf(stageStays, "stage"))
  stage!: string;

  @Dimension(() => Boolean, columnOf(stageStays, "is_stuck"))
  isStuck!: boolean;

  @Measure(() => Int, {
    description: "Stays that began.",
    unit: "stays",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(),
  })
  entered!: number;

  @Measure(() => Int, {
    description: "Those of them that have ended.",
    unit: "stays",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(sql`${row.column("left_on")} is not null`),
  })
  left!: number;

  @Measure(() => Int, {
    description: "Those of them that still last, longer than the journey expects.",
    unit: "stays",
    nullable: false,
    isAdditive: true,
    sql: (row) => row.count(row.column("is_stuck")),
  })
  stuck!: number;

  @Measure(() => Float, {
    description: "Mean days of the stays that have ended; null where none has.",
    unit: "days",
    sql: (row) => row.mean("days", sql`${row.column("left_on")} is not null`),
  })
  averageDays!: number | null;

  @Measure(() => Float, {
    description:
      "stuck / (entered − left): of the stays that last, those that last too long; null without any.",
    unit: "share",
    sql: (row) =>
      safeDivide(row.count(row.column("is_stuck")), row.count(sql`${row.column("left_on")} is null`)),
  })
  stuckShare!: number | null;

  @Measure(() => Int, accountsOfEvents)
  accounts!: number;
}
