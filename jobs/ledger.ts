import { journeySchema } from "../journey/journey.js";
import type { CheckResult } from "../models/checks.js";
import type { CompanyWords } from "../models/model.js";
import { type DaysFound, mergedSpans } from "../models/sources/changes.js";
import { descending, nullOf, sumInteger, typeName } from "../warehouse/dialect.js";
import { bind, integer, join, name, path, type Sql, sql, text } from "../warehouse/sql.js";
import type { Columns, Row, Warehouse } from "../warehouse/warehouse.js";
import {
  backfills,
  builtTables,
  collections,
  type leaseColumns,
  ledgerTables,
  rewrites,
  runModels,
  runs,
  snapshots,
  sourceComparisons,
  type taskActions,
  writings,
} from "./ledger_tables.js";

/** Where things live: published views to read, the tables behind them, the ledger, and what is built on the way. */
export const schemas = {
  published: "waymark",
  tables: "waymark_tables",
  ledger: "waymark_ledger",
  work: "waymark_work",
  /** What `waymark check` makes on the way. */
  check: "waymark_check",
} as const;

export type LedgerTable = keyof typeof ledgerTables;

export type Run = Row<typeof runs>;
export type RunModel = Row<typeof runModels>;
export type BuiltTable = Omit<Row<typeof builtTables>, "inputs"> & { inputs: Inputs };
export type TaskAction = Row<typeof taskActions>;
export type LeaseRow = Row<typeof leaseColumns>;
/** What a check found in a run. */
export interface CheckRow extends CheckResult {
  readonly runId: string;
  readonly model: string | null;
  readonly error: string | null;
  readonly checkedAt: Date | null;
  readonly failingSince: Date | null;
  readonly definition: string | null;
  /** The models that it read, each with its table; of a model's own rules there is none. */
  readonly tables: Readonly<Record<string, string>>;
  readonly keptIn: string;
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
  /** How far the data reached that it was built from; undefined where that was not told yet. */
  watermarks?: Watermarks;
}

/**
 * How far the data of each feed reaches, a source's or the timeline's: the instant at which its last day ended, as
 * ISO text; null where it has no row that tells. Building again moves none of them.
 */
export type Watermarks = Readonly<Record<string, string | null>>;

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
export const tablesPath = [schemas.ledger, "built_tables"] as const;

type At = (table: LedgerTable) => Sql;
const at: At = (table) => path(schemas.ledger, table);

/** Create the ledger where there is none; one of an earlier Waymark gets what it lacks. */
export async function openLedger(warehouse: Warehouse): Promise<void> {
  const found = await lackingIn(warehouse);
  if (!found) return;
  await warehouse.createSchema(schemas.ledger);
  for (const [table, columns] of Object.entries(ledgerTables)) {
    const definitions = Object.entries(columns).map(([column, { type }]) => ({
      column,
      definition: sql`${name(column)} ${typeName(type)}`,
    }));
    await warehouse.run(
      sql`create table if not exists ${at(table as LedgerTable)} (${definitions.map((d) => d.definition)})`,
    );
    const there = found.get(table);
    for (const { column, definition } of there ? definitions : [])
      if (!there?.includes(column))
        await warehouse.run(
          sql`alter table ${at(table as LedgerTable)} add column if not exists ${definition}`,
        );
  }
  complete.add(warehouse);
}

/** Ledgers that lack nothing; nothing is ever taken from one. */
const complete = new WeakSet<Warehouse>();

/** What there is of each table of a ledger that lacks some of it; undefined where it lacks nothing. */
async function lackingIn(warehouse: Warehouse): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  if (complete.has(warehouse)) return undefined;
  const tables = await warehouse.tables(schemas.ledger);
  const described = tables.map((table) =>
    warehouse.describe(sql`select * from ${path(schemas.ledger, table)}`),
  );
  const found = new Map(
    (await Promise.all(described)).map((columns, i) => [tables[i] ?? "", Object.keys(columns)] as const),
  );
  const lacks = Object.entries(ledgerTables).some(([table, columns]) =>
    Object.keys(columns).some((column) => !found.get(table)?.includes(column)),
  );
  if (lacks) return found;
  complete.add(warehouse);
  return undefined;
}

