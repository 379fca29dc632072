import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildOrder } from "../../models/graph.js";
import { models } from "../../models/index.js";
import type { Company, Model } from "../../models/model.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { type ColumnType, relation, render, type Sql, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { lintGoogleSql } from "../googlesql/lint.js";
import {
  type Catalogue,
  type GoogleSql,
  type Row,
  referenceUnavailable,
  startReference,
} from "../googlesql/reference.js";
import { acmeJourney, acmeNow, acmeSources, acmeTables, acmeThrough, acmeZone, loadAcme } from "./acme.js";
import { companyIn, locate, materialize } from "./built.js";

const missing = referenceUnavailable();

describe("every model, over a company of edges", () => {
  let warehouse: Warehouse;
  let googleSql: GoogleSql;
  let company: Company;
  const rowsOf = new Map<string, Row[]>();

  beforeAll(async () => {
    warehouse = await openDuckDb({ file: ":memory:" });
    await loadAcme(warehouse);
    if (!missing) googleSql = await startReference();
    const circumstances = { journey: acmeJourney, timeZone: acmeZone, through: acmeThrough, now: acmeNow };
    const built = await companyIn(warehouse, acmeSources, circumstances);
    company = built.company;
    for (const { model } of built.order) rowsOf.set(model.name, await built.read(model));
    for (const [table, { columns, rows }] of Object.entries(acmeTables)) {
      const names = Object.keys(columns);
      rowsOf.set(
        `raw.${table}`,
        rows.map((row) => Object.fromEntries(names.map((column, i) => [column, row[i]]))),
      );
    }
  });
  afterAll(async () => {
    await Promise.all([warehouse?.close(), googleSql?.stop()]);
  });

  /** The tables that a model's GoogleSQL may read: those it refers to, and the raw ones. */
  function catalogueOf(model: Model): Catalogue {
    const { refs } = render(model.query(company), "bigquery");
    const built = models.filter((m) => refs.includes(m.name));
    return {
      ...Object.fromEntries(built.map((m) => [m.name, typesOf(m, company)])),
      ...(model.source
        ? Object.fromEntries(
            Object.entries(acmeTables).map(([table, { columns }]) => [`raw.${table}`, columns]),
          )
        : {}),
    };
  }

  describe.each(models.map((model) => [model.name, model] as const))("%s", (_, model) => {
    it("is written the same way as when it was last read by a human", async () => {
      for (const dialect of ["duckdb", "bigquery"] as const) {
        const { text } = render(model.query(company), dialect);
        await expect(`${text}\n`).toMatchFileSnapshot(`golden/${model.name}.${dialect}.sql`);
      }
    });

    it.skipIf(missing)("is valid GoogleSQL with the model's columns", async () => {
      const statement = render(model.query(company), "bigquery");
      expect(lintGoogleSql(statement.text)).toEqual([]);
      expect(await googleSql.analyze(statement, catalogueOf(model))).toEqual(typesOf(model, company));
    });

    it.skipIf(missing)("has the same rows on GoogleSQL's reference implementation", async () => {
      const catalogue = catalogueOf(model);
      const data = Object.fromEntries(
        Object.keys(catalogue).map((table) => [table, rowsOf.get(table) ?? []]),
      );
      const { rows } = await googleSql.evaluate(render(model.query(company), "bigquery"), catalogue, data);
      const ours = rowsOf.get(model.name) ?? [];
      expect(ours.length).toBeGreaterThan(0);
      expectSameRows(rows, ours, model, company);
    });
  });
});

const typesOf = (model: Model, company: Company): Record<string, ColumnType> =>
  Object.fromEntries(Object.entries(model.columnsFor(company)).map(([column, { type }]) => [column, type]));

/** Equal but for the last digits of floats, in any order. */
function expectSameRows(theirs: readonly Row[], ours: readonly Row[], model: Model, company: Company): void {
  const keyOf = (row: Row): string => JSON.stringify(model.grain.map((column) => row[column]));
  const byKey = (rows: readonly Row[]): Map<string, Row> => new Map(rows.map((row) => [keyOf(row), row]));
  const [left, right] = [byKey(theirs), byKey(ours)];
  expect([...left.keys()].sort()).toEqual([...right.keys()].sort());
  expect([theirs.length, ours.length]).toEqual([left.size, right.size]);
  const types = Object.entries(typesOf(model, company));
  const different: string[] = [];
  for (const [key, row] of left) {
    for (const [column, type] of types) {
      const [a, b] = [row[column], right.get(key)?.[column]];
      if (!isSame(a, b, type)) different.push(`${key} ${column}: GoogleSQL ${show(a)}, DuckDB ${show(b)}`);
    }
  }
  expect(different.slice(0, 20)).toEqual([]);
}

const show = (value: unknown): string =>
  value instanceof Date ? value.toISOString() : JSON.stringify(value);

function isSame(a: unknown, b: unknown, type: ColumnType): boolean {
  if (type === "number" && typeof a === "number" && typeof b === "number")
    return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b;
}
