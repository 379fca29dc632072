import { describe, expect, it } from "vitest";
import { build } from "../../jobs/build.js";
import { tableMade } from "../../warehouse/bigquery.js";
import { bind, type ColumnType, render, type Sql, sql } from "../../warehouse/sql.js";
import type { RunOptions, Warehouse } from "../../warehouse/warehouse.js";
import { lintGoogleSql } from "../googlesql/lint.js";
import {
  type Catalogue,
  type GoogleSql,
  referenceUnavailable,
  startReference,
} from "../googlesql/reference.js";
import { at, journeyOf, journeyText, now, openSmall } from "./small.js";

const unavailable = referenceUnavailable();

describe.skipIf(unavailable)(`What builds ask of BigQuery${unavailable ? ` (${unavailable})` : ""}`, () => {
  it("is GoogleSQL, every statement over the tables as they stand then, in a first build and in one of a part", async () => {
    await using engine = await startReference();
    const { warehouse, settings } = await openSmall();
    const heard = listening(warehouse, engine);
    const project = { settings, journey: journeyOf(journeyText()) };
    await build(heard.warehouse, project, { trigger: "test", now });
    const events = {
      id: "string",
      org: "string",
      uid: "string",
      feature: "string",
      done: "timestamp",
    } as const;
    await warehouse.load(
      ["raw", "events"],
      Object.fromEntries(Object.entries(events).map(([column, type]) => [column, { type }])),
      [[["late", "a", "u9", "export", at(31)]]],
    );
    await build(heard.warehouse, project, { trigger: "test", now });
    expect(heard.statements).toBeGreaterThan(500);
    expect(heard.complaints).toEqual([]);
    expect([...heard.notForTransactions]).toEqual([]);
  });
});

/** A DuckDB warehouse of which every statement is analysed as BigQuery would be asked, too. */
function listening(warehouse: Warehouse, engine: GoogleSql) {
  const complaints: string[] = [];
  const notForTransactions = new Set<string>();
  let statements = 0;
  const hear = async (fragment: Sql, options: RunOptions = {}): Promise<string> => {
    statements++;
    const statement = render(fragment, "bigquery", options);
    complaints.push(...lintGoogleSql(statement.text).map((found) => `${found}\n${statement.text}`));
    const catalogue = await catalogueOf(warehouse, statement.text);
    await engine.analyze(statement, catalogue).catch((error: Error) => complaints.push(error.message));
    return statement.text;
  };
  const heard: Warehouse = {
    dialect: warehouse.dialect,
    isExclusive: warehouse.isExclusive,
    schemaName: warehouse.schemaName,
    query: async (statement, columns, options) => {
      await hear(statement, options);
      return warehouse.query(statement, columns, options);
    },
    stream: async function* (statement, columns, options) {
      await hear(statement, options);
      yield* warehouse.stream(statement, columns, options);
    },
    run: async (statement, options) => {
      await hear(statement, options);
      return warehouse.run(statement, options);
    },
    transaction: async (all, options) => {
      for (const statement of all) {
        const text = await hear(statement, options);
        const ddl = /^(create|drop|alter)[a-z ]+/.exec(text)?.[0];
        if (ddl) notForTransactions.add(ddl.trim());
      }
      for (const definition of options?.definitions ?? []) await hear(definition, options);
      return warehouse.transaction(all, options);
    },
    materialize: async (target, options) => {
      await hear(tableMade(target), options);
      return warehouse.materialize(target, options);
    },
    describe: async (query, options) => {
      await hear(query, options);
      return warehouse.describe(query, options);
    },
    load: (...given) => warehouse.load(...given),
    createSchema: (schema) => warehouse.createSchema(schema),
    drop: (tables) => warehouse.drop(tables),
    bytes: (table) => warehouse.bytes(table),
    reads: (query) => warehouse.reads(query),
    tables: (schema) => warehouse.tables(schema),
    estimate: async () => null,
    readiness: async () => null,
    close: () => warehouse.close(),
  };
  return {
    warehouse: heard,
    complaints,
    notForTransactions,
    get statements() {
      return statements;
    },
  };
}

/** The tables that a statement names, with their columns as they are now. */
async function catalogueOf(warehouse: Warehouse, statement: string): Promise<Catalogue> {
  const named = [...statement.matchAll(/`(\w+)`\.`(\w+)`/g)].map(([, schema, table]) => `${schema}.${table}`);
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
