import { integer, type Sql, sql } from "../../warehouse/sql.js";

/** The days of an account stand without gaps from its first day on while facts are made, so windows count rows. */
const window = (frame: Sql): Sql =>
  sql`partition by account_id order by day rows between ${frame} and current row`;

/** The frame of the last n days, or of all days so far. */
const frame = (days: number | undefined): Sql =>
  days === undefined ? sql`unbounded preceding` : sql`${integer(days - 1)} preceding`;

export const over = (aggregate: Sql, days?: number): Sql => sql`${aggregate} over (${window(frame(days))})`;
export const trailing = (value: Sql, days: number): Sql => over(sql`sum(${value})`, days);
export const soFar = (value: Sql): Sql => over(sql`sum(${value})`);
export const lastDayWith = (condition: Sql): Sql => over(sql`max(case when ${condition} then day end)`);

/** As trailing, without the last day, on which a ticket may be younger than 24 h. */
export const trailingBut1 = (value: Sql, days: number): Sql =>
  sql`sum(${value}) over (partition by account_id order by day rows between ${integer(days - 1)} preceding and 1 preceding)`;