/**
 * Read the ledger as it stands. Readers come before the next build after an upgrade, and don't write: a table that an
 * earlier Waymark had not is empty to them, a column null.
 */
export async function readLedger<C extends Columns>(
  warehouse: Warehouse,
  columns: C,
  statement: (at: At) => Sql,
): Promise<Row<C>[]> {
  const found = await lackingIn(warehouse);
  const asFound: At = (table) => {
    const there = found?.get(table);
    const shown = Object.entries(ledgerTables[table] as Columns).map(([column, { type }]) =>
      there?.includes(column) ? name(column) : sql`cast(null as ${typeName(type)}) as ${name(column)}`,
    );
    return there
      ? sql`(select ${shown} from ${at(table)})`
      : sql`(select ${shown} from (select 1 as one) as nothing where false)`;
  };
  return warehouse.query(statement(found ? asFound : at), columns);
}

/** A statement that adds one row to a ledger table. */
function insert<T extends LedgerTable>(table: T, ...rows: Row<(typeof ledgerTables)[T]>[]): Sql {
  const columns = Object.entries(ledgerTables[table] as Columns);
  // What stands in many rows is bound once.
  const bound = new Map<string, Sql>();
  const tuples = rows.map((row: Record<string, unknown>) => {
    const values = columns.map(([column, { type }]) => {
      const key = JSON.stringify([type, row[column] ?? null]);
      const value = bound.get(key) ?? bind(type, row[column] ?? null);
      bound.set(key, value);
      return value;
    });
    return sql`(${values})`;
  });
  return sql`insert into ${at(table)} (${columns.map(([column]) => name(column))}) values ${tuples}`;
}

export const runStarted = (run: Pick<Run, "run_id" | "trigger" | "started_at" | "note" | "token">): Sql =>
  insert("runs", {
    ...run,
    status: "running",
    finished_at: null,
    snapshot_id: null,
    error_code: null,
    error: null,
    bytes_billed: null,
  });

export type FinishedRun = Omit<Run, "trigger" | "started_at" | "note" | "token">;

export const runFinished = (run: FinishedRun): Sql => sql`
update ${at("runs")}
set
  status = ${bind("string", run.status)},
  finished_at = ${bind("timestamp", run.finished_at)},
  snapshot_id = ${bind("integer", run.snapshot_id)},
  error_code = ${bind("string", run.error_code)},
  error = ${bind("string", run.error)},
  bytes_billed = ${bind("integer", run.bytes_billed)}
where run_id = ${bind("string", run.run_id)}`;

/** Runs that never finished: their process ended without a word. */
export const runsInterrupted = (): Sql =>
  sql`update ${at("runs")} set status = 'interrupted' where status = 'running'`;

export const modelsFinished = (rows: readonly RunModel[]): Sql[] =>
  rows.length === 0 ? [] : [insert("run_models", ...rows)];

export const tableBuilt = (table: BuiltTable): Sql =>
  insert("built_tables", { ...table, inputs: JSON.stringify(table.inputs) });

export const checksRecorded = (rows: readonly CheckRow[]): Sql[] =>
  rows.length === 0
    ? []
    : [
        insert(
          "checks",
          ...rows.map((row) => ({
            run_id: row.runId,
            model: row.model,
            check_name: row.check,
            severity: row.severity,
            failing_rows: row.failingRows,
            examples: JSON.stringify(row.examples),
            error: row.error,
            checked_at: row.checkedAt,
            failing_since: row.failingSince,
            definition: row.definition,
            tables: row.definition === null ? null : JSON.stringify(row.tables),
            kept_in: row.keptIn,
          })),
        ),
      ];

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
  const rows = await readLedger(
    warehouse,
    snapshots,
    (at) => sql`select * from ${at("snapshots")} order by snapshot_id desc limit ${bind("integer", count)}`,
  );
  return rows.map(snapshotOf);
}

