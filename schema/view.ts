import {
  Arg,
  Field,
  Float,
  getMetadataStorage,
  ID,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from "type-graphql";
import type { Model, ModelColumn } from "../models/model.js";
import { attributeColumn } from "../models/sources/source.js";
import { countIf, periodOf, safeDivide } from "../warehouse/dialect.js";
import { bind, type ColumnType, type Sql, sql } from "../warehouse/sql.js";
import { AccountFilter, OrderDirection } from "./account.js";
import { withUnit } from "./describe.js";
import { Grain } from "./health.js";
import { Decimal, LocalDate } from "./scalars.js";

/**
 * A view is a GraphQL type whose fields carry their SQL: dimensions group its rows, measures aggregate them.
 * `@View`, `@Dimension` and `@Measure` declare both at once; `resolvers/compile.ts` makes one statement of what is
 * selected.
 */

/** What a field's SQL is made of: columns of the view's model or of the account, and aggregates over rows. */
export interface RowSql {
  /** A column of the view's model. */
  column(name: string): Sql;
  /** A column of the account as it is today: many rows to one, so nothing is counted twice. */
  account(name: string): Sql;
  /** How many rows; those that fulfil the condition where there is one. */
  count(condition?: Sql): Sql;
  /** How many different values. */
  distinct(value: Sql, condition?: Sql): Sql;
  /** Of a column, or of what is made of some; null where no row has a value. */
  sum(value: string | Sql, condition?: Sql): Sql;
  /** Of a column; null where no row has a value. */
  mean(column: string, condition?: Sql): Sql;
}

type Arguments = Readonly<Record<string, unknown>>;
type GetType = () => unknown;

interface FieldOptions {
  readonly description: string;
  readonly nullable?: boolean;
  readonly args?: Readonly<
    Record<string, { type: GetType; description: string; nullable?: boolean; defaultValue?: unknown }>
  >;
  readonly sql: (row: RowSql, args: Arguments) => Sql;
}

interface MeasureOptions extends FieldOptions {
  /** What one of it is. */
  readonly unit?: string;
  /** It says how things stand on a day: of a period it is told of the last day, never summed over days. */
  readonly isStock?: boolean;
  /** Groups add up to their total, so each has a share of it. A stock adds up over groups, not over days. */
  readonly isAdditive?: boolean;
}

export interface ViewField extends FieldOptions {
  readonly name: string;
  readonly type: ColumnType;
  readonly getType: GetType;
}
export interface Measure extends ViewField, Pick<MeasureOptions, "isStock" | "isAdditive"> {}

/** A view as the compiler knows it. */
export interface View {
  /** The root field that asks it. */
  readonly field: string;
  readonly model: Model;
  /** The same rows of the days that end a week or a month alone; where there are such. */
  readonly ends: Model | undefined;
  /** Those of all accounts, added up: a row counts `accounts`, and has `x_sum` and `x_known` of a level x. */
  readonly sums: Model | undefined;
  /** The column by which rows belong to days. */
  readonly day: string;
  readonly description: string;
  readonly dimensions: ReadonlyMap<string, ViewField>;
  readonly measures: ReadonlyMap<string, Measure>;
  readonly where: ClassType;
  readonly having: ClassType;
  readonly order: ClassType;
}
// biome-ignore lint/suspicious/noExplicitAny: type-graphql's own idea of a class
type ClassType = new () => any;

const views = new Map<ClassType, View>();
const declared = new Map<object, { dimensions: Map<string, ViewField>; measures: Map<string, Measure> }>();

/** @throws TypeError for a class without `@View` */
export function viewOf(type: ClassType): View {
  const view = views.get(type);
  if (!view) throw new TypeError(`${type.name} has no @View`);
  return view;
}

/** A field that groups. */
export const Dimension =
  (getType: GetType, options: FieldOptions): PropertyDecorator =>
  (prototype, key) => {
    const field = { ...options, name: String(key), getType, type: columnType(getType()) };
    declare(prototype, field, { description: options.description, nullable: options.nullable ?? true });
    declaredOn(prototype).dimensions.set(field.name, field);
  };

/** A field that aggregates. */
export const Measure =
  (getType: GetType, options: MeasureOptions): PropertyDecorator =>
  (prototype, key) => {
    const field = { ...options, name: String(key), getType, type: columnType(getType()) };
    const stock = options.isStock ? " As of the last day of the period." : "";
    declare(prototype, field, {
      description: withUnit(options.description + stock, options.unit),
      nullable: options.nullable ?? true,
    });
    declaredOn(prototype).measures.set(field.name, field);
  };

/** A dimension that is a column of the view's model, described there. */
export function columnOf(
  model: Pick<Model, "columns">,
  name: string,
): Pick<FieldOptions, "description" | "nullable" | "sql"> {
  const { description, unit, notNull } = model.columns[name] as ModelColumn;
  return {
    description: withUnit(description, unit),
    nullable: !notNull,
    sql: (row) => row.column(name),
  };
}

/** The type of rows, with what all views have: dimensions of the account, the period, and measures of measures. */
export const View =
  ({
    field,
    model,
    ends,
    sums,
    day,
    description,
  }: {
    field: string;
    model: object;
    ends?: object;
    sums?: object;
    day: string;
    description: string;
  }) =>
  (type: ClassType): void => {
    const { prototype } = type;
    for (const [key, decorate] of Object.entries(dimensionsOfAll(day))) decorate(prototype, key);
    const { dimensions, measures } = declaredOn(prototype);
    const word = type.name.replace(/View$/, "");
    const fields = [...dimensions.keys(), ...measures.keys()].filter((key) => key !== "attribute");
    const measureEnum = enumOf(`${word}Measure`, [...measures.keys()], `A measure of ${field}.`);
    const fieldEnum = enumOf(`${word}Field`, fields, `What rows of ${field} are ordered by.`);

    ObjectType(type.name, { description })(type);
    declare(
      prototype,
      { name: "previous", getType: () => type, args: { periods: periodsBefore } },
      {
        description:
          "The measures of the same group so many periods before; null where it had no rows. Takes measures alone.",
        nullable: true,
      },
    );
    declare(
      prototype,
      {
        name: "share",
        getType: () => Float,
        args: { of: { type: () => measureEnum, description: "The measure." } },
      },
      {
        description:
          "The group's part in the measure's total over all groups of its period. Only for measures that add up over groups. Unit: share.",
        nullable: true,
      },
    );
    declare(
      prototype,
      {
        name: "cumulative",
        getType: () => Float,
        args: { of: { type: () => measureEnum, description: "The measure." } },
      },
      {
        description:
          "The measure from the first period asked for up to this one. Only for measures that add up over days.",
        nullable: true,
      },
    );

    const where = inputType(`${word}Where`, "Only rows that fulfil all of these.", [
      ...[...dimensions.values()]
        .filter(({ name }) => name !== "period" && name !== "attribute")
        .map((d) => ({ name: d.name, getType: filterFor(d), description: d.description })),
      {
        name: "accounts",
        getType: () => AccountFilter,
        description: "Only of these accounts, as they are today: by stage, band, own attributes …",
      },
    ]);
    const having = inputType(
      `${word}Having`,
      "Only groups whose measures fulfil all of these; shares and running sums count the others too.",
      [...measures.values()].map((m) => ({
        name: m.name,
        getType: () => (m.type === "decimal" ? AmountFilter : NumberFilter),
        description: m.description,
      })),
    );
    const order = inputType(`${word}Order`, "An order of rows; those without a value come last either way.", [
      { name: "by", getType: () => fieldEnum, description: "By what.", nullable: false },
      {
        name: "direction",
        getType: () => OrderDirection,
        description: "Which end first.",
        defaultValue: OrderDirection.ASC,
      },
    ]);
    const view = {
      field,
      model: model as Model,
      ends: ends as Model | undefined,
      sums: sums as Model | undefined,
      day,
      description,
      dimensions,
      measures,
      where,
      having,
      order,
    };
    views.set(type, Object.freeze(view));
  };

const periodsBefore = {
  type: () => Int,
  description: "How many periods before, 1 to 60.",
  defaultValue: 1,
};

/** Rows' own day by its period, and what an account is today. */
const dimensionsOfAll = (day: string): Record<string, PropertyDecorator> => ({
  period: Dimension(() => LocalDate, {
    description:
      "First day of the period; weeks start on Monday. Only complete periods, unless `range` says otherwise.",
    nullable: true,
    args: { grain: { type: () => Grain, description: "Length of a period." } },
    sql: (row, { grain }) => periodOf(row.column(day), grain as Grain),
  }),
  accountId: Dimension(() => ID, {
    description: "The account.",
    nullable: false,
    sql: (row) => row.column("account_id"),
  }),
  accountName: Dimension(() => String, {
    description: "What people call the account.",
    sql: (row) => row.account("name"),
  }),
  segment: Dimension(() => String, {
    description: "The account's segment, as it is today.",
    sql: (row) => row.account("segment"),
  }),
  region: Dimension(() => String, {
    description: "Where the account is, as of today.",
    sql: (row) => row.account("region"),
  }),
  owner: Dimension(() => String, {
    description: "Who looks after the account today.",
    sql: (row) => row.account("owner"),
  }),
  attribute: Dimension(() => String, {
    description: "The account's own attribute, as it is today.",
    args: { name: { type: () => String, description: "Its name in waymark.yml." } },
    sql: (row, { name }) => row.account(attributeColumn(String(name))),
  }),
});

@InputType({ description: "What a text must fulfil; all that is given." })
export class TextFilter {
  @Field(() => [String], { nullable: true, description: "It is one of these." })
  in?: string[] | null;

  @Field(() => [String], { nullable: true, description: "It is none of these; rows without a value stay." })
  notIn?: string[] | null;

  @Field(() => String, { nullable: true, description: "It has this within, in any case." })
  contains?: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether there is none." })
  isNull?: boolean | null;
}

@InputType({ description: "What a yes or no must be." })
export class BooleanFilter {
  @Field(() => Boolean, { nullable: true, description: "It is this; rows without a value go." })
  is?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "Whether there is none." })
  isNull?: boolean | null;
}

