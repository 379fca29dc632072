import { describe, expect, it } from "vitest";
import { WaymarkError } from "../../errors.js";
import type { BuildResult } from "../../jobs/build.js";
import { readChecks } from "../../jobs/check_results.js";
import {
  locateIn,
  readRunModels,
  readRuns,
  readSnapshots,
  type Snapshot,
  schemas,
} from "../../jobs/ledger.js";
import type { Progress } from "../../jobs/run.js";
import { models } from "../../models/index.js";
import type { Model } from "../../models/model.js";
import { mergedSpans } from "../../models/sources/changes.js";
import { bind, path, sql, text } from "../../warehouse/sql.js";
import type { Row, Warehouse } from "../../warehouse/warehouse.js";
import {
  at,
  dayAt,
  days,
  journeyOf,
  journeyText,
  now,
  openBuilt,
  openSmall as openCompany,
} from "./small.js";

const builtIn = (result: BuildResult): string[] =>
  result.models
    .filter((m) => m.status === "built")
    .map((m) => m.model)
    .sort();

/** All published rows of all models, as text and in order. */
/** Threads add floats in no fixed order: the last digits of a sum are theirs. */
const nineDigits = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;

async function published(warehouse: Warehouse, snapshot: Snapshot): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const model of models as readonly Model[]) {
    const columns = model.columnsFor(snapshot.words);
    const rows = await warehouse.query(
      sql`select * from ${path(...locateIn(snapshot.tables)(model.name))}`,
      columns,
    );
    // Rows keep the version of the journey that made them, even where a later one would make the same.
    all[model.name] = rows
      .map((row: Row<typeof columns>) => JSON.stringify({ ...row, journey_version: null }, nineDigits))
      .sort();
  }
  return all;
}

