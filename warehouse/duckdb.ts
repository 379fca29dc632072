import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  type DuckDBMaterializedResult,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  TIMESTAMPTZ,
  VARCHAR,
} from "@duckdb/node-api";
import pLimit from "p-limit";
import { messageOf, WaymarkError } from "../errors.js";
import { failed, startSpan, traced } from "../telemetry/trace.js";
import { typeName } from "./dialect.js";
import {
  bind,
  type ColumnType,
  integer,
  join,
  type Parameter,
  path,
  render,
  type Sql,
  type Statement,
  sql,
  name as sqlName,
} from "./sql.js";
import type {
  Columns,
  Materialization,
  Row,
  RunOptions,
  TransactionOptions,
  Warehouse,
} from "./warehouse.js";

export interface DuckDbOptions {
  /** The database file, or ":memory:". */
  file: string;
  /** What DuckDB may hold in memory before it spills to disk, e.g. "4GB". */
  memoryLimit?: string;
  threads?: number;
}

/** More connections than this only queue inside DuckDB. */
const maxConnections = 8;
const rowsPerChunk = 2048;
/** Rows that are read out of a chunk before they are handed on. */
const rowsAtOnce = 256;

/**
 * What GoogleSQL has and DuckDB lacks. To trim other characters than blanks takes ten times as long as to ask first
 * whether any is there.
 */
const macros = `create or replace temp macro trim_blanks(given) as case
  when ${[" ", "\\t", "\\n", "\\r", "\u00a0"].map((c) => `starts_with(given, e'${c}') or ends_with(given, e'${c}')`).join(" or ")}
  then trim(given, e' \\t\\n\\r\u00a0') else given end`;

/** "if not exists" does not help two that create at once: the second would fail with a conflict. */
const oneSchemaAtATime = pLimit(1);

/** The file, and the settings that all connections of a process to it must agree on. */
export function configOf({
  file: given,
  memoryLimit,
  threads,
}: DuckDbOptions): [string, Record<string, string>] {
  const file = given === ":memory:" ? given : resolve(given);
  const config = {
    default_null_order: "nulls_first_on_asc_last_on_desc",
    autoinstall_known_extensions: "false",
    // A checkpoint takes as long as many small tables, and a build makes hundreds.
    checkpoint_threshold: "256MB",
    // row_group_pruner: for `order by … limit` it goes by the greatest value that a part of a table had, though its row
    // be deleted, and leaves out others (until duckdb/duckdb#22911). common_subplan: to look for any takes a hundredth of
    // a small build, and hardly a statement of a build has one.
    disabled_optimizers: "row_group_pruner,common_subplan",
    ...(memoryLimit ? { memory_limit: memoryLimit } : {}),
    ...(threads ? { threads: String(threads) } : {}),
    ...(file === ":memory:" ? {} : { temp_directory: `${file}.tmp` }),
  };
  return [file, config];
}

/** The embedded engine. One instance per file and process; another process that holds the file is named. */
export async function openDuckDb(options: DuckDbOptions): Promise<Warehouse> {
  const [file, config] = configOf(options);
  try {
    if (file === ":memory:") return new DuckDb(await DuckDBInstance.create(file, config));
    mkdirSync(dirname(file), { recursive: true });
    // A second instance on one file in one process would lose rows without a word; the cache gives the first.
    return new DuckDb(await DuckDBInstance.fromCache(file, config));
  } catch (error) {
    throw openingError(file, error);
  }
}

class DuckDb implements Warehouse {
  readonly dialect = "duckdb";
  readonly isExclusive = true;
  readonly schemaName = (schema: string): string => schema;
  private readonly idle: DuckDBConnection[] = [];
  private readonly waiting: ((connection: DuckDBConnection | undefined) => void)[] = [];
  private open = 0;

  /** More only queue: each works all the time. */
  readonly atOnce = 2;
  /** What it was opened with, once it was asked, and what was set since. */
  private threads: number | undefined;
  private threadsSet: number | undefined;
  private areSideBySide = false;
  private large = 0;
  private readonly settingThreads = pLimit(1);
  /** Tables that are made now, beside each other; and those that are made by themselves, one after the other. */
  private readonly making = new Set<Promise<unknown>>();
  private readonly byItself = pLimit(1);
  private madeByItself: Promise<unknown> = Promise.resolve();

