import { path, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type Snapshot, schemas, snapshotPublished } from "./ledger.js";

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
}

/** What runs built on the way. */
export async function dropWork(warehouse: Warehouse): Promise<void> {
  for (const table of await warehouse.tables(schemas.work))
    await warehouse.run(sql`drop table if exists ${path(schemas.work, table)}`);
}
