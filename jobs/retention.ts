import type { Retention } from "../config/settings.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators } from "../models/health/account_indicators.js";
import { models } from "../models/index.js";
import { type DaysWritten, isOn } from "../models/sources/changes.js";
import { integer, join, name, path, type Sql, sql, text } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Lease } from "./lease.js";
import {
  agedRowsDropped,
  type BuiltTable,
  countAged,
  type LedgerKept,
  readAllTables,
  readCollections,
  readDaysWritten,
  readJourneyVersions,
  readRewrites,
  readRowsMoved,
  readSnapshots,
  schemas,
  storeRewritten,
  storesCollected,
  tablesDropped,
  type Versions,
} from "./ledger.js";
import {
  besideOf,
  daysOfRows,
  forever,
  fromVersion,
  isViewName,
  layoutOf,
  rewrittenStore,
  rowsDropped,
  toVersion,
  viewCreated,
} from "./store.js";

/** Of journeys that were replaced, what their scores are read and explained from stays. */
const keptOfVersions = [accountHealth.name, accountIndicators.name];

/** What nobody needs any more by the company's rule, and what is out of order. Bytes are null where they aren't known. */
export interface Garbage {
  /** Views and stores of tables that no kept snapshot and no kept journey shows, and what runs left behind. */
  readonly tables: readonly { schema: string; name: string; isView: boolean; bytes: number | null }[];
  /**
   * Rows of stores that went before the oldest version that is kept, and the days near them where these are known; how
   * many is null where they weren't counted, and may be none.
   */
  readonly rows: readonly {
    store: string;
    before: number;
    days: DaysWritten | undefined;
    rows: number | null;
    bytes: number | null;
  }[];
  /** Rows of the ledger. */
  readonly ledger: readonly { table: string; rows: number }[];
  /** Stores to be put into their physical order again; `scattered` is the share of rows out of it. */
  readonly rewrites: readonly {
    store: string;
    model: string;
    rows: number;
    scattered: number;
    bytes: number | null;
  }[];
}

/** What may go by now, and what would be rewritten, with its size. Changes nothing. */
export const findGarbage = async (warehouse: Warehouse, retention: Retention, now: Date): Promise<Garbage> =>
  (await lookFor(warehouse, retention, now, true)).garbage;

/** Let go what may go, and rewrite what is scattered; readers see nothing of it. Answers what it was. */
export async function collectGarbage(
  warehouse: Warehouse,
  lease: Lease,
  retention: Retention,
  now: Date,
  isMeasured = true,
): Promise<Garbage> {
  const { garbage, looked } = await lookFor(warehouse, retention, now, isMeasured);
  const collected = looked.filter(({ after, until }) => until > after);
  const ofTables = garbage.tables.filter(({ schema }) => schema === schemas.tables).map(({ name }) => name);
  await lease.transaction([
    ...garbage.rows.map(({ store, before, days }) => rowsDropped(store, before, days)),
    ...storesCollected(collected, now),
    ...(ofTables.length > 0 ? [tablesDropped(ofTables)] : []),
    ...(garbage.ledger.length > 0 ? agedRowsDropped(ledgerKept(retention, now)) : []),
  ]);
  // What the ledger has forgotten; no run uses its name again. What dies in between is found by the next collection.
  await warehouse.drop(
    [...garbage.tables]
      .sort((a, b) => Number(b.isView) - Number(a.isView)) // views first: they read the stores
      .map(({ schema, name }) => [schema, name]),
  );
  const tables = garbage.rewrites.length > 0 ? [...(await readAllTables(warehouse)).values()] : [];
  for (const { store } of garbage.rewrites)
    await rewrite(
      warehouse,
      lease,
      tables.filter((table) => table.store === store),
      now,
    );
  return garbage;
}

