import type { Company, Model } from "../models/model.js";
import { changedKeys, type Search } from "../models/sources/changes.js";
import { bind, integer, join, name, path, type Scope, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, RunOptions, Warehouse } from "../warehouse/warehouse.js";
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
const forever = Number.MAX_SAFE_INTEGER;
const [fromVersion, toVersion] = [name("from_version"), name("to_version")];

export const tableName = (model: string, version: number): string =>
  `${model}__${String(version).padStart(6, "0")}`;
/** Stores are filled before they are recorded: by the lease's token no two runs, one of them stale, fill the same. */
export const storeName = (model: string, token: number): string =>
  `${model}__rows_${String(token).padStart(6, "0")}`;

/** The view of a store's rows in a version. */
export const viewCreated = (
  { table_name, store, version }: Pick<BuiltTable, "table_name" | "store" | "version">,
  columns: Columns,
): Sql =>
  sql`create or replace view ${path(schemas.tables, table_name)} as
select ${Object.keys(columns).map(name)} from ${path(schemas.tables, store)} where ${fromVersion} <= ${integer(version)} and ${toVersion} > ${integer(version)}`;

/** Rows that no view of this version or a later one shows are dropped. */
export const rowsDropped = (store: string, version: number): Sql =>
  sql`delete from ${path(schemas.tables, store)} where ${toVersion} <= ${integer(version)}`;

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
  /** Where what it reads stands in this run. */
  readonly options: RunOptions;
}

/** All of a table, into a store of its own. Answers its number of rows. */
export async function buildWhole(building: Building): Promise<number> {
  const { warehouse, model, company, version, token, options } = building;
  const columns = model.columnsFor(company);
  return warehouse.materialize(
    {
      table: [schemas.tables, storeName(model.name, token)],
      columns: { ...columns, ...versions },
      query: sql`select ${Object.keys(columns).map(name)}, ${integer(version)} as ${fromVersion}, ${integer(forever)} as ${toVersion} from (${model.query(company)}) as whole`,
      partitionBy: model.byDay ? "day" : undefined,
      sortBy: model.sortBy,
    },
    options,
  );
}

/** What makes a part of a table stale. */
export interface Stale {
  readonly changed: readonly Change[];
  /** For staging: how raw rows are searched. */
  readonly search?: Search | undefined;
  /** Days to build again whatever changed, [from, to). */
  readonly days?: { readonly from?: string | undefined; readonly to?: string | undefined } | undefined;
}

/** Where the rows of a part stand until they are checked and taken into the store. */
export interface Part {
  /** The rows as they are now. */
  readonly delta: readonly string[];
  /** Rows that come and rows that go. */
  readonly added: number;
  readonly ended: number;
  /** Takes the part into the store. */
  readonly applied: readonly Sql[];
}

/**
 * The part of a table that may be another now, beside what it was: accounts from a day on, raw rows by their keys, or
 * all rows of a table that knows neither. Null where nothing is concerned; a part with nothing to add or end is the same.
 */
