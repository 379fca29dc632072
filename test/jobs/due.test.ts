import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Temporal } from "temporal-polyfill";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { settingsSchema } from "../../config/settings.js";
import { build } from "../../jobs/build.js";
import { describeCompany, type Project } from "../../jobs/company.js";
import { isBuilt, readDue } from "../../jobs/due.js";
import { withLease } from "../../jobs/lease.js";
import { readRuns, readSnapshots } from "../../jobs/ledger.js";
import type { BuildOptions } from "../../jobs/run.js";
import { startTimetable, type Timetable } from "../../jobs/schedule.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { bind, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { daysOf } from "../models/days.js";
import { journeyOf, journeyText } from "./small.js";

/** A real file, real builds and a real ledger; only the clock and the timers are moved by hand. */
beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] }),
);
afterEach(() => void vi.useRealTimers());

const cron = "15 3 * * *";
const minute = 60_000;
const now = (): Date => new Date();
const projectIn = (time_zone: string): Project => ({
  settings: {
    ...settingsSchema.parse({
      company: "Small",
      time_zone,
      sources: {
        accounts: { table: "raw.accounts", columns: { account_id: "id", created_on: "since" } },
        tickets: { table: "raw.tickets", columns: { ticket_id: "id", account_id: "org", opened_at: "at" } },
      },
    }),
    folder: "/nowhere",
  },
  journey: journeyOf(journeyText()),
});

/** A company with a ticket on each of the first days of May. */
async function openCompany(): Promise<Warehouse> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-due-"));
  const warehouse = await openDuckDb({ file: join(folder, "w.duckdb"), threads: 1 });
  onTestFinished(async () => {
    await warehouse.close();
    rmSync(folder, { recursive: true });
  });
  await warehouse.load(["raw", "accounts"], { id: { type: "string" }, since: { type: "date" } }, [
    [["a", "2026-05-01"]],
  ]);
  await warehouse.load(
    ["raw", "tickets"],
    { id: { type: "string" }, org: { type: "string" }, at: { type: "timestamp" } },
    [Array.from({ length: 20 }, (_, i) => [`t${i}`, "a", new Date(Date.UTC(2026, 4, 1 + i, 12))])],
  );
  return warehouse;
}

const buildAs = (warehouse: Warehouse, trigger: string, more: Partial<BuildOptions> = {}) =>
  build(warehouse, projectIn("UTC"), { trigger, now, ...more });

/** A process that keeps the company's tables fresh. */
function serve(warehouse: Warehouse): { timetable: Timetable; failures: unknown[] } {
  const failures: unknown[] = [];
  const timetable = startTimetable(
    [
      {
        name: "build",
        at: cron,
        retries: [1, 5, 15],
        isDone: (from, to) => isBuilt(warehouse, from, to),
        run: async (trigger) => void (await buildAs(warehouse, trigger)),
      },
    ],
    { now, onFailure: (_, error) => failures.push(error) },
  );
  return { timetable, failures };
}

