import type { CheckResult } from "../models/checks.js";
import type { CompanyWords } from "../models/model.js";
import { typeName } from "../warehouse/dialect.js";
import { bind, name, path, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Row, Warehouse } from "../warehouse/warehouse.js";

/** Where things live: published views to read, the tables behind them, the ledger, and what is built on the way. */
export const schemas = {
  published: "waymark",
  tables: "waymark_tables",
  ledger: "waymark_ledger",
  work: "waymark_work",
} as const;

export const runs = {
  run_id: { type: "string", notNull: true },
  trigger: { type: "string", notNull: true },
  started_at: { type: "timestamp", notNull: true },
  finished_at: { type: "timestamp" },
  status: { type: "string", notNull: true },
  snapshot_id: { type: "integer" },
  error_code: { type: "string" },
  error: { type: "string" },
  note: { type: "string" },
} as const satisfies Columns;

const runModels = {
  run_id: { type: "string", notNull: true },
  model: { type: "string", notNull: true },
  table_name: { type: "string", notNull: true },
  status: { type: "string", notNull: true },
  reason: { type: "string", notNull: true },
  rows: { type: "integer", notNull: true },
  seconds: { type: "number", notNull: true },
} as const satisfies Columns;

const tables = {
  /** A view of the rows that the table had when it was built. */
  table_name: { type: "string", notNull: true },
  model: { type: "string", notNull: true },
  /** Where the rows are, with the versions in which each came and went. */
  store: { type: "string", notNull: true },
  version: { type: "integer", notNull: true },
  /** JSON of `Inputs`. */
  inputs: { type: "string", notNull: true },
  rows: { type: "integer", notNull: true },
  built_at: { type: "timestamp", notNull: true },
  run_id: { type: "string", notNull: true },
} as const satisfies Columns;

const snapshots = {
  snapshot_id: { type: "integer", notNull: true },
  run_id: { type: "string", notNull: true },
  published_at: { type: "timestamp", notNull: true },
  data_through: { type: "date", notNull: true },
  journey_version: { type: "string", notNull: true },
  /** JSON of `CompanyWords`. */
  words: { type: "string", notNull: true },
  /** JSON: model → table. */
  tables: { type: "string", notNull: true },
} as const satisfies Columns;

const checks = {
  run_id: { type: "string", notNull: true },
  model: { type: "string", notNull: true },
  check_name: { type: "string", notNull: true },
  failing_rows: { type: "integer", notNull: true },
  /** JSON: texts. */
  examples: { type: "string", notNull: true },
} as const satisfies Columns;

/** What people did with tasks; the latest decides. */
const taskActions = {
  action_id: { type: "string", notNull: true },
  task_id: { type: "string", notNull: true },
  account_id: { type: "string", notNull: true },
  play: { type: "string", notNull: true },
  task: { type: "string", notNull: true },
  /** The day that set the task off, by which an action finds it again where late data has moved the day. */
  set_on: { type: "date", notNull: true },
  action: { type: "string", notNull: true },
  snoozed_until: { type: "date" },
  note: { type: "string" },
  done_by: { type: "string", notNull: true },
  done_at: { type: "timestamp", notNull: true },
} as const satisfies Columns;

/** When the raw rows of a source were last compared with the staged ones, day by day. */
const sourceComparisons = {
  source: { type: "string", notNull: true },
  compared_at: { type: "timestamp", notNull: true },
} as const satisfies Columns;

/** What was told, or is to be told: one row per fact. */
export const messages = {
  /** Derived from the fact, so that no fact is told twice. */
  message_id: { type: "string", notNull: true },
  type: { type: "string", notNull: true },
  /** What it is about (an account, a model, the builds); within it the order is kept. */
  subject: { type: "string", notNull: true },
  /** Rises with every message. */
  sequence: { type: "integer", notNull: true },
  recorded_at: { type: "timestamp", notNull: true },
  /** JSON, as it is sent. */
  body: { type: "string", notNull: true },
} as const satisfies Columns;

