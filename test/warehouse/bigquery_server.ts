import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readAll } from "node:stream/consumers";
import type { Catalogue, ColumnType, GoogleSql, Row, ValueType } from "../googlesql/reference.js";

/**
 * As much of BigQuery's REST interface as Waymark asks, for the official client: jobs under the caller's ids,
 * pages, uploads, datasets and tables. What queries and inserts mean is Google's: the GoogleSQL reference
 * implementation runs each over the rows that are kept here. It knows no scripts, so a transaction's statements are
 * taken apart and, where one fails, what they did is undone. Of UPDATE and DELETE it asks the engine which rows they
 * concern and what is set; a view is asked whenever a statement names it. What is not proven here is BigQuery itself: its permissions, quotas, partitions and the isolation of its transactions.
 */
export interface BigQueryServer {
  readonly url: string;
  /** Every job that was accepted, in order. */
  readonly jobs: readonly ServerJob[];
  /** How many pages of rows were asked for. */
  readonly pages: number;
  /** The next jobs fail so, having changed nothing. */
  failNext(...failures: { reason: string; message: string }[]): void;
  /** From now on nobody may use these datasets, until they are allowed again. */
  deny(...datasets: string[]): void;
  allow(...datasets: string[]): void;
  /** A table that Waymark has no call for: of another project, or one whose name stands for several. */
  put(table: string, columns: Record<string, ColumnType>, rows: Row[]): void;
  /** What tables weigh from now on, instead of what their rows do. */
  weigh(table: string, bytes: number): void;
  rowsOf(table: string): readonly Row[];
  datasetOf(name: string): Dataset | undefined;
  stop(): Promise<void>;
}

interface Dataset {
  readonly location?: string;
  readonly defaultTableExpirationMs?: string;
}

export interface ServerJob {
  readonly id: string;
  readonly configuration: Configuration;
  isCancelled: boolean;
  /** Bytes. */
  billed: number;
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
  /** The query of a view, which has no rows of its own. */
  view?: string;
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
  const datasets = new Map<string, Dataset>();
  const tables = new Map<string, Table>();
  const jobs = new Map<string, Job>();
  const failures: { reason: string; message: string }[] = [];
  const denied = new Set<string>();
  const weights = new Map<string, number>();
  let pages = 0;

