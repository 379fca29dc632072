import { Temporal } from "temporal-polyfill";
import { dayOf, nullOf, orNever, rowHash, startOfDay } from "../../warehouse/dialect.js";
import { bind, by, day, join, name, type Sql, sql } from "../../warehouse/sql.js";
import type { MappedColumn, MappedSource } from "./mapping.js";
import type { Source } from "./source.js";

/**
 * Where to look for raw rows that came, went or changed since they were staged: "arrived" are those loaded since the
 * latest staged one; compared are the days from so many before the latest staged one on, or all, by the number of rows
 * and a checksum, which finds corrections and deletions too.
 */
export interface Search {
  readonly arrived: boolean;
  readonly compared: "none" | "all" | { readonly days: number };
}

/** What a mapped source is searched by. Raw rows are `c` below, staged ones `t`. */
export interface Searched {
  readonly mapped: MappedSource;
  readonly timeZone: string;
  /** The column that dates its rows; without one all of them are compared whenever any are. */
  readonly occurredAt: string | undefined;
}

/** Days by which rows are looked for, as spans that cover them, and whether rows without one are too. */
export interface DaysFound {
  readonly spans: readonly Span[];
  readonly undated: boolean;
}

/** Of rows that came or went, with the column that tells a row's. */
export interface DaysWritten extends DaysFound {
  readonly column: string;
}

/** Days from one to another, both included. */
export interface Span {
  readonly first: string;
  readonly last: string;
}

/** The raw rows that are suspect: all, or those that were loaded since an instant, or lie on days that differ; else none. */
export interface Suspicion {
  readonly all: boolean;
  readonly loadedSince: Date | undefined;
  readonly days: (DaysFound & { readonly relation: Sql }) | undefined;
}

/** A raw row's key, "" where it has none. */
export const keyOf = (source: Source, columns: Readonly<Record<string, MappedColumn>>): Sql =>
  sql`coalesce(${columns[source.key]?.value ?? sql`null`}, '')`;

/** A staged row's. */
export const stagedKeyOf = (source: Source, row = sql`t`): Sql =>
  sql`coalesce(${row}.${name(source.key)}, '')`;

/** The `id_hash` of staged rows with a key, and perhaps of others. */
export const hashOf = (key: Sql): Sql => rowHash(key);

/** The instant that dates a raw row; undefined for a source of which rows have none. */
export const instantOf = ({ mapped, occurredAt }: Searched): Sql | undefined =>
  occurredAt === undefined ? undefined : mapped.columns[occurredAt]?.value;

/** The days, as `day`, of which the raw and the staged rows differ, from a first one on; null is one of them. */
export function differingDays(searched: Searched, instant: Sql, staged: Sql, first: string | undefined): Sql {
  const day = dayOf(instant, searched.timeZone);
  const isRecent = (d: Sql): Sql =>
    first === undefined ? sql`true` : sql`${d} is null or ${d} >= ${bind("date", first)}`;
  return sql`
select coalesce(r.day, s.day) as day
from (select ${day} as day, count(*) as n, sum(${rowHash(sql`c`)}) as checksum from (${searched.mapped.raw}) as c where ${isRecent(day)} group by ${day}) as r
full join (select t.day as day, sum(t.copies) as n, sum(t.checksum) as checksum from ${staged} as t where ${isRecent(sql`t.day`)} group by t.day) as s on ${orNever(sql`s.day`)} = ${orNever(sql`r.day`)}
where r.n is null or s.n is null or r.n <> s.n or r.checksum <> s.checksum`;
}

/** Whether a raw row is suspect: any of these, of which no two hold at once. */
function suspects(searched: Searched, { all, loadedSince, days }: Suspicion): Sql[] {
  if (all) return [sql`true`];
  const loadedAt = searched.mapped.columns.loaded_at;
  const arrived =
    loadedSince && loadedAt ? arrivedSince(loadedAt, bind("timestamp", loadedSince), searched.timeZone) : [];
  const instant = instantOf(searched);
  if (!days || !instant) return arrived;
  const dated = sql`${isAround(searched, days)} and ${dayOf(instant, searched.timeZone)} in (select day from ${days.relation})`;
  const isOld = sql`not coalesce(${anyOf(arrived)}, false)`;
  return [...arrived, sql`${isOld} and ${days.undated ? sql`(${dated} or ${instant} is null)` : dated}`];
}

