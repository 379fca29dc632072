import { conditionSql } from "../../journey/compile.js";
import { daysHeld, milestoneStatuses } from "../../journey/conditions.js";
import { type Journey, type Milestone, repeats } from "../../journey/journey.js";
import { addDaysAtMost, daysBetween, minIf, nullOf, orNever } from "../../warehouse/dialect.js";
import { integer, join, name, type Sql, sql, text } from "../../warehouse/sql.js";
import { accountFacts, factRow } from "../daily/account_facts.js";
import { timeline } from "../daily/timeline.js";
import {
  accountKey,
  asked,
  type Company,
  defineModel,
  earlier,
  firstDifference,
  has,
  ref,
  since,
  whereOfPart,
} from "../model.js";
import { stageStays } from "../stages/stage_stays.js";
import { accounts } from "../staging/accounts.js";
import { stgContracts } from "../staging/stg_contracts.js";
import { milestoneEvidence, reachedOn } from "./milestone_evidence.js";

const asksFor = { accounts: ["created_on", "customer_since"] };

export const accountMilestones = defineModel({
  name: "account_milestones",
  description:
    "One row per account and milestone, with its status on the last day built; one for every paid contract or stay where the milestone begins anew with these. The dates tell the status on any other day.",
  grain: ["account_id", "milestone", "occurrence"],
  columns: {
    account_id: accountKey,
    milestone: { type: "string", notNull: true, description: "The milestone's id in the journey." },
    occurrence: {
      type: "integer",
      notNull: true,
      min: 1,
      description: "1, or which of the account's contracts or stays in the stage it belongs to.",
    },
    started_on: { type: "date", description: "From when its days are counted; null = not started." },
    ended_on: {
      type: "date",
      description: "First day after its contract or stay: too late to reach it; null = no end is known.",
    },
    reached_on: {
      type: "date",
      description:
        "First day on which its condition held, of its contract or stay if it has one; null = not yet.",
    },
    due_on: { type: "date", description: "Last day on which reaching it is on time; null = not started." },
    stuck_after: {
      type: "date",
      description: "After this day an account that hasn't reached it is stuck; null = not started.",
    },
    days_to_reach: {
      type: "integer",
      min: 0,
      unit: "days",
      description:
        "From the start to the day reached; 0 where it was reached before the start; null = not reached or not started.",
    },
    status: {
      type: "string",
      notNull: true,
      oneOf: milestoneStatuses,
      description:
        "reached_on_time, reached_late; else not_started, on_track, behind (past due_on), stuck (past stuck_after) or missed (its contract or stay ended).",
    },
  },
  asksFor,
  // What was reached before stays so, and of a contract or stay all that was over before.
  touched: (row, fromDay, { journey: { milestones } }) => {
    const again = milestones.filter(repeats).map((m) => text(m.id));
    const over =
      again.length > 0
        ? sql`case when ${row}.milestone in (${again}) then ${row}.ended_on else ${row}.reached_on end`
        : sql`${row}.reached_on`;
    return sql`(${orNever(over)} >= ${fromDay} or ${orNever(sql`${row}.started_on`)} >= ${fromDay})`;
  },
  changesFrom: () => firstDifference(["started_on", "ended_on", "reached_on", "due_on", "stuck_after"]),
  sortBy: ["account_id", "milestone", "occurrence"],
  query: (company) => {
    const { milestones } = company.journey;
    const again = milestones.filter(
      (m) => repeats(m) && (m.starts !== "contract_start" || has(company, "contracts")),
    );
    const rows = [
      ...milestones.filter((m) => !repeats(m)).map((m) => onceSql(m, company)),
      ...again.map(repeatedSql),
    ];
    return sql`
with first_stays as (
  select account_id, stage, min(entered_on) as entered_on
  from ${ref(stageStays)}
  group by account_id, stage
),${again.length > 0 ? occurrencesSql(again, company.journey) : sql``}
started as (
  ${rows.length > 0 ? join(rows, "\n  union all\n  ") : none}
),
dated as (
  select
    account_id,
    milestone,
    occurrence,
    started_on,
    ended_on,
    reached_on,
    ${addDaysAtMost(sql`started_on`, sql`expected_days`)} as due_on,
    ${addDaysAtMost(sql`started_on`, sql`stuck_days`)} as stuck_after
  from started
)
select
  account_id,
  milestone,
  occurrence,
  started_on,
  ended_on,
  reached_on,
  due_on,
  stuck_after,
  case when reached_on < started_on then 0 else ${daysBetween(sql`started_on`, sql`reached_on`)} end as days_to_reach,
  ${milestoneStatusOn(sql`t.data_through`, sql`d`)} as status
from dated as d
cross join ${ref(timeline)} as t`;
  },
});

/** The status on a day of the milestone that a row is about; the day may lie before the last one built. */
export const milestoneStatusOn = (day: Sql, row: Sql): Sql => sql`case
    when ${row}.reached_on <= ${day} and (${row}.due_on is null or ${row}.reached_on <= ${row}.due_on) then 'reached_on_time'
    when ${row}.reached_on <= ${day} then 'reached_late'
    when ${row}.started_on is null or ${row}.started_on > ${day} then 'not_started'
    when ${row}.ended_on <= ${day} then 'missed'
    when ${day} > ${row}.stuck_after then 'stuck'
    when ${day} > ${row}.due_on then 'behind'
    else 'on_track'
  end`;

