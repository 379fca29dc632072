import type { Milestone } from "../../journey/journey.js";
import { addDays, daysBetween } from "../../warehouse/dialect.js";
import { integer, join, name, type Sql, sql, text } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import { accountKey, defineModel, has, ref } from "../model.js";
import { stageStays } from "../stages/stage_stays.js";
import { accounts } from "../staging/accounts.js";
import { milestoneEvidence, reachedOn } from "./milestone_evidence.js";

export const milestoneStatuses = [
  "not_started",
  "on_track",
  "behind",
  "stuck",
  "reached_on_time",
  "reached_late",
] as const;

export const accountMilestones = defineModel({
  name: "account_milestones",
  description:
    "One row per account and milestone, with its status on the last day built. The dates tell the status on any other day.",
  grain: ["account_id", "milestone"],
  columns: {
    account_id: accountKey,
    milestone: { type: "string", notNull: true, description: "The milestone's id in the journey." },
    started_on: { type: "date", description: "From when its days are counted; null = not started." },
    reached_on: { type: "date", description: "First day on which its condition held; null = not yet." },
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
        "reached_on_time, reached_late; else not_started, on_track, behind (past due_on) or stuck (past stuck_after).",
    },
  },
  sortBy: ["account_id", "milestone"],
  query: (company) => {
    const { milestones } = company.journey;
    if (milestones.length === 0) return none;
    const rows = milestones.map((m) => {
      const stuckAfter = m.stuck_after_days ?? Math.max(1, 2 * m.expected_days);
      const stage = typeof m.starts === "object" && "stage" in m.starts ? m.starts.stage : undefined;
      const stay = sql`left join first_stays as s on s.account_id = a.account_id and s.stage = ${text(stage ?? "")}`;
      return sql`select a.account_id as account_id, ${text(m.id)} as milestone, ${startOf(m, has(company, "contracts"))} as started_on, e.${name(reachedOn(m.id))} as reached_on, ${integer(m.expected_days)} as expected_days, ${integer(stuckAfter)} as stuck_days
  from ${ref(accounts)} as a
  inner join ${ref(milestoneEvidence)} as e on e.account_id = a.account_id
  ${stage === undefined ? sql`` : stay}`;
    });
    return sql`
with first_stays as (
  select account_id, stage, min(entered_on) as entered_on
  from ${ref(stageStays)}
  group by account_id, stage
),
started as (
  ${join(rows, "\n  union all\n  ")}
),
dated as (
  select
    account_id,
    milestone,
    started_on,
    reached_on,
    ${addDays(sql`started_on`, sql`expected_days`)} as due_on,
    ${addDays(sql`started_on`, sql`stuck_days`)} as stuck_after
  from started
)
select
  account_id,
  milestone,
  started_on,
  reached_on,
  due_on,
  stuck_after,
  case when reached_on < started_on then 0 else ${daysBetween(sql`started_on`, sql`reached_on`)} end as days_to_reach,
  case
    when reached_on is not null and (due_on is null or reached_on <= due_on) then 'reached_on_time'
    when reached_on is not null then 'reached_late'
    when started_on is null or started_on > t.data_through then 'not_started'
    when t.data_through > stuck_after then 'stuck'
    when t.data_through > due_on then 'behind'
    else 'on_track'
  end as status
from dated
cross join ${ref(timeline)} as t`;
  },
});

/** Where a milestone's days begin. Without contracts every account counts as a customer from its first day. */
function startOf({ starts }: Milestone, hasContracts: boolean): Sql {
  if (starts === "customer_start") return hasContracts ? sql`a.customer_since` : sql`a.created_on`;
  return "stage" in starts ? sql`s.entered_on` : sql`e.${name(reachedOn(starts.milestone))}`;
}

const none = sql`
select account_id, '' as milestone, cast(null as date) as started_on, cast(null as date) as reached_on, cast(null as date) as due_on, cast(null as date) as stuck_after, 0 as days_to_reach, 'not_started' as status
from ${ref(accounts)}
where false`;