/** When it was loaded can't be read of some: these may always have come. */
function arrivedSince({ value, instant }: MappedColumn, since: Sql, timeZone: string): Sql[] {
  if (!instant) return [sql`${value} >= ${since}`, sql`${value} is null`];
  // Instants of years that can't be told, too late or too early, by whichever zone.
  const early = startOfDay(day("0001-01-03"), timeZone);
  return [sql`${instant} >= ${since}`, sql`${instant} is null`, sql`${instant} < ${early}`];
}

const anyOf = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? sql`false` : sql`(${join(conditions, " or ")})`;

export const isSuspect = (searched: Searched, suspicion: Suspicion): Sql =>
  anyOf(suspects(searched, suspicion));

/** The raw rows that are. */
export function suspectRows(searched: Searched, suspicion: Suspicion): Sql {
  const rows = (condition: Sql): Sql => sql`select c.* from (${searched.mapped.raw}) as c where ${condition}`;
  const conditions = suspects(searched, suspicion);
  const all = rows(anyOf(conditions));
  // DuckDB skips rows by one condition, and not by one of several; BigQuery bills for each.
  return conditions.length === 0
    ? all
    : by({ duckdb: join(conditions.map(rows), " union all "), bigquery: all });
}

/** Whether a staged row is, for what differs on its day. */
export function isStagedSuspect({ all, days }: Suspicion): Sql {
  if (all) return sql`true`;
  if (!days) return sql`false`;
  const dated = sql`t.day in (select day from ${days.relation})`;
  return days.undated ? sql`(${dated} or t.day is null)` : dated;
}

/**
 * Whether a raw row's instant lies near days: by a day beyond them too, so that no clock change matters. Told as literals,
 * by which the engine skips most rows.
 */
export function isAround({ mapped, timeZone, occurredAt = "" }: Searched, { spans }: DaysFound): Sql {
  const column = mapped.columns[occurredAt];
  const instant = column?.instant ?? column?.value ?? nullOf("timestamp");
  const start = (on: string): Sql => startOfDay(day(on), timeZone);
  const within = spans.map(({ first, last }) => {
    const [from, to] = [dayAfter(first, -1), dayAfter(last, 2)];
    return sql`(${from ? sql`${instant} >= ${start(from)}` : sql`true`} and ${to ? sql`${instant} < ${start(to)}` : sql`true`})`;
  });
  return spans.length === 0 ? sql`false` : sql`(${join(within, " or ")})`;
}

/** Whether a day is one of some, or lies between them: as literals too. */
export function isOn(column: Sql, { spans, undated }: DaysFound): Sql {
  const within = spans.map(
    ({ first, last }) => sql`${column} >= ${day(first)} and ${column} <= ${day(last)}`,
  );
  const isOne = [...within, ...(undated ? [sql`${column} is null`] : [])];
  return isOne.length === 0 ? sql`false` : sql`(${join(isOne, " or ")})`;
}

/** So many spans that a statement stays a statement. */
const mostSpans = 100;

/** Spans in order that cover some, without short gaps between them. */
export function mergedSpans(some: readonly Span[]): Span[] {
  const spans: { first: string; last: string }[] = [];
  for (const { first, last } of [...some].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const latest = spans.at(-1);
    const near = latest && dayAfter(latest.last, 3);
    if (!latest || (near && near < first)) spans.push({ first, last });
    else if (latest.last < last) latest.last = last;
  }
  const [first, last] = [spans[0], spans.at(-1)];
  return first && last && spans.length > mostSpans ? [{ first: first.first, last: last.last }] : spans;
}

/** Of all the raw and the staged rows of suspect keys, the keys of which these differ. */
export const differingKeys = ({ source, columns }: MappedSource, raw: Sql, staged: Sql): Sql => sql`
select coalesce(r.key, s.key) as key
from (select ${keyOf(source, columns)} as key, count(*) as n, sum(${rowHash(sql`c`)}) as checksum from ${raw} as c group by ${keyOf(source, columns)}) as r
full join (select ${stagedKeyOf(source)} as key, sum(t.copies) as n, sum(t.checksum) as checksum from ${staged} as t group by ${stagedKeyOf(source)}) as s on s.key = r.key
where r.key is null or s.key is null or r.n <> s.n or r.checksum <> s.checksum`;

/** So many days later; undefined where years have no four digits, and engines no such day. */
function dayAfter(day: string, days: number): string | undefined {
  const later = Temporal.PlainDate.from(day).add({ days });
  return later.year >= 1 && later.year <= 9999 ? later.toString() : undefined;
}
