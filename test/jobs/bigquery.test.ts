import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "../../jobs/build.js";
import { readSnapshots, readWritings, schemas } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { openBigQuery } from "../../warehouse/bigquery.js";
import { path, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { type BigQueryServer, startBigQueryServer } from "../warehouse/bigquery_server.js";
import { at, journeyOf, journeyText, loadRaw, now, openSmall, smallSettings } from "./small.js";

const unavailable = referenceUnavailable();

describe.skipIf(unavailable)(`Builds on BigQuery${unavailable ? ` (${unavailable})` : ""}`, () => {
  let engine: GoogleSql;
  let server: BigQueryServer;
  beforeAll(async () => {
    engine = await startReference();
    server = await startBigQueryServer(engine);
  });
  afterAll(async () => {
    await server?.stop();
    await engine?.stop();
  });

  it("publish what builds on DuckDB do, at first and after rows that came late", async () => {
    const bigquery = openBigQuery({
      project: "test-project",
      location: "EU",
      apiEndpoint: server.url,
      retryDelay: 1,
    });
    await loadRaw(bigquery);
    const small = await openSmall();
    const project = { settings: smallSettings("/nowhere"), journey: journeyOf(journeyText()) };
    const time = now();
    const columns = {
      id: "string",
      org: "string",
      uid: "string",
      feature: "string",
      done: "timestamp",
    } as const;
    const shape = Object.fromEntries(Object.entries(columns).map(([c, type]) => [c, { type }]));
    for (const late of [[], [["late", "a", "u9", "export", at(31)]]]) {
      for (const warehouse of [bigquery, small.warehouse]) {
        await warehouse.load(["raw", "events"], shape, [late]);
        await build(warehouse, project, { trigger: "test", now: () => time });
      }
      for (const model of models)
        expect(await publishedRows(bigquery, model.name), model.name).toEqual(
          await publishedRows(small.warehouse, model.name),
        );
    }
    // The second went on from the first.
    const parts = (await readWritings(bigquery)).filter(
      ({ version, is_whole }) => version === 2 && !is_whole,
    );
    expect(parts.map(({ model }) => model)).toContain("usage_daily");
    expect((await readSnapshots(bigquery, 9)).map(({ id }) => id)).toEqual([2, 1]);
    expect(await bigquery.tables(schemas.work)).toEqual([]);
  }, 300_000);
});

/** What readers see of a model, in an order of its own; but for checksums, for which each engine has its own function. */
async function publishedRows(warehouse: Warehouse, model: string): Promise<string[]> {
  const rows = path(schemas.published, model);
  const columns = await warehouse.describe(sql`select * from ${rows}`);
  const shape = Object.fromEntries(
    Object.entries(columns)
      .filter(([column]) => column !== "checksum")
      .map(([column, type]) => [column, { type: type ?? "string" } as const]),
  );
  return (await warehouse.query(sql`select * from ${rows}`, shape))
    .map((row) => JSON.stringify(row, rounded))
    .sort();
}

/** Sums of fractions differ in the last digits by the order in which they were added. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Math.round(value * 1e9) / 1e9 : value;
