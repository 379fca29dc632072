import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "../../jobs/build.js";
import { openBigQuery } from "../../warehouse/bigquery.js";
import { type Emulator, emulatorUnavailable, startEmulator } from "../warehouse/emulator.js";
import { type FaultyProxy, startFaultyProxy } from "../warehouse/faulty_proxy.js";
import { asked, expectSame } from "./readers.js";
import { journeyOf, journeyText, loadRaw, now, openSmall, smallSettings } from "./small.js";

const reason = emulatorUnavailable;
/** What all others come together in: each answer takes the emulator some seconds. */
const read = ["account_latest", "account_trends", "account_milestones", "account_tasks", "band_risk"];

/**
 * The whole path by another's reading of BigQuery, which shares no line with Waymark's own server for tests. What that
 * emulator lacks is left out: it knows neither UPDATE … FROM, by which later builds end rows, nor the undoing of
 * scripts, nor that a job's id was used before.
 */
describe.skipIf(reason)(`goccy/bigquery-emulator${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const project = "test-project";
  let emulator: Emulator | undefined;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    emulator = await startEmulator(project);
    if (emulator) proxy = await startFaultyProxy(emulator.url);
  }, 720_000);
  afterAll(async () => {
    await proxy?.stop();
    await emulator?.stop();
  });

  it("loads, builds, publishes and serves the same rows as DuckDB, whatever fails on the way", async ({
    skip,
  }) => {
    skip(!emulator, "the emulator could not be built");
    const bigquery = openBigQuery({ project, location: "EU", apiEndpoint: proxy.url, retryDelay: 1 });
    const { warehouse: duckdb } = await openSmall();
    const company = { settings: smallSettings("/nowhere"), journey: journeyOf(journeyText()) };
    const time = now();
    const options = { trigger: "test", now: () => time };
    const unavailable = { status: 503, reason: "backendError", message: "Try again." };
    const limited = { status: 403, reason: "rateLimitExceeded", message: "Too many requests." };
    const faults = [unavailable, "drop before", limited] as const;
    proxy.fail(/^POST \/upload\//, ...faults);
    await loadRaw(bigquery);
    let met = 0;
    await build(bigquery, company, {
      ...options,
      onProgress: () => {
        const fault = faults[met++ % faults.length];
        if (fault && proxy.left === 0) proxy.fail(met % 2 ? /^POST .*\/jobs/ : /^GET .*\/queries\//, fault);
      },
    });
    expect(met).toBeGreaterThan(20);
    await build(duckdb, company, options);
    await expectSame(bigquery, duckdb, read);
    expect(await asked(bigquery)).toEqual(await asked(duckdb));
  }, 900_000);
});