  constructor(private readonly instance: DuckDBInstance) {}

  async query<C extends Columns>(statement: Sql, columns: C, options?: RunOptions): Promise<Row<C>[]> {
    const rows: Row<C>[] = [];
    for await (const batch of this.read(statement, columns, options, "whole"))
      for (const row of batch) rows.push(row);
    return rows;
  }

  stream<C extends Columns>(statement: Sql, columns: C, options?: RunOptions): AsyncIterable<Row<C>[]> {
    return this.read(statement, columns, options, "stream");
  }

  private async *read<C extends Columns>(
    statement: Sql,
    columns: C,
    options: RunOptions = {},
    how: "whole" | "stream",
  ): AsyncIterable<Row<C>[]> {
    const rendered = render(statement, this.dialect, options);
    const connection = await this.acquire(options.signal);
    const attended = interruptOn(options.signal, connection);
    const span = startSpan("waymark.statement", spanAttributes(rendered));
    let finished = false;
    try {
      options.signal?.throwIfAborted();
      // A stream is planned before it is begun. What is committed in between would show where the plan left out a
      // condition that held for all rows by then; so both are one transaction.
      if (how === "stream") await connection.run("begin transaction");
      const result = await connection[how === "stream" ? "stream" : "run"](
        rendered.text,
        ...bindings(rendered),
      );
      const readers: Reader[] = Object.entries(columns).map(([column, { type }]) => ({
        column,
        index: positionOf(column, result.columnNames()),
        read: reader(type, column),
      }));
      for (;;) {
        const chunk = await result.fetchChunk();
        options.signal?.throwIfAborted(); // first: an interrupted result may look like one that has ended
        if (!chunk || chunk.rowCount === 0) break;
        // A few at a time: whoever waits for the first ones needn't wait for all that came with them.
        for (let start = 0; start < chunk.rowCount; start += rowsAtOnce)
          yield rowsIn(chunk, readers, start, Math.min(start + rowsAtOnce, chunk.rowCount)) as Row<C>[];
      }
      if (how === "stream") await connection.run("commit");
      finished = true;
    } catch (error) {
      const known = statementError(error, rendered, options.signal);
      failed(span, known);
      throw known;
    } finally {
      span.end();
      attended();
      this.release(connection, finished);
    }
  }

  async run(statement: Sql, options: RunOptions = {}): Promise<void> {
    await this.withConnection((connection) => this.execute(connection, statement, options), options.signal);
  }

  async transaction(statements: readonly Sql[], options: TransactionOptions = {}): Promise<void> {
    const { definitions = [] } = options;
    await this.withConnection(async (connection) => {
      await connection.run("begin transaction");
      try {
        for (const statement of [...statements, ...definitions])
          await this.execute(connection, statement, options);
        if (options.signal?.aborted) throw cancelled(options.signal.reason);
        await connection.run("commit");
      } catch (error) {
        await connection.run("rollback").catch(() => {}); // a failed commit has rolled back already
        throw error instanceof WaymarkError ? error : statementError(error, { text: "commit" });
      }
    }, options.signal);
  }

  async materialize(target: Materialization, options: RunOptions = {}): Promise<number> {
    const [schema, table] = [target.table.at(-2), path(...target.table)];
    const columns = Object.entries(target.columns).map(
      ([column, { type }]) => sql`cast(${sqlName(column)} as ${typeName(type)}) as ${sqlName(column)}`,
    );
    const rows = sql`select ${columns} from (${target.query}) as built`;
    const order = target.sortBy?.length ? sql` order by ${target.sortBy.map(sqlName)}` : sql``;
    const made = async (connection: DuckDBConnection, from: Sql): Promise<number> => {
      const statement = sql`create or replace table ${table} as ${from}${order}`;
      const [[count] = []] = await (await this.execute(connection, statement, options)).getRows();
      return Number(count);
    };
    const make = (): Promise<number> =>
      this.withConnection((connection) => made(connection, rows), options.signal);
    const makeInSteps = (): Promise<number> =>
      this.withConnection(async (connection) => {
        try {
          await this.execute(connection, sql`create temp table unsorted as ${rows}`, options);
          return await made(connection, sql`select * from temp.unsorted`);
        } finally {
          await connection.run("drop table if exists temp.unsorted");
        }
      }, options.signal);
    const makeBesideOthers = (): Promise<number> =>
      this.besideOthers(
        () =>
          make().catch(async (error: unknown) => {
            // Asked for each table beforehand, it takes as long as filling a small one.
            if (!schema || !messageOf(error).includes(`Schema with name ${schema} does not exist`))
              throw error;
            await this.createSchema(schema);
            return make();
          }),
        target.sortBy?.length ? makeInSteps : make,
      );
    return target.isLarge ? this.asLarge(makeBesideOthers) : makeBesideOthers();
  }

