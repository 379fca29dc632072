import type { Model } from "../models/model.js";
import {
  type DaysFound,
  differingDays,
  differingKeys,
  hashOf,
  instantOf,
  isAround,
  isOn,
  isStagedSuspect,
  isSuspect,
  keyOf,
  mergedSpans,
  type Search,
  type Suspicion,
  stagedKeyOf,
  suspectRows,
} from "../models/sources/changes.js";
import type { MappedSource } from "../models/sources/mapping.js";
import { addDays, nullOf } from "../warehouse/dialect.js";
import { bind, integer, join, name, path, type Sql, sql } from "../warehouse/sql.js";
import { type BuiltTable, schemas } from "./ledger.js";
import type { Change } from "./plan.js";
import { type Building, changedRows, forever, lately, toVersion, workTable } from "./store.js";

/** Where rows stand. */
export interface RowsConcerned {
  readonly raw: readonly string[];
  readonly staged: readonly string[];
}

/**
 * All raw and all staged rows of the keys of which a row may have come, gone or changed since a time that is not before
 * the staged ones were read; null where there are none.
 * Raw rows are gone through once, for those that are suspect themselves. Whatever else has their keys was staged, so it
 * lies on the days on which staged rows have them.
 * @param hanging a table of keys that are concerned whatever is found
 */
export async function rowsConcerned(
  building: Building,
  mapped: MappedSource,
  { store, built_at: readAt }: Pick<BuiltTable, "store" | "built_at">,
  search: Search | undefined,
  hanging?: readonly string[] | null,
): Promise<RowsConcerned | null> {
  const { warehouse, model, company, options } = building;
  const { source } = mapped;
  const searched = { mapped, timeZone: company.timeZone, occurredAt: model.occurredAt };
  const standing = standingIn(store);
  const work = (what: string): readonly string[] => workTable(building, what);
  const [found, raw, staged] = [work("found"), work("raw"), work("staged")];
  const fill = (table: readonly string[], rows: Sql): Promise<void> =>
    warehouse.run(sql`create or replace table ${path(...table)} as ${rows}`, options);

  const suspicion = search ? await suspicionOf(building, mapped, standing, search, readAt) : unsearched;
  await fill(found, suspectRows(searched, suspicion));
  const suspects = [
    sql`select ${keyOf(source, mapped.columns)} as key from ${path(...found)} as c`,
    sql`select ${stagedKeyOf(source)} as key from ${standing} as t where ${isStagedSuspect(suspicion)}`,
    ...(hanging ? [sql`select key from ${path(...hanging)}`] : []),
  ];
  const keys = await keysOf(building, "suspect", suspects);
  if (!keys) return null;

  const mayBeConcerned = sql`t.id_hash in (select ${hashOf(sql`key`)} from ${path(...keys)})`;
  const isStagedConcerned = sql`${mayBeConcerned} and ${stagedKeyOf(source)} in (select key from ${path(...keys)})`;
  const concerned = sql`(select t.day from ${standing} as t where ${mayBeConcerned})`;
  const days = model.occurredAt === undefined ? undefined : await daysOf(building, concerned);
  const isOnDays = days ? isOn(sql`t.day`, days) : sql`true`;
  await fill(staged, sql`select t.* from ${standing} as t where ${isOnDays} and ${isStagedConcerned}`);

  // Where those found are all that was staged of a key there are no others, nor where none was.
  const differing = differingKeys(mapped, path(...found), path(...staged));
  const isStaged = sql`key in (select ${stagedKeyOf(source)} from ${path(...staged)} as t)`;
  const torn = await keysOf(building, "torn", [
    sql`select key from (${differing}) as differing where ${isStaged}`,
  ]);
  if (!torn) return { raw: found, staged };
  const isTorn = (key: Sql): Sql => sql`${key} in (select key from ${path(...torn)})`;
  const others = sql`select c.* from (${mapped.raw}) as c where not coalesce(${isSuspect(searched, suspicion)}, false) and ${isTorn(keyOf(source, mapped.columns))}`;
  const instant = instantOf(searched);
  const tornRows = sql`(select t.day from ${path(...staged)} as t where ${isTorn(stagedKeyOf(source))})`;
  const tornDays = instant && (await daysOf(building, tornRows));
  // A staged row without a day may come from a raw row of any.
  const around = !tornDays || tornDays.undated ? sql`true` : isAround(searched, tornDays);
  await fill(raw, sql`select * from ${path(...found)} union all ${others} and ${around}`);
  return { raw, staged };
}