/** What is known of a warehouse's latest snapshot, and who is asking for it. */
interface Latest {
  known?: Snapshot | undefined;
  /** How often this process had published when it was asked for, and when that was. */
  after?: number;
  at?: number;
  asked: Promise<Snapshot | undefined>;
  next?: Promise<Snapshot | undefined> | undefined;
}
const latest = new WeakMap<Warehouse, Latest>();
let publications = 0;

/** To be called when this process has published, or may have. */
export const mayHavePublished = (): void => {
  publications++;
};

/**
 * The latest snapshot; undefined where nothing was published. A snapshot never changes: it is read once, and after
 * that only whether there is another; not even that where nobody but this process can have published. Those who ask at
 * once share one statement, begun after the last of them came.
 * @param mayBeOld for how many milliseconds another process may have published without notice
 */
export function readLatestSnapshot(warehouse: Warehouse, mayBeOld = 0): Promise<Snapshot | undefined> {
  const state: Latest = latest.get(warehouse) ?? { asked: Promise.resolve(undefined) };
  latest.set(warehouse, state);
  const isRecent = state.at !== undefined && performance.now() - state.at < mayBeOld;
  if ((warehouse.isExclusive || (isRecent && state.known)) && state.after === publications)
    return Promise.resolve(state.known);
  const ask = async (): Promise<Snapshot | undefined> => {
    state.next = undefined;
    const [after, at] = [publications, performance.now()];
    const [told] = await readLedger(
      warehouse,
      { snapshot_id: snapshots.snapshot_id, run_id: snapshots.run_id },
      (at) => sql`select snapshot_id, run_id from ${at("snapshots")} order by snapshot_id desc limit 1`,
    );
    if (told?.snapshot_id !== state.known?.id || told?.run_id !== state.known?.runId)
      [state.known] = await readSnapshots(warehouse, 1);
    Object.assign(state, { after, at });
    return state.known;
  };
  state.next ??= state.asked.then(ask, ask);
  state.asked = state.next;
  return state.next;
}

const snapshotOf = (row: Row<typeof snapshots>): Snapshot => ({
  id: row.snapshot_id,
  runId: row.run_id,
  publishedAt: row.published_at,
  dataThrough: row.data_through,
  words: wordsOf(row.words),
  tables: JSON.parse(row.tables) as Record<string, string>,
});

/** Every request reads those of its snapshot, and to read them takes longer than many an answer. */
const wordsRead = new Map<string, CompanyWords>();
const mostWordsRead = 50;

/** What an earlier Waymark wrote lacks what journeys can say since: the defaults stand for it, under the version of then. */
function wordsOf(text: string): CompanyWords {
  const known = wordsRead.get(text);
  if (known) return known;
  const { journey, ...others } = JSON.parse(text) as CompanyWords;
  const { version, ...said } = journey;
  const words = { ...others, journey: { ...(journeySchema.safeParse(said).data ?? said), version } };
  if (wordsRead.size >= mostWordsRead) wordsRead.clear();
  wordsRead.set(text, words);
  return words;
}

/** The tables of a snapshot with what they were built from, by model. */
export async function readTables(warehouse: Warehouse, snapshot: Snapshot): Promise<Map<string, BuiltTable>> {
  const rows = await readLedger(
    warehouse,
    builtTables,
    (at) => sql`select t.* from ${at("built_tables")} as t where ${inNames(Object.values(snapshot.tables))}`,
  );
  return new Map(rows.map((row) => [row.model, builtTableOf(row)]));
}

/** Every table that was built and still stands, published or not, by its name; those of a Waymark without stores are not known. */
export async function readAllTables(warehouse: Warehouse): Promise<Map<string, BuiltTable>> {
  const rows = await readLedger(
    warehouse,
    builtTables,
    (at) => sql`select * from ${at("built_tables")} where store is not null order by version`,
  );
  return new Map(rows.map((row) => [row.table_name, builtTableOf(row)]));
}

const builtTableOf = (row: Row<typeof builtTables>): BuiltTable => ({
  ...row,
  inputs: JSON.parse(row.inputs) as Inputs,
});

/** A table that proved to be the same over newer inputs. */
export const inputsChanged = ({ table_name, inputs }: BuiltTable): Sql =>
  sql`update ${at("built_tables")} set inputs = ${bind("string", JSON.stringify(inputs))} where table_name = ${bind("string", table_name)}`;