  /**
   * Tables that are made beside each other share the memory, and a statement holds what it gathered until it ends, also
   * while it sorts. One that lacks memory is made once more, by itself.
   */
  private async besideOthers<T>(make: () => Promise<T>, makeByItself: () => Promise<T>): Promise<T> {
    while (this.byItself.activeCount > 0) await this.madeByItself;
    const made = make();
    this.making.add(made);
    try {
      return await made;
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
    } finally {
      this.making.delete(made);
    }
    const again = this.byItself(async () => {
      await Promise.allSettled(this.making);
      return makeByItself();
    });
    this.madeByItself = again.catch(() => {});
    return again;
  }

  async load(table: readonly string[], columns: Columns, batches: Iterable<unknown[][]>): Promise<number> {
    const [schema, tableName] = [table.at(-2), table.at(-1) ?? ""];
    if (schema) await this.createSchema(schema);
    const definitions = Object.entries(columns).map(
      ([column, { type }]) => sql`${sqlName(column)} ${typeName(type)}`,
    );
    await this.run(sql`create table if not exists ${path(...table)} (${definitions})`);
    const types = Object.values(columns).map(({ type }) => type);
    return this.withConnection(async (connection) => {
      await connection.run("begin transaction"); // an appender alone commits as it goes
      try {
        const appender = await connection.createAppender(tableName, schema ?? null);
        let rows = 0;
        for (const batch of batches) {
          for (let start = 0; start < batch.length; start += rowsPerChunk) {
            const part = batch.slice(start, start + rowsPerChunk);
            const chunk = DuckDBDataChunk.create(
              types.map((type) => engineTypes[type]),
              part.length,
            );
            chunk.setColumns(types.map((type, i) => part.map((row) => toEngine(row[i], type))));
            appender.appendDataChunk(chunk);
          }
          rows += batch.length;
        }
        appender.closeSync();
        await connection.run("commit");
        return rows;
      } catch (error) {
        await connection.run("rollback").catch(() => {});
        throw error instanceof WaymarkError ? error : loadError(table, error);
      }
    });
  }

  async describe(query: Sql, options: RunOptions = {}): Promise<Record<string, ColumnType | null>> {
    const rows = await this.query(
      sql`select column_name, column_type from (describe ${query})`,
      { column_name: { type: "string", notNull: true }, column_type: { type: "string", notNull: true } },
      options,
    );
    return Object.fromEntries(rows.map((row) => [row.column_name, typeFromEngine(row.column_type)]));
  }

  async reads(query: string): Promise<string[][]> {
    const [row] = await this.query(
      sql`select json_serialize_sql(cast(${bind("string", query)} as varchar)) as tree`,
      { tree: { type: "string", notNull: true } },
    );
    const { error, error_message, position, statements } = JSON.parse(row?.tree ?? "{}") as SyntaxTree;
    if (error && position !== undefined) {
      const line = query.slice(0, Number(position)).split("\n").length;
      throw new WaymarkError("WAREHOUSE_FAILED", `DuckDB: ${error_message}`, { line });
    }
    if (error || statements?.length !== 1)
      throw new WaymarkError("WAREHOUSE_FAILED", "Expected exactly one query (`select …`).", { line: 1 });
    return relationsIn(statements);
  }

  async tables(schema: string): Promise<string[]> {
    const rows = await this.query(
      sql`select table_name from information_schema.tables where ${bind("string", schema)} = case when table_catalog = current_database() then table_schema else table_catalog end order by table_name`,
      { table_name: { type: "string", notNull: true } },
    );
    return rows.map((row) => row.table_name);
  }