/** The garbage, with its size where that is asked for, and the versions of which rows were looked for that went. */
async function lookFor(
  warehouse: Warehouse,
  retention: Retention,
  now: Date,
  isMeasured: boolean,
): Promise<{ garbage: Garbage; looked: readonly Versions[] }> {
  const { snapshots, journey_versions } = retention;
  const bytesOf = async (table: readonly string[]) => (isMeasured ? warehouse.bytes(table) : null);
  const standingIn = async (schema: string) =>
    (await warehouse.tables(schema)).map((name) => ({ schema, name }));
  const [found, latest, journeys, collected, rewritten, moved, aged, ...standing] = await Promise.all([
    readAllTables(warehouse),
    readSnapshots(warehouse, snapshots),
    readJourneyVersions(warehouse),
    readCollections(warehouse),
    readRewrites(warehouse),
    readRowsMoved(warehouse),
    countAged(warehouse, ledgerKept(retention, now)),
    standingIn(schemas.tables),
    standingIn(schemas.work),
  ]);
  const all = [...found.values()];
  const versions = journeys.slice(0, journey_versions + 1);
  const names = new Set([
    // What a failed run built last is what the next one goes on from.
    ...new Map(all.map(({ model, table_name }) => [model, table_name])).values(),
    ...latest.flatMap(({ tables }) => Object.values(tables)),
    ...versions.flatMap(({ snapshot }) => keptOfVersions.map((model) => snapshot.tables[model])),
  ]);
  const oldest = new Map<string, Versions>();
  const large = new Set<string>();
  for (const { model, table_name, store, version, rows } of all) {
    if (names.has(table_name)) {
      const until = Math.min(version, oldest.get(store)?.until ?? version);
      oldest.set(store, { model, store, after: collected.get(store) ?? 0, until });
    }
    // BigQuery puts clustered rows into order by itself. No more are out of it than were moved.
    const mayBeScattered = (moved.get(model) ?? rows) > retention.rewrite_share * rows;
    if (rows >= retention.rewrite_rows && mayBeScattered && warehouse.dialect !== "bigquery")
      large.add(store);
  }

  const tables: Garbage["tables"][number][] = [];
  for (const { schema, name } of standing.flat()) {
    if (schema === schemas.tables && (names.has(name) || oldest.has(name))) continue;
    const isView = schema === schemas.tables && isViewName(name);
    tables.push({ schema, name, isView, bytes: isView ? null : await bytesOf([schema, name]) });
  }

  const rows: Garbage["rows"][number][] = [];
  const rewrites: Garbage["rewrites"][number][] = [];
  const written = await readDaysWritten(warehouse, [...oldest.values()]);
  const went = [...oldest.values()].map((of): Went => {
    const days = written.get(of.store);
    const isNone = of.after >= of.until || (days && (!days.undated || days.isFirst));
    const model = models.find(({ name }) => name === of.model);
    return { ...of, isNone: isNone === true, days: daysOfRows(model, days) };
  });
  // To look for rows that went takes as long as to let them go.
  const asked = went.filter(({ store, isNone }) => (isMeasured && !isNone) || large.has(store));
  const counted = await countRows(warehouse, asked, large, rewritten);
  for (const { store, model, until, days, isNone } of went) {
    const { standing, gone, scattered } = counted.get(store) ?? { standing: 0, gone: null, scattered: 0 };
    if (!isNone && gone !== 0) {
      const bytes = await bytesOf([schemas.tables, store]);
      const share = (gone ?? 0) / Math.max(1, standing);
      rows.push({ store, before: until, days, rows: gone, bytes: bytes && Math.round(bytes * share) });
    }
    const kept = standing - (gone ?? 0);
    const share = scattered / Math.max(1, kept);
    const isSorted = models.some(({ name, sortBy }) => name === model && sortBy);
    if (isSorted && kept >= retention.rewrite_rows && share > retention.rewrite_share) {
      const bytes = await bytesOf([schemas.tables, store]);
      rewrites.push({ store, model, rows: kept, scattered: share, bytes });
    }
  }
  const ledger = [...aged].map(([table, n]) => ({ table, rows: n }));
  return { garbage: { tables, rows, ledger, rewrites }, looked: went };
}

