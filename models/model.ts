import type { Severity } from "../config/settings.js";
import { WaymarkError } from "../errors.js";
import type { Journey } from "../journey/journey.js";
import { addDays, never, orNever } from "../warehouse/dialect.js";
import { bind, day, inPart, join, name, relation, type Sql, sql } from "../warehouse/sql.js";
import type { Column, Row } from "../warehouse/warehouse.js";
import type { SourceName } from "./sources/index.js";
import type { MappedSource } from "./sources/mapping.js";
import { attributeColumn } from "./sources/source.js";

/** A column's meaning, written once: rows' types, tables, data checks and the API's descriptions come from it. */
export interface ModelColumn extends Column {
  readonly description: string;
  /** What one of it is: days, users, share (0–1), points (0–100) … */
  readonly unit?: string;
  /** Inclusive bounds, checked on every build. */
  readonly min?: number;
  readonly max?: number;
  /** The only values it may have, checked on every build. */
  readonly oneOf?: readonly string[];
  /** The model and column in which every value must stand, checked on every build. */
  readonly references?: readonly [model: string, column: string];
  /** Tells how the row came about, not what it says: a row that differs in nothing else is the same row. */
  readonly isProvenance?: true;
  /** Whether each engine has values of its own, which no two need to share. */
  readonly isOfEngine?: true;
}
export type ModelColumns = Readonly<Record<string, ModelColumn>>;

/** The company's own words, from which some columns are made and by which readers tell what stands in them. */
export interface CompanyWords {
  readonly journey: Journey;
  /** Names of the accounts' own attributes. */
  readonly attributes: readonly string[];
  /** In which civil days are counted; undefined where an earlier Waymark wrote the words. */
  readonly timeZone?: string | undefined;
}

/** All that a model may know of the company that it is built for; rendering is a pure function of it. */
export interface Company extends CompanyWords {
  readonly timeZone: string;
  /** The last day that may be built: yesterday in the company's zone. */
  readonly yesterday: string;
  /** The declared last day to build, if any. */
  readonly dataThrough: string | undefined;
  readonly sources: Readonly<Partial<Record<SourceName, MappedSource>>>;
}

/** A rule on rows that no single column can state. */
export interface RowRule {
  /** Its name in results. */
  readonly check: string;
  /** What a row must fulfil, in words with the next step. */
  readonly expected: string;
  /** True for the rows that break it. */
  readonly fails: Sql;
  /** "error" by default: such rows are never published. */
  readonly severity?: Severity;
}

interface Definition<C extends ModelColumns> {
  /** The table's name. */
  readonly name: string;
  /** What a row is, and what a reader must know of it. */
  readonly description: string;
  /** The columns that identify a row; checked to be unique. */
  readonly grain: readonly (keyof C & string)[];
  readonly columns: C;
  /** Columns that exist because of the company's own words: attributes, indicators. */
  readonly companyColumns?: (words: CompanyWords) => ModelColumns;
  /**
   * Whether rows belong to days, each of which knows only what happened before its end; where they are no account's,
   * only what others' rows of the same day say.
   */
  readonly byDay?: boolean;
  /**
   * Which rows of an account may change where its inputs change from a day on. By default those from that day on;
   * all of the account's where rows have no day.
   */
  readonly touched?: (row: Sql, fromDay: Sql, words: CompanyWords) => Sql;
  /**
   * Whether rows stand with a hash of what they say, by which those that are built again are held against it. Of many
   * columns that saves reading them, and takes a column more.
   */
  readonly isHashed?: boolean;
  /** Whether rows cost so much that those of many accounts are worth all threads of an engine, whatever goes on beside. */
  readonly isCostly?: boolean;
  /**
   * The days, as `account_id` and `day`, that change a row of the account as they come to be built, though nothing else
   * changes; those before the first one that comes matter to nobody. By default any may.
   */
  readonly wakes?: (company: Company, first: Sql) => Sql;
  /**
   * The first day from which a row that came, went or changed may change what reads it, null for none: an aggregate
   * over its versions. By default the least of its days; all days where it has none.
   */
  readonly changesFrom?: (words: CompanyWords) => Sql;
  /**
   * The physical order of its rows, by which engines skip those that nobody asks for. By default the days of rows that
   * belong to days: so a build that is about recent days reads no others, however long the history.
   */
  readonly sortBy?: readonly (keyof C & string)[];
  /** Of tables in which it looks up rows by their key, the columns that it asks for; all where it doesn't say. */
  readonly asksFor?: Readonly<Record<string, readonly string[]>>;
  /** The source whose raw rows it reads; its grain then begins with the source's key. */
  readonly source?: SourceName;
  /** The column of the source that dates its rows. */
  readonly occurredAt?: string;
  readonly checks?: readonly RowRule[];
  /** How many hours old its data may be; null = any age. By default as old as its sources may be. */
  readonly maxAgeHours?: number | null;
  readonly query: (company: Company) => Sql;
}

