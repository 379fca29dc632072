import pLimit from "p-limit";
import { WaymarkError } from "../errors.js";
import { checkTable, type Figures, type HeldRows } from "../models/checks.js";
import { timeline } from "../models/daily/timeline.js";
import { type Node, selectModels, type Task, workThrough } from "../models/graph.js";
import { type Company, dayColumnOf, type Model } from "../models/model.js";
import type { DaysWritten, Search } from "../models/sources/changes.js";
import { traced } from "../telemetry/trace.js";
import { Account, sentFor } from "../warehouse/purpose.js";
import { path, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Row, Warehouse } from "../warehouse/warehouse.js";
import { checkInWords, checksOfModel, type HeldRun } from "./checks.js";
import type { Project } from "./company.js";
import { isFeed, watermarksOf } from "./freshness.js";
import type { Lease } from "./lease.js";
import {
  type BuiltTable,
  type Inputs,
  inputsChanged,
  locateIn,
  type RunModel,
  readComparisons,
  readDaysWritten,
  type Snapshot,
  schemas,
  sourceCompared,
  tableBuilt,
  tableWritten,
  type Writing,
} from "./ledger.js";
import { type Change, changedBy, inputsOf, searchOf, type Work, workOf } from "./plan.js";
import { publish } from "./publish.js";
import { type RowsConcerned, rowsConcerned } from "./raw_rows.js";
import { type Building, daysOfRows, storeName, tableName, viewCreated } from "./store.js";
import { buildPart, extentOf, wholeOf } from "./table.js";

export interface BuildOptions {
  /** Who asked: "manual", "schedule", "start"; "selection" and "apply" where not all is brought up to date. */
  trigger: string;
  /**
   * Models to consider, e.g. ["account_health+"]; all by default. Those that the journey's edit changes are built
   * in any case, so an empty list publishes the edit alone.
   */
  select?: readonly string[];
  /** Days to rebuild even where they are fresh, [from, to); tables by day alone. */
  from?: string;
  to?: string;
  /** Rebuild all of whatever is selected, stale or not. */
  force?: boolean;
  /**
   * A step of a backfill, of which nothing is published and no check of the company's asked: "compare" compares all
   * raw rows with the staged ones, "days" looks at none. Else it is a build as any, so that no table contradicts another.
   */
  step?: "compare" | "days" | undefined;
  /** The journey that is published when the run begins; the run is refused where it is another. */
  expect?: string | undefined;
  /** From so many accounts on it is worth a statement more to read no more days of them than may be others. */
  manyAccounts?: number;
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
      /** What its statements were billed for; null where the engine bills for none. */
      bytesBilled?: number | null;
      reason: string;
      done: number;
      total: number;
    }
  | { kind: "check"; model: string; check: string; failingRows: number; examples: readonly string[] }
  | ({ kind: "published" } & Ended)
  | ({ kind: "unchanged" } & Ended)
  | { kind: "failed"; code: string; error: string; seconds: number }
);

interface Ended {
  snapshot: number;
  dataThrough: string;
  seconds: number;
  bytesBilled: number | null;
}

/** Why a table stays as it is though something might be said of it. */
const notSelected = "not selected";
export const leftBehind = "not selected, and behind by now";
export const cameOutTheSame = "built again, nothing changed";
export const unselected: ReadonlySet<string> = new Set([notSelected, leftBehind]);

/** What a table was written with. */
type Wrote = Pick<
  Writing,
  "is_whole" | "rows_added" | "rows_ended" | "accounts" | "first_day" | "last_day"
> & {
  readonly read: readonly { readonly model: string; readonly from: number | null }[];
};

/** Models built whole at once: each uses all of the engine's threads, so more of them only cost memory. */
const wholeAtOnce = 2;

/**
 * One run: the tables as they will be seen, some as they were, some built aside. What is built is recorded at once,
 * so a run that dies has done its share for the next; readers see none of it before the publication.
 */
