import { addDays, cast, greatest } from "../../warehouse/dialect.js";
import { number, sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref, withScopeSince } from "../model.js";
import { stgTickets } from "../staging/stg_tickets.js";
import { count, levelsOfSteps, minusOne, minusOneIf, monthlyRows, one, oneIf } from "./steps.js";

/** A ticket that has been open this long is overdue. */
const overdueAfterDays = 7;

const counts = {
  tickets_opened: "integer",
  tickets_timed: "integer",
  replied_within_24h: "integer",
  escalations: "integer",
  tickets_resolved: "integer",
  first_contact_resolutions: "integer",
} as const;

const levels = {
  tickets_opened_28d: "integer",
  escalations_28d: "integer",
  timed_28d: "integer",
  replied_28d: "integer",
  csat_sum_90d: "decimal",
  csat_count_90d: "integer",
  open_tickets: "integer",
  overdue_tickets: "integer",
  overdue_urgent_tickets: "integer",
  open_billing_tickets: "integer",
} as const;

const daysRated = 90;
/** After that and the longest window a ticket changes nothing. */
const lastOn = greatest(
  sql`d.opened_on`,
  sql`coalesce(d.resolved_on, d.opened_on)`,
  sql`coalesce(d.reopened_on, d.opened_on)`,
);
const ratedOn = sql`coalesce(resolved_on, opened_on)`;
/** As a decimal: what a sum of floats takes back it doesn't take back exactly. */
const csat = cast(sql`csat`, "decimal");

export const supportDaily = defineModel({
  name: "support_daily",
  description: `One row per account and day on which a ticket was opened, rated or solved, became overdue, or left a count of trailing days. ${monthlyRows}`,
  grain: ["account_id", "day"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    tickets_opened: count("tickets", "Opened that day."),
    tickets_timed: count("tickets", "Of those opened that day, the ones whose clocks agree."),
    replied_within_24h: count(
      "tickets",
      "Of the timed ones opened that day, replied to within 24 h; final once 24 h have passed.",
    ),
    escalations: count("tickets", "Of those opened that day, escalated."),
    tickets_resolved: count("tickets", "Solved that day."),
    first_contact_resolutions: count("tickets", "Solved that day with one reply and never reopened."),
    tickets_opened_28d: count(
      "tickets",
      "Opened in 28 days; like all that follow it holds until the next row.",
    ),
    escalations_28d: count("tickets", "Of these, escalated."),
    timed_28d: count("tickets", "Timed ones opened in the 28 days without the last, so at least 24 h ago."),
    replied_28d: count("tickets", "Of these, replied to within 24 h."),
    csat_sum_90d: {
      type: "decimal",
      notNull: true,
      min: 0,
      unit: "score",
      description:
        "Sum of ratings in 90 days; a rating counts on the day of the solution, else of the opening.",
    },
    csat_count_90d: count("ratings", "Number of these ratings."),
    open_tickets: count("tickets", "Open tickets."),
    overdue_tickets: count("tickets", `Tickets open for ${overdueAfterDays} days or longer.`),
    overdue_urgent_tickets: count("tickets", "Urgent ones of these."),
    open_billing_tickets: count("tickets", "Open tickets about billing."),
  },
  byDay: true,
  query: () => sql`
with dated as (
  select
    account_id,
    day as opened_on,
    resolved_on,
    case when reopened_at >= resolved_at then ${greatest(sql`reopened_on`, sql`day`)} end as reopened_on,
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
tickets as (
  select d.*
  from dated as d
  ${withScopeSince(sql`d.account_id`, lastOn, daysRated)}
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
),
${levelsOfSteps("support_daily", { counts, levels, lastDays: {} }, [
  {
    from: sql`tickets`,
    day: sql`opened_on`,
    adds: {
      tickets_opened: one,
      tickets_timed: oneIf(sql`is_timed`),
      replied_within_24h: oneIf(sql`is_timed and is_replied_within_24h`),
      escalations: oneIf(sql`is_escalated`),
      tickets_opened_28d: one,
      escalations_28d: oneIf(sql`is_escalated`),
    },
  },
  {
    from: sql`tickets`,
    day: addDays(sql`opened_on`, 1),
    where: sql`is_timed`,
    adds: { timed_28d: one, replied_28d: oneIf(sql`is_replied_within_24h`) },
  },
  {
    from: sql`tickets`,
    day: addDays(sql`opened_on`, 28),
    adds: {
      tickets_opened_28d: minusOne,
      escalations_28d: minusOneIf(sql`is_escalated`),
      timed_28d: minusOneIf(sql`is_timed`),
      replied_28d: minusOneIf(sql`is_timed and is_replied_within_24h`),
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
    day: ratedOn,
    where: sql`csat is not null`,
    adds: { csat_sum_90d: csat, csat_count_90d: one },
  },
  {
    from: sql`tickets`,
    day: addDays(ratedOn, daysRated),
    where: sql`csat is not null`,
    adds: { csat_sum_90d: sql`0 - ${csat}`, csat_count_90d: minusOne },
  },
  {
    from: sql`spells`,
    day: sql`open_from`,
    adds: { open_tickets: one, open_billing_tickets: oneIf(sql`is_billing`) },
  },
  {
    from: sql`spells`,
    day: sql`open_to`,
    where: sql`open_to is not null`,
    adds: { open_tickets: minusOne, open_billing_tickets: minusOneIf(sql`is_billing`) },
  },
  {
    from: sql`overdue`,
    day: sql`open_from`,
    adds: { overdue_tickets: one, overdue_urgent_tickets: oneIf(sql`is_urgent`) },
  },
  {
    from: sql`overdue`,
    day: sql`open_to`,
    where: sql`open_to is not null`,
    adds: { overdue_tickets: minusOne, overdue_urgent_tickets: minusOneIf(sql`is_urgent`) },
  },
])}`,
});