describe("a build", () => {
  it("builds everything once, in an order in which every model follows those it reads, and tells how far it is", async () => {
    const { build, warehouse } = await openCompany();
    const told: Progress[] = [];
    const result = await build({ onProgress: (p) => told.push(p) });
    expect(builtIn(result)).toEqual(models.map((m) => m.name).sort());
    expect(result.isNew).toBe(true);
    expect(result.snapshot).toMatchObject({ id: 1, dataThrough: dayAt(days - 1), runId: result.runId });
    const done = told.flatMap((p) => (p.kind === "model" && p.status === "built" ? [p] : []));
    expect(done.map((p) => [p.done, p.total])).toEqual(models.map((_, i) => [i + 1, models.length]));
    expect(done.every((p) => p.reason === "never built" && (p.rows ?? -1) >= 0)).toBe(true);
    expect(told.at(-1)).toMatchObject({ kind: "published", run: result.runId, snapshot: 1 });
    expect(await warehouse.tables(schemas.published)).toEqual(models.map((m) => m.name).sort());
  });

  it("over unchanged rows builds nothing and publishes nothing, on later days too", async () => {
    const { build, first } = await openBuilt();
    const second = await build();
    expect([builtIn(second), second.isNew, second.snapshot.id]).toEqual([[], false, 1]);
    expect(second.models.every((m) => m.status === "fresh")).toBe(true);
    // The clock alone makes nothing stale: the data ends where it ended.
    const later = await build({ now: () => new Date(now().getTime() + 46 * 86_400_000) });
    expect([builtIn(later), later.isNew, later.snapshot]).toEqual([[], false, first.snapshot]);
  });

  it("takes the view of what was published and is no more, and nobody else's; also where the run before died on the way", async () => {
    const { build, warehouse, first } = await openBuilt();
    const ofBefore = JSON.stringify({ ...first.snapshot.tables, of_before: "of_before__000001" });
    await warehouse.run(
      sql`update ${path(schemas.ledger, "snapshots")} set tables = ${bind("string", ofBefore)}`,
    );
    await warehouse.run(
      sql`insert into ${path(schemas.ledger, "built_tables")} by name select * replace ('of_before' as model, 'of_before__000001' as table_name) from ${path(schemas.ledger, "built_tables")} where model = 'accounts'`,
    );
    const show = (view: string) =>
      warehouse.run(sql`create view ${path(schemas.published, view)} as select 1 as one`);
    const kept = [...models.map((m) => m.name), "of_a_person"].sort();
    await Promise.all([show("of_before"), show("of_a_person")]);
    const { isNew, snapshot } = await build();
    expect([isNew, "of_before" in snapshot.tables]).toEqual([true, false]);
    expect(await warehouse.tables(schemas.published)).toEqual(kept);
    await show("of_before");
    expect((await build()).isNew).toBe(false);
    expect(await warehouse.tables(schemas.published)).toEqual(kept);
  });

  it("after a changed raw row rebuilds only what depends on it, and says why", async () => {
    const { build, warehouse } = await openBuilt();
    await warehouse.run(sql`update raw.nps set score = 3`);
    const result = await build();
    expect(builtIn(result)).toEqual(
      [
        "stg_survey_responses",
        "voice_daily",
        "account_facts",
        "account_indicators",
        "account_health",
        "account_trends",
        "account_latest",
        "account_period_levels",
        "portfolio_period_ends",
        "early_warnings",
      ].sort(),
    );
    const reasons = Object.fromEntries(result.models.map((m) => [m.model, m.reason]));
    expect(reasons).toMatchObject({
      stg_survey_responses: "its raw rows changed",
      voice_daily: "changed: stg_survey_responses",
      account_facts: "changed: voice_daily",
      source_quality: "built again, nothing changed",
      timeline: "built again, nothing changed",
      milestone_evidence: "built again, nothing changed",
      account_stages: "built again, nothing changed",
      stage_stays: "fresh",
      usage_daily: "fresh",
    });
    expect(result.snapshot.id).toBe(2);
    const [row] = await warehouse.query(
      sql`select nps_180d from waymark.account_facts where account_id = 'a' and day = date '2024-03-01'`,
      { nps_180d: { type: "number" } },
    );
    expect(row).toEqual({ nps_180d: -100 });
  });

  it("after a row that came late, on any day, gives what a build from nothing gives", async () => {
    const late = sql`insert into raw.events values ('late', 'b', 'u9', 'alerts', timestamptz '2024-01-12 12:00:00+00')`;
    const [grown, fresh] = [await openBuilt(), await openCompany()];
    await grown.warehouse.run(late);
    await fresh.warehouse.run(late);
    expect(await published(grown.warehouse, (await grown.build()).snapshot)).toEqual(
      await published(fresh.warehouse, (await fresh.build()).snapshot),
    );
  });

  it.each(["0001-01-01", "9999-12-31"])("takes a row dated %s, as systems write for never", async (day) => {
    const { warehouse, build } = await openBuilt();
    const staged = async () => {
      await build();
      const row = sql`select day, feature from waymark.stg_usage_events where event_id = 'never'`;
      return warehouse.query(row, { day: { type: "date" }, feature: { type: "string" } });
    };
    const on = bind("timestamp", new Date(`${day}T12:00:00Z`));
    await warehouse.run(sql`insert into raw.events values ('never', 'a', 'u1', 'reports', ${on})`);
    expect(await staged()).toEqual([{ day, feature: "reports" }]);
    await warehouse.run(sql`update raw.events set feature = 'export' where id = 'never'`);
    expect(await staged()).toEqual([{ day, feature: "export" }]);
    await warehouse.run(sql`delete from raw.events where id = 'never'`);
    expect(await staged()).toEqual([]);
  });

  it.each(["20245-01-01 12:00:00+00", "0044-03-15 (BC) 12:00:00+00", "infinity", "-infinity"])(
    "takes a row dated %s for one whose day can't be read",
    async (at) => {
      const { warehouse, build } = await openBuilt();
      await warehouse.run(
        sql`insert into raw.events values ('strange', 'a', 'u1', 'reports', cast(${text(at)} as timestamptz))`,
      );
      const { snapshot } = await build();
      const row = sql`select day, defects, is_usable from waymark.stg_usage_events where event_id = 'strange'`;
      const shape = {
        day: { type: "date" },
        defects: { type: "string" },
        is_usable: { type: "boolean" },
      } as const;
      expect(await warehouse.query(row, shape)).toEqual([
        { day: null, defects: "unreadable_occurred_at", is_usable: false },
      ]);
      expect(snapshot.id).toBe(2);
    },
  );

  it("takes an account or a term of a year with two digits for one of no day, rather than build 2000 years", async () => {
    const [grown, fresh] = [await openBuilt(), await openCompany()];
    const typed = [
      sql`insert into raw.accounts values ('d', date '0024-01-10')`,
      sql`insert into raw.contracts values ('c3', 'd', date '2024-01-20', 1, 1), ('c4', 'd', date '0024-01-10', 1, 1)`,
    ];
    for (const { warehouse } of [grown, fresh]) for (const row of typed) await warehouse.run(row);
    const ours = await published(grown.warehouse, (await grown.build()).snapshot);
    expect(ours).toEqual(await published(fresh.warehouse, (await fresh.build()).snapshot));
    expect(
      await grown.warehouse.query(
        sql`select a.created_on as created_on, s.defects as defects, c.defects as of_term from waymark.accounts as a inner join waymark.stg_accounts as s on s.account_id = a.account_id inner join waymark.stg_contracts as c on c.contract_id = 'c4' where a.account_id = 'd'`,
        { created_on: { type: "date" }, defects: { type: "string" }, of_term: { type: "string" } },
      ),
    ).toEqual([
      { created_on: "2024-01-20", defects: "out_of_range_created_on", of_term: "out_of_range_starts_on" },
    ]);
  });

  it("takes terms that end, are renewed or begin on the last day that has a name", async () => {
    const { warehouse, settings, build } = await openCompany();
    await warehouse.run(sql`alter table raw.contracts add column ends date`);
    await warehouse.run(
      sql`insert into raw.contracts values ('c3', 'a', date '2024-01-01', 1, 1, date '9999-12-31'), ('c4', 'c', date '9999-12-31', 1, 1, null)`,
    );
    const { contracts } = settings.sources;
    if (!contracts) throw new Error("the company has contracts");
    contracts.columns.ends_on = { column: "ends" };
    await build();
    const days = { last_day: { type: "date" }, due_on: { type: "date" } } as const;
    expect(
      await warehouse.query(
        sql`select (select max(day) from waymark.coverage_daily) as last_day, max(due_on) as due_on from waymark.account_milestones`,
        days,
      ),
    ).toEqual([{ last_day: "9999-12-31", due_on: "9999-12-31" }]);
  });

  it("tells of days in few spans, of which none is left out: not those up to the end of time either", () => {
    const months = Array.from({ length: 200 }, (_, i) => new Date(Date.UTC(2000, i, 1)).toISOString());
    const spans = months.map((month) => ({ first: month.slice(0, 10), last: month.slice(0, 10) }));
    const endless = { first: "2000-03-15", last: "9999-12-31" };
    expect(mergedSpans([...spans, endless])).toEqual([...spans.slice(0, 3), endless]);
    expect(mergedSpans(spans)).toEqual([{ first: "2000-01-01", last: "2016-08-01" }]);
  });

  it.each([
    ["", sql`select 1`],
    [
      ", by a ledger in which an earlier Waymark told of none of them",
      sql`delete from waymark_ledger.writings`,
    ],
  ])("finds what several builds wrote of what it reads, on whichever days%s", async (_, forgotten) => {
    const lateOn = (day: number) =>
      sql`insert into raw.events values (${text(`late ${day}`)}, 'b', 'u9', 'alerts', ${bind("timestamp", at(day))})`;
    const [grown, fresh] = [await openBuilt(), await openCompany()];
    const { settings } = grown;
    const kept = { ...settings, retention: { ...settings.retention, snapshots: 9 } };
    for (const day of [3, 45, 20]) {
      await grown.warehouse.run(lateOn(day));
      await fresh.warehouse.run(lateOn(day));
      expect(builtIn(await grown.build({ select: ["stg_usage_events"] }, undefined, kept))).toEqual([
        "stg_usage_events",
      ]);
    }
    await grown.warehouse.run(forgotten);
    const { snapshot, models: told } = await grown.build({}, undefined, kept);
    expect(told.find(({ model }) => model === "usage_daily")?.reason).toMatch(/^changed: .*stg_usage_events/);
    expect(await published(grown.warehouse, snapshot)).toEqual(
      await published(fresh.warehouse, (await fresh.build()).snapshot),
    );
  });

  it("after a changed journey rebuilds from the stages on; the facts stay", async () => {
    const { build } = await openBuilt();
    const result = await build(
      {},
      journeyOf(journeyText("Customer").replace("equals: true", "equals: false")),
    );
    expect(builtIn(result)).toEqual(
      [
        "account_stages",
        "account_health",
        "account_indicators",
        "account_latest",
        "account_milestones",
        "account_period_levels",
        "portfolio_period_ends",
        "account_trends",
        "stage_stays",
        "band_risk",
        "early_warnings",
      ].sort(),
    );
    const reasons = Object.fromEntries(result.models.map((m) => [m.model, m.reason]));
    expect(reasons).toMatchObject({
      account_stages: "its definition changed",
      account_facts: "fresh",
      milestone_evidence: "fresh",
    });
  });

  it("after a mere change of words publishes them and builds nothing", async () => {
    const { build } = await openBuilt();
    const result = await build({}, journeyOf(journeyText("Paying customer")));
    expect(builtIn(result)).toEqual([]);
    expect(result).toMatchObject({ isNew: true, snapshot: { id: 2 } });
    expect(result.snapshot.words.journey.stages.at(-1)?.name).toBe("Paying customer");
  });

  it("with force rebuilds what is fresh", async () => {
    const { build } = await openBuilt();
    const result = await build({ force: true });
    expect(result.isNew).toBe(true);
    expect(builtIn(result)).toEqual(models.map((m) => m.name).sort());
  });
});

