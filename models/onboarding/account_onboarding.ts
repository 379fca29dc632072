import { addDaysAtMost, cast, daysBetween, greatest, nullOf, periodOf } from "../../warehouse/dialect.js";
import { integer, join, name, relation, sql } from "../../warehouse/sql.js";
import { timeline } from "../daily/timeline.js";
import { milestoneEvidence, reachedOn } from "../milestones/milestone_evidence.js";
import { accountKey, asked, defineModel, has, ref } from "../model.js";
import { accounts } from "../staging/accounts.js";
import { stgTouchpoints } from "../staging/stg_touchpoints.js";

export const onboardingStatuses = ["not_started", "in_progress", "overdue", "on_time", "late"] as const;

const asksFor = { accounts: ["created_on", "customer_since"] };

export const accountOnboarding = defineModel({
  name: "account_onboarding",
  description:
    "One row per account with facts: how far it is with the journey's onboarding checklist on the last day built. No rows where the journey has no checklist.",
  grain: ["account_id"],
  columns: {
    account_id: accountKey,
    started_on: {
      type: "date",
      description: "Customer start; the first day where contracts are not mapped. Null = no customer yet.",
    },
    start_month: { type: "date", description: "First day of the month of the start: its cohort." },
    steps: { type: "integer", notNull: true, min: 1, unit: "steps", description: "Steps of the checklist." },
    steps_done: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "steps",
      description: "Those reached so far.",
    },
    onboarded_on: {
      type: "date",
      description: "Day on which the last step was reached, not before the start; null = not yet.",
    },
    due_on: { type: "date", description: "Last day on which it is on time; null = not started." },
    days_to_onboard: {
      type: "integer",
      min: 0,
      unit: "days",
      description: "From the start to the day onboarded; null = not yet.",
    },
    contacts: {
      type: "integer",
      min: 0,
      unit: "contacts",
      description:
        "Human contacts from the start to the day onboarded, or so far; null = not started, or touchpoints are not mapped.",
    },
    status: {
      type: "string",
      notNull: true,
      oneOf: onboardingStatuses,
      description: "on_time or late once onboarded; else not_started, in_progress or overdue.",
    },
  },
  asksFor,
  // It begins, is late the day after it was due, and knows contacts that were logged ahead as their day comes.
  wakes: () => sql`
select account_id, created_on as day from ${ref(accounts)}
union all select account_id, started_on from ${relation("account_onboarding")}
union all select account_id, ${addDaysAtMost(sql`due_on`, 1)} from ${relation("account_onboarding")}
union all select account_id, day from ${ref(stgTouchpoints)} where is_usable`,
  sortBy: ["account_id"],
  query: (company) => {
    const { onboarding } = company.journey;
    const steps = onboarding?.checklist.map((id) => sql`e.${name(reachedOn(id))}`) ?? [];
    const start = has(company, "contracts") ? sql`a.customer_since` : sql`a.created_on`;
    return sql`
with progress as (
  select
    a.account_id as account_id,
    ${start} as started_on,
    ${
      steps.length > 0
        ? join(
            steps.map((step) => sql`case when ${step} is null then 0 else 1 end`),
            " + ",
          )
        : integer(0)
    } as steps_done,
    ${steps.length > 0 ? sql`case when ${start} <= t.data_through then ${greatest(...steps, start)} end` : nullOf("date")} as onboarded_on,
    t.data_through as data_through
  from ${asked(accounts, asksFor.accounts)} as a
  inner join ${ref(milestoneEvidence)} as e on e.account_id = a.account_id
  cross join ${ref(timeline)} as t
),
contacts as (
  select p.account_id as account_id, count(*) as contacts
  from progress as p
  inner join ${ref(stgTouchpoints)} as c on c.account_id = p.account_id and c.is_usable and c.day >= p.started_on and c.day <= coalesce(p.onboarded_on, p.data_through)
  group by p.account_id
),
dated as (
  select
    account_id,
    started_on,
    steps_done,
    onboarded_on,
    ${addDaysAtMost(sql`started_on`, onboarding?.expected_days ?? 0)} as due_on,
    data_through
  from progress
)
select
  d.account_id as account_id,
  d.started_on as started_on,
  ${periodOf(sql`d.started_on`, "month")} as start_month,
  ${integer(Math.max(steps.length, 1))} as steps,
  d.steps_done as steps_done,
  d.onboarded_on as onboarded_on,
  d.due_on as due_on,
  ${daysBetween(sql`d.started_on`, sql`d.onboarded_on`)} as days_to_onboard,
  ${has(company, "touchpoints") ? cast(sql`case when d.started_on <= d.data_through then coalesce(c.contacts, 0) end`, "integer") : nullOf("integer")} as contacts,
  case
    when d.onboarded_on <= d.due_on then 'on_time'
    when d.onboarded_on is not null then 'late'
    when d.started_on is null or d.started_on > d.data_through then 'not_started'
    when d.data_through > d.due_on then 'overdue'
    else 'in_progress'
  end as status
from dated as d
left join contacts as c on c.account_id = d.account_id
${steps.length > 0 ? sql`` : sql`where false`}`;
  },
});
