import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators } from "../models/health/account_indicators.js";
import { path, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
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
export async function publish(warehouse: Warehouse, snapshot: Snapshot): Promise<void> {
  await warehouse.run(sql`create schema if not exists ${path(schemas.published)}`);
  await warehouse.transaction([
    ...Object.entries(snapshot.tables).map(
      ([model, table]) =>
        sql`create or replace view ${path(schemas.published, model)} as select * from ${path(schemas.tables, table)}`,
    ),
    snapshotPublished(snapshot),
  ]);
  await dropUnused(warehouse);
}

/** Drop tables and rows that nothing kept shows: those of older snapshots and what failed runs left. */
async function dropUnused(warehouse: Warehouse): Promise<void> {
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
  for (const table of await warehouse.tables(schemas.tables)) {
    if (names.has(table) || oldest.has(table)) continue;
    const isView = all.some(({ table_name }) => table_name === table);
    await warehouse.run(
      sql`drop ${isView ? sql`view` : sql`table`} if exists ${path(schemas.tables, table)}`,
    );
  }
  for (const [store, version] of oldest) await warehouse.run(rowsDropped(store, version));
  const dropped = all.filter((table) => !names.has(table.table_name)).map((table) => table.table_name);
  if (dropped.length > 0) await warehouse.run(tablesDropped(dropped));
  await dropWork(warehouse);
}

/** What runs built on the way. */
export async function dropWork(warehouse: Warehouse): Promise<void> {
  for (const table of await warehouse.tables(schemas.work))
    await warehouse.run(sql`drop table if exists ${path(schemas.work, table)}`);
}