/** Real work goes on until something holds; the clock stands. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const begun = performance.now(); !(await holds()); await new Promise((turn) => setImmediate(turn)))
    if (performance.now() - begun > 20_000) throw new Error("waited for 20 s");
}

const hasRuns = (warehouse: Warehouse, count: number) => async (): Promise<boolean> => {
  const runs = await readRuns(warehouse, 10);
  return runs.length >= count && runs.every((run) => run.status !== "running");
};

const runsOf = async (warehouse: Warehouse): Promise<string[]> =>
  (await readRuns(warehouse, 10)).map((run) => `${run.trigger} ${run.status}`).reverse();

describe("the timetable on a real ledger", () => {
  it("builds at night, once after a week of downtime with all its days, and not again after a restart", async () => {
    const warehouse = await openCompany();
    vi.setSystemTime(new Date("2026-05-10T03:15:00Z"));
    const first = serve(warehouse);
    await until(hasRuns(warehouse, 1));
    await first.timetable.stop();
    expect((await readSnapshots(warehouse, 1))[0]?.dataThrough).toBe("2026-05-09");

    vi.setSystemTime(new Date("2026-05-17T09:00:00Z"));
    expect(await readDue(warehouse, cron, now())).toEqual({
      cron,
      dueAt: new Date("2026-05-17T03:15:00Z"),
      isMissed: true,
      nextAt: new Date("2026-05-18T03:15:00Z"),
    });
    const second = serve(warehouse);
    await until(hasRuns(warehouse, 2));
    await second.timetable.stop();
    expect((await readSnapshots(warehouse, 1))[0]?.dataThrough).toBe("2026-05-16");
    expect(await readDue(warehouse, cron, now())).toMatchObject({ isMissed: false });

    const third = serve(warehouse);
    await vi.advanceTimersByTimeAsync(30 * minute);
    await third.timetable.stop();
    expect(await runsOf(warehouse)).toEqual(["schedule succeeded", "catch-up succeeded"]);
    expect([...first.failures, ...second.failures, ...third.failures]).toEqual([]);
  });

  it("tries again when somebody else had the tables, and then succeeds", async () => {
    const warehouse = await openCompany();
    vi.setSystemTime(new Date("2026-05-10T03:15:00Z"));
    let leave: (() => void) | undefined;
    const busy = withLease(
      warehouse,
      { purpose: "test", now },
      () =>
        new Promise<void>((done) => {
          leave = done;
        }),
    );
    await until(() => leave !== undefined);
    const { failures, timetable } = serve(warehouse);
    await until(() => failures.length === 1);
    expect(failures).toMatchObject([{ code: "RUN_IN_PROGRESS" }]);
    leave?.();
    await busy;
    await vi.advanceTimersByTimeAsync(minute);
    await until(hasRuns(warehouse, 1));
    await timetable.stop();
    expect(await runsOf(warehouse)).toEqual(["retry succeeded"]);
  });

  it("catches up on a build that was cancelled by the end of its process", async () => {
    const warehouse = await openCompany();
    vi.setSystemTime(new Date("2026-05-10T03:15:00Z"));
    await expect(buildAs(warehouse, "schedule", { signal: AbortSignal.abort() })).rejects.toThrow();
    vi.setSystemTime(new Date("2026-05-10T03:30:00Z"));
    const { timetable } = serve(warehouse);
    await until(hasRuns(warehouse, 2));
    await timetable.stop();
    expect(await runsOf(warehouse)).toEqual(["schedule failed", "catch-up succeeded"]);
  });
});

describe("a build that was due", () => {
  const due = new Date("2026-05-10T03:15:00Z");
  const isDone = (warehouse: Warehouse): Promise<boolean> =>
    isBuilt(warehouse, due, new Date("2026-05-11T03:15:00Z"));
  /** The ledger of one build; what is asked of it then changes its row. */
  const builtOnce = async (): Promise<Warehouse> => {
    const warehouse = await openCompany();
    vi.setSystemTime(due);
    expect(await isDone(warehouse), "before the first build").toBe(false);
    await buildAs(warehouse, "manual");
    expect(await isDone(warehouse), "whoever asked for it").toBe(true);
    return warehouse;
  };

  it("is still owed where only a part was brought up to date", async () => {
    const warehouse = await builtOnce();
    for (const trigger of ["apply", "selection"]) {
      await warehouse.run(sql`update waymark_ledger.runs set trigger = ${bind("string", trigger)}`);
      expect(await isDone(warehouse), trigger).toBe(false);
    }
  });

  it("is done by a run that began from then on until the next is due, and by no other", async () => {
    const warehouse = await builtOnce();
    for (const [began, done] of [
      ["2026-05-10T03:14:59.999Z", false],
      ["2026-05-10T03:15:00Z", true],
      ["2026-05-11T03:14:59.999Z", true],
      ["2026-05-11T03:15:00Z", false],
    ] as const) {
      await warehouse.run(
        sql`update waymark_ledger.runs set started_at = ${bind("timestamp", new Date(began))}`,
      );
      expect(await isDone(warehouse), began).toBe(done);
    }
  });

  it("is done where a run would fail again, and owed where it was cut short", async () => {
    const warehouse = await builtOnce();
    for (const [status, code, done] of [
      ["running", null, false],
      ["interrupted", null, false],
      ["failed", "CANCELLED", false],
      ["failed", "WAREHOUSE_UNAVAILABLE", false],
      ["failed", "RUN_IN_PROGRESS", false],
      ["failed", "CHECK_FAILED", true],
      ["failed", "SOURCE_INVALID", true],
      ["failed", "WAREHOUSE_FAILED", true],
    ] as const) {
      await warehouse.run(
        sql`update waymark_ledger.runs set status = ${bind("string", status)}, error_code = ${bind("string", code)}`,
      );
      expect(await isDone(warehouse), `${status} ${code}`).toBe(done);
    }
  });

  it("is missed when none has begun within two minutes", async () => {
    const warehouse = await openCompany();
    const isMissedAt = async (instant: string): Promise<boolean> =>
      (await readDue(warehouse, cron, new Date(instant))).isMissed;
    expect(await isMissedAt("2026-05-10T03:17:00Z")).toBe(false);
    expect(await isMissedAt("2026-05-10T03:17:00.001Z")).toBe(true);
  });
});

describe("a build covers the days that have ended in the company's time zone", () => {
  /** For each night around both changes of the clocks of 2026, how many days the last whole day is behind. */
  async function lags(timeZone: string, time: string): Promise<Map<string, number>> {
    const warehouse = await openCompany();
    const nights = [...daysOf("2026-03-05", "2026-04-08"), ...daysOf("2026-09-24", "2026-11-04")];
    const found = new Map<string, number>();
    for (const night of nights) {
      const at = new Date(`${night}T${time}:00Z`);
      const { yesterday } = await describeCompany(warehouse, projectIn(timeZone), at);
      found.set(night, Temporal.PlainDate.from(yesterday).until(night).days);
    }
    return found;
  }

  it.each([
    ["UTC", "03:15", 1],
    ["Europe/Berlin", "03:15", 1],
    ["Asia/Tokyo", "03:15", 1],
    ["Australia/Sydney", "03:15", 1],
    ["America/Santiago", "04:15", 1],
    ["America/Los_Angeles", "03:15", 2],
    ["America/Los_Angeles", "08:15", 1],
  ])(
    "in %s, at %s UTC, they are always %s behind the date in UTC, while clocks change too",
    async (zone, time, lag) => {
      expect(new Set((await lags(zone, time)).values())).toEqual(new Set([lag]));
    },
  );

  it("at a time that comes before midnight in winter only, a day is late all winter", async () => {
    const behind = await lags("America/Los_Angeles", "07:15");
    expect(behind.get("2026-03-08"), "23:15 on the 7th, which has not ended").toBe(2);
    expect(behind.get("2026-03-09"), "00:15 on the 9th").toBe(1);
    expect(behind.get("2026-11-01")).toBe(1);
    expect(behind.get("2026-11-02")).toBe(2);
  });
});