/** Tables that are gone are forgotten. */
export const tablesDropped = (names: readonly string[]): Sql =>
  sql`delete from ${at("built_tables")} as t where ${inNames(names)}`;

/** For each store that was rewritten, the version after which it was. */
export async function readRewrites(warehouse: Warehouse): Promise<Map<string, number>> {
  const rows = await readLedger(warehouse, rewrites, (at) => sql`select * from ${at("rewrites")}`);
  return new Map(rows.map((row) => [row.store, row.version]));
}

/** For each store the version until which rows that went are gone from it. */
export async function readCollections(warehouse: Warehouse): Promise<Map<string, number>> {
  const rows = await readLedger(warehouse, collections, (at) => sql`select * from ${at("collections")}`);
  return new Map(rows.map((row) => [row.store, row.version]));
}

export const storesCollected = (
  stores: readonly Pick<Versions, "store" | "until">[],
  collected_at: Date,
): Sql[] =>
  stores.length === 0
    ? []
    : [
        sql`delete from ${at("collections")} as l where l.store in (${stores.map(({ store }) => text(store))})`,
        insert(
          "collections",
          ...stores.map(({ store, until: version }) => ({ store, version, collected_at })),
        ),
      ];

/** A store's rows stand in another one now. */
export const storeRewritten = (from: string, to: string, version: number, rewritten_at: Date): Sql[] => [
  sql`update ${at("built_tables")} set store = ${bind("string", to)} where store = ${bind("string", from)}`,
  sql`delete from ${at("rewrites")} where store = ${bind("string", from)}`,
  insert("rewrites", { store: to, version, rewritten_at }),
];

/** An input of which rows were read: those that differ between two versions of it, or all where `from` is null. */
export interface InputVersions {
  readonly model: string;
  readonly from: number | null;
  readonly to: number;
}
export type Writing = Omit<Row<typeof writings>, "inputs"> & { inputs: readonly InputVersions[] };

export const tableWritten = (writing: Writing): Sql =>
  insert("writings", { ...writing, inputs: JSON.stringify(writing.inputs) });

/** What was written, the latest first; of one model where one is named. */
export async function readWritings(warehouse: Warehouse, model?: string): Promise<Writing[]> {
  const rows = await readLedger(
    warehouse,
    writings,
    (at) =>
      sql`select * from ${at("writings")} as w where ${model === undefined ? sql`true` : sql`w.model = ${bind("string", model)}`} order by version desc, model`,
  );
  return rows.map((row) => ({ ...row, inputs: JSON.parse(row.inputs) as InputVersions[] }));
}

/** How many rows came and went since a table was built whole, by model; of those of which that is known. */
export async function readRowsMoved(warehouse: Warehouse): Promise<Map<string, number>> {
  const rows = await readLedger(
    warehouse,
    { model: writings.model, moved: { type: "integer", notNull: true } },
    (at) => sql`
select w.model as model, ${sumInteger(sql`case when w.is_whole then 0 else w.rows_added + w.rows_ended end`)} as moved
from ${at("writings")} as w
inner join (select model, max(version) as version from ${at("writings")} where is_whole group by model) as whole on whole.model = w.model and whole.version <= w.version
group by w.model`,
  );
  return new Map(rows.map(({ model, moved }) => [model, moved]));
}

/** Versions of a store: those after one and until another. */
export interface Versions {
  readonly model: string;
  readonly store: string;
  readonly after: number;
  readonly until: number;
}

/**
 * The days on which rows came or went in some versions, by store; none of a store of which not all was told, as an
 * earlier Waymark may have written. Whether rows without a day were among them is not told. Of a store that was filled in
 * these versions and not written to again, `isFirst` says that no row went.
 */
