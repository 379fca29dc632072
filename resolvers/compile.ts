import { didYouMean, WaymarkError } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { type Model, ref } from "../models/model.js";
import { type AccountFilter, OrderDirection } from "../schema/account.js";
import { Grain } from "../schema/health.js";
import type { Range } from "../schema/range.js";
import {
  aggregates,
  aggregatesOfSums,
  type Measure,
  type RowSql,
  type View,
  type ViewField,
} from "../schema/view.js";
import { addPeriods, cast, inArray, safeDivide } from "../warehouse/dialect.js";
import { bind, type ColumnType, day, integer, join, name, type Sql, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import { fits } from "./lists.js";
import { type Known, ofAccounts } from "./pages.js";
import { type Days, daysOf, endsPeriod, firstShown } from "./range.js";
import { mustSee } from "./reader.js";
import { seesAll } from "./scope.js";
import type { Selected } from "./selection.js";

export const maxRows = 10_000;
export const maxPrevious = 60;

export interface ViewArguments {
  readonly where?: Filters | null | undefined;
  readonly range?: Range | null | undefined;
  readonly having?: Filters | null | undefined;
  readonly order?: readonly { by: string; direction: OrderDirection }[] | null | undefined;
  readonly limit: number;
}
type Filters = Readonly<Record<string, unknown>>;
type Filter = Readonly<Record<string, unknown>>;

type Row = Readonly<Record<string, unknown>>;

export interface Compiled {
  readonly statement: Sql;
  readonly columns: Columns;
  /** A row of the statement as it was asked for: by aliases, with what is nested. */
  readonly told: (row: Row) => Row;
}

/** A dimension or measure with its arguments, as a column of the statement's groups. */
interface Column<F extends ViewField> {
  readonly alias: string;
  readonly field: F;
  readonly args: Selected["args"];
}

/** A column of the answer, and where it stands in a row: by its key, or within what is nested there. */
interface Output {
  readonly path: readonly [key: string, inner?: string];
  readonly alias: string;
  readonly type: ColumnType;
}

/**
 * One statement for what is selected of a view, with a row more than its limit where there are more: its dimensions group, its measures aggregate, and the account is
 * joined where something of it is asked for. Columns have ordinal names: aliases that differ only in case would be
 * one identifier.
 * @param rows the view's relation
 * @throws WaymarkError BAD_USER_INPUT for what would be a wrong figure, with the right way
 * @throws WaymarkError FORBIDDEN for a column that the scope hides
 */
export function compileView(
  view: View,
  selected: readonly Selected[],
  { where, range, having, order, limit }: ViewArguments,
  known: Known,
  rows: Sql,
): Compiled {
  const question = new Question(view, known);
  for (const field of selected) if (view.dimensions.has(field.name)) question.group(field);
  for (const field of selected) if (!view.dimensions.has(field.name)) question.measure(field);
  if (limit < 1 || limit > maxRows) throw question.refuse(`limit is ${limit}, expected 1 to ${maxRows}.`);
  const chosen = question.having(having ?? {});
  const ordered = question.order(order ?? []);

  const { grain, before, dimensions, overGroups, outputs, nested } = question;
  const days = daysOf(view.field, range, grain, known.snapshot.dataThrough, before);
  const relation = question.relation(days, where ?? {}, rows);
  const conditions = [...question.within(days), ...question.where(where ?? {})];
  const grouped = [...question.grouped(days), ...question.sizes(days)].map(
    ({ alias, value }) => sql`${value} as ${name(alias)}`,
  );
  const { minimumGroup } = question;
  const withheld = minimumGroup === undefined ? undefined : question.enough(where ?? {}, minimumGroup);
  // Last, when all that is asked of the account is known.
  const account = question.usesAccount
    ? sql`\n  inner join ${ref(accountLatest)} as a on a.account_id = v.account_id`
    : sql``;
  const keys = dimensions.map(({ alias }) => name(alias));
  const steps = [
    sql`${withheld ? sql`all_groups` : sql`grouped`} as (
  select
    ${join(grouped.length > 0 ? grouped : [sql`count(*) as nothing`], ",\n    ")}
  from ${relation} as v${account}${clause("where", conditions)}${groupBy(keys)}
)`,
    ...(withheld
      ? [
          sql`grouped as (${withheld}
)`,
        ]
      : []),
  ];
  if (grain && before > 0) steps.push(...compared(question, grain, firstShown(days, grain, before)));
  if (overGroups.length > 0)
    steps.push(sql`over_groups as (
  select ${[sql`g.*`, ...overGroups.map(({ alias, value }) => sql`${value} as ${name(alias)}`)]}
  from ${before > 0 ? sql`compared` : sql`grouped`} as g
)`);
  const last = overGroups.length > 0 ? sql`over_groups` : before > 0 ? sql`compared` : sql`grouped`;
  const columns: Columns = Object.fromEntries([
    ...outputs.map(({ alias, type }) => [alias, { type }]),
    ...[...nested.values()].map((periods) => [groupBefore(periods), { type: "integer" }]),
  ]);
  const isAsked = Object.keys(columns).length > 0;
  return {
    statement: sql`
with ${join(steps, ",\n")}
select ${isAsked ? Object.keys(columns).map(name) : sql`1 as nothing`}
from ${last}${clause("where", chosen)}${ordered.length > 0 ? sql`\norder by ${ordered}` : sql``}
limit ${integer(limit + 1)}`,
    columns: isAsked ? columns : { nothing: { type: "integer" } },
    told: (row) => {
      const told = nothingYet();
      for (const [key, periods] of nested)
        told[key] = row[groupBefore(periods)] === null ? null : nothingYet();
      for (const { path, alias } of outputs) {
        const [key, inner] = path;
        if (inner === undefined) told[key] = row[alias];
        else if (told[key]) (told[key] as Told)[inner] = row[alias];
      }
      return told;
    },
  };
}

type Told = Record<string, unknown>;

/** Of no prototype, which callers' aliases could mean: `__proto__` is one. */
const nothingYet = (): Told => Object.create(null) as Told;

/** What is asked of a view: the columns of its groups, and what is reckoned over them. */
class Question {
  readonly dimensions: Column<ViewField>[] = [];
  readonly measures: Column<Measure>[] = [];
  /** Measures so many periods before. */
  readonly previous: { readonly alias: string; readonly of: string; readonly periods: number }[] = [];
  readonly overGroups: { readonly alias: string; readonly value: Sql }[] = [];
  readonly outputs: Output[] = [];
  /** By the keys of what is nested, how many periods before it is of; null where the group had no rows then. */
  readonly nested = new Map<string, number>();
  usesAccount = false;
  /** Whether the rows are those of all days, or of period ends, or these added up, which tell of the account too. */
  #reads: "days" | "ends" | "sums" = "days";

  constructor(
    readonly view: View,
    readonly known: Known,
  ) {}

  readonly refuse = (why: string): WaymarkError =>
    new WaymarkError("BAD_USER_INPUT", `${this.view.field}: ${why}`);

  get #period(): Column<ViewField> | undefined {
    return this.dimensions.find(({ field }) => field.name === "period");
  }

  get grain(): Grain | undefined {
    return this.#period?.args.grain as Grain | undefined;
  }

  /** How many periods more are read, to compare with. */
  get before(): number {
    return Math.max(0, ...this.nested.values());
  }

  group({ key, name: field, args }: Selected): void {
    if (field === "period" && this.grain && this.grain !== args.grain)
      throw this.refuse(
        `period is asked by ${this.grain} and by ${args.grain}, and a row belongs to one period. Ask ${this.view.field} twice, with aliases.`,
      );
    if (field === "attribute") this.#knowAttribute(String(args.name));
    const dimension = this.view.dimensions.get(field) as ViewField;
    const { alias } = columnIn(this.dimensions, "d", dimension, args);
    this.outputs.push({ path: [key], alias, type: dimension.type });
  }

  /** A measure, or what is made of one. */
  measure({ key, name: field, args, fields }: Selected): void {
    if (field === "previous") this.#compare(key, Number(args.periods), fields);
    else if (field === "share" || field === "cumulative") this.#reckon(key, field, String(args.of));
    else {
      const { alias, field: measure } = this.#column(field, args);
      this.outputs.push({ path: [key], alias, type: measure.type });
    }
  }

  /** A measure's column; with the defaults of its arguments where it is only named. */
  #column(field: string, args?: Selected["args"]): Column<Measure> {
    const measure = this.view.measures.get(field) as Measure;
    const defaults = Object.entries(measure.args ?? {}).map(([key, { defaultValue }]) => [key, defaultValue]);
    return columnIn(this.measures, "m", measure, args ?? Object.fromEntries(defaults));
  }

  #compare(key: string, periods: number, fields: readonly Selected[]): void {
    if (!this.grain)
      throw this.refuse("previous has nothing before it without periods. Select period(grain: …) beside it.");
    if (periods < 1 || periods > maxPrevious)
      throw this.refuse(`previous: periods is ${periods}, expected 1 to ${maxPrevious}.`);
    this.nested.set(key, periods);
    for (const { key: inner, name: field, args } of fields) {
      if (!this.view.measures.has(field))
        throw this.refuse(
          `previous takes measures, and ${field} is none. Select ${field} beside previous, of the same group.`,
        );
      const { alias: of, field: measure } = this.#column(field, args);
      const alias = `${of}_before_${periods}`;
      if (!this.previous.some((p) => p.alias === alias)) this.previous.push({ alias, of, periods });
      this.outputs.push({ path: [key, inner], alias, type: measure.type });
    }
  }

  #reckon(key: string, kind: "share" | "cumulative", field: string): void {
    const isFine = (m: Measure): boolean => m.isAdditive === true && (kind === "share" || !m.isStock);
    const measure = this.view.measures.get(field) as Measure;
    if (!isFine(measure)) {
      const why = measure.isAdditive
        ? `it says how things stand on a day, and days don't add up. Select ${field} itself: it is the level at the end of each period`
        : `the figures of groups don't add up to a total. Select ${field} itself, by the dimensions that matter`;
      const fine = [...this.view.measures.values()].filter(isFine).map((m) => m.name);
      const others = fine.length > 0 ? `; ${kind} is right for ${fine.join(", ")}` : "";
      throw this.refuse(`${kind} of ${field} would be wrong: ${why}${others}.`);
    }
    const of = name(this.#column(field).alias);
    const period = this.#period;
    if (kind === "cumulative" && !period)
      throw this.refuse("cumulative has no order without periods. Select period(grain: …) beside it.");
    const time = period ? [name(period.alias)] : [];
    const groups = this.dimensions.filter((d) => d !== period).map(({ alias }) => name(alias));
    const value =
      kind === "share"
        ? safeDivide(of, sql`sum(${of}) over (${partition(time)})`)
        : cast(
            sql`sum(${of}) over (${partition(groups)} order by ${time} rows between unbounded preceding and current row)`,
            "number",
          );
    const alias = `o${this.overGroups.length}`;
    this.overGroups.push({ alias, value });
    this.outputs.push({ path: [key], alias, type: "number" });
  }

  having(filters: Filters): Sql[] {
    return Object.entries(filters).flatMap(([field, filter]) => {
      if (!filter) return [];
      const { alias, field: measure } = this.#column(field);
      return this.#conditions(field, name(alias), measure.type, filter as Filter);
    });
  }

  /** The order asked for, then that of the dimensions, so that equal rows always come in one order. */
  order(asked: readonly { by: string; direction: OrderDirection }[]): Sql[] {
    const byColumn = asked.map(({ by, direction }) => {
      const isMeasure = this.view.measures.has(by);
      const column = isMeasure ? this.#column(by) : this.dimensions.find(({ field }) => field.name === by);
      if (!column)
        throw this.refuse(
          `order by ${by} needs it in the selection: rows are told apart by what is selected.`,
        );
      return { alias: column.alias, direction };
    });
    const rest = [...this.dimensions]
      .sort((a, b) => Number(b.field.name === "period") - Number(a.field.name === "period"))
      .map(({ alias }) => ({ alias, direction: OrderDirection.ASC }));
    return [...byColumn, ...rest].flatMap(({ alias, direction }) => [
      sql`case when ${name(alias)} is null then 1 else 0 end`,
      sql`${name(alias)} ${direction === OrderDirection.DESC ? sql`desc` : sql`asc`}`,
    ]);
  }

  where({ accounts, ...filters }: Filters): Sql[] {
    const row = this.#row();
    return [
      ...(accounts ? [ofAccounts(accounts as AccountFilter, this.known, sql`v.account_id`)] : []),
      ...Object.entries(filters).flatMap(([field, filter]) => {
        if (!filter) return [];
        const { type, sql: value } = this.view.dimensions.get(field) as ViewField;
        return this.#conditions(field, value(row, {}), type, filter as Filter);
      }),
    ];
  }

  /**
   * How many accounts a group has where small ones are withheld, by all rows or by those that tell how things stand:
   * the fewer. It is the same whichever measures are asked for, or two questions would withhold different groups and
   * their difference would tell of a small one.
   */
  sizes({ ends }: Days): { alias: string; value: Sql }[] {
    if (this.minimumGroup === undefined) return [];
    const hasLevels = [...this.view.measures.values()].some(({ isStock }) => isStock) && !this.#isOfEnds;
    const counts = [this.#row(), ...(hasLevels ? [this.#row(isAnyOf(this.#day, ends))] : [])].map((row) =>
      row.distinct(sql`v.account_id`),
    );
    return [{ alias: groupSize, value: counts.length > 1 ? sql`least(${counts})` : join(counts) }];
  }

  /**
   * The groups that are shown where small ones are withheld. What is withheld of a period has so many accounts
   * together as one group needs, or a total without it would tell it: the smallest groups go first, until it has. Where
   * an account may be in several of them, all may be of the same few: then it has as many as the greatest, for certain.
   * @throws WaymarkError FORBIDDEN for what would cut the accounts in yet another way, as the difference of two
   * figures would tell of those between the cuts
   */
  enough(where: Filters, minimum: number): Sql {
    const refuse = (why: string): never => {
      throw new WaymarkError(
        "FORBIDDEN",
        `${this.view.field}: your role sees groups of at least ${minimum} accounts, and ${why}`,
      );
    };
    const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
    if (Object.values(where).some(isGiven)) refuse("can't filter. Group by one dimension instead.");
    const others = this.dimensions.filter((d) => d !== this.#period);
    if (others.length > 1) refuse("groups by one dimension beside the period. Ask for each alone.");
    for (const { field, args } of this.measures)
      for (const [cut, value] of Object.entries(args))
        if (isGiven(value))
          refuse(
            `can't ask for ${field.name} by ${cut}. ${this.view.dimensions.has(cut) ? `Group by ${cut} instead.` : "Ask for other measures."}`,
          );
    const [size, keys] = [name(groupSize), others.map(({ alias }) => name(alias))];
    const period = this.#period ? partition([name(this.#period.alias)]) : sql``;
    const together = others.every((d) => this.#isOfAccount(d)) || this.#hasOneRow ? sql`sum` : sql`max`;
    const order = [size, ...keys.flatMap((key) => [sql`case when ${key} is null then 1 else 0 end`, key])];
    return sql`
  select *
  from (
    select
      *,
      min(${size}) over (${period}) as smallest,
      coalesce(${together}(${size}) over (${period} order by ${order} rows between unbounded preceding and 1 preceding), 0) as smaller_together
    from all_groups
  ) as sized
  where ${size} >= ${integer(minimum)} and (smallest >= ${integer(minimum)} or smaller_together >= ${integer(minimum)})`;
  }

  get minimumGroup(): number | undefined {
    return this.known.scope.minimumGroup;
  }

  /** Whether a dimension tells what the account is, so that each is in one group. */
  #isOfAccount({ field, args }: Column<ViewField>): boolean {
    let isOwn = true;
    const column = (of: string): Sql => {
      isOwn &&= of === "account_id";
      return sql``;
    };
    field.sql({ ...this.#row(), column, account: () => sql`` }, args);
    return isOwn;
  }

  /** Whether what is read of a period has one row of each account, whichever measures are asked for. */
  get #hasOneRow(): boolean {
    const { model, measures, day } = this.view;
    const isOfOneDay = [...measures.values()].every(({ isStock }) => isStock);
    return model.grain.every((column) => column === "account_id" || (isOfOneDay && column === day));
  }

  /** What is read: the fewest rows that tell all that is asked, of period ends or of all days. */
  relation({ ends: days }: Days, where: Filters, rows: Sql): Sql {
    const { ends, sums } = this.view;
    // A snapshot that an earlier Waymark published has no such tables.
    const has = (table: Model): boolean => table.name in this.known.snapshot.tables;
    if (!ends || !has(ends) || !this.#isOfEnds || !days.every(endsPeriod)) return rows;
    this.#reads = sums && has(sums) && this.#isToldBy(sums, where) ? "sums" : "ends";
    return ref(this.#reads === "sums" ? (sums as Model) : ends);
  }

  /** Whether sums over all accounts tell it: to whoever sees them all, of no account by itself. */
  #isToldBy(sums: Model, { accounts, ...where }: Filters): boolean {
    if (accounts || !seesAll(this.known.scope)) return false;
    let isTold = true;
    const tells = (is: boolean): Sql => {
      isTold &&= is;
      return sql``;
    };
    const column = (asked: string): Sql => tells(asked in sums.columns);
    const row = { column, account: column, ...aggregatesOfSums(column, () => tells(false)) };
    for (const { field, args } of [...this.dimensions, ...this.measures]) field.sql(row, args);
    for (const field of Object.keys(where)) this.view.dimensions.get(field)?.sql(row, {});
    return isTold;
  }

  /** The days that are read; of how things stand the last ones alone. */
  within(days: Days): Sql[] {
    const { from, to, cut } = days;
    return [
      ...(from ? [sql`${this.#day} >= ${day(from)}`] : []),
      ...(to ? [sql`${this.#day} < ${day(to)}`] : []),
      ...(cut ? [sql`(${this.#day} < ${day(cut.from)} or ${this.#day} >= ${day(cut.to)})`] : []),
      ...(this.#isOfEnds ? this.#atEnds(days) : []),
    ];
  }

  #atEnds(days: Days): Sql[] {
    if (this.#reads === "days" || this.grain !== Grain.WEEK) return [isAnyOf(this.#day, days.ends)];
    // Beside them only the ends of months are there, and DuckDB leaves out few days sooner than it looks for many.
    const { monthEnds: others = [] } = days;
    return others.length > 0 ? [sql`not ${isAnyOf(this.#day, others)}`] : [];
  }

  /** The columns of the groups. */
  grouped({ ends }: Days): { alias: string; value: Sql }[] {
    const rows = this.#row();
    const atEnds = this.#isOfEnds ? rows : this.#row(isAnyOf(this.#day, ends));
    return [
      ...this.dimensions.map(({ alias, field, args }) => ({ alias, value: field.sql(rows, args) })),
      ...this.measures.map(({ alias, field, args }) => ({
        alias,
        value: cast(field.sql(field.isStock ? atEnds : rows, args), field.type),
      })),
    ];
  }

  get #day(): Sql {
    return sql`v.${name(this.view.day)}`;
  }

  /** Whether all that is asked is how things stand. */
  get #isOfEnds(): boolean {
    const asked = this.measures.length > 0 ? this.measures.map((m) => m.field) : this.view.measures.values();
    return [...asked].every((m) => m.isStock);
  }

  #row(onlyWhere?: Sql): RowSql {
    const column = (of: string): Sql => sql`v.${this.#seen(of)}`;
    const account = (of: string): Sql => {
      if (this.#reads === "sums") return column(of);
      this.usesAccount = true;
      return sql`a.${this.#seen(of)}`;
    };
    const untold = (): never => {
      throw new TypeError(`${this.view.field}: sums are read for what they don't tell`);
    };
    const ofRows = this.#reads === "sums" ? aggregatesOfSums(column, untold) : aggregates(column, onlyWhere);
    return { column, account, ...ofRows };
  }

  /** A column that the caller may see. */
  #seen(column: string): Sql {
    mustSee(this.known, this.view.field, [column]);
    return name(column);
  }

  #knowAttribute(attribute: string): void {
    const known = this.known.snapshot.words.attributes;
    if (!known.includes(attribute))
      throw this.refuse(`accounts have no attribute "${attribute}".${didYouMean(attribute, known)}`);
  }

  #conditions(field: string, value: Sql, type: ColumnType, filter: Filter): Sql[] {
    return Object.entries(filter).flatMap(([operator, given]) => {
      if (given === null || given === undefined) return [];
      const condition = operators[operator];
      if (!condition) throw this.refuse(`${field} knows no ${operator}.`);
      if (operator in comparisons && !fits(given, type === "integer" ? "number" : type)) {
        const digits = type === "decimal" ? " of at most 29 digits and 9 more behind the point" : "";
        throw this.refuse(`${field}: ${operator} is ${String(given)}, expected a number${digits}.`);
      }
      return [condition(value, given, type)];
    });
  }
}
const comparisons = { eq: true, lt: true, lte: true, gt: true, gte: true };

