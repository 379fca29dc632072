import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readAll } from "node:stream/consumers";
import type { Catalogue, ColumnType, GoogleSql, Row, ValueType } from "../googlesql/reference.js";

/**
 * As much of BigQuery's REST interface as Waymark asks, for the official client: jobs under the caller's ids,
 * pages, uploads, datasets and tables. What queries and inserts mean is Google's: the GoogleSQL reference
 * implementation runs each over the rows that are kept here. It knows no scripts, so a transaction's statements are
 * taken apart and, where one fails, what they did is undone; other DML than inserts, and views, are refused. What is
 * not proven here is BigQuery itself: its permissions, quotas, partitions and the isolation of its transactions.
 */
export interface BigQueryServer {
  readonly url: string;
  /** Every job that was accepted, in order. */
  readonly jobs: readonly ServerJob[];
  /** How many pages of rows were asked for. */
  readonly pages: number;
  /** The next jobs fail so, having changed nothing. */
  failNext(...failures: { reason: string; message: string }[]): void;
  rowsOf(table: string): readonly Row[];
  stop(): Promise<void>;
}

export interface ServerJob {
  readonly id: string;
  readonly configuration: Configuration;
  isCancelled: boolean;
}

interface Configuration {
  dryRun?: boolean;
  labels?: Record<string, string>;
  query?: { query: string; queryParameters?: ParameterJson[]; maximumBytesBilled?: string };
  load?: { destinationTable: { datasetId: string; tableId: string } };
}
interface ParameterJson {
  name: string;
  parameterType: { type: string; arrayType?: { type: string } };
  parameterValue: { value?: string | null; arrayValues?: { value: string | null }[] };
}
interface Table {
  columns: Record<string, ColumnType>;
  rows: Row[];
}
interface Answer {
  columns: Record<string, ColumnType | string>;
  rows: Row[];
}
interface Job extends ServerJob {
  readonly done: Promise<Answer>;
  error?: { reason: string; message: string };
  state: "RUNNING" | "DONE";
  cancel: () => void;
}