export async function buildPart(building: Building, built: BuiltTable, stale: Stale): Promise<Part | null> {
  const { warehouse, model, company, version, token, options } = building;
  const columns = Object.keys(model.columnsFor(company));
  const store = path(schemas.tables, built.store);
  const work = (what: string): readonly string[] => [schemas.work, `${model.name}__${what}_${token}`];
  const make = async (what: string, shape: Columns, query: Sql, scope?: Scope): Promise<number> =>
    warehouse.materialize({ table: work(what), columns: shape, query }, { ...options, scope });

  const searched = searchedBy(building, built, stale);
  const isOfAccounts = !model.source && "account_id" in model.columns;
  let scope: Scope | undefined;
  if (searched) {
    scope = { of: "keys", path: work("scope") };
    if ((await make("scope", { key: { type: "string" } }, searched)) === 0) return null;
  } else if (isOfAccounts) {
    scope = { of: "accounts", path: work("scope") };
    const shape = { account_id: { type: "string" }, from_day: { type: "date" } } as const;
    if ((await make("scope", shape, accountsOf(building, stale))) === 0) return null;
  }
  // The rows concerned, as they come from the query and as they stand.
  const concerned = (rows: Sql, also = sql`true`): Sql => {
    if (scope?.of === "accounts")
      return sql`select t.* from ${rows} as t inner join ${path(...scope.path)} as scope on scope.account_id = t.account_id where ${touched(model, sql`scope.from_day`)} and ${also}`;
    if (scope?.of === "keys")
      return sql`select t.* from ${rows} as t where coalesce(t.${name(model.grain[0] ?? "")}, '') in (select key from ${path(...scope.path)}) and ${also}`;
    return sql`select t.* from ${rows} as t where ${also}`;
  };
  const onlyDays = stale.changed.length === 0 && stale.days?.to;
  const inDays = onlyDays ? sql`t.day < ${bind("date", onlyDays)}` : sql`true`;
  await make(
    "delta",
    model.columnsFor(company),
    sql`select * from (${concerned(sql`(${model.query(company)})`, inDays)}) as concerned`,
    scope,
  );
  const delta = path(...work("delta"));
  const standing = sql`(${concerned(store, sql`t.${toVersion} = ${integer(forever)} and ${inDays}`)})`;
  const sameKey = join(
    model.grain.map((k) =>
      model.columns[k]?.notNull
        ? sql`d.${name(k)} = s.${name(k)}`
        : sql`d.${name(k)} is not distinct from s.${name(k)}`,
    ),
    " and ",
  );
  const compared = columns.filter((c) => !model.columns[c]?.isProvenance && !model.grain.includes(c));
  const differs =
    compared.length > 0
      ? join(
          compared.map((c) => sql`d.${name(c)} is distinct from s.${name(c)}`),
          " or ",
        )
      : sql`false`;
  const grain = Object.fromEntries(
    model.grain.map((k) => [k, model.columns[k] ?? { type: "string" as const }]),
  );
  const ended = await make(
    "ended",
    grain,
    sql`select ${model.grain.map((k) => sql`s.${name(k)}`)}
from ${standing} as s
left join (select d.*, true as is_there from ${delta} as d) as d on ${sameKey}
where d.is_there is null or ${differs}`,
  );
  const added = await make(
    "added",
    model.columnsFor(company),
    sql`select ${columns.map((c) => sql`d.${name(c)}`)}
from ${delta} as d
left join (select s.*, true as is_there from ${standing} as s) as s on ${sameKey}
where s.is_there is null or ${differs}`,
  );
  const end = sql`update ${store} as d
set ${toVersion} = ${integer(version)}
from ${path(...work("ended"))} as s
where d.${toVersion} = ${integer(forever)} and ${sameKey}`;
  const add = sql`insert into ${store} (${[...columns.map(name), fromVersion, toVersion]})
select ${columns.map(name)}, ${integer(version)}, ${integer(forever)} from ${path(...work("added"))}`;
  return {
    delta: work("delta"),
    added,
    ended,
    applied: [...(ended > 0 ? [end] : []), ...(added > 0 ? [add] : [])],
  };
}

const touched = (model: Model, fromDay: Sql): Sql =>
  model.touched?.(sql`t`, fromDay) ?? (model.byDay ? sql`t.day >= ${fromDay}` : sql`true`);

/** Before any day, and yet late enough to look back from. */
const firstOfAll = sql`date '1000-01-01'`;

/** The rows that differ between two versions of a store. */
function changedRows({ store, from, to }: Change): Sql {
  const between = (v: Sql): Sql =>
    sql`${v} > ${integer(Math.min(from, to))} and ${v} <= ${integer(Math.max(from, to))}`;
  const rows = path(schemas.tables, store);
  return sql`(select * from ${rows} where ${between(fromVersion)} union all select * from ${rows} where ${between(toVersion)})`;
}

/** The accounts of which rows may be others now, each with the first day concerned. */
function accountsOf({ models, options }: Building, { changed, days }: Stale): Sql {
  const accounts = path(...(options.locate?.("accounts") ?? ["accounts"]));
  const concerned = changed.map((change) => {
    const upstream = models.get(change.model);
    const from = upstream?.changesFrom ?? (upstream?.byDay ? sql`day` : firstOfAll);
    if (upstream && "account_id" in upstream.columns)
      return sql`select account_id, ${from} as from_day from ${changedRows(change)} as changed where account_id is not null`;
    return sql`select a.account_id as account_id, g.from_day as from_day
  from ${accounts} as a
  cross join (select min(${from}) as from_day from ${changedRows(change)} as changed) as g`;
  });
  if (days)
    concerned.push(
      sql`select account_id, ${days.from ? bind("date", days.from) : firstOfAll} as from_day from ${accounts}`,
    );
  return sql`
select account_id, min(from_day) as from_day
from (
  ${join(concerned, "\n  union all\n  ")}
) as concerned
where from_day is not null
group by account_id`;
}

/** The keys of raw rows that must be read again: those that changed, and those that hang on what changed. */
function searchedBy(
  { model, company, models }: Building,
  built: BuiltTable,
  { changed, search }: Stale,
): Sql | undefined {
  const mapped = model.source && company.sources[model.source];
  if (!mapped) return undefined;
  const staged = path(schemas.tables, built.table_name);
  const key = name(model.grain[0] ?? "");
  const keys = changed.map((change) => {
    const hangsOn = name(models.get(change.model)?.grain[0] ?? "account_id");
    return sql`select coalesce(t.${key}, '') as key from ${staged} as t where t.${hangsOn} in (select ${hangsOn} from ${changedRows(change)} as changed)`;
  });
  if (search)
    keys.push(
      sql`select key from (${changedKeys({ mapped, timeZone: company.timeZone, occurredAt: model.occurredAt, staged }, search)}) as found`,
    );
  return sql`select distinct key from (
  ${join(keys, "\n  union all\n  ")}
) as keys`;
}
