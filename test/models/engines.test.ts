import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildOrder, type Node } from "../../models/graph.js";
import { models } from "../../models/index.js";
import { type ColumnType, name, path, render, sql } from "../../warehouse/sql.js";
import { lintGoogleSql } from "../googlesql/lint.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { demoCompany, type Prepared, textCompany } from "./companies.js";

/**
 * Every model twice: its GoogleSQL is analysed and run by Google's reference implementation over the rows that
 * DuckDB built upstream, and must give the rows that DuckDB gives; its text for both engines is read in golden/.
 */
const unavailable = referenceUnavailable();
const companies = { demo: demoCompany, text: textCompany };

describe.each(Object.entries(companies))("models of the %s company", (companyName, prepare) => {
  let prepared: Prepared;
  let order: Node[];
  let reference: GoogleSql | undefined;
  beforeAll(async () => {
    prepared = await prepare();
    order = buildOrder(models, prepared.company);
    for (const { model } of order) {
      await prepared.warehouse.materialize(
        {
          table: ["built", model.name],
          columns: model.columnsFor(prepared.company),
          query: model.query(prepared.company),
        },
        { locate: inBuilt },
      );
    }
    reference = unavailable ? undefined : await startReference();
  });
  afterAll(async () => {
    await reference?.stop();
    await prepared.warehouse.close();
  });

  it.each(golden(companyName))("%s reads as its golden SQL for both engines", async (modelName) => {
    const model = models.find((m) => m.name === modelName);
    for (const dialect of ["duckdb", "bigquery"] as const) {
      const { text } = render(model?.query(prepared.company) ?? sql``, dialect);
      await expect(`${text}\n`).toMatchFileSnapshot(`golden/${companyName}/${modelName}.${dialect}.sql`);
    }
  });

  it.skipIf(unavailable).each(models.map((m) => m.name))(
    `%s gives the same rows on GoogleSQL${unavailable ? ` (skipped: ${unavailable})` : ""}`,
    async (modelName) => {
      const { warehouse, company, raw } = prepared;
      const node = order.find((n) => n.model.name === modelName);
      if (!node || !reference) throw new Error(`no model ${modelName}`);
      const { model, upstream } = node;
      const statement = render(model.query(company), "bigquery");
      expect(lintGoogleSql(statement.text)).toEqual([]);

      const catalogue: Record<string, Record<string, ColumnType>> = {};
      const data: Record<string, Record<string, unknown>[]> = {};
      for (const table of upstream) {
        const columns = models.find((m) => m.name === table)?.columnsFor(company) ?? {};
        catalogue[table] = Object.fromEntries(
          Object.entries(columns).map(([column, { type }]) => [column, type]),
        );
        data[table] = await warehouse.query(
          sql`select ${Object.keys(columns).map(name)} from ${path("built", table)}`,
          columns,
        );
      }
      for (const [table, types] of model.source ? Object.entries(raw) : []) {
        if (!statement.text.includes(table.split(".").at(-1) ?? table)) continue;
        catalogue[table] = types;
        const columns = Object.fromEntries(Object.entries(types).map(([column, type]) => [column, { type }]));
        data[table] = await warehouse.query(sql`select * from ${path(...table.split("."))}`, columns);
      }

      const columns = model.columnsFor(company);
      const types = Object.fromEntries(Object.entries(columns).map(([column, { type }]) => [column, type]));
      expect(await reference.analyze(statement, catalogue)).toEqual(types);

      const expected = await warehouse.query(
        sql`select ${Object.keys(columns).map(name)} from ${path("built", model.name)}`,
        columns,
      );
      const { rows } = await reference.evaluate(statement, catalogue, data);
      const inOrder = (list: Record<string, unknown>[]): Record<string, unknown>[] =>
        [...list].sort((a, b) => (keyOf(a, model.grain) < keyOf(b, model.grain) ? -1 : 1)).map(rounded);
      expect(inOrder(rows)).toEqual(inOrder(expected));
    },
  );
});

/** Only staging reads differently where raw data is text. */
const golden = (companyName: string): string[] =>
  models.filter((m) => companyName === "demo" || m.source).map((m) => m.name);

const inBuilt = (table: string): string[] => ["built", table];
const keyOf = (row: Record<string, unknown>, grain: readonly string[]): string =>
  JSON.stringify(grain.map((column) => row[column] ?? null));

/** Floats to nine digits: the engines add in different orders. */
const rounded = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value,
    ]),
  );
