import { resolve } from "node:path";
import type { ColumnMapping, Settings, SourceMapping } from "../../config/settings.js";
import type { Problem } from "../../config/yaml.js";
import { didYouMean, messageOf, WaymarkError } from "../../errors.js";
import {
  cast,
  dateToTell,
  dayOf,
  instantIn,
  instantToTell,
  isoInstant,
  matches,
  parseDate,
  parseInstant,
  startOfDay,
  toText,
  trimmed,
  tryCast,
  zonedInstant,
} from "../../warehouse/dialect.js";
import {
  by,
  type ColumnType,
  companySql,
  join,
  name,
  type Sql,
  sql,
  text,
  verbatimPath,
} from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { type SourceName, sources } from "./index.js";
import { attributeColumn, type Source } from "./source.js";

/** A raw column, read: the canonical value, null where there is none or it can't be read. */
export interface MappedColumn {
  readonly value: Sql;
  /** Whether the raw data has a value at all; blank text is none. */
  readonly isPresent: Sql;
  /** Whether a value may be there and yet not be readable. */
  readonly mayFail: boolean;
  /**
   * Of an instant that is one in the raw data too, where that may be of a year that can't be told: itself. By it DuckDB
   * skips rows, as it can't by a value that hangs on a condition; on BigQuery the value is no other.
   */
  readonly instant?: Sql | undefined;
}

/** A source with the company's raw data behind it. */
export interface MappedSource {
  readonly source: Source;
  /** `select` of the mapped raw columns under their canonical names, still as the company wrote them. */
  readonly raw: Sql;
  /** Canonical columns that are mapped, and `attribute_…` of the company's own. */
  readonly columns: Readonly<Record<string, MappedColumn>>;
  /** What the mapping leaves out, in words for `waymark check`. */
  readonly unmapped: readonly string[];
  readonly loginEvent: string;
}

/** Names of the accounts' own attributes. */
export const attributesIn = ({ sources: mapped }: Pick<Settings, "sources">): string[] =>
  Object.keys(mapped.accounts?.attributes ?? {});

/** Mistakes in `sources` of `waymark.yml` that can be seen without the warehouse. */
export function checkMappings(settings: Pick<Settings, "sources">): Problem[] {
  const names = Object.keys(sources);
  const mapped = Object.keys(settings.sources);
  const problems: Problem[] = [];
  for (const [sourceName, mapping] of Object.entries(settings.sources)) {
    const at = ["sources", sourceName];
    const source: Source | undefined = sources[sourceName as SourceName];
    if (!source) {
      problems.push({ path: at, message: `unknown source "${sourceName}".${didYouMean(sourceName, names)}` });
      continue;
    }
    problems.push(...checkSql(mapping, at));
    const known = Object.keys(source.columns);
    for (const column of Object.keys(mapping.columns)) {
      if (known.includes(column)) continue;
      problems.push({
        path: [...at, "columns", column],
        message: `${sourceName} has no column "${column}".${didYouMean(column, known)}`,
      });
    }
    if (mapping.attributes && source !== sources.accounts) {
      problems.push({ path: [...at, "attributes"], message: "only accounts have attributes." });
    }
    if (mapping.login_event && source !== sources.usage_events) {
      problems.push({ path: [...at, "login_event"], message: "only usage_events have a login_event." });
    }
  }
  if (!mapped.includes("accounts"))
    problems.push({ path: ["sources"], message: "sources.accounts is required." });
  if (!["usage_events", "tickets", "survey_responses"].some((s) => mapped.includes(s))) {
    problems.push({
      path: ["sources"],
      message:
        "at least one of sources.usage_events, sources.tickets and sources.survey_responses is required.",
    });
  }
  return problems;
}

/** The company's own SQL, as far as it can be judged by its text. */
function checkSql(mapping: SourceMapping, at: PropertyKey[]): Problem[] {
  const written: [PropertyKey[], string | undefined][] = [[[...at, "query"], mapping.query]];
  for (const part of ["columns", "attributes"] as const) {
    for (const [column, mapped] of Object.entries(mapping[part] ?? {}))
      if (typeof mapped === "object") written.push([[...at, part, column, "sql"], mapped.sql]);
  }
  return written.flatMap(([path, text]) => {
    try {
      if (text !== undefined) companySql(text);
      return [];
    } catch (error) {
      return [{ path, message: messageOf(error) }];
    }
  });
}