describe("a selection", () => {
  it("builds what it names and no more; with + what reads it, or what it reads", async () => {
    const { build, warehouse } = await openBuilt();
    await warehouse.run(sql`update raw.nps set score = 3`);
    expect(builtIn(await build({ select: ["usage_daily"] }))).toEqual([]);
    expect(builtIn(await build({ select: ["voice_daily"] }))).toEqual([]); // its own inputs are as they were
    expect(builtIn(await build({ select: ["stg_survey_responses"] }))).toEqual(["stg_survey_responses"]);
    expect(builtIn(await build({ select: ["+voice_daily"] }))).toEqual(["voice_daily"]);
    expect(builtIn(await build({ select: ["account_facts"] }))).toEqual(["account_facts"]);
    expect(builtIn(await build({ select: ["source_quality", "account_facts+"] }))).toEqual([
      "account_health",
      "account_indicators",
      "account_latest",
      "account_period_levels",
      "account_trends",
      "early_warnings",
      "portfolio_period_ends",
      "source_quality",
    ]);
    // What was left out catches up; then nothing is stale.
    await build();
    expect(builtIn(await build())).toEqual([]);
  });

  it("of a model that doesn't exist is refused with the nearest name, and the run is recorded as failed", async () => {
    const { build, warehouse } = await openCompany();
    await expect(build({ select: ["account_helth"] })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: 'There is no model "account_helth". Did you mean "account_health"?',
    });
    expect((await readRuns(warehouse, 1))[0]).toMatchObject({
      status: "failed",
      error_code: "BAD_USER_INPUT",
    });
  });
});

