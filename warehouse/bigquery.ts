import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { BigQuery, type Job } from "@google-cloud/bigquery";
import { OAuth2Client } from "google-auth-library";
import pLimit from "p-limit";
import { messageOf, WaymarkError } from "../errors.js";
import { failed, startSpan } from "../telemetry/trace.js";
import { cast, typeName } from "./dialect.js";
import { purposeNow } from "./purpose.js";
import {
  type ColumnType,
  companySql,
  join,
  type Parameter,
  path,
  render,
  Sql,
  type Statement,
  sql,
  name as sqlName,
  text,
  verbatimPath,
} from "./sql.js";
import type {
  Columns,
  Materialization,
  Readiness,
  Row,
  RunOptions,
  TransactionOptions,
  Warehouse,
} from "./warehouse.js";

export interface BigQueryOptions {
  /** The Google Cloud project that runs, and pays for, the statements. */
  project: string;
  /** Where the datasets are, e.g. "EU"; BigQuery finds nothing in another one. */
  location: string;
  /** Other names for Waymark's datasets, by the schemas that they are. */
  datasets?: Readonly<Record<string, string>> | undefined;
  /** The partitions of tables by day; months by default. */
  partitionBy?: PartitionBy | undefined;
  /** Bytes that one statement may be billed for; one that would need more is refused before it runs. */
  maximumBytesBilled?: number | undefined;
  /** Sent with every job, beside those of a call. */
  labels?: Readonly<Record<string, string>>;
  /** Another address of the API, asked without credentials: a server for tests. */
  apiEndpoint?: string | undefined;
  /** The first wait before a failed job is tried again, in milliseconds; each further one is twice as long. */
  retryDelay?: number;
  /** How long an answer is waited for, in milliseconds; a minute by default. */
  longestSilence?: number;
}

/** BigQuery answers at most 20 MB a page, whatever is asked. */
const rowsPerPage = 10_000;
/** How long a call waits for a job's end before it asks again, in milliseconds. */
const longPoll = 10_000;
/** How long an answer is waited for, in milliseconds: far longer than BigQuery takes for one. */
const longestSilence = 60_000;
/** How long the end of a cancelled job is waited for, in milliseconds. */
const mostWaitedOnCancelled = 5000;
/** Three days: longer than any build, and long enough to look at what a failed one left. */
const expiresAfterMs = 3 * 86_400_000;
/** Requests at once when tables are dropped, far below BigQuery's 100 a second. */
const dropsAtOnce = 8;
/** What fails by a fault that passes is tried so many times in all. */
const mostTries = 5;
/** BigQuery takes no more of either. */
const mostClusterColumns = 4;
const longestDescription = 1024;

/**
 * Months suit most companies: BigQuery allows 10,000 partitions of a table and 4,000 in one statement, and reads a day
 * of a month by its cluster. Days of a gigabyte are better partitions of their own, as estimates know only these.
 */
export const partitions = ["month", "day"] as const;
export type PartitionBy = (typeof partitions)[number];

/** A company's data where it already is. Signs in with Application Default Credentials when it is first asked. */
export function openBigQuery(options: BigQueryOptions): Warehouse {
  const { project, location, apiEndpoint } = options;
  // The client itself would not try again after 403 rateLimitExceeded, as it looks at the status alone.
  const common = { projectId: project, location, autoRetry: false };
  if (!apiEndpoint) return new BigQueryWarehouse(new BigQuery(common), options);
  // Without a token an upload to another endpoint ends the process.
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "none", expiry_date: Number.MAX_SAFE_INTEGER });
  const signedIn = { authClient, useAuthWithCustomEndpoint: true };
  return new BigQueryWarehouse(new BigQuery({ ...common, apiEndpoint, ...signedIn }), options);
}

class BigQueryWarehouse implements Warehouse {
  readonly dialect = "bigquery";
  readonly isExclusive = false;
  /** Most of the time they wait for answers. */
  readonly atOnce = 4;
  readonly schemaName = (schema: string): string => this.options.datasets?.[schema] ?? schema;
  private readonly made = new Map<string, Promise<void>>();

  constructor(
    private readonly client: BigQuery,
    private readonly options: BigQueryOptions,
  ) {}

  async query<C extends Columns>(statement: Sql, columns: C, options?: RunOptions): Promise<Row<C>[]> {
    const rows: Row<C>[] = [];
    for await (const batch of this.stream(statement, columns, options))
      for (const row of batch) rows.push(row);
    return rows;
  }

  async *stream<C extends Columns>(
    statement: Sql,
    columns: C,
    options: RunOptions = {},
  ): AsyncIterable<Row<C>[]> {
    const rendered = this.rendered(statement, options);
    const { job, page: first } = await this.execute(rendered, options, rowsPerPage);
    try {
      let page = first;
      let read = readersOf(columns, page.schema?.fields ?? []);
      for (let rows = 0; ; ) {
        options.signal?.throwIfAborted();
        if (page.rows.length > 0) yield page.rows.map((row) => read(row)) as Row<C>[];
        rows += page.rows.length;
        if (!page.pageToken) return;
        page = await this.pageAt(job, rows, page.pageToken, options.signal);
        read = page.schema ? readersOf(columns, page.schema.fields ?? []) : read;
      }
    } catch (error) {
      throw this.failure(error, { statement: rendered, job, signal: options.signal });
    }
  }

