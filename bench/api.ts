import "reflect-metadata";
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Table from "cli-table3";
import { Command, Option } from "commander";
import { build } from "../jobs/build.js";
import { createSchema } from "../resolvers/schema.js";
import { schemaText } from "../schema/text.js";
import { startServer } from "../server/server.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import { type Bare, startBare } from "./bare.js";
import { companyProject, companySizes, generateCompany, type SizeName } from "./company.js";

/**
 * What an answer costs beside the least that could give it: the same SQL by a bare handler, the same values by bare
 * graphql-js. Server and handler are one process, the callers another. Only ratios within one run mean something.
 * `npm run bench:api` takes some minutes at 1M, its default size.
 */
interface Options {
  size: SizeName;
  file?: string;
  json?: boolean;
  serve?: boolean;
}
const options = new Command("api")
  .description("Measure what answers cost, against bare handlers.")
  .addOption(new Option("--size <size>", "of the company").choices(Object.keys(companySizes)).default("1M"))
  .option("--file <file>", "a database that this has made and built before; a temporary one by default")
  .option("--json", "answer as JSON")
  .addOption(new Option("--serve").hideHelp())
  .parse()
  .opts<Options>();

/** Milliseconds, and answers a second. */
interface Load {
  p50: number;
  p99: number;
  perSecond: number;
  /** Of the answering process, for each answer: it tells more than the clock where the machine has other work. */
  cpu: number;
}

/** What the answering process tells of itself. */
interface Told {
  /** Bytes of JavaScript's objects and their buffers. */
  held: number;
  /** Milliseconds since it began. */
  cpu: number;
}
interface Asked {
  rootValue?: unknown;
  /** Whether garbage is collected before what is held is told. */
  collect?: boolean;
}
interface Result {
  what: string;
  ours: Load;
  bare?: Load;
  note?: string;
}