/**
 * Hold every mapping against the raw data: relations exist, columns exist, required ones are mapped, types
 * can be read.
 * @throws WaymarkError SOURCE_INVALID with all mistakes of all sources
 */
export async function mapSources(
  warehouse: Warehouse,
  settings: Pick<Settings, "sources" | "folder" | "time_zone">,
): Promise<Partial<Record<SourceName, MappedSource>>> {
  const problems: string[] = [];
  const mappings = Object.entries(settings.sources) as [SourceName, SourceMapping][];
  const mapped = await Promise.allSettled(
    mappings.map(async ([source, mapping]) => [
      source,
      await mapSource(warehouse, sources[source], mapping, settings),
    ]),
  );
  for (const { reason: error } of mapped.filter((result) => result.status === "rejected")) {
    if (!(error instanceof WaymarkError) || error.code !== "SOURCE_INVALID") throw error;
    problems.push(error.message);
  }
  if (problems.length > 0) throw new WaymarkError("SOURCE_INVALID", problems.join("\n"), { problems });
  return Object.fromEntries(
    mapped.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
  );
}

async function mapSource(
  warehouse: Warehouse,
  source: Source,
  mapping: SourceMapping,
  settings: Pick<Settings, "folder" | "time_zone">,
): Promise<MappedSource> {
  if (mapping.files && warehouse.dialect === "bigquery")
    throw new WaymarkError(
      "SOURCE_INVALID",
      `sources.${source.name}: BigQuery reads no files of this machine. Load them into a table (\`bq load\`) and name it under "table".`,
    );
  const rawTypes = await describeRaw(warehouse, source, mapping, settings.folder);
  const rawNames = Object.keys(rawTypes);
  const place = `sources.${source.name}`;
  const wanted: Wanted[] = [
    ...Object.entries(mapping.columns).map(([column, mapped]) => ({
      place: `${place}.columns.${column}`,
      column,
      mapped,
      type: source.columns[column]?.type ?? "string",
    })),
    ...Object.entries(mapping.attributes ?? {}).map(([attribute, mapped]) => ({
      place: `${place}.attributes.${attribute}`,
      column: attributeColumn(attribute),
      mapped,
      type: "string" as const,
    })),
  ];
  const problems = wanted.flatMap(({ place, mapped }) => {
    const raw = typeof mapped === "string" ? mapped : mapped.column;
    if (raw === undefined || rawNames.includes(raw)) return [];
    return [
      `${place}: the raw data has no column "${raw}".${didYouMean(raw, rawNames) || ` It has ${rawNames.join(", ")}.`}`,
    ];
  });
  const missing = Object.entries(source.columns).filter(([column]) => !(column in mapping.columns));
  const viaContract = source === sources.usage_events && "contract_id" in mapping.columns;
  for (const [column, { required }] of missing) {
    if (!required || (viaContract && column === "account_id")) continue;
    problems.push(`${place}.columns.${column} is required. ${nearestRaw(column, rawNames)}`);
  }
  if (problems.length > 0) throw new WaymarkError("SOURCE_INVALID", problems.join("\n"));

  const from = relationOf(mapping, settings.folder, rawNames);
  const selected = wanted.map(
    ({ column, mapped }) => sql`${rawExpression(mapped, rawTypes)} as ${name(column)}`,
  );
  const raw = sql`select ${selected} from ${from}`;
  const types = await inSource(source, () => warehouse.describe(raw));
  const columns: [string, MappedColumn][] = [];
  for (const { place, column, mapped, type } of wanted) {
    const options = typeof mapped === "object" ? mapped : {};
    const [given, from] = [sql`c.${name(column)}`, types[column] ?? null];
    const zone = options.time_zone ?? settings.time_zone;
    const value = read(given, from, type, options.format, zone);
    if (!value) {
      problems.push(
        `${place}: a raw column of this type can't be read as ${type}; give an expression with \`sql\`.`,
      );
      continue;
    }
    if (options.format !== undefined) {
      const fault = await faultOf(() => warehouse.describe(sql`select ${value} as v from (${raw}) as c`));
      if (fault) problems.push(`${place}: format "${options.format}" can't be used. ${fault}`);
    }
    // Text pays for being text: presence and readability are asked only where the raw type leaves them open.
    const isPresent =
      from === "string" ? sql`nullif(${trimmed(given)}, '') is not null` : sql`${given} is not null`;
    const hasOthers = warehouse.dialect === "duckdb" && from === "timestamp" && type === "timestamp";
    const instant = hasOthers ? instantIn(given, zone) : undefined;
    columns.push([column, { value, isPresent, mayFail: from !== type || isOfTime(type), instant }]);
  }
  if (problems.length > 0) throw new WaymarkError("SOURCE_INVALID", problems.join("\n"));
  return {
    source,
    raw,
    columns: Object.fromEntries(columns),
    unmapped: missing.filter(([, { required }]) => !required).map(([column]) => column),
    loginEvent: mapping.login_event ?? "login",
  };
}

