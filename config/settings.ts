import { dirname, parse, resolve } from "node:path";
import { z } from "zod";
import { type Problem, readYaml } from "./yaml.js";

const civilDate = z
  .string()
  .refine((day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && isDay(day), "expected a date such as 2024-12-31");
const columnName = z.string().min(1);
const maxAge = z.number().positive().nullable().describe("Hours; null = never late.");

/** How one canonical column comes from raw data: a raw column's name, or one of these. */
const columnMapping = z.union([
  columnName,
  z
    .strictObject({
      column: columnName.optional().describe("The raw column."),
      sql: z
        .string()
        .min(1)
        .optional()
        .describe("An expression over the raw columns in the warehouse's own SQL."),
      format: z
        .string()
        .min(1)
        .optional()
        .describe('How text is written, as in strptime: "%d-%m-%Y". ISO 8601 needs none.'),
      time_zone: z
        .string()
        .refine(isTimeZone, "expected an IANA time zone such as Europe/Berlin")
        .optional()
        .describe("Zone of times written without one; the company's by default."),
      values: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
        .optional()
        .describe("Raw text → canonical value."),
    })
    .refine(
      (m) => (m.column === undefined) !== (m.sql === undefined),
      "expected exactly one of `column` and `sql`",
    ),
]);

const files = z.strictObject({
  path: z.union([z.string(), z.array(z.string()).min(1)]).describe("A path or glob, relative to this file."),
  format: z.enum(["csv", "parquet", "ndjson"]),
  delimiter: z.string().length(1).optional().describe("CSV only; a comma by default."),
});

const sourceMapping = z
  .strictObject({
    table: z.string().min(1).optional().describe("A warehouse table, e.g. raw.crm_accounts."),
    query: z.string().min(1).optional().describe("A query in the warehouse's own SQL."),
    files: files.optional().describe("CSV, Parquet or NDJSON files (DuckDB only)."),
    columns: z.record(z.string(), columnMapping).describe("Canonical column → where it comes from."),
    attributes: z
      .record(z.string().regex(/^[a-z][a-z0-9_]*$/, "expected a name in snake_case"), columnMapping)
      .optional()
      .describe("accounts only: the company's own attributes, kept as text."),
    login_event: z
      .string()
      .optional()
      .describe('usage_events only: the event that is a login; "login" by default.'),
  })
  .refine(
    (s) => [s.table, s.query, s.files].filter((x) => x !== undefined).length === 1,
    "expected exactly one of `table`, `query` and `files`",
  );

/** The shape of `waymark.yml`. */
export const settingsSchema = z.strictObject({
  company: z.string().min(1).describe("The company's name."),
  time_zone: z
    .string()
    .default("UTC")
    .refine(isTimeZone, "expected an IANA time zone such as Europe/Berlin")
    .describe("In which civil days are counted."),
  data_through: civilDate
    .optional()
    .describe("The last day to build; by default the last day with data, at most yesterday."),
  warehouse: z
    .strictObject({
      engine: z.literal("duckdb").default("duckdb"),
      file: z
        .string()
        .default("warehouse.duckdb")
        // DuckDB calls a database by its file's name, and can't tell it from a schema of the same name.
        .refine(
          (file) => !/^waymark(_\w+)?$/.test(parse(file).name),
          "expected another name: Waymark's own schemas are called waymark…, and DuckDB would mix them up",
        )
        .describe("The database file, relative to this file."),
      memory_limit: z
        .string()
        .regex(/^\d+(\.\d+)?\s?[KMGT]i?B$/i, 'expected a size such as "4GB"')
        .default("4GB"),
      threads: z.int().min(1).optional(),
    })
    .prefault({}),
  sources: z.record(z.string(), sourceMapping).describe("Which raw data each entity comes from."),
  freshness: z
    .strictObject({
      default_hours: z
        .number()
        .positive()
        .default(36)
        .describe("How old data may be where nothing else is said: hours since the end of its last day."),
      sources: z
        .record(z.string(), maxAge)
        .default({})
        .describe(
          "For single sources; by default only usage_events may be late, as nobody may ask for days.",
        ),
      models: z
        .record(z.string(), maxAge)
        .default({})
        .describe("For single tables; by default as their sources."),
    })
    .prefault({})
    .describe("From when on data is late."),
  schedule: z
    .strictObject({
      build: z.string().default("15 3 * * *").describe("When tables are rebuilt: cron, in UTC."),
    })
    .prefault({}),
  server: z
    .strictObject({
      port: z.int().min(0).max(65535).default(4000),
      host: z.string().default("127.0.0.1"),
    })
    .prefault({}),
});

export type SourceMapping = z.output<typeof sourceMapping>;
export type ColumnMapping = z.output<typeof columnMapping>;
export type Settings = z.output<typeof settingsSchema> & {
  /** The folder of `waymark.yml`, to which its paths are relative. */
  folder: string;
};

/** Read `waymark.yml`. `validate` checks the sources against the entities that the models know. */
export function loadSettings(
  file: string,
  validate: (settings: z.output<typeof settingsSchema>) => Problem[],
): Settings {
  const folder = dirname(resolve(file));
  const settings = readYaml(file, settingsSchema, validate);
  const databaseFile = settings.warehouse.file;
  return {
    ...settings,
    warehouse: {
      ...settings.warehouse,
      file: databaseFile === ":memory:" ? databaseFile : resolve(folder, databaseFile),
    },
    folder,
  };
}

/** Whether the calendar has it; JavaScript takes 30 February for 1 March. */
function isDay(day: string): boolean {
  const start = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(start.getTime()) && start.toISOString().startsWith(day);
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