export interface Model<C extends ModelColumns = ModelColumns> extends Definition<C> {
  /** All columns for a company, the declared first. */
  readonly columnsFor: (words: CompanyWords) => ModelColumns;
}

/** One row of a model's declared columns. */
export type RowOf<M> = M extends Model<infer C> ? Row<C> : never;

export function defineModel<const C extends ModelColumns>(definition: Definition<C>): Model<C> {
  const strays = definition.grain.filter((column) => !(column in definition.columns));
  if (strays.length > 0) {
    throw new WaymarkError(
      "MODEL_INVALID",
      `${definition.name}: grain names ${strays.join(", ")}, which are no columns of it.`,
    );
  }
  const known = new WeakMap<CompanyWords, ModelColumns>(); // every request asks
  return Object.freeze({
    ...(definition.byDay ? { sortBy: ["day"] } : {}),
    ...definition,
    columnsFor: (words: CompanyWords) => {
      const columns = known.get(words) ?? { ...definition.columns, ...definition.companyColumns?.(words) };
      known.set(words, columns);
      return columns;
    },
  });
}

/** The column that says of which day, or week, a row is; undefined where rows have none, or lie in another order. */
export function dayColumnOf({ columns, sortBy }: Pick<Model, "columns" | "sortBy">): string | undefined {
  const first = sortBy?.[0];
  return "day" in columns ? "day" : first && columns[first]?.type === "date" ? first : undefined;
}

/** A model as others name it. */
export interface Readable {
  readonly name: string;
  readonly columns: ModelColumns;
}

/** From which day on rows are read of an account that is concerned from a day on: so many days before, or reckoned from it. */
type Back = number | ((firstDay: Sql) => Sql);

/**
 * Another model's table in a query; it also makes this model wait for that one. Where only some accounts are built
 * again it is read for these alone, and from `back` days before the first day concerned where that is said;
 * `day` is the column that tells a row's.
 */
export const ref = (model: Readable, back?: Back, day = "day"): Sql =>
  "account_id" in model.columns ? since(relation(model.name), back, day) : relation(model.name);

/** Of its rows the columns that a model declares in `asksFor`; whatever else changes in them makes nothing stale. */
export const asked = (model: Readable, columns: readonly string[]): Sql =>
  sql`(select ${["account_id", ...columns].map(name)} from ${ref(model)} as rows_asked)`;

/** Rows of accounts, as `ref` limits them; of these, where it is said, such alone as matter from the first day concerned on. */
export const since = (rows: Sql, back?: Back, day = "day", matters?: (firstDay: Sql) => Sql): Sql =>
  inPart("accounts", rows, (scope, { from, before }) => {
    const still = matters ? sql` and ${matters(sql`scope.from_day`)}` : sql``;
    const until = before === undefined ? still : sql` and t.${name(day)} < ${bind("date", before)}${still}`;
    const recent =
      back === undefined ? sql`` : sql` where ${notBefore(sql`t.${name(day)}`, back, from)}${until}`;
    return sql`(select t.* from ${rows} as t inner join ${scope} as scope on scope.account_id = t.account_id${recent})`;
  });

/** Of days up to so many before the first one concerned, of the account and of all: by that the engine skips most rows. */
const notBefore = (value: Sql, back: Back, leastOfAll = "1000-01-01"): Sql => {
  const reaching = typeof back === "number" ? (first: Sql) => addDays(first, -back) : back;
  return join(
    [day(leastOfAll), sql`scope.from_day`].map((first) => sql`${value} >= ${reaching(first)}`),
    " and ",
  );
};