  /**
   * What expires is a database in memory, which names its tables as a schema does: to write work tables to the file would
   * cost a commit to disk each, and leave them in it after a crash.
   */
  createSchema(schema: string, { expires = false }: { expires?: boolean } = {}): Promise<void> {
    return oneSchemaAtATime(async () => {
      if (!expires) return this.run(sql`create schema if not exists ${path(schema)}`);
      // A file of an earlier Waymark holds a schema of that name, and a name must mean one of them.
      const [found] = await this.query(
        sql`select database_name from duckdb_schemas() where schema_name = ${bind("string", schema)}`,
        { database_name: { type: "string", notNull: true } },
      );
      if (found) await this.run(sql`drop schema ${path(found.database_name, schema)} cascade`);
      await this.run(sql`attach if not exists ':memory:' as ${path(schema)}`);
    });
  }

  async drop(tables: readonly (readonly string[])[]): Promise<void> {
    if (tables.length === 0) return;
    const views = await this.query(
      sql`select table_schema || '.' || table_name as view from information_schema.tables where table_type = 'VIEW'`,
      { view: { type: "string", notNull: true } },
    );
    const isView = new Set(views.map(({ view }) => view));
    const dropped = (table: readonly string[]): Sql =>
      sql`drop ${isView.has(table.join(".")) ? sql`view` : sql`table`} if exists ${path(...table)}`;
    // By schemas, as one that expires is another database, and a transaction writes to one.
    const schemas = [...new Set(tables.map((table) => table.at(-2)))];
    const ofSchema = (schema: string | undefined): Sql[] =>
      tables.filter((table) => table.at(-2) === schema).map(dropped);
    await Promise.all(schemas.map((schema) => this.transaction([join(ofSchema(schema), ";\n")])));
  }

  /**
   * Each statement has a thread of its own to begin with; where another one helps, the first spins until that has done.
   * Of small ones that go on side by side this is a tenth of what they cost.
   */
  sideBySide(are: boolean): Promise<void> {
    this.areSideBySide = are;
    return this.setThreads();
  }

  private async asLarge<T>(work: () => Promise<T>): Promise<T> {
    this.large++;
    try {
      await this.setThreads();
      return await work();
    } finally {
      this.large--;
      await this.setThreads();
    }
  }

  private setThreads(): Promise<void> {
    return this.settingThreads(async () => {
      this.threads ??= await this.threadsNow();
      this.threadsSet ??= this.threads;
      const wanted =
        this.areSideBySide && this.large === 0 ? Math.max(1, this.threads - this.atOnce + 1) : this.threads;
      if (wanted === this.threadsSet) return;
      await this.run(sql`set threads = ${integer(wanted)}`);
      this.threadsSet = wanted;
    });
  }

  private async threadsNow(): Promise<number> {
    const [row] = await this.query(sql`select cast(current_setting('threads') as bigint) as threads`, {
      threads: { type: "integer", notNull: true },
    });
    return row?.threads ?? 1;
  }

  /**
   * The whole blocks of the file that hold a table's columns, compressed; tables may share one. Null in memory, and
   * for a small table that is not written to blocks before the next checkpoint.
   */
  async bytes(table: readonly string[]): Promise<number | null> {
    const [row] = await this.query(
      sql`
select nullif(count(distinct s.block_id), 0) * any_value(d.block_size) as bytes
from pragma_storage_info(${bind("string", table.map((part) => `"${part}"`).join("."))}) as s
cross join pragma_database_size() as d
where s.persistent and d.database_name = current_database()`,
      { bytes: { type: "integer" } },
    );
    return row?.bytes ?? null;
  }

  async estimate(): Promise<null> {
    return null;
  }

  async readiness(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    for (const connection of this.idle.splice(0)) connection.closeSync();
    this.instance.closeSync();
  }

  private async execute(
    connection: DuckDBConnection,
    statement: Sql,
    options: RunOptions,
  ): Promise<DuckDBMaterializedResult> {
    const rendered = render(statement, this.dialect, options);
    const attended = interruptOn(options.signal, connection);
    return traced("waymark.statement", spanAttributes(rendered), async () => {
      try {
        options.signal?.throwIfAborted();
        return await connection.run(rendered.text, ...bindings(rendered));
      } catch (error) {
        throw statementError(error, rendered, options.signal);
      } finally {
        attended();
      }
    });
  }

