/**
 * SQL as values. A fragment is text plus bound parameters that is spelled only when it is rendered for
 * one engine. Fragments nest in fragments; nothing else can be spliced, so a plain string from a user
 * never becomes SQL: it is either bound (`bind`) or quoted by the engine's rules (`text`, `name`).
 */

export type Dialect = "duckdb" | "bigquery";

/** What a column holds, whatever the engine calls it; `warehouse.ts` says what a row carries for each. */
export type ColumnType = "string" | "integer" | "number" | "decimal" | "boolean" | "date" | "timestamp";

/** A bound value: scalars as in rows (`Value`), or an array of them for `type[]`. */
export interface Parameter {
  type: ColumnType | `${ColumnType}[]`;
  value: unknown;
}

/** A rendered statement. `refs` are the logical relations that it reads, in order of appearance. */
export interface Statement {
  text: string;
  params: Record<string, Parameter>;
  refs: string[];
}

/** Where a logical relation lives now: its path, e.g. ["waymark", "account_facts"]. */
export type Locate = (relation: string) => readonly string[];

/** What a reader is given for a logical relation: where it lives, or a query in parentheses of what it may see of it. */
export type LocateRows = (relation: string) => readonly string[] | Sql;

/** What a statement is limited to where only a part of a table is built again. */
export type Scope = ScopeOfRows | ScopeOfDays;

/**
 * A relation of the accounts concerned and the day from which each is (`account_id`, `from_day`), or of the keys of raw
 * rows (`key`).
 */
export interface ScopeOfRows {
  readonly of: "accounts" | "keys";
  readonly path: readonly string[];
  /** Of accounts, the least `from_day`: told as a literal beside it, so that the engine skips what lies before. */
  readonly from?: string | undefined;
  /** Of accounts: only days before this one are built, where not all from the first concerned on are. */
  readonly before?: string | undefined;
  /** Of keys: the raw rows that have them, and perhaps others. */
  readonly rawPath?: readonly string[];
}

/** Days. */
export interface ScopeOfDays {
  readonly of: "days";
  readonly isOn: (day: Sql) => Sql;
}

/** What a statement hangs on beside the engine. */
export interface RenderOptions {
  /** Where logical relations live; by default a relation's name is its path. */
  locate?: LocateRows | undefined;
  /** The part of a table to which the statement is limited; the whole by default. */
  scope?: Scope | undefined;
  /** How the engine calls a schema of Waymark's; as Waymark does by default. */
  schemaName?: ((schema: string) => string) | undefined;
  /** The last day built, once it is known. */
  dataThrough?: string | undefined;
}

interface Rendering {
  dialect: Dialect;
  locate: LocateRows;
  schemaName: (schema: string) => string;
  scope: Scope | undefined;
  dataThrough: string | undefined;
  params: Map<Sql, { name: string; parameter: Parameter }>;
  refs: Set<string>;
}

export class Sql {
  constructor(readonly emit: (rendering: Rendering) => string) {}
}

/** The tag: `` sql`select ${column} from ${ref("account_facts")}` ``. An array is spliced comma-separated. */
export function sql(parts: TemplateStringsArray, ...values: (Sql | readonly Sql[])[]): Sql {
  return new Sql((r) =>
    parts.reduce((text, part, i) => text + part + (i < values.length ? emit(values[i], r) : ""), ""),
  );
}

/** One fragment where the engines differ. */
export const by = (spellings: Record<Dialect, Sql>): Sql => new Sql((r) => spellings[r.dialect].emit(r));

/** Fragments with a separator between them. */
export const join = (fragments: readonly Sql[], separator = ", "): Sql =>
  new Sql((r) => fragments.map((f) => f.emit(r)).join(separator));

/** A value sent beside the text. The same fragment used twice is bound once. */
export function bind(type: Parameter["type"], value: unknown): Sql {
  const fragment: Sql = new Sql((r) => {
    const known = r.params.get(fragment);
    const bound = known ?? { name: `p${r.params.size + 1}`, parameter: { type, value } };
    if (!known) r.params.set(fragment, bound);
    return r.dialect === "bigquery" ? `@${bound.name}` : `$${bound.name}`;
  });
  return fragment;
}

/** A string literal, quoted by the engine's rules. For words of the journey; values of callers are bound. */
export const text = (value: string): Sql =>
  new Sql((r) =>
    r.dialect === "bigquery"
      ? `'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/\n/g, "\\n").replace(/\r/g, "\\r")}'`
      : /[\n\r]/.test(value)
        ? `e'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/\n/g, "\\n").replace(/\r/g, "\\r")}'`
        : `'${value.replace(/'/g, "''")}'`,
  );

/** A whole number literal. */
export function integer(value: number): Sql {
  if (!Number.isSafeInteger(value)) throw new TypeError(`not a whole number: ${value}`);
  return new Sql(() => String(value));
}

