import { Temporal } from "temporal-polyfill";
import type { Figures, HeldRows } from "../models/checks.js";
import { timeline } from "../models/daily/timeline.js";
import { dayColumnOf, firstOfAll, type Model } from "../models/model.js";
import {
  type DaysFound,
  type DaysWritten,
  differingKeys,
  isOn,
  type Search,
  type Span,
} from "../models/sources/changes.js";
import { addDays, cast, countIf, nullOf } from "../warehouse/dialect.js";
import {
  bind,
  day,
  integer,
  join,
  name,
  path,
  relation,
  type Scope,
  type Sql,
  sql,
} from "../warehouse/sql.js";
import type { Columns, Materialization, Row } from "../warehouse/warehouse.js";
import { type BuiltTable, schemas } from "./ledger.js";
import type { Change } from "./plan.js";
import {
  daysOf,
  differsInAsked,
  keysHanging,
  keysOf,
  type RowsConcerned,
  rowsConcerned,
  whereAsked,
} from "./raw_rows.js";
import {
  type Building,
  besideOf,
  changedRows,
  daysOfRows,
  forever,
  hashOfRow,
  hashStored,
  lateDays,
  layoutOf,
  saidBy,
  storeName,
  toVersion,
  valuesBeside,
  workTable,
} from "./store.js";

/** All of a table, in a store of its own. */
export function wholeOf({
  model,
  company,
  version,
  token,
}: Pick<Building, "model" | "company" | "version" | "token">): Materialization {
  const columns = model.columnsFor(company);
  const beside = Object.entries(valuesBeside(model, columns, sql`whole`, version)).map(
    ([column, value]) => sql`${value} as ${name(column)}`,
  );
  return {
    table: [schemas.tables, storeName(model.name, token)],
    columns: { ...columns, ...besideOf(model) },
    query: sql`select ${[...Object.keys(columns).map(name), ...beside]} from (${model.query(company)}) as whole`,
    ...layoutOf(model),
  };
}

/** What makes a part of a table stale. */
export interface Stale {
  readonly changed: readonly Change[];
  /** For staging: how raw rows are searched, and what was found where that was done before; null is nothing. */
  readonly search?: Search | undefined;
  readonly found?: RowsConcerned | null | undefined;
  /** Days to build again whatever changed, [from, to). */
  readonly days?: { readonly from?: string | undefined; readonly to?: string | undefined } | undefined;
}

/** A scope, and whether it is of many accounts. */
type ScopeOfPart = Scope & { readonly isOfMany?: boolean };

/** Where the rows of a part stand until they are checked and taken into the store. */
export interface Part {
  /** The rows as they are now. */
  readonly delta: readonly string[];
  /** How these hold against their model. */
  readonly held: readonly HeldRows[];
  /** Rows that come and rows that go, with what those who read the table ask of them. */
  readonly changes: readonly string[];
  /** How many come and go, and of which accounts and days they are. */
  readonly added: number;
  readonly ended: number;
  readonly extent: Extent;
  /** All of these days; undefined where rows have none. */
  readonly days: DaysWritten | undefined;
  /** Takes the part into the store. */
  readonly applied: readonly Sql[];
}

/**
 * The part of a table that may be another now, beside what it was: accounts from a day on, raw rows by their keys, or
 * all rows of a table that knows neither. Null where nothing is concerned; a part with nothing to add or end is the same.
 * @param hold holds the rows as they are now against their model, while they are compared with what stands
 */