const through = "2025-12-31";
const now = (): Date => new Date("2026-01-01T06:00:00Z");
const signalsQuery = `query Signals($first: Int! = 1000, $after: String, $openedFrom: LocalDate) {
  accountSignals(first: $first, after: $after, filter: { openedFrom: $openedFrom }) {
    nodes { account { id } signal { id } openedOn closedOn days }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The process that answers: it tells its addresses, takes what graphql-js is to answer, and ends when it is let go. */
async function serve(file: string): Promise<void> {
  const database = { file, memoryLimit: "3GB", threads: 2 };
  const warehouse = await openDuckDb(database);
  const [snapshots] = await warehouse.tables("waymark_ledger").catch(() => []);
  if (!snapshots) {
    await generateCompany(warehouse, { ...companySizes[options.size], seed: 1, through });
    await build(warehouse, companyProject(file), { trigger: "bench", now });
  }
  const queries = mkdtempSync(join(tmpdir(), "waymark-bench-"));
  writeFileSync(join(queries, "signals.graphql"), signalsQuery);
  const server = await startServer({
    warehouse,
    port: 0,
    host: "127.0.0.1",
    isDevelopment: false,
    now,
    queryFolders: [queries],
  });
  const bare = await startBare(database, schemaText(await createSchema()));
  process.on("message", (message: Asked) => {
    if ("rootValue" in message) bare.rootValue = message.rootValue;
    if (message.collect) globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { heapUsed, external } = process.memoryUsage();
    process.send?.({ held: heapUsed + external, cpu: (user + system) / 1000 } satisfies Told);
  });
  process.on("disconnect", async () => {
    await server.close();
    bare.close();
    await warehouse.close();
    rmSync(queries, { recursive: true });
    process.exit();
  });
  process.send?.({ url: server.url, bare: bare.url });
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-bench-"));
  const file = options.file ?? join(folder, "company.duckdb");
  const child = fork(process.argv[1] as string, ["--serve", "--file", file, "--size", options.size], {
    env: { ...process.env, UV_THREADPOOL_SIZE: "16", NODE_ENV: "production" },
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  // biome-ignore lint/suspicious/noExplicitAny: what the child tells
  const told = (): Promise<any> => new Promise((resolve) => child.once("message", resolve));
  try {
    const { url, bare } = (await told()) as { url: string; bare: Bare["url"] };
    const tell = (message: Asked): Promise<Told> => {
      const answered = told();
      child.send(message);
      return answered;
    };
    const results = await all(url, bare, tell);
    console.log(options.json ? JSON.stringify(results, null, 2) : describe(results));
  } finally {
    child.disconnect();
    await new Promise((ended) => child.once("exit", ended));
    rmSync(folder, { recursive: true });
  }
}

interface Question {
  query: string;
  variables?: Record<string, unknown>;
}

async function all(url: string, bare: string, tell: (message: Asked) => Promise<Told>): Promise<Result[]> {
  const load = async (address: string, bodies: readonly unknown[], callers: number): Promise<Load> => {
    const before = await tell({});
    const loaded = await askAll(address, bodies, callers);
    return { ...loaded, cpu: ((await tell({})).cpu - before.cpu) / bodies.length };
  };
  // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of whatever is asked
  const ask = async (question: Question, extensions = {}): Promise<any> => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...question, extensions }),
    });
    const answer = (await response.json()) as { errors?: unknown };
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer;
  };
  const first = await ask({ query: "{ accounts(first: 1000) { nodes { id } } }" });
  const ids: string[] = first.data.accounts.nodes.map(({ id }: { id: string }) => id);
  /** The statements behind a question, with their values written out. */
  const statements = async (question: Question): Promise<string[]> => {
    const { extensions } = await ask(question, { explain: true });
    return extensions.explain.map(({ sql, values }: { sql: string; values: Record<string, unknown> }) =>
      sql.replace(/\$(p\d+)/g, (_, name: string) => literal(values[name])),
    );
  };
  /** Each question once, so that nothing is answered from what is kept, against its SQL. */
  const againstSql = async (
    what: string,
    questions: readonly Question[],
    connections: number,
  ): Promise<Result> => {
    const half = Math.floor(questions.length / 2);
    const sent: { statements: string[] }[] = [];
    for (const question of questions.slice(0, half)) sent.push({ statements: await statements(question) });
    return {
      what,
      bare: await load(`${bare}/sql`, sent, connections),
      ours: await load(`${url}/graphql`, questions.slice(half), connections),
    };
  };
  /** One question again and again, against its values resolved by graphql-js alone. */
  const againstGraphQl = async (what: string, question: Question, times: number): Promise<Result> => {
    await tell({ rootValue: (await ask(question)).data });
    const many = Array.from({ length: times }, () => question);
    for (const address of [bare, url]) await load(`${address}/graphql`, many, 8); // until it is compiled
    return {
      what,
      bare: await load(`${bare}/graphql`, many, 8),
      ours: await load(`${url}/graphql`, many, 8),
    };
  };

  const results = [
    await againstSql(
      "an account by its id",
      ids.slice(0, 400).map((id) => ({
        query: "query($id: ID!) { account(id: $id) { id name mrr health { score band coverage } } }",
        variables: { id },
      })),
      4,
    ),
    await againstSql(
      "100 accounts with their health",
      Array.from({ length: 40 }, (_, i) => ({
        query:
          "query($ids: [ID!]) { accounts(filter: { ids: $ids }, first: 100) { nodes { id name stage { name } health { score band indicators { id points } } } } }",
        variables: { ids: ids.toSpliced(i, 1).slice(0, 100) },
      })),
      4,
    ),
    await againstSql(
      "30 weeks of health by segment",
      // Each with another limit, that none is kept; and many, that code is compiled by the time that the second half comes.
      Array.from({ length: 300 }, (_, i) => ({
        query:
          "query($limit: Int!) { health(range: { last: { weeks: 30 } }, limit: $limit) { week: period(grain: WEEK) segment averageScore } }",
        variables: { limit: 1000 + i },
      })),
      1,
    ),
    await againstGraphQl("a small question, kept", { query: "{ portfolio { accounts mrr } }" }, 3000),
    await againstGraphQl(
      "5,000 rows, kept",
      {
        query:
          "{ health(range: { last: { weeks: 30 } }, limit: 5000) { period(grain: WEEK) accountId averageScore } }",
      },
      300,
    ),
  ];

  // Each of another text, or the first one's answer would be kept.
  const small: Question[] = Array.from({ length: 300 }, (_, i) => ({
    query: `{ p${i}: portfolio { accounts } }`,
  }));
  const alone = await load(`${url}/graphql`, small, 1);
  const heavy = new AbortController();
  const busy = Promise.all(
    Array.from({ length: 4 }, async (_, caller) => {
      let longest = 0;
      for (let i = 0; !heavy.signal.aborted; i++) {
        const asked = performance.now();
        await ask({
          query: `{ health(range: { last: { days: ${60 + caller * 50 + (i % 50)} } }, limit: 10000) { day: period(grain: DAY) accountId averageScore } }`,
        });
        longest = Math.max(longest, performance.now() - asked);
      }
      return longest;
    }),
  );
  await pause(500);
  const beside = await load(`${url}/graphql`, small, 1);
  heavy.abort();
  const heaviest = Math.max(...(await busy));
  results.push({
    what: "a small question beside four heavy callers; bare: alone",
    ours: beside,
    bare: alone,
    note: `a heavy one took up to ${heaviest.toFixed(0)} ms`,
  });

  let asked = 0;
  // From another day each time, before all signals: what was answered before is kept.
  const csv = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/q/signals.csv?openedFrom=${1900 + asked++}-01-01`, {
      headers: { "accept-encoding": "identity" },
      ...(signal && { signal }),
    });
  const firstBytes: number[] = [];
  for (let i = 0; i < 9; i++) {
    const leaving = new AbortController();
    const begun = performance.now();
    const { body } = await csv(leaving.signal);
    await body?.getReader().read();
    firstBytes.push(performance.now() - begun);
    leaving.abort();
    await pause(500); // what was begun for it has ended
  }
  firstBytes.sort((one, other) => one - other);
  const { cpu } = await tell({});
  const begun = performance.now();
  const lines = await linesOf(await csv());
  const took = performance.now() - begun;
  const used = (await tell({})).cpu - cpu;
  // What is only garbage by then is as much as the collector lets lie, so it is made to collect.
  const { held: before } = await tell({ collect: true });
  let most = before;
  await linesOf(await csv(), lines / 10, async () => {
    most = Math.max(most, (await tell({ collect: true })).held);
  });
  results.push({
    what: "a CSV of all signals",
    ours: {
      p50: firstBytes[4] ?? 0,
      p99: took,
      perSecond: (1000 * lines) / took,
      cpu: used,
    },
    note: `${lines.toLocaleString("en")} rows: ms to the first byte (of nine tries), to the last, rows a second; meanwhile ${((most - before) / 2 ** 20).toFixed(1)} MiB more were held`,
  });
  return results;
}

