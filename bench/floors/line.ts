import { relation as ref, type Sql, sql } from "../../warehouse/sql.js";

/**
 * The days of all accounts as numbers, one account after the other: sorted by one of them, windows need no partitions, and
 * windows without partitions stream. Twelve bits for the day are enough until 2031.
 */

/** What numbers the accounts of a table: `account` is where an account's days begin. */
export const numbered = (accounts: Sql): Sql =>
  sql`select *, row_number() over (order by account_id) * 4096 as account from ${accounts} as accounts`;

export const dayNumber = (day: Sql): Sql => sql`date_diff('day', date '2020-01-01', ${day})`;
/** The number of an account's day. */
export const keyOf = (day: Sql): Sql => sql`account + ${dayNumber(day)}`;
export const accountOfKey = (key: Sql): Sql => sql`(${key} >> 12 << 12)`;
export const dayOfKey = (key: Sql): Sql => sql`date '2020-01-01' + (${key} & 4095)::integer`;

/** A table's rows with their keys; `lives` are the accounts with their numbers. */
export const withKeys = (table: string, day: Sql = sql`day`): Sql =>
  sql`(select t.* exclude (account_id), ${keyOf(day)} as key from ${ref(table)} as t inner join (select account_id, account from lives) as l using (account_id))`;