/** How each message fares with each webhook that listens to it. */
export const deliveries = {
  message_id: { type: "string", notNull: true },
  webhook: { type: "string", notNull: true },
  /** pending, delivered or dead. */
  status: { type: "string", notNull: true },
  attempts: { type: "integer", notNull: true },
  next_attempt_at: { type: "timestamp", notNull: true },
  /** Whether the receiver refused this very message the last time, rather than being in trouble itself. */
  is_refused: { type: "boolean", notNull: true },
  last_attempt_at: { type: "timestamp" },
  /** The receiver's HTTP status; null where it gave none. */
  last_status: { type: "integer" },
  last_error: { type: "string" },
} as const satisfies Columns;

/** How far the news is told: the greatest of each column counts. */
export const told = {
  told_at: { type: "timestamp", notNull: true },
  /** The facts of this snapshot are told; null = nothing was published then. */
  snapshot_id: { type: "integer" },
  /** Runs that began until then are told; null = none had. */
  runs_through: { type: "timestamp" },
} as const satisfies Columns;

/** One row: who makes tables now. All but the token is null where nobody does. */
export const leaseColumns = {
  /** Greater with each lease. */
  token: { type: "integer", notNull: true },
  /** For people, e.g. "schedule on warehouse-1 (pid 123)". */
  holder: { type: "string" },
  process: { type: "string" },
  acquired_at: { type: "timestamp" },
  expires_at: { type: "timestamp" },
} as const satisfies Columns;

const ledgerTables = {
  runs,
  run_models: runModels,
  tables,
  snapshots,
  checks,
  task_actions: taskActions,
  source_comparisons: sourceComparisons,
  messages,
  deliveries,
  told,
  lease: leaseColumns,
};
type LedgerTable = keyof typeof ledgerTables;

export type Run = Row<typeof runs>;
export type RunModel = Row<typeof runModels>;
export type BuiltTable = Omit<Row<typeof tables>, "inputs"> & { inputs: Inputs };
export type TaskAction = Row<typeof taskActions>;
export type LeaseRow = Row<typeof leaseColumns>;
export interface CheckRow extends CheckResult {
  readonly model: string;
}

/** What a table was built from; where any of it differs now, the table is stale. */
export interface Inputs {
  /** Hash of the model's statement and columns. */
  code: string;
  /** Upstream model → the table that was read. */
  tables: Record<string, string>;
  /** For staging: whether the company had mapped its source. */
  isMapped?: true;
  /** For what asks which day it is: the last day that could be built. */
  asOf?: string;
}

/** What readers see: one table per model, all published at once. */
export interface Snapshot {
  readonly id: number;
  readonly runId: string;
  readonly publishedAt: Date;
  /** The last day that the data covers. */
  readonly dataThrough: string;
  /** The company's words that made it: readers name stages and indicators by these, whatever the files say by now. */
  readonly words: CompanyWords;
  readonly tables: Readonly<Record<string, string>>;
}

export const leasePath = [schemas.ledger, "lease"] as const;
export const tablesPath = [schemas.ledger, "tables"] as const;

const at = (table: LedgerTable): Sql => path(schemas.ledger, table);

/** Create the ledger where there is none; one of an earlier Waymark gets what it lacks. */
export async function openLedger(warehouse: Warehouse): Promise<void> {
  if (await hasLedger(warehouse)) return;
  await warehouse.run(sql`create schema if not exists ${path(schemas.ledger)}`);
  for (const [table, columns] of Object.entries(ledgerTables)) {
    const definitions = Object.entries(columns).map(
      ([column, { type }]) => sql`${name(column)} ${typeName(type)}`,
    );
    await warehouse.run(sql`create table if not exists ${at(table as LedgerTable)} (${definitions})`);
    for (const definition of definitions)
      await warehouse.run(
        sql`alter table ${at(table as LedgerTable)} add column if not exists ${definition}`,
      );
  }
}

/** Whether anything was ever built here. */
async function hasLedger(warehouse: Warehouse): Promise<boolean> {
  return (await warehouse.tables(schemas.ledger)).length === Object.keys(ledgerTables).length;
}

/** A statement that adds one row to a ledger table. */
function insert<T extends LedgerTable>(table: T, row: Row<(typeof ledgerTables)[T]>): Sql {
  const columns = Object.entries(ledgerTables[table] as Columns);
  const values = columns.map(([column, { type }]) =>
    bind(type, (row as Record<string, unknown>)[column] ?? null),
  );
  return sql`insert into ${at(table)} (${columns.map(([column]) => name(column))}) values (${values})`;
}