const comparison =
  (sign: Sql) =>
  (value: Sql, given: unknown, type: ColumnType): Sql =>
    sql`${value} ${sign} ${bind(type === "integer" ? "number" : type, given)}`;

const operators: Readonly<Record<string, (value: Sql, given: unknown, type: ColumnType) => Sql>> = {
  in: (value, given) => inArray(value, bind("string[]", given)),
  notIn: (value, given) => sql`(${value} is null or not ${inArray(value, bind("string[]", given))})`,
  contains: (value, given) => sql`strpos(lower(${value}), lower(${bind("string", given)})) > 0`,
  is: (value, given) => sql`${value} = ${bind("boolean", given)}`,
  isNull: (value, given) => (given ? sql`${value} is null` : sql`${value} is not null`),
  eq: comparison(sql`=`),
  lt: comparison(sql`<`),
  lte: comparison(sql`<=`),
  gt: comparison(sql`>`),
  gte: comparison(sql`>=`),
};

/**
 * Every group beside itself some periods before. Groups are moved and grouped again: a join would have to compare
 * dimensions without a value, and one that moves rows by their number would fail on gaps.
 */
function compared({ dimensions, measures, previous, nested }: Question, grain: Grain, first: string): Sql[] {
  const keys = dimensions.map(({ alias }) => name(alias));
  const earlier = [...new Set(nested.values())];
  const moved = [0, ...earlier].map((periods) => {
    const moving = dimensions.map(({ alias, field }) =>
      field.name === "period" && periods > 0
        ? sql`${addPeriods(name(alias), periods, grain)} as ${name(alias)}`
        : name(alias),
    );
    return sql`select ${[...moving, ...measures.map(({ alias }) => name(alias))]}, ${integer(periods)} as periods_before from grouped`;
  });
  const at = (periods: number, alias: string): Sql =>
    sql`max(case when periods_before = ${integer(periods)} then ${name(alias)} end)`;
  const period = dimensions.find(({ field }) => field.name === "period") as Column<ViewField>;
  return [
    sql`moved as (
  ${join(moved, "\n  union all\n  ")}
)`,
    sql`compared as (
  select ${[
    ...keys,
    ...measures.map(({ alias }) => sql`${at(0, alias)} as ${name(alias)}`),
    ...previous.map(({ alias, of, periods }) => sql`${at(periods, of)} as ${name(alias)}`),
    ...earlier.map(
      (periods) =>
        sql`max(case when periods_before = ${integer(periods)} then 1 end) as ${name(groupBefore(periods))}`,
    ),
  ]}
  from moved
  where ${name(period.alias)} >= ${day(first)}${groupBy(keys)}
  having min(periods_before) = 0
)`,
  ];
}

