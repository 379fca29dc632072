import type { Snapshot } from "../jobs/ledger.js";
import { addDays, daysBetween, orNever } from "../warehouse/dialect.js";
import { bind, type Sql, sql } from "../warehouse/sql.js";

/**
 * Of `account_signals` as `s` those that opened since a snapshot: that it did not have, though late data may have moved
 * their days, and that were not over before. Where its rows, `former`, were let go, those of later days.
 */
export function openedSince(before: Snapshot, former: Sql | undefined): Sql {
  const through = bind("date", before.dataThrough);
  if (!former) return sql`s.opened_on > ${through}`;
  return sql`(s.opened_on > ${through} or s.closed_on is null) and not exists (
  select 1
  from ${former} as f
  where f.account_id = s.account_id and f.signal = s.signal
    and f.opened_on <= ${orNever(sql`s.closed_on`)}
    and coalesce(f.closed_on, ${addDays(through, 1)}) >= s.opened_on
)`;
}

/**
 * Of `account_tasks` as `t` those that nobody was given in a snapshot and that have not expired by the last day of the
 * data. The same rule by which what people did with a task finds it again.
 */
export function givenSince(before: Snapshot, former: Sql | undefined, dataThrough: string): Sql {
  const isNew = former
    ? sql`not exists (
  select 1
  from ${former} as f
  where f.account_id = t.account_id and f.play = t.play and f.task = t.task
    and (f.set_on = t.set_on or 2 * abs(${daysBetween(sql`f.set_on`, sql`t.set_on`)}) < t.cooldown_days)
)`
    : sql`t.set_on > ${bind("date", before.dataThrough)}`;
  return sql`t.expires_on > ${bind("date", dataThrough)} and ${isNew}`;
}
