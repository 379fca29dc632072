import type { Snapshot } from "../jobs/ledger.js";
import type { Sql } from "../warehouse/sql.js";
import type { Columns, Row } from "../warehouse/warehouse.js";

/** Reads the tables of one snapshot, whatever is published meanwhile. */
export interface Reader {
  readonly snapshot: Snapshot;
  query<C extends Columns>(statement: Sql, columns: C): Promise<Row<C>[]>;
}
