import { describe, expect, it } from "vitest";
import type { CompanyCheck, Retention } from "../../config/settings.js";
import { withLease } from "../../jobs/lease.js";
import { locateIn, readJourneyVersions, readRuns, readSnapshots, schemas } from "../../jobs/ledger.js";
import { collectGarbage, findGarbage, type Garbage } from "../../jobs/retention.js";
import { accountHealth } from "../../models/health/account_health.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { bind, path, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { dayAt, journeyOf, journeyText, openBuilt, openSmall } from "./small.js";

const n = { n: { type: "integer", notNull: true } } as const;
const countOf = async (warehouse: Warehouse, table: string): Promise<number> =>
  (await warehouse.query(sql`select count(*) as n from ${path(...table.split("."))}`, n))[0]?.n ?? -1;
const setScore = (score: number) => sql`update raw.nps set score = ${bind("integer", score)}`;

describe("retention", () => {
  it("keeps as many snapshots as declared, each with all of its rows", async () => {
    const { warehouse, build, settings } = await openSmall();
    const kept = { ...settings, retention: { ...settings.retention, snapshots: 3 } };
    const read = sql`select score from ${path("waymark", "stg_survey_responses")}`;
    const shape = { score: { type: "integer" } } as const;
    for (const score of [9, 1, 2, 3, 4]) {
      await warehouse.run(setScore(score));
      await build({}, undefined, kept);
    }
    expect(await warehouse.query(read, shape)).toEqual([{ score: 4 }]);
    const seen = [];
    for (const { tables } of await readSnapshots(warehouse, 3))
      seen.push(
        ...(await warehouse.query(
          sql`select score from ${path(...locateIn(tables)("stg_survey_responses"))}`,
          shape,
        )),
      );
    expect(seen).toEqual([{ score: 4 }, { score: 3 }, { score: 2 }]);
    expect(await countOf(warehouse, "waymark_tables.stg_survey_responses__rows_000001")).toBe(3);
  });

  it("a dry run lists what would go and changes nothing; the same then goes, and nothing is left to go", async () => {
    const { warehouse, build, settings, file } = await openSmall();
    const generous = { ...settings, retention: { ...settings.retention, snapshots: 50 } };
    for (const score of [9, 1, 2, 3, 4]) {
      await warehouse.run(setScore(score));
      await build({}, undefined, generous);
    }
    await warehouse.run(sql`create table ${path(schemas.work, "left_behind")} as select 1 as one`);
    await warehouse.run(sql`checkpoint`);
    const now = new Date("2024-04-01T08:00:00Z");
    const before = await warehouse.tables(schemas.tables);
    const found = await findGarbage(warehouse, settings.retention, now);
    expect(await warehouse.tables(schemas.tables)).toEqual(before);
    expect(found.tables.map((t) => t.name)).toContain("left_behind");
    expect(found.tables.map((t) => t.name)).toContain("stg_survey_responses__000002");
    const staged = found.rows.find((r) => r.store === "stg_survey_responses__rows_000001");
    expect(staged).toMatchObject({ before: 4, rows: 3 });
    expect(found.rows.some((r) => (r.bytes ?? 0) > 0)).toBe(true);
    expect(found.ledger, "each build has let go what was aged by then").toEqual([]);
    expect(await collect(warehouse, settings.retention, now)).toEqual(found);
    const gone = new Set(found.tables.map((t) => t.name));
    expect(await warehouse.tables(schemas.tables)).toEqual(before.filter((t) => !gone.has(t)));
    expect(await countOf(warehouse, "waymark_tables.stg_survey_responses__rows_000001")).toBe(2);
    const none = { tables: [], rows: [], ledger: [], rewrites: [] };
    expect(await findGarbage(warehouse, settings.retention, now)).toEqual(none);
    // What is left is whole: a build finds nothing stale, in a process of its own too.
    expect((await build()).isNew).toBe(false);
    await warehouse.close();
    const again = await openDuckDb({ file, threads: 1 });
    expect(await countOf(again, "waymark.stg_survey_responses")).toBe(1);
    await again.close();
  });

  it("that dies before what the ledger has forgotten is dropped goes on from there, views among it", async () => {
    const { warehouse, build, settings } = await openBuilt();
    const generous = { ...settings, retention: { ...settings.retention, snapshots: 50 } };
    for (const score of [1, 2, 3]) {
      await warehouse.run(setScore(score));
      await build({}, undefined, generous);
    }
    const dying: Warehouse = Object.create(warehouse, {
      drop: { value: () => Promise.reject(new Error("killed")) },
    });
    const now = new Date("2024-04-01T08:00:00Z");
    await expect(collect(dying, settings.retention, now)).rejects.toThrow("killed");
    const found = await findGarbage(warehouse, settings.retention, now);
    expect(found.tables.filter(({ isView }) => isView).map(({ name }) => name)).toContain(
      "stg_survey_responses__000002",
    );
    expect(await collect(warehouse, settings.retention, now)).toEqual(found);
    expect((await findGarbage(warehouse, settings.retention, now)).tables).toEqual([]);
    expect((await build()).isNew).toBe(false);
  });

  it("that fails leaves what was published, which says so, and the next build tries again", async () => {
    const { warehouse, build } = await openBuilt();
    const [held, holding] = [path(schemas.tables, "a_held"), path(schemas.tables, "b_holding")];
    await warehouse.run(sql`create table ${held} (id integer primary key)`);
    await warehouse.run(sql`create table ${holding} (id integer references ${held} (id))`);
    await warehouse.run(setScore(1));
    expect(await build()).toMatchObject({ isNew: true, untidied: expect.stringContaining("b_holding") });
    expect(await readRuns(warehouse, 1)).toMatchObject([{ status: "succeeded", error: null }]);
    await warehouse.run(sql`drop table ${holding}`);
    expect(await build()).toMatchObject({ isNew: false, untidied: null });
    expect(await warehouse.tables(schemas.tables)).not.toContain("a_held");
  });

  it("forgets runs with their models and checks after the declared days, but none whose tables stand, and no rows that are shown", async () => {
    const { warehouse, build, settings, first } = await openBuilt();
    const checks = [
      { kind: "sql", name: "asked each time", sql: "select account_id from accounts", severity: "warning" },
      {
        kind: "accepted",
        name: "asked once",
        model: "accounts",
        column: "account_id",
        accepted: ["z"],
        severity: "warning",
      },
    ] satisfies CompanyCheck[];
    for (const score of [1, 2, 3, 4, 5]) {
      await warehouse.run(setScore(score));
      await build({}, undefined, { ...settings, checks });
    }
    await warehouse.run(
      sql`insert into waymark_ledger.told values (timestamptz '2024-01-01', 1, null, null), (timestamptz '2024-01-02', 2, null, null)`,
    );
    await warehouse.run(
      sql`insert into waymark_ledger.rewrites values ('gone', 1, timestamptz '2024-01-01')`,
    );
    const now = new Date("2024-08-01T00:00:00Z");
    const garbage = await collect(warehouse, settings.retention, now);
    const went = Object.fromEntries(garbage.ledger.map((l) => [l.table, l.rows]));
    expect(went).toMatchObject({
      runs: expect.any(Number),
      snapshots: 3,
      checks: expect.any(Number),
      told: 1,
      rewrites: 1,
    });
    // The first made most of the tables, and the journey; the last two are the snapshots that are kept.
    const left = await readRuns(warehouse, 9);
    expect(left.length).toBe(6 - (went.runs ?? 0));
    expect(left.map((run) => run.snapshot_id)).toEqual(expect.arrayContaining([6, 5, 1]));
    expect(left.at(-1)?.run_id).toBe(first.runId);
    const standing = sql`select count(*) as n from waymark_ledger.built_tables where run_id not in (select run_id from waymark_ledger.runs)`;
    expect(await warehouse.query(standing, n)).toEqual([{ n: 0 }]);
    const orphans = sql`select count(*) as n from waymark_ledger.checks where run_id not in (select run_id from waymark_ledger.runs)`;
    expect(await warehouse.query(orphans, n)).toEqual([{ n: 0 }]);
    const rowsOf = async (check: string): Promise<number> =>
      (
        await warehouse.query(
          sql`select count(*) as n from waymark_ledger.failing_rows where check_name = ${bind("string", check)}`,
          n,
        )
      )[0]?.n ?? -1;
    expect(await rowsOf("asked each time")).toBe(3 * (left.length - 1));
    expect(await rowsOf("asked once")).toBe(3);
    expect((await build()).isNew).toBe(false);
  });

  it("ranks journeys by when they were in force last: one that came back, and the one that it replaced, stay", async () => {
    const { warehouse, build, settings } = await openSmall();
    const few: Retention = { ...settings.retention, journey_versions: 1 };
    const atMost = ["10", "20", "30", "10"];
    for (const points of atMost)
      await build({}, journeyOf(journeyText().replace("[10, 100]", `[${points}, 100]`)), {
        ...settings,
        retention: few,
      });
    const versions = await readJourneyVersions(warehouse);
    const scales = versions.map((v) => v.snapshot.words.journey.health.indicators[0]?.scale[1]?.[0]);
    expect(scales).toEqual([10, 30, 20]);
    const standing = await warehouse.tables(schemas.tables);
    expect(
      versions.map(({ snapshot }) => standing.includes(snapshot.tables[accountHealth.name] ?? "")),
    ).toEqual([true, true, false]);
  });
});

