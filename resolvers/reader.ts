import type { Snapshot } from "../jobs/ledger.js";
import type { Sql } from "../warehouse/sql.js";
import type { Columns, Row } from "../warehouse/warehouse.js";

/** Reads the tables of one snapshot, whatever is published meanwhile. */
export interface Reader {
  readonly snapshot: Snapshot;
  /** @param tables other tables than the snapshot's, by model: those of an earlier version */
  query<C extends Columns>(
    statement: Sql,
    columns: C,
    tables?: Readonly<Record<string, string>>,
  ): Promise<Row<C>[]>;
}
