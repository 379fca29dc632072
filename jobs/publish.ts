import { path, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Lease } from "./lease.js";
import { mayHavePublished, type Snapshot, schemas, snapshotPublished } from "./ledger.js";

/**
 * Make a snapshot visible: its row, by which the API goes, and every view swapped to its tables. On DuckDB all of it at
 * once; a swap, because the commit of many inserted rows is not atomic to readers: the rows are there already.
 * @param known the models that have tables, published or not
 */
export async function publish(
  warehouse: Warehouse,
  lease: Pick<Lease, "transaction">,
  snapshot: Snapshot,
  known: readonly string[],
): Promise<void> {
  await warehouse.createSchema(schemas.published);
  try {
    await lease.transaction([snapshotPublished(snapshot)], viewsOf(snapshot, known));
  } finally {
    mayHavePublished();
  }
}

/** Swap the views again: where they follow the snapshot's row, as on BigQuery, a run may have died in between. */
export const showAgain = (
  lease: Pick<Lease, "transaction">,
  snapshot: Snapshot,
  known: readonly string[],
): Promise<void> => lease.transaction([], viewsOf(snapshot, known));

/** What was published before and is no more loses its view: it would tell of days gone by for ever. */
function viewsOf({ tables }: Snapshot, known: readonly string[]): Sql[] {
  const views = Object.entries(tables).map(
    ([model, table]) =>
      sql`create or replace view ${path(schemas.published, model)} as select * from ${path(schemas.tables, table)}`,
  );
  const gone = known.filter((model) => !(model in tables));
  return [...views, ...gone.map((model) => sql`drop view if exists ${path(schemas.published, model)}`)];
}

/** Make room for what a run builds on the way: drop what others left; not the tables of one that has taken over, which carry a later token. */
export async function clearWork(warehouse: Warehouse, { token }: Pick<Lease, "token">): Promise<void> {
  await warehouse.createSchema(schemas.work, { expires: true });
  const tables = await warehouse.tables(schemas.work);
  const isOurs = (table: string): boolean => Number(/_(\d+)$/.exec(table)?.[1] ?? 0) <= token;
  await warehouse.drop(tables.filter(isOurs).map((table) => [schemas.work, table]));
}