export const runStarted = (run: Pick<Run, "run_id" | "trigger" | "started_at" | "note">): Sql =>
  insert("runs", {
    ...run,
    status: "running",
    finished_at: null,
    snapshot_id: null,
    error_code: null,
    error: null,
  });

export type FinishedRun = Omit<Run, "trigger" | "started_at" | "note">;

export const runFinished = (run: FinishedRun): Sql => sql`
update ${at("runs")}
set
  status = ${bind("string", run.status)},
  finished_at = ${bind("timestamp", run.finished_at)},
  snapshot_id = ${bind("integer", run.snapshot_id)},
  error_code = ${bind("string", run.error_code)},
  error = ${bind("string", run.error)}
where run_id = ${bind("string", run.run_id)}`;

/** Runs that never finished: their process ended without a word. */
export const runsInterrupted = (): Sql =>
  sql`update ${at("runs")} set status = 'interrupted' where status = 'running'`;

export const modelFinished = (row: RunModel): Sql => insert("run_models", row);

export const tableBuilt = (table: BuiltTable): Sql =>
  insert("tables", { ...table, inputs: JSON.stringify(table.inputs) });

export const checkRecorded = (run_id: string, row: CheckRow): Sql =>
  insert("checks", {
    run_id,
    model: row.model,
    check_name: row.check,
    failing_rows: row.failingRows,
    examples: JSON.stringify(row.examples),
  });

export const snapshotPublished = (snapshot: Snapshot): Sql =>
  insert("snapshots", {
    snapshot_id: snapshot.id,
    run_id: snapshot.runId,
    published_at: snapshot.publishedAt,
    data_through: snapshot.dataThrough,
    journey_version: snapshot.words.journey.version,
    words: JSON.stringify(snapshot.words),
    tables: JSON.stringify(snapshot.tables),
  });

/** The latest snapshots, newest first; none where nothing was published. */
export async function readSnapshots(warehouse: Warehouse, count: number): Promise<Snapshot[]> {
  if (!(await hasLedger(warehouse))) return [];
  const rows = await warehouse.query(
    sql`select * from ${at("snapshots")} order by snapshot_id desc limit ${bind("integer", count)}`,
    snapshots,
  );
  return rows.map(snapshotOf);
}

const snapshotOf = (row: Row<typeof snapshots>): Snapshot => ({
  id: row.snapshot_id,
  runId: row.run_id,
  publishedAt: row.published_at,
  dataThrough: row.data_through,
  words: JSON.parse(row.words) as CompanyWords,
  tables: JSON.parse(row.tables) as Record<string, string>,
});

/** The tables of a snapshot with what they were built from, by model. */
export async function readTables(warehouse: Warehouse, snapshot: Snapshot): Promise<Map<string, BuiltTable>> {
  const rows = await warehouse.query(
    sql`select t.* from ${at("tables")} as t where ${inNames(Object.values(snapshot.tables))}`,
    tables,
  );
  return new Map(rows.map((row) => [row.model, builtTableOf(row)]));
}

/** Every table that was built and still stands, published or not, by its name. */
export async function readAllTables(warehouse: Warehouse): Promise<Map<string, BuiltTable>> {
  const rows = await warehouse.query(sql`select * from ${at("tables")} order by version`, tables);
  return new Map(rows.map((row) => [row.table_name, builtTableOf(row)]));
}

const builtTableOf = (row: Row<typeof tables>): BuiltTable => ({
  ...row,
  inputs: JSON.parse(row.inputs) as Inputs,
});

/** A table that proved to be the same over newer inputs. */
export const inputsChanged = ({ table_name, inputs }: BuiltTable): Sql =>
  sql`update ${at("tables")} set inputs = ${bind("string", JSON.stringify(inputs))} where table_name = ${bind("string", table_name)}`;

/** Tables that are gone are forgotten. */
export const tablesDropped = (names: readonly string[]): Sql =>
  sql`delete from ${at("tables")} as t where ${inNames(names)}`;

/** When each source was last compared. */
export async function readComparisons(warehouse: Warehouse): Promise<Map<string, Date>> {
  const rows = await warehouse.query(
    sql`select source, max(compared_at) as compared_at from ${at("source_comparisons")} group by source`,
    sourceComparisons,
  );
  return new Map(rows.map((row) => [row.source, row.compared_at]));
}