/** A float literal. The exponent matters: a bare 2.5 is DECIMAL to DuckDB and FLOAT64 to GoogleSQL. */
export function number(value: number): Sql {
  if (!Number.isFinite(value)) throw new TypeError(`not a finite number: ${value}`);
  const digits = String(value);
  return new Sql(() => (digits.includes("e") ? digits : `${digits}e0`));
}

/** A day literal, for days that are reckoned here. */
export function day(value: string): Sql {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) throw new TypeError(`not a day: ${value}`);
  return new Sql(() => `date '${value}'`);
}

/** A quoted identifier: a column, an alias. */
export function name(identifier: string): Sql {
  return new Sql((r) => quote(identifier, r.dialect));
}

/** A quoted path as it stands: a company's own table, a schema, a column of a row. */
export const verbatimPath = (...parts: readonly string[]): Sql => join(parts.map(name), ".");

/** The quoted path of a table: `path(schemas.published, "account_health")`. */
export const path = (...parts: readonly string[]): Sql =>
  new Sql((r) => {
    const [schema = "", ...rest] = parts;
    return verbatimPath(rest.length > 0 ? r.schemaName(schema) : schema, ...rest).emit(r);
  });

/** The relation of a model or source, located when rendered; this is what makes the graph of models. */
export const relation = (logicalName: string): Sql =>
  new Sql((r) => {
    r.refs.add(logicalName);
    const place = r.locate(logicalName);
    return (place instanceof Sql ? place : path(...place)).emit(r);
  });

/** One fragment where the whole table is built, another where a part of it is: that gets the relation of the scope, and the scope. */
export const inPart = (
  of: ScopeOfRows["of"],
  whole: Sql,
  part: (rows: Sql, scope: ScopeOfRows) => Sql,
): Sql =>
  new Sql((r) =>
    (r.scope && r.scope.of !== "days" && r.scope.of === of
      ? part(path(...r.scope.path), r.scope)
      : whole
    ).emit(r),
  );

/** All rows where the whole table is built, those of the days concerned where a part of it is. */
export const onDaysOfPart = (rows: Sql): Sql =>
  new Sql((r) =>
    (r.scope?.of === "days"
      ? sql`(select t.* from ${rows} as t where ${r.scope.isOn(sql`t.day`)})`
      : rows
    ).emit(r),
  );

/**
 * A day that a query could ask for, as a literal where it is known when the statement is rendered: BigQuery leaves
 * partitions out by literals, and not by what it finds on the way.
 */
export const asLiteral = (known: "dataThrough", asked: Sql): Sql =>
  new Sql((r) => {
    const asking = asked.emit(r); // it reads the same tables either way
    const told = r[known];
    return told === undefined ? asking : day(told).emit(r);
  });

/**
 * Text that a company wrote in `waymark.yml` in its warehouse's own SQL: the only way for raw text in.
 * Comments, statement ends and dollar quotes are refused, so a fragment can't swallow what follows it.
 */
export function companySql(expression: string): Sql {
  // A backslash escapes a quote on one engine and not on the other: where either sees an end, there is one.
  const quoted = [/'(?:[^'\\]|''|\\.)*'|"[^"]*"|`[^`]*`/g, /'(?:[^']|'')*'|"[^"]*"|`[^`]*`/g];
  if (quoted.some((texts) => /;|--|\/\*|#|\$\w*\$/.test(expression.replace(texts, "''"))))
    throw new TypeError("SQL here is one expression or query, without comments or ';'");
  return new Sql(() => expression.trim());
}

export function render(
  fragment: Sql,
  dialect: Dialect,
  {
    locate = (relation) => [relation],
    scope,
    schemaName = (schema) => schema,
    dataThrough,
  }: RenderOptions = {},
): Statement {
  const rendering: Rendering = {
    dialect,
    schemaName,
    locate,
    scope,
    dataThrough,
    params: new Map(),
    refs: new Set(),
  };
  const text = tidy(fragment.emit(rendering));
  const params = Object.fromEntries([...rendering.params.values()].map((p) => [p.name, p.parameter]));
  return { text, params, refs: [...rendering.refs] };
}

function emit(value: unknown, rendering: Rendering): string {
  if (value instanceof Sql) return value.emit(rendering);
  if (Array.isArray(value)) return value.map((v) => emit(v, rendering)).join(", ");
  throw new TypeError(
    `a ${typeof value} can't be spliced into SQL; use bind(), text(), integer() or number()`,
  );
}

function quote(identifier: string, dialect: Dialect): string {
  if (dialect === "duckdb") return `"${identifier.replace(/"/g, '""')}"`;
  if (/[`\\\n]/.test(identifier)) throw new TypeError(`not a BigQuery identifier: ${identifier}`);
  return `\`${identifier}\``;
}

/** Templates nest with their own indentation; drop blank lines and trailing blanks so that goldens read well. */
const tidy = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .join("\n")
    .trim();
