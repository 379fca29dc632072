import { path, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Lease } from "./lease.js";
import { type Snapshot, schemas, snapshotPublished } from "./ledger.js";

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

/** Drops what runs built on the way. */
export const workDropped = async (warehouse: Warehouse): Promise<Sql[]> =>
  (await warehouse.tables(schemas.work)).map((t) => sql`drop table if exists ${path(schemas.work, t)}`);