export const sourceCompared = (source: string, compared_at: Date): Sql =>
  insert("source_comparisons", { source, compared_at });

/** A journey that was published: its last snapshot, and when and why it came. */
export interface JourneyVersion {
  readonly snapshot: Snapshot;
  readonly firstPublishedAt: Date;
  readonly note: string | null;
}

/** Every journey that was published, newest first. */
export async function readJourneyVersions(warehouse: Warehouse): Promise<JourneyVersion[]> {
  if (!(await hasLedger(warehouse))) return [];
  const rows = await warehouse.query(
    sql`
with spans as (
  select journey_version, min(snapshot_id) as first_id, max(snapshot_id) as last_id
  from ${at("snapshots")}
  group by journey_version
)
select s.*, f.published_at as first_published_at, r.note as note
from spans as v
inner join ${at("snapshots")} as s on s.snapshot_id = v.last_id
inner join ${at("snapshots")} as f on f.snapshot_id = v.first_id
left join ${at("runs")} as r on r.run_id = f.run_id
order by v.first_id desc`,
    { ...snapshots, first_published_at: { type: "timestamp", notNull: true }, note: { type: "string" } },
  );
  return rows.map((row) => ({
    snapshot: snapshotOf(row),
    firstPublishedAt: row.first_published_at,
    note: row.note,
  }));
}

/** How long each table of a snapshot took to build, in seconds. */
export async function readBuildSeconds(
  warehouse: Warehouse,
  snapshot: Snapshot,
): Promise<Map<string, number>> {
  const rows = await warehouse.query(
    sql`select m.model as model, max(m.seconds) as seconds from ${at("run_models")} as m inner join ${at("tables")} as t on t.run_id = m.run_id and t.model = m.model where ${inNames(Object.values(snapshot.tables))} group by m.model`,
    { model: { type: "string", notNull: true }, seconds: { type: "number", notNull: true } },
  );
  return new Map(rows.map((row) => [row.model, row.seconds]));
}

export const taskActed = (action: TaskAction): Sql => insert("task_actions", action);

/** Where the actions on tasks stand, for statements that read them beside a snapshot's tables. */
export const taskActionsPath = [schemas.ledger, "task_actions"] as const;

/** The latest runs, newest first. */
export async function readRuns(warehouse: Warehouse, count: number): Promise<Run[]> {
  if (!(await hasLedger(warehouse))) return [];
  return warehouse.query(
    sql`select * from ${at("runs")} order by started_at desc limit ${bind("integer", count)}`,
    runs,
  );
}

/** The runs that began in [from, to). */
export async function readRunsBegun(warehouse: Warehouse, from: Date, to: Date): Promise<Run[]> {
  if (!(await hasLedger(warehouse))) return [];
  return warehouse.query(
    sql`select * from ${at("runs")} where started_at >= ${bind("timestamp", from)} and started_at < ${bind("timestamp", to)}`,
    runs,
  );
}

export const readRunModels = (warehouse: Warehouse, runId: string): Promise<RunModel[]> =>
  warehouse.query(sql`select * from ${at("run_models")} where run_id = ${bind("string", runId)}`, runModels);

/** The check results of the run that built each table of a snapshot. */
export async function readChecks(warehouse: Warehouse, snapshot: Snapshot): Promise<CheckRow[]> {
  const rows = await warehouse.query(
    sql`select c.* from ${at("checks")} as c inner join ${at("tables")} as t on t.run_id = c.run_id and t.model = c.model where ${inNames(Object.values(snapshot.tables))}`,
    checks,
  );
  return rows.map((row) => ({
    model: row.model,
    check: row.check_name,
    failingRows: row.failing_rows,
    examples: JSON.parse(row.examples) as string[],
  }));
}

const inNames = (names: readonly string[]): Sql =>
  sql`t.table_name in (${names.map((n) => bind("string", n))})`;

/** Where a snapshot's relations live: every model in the table that was published for it. */
export const locateIn =
  (tables: Readonly<Record<string, string>>) =>
  (relation: string): readonly string[] => {
    const table = tables[relation];
    return table ? [schemas.tables, table] : [schemas.published, relation];
  };
