import { expect, it, onTestFinished } from "vitest";
import type { WaymarkError } from "../../errors.js";
import { build } from "../../jobs/build.js";
import { applyJourney, planJourney } from "../../jobs/journey_plan.js";
import { locateIn, readJourneyVersions, readSnapshots, schemas } from "../../jobs/ledger.js";
import { accountHealth } from "../../models/health/account_health.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { path, sql } from "../../warehouse/sql.js";
import { made } from "../made.js";
import { acmeJourney, acmeNow, acmeSources, acmeThrough, acmeZone, loadAcme } from "../models/acme.js";
import { journeyOf, settingsOf, warehouseForTest } from "../models/built.js";

const now = () => new Date(acmeNow);
const before = journeyOf(acmeJourney);
/** Good begins lower, an established account is one only after 100 days, and quiet means two weeks. */
const edits: [string, string][] = [
  ["good_from: 70.5", "good_from: 55"],
  ["{ fact: tenure_days, at_least: 90 }", "{ fact: tenure_days, at_least: 10 }"],
  ["days_since_last_event, at_least: 7 }, for_days: 3", "days_since_last_event, at_least: 14 }, for_days: 3"],
];
const after = journeyOf(edits.reduce((text, [from, to]) => text.replace(from, to), acmeJourney));

async function published() {
  const settings = settingsOf(acmeSources, acmeZone, acmeThrough, "/nowhere");
  const file = await made("acme", async (file) => {
    const warehouse = await openDuckDb({ file, threads: 1 });
    await loadAcme(warehouse);
    await build(warehouse, { settings, journey: before }, { trigger: "test", now });
    await warehouse.close();
  });
  const warehouse = await openDuckDb({ file, threads: 1 });
  onTestFinished(() => warehouse.close());
  const tables = async (): Promise<string[]> => warehouse.tables(schemas.tables);
  const apply = (journey = after, more = {}) =>
    applyJourney(warehouse, { settings, journey }, { trigger: "apply", now, ...more });
  return {
    warehouse,
    settings,
    tables,
    apply,
    plan: (journey = after) => planJourney(warehouse, { settings, journey }, { now }),
  };
}

it("a plan publishes nothing, leaves nothing behind, and is what apply brings", async () => {
  const { warehouse, plan, apply, tables } = await published();
  const [tablesBefore, [snapshotBefore]] = [await tables(), await readSnapshots(warehouse, 1)];
  const planned = await plan();
  expect(await tables()).toEqual(tablesBefore);
  expect(await readSnapshots(warehouse, 1)).toEqual([snapshotBefore]);
  expect(planned).toMatchObject({ from: before.version, to: after.version, dataThrough: acmeThrough });

  const bandsOf = async () => {
    const [snapshot] = await readSnapshots(warehouse, 1);
    const rows = await warehouse.query(
      sql`select account_id, band, stage, score from ${path(...locateIn(snapshot?.tables ?? {})(accountHealth.name))} where day = date '2024-06-30' order by account_id`,
      {
        account_id: { type: "string", notNull: true },
        band: { type: "string", notNull: true },
        stage: { type: "string", notNull: true },
        score: { type: "number" },
      },
    );
    return rows;
  };
  const [was, result] = [await bandsOf(), await apply()];
  const is = await bandsOf();
  expect(result).toMatchObject({
    isNew: true,
    snapshot: { id: 2, words: { journey: { version: after.version } } },
  });
  expect(planned.accounts).toBe(was.length);
  const changed = was.flatMap((row, i) =>
    row.band !== is[i]?.band || row.stage !== is[i]?.stage ? [row.account_id] : [],
  );
  expect(changed.length).toBeGreaterThan(0);
  expect(planned.changes.map((c) => c.account_id).sort()).toEqual(changed);
  for (const [list, key] of [
    [planned.bands, "band"],
    [planned.stages, "stage"],
  ] as const) {
    for (const move of list)
      expect(move.accounts).toBe(
        was.filter((row, i) => row[key] === move.before && is[i]?.[key] === move.after).length,
      );
    expect(list.reduce((sum, m) => sum + m.accounts, 0)).toBe(was.length);
  }
  expect(planned.scoresAfter.scored).toBe(is.filter((row) => row.score !== null).length);
  expect(planned.scoresAfter.histogram.reduce((a, b) => a + b)).toBe(planned.scoresAfter.scored);
  const open = await warehouse.query(
    sql`select count(*) as n from ${path(schemas.published, "account_signals")} where closed_on is null and signal = 'quiet'`,
    { n: { type: "integer", notNull: true } },
  );
  expect(planned.signals.find((s) => s.signal === "quiet")).toMatchObject({ opens: 0, after: open[0]?.n });
  // What it said must be rebuilt is what was.
  expect(planned.rebuilds.map((r) => r.model).sort()).toEqual(
    result.models.flatMap((m) => (m.status === "built" ? [m.model] : [])).sort(),
  );
});