  private async withConnection<T>(
    work: (connection: DuckDBConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const connection = await this.acquire(signal);
    try {
      return await work(connection);
    } finally {
      this.release(connection, true);
    }
  }

  private async acquire(signal?: AbortSignal): Promise<DuckDBConnection> {
    if (signal?.aborted) throw cancelled(signal.reason);
    const idle = this.idle.pop();
    if (idle) return idle;
    if (this.open >= maxConnections) {
      const handed = await this.turn(signal);
      if (handed) return handed;
    } else this.open++;
    const connection = await this.instance.connect();
    await connection.run(`set TimeZone = 'UTC'; ${macros}`);
    return connection;
  }

  /** Wait for a connection, or for leave to open one; what is cancelled meanwhile leaves the queue. */
  private turn(signal?: AbortSignal): Promise<DuckDBConnection | undefined> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        reject(cancelled(signal?.reason));
      };
      const take = (connection: DuckDBConnection | undefined): void => {
        signal?.removeEventListener("abort", leave);
        resolve(connection);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.waiting.push(take);
    });
  }

  /** A connection whose result was left half-read is closed: its engine-side cursor ends with it. */
  private release(connection: DuckDBConnection, reusable: boolean): void {
    if (!reusable) connection.closeSync();
    const next = this.waiting.shift();
    if (next) next(reusable ? connection : undefined);
    else if (reusable) this.idle.push(connection);
    else this.open--;
  }
}

/**
 * Interrupt a connection from the signal's abort until the answered function is called. Once is not enough:
 * DuckDB forgets an interrupt that comes between the steps of a statement (parse, plan, run).
 */
function interruptOn(signal: AbortSignal | undefined, connection: DuckDBConnection): () => void {
  let again: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    again = setInterval(() => connection.interrupt(), 20);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  return () => {
    signal?.removeEventListener("abort", interrupt);
    clearInterval(again);
  };
}

/** What `json_serialize_sql` answers; it knows queries alone. */
interface SyntaxTree {
  error: boolean;
  error_message?: string;
  position?: string;
  statements?: unknown[];
}

/** The tables that stand anywhere in a syntax tree. */
function relationsIn(node: unknown): string[][] {
  if (typeof node !== "object" || node === null) return [];
  const { type, catalog_name, schema_name, table_name } = node as Record<string, unknown>;
  const path = [catalog_name, schema_name, table_name].filter((p) => typeof p === "string" && p !== "");
  return [
    ...(type === "BASE_TABLE" ? [path as string[]] : []),
    ...Object.values(node).flatMap((child) => relationsIn(child)),
  ];
}
/** A statement as its trace tells it: the text only, for values are bound beside it. */
const spanAttributes = (statement: Statement) => ({
  "db.system.name": "duckdb",
  "db.query.text": statement.text,
});

const engineTypes: Record<ColumnType, DuckDBType> = {
  string: VARCHAR,
  integer: BIGINT,
  number: DOUBLE,
  decimal: DECIMAL(38, 9),
  boolean: BOOLEAN,
  date: DATE,
  timestamp: TIMESTAMPTZ,
};

function typeFromEngine(engineType: string): ColumnType | null {
  if (engineType.endsWith("]")) return null;
  if (/^(VARCHAR|UUID|ENUM)/.test(engineType)) return "string";
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(engineType)) return "integer";
  if (/^(FLOAT|DOUBLE)$/.test(engineType)) return "number";
  if (engineType.startsWith("DECIMAL")) return "decimal";
  if (engineType === "BOOLEAN") return "boolean";
  if (engineType === "DATE") return "date";
  if (engineType.startsWith("TIMESTAMP")) return "timestamp";
  return null;
}

/** None at all where nothing is bound: such a statement is run without being prepared, which costs as much again. */
function bindings(
  statement: Statement,
): [values?: Record<string, DuckDBValue>, types?: Record<string, DuckDBType>] {
  const params = Object.entries(statement.params);
  if (params.length === 0) return [];
  return [
    Object.fromEntries(params.map(([key, { type, value }]) => [key, parameterValue(type, value)])),
    Object.fromEntries(params.map(([key, { type }]) => [key, parameterType(type)])),
  ];
}

const parameterType = (type: Parameter["type"]): DuckDBType =>
  isArray(type) ? LIST(engineTypes[elementOf(type)]) : engineTypes[type];

