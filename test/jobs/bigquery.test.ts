import { graphql } from "graphql";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Settings } from "../../config/settings.js";
import { build, type Project } from "../../jobs/build.js";
import { readSnapshots, readWritings, schemas } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { mapSources } from "../../models/sources/mapping.js";
import { contextFor, operator } from "../../resolvers/context.js";
import { createSchema } from "../../resolvers/schema.js";
import { openBigQuery } from "../../warehouse/bigquery.js";
import { path, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { type BigQueryServer, startBigQueryServer } from "../warehouse/bigquery_server.js";
import { startFaultyProxy } from "../warehouse/faulty_proxy.js";
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

  const open = (apiEndpoint: string): Warehouse =>
    openBigQuery({ project: "test-project", location: "EU", apiEndpoint, retryDelay: 1 });
  const project: Project = { settings: smallSettings("/nowhere"), journey: journeyOf(journeyText()) };
  const columns = {
    id: "string",
    org: "string",
    uid: "string",
    feature: "string",
    done: "timestamp",
  } as const;
  const shape = Object.fromEntries(Object.entries(columns).map(([c, type]) => [c, { type }]));
  const load = (warehouse: Warehouse, id: string, day: number): Promise<number> =>
    warehouse.load(["raw", "events"], shape, [[[id, "a", "u9", "export", at(day)]]]);
  const expectSame = async (one: Warehouse, other: Warehouse): Promise<void> => {
    for (const { name } of models)
      expect(await publishedRows(one, name), name).toEqual(await publishedRows(other, name));
  };

  it("publish what builds on DuckDB do, at first and after rows that came late, whatever fails on the way", async () => {
    const proxy = await startFaultyProxy(server.url);
    onTestFinished(() => proxy.stop());
    const bigquery = open(proxy.url);
    await loadRaw(bigquery);
    const { warehouse: duckdb } = await openSmall();
    const time = now();
    const options = { trigger: "test", now: () => time };
    const buildBoth = async (onProgress?: () => void): Promise<void> => {
      await build(bigquery, project, { ...options, ...(onProgress && { onProgress }) });
      await build(duckdb, project, options);
      await expectSame(bigquery, duckdb);
    };
    await buildBoth();
    // What is left on the way goes by itself, and the bill tells which model it was for.
    expect(server.datasetOf(schemas.work)?.defaultTableExpirationMs).toBe(String(3 * 86_400_000));
    expect(server.datasetOf(schemas.tables)?.defaultTableExpirationMs).toBeUndefined();
    const [first] = await readSnapshots(bigquery, 1);
    const labels = server.jobs.map(({ configuration }) => configuration.labels);
    expect(labels).toContainEqual({
      caller: "test",
      model: "account_health",
      run: first?.runId.toLowerCase(),
    });
    expect(await asked(bigquery)).toEqual(await asked(duckdb));
    expect(server.jobs.at(-1)?.configuration.labels).toEqual({ caller: "analyst", snapshot: "1" });

    for (const warehouse of [bigquery, duckdb]) await load(warehouse, "late", 31);
    // Jobs that were accepted though the answer was lost, refusals that pass, and jobs that BigQuery itself lets fail.
    const unavailable = { status: 503, reason: "backendError", message: "Try again." };
    const limited = { status: 403, reason: "rateLimitExceeded", message: "Too many requests." };
    const faults = ["drop after", unavailable, "drop before", limited] as const;
    let met = 0;
    await buildBoth(() => {
      const fault = faults[met++ % faults.length];
      if (!fault || proxy.left > 0) return;
      proxy.fail(met % 2 ? /^POST .*\/jobs/ : /^GET .*\/queries\//, fault);
      if (met % 7 === 0) server.failNext({ reason: "backendError", message: "Try again." });
    });
    expect(met).toBeGreaterThan(20);
    // The second went on from the first.
    const parts = (await readWritings(bigquery)).filter(
      ({ version, is_whole }) => version === 2 && !is_whole,
    );
    expect(parts.map(({ model }) => model)).toContain("usage_daily");
    expect((await readSnapshots(bigquery, 9)).map(({ id }) => id)).toEqual([2, 1]);
    expect(await bigquery.tables(schemas.work)).toEqual([]);

    // One that fails for good in the middle publishes nothing, and the next goes on from it.
    const before = await publishedRows(bigquery, "account_health");
    for (const warehouse of [bigquery, duckdb]) await load(warehouse, "later", 40);
    const refused = { status: 403, reason: "quotaExceeded", message: "Quota exceeded: bytes scanned." };
    const failing = build(bigquery, project, {
      ...options,
      onProgress: (event) => {
        if (event.kind === "model" && event.model === "account_facts" && event.status === "building")
          proxy.fail(/^POST .*\/jobs/, refused);
      },
    });
    await expect(failing).rejects.toMatchObject({ message: expect.stringContaining("Wait until the quota") });
    expect((await readSnapshots(bigquery, 1))[0]?.id).toBe(2);
    expect(await publishedRows(bigquery, "account_health")).toEqual(before);
    await buildBoth();
  }, 300_000);
});

/** What the API answers of the latest snapshot. */
async function asked(warehouse: Warehouse): Promise<unknown> {
  const caller = { ...operator(false), name: "analyst" };
  const contextValue = await contextFor(warehouse, { caller, now, freshnessOf: async () => new Map() });
  const { data, errors } = await graphql({
    schema: await createSchema(),
    contextValue,
    source: `{
      accounts(first: 5) { totalCount nodes { id name stage { name days } health { score band indicators { name points contribution } } milestones { name status } signals { signal { name } openedOn } } }
    }`,
  });
  expect(errors).toBeUndefined();
  return data;
}

it("has no files as sources on BigQuery, and is told so before anything is asked of it", async () => {
  const nothing = { dialect: "bigquery" } as unknown as Warehouse;
  const accounts = { files: { path: "accounts.csv", format: "csv" }, columns: {} };
  const settings = { sources: { accounts }, folder: "/nowhere", time_zone: "UTC" } as unknown as Settings;
  await expect(mapSources(nothing, settings)).rejects.toMatchObject({
    code: "SOURCE_INVALID",
    message: expect.stringContaining("sources.accounts: BigQuery reads no files"),
  });
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
