import "reflect-metadata";
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Table from "cli-table3";
import { Command, Option } from "commander";
import { build } from "../jobs/build.js";
import { startServer } from "../server/server.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import { companyProject, companySizes, generateCompany, nextDay, type SizeName } from "./company.js";

/**
 * Hours in minutes: callers ask of every kind, each again soon after it was answered, while day after day arrives, is
 * built and published in the same process. Ends with exit code 1 if anything was refused or failed, or nothing was
 * published; memory is told as it goes.
 */
interface Options {
  size: SizeName;
  minutes: number;
  serve?: boolean;
  file: string;
}
const options = new Command("soak")
  .description("Ask a server of everything while it builds, and watch errors and memory.")
  .addOption(new Option("--size <size>", "of the company").choices(Object.keys(companySizes)).default("100k"))
  .option("--minutes <number>", "how long", Number, 10)
  .addOption(new Option("--serve").hideHelp())
  .addOption(new Option("--file <file>").default("").hideHelp())
  .parse()
  .opts<Options>();

/** What the server's process tells when it is asked. */
interface Told {
  publishes: number;
  rss: number;
  heap: number;
}

const firstThrough = "2025-12-31";

/** Before a caller asks again. Without it they take all of a small machine, and one build takes as long as the soak. */
const pauseMs = 250;

async function serve(): Promise<void> {
  const warehouse = await openDuckDb({ file: options.file, memoryLimit: "2GB", threads: 2 });
  await generateCompany(warehouse, { ...companySizes[options.size], seed: 1, through: firstThrough });
  let today = firstThrough;
  const now = (): Date => new Date(Date.parse(`${today}T06:00:00Z`) + 86_400_000);
  const project = companyProject(options.file);
  await build(warehouse, project, { trigger: "bench", now });
  const server = await startServer({
    warehouse,
    port: 0,
    host: "127.0.0.1",
    isDevelopment: false,
    now,
    queryFolders: ["queries"],
  });
  let publishes = 0;
  let isOver = false;
  process.on("message", () => {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({ publishes, rss, heap: heapUsed } satisfies Told);
  });
  process.on("disconnect", () => {
    isOver = true;
  });
  process.send?.({ url: server.url });
  while (!isOver) {
    today = (await nextDay(warehouse)).day;
    await build(warehouse, project, { trigger: "bench", now });
    publishes++;
  }
  await server.close();
  await warehouse.close();
  process.exit();
}

/** How each caller asks, again and again; n makes its questions differ. */
const callers: Record<string, (n: number) => { path: string; query?: string }> = {
  account: (n) => ({
    path: "/graphql",
    query: `{ accounts(first: 5, filter: { search: "${n % 10}" }) { nodes { id name mrr stage { name } health { score band indicators { id points } } signals { signal { name } openedOn } } } }`,
  }),
  trend: (n) => ({
    path: "/graphql",
    query: `{ health(range: { last: { weeks: ${4 + (n % 40)} } }) { period(grain: WEEK) segment averageScore previous(periods: 1) { averageScore } } }`,
  }),
  list: (n) => ({
    path: "/graphql",
    query: `{ health(range: { last: { days: ${30 + (n % 60)} } }, limit: 5000) { period(grain: WEEK) accountId averageScore } }`,
  }),
  portfolio: () => ({
    path: "/graphql",
    query: "{ portfolio { accounts mrr } snapshot { id dataThrough } }",
  }),
  nobody: (n) => ({ path: "/graphql", query: `{ account(id: "nobody ${n}") { id } }` }),
  csv: () => ({ path: "/q/ended-terms.csv" }),
  parquet: () => ({ path: "/q/health-trend.parquet" }),
};

async function measure(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-soak-"));
  const child = fork(
    process.argv[1] as string,
    ["--serve", "--file", join(folder, "company.duckdb"), "--size", options.size],
    {
      execArgv: [...process.execArgv, "--expose-gc"],
      env: { ...process.env, UV_THREADPOOL_SIZE: "16", NODE_ENV: "production" },
    },
  );
  const ended = new Promise<never>((_, reject) =>
    child.once("exit", (code) => reject(new Error(`the server ended with exit code ${code}`))),
  );
  ended.catch(() => {}); // at last it ends as it should
  const heard = <T>(): Promise<T> =>
    Promise.race([
      ended,
      new Promise<T>((resolve) => child.once("message", (message) => resolve(message as T))),
    ]);
  const failures = new Map<string, number>();
  const answers = new Map<string, number>();
  let published = 0;
  try {
    const { url } = await heard<{ url: string }>();
    const ends = performance.now() + options.minutes * 60_000;
    const loops = Object.entries(callers).map(async ([name, next]) => {
      for (let n = 0; performance.now() < ends; n++) {
        const failure = await ask(url, next(n));
        const counted = failure === undefined ? answers : failures;
        const key = failure === undefined ? name : `${name}: ${failure}`;
        counted.set(key, (counted.get(key) ?? 0) + 1);
        await pause(pauseMs);
      }
    });
    console.log("minute  publishes   answers  failures  RSS MiB  heap MiB");
    for (let minute = 0; ; minute++) {
      const told = heard<Told>();
      child.send("how much");
      const { publishes, rss, heap } = await told;
      published = publishes;
      const cells = [minute, publishes, sum(answers), sum(failures), rss / 2 ** 20, heap / 2 ** 20];
      console.log(cells.map((n, i) => n.toFixed(0).padStart([6, 11, 10, 10, 9, 10][i] ?? 9)).join(""));
      if (performance.now() >= ends) break;
      await pause(Math.min(60_000, Math.max(0, ends - performance.now())));
    }
    await Promise.all(loops);
  } finally {
    child.disconnect();
    if (child.exitCode === null) await new Promise((ended) => child.once("exit", ended));
    rmSync(folder, { recursive: true });
  }
  const table = new Table({ head: ["asked", "answered"], style: { head: [], border: [], compact: true } });
  table.push(...answers, ...failures);
  console.log(table.toString());
  if (published === 0) console.log("Nothing was published: the builds took longer than the soak.");
  return failures.size === 0 && published > 0;
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);

/** Undefined where all is well, else what isn't. */
async function ask(
  url: string,
  { path, query }: { path: string; query?: string },
): Promise<string | undefined> {
  try {
    const response = await fetch(
      url + path,
      query
        ? {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ query }),
          }
        : {},
    );
    const body = await response.text();
    if (response.ok && !query) return undefined;
    const { errors } = JSON.parse(body) as { errors?: { message: string }[] };
    return response.ok && !errors ? undefined : `${response.status} ${errors?.[0]?.message}`;
  } catch (error) {
    return String(error);
  }
}

if (options.serve) await serve();
else process.exitCode = (await measure()) ? 0 : 1;