  async run(statement: Sql, options: RunOptions = {}): Promise<void> {
    await this.execute(this.rendered(statement, options), options, 0);
  }

  /** BigQuery's transactions take statements that change rows; of those that make tables only temporary ones. */
  async transaction(
    statements: readonly Sql[],
    { definitions = [], ...options }: TransactionOptions = {},
  ): Promise<void> {
    const [only] = statements;
    if (only) await this.run(statements.length === 1 ? only : inTransaction(statements), options);
    // Apart from it: a job that failed is tried again, and what was committed must not be.
    if (definitions.length > 0) await this.run(join(definitions, ";\n"), options);
  }

  createSchema(schema: string, { expires = false }: { expires?: boolean } = {}): Promise<void> {
    const dataset = this.schemaName(schema);
    const known = this.made.get(dataset);
    if (known) return known;
    const { location } = this.options;
    const expiry = expires ? { defaultTableExpirationMs: String(expiresAfterMs) } : {};
    const created = this.unlessThere(() => this.client.createDataset(dataset, { location, ...expiry }));
    this.made.set(dataset, created);
    created.catch(() => this.made.delete(dataset));
    return created;
  }

  async drop(tables: readonly (readonly string[])[]): Promise<void> {
    const several = pLimit(dropsAtOnce);
    const drop = async (dataset: string, table: string): Promise<void> => {
      try {
        await this.patiently(() => this.client.dataset(dataset).table(table).delete());
      } catch (error) {
        if (statusOf(error) !== 404) throw this.failure(error);
      }
    };
    await Promise.all(tables.map((table) => several(() => drop(...this.placeOf(table)))));
  }

  async materialize(target: Materialization, options: RunOptions = {}): Promise<number> {
    const [dataset, table] = this.placeOf(target.table);
    await this.createSchema(target.table[0] ?? "");
    await this.run(tableMade(target, this.options.partitionBy), options);
    const { numRows } = await this.metadataOf(dataset, table);
    return Number(numRows ?? 0);
  }

  /** Its processors are none of ours. */
  async sideBySide(): Promise<void> {}

  /** Logical bytes, by which BigQuery bills storage and scans; null for a view. */
  async bytes(path: readonly string[]): Promise<number | null> {
    const { type, numBytes } = await this.metadataOf(...this.placeOf(path));
    return type === "VIEW" || numBytes === undefined ? null : Number(numBytes);
  }

