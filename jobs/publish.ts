import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators } from "../models/health/account_indicators.js";
import { path, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Lease } from "./lease.js";
import {
  readAllTables,
  readJourneyVersions,
  readSnapshots,
  type Snapshot,
  schemas,
  snapshotPublished,
  tablesDropped,
} from "./ledger.js";
import { rowsDropped } from "./table.js";

/** Readers may still be on the snapshot before the latest; older ones are let go. */
const keptSnapshots = 2;

/** Of journeys that were replaced, what their scores are read and explained from stays: the latest so many. */
const keptVersions = 20;
const keptOfVersions = [accountHealth.name, accountIndicators.name];

/**
 * Make a snapshot visible: one short transaction that records it and swaps every view to its tables. A swap,
 * because on DuckDB the commit of many inserted rows is not atomic to readers; the rows are there already.
 */
export async function publish(warehouse: Warehouse, lease: Lease, snapshot: Snapshot): Promise<void> {
  await warehouse.run(sql`create schema if not exists ${path(schemas.published)}`);
  await lease.transaction([
    ...Object.entries(snapshot.tables).map(
      ([model, table]) =>
        sql`create or replace view ${path(schemas.published, model)} as select * from ${path(schemas.tables, table)}`,
    ),
    snapshotPublished(snapshot),
  ]);
}

/**
 * Drop tables and rows that nothing kept shows: those of older snapshots and what failed runs left. All at once: a
 * table that the ledger tells of has all of its rows.
 */
export async function dropUnused(warehouse: Warehouse, lease: Lease): Promise<void> {
  const snapshots = await readSnapshots(warehouse, keptSnapshots);
  const versions = (await readJourneyVersions(warehouse)).slice(0, keptVersions + 1);
  const all = [...(await readAllTables(warehouse)).values()];
  const names = new Set([
    // What a failed run built last is what the next one goes on from.
    ...new Map(all.map(({ model, table_name }) => [model, table_name])).values(),
    ...snapshots.flatMap(({ tables }) => Object.values(tables)),
    ...versions.flatMap(({ snapshot }) => keptOfVersions.map((model) => snapshot.tables[model])),
  ]);
  const kept = all.filter(({ table_name }) => names.has(table_name));
  const oldest = new Map<string, number>();
  for (const { store, version } of kept) oldest.set(store, Math.min(version, oldest.get(store) ?? version));
  const dropped = all.filter((table) => !names.has(table.table_name)).map((table) => table.table_name);
  const isView = new Set(all.map(({ table_name }) => table_name));
  const unused = (await warehouse.tables(schemas.tables)).filter((t) => !names.has(t) && !oldest.has(t));
  await lease.transaction([
    ...unused.map(
      (t) => sql`drop ${isView.has(t) ? sql`view` : sql`table`} if exists ${path(schemas.tables, t)}`,
    ),
    ...[...oldest].map(([store, version]) => rowsDropped(store, version)),
    ...(dropped.length > 0 ? [tablesDropped(dropped)] : []),
    ...(await workDropped(warehouse)),
  ]);
}

/** Drops what runs built on the way. */
export const workDropped = async (warehouse: Warehouse): Promise<Sql[]> =>
  (await warehouse.tables(schemas.work)).map((t) => sql`drop table if exists ${path(schemas.work, t)}`);