export class Run implements Pick<Lease, "transaction"> {
  readonly models: RunModel[] = [];
  /** The number of the run's views and rows: later than any that was built, published or not. */
  private readonly version: number;
  /** The table that was built last for each model, and the one that readers see. */
  private readonly latest = new Map<string, BuiltTable>();
  private readonly published = new Map<string, BuiltTable>();
  /** The tables as they stand in this run. */
  private readonly tables: Record<string, BuiltTable> = {};
  /** Of tables of which this run wrote a part: the version that it found, the rows that came or went, and their days. */
  private readonly parts = new Map<
    string,
    { readonly after: number; readonly told: readonly string[]; readonly days: DaysWritten | undefined }
  >();
  /** How sources were searched, what was found, and how long that took. */
  private readonly found = new Map<
    string,
    { readonly search: Search; readonly rows: RowsConcerned | null; readonly seconds: number }
  >();
  private readonly accounts = new Map<string, Account>();
  /** What the ledger is told with whatever is told next. */
  private readonly untold: Sql[] = [];
  private company: Company | undefined;
  /** The last day built, once the timeline stands. */
  private dataThrough: string | undefined;
  private byName: ReadonlyMap<string, Model> = new Map();
  private comparedAt: ReadonlyMap<string, Date> = new Map();
  private readonly oneOfFew = pLimit(wholeAtOnce);
  private done = 0;
  private total = 0;

  constructor(
    private readonly warehouse: Warehouse,
    private readonly lease: Lease,
    private readonly project: Project,
    private readonly options: BuildOptions,
    private readonly runId: string,
    private readonly previous: Snapshot | undefined,
    private readonly all: ReadonlyMap<string, BuiltTable>,
  ) {
    this.version = 1 + Math.max(previous?.id ?? 0, ...[...all.values()].map((t) => t.version));
    for (const table of all.values()) {
      this.latest.set(table.model, table);
      if (previous?.tables[table.model] === table.table_name) this.published.set(table.model, table);
    }
  }

  /** Whether readers see already what stands in this run. */
  isSameAs(snapshot: Snapshot, company: Company): boolean {
    const tables = Object.entries(this.tables);
    return (
      snapshot.words.journey.version === company.journey.version &&
      tables.length === Object.keys(snapshot.tables).length &&
      tables.every(([model, { table_name }]) => snapshot.tables[model] === table_name)
    );
  }

  /** @throws what failed of itself, of several models the first that did */
  async buildAll(order: readonly Node[], company: Company): Promise<void> {
    const { select } = this.options;
    // Tables that the words of the company are read by come with these words, selected or not.
    const changed = this.previous ? changedBy(this.previous.words, order, company, this.warehouse) : [];
    const selected = select && new Set([...selectModels(order, select), ...changed]);
    this.total = order.length;
    this.company = company;
    this.byName = new Map(order.map(({ model }) => [model.name, model]));
    this.comparedAt = await readComparisons(this.warehouse);
    const failure = new AbortController();
    const signal = AbortSignal.any([
      failure.signal,
      this.lease.signal,
      ...(this.options.signal ? [this.options.signal] : []),
    ]);
    const workOn = (span: string, model: string, work: () => Promise<void>): Promise<void> =>
      traced(span, { "waymark.model": model }, () => sentFor({ model }, [this.accountOf(model)], work));
    const tasks = order.flatMap((node): Task[] => {
      const { name } = node.model;
      const isSelected = selected?.has(name) ?? true;
      const run = async (): Promise<void> => {
        await workOn("waymark.model", name, () => this.buildModel(node, company, isSelected, signal));
        if (name === timeline.name) this.dataThrough = await this.lastDay();
      };
      const search = isSelected ? this.searchBefore(node, company, signal) : undefined;
      if (!search) return [{ name, needs: node.upstream, run }];
      const before = `the search of ${name}`;
      return [
        { name: before, needs: [], run: () => workOn("waymark.search", name, search) },
        { name, needs: [...node.upstream, before], run },
      ];
    });
    const untilOneFails = ({ run, ...task }: Task): Task => ({
      ...task,
      run: async () => {
        signal.throwIfAborted();
        await run().catch((error) => {
          failure.abort();
          throw error;
        });
      },
    });
    const { step, from, to } = this.options;
    // What a night brings is little; days that are asked for may be many.
    const isNight = this.latest.size > 0 && !step && from === undefined && to === undefined;
    await this.warehouse.sideBySide(isNight);
    const errors = await workThrough(tasks.map(untilOneFails), this.warehouse.atOnce);
    await this.warehouse.sideBySide(false).catch((error) => errors.push(error));
    if (this.options.signal?.aborted) throw cancelled(this.options.signal.reason);
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
    const built = this.latest.get(model.name);
    const inputs = inputsOf(node, company, this.warehouse, this.tables);
    const workOn = (table: BuiltTable | undefined) => workOf(node, inputs, table, this.tables, this.all);
    if (published && !isSelected)
      return this.keep(published, workOn(published).kind === "nothing" ? notSelected : leftBehind);
    const work: Work =
      isSelected && this.options.force ? { kind: "whole", reason: "asked for" } : workOn(built);
    const building = this.building(model, company, signal);
    if (!built || work.kind === "whole")
      return this.whole(building, node, inputs, built, work.kind === "whole" ? work.reason : "never built");
    return this.part(building, node, inputs, built, work);
  }