const bounds = {
  eq: "equal to",
  lt: "less than",
  lte: "at most",
  gt: "greater than",
  gte: "at least",
} as const;
export type Bound = keyof typeof bounds;

const boundsOf = (getType: GetType): InputField[] => [
  ...Object.entries(bounds).map(([name, words]) => ({ name, getType, description: `It is ${words} this.` })),
  { name: "isNull", getType: () => Boolean, description: "Whether there is none." },
];

interface InputField {
  readonly name: string;
  readonly getType: GetType;
  readonly description: string;
  readonly nullable?: boolean;
  readonly defaultValue?: unknown;
}

function inputType(name: string, description: string, fields: readonly InputField[]): ClassType {
  const type = class {};
  for (const { name: key, getType, description, nullable = true, defaultValue } of fields)
    Field(getType as () => never, {
      description,
      nullable: defaultValue === undefined && nullable,
      ...(defaultValue === undefined ? {} : { defaultValue }),
    })(type.prototype, key);
  InputType(name, { description })(type);
  return type;
}

const NumberFilter = inputType(
  "NumberFilter",
  "What a number must fulfil; all that is given.",
  boundsOf(() => Float),
);
const AmountFilter = inputType(
  "AmountFilter",
  "What an exact amount must fulfil; all that is given.",
  boundsOf(() => Decimal),
);