export async function readDaysWritten(
  warehouse: Warehouse,
  asked: readonly Versions[],
): Promise<Map<string, DaysFound & { readonly isFirst: boolean }>> {
  if (asked.length === 0) return new Map();
  const { first_day, last_day } = writings;
  const shape = {
    store: { type: "string", notNull: true },
    version: { type: "integer" },
    is_whole: { type: "boolean" },
    first_day,
    last_day,
  } as const;
  const ranges = asked.map(
    ({ model, store, after, until }) =>
      sql`select ${text(model)} as model, ${text(store)} as store, ${integer(after)} as after_version, ${integer(until)} as until_version`,
  );
  // Of those that were written before only whether there are any: since then all is told, as it is since all was written.
  const rows = await readLedger(
    warehouse,
    shape,
    (at) => sql`
with asked as (
  ${join(ranges, " union all ")}
)
select a.store as store, w.version as version, w.is_whole as is_whole, w.first_day as first_day, w.last_day as last_day
from asked as a
inner join ${at("writings")} as w on w.model = a.model and w.version > a.after_version and w.version <= a.until_version
union all
select distinct a.store, ${nullOf("integer")}, ${nullOf("boolean")}, ${nullOf("date")}, ${nullOf("date")}
from asked as a
inner join ${at("writings")} as w on w.model = a.model and w.version <= a.after_version`,
  );
  const isTold = ({ version, is_whole }: (typeof rows)[number]): boolean =>
    version === null || is_whole === true;
  const known = new Set(rows.filter(isTold).map(({ store }) => store));
  return new Map(
    [...known].map((store) => {
      const written = rows.filter((row) => row.store === store && row.version !== null);
      const spans = written.flatMap(({ first_day: first, last_day: last }) =>
        first && last ? [{ first, last }] : [],
      );
      const isFirst = written.every((row) => row.is_whole);
      return [store, { spans: mergedSpans(spans), undated: written.length > 0, isFirst }];
    }),
  );
}

export type Backfill = Row<typeof backfills>;

/** What writing each version of a table was billed for, checks included, in bytes; the latest first. */
export function readBilled(warehouse: Warehouse): Promise<Row<typeof billed>[]> {
  return readLedger(
    warehouse,
    billed,
    (at) => sql`
select w.model as model, w.version as version, w.is_whole as is_whole, m.bytes_billed as bytes_billed
from ${at("writings")} as w
inner join ${at("run_models")} as m on m.run_id = w.run_id and m.model = w.model
where m.bytes_billed is not null
order by w.version desc`,
  );
}
const billed = {
  model: { type: "string", notNull: true },
  version: { type: "integer", notNull: true },
  is_whole: { type: "boolean", notNull: true },
  bytes_billed: { type: "integer", notNull: true },
} as const satisfies Columns;

/** Backfills that were begun and not finished, the latest first. */
export const readUnfinishedBackfills = (warehouse: Warehouse): Promise<Backfill[]> =>
  readLedger(
    warehouse,
    backfills,
    (at) => sql`select * from ${at("backfills")} where finished_at is null order by started_at desc`,
  );

export const backfillStarted = (row: Backfill): Sql => insert("backfills", row);

/** How far a backfill is. */
export const backfillAdvanced = ({ backfill_id, done_to, finished_at }: Backfill): Sql =>
  sql`update ${at("backfills")} set done_to = ${bind("date", done_to)}, finished_at = ${bind("timestamp", finished_at)} where backfill_id = ${bind("string", backfill_id)}`;

/** What of the ledger is kept how long; what people did with tasks always is. */
export interface LedgerKept {
  /** Runs that began before are forgotten with their models, checks and failing rows, unless what they made still stands. */
  readonly runsSince: Date;
  /** Messages from before are, unless a webhook still owes them. */
  readonly messagesSince: Date;
  /** So many of the latest snapshots are known, and the first and last of every journey. */
  readonly snapshots: number;
}

