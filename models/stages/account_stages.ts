import { conditionSql } from "../../journey/compile.js";
import { join, sql, text } from "../../warehouse/sql.js";
import { accountFacts } from "../daily/account_facts.js";
import { evidenceRow, milestoneEvidence } from "../milestones/milestone_evidence.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";

export const accountStages = defineModel({
  name: "account_stages",
  description:
    "One row per account and day: the first stage of the journey whose condition holds on the facts of that day.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    stage: { type: "string", notNull: true, description: "The stage's id in the journey." },
    journey_version: { type: "string", notNull: true, description: "Hash of the journey that decided it." },
  },
  byDay: true,
  sortBy: ["account_id", "day"],
  query: ({ journey }) => {
    const row = evidenceRow(journey);
    const conditions = journey.stages.flatMap(({ id, when }) =>
      when ? [sql`when ${conditionSql(when, row)} then ${text(id)}`] : [],
    );
    const otherwise = text(journey.stages.at(-1)?.id ?? "");
    return sql`
select
  f.account_id as account_id,
  f.day as day,
  ${conditions.length > 0 ? sql`case\n    ${join(conditions, "\n    ")}\n    else ${otherwise}\n  end` : otherwise} as stage,
  ${text(journey.version)} as journey_version
from ${ref(accountFacts)} as f
left join ${ref(milestoneEvidence)} as e on e.account_id = f.account_id`;
  },
});
