import { fork } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Table from "cli-table3";
import { Command, Option } from "commander";
import { Temporal } from "temporal-polyfill";
import { type BuildResult, build } from "../jobs/build.js";
import { describeCompany, type Project } from "../jobs/company.js";
import { readLatestSnapshot, schemas } from "../jobs/ledger.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import { path, sql, text } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import {
  companyProject,
  companySizes,
  generateCompany,
  nextDay,
  resources,
  type SizeName,
} from "./company.js";
import { type Comparison, compareWithFloors } from "./floor.js";
import { type Spent, stopwatch } from "./stopwatch.js";

/**
 * What building costs: a full build by model, beside SQL written by hand for the same rows; one more day, against the full
 * build, over sizes; and what readers feel of a publish. Only ratios within one run mean something: machines are
 * noisy. Every step runs in a process of its own, so that its peak of memory is its own. `npm run bench:jobs` takes some
 * minutes at 1M, its default size.
 */
interface Results {
  size: SizeName;
  generate: Spent & { rows: Record<string, number>; bytes: number };
  full: Full;
  floor?: Comparison[];
  days: Day[];
  publish: Publish;
}

interface Full extends Spent {
  peakBytes: number;
  accountDays: number;
  models: { model: string; rows: number; seconds: number }[];
}

interface Day extends Spent {
  day: string;
  peakBytes: number;
  newRows: number;
  /** Pairs of account and day of which new rows speak. */
  touched: number;
  models: { model: string; status: string; seconds: number }[];
}

/** Milliseconds that one small query took: while nothing else happened, and of those that met a publish. */
interface Publish {
  publishes: number;
  quiet: Waits;
  publishing: Waits;
}
interface Waits {
  queries: number;
  p50: number;
  p99: number;
  max: number;
}

const firstThrough = "2025-12-31";
const steps = { generate, full, floor, day: oneMoreDay, publish };
type StepName = keyof typeof steps;

interface Options {
  sizes: SizeName[];
  folder: string;
  days: number;
  memory: string;
  floor: boolean;
  json?: boolean;
  step?: StepName;
  size: SizeName;
  file: string;
}

const options = new Command("jobs")
  .description("Measure full builds, one more day, and publishing.")
  .option("--sizes <list>", `of ${Object.keys(companySizes).join(", ")}`, (list) => list.split(","), ["1M"])
  .option("--days <number>", "days added, one after the other", Number, 2)
  .option("--folder <folder>", "where databases are made (and removed)", tmpdir())
  .option("--memory <size>", "what DuckDB may hold in memory", resources.memoryLimit)
  .option("--no-floor", "leave out the SQL written by hand")
  .option("--json", "answer as JSON")
  .addOption(new Option("--step <step>").choices(Object.keys(steps)).hideHelp())
  .addOption(new Option("--size <size>").default("1M").hideHelp())
  .addOption(new Option("--file <file>").default("").hideHelp())
  .parse()
  .opts<Options>();
const unknown = options.sizes.filter((size) => !(size in companySizes));
if (unknown.length > 0)
  throw new Error(
    `--sizes: no size ${unknown.join(", ")}; there are ${Object.keys(companySizes).join(", ")}.`,
  );

