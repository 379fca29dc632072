import type { Company } from "../../models/model.js";
import type { Sql } from "../../warehouse/sql.js";

/**
 * The best SQL that we know how to write by hand for a table, for DuckDB and the bench's company alone: it trusts ids to be
 * trimmed and every event to have a user, and writes the journey's rules out again instead of
 * joining the table that holds them.
 */
export interface Floor {
  readonly how: string;
  readonly query: (company: Company) => Sql;
}