/** The keys of staged rows that hang on rows of other tables, where these say something else by now; null without any. */
export async function keysHanging(
  building: Building,
  { store }: Pick<BuiltTable, "store">,
  changed: readonly Change[],
): Promise<readonly string[] | null> {
  const { model, models } = building;
  const hanging = changed.map((change) => {
    const { grain = ["account_id"] } = models.get(change.model) ?? {};
    const hangsOn = name(grain[0] ?? "");
    const says = sql` group by ${grain.map(name)}${whereAsked(model, change)}`;
    return sql`select coalesce(t.${name(model.grain[0] ?? "")}, '') as key from ${standingIn(store)} as t where t.${hangsOn} in (select ${hangsOn} from ${changedRows(change)} as changed${says})`;
  });
  return hanging.length > 0 ? keysOf(building, "hanging", hanging) : null;
}

/** A table of keys, each once; null where there are none. */
export async function keysOf(
  building: Building,
  what: string,
  keys: readonly Sql[],
): Promise<readonly string[] | null> {
  const { warehouse, options } = building;
  const table = workTable(building, what);
  const query = sql`select distinct key from (${join(keys, " union all ")}) as keys`;
  const rows = await warehouse.materialize({ table, columns: { key: { type: "string" } }, query }, options);
  return rows > 0 ? table : null;
}

const standingIn = (store: string): Sql =>
  sql`(select * from ${path(schemas.tables, store)} where ${toVersion} = ${integer(forever)})`;

/** Of the versions of a row, whether it came, went, or changed in what a model asks of it. */
export function whereAsked(model: Model, change: Change): Sql {
  const differs = differsInAsked(model, change);
  return differs ? sql` having count(*) <> 2 or ${differs}` : sql``;
}

/** Of two versions of a row, whether they differ in what a model asks of it; undefined where it asks for all. */
export function differsInAsked({ asksFor }: Model, { model }: Change): Sql | undefined {
  const differs = asksFor?.[model]?.map(
    (column) => sql`count(${name(column)}) = 1 or min(${name(column)}) <> max(${name(column)})`,
  );
  return differs && join(differs, " or ");
}

const unsearched: Suspicion = { all: false, loadedSince: undefined, days: undefined };

/** A load may be stamped when it begins and seen when it ends: what was stamped so long before the latest is looked at again. */
const loadOverlapMs = 86_400_000;

/** What a search finds of a source as it stands, as literals, by which the engine skips rows. */
async function suspicionOf(
  building: Building,
  mapped: MappedSource,
  standing: Sql,
  { arrived, compared }: Search,
  readAt: Date,
): Promise<Suspicion> {
  const { warehouse, model, company, options } = building;
  const isLoaded = "loaded_at" in mapped.columns;
  const isRecent = typeof compared === "object" && model.occurredAt !== undefined;
  // Of a clock that runs ahead, and rows dated so: what comes until that time must not be hidden by them.
  const loadedAt = sql`max(case when t.loaded_at <= ${bind("timestamp", readAt)} then t.loaded_at end)`;
  const latestDay = sql`max(case when t.day <= ${bind("date", company.yesterday)} then t.day end)`;
  const latestOf = async (rows: Sql) => {
    const [latest] = await warehouse.query(
      sql`select ${isLoaded ? loadedAt : nullOf("timestamp")} as loaded_at, ${isRecent ? addDays(latestDay, -compared.days) : nullOf("date")} as first_day from ${rows} as t`,
      { loaded_at: { type: "timestamp" }, first_day: { type: "date" } },
      options,
    );
    return latest;
  };
  // Rows of earlier days may have been loaded later still: that only has more rows looked at again.
  const recently =
    model.occurredAt === undefined ? undefined : await latestOf(lately(standing, company.yesterday));
  const isTold = isLoaded ? recently?.loaded_at : recently?.first_day;
  const latest = isTold ? recently : await latestOf(standing);
  const loadedSince =
    arrived && isLoaded ? new Date((latest?.loaded_at?.getTime() ?? 0) - loadOverlapMs) : undefined;
  if (compared === "none") return { all: false, loadedSince, days: undefined };
  const searched = { mapped, timeZone: company.timeZone, occurredAt: model.occurredAt };
  const instant = instantOf(searched);
  if (!instant) return { all: true, loadedSince, days: undefined };
  const table = workTable(building, "days");
  const query = differingDays(searched, instant, standing, latest?.first_day ?? undefined);
  await warehouse.materialize({ table, columns: { day: { type: "date" } }, query }, options);
  const relation = path(...table);
  return { all: false, loadedSince, days: { ...(await daysOf(building, relation)), relation } };
}

/** The days of rows. */
export async function daysOf(
  { warehouse, options }: Building,
  relation: Sql,
  column = "day",
): Promise<DaysFound> {
  const rows = await warehouse.query(
    sql`select distinct ${name(column)} as day from ${relation}`,
    { day: { type: "date" } },
    options,
  );
  const days = rows.flatMap(({ day }) => (day === null ? [] : [{ first: day, last: day }]));
  return { spans: mergedSpans(days), undated: days.length < rows.length };
}