describe("a store that many small changes have scattered", () => {
  it("is rewritten in its order under its views, keeps its versions, and makes nothing stale", async () => {
    const { warehouse, build, settings } = await openBuilt();
    const event = (i: number) =>
      sql`insert into raw.events values (${bind("string", `late${i}`)}, 'a', 'u9', 'reports', ${bind("timestamp", new Date(`${dayAt(i)}T15:00:00Z`))})`;
    const eager = { ...settings, retention: { ...settings.retention, rewrite_rows: 1 } };
    await warehouse.run(event(3));
    const before = await build();
    const table = before.snapshot.tables.account_facts ?? "";
    const rows = sql`select account_id, day, events_28d from ${path(schemas.tables, table)} order by account_id, day`;
    const shape = {
      account_id: { type: "string" },
      day: { type: "date" },
      events_28d: { type: "integer" },
    } as const;
    const had = await warehouse.query(rows, shape);
    const now = new Date("2024-04-01T08:00:00Z");
    const retention = { ...eager.retention, rewrite_share: 0.1 };
    const { rewrites } = await collect(warehouse, retention, now);
    const facts = rewrites.find((r) => r.model === "account_facts");
    expect(facts?.scattered).toBeGreaterThan(0.1);
    const stores = (await warehouse.tables(schemas.tables)).filter((t) =>
      t.startsWith("account_facts__rows"),
    );
    expect(stores).toEqual(["account_facts__rows_000003_sorted"]);
    expect(await warehouse.query(rows, shape)).toEqual(had);
    // As it lies in the file.
    const lying = await warehouse.query(
      sql`select account_id, day, from_version from ${path(schemas.tables, stores[0] ?? "")}`,
      { account_id: { type: "string" }, day: { type: "date" }, from_version: { type: "integer" } },
    );
    const days = lying.map((row) => row.day);
    expect(days).toEqual([...days].sort());
    expect(new Set(lying.map((row) => row.from_version))).toEqual(new Set([1, 2]));
    // In order now, so it isn't rewritten again; and nothing is stale.
    expect((await findGarbage(warehouse, retention, now)).rewrites).toEqual([]);
    expect((await build({}, undefined, eager)).isNew).toBe(false);
    // The next change is a part again, on the new store, with the rows that a build from nothing gives.
    await warehouse.run(event(8));
    const after = await build();
    const reasons = after.models.filter((m) => m.status === "built").map((m) => m.reason);
    expect(reasons.every((reason) => /^(changed: |its raw rows changed)/.test(reason))).toBe(true);
    const grown = await warehouse.query(
      sql`select account_id, day, events_28d from waymark.account_facts order by account_id, day`,
      shape,
    );
    await build({ force: true });
    expect(
      await warehouse.query(
        sql`select account_id, day, events_28d from waymark.account_facts order by account_id, day`,
        shape,
      ),
    ).toEqual(grown);
    expect(grown).not.toEqual(had);
  });
});