/** The versions of a store of which no kept table shows the rows that went in them. */
interface Went extends Versions {
  /** Where it is known that none went. */
  readonly isNone: boolean;
  readonly days: DaysWritten | undefined;
}

/** How many rows each store has, how many of them no kept table shows, and of large ones how many of the kept are out of order. */
async function countRows(
  warehouse: Warehouse,
  stores: readonly Went[],
  large: ReadonlySet<string>,
  rewritten: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, { standing: number; gone: number; scattered: number }>> {
  if (stores.length === 0) return new Map();
  const counts = stores.map(({ store, after, until, isNone, days }) => {
    const rows = path(schemas.tables, store);
    // One by one, as each leaves out what the engine can skip.
    const count = (where: Sql): Sql => sql`(select count(*) from ${rows} where ${where})`;
    const isNear = days ? sql` and ${isOn(name(days.column), days)}` : sql``;
    const gone = isNone
      ? integer(0)
      : count(sql`${toVersion} > ${integer(after)} and ${toVersion} <= ${integer(until)}${isNear}`);
    const since = rewritten.get(store);
    const inOrder = since === undefined ? sql`(select min(${fromVersion}) from ${rows})` : integer(since);
    const isKept = sql`${toVersion} > ${integer(until)}`;
    const scattered = large.has(store)
      ? sql`${count(sql`${isKept} and ${fromVersion} > ${inOrder}`)} + ${count(sql`${isKept} and ${fromVersion} <= ${inOrder} and ${toVersion} > ${inOrder} and ${toVersion} < ${integer(forever)}`)}`
      : integer(0);
    return sql`select ${text(store)} as store, ${gone} as gone, ${count(sql`true`)} as standing, ${scattered} as scattered`;
  });
  const count = { type: "integer", notNull: true } as const;
  const counted = await warehouse.query(join(counts, "\nunion all\n"), {
    store: { type: "string", notNull: true },
    gone: count,
    standing: count,
    scattered: count,
  });
  return new Map(counted.map((row) => [row.store, row]));
}

/**
 * The rows of a store in their physical order, in another store that takes its place under all of its views at once.
 * Rows keep their versions and tables their names, so nothing that was built from them becomes stale.
 */
async function rewrite(
  warehouse: Warehouse,
  lease: Lease,
  tables: readonly BuiltTable[],
  now: Date,
): Promise<void> {
  const [first] = tables;
  const model = models.find(({ name }) => name === first?.model);
  if (!first || !model) return;
  const version = Math.max(...tables.map((table) => table.version));
  const to = rewrittenStore(model.name, lease.token);
  const columns = await warehouse.describe(sql`select * from ${path(schemas.tables, first.store)}`);
  const shape = Object.fromEntries(
    Object.entries(columns).map(([c, type]) => [c, { type: type ?? "string" }]),
  );
  await warehouse.materialize({
    table: [schemas.tables, to],
    columns: shape,
    query: sql`select * from ${path(schemas.tables, first.store)}`,
    ...layoutOf(model),
  });
  const own = Object.fromEntries(Object.entries(shape).filter(([column]) => !(column in besideOf(model))));
  await lease.transaction(
    storeRewritten(first.store, to, version, now),
    tables.map((table) => viewCreated({ ...table, store: to }, own)),
  );
  await warehouse.drop([[schemas.tables, first.store]]);
}

const msPerDay = 86_400_000;

const ledgerKept = ({ snapshots, runs_days, messages_days }: Retention, now: Date): LedgerKept => ({
  snapshots,
  runsSince: new Date(now.getTime() - runs_days * msPerDay),
  messagesSince: new Date(now.getTime() - messages_days * msPerDay),
});