/** The column that tells how many accounts a group has, where small ones are withheld. */
const groupSize = "group_size";

/** The column that tells whether the group had rows so many periods before. */
const groupBefore = (periods: number): string => `group_before_${periods}`;

/** The column of a field with its arguments, added where it is new. */
function columnIn<F extends ViewField>(
  columns: Column<F>[],
  letter: string,
  field: F,
  args: Selected["args"],
): Column<F> {
  const told = (a: Selected["args"]): string =>
    JSON.stringify(Object.entries(a).filter(([, value]) => value !== null && value !== undefined));
  const known = columns.find((c) => c.field === field && told(c.args) === told(args));
  if (known) return known;
  const column = { alias: `${letter}${columns.length}`, field, args };
  columns.push(column);
  return column;
}

/** Days are literals: a statement without bound values is planned once by DuckDB, one with them again when it is run. */
const isAnyOf = (column: Sql, days: readonly string[]): Sql =>
  days.length > 0 ? sql`${column} in (${days.map(day)})` : sql`false`;

const clause = (word: "where" | "having", conditions: readonly Sql[]): Sql => {
  const keyword = word === "where" ? sql`where` : sql`having`;
  return conditions.length > 0 ? sql`\n  ${keyword} ${join(conditions, " and ")}` : sql``;
};

const groupBy = (keys: readonly Sql[]): Sql => (keys.length > 0 ? sql`\n  group by ${keys}` : sql``);

const partition = (keys: readonly Sql[]): Sql => (keys.length > 0 ? sql`partition by ${keys}` : sql``);
