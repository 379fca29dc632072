import { describe, expect, it } from "vitest";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { build } from "../../jobs/build.js";
import { readFailedInARow } from "../../jobs/failures.js";
import { readLatestEndedRun, readRuns, readSnapshots, runStarted } from "../../jobs/ledger.js";
import type { BuildOptions } from "../../jobs/run.js";
import { checkJourney } from "../../journey/check.js";
import { type Journey, journeySchema } from "../../journey/journey.js";
import { versioned } from "../../journey/load.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { deliver } from "../../notifications/deliver.js";
import { tellFreshness } from "../../notifications/freshness_news.js";
import { tellNews, withNews } from "../../notifications/news.js";
import type { Webhook } from "../../notifications/webhook.js";
import { bind, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { clockAt, readDeliveries, readMessages, warehouseInFile, webhookTo } from "./outbox.js";
import { receiver, typesIn } from "./receiver.js";

const settingsOf = (through: string, folder: string): Settings => ({
  ...parseYaml(
    `
company: Small
data_through: ${through}
sources:
  accounts: { table: raw.accounts, columns: { account_id: id, name: name, owner: csm, created_on: since } }
  contracts: { table: raw.contracts, columns: { contract_id: id, account_id: org, starts_on: starts, mrr: mrr } }
  usage_events: { table: raw.events, columns: { event_id: id, account_id: org, occurred_at: done } }
`,
    "waymark.yml",
    settingsSchema,
    checkMappings,
  ),
  folder,
});

const journeyOf = (more = "") =>
  versioned(
    parseYaml(
      `
stages: [{ id: customer, name: Customer }]
health:
  min_coverage: 0
  indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [7, 100]] }]
signals:
  - { id: quiet, name: Gone quiet, kind: negative, severity: high, for_days: 3, when: { fact: events_7d, below: 1 } }
  ${more}
plays:
  - id: rescue
    name: Rescue
    on: { signal: quiet }
    tasks: [{ id: call, name: Call the champion, due_in_days: 2 }]
`,
      "journey.yml",
      journeySchema,
      checkJourney,
    ),
  );

/**
 * Acme does something each day until 2024-01-20, Busy always, Silent never: Silent is quiet from its third day on,
 * Acme from 2024-01-29 on.
 */
async function company(webhooks: readonly Webhook[]) {
  const { warehouse, folder } = await warehouseInFile();
  const clock = clockAt("2024-03-01T06:00:00Z");
  const day = (i: number): string => new Date(Date.UTC(2024, 0, i)).toISOString().slice(0, 10);
  await warehouse.load(
    ["raw", "accounts"],
    { id: { type: "string" }, name: { type: "string" }, csm: { type: "string" }, since: { type: "date" } },
    [
      [
        ["a", "Acme", "Jane", day(1)],
        ["b", "Busy", "Jane", day(1)],
        ["s", "Silent", null, day(1)],
      ],
    ],
  );
  await warehouse.load(
    ["raw", "contracts"],
    { id: { type: "string" }, org: { type: "string" }, starts: { type: "date" }, mrr: { type: "decimal" } },
    [["a", "b", "s"].map((id) => [`c${id}`, id, day(1), "100.5"])],
  );
  const eventColumns = {
    id: { type: "string" },
    org: { type: "string" },
    done: { type: "timestamp" },
  } as const;
  const happens = (org: string, days: readonly number[]) =>
    warehouse.load(["raw", "events"], eventColumns, [
      days.map((i) => [`${org}${i}`, org, new Date(`${day(i)}T12:00:00Z`)]),
    ]);
  await happens(
    "a",
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  await happens(
    "b",
    Array.from({ length: 45 }, (_, i) => i + 1),
  );
  const problems: unknown[] = [];
  const options = { company: "Small", now: clock.now, onProblem: (error: unknown) => problems.push(error) };
  /** A build with the data through a day of January. */
  const buildThrough = (
    through: number,
    { journey = journeyOf(), ...how }: Partial<BuildOptions> & { journey?: Journey } = {},
  ) => {
    clock.pass(3600);
    return build(
      warehouse,
      { settings: settingsOf(day(through), folder), journey },
      { trigger: "manual", now: clock.now, ...how },
    );
  };
  return {
    warehouse,
    clock,
    happens,
    problems,
    buildThrough,
    options,
    /** As `waymark build` does. */
    run: (through: number, how: Parameters<typeof buildThrough>[1] = {}) =>
      withNews(warehouse, webhooks, options, () => buildThrough(through, how)),
    deliver: () => deliver(warehouse, webhooks, { now: clock.now }),
    messages: () => readMessages(warehouse),
  };
}

const summaries = (messages: readonly { summary: string }[]): string[] =>
  messages.map(({ summary }) => summary);

const quiet =
  "Acme: Gone quiet (negative, high) opened on 2024-01-29, after 2024-01-27: events (7 days) was 0 events, below 1 event, for 3 days.";
const call = "Acme: Call the champion (Rescue), Jane's, due on 2024-01-31.";

describe("signals and tasks", { timeout: 120_000 }, () => {
  it("are told when a later day brings them, once, with their reason; the first snapshot's are history", async () => {
    const ours = await receiver();
    const { run, deliver, messages, happens, problems } = await company([webhookTo(ours.url)]);
    await run(25);
    expect(await messages(), "Silent has been quiet for long").toEqual([]);
    await run(30);
    expect(summaries(await messages())).toEqual([quiet, call]);
    const [signal, task] = await messages();
    expect(signal).toMatchObject({
      type: "signal_opened",
      timestamp: expect.stringMatching(/^2024-03-01T/),
      company: "Small",
      data: {
        account: { id: "a", name: "Acme", owner: "Jane", mrr: "100.5", stage: "customer", band: "poor" },
        signal: { id: "quiet", name: "Gone quiet", kind: "negative", severity: "high" },
        reason: "events (7 days) was 0 events, below 1 event, for 3 days",
        heldFrom: "2024-01-27",
        openedOn: "2024-01-29",
        closedOn: null,
        snapshot: { id: 2, dataThrough: "2024-01-30" },
      },
    });
    expect(task).toMatchObject({
      type: "task_created",
      data: {
        account: { id: "a" },
        task: { id: "rescue/call/a/2024-01-29", name: "Call the champion" },
        play: { id: "rescue", name: "Rescue" },
        signal: "quiet",
        owner: "Jane",
        setOn: "2024-01-29",
        dueOn: "2024-01-31",
      },
    });

    await run(30, { force: true });
    expect(await messages(), "the same, built again").toHaveLength(2);
    // Late: Acme did something on the 21st, so that it has been quiet since the 30th only.
    await happens("a", [21]);
    const late = await run(30);
    expect(late.isNew).toBe(true);
    expect(await messages(), "the same fact on another day").toHaveLength(2);

    await deliver();
    expect(typesIn(ours)).toEqual(["signal_opened", "task_created"]);
    expect(problems).toEqual([]);
  });

  it("of an edited journey are told where they are open, and late data's too", async () => {
    const ours = await receiver();
    const { run, messages, warehouse } = await company([webhookTo(ours.url, { events: ["signal_opened"] })]);
    await run(25);
    const busy = "- { id: busy, name: Busy, kind: positive, when: { fact: events_7d, at_least: 7 } }";
    await run(25, { journey: journeyOf(busy) });
    expect(summaries(await messages())).toEqual([
      "Busy: Busy (positive, medium) opened on 2024-01-07: events (7 days) was 7 events, at least 7 events.",
    ]);
    // Acme's events of the last days turn out to be another's.
    await warehouse.run(
      sql`delete from raw.events where org = 'a' and done >= ${bind("timestamp", new Date("2024-01-15T00:00:00Z"))}`,
    );
    await run(25, { journey: journeyOf(busy) });
    expect(summaries(await messages()).slice(1)).toEqual([
      "Acme: Gone quiet (negative, high) opened on 2024-01-23, after 2024-01-21: events (7 days) was 0 events, below 1 event, for 3 days.",
    ]);
  });

  it("that a process published and died before telling are told before the next run", async () => {
    const ours = await receiver();
    const { run, buildThrough, messages } = await company([webhookTo(ours.url)]);
    await run(25);
    await buildThrough(30);
    expect(await messages()).toEqual([]);
    await run(30, { force: true });
    expect(summaries(await messages())).toEqual([quiet, call]);
  });

  it("are told by their days alone where the tables to compare with are gone", async () => {
    const ours = await receiver();
    const { run, buildThrough, messages, warehouse } = await company([webhookTo(ours.url)]);
    await run(25);
    for (const through of [28, 29, 30]) await buildThrough(through);
    const tables = (await readSnapshots(warehouse, 4)).at(-1)?.tables ?? {};
    expect(await warehouse.tables("waymark_tables")).not.toContain(tables.account_signals);
    await run(30);
    expect(summaries(await messages())).toEqual([quiet, call]);
  });

  it("of the time before the first webhook are history", async () => {
    const ours = await receiver();
    const { run, messages, warehouse, buildThrough, options } = await company([webhookTo(ours.url)]);
    await buildThrough(25);
    await tellNews(warehouse, [], options);
    await buildThrough(30);
    await tellNews(warehouse, [], options);
    await run(31);
    expect(await messages()).toEqual([]);
  });
});

describe("runs", { timeout: 120_000 }, () => {
  it("that fail are told each, and the first success after them; what was cancelled is no failure", async () => {
    const ours = await receiver();
    const { run, messages, warehouse, clock, options } = await company([webhookTo(ours.url)]);
    const failing = () => expect(run(25)).rejects.toMatchObject({ code: "SOURCE_INVALID" });
    await warehouse.run(sql`alter table raw.events rename to events_moved`);
    await failing();
    await failing();
    await warehouse.run(sql`alter table raw.events_moved rename to events`);
    await run(25);
    await run(25);
    const told = await messages();
    const [latest] = (await readRuns(warehouse, 2)).slice(-1);
    expect(told.map(({ type }: { type: string }) => type)).toEqual([
      "run_failed",
      "run_failed",
      "run_recovered",
    ]);
    expect(told[1]).toMatchObject({
      summary: expect.stringMatching(
        /^Small: a build failed \(SOURCE_INVALID\): .+ Nothing is published yet\.$/,
      ),
      data: { failuresInARow: 2, run: { code: "SOURCE_INVALID", trigger: "manual" }, snapshot: null },
    });
    expect(told[2]).toMatchObject({
      summary: "Small: a build succeeded after 2 failures; data through 2024-01-25.",
      data: {
        failures: 2,
        failingSince: told[0].data.run.startedAt,
        run: { id: latest?.run_id },
        snapshot: { id: 1 },
      },
    });

    await expect(run(26, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await messages(), "whoever stopped it knows").toHaveLength(3);
    clock.pass(60);
    // A process that dies in a build leaves this behind.
    const before = (await readRuns(warehouse, 1))[0]?.token ?? 0;
    await warehouse.transaction([
      runStarted({
        run_id: "dead",
        trigger: "schedule",
        started_at: clock.now(),
        note: null,
        token: before + 1,
      }),
      sql`update waymark_ledger.lease set token = token + 1 where true`,
    ]);
    await tellNews(warehouse, [webhookTo(ours.url)], options);
    expect(await messages(), "it may be running").toHaveLength(3);
    await run(26);
    expect(summaries((await messages()).slice(3))).toEqual([
      "Small: a build failed (INTERRUPTED): Its process ended without a word. Snapshot 2 with data through 2024-01-26 stands.",
      "Small: a build succeeded after a failure; data through 2024-01-26.",
    ]);
  });

  it("are told in the order in which they came, whatever a clock says that was set back, once", async () => {
    const { run, messages, warehouse, clock } = await company([webhookTo("http://127.0.0.1:9")]);
    await run(25);
    clock.pass(-86_400);
    await warehouse.run(sql`alter table raw.events rename to events_moved`);
    for (const _ of [1, 2]) await expect(run(25)).rejects.toMatchObject({ code: "SOURCE_INVALID" });
    expect(await readFailedInARow(warehouse)).toMatchObject({ count: 2 });
    await warehouse.run(sql`alter table raw.events_moved rename to events`);
    clock.pass(-86_400);
    const { runId } = await run(25);
    expect(await readRuns(warehouse, 1)).toMatchObject([{ run_id: runId }]);
    expect(await readLatestEndedRun(warehouse)).toMatchObject({ run_id: runId });
    expect(await readFailedInARow(warehouse)).toBeNull();
    expect((await messages()).map(({ type, data }) => [type, data.failuresInARow ?? data.failures])).toEqual([
      ["run_failed", 1],
      ["run_failed", 2],
      ["run_recovered", 2],
    ]);
  });

  it("of an earlier Waymark, which told of them by its clock, are not told again", async () => {
    const webhooks = [webhookTo("http://127.0.0.1:9")];
    const { run, messages, warehouse, options } = await company(webhooks);
    await run(25);
    await warehouse.run(sql`alter table raw.events rename to events_moved`);
    await expect(run(25)).rejects.toMatchObject({ code: "SOURCE_INVALID" });
    await warehouse.run(sql`alter table waymark_ledger.runs drop column token`);
    await warehouse.run(sql`alter table waymark_ledger.told drop column runs_token`);
    await warehouse.run(sql`delete from waymark_ledger.messages`);
    const upgraded: Warehouse = Object.create(warehouse);
    expect(await readFailedInARow(upgraded), "before the ledger has the column").toMatchObject({ count: 1 });
    expect(await tellNews(upgraded, webhooks, options)).toBe(0);
    await expect(run(25)).rejects.toMatchObject({ code: "SOURCE_INVALID" });
    expect((await messages()).map(({ type, data }) => [type, data.failuresInARow])).toEqual([
      ["run_failed", 2],
    ]);
  });

  it("that are a step of a backfill are no recovery: they publish nothing", async () => {
    const { run, buildThrough, messages, warehouse } = await company([webhookTo("http://127.0.0.1:9")]);
    await run(25);
    await warehouse.run(sql`alter table raw.events rename to events_moved`);
    await expect(run(25)).rejects.toMatchObject({ code: "SOURCE_INVALID" });
    await warehouse.run(sql`alter table raw.events_moved rename to events`);
    await buildThrough(25, { trigger: "backfill", step: "compare" });
    await warehouse.run(sql`alter table raw.events rename to events_moved`);
    await expect(run(25)).rejects.toMatchObject({ code: "SOURCE_INVALID" });
    await warehouse.run(sql`alter table raw.events_moved rename to events`);
    await buildThrough(25, { trigger: "backfill", step: "compare" });
    await run(25);
    expect((await messages()).map(({ type, data }) => [type, data.failuresInARow ?? data.failures])).toEqual([
      ["run_failed", 1],
      ["run_failed", 2],
      ["run_recovered", 2],
    ]);
  });

  it("publish though receivers are gone or the news can't be recorded, which is caught up", async () => {
    const gone = await receiver();
    await gone.close();
    const { run, deliver, warehouse, problems, messages } = await company([webhookTo(gone.url)]);
    await run(25);
    await warehouse.run(sql`alter table waymark_ledger.deliveries rename column is_refused to was_refused`);
    expect(await run(30)).toMatchObject({ isNew: true });
    expect(problems.map(String)).toEqual([expect.stringContaining("is_refused")]);
    expect(await messages(), "all or nothing").toEqual([]);
    await warehouse.run(sql`alter table waymark_ledger.deliveries rename column was_refused to is_refused`);
    await run(30);
    expect(summaries(await messages())).toEqual([quiet, call]);
    expect(await deliver()).toMatchObject([{ delivered: 0, failed: 1 }]);
    expect(await readDeliveries(warehouse)).toMatchObject([
      { status: "pending", attempts: 1 },
      { status: "pending", attempts: 0 },
    ]);
    expect(await run(30, { force: true }), "the next run is not held up").toMatchObject({ isNew: true });
  });
});

describe("feeds that are late", () => {
  const models = ["account_health"];
  const late = {
    feed: "timeline",
    models,
    watermark: new Date("2024-04-29T18:00:00Z") as Date | null,
    maxAgeHours: 30,
  };

  it("are told once, restored once, and told again when they are late again", async () => {
    const ours = await receiver();
    const webhooks = [webhookTo(ours.url)];
    const { warehouse } = await warehouseInFile();
    const clock = clockAt("2024-05-01T06:30:00Z");
    const tell = (feeds: (typeof late)[]) =>
      tellFreshness(warehouse, webhooks, feeds, { company: "Small", now: clock.now() });
    expect(await tell([late])).toBe(1);
    clock.pass(600);
    expect(await tell([late]), "told already").toBe(0);
    expect(await tell([late, { ...late, feed: "tickets" }])).toBe(1);
    clock.pass(600);
    expect(await tell([{ ...late, feed: "tickets" }])).toBe(1);
    expect(await tell([{ ...late, feed: "tickets" }]), "restored already").toBe(0);
    clock.pass(600);
    expect(await tell([late])).toBe(2);
    const messages = await readMessages(warehouse);
    expect(summaries(messages)).toEqual([
      "Small: timeline is late: 36.5 h old, where 30 h is the limit. Stale by it: account_health.",
      "Small: tickets is late: 36.7 h old, where 30 h is the limit. Stale by it: account_health.",
      "Small: timeline is in time again, after 6.8 h.",
      "Small: timeline is late: 37 h old, where 30 h is the limit. Stale by it: account_health.",
      "Small: tickets is in time again, after 7 h.",
    ]);
    expect(messages[0]).toMatchObject({
      type: "freshness_breached",
      data: {
        feed: "timeline",
        models,
        freshUntil: "2024-05-01T00:00:00.000Z",
        limitHours: 30,
        ageHours: 36.5,
      },
    });
    await deliver(warehouse, webhooks, { now: clock.now });
    expect(typesIn(ours)).toHaveLength(5);
  });

  it("are told again though nobody listens to their being in time again in between", async () => {
    const { warehouse } = await warehouseInFile();
    const webhooks = [webhookTo("http://127.0.0.1:9", { events: ["freshness_breached"] })];
    const clock = clockAt("2024-05-01T06:30:00Z");
    for (const feeds of [[late], [], [], [late], [late]]) {
      clock.pass(600);
      await tellFreshness(warehouse, webhooks, feeds, { company: "Small", now: clock.now() });
    }
    expect((await readMessages(warehouse)).map(({ type }) => type)).toEqual([
      "freshness_breached",
      "freshness_restored",
      "freshness_breached",
    ]);
    expect(await readDeliveries(warehouse)).toHaveLength(2);
  });

  it("that lose all their data are late still, and those that never had any are told too", async () => {
    const { warehouse } = await warehouseInFile();
    const clock = clockAt("2024-05-01T06:30:00Z");
    const tell = (feeds: (typeof late)[]) =>
      tellFreshness(warehouse, [webhookTo("http://127.0.0.1:9")], feeds, {
        company: "Small",
        now: clock.now(),
      });
    expect(await tell([late])).toBe(1);
    const empty = { ...late, watermark: null };
    expect(await tell([empty])).toBe(0);
    expect(await tell([empty, { ...empty, feed: "tickets" }])).toBe(1);
    clock.pass(3600);
    expect(await tell([])).toBe(2);
    const messages = await readMessages(warehouse);
    expect(summaries(messages)).toEqual([
      "Small: timeline is late: 36.5 h old, where 30 h is the limit. Stale by it: account_health.",
      "Small: tickets is late: without any data, where 30 h is the limit. Stale by it: account_health.",
      "Small: timeline is in time again, after 7.5 h.",
      "Small: tickets is in time again, after 1 h.",
    ]);
    expect(messages[1]?.data).toEqual({
      feed: "tickets",
      models,
      freshUntil: null,
      limitHours: 30,
      ageHours: null,
    });
    expect(messages[3]?.data).toMatchObject({ staleSince: "2024-05-01T06:30:00.000Z", staleHours: 1 });
  });
});