  private building(model: Model, company: Company, signal: AbortSignal): Building {
    return {
      warehouse: this.warehouse,
      model,
      company,
      version: this.version,
      token: this.lease.token,
      models: this.byName,
      manyAccounts: this.options.manyAccounts ?? 1000,
      options: {
        locate: this.locate(this.latest.get(model.name)),
        signal,
        dataThrough: this.dataThrough,
      },
    };
  }

  /** How a model's raw rows are searched in this run; undefined where they aren't. */
  private searchOf({ source }: Model, company: Company): Search | undefined {
    const mapping = source && company.sources[source] && this.project.settings.sources[source];
    const { step, now } = this.options;
    if (!mapping || step === "days") return undefined;
    return step ? { arrived: false, compared: "all" } : searchOf(mapping, this.comparedAt.get(source), now());
  }

  /**
   * What searches a source, which needs no other table: done before these are built, it keeps no one waiting. Undefined
   * where there is nothing to search for, or all is built anyhow.
   */
  private searchBefore(node: Node, company: Company, signal: AbortSignal): (() => Promise<void>) | undefined {
    const { model } = node;
    const built = this.latest.get(model.name);
    const mapped = model.source && company.sources[model.source];
    const search = this.searchOf(model, company);
    if (!built || !mapped || !search || this.options.force) return undefined;
    if (inputsOf(node, company, this.warehouse, this.tables).code !== built.inputs.code) return undefined;
    return async () => {
      const begun = performance.now();
      const rows = await rowsConcerned(this.building(model, company, signal), mapped, built, search);
      this.found.set(model.name, { search, rows, seconds: seconds(begun) });
    };
  }

  private async whole(
    building: Building,
    node: Node,
    inputs: Inputs,
    built: BuiltTable | undefined,
    reason: string,
  ): Promise<void> {
    const { model, token, options } = building;
    const begun = performance.now();
    this.report(model.name, "building", reason);
    const store = storeName(model.name, token);
    await this.warehouse.sideBySide(false); // it makes use of all that there is
    const rows = await this.oneOfFew(() => this.warehouse.materialize(wholeOf(building), options));
    const rowsAt = [schemas.tables, store];
    const { held, figures: extent } = await this.hold(building, rowsAt, extentOf(model));
    const checked = await this.check(building, rowsAt, node, reason, rows, begun, held);
    options.signal?.throwIfAborted();
    const compared = model.source ? [sourceCompared(model.source, this.options.now())] : [];
    const read = allOf(inputs);
    const wrote = { is_whole: true, rows_added: rows, rows_ended: built?.rows ?? 0, read, ...extent };
    await this.record(building, { store, inputs, rows }, [...checked, ...compared], reason, begun, wrote);
  }

