import { randomBytes } from "node:crypto";
import { trace } from "@opentelemetry/api";
import pLimit from "p-limit";
import { Temporal } from "temporal-polyfill";
import type { Settings } from "../config/settings.js";
import { messageOf, WaymarkError } from "../errors.js";
import type { Journey } from "../journey/journey.js";
import { checkTable } from "../models/checks.js";
import { timeline } from "../models/daily/timeline.js";
import { buildOrder, type Node, selectModels } from "../models/graph.js";
import { models } from "../models/index.js";
import type { Company } from "../models/model.js";
import { mapSources, sourceState } from "../models/sources/mapping.js";
import { traced } from "../telemetry/trace.js";
import { checksum } from "../warehouse/dialect.js";
import { bind, name, path, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { oldest, watermarksOf } from "./freshness.js";
import {
  type BuiltTable,
  type CheckRow,
  checkRecorded,
  type FinishedRun,
  type Inputs,
  locateIn,
  modelFinished,
  openLedger,
  type RunModel,
  readSnapshots,
  readTables,
  runFinished,
  runStarted,
  runsInterrupted,
  type Snapshot,
  schemas,
  type Watermarks,
} from "./ledger.js";
import { changedBy, fingerprintOf, inputsOf, whyStale } from "./plan.js";
import { publish } from "./publish.js";

export interface BuildOptions {
  /** Who asked: "manual", "schedule", "start". */
  trigger: string;
  /**
   * Models to consider, e.g. ["account_health+"]; all by default. Those that the journey's edit changes are built
   * in any case, so an empty list publishes the edit alone.
   */
  select?: readonly string[];
  /** Days to rebuild even where they are fresh, [from, to); only tables by day. */
  from?: string;
  to?: string;
  /** Rebuild whatever is selected, stale or not. */
  force?: boolean;
  /** The journey that is published when the run begins; the run is refused where it is another. */
  expect?: string | undefined;
  /** Why; kept with the run. */
  note?: string | undefined;
  /** The clock. */
  now: () => Date;
  signal?: AbortSignal | undefined;
  onProgress?: (progress: Progress) => void;
}

/** What a run tells as it goes, each with the run's id. */
export type Progress = { run: string } & (
  | { kind: "started"; trigger: string }
  | {
      kind: "model";
      model: string;
      status: "building" | "built" | "fresh" | "failed";
      rows?: number;
      seconds?: number;
      /** What the engine says that the table takes in storage; null where it doesn't say. */
      bytes?: number | null;
      /** The days that were rebuilt, [from, to), where it was not the whole table. */
      from?: string;
      to?: string;
      reason: string;
      done: number;
      total: number;
    }
  | { kind: "check"; model: string; check: string; failingRows: number; examples: readonly string[] }
  | { kind: "published"; snapshot: number; dataThrough: string; seconds: number }
  | { kind: "unchanged"; snapshot: number; dataThrough: string; seconds: number }
  | { kind: "failed"; code: string; error: string; seconds: number }
);

export interface BuildResult {
  runId: string;
  /** The snapshot that readers see now; the same as before where nothing was stale. */
  snapshot: Snapshot;
  isNew: boolean;
  models: RunModel[];
  seconds: number;
}

/** What differs between companies: their settings and their journey. */
export interface Project {
  settings: Settings;
  journey: Journey;
}

/** Models at once; each statement uses all of the engine's threads, so more only costs memory. */
const concurrency = 2;

/** The company as its raw data stands now: mapped, types known, days settled. */
export async function describeCompany(
  warehouse: Warehouse,
  { settings, journey }: Project,
  now: Date,
): Promise<Company> {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(settings.time_zone)
    .toPlainDate();
  return {
    timeZone: settings.time_zone,
    yesterday: today.subtract({ days: 1 }).toString(),
    dataThrough: settings.data_through,
    journey,
    attributes: Object.keys(settings.sources.accounts?.attributes ?? {}),
    sources: await mapSources(warehouse, settings),
  };
}

/**
 * Build what is stale, aside; check it; make all of it visible at once. A failed check publishes nothing.
 * @throws WaymarkError SOURCE_INVALID before anything is built, CHECK_FAILED naming model, day and rows
 */
export async function build(
  warehouse: Warehouse,
  project: Project,
  options: BuildOptions,
): Promise<BuildResult> {
  return alone(warehouse, () =>
    traced("waymark.run", { "waymark.trigger": options.trigger }, () => record(warehouse, project, options)),
  );
}

/**
 * Work that makes tables, one at a time.
 * @throws WaymarkError RUN_IN_PROGRESS
 */
export async function alone<T>(warehouse: Warehouse, work: () => Promise<T>): Promise<T> {
  if (busy.has(warehouse))
    throw new WaymarkError(
      "RUN_IN_PROGRESS",
      "A build or plan is running already; try again when it is done.",
    );
  busy.add(warehouse);
  try {
    return await work();
  } finally {
    busy.delete(warehouse);
  }
}

const busy = new WeakSet<Warehouse>();

const cancelled = (cause: unknown): WaymarkError =>
  new WaymarkError("CANCELLED", "The build was cancelled; nothing was published.", {}, { cause });

/** Build, and tell the ledger how it went. */
async function record(warehouse: Warehouse, project: Project, options: BuildOptions): Promise<BuildResult> {
  await openLedger(warehouse);
  const started = options.now();
  const runId = `${started.toISOString().replace(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`;
  // Whatever ran here before this process is dead: only one process at a time has the file.
  await warehouse.transaction([
    runsInterrupted(),
    runStarted({ run_id: runId, trigger: options.trigger, started_at: started, note: options.note ?? null }),
  ]);
  options.onProgress?.({ kind: "started", run: runId, trigger: options.trigger });
  trace.getActiveSpan()?.setAttribute("waymark.run", runId);
  const seconds = (): number => (options.now().getTime() - started.getTime()) / 1000;
  const [previous] = await readSnapshots(warehouse, 1);
  const published = previous ? await readTables(warehouse, previous) : new Map<string, BuiltTable>();
  const run = new Run(warehouse, options, runId, previous, published);
  const finish = (
    outcome: Pick<FinishedRun, "status" | "snapshot_id" | "error_code" | "error">,
  ): Promise<void> =>
    warehouse.transaction([
      ...run.models.map(modelFinished),
      ...run.checks.map((check) => checkRecorded(runId, check)),
      runFinished({ run_id: runId, finished_at: options.now(), ...outcome }),
    ]);
  try {
    checkExpected(options.expect, previous);
    const company = await describeCompany(warehouse, project, started);
    await run.buildAll(buildOrder(models, company), company);
    const isNews = run.hasBuilt || previous?.words.journey.version !== company.journey.version;
    const snapshot = isNews ? await run.publish(company) : previous;
    await finish({ status: "succeeded", snapshot_id: snapshot.id, error_code: null, error: null });
    const isNew = snapshot !== previous;
    const took = seconds();
    const { id, dataThrough } = snapshot;
    const kind = isNew ? "published" : "unchanged";
    options.onProgress?.({ kind, run: runId, snapshot: id, dataThrough, seconds: took });
    return { runId, snapshot, isNew, models: run.models, seconds: took };
  } catch (error) {
    const error_code = error instanceof WaymarkError ? error.code : "WAREHOUSE_FAILED";
    await finish({ status: "failed", snapshot_id: null, error_code, error: messageOf(error) });
    options.onProgress?.({
      kind: "failed",
      run: runId,
      code: error_code,
      error: messageOf(error),
      seconds: seconds(),
    });
    throw error;
  }
}

function checkExpected(expected: string | undefined, previous: Snapshot | undefined): void {
  const version = previous?.words.journey.version;
  if (expected === undefined || expected === version) return;
  throw new WaymarkError(
    "JOURNEY_CONFLICT",
    `The published journey is ${version ?? "none"}, not ${expected}: someone has applied another meanwhile. Nothing was published; plan again and look at what changes now.`,
    { expected, published: version ?? null },
  );
}

/** One run: the tables as they will be seen, some kept from the last snapshot, some built aside. */
class Run {
  readonly models: RunModel[] = [];
  readonly checks: CheckRow[] = [];
  private readonly tables: Record<string, string> = {};
  private readonly watermarks = new Map<string, Watermarks>();
  private readonly built: BuiltTable[] = [];
  private done = 0;
  private total = 0;

  constructor(
    private readonly warehouse: Warehouse,
    private readonly options: BuildOptions,
    private readonly runId: string,
    private readonly previous: Snapshot | undefined,
    private readonly published: ReadonlyMap<string, BuiltTable>,
  ) {}

  get hasBuilt(): boolean {
    return this.built.length > 0;
  }

  private get snapshotId(): number {
    return (this.previous?.id ?? 0) + 1;
  }

  /** Every model waits for those it reads, and no longer. The first failure stops what has not begun. */
  async buildAll(order: readonly Node[], company: Company): Promise<void> {
    const { select } = this.options;
    // Tables that the words of the company are read by come with these words, selected or not.
    const changed = this.previous ? changedBy(this.previous.words, order, company, this.warehouse) : [];
    const selected = select && new Set([...selectModels(order, select), ...changed]);
    this.total = order.length;
    const failure = new AbortController();
    const signal = this.options.signal
      ? AbortSignal.any([this.options.signal, failure.signal])
      : failure.signal;
    const limit = pLimit(concurrency);
    const finished = new Map<string, Promise<void>>();
    for (const node of order) {
      const before = Promise.all(node.upstream.map((model) => finished.get(model)));
      const work = before.then(() =>
        limit(async () => {
          signal.throwIfAborted();
          await traced("waymark.model", { "waymark.model": node.model.name }, () =>
            this.buildModel(node, company, selected?.has(node.model.name) ?? true, signal),
          );
        }),
      );
      finished.set(
        node.model.name,
        work.catch((error) => {
          failure.abort();
          throw error;
        }),
      );
    }
    const outcomes = await Promise.allSettled(finished.values());
    if (this.options.signal?.aborted) throw cancelled(this.options.signal.reason);
    const errors = outcomes.flatMap((o) => (o.status === "rejected" ? [o.reason] : []));
    // What failed of itself, rather than what was stopped because of it.
    if (errors.length > 0)
      throw errors.find((e) => e instanceof WaymarkError && e.code !== "CANCELLED") ?? errors[0];
  }

  private async buildModel(
    node: Node,
    company: Company,
    isSelected: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { model } = node;
    const published = this.published.get(model.name);
    const mapped = model.source ? company.sources[model.source] : undefined;
    const source =
      mapped && (isSelected || !published)
        ? await sourceState(this.warehouse, mapped, { signal })
        : published?.inputs.source;
    const inputs = inputsOf(node, company, this.warehouse, this.tables, source);
    const isWanted = model.byDay && (this.options.from !== undefined || this.options.to !== undefined);
    const stale = whyStale(inputs, published);
    const reason =
      published && !isSelected
        ? null
        : (stale ?? (isSelected && (this.options.force || isWanted) ? "asked for" : null));
    if (published && reason === null) {
      this.keep(published, stale ? `not selected (${stale})` : "fresh");
      return;
    }
    const begun = performance.now();
    this.report(model.name, "building", reason ?? "");
    const table = `${model.name}__${String(this.snapshotId).padStart(6, "0")}`;
    const { query, isPartial } = this.days(node, company, inputs, published);
    const locate = locateIn(this.tables);
    const columns = model.columnsFor(company);
    const rows = await this.warehouse.materialize(
      {
        table: [schemas.tables, table],
        columns,
        query,
        partitionBy: model.byDay ? "day" : undefined,
        sortBy: model.sortBy,
      },
      { locate, signal },
    );
    const took = (performance.now() - begun) / 1000;
    if (published && model.small && (await this.isSame(table, published.table_name))) {
      await this.warehouse.run(sql`drop table ${path(schemas.tables, table)}`);
      this.keep(published, "built again, nothing changed");
      return;
    }
    const checks = await traced("waymark.check", { "waymark.model": model.name }, () =>
      checkTable(this.warehouse, model, company, {
        locate: locateIn({ ...this.tables, [model.name]: table }),
        signal,
      }),
    );
    this.checks.push(...checks.map((check) => ({ ...check, model: model.name })));
    const failed = checks.filter((check) => check.failingRows > 0);
    if (failed.length > 0) {
      for (const check of failed)
        this.options.onProgress?.({ kind: "check", run: this.runId, model: model.name, ...check });
      this.models.push({
        run_id: this.runId,
        model: model.name,
        table_name: table,
        status: "failed",
        reason: reason ?? "",
        rows,
        seconds: took,
      });
      this.report(model.name, "failed", failed.map((f) => f.check).join("; "));
      throw new WaymarkError(
        "CHECK_FAILED",
        `${failed.map((f) => `${model.name}: ${f.failingRows} rows fail "${f.check}", e.g. ${f.examples.join("; ")}`).join("\n")}\nNothing was published. The rows are in ${schemas.tables}.${table}; what it read: ${node.upstream.join(", ") || model.source}.`,
        { model: model.name, table, checks: failed },
      );
    }
    const reached = await watermarksOf(
      this.warehouse,
      model,
      table,
      company,
      node.upstream.map((name) => this.watermarks.get(name) ?? {}),
      this.options.now(),
    );
    // The days after the interval are as old as they were.
    const isOld = isPartial && this.options.to !== undefined;
    const watermarks = isOld ? oldest([reached, published?.inputs.watermarks ?? {}]) : reached;
    const bytes = await this.warehouse.bytes([schemas.tables, table]);
    this.tables[model.name] = table;
    this.watermarks.set(model.name, watermarks);
    this.built.push({
      table_name: table,
      model: model.name,
      // Days outside the interval come from older inputs: no fingerprint of the present is theirs.
      fingerprint: isPartial && stale ? `partial ${fingerprintOf(inputs)}` : fingerprintOf(inputs),
      inputs: { ...inputs, watermarks },
      rows,
      built_at: this.options.now(),
      run_id: this.runId,
    });
    this.models.push({
      run_id: this.runId,
      model: model.name,
      table_name: table,
      status: "built",
      reason: reason ?? "",
      rows,
      seconds: took,
    });
    this.done++;
    const { from, to } = this.options;
    this.report(model.name, "built", reason ?? "", {
      rows,
      seconds: took,
      bytes,
      ...(isPartial && from ? { from } : {}),
      ...(isPartial && to ? { to } : {}),
    });
  }

  /** The whole table, or the days asked for beside the published rest, if one definition made both. */
  private days(
    { model }: Node,
    company: Company,
    inputs: Inputs,
    published: BuiltTable | undefined,
  ): { query: Sql; isPartial: boolean } {
    const query = model.query(company);
    const { from, to } = this.options;
    const isInterval = from !== undefined || to !== undefined;
    if (!model.byDay || !isInterval || inputs.code !== published?.inputs.code)
      return { query, isPartial: false };
    const columns = Object.keys(model.columnsFor(company)).map(name);
    const conditions = [
      ...(from ? [sql`day >= ${bind("date", from)}`] : []),
      ...(to ? [sql`day < ${bind("date", to)}`] : []),
    ];
    const inside = conditions.reduce((a, b) => sql`${a} and ${b}`);
    return {
      query: sql`select ${columns} from (${query}) as rebuilt where ${inside}
union all
select ${columns} from ${path(schemas.tables, published.table_name)} where not (${inside})`,
      isPartial: true,
    };
  }

  private keep(published: BuiltTable, reason: string): void {
    this.tables[published.model] = published.table_name;
    this.watermarks.set(published.model, published.inputs.watermarks ?? {});
    this.models.push({
      run_id: this.runId,
      model: published.model,
      table_name: published.table_name,
      status: "fresh",
      reason,
      rows: published.rows,
      seconds: 0,
    });
    this.done++;
    this.report(published.model, "fresh", reason, { rows: published.rows, seconds: 0 });
  }

  private async isSame(table: string, other: string): Promise<boolean> {
    const states = await Promise.all(
      [table, other].map((t) =>
        this.warehouse.query(
          sql`select count(*) as n, ${checksum(sql`t`)} as checksum from ${path(schemas.tables, t)} as t`,
          {
            n: { type: "integer" },
            checksum: { type: "string" },
          },
        ),
      ),
    );
    return JSON.stringify(states[0]) === JSON.stringify(states[1]);
  }

  async publish(company: Company): Promise<Snapshot> {
    const [days] = await this.warehouse.query(
      sql`select data_through from ${path(...locateIn(this.tables)(timeline.name))}`,
      {
        data_through: { type: "date", notNull: true },
      },
    );
    const snapshot: Snapshot = {
      id: this.snapshotId,
      runId: this.runId,
      publishedAt: this.options.now(),
      dataThrough: days?.data_through ?? company.yesterday,
      words: { journey: company.journey, attributes: company.attributes },
      tables: this.tables,
    };
    await traced("waymark.publish", { "waymark.snapshot": snapshot.id }, () =>
      publish(this.warehouse, snapshot, this.built),
    );
    return snapshot;
  }

  private report(
    model: string,
    status: "building" | "built" | "fresh" | "failed",
    reason: string,
    figures: Pick<Progress & { kind: "model" }, "rows" | "seconds" | "bytes" | "from" | "to"> = {},
  ): void {
    this.options.onProgress?.({
      kind: "model",
      run: this.runId,
      model,
      status,
      reason,
      done: this.done,
      total: this.total,
      ...figures,
    });
  }
}
