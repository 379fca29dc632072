import type { Retention } from "../config/settings.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators } from "../models/health/account_indicators.js";
import { models } from "../models/index.js";
import { countIf } from "../warehouse/dialect.js";
import { integer, join, path, type Sql, sql, text } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Lease } from "./lease.js";
import {
  agedRowsDropped,
  type BuiltTable,
  countAged,
  type LedgerKept,
  readAllTables,
  readJourneyVersions,
  readRewrites,
  readSnapshots,
  schemas,
  storeRewritten,
  tablesDropped,
} from "./ledger.js";
import {
  forever,
  fromVersion,
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
  /** Rows of stores that went before the oldest version that is kept. */
  readonly rows: readonly { store: string; before: number; rows: number; bytes: number | null }[];
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

/** What may go by now, and what would be rewritten; with its size unless that is nobody's question. Changes nothing. */
export async function findGarbage(
  warehouse: Warehouse,
  retention: Retention,
  now: Date,
  isMeasured = true,
): Promise<Garbage> {
  const { snapshots, journey_versions } = retention;
  const bytesOf = async (table: readonly string[]) => (isMeasured ? warehouse.bytes(table) : null);
  const latest = await readSnapshots(warehouse, snapshots);
  const versions = (await readJourneyVersions(warehouse)).slice(0, journey_versions + 1);
  const all = [...(await readAllTables(warehouse)).values()];
  const names = new Set([
    // What a failed run built last is what the next one goes on from.
    ...new Map(all.map(({ model, table_name }) => [model, table_name])).values(),
    ...latest.flatMap(({ tables }) => Object.values(tables)),
    ...versions.flatMap(({ snapshot }) => keptOfVersions.map((model) => snapshot.tables[model])),
  ]);
  const oldest = new Map<string, number>();
  const large = new Set<string>();
  for (const { table_name, store, version, rows } of all) {
    if (names.has(table_name)) oldest.set(store, Math.min(version, oldest.get(store) ?? version));
    if (rows >= retention.rewrite_rows) large.add(store);
  }

  const tables: Garbage["tables"][number][] = [];
  const views = new Set(all.map(({ table_name }) => table_name));
  for (const schema of [schemas.tables, schemas.work])
    for (const name of await warehouse.tables(schema)) {
      if (schema === schemas.tables && (names.has(name) || oldest.has(name))) continue;
      const isView = schema === schemas.tables && views.has(name);
      tables.push({ schema, name, isView, bytes: isView ? null : await bytesOf([schema, name]) });
    }

  const rows: Garbage["rows"][number][] = [];
  const rewrites: Garbage["rewrites"][number][] = [];
  const rewritten = await readRewrites(warehouse);
  for (const { store, before, kept, gone, scattered } of await countRows(
    warehouse,
    oldest,
    large,
    rewritten,
  )) {
    if (gone > 0) {
      const bytes = await bytesOf([schemas.tables, store]);
      rows.push({ store, before, rows: gone, bytes: bytes && Math.round((bytes * gone) / (gone + kept)) });
    }
    const of = all.find((table) => table.store === store);
    const model = models.find(({ name }) => name === of?.model);
    const share = scattered / Math.max(1, kept);
    // BigQuery puts clustered rows into order by itself.
    if (
      warehouse.dialect !== "bigquery" &&
      model?.sortBy &&
      kept >= retention.rewrite_rows &&
      share > retention.rewrite_share
    ) {
      const bytes = await bytesOf([schemas.tables, store]);
      rewrites.push({ store, model: model.name, rows: kept, scattered: share, bytes });
    }
  }
  const aged = await countAged(warehouse, ledgerKept(retention, now));
  return { tables, rows, ledger: [...aged].map(([table, n]) => ({ table, rows: n })), rewrites };
}

/** Let go what may go, and rewrite what is scattered; readers see nothing of it. Answers what it was. */
export async function collectGarbage(
  warehouse: Warehouse,
  lease: Lease,
  retention: Retention,
  now: Date,
  isMeasured = true,
): Promise<Garbage> {
  const garbage = await findGarbage(warehouse, retention, now, isMeasured);
  const ofTables = garbage.tables.filter(({ schema }) => schema === schemas.tables).map(({ name }) => name);
  await lease.transaction([
    ...garbage.rows.map(({ store, before }) => rowsDropped(store, before)),
    ...(ofTables.length > 0 ? [tablesDropped(ofTables)] : []),
    ...(garbage.ledger.length > 0 ? agedRowsDropped(ledgerKept(retention, now)) : []),
  ]);
  // What the ledger has forgotten; no run uses its name again. What dies in between is found by the next collection.
  await warehouse.drop(
    [...garbage.tables]
      .sort((a, b) => Number(b.isView) - Number(a.isView)) // views first: they read the stores
      .map(({ schema, name }) => [schema, name]),
  );
  const tables = [...(await readAllTables(warehouse)).values()];
  for (const { store } of garbage.rewrites)
    await rewrite(
      warehouse,
      lease,
      tables.filter((table) => table.store === store),
      now,
    );
  return garbage;
}

/** How many rows of each store some kept table shows, how many none does, and of large ones how many of the kept are out of order. */
async function countRows(
  warehouse: Warehouse,
  oldest: ReadonlyMap<string, number>,
  large: ReadonlySet<string>,
  rewritten: ReadonlyMap<string, number>,
) {
  if (oldest.size === 0) return [];
  const stores = [...oldest].map(([store, before]) => {
    const rows = path(schemas.tables, store);
    if (!large.has(store))
      return sql`select ${text(store)} as store, ${integer(before)} as before, ${countIf(sql`${toVersion} <= ${integer(before)}`)} as gone, count(*) as standing, 0 as scattered from ${rows}`;
    const since = rewritten.get(store);
    const inOrder = since === undefined ? sql`(select min(${fromVersion}) from ${rows})` : integer(since);
    // One by one, as each leaves out what the engine can skip.
    const count = (where: Sql): Sql => sql`(select count(*) from ${rows} where ${where})`;
    const isKept = sql`${toVersion} > ${integer(before)}`;
    return sql`
select
  ${text(store)} as store,
  ${integer(before)} as before,
  ${count(sql`not ${isKept}`)} as gone,
  ${count(sql`true`)} as standing,
  ${count(sql`${isKept} and ${fromVersion} > ${inOrder}`)} + ${count(sql`${isKept} and ${fromVersion} <= ${inOrder} and ${toVersion} > ${inOrder} and ${toVersion} < ${integer(forever)}`)} as scattered`;
  });
  const count = { type: "integer", notNull: true } as const;
  const counted = await warehouse.query(join(stores, "\nunion all\n"), {
    store: { type: "string", notNull: true },
    before: count,
    gone: count,
    standing: count,
    scattered: count,
  });
  return counted.map(({ standing, ...row }) => ({ ...row, kept: standing - row.gone }));
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
  const { from_version: _, to_version: __, ...own } = shape;
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