describe("a ledger of an earlier Waymark", () => {
  it("is read before any build has brought it up to date: what it lacks is empty or null", async () => {
    const { warehouse, build, file } = await openSmall();
    const { snapshot } = await build({ note: "first" });
    await warehouse.run(sql`drop table waymark_ledger.rewrites`);
    await warehouse.run(sql`drop table waymark_ledger.source_comparisons`);
    await warehouse.run(sql`alter table waymark_ledger.runs drop column note`);
    await warehouse.close();
    const reopened = await openDuckDb({ file, threads: 1 });
    expect((await readSnapshots(reopened, 1))[0]).toEqual(snapshot);
    expect((await readRuns(reopened, 1))[0]).toMatchObject({ run_id: snapshot.runId, note: null });
    expect(await readJourneyVersions(reopened)).toMatchObject([{ note: null }]);
    expect(await reopened.tables(schemas.ledger)).not.toContain("rewrites");
    await reopened.close();
    const later = await openSmall(file);
    expect((await later.build({ note: "second" })).isNew).toBe(false);
    expect((await readRuns(later.warehouse, 1))[0]).toMatchObject({ note: "second" });
    expect(await later.warehouse.tables(schemas.ledger)).toContain("rewrites");
  });

  it("knows a journey by the defaults of what journeys can say since, and is built on", async () => {
    const { warehouse, build, first } = await openBuilt();
    const { snapshot } = first;
    const { churn: _, ...earlier } = snapshot.words.journey;
    const words = JSON.stringify({ ...snapshot.words, journey: earlier });
    await warehouse.run(sql`update waymark_ledger.snapshots set words = ${bind("string", words)}`);
    expect((await readSnapshots(warehouse, 1))[0]).toEqual(snapshot);
    expect((await build({})).isNew).toBe(false);
  });
});

const collect = (warehouse: Warehouse, retention: Retention, now: Date): Promise<Garbage> =>
  withLease(warehouse, { purpose: "gc", now: () => now }, (lease) =>
    collectGarbage(warehouse, lease, retention, now),
  );