it("a plan of the published journey finds nothing to change, whatever the file's layout", async () => {
  const { plan } = await published();
  const same = await plan(journeyOf(`# a comment\n${acmeJourney}`));
  expect(same.to).toBe(same.from);
  expect(same).toMatchObject({ changes: [], rebuilds: [] });
});

it("an edit of plays alone rebuilds the tasks alone", async () => {
  const { plan } = await published();
  const planned = await plan(
    journeyOf(acmeJourney.replace("owner: desk, due_in_days: 5", "owner: desk, due_in_days: 9")),
  );
  expect(planned.rebuilds.map((r) => r.model)).toEqual(["account_tasks"]);
  expect(planned.changes).toEqual([]);
});

it("an apply holds the data still: rows that came meanwhile wait for a build", async () => {
  const { warehouse, apply } = await published();
  await warehouse.run(sql`delete from raw.clicks where org = 'A1'`);
  const result = await apply();
  expect(result.models.find((m) => m.model === "stg_usage_events")).toMatchObject({ status: "fresh" });
});

it("of two applies at once one wins, and the other says so; a later one that expected otherwise too", async () => {
  const { warehouse, apply } = await published();
  const third = journeyOf(acmeJourney.replace("good_from: 70.5", "good_from: 90"));
  const outcomes = await Promise.allSettled([
    apply(after, { expect: before.version }),
    apply(third, { expect: before.version }),
  ]);
  const [won, lost] = [
    outcomes.find((o) => o.status === "fulfilled"),
    outcomes.find((o) => o.status === "rejected"),
  ];
  expect((lost as PromiseRejectedResult).reason).toMatchObject({ code: "RUN_IN_PROGRESS" });
  const winner = (won as PromiseFulfilledResult<{ snapshot: { words: { journey: { version: string } } } }>)
    .value.snapshot.words.journey.version;
  const late = (await apply(third, { expect: before.version }).catch((e: unknown) => e)) as WaymarkError;
  expect(late).toMatchObject({
    code: "JOURNEY_CONFLICT",
    details: { expected: before.version, published: winner },
  });
  const [snapshot] = await readSnapshots(warehouse, 1);
  expect(snapshot?.words.journey.version).toBe(winner);
});

it("versions tell when and why they came, and their scores outlive later snapshots", async () => {
  const { warehouse, apply, settings } = await published();
  await apply(after, { note: "Growth counts earlier." });
  for (const raised of [60, 61, 62])
    await apply(journeyOf(acmeJourney.replace("good_from: 70.5", `good_from: ${raised}`)));
  await build(warehouse, { settings, journey: before }, { trigger: "test", now, force: true });
  const versions = await readJourneyVersions(warehouse);
  expect(versions.map((v) => v.note).filter(Boolean)).toEqual(["Growth counts earlier."]);
  for (const { snapshot } of versions) {
    const [row] = await warehouse.query(
      sql`select count(*) as n from ${path(...locateIn(snapshot.tables)(accountHealth.name))}`,
      { n: { type: "integer", notNull: true } },
    );
    expect(row?.n).toBeGreaterThan(100);
  }
});

it("a journey that is applied again is the current one again, with the note of that time", async () => {
  const { apply, warehouse, settings } = await published();
  await apply(after, { note: "Growth counts earlier." });
  await apply(before, { note: "It did not." });
  // A later snapshot of the same journey changes nothing of that.
  await build(warehouse, { settings, journey: before }, { trigger: "test", now, force: true });
  const versions = await readJourneyVersions(warehouse);
  expect(versions.map((v) => [v.snapshot.words.journey.version, v.note])).toEqual([
    [before.version, "It did not."],
    [after.version, "Growth counts earlier."],
  ]);
});

it("before anything is published a plan says what to do first", async () => {
  const warehouse = await warehouseForTest();
  await loadAcme(warehouse);
  const settings = settingsOf(acmeSources, acmeZone, acmeThrough, "/nowhere");
  await expect(planJourney(warehouse, { settings, journey: after }, { now })).rejects.toMatchObject({
    code: "NOT_BUILT",
    message: "Nothing is published to compare with. `waymark build` first, then plan.",
  });
});

it("a plan that is cancelled leaves nothing behind", async () => {
  const { warehouse, settings, tables } = await published();
  const had = await tables();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const planned = planJourney(
    warehouse,
    { settings, journey: after },
    {
      now,
      signal: stop.signal,
      onProgress: (model) => {
        if (model === accountHealth.name) stop.abort();
      },
    },
  );
  await expect(planned).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await tables()).toEqual(had);
});
