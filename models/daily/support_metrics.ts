import { addDays, greatest } from "../../warehouse/dialect.js";
import { integer, number, sql } from "../../warehouse/sql.js";
import { accountKey, dayKey, defineModel, ref, withScopeSince } from "../model.js";
import { stgTickets } from "../staging/stg_tickets.js";
import { one, oneIf, sumOfSteps } from "./steps.js";
import { timeline } from "./timeline.js";

/** Someone who waits longer than this on a live channel waits too long. */
const delayedAfterSeconds = 300;

/** A ticket's channel as a key; tickets without one are counted together. */
export const channelKey = sql`coalesce(channel, 'unknown')`;

const measures = {
  tickets_opened: "integer",
  replies_due_24h: "integer",
  replied_within_24h: "integer",
  first_replies: "integer",
  first_reply_hours_sum: "number",
  tickets_resolved: "integer",
  resolved_with_replies_known: "integer",
  first_contact_resolutions: "integer",
  live_contacts: "integer",
  waits_known: "integer",
  delayed: "integer",
  abandonments_known: "integer",
  abandoned: "integer",
  delights: "integer",
  csat_sum: "number",
  csat_count: "integer",
} as const;

const tickets = { type: "integer", notNull: true, min: 0, unit: "tickets" } as const;

export const supportMetrics = defineModel({
  name: "support_metrics",
  description:
    "Support in counts that add up over any accounts, days and channels: one row per account, channel and day, up to the last day built, on which a ticket was opened, replied to, solved or rated. A ratio is the sum of its numerator / the sum of its denominator. Tickets whose clocks contradict each other count, but feed no reply time.",
  grain: ["account_id", "day", "channel"],
  columns: {
    account_id: accountKey,
    day: dayKey,
    channel: {
      type: "string",
      notNull: true,
      description: "How the customer asked: email, chat, phone …; unknown where the ticket doesn't say.",
    },
    tickets_opened: { ...tickets, description: "Opened; counted on the opening day." },
    replies_due_24h: {
      ...tickets,
      description:
        "Opened at least 24 h ago, with clocks that agree; counted on the opening day, so 0 on the last day built.",
    },
    replied_within_24h: {
      ...tickets,
      description:
        "Of those due, replied to within 24 h (exactly 24 h is within); counted on the opening day.",
    },
    first_replies: {
      ...tickets,
      description: "Replied to for the first time, with clocks that agree; counted on the day of the reply.",
    },
    first_reply_hours_sum: {
      type: "number",
      notNull: true,
      min: 0,
      unit: "hours",
      description: "Sum of calendar hours from opening to reply over the first replies.",
    },
    tickets_resolved: { ...tickets, description: "Solved; counted on the day of the solution." },
    resolved_with_replies_known: {
      ...tickets,
      description: "Of the solved, those whose replies are counted.",
    },
    first_contact_resolutions: {
      ...tickets,
      description: "Of the solved, those with one reply and never reopened.",
    },
    live_contacts: {
      ...tickets,
      description:
        "Opened on a live channel, that is with a wait or with word on whether the customer left; counted on the opening day.",
    },
    waits_known: { ...tickets, description: "Of the live contacts, those whose wait is known." },
    delayed: {
      ...tickets,
      description: `Of the known waits, those of more than ${delayedAfterSeconds / 60} minutes.`,
    },
    abandonments_known: {
      ...tickets,
      description: "Of the live contacts, those known to have left or stayed.",
    },
    abandoned: { ...tickets, description: "Of the live contacts, those who left before an answer." },
    delights: { ...tickets, description: "Moments of delight; counted on the opening day." },
    csat_sum: {
      type: "number",
      notNull: true,
      min: 0,
      unit: "score",
      description: "Sum of ratings, 1–5 each; counted on the day of the solution, else of the opening.",
    },
    csat_count: {
      type: "integer",
      notNull: true,
      min: 0,
      unit: "ratings",
      description: "Number of ratings; counted on the day of the solution, else of the opening.",
    },
  },
  byDay: true,
  // Whether a reply was due within 24 h is known a day later.
  touched: (row, fromDay) => sql`${row}.day >= ${addDays(fromDay, -1)}`,
  query: () => sql`
with tickets as (
  select
    account_id,
    ${channelKey} as channel,
    day as opened_on,
    first_replied_on as replied_on,
    resolved_on,
    data_through,
    is_timed and day < data_through as is_reply_due,
    coalesce(first_reply_hours <= ${number(24)}, false) as is_replied_within_24h,
    first_reply_hours,
    is_first_contact_resolution,
    wait_seconds,
    is_abandoned,
    is_delight,
    csat
  from ${ref(stgTickets)}
  cross join ${ref(timeline)}
  where is_usable
),
recent as (
  select t.*
  from tickets as t
  ${withScopeSince(
    sql`t.account_id`,
    greatest(
      sql`t.opened_on`,
      sql`coalesce(t.replied_on, t.opened_on)`,
      sql`coalesce(t.resolved_on, t.opened_on)`,
    ),
    1,
  )}
)
${sumOfSteps(
  measures,
  [
    {
      from: sql`recent`,
      day: sql`opened_on`,
      where: sql`opened_on <= data_through`,
      adds: {
        tickets_opened: one,
        replies_due_24h: oneIf(sql`is_reply_due`),
        replied_within_24h: oneIf(sql`is_reply_due and is_replied_within_24h`),
        live_contacts: oneIf(sql`wait_seconds is not null or is_abandoned is not null`),
        waits_known: oneIf(sql`wait_seconds is not null`),
        delayed: oneIf(sql`wait_seconds > ${integer(delayedAfterSeconds)}`),
        abandonments_known: oneIf(sql`is_abandoned is not null`),
        abandoned: oneIf(sql`is_abandoned`),
        delights: oneIf(sql`is_delight`),
      },
    },
    {
      from: sql`recent`,
      day: sql`replied_on`,
      where: sql`first_reply_hours is not null and replied_on <= data_through`,
      adds: { first_replies: one, first_reply_hours_sum: sql`first_reply_hours` },
    },
    {
      from: sql`recent`,
      day: sql`resolved_on`,
      where: sql`resolved_on <= data_through`,
      adds: {
        tickets_resolved: one,
        resolved_with_replies_known: oneIf(sql`is_first_contact_resolution is not null`),
        first_contact_resolutions: oneIf(sql`is_first_contact_resolution`),
      },
    },
    {
      from: sql`recent`,
      day: sql`coalesce(resolved_on, opened_on)`,
      where: sql`csat is not null and coalesce(resolved_on, opened_on) <= data_through`,
      adds: { csat_sum: sql`csat`, csat_count: one },
    },
  ],
  ["channel"],
)}`,
});