  private async part(
    building: Building,
    node: Node,
    inputs: Inputs,
    built: BuiltTable,
    work: Work,
  ): Promise<void> {
    const { model, company, options } = building;
    const { from, to } = this.options;
    const days = model.byDay && (from !== undefined || to !== undefined) ? { from, to } : undefined;
    const found = this.found.get(model.name);
    // What was searched, not what would be now: another search may have fallen due since.
    const search = found?.search ?? this.searchOf(model, company);
    const changes = work.kind === "part" ? work.changed : [];
    const changed = await this.asWritten(changes);
    const compared =
      search?.compared === "all" ? [sourceCompared(model.source ?? "", this.options.now())] : [];
    if (work.kind === "nothing" && !search && !days) return this.keep(built, "fresh");
    const begun = performance.now() - 1000 * (found?.seconds ?? 0);
    const reasons = [
      ...(changed.length > 0 ? [`changed: ${changed.map((c) => c.model).join(", ")}`] : []),
      ...(search && changed.length === 0 ? ["its raw rows changed"] : []),
      ...(work.kind === "part" && changed.length === 0 ? ["another day"] : []),
      ...(days ? ["asked for"] : []),
    ];
    const reason = reasons.join("; ");
    if (work.kind === "part" || days) this.report(model.name, "building", reason);
    const hold = async (delta: readonly string[]) => (await this.hold(building, delta)).held;
    const part = await buildPart(building, built, { changed, search, found: found?.rows, days }, hold);
    if (!part || (part.added === 0 && part.ended === 0)) {
      this.untold.push(...compared);
      return this.keep({ ...built, inputs }, part ? cameOutTheSame : "fresh");
    }
    const rows = built.rows + part.added - part.ended;
    const checked = await this.check(building, part.delta, node, reason, rows, begun, part.held);
    options.signal?.throwIfAborted();
    this.parts.set(model.name, { after: built.version, told: part.changes, days: part.days });
    await this.record(
      building,
      { store: built.store, inputs, rows },
      [...part.applied, ...checked, ...compared],
      reason,
      begun,
      {
        is_whole: false,
        rows_added: part.added,
        rows_ended: part.ended,
        read: days ? allOf(inputs) : changed,
        ...part.extent,
      },
    );
  }

  /** With what is known of the rows that came or went: mostly in this run alone. */
  private async asWritten(changes: readonly Change[]): Promise<Change[]> {
    const ofThisRun = ({ model, from, to }: Change) => {
      const part = this.parts.get(model);
      return part?.after === from && to === this.version ? part : undefined;
    };
    const hasDays = ({ model }: Change): boolean => {
      const read = this.byName.get(model);
      return read !== undefined && dayColumnOf(read) !== undefined;
    };
    const asked = changes.filter((change) => hasDays(change) && !ofThisRun(change));
    const written = await readDaysWritten(
      this.warehouse,
      asked.map(({ model, store, from, to }) => ({
        model,
        store,
        after: Math.min(from, to),
        until: Math.max(from, to),
      })),
    );
    return changes.map((change) => {
      const before = { days: daysOfRows(this.byName.get(change.model), written.get(change.store)) };
      const { days, told } = ofThisRun(change) ?? { ...before, told: undefined };
      return { ...change, days, told };
    });
  }

  /** Where relations stand for who asks about a model's new rows. */
  private locateNew({ name }: Model, rowsAt: readonly string[]): (relation: string) => readonly string[] {
    const locate = this.locate(undefined);
    return (relation) => (relation === name ? rowsAt : locate(relation));
  }

  /** Hold what was built against its model, and answer the figures of it that are asked for beside. */
  private hold<C extends Columns>(
    { model, company, options }: Building,
    rowsAt: readonly string[],
    also?: Figures<C>,
  ): Promise<{ held: HeldRows[]; figures: Row<C> }> {
    return traced("waymark.check", { "waymark.model": model.name }, () =>
      checkTable(this.warehouse, model, company, { ...options, locate: this.locateNew(model, rowsAt) }, also),
    );
  }

