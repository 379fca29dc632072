import { Temporal } from "temporal-polyfill";
import { type Company, dayColumnOf, type Model } from "../models/model.js";
import { type DaysFound, type DaysWritten, isOn } from "../models/sources/changes.js";
import { cast, fingerprint } from "../warehouse/dialect.js";
import { day, integer, name, path, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Materialization, RunOptions, Warehouse } from "../warehouse/warehouse.js";
import { type BuiltTable, schemas } from "./ledger.js";
import type { Change } from "./plan.js";

/**
 * How a table's rows stand: in a store, each with the version in which it came and the one in which it went. What
 * a snapshot shows of a store is a view of the rows of one version; so a later build adds and ends rows under the
 * eyes of readers, who see nothing of it until they are given the view of its version.
 */
const versions = {
  from_version: { type: "integer", notNull: true },
  to_version: { type: "integer", notNull: true },
} as const satisfies Columns;
/** What rows say beside their keys, where it stands with them; a name that no fact of a company has, as ids begin with a letter. */
const hash = { _hash: { type: "integer", notNull: true } } as const satisfies Columns;
export const forever = Number.MAX_SAFE_INTEGER;
export const [fromVersion, toVersion, hashStored] = [name("from_version"), name("to_version"), name("_hash")];

/** The columns that a store has beside its model's. */
export const besideOf = ({ isHashed }: Pick<Model, "isHashed">): Columns =>
  isHashed ? { ...versions, ...hash } : versions;

/** The values of these, by column, of a row that is new in a version. */
export const valuesBeside = (
  model: Model,
  shape: Columns,
  row: Sql,
  version: number,
): Readonly<Record<string, Sql>> => ({
  from_version: integer(version),
  to_version: integer(forever),
  ...(model.isHashed ? { _hash: hashOfRow(model, shape, row) } : {}),
});

/** The columns by which a row differs from what it was: not its key, nor who made it. */
export const saidBy = (model: Model, shape: Columns): string[] =>
  Object.keys(shape).filter(
    (column) => !model.grain.includes(column) && !model.columns[column]?.isProvenance,
  );

/** All of these as a number; of their declared types, as a query may name others. */
export const hashOfRow = (model: Model, shape: Columns, row: Sql): Sql =>
  fingerprint(
    saidBy(model, shape).map((column) => cast(sql`${row}.${name(column)}`, shape[column]?.type ?? "string")),
  );

/** Views and stores are made before they are recorded: by the lease's token no two runs, one of them stale, make the same. */
export const tableName = (model: string, token: number): string =>
  `${model}__${String(token).padStart(6, "0")}`;
export const storeName = (model: string, token: number): string =>
  `${model}__rows_${String(token).padStart(6, "0")}`;

/** Whether a name in the tables' schema is a view's: a run that died leaves some of which the ledger knows nothing. */
export const isViewName = (name: string): boolean => /__\d+$/.test(name);

/** A store in which rows were put into order again. */
export const rewrittenStore = (model: string, token: number): string => `${storeName(model, token)}_sorted`;

/** The view of a store's rows in a version. */
export const viewCreated = (
  { table_name, store, version }: Pick<BuiltTable, "table_name" | "store" | "version">,
  columns: Columns,
): Sql =>
  sql`create or replace view ${path(schemas.tables, table_name)} as
select ${Object.keys(columns).map(name)} from ${path(schemas.tables, store)} where ${fromVersion} <= ${integer(version)} and ${toVersion} > ${integer(version)}`;

/** How a model's rows lie in a store. */
export const layoutOf = ({
  sortBy,
  grain,
  columns,
}: Model): Pick<Materialization, "sortBy" | "clusterBy"> => ({
  sortBy,
  clusterBy: "account_id" in columns ? ["account_id", ...grain] : grain,
});

/** Late rows are rarely later than that. */
export const lateDays = 62;

/** Of rows with days those of late, up to a day and after: where these tell what is asked for, an engine needs to read no others. */
export const lately = (rows: Sql, until: string): Sql =>
  sql`(select * from ${rows} as all_rows where day >= ${day(Temporal.PlainDate.from(until).subtract({ days: lateDays }).toString())})`;

/** Rows that no view of this version or a later one shows are dropped, of the days on which they lie where these are known. */
export const rowsDropped = (store: string, version: number, days: DaysWritten | undefined): Sql =>
  sql`delete from ${path(schemas.tables, store)} where ${toVersion} <= ${integer(version)}${days ? sql` and ${isOn(name(days.column), days)}` : sql``}`;

/** One model's table in a run. */
export interface Building {
  readonly warehouse: Warehouse;
  readonly model: Model;
  readonly company: Company;
  readonly version: number;
  /** Of the run's lease. */
  readonly token: number;
  /** All models, by name. */
  readonly models: ReadonlyMap<string, Model>;
  /** From so many on, accounts are built apart of which other days changed. */
  readonly manyAccounts: number;
  /** Where what it reads stands in this run. */
  readonly options: RunOptions;
}

/** A table on the way to what is built; gone with the next run. */
export const workTable = ({ model, token }: Building, what: string): readonly string[] => [
  schemas.work,
  `${model.name}__${what}_${token}`,
];

/** The days of a model's rows, by the column that tells them; undefined where rows have none, or none are known. */
export function daysOfRows(model: Model | undefined, days: DaysFound | undefined): DaysWritten | undefined {
  const column = model && dayColumnOf(model);
  return column && days ? { ...days, column } : undefined;
}

/**
 * The rows that differ between two versions of a store: as the run told them that made the difference, else of the days
 * on which they lie, by which the engine skips the others.
 */
export function changedRows({ store, from, to, days, told }: Change): Sql {
  if (told) return path(...told);
  const isNear = days ? sql` and ${isOn(name(days.column), days)}` : sql``;
  const between = (v: Sql): Sql =>
    sql`${v} > ${integer(Math.min(from, to))} and ${v} <= ${integer(Math.max(from, to))}${isNear}`;
  const rows = path(schemas.tables, store);
  return sql`(select * from ${rows} where ${between(fromVersion)} union all select * from ${rows} where ${between(toVersion)})`;
}