async function measure(): Promise<void> {
  const results: Results[] = [];
  for (const size of options.sizes) {
    const folder = mkdtempSync(join(options.folder, "waymark-bench-"));
    const file = join(folder, "company.duckdb");
    const step = <S extends StepName>(name: S): Promise<Awaited<ReturnType<(typeof steps)[S]>>> => {
      if (!options.json) console.error(`${size}: ${name} …`);
      return inProcess(name, size, file);
    };
    try {
      const generated = await step("generate");
      const built = await step("full");
      const compared = options.floor ? await step("floor") : undefined;
      const days: Day[] = [];
      for (let i = 0; i < options.days; i++) days.push(await step("day"));
      const published = await step("publish");
      results.push({
        size,
        generate: generated,
        full: built,
        ...(compared && { floor: compared }),
        days,
        publish: published,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  console.log(options.json ? JSON.stringify(results, null, 2) : describe(results));
}

/** Run a step in a fresh process; this one only waits. */
function inProcess<T>(step: StepName, size: SizeName, file: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(
      process.argv[1] as string,
      ["--step", step, "--size", size, "--file", file, "--memory", options.memory],
      {
        // As bin/waymark.cjs has it, where models are built alone and where others read meanwhile.
        env: {
          ...process.env,
          UV_THREADPOOL_SIZE: step === "publish" ? "16" : String(Math.max(2, availableParallelism())),
        },
      },
    );
    let answer: T | undefined;
    child.on("message", (message) => {
      answer = message as T;
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 && answer !== undefined
        ? resolve(answer)
        : reject(new Error(`The step ${step} of ${size} ended with exit code ${code}; see above.`)),
    );
  });
}

async function runStep(step: StepName): Promise<void> {
  const warehouse = await openDuckDb({ file: options.file, ...resources, memoryLimit: options.memory });
  try {
    const answer = await steps[step](warehouse);
    // By hand, without a parent, the step tells its figures itself.
    if (process.send) await new Promise((sent) => process.send?.(answer, sent));
    else console.log(JSON.stringify(answer, null, 2));
  } finally {
    await warehouse.close();
  }
  process.disconnect?.();
}

async function generate(warehouse: Warehouse): Promise<Results["generate"]> {
  const spent = stopwatch();
  const rows = await generateCompany(warehouse, {
    ...companySizes[options.size],
    seed: 1,
    through: firstThrough,
  });
  await warehouse.run(sql`checkpoint`);
  return { ...spent(), rows, bytes: statSync(options.file).size };
}

async function full(warehouse: Warehouse): Promise<Full> {
  const project = companyProject(options.file);
  const spent = stopwatch();
  const { models } = await buildAfter(warehouse, project, firstThrough);
  const took = spent();
  return {
    ...took,
    peakBytes: peakBytes(),
    accountDays: models.find((m) => m.model === "account_facts")?.rows ?? 0,
    models: models.map(({ model, rows, seconds }) => ({ model, rows, seconds })),
  };
}

async function floor(warehouse: Warehouse): Promise<Comparison[]> {
  const company = await describeCompany(warehouse, companyProject(options.file), morningAfter(firstThrough));
  const snapshot = await readLatestSnapshot(warehouse);
  if (!snapshot) throw new Error("Nothing is published; the step full comes first.");
  return compareWithFloors(warehouse, company, snapshot, ({ model, ours, floor }) =>
    console.error(
      `  ${model}: ${ours.cpuSeconds.toFixed(1)} s of processor, floor ${floor ? `${floor.cpuSeconds.toFixed(1)} s, ${times(ours.cpuSeconds / floor.cpuSeconds)}` : "out of memory"}`,
    ),
  );
}

async function oneMoreDay(warehouse: Warehouse): Promise<Day> {
  const { day, rows } = await nextDay(warehouse);
  const loaded = sql`loaded_at >= cast(${text(day)} as date)`;
  const [touched] = await warehouse.query(
    sql`select count(*) as n from (
  select account_id, cast(occurred_at as date) as day from raw.product_events where ${loaded}
  union select account_id, cast(opened_at as date) from raw.support_tickets where ${loaded}
  union select account_id, cast(responded_at as date) from raw.nps_responses where ${loaded}
) as pairs`,
    { n: { type: "integer", notNull: true } },
  );
  const project = companyProject(options.file);
  const spent = stopwatch();
  const { models } = await buildAfter(warehouse, project, day);
  return {
    ...spent(),
    day,
    peakBytes: peakBytes(),
    newRows: Object.values(rows).reduce((a, b) => a + b, 0),
    touched: touched?.n ?? 0,
    models: models.map(({ model, status, seconds }) => ({ model, status, seconds })),
  };
}

/** One reader asks for one account's row again and again; meanwhile a small table is rebuilt and all is published, ten times. */
async function publish(warehouse: Warehouse): Promise<Publish> {
  const publishes = 10;
  const project = companyProject(options.file); // to read it holds up whoever is in the same process
  const waits: { from: number; to: number }[] = [];
  const spans: { from: number; to: number }[] = [];
  let isReading = true;
  const reader = (async () => {
    const statement = sql`select band from ${path(schemas.published, "account_latest")} where account_id = 'acc_000042'`;
    while (isReading) {
      const from = performance.now();
      await warehouse.query(statement, { band: { type: "string" } });
      waits.push({ from, to: performance.now() });
    }
  })();
  await pause(500);
  const warm = performance.now();
  await pause(3000);
  const quietUntil = performance.now();
  const snapshot = await readLatestSnapshot(warehouse);
  for (let i = 0; i < publishes; i++) {
    let from = performance.now();
    await build(warehouse, project, {
      trigger: "bench",
      select: ["early_warnings"],
      force: true,
      now: () => morningAfter(snapshot?.dataThrough ?? firstThrough),
      onProgress: (progress) => {
        // The last model's end begins the publish.
        if (progress.kind === "model") from = performance.now();
        else spans.push({ from, to: performance.now() });
      },
    });
  }
  isReading = false;
  await reader;
  return {
    publishes: spans.length,
    quiet: waitsOf(waits.filter(({ from, to }) => from >= warm && to <= quietUntil)),
    publishing: waitsOf(waits.filter((w) => spans.some((s) => w.from < s.to && s.from < w.to))),
  };
}

function waitsOf(waits: readonly { from: number; to: number }[]): Waits {
  const sorted = waits.map(({ from, to }) => to - from).sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { queries: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

const buildAfter = (warehouse: Warehouse, project: Project, day: string): Promise<BuildResult> =>
  build(warehouse, project, { trigger: "bench", now: () => morningAfter(day) });

const morningAfter = (day: string): Date =>
  new Date(`${Temporal.PlainDate.from(day).add({ days: 1 })}T06:00:00Z`);

/** `ru_maxrss`, in KiB on Linux and as libuv gives it on macOS. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;

function describe(results: readonly Results[]): string {
  return results
    .flatMap((r) => [describeModels(r), ...(r.floor ? [describeFloor(r.size, r.floor, r.full)] : [])])
    .concat(describeDays(results), describePublishes(results))
    .join("\n\n");
}

function describeModels({ size, generate, full }: Results): string {
  const table = newTable("table", "rows", "seconds", "share");
  const all = full.models.reduce((sum, m) => sum + m.seconds, 0);
  for (const { model, rows, seconds } of [...full.models].sort((a, b) => b.seconds - a.seconds))
    table.push([model, whole(rows), seconds.toFixed(1), percent(seconds / all)]);
  return `${size}: ${whole(generate.rows.product_events ?? 0)} events generated in ${generate.seconds.toFixed(0)} s; full build ${full.seconds.toFixed(1)} s (${full.cpuSeconds.toFixed(0)} s of processor), peak ${gib(full.peakBytes)}\n${table}`;
}

function describeFloor(size: SizeName, floor: readonly Comparison[], full: Full): string {
  const table = newTable("table", "ours", "floor", "ratio", "ratio of processor time", "the floor's way");
  for (const { model, how, ours, floor: by } of floor)
    table.push([
      model,
      ours.seconds.toFixed(1),
      ...(by
        ? [by.seconds.toFixed(1), times(ours.seconds / by.seconds), times(ours.cpuSeconds / by.cpuSeconds)]
        : ["out of memory", "", ""]),
      how,
    ]);
  const saved = floor.reduce((sum, c) => sum + (c.floor ? c.ours.cpuSeconds - c.floor.cpuSeconds : 0), 0);
  return `${size}: against SQL written by hand, alone on the engine, rows equal\n${table}\nFull build against one with these floors, by processor time: ${times(full.cpuSeconds / (full.cpuSeconds - saved))}`;
}

function describeDays(results: readonly Results[]): string {
  const table = newTable(
    "events",
    "account-days",
    "full s",
    "day",
    "new rows",
    "touched",
    "s",
    "of full",
    "of full, processor",
    "peak",
  );
  for (const { size, full, days } of results)
    for (const d of days)
      table.push([
        size,
        whole(full.accountDays),
        full.seconds.toFixed(1),
        d.day,
        whole(d.newRows),
        whole(d.touched),
        d.seconds.toFixed(1),
        percent(d.seconds / full.seconds),
        percent(d.cpuSeconds / full.cpuSeconds),
        gib(d.peakBytes),
      ]);
  return `One more day, 2 % of its events late\n${table}`;
}

function describePublishes(results: readonly Results[]): string {
  const table = newTable("events", "while", "queries", "p50 ms", "p99 ms", "max ms", "max / quiet max");
  for (const { size, publish } of results)
    for (const kind of ["quiet", "publishing"] as const) {
      const { queries, p50, p99, max } = publish[kind];
      table.push([
        size,
        kind,
        whole(queries),
        p50.toFixed(1),
        p99.toFixed(1),
        max.toFixed(1),
        times(max / publish.quiet.max),
      ]);
    }
  return `One account's latest row, asked for by one reader\n${table}`;
}

const newTable = (...head: string[]): Table.Table =>
  new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, i) => (i === 0 ? "left" : "right")),
  });
const whole = (n: number): string => n.toLocaleString("en");
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const times = (ratio: number): string => `${ratio.toFixed(2)} ×`;
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

if (options.step) await runStep(options.step);
else await measure();
