import { graphql } from "graphql";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../config/settings.js";
import { build } from "../../jobs/build.js";
import { explain } from "../../jobs/explain.js";
import { readWritings } from "../../jobs/ledger.js";
import { findingOf, searchOf } from "../../jobs/plan.js";
import { contextFor, operator } from "../../resolvers/context.js";
import { createSchema } from "../../resolvers/schema.js";
import { bind, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { dayAt, journeyOf, journeyText, now, openBuilt } from "./small.js";

const journey = journeyOf(journeyText());
const event = (warehouse: Warehouse, i: number): Promise<void> =>
  warehouse.run(
    sql`insert into raw.events values (${bind("string", `late${i}`)}, 'b', 'u9', 'reports', ${bind("timestamp", new Date(`${dayAt(i)}T15:00:00Z`))})`,
  );

describe("explaining a day", () => {
  it("tells who wrote it last, from which days of which inputs; days that a change didn't reach keep their writing", async () => {
    const { warehouse, build, settings, first } = await openBuilt();
    await event(warehouse, 40);
    const second = await build();
    const ask = (day: string | null, model = "account_facts") =>
      explain(warehouse, { settings, journey }, model, day, now());
    const before = await ask(dayAt(20));
    expect(before).toMatchObject({
      day: dayAt(20),
      snapshot: 2,
      rows: 3,
      isStale: false,
      reasons: [],
      written: { run_id: first.runId, version: 1, is_whole: true, reason: "never built", trigger: "test" },
    });
    const touched = await ask(dayAt(40));
    expect(touched).toMatchObject({
      rows: 3,
      isStale: false,
      written: {
        run_id: second.runId,
        version: 2,
        is_whole: false,
        accounts: 1,
        first_day: dayAt(40),
        journey_version: journey.version,
      },
    });
    expect(touched.written?.reason).toMatch(/^changed: .*usage_daily/);
    expect(touched.written?.inputs.find((i) => i.model === "usage_daily")).toMatchObject({
      from: 1,
      to: 2,
      firstDay: dayAt(40),
    });
    // The ledger says the same of the table as the rows do.
    const [written] = await readWritings(warehouse, "account_facts");
    expect([written?.rows_added, written?.version]).toEqual([written?.rows_ended, 2]);
    // And the API the same as the ledger.
    const schema = await createSchema();
    const caller = operator(false);
    const context = await contextFor(warehouse, { caller, now, freshnessOf: async () => new Map() });
    const told = (last: number) =>
      graphql({
        schema,
        source: `{ models(names: ["account_facts"]) { builds(last: ${last}) { version isWhole runId firstDay accounts rowsAdded inputs { model fromVersion firstDay } } } }`,
        contextValue: context,
      });
    const { data } = (await told(5)) as { data: { models: { builds: Record<string, unknown>[] }[] } };
    const builds = data.models[0]?.builds ?? [];
    expect(builds.map((b) => [b.version, b.isWhole, b.runId])).toEqual([
      [2, false, second.runId],
      [1, true, first.runId],
    ]);
    expect(builds[0]).toMatchObject({
      firstDay: dayAt(40),
      accounts: 1,
      rowsAdded: written?.rows_added,
      inputs: expect.arrayContaining([{ model: "usage_daily", fromVersion: 1, firstDay: dayAt(40) }]),
    });
    expect((await told(0)).errors?.[0]?.message).toBe("builds(last: 0): expected 1 to 100.");
  });

  it("is stale from the first day of changed raw rows on, and fresh before; asking builds nothing", async () => {
    const { warehouse, build, settings } = await openBuilt();
    await event(warehouse, 40);
    await event(warehouse, 45);
    const ask = (model: string, day: string | null) =>
      explain(warehouse, { settings, journey }, model, day, now());
    expect(await ask("account_health", dayAt(39))).toMatchObject({ isStale: false, reasons: [] });
    const stale = await ask("account_health", dayAt(40));
    expect(stale.isStale).toBe(true);
    expect(stale.reasons).toEqual([
      {
        kind: "raw rows",
        model: "stg_usage_events",
        from: dayAt(40),
        to: dayAt(45),
        missed: null,
        text: `stg_usage_events: raw rows of 2 keys came, went or changed, of ${dayAt(40)} to ${dayAt(45)}`,
      },
    ]);
    // What doesn't read it stays fresh.
    expect((await ask("coverage_daily", dayAt(60))).isStale).toBe(false);
    expect((await readWritings(warehouse)).every((w) => w.version === 1)).toBe(true);
    await build();
    expect((await ask("account_health", dayAt(40))).isStale).toBe(false);
    const gone = explain(
      warehouse,
      { settings, journey },
      "account_health",
      null,
      now(),
      AbortSignal.abort(),
    );
    await expect(gone).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("of days that were asked for says that all they are made of was read", async () => {
    const { warehouse, build, settings } = await openBuilt();
    await warehouse.run(sql`update waymark_tables.account_facts__rows_000001 set events_7d = 99`);
    await build({ select: ["account_facts"], from: dayAt(40), to: dayAt(42) });
    const { written } = await explain(warehouse, { settings, journey }, "account_facts", dayAt(40), now());
    expect(written).toMatchObject({ reason: "asked for", version: 2 });
    expect(written?.inputs).toContainEqual({
      model: "usage_daily",
      from: null,
      to: 1,
      firstDay: null,
      lastDay: null,
    });
  });

  it("tells what the latest run failed with, as the next may again", async () => {
    const { warehouse, settings } = await openBuilt();
    const ask = () => explain(warehouse, { settings, journey }, "usage_daily", dayAt(40), now());
    expect(await ask()).toMatchObject({ isStale: false, failure: null });
    await event(warehouse, 40);
    const { checks } = settingsSchema.parse({
      company: "Small",
      sources: {},
      checks: [{ name: "b stays away", sql: "select account_id from accounts where account_id = 'b'" }],
    });
    const blocked = { settings: { ...settings, checks }, journey };
    await expect(build(warehouse, blocked, { trigger: "test", now })).rejects.toMatchObject({
      code: "CHECK_FAILED",
    });
    const { isStale, reasons, failure } = await ask();
    expect(isStale).toBe(true);
    expect(reasons[0]?.text).toBe(
      `stg_usage_events: raw rows of 1 key came, went or changed, of ${dayAt(40)}`,
    );
    expect(failure).toMatch(/^"b stays away" fails for 1 row, e\.g\. .*\nNothing was published\./s);
    await build(warehouse, { settings, journey }, { trigger: "test", now });
    expect(await ask()).toMatchObject({ isStale: false, failure: null });
  });

  it("names an edited journey, inputs that another build left behind, and days that are still to come", async () => {
    const { warehouse, build, settings } = await openBuilt();
    const ask = (model: string, day: string, own = journey) =>
      explain(warehouse, { settings, journey: own }, model, day, now());
    const edited = journeyOf(journeyText().replace("[10, 100]", "[20, 100]"));
    const { reasons } = await ask("account_health", dayAt(3), edited);
    expect(reasons.map((r) => r.kind)).toContain("journey");
    expect(reasons.map((r) => r.text).join("\n")).toContain(
      `the journey was edited from ${journey.version} to ${edited.version}`,
    );
    expect((await ask("account_facts", dayAt(3), edited)).isStale).toBe(false);
    await event(warehouse, 40);
    await build({ select: ["stg_usage_events"] });
    expect((await ask("usage_daily", dayAt(39))).isStale).toBe(false);
    expect((await ask("user_days", dayAt(40))).reasons).toMatchObject([
      { kind: "inputs", text: expect.stringContaining("stg_usage_events changed since it was read") },
    ]);
    expect(await ask("coverage_daily", "2024-12-24")).toMatchObject({
      isStale: false,
      reasons: [{ kind: "not built" }],
    });
    await expect(ask("acount_health", dayAt(3))).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: 'There is no model "acount_health". Did you mean "account_health"?',
    });
    await expect(ask("account_tasks", dayAt(3))).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

it("status says per source how changes are found, and what that can miss until when", () => {
  const compared = new Date("2024-04-01T06:00:00Z");
  const plain = { columns: { event_id: "id" } };
  expect(findingOf("tickets", plain, compared)).toMatchObject({
    found: "every build compares all days",
    missed: null,
  });
  expect(findingOf("tickets", { ...plain, lookback_days: 30 }, compared)).toMatchObject({
    found: "the last 30 days are compared; all days are compared every 7 days",
    missed: "changes older than 30 days are found only when all days are compared, next on 2024-04-08",
  });
  const arriving = { columns: { event_id: "id", loaded_at: "at" } };
  expect(findingOf("tickets", arriving, compared).missed).toBe(
    "rows loaded more than a day before others that were read, corrected without a new loaded_at, or deleted, are found only when all days are compared, next on 2024-04-08",
  );
});

it("all days of a source are compared as often as declared, by builds that come a little sooner than the last too", () => {
  const compared = new Date("2024-04-01T03:16:20Z");
  const isCompared = (every: number, at: string): boolean =>
    searchOf({ columns: { loaded_at: "at" }, compare_every_days: every }, compared, new Date(at))
      ?.compared === "all";
  expect(isCompared(1, "2024-04-02T03:15:10Z")).toBe(true);
  expect(isCompared(1, "2024-04-01T15:15:00Z")).toBe(false);
  expect(isCompared(7, "2024-04-07T03:20:00Z")).toBe(false);
  expect(isCompared(7, "2024-04-08T03:15:10Z")).toBe(true);
  expect(isCompared(0.25, "2024-04-01T09:15:10Z")).toBe(true);
  expect(isCompared(0, "2024-04-01T03:16:20Z")).toBe(true);
  expect(isCompared(7, "2024-03-30T03:15:00Z"), "compared by a clock that ran ahead").toBe(true);
});