  async load(path: readonly string[], columns: Columns, batches: Iterable<unknown[][]>): Promise<number> {
    const [dataset, table] = this.placeOf(path);
    await this.createSchema(path[0] ?? "");
    const fields = Object.entries(columns).map(([name, { type, description }]) => ({
      name,
      type: engineTypes[type],
      ...(description ? { description: description.slice(0, longestDescription) } : {}),
    }));
    await this.unlessThere(() => this.client.dataset(dataset).createTable(table, { schema: { fields } }));
    // By way of a file, so that an upload that breaks off can be sent again.
    const folder = await mkdtemp(joinPath(tmpdir(), "waymark-load-"));
    try {
      const file = joinPath(folder, "rows.ndjson");
      const rows = await writeRows(file, columns, batches);
      if (rows > 0) await this.loadFile(file, dataset, table, fields);
      return rows;
    } catch (error) {
      const known = this.failure(error);
      throw new WaymarkError(
        known.code,
        `Can't load rows into ${path.join(".")}: ${known.message}`,
        known.details,
        { cause: known.cause ?? error },
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async describe(query: Sql, options: RunOptions = {}): Promise<Record<string, ColumnType | null>> {
    const { schema } = await this.dryRun(this.rendered(query, options), options);
    return Object.fromEntries(
      (schema?.fields ?? []).map(({ name = "", type = "", mode }) => [
        name,
        mode === "REPEATED" ? null : (columnTypes[type] ?? null),
      ]),
    );
  }

  /**
   * Found by a dry run, so BigQuery's own parser: the tables behind views too, and nothing where one is missing.
   * A table of the project is told without it.
   */
  async reads(query: string): Promise<string[][]> {
    const one = expectOneQuery(query);
    const { statementType, referencedTables } = await this.dryRun(this.rendered(one), {});
    if (statementType !== "SELECT") throw notOneQuery();
    const { project, datasets = {} } = this.options;
    const schemas = new Map(Object.entries(datasets).map(([schema, dataset]) => [dataset, schema]));
    return (referencedTables ?? []).map(({ projectId = "", datasetId = "", tableId = "" }) =>
      projectId === project
        ? [schemas.get(datasetId) ?? datasetId, tableId]
        : [projectId, datasetId, tableId],
    );
  }

  async estimate(asked: Sql | Materialization, options: RunOptions = {}): Promise<number> {
    // Of a table its query alone, which is billed for the same, and may be asked where its dataset isn't there yet.
    const statement = asked instanceof Sql ? asked : asked.query;
    return billedAtMost(await this.dryRun(this.rendered(statement, options), options));
  }

  /** Told by dry runs, which ask for the same rights and change nothing. */
  async readiness(schemas: readonly string[], raw: Readonly<Record<string, Sql>>): Promise<Readiness> {
    const { project, location } = this.options;
    const datasets = schemas.map((schema) => this.schemaName(schema));
    const problems: string[] = [];
    const toBeMade: string[] = [];
    const reads: Readiness["reads"][number][] = [];
    const sources = new Set<string>();
    const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        const known = this.failure(error);
        // Nothing else could be told either, and each further question would wait as long.
        if (isPassing(known) || isUnsigned(error)) throw known;
        problems.push(`${what}: ${known.message}`);
      }
    };
    await attempt(`Statements in ${project}`, async () => {
      await this.dryRun(this.rendered(sql`select 1 as one`), {});
    });
    for (const dataset of datasets)
      await attempt(`Dataset ${dataset}`, async () => {
        const where = await this.locationOf(dataset);
        if (where === undefined) toBeMade.push(dataset);
        else if (where.toLowerCase() !== location.toLowerCase())
          problems.push(
            `Dataset ${dataset} is in ${where}, and warehouse.location in waymark.yml says ${location}. Name another dataset under warehouse.datasets, or say where it is.`,
          );
        else
          await this.dryRun(
            this.rendered(sql`create table ${verbatimPath(dataset, "waymark_check")} (n int64)`),
            {},
          );
      });
    for (const [source, query] of Object.entries(raw))
      await attempt(`sources.${source}`, async () => {
        const found = await this.dryRun(this.rendered(query), {});
        for (const { projectId, datasetId } of found.referencedTables ?? [])
          sources.add(projectId === project ? `${datasetId}` : `${projectId}.${datasetId}`);
        reads.push({ source, bytes: billedAtMost(found) });
      });
    const grants = [
      { grant: "roles/bigquery.jobUser", on: `project ${project}`, why: "runs statements" },
      ...(toBeMade.length > 0
        ? [
            {
              grant: "bigquery.datasets.create",
              on: `project ${project}`,
              why: `makes ${toBeMade.join(", ")} in the first build; not needed where you make them in ${location}`,
            },
          ]
        : []),
      ...datasets.map((on) => ({
        grant: "roles/bigquery.dataEditor",
        on: `dataset ${on}`,
        why: "Waymark's own tables",
      })),
      ...[...sources]
        .sort()
        .map((on) => ({ grant: "roles/bigquery.dataViewer", on: `dataset ${on}`, why: "reads the sources" })),
    ];
    return { problems, toBeMade, grants, reads };
  }

  /** Undefined where there is no such dataset. */
  private async locationOf(dataset: string): Promise<string | undefined> {
    try {
      const [metadata] = await this.patiently(() => this.client.dataset(dataset).getMetadata());
      return (metadata as { location?: string }).location;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async tables(schema: string): Promise<string[]> {
    const dataset = this.schemaName(schema);
    if (!/^\w{1,1024}$/.test(dataset)) return []; // no name of a dataset, and part of an address
    try {
      const [tables] = await this.patiently(() => this.client.dataset(dataset).getTables());
      return tables.map(({ id }) => id ?? "").sort();
    } catch (error) {
      if (statusOf(error) === 404) return [];
      throw this.failure(error);
    }
  }

  async close(): Promise<void> {}

  private rendered(statement: Sql, options: RunOptions = {}): Statement {
    return render(statement, this.dialect, { ...options, schemaName: this.schemaName });
  }

  /** Run a statement to its end and answer its first page of rows; `rows` is the most that a page holds. */
  private async execute(
    statement: Statement,
    options: RunOptions,
    rows: number,
  ): Promise<{ job: Job; page: Page }> {
    const span = startSpan("waymark.statement", {
      "db.system.name": "gcp.bigquery",
      "db.query.text": statement.text,
    });
    try {
      return await this.retried(options.signal, async (jobId) => {
        const { most, settle } = await this.setAside(statement, options);
        let job: Job | undefined;
        try {
          job = await this.started(jobId, this.queryJob(statement, most), options.signal);
          return { job, page: await this.ended(job, rows, options.signal) };
        } catch (error) {
          throw this.failure(error, { statement, ...(job && { job }), signal: options.signal });
        } finally {
          settle(job);
        }
      });
    } catch (error) {
      const known = this.failure(error, { statement, signal: options.signal });
      failed(span, known);
      throw known;
    } finally {
      span.end();
    }
  }

  /**
   * Set aside what a statement may cost where it has a budget. Answers the most that it may be billed for, which is all
   * that is left, as an estimate of a script is none; and how to enter what it was billed.
   * @throws WaymarkError OVER_BUDGET
   */
  private async setAside(statement: Statement, options: RunOptions) {
    const { accounts, isLimited } = purposeNow();
    const limiting = isLimited ? accounts.filter(({ budget }) => budget) : [];
    const held = limiting.length > 0 ? billedAtMost(await this.dryRun(statement, options)) : 0;
    for (const account of limiting) account.mustHave(held);
    for (const account of accounts) account.hold(held);
    const left = held + Math.min(...limiting.map((account) => account.left));
    return {
      most: Math.min(left, this.options.maximumBytesBilled ?? left),
      settle: (job: Job | undefined): void => {
        if (accounts.length === 0) return;
        const billed = job ? this.billedFor(job) : Promise.resolve(0);
        for (const account of accounts) account.settle(held, billed);
      },
    };
  }

  private async billedFor(job: Job): Promise<number> {
    const [metadata] = await this.patiently(() => job.getMetadata());
    return Number((metadata as JobStatistics).statistics?.query?.totalBytesBilled ?? 0);
  }

  private queryJob(statement: Statement, most: number, dryRun = false) {
    const given = Object.entries({ caller: "waymark", ...this.options.labels, ...purposeNow().labels });
    return {
      ...(dryRun ? { dryRun } : {}),
      labels: Object.fromEntries(given.map(([key, value]) => [label(key), label(value)])),
      query: {
        query: statement.text,
        useLegacySql: false,
        parameterMode: "NAMED",
        queryParameters: Object.entries(statement.params).map(([name, p]) => ({ name, ...parameterOf(p) })),
        ...(Number.isFinite(most) ? { maximumBytesBilled: String(most) } : {}),
      },
    };
  }

  private async dryRun(statement: Statement, options: RunOptions): Promise<QueryStatistics> {
    try {
      options.signal?.throwIfAborted();
      const configuration = this.queryJob(statement, Number.POSITIVE_INFINITY, true);
      const [job] = await this.patiently(() => this.client.createJob({ configuration }), options.signal);
      return (job.metadata as JobStatistics).statistics?.query ?? {};
    } catch (error) {
      throw this.failure(error, { statement, signal: options.signal });
    }
  }

  /**
   * Start a job under an id of our own. Where the answer to the first request was lost, the second is refused, for
   * the job is there already: it is the one.
   */
  private started(jobId: string, configuration: object, signal?: AbortSignal): Promise<Job> {
    return this.patiently(async () => {
      try {
        const [job] = await this.client.createJob({ jobId, configuration });
        return job;
      } catch (error) {
        if (statusOf(error) !== 409 && !isToldByJob(error)) throw error;
        return this.client.job(jobId, { location: this.options.location });
      }
    }, signal);
  }

  /** Wait for a job's end; the signal cancels it on the engine. */
  private async ended(job: Job, rows: number, signal?: AbortSignal): Promise<Page> {
    const answer = async (): Promise<Page> => {
      for (;;) {
        const page = await this.page(job, { maxResults: rows, timeoutMs: longPoll }, signal);
        if (page.jobComplete !== false) return page;
      }
    };
    if (!signal) return answer();
    const left = new AbortController();
    const cancelled = new Promise<never>((_, reject) => {
      const cancel = async (): Promise<void> => {
        await job.cancel().catch(() => {});
        // BigQuery only takes note of it; a statement may still end well.
        await this.over(job, mostWaitedOnCancelled).catch(() => {});
        reject(signal.reason);
      };
      if (signal.aborted) void cancel();
      else signal.addEventListener("abort", cancel, { once: true, signal: left.signal });
    });
    // Of the two, the one that comes late is of no interest any more.
    cancelled.catch(() => {});
    const answered = answer().catch((error) => (signal.aborted ? cancelled : Promise.reject(error)));
    try {
      return await Promise.race([answered, cancelled]);
    } finally {
      answered.catch(() => {});
      left.abort();
    }
  }

  private page(job: Job, options: object, signal?: AbortSignal): Promise<Page> {
    return this.patiently(async () => {
      try {
        const [rows, , response] = await job.getQueryResults({
          autoPaginate: false,
          skipParsing: true,
          ...options,
        });
        return { ...(response as Omit<Page, "rows">), rows: (rows ?? []) as RawRow[] };
      } catch (error) {
        // Whether the job failed, or only the question after it.
        const status = await this.over(job, 0).catch(() => null);
        throw status?.errorResult ? new JobFailure(status.errorResult) : error;
      }
    }, signal);
  }

  /** A page by its token or, where BigQuery doesn't know that any more, by the number of rows before it. */
  private async pageAt(job: Job, rows: number, pageToken: string, signal?: AbortSignal): Promise<Page> {
    try {
      return await this.page(job, { maxResults: rowsPerPage, pageToken }, signal);
    } catch (error) {
      if (signal?.aborted || statusOf(error) !== 400) throw error;
      return this.page(job, { maxResults: rowsPerPage, startIndex: String(rows) }, signal);
    }
  }

  private async loadFile(file: string, dataset: string, table: string, fields: object[]): Promise<void> {
    const { location } = this.options;
    await this.retried(undefined, async (jobId) => {
      // However long it takes.
      await this.again(async () => {
        const upload = this.client.dataset(dataset).table(table).createWriteStream({
          jobId,
          location,
          sourceFormat: "NEWLINE_DELIMITED_JSON",
          writeDisposition: "WRITE_APPEND",
          schema: { fields },
        });
        try {
          await pipeline(createReadStream(file), upload);
        } catch (error) {
          // A job that is there has our rows, or will say why not.
          if (statusOf(error) !== 409 && !(await this.isThere(jobId))) throw error;
        }
      }, isOnTheWay);
      await this.loaded(jobId);
    });
  }

  private async isThere(jobId: string): Promise<boolean> {
    try {
      const job = this.client.job(jobId, { location: this.options.location });
      await this.patiently(() => job.getMetadata());
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  private async loaded(jobId: string): Promise<void> {
    const job = this.client.job(jobId, { location: this.options.location });
    const status = await this.over(job);
    if (status.errorResult) throw this.failure(new JobFailure(status.errorResult), { job });
  }

  /** How a job stands when it has ended, or after so many milliseconds. */
  private async over(job: Job, longest = Number.POSITIVE_INFINITY): Promise<JobStatus> {
    for (let [wait, waited] = [50, 0]; ; wait = Math.min(wait * 2, 2000)) {
      const [metadata] = await this.patiently(() => job.getMetadata());
      const { status = {} } = metadata as { status?: JobStatus };
      if (status.state === "DONE" || waited >= longest) return status;
      await sleep(wait);
      waited += wait;
    }
  }

  /** Try work under a new job id for as long as its job fails by BigQuery's own, passing fault. */
  private retried<T>(signal: AbortSignal | undefined, work: (jobId: string) => Promise<T>): Promise<T> {
    // Only of a job that has failed is it known that it changed nothing.
    const mayPass = (error: unknown): boolean => {
      const fault = error instanceof WaymarkError ? error.cause : error;
      return fault instanceof JobFailure && isPassing(fault);
    };
    return this.again(() => work(`waymark_${randomUUID()}`), mayPass, signal);
  }

  /** Ask again what may be asked twice, for as long as what goes wrong is on the way; after silence only once. */
  private patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const longest = this.options.longestSilence ?? longestSilence;
    const until = Date.now() + 2 * longest;
    const mayPass = (error: unknown): boolean => isOnTheWay(error) && Date.now() < until;
    return this.again(() => heardWithin(longest, work()), mayPass, signal);
  }

  private async again<T>(
    work: () => Promise<T>,
    mayPass: (error: unknown) => boolean,
    signal?: AbortSignal,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        signal?.throwIfAborted();
        return await work();
      } catch (error) {
        if (attempt === mostTries || !mayPass(error)) throw error;
        await sleep((this.options.retryDelay ?? 1000) * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  }

  private async unlessThere(create: () => Promise<unknown>): Promise<void> {
    try {
      await this.patiently(create);
    } catch (error) {
      if (statusOf(error) !== 409) throw this.failure(error);
    }
  }

  private async metadataOf(dataset: string, table: string): Promise<TableMetadata> {
    try {
      const [metadata] = await this.patiently(() => this.client.dataset(dataset).table(table).getMetadata());
      return metadata as TableMetadata;
    } catch (error) {
      throw this.failure(error);
    }
  }

  private placeOf(path: readonly string[]): [dataset: string, table: string] {
    const [schema, table] = path.slice(-2);
    if (path.length === 2 && schema && table) return [this.schemaName(schema), table];
    throw new WaymarkError(
      "WAREHOUSE_FAILED",
      `${path.join(".")} names no table of BigQuery's project ${this.options.project}; expected a dataset and a table, as in waymark.accounts.`,
    );
  }

  /** Whatever went wrong in Waymark's words: what BigQuery says, what to do, and where to read on. */
  private failure(error: unknown, told: Told = {}): WaymarkError {
    const { statement, job, signal } = told;
    if (signal?.aborted && !isCancellation(error))
      return new WaymarkError("CANCELLED", "The statement was cancelled.", {}, { cause: error });
    const { project, location } = this.options;
    const details = {
      ...(statement ? { statement: statement.text } : {}),
      ...(job?.id ? { job: job.id, location: job.location ?? location } : {}),
      ...(job?.id ? { link: linkOf(project, job.location ?? location, job.id) } : {}),
    };
    if (error instanceof WaymarkError)
      return new WaymarkError(
        error.code,
        error.message,
        { ...details, ...error.details },
        { cause: error.cause },
      );
    const message = saidBy(error);
    const line = /at \[(\d+):\d+\]/.exec(message)?.[1];
    const advice = this.adviceOn(error, message);
    return new WaymarkError(
      isPassing(error) ? "WAREHOUSE_UNAVAILABLE" : isOverLimit(error) ? "OVER_BUDGET" : "WAREHOUSE_FAILED",
      `BigQuery: ${advice ? `${/[.!?]$/.test(message) ? message : `${message}.`} ${advice}` : message}`,
      { ...details, ...(line ? { line: Number(line) } : {}) },
      { cause: error },
    );
  }

  private adviceOn(error: unknown, message: string): string {
    const { project, location } = this.options;
    const reason = reasonOf(error);
    if (isUnreachable(error))
      return "Look whether this machine reaches BigQuery's API: its network, its DNS and, where it needs one, the proxy in HTTPS_PROXY.";
    if (isUnsigned(error))
      return "Sign in with `gcloud auth application-default login`, or name a service account's key file in GOOGLE_APPLICATION_CREDENTIALS.";
    if (reason === "notFound" && /\bdataset\b/i.test(message))
      return `Create the dataset in ${location}, or set warehouse.location in waymark.yml to where it is.`;
    if (reason === "notFound" && /\btable\b/i.test(message))
      return `Look whether it was dropped or renamed, and whether its dataset is in ${location}.`;
    if (/too many partitions/i.test(message))
      return "Set warehouse.partition_by to month in waymark.yml: a statement may write 4,000 partitions.";
    if (/partition elimination|partition filter/i.test(message))
      return 'The table asks for a filter: name under "query" what is to be read of it, such as `select * from raw.events where day >= "2023-01-01"`.';
    if (/bigquery\.datasets\.create/.test(message))
      return `Make Waymark's datasets in ${location} yourself, or grant the account that runs Waymark bigquery.datasets.create on ${project}: docs/bigquery.md tells how.`;
    if (reason === "accessDenied" || /access denied|permission/i.test(message))
      return `Grant the account that runs Waymark roles/bigquery.jobUser on ${project}, roles/bigquery.dataEditor on Waymark's datasets and roles/bigquery.dataViewer on those of the sources.`;
    if (isOverLimit(error))
      return "Raise warehouse.maximum_bytes_billed in waymark.yml, or the budget of whoever asks, if the statement is worth it.";
    if (reason === "quotaExceeded")
      return `Wait until the quota renews, or ask for more under IAM & Admin, Quotas, of ${project}.`;
    return "";
  }
}

interface Told {
  statement?: Statement;
  job?: Job;
  signal?: AbortSignal | undefined;
}

/** A job that has ended in failure: nothing of it stays. */
class JobFailure extends Error {
  constructor(readonly status: ErrorProto) {
    super(status.message ?? "the job failed");
  }
}

interface ErrorProto {
  reason?: string;
  message?: string;
}
interface JobStatus {
  state?: string;
  errorResult?: ErrorProto;
}
interface Field {
  name?: string;
  type?: string;
  mode?: string;
}
interface RawRow {
  f: { v: unknown }[];
}
interface Page {
  rows: RawRow[];
  schema?: { fields?: Field[] };
  pageToken?: string;
  jobComplete?: boolean;
}
interface JobStatistics {
  statistics?: { query?: QueryStatistics };
}
interface QueryStatistics {
  statementType?: string;
  schema?: { fields?: Field[] };
  referencedTables?: { projectId?: string; datasetId?: string; tableId?: string }[];
  /** Of a dry run the estimate; at most, where tables are clustered. */
  totalBytesProcessed?: string;
  totalBytesBilled?: string;
}
interface TableMetadata {
  type?: string;
  numRows?: string;
  numBytes?: string;
}

/** One script: an error in it, or its cancellation, undoes all of it. */
export const inTransaction = (statements: readonly Sql[]): Sql => sql`begin
begin transaction;
${join(statements, ";\n")};
commit transaction;
exception when error then
rollback transaction;
raise;
end`;

const megabyte = 1 << 20;
const leastBilled = 10 * megabyte;

/** BigQuery bills full megabytes, and of each table that has to be read at least ten. */
function billedAtMost({ totalBytesProcessed = "0", referencedTables = [] }: QueryStatistics): number {
  const bytes = Number(totalBytesProcessed);
  if (bytes === 0) return 0;
  return Math.max(Math.ceil(bytes / megabyte) * megabyte, Math.max(1, referencedTables.length) * leastBilled);
}

/**
 * Partitioned by day or month, which bounds what a statement scans, and clustered by what else the rows are ordered
 * by. Descriptions come from the columns.
 */
export function tableMade(
  { table, columns, query, sortBy = [], clusterBy = [] }: Materialization,
  by: PartitionBy = "month",
): Sql {
  const [first = ""] = sortBy;
  const day = columns[first]?.type === "date" ? first : undefined;
  const definitions = Object.entries(columns).map(([column, { type, description }]) => {
    const options = description
      ? sql` options(description=${text(description.slice(0, longestDescription))})`
      : sql``;
    return sql`${sqlName(column)} ${typeName(type)}${options}`;
  });
  const clustered = [...new Set([...sortBy, ...clusterBy])]
    .filter(
      (column) => !(by === "day" && column === day) && columns[column] && columns[column].type !== "number",
    )
    .slice(0, mostClusterColumns);
  const values = Object.entries(columns).map(
    ([column, { type }]) => sql`${cast(sqlName(column), type)} as ${sqlName(column)}`,
  );
  return sql`create or replace table ${path(...table)} (
  ${join(definitions, ",\n  ")}
)
${day ? sql`partition by ${by === "day" ? sqlName(day) : sql`date_trunc(${sqlName(day)}, month)`}` : sql``}
${clustered.length > 0 ? sql`cluster by ${clustered.map(sqlName)}` : sql``}
as
select ${values} from (${query}) as built`;
}

const engineTypes: Record<ColumnType, string> = {
  string: "STRING",
  integer: "INT64",
  number: "FLOAT64",
  decimal: "NUMERIC",
  boolean: "BOOL",
  date: "DATE",
  timestamp: "TIMESTAMP",
};

/** By either of the names that BigQuery's API has for a type. */
const columnTypes: Record<string, ColumnType> = {
  STRING: "string",
  INTEGER: "integer",
  INT64: "integer",
  FLOAT: "number",
  FLOAT64: "number",
  NUMERIC: "decimal",
  BIGNUMERIC: "decimal",
  BOOLEAN: "boolean",
  BOOL: "boolean",
  DATE: "date",
  TIMESTAMP: "timestamp",
};

/** Written out by hand: the client sends a plain string as a DATE or TIMESTAMP empty, without a word. */
function parameterOf({ type, value }: Parameter): object {
  if (!type.endsWith("[]"))
    return {
      parameterType: { type: engineTypes[type as ColumnType] },
      parameterValue: { value: textOf(value, type as ColumnType) },
    };
  const element = type.slice(0, -2) as ColumnType;
  return {
    parameterType: { type: "ARRAY", arrayType: { type: engineTypes[element] } },
    parameterValue: { arrayValues: (value as unknown[]).map((v) => ({ value: textOf(v, element) })) },
  };
}

/** A value as BigQuery reads it. What it would round or take for another value is refused here. */
function textOf(value: unknown, type: ColumnType): string | null {
  if (value === null || value === undefined) return null;
  const written = String(value);
  const isRight: Record<ColumnType, () => boolean> = {
    string: () => typeof value === "string",
    integer: () => Number.isSafeInteger(value) || typeof value === "bigint",
    number: () => typeof value === "number",
    decimal: () => /^[+-]?\d{1,29}(\.\d{1,9})?$/.test(written),
    boolean: () => typeof value === "boolean",
    date: () => isDay(written),
    timestamp: () => value instanceof Date && !Number.isNaN(value.getTime()),
  };
  if (!isRight[type]())
    throw new WaymarkError("BAD_USER_INPUT", `"${written}" is no ${type}; expected ${expected[type]}.`, {
      value: written,
      type,
    });
  return value instanceof Date ? value.toISOString() : written;
}

const expected: Record<ColumnType, string> = {
  string: "text",
  integer: "a whole number up to ±2^53",
  number: "a number",
  decimal: "at most 29 digits before the point and 9 after it",
  boolean: "true or false",
  date: "a day such as 2024-02-29",
  timestamp: "an instant",
};

/** JavaScript takes 30 February for 1 March. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === day;
}

/** Rows as a file of JSON lines; answers their number. */
async function writeRows(file: string, columns: Columns, batches: Iterable<unknown[][]>): Promise<number> {
  const fields = Object.entries(columns);
  const out = await open(file, "w");
  try {
    let rows = 0;
    for (const batch of batches) {
      const lines = batch.map((row) => {
        const values = fields.map(([column, { type }], i) => [column, jsonOf(row[i], type)]);
        return `${JSON.stringify(Object.fromEntries(values))}\n`;
      });
      await out.write(lines.join(""));
      rows += batch.length;
    }
    return rows;
  } finally {
    await out.close();
  }
}

const jsonOf = (value: unknown, type: ColumnType): unknown => {
  const written = textOf(value, type);
  return type === "boolean" && written !== null ? value : written;
};

/** How rows are read: every value comes as text, and is what its column is in BigQuery and in the declaration. */
function readersOf(columns: Columns, fields: readonly Field[]): (row: RawRow) => Record<string, unknown> {
  const names = fields.map(({ name }) => name ?? "");
  const readers = Object.entries(columns).map(([column, { type }]) => {
    const index = names.indexOf(column);
    if (index < 0)
      throw new WaymarkError(
        "WAREHOUSE_FAILED",
        `The statement returns no column ${column}, only ${names.join(", ")}.`,
      );
    return { column, index, read: reader(type, column, fields[index] ?? {}) };
  });
  return ({ f }) => Object.fromEntries(readers.map(({ column, index, read }) => [column, read(f[index]?.v)]));
}

function reader(type: ColumnType, column: string, field: Field): (value: unknown) => unknown {
  const given = field.mode === "REPEATED" ? undefined : columnTypes[field.type ?? ""];
  const unreadable = (value: unknown): never => {
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    throw new WaymarkError(
      "WAREHOUSE_FAILED",
      `Column ${column} holds ${shown}, which is not ${type === "integer" ? "an" : "a"} ${type}.`,
    );
  };
  const accepted: Record<ColumnType, readonly (ColumnType | undefined)[]> = {
    string: ["string"],
    integer: ["integer", "decimal", "number"],
    number: ["number", "integer", "decimal"],
    decimal: ["decimal", "integer"],
    boolean: ["boolean"],
    date: ["date"],
    timestamp: ["timestamp"],
  };
  const read: Record<ColumnType, (value: string) => unknown> = {
    string: (v) => v,
    integer: (v) => (Number.isSafeInteger(Number(v)) ? Number(v) : unreadable(v)),
    number: (v) => Number(v.replace(/^([+-]?)inf$/i, "$1Infinity")),
    decimal: (v) => (v.includes(".") ? v.replace(/\.?0+$/, "") : v),
    boolean: (v) => v === "true",
    date: (v) => v,
    timestamp: (v) => new Date(millisecondsOf(BigInt(v))),
  };
  return (value) => {
    if (value === null || value === undefined) return null;
    return typeof value === "string" && accepted[type].includes(given)
      ? read[type](value)
      : unreadable(value);
  };
}

/** Rounded down, before 1970 too. */
const millisecondsOf = (micros: bigint): number =>
  Number(micros / 1000n) - (micros < 0n && micros % 1000n !== 0n ? 1 : 0);

function expectOneQuery(query: string): Sql {
  if (query.trim() === "") throw notOneQuery();
  try {
    return companySql(query);
  } catch (cause) {
    throw notOneQuery(cause);
  }
}

const notOneQuery = (cause?: unknown): WaymarkError =>
  new WaymarkError("WAREHOUSE_FAILED", "Expected exactly one query (`select …`).", { line: 1 }, { cause });

/** BigQuery takes lower case, digits, - and _ in labels. */
const label = (value: string): string =>
  value
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "_")
    .slice(0, 63);

const linkOf = (project: string, location: string, job: string): string =>
  `https://console.cloud.google.com/bigquery?project=${project}&j=bq:${location}:${job}&page=queryresults`;

const statusOf = (error: unknown): number | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
};

/** What the client throws for a job that is there and tells an error already, which may be no more than a warning. */
const isToldByJob = (error: unknown): boolean =>
  (error as { response?: { jobReference?: unknown } } | null)?.response?.jobReference !== undefined;

function reasonOf(error: unknown): string {
  if (error instanceof JobFailure) return error.status.reason ?? "";
  return (error as { errors?: ErrorProto[] } | null)?.errors?.[0]?.reason ?? "";
}

/** The first thing that went wrong; the client's own message repeats it. */
const saidBy = (error: unknown): string =>
  (error as { errors?: ErrorProto[] } | null)?.errors?.[0]?.message ?? messageOf(error);

/** Refused by BigQuery itself, for a limit that was sent with the job; a script finds out on its way. */
const isOverLimit = (error: unknown): boolean =>
  reasonOf(error) === "bytesBilledLimitExceeded" || /limit for bytes billed/i.test(saidBy(error));

/** Whether BigQuery doesn't know who asks: nobody is signed in, the sign-in is over, or a key can't be read. */
const isUnsigned = (error: unknown): boolean =>
  statusOf(error) === 401 ||
  /default credentials|credential file|invalid_(grant|rapt|client)/i.test(messageOf(error)) ||
  (error instanceof WaymarkError && isUnsigned(error.cause));

const isCancellation = (error: unknown): boolean =>
  error instanceof WaymarkError && error.code === "CANCELLED";

const passingReasons = [
  "backendError",
  "internalError",
  "jobBackendError",
  "jobInternalError",
  "rateLimitExceeded",
  "jobRateLimitExceeded",
  "userRateLimitExceeded",
  "tableUnavailable",
];
const unreachableCodes = [
  "ECONNREFUSED",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
];
const passingCodes = [...unreachableCodes, "ECONNRESET", "EPIPE"];

/** Whether it went wrong on the way to BigQuery or back, and may not the next time. */
const isOnTheWay = (error: unknown): boolean => !(error instanceof JobFailure) && isPassing(error);

/** Whether nobody answered at all. */
const isUnreachable = (error: unknown): boolean =>
  unreachableCodes.includes(String((error as { code?: unknown } | null)?.code));

/** The client itself waits for ever, and whoever is in between may take a request and never answer. */
async function heardWithin<T>(longest: number, answer: Promise<T>): Promise<T> {
  const heard = new AbortController();
  const silence = sleep(longest, undefined, { signal: heard.signal }).then(() => {
    throw Object.assign(new Error(`no answer within ${longest / 1000} s.`), { code: "ETIMEDOUT" });
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    heard.abort();
  }
}

/** Whether the same work may succeed in a while. */
function isPassing(error: unknown): boolean {
  if (error instanceof WaymarkError) return error.code === "WAREHOUSE_UNAVAILABLE";
  const status = statusOf(error);
  if (status === 429 || (status !== undefined && status >= 500)) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return (
    passingReasons.includes(reasonOf(error)) ||
    (typeof code === "string" && passingCodes.includes(code)) ||
    /due to concurrent update|socket hang up/i.test(messageOf(error))
  );
}
