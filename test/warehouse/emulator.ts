import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { passedOn } from "./faulty_proxy.js";

/**
 * goccy/bigquery-emulator: another's reading of BigQuery's REST interface and of GoogleSQL, over SQLite. It is built
 * from its Go module where continuous integration runs; BIGQUERY_EMULATOR says where the program is, or will be.
 */
const program = process.env.BIGQUERY_EMULATOR;

/** Why it can't be run here; undefined where it can, or is still being built. */
export const emulatorUnavailable: string | undefined = program
  ? undefined
  : "BIGQUERY_EMULATOR names no program; see .ci/run";

export interface Emulator {
  readonly url: string;
  stop(): Promise<void>;
}

/** As soon as it is built; undefined where it could not be. */
export async function startEmulator(project: string): Promise<Emulator | undefined> {
  if (!(await isBuilt())) return undefined;
  const [port, grpcPort] = [await freePort(), await freePort()];
  const emulator = spawn(
    program ?? "",
    [`--project=${project}`, "--host=127.0.0.1", `--port=${port}`, `--grpc-port=${grpcPort}`],
    { stdio: "ignore" },
  );
  const upstream = `http://127.0.0.1:${port}`;
  await listening(upstream);
  // Its dry runs of jobs tell no columns, while those of queries do; and it hands all parameters of a script to each
  // of its statements, which then says that it has too many: there they are written out.
  const front = createServer(async (request, response) => {
    const body = await buffer(request);
    const job = jobIn(request.url ?? "", body);
    if (job && /^begin\b/.test(job.configuration.query.query)) writeOut(job.configuration.query);
    const answer = await passedOn(upstream, request, job ? Buffer.from(JSON.stringify(job)) : body);
    if (!answer) return request.socket.destroy();
    const told =
      job?.configuration.dryRun && answer.status === 200
        ? JSON.stringify(await withColumns(upstream, project, JSON.parse(String(answer.body)), job))
        : answer.body;
    response.writeHead(answer.status, { "content-type": "application/json" }).end(told);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    stop: async () => {
      front.closeAllConnections();
      front.close();
      emulator.kill("SIGKILL");
      await once(emulator, "exit");
    },
  };
}

async function isBuilt(): Promise<boolean> {
  for (;;) {
    const built = statSync(program ?? "", { throwIfNoEntry: false });
    if (built) return built.size > 0;
    await sleep(1000);
  }
}

interface Asked {
  query: string;
  queryParameters?: {
    name: string;
    parameterType: { type: string; arrayType?: { type: string } };
    parameterValue: { value?: string | null; arrayValues?: { value: string | null }[] };
  }[];
}
interface AskedJob {
  configuration: { dryRun?: boolean; query: Asked };
}

function jobIn(url: string, body: Buffer): AskedJob | undefined {
  if (!/^\/bigquery\/v2\/projects\/[^/]+\/jobs(\?|$)/.test(url) || body.length === 0) return undefined;
  const job = JSON.parse(String(body));
  return job.configuration?.query ? job : undefined;
}

function writeOut(asked: Asked): void {
  const literal = (type: string, value: string | null | undefined): string =>
    value === null || value === undefined ? "null" : `cast(${JSON.stringify(value)} as ${type})`;
  const written = new Map(
    asked.queryParameters?.map(({ name, parameterType: { type, arrayType }, parameterValue }) => [
      name,
      arrayType
        ? `[${parameterValue.arrayValues?.map(({ value }) => literal(arrayType.type, value))}]`
        : literal(type, parameterValue.value),
    ]),
  );
  asked.query = asked.query.replace(/@(p\d+)\b/g, (whole, name) => written.get(name) ?? whole);
  asked.queryParameters = [];
}

async function withColumns(
  upstream: string,
  project: string,
  told: { statistics: { query: object } },
  { configuration: { query } }: AskedJob,
): Promise<unknown> {
  const answer = await fetch(`${upstream}/bigquery/v2/projects/${project}/queries`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...query, dryRun: true }),
  });
  const { schema } = (await answer.json()) as { schema?: object };
  return { ...told, statistics: { ...told.statistics, query: { ...told.statistics.query, schema } } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function listening(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await sleep(100);
  }
  throw new Error(`the emulator at ${url} didn't answer within 30 s`);
}
