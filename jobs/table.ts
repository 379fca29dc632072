import { type Company, firstOfAll, type Model } from "../models/model.js";
import {
  differingKeys,
  rowsOfKeys,
  type Search,
  stagedKeyOf,
  suspectKeys,
} from "../models/sources/changes.js";
import type { MappedSource } from "../models/sources/mapping.js";
import { bind, integer, join, name, path, type Scope, type Sql, sql, text } from "../warehouse/sql.js";
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
export const forever = Number.MAX_SAFE_INTEGER;
export const [fromVersion, toVersion] = [name("from_version"), name("to_version")];

export const tableName = (model: string, version: number): string =>
  `${model}__${String(version).padStart(6, "0")}`;
/** Stores are filled before they are recorded: by the lease's token no two runs, one of them stale, fill the same. */
export const storeName = (model: string, token: number): string =>
  `${model}__rows_${String(token).padStart(6, "0")}`;

/** A store in which rows were put into order again. */
export const rewrittenStore = (model: string, token: number): string => `${storeName(model, token)}_sorted`;

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
  /** Where the rows that come stand, and those that go (their keys, accounts and days). */
  readonly written: readonly (readonly string[])[];
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

  const onlyDays = stale.changed.length === 0 ? stale.days?.to : undefined;
  let scope: Scope | undefined;
  let standing = store;
  const mapped = model.source && company.sources[model.source];
  if (mapped) {
    const suspects = suspectsOf(building, mapped, store, stale);
    const keys = { key: { type: "string" } } as const;
    const suspect = path(...work("suspect"));
    if ((await make("suspect", keys, suspects)) === 0) return null;
    // Raw rows and store are gone through once, for their rows of these keys.
    const [raw, staged] = [path(...work("raw")), path(...work("staged"))];
    await warehouse.run(sql`create or replace table ${raw} as ${rowsOfKeys(mapped, suspect)}`, options);
    await warehouse.run(
      sql`create or replace table ${staged} as select t.* from ${store} as t where t.${toVersion} = ${integer(forever)} and ${stagedKeyOf(mapped.source)} in (select key from ${suspect})`,
      options,
    );
    scope = { of: "keys", path: work("scope"), rawPath: work("raw") };
    const hanging = hangingOn(building, staged, stale);
    const differing = sql`select distinct key from (${join([sql`select key from (${differingKeys(mapped, raw, staged)}) as differing`, ...hanging], " union all ")}) as keys`;
    if ((await make("scope", keys, differing)) === 0) return null;
    standing = staged;
  } else if ("account_id" in model.columns) {
    const shape = { account_id: { type: "string" }, from_day: { type: "date" } } as const;
    await make("scope", shape, accountsOf(building, stale));
    const [least] = await warehouse.query(
      sql`select min(from_day) as day from ${path(...work("scope"))}`,
      { day: { type: "date" } },
      options,
    );
    if (!least?.day) return null;
    scope = { of: "accounts", path: work("scope"), from: least.day, before: onlyDays };
  }
  // The rows concerned, as they come from the query and as they stand.
  const concerned = (rows: Sql, also = sql`true`): Sql => {
    if (scope?.of === "accounts") {
      const least = sql`date ${text(scope.from ?? "")}`;
      return sql`select t.* from ${rows} as t inner join ${path(...scope.path)} as scope on scope.account_id = t.account_id where ${touched(model, least)} and ${touched(model, sql`scope.from_day`)} and ${also}`;
    }
    if (scope?.of === "keys")
      return sql`select t.* from ${rows} as t where coalesce(t.${name(model.grain[0] ?? "")}, '') in (select key from ${path(...scope.path)}) and ${also}`;
    return sql`select t.* from ${rows} as t where ${also}`;
  };
  const inDays = onlyDays ? sql`t.day < ${bind("date", onlyDays)}` : sql`true`;
  await make(
    "delta",
    model.columnsFor(company),
    sql`select * from (${concerned(sql`(${model.query(company)})`, inDays)}) as concerned`,
    scope,
  );
  const delta = path(...work("delta"));
  await make(
    "standing",
    model.columnsFor(company),
    concerned(standing, sql`t.${toVersion} = ${integer(forever)} and ${inDays}`),
  );
  const before = path(...work("standing"));
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
  // Of rows that go the key, and what tells whose they were and of which day.
  const gone = columns.filter((c) => model.grain.includes(c) || c === "account_id" || c === "day");
  const goneShape = Object.fromEntries(gone.map((c) => [c, model.columns[c] ?? { type: "string" as const }]));
  const ended = await make(
    "ended",
    goneShape,
    sql`select ${gone.map((c) => sql`s.${name(c)}`)}
from ${before} as s
left join (select d.*, true as is_there from ${delta} as d) as d on ${sameKey}
where d.is_there is null or ${differs}`,
  );
  const added = await make(
    "added",
    model.columnsFor(company),
    sql`select ${columns.map((c) => sql`d.${name(c)}`)}
from ${delta} as d
left join (select s.*, true as is_there from ${before} as s) as s on ${sameKey}
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
    written: [work("added"), work("ended")],
    added,
    ended,
    applied: [...(ended > 0 ? [end] : []), ...(added > 0 ? [add] : [])],
  };
}

/** Of which accounts and days rows are: null where a model's rows are no account's, or have no day. */
export async function extentOf(
  { warehouse, model }: Building,
  written: readonly (readonly string[])[],
): Promise<{ accounts: number | null; first_day: string | null; last_day: string | null }> {
  const has = (column: string): boolean => column in model.columns;
  const column = (own: string): Sql => (has(own) ? name(own) : sql`null`);
  const [row] = await warehouse.query(
    sql`
select count(distinct account_id) as accounts, cast(min(day) as date) as first_day, cast(max(day) as date) as last_day
from (
  ${join(
    written.map(
      (at) => sql`select ${column("account_id")} as account_id, ${column("day")} as day from ${path(...at)}`,
    ),
    "\n  union all\n  ",
  )}
) as written`,
    { accounts: { type: "integer", notNull: true }, first_day: { type: "date" }, last_day: { type: "date" } },
  );
  return {
    accounts: has("account_id") ? (row?.accounts ?? 0) : null,
    first_day: row?.first_day ?? null,
    last_day: row?.last_day ?? null,
  };
}

const touched = (model: Model, fromDay: Sql): Sql =>
  model.touched?.(sql`t`, fromDay) ?? (model.byDay ? sql`t.day >= ${fromDay}` : sql`true`);

/** The rows that differ between two versions of a store. */
function changedRows({ store, from, to }: Change): Sql {
  const between = (v: Sql): Sql =>
    sql`${v} > ${integer(Math.min(from, to))} and ${v} <= ${integer(Math.max(from, to))}`;
  const rows = path(schemas.tables, store);
  return sql`(select * from ${rows} where ${between(fromVersion)} union all select * from ${rows} where ${between(toVersion)})`;
}

/** The accounts of which rows may be others now, each with the first day concerned. */
function accountsOf({ models, company, options }: Building, { changed, days }: Stale): Sql {
  const accounts = path(...(options.locate?.("accounts") ?? ["accounts"]));
  const concerned = changed.map((change) => {
    const upstream = models.get(change.model);
    const from = upstream?.changesFrom?.(company) ?? (upstream?.byDay ? sql`min(day)` : firstOfAll);
    if (upstream && "account_id" in upstream.columns) {
      // Versions of a row have its key in common; a raw row may move to another account.
      const key = [...new Set(["account_id", ...upstream.grain])].map(name);
      return sql`select account_id, ${from} as from_day from ${changedRows(change)} as changed where account_id is not null group by ${key}`;
    }
    return sql`select a.account_id as account_id, g.from_day as from_day
  from ${accounts} as a
  cross join (select ${from} as from_day from ${changedRows(change)} as changed having count(*) > 0) as g`;
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

/** The keys of rows that may have to be staged again, each once. */
function suspectsOf(building: Building, mapped: MappedSource, store: Sql, stale: Stale): Sql {
  const staged = sql`(select * from ${store} where ${toVersion} = ${integer(forever)})`;
  const { company, model } = building;
  const searched = { mapped, timeZone: company.timeZone, occurredAt: model.occurredAt, staged };
  const keys = [
    ...(stale.search ? suspectKeys(searched, stale.search) : []),
    ...hangingOn(building, staged, stale),
  ];
  return sql`select distinct key from (
  ${join(keys, "\n  union all\n  ")}
) as keys`;
}

/** The keys of staged rows that hang on rows of other tables that changed. */
const hangingOn = ({ model, models }: Building, staged: Sql, { changed }: Stale): Sql[] =>
  changed.map((change) => {
    const hangsOn = name(models.get(change.model)?.grain[0] ?? "account_id");
    return sql`select coalesce(t.${name(model.grain[0] ?? "")}, '') as key from ${staged} as t where t.${hangsOn} in (select ${hangsOn} from ${changedRows(change)} as changed)`;
  });
