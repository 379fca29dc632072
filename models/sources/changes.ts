import { addDays, dayOf, rowHash } from "../../warehouse/dialect.js";
import { name, type Sql, sql } from "../../warehouse/sql.js";
import type { MappedColumn, MappedSource } from "./mapping.js";
import type { Source } from "./source.js";

/**
 * Where to look for raw rows that came, went or changed since they were staged:
 * "arrived" are those loaded since the latest staged one; "recent" compares the days from so many before the latest
 * staged one on, "all" every day, by the number of rows and a checksum. Both find corrections and deletions too.
 */
export interface Search {
  readonly arrived: boolean;
  readonly compared: "none" | "all" | { readonly days: number };
}

/** What a mapped source is searched by. */
export interface Searched {
  readonly mapped: MappedSource;
  readonly timeZone: string;
  /** The column that dates its rows; without one all of them are compared whenever any are. */
  readonly occurredAt: string | undefined;
  /** Its staged rows, with `copies` and `checksum`. */
  readonly staged: Sql;
}

/** A raw row's key, "" where it has none. The row is `c`. */
export const keyOf = (source: Source, columns: Readonly<Record<string, MappedColumn>>): Sql =>
  sql`coalesce(${columns[source.key]?.value ?? sql`null`}, '')`;

/** A staged row's. The row is `t`. */
export const stagedKeyOf = (source: Source): Sql => sql`coalesce(t.${name(source.key)}, '')`;

/** The keys, as `key`, of rows that may have come, gone or changed, each perhaps several times. */
export function suspectKeys({ mapped, timeZone, occurredAt, staged }: Searched, search: Search): Sql[] {
  const { source, raw, columns } = mapped;
  const key = keyOf(source, columns);
  const stagedKey = stagedKeyOf(source);
  const loadedAt = columns.loaded_at?.value;
  const suspects: Sql[] = [];
  if (search.arrived && loadedAt) {
    suspects.push(sql`select ${key} as key
  from (${raw}) as c
  where ${loadedAt} is null or ${loadedAt} >= (select coalesce(max(t.loaded_at), timestamp '0001-01-01 00:00:00') from ${staged} as t)`);
  }
  if (search.compared === "none") return suspects;
  const instant = occurredAt === undefined ? undefined : columns[occurredAt]?.value;
  if (!instant)
    return [
      ...suspects,
      sql`select ${key} as key from (${raw}) as c`,
      sql`select ${stagedKey} as key from ${staged} as t`,
    ];
  const day = dayOf(instant, timeZone);
  const first =
    search.compared === "all"
      ? undefined
      : sql`(select ${addDays(sql`max(t.day)`, -search.compared.days)} from ${staged} as t)`;
  const recent = (d: Sql): Sql => (first ? sql`${d} is null or ${d} >= ${first}` : sql`true`);
  const days = sql`(
    select coalesce(r.day, s.day) as day
    from (select ${day} as day, count(*) as n, sum(${rowHash(sql`c`)}) as checksum from (${raw}) as c where ${recent(day)} group by ${day}) as r
    full join (select t.day as day, sum(t.copies) as n, sum(t.checksum) as checksum from ${staged} as t where ${recent(sql`t.day`)} group by t.day) as s on s.day = r.day
    where r.day is null or s.day is null or r.n <> s.n or r.checksum <> s.checksum
  )`;
  return [
    ...suspects,
    sql`select ${key} as key from (${raw}) as c where ${day} in (select day from ${days} as days where day is not null) or ${day} is null`,
    sql`select ${stagedKey} as key from ${staged} as t where t.day in (select day from ${days} as days where day is not null) or t.day is null`,
  ];
}

/** Of all the raw and the staged rows of suspect keys, the keys of which these differ. */
export const differingKeys = ({ source, columns }: MappedSource, raw: Sql, staged: Sql): Sql => sql`
select coalesce(r.key, s.key) as key
from (select ${keyOf(source, columns)} as key, count(*) as n, sum(${rowHash(sql`c`)}) as checksum from ${raw} as c group by ${keyOf(source, columns)}) as r
full join (select ${stagedKeyOf(source)} as key, sum(t.copies) as n, sum(t.checksum) as checksum from ${staged} as t group by ${stagedKeyOf(source)}) as s on s.key = r.key
where r.key is null or s.key is null or r.n <> s.n or r.checksum <> s.checksum`;

/** Raw rows with these keys. */
export const rowsOfKeys = ({ source, raw, columns }: MappedSource, keys: Sql): Sql =>
  sql`select c.* from (${raw}) as c where ${keyOf(source, columns)} in (select key from ${keys})`;