/**
 * What the table itself holds of the accounts concerned: the rows that an earlier build made and that stay, those
 * whose `day` lies before the first day concerned, by up to `back` days where that is said. Only for `whereOfPart`, as
 * a whole build has none.
 */
export const earlier = (model: string, back?: Back, day = "day"): Sql =>
  inPart("accounts", sql``, (scope, { from }) => {
    const recent = back === undefined ? sql`` : sql` and ${notBefore(sql`t.${name(day)}`, back, from)}`;
    return sql`(select t.* from ${relation(model)} as t inner join ${scope} as scope on scope.account_id = t.account_id where t.${name(day)} < scope.from_day${recent})`;
  });

/** All that the table itself holds of the accounts concerned. */
export const ofPart = (model: string): Sql => since(relation(model));

/** Of rows of levels: the first day on which one no longer holds, as `_next_day`: no own fact is called so. */
export const nextDay = sql`${orNever(sql`lead(day) over (partition by account_id order by day)`)} as _next_day`;

/** Rows of levels, each with its `_next_day`. */
export const spansOf = (levels: Sql): Sql => sql`(
    select levels.*, ${nextDay}
    from ${levels} as levels
  )`;

/** Joins the day from which an account is concerned, as `scope.from_day`, where only a part is built. */
export const withScope = (accountId: Sql): Sql =>
  inPart("accounts", sql``, (scope) => sql`inner join ${scope} as scope on scope.account_id = ${accountId}`);

/** The same, of rows alone of which a day is not so many days before that one. */
export const withScopeSince = (accountId: Sql, value: Sql, back: number): Sql =>
  inPart(
    "accounts",
    sql``,
    (_, { from }) => sql`${withScope(accountId)}\n  where ${notBefore(value, back, from)}`,
  );

/** One fragment for a build of the whole table, another, which may ask for `scope.from_day`, for some accounts. */
export const whereOfPart = (whole: Sql, part: Sql): Sql => inPart("accounts", whole, () => part);

/** Before any day, and yet late enough to look back from. */
export const firstOfAll = sql`date '1000-01-01'`;

/**
 * `changesFrom` of rows that say from when to when something was so: the least day that its versions don't share, or of
 * all its days where it came or went. A version that came and went in between is there twice: a row of which they are
 * odd in number stands on one side alone.
 * @param from of columns that say what was so, where the versions don't share it, the column of the day from which it was
 */
export function firstDifference(
  columns: readonly string[],
  from: Readonly<Record<string, string>> = {},
): Sql {
  const differing = columns.map((column) => {
    const value = name(column);
    return orNever(
      sql`case when mod(count(*), 2) = 1 or count(${value}) < count(*) or min(${value}) <> max(${value}) then min(${value}) end`,
    );
  });
  const others = Object.entries(from).map(([column, day]) =>
    orNever(sql`case when min(${name(column)}) <> max(${name(column)}) then min(${name(day)}) end`),
  );
  return sql`nullif(least(${[...differing, ...others, never]}), ${never})`;
}

/** The columns that identify rows of an account, and of an account on a day. */
export const accountKey = {
  type: "string",
  notNull: true,
  description: "The account.",
  references: ["accounts", "account_id"],
} as const satisfies ModelColumn;
export const dayKey = { type: "date", notNull: true, description: "The day." } as const satisfies ModelColumn;

/** The columns of all own attributes. */
export const attributeColumns = ({ attributes }: CompanyWords): ModelColumns =>
  Object.fromEntries(
    attributes.map((a) => [
      attributeColumn(a),
      { type: "string", description: `The company's own attribute "${a}".` },
    ]),
  );

/** Whether a source, or one of its columns ("usage_events.user_id"), is mapped. */
export function has(company: Company, need: string): boolean {
  const [source, column] = need.split(".") as [SourceName, string?];
  const mapped = company.sources[source];
  return mapped !== undefined && (column === undefined || column in mapped.columns);
}