/** The rows that nobody needs any more: by table, in the order in which they may go, what holds for such a row `l`. */
export function agedRows(
  { runsSince, messagesSince, snapshots }: LedgerKept,
  from: At = at,
): [LedgerTable, Sql][] {
  const [old, oldMessages] = [bind("timestamp", runsSince), bind("timestamp", messagesSince)];
  const isOldSnapshot = sql`l.published_at < ${old}
and l.snapshot_id not in (select max(snapshot_id) from ${from("snapshots")} group by journey_version union all select min(snapshot_id) from ${from("snapshots")} group by journey_version)
and l.snapshot_id not in (select snapshot_id from ${from("snapshots")} order by snapshot_id desc limit ${bind("integer", snapshots)})`;
  const keptRuns = sql`select run_id from ${from("built_tables")} union all select l.run_id from ${from("snapshots")} as l where not (${isOldSnapshot})`;
  const isOldRun = sql`l.started_at < ${old} and l.started_at < (select max(started_at) from ${from("runs")}) and l.run_id not in (${keptRuns})`;
  const ofOldRun = sql`l.run_id in (select l.run_id from ${from("runs")} as l where ${isOldRun})`;
  // Failing rows outlive the run that kept them where what a later one found of its checks still is theirs.
  const runsThatStay = sql`select l.run_id from ${from("runs")} as l where not (${isOldRun})`;
  const shown = sql`select coalesce(c.kept_in, c.run_id) from ${from("checks")} as c where c.run_id in (${runsThatStay})`;
  const isOfNoStore = sql`l.store not in (select t.store from ${from("built_tables")} as t where t.store is not null)`;
  const isOldMessage = sql`l.recorded_at < ${oldMessages} and l.sequence < (select max(sequence) from ${from("messages")}) and l.message_id not in (select message_id from ${from("deliveries")} where status <> 'delivered')`;
  return [
    ["run_models", ofOldRun],
    ["failing_rows", sql`l.run_id not in (${runsThatStay} union all ${shown})`],
    ["checks", ofOldRun],
    ["runs", isOldRun],
    ["snapshots", isOldSnapshot],
    [
      "deliveries",
      sql`l.message_id in (select l.message_id from ${from("messages")} as l where ${isOldMessage})`,
    ],
    ["messages", isOldMessage],
    // What was written before a table was written as a whole tells of no row that stands.
    [
      "writings",
      sql`l.written_at < ${old} and l.version < (select max(w.version) from ${from("writings")} as w where w.model = l.model and w.is_whole)`,
    ],
    ["backfills", sql`l.started_at < ${old}`],
    ["told", sql`l.told_at < ${old} and l.told_at < (select max(t.told_at) from ${from("told")} as t)`],
    ["rewrites", isOfNoStore],
    ["collections", isOfNoStore],
    [
      "source_comparisons",
      sql`l.compared_at < (select max(c.compared_at) from ${from("source_comparisons")} as c where c.source = l.source)`,
    ],
  ];
}

export const countAged = async (
  warehouse: Warehouse,
  kept: LedgerKept,
): Promise<Map<LedgerTable, number>> => {
  const columns = {
    table_name: { type: "string", notNull: true },
    aged: { type: "integer", notNull: true },
  } as const;
  const counted = await readLedger(warehouse, columns, (from) =>
    join(
      agedRows(kept, from).map(
        ([table, isAged]) =>
          sql`select ${text(table)} as table_name, count(*) as aged from ${from(table)} as l where ${isAged}`,
      ),
      "\nunion all\n",
    ),
  );
  return new Map(counted.flatMap((row) => (row.aged > 0 ? [[row.table_name as LedgerTable, row.aged]] : [])));
};

export const agedRowsDropped = (kept: LedgerKept): Sql[] =>
  agedRows(kept).map(([table, isAged]) => sql`delete from ${at(table)} as l where ${isAged}`);

/** When each source was last compared. */
export async function readComparisons(warehouse: Warehouse): Promise<Map<string, Date>> {
  const rows = await readLedger(
    warehouse,
    sourceComparisons,
    (at) =>
      sql`select source, max(compared_at) as compared_at from ${at("source_comparisons")} group by source`,
  );
  return new Map(rows.map((row) => [row.source, row.compared_at]));
}

export const sourceCompared = (source: string, compared_at: Date): Sql =>
  insert("source_comparisons", { source, compared_at });

/** A journey that was published: its last snapshot, when it first came, and why it came last. */
export interface JourneyVersion {
  readonly snapshot: Snapshot;
  readonly firstPublishedAt: Date;
  readonly note: string | null;
}

