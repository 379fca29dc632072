import { afterAll, beforeAll, expect, test } from "vitest";
import { companyProject, generateCompany, nextDay } from "../../bench/company.js";
import { compareWithFloors } from "../../bench/floor.js";
import { build } from "../../jobs/build.js";
import { describeCompany } from "../../jobs/company.js";
import { rowHash } from "../../warehouse/dialect.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { path, type Sql, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";

const options = { events: 40_000, accounts: 40, seed: 1, through: "2025-12-31" };
let warehouse: Warehouse;
let before: string[];
let rows: Record<string, number>;
let added: Awaited<ReturnType<typeof nextDay>>;

beforeAll(async () => {
  warehouse = await openDuckDb({ file: ":memory:" });
  rows = await generateCompany(warehouse, options);
  before = await checksums();
  added = await nextDay(warehouse);
});
afterAll(() => warehouse.close());

test("as many events as asked for, and two years of everything else", async () => {
  expect(rows.product_events).toBeGreaterThan(39_000);
  expect(rows.product_events).toBeLessThan(41_000);
  expect(rows.support_tickets).toBeGreaterThan(40 * 35);
  expect(await count(sql`raw.product_events where occurred_at < timestamptz '2024-01-02 00:00:00+00'`)).toBe(
    0,
  );
});

test("the same options give the same rows", async () => {
  const other = await openDuckDb({ file: ":memory:" });
  try {
    await generateCompany(other, options);
    expect(await checksums(other)).toEqual(before);
  } finally {
    await other.close();
  }
});

test("one more day holds only what was loaded on it, about 2 % of it late", async () => {
  expect(added.day).toBe("2026-01-01");
  const loaded = sql`raw.product_events where loaded_at >= timestamptz '2026-01-01 00:00:00+00'`;
  expect(await count(loaded)).toBe(added.rows.product_events);
  expect(await count(sql`raw.product_events where loaded_at >= timestamptz '2026-01-02 00:00:00+00'`)).toBe(
    0,
  );
  const all = sql`raw.product_events where loaded_at - occurred_at > interval 12 hour`;
  const share = (await count(all)) / (rows.product_events ?? 0);
  expect(share).toBeGreaterThan(0.015);
  expect(share).toBeLessThan(0.025);
});

test("what has changed since comes as a new version beside the old one", async () => {
  const several = sql`(select id from raw.support_tickets group by id having count(*) = 2 and count(distinct loaded_at) = 2)`;
  expect(await count(several)).toBeGreaterThan(0);
});

test("the demo's mapping reads it", async () => {
  const company = await describeCompany(
    warehouse,
    companyProject(":memory:"),
    new Date("2026-01-02T06:00:00Z"),
  );
  expect(Object.keys(company.sources)).toHaveLength(8);
});

async function count(rowsOf: Sql): Promise<number> {
  const [row] = await warehouse.query(sql`select count(*) as n from ${rowsOf}`, {
    n: { type: "integer", notNull: true },
  });
  return row?.n ?? 0;
}

function checksums(of = warehouse): Promise<string[]> {
  const tables = [
    "crm_accounts",
    "subscriptions",
    "people",
    "product_events",
    "support_tickets",
    "touchpoints",
  ];
  return Promise.all(
    tables.map(async (table) => {
      const [row] = await of.query(
        sql`select cast(sum(${rowHash(sql`t`)}) as varchar) as sum from ${path("raw", table)} as t`,
        {
          sum: { type: "string", notNull: true },
        },
      );
      return row?.sum ?? "";
    }),
  );
}

test("SQL written by hand for a table has the model's rows", async () => {
  const now = new Date("2026-01-02T06:00:00Z");
  const project = companyProject(":memory:");
  const { snapshot } = await build(warehouse, project, { trigger: "test", now: () => now });
  const company = await describeCompany(warehouse, project, now);
  const compared = await compareWithFloors(warehouse, company, snapshot, () => {});
  expect(compared.map(({ model }) => model)).toEqual([
    "stg_usage_events",
    "usage_daily",
    "account_indicators",
    "account_health",
  ]);
});