const enumFilters = new Map<unknown, ClassType>();

/** The filter of a dimension's type; one for every enum. */
function filterFor({ getType, type }: ViewField): GetType {
  if (type === "boolean") return () => BooleanFilter;
  const values = getType();
  if (values === String || values === ID) return () => TextFilter;
  const known = enumFilters.get(values);
  const filter =
    known ??
    inputType(`${enumName(values)}Filter`, "What it must be; all that is given.", [
      { name: "in", getType: () => [values], description: "It is one of these." },
      {
        name: "notIn",
        getType: () => [values],
        description: "It is none of these; rows without a value stay.",
      },
      { name: "isNull", getType: () => Boolean, description: "Whether there is none." },
    ]);
  enumFilters.set(values, filter);
  return () => filter;
}

/** The name under which an enum is registered. */
function enumName(values: unknown): string {
  const found = getMetadataStorage().enums.find(({ enumObj }) => enumObj === values);
  if (!found) throw new TypeError("a dimension's enum must be registered before its view");
  return found.name;
}

function declaredOn(prototype: object) {
  const known = declared.get(prototype) ?? { dimensions: new Map(), measures: new Map() };
  declared.set(prototype, known);
  return known;
}

/** The GraphQL field, with its arguments. */
function declare(
  prototype: object,
  { name, getType, args = {} }: Pick<ViewField, "name" | "getType" | "args">,
  options: { description: string; nullable: boolean },
): void {
  for (const [argument, { type, ...rest }] of Object.entries(args))
    Arg(argument, type as () => never, rest)(prototype, name, 0);
  Field(getType as () => never, options)(prototype, name);
}

