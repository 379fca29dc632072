import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators } from "../models/health/account_indicators.js";
import { path, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import {
  type BuiltTable,
  readJourneyVersions,
  readSnapshots,
  type Snapshot,
  schemas,
  snapshotPublished,
  tableBuilt,
} from "./ledger.js";

/** Readers may still be on the snapshot before the latest; older ones are let go. */
const keptSnapshots = 2;

/** Of journeys that were replaced, what their scores are read and explained from stays: the latest so many. */
const keptVersions = 20;
const keptOfVersions = [accountHealth.name, accountIndicators.name];

/**
 * Make a snapshot visible: one short transaction that records it and swaps every view to its tables. A swap,
 * because on DuckDB the commit of many inserted rows is not atomic to readers; the tables exist already.
 */
export async function publish(
  warehouse: Warehouse,
  snapshot: Snapshot,
  built: readonly BuiltTable[],
): Promise<void> {
  await warehouse.run(sql`create schema if not exists ${path(schemas.published)}`);
  await warehouse.transaction([
    ...built.map(tableBuilt),
    ...Object.entries(snapshot.tables).map(
      ([model, table]) =>
        sql`create or replace view ${path(schemas.published, model)} as select * from ${path(schemas.tables, table)}`,
    ),
    snapshotPublished(snapshot),
  ]);
  await dropUnused(warehouse);
}

/** Drop tables that nothing kept names: those of older snapshots and what failed runs left. */
async function dropUnused(warehouse: Warehouse): Promise<void> {
  const snapshots = await readSnapshots(warehouse, keptSnapshots);
  const versions = (await readJourneyVersions(warehouse)).slice(0, keptVersions + 1);
  const kept = new Set([
    ...snapshots.flatMap(({ tables }) => Object.values(tables)),
    ...versions.flatMap(({ snapshot }) => keptOfVersions.map((model) => snapshot.tables[model])),
  ]);
  for (const table of await warehouse.tables(schemas.tables)) {
    if (!kept.has(table)) await warehouse.run(sql`drop table if exists ${path(schemas.tables, table)}`);
  }
}