describe("an interval of days", () => {
  const dayBroken = sql`update ${path(schemas.tables, "account_health__rows_000001")} set score = 1 where day = ${bind("date", dayAt(25))}`;

  it("is built again where it was fresh, and rows that prove to be the same are kept", async () => {
    const { build, warehouse, first } = await openBuilt();
    const before = await published(warehouse, first.snapshot);
    const again = await build({ from: dayAt(20), to: dayAt(30) });
    expect(builtIn(again)).toEqual([]);
    expect(again.models.find((m) => m.model === "account_health")?.reason).toBe(
      "built again, nothing changed",
    );
    // What was damaged in the store is put right, and only where it was asked for.
    await warehouse.run(dayBroken);
    expect(builtIn(await build({ from: dayAt(26) }))).toEqual([]);
    const repaired = await build({ from: dayAt(20), to: dayAt(30) });
    expect(builtIn(repaired)).toContain("account_health");
    expect(await published(warehouse, repaired.snapshot)).toEqual(before);
  });

  it("can't mix two definitions in one table: where the journey changed too, the table is built whole", async () => {
    const journey = journeyOf(
      journeyText(
        "Customer",
        "- { id: seats, name: Seats, dimension: utilisation, fact: licence_utilisation_28d, scale: [[0, 0], [1, 100]] }",
      ),
    );
    const [grown, fresh] = [await openBuilt(), await openCompany()];
    const partial = await grown.build({ from: "2024-02-01" }, journey);
    const whole = await fresh.build({}, journey);
    expect(await published(grown.warehouse, partial.snapshot)).toEqual(
      await published(fresh.warehouse, whole.snapshot),
    );
  });
});