const parameterValue = (type: Parameter["type"], value: unknown): DuckDBValue =>
  isArray(type)
    ? new DuckDBListValue((value as unknown[]).map((v) => toEngine(v, elementOf(type))))
    : toEngine(value, type);

const isArray = (type: Parameter["type"]): type is `${ColumnType}[]` => type.endsWith("[]");
const elementOf = (type: `${ColumnType}[]`): ColumnType => type.slice(0, -2) as ColumnType;

const msPerDay = 86_400_000;

function toEngine(value: unknown, type: ColumnType): DuckDBValue {
  if (value === null || value === undefined) return null;
  switch (type) {
    case "integer":
      return BigInt(value as number);
    case "decimal":
      return decimalOf(String(value));
    case "date":
      return new DuckDBDateValue(dayNumberOf(String(value)));
    case "timestamp":
      return new DuckDBTimestampTZValue(BigInt((value as Date).getTime()) * 1000n);
    default:
      return value as DuckDBValue;
  }
}

function dayNumberOf(day: string): number {
  const ms = Date.parse(`${day}T00:00:00Z`);
  // JavaScript reads 30 February as 1 March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day)
    throw new WaymarkError("BAD_USER_INPUT", `"${day}" is no day such as 2024-02-29.`);
  return ms / msPerDay;
}

function decimalOf(digits: string): DuckDBDecimalValue {
  const match = /^([+-]?)(\d+)(?:\.(\d{1,9}))?$/.exec(digits);
  if (!match)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `"${digits}" is not a decimal number with at most 9 digits after the point.`,
    );
  const scaled = BigInt(`${match[2]}${(match[3] ?? "").padEnd(9, "0")}`);
  return new DuckDBDecimalValue(match[1] === "-" ? -scaled : scaled, 38, 9);
}

interface Reader {
  readonly column: string;
  readonly index: number;
  readonly read: (value: DuckDBValue) => unknown;
}

/** Column by column: rows that grow alike are small, and several times as fast as entries put together. */
function rowsIn(chunk: DuckDBDataChunk, readers: readonly Reader[], start: number, end: number): object[] {
  const rows = Array.from({ length: end - start }, (): Record<string, unknown> => ({}));
  for (const { column, index, read } of readers) {
    const vector = chunk.getColumnVector(index);
    rows.forEach((row, i) => {
      row[column] = read(vector.getItem(start + i));
    });
  }
  return rows;
}

/** How a value of a declared type is read, whichever of DuckDB's types carries it. */
function reader(type: ColumnType, column: string): (value: DuckDBValue) => unknown {
  const unreadable = (value: DuckDBValue): never => {
    throw new WaymarkError(
      "WAREHOUSE_FAILED",
      `Column ${column} holds ${String(value)}, which is not ${type === "integer" ? "an" : "a"} ${type}${type === "date" ? " from 0001-01-01 to 9999-12-31" : ""}.`,
    );
  };
  const read: Record<ColumnType, (value: DuckDBValue) => unknown> = {
    string: (v) => (typeof v === "string" ? v : unreadable(v)),
    boolean: (v) => (typeof v === "boolean" ? v : unreadable(v)),
    integer: (v) => {
      const n = typeof v === "bigint" ? Number(v) : v;
      return Number.isSafeInteger(n) ? n : unreadable(v);
    },
    number: (v) =>
      v instanceof DuckDBDecimalValue
        ? v.toDouble()
        : typeof v === "bigint"
          ? Number(v)
          : typeof v === "number"
            ? v
            : unreadable(v),
    decimal: (v) =>
      v instanceof DuckDBDecimalValue
        ? plainDecimal(v.toString())
        : typeof v === "bigint" || Number.isInteger(v)
          ? String(v)
          : unreadable(v),
    date: (v) => (v instanceof DuckDBDateValue && dayText(v.days)) || unreadable(v),
    timestamp: (v) =>
      v instanceof DuckDBTimestampTZValue ? new Date(millisecondsOf(v.micros)) : unreadable(v),
  };
  const readValue = read[type];
  return (value) => (value === null ? null : readValue(value));
}

/** Days that were told: a table has few, again and again, and to write one takes as long as to read ten values. */
const dayTexts = new Map<number, string>();
const mostDayTexts = 50_000;

