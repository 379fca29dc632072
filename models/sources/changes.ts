import { addDays, dayOf, rowHash } from "../../warehouse/dialect.js";
import { join, name, type Sql, sql } from "../../warehouse/sql.js";
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

/** The keys, as `key`, of which raw and staged rows differ. */
export function changedKeys({ mapped, timeZone, occurredAt, staged }: Searched, search: Search): Sql {
  const { source, raw, columns } = mapped;
  const key = keyOf(source, columns);
  const ownKey = sql`coalesce(t.${name(source.key)}, '')`;
  const loadedAt = columns.loaded_at?.value;
  const instant = occurredAt === undefined ? undefined : columns[occurredAt]?.value;
  const day = instant && dayOf(instant, timeZone);
  const ctes: Sql[] = [];
  const candidates: Sql[] = [];
  if (search.arrived && loadedAt) {
    candidates.push(sql`select ${key} as key
  from (${raw}) as c
  where ${loadedAt} is null or ${loadedAt} >= (select coalesce(max(t.loaded_at), timestamp '0001-01-01 00:00:00') from ${staged} as t)`);
  }
  if (search.compared !== "none" && day) {
    const first =
      search.compared === "all"
        ? undefined
        : sql`(select ${addDays(sql`max(t.day)`, -search.compared.days)} from ${staged} as t)`;
    const recent = (d: Sql): Sql => (first ? sql`${d} is null or ${d} >= ${first}` : sql`true`);
    ctes.push(
      sql`raw_days as (
  select ${day} as day, count(*) as n, sum(${rowHash(sql`c`)}) as checksum
  from (${raw}) as c
  where ${recent(day)}
  group by ${day}
)`,
      sql`staged_days as (
  select t.day as day, sum(t.copies) as n, sum(t.checksum) as checksum
  from ${staged} as t
  where ${recent(sql`t.day`)}
  group by t.day
)`,
      sql`days as (
  select coalesce(r.day, s.day) as day
  from raw_days as r
  full join staged_days as s on s.day = r.day
  where r.day is not null and s.day is not null and (r.n <> s.n or r.checksum <> s.checksum) or r.day is null or s.day is null
)`,
    );
    candidates.push(
      sql`select ${key} as key from (${raw}) as c where ${day} in (select day from days) or ${day} is null`,
      sql`select ${ownKey} as key from ${staged} as t where t.day in (select day from days) or t.day is null`,
    );
  }
  if (search.compared !== "none" && !day)
    candidates.push(
      sql`select ${key} as key from (${raw}) as c`,
      sql`select ${ownKey} as key from ${staged} as t`,
    );
  return sql`
with ${ctes.length > 0 ? sql`${ctes},` : sql``}
candidates as (
  ${join(candidates, "\n  union all\n  ")}
),
raw_keys as (
  select ${key} as key, count(*) as n, sum(${rowHash(sql`c`)}) as checksum
  from (${raw}) as c
  where ${key} in (select key from candidates)
  group by ${key}
),
staged_keys as (
  select ${ownKey} as key, sum(t.copies) as n, sum(t.checksum) as checksum
  from ${staged} as t
  where ${ownKey} in (select key from candidates)
  group by ${ownKey}
)
select coalesce(r.key, s.key) as key
from raw_keys as r
full join staged_keys as s on s.key = r.key
where r.key is null or s.key is null or r.n <> s.n or r.checksum <> s.checksum`;
}