describe("what goes wrong", () => {
  const breakTickets = sql`update raw.tickets set org = 'nobody'`;

  it("a failing check publishes nothing, names model and rows, and readers keep the old snapshot", async () => {
    const { build, warehouse, first } = await openBuilt();
    const { snapshot } = first;
    const before = await published(warehouse, snapshot);
    await warehouse.run(breakTickets);
    const error = (await build().catch((e: unknown) => e)) as WaymarkError;
    expect(error.code).toBe("CHECK_FAILED");
    expect(error.message).toMatch(
      /^source_quality: "a source with rows has usable ones" fails for 1 row, e\.g\. source tickets, defect null: /,
    );
    expect(error.message).toContain("Nothing was published.");
    const [latest] = await readSnapshots(warehouse, 1);
    expect(latest).toEqual(snapshot);
    expect(await published(warehouse, snapshot)).toEqual(before);
    for (const model of models)
      await warehouse.run(sql`select count(*) from ${path(schemas.published, model.name)}`);

    const [run] = await readRuns(warehouse, 1);
    expect(run).toMatchObject({
      status: "failed",
      error_code: "CHECK_FAILED",
      snapshot_id: null,
      error: error.message,
    });
    const failed = (await readRunModels(warehouse, run?.run_id ?? "")).filter((m) => m.status === "failed");
    expect(failed.map((m) => m.model)).toEqual(["source_quality"]);
    // The failing rows can be looked at, also by the next process.
    const [table] = failed.map((m) => m.table_name);
    const kept = table?.replace(/^waymark_tables\./, "");
    expect(await warehouse.tables(schemas.tables)).toContain(kept);
    const rows = await warehouse.query(
      sql`select source from ${path(...(table ?? "").split("."))} where unusable_rows = row_count and defect is null and row_count > 0`,
      { source: { type: "string" } },
    );
    expect(rows).toEqual([{ source: "tickets" }]);

    await warehouse.run(sql`update raw.tickets set org = 'b'`);
    const next = await build();
    expect(next.snapshot.id).toBeGreaterThan(1);
    expect(await published(warehouse, next.snapshot)).not.toEqual(before);
    expect(await warehouse.tables(schemas.tables)).not.toContain(kept);
  });

  it("a source column that vanished stops the run before anything is touched", async () => {
    const { build, warehouse, first } = await openBuilt();
    const { snapshot } = first;
    const tables = await warehouse.tables(schemas.tables);
    await warehouse.run(sql`alter table raw.nps rename column score to points`);
    const error = (await build().catch((e: unknown) => e)) as WaymarkError;
    expect(error.code).toBe("SOURCE_INVALID");
    expect(error.message).toBe(
      'sources.survey_responses.columns.score: the raw data has no column "score". Known: id, org, points, at.',
    );
    expect(await warehouse.tables(schemas.tables)).toEqual(tables);
    expect((await readSnapshots(warehouse, 1))[0]).toEqual(snapshot);
    expect((await readRuns(warehouse, 1))[0]).toMatchObject({
      status: "failed",
      error_code: "SOURCE_INVALID",
    });
  });

  it("a run that is aborted publishes nothing, is recorded as cancelled, and the next one works", async () => {
    for (const model of ["stg_accounts", "account_latest"]) {
      const { build, warehouse } = await openCompany();
      const controller = new AbortController();
      const onProgress = (p: Progress): void => {
        if (p.kind === "model" && p.model === model && p.status === "building") controller.abort();
      };
      const error = (await build({ signal: controller.signal, onProgress }).catch(
        (e: unknown) => e,
      )) as WaymarkError;
      expect(error).toBeInstanceOf(WaymarkError);
      expect(error.code).toBe("CANCELLED");
      expect(await readSnapshots(warehouse, 1)).toEqual([]);
      expect((await readRuns(warehouse, 1))[0]).toMatchObject({ status: "failed", error_code: "CANCELLED" });
      const next = await build();
      expect(next.isNew).toBe(true);
      // What the aborted run had built is not built again.
      if (model === "account_latest") expect(builtIn(next)).not.toContain("account_facts");
    }
  });

  it("a run aborted before it began, or when all is built, publishes nothing either", async () => {
    const { build, warehouse } = await openCompany();
    await expect(build({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
    const controller = new AbortController();
    const onProgress = (p: Progress): void => {
      if (p.kind === "model" && p.done === p.total) controller.abort();
    };
    await expect(build({ signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(await readSnapshots(warehouse, 1)).toEqual([]);
  });

  it("a second build while one runs is refused, and the first goes on", async () => {
    const { build } = await openCompany();
    const first = build();
    await expect(build()).rejects.toMatchObject({ code: "RUN_IN_PROGRESS" });
    expect((await first).isNew).toBe(true);
  });

  it("a run that died without a word is called interrupted by the next", async () => {
    const { build, warehouse } = await openBuilt();
    await warehouse.run(sql`update waymark_ledger.runs set status = 'running', finished_at = null`);
    await build();
    expect((await readRuns(warehouse, 2)).map((run) => run.status).sort()).toEqual([
      "interrupted",
      "succeeded",
    ]);
  });
});

describe("the ledger", () => {
  it("records runs, models and checks", async () => {
    const { build, warehouse } = await openCompany();
    const { runId, snapshot } = await build();
    const [run] = await readRuns(warehouse, 5);
    expect(run).toEqual({
      run_id: runId,
      trigger: "test",
      started_at: run?.started_at,
      finished_at: run?.finished_at,
      status: "succeeded",
      snapshot_id: 1,
      error_code: null,
      error: null,
      note: null,
      bytes_billed: null,
      token: 1,
    });
    expect((run?.finished_at?.getTime() ?? 0) - (run?.started_at.getTime() ?? 0)).toBeGreaterThan(0);
    const ran = await readRunModels(warehouse, runId);
    expect(ran.map((m) => m.model).sort()).toEqual(models.map((m) => m.name).sort());
    expect(ran.find((m) => m.model === "accounts")).toMatchObject({
      rows: 3,
      status: "built",
      table_name: "accounts__000001",
    });
    const checks = await readChecks(warehouse, snapshot);
    expect(new Set(checks.map((c) => c.model))).toEqual(new Set(models.map((m) => m.name)));
    expect(checks.every((c) => c.failingRows === 0)).toBe(true);
    expect(checks.filter((c) => c.model === "account_health").map((c) => c.check)).toEqual(
      expect.arrayContaining([
        "unique account_id, day",
        "score <= 100",
        "band accepted",
        "band not null",
        "account_id in accounts",
      ]),
    );
  });

  it("keeps the tables of the last two snapshots and drops the others", async () => {
    const { build, warehouse, first } = await openBuilt();
    const snapshots = [first.snapshot];
    for (const score of [1, 2, 3]) {
      await warehouse.run(sql`update raw.nps set score = ${bind("integer", score)}`);
      snapshots.push((await build()).snapshot);
    }
    const kept = new Set(snapshots.slice(-2).flatMap((s) => Object.values(s.tables)));
    const stores = models.map((m) => `${m.name}__rows_000001`);
    expect(await warehouse.tables(schemas.tables)).toEqual([...kept, ...stores].sort());
    expect(await warehouse.tables(schemas.work)).toEqual([]);
    // Rows that went before the last two are gone from the stores too.
    const [old] = await warehouse.query(
      sql`select count(*) as n from ${path(schemas.tables, "stg_survey_responses__rows_000001")}`,
      { n: { type: "integer" } },
    );
    expect(old).toEqual({ n: 2 });
    expect((await readSnapshots(warehouse, 2)).map((s) => s.id)).toEqual([4, 3]);
    // Tables that did not change are shared by all of them.
    expect(snapshots.at(-1)?.tables.usage_daily).toBe(snapshots[0]?.tables.usage_daily);
  });
});

it("readers see whole snapshots while others are published", async () => {
  const { build, warehouse } = await openBuilt();
  const versions = sql`
select count(distinct version) as versions, count(*) as tables
from (
  select distinct journey_version as version from waymark.account_stages
  union all select distinct journey_version from waymark.account_health
  union all select distinct journey_version from waymark.account_latest where journey_version is not null
)`;
  let publishing = true;
  const seen: unknown[] = [];
  const reading = (async () => {
    while (publishing)
      seen.push(
        ...(await warehouse.query(versions, { versions: { type: "integer" }, tables: { type: "integer" } })),
      );
  })();
  for (const name of ["One", "Two", "Three"]) await build({}, journeyOf(journeyText(name)));
  publishing = false;
  await reading;
  expect(seen.length).toBeGreaterThan(20);
  expect(new Set(seen.map((row) => JSON.stringify(row)))).toEqual(
    new Set([JSON.stringify({ versions: 1, tables: 3 })]),
  );
});