/** A day by its number; empty beyond year 9999 and before 1, which have no place in YYYY-MM-DD. */
function dayText(day: number): string {
  const known = dayTexts.get(day);
  if (known !== undefined) return known;
  const at = new Date(day * msPerDay);
  const year = at.getUTCFullYear(); // of infinity NaN
  const text = year >= 1 && year <= 9999 ? at.toISOString().slice(0, 10) : "";
  if (dayTexts.size >= mostDayTexts) dayTexts.clear();
  dayTexts.set(day, text);
  return text;
}

/** Rounded down, before 1970 too. */
const millisecondsOf = (micros: bigint): number =>
  Number(micros / 1000n) - (micros < 0n && micros % 1000n !== 0n ? 1 : 0);

const plainDecimal = (digits: string): string =>
  digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;

function positionOf(column: string, columns: readonly string[]): number {
  const index = columns.indexOf(column);
  if (index < 0)
    throw new WaymarkError(
      "WAREHOUSE_FAILED",
      `The statement returns no column ${column}, only ${columns.join(", ")}.`,
    );
  return index;
}

const cancelled = (cause: unknown): WaymarkError =>
  new WaymarkError("CANCELLED", "The statement was cancelled.", {}, { cause });

function statementError(
  error: unknown,
  statement: Pick<Statement, "text">,
  signal?: AbortSignal,
): WaymarkError {
  if (signal?.aborted) return cancelled(error);
  if (error instanceof WaymarkError) {
    const { code, message, details, cause } = error;
    return new WaymarkError(code, message, { statement: statement.text, ...details }, { cause });
  }
  // What follows names the place in a statement that the reader has not written; it stands in the details.
  const [message = "", place] = messageOf(error).split("\n\nLINE ");
  return new WaymarkError(
    failureCode(message),
    `DuckDB: ${message}${adviceOn(message)}`,
    { statement: statement.text, ...(place ? { line: Number.parseInt(place, 10) } : {}) },
    { cause: error },
  );
}

function adviceOn(message: string): string {
  if (message.startsWith(outOfMemory)) return " Give it more with warehouse.memory_limit in waymark.yml.";
  if (isDiskFull(message))
    return " The disk is full: what was published stands. Make room there, or let go what is no longer needed with `waymark gc`, and try again.";
  if (message.includes("Ambiguous reference to catalog or schema"))
    return " To DuckDB a file's name is a name as well: call the file otherwise, in warehouse.file of waymark.yml too.";
  return "";
}

const loadError = (table: readonly string[], error: unknown): WaymarkError =>
  new WaymarkError(
    failureCode(messageOf(error)),
    `Can't load rows into ${table.join(".")}: ${messageOf(error)}`,
    {},
    { cause: error },
  );

function openingError(file: string, error: unknown): WaymarkError {
  const message = messageOf(error);
  const holder = /lock is held in (.+?)(?: \(PID (\d+)\))/.exec(message);
  if (holder) {
    const since = startedAt(Number(holder[2]));
    return new WaymarkError(
      "WAREHOUSE_IN_USE",
      `${file} is in use by process ${holder[2]} (${holder[1]})${since ? `, which runs since ${since.toISOString()}` : ""}; one process at a time may open a DuckDB file. Wait for it (\`waymark build --wait\` does), stop it, or ask a running server instead: waymark query --url, waymark status --url.`,
      { file, pid: Number(holder[2]), since: since?.toISOString() ?? null },
      { cause: error },
    );
  }
  return new WaymarkError(failureCode(message), `Can't open ${file}: ${message}`, { file }, { cause: error });
}

/** When a process of this machine began; undefined where nobody can say. */
function startedAt(pid: number): Date | undefined {
  try {
    const said = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    const at = new Date(said.trim());
    return Number.isNaN(at.getTime()) ? undefined : at;
  } catch {
    return undefined;
  }
}

/** A full disk may be given room; whatever else DuckDB says stays so until somebody mends it. */
const failureCode = (message: string): "WAREHOUSE_UNAVAILABLE" | "WAREHOUSE_FAILED" =>
  isDiskFull(message) ? "WAREHOUSE_UNAVAILABLE" : "WAREHOUSE_FAILED";

const outOfMemory = "Out of Memory Error";
const isOutOfMemory = (error: unknown): boolean => messageOf(error).startsWith(`DuckDB: ${outOfMemory}`);

const isDiskFull = (message: string): boolean => message.includes("No space left on device");