const stuckDays = (m: Milestone): number => m.stuck_after_days ?? Math.max(1, 2 * m.expected_days);

function onceSql(m: Milestone, company: Company): Sql {
  const stage = typeof m.starts === "object" && "stage" in m.starts ? m.starts.stage : undefined;
  const stay = sql`left join first_stays as s on s.account_id = a.account_id and s.stage = ${text(stage ?? "")}`;
  return sql`select a.account_id as account_id, ${text(m.id)} as milestone, 1 as occurrence, ${startOf(m, has(company, "contracts"))} as started_on, ${nullOf("date")} as ended_on, e.${name(reachedOn(m.id))} as reached_on, ${integer(m.expected_days)} as expected_days, ${integer(stuckDays(m))} as stuck_days
  from ${asked(accounts, asksFor.accounts)} as a
  inner join ${ref(milestoneEvidence)} as e on e.account_id = a.account_id
  ${stage === undefined ? sql`` : stay}`;
}

/** Where a milestone's days begin. Without contracts every account counts as a customer from its first day. */
function startOf({ starts }: Milestone, hasContracts: boolean): Sql {
  if (typeof starts === "string") return hasContracts ? sql`a.customer_since` : sql`a.created_on`;
  return "milestone" in starts ? sql`e.${name(reachedOn(starts.milestone))}` : sql`s.entered_on`;
}

/** What a milestone begins anew with: a stage's id, or null for contracts. */
const stageOfStays = ({ starts }: Milestone): string | null =>
  typeof starts === "object" && "each_stay_in" in starts ? starts.each_stay_in : null;

/** Contracts and stays with the first day in each on which each condition held, in one pass over the facts. */
function occurrencesSql(milestones: readonly Milestone[], journey: Journey): Sql {
  const stages = milestones.flatMap((m) => stageOfStays(m) ?? []);
  const kinds = [
    ...(milestones.some((m) => stageOfStays(m) === null)
      ? [
          sql`select account_id, ${nullOf("string")} as stage, row_number() over (partition by account_id order by starts_on, contract_id) as occurrence, starts_on as started_on, ends_on as ended_on
  from ${ref(stgContracts)}
  where is_usable and not coalesce(is_trial, false) and (ends_on is null or ends_on > starts_on)`,
        ]
      : []),
    ...(stages.length > 0
      ? [
          sql`select account_id, stage, row_number() over (partition by account_id, stage order by entered_on) as occurrence, entered_on as started_on, left_on as ended_on
  from ${ref(stageStays)}
  where stage in (${stages.map(text)})`,
        ]
      : []),
  ];
  return sql`
judged as (
  select
    f.account_id as account_id,
    f.day as day,
    ${milestones.map((m) => sql`${conditionSql(m.when, factRow(journey))} as ${name(m.id)}`)}
  from ${ref(accountFacts, Math.max(...milestones.map((m) => daysHeld(m.when))))} as f
),
occurrences as (
  ${join(kinds, "\n  union all\n  ")}
),
found as (
  select
    o.account_id as account_id,
    o.stage as stage,
    o.occurrence as occurrence,
    o.started_on as started_on,
    o.ended_on as ended_on,
    ${milestones.map((m) => sql`${minIf(sql`j.day`, sql`j.${name(m.id)}`)} as ${name(reachedOn(m.id))}`)}
  from occurrences as o
  left join ${since(sql`judged`, 0)} as j on j.account_id = o.account_id and j.day >= o.started_on and j.day < ${orNever(sql`o.ended_on`)}
  group by o.account_id, o.stage, o.occurrence, o.started_on, o.ended_on
),`;
}

function repeatedSql(m: Milestone): Sql {
  const stage = stageOfStays(m);
  const found = sql`f.${name(reachedOn(m.id))}`;
  // What was reached before the days that are built again stays reached.
  const reached = whereOfPart(found, sql`coalesce(e.reached_on, ${found})`);
  const before = sql`
  left join ${earlier("account_milestones", undefined, "reached_on")} as e on e.account_id = f.account_id and e.milestone = ${text(m.id)} and e.occurrence = f.occurrence and e.started_on = f.started_on`;
  return sql`select f.account_id as account_id, ${text(m.id)} as milestone, f.occurrence as occurrence, f.started_on as started_on, f.ended_on as ended_on, ${reached} as reached_on, ${integer(m.expected_days)} as expected_days, ${integer(stuckDays(m))} as stuck_days
  from found as f${whereOfPart(sql``, before)}
  where ${stage === null ? sql`f.stage is null` : sql`f.stage = ${text(stage)}`}`;
}

const none = sql`select account_id, '' as milestone, 1 as occurrence, cast(null as date) as started_on, cast(null as date) as ended_on, cast(null as date) as reached_on, 0 as expected_days, 0 as stuck_days
  from ${ref(accounts)}
  where false`;
