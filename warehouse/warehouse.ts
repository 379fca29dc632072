import type { ColumnType, Dialect, RenderOptions, Sql } from "./sql.js";

/** The shape of what a statement returns. `notNull` narrows the row's type; checks enforce it. */
export interface Column {
  readonly type: ColumnType;
  readonly notNull?: boolean;
  /** What the column means; kept beside it where the engine has a place for it. */
  readonly description?: string;
}
export type Columns = Readonly<Record<string, Column>>;

/**
 * What a row carries for each column type, on every engine:
 * string · integer as a number (an integer beyond ±2^53 is an error, never rounded) · number ·
 * decimal as exact text without needless zeros ("1250.5") · boolean · date as "YYYY-MM-DD" ·
 * timestamp as a Date (milliseconds; finer parts are cut off).
 */
export interface Values {
  string: string;
  integer: number;
  number: number;
  decimal: string;
  boolean: boolean;
  date: string;
  timestamp: Date;
}
export type ValueOf<C extends Column> = C["notNull"] extends true
  ? Values[C["type"]]
  : Values[C["type"]] | null;
export type Row<C extends Columns> = { [K in keyof C]: ValueOf<C[K]> };

export interface RunOptions extends Omit<RenderOptions, "schemaName"> {
  /** Cancels the statement on the engine; the call then fails with code CANCELLED. */
  signal?: AbortSignal | undefined;
}

export interface TransactionOptions extends RunOptions {
  /**
   * Statements such as `create or replace view`, which must bear being run again. On DuckDB they are part of the
   * transaction. BigQuery's transactions take none: there they follow it, as one script, and may fail by themselves.
   */
  definitions?: readonly Sql[] | undefined;
}

/** A table to be filled by a query: columns are declared, so that types never depend on the rows. */
export interface Materialization {
  table: readonly string[];
  columns: Columns;
  query: Sql;
  /** The physical order of its rows; an engine that can makes each day of a leading day column a partition. */
  sortBy?: readonly string[] | undefined;
  /** What else rows are looked up by, where the engine keeps them in order by itself. */
  clusterBy?: readonly string[] | undefined;
  /** Whether it is worth all threads of the engine though others go on side by side. */
  isLarge?: boolean | undefined;
}

/** Whether a build could begin. */
export interface Readiness {
  /** What whoever signed in may not do, and what isn't where it is expected, in words with the next step. */
  readonly problems: readonly string[];
  /** What the first build makes by itself. */
  readonly toBeMade: readonly string[];
  /** What one reading of all of each source would be billed for, in bytes. */
  readonly reads: readonly { readonly source: string; readonly bytes: number }[];
  /** The least that must be granted: what on what, and why. */
  readonly grants: readonly { readonly grant: string; readonly on: string; readonly why: string }[];
}

/**
 * Where tables live. Every engine passes the same contract suite (`test/warehouse/contract.ts`).
 * All methods fail with a `WaymarkError`: WAREHOUSE_FAILED, WAREHOUSE_UNAVAILABLE, WAREHOUSE_IN_USE, OVER_BUDGET or
 * CANCELLED. Where an engine bills for statements, it enters them in the accounts of `purposeNow()`.
 */
export interface Warehouse {
  readonly dialect: Dialect;
  /** Whether only one process at a time can have it open. */
  readonly isExclusive: boolean;
  /** How the engine calls a schema of Waymark's. */
  readonly schemaName: (schema: string) => string;
  /** All rows, typed by the declared columns; for answers that fit in memory. */
  query<C extends Columns>(statement: Sql, columns: C, options?: RunOptions): Promise<Row<C>[]>;
  /** Rows in batches, read as fast as the consumer takes them; stopping early stops the engine. */
  stream<C extends Columns>(statement: Sql, columns: C, options?: RunOptions): AsyncIterable<Row<C>[]>;
  /** One statement without rows. */
  run(statement: Sql, options?: RunOptions): Promise<void>;
  /** Several small statements that change rows, all or none. Definitions of tables and views are none of them. */
  transaction(statements: readonly Sql[], options?: TransactionOptions): Promise<void>;
  /** Create or replace a table from a query; answers its number of rows. */
  materialize(target: Materialization, options?: RunOptions): Promise<number>;
  /** Make a schema unless it is there. Tables in one that expires go by themselves: with the process, or after some days. */
  createSchema(schema: string, options?: { expires?: boolean }): Promise<void>;
  /** Drop tables and views, whichever each is; one that isn't there is no fault. */
  drop(tables: readonly (readonly string[])[]): Promise<void>;
  /** How many works of many small statements go on side by side without standing in each other's way. */
  readonly atOnce: number;
  /** Tells whether such works go on now. Where the engine's threads are this process's, those that they would only wait for rest. */
  sideBySide(are: boolean): Promise<void>;
  /** What a table takes in storage, in bytes; null where the engine doesn't tell. */
  bytes(table: readonly string[]): Promise<number | null>;
  /** Append rows (values in the columns' order) to a table, creating it when absent. */
  load(table: readonly string[], columns: Columns, batches: Iterable<unknown[][]>): Promise<number>;
  /** The columns of a query or table: their types in Waymark's words, or null for a type it doesn't read. */
  describe(query: Sql, options?: RunOptions): Promise<Record<string, ColumnType | null>>;
  /**
   * The relations that a company's query names, each as its path as written; its own CTEs may be among them. Fails
   * with WAREHOUSE_FAILED where the engine's parser finds anything but exactly one query; `details.line` says where.
   */
  reads(query: string): Promise<string[][]>;
  /**
   * The bytes that a statement, or making a table, would be billed for, at most; null where the engine bills for none.
   * All that it reads must be there.
   */
  estimate(asked: Sql | Materialization, options?: RunOptions): Promise<number | null>;
  /**
   * Whether whoever signed in can use Waymark's schemas and read the raw data, by source; null where the engine knows
   * no such rights. Changes nothing.
   */
  readiness(schemas: readonly string[], raw: Readonly<Record<string, Sql>>): Promise<Readiness | null>;
  /** Names of the tables in a schema; empty when there is no such schema. */
  tables(schema: string): Promise<string[]>;
  close(): Promise<void>;
}
