import { addDays, daysBetween, nullOf, orNever } from "../../warehouse/dialect.js";
import { integer, join, sql, text } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import { accountKey, defineModel, firstDifference, ref } from "../model.js";
import { accountStages } from "./account_stages.js";

export const stageStays = defineModel({
  name: "stage_stays",
  description:
    "One row per account and maximal run of days in one stage; a gap in the account's facts ends a stay.",
  grain: ["account_id", "entered_on"],
  columns: {
    account_id: accountKey,
    stage: { type: "string", notNull: true, description: "The stage's id in the journey." },
    entered_on: { type: "date", notNull: true, description: "First day in the stage." },
    left_on: {
      type: "date",
      description: "First day no longer in it; null = still there on the last day built.",
    },
    days: { type: "integer", notNull: true, min: 1, unit: "days", description: "Days in the stage so far." },
    expected_days: {
      type: "integer",
      unit: "days",
      description: "What the journey expects; null = any time is fine.",
    },
    is_stuck: { type: "boolean", notNull: true, description: "Still there, longer than expected." },
  },
  // Of stays that were over before nothing can change.
  touched: (row, fromDay) => sql`${orNever(sql`${row}.left_on`)} >= ${fromDay}`,
  // Nothing that is built reads how long a stay lasts so far.
  changesFrom: () => firstDifference(["entered_on", "left_on"], { stage: "entered_on" }),
  sortBy: ["account_id", "entered_on"],
  query: ({ journey }) => {
    const expected = journey.stages.flatMap((s) =>
      s.expected_days === undefined ? [] : [sql`when ${text(s.id)} then ${integer(s.expected_days)}`],
    );
    return sql`
with stays as (
  select account_id, stage, entered_on, max(day) as last_day
  from ${ref(accountStages, 1)}
  group by account_id, stage, entered_on
),
dated as (
  select
    s.account_id as account_id,
    s.stage as stage,
    s.entered_on as entered_on,
    case when s.last_day < t.data_through then ${addDays(sql`s.last_day`, 1)} end as left_on,
    ${daysBetween(sql`s.entered_on`, sql`s.last_day`)} + 1 as days,
    ${expected.length > 0 ? sql`case s.stage ${join(expected, " ")} end` : nullOf("integer")} as expected_days
  from stays as s
  cross join ${ref(timeline)} as t
)
select
  account_id,
  stage,
  entered_on,
  left_on,
  days,
  expected_days,
  left_on is null and coalesce(days > expected_days, false) as is_stuck
from dated`;
  },
});
