import { isDeepStrictEqual } from "node:util";
import { inTransaction, tableMade } from "../../warehouse/bigquery.js";
import { type ColumnType, path, render, type Sql, sql } from "../../warehouse/sql.js";
import type { Columns, RunOptions, Warehouse } from "../../warehouse/warehouse.js";
import { lintGoogleSql } from "./lint.js";
import type { GoogleSql, Row, Statement } from "./reference.js";

export interface Heard {
  readonly warehouse: Warehouse;
  /** How many statements BigQuery would have been sent. */
  readonly statements: number;
  /** How many of them were answered by both engines. */
  readonly answered: number;
  /** What is wrong with any of them. */
  readonly complaints: readonly string[];
  /** The kinds of statements in transactions that BigQuery takes in none. */
  readonly notForTransactions: ReadonlySet<string>;
  /** The scripts of transactions, as BigQuery would be sent them. */
  readonly scripts: readonly string[];
  /** Read all rows anew: something was written that was not heard. */
  forget(): void;
}

/**
 * A DuckDB warehouse of which every statement is analysed as BigQuery would be asked, over the tables as they stand
 * then. With `answers` every query is run on the reference implementation too, over the same rows: its answer has to
 * be DuckDB's. Not so where checksums are compared, of which each engine has its own.
 */
export function heardBy(engine: GoogleSql, warehouse: Warehouse, { answers = false } = {}): Heard {
  const complaints: string[] = [];
  const notForTransactions = new Set<string>();
  const scripts: string[] = [];
  /** Until something is written. */
  let held = new Map<string, Promise<Held | undefined>>();
  const told = new Set<string>();
  let statements = 0;
  let answered = 0;
  const tablesIn = async (statement: string): Promise<[relation: string, Held][]> => {
    const tables: [string, Held][] = [];
    for (const relation of namedIn(statement)) {
      const known = held.get(relation) ?? tableAt(warehouse, relation);
      held.set(relation, known);
      const table = await known;
      if (table) tables.push([relation, table]);
    }
    return tables;
  };
  const hear = async (fragment: Sql, options: RunOptions = {}): Promise<Statement> => {
    statements++;
    const statement = render(fragment, "bigquery", options);
    complaints.push(...lintGoogleSql(statement.text).map((found) => `${found}\n${statement.text}`));
    const tables = await tablesIn(statement.text);
    const catalogue = Object.fromEntries(tables.map(([relation, { columns }]) => [relation, columns]));
    await engine.analyze(statement, catalogue).catch((error: Error) => complaints.push(error.message));
    return statement;
  };
  const hold = async (statement: Statement, columns: Columns, rows: readonly Row[]): Promise<void> => {
    const { text, params } = statement;
    const key = JSON.stringify([text, params]);
    if (told.has(key) || text.includes("farm_fingerprint")) return;
    told.add(key);
    answered++;
    try {
      const catalogue: Record<string, Record<string, ColumnType>> = {};
      const data: Record<string, Row[]> = {};
      for (const [relation, { columns, rows }] of await tablesIn(text)) {
        const all = Object.entries(columns);
        const read = /(select |\.)\*/.test(text) ? all : all.filter(([column]) => text.includes(column));
        // What is counted may have no column that is named.
        catalogue[relation] = Object.fromEntries(read.length > 0 ? read : all.slice(0, 1));
        data[relation] = (await rows()).map((row) =>
          Object.fromEntries(read.map(([column]) => [column, row[column]])),
        );
      }
      const answer = await engine.evaluate(statement, catalogue, data);
      const [ours, theirs] = [rows, answer.rows].map((of) => comparable(of, columns));
      if (!isDeepStrictEqual(ours, theirs))
        complaints.push(
          `DuckDB answers\n${ours?.join("\n")}\nand GoogleSQL\n${theirs?.join("\n")}\nto\n${text}`,
        );
    } catch (error) {
      complaints.push((error as Error).message);
    }
  };
  const forget = (): void => {
    held = new Map();
    told.clear();
  };
  const heard: Partial<Warehouse> = {
    query: async (statement, columns, options) => {
      const asked = await hear(statement, options);
      const rows = await warehouse.query(statement, columns, options);
      if (answers) await hold(asked, columns, rows);
      return rows;
    },
    stream: async function* (statement, columns, options) {
      await hear(statement, options);
      yield* warehouse.stream(statement, columns, options);
    },
    run: async (statement, options) => {
      await hear(statement, options);
      return warehouse.run(statement, options).finally(forget);
    },
    transaction: async (all, options) => {
      for (const statement of all) {
        const { text } = await hear(statement, options);
        const ddl = /^(create|drop|alter)[a-z ]+/.exec(text)?.[0];
        if (ddl) notForTransactions.add(ddl.trim());
      }
      if (all.length > 1) scripts.push(render(inTransaction(all), "bigquery", options).text);
      for (const definition of options?.definitions ?? []) await hear(definition, options);
      return warehouse.transaction(all, options).finally(forget);
    },
    materialize: async (target, options) => {
      await hear(tableMade(target), options);
      return warehouse.materialize(target, options).finally(forget);
    },
    describe: async (query, options) => {
      await hear(query, options);
      return warehouse.describe(query, options);
    },
  };
  return {
    warehouse: new Proxy(warehouse, {
      get: (target, key) => {
        const own = heard[key as keyof Warehouse] ?? target[key as keyof Warehouse];
        return typeof own === "function" ? own.bind(target) : own;
      },
    }),
    complaints,
    notForTransactions,
    scripts,
    forget,
    get statements() {
      return statements;
    },
    get answered() {
      return answered;
    },
  };
}

/** A table as it is now. */
interface Held {
  readonly columns: Record<string, ColumnType>;
  /** Read when they are first asked for. */
  readonly rows: () => Promise<Row[]>;
}

/** Undefined where there is none. */
async function tableAt(warehouse: Warehouse, relation: string): Promise<Held | undefined> {
  const table = path(...relation.split("."));
  const found = await warehouse.describe(sql`select * from ${table}`).catch(() => undefined);
  if (!found) return undefined;
  const columns: Record<string, ColumnType> = {};
  for (const [column, type] of Object.entries(found)) {
    if (!type) throw new Error(`${relation}.${column} is of a type that no column of Waymark's is`);
    columns[column] = type;
  }
  const shape = Object.fromEntries(Object.entries(columns).map(([column, type]) => [column, { type }]));
  let rows: Promise<Row[]> | undefined;
  return {
    columns,
    rows: () => {
      rows ??= warehouse.query(sql`select * from ${table}`, shape);
      return rows;
    },
  };
}

/** What a statement names: Waymark writes it in backquotes, companies as they like. */
const namedIn = (statement: string): Set<string> =>
  new Set(
    [...statement.matchAll(/`([\w-]+)`\.`([\w-]+)`|\b(?:from|join)\s+([\w-]+)\.([\w-]+)/gi)].map(
      ([, dataset, table, ownDataset, ownTable]) => `${dataset ?? ownDataset}.${table ?? ownTable}`,
    ),
  );

/**
 * In one order: what orders by the week alone leaves the accounts of a week to the engine. Figures to nine digits, as
 * each engine adds up in its own order, and those that stand as text without the point that each may write.
 */
const comparable = (rows: readonly Row[], columns: Columns): string[] =>
  rows
    .map((row) =>
      JSON.stringify(
        Object.keys(columns).map((column) => {
          const value = row[column];
          if (typeof value === "string") return value.replace(/^(-?\d+)\.0$/, "$1");
          return typeof value === "number" ? Number(value.toPrecision(9)) : value;
        }),
      ),
    )
    .sort();
