import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { models } from "../../models/index.js";
import type { Company, Model } from "../../models/model.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { type ColumnType, path, render, sql } from "../../warehouse/sql.js";
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
import { companyIn, companyOf, type Given } from "./built.js";

const missing = referenceUnavailable();

describe("every model, over a company of edges", () => {
  let warehouse: Warehouse;
  let googleSql: GoogleSql;
  let company: Company;
  const rowsOf = new Map<string, Row[]>();

  beforeAll(async () => {
    warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
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

/** Companies whose SQL takes other turns: what is missing is null, and of the same type. */
const usage = { event_id: "e1", account_id: "a1", user_id: "u1", occurred_at: "2024-01-05T10:00:00Z" };
const variants: Record<string, { given: Given; journey?: string }> = {
  "accounts and usage alone": {
    given: { accounts: [{ account_id: "a1", created_on: "2024-01-01" }], usage_events: [usage] },
  },
  "accounts and tickets alone": {
    given: {
      accounts: [{ account_id: "a1", created_on: "2024-01-01" }],
      tickets: [{ ticket_id: "t1", account_id: "a1", opened_at: "2024-01-05T10:00:00Z" }],
    },
  },
  "accounts and surveys alone": {
    given: {
      accounts: [{ account_id: "a1", created_on: "2024-01-01" }],
      survey_responses: [
        { response_id: "s1", account_id: "a1", score: 9, responded_at: "2024-01-05T10:00:00Z" },
      ],
    },
  },
  "usage that hangs on contracts": {
    given: {
      accounts: [{ account_id: "a1", created_on: "2024-01-01" }],
      contracts: [
        { contract_id: "c1", account_id: "a1", starts_on: "2024-01-03", loaded_at: "2024-01-03T00:00:00Z" },
      ],
      usage_events: [
        { event_id: "e1", contract_id: "c1", quantity: 2, occurred_at: "2024-01-05T10:00:00Z" },
        { event_id: "e2", contract_id: "c1", quantity: 2, occurred_at: "2024-01-02T10:00:00Z" },
        { event_id: "e3", contract_id: "c9", quantity: 2, occurred_at: "2024-01-05T10:00:00Z" },
      ],
    },
  },
  "every source without a row": {
    given: {
      accounts: [],
      contracts: [],
      users: [],
      usage_events: [],
      tickets: [],
      survey_responses: [],
      touchpoints: [],
      outcomes: [],
    },
  },
  "the least of journeys": {
    given: { accounts: [{ account_id: "a1", created_on: "2024-01-01" }], usage_events: [usage] },
    journey: `
stages: [{ id: all, name: All }]
health: { indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [1, 100]] }] }`,
  },
  "the longest of the journeys that come with Waymark": {
    given: {
      accounts: [{ account_id: "a1", created_on: "2024-01-01" }],
      contracts: [{ contract_id: "c1", account_id: "a1", starts_on: "2024-01-03", seats: 2, mrr: "10" }],
      usage_events: [usage],
      tickets: [{ ticket_id: "t1", account_id: "a1", opened_at: "2024-01-05T10:00:00Z" }],
    },
    journey: readFileSync("journey/presets/five-stage.yml", "utf8"),
  },
  "a journey that scores no stage": {
    given: { accounts: [{ account_id: "a1", created_on: "2024-01-01" }], usage_events: [usage] },
    journey: `
stages: [{ id: all, name: All, is_scored: false }]
health: { indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [1, 100]] }] }`,
  },
};

describe.skipIf(missing)("every model has the same rows on both engines, and its columns' types, for", () => {
  let googleSql: GoogleSql;
  beforeAll(async () => {
    googleSql = await startReference();
  });
  afterAll(() => googleSql?.stop());

  it.each(Object.entries(variants))("%s", async (_, { given, journey }) => {
    const built = await companyOf(given, { through: "2024-01-31", ...(journey ? { journey } : {}) });
    const { company, warehouse } = built;
    const raw: [string, Record<string, ColumnType>][] = [];
    for (const source of Object.keys(given)) {
      const types = await warehouse.describe(sql`select * from ${path("raw", source)}`);
      raw.push([`raw.${source}`, types as Record<string, ColumnType>]);
    }
    const rows = new Map<string, Row[]>();
    for (const [table, types] of raw) {
      const columns = Object.fromEntries(Object.entries(types).map(([column, type]) => [column, { type }]));
      rows.set(table, await warehouse.query(sql`select * from ${path(...table.split("."))}`, columns));
    }
    for (const { model } of built.order) rows.set(model.name, await built.read(model));
    for (const { model } of built.order) {
      const statement = render(model.query(company), "bigquery");
      const upstream = models.filter((m) => statement.refs.includes(m.name));
      const catalogue = Object.fromEntries([
        ...raw,
        ...upstream.map((m) => [m.name, typesOf(m, company)] as const),
      ]);
      expect(lintGoogleSql(statement.text), model.name).toEqual([]);
      expect(await googleSql.analyze(statement, catalogue), model.name).toEqual(typesOf(model, company));
      const data = Object.fromEntries(Object.keys(catalogue).map((table) => [table, rows.get(table) ?? []]));
      const theirs = await googleSql.evaluate(statement, catalogue, data);
      expectSameRows(theirs.rows, rows.get(model.name) ?? [], model, company);
    }
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
  const types = Object.entries(typesOf(model, company)).filter(([c]) => !model.columns[c]?.isOfEngine);
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
