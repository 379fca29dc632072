import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { type BuildOptions, type BuildResult, build, type Project } from "../../jobs/build.js";
import { locateIn, readRuns, readSnapshots, schemas } from "../../jobs/ledger.js";
import { loadJourney, versioned } from "../../journey/load.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { path, relation, sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";

/** Builds on a real DuckDB file, as a company's nights go: rows come, files are edited, checks fail. */
const settings = {
  ...settingsSchema.parse(
    parse(`
company: Nights
sources:
  accounts: { table: raw.accounts, columns: { account_id: id, created_on: since, name: name } }
  contracts: { table: raw.contracts, columns: { contract_id: id, account_id: account, starts_on: since, seats: seats, mrr: mrr } }
  usage_events: { table: raw.events, columns: { event_id: id, account_id: account, user_id: who, event: what, feature: part, occurred_at: at } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: account, opened_at: at } }
`),
  ),
  folder: ".",
} as Settings;
const journey = loadJourney("journey/default.yml");

let folder: string;
let warehouse: Warehouse;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "waymark-build-"));
  warehouse = await openDuckDb({ file: join(folder, "w.duckdb") });
  await load("accounts", { id: "string", since: "date", name: "string" }, [
    ["a1", "2024-01-01", "One"],
    ["a2", "2024-02-01", "Two"],
  ]);
  await load(
    "contracts",
    { id: "string", account: "string", since: "date", seats: "integer", mrr: "decimal" },
    [
      ["c1", "a1", "2024-01-01", 10, "100"],
      ["c2", "a2", "2024-02-01", 5, "50"],
    ],
  );
  await load(
    "events",
    { id: "string", account: "string", who: "string", what: "string", part: "string", at: "timestamp" },
    [event("e1", "a1", "2024-02-10"), event("e2", "a2", "2024-02-20"), event("e3", "a1", "2024-03-15")],
  );
  await load("tickets", { id: "string", account: "string", at: "timestamp" }, [
    ["t1", "a1", new Date("2024-02-11T10:00:00Z")],
  ]);
});
afterEach(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true });
});

const event = (id: string, account: string, day: string): unknown[] => [
  id,
  account,
  "u1",
  "login",
  "reports",
  new Date(`${day}T10:00:00Z`),
];
const load = (table: string, types: Record<string, Columns[string]["type"]>, rows: unknown[][]) =>
  warehouse.load(
    ["raw", table],
    Object.fromEntries(Object.entries(types).map(([c, type]) => [c, { type }])),
    [rows],
  );
const addEvent = (...row: Parameters<typeof event>) =>
  load(
    "events",
    { id: "string", account: "string", who: "string", what: "string", part: "string", at: "timestamp" },
    [event(...row)],
  );
const run = (options: Partial<BuildOptions> = {}, project: Partial<Project> = {}): Promise<BuildResult> =>
  build(
    warehouse,
    { settings, journey, ...project },
    { trigger: "test", now: () => new Date("2024-04-01T03:00:00Z"), ...options },
  );
const builtIn = (result: BuildResult): string[] =>
  result.models.filter((m) => m.status === "built").map((m) => m.model);

describe("what is built", () => {
  it("everything once, then nothing until something changes", async () => {
    const first = await run();
    expect(first.isNew).toBe(true);
    expect(first.snapshot).toMatchObject({ id: 1, dataThrough: "2024-03-15" });
    const second = await run();
    expect([second.isNew, builtIn(second), second.snapshot.id]).toEqual([false, [], 1]);
  });

  it("a new day of the clock alone makes nothing stale: the data's last day rules", async () => {
    await run();
    const later = await run({ now: () => new Date("2024-04-20T03:00:00Z") });
    expect([later.isNew, later.snapshot.dataThrough]).toEqual([false, "2024-03-15"]);
  });

  it("a changed raw row rebuilds what reads it, and nothing beside", async () => {
    await run();
    await warehouse.run(sql`update ${path("raw", "tickets")} set "at" = "at" + interval 1 hour`);
    const { models } = await run();
    const status = Object.fromEntries(models.map((m) => [m.model, m.status]));
    expect(status).toMatchObject({
      stg_tickets: "built",
      support_daily: "built",
      account_facts: "built",
      account_health: "built",
    });
    expect(status).toMatchObject({
      stg_usage_events: "fresh",
      usage_daily: "fresh",
      coverage_daily: "fresh",
      accounts: "fresh",
    });
  });

  it("an exact copy of a row changes the source, yet not what is told of it", async () => {
    await run();
    await addEvent("e1", "a1", "2024-02-10");
    const { snapshot } = await run();
    const rows = await warehouse.query(
      sql`select copies from ${relation("stg_usage_events")} where event_id = 'e1'`,
      { copies: { type: "integer" } },
      { locate: locateIn(snapshot.tables) },
    );
    expect(rows).toEqual([{ copies: 2 }]);
  });

  it("a changed journey rebuilds from milestones and stages on, not the facts", async () => {
    await run();
    const edited = versioned({
      ...journey,
      stages: journey.stages.map((s) => (s.id === "onboarding" ? { ...s, expected_days: 30 } : s)),
    });
    const built = builtIn(await run({}, { journey: edited }));
    expect(built).toContain("account_stages");
    expect(built).not.toContain("account_facts");
  });

  it("--select builds what is named and leaves the rest as it was", async () => {
    await run();
    await addEvent("e4", "a1", "2024-03-16");
    const selected = await run({ select: ["stg_usage_events"] });
    expect(builtIn(selected)).toEqual(["stg_usage_events"]);
    expect(selected.models.find((m) => m.model === "user_days")?.reason).toContain("not selected");
    expect(builtIn(await run({ select: ["user_days+"] }))).toContain("account_health");
    await expect(run({ select: ["user_dayz"] })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining('Did you mean "user_days"?'),
    });
  });

  it("an interval of days rebuilt equals a table rebuilt whole", async () => {
    await run();
    await addEvent("e5", "a1", "2024-03-01");
    const whole = await tableText((await run()).snapshot.tables.account_facts ?? "");
    const part = await run({ from: "2024-03-01", to: "2024-03-10" });
    expect(builtIn(part)).toContain("account_facts");
    expect(await tableText(part.snapshot.tables.account_facts ?? "")).toEqual(whole);
  });
});