export async function buildPart(
  building: Building,
  built: BuiltTable,
  stale: Stale,
  hold: (delta: readonly string[]) => Promise<readonly HeldRows[]>,
): Promise<Part | null> {
  const { warehouse, model, company, version, options } = building;
  const shape = model.columnsFor(company);
  const columns = Object.keys(shape);
  const store = path(schemas.tables, built.store);
  const work = (what: string): readonly string[] => workTable(building, what);
  const make = async (what: string, types: Columns, query: Sql, scope?: ScopeOfPart): Promise<number> =>
    warehouse.materialize(
      { table: work(what), columns: types, query, isLarge: model.isCostly && scope?.isOfMany },
      { ...options, scope },
    );

  const onlyDays = stale.changed.length === 0 ? stale.days?.to : undefined;
  let scopes: readonly (ScopeOfPart | undefined)[] = [undefined];
  let standing = store;
  const mapped = model.source && company.sources[model.source];
  if (mapped) {
    const hanging = await keysHanging(building, built, stale.changed);
    const isFound = stale.found !== undefined && !hanging;
    const rows = isFound ? stale.found : await rowsConcerned(building, mapped, built, stale.search, hanging);
    if (!rows) return null;
    const differing = differingKeys(mapped, path(...rows.raw), path(...rows.staged));
    const scope = await keysOf(building, "scope", [
      sql`select key from (${differing}) as differing`,
      ...(hanging ? [sql`select key from ${path(...hanging)}`] : []),
    ]);
    if (!scope) return null;
    scopes = [{ of: "keys", path: scope, rawPath: rows.raw }];
    standing = path(...rows.staged);
  } else if ("account_id" in model.columns) {
    scopes = await scopesOf(building, stale, onlyDays);
    if (scopes.length === 0) return null;
  } else if (model.byDay && stale.changed.length > 0 && !stale.days) {
    const days = await daysConcerned(building, stale);
    if (days.spans.length === 0 && !days.undated) return null;
    if (!days.undated) scopes = [{ of: "days", isOn: (column) => isOn(column, days) }];
  }
  // The rows concerned, as they come from the query and as they stand.
  const concerned = (scope: Scope | undefined, rows: Sql, also: Sql): Sql => {
    if (scope?.of === "accounts") {
      const least = scope.from === undefined ? firstOfAll : day(scope.from);
      return sql`select t.* from ${rows} as t inner join ${path(...scope.path)} as scope on scope.account_id = t.account_id where ${touched(building, least)} and ${touched(building, sql`scope.from_day`)} and ${also}`;
    }
    if (scope?.of === "days")
      return sql`select t.* from ${rows} as t where ${scope.isOn(sql`t.day`)} and ${also}`;
    if (scope?.of === "keys")
      return sql`select t.* from ${rows} as t where coalesce(t.${name(model.grain[0] ?? "")}, '') in (select key from ${path(...scope.path)}) and ${also}`;
    return sql`select t.* from ${rows} as t where ${also}`;
  };
  const inDays = onlyDays ? sql`t.day < ${bind("date", onlyDays)}` : sql`true`;
  const rowsNow = (scope: Scope | undefined): Sql =>
    sql`select * from (${concerned(scope, sql`(${model.query(company)})`, inDays)}) as concerned`;
  const deltas = scopes.map((_, i) => (i === 0 ? "delta" : `delta_${i}`));
  await together(deltas.map((what, i) => make(what, shape, rowsNow(scopes[i]), scopes[i])));
  for (const other of deltas.slice(1))
    await warehouse.run(
      sql`insert into ${path(...work("delta"))} (${columns.map(name)}) select ${columns.map(name)} from ${path(...work(other))}`,
      options,
    );
  const delta = path(...work("delta"));
  const sameKey = join(
    model.grain.map((k) => isSame(k, model.columns[k]?.notNull === true)),
    " and ",
  );
  const differing = saidBy(model, shape).map((c) => sql`d.${name(c)} is distinct from s.${name(c)}`);
  // Whoever asks for days to be built again may do so because their rows are no longer what was written, or stand twice.
  const isMistrusted = stale.days !== undefined;
  const copies = isMistrusted
    ? sql`, count(*) over (partition by ${model.grain.map(name)}) as _copies`
    : sql``;
  const differs =
    model.isHashed && !isMistrusted
      ? sql`${hashOfRow(model, shape, sql`d`)} <> s.${hashStored}`
      : join([...differing, isMistrusted ? sql`s._copies > 1` : sql`false`], " or ");
  const told = columns.filter(isToldOf(building));
  const toldShape = Object.fromEntries(told.flatMap((c) => (shape[c] ? [[c, shape[c]]] : [])));
  const isStanding = sql`t.${toVersion} = ${integer(forever)} and ${inDays}`;
  const changes = path(...work("changes"));
  const compare = make(
    "changes",
    { ...toldShape, comes: { type: "boolean" } },
    sql`
select ${isMistrusted ? sql`distinct ` : sql``}${[...told.map((c) => sql`case when v.comes then d.${name(c)} else s.${name(c)} end as ${name(c)}`), sql`v.comes as comes`]}
from (select rows_now.*, true as _is_there from ${delta} as rows_now) as d
full join (
  select standing.*, true as _is_there${copies}
  from (
    ${join(
      scopes.map((scope) => concerned(scope, standing, isStanding)),
      "\n    union all\n    ",
    )}
  ) as standing
) as s on ${sameKey}
cross join (select true as comes union all select false as comes) as v
where (d._is_there is null or s._is_there is null or ${differs}) and case when v.comes then d._is_there else s._is_there end`,
  );
  const [held] = await together([hold(work("delta")), compare]);
  const count = { type: "integer", notNull: true } as const;
  const column = dayColumnOf(model);
  const [[counted], rowsByDay] = await together([
    warehouse.query(
      sql`select ${countIf(sql`comes`)} as added, ${countIf(sql`not comes`)} as ended, ${extentOf(model).select} from ${changes}`,
      { added: count, ended: count, ...extentShape },
      options,
    ),
    column ? daysOf(building, changes, column) : undefined,
  ]);
  const { added, ended, ...extent } = counted ?? { added: 0, ended: 0, ...nowhere };
  const days = rowsByDay && daysOfRows(model, rowsByDay);
  const end = sql`update ${store} as d
set ${toVersion} = ${integer(version)}
from ${changes} as s
where not s.comes and d.${toVersion} = ${integer(forever)} and ${days ? isOn(sql`d.${name(days.column)}`, days) : sql`true`} and ${sameKey}`;
  const beside = valuesBeside(model, shape, sql`d`, version);
  const add = sql`insert into ${store} (${[...columns, ...Object.keys(beside)].map(name)})
select ${[...columns.map((c) => sql`d.${name(c)}`), ...Object.values(beside)]}
from ${delta} as d
inner join ${changes} as s on ${sameKey}
where s.comes`;
  return {
    delta: work("delta"),
    held,
    changes: work("changes"),
    added,
    ended,
    extent,
    days,
    applied: [...(ended > 0 ? [end] : []), ...(added > 0 ? [add] : [])],
  };
}