  const namedIn = (statement: string): [string, Table][] => {
    const bare = statement.replaceAll("`", "");
    return [...tables].filter(
      ([name]) => statement.includes(quoted(name)) || new RegExp(`\\b${name}\\b`).test(bare),
    );
  };
  /** The tables of which a statement may read, as the engine wants them. */
  const catalogueOf = (statement: string): Catalogue =>
    Object.fromEntries(namedIn(statement).map(([name, { columns }]) => [name, columns]));
  const weightOf = (name: string): number => {
    const { columns, rows, view } = existing(name);
    const known = weights.get(name);
    if (known !== undefined) return known;
    if (view !== undefined) return weightRead(view);
    return rows.length * Object.keys(columns).length * 8;
  };
  /** The bytes of all tables that a statement names; BigQuery would leave out columns and partitions. */
  const weightRead = (statement: string): number =>
    namedIn(statement).reduce((sum, [name]) => sum + weightOf(name), 0);
  const mustBeAllowed = (statement: string): void => {
    const dataset = [...denied].find((name) => new RegExp(`\\b${name}\\b`).test(statement));
    if (dataset)
      throw new Refusal(
        403,
        "accessDenied",
        `Access Denied: Dataset ${project}:${dataset}: Permission denied`,
      );
  };
  /** BigQuery finds only what is in the location that a job is sent to. */
  const mustBeIn = (where: string, statement: string): void => {
    for (const [, dataset = ""] of statement.matchAll(
      /\b(?:from|join|into|update|table) `(\w+)`\.`[^`]+`(?!\.)/g,
    ))
      if ((datasets.get(dataset)?.location ?? location) !== where || !datasets.has(dataset))
        throw new Refusal(
          404,
          "notFound",
          `Not found: Dataset ${project}:${dataset} was not found in location ${where}`,
        );
  };
  const rowsIn = async ({ view, rows }: Table): Promise<Row[]> =>
    view === undefined
      ? rows
      : (await engine.evaluate({ text: view, params: {} }, ...(await known(view)))).rows;
  const known = async (statement: string): Promise<[Catalogue, Record<string, Row[]>]> => {
    const data: Record<string, Row[]> = {};
    for (const [name, table] of namedIn(statement)) data[name] = await rowsIn(table);
    return [catalogueOf(statement), data];
  };
  const existing = (name: string): Table => {
    const table = tables.get(name);
    if (table) return table;
    throw new Refusal(404, "notFound", `Not found: Table ${project}:${name} in location ${location}`);
  };

  /** The rows of a table for which a condition holds, by their numbers, each with what is asked of it. */
  const rowsWhere = async (
    { table, alias, from, where, values }: Change,
    params: Params,
  ): Promise<Map<number, unknown[]>> => {
    const rest = [...values, from, where].join("\n");
    const [catalogue, data] = await known(`${from} ${where} ${values.join(" ")}`);
    const target = existing(table);
    const numbered = "numbered.rows_of_target";
    const columns = values.map((value, i) => `, ${value} as set_${i}`).join("");
    const text = `select ${alias}.row_number_here as row_number_here${columns} from \`numbered\`.\`rows_of_target\` as ${alias}${from && `, ${from}`} where ${where}`;
    const { rows } = await engine.evaluate(
      { text, params: usedIn(rest, params) },
      { ...catalogue, [numbered]: { ...target.columns, row_number_here: "integer" } },
      { ...data, [numbered]: target.rows.map((row, i) => ({ ...row, row_number_here: i })) },
    );
    const found = new Map<number, unknown[]>();
    for (const row of rows) {
      const number = row.row_number_here as number;
      if (found.has(number))
        throw new Refusal(
          400,
          "invalidQuery",
          "UPDATE/MERGE must match at most one source row for each target row",
        );
      found.set(
        number,
        values.map((_, i) => row[`set_${i}`]),
      );
    }
    return found;
  };

  const execute = async (text: string, params: Params, cancelled: Promise<never>): Promise<Answer> => {
    const inTransaction = transactionIn(text);
    if (inTransaction) {
      const ddl = inTransaction.find((part) => /^(create|drop|alter)\b/.test(part));
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
        for (const part of inTransaction) await execute(part, params, cancelled);
      } catch (error) {
        tables.clear();
        for (const [name, table] of before) tables.set(name, table);
        throw error;
      }
      return { columns: {}, rows: [] };
    }
    if (endless?.test(text)) return cancelled;
    const nothing = { columns: {}, rows: [] };
    const parts = text.split(";\n");
    if (parts.length > 1) {
      for (const part of parts) await execute(part, params, cancelled);
      return nothing;
    }
    const used = usedIn(text, params);
    const statement = { text, params: used };
    const schema = /^create schema if not exists `(\w+)`/.exec(text)?.[1];
    if (schema) {
      if (!datasets.has(schema)) datasets.set(schema, {});
      return nothing;
    }
    const defined = /^create table if not exists (`\w+`\.`\w+`) \(([\s\S]*)\)$/.exec(text);
    const added = /^alter table (`\w+`\.`\w+`) add column if not exists (.*)$/.exec(text);
    if (defined?.[1] && defined[2] !== undefined) {
      const name = defined[1].replaceAll("`", "");
      if (!tables.has(name)) tables.set(name, { columns: definitions(defined[2]), rows: [] });
      return nothing;
    }
    if (added?.[1] && added[2] !== undefined) {
      const table = existing(added[1].replaceAll("`", ""));
      table.columns = { ...definitions(added[2]), ...table.columns };
      return nothing;
    }
    const shown = /^create or replace view (`\w+`\.`\w+`) as\s+([\s\S]*)$/.exec(text);
    if (shown?.[1] && shown[2]) {
      const columns = (await engine.analyze({ text: shown[2], params: {} }, catalogueOf(shown[2]))) as Record<
        string,
        ColumnType
      >;
      tables.set(shown[1].replaceAll("`", ""), { columns, rows: [], view: shown[2] });
      return nothing;
    }
    const change = changeIn(text);
    if (change) {
      const table = existing(change.table);
      const found = await rowsWhere(change, params);
      table.rows = change.isDelete
        ? table.rows.filter((_, i) => !found.has(i))
        : table.rows.map((row, i) => {
            const values = found.get(i);
            return values
              ? { ...row, ...Object.fromEntries(change.columns.map((c, k) => [c, values[k]])) }
              : row;
          });
      return nothing;
    }
    const [catalogue, data] = await known(text);
    const made =
      /^create (or replace )?table (`[^`]+`\.`[^`]+`)[\s\S]*?\bas\n?\s*((?:select|with)\b[\s\S]*)$/.exec(
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
      const table = existing(into);
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
    const { query = "", maximumBytesBilled } = configuration.query ?? {};
    mustBeAllowed(query);
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
      const billed = billedFor(weightRead(query), namedIn(query).length);
      if (maximumBytesBilled !== undefined && billed > Number(maximumBytesBilled))
        throw new Refusal(
          400,
          "bytesBilledLimitExceeded",
          `Query exceeded limit for bytes billed: ${maximumBytesBilled}. ${billed} or higher required.`,
        );
      job.billed = billed;
      return work(cancelled);
    });
    last = run.catch(() => {});
    const job: Job = {
      id,
      configuration,
      isCancelled: false,
      billed: 0,
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

  const resourceOf = ({ id, configuration, state, error, billed }: Job) => ({
    jobReference: { projectId: project, jobId: id, location },
    configuration,
    status: { state, ...(error ? { errorResult: error } : {}) },
    statistics: { query: { totalBytesBilled: String(billed) } },
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
        jobReference: { jobId: string; location?: string };
        configuration: Configuration;
      };
      const { query = "", queryParameters = [] } = configuration.query ?? {};
      const params = Object.fromEntries(queryParameters.map((p) => [p.name, parameterOf(p)]));
      const where = jobReference.location ?? location;
      if (configuration.dryRun) {
        mustBeAllowed(query);
        mustBeIn(where, query);
        return dryRun(engine, query, params, catalogueOf(query), weightRead(query));
      }
      return resourceOf(
        start(jobReference.jobId, configuration, async (cancelled) => {
          mustBeIn(where, query);
          return execute(query, params, cancelled);
        }),
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
    if (at === `GET /datasets/${id}`) {
      mustBeAllowed(id);
      const { location: where = location } = found(datasets.get(id), `Dataset ${project}:${id}`);
      return { id, datasetReference: { projectId: project, datasetId: id }, location: where };
    }
    if (at === "POST /datasets") {
      const sent = JSON.parse(body) as Dataset & { datasetReference: { datasetId: string } };
      const { datasetId } = sent.datasetReference;
      if (datasets.has(datasetId))
        throw new Refusal(409, "duplicate", `Already Exists: Dataset ${datasetId}`);
      datasets.set(datasetId, sent);
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
    if (at === `DELETE /datasets/${id}/tables/${table}`) {
      existing(`${id}.${table}`);
      tables.delete(`${id}.${table}`);
      return {};
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
    deny: (...names) => {
      for (const name of names) denied.add(name);
    },
    allow: (...names) => {
      for (const name of names) denied.delete(name);
    },
    put: (table, columns, rows) => void tables.set(table, { columns, rows }),
    weigh: (table, bytes) => void weights.set(table, bytes),
    datasetOf: (name) => datasets.get(name),
    rowsOf: (table) => tables.get(table)?.rows ?? [],
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const quoted = (name: string): string =>
  name
    .split(".")
    .map((part) => `\`${part}\``)
    .join(".");

/** The statements of a script that does them as one transaction. */
const transactionIn = (text: string): string[] | undefined =>
  /^begin\nbegin transaction;\n([\s\S]*);\ncommit transaction;\nexception when error then/
    .exec(text)?.[1]
    ?.split(";\n");

const megabyte = 1 << 20;

/** BigQuery bills full megabytes, and ten at least of each table. */
const billedFor = (bytes: number, tables: number): number =>
  bytes === 0 ? 0 : Math.max(Math.ceil(bytes / megabyte) * megabyte, tables * 10 * megabyte);

type Params = Record<string, { type: ValueType; value: unknown }>;

const usedIn = (text: string, params: Params): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => new RegExp(`@${name}\\b`).test(text)));

/** An UPDATE or DELETE: which rows of which table, and what is set in them. */
interface Change {
  table: string;
  alias: string;
  isDelete: boolean;
  columns: string[];
  values: string[];
  from: string;
  where: string;
}

function changeIn(text: string): Change | undefined {
  const deleted = /^delete from (`\w+`\.`\w+`)(?: as (\w+))?\s+where\s+([\s\S]*)$/.exec(text);
  if (deleted) {
    const [, table = "", alias = "target", where = ""] = deleted;
    const change = { isDelete: true, columns: [], values: [], from: "" };
    return { ...change, table: table.replaceAll("`", ""), alias, where };
  }
  const updated =
    /^\s*update (`\w+`\.`\w+`)(?: as (\w+))?\s+set\s+([\s\S]*?)(?:\s+from\s+([\s\S]*?))?\s+where\s+([\s\S]*)$/.exec(
      text,
    );
  if (!updated) return undefined;
  const [, table = "", alias = "target", set = "", from = "", where = ""] = updated;
  const assigned = set.split(/,\s+(?=`?\w+`? = )/).map((part) => part.split(/ = ([\s\S]*)/));
  return {
    table: table.replaceAll("`", ""),
    alias,
    isDelete: false,
    columns: assigned.map(([column = ""]) => column.replaceAll("`", "").trim()),
    values: assigned.map(([, value = ""]) => value),
    from,
    where,
  };
}

const definitions = (text: string): Record<string, ColumnType> =>
  Object.fromEntries(
    [...text.matchAll(/`?(\w+)`? ([A-Za-z0-9]+)\s*(?:,|$)/g)].map(([, name = "", type = ""]) => [
      name,
      typeOf(type.toUpperCase()),
    ]),
  );

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
  bytes: number,
): Promise<unknown> {
  // Of a script nothing is estimated.
  const statements = transactionIn(text) ?? text.split(";\n");
  const isScript = statements.length > 1 || statements[0] !== text;
  const analysed = await Promise.all(
    statements.map((part) => engine.analyze({ text: part, params: usedIn(part, params) }, catalogue)),
  );
  const fields = isScript ? [] : analysed.flatMap(fieldsOf);
  const isQuery = /^\s*(select|with|\()/i.test(text);
  const referencedTables = Object.keys(catalogue).map((name) => {
    const parts = name.split(".");
    const [datasetId, tableId] = parts.slice(-2);
    return { projectId: parts.slice(0, -2).join(".") || project, datasetId, tableId };
  });
  return {
    jobReference: { projectId: project, location },
    status: { state: "DONE" },
    statistics: {
      query: {
        statementType: isScript ? "SCRIPT" : isQuery ? "SELECT" : "OTHER",
        schema: { fields },
        referencedTables,
        totalBytesProcessed: String(isScript ? 0 : bytes),
      },
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