  /**
   * What tells the ledger how built rows were held against their model, together with the rows; a failing check is told
   * at once and ends the run, and the rows stay to be read.
   */
  private async check(
    building: Building,
    rowsAt: readonly string[],
    node: Node,
    reason: string,
    rows: number,
    begun: number,
    held: readonly HeldRows[],
  ): Promise<Sql[]> {
    const { model, options } = building;
    const told = await checksOfModel(this.warehouse, this.held(), model.name, held, {
      ...options,
      locate: this.locateNew(model, rowsAt),
    });
    const failed = held.filter((check) => check.failingRows > 0);
    if (failed.length === 0) return told;
    await this.transaction(told);
    for (const { check, failingRows, examples } of failed)
      this.options.onProgress?.({
        kind: "check",
        run: this.runId,
        model: model.name,
        check,
        failingRows,
        examples,
      });
    const table = await this.kept(building, rowsAt);
    await this.finishModel(model.name, table, "failed", reason, rows, seconds(begun));
    this.report(model.name, "failed", failed.map((f) => f.check).join("; "));
    throw new WaymarkError(
      "CHECK_FAILED",
      `${failed.map((f) => checkInWords({ ...f, model: model.name, error: null })).join("\n")}\nNothing was published. \`waymark checks show ${model.name}\` prints the rows, and all that was built is in ${table}; what it read: ${node.upstream.join(", ") || model.source}.`,
      { model: model.name, table, checks: failed.map(({ failing: _, ...found }) => found) },
    );
  }

  /** Rows that failed, for people to read: work tables are gone with the process. Answers the table. */
  private async kept({ model, company, token }: Building, rowsAt: readonly string[]): Promise<string> {
    const store = storeName(model.name, token);
    if (rowsAt.at(-1) !== store)
      await this.warehouse.materialize({
        table: [schemas.tables, store],
        columns: model.columnsFor(company),
        query: sql`select * from ${path(...rowsAt)}`,
      });
    return `${this.warehouse.schemaName(schemas.tables)}.${store}`;
  }

  /** Give rows a view, which nobody knows of yet; then take them into the store and tell the ledger, at once. */
  private async record(
    { model, company, version, token }: Building,
    { store, inputs, rows }: Pick<BuiltTable, "store" | "inputs" | "rows">,
    statements: readonly Sql[],
    reason: string,
    begun: number,
    { read, ...wrote }: Wrote,
  ): Promise<void> {
    const built: BuiltTable = {
      table_name: tableName(model.name, token),
      model: model.name,
      store,
      version,
      inputs,
      rows,
      built_at: this.options.now(),
      run_id: this.runId,
    };
    await this.warehouse.run(viewCreated(built, model.columnsFor(company)));
    // A feed is asked by its view how far it reaches: in a part that isn't whole rows come with the transaction.
    const isToldLater = isFeed(model) && !wrote.is_whole;
    const table = isToldLater ? built : await this.withWatermarks(built);
    await this.transaction([
      ...statements,
      tableBuilt(table),
      tableWritten({
        ...wrote,
        model: model.name,
        version,
        run_id: this.runId,
        written_at: table.built_at,
        reason,
        code: inputs.code,
        journey_version: company.journey.version,
        inputs: read.map(({ model: name, from }) => ({
          model: name,
          from,
          to: this.tables[name]?.version ?? version,
        })),
      }),
    ]);
    const took = seconds(begun);
    this.tables[model.name] = isToldLater ? await this.told(table) : table;
    const { bytes_billed: bytesBilled } = await this.finishModel(
      model.name,
      table.table_name,
      "built",
      reason,
      rows,
      took,
    );
    const bytes = this.options.onProgress ? await this.warehouse.bytes([schemas.tables, store]) : null;
    this.done++;
    this.report(model.name, "built", reason, { rows, seconds: took, bytes, bytesBilled });
  }

  private async keep(table: BuiltTable, reason: string): Promise<void> {
    // What it reads may reach further though it came out the same; not so where that was not looked at.
    const isAsOld = unselected.has(reason) && table.inputs.watermarks;
    this.tables[table.model] = isAsOld ? table : await this.told(table);
    await this.finishModel(table.model, table.table_name, "fresh", reason, table.rows, 0);
    this.done++;
    this.report(table.model, "fresh", reason, { rows: table.rows, seconds: 0 });
  }

