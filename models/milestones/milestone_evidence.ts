import { conditionSql, type DayRow } from "../../journey/compile.js";
import { type Journey, repeats } from "../../journey/journey.js";
import { minIf } from "../../warehouse/dialect.js";
import { name, sql } from "../../warehouse/sql.js";
import { accountFacts, factRow } from "../daily/account_facts.js";
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
    "One row per account with the first day on which the condition of each milestone held; null = not yet. Milestones that begin anew with contracts or stays are in account_milestones.",
  grain: ["account_id"],
  columns: {
    account_id: accountKey,
  },
  companyColumns: ({ journey }): ModelColumns =>
    Object.fromEntries(
      journey.milestones
        .filter((m) => !repeats(m))
        .map((m) => [reachedOn(m.id), { type: "date", description: `First day of: ${m.name}.` }]),
    ),
  query: ({ journey }) => {
    const milestones = journey.milestones.filter((m) => !repeats(m));
    const row = factRow(journey);
    return sql`
with judged as (
  select
    ${[sql`f.account_id as account_id`, sql`f.day as day`, ...milestones.map((m) => sql`${conditionSql(m.when, row)} as ${name(m.id)}`)]}
  from ${ref(accountFacts)} as f
)
select
  ${[sql`account_id`, ...milestones.map((m) => sql`${minIf(sql`day`, name(m.id))} as ${name(reachedOn(m.id))}`)]}
from judged
group by account_id`;
  },
});

/** A row of account_facts, `f`, with its account's evidence, `e`, as conditions read it. */
export const evidenceRow = (journey: Journey): DayRow => ({
  ...factRow(journey),
  reachedOn: (milestone) => sql`e.${name(reachedOn(milestone))}`,
});