const tableText = async (table: string): Promise<string[]> => {
  const rows = await warehouse.query(
    sql`select cast(t as varchar) as row_text from ${path(schemas.tables, table)} as t order by row_text`,
    { row_text: { type: "string", notNull: true } },
  );
  return rows.map((r) => r.row_text);
};

describe("what is published", () => {
  it("a failed check publishes nothing, names model and rows, and the old snapshot stands", async () => {
    const { snapshot } = await run();
    // No usable row is left: ids are gone.
    await warehouse.run(sql`update ${path("raw", "tickets")} set id = null`);
    await expect(run({ now: () => new Date("2024-04-02T03:00:00Z") })).rejects.toMatchObject({
      code: "CHECK_FAILED",
      message: expect.stringMatching(
        /source_quality: 1 rows fail "a source with rows has usable ones", e\.g\. source tickets, defect null/,
      ),
    });
    const [published] = await readSnapshots(warehouse, 1);
    expect(published?.id).toBe(snapshot.id);
    const [row] = await warehouse.query(sql`select count(*) as n from ${path("waymark", "account_health")}`, {
      n: { type: "integer" },
    });
    expect(row?.n).toBeGreaterThan(100);
    const [last] = await readRuns(warehouse, 1);
    expect(last).toMatchObject({ status: "failed", error_code: "CHECK_FAILED", snapshot_id: null });
  });

  it("a source column that has gone stops the build before anything is touched", async () => {
    await run();
    const before = await warehouse.tables(schemas.tables);
    await warehouse.run(sql`alter table ${path("raw", "events")} rename column who to whom`);
    await expect(run()).rejects.toMatchObject({
      code: "SOURCE_INVALID",
      message: expect.stringMatching(
        /sources\.usage_events\.columns\.user_id: the raw data has no column "who"\. Did you mean "whom"\?/,
      ),
    });
    expect(await warehouse.tables(schemas.tables)).toEqual(before);
  });

  it("a cancelled build publishes nothing and the next one goes on", async () => {
    const controller = new AbortController();
    const cancelled = run({ signal: controller.signal, onProgress: () => controller.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await readSnapshots(warehouse, 1)).toEqual([]);
    expect((await run()).snapshot.id).toBe(1);
  });

  it("two builds at once: the second is told so", async () => {
    const [first, second] = await Promise.allSettled([run(), run()]);
    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ status: "rejected", reason: { code: "RUN_IN_PROGRESS" } });
  });

  it("readers see whole snapshots, old or new, while builds publish", async () => {
    await run();
    let [isPublishing, reads] = [true, 0];
    const reader = async (): Promise<void> => {
      while (isPublishing) {
        const [row] = await warehouse.query(
          sql`select (select max(day) from ${path("waymark", "account_facts")}) as facts, (select max(day) from ${path("waymark", "account_health")}) as health, (select data_through from ${path("waymark", "timeline")}) as through`,
          { facts: { type: "date" }, health: { type: "date" }, through: { type: "date" } },
        );
        expect([row?.facts, row?.health]).toEqual([row?.through, row?.through]);
        reads++;
      }
    };
    const reading = reader();
    for (let day = 16; day < 22; day++) {
      await addEvent(`n${day}`, "a1", `2024-03-${day}`);
      await run();
    }
    isPublishing = false;
    await reading;
    expect(reads).toBeGreaterThan(5);
  });

  it("tables that no kept snapshot reads are dropped", async () => {
    for (let day = 16; day < 20; day++) {
      await addEvent(`n${day}`, "a1", `2024-03-${day}`);
      await run();
    }
    const kept = new Set((await readSnapshots(warehouse, 2)).flatMap((s) => Object.values(s.tables)));
    expect(new Set(await warehouse.tables(schemas.tables))).toEqual(kept);
  });
});