/** AVERAGE_SCORE of averageScore: enum values say the field. */
function enumOf(name: string, fields: readonly string[], description: string): Record<string, string> {
  const values = Object.fromEntries(fields.map((f) => [f.replace(/([A-Z]|\d+)/g, "_$1").toUpperCase(), f]));
  registerEnumType(values, { name, description });
  return values;
}

function columnType(type: unknown): ColumnType {
  if (type === Int) return "integer";
  if (type === Float) return "number";
  if (type === Decimal) return "decimal";
  if (type === LocalDate) return "date";
  return type === Boolean ? "boolean" : "string";
}

/** The aggregates over rows for which a condition holds, or over all. */
export function aggregates(
  column: RowSql["column"],
  onlyWhere: Sql | undefined,
): Pick<RowSql, "count" | "distinct" | "sum" | "mean"> {
  const both = (condition?: Sql): Sql | undefined =>
    condition && onlyWhere ? sql`(${condition}) and (${onlyWhere})` : (condition ?? onlyWhere);
  const of = (value: Sql, condition?: Sql): Sql => {
    const all = both(condition);
    return all ? sql`case when ${all} then ${value} end` : value;
  };
  return {
    count: (condition) => {
      const all = both(condition);
      return all ? countIf(all) : sql`count(*)`;
    },
    distinct: (value, condition) => sql`count(distinct ${of(value, condition)})`,
    sum: (value, condition) => sql`sum(${of(typeof value === "string" ? column(value) : value, condition)})`,
    mean: (value, condition) => sql`avg(${of(column(value), condition)})`,
  };
}

/** The same over rows that are sums already; `untold` where they don't tell it. */
export function aggregatesOfSums(
  column: RowSql["column"],
  untold: () => Sql,
): Pick<RowSql, "count" | "distinct" | "sum" | "mean"> {
  const sum = (name: string, condition?: Sql): Sql =>
    sql`sum(${condition ? sql`case when ${condition} then ${column(name)} end` : column(name)})`;
  return {
    count: (condition) => sql`coalesce(${sum("accounts", condition)}, 0)`,
    distinct: untold,
    sum: (value, condition) => (typeof value === "string" ? sum(`${value}_sum`, condition) : untold()),
    mean: (of, condition) => safeDivide(sum(`${of}_sum`, condition), sum(`${of}_known`, condition)),
  };
}

/** The condition that a column is what an optional argument says: none where it is not given. */
export const equals = (row: RowSql, column: string, value: unknown): Sql | undefined =>
  value === undefined || value === null ? undefined : sql`${row.column(column)} = ${bind("string", value)}`;

/** How many accounts, where a row is an account. */
export const accountsOfRows = {
  description: "How many accounts.",
  unit: "accounts",
  nullable: false,
  isAdditive: true,
  sql: (row: RowSql) => row.count(),
} as const satisfies MeasureOptions;

/** How many accounts, where one may have several rows: it counts once in each group. */
export const accountsOfEvents = {
  description: "How many accounts they are of; one counts once in each group.",
  unit: "accounts",
  nullable: false,
  sql: (row: RowSql) => row.distinct(row.column("account_id")),
} as const satisfies MeasureOptions;

/** A level that adds up over accounts, described where its column is. */
export function levelOf(model: Pick<Model, "columns">, column: string): MeasureOptions {
  const { description, unit } = model.columns[column] as ModelColumn;
  return {
    description: `Summed over accounts: ${description}`,
    ...(unit ? { unit } : {}),
    isStock: true,
    isAdditive: true,
    sql: (row) => row.sum(column),
  };
}

/** A count that adds up over anything, described where its column is; 0 where nothing counts. */
export function countOf(model: Pick<Model, "columns">, column: string): MeasureOptions {
  const { description, unit } = model.columns[column] as ModelColumn;
  return {
    description,
    ...(unit ? { unit } : {}),
    nullable: false,
    isAdditive: true,
    sql: (row) => sql`coalesce(${row.sum(column)}, 0)`,
  };
}

/** The sum of one column / the sum of another. */
export const ratioOf = (part: string, whole: string, description: string, unit: string): MeasureOptions => ({
  description,
  unit,
  sql: (row) => safeDivide(row.sum(part), row.sum(whole)),
});
