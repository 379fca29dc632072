import { conditionSql } from "../../journey/compile.js";
import { daysHeld } from "../../journey/conditions.js";
import { addDays, nullOf } from "../../warehouse/dialect.js";
import { join, sql, text } from "../../warehouse/sql.js";
import { accountFacts } from "../daily/account_facts.js";
import { evidenceRow, milestoneEvidence } from "../milestones/milestone_evidence.js";
import { accountKey, dayKey, defineModel, earlier, ref, whereOfPart, withScope } from "../model.js";

export const accountStages = defineModel({
  name: "account_stages",
  description:
    "One row per account and day: the first stage of the journey whose condition holds on the facts of that day.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    stage: { type: "string", notNull: true, description: "The stage's id in the journey." },
    entered_on: {
      type: "date",
      notNull: true,
      description: "First of the days in a row in the stage, this one included.",
    },
    journey_version: {
      type: "string",
      notNull: true,
      isProvenance: true,
      description: "Hash of the journey that decided it.",
    },
  },
  byDay: true,
  query: ({ journey }) => {
    const row = evidenceRow(journey);
    const conditions = journey.stages.flatMap(({ id, when }) =>
      when ? [sql`when ${conditionSql(when, row)} then ${text(id)}`] : [],
    );
    const otherwise = text(journey.stages.at(-1)?.id ?? "");
    const back = Math.max(0, ...journey.stages.map(({ when }) => (when ? daysHeld(when) : 0)));
    // A build in part goes on from the stage of the day before.
    const before = sql`
  union all
  select e.account_id, e.day, e.stage, e.entered_on
  from ${earlier("account_stages", 1)} as e
  ${withScope(sql`e.account_id`)}
  where e.day = ${addDays(sql`scope.from_day`, -1)}`;
    return sql`
with judged as (
  select
    f.account_id as account_id,
    f.day as day,
    ${conditions.length > 0 ? sql`case\n      ${join(conditions, "\n      ")}\n      else ${otherwise}\n    end` : otherwise} as stage
  from ${ref(accountFacts, back)} as f
  left join ${ref(milestoneEvidence)} as e on e.account_id = f.account_id
),
staged as (
  select j.account_id as account_id, j.day as day, j.stage as stage, ${nullOf("date")} as entered_on
  from judged as j${whereOfPart(
    sql``,
    sql`
  ${withScope(sql`j.account_id`)}
  where j.day >= scope.from_day${before}`,
  )}
),
followed as (
  select
    account_id,
    day,
    stage,
    entered_on,
    lag(stage) over (partition by account_id order by day) as stage_before,
    lag(day) over (partition by account_id order by day) as day_before
  from staged
)
select
  account_id,
  day,
  stage,
  max(case when stage = stage_before and day_before = ${addDays(sql`day`, -1)} then null else coalesce(entered_on, day) end) over (
    partition by account_id order by day rows between unbounded preceding and current row
  ) as entered_on,
  ${text(journey.version)} as journey_version
from followed`;
  },
});
