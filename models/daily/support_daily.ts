import { addDays, dayOf, greatest } from "../../warehouse/dialect.js";
import { number, sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref } from "../model.js";
import { stgTickets } from "../staging/stg_tickets.js";
import { minusOne, minusOneIf, ofLevel, one, oneIf, sumOfSteps } from "./steps.js";

/** A ticket that has been open this long is overdue. */
const overdueAfterDays = 7;

const measures = {
  tickets_opened: "integer",
  tickets_timed: "integer",
  replied_within_24h: "integer",
  escalations: "integer",
  tickets_resolved: "integer",
  first_contact_resolutions: "integer",
  csat_sum: "number",
  csat_count: "integer",
  open_change: "integer",
  overdue_change: "integer",
  overdue_urgent_change: "integer",
  open_billing_change: "integer",
} as const;

export const supportDaily = defineModel({
  name: "support_daily",
  description:
    "One row per account and day on which a ticket was opened, rated or solved, or became overdue.",
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    tickets_opened: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "tickets",
      description: "Opened that day.",
    },
    tickets_timed: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "tickets",
      description: "Of those opened that day, the ones whose clocks agree.",
    },
    replied_within_24h: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "tickets",
      description: "Of the timed ones opened that day, replied to within 24 h; final once 24 h have passed.",
    },
    escalations: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "tickets",
      description: "Of those opened that day, escalated.",
    },
    tickets_resolved: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "tickets",
      description: "Solved that day.",
    },
    first_contact_resolutions: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "tickets",
      description: "Solved that day with one reply and never reopened.",
    },
    csat_sum: {
      type: "number",
      notNull: true,
      min: 0,
      unit: "score",
      description: "Sum of ratings; a rating counts on the day of the solution, else of the opening.",
    },
    csat_count: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "ratings",
      description: "Number of ratings.",
    },
    open_change: { type: "integer", notNull: true, unit: "tickets", description: `Open tickets. ${ofLevel}` },
    overdue_change: {
      type: "integer",
      notNull: true,
      unit: "tickets",
      description: `Tickets open for ${overdueAfterDays} days or longer. ${ofLevel}`,
    },
    overdue_urgent_change: {
      type: "integer",
      notNull: true,
      unit: "tickets",
      description: `Urgent ones of these. ${ofLevel}`,
    },
    open_billing_change: {
      type: "integer",
      notNull: true,
      unit: "tickets",
      description: `Open tickets about billing. ${ofLevel}`,
    },
  },
  byDay: true,
  query: ({ timeZone }) => sql`
with tickets as (
  select
    account_id,
    day as opened_on,
    ${dayOf(sql`resolved_at`, timeZone)} as resolved_on,
    case when reopened_at >= resolved_at then ${greatest(dayOf(sql`reopened_at`, timeZone), sql`day`)} end as reopened_on,
    coalesce(priority = 'urgent', false) as is_urgent,
    coalesce(category = 'billing', false) as is_billing,
    is_timed,
    coalesce(first_reply_hours <= ${number(24)}, false) as is_replied_within_24h,
    coalesce(is_escalated, false) as is_escalated,
    coalesce(is_first_contact_resolution, false) as is_first_contact_resolution,
    csat
  from ${ref(stgTickets)}
  where is_usable
),
spells as (
  select opened_on as open_from, ${greatest(sql`resolved_on`, sql`opened_on`)} as open_to, is_urgent, is_billing, account_id
  from tickets
  union all
  select reopened_on, cast(null as date), is_urgent, is_billing, account_id
  from tickets
  where reopened_on is not null
),
overdue as (
  select account_id, ${addDays(sql`open_from`, overdueAfterDays)} as open_from, open_to, is_urgent
  from spells
  where open_to is null or open_to > ${addDays(sql`open_from`, overdueAfterDays)}
)
${sumOfSteps(measures, [
  {
    from: sql`tickets`,
    day: sql`opened_on`,
    adds: {
      tickets_opened: one,
      tickets_timed: oneIf(sql`is_timed`),
      replied_within_24h: oneIf(sql`is_timed and is_replied_within_24h`),
      escalations: oneIf(sql`is_escalated`),
    },
  },
  {
    from: sql`tickets`,
    day: sql`resolved_on`,
    where: sql`resolved_on is not null`,
    adds: { tickets_resolved: one, first_contact_resolutions: oneIf(sql`is_first_contact_resolution`) },
  },
  {
    from: sql`tickets`,
    day: sql`coalesce(resolved_on, opened_on)`,
    where: sql`csat is not null`,
    adds: { csat_sum: sql`csat`, csat_count: one },
  },
  {
    from: sql`spells`,
    day: sql`open_from`,
    adds: { open_change: one, open_billing_change: oneIf(sql`is_billing`) },
  },
  {
    from: sql`spells`,
    day: sql`open_to`,
    where: sql`open_to is not null`,
    adds: { open_change: minusOne, open_billing_change: minusOneIf(sql`is_billing`) },
  },
  {
    from: sql`overdue`,
    day: sql`open_from`,
    adds: { overdue_change: one, overdue_urgent_change: oneIf(sql`is_urgent`) },
  },
  {
    from: sql`overdue`,
    day: sql`open_to`,
    where: sql`open_to is not null`,
    adds: { overdue_change: minusOne, overdue_urgent_change: minusOneIf(sql`is_urgent`) },
  },
])}`,
});