/** A column to be read, and where in `waymark.yml` it is mapped. */
interface Wanted {
  place: string;
  column: string;
  mapped: ColumnMapping;
  type: ColumnType;
}

async function faultOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Raw columns and their types; JSON lines get their keys, read as text. */
async function describeRaw(
  warehouse: Warehouse,
  source: Source,
  mapping: SourceMapping,
  folder: string,
): Promise<Record<string, ColumnType | null>> {
  return inSource(source, async () => {
    if (mapping.files?.format !== "ndjson") {
      return warehouse.describe(sql`select * from ${relationOf(mapping, folder, [])}`);
    }
    const keys = await warehouse.query(
      sql`select distinct unnest(json_keys(json)) as key from read_ndjson_objects(${globs(mapping, folder)}) order by key`,
      { key: { type: "string", notNull: true } },
    );
    return Object.fromEntries(keys.map(({ key }) => [key, "string" as const]));
  });
}

/** A failure of the engine on raw data is the mapping's mistake: say whose. */
async function inSource<T>(source: Source, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WaymarkError && error.code !== "WAREHOUSE_FAILED") throw error;
    throw new WaymarkError(
      "SOURCE_INVALID",
      `sources.${source.name}: ${messageOf(error)}`,
      {},
      { cause: error },
    );
  }
}

/** All raw rows of each source, as they stand, but for files. */
export const rawRows = ({
  sources: mapped,
  folder,
}: Pick<Settings, "sources" | "folder">): Record<string, Sql> =>
  Object.fromEntries(
    Object.entries(mapped).flatMap(([source, mapping]) =>
      mapping.files ? [] : [[source, sql`select * from ${relationOf(mapping, folder, [])}`] as const],
    ),
  );

function relationOf(mapping: SourceMapping, folder: string, rawNames: readonly string[]): Sql {
  if (mapping.table !== undefined) return tablePath(mapping.table);
  if (mapping.query !== undefined) return sql`(${companySql(mapping.query)}) as raw`;
  const paths = globs(mapping, folder);
  const relations = {
    // Every column as text: DuckDB would guess that 01-02-2024 is a date, and which one.
    csv: sql`read_csv(${paths}, all_varchar = true, header = true, delim = ${text(mapping.files?.delimiter ?? ",")}, quote = '"', escape = '"', union_by_name = true)`,
    parquet: sql`read_parquet(${paths}, union_by_name = true)`,
    ndjson: sql`(select ${rawNames.map((key) => sql`json ->> ${text(`$."${key}"`)} as ${name(key)}`)} from read_ndjson_objects(${paths})) as raw`,
  };
  return by({ duckdb: relations[mapping.files?.format ?? "csv"], bigquery: sql`unsupported_files` });
}

/** Of four parts or more the first are the name of a project: "example.com:acme.raw.accounts". */
function tablePath(table: string): Sql {
  const parts = table.split(".");
  const project = parts.slice(0, -2).join(".");
  return verbatimPath(...(parts.length > 3 ? [project, ...parts.slice(-2)] : parts));
}

