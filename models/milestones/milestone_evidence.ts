import { conditionSql, type DayRow } from "../../journey/compile.js";
import { daysHeld } from "../../journey/conditions.js";
import { type Journey, type Milestone, repeats } from "../../journey/journey.js";
import { minIf } from "../../warehouse/dialect.js";
import { name, type Sql, sql } from "../../warehouse/sql.js";
import { accountFacts, factRow } from "../daily/account_facts.js";
import { timeline } from "../daily/timeline.js";
import {
  accountKey,
  asked,
  defineModel,
  firstDifference,
  type ModelColumns,
  ofPart,
  ref,
  whereOfPart,
  withScope,
} from "../model.js";
import { accounts } from "../staging/accounts.js";

/** The column that holds the day on which a milestone was reached. */
export const reachedOn = (milestone: string): string => `${milestone}_reached_on`;

const asksFor = { accounts: ["created_on"] };

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
  asksFor,
  changesFrom: ({ journey }) =>
    firstDifference(journey.milestones.filter((m) => !repeats(m)).map((m) => reachedOn(m.id))),
  query: ({ journey }) => {
    const milestones = journey.milestones.filter((m) => !repeats(m));
    const row = factRow(journey);
    const back = Math.max(0, ...milestones.map((m) => daysHeld(m.when)));
    const first = (m: Milestone): Sql => {
      const found = sql`r.${name(reachedOn(m.id))}`;
      // What was reached before the days that are built again stays reached.
      const stays = sql`case when e.${name(reachedOn(m.id))} < scope.from_day then e.${name(reachedOn(m.id))} else ${found} end`;
      return sql`${whereOfPart(found, stays)} as ${name(reachedOn(m.id))}`;
    };
    return sql`
with judged as (
  select
    ${[sql`f.account_id as account_id`, sql`f.day as day`, ...milestones.map((m) => sql`${conditionSql(m.when, row)} as ${name(m.id)}`)]}
  from ${ref(accountFacts, back)} as f
),
reached as (
  select
    ${[sql`j.account_id as account_id`, ...milestones.map((m) => sql`${minIf(sql`j.day`, sql`j.${name(m.id)}`)} as ${name(reachedOn(m.id))}`)]}
  from judged as j
  ${whereOfPart(sql``, sql`${withScope(sql`j.account_id`)}\n  where j.day >= scope.from_day`)}
  group by j.account_id
)
select
  ${[sql`a.account_id as account_id`, ...milestones.map(first)]}
from ${asked(accounts, asksFor.accounts)} as a
inner join ${ref(timeline)} as t on a.created_on <= t.data_through
left join reached as r on r.account_id = a.account_id
${whereOfPart(sql``, sql`${withScope(sql`a.account_id`)}\nleft join ${ofPart("milestone_evidence")} as e on e.account_id = a.account_id`)}`;
  },
});

/** A row of account_facts, `f`, with its account's evidence, `e`, as conditions read it. */
export const evidenceRow = (journey: Journey): DayRow => ({
  ...factRow(journey),
  reachedOn: (milestone) => sql`e.${name(reachedOn(milestone))}`,
});
