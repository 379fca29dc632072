import { conditionSql } from "../../journey/conditions.js";
import { minIf } from "../../warehouse/dialect.js";
import { name, sql } from "../../warehouse/sql.js";
import { accountFacts } from "../daily/account_facts.js";
import { accountKey, defineModel, type ModelColumns, ref } from "../model.js";

/** The column that holds the day on which a milestone was reached. */
export const reachedOn = (milestone: string): string => `${milestone}_reached_on`;

/**
 * Wide, so that all milestones are found in one pass over the facts. It stands before the stages, whose
 * conditions may ask for a milestone; when each milestone was due depends on stages, and is told after them.
 */
export const milestoneEvidence = defineModel({
  name: "milestone_evidence",
  description:
    "One row per account with the first day on which each milestone's condition held; null = not yet.",
  grain: ["account_id"],
  columns: {
    account_id: accountKey,
  },
  companyColumns: ({ journey }): ModelColumns =>
    Object.fromEntries(
      journey.milestones.map((m) => [
        reachedOn(m.id),
        { type: "date", description: `First day of: ${m.name}.` },
      ]),
    ),
  query: ({ journey }) => sql`
select
  ${[
    sql`account_id`,
    ...journey.milestones.map((m) => {
      // A milestone's own condition speaks of facts only; the journey's check has seen to it.
      const holds = conditionSql(m.when, sql`f`, () => sql`null`);
      return sql`${minIf(sql`f.day`, holds)} as ${name(reachedOn(m.id))}`;
    }),
  ]}
from ${ref(accountFacts)} as f
group by account_id`,
});