/** Every journey that was published, the one in force first, then the one that it replaced, and so on. */
export async function readJourneyVersions(warehouse: Warehouse): Promise<JourneyVersion[]> {
  const rows = await readLedger(
    warehouse,
    { ...snapshots, first_published_at: { type: "timestamp", notNull: true }, note: { type: "string" } },
    (at) => sql`
with published as (
  select snapshot_id, journey_version, lag(journey_version) over (order by snapshot_id) as version_before
  from ${at("snapshots")}
),
spans as (
  select
    journey_version,
    min(snapshot_id) as first_id,
    max(case when version_before is null or version_before <> journey_version then snapshot_id end) as came_id,
    max(snapshot_id) as last_id
  from published
  group by journey_version
)
select s.*, f.published_at as first_published_at, r.note as note
from spans as v
inner join ${at("snapshots")} as s on s.snapshot_id = v.last_id
inner join ${at("snapshots")} as f on f.snapshot_id = v.first_id
inner join ${at("snapshots")} as c on c.snapshot_id = v.came_id
left join ${at("runs")} as r on r.run_id = c.run_id
order by v.last_id desc`,
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
  const rows = await readLedger(
    warehouse,
    { model: { type: "string", notNull: true }, seconds: { type: "number", notNull: true } },
    (at) =>
      sql`select m.model as model, max(m.seconds) as seconds from ${at("run_models")} as m inner join ${at("built_tables")} as t on t.run_id = m.run_id and t.model = m.model where ${inNames(Object.values(snapshot.tables))} group by m.model`,
  );
  return new Map(rows.map((row) => [row.model, row.seconds]));
}

export const taskActed = (action: TaskAction): Sql => insert("task_actions", action);

/** Where the actions on tasks stand, for statements that read them beside a snapshot's tables. */
export const taskActionsPath = [schemas.ledger, "task_actions"] as const;

export async function readRun(warehouse: Warehouse, runId: string): Promise<Run | undefined> {
  const [run] = await readLedger(
    warehouse,
    runs,
    (at) => sql`select * from ${at("runs")} where run_id = ${bind("string", runId)}`,
  );
  return run;
}

/** The order of runs `r`. What the clock said tells it only of those of an earlier Waymark, as clocks are set back. */
export const latestRunFirst = sql`${descending(sql`r.token`)}, r.started_at desc, r.run_id desc`;

/** The latest runs, newest first. */
export async function readRuns(warehouse: Warehouse, count: number): Promise<Run[]> {
  return readLedger(
    warehouse,
    runs,
    (at) => sql`select * from ${at("runs")} as r order by ${latestRunFirst} limit ${bind("integer", count)}`,
  );
}

/** The latest run that ended, well or not; steps of a backfill, which succeed without a snapshot, say nothing of how things stand. */
export async function readLatestEndedRun(warehouse: Warehouse): Promise<Run | undefined> {
  const [run] = await readLedger(
    warehouse,
    runs,
    (at) =>
      sql`select * from ${at("runs")} as r where status <> 'running' and (status <> 'succeeded' or snapshot_id is not null) order by ${latestRunFirst} limit 1`,
  );
  return run;
}

/** The runs that began in [from, to). */
export async function readRunsBegun(warehouse: Warehouse, from: Date, to: Date): Promise<Run[]> {
  return readLedger(
    warehouse,
    runs,
    (at) =>
      sql`select * from ${at("runs")} where started_at >= ${bind("timestamp", from)} and started_at < ${bind("timestamp", to)}`,
  );
}

export const readRunModels = (warehouse: Warehouse, runId: string): Promise<RunModel[]> =>
  readLedger(
    warehouse,
    runModels,
    (at) => sql`select * from ${at("run_models")} where run_id = ${bind("string", runId)}`,
  );

const inNames = (names: readonly string[]): Sql =>
  sql`t.table_name in (${names.map((n) => bind("string", n))})`;

/** Where a snapshot's relations live: every model in the table that was published for it. */
export const locateIn =
  (tables: Readonly<Record<string, string>>) =>
  (relation: string): readonly string[] => {
    const table = tables[relation];
    return table ? [schemas.tables, table] : [schemas.published, relation];
  };
