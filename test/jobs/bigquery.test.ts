import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { build } from "../../jobs/build.js";
import type { Project } from "../../jobs/company.js";
import { estimateBuild } from "../../jobs/estimate.js";
import { readRunModels, readRuns, readSnapshots, readWritings, schemas } from "../../jobs/ledger.js";
import { mapSources } from "../../models/sources/mapping.js";
import { Costs } from "../../resolvers/costs.js";
import { Results } from "../../resolvers/results.js";
import { openBigQuery } from "../../warehouse/bigquery.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { type BigQueryServer, startBigQueryServer } from "../warehouse/bigquery_server.js";
import { startFaultyProxy } from "../warehouse/faulty_proxy.js";
import { asked, expectSame, publishedRows } from "./readers.js";
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

  const datasets = { [schemas.published]: "health", [schemas.work]: "scratch" };
  const open = (apiEndpoint: string): Warehouse =>
    openBigQuery({ project: "test-project", location: "EU", apiEndpoint, datasets, retryDelay: 1 });
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
    expect(server.datasetOf("scratch")?.defaultTableExpirationMs).toBe(String(3 * 86_400_000));
    expect(server.datasetOf(schemas.tables)?.defaultTableExpirationMs).toBeUndefined();
    const [first] = await readSnapshots(bigquery, 1);
    const labels = server.jobs.map(({ configuration }) => configuration.labels);
    expect(labels).toContainEqual({
      caller: "test",
      model: "account_health",
      run: first?.runId.toLowerCase(),
    });
    // The last day is a literal by then, by which BigQuery reads no other partition.
    const latest = server.jobs.find(({ configuration: { labels } }) => labels?.model === "account_latest");
    expect(latest?.configuration.query?.query).toMatch(/ where d\.day = date '\d{4}-\d\d-\d\d'\)/);
    expect(await asked(bigquery)).toEqual(await asked(duckdb));
    expect(server.jobs.at(-1)?.configuration.labels).toEqual({ caller: "analyst", snapshot: "1" });

    // What it cost is in the ledger, by table and in all.
    const billedTo = (isMeant: (labels: Record<string, string>) => boolean): number =>
      server.jobs
        .filter(({ configuration: { labels = {} } }) => isMeant(labels))
        .reduce((sum, { billed }) => sum + billed, 0);
    const ofModels = await readRunModels(bigquery, first?.runId ?? "");
    for (const { model, bytes_billed } of ofModels)
      expect(bytes_billed, model).toBe(billedTo((labels) => labels.model === model));
    const [run] = await readRuns(bigquery, 1);
    expect(run?.bytes_billed).toBeGreaterThan(ofModels.reduce((sum, m) => sum + (m.bytes_billed ?? 0), 0));
    expect(run?.bytes_billed).toBeLessThanOrEqual(
      billedTo((labels) => labels.run === first?.runId.toLowerCase()),
    );
    expect((await readRuns(duckdb, 1))[0]?.bytes_billed).toBeNull();

    // A question is priced before it is asked; what was answered already costs nothing.
    await expect(asked(bigquery, { bytesPerRequest: 1 })).rejects.toMatchObject({
      code: "OVER_BUDGET",
      message: expect.stringMatching(
        /^This would be billed for .* of the budget of a question by analyst of 1 B/,
      ),
    });
    // Those who ask the same at once, or later of the same snapshot, share its jobs.
    const costs = new Costs();
    const question = { costs, query: "health", results: new Results() };
    const jobsForIt = () =>
      server.jobs.filter(({ configuration }) => configuration.labels?.query === "health");
    await asked(bigquery, question);
    const once = jobsForIt().length;
    const together = { ...question, results: new Results() };
    await Promise.all([asked(bigquery, together), asked(bigquery, together)]);
    await asked(bigquery, together);
    expect(jobsForIt().length).toBe(2 * once);
    const ofName = await costs.of("health").total();
    expect(ofName).toBe(billedTo((labels) => labels.query === "health"));
    expect(costs.list()).toEqual([{ query: "health", bytesBilled: ofName }]);

    // And so is a build.
    const jobs = server.jobs.length;
    const whole = await estimateBuild(bigquery, project, { force: true, now: () => time });
    expect(
      server.jobs.slice(jobs).every(({ configuration: { query } }) => /ledger/.test(query?.query ?? "")),
    ).toBe(true);
    expect(whole.map(({ work, basis }) => [work, basis])).toEqual(whole.map(() => ["whole", "dry run"]));
    expect(whole.find(({ model }) => model === "usage_daily")?.bytes).toBeGreaterThan(0);
    const inPart = await estimateBuild(bigquery, project, { now: () => time });
    expect(inPart.find(({ model }) => model === "stg_usage_events")).toMatchObject({
      work: "part",
      bytes: null,
      basis: "no part was billed yet",
    });
    // An edit of the journey is told by what it concerns, whatever is selected.
    const edited = await estimateBuild(
      bigquery,
      { ...project, journey: journeyOf(journeyText().replace("[10, 100]", "[20, 100]")) },
      { select: [], now: () => time },
    );
    const work = Object.fromEntries(edited.map((estimate) => [estimate.model, estimate.work]));
    expect(work).toMatchObject({
      account_indicators: "whole",
      account_health: "whole",
      usage_daily: "nothing",
    });

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
    const expectAsBefore = async (): Promise<void> => {
      expect((await readSnapshots(bigquery, 1))[0]?.id).toBe(2);
      expect(await publishedRows(bigquery, "account_health")).toEqual(before);
    };
    await expectAsBefore();

    // Nor does one that would cost more than it may.
    const budget = 2 ** 29;
    const settings = bigQuerySettings(`maximum_bytes_per_run: ${budget / 2 ** 20}MiB`);
    const later = { ...options, now: () => new Date(time.getTime() + 1000) };
    await expect(build(bigquery, { ...project, settings }, later)).rejects.toMatchObject({
      code: "OVER_BUDGET",
      message: expect.stringContaining("Raise warehouse.maximum_bytes_per_run"),
    });
    const [dear] = await readRuns(bigquery, 1);
    expect(dear).toMatchObject({ status: "failed", error_code: "OVER_BUDGET" });
    expect(dear?.bytes_billed).toBeGreaterThan(budget / 2);
    expect(dear?.bytes_billed).toBeLessThanOrEqual(budget);
    await expectAsBefore();

    // Nor do rights, places and raw tables that are others by now: each is said with what to do.
    const expectRefused = async (message: RegExp, from = bigquery, given = project): Promise<void> => {
      await expect(build(from, given, options)).rejects.toMatchObject({
        message: expect.stringMatching(message),
      });
      await expectAsBefore();
    };
    await expectRefused(
      /Dataset test-project:waymark_ledger was not found in location US\. .*set warehouse\.location/,
      openBigQuery({
        project: "test-project",
        location: "US",
        apiEndpoint: proxy.url,
        datasets,
        retryDelay: 1,
      }),
    );
    server.deny("raw");
    await expectRefused(
      /^sources\.accounts: .*Access Denied.*roles\/bigquery\.dataViewer on those of the sources/,
    );
    server.allow("raw");
    const elsewhere = {
      ...project.settings.sources,
      tickets: { table: "gone.tickets", columns: ticketColumns },
    };
    await expectRefused(
      /^sources\.tickets: .*Dataset test-project:gone was not found in location EU\. Create the dataset in EU/,
      bigquery,
      { ...project, settings: { ...project.settings, sources: elsewhere } },
    );
    const answer = { id: { type: "string" }, org: { type: "string" }, at: { type: "timestamp" } } as const;
    const reshape = async (points: Columns, value: unknown = 9): Promise<void> => {
      await bigquery.drop([["raw", "nps"]]);
      await bigquery.load(["raw", "nps"], { ...answer, ...points }, [[["r1", "a", at(20), value]]]);
    };
    await reshape({ points: { type: "integer" } });
    await expectRefused(
      /^sources\.survey_responses\.columns\.score: the raw data has no column "score"\. Known: id, org, at, points\./,
    );
    await reshape({ score: { type: "date" } }, "2024-01-21");
    await expectRefused(
      /^sources\.survey_responses\.columns\.score: .* can't be read as integer; give an expression/,
    );
    await reshape({ score: { type: "integer" } });

    await buildBoth();
    const last = await estimateBuild(bigquery, project, later);
    expect(last.find(({ model }) => model === "stg_usage_events")).toMatchObject({
      work: "part",
      basis: "its last part",
    });
  }, 900_000);
});

const ticketColumns = { ticket_id: "id", account_id: "org", opened_at: "at" };

/** The same settings, of a company on BigQuery. */
const bigQuerySettings = (more: string): Settings => ({
  ...smallSettings("/nowhere"),
  ...settingsSchema
    .pick({ warehouse: true })
    .parse(parse(`warehouse: { engine: bigquery, project: test-project, location: EU, ${more} }`)),
});

it("has no files as sources on BigQuery, and is told so before anything is asked of it", async () => {
  const nothing = { dialect: "bigquery" } as unknown as Warehouse;
  const accounts = { files: { path: "accounts.csv", format: "csv" }, columns: {} };
  const settings = { sources: { accounts }, folder: "/nowhere", time_zone: "UTC" } as unknown as Settings;
  await expect(mapSources(nothing, settings)).rejects.toMatchObject({
    code: "SOURCE_INVALID",
    message: expect.stringContaining("sources.accounts: BigQuery reads no files"),
  });
});
