import { isDeepStrictEqual } from "node:util";
import { inTransaction, tableMade } from "../../warehouse/bigquery.js";
import { bind, type ColumnType, name, path, render, type Sql, sql } from "../../warehouse/sql.js";
import type { Columns, RunOptions, Warehouse } from "../../warehouse/warehouse.js";
import { lintGoogleSql } from "./lint.js";
import type { Catalogue, GoogleSql, Row, Statement } from "./reference.js";

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
  /** What tables hold, until something is written. */
  let held = new Map<string, Promise<Row[]>>();
  const told = new Set<string>();
  let statements = 0;
  let answered = 0;
  const hear = async (fragment: Sql, options: RunOptions = {}): Promise<Statement> => {
    statements++;
    const statement = render(fragment, "bigquery", options);
    complaints.push(...lintGoogleSql(statement.text).map((found) => `${found}\n${statement.text}`));
    const catalogue = await catalogueOf(warehouse, statement.text);
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
      const catalogue = await catalogueOf(warehouse, text, /(select |\.)\*/.test(text) ? undefined : text);
      const answer = await engine.evaluate(statement, catalogue, await rowsOf(catalogue));
      const [ours, theirs] = [rows, answer.rows].map((of) => comparable(of, columns));
      if (!isDeepStrictEqual(ours, theirs))
        complaints.push(
          `DuckDB answers\n${ours?.join("\n")}\nand GoogleSQL\n${theirs?.join("\n")}\nto\n${text}`,
        );
    } catch (error) {
      complaints.push((error as Error).message);
    }
  };
  const rowsOf = async (catalogue: Catalogue): Promise<Record<string, Row[]>> => {
    const data: Record<string, Row[]> = {};
    for (const [relation, columns] of Object.entries(catalogue)) {
      const rows = held.get(relation) ?? tableRows(warehouse, relation);
      held.set(relation, rows);
      const wanted = Object.keys(columns);
      data[relation] = (await rows).map((row) =>
        Object.fromEntries(wanted.map((column) => [column, row[column]])),
      );
    }
    return data;
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

/**
 * The tables that a statement names, with their columns as they are now.
 * @param needed a text that names all columns that are wanted; all of them without
 */
async function catalogueOf(warehouse: Warehouse, statement: string, needed?: string): Promise<Catalogue> {
  const named = [...statement.matchAll(/`?([\w-]+)`?\.`?([\w-]+)`?/g)].map(
    ([, schema, table]) => `${schema}.${table}`,
  );
  const columns = await warehouse.query(
    sql`
select table_schema || '.' || table_name as relation, column_name, regexp_replace(data_type, '\\(.*', '') as data_type
from information_schema.columns
where list_contains(${bind("string[]", [...new Set(named)])}, table_schema || '.' || table_name)
order by relation, ordinal_position`,
    {
      relation: { type: "string", notNull: true },
      column_name: { type: "string", notNull: true },
      data_type: { type: "string", notNull: true },
    },
  );
  const catalogue: Record<string, Record<string, ColumnType>> = {};
  for (const { relation, column_name, data_type } of columns) {
    const type = types[data_type];
    if (!type) throw new Error(`${relation}.${column_name} is ${data_type}, which no column of Waymark's is`);
    // What is counted may have no column that is named.
    if (needed === undefined || needed.includes(column_name) || !catalogue[relation])
      catalogue[relation] = { ...catalogue[relation], [column_name]: type };
  }
  return catalogue;
}

/** By DuckDB's names. */
const types: Record<string, ColumnType> = {
  VARCHAR: "string",
  BIGINT: "integer",
  DOUBLE: "number",
  DECIMAL: "decimal",
  BOOLEAN: "boolean",
  DATE: "date",
  "TIMESTAMP WITH TIME ZONE": "timestamp",
};

async function tableRows(warehouse: Warehouse, relation: string): Promise<Row[]> {
  const columns = (await catalogueOf(warehouse, `\`${relation.replace(".", "`.`")}\``))[relation] ?? {};
  const shape = Object.fromEntries(Object.entries(columns).map(([column, type]) => [column, { type }]));
  const names = Object.keys(columns).map((column) => name(column));
  return warehouse.query(sql`select ${names} from ${path(...relation.split("."))}`, shape);
}

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
