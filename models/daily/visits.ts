import { addDays, daysBetween } from "../../warehouse/dialect.js";
import { integer, name, type Sql, sql } from "../../warehouse/sql.js";
import { earlier, type ModelColumn, whereOfPart } from "../model.js";

/** The longest trailing window in which users and features are counted. */
const mostDays = 28;

export const previousDay = {
  type: "date",
  description: `The day before it on which the account did the same, null where that is more than ${mostDays} days ago or never.`,
} as const satisfies ModelColumn;

/**
 * Days on which an account's user or feature was seen, each with the day before on which it was. A build in part reads
 * the days concerned alone, and looks back on what the table holds already.
 */
export function withPreviousDay(model: string, days: Sql, seen: string, others: readonly string[]): Sql {
  const own = [name("account_id"), name(seen), name("day"), ...others.map(name)];
  const before = sql`lag(day) over (partition by account_id, ${name(seen)} order by day)`;
  const isRecent = daysBetween(sql`previous_day`, sql`d.day`);
  const whole = sql`
  select ${own}, ${before} as previous_day
  from (
    ${days}
  ) as days`;
  // Of what the table holds the latest days are enough.
  const part = sql`
  select ${own.map((column) => sql`n.${column}`)}, coalesce(n.previous_day, b.day) as previous_day
  from (${whole}
  ) as n
  left join (
    select account_id, ${name(seen)}, max(day) as day
    from ${earlier(model, mostDays)} as earlier
    group by account_id, ${name(seen)}
  ) as b on b.account_id = n.account_id and b.${name(seen)} = n.${name(seen)}`;
  return sql`
select ${own.map((column) => sql`d.${column}`)}, case when ${isRecent} <= ${integer(mostDays)} then previous_day end as previous_day
from (${whereOfPart(whole, part)}
) as d`;
}

/**
 * By when what was seen on a day adds to a count of the last n days: it counts for the n days from then on that its
 * day before has not covered already. What covered its day ends n days after it, without a row of its own.
 */
export function coveredFrom(n: number): Sql {
  const isCovered = daysBetween(sql`previous_day`, sql`day`);
  return sql`case when ${isCovered} <= ${integer(n)} then ${addDays(sql`previous_day`, n)} else day end`;
}