/** What all of them answer; where one fails, not before the others have ended: nothing goes on behind a run that has failed. */
async function together<const T extends readonly unknown[]>(works: T) {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/**
 * What is told of rows that come or go: whose they are and of which day, by their key; all of them where others hold
 * versions of a row against each other.
 */
function isToldOf({ model, models }: Building): (column: string) => boolean {
  const isAsked = [...models.values()].some(({ asksFor }) => asksFor?.[model.name]);
  if (isAsked || model.changesFrom) return () => true;
  const told = [...model.grain, "account_id", dayColumnOf(model)];
  return (column) => told.includes(column);
}

/** Whether a column of a row's key is the same in `d` and `s`: by what is equal on both sides, as a full join of BigQuery asks for. */
function isSame(column: string, isKnown: boolean): Sql {
  const [d, s] = [sql`d.${name(column)}`, sql`s.${name(column)}`];
  if (isKnown) return sql`${d} = ${s}`;
  const textOf = (value: Sql): Sql => sql`coalesce(${cast(value, "string")}, '')`;
  return sql`${textOf(d)} = ${textOf(s)} and (${d} is null) = (${s} is null)`;
}

/** Of which accounts and days rows are: null where a model's rows are no account's, or have no day. */
export type Extent = Row<typeof extentShape>;

const extentShape = {
  accounts: { type: "integer" },
  first_day: { type: "date" },
  last_day: { type: "date" },
} as const satisfies Columns;
const nowhere: Extent = { accounts: null, first_day: null, last_day: null };

export function extentOf(model: Model): Figures<typeof extentShape> {
  const column = dayColumnOf(model);
  const [first, last] = column
    ? [sql`min(${name(column)})`, sql`max(${name(column)})`]
    : [nullOf("date"), nullOf("date")];
  return {
    select: sql`${"account_id" in model.columns ? sql`count(distinct account_id)` : nullOf("integer")} as accounts, ${first} as first_day, ${last} as last_day`,
    shape: extentShape,
  };
}

const touched = ({ model, company }: Building, fromDay: Sql): Sql =>
  model.touched?.(sql`t`, fromDay, company) ?? (model.byDay ? sql`t.day >= ${fromDay}` : sql`true`);

/**
 * The accounts concerned, each with its first day, and the least of these as a literal. Where they are many, the few of
 * which much earlier days changed than of nine in ten come apart: else such days would be read of all. To read some days
 * more of all takes less than a second statement for those that are merely late.
 */
async function scopesOf(
  building: Building,
  stale: Stale,
  before: string | undefined,
): Promise<ScopeOfPart[]> {
  const { warehouse, model, options } = building;
  const columns = { account_id: { type: "string" }, from_day: { type: "date" } } as const;
  const make = async (what: string, query: Sql): Promise<readonly string[]> => {
    const table = workTable(building, what);
    await warehouse.materialize({ table, columns, query }, options);
    return table;
  };
  const moved = model.wakes && (await daysMoved(building, stale));
  const scope = await make("scope", accountsOf(building, stale, moved));
  const days = await warehouse.query(
    sql`select from_day as day, count(*) as accounts from ${path(...scope)} group by from_day`,
    { day: { type: "date", notNull: true }, accounts: { type: "integer", notNull: true } },
    options,
  );
  days.sort((a, b) => (a.day < b.day ? 1 : -1));
  const least = days.at(-1)?.day;
  if (least === undefined) return [];
  const isByDay = model.byDay || model.touched !== undefined;
  const upTo = (i: number): number => days.slice(0, i + 1).reduce((n, { accounts }) => n + accounts, 0);
  const all = upTo(days.length);
  const most = days.find((_, i) => upTo(i) >= 0.9 * all)?.day ?? least;
  const late = Temporal.PlainDate.from(most).subtract({ days: lateDays }).toString();
  const recent = days.findLast(({ day }) => day >= late)?.day;
  const isOfMany = all >= building.manyAccounts;
  if (!isByDay || !isOfMany || recent === undefined || recent === least)
    return [{ of: "accounts", path: scope, from: least, isOfMany, before }];

  const part = (what: string, isIn: Sql): Promise<readonly string[]> =>
    make(`scope_${what}`, sql`select * from ${path(...scope)} where ${isIn}`);
  const recently = await part("recent", sql`from_day >= ${day(recent)}`);
  const long = await part("old", sql`from_day < ${day(recent)}`);
  return [
    { of: "accounts", path: recently, from: recent, isOfMany, before },
    { of: "accounts", path: long, from: least, before },
  ];
}

/**
 * The days of which rows that add up others' may be different: those of rows that came or went, of any where what is looked
 * up by its key says something else. That such came or went concerns none: the rows that look it up did with it.
 */
function daysConcerned(building: Building, { changed }: Stale): Promise<DaysFound> {
  const { model, models } = building;
  const concerned = changed.map((change) => {
    const upstream = models.get(change.model);
    const column = upstream && dayColumnOf(upstream);
    const rows = sql`from ${changedRows(change)} as changed`;
    if (column) return sql`select ${name(column)} as day ${rows}`;
    const differs = differsInAsked(model, change);
    const says = differs
      ? sql` group by ${(upstream?.grain ?? []).map(name)} having count(*) > 1 and (${differs})`
      : sql``;
    return sql`select ${nullOf("date")} as day ${rows}${says}`;
  });
  return daysOf(building, sql`(${join(concerned, " union all ")}) as concerned`);
}

/** The days that came to be built, or are built no longer; undefined where there are none. */
async function daysMoved({ warehouse, options }: Building, { changed }: Stale): Promise<Span | undefined> {
  const change = changed.find(({ model }) => model === timeline.name);
  if (!change) return undefined;
  const [moved] = await warehouse.query(
    sql`select ${addDays(sql`min(data_through)`, 1)} as first_day, max(data_through) as last_day from ${changedRows(change)} as changed`,
    { first_day: { type: "date" }, last_day: { type: "date" } },
    options,
  );
  const { first_day: first, last_day: last } = moved ?? {};
  return first && last && first <= last ? { first, last } : undefined;
}

/** The accounts of which rows may be others now, each with the first day concerned; those that wake, by the days moved. */
function accountsOf(
  { model, models, company }: Building,
  { changed, days }: Stale,
  moved: Span | undefined,
): Sql {
  const accounts = relation("accounts");
  const concerned = changed.map((change) => {
    const upstream = models.get(change.model);
    const days = upstream && dayColumnOf(upstream);
    const from = upstream?.changesFrom?.(company) ?? (days ? sql`min(${name(days)})` : firstOfAll);
    if (upstream && "account_id" in upstream.columns) {
      // Where versions of a row are held against each other: they have its key in common; a raw row may move to another account.
      const isByRow = upstream.changesFrom || model.asksFor?.[change.model];
      const key = [...new Set(["account_id", ...(isByRow ? upstream.grain : [])])].map(name);
      return sql`select account_id, ${from} as from_day from ${changedRows(change)} as changed where account_id is not null group by ${key}${whereAsked(model, change)}`;
    }
    if (model.wakes && change.model === timeline.name)
      return moved
        ? sql`select w.account_id as account_id, w.day as from_day
  from (${model.wakes(company, day(moved.first))}) as w
  where w.day >= ${day(moved.first)} and w.day <= ${day(moved.last)}`
        : sql`select account_id, ${nullOf("date")} as from_day from ${accounts} where false`;
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