  /** With its watermarks, as the ledger will know it; by the next run where this one dies before the ledger does. */
  private async told(table: BuiltTable): Promise<BuiltTable> {
    const now = await this.withWatermarks(table);
    const known = this.all.get(table.table_name)?.inputs;
    if (JSON.stringify(known) !== JSON.stringify(now.inputs)) this.untold.push(inputsChanged(now));
    return now;
  }

  /** A transaction of the lease, and with it what the ledger is yet to be told. */
  transaction(statements: readonly Sql[], views?: readonly Sql[]): Promise<void> {
    return this.lease.transaction([...this.untold.splice(0), ...statements], views);
  }

  /** How far its data reaches. */
  private async withWatermarks(table: BuiltTable): Promise<BuiltTable> {
    const model = this.byName.get(table.model);
    if (!model || !this.company) return table;
    const upstream = Object.keys(table.inputs.tables).map(
      (name) => this.tables[name]?.inputs.watermarks ?? {},
    );
    const { warehouse, company, options } = this;
    const watermarks = await watermarksOf(
      warehouse,
      model,
      table.table_name,
      company,
      upstream,
      options.now(),
    );
    return { ...table, inputs: { ...table.inputs, watermarks } };
  }

  /** Where relations stand in this run; `self` is the model's own table as it was before. */
  private locate(self: BuiltTable | undefined) {
    const tables = this.names();
    return locateIn(self ? { ...tables, [self.model]: self.table_name } : tables);
  }

  /** The models that have tables, published or not, of a mapping or a Waymark that is no more too. */
  known(): string[] {
    return [...this.latest.keys()];
  }

  /** The tables as they stand in this run, to be checked. */
  held(): HeldRun {
    const { runId, previous: before } = this;
    const { now, signal } = this.options;
    return { runId, lease: this, tables: this.names(), before, now, signal };
  }

  private names(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.tables).map(([model, table]) => [model, table.table_name]));
  }

  /** Undefined where the timeline has no row yet. */
  private async lastDay(): Promise<string | undefined> {
    const [days] = await this.warehouse.query(
      sql`select data_through from ${path(...this.locate(undefined)(timeline.name))}`,
      { data_through: { type: "date", notNull: true } },
    );
    return days?.data_through;
  }

  async publish(company: Company): Promise<Snapshot> {
    const snapshot: Snapshot = {
      id: this.version,
      runId: this.runId,
      publishedAt: this.options.now(),
      dataThrough: this.dataThrough ?? company.yesterday,
      words: { journey: company.journey, attributes: company.attributes, timeZone: company.timeZone },
      tables: this.names(),
    };
    await traced("waymark.publish", { "waymark.snapshot": snapshot.id }, () =>
      publish(this.warehouse, this, snapshot, this.known()),
    );
    return snapshot;
  }

  private accountOf(model: string): Account {
    const account = this.accounts.get(model) ?? new Account();
    this.accounts.set(model, account);
    return account;
  }

  private async finishModel(
    model: string,
    table_name: string,
    status: "built" | "fresh" | "failed",
    reason: string,
    rows: number,
    took: number,
  ): Promise<RunModel> {
    const bytes_billed = await this.accountOf(model).total();
    const told = { run_id: this.runId, model, table_name, status, reason, rows, seconds: took, bytes_billed };
    this.models.push(told);
    return told;
  }

  private report(
    model: string,
    status: "building" | "built" | "fresh" | "failed",
    reason: string,
    figures: Pick<Progress & { kind: "model" }, "rows" | "seconds" | "bytes" | "bytesBilled"> = {},
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

const cancelled = (cause: unknown): WaymarkError =>
  new WaymarkError("CANCELLED", "The build was cancelled; nothing was published.", {}, { cause });
const allOf = ({ tables }: Inputs): Wrote["read"] =>
  Object.keys(tables).map((name) => ({ model: name, from: null }));
const seconds = (begun: number): number => (performance.now() - begun) / 1000;