/** The lines of an answer, and a pause after each so many. */
async function linesOf(
  { body }: Response,
  every = Number.POSITIVE_INFINITY,
  then = async (): Promise<void> => {},
): Promise<number> {
  let lines = 0;
  let next = every;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    for (const byte of chunk) if (byte === 10) lines++;
    if (lines < next) continue;
    next += every;
    await then();
  }
  return lines;
}

/** As many callers, each of which asks the next as soon as it is answered, until all is asked. */
async function askAll(url: string, bodies: readonly unknown[], callers: number): Promise<Omit<Load, "cpu">> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const waiting = bodies.map((body) => JSON.stringify(body)).values();
  const took: number[] = [];
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (const body of waiting) {
        const asked = performance.now();
        await post(url, body, agent);
        took.push(performance.now() - asked);
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  agent.destroy();
  took.sort((one, other) => one - other);
  const quantile = (q: number): number => took[Math.floor(q * (took.length - 1))] as number;
  return { p50: quantile(0.5), p99: quantile(0.99), perSecond: took.length / seconds };
}

/** Node's own client: `fetch` takes as long as the small answers that are measured. */
const post = (url: string, body: string, agent: Agent): Promise<void> =>
  new Promise((answered, failed) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    request(url, { agent, method: "POST", headers }, (response) => {
      response.resume().on("error", failed);
      response.on("end", () =>
        response.statusCode === 200 ? answered() : failed(new Error(`${url}: ${response.statusCode}`)),
      );
    })
      .on("error", failed)
      .end(body);
  });

const literal = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(literal)}]`
    : typeof value === "number"
      ? String(value)
      : /^\d{4}-\d{2}-\d{2}$/.test(String(value))
        ? `date '${value}'`
        : `'${String(value).replaceAll("'", "''")}'`;

function describe(results: readonly Result[]): string {
  const table = new Table({
    head: ["what", "", "p50 ms", "p99 ms", "a second", "CPU ms", "ours / bare: p50", "a second", "CPU"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", ...Array.from({ length: 7 }, () => "right" as const)],
  });
  const figures = ({ p50, p99, perSecond, cpu }: Load): string[] => [
    p50.toFixed(1),
    p99.toFixed(0),
    perSecond.toFixed(0),
    cpu.toFixed(2),
  ];
  for (const { what, ours, bare, note } of results) {
    const ratios = bare
      ? [ours.p50 / bare.p50, ours.perSecond / bare.perSecond, ours.cpu / bare.cpu].map(
          (ratio) => `${ratio.toFixed(2)} ×`,
        )
      : ["", "", ""];
    table.push([what, "ours", ...figures(ours), ...ratios]);
    if (bare) table.push(["", "bare", ...figures(bare), "", "", ""]);
    if (note) table.push([{ colSpan: 9, content: note }]);
  }
  return table.toString();
}

if (options.serve) await serve(options.file ?? "");
else await measure();