const globs = (mapping: SourceMapping, folder: string): Sql =>
  sql`[${[mapping.files?.path ?? []].flat().map((glob) => text(resolve(folder, glob)))}]`;

function rawExpression(mapping: ColumnMapping, rawTypes: Readonly<Record<string, ColumnType | null>>): Sql {
  if (typeof mapping === "string") return name(mapping);
  const raw =
    mapping.column !== undefined ? name(mapping.column) : sql`(${companySql(mapping.sql ?? "null")})`;
  if (!mapping.values) return raw;
  const cases = Object.entries(mapping.values).map(
    ([from, to]) => sql`when ${text(from)} then ${text(String(to))} `,
  );
  const from = mapping.column === undefined ? null : rawTypes[mapping.column];
  const asText = from === "string" ? trimmed(raw) : from ? toText(raw, from) : cast(raw, "string");
  return sql`case ${asText} ${join(cases, "")}else ${asText} end`;
}

const isoDate = "\\d{4}-\\d{2}-\\d{2}";
const isoMinutes = "[T ]([01]\\d|2[0-3]):[0-5]\\d";
const isoSeconds = ":[0-5]\\d(\\.\\d{1,9})?";
const isoZone = " ?(Z|[+-]\\d{2}(:?\\d{2})?)";

const isOfTime = (type: ColumnType): boolean => type === "date" || type === "timestamp";

/** How a raw value becomes the canonical type; undefined where it never can. Formats are declared or ISO 8601, never guessed. */
function read(
  raw: Sql,
  from: ColumnType | null,
  to: ColumnType,
  format: string | undefined,
  zone: string,
): Sql | undefined {
  if (from === "string") return readText(sql`nullif(${trimmed(raw)}, '')`, to, format, zone);
  if (to === "string") return from ? toText(raw, from) : undefined;
  const instant = instantToTell(instantIn(raw, zone), zone);
  if (from === "timestamp" && to === "timestamp") return instant;
  if (from === "date" && to === "date") return dateToTell(cast(raw, to));
  if (from === to) return cast(raw, to);
  const numeric = ["integer", "number", "decimal"];
  if (from && numeric.includes(from)) {
    if (to === "integer") return sql`case when ${raw} = round(${raw}) then ${tryCast(raw, "integer")} end`;
    if (numeric.includes(to)) return tryCast(raw, to);
    if (to === "boolean") return sql`case ${raw} when 1 then true when 0 then false end`;
  }
  if (from === "date" && to === "timestamp") return startOfDay(dateToTell(raw), zone);
  if (from === "timestamp" && to === "date") return dayOf(instant, zone);
  return undefined;
}

function readText(raw: Sql, to: ColumnType, format: string | undefined, zone: string): Sql {
  const when = (pattern: string, value: Sql): Sql =>
    sql`case when ${matches(raw, pattern)} then ${value} end`;
  switch (to) {
    case "string":
      return raw;
    case "boolean":
      return sql`case lower(${raw}) when 'true' then true when 'false' then false end`;
    case "integer":
      return when("[+-]?\\d+", tryCast(raw, to));
    case "number":
    case "decimal":
      return when("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?", tryCast(raw, to));
    case "date":
      return format ? parseDate(raw, format) : when(isoDate, tryCast(raw, to));
    case "timestamp":
      if (format) return parseInstant(raw, format, zone);
      return sql`case when ${matches(raw, isoDate + isoMinutes + isoSeconds + isoZone)} then ${isoInstant(raw)} when ${matches(raw, `${isoDate}(${isoMinutes}(${isoSeconds})?)?`)} then ${zonedInstant(raw, zone)} end`;
  }
}

function nearestRaw(column: string, rawNames: readonly string[]): string {
  const words = new Set(column.split("_"));
  const near = rawNames.filter((raw) =>
    raw
      .toLowerCase()
      .split(/[_\W]/)
      .some((word) => words.has(word)),
  );
  return near.length > 0
    ? `Nearest raw columns: ${near.join(", ")}.`
    : `Raw columns: ${rawNames.join(", ")}.`;
}