/** A refusal in the shape that BigQuery gives it. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

const project = "test-project";
const location = "EU";

/** @param endless statements that run until they are cancelled; the engine itself can't be stopped */
export async function startBigQueryServer(engine: GoogleSql, endless?: RegExp): Promise<BigQueryServer> {
  const datasets = new Set<string>();
  const tables = new Map<string, Table>();
  const jobs = new Map<string, Job>();
  const failures: { reason: string; message: string }[] = [];
  let pages = 0;

  /** The tables of which a statement may read, as the engine wants them. */
  const known = (statement: string): [Catalogue, Record<string, Row[]>] => {
    const bare = statement.replaceAll("`", "");
    const named = [...tables].filter(([name]) => bare.includes(name));
    return [
      Object.fromEntries(named.map(([name, { columns }]) => [name, columns])),
      Object.fromEntries(named.map(([name, { rows }]) => [name, rows])),
    ];
  };

  const execute = async (text: string, params: Params, cancelled: Promise<never>): Promise<Answer> => {
    const script =
      /^begin\nbegin transaction;\n([\s\S]*);\ncommit transaction;\nexception when error then/.exec(text);
    if (script?.[1]) {
      const ddl = script[1].split(";\n").find((part) => /^(create|drop|alter)\b/.test(part));
      if (ddl) {
        const [kind = ""] = /^\w+ (or replace )?\w+/.exec(ddl) ?? [];
        throw new Refusal(
          400,
          "invalidQuery",
          `Query error: ${kind.toUpperCase()} is not supported in a transaction`,
        );
      }
      const before = new Map([...tables].map(([name, table]) => [name, { ...table }]));
      try {
        for (const part of script[1].split(";\n")) await execute(part, params, cancelled);
      } catch (error) {
        tables.clear();
        for (const [name, table] of before) tables.set(name, table);
        throw error;
      }
      return { columns: {}, rows: [] };
    }
    if (endless?.test(text)) return cancelled;
    const used = Object.fromEntries(
      Object.entries(params).filter(([name]) => new RegExp(`@${name}\\b`).test(text)),
    );
    const statement = { text, params: used };
    const [catalogue, data] = known(text);
    const made = /^create (or replace )?table (`[^`]+`\.`[^`]+`)[\s\S]*?\bas\n?\s*(select[\s\S]*)$/.exec(
      text,
    );
    if (made?.[2] && made[3]) {
      const columns = (await engine.analyze(statement, catalogue)) as Record<string, ColumnType>;
      const { rows } = await engine.evaluate({ text: made[3], params: used }, catalogue, data);
      tables.set(made[2].replaceAll("`", ""), { columns, rows });
      return { columns: {}, rows: [] };
    }
    const into = /^insert into (`[^`]+`\.`[^`]+`)/.exec(text)?.[1]?.replaceAll("`", "");
    if (into) {
      const table = tables.get(into);
      if (!table)
        throw new Refusal(404, "notFound", `Not found: Table ${project}:${into} in location ${location}`);
      const rows = await engine.insert(statement, into, catalogue, data);
      table.rows = [...table.rows, ...rows];
      return { columns: {}, rows: [] };
    }
    const dropped = /^drop table (?:if exists )?(`[^`]+`\.`[^`]+`)/.exec(text)?.[1];
    if (dropped) {
      tables.delete(dropped.replaceAll("`", ""));
      return { columns: {}, rows: [] };
    }
    return engine.evaluate(statement, catalogue, data);
  };

  /** Jobs run one after the other, so that the rows have one history. */
  let last: Promise<unknown> = Promise.resolve();
  const start = (
    id: string,
    configuration: Configuration,
    work: (cancelled: Promise<never>) => Promise<Answer>,
  ): Job => {
    if (jobs.has(id)) throw new Refusal(409, "duplicate", `Already Exists: Job ${project}:${location}.${id}`);
    const failure = failures.shift();
    let [refuse, refuseInQueue] = [(_: Refusal): void => {}, (_: Refusal): void => {}];
    const cancelled = new Promise<never>((_, reject) => {
      refuse = reject;
    });
    const inQueue = new Promise<never>((_, reject) => {
      refuseInQueue = reject;
    });
    for (const refused of [cancelled, inQueue]) refused.catch(() => {});
    let started = false;
    const run = last.then(() => {
      started = true;
      if (job.isCancelled) return cancelled;
      if (failure) throw new Refusal(400, failure.reason, failure.message);
      return work(cancelled);
    });
    last = run.catch(() => {});
    const job: Job = {
      id,
      configuration,
      isCancelled: false,
      state: "RUNNING",
      cancel: () => {
        const stopped = new Refusal(
          400,
          "stopped",
          "Job execution was cancelled: User requested cancellation",
        );
        job.isCancelled = true;
        refuse(stopped);
        // One that has begun ends when it has undone what it did.
        if (!started) refuseInQueue(stopped);
      },
      done: Promise.race([run, inQueue]).finally(() => {
        job.state = "DONE";
      }),
    };
    job.done.catch((error) => {
      const { reason, message } = refusalOf(error);
      job.error = { reason, message };
    });
    jobs.set(id, job);
    return job;
  };

  const resourceOf = ({ id, configuration, state, error }: Job) => ({
    jobReference: { projectId: project, jobId: id, location },
    configuration,
    status: { state, ...(error ? { errorResult: error } : {}) },
  });

  const answer = async (request: IncomingMessage, body: string): Promise<unknown> => {
    const url = new URL(request.url ?? "/", "http://here");
    const at = `${request.method} ${decodeURIComponent(url.pathname).replace(/^(\/upload)?\/bigquery\/v2\/projects\/[^/]+/, "$1")}`;
    const [, id = "", table = ""] =
      /\/(?:jobs|queries|datasets)\/([^/]+)(?:\/tables\/([^/]+))?/.exec(at) ?? [];
    const found = <T>(thing: T | undefined, what: string): T => {
      if (thing === undefined) throw new Refusal(404, "notFound", `Not found: ${what}`);
      return thing;
    };

    if (at === "POST /jobs") {
      const { jobReference, configuration } = JSON.parse(body) as {
        jobReference: { jobId: string };
        configuration: Configuration;
      };
      const { query = "", queryParameters = [] } = configuration.query ?? {};
      const params = Object.fromEntries(queryParameters.map((p) => [p.name, parameterOf(p)]));
      if (configuration.dryRun) return dryRun(engine, query, params, known(query)[0]);
      return resourceOf(
        start(jobReference.jobId, configuration, (cancelled) => execute(query, params, cancelled)),
      );
    }
    if (at === "POST /upload/jobs") {
      const { metadata, content } = parts(body);
      const { datasetId, tableId } = metadata.configuration.load.destinationTable;
      const load = async (): Promise<Answer> => {
        const into = found(tables.get(`${datasetId}.${tableId}`), "Table");
        into.rows = [...into.rows, ...content.map((row) => loaded(row, into.columns))];
        return { columns: {}, rows: [] };
      };
      return resourceOf(start(metadata.jobReference.jobId, metadata.configuration, load));
    }
    if (at === `POST /jobs/${id}/cancel`) {
      found(jobs.get(id), "Job").cancel();
      return {};
    }
    if (at === `GET /jobs/${id}`) return resourceOf(found(jobs.get(id), "Job"));
    if (at === `GET /queries/${id}`) {
      pages++;
      const job = found(jobs.get(id), `Job ${project}:${location}.${id}`);
      return page(await job.done, url.searchParams);
    }
    if (at === "POST /datasets") {
      const { datasetId } = (JSON.parse(body) as { datasetReference: { datasetId: string } })
        .datasetReference;
      if (datasets.has(datasetId))
        throw new Refusal(409, "duplicate", `Already Exists: Dataset ${datasetId}`);
      datasets.add(datasetId);
      return { id: datasetId, datasetReference: { projectId: project, datasetId }, location };
    }
    if (at === `POST /datasets/${id}/tables`) {
      const { tableReference, schema } = JSON.parse(body) as {
        tableReference: { tableId: string };
        schema: { fields: { name: string; type: string }[] };
      };
      const name = `${id}.${tableReference.tableId}`;
      if (!datasets.has(id)) throw new Refusal(404, "notFound", `Not found: Dataset ${project}:${id}`);
      if (tables.has(name)) throw new Refusal(409, "duplicate", `Already Exists: Table ${name}`);
      const columns = Object.fromEntries(schema.fields.map((f) => [f.name, typeOf(f.type)]));
      tables.set(name, { columns, rows: [] });
      return { id: name, tableReference: { ...tableReference, projectId: project, datasetId: id } };
    }
    if (at === `GET /datasets/${id}/tables`) {
      if (!datasets.has(id)) throw new Refusal(404, "notFound", `Not found: Dataset ${project}:${id}`);
      const names = [...tables.keys()].filter((name) => name.startsWith(`${id}.`));
      return {
        tables: names.map((name) => ({
          id: `${project}:${name}`,
          tableReference: { projectId: project, datasetId: id, tableId: name.slice(id.length + 1) },
        })),
      };
    }
    if (at === `GET /datasets/${id}/tables/${table}`) {
      const { rows } = found(tables.get(`${id}.${table}`), `Table ${project}:${id}.${table}`);
      return { type: "TABLE", numRows: String(rows.length), numBytes: String(rows.length * 8) };
    }
    throw new Refusal(404, "notFound", `No such method: ${at}`);
  };

  const server = createServer(async (request, response) => {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    try {
      send(200, await answer(request, await readAll(request)));
    } catch (error) {
      const { status, reason, message } = refusalOf(error);
      send(status, { error: { code: status, message, errors: [{ reason, message, domain: "global" }] } });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get jobs() {
      return [...jobs.values()];
    },
    get pages() {
      return pages;
    },
    failNext: (...given) => {
      failures.push(...given);
    },
    rowsOf: (table) => tables.get(table)?.rows ?? [],
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Params = Record<string, { type: ValueType; value: unknown }>;

/** What the engine refuses is a query that BigQuery would refuse too. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const [said = ""] = (error as Error).message.split("\n\nThe statement:");
  // BigQuery says "… at [3:6]" and doesn't quote the line.
  const [first = ""] = said.split("\n");
  return new Refusal(400, "invalidQuery", first.replace(/\[at (\d+:\d+)\]/, "at [$1]"));
}

async function dryRun(
  engine: GoogleSql,
  text: string,
  params: Params,
  catalogue: Catalogue,
): Promise<unknown> {
  const columns = await engine.analyze({ text, params }, catalogue);
  const fields = fieldsOf(columns);
  const isQuery = /^\s*(select|with|\()/i.test(text);
  const referencedTables = Object.keys(catalogue).map((name) => {
    const [datasetId, tableId] = name.split(".");
    return { projectId: project, datasetId, tableId };
  });
  return {
    jobReference: { projectId: project, location },
    status: { state: "DONE" },
    statistics: {
      query: { statementType: isQuery ? "SELECT" : "OTHER", schema: { fields }, referencedTables },
    },
  };
}

function page({ columns, rows }: Answer, asked: URLSearchParams): unknown {
  const from = Number(asked.get("pageToken")?.replace("after-", "") ?? asked.get("startIndex") ?? 0);
  const to = Math.min(from + Number(asked.get("maxResults") ?? rows.length), rows.length);
  return {
    jobComplete: true,
    totalRows: String(rows.length),
    schema: { fields: fieldsOf(columns) },
    rows: rows
      .slice(from, to)
      .map((row) => ({ f: Object.entries(columns).map(([name, type]) => ({ v: wire(row[name], type) })) })),
    ...(to < rows.length && to > from ? { pageToken: `after-${to}` } : {}),
  };
}

const fieldsOf = (columns: Record<string, ColumnType | string>) =>
  Object.entries(columns).map(([name, type]) => ({
    name,
    type: apiTypes[type as ColumnType] ?? type.replace(/^ARRAY<(.*)>$/, "$1"),
    mode: type.startsWith("ARRAY<") ? "REPEATED" : "NULLABLE",
  }));

const wire = (value: unknown, type: string): string | null => {
  if (value === null || value === undefined) return null;
  if (type === "timestamp") return String(BigInt((value as Date).getTime()) * 1000n);
  return String(value);
};

const apiTypes: Record<ColumnType, string> = {
  string: "STRING",
  integer: "INTEGER",
  number: "FLOAT",
  decimal: "NUMERIC",
  boolean: "BOOLEAN",
  date: "DATE",
  timestamp: "TIMESTAMP",
};
const typeOf = (name: string): ColumnType =>
  (
    ({ INT64: "integer", FLOAT64: "number", NUMERIC: "decimal", BOOL: "boolean" }) as Record<
      string,
      ColumnType
    >
  )[name] ?? (name.toLowerCase() as ColumnType);

/** A value as it was sent, in the type that the request declares for it. */
function sentValue(sent: unknown, type: ColumnType): unknown {
  if (sent === null || sent === undefined) return null;
  const text = String(sent);
  if (type === "integer" || type === "number") return Number(text);
  if (type === "boolean") return text === "true";
  if (type === "timestamp") return new Date(text);
  return text;
}

function parameterOf({ parameterType, parameterValue }: ParameterJson): { type: ValueType; value: unknown } {
  const { type, arrayType } = parameterType;
  if (!arrayType) return { type: typeOf(type), value: sentValue(parameterValue.value, typeOf(type)) };
  const element = typeOf(arrayType.type);
  return {
    type: `${element}[]`,
    value: (parameterValue.arrayValues ?? []).map(({ value }) => sentValue(value, element)),
  };
}

const loaded = (row: Row, columns: Record<string, ColumnType>): Row =>
  Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, sentValue(row[name], type)]));

/** The two parts of a multipart upload: what the job is to do, and the rows. */
function parts(body: string) {
  const boundary = body.slice(0, body.indexOf("\r\n"));
  const [metadata = "", content = ""] = body
    .split(boundary)
    .slice(1)
    .map((part) => part.slice(part.indexOf("\r\n\r\n") + 4));
  return {
    metadata: JSON.parse(metadata) as {
      jobReference: { jobId: string };
      configuration: { load: { destinationTable: { datasetId: string; tableId: string } } };
    },
    content: content
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as Row),
  };
}
