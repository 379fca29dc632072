import type { Sql } from "../warehouse/sql.js";

/** What a caller may see. */
export interface Scope {
  /** A condition on rows of `account_latest`: the accounts that it may see; all without one. */
  readonly accounts?: Sql;
  /** Columns that it may not see, by name, whatever the model. */
  readonly hidden: ReadonlySet<string>;
  /** Groups of fewer accounts are withheld. */
  readonly minimumGroup?: number;
}

/** The scope of a caller without limits. */
export const everything: Scope = Object.freeze({ hidden: new Set<string>() });
