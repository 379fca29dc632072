import { dayOf, secondsBetween } from "../../warehouse/dialect.js";
import { integer, name, number, type Sql, sql } from "../../warehouse/sql.js";
import type { Company } from "../model.js";
import { tickets } from "../sources/index.js";
import { accounts } from "./accounts.js";
import { defineStaging } from "./staging.js";

const hoursBetween = (from: Sql, to: Sql): Sql => sql`${secondsBetween(from, to)} / ${number(3600)}`;
/** A ticket whose clocks contradict each other is open or solved as it says, but times nothing. */
const isTimed = sql`not coalesce(first_replied_at < opened_at or resolved_at < opened_at or resolved_at < first_replied_at, false)`;

/** Told here once: every build asks for the days of many tickets, and each takes as long as reading ten columns. */
const dayColumn = (at: string, what: string) =>
  ({
    type: "date",
    description: `Civil day of the ${what}, in the company's time zone.`,
    sql: ({ timeZone }: Company) => dayOf(name(at), timeZone),
  }) as const;

export const stgTickets = defineStaging({
  source: tickets,
  description: "Support tickets, one row per ticket.",
  accounts,
  occurredAt: "opened_at",
  // Solved before it was opened: the day of the solution is counted all the same.
  changesFrom: () => sql`min(case when resolved_on < day then resolved_on else day end)`,
  defects: () => [
    { defect: "reply_before_opening", when: sql`r.first_replied_at < r.opened_at`, isUsable: true },
    { defect: "resolution_before_opening", when: sql`r.resolved_at < r.opened_at`, isUsable: true },
    { defect: "resolution_before_reply", when: sql`r.resolved_at < r.first_replied_at`, isUsable: true },
  ],
  derived: {
    first_replied_on: dayColumn("first_replied_at", "first human reply"),
    resolved_on: dayColumn("resolved_at", "solution"),
    reopened_on: dayColumn("reopened_at", "reopening"),
    is_timed: {
      type: "boolean",
      description: "Whether its clocks agree, so that reply and resolution times can be told.",
      sql: isTimed,
    },
    first_reply_hours: {
      type: "number",
      unit: "hours",
      min: 0,
      description:
        "Opening to first human reply, in calendar hours; null until both exist, and where clocks contradict each other.",
      sql: sql`case when ${isTimed} then ${hoursBetween(sql`opened_at`, sql`first_replied_at`)} end`,
    },
    resolution_hours: {
      type: "number",
      unit: "hours",
      min: 0,
      description:
        "Opening to resolution, in calendar hours; null while open, and where clocks contradict each other.",
      sql: sql`case when ${isTimed} then ${hoursBetween(sql`opened_at`, sql`resolved_at`)} end`,
    },
    is_first_contact_resolution: {
      type: "boolean",
      description:
        "Resolved with one reply and not reopened; null while open or where replies are not counted.",
      sql: sql`case when resolved_at is not null and reply_count is not null then reply_count = ${integer(1)} and reopened_at is null end`,
    },
  },
});
