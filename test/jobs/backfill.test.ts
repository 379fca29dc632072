import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../config/settings.js";
import { type BackfillOptions, type BackfillProgress, backfill, chunksOf } from "../../jobs/backfill.js";
import { build } from "../../jobs/build.js";
import { isDeclared, readLatestChecks } from "../../jobs/check_results.js";
import { explain } from "../../jobs/explain.js";
import { readRuns, readSnapshots } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { path, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { acmeJourney, acmeSources, acmeThrough, acmeZone, loadAcme } from "../models/acme.js";
import { journeyOf as acmeJourneyOf, settingsOf, warehouseForTest } from "../models/built.js";
import { acmeProject, clockOf, loadRound, publishedRows } from "./acme_project.js";
import { dayAt, days, journeyOf, journeyText, now, openBuilt, openSmall } from "./small.js";

const project = { journey: journeyOf(journeyText()) };
const facts = sql`select account_id, day, events_7d from waymark.account_facts order by account_id, day`;
const shape = {
  account_id: { type: "string", notNull: true },
  day: { type: "date", notNull: true },
  events_7d: { type: "integer" },
} as const;
/** What a store says, changed behind Waymark's back: a day on which it is rebuilt shows by its right value. */
const spoil = (warehouse: Warehouse): Promise<void> =>
  warehouse.run(sql`update waymark_tables.account_facts__rows_000001 set events_7d = 99`);

const clicksDeleted = sql`delete from raw.clicks where "at" < timestamptz '2024-05-15 00:00:00+00'`;

describe("a backfill", () => {
  it.each([
    ["2024-02-01", "2024-06-01", undefined, (w: Warehouse) => w.run(clicksDeleted)],
    ["2024-03-01", "2024-05-01", 20, (w: Warehouse) => loadRound(w, 1)],
  ])(
    "of raw rows that changed before, in and after %s to %s gives what a build from nothing gives",
    async (from, to, chunkDays, change) => {
      const [warehouse, afresh] = await Promise.all([warehouseForTest(), warehouseForTest()]);
      await Promise.all([warehouse, afresh].map((w) => loadRound(w, 0)));
      await build(warehouse, acmeProject, { trigger: "test", now: clockOf(0) });
      await Promise.all([warehouse, afresh].map(change));
      const right = await build(afresh, acmeProject, { trigger: "test", now: clockOf(1) });
      const options = { from, to, chunkDays, now: clockOf(1) };
      const { snapshot } = await backfill(warehouse, acmeProject, options);
      expect(await publishedRows(warehouse, snapshot)).toEqual(await publishedRows(afresh, right.snapshot));
    },
  );

  it("that goes on later compares the raw rows of by then, and all that follows is up to date", async () => {
    const { warehouse, settings } = await openBuilt();
    const own = { ...project, settings };
    const stop = new AbortController();
    const options: BackfillOptions = { from: dayAt(0), to: dayAt(60), chunkDays: 20, now };
    const onProgress = (p: BackfillProgress): void => void (p.kind === "chunk" && stop.abort());
    await expect(
      backfill(warehouse, own, { ...options, signal: stop.signal, onProgress }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
    await warehouse.run(
      sql`delete from raw.events where org = 'a' and done < timestamptz '2024-01-20 00:00:00+00'`,
    );
    const told: BackfillProgress[] = [];
    const { resumedAfter } = await backfill(warehouse, own, { ...options, onProgress: (p) => told.push(p) });
    expect(resumedAfter).toBe(1);
    expect(told[1]).toMatchObject({
      kind: "compared",
      sources: ["accounts", "contracts", "usage_events", "tickets", "survey_responses"],
      changed: expect.arrayContaining(["stg_usage_events", "usage_daily", "account_health"]),
    });
    const { isStale } = await explain(warehouse, own, "account_health", null, now());
    expect(isStale).toBe(false);
  });

  it("rebuilds the days asked for, and no others, with all that follows from them; readers see nothing before", async () => {
    const { warehouse, settings } = await openBuilt();
    const right = await warehouse.query(facts, shape);
    const scores = sql`select account_id, day, score from waymark.account_health where day >= date '2024-01-21' and day < date '2024-02-20' order by account_id, day`;
    const scored = {
      account_id: { type: "string" },
      day: { type: "date" },
      score: { type: "number" },
    } as const;
    const rightScores = await warehouse.query(scores, scored);
    await spoil(warehouse);
    await warehouse.run(sql`update waymark_tables.account_health__rows_000001 set score = 1`);
    const spoilt = await warehouse.query(facts, shape);

    const stop = new AbortController();
    const told: BackfillProgress[] = [];
    const options: BackfillOptions = {
      from: dayAt(20),
      to: dayAt(50),
      chunkDays: 10,
      now,
      signal: stop.signal,
      onProgress: (p) => {
        told.push(p);
        if (p.kind === "chunk" && p.number === 2) stop.abort();
      },
    };
    await expect(backfill(warehouse, { ...project, settings }, options)).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(told.map((p) => p.kind)).toEqual(["begun", "compared", "chunk", "chunk"]);
    expect(await warehouse.query(facts, shape)).toEqual(spoilt);
    expect((await readSnapshots(warehouse, 1))[0]?.id).toBe(1);

    told.length = 0;
    const { signal: _, ...again } = options;
    const resumed = await backfill(
      warehouse,
      { ...project, settings },
      { ...again, onProgress: (p) => told.push(p) },
    );
    expect(told).toMatchObject([
      { kind: "begun", chunks: 3, done: 2 },
      { kind: "compared", changed: [] },
      { kind: "chunk", number: 3, days: { from: dayAt(40), to: dayAt(50) }, secondsLeft: 0 },
    ]);
    expect(resumed).toMatchObject({ isNew: true, chunks: 3, resumedAfter: 2 });
    const after = await warehouse.query(facts, shape);
    const isInside = (day: string): boolean => day >= dayAt(20) && day < dayAt(50);
    expect(after.filter((r) => isInside(r.day))).toEqual(right.filter((r) => isInside(r.day)));
    expect(after.filter((r) => !isInside(r.day))).toEqual(spoilt.filter((r) => !isInside(r.day)));
    expect(await warehouse.query(scores, scored)).toEqual(rightScores);
    // One snapshot for all of it, and the timetable doesn't take it for the build that is due.
    const published = (await readRuns(warehouse, 20)).filter((run) => run.snapshot_id !== null);
    expect(published.map((run) => run.trigger)).toEqual(["backfill", "test"]);
    // Asked for again it begins anew: it was finished.
    const anew = await backfill(warehouse, { ...project, settings }, again);
    expect(anew).toMatchObject({ resumedAfter: 0, isNew: false });
  });

  it("of a company without faults changes nothing, whatever the chunks: days need nothing that comes after them", async () => {
    const warehouse = await warehouseForTest();
    await loadAcme(warehouse);
    const acme = {
      settings: settingsOf(acmeSources, acmeZone, acmeThrough, "/nowhere"),
      journey: acmeJourneyOf(acmeJourney),
    };
    await build(warehouse, acme, { trigger: "test", now });
    const changed: unknown[] = [];
    const result = await backfill(warehouse, acme, {
      from: "2023-12-01",
      to: "2024-07-01",
      chunkDays: 45,
      now,
      onProgress: (p) => {
        if (p.kind === "chunk" && p.changed.length > 0) changed.push(p);
      },
    });
    expect(changed).toEqual([]);
    expect(result.isNew).toBe(false);
    expect(result.chunks).toBeGreaterThan(2);
  });

  it("finds raw rows that were changed long ago, however rarely they are compared", async () => {
    const { warehouse, settings, build } = await openSmall();
    const rarely = structuredClone(settings);
    for (const mapping of Object.values(rarely.sources)) mapping.compare_every_days = 365;
    await build({}, undefined, rarely);
    await warehouse.run(sql`update raw.nps set score = 2`);
    expect((await build({}, undefined, rarely)).isNew).toBe(false);
    const result = await backfill(
      warehouse,
      { ...project, settings: rarely },
      { from: dayAt(0), to: dayAt(days), now },
    );
    expect(result.isNew).toBe(true);
    const nps = sql`select distinct score from ${path("waymark", "stg_survey_responses")}`;
    expect(await warehouse.query(nps, { score: { type: "integer" } })).toEqual([{ score: 2 }]);
    expect(result.models.map((m) => m.model).sort()).toEqual(models.map((m) => m.name).sort());
  });

  it("asks no checks until its end: what failed before goes on failing, since when it did", async () => {
    const { warehouse, settings } = await openBuilt();
    const { checks } = settingsSchema.parse({
      company: "Small",
      sources: {},
      checks: [
        {
          name: "b stays away",
          sql: "select account_id from accounts where account_id = 'b'",
          severity: "warning",
        },
      ],
    });
    const checked = { ...project, settings: { ...settings, checks } };
    await build(warehouse, checked, { trigger: "test", now });
    const declared = async () => (await readLatestChecks(warehouse)).filter(isDeclared);
    const [before] = await declared();
    expect(before).toMatchObject({ check: "b stays away", failingRows: 1 });

    const stop = new AbortController();
    const options = { from: dayAt(20), to: dayAt(40), chunkDays: 10, now };
    await expect(
      backfill(warehouse, checked, {
        ...options,
        signal: stop.signal,
        onProgress: (p) => p.kind === "chunk" && stop.abort(),
      }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await declared(), "stopped after a chunk").toEqual([before]);
    await backfill(warehouse, checked, options);
    expect(await declared()).toMatchObject([{ failingRows: 1, failingSince: before?.failingSince }]);
  });

  it("refuses days that can't be, and says which can", async () => {
    const { warehouse, settings, build } = await openSmall();
    const ask = (from: string, to: string) =>
      backfill(warehouse, { ...project, settings }, { from, to, now });
    await expect(ask(dayAt(1), dayAt(3))).rejects.toMatchObject({ code: "NOT_BUILT" });
    await build();
    await expect(ask(dayAt(3), dayAt(3))).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: "--from 2024-01-04 must be before --to 2024-01-04, which is not rebuilt itself.",
    });
    await expect(ask("2025-01-01", "2025-02-01")).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message:
        "There is no data from 2025-01-01 up to 2025-02-01: it covers 2024-01-01 through 2024-03-10. Later days come with `waymark build`.",
    });
    const wide = await ask("2000-01-01", "2030-01-01");
    expect(wide).toMatchObject({ days: { from: "2024-01-01", to: "2024-03-11" }, chunks: 3 });
  });
});

it("chunks are calendar months, or so many days", () => {
  expect(chunksOf({ from: "2024-01-20", to: "2024-03-05" })).toEqual([
    { from: "2024-01-20", to: "2024-02-01" },
    { from: "2024-02-01", to: "2024-03-01" },
    { from: "2024-03-01", to: "2024-03-05" },
  ]);
  expect(chunksOf({ from: "2024-02-28", to: "2024-03-02" }, 2)).toEqual([
    { from: "2024-02-28", to: "2024-03-01" },
    { from: "2024-03-01", to: "2024-03-02" },
  ]);
});
