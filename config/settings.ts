import { dirname, parse, resolve } from "node:path";
import { z } from "zod";
import { accessSchema } from "./access.js";
import { isCron } from "./cron.js";
import { bytesOf, size } from "./size.js";
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
    compare_every_days: z
      .number()
      .min(0)
      .optional()
      .describe(
        "How often raw rows are compared with what was read of them, which finds corrected and deleted ones: 0 = in every build. By default 7 with loaded_at or lookback_days, else 0.",
      ),
    lookback_days: z
      .int()
      .min(0)
      .optional()
      .describe(
        "Compared in every build: so many days before the latest. What changes earlier is found when all are compared.",
      ),
    login_event: z
      .string()
      .optional()
      .describe('usage_events only: the event that is a login; "login" by default.'),
  })
  .refine(
    (s) => [s.table, s.query, s.files].filter((x) => x !== undefined).length === 1,
    "expected exactly one of `table`, `query` and `files`",
  );

/** What webhooks may be told of. */
export const webhookEvents = [
  "run_failed",
  "run_recovered",
  "freshness_breached",
  "freshness_restored",
  "signal_opened",
  "task_created",
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** An incident that nothing ends would stay open, so PagerDuty is told only of what has an end. */
const pagerdutyEvents: readonly WebhookEvent[] = webhookEvents.slice(0, 4);

const webhook = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/, "expected a name in snake_case")
      .describe("By which the command line and the ledger know it."),
    url: z
      .url({ protocol: /^https?$/, error: "expected an http or https address" })
      .describe("Where messages are posted to."),
    format: z
      .enum(["standard", "slack", "pagerduty"])
      .default("standard")
      .describe(
        "standard = signed JSON (Standard Webhooks); slack = an incoming webhook of Slack's; pagerduty = its Events API v2.",
      ),
    secret_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable")
      .optional()
      .describe(
        "The environment variable that holds the signing secret (whsec_…), or PagerDuty's integration key. Slack has none.",
      ),
    events: z
      .array(z.enum(webhookEvents))
      .min(1)
      .optional()
      .describe("What it is told of; by default all, and of PagerDuty's all that has an end."),
  })
  .refine((w) => (w.secret_env === undefined) === (w.format === "slack"), {
    path: ["secret_env"],
    error: ({ input }) =>
      (input as { format?: string }).format === "slack"
        ? "Slack takes no secret: its address is one"
        : "required: the name of the environment variable that holds the secret",
  })
  .refine((w) => w.format !== "pagerduty" || !w.events?.some((e) => !pagerdutyEvents.includes(e)), {
    path: ["events"],
    error: `PagerDuty is told only of what has an end: ${pagerdutyEvents.join(", ")}`,
  })
  .transform(({ events, ...rest }) => ({
    ...rest,
    events: events ?? (rest.format === "pagerduty" ? pagerdutyEvents : webhookEvents),
  }));
const change = z.strictObject({
  change_at_most: z
    .number()
    .min(0)
    .describe("Share of the rows before by which there may be more or fewer: 0.2 = a fifth."),
});

/** One of the company's own checks. Rows that fail it are kept; an error blocks publishing, a warning is told of. */
const check = z
  .strictObject({
    name: z.string().trim().min(1).describe("What it holds, in words; by it results are found again."),
    severity: z
      .enum(["error", "warning"])
      .default("error")
      .describe("An error blocks publishing; a warning is recorded and told of."),
    model: z.string().min(1).optional().describe("The table that it holds; an `sql` names its own."),
    column: z.string().min(1).optional().describe("With `accepted`: the column."),
    accepted: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .optional()
      .describe("The only values that the column may have; null is none, and passes."),
    row_count: change.optional().describe("How the rows of the table may change from snapshot to snapshot."),
    rows_by_day: change
      .optional()
      .describe(
        "How the rows of the last day may differ from the mean of that weekday in the four weeks before.",
      ),
    sql: z
      .string()
      .min(1)
      .optional()
      .describe(
        "A query in the warehouse's own SQL that must return no rows; it names tables as docs/tables.md does.",
      ),
  })
  .superRefine((given, context) => {
    const kinds = checkKinds.filter((kind) => given[kind] !== undefined);
    const refuse = (message: string, ...path: string[]): void =>
      context.addIssue({ code: "custom", message, path });
    if (kinds.length !== 1) return refuse(`expected exactly one of ${checkKinds.join(", ")}`);
    const [kind] = kinds;
    if (kind === "sql") {
      if (given.model) refuse("`sql` names its tables itself", "model");
    } else if (!given.model) refuse(`${kind} needs the \`model\` whose rows it holds`);
    if (kind === "accepted" && !given.column) refuse("`accepted` needs the `column`");
    if (kind !== "accepted" && given.column) refuse("only `accepted` holds a column", "column");
  })
  .transform(({ name, severity, model = "", column = "", ...given }): CompanyCheck => {
    const said = { name, severity };
    if (given.sql !== undefined) return { ...said, kind: "sql", sql: given.sql };
    if (given.accepted) return { ...said, kind: "accepted", model, column, accepted: given.accepted };
    const [kind, limit] = given.row_count
      ? (["row_count", given.row_count] as const)
      : (["rows_by_day", given.rows_by_day] as const);
    return { ...said, kind, model, changeAtMost: limit?.change_at_most ?? 0 };
  });

const checkKinds = ["accepted", "row_count", "rows_by_day", "sql"] as const;

const duckDb = z.strictObject({
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
  memory_limit: size
    .default("3GB")
    .describe(
      "What DuckDB may hold in memory; what is larger goes by way of the disk. Node and what DuckDB doesn't count come on top: in the build of a large company up to two thirds as much.",
    ),
  threads: z.int().min(1).optional(),
});

const dataset = z.string().regex(/^[A-Za-z_]\w{0,1023}$/, 'expected the name of a dataset such as "waymark"');

const bigQuery = z.strictObject({
  engine: z
    .literal("bigquery")
    .describe(
      "Builds were proven on GoogleSQL's reference implementation, not yet on the service: docs/bigquery.md.",
    ),
  project: z
    .string()
    .regex(/^[a-z][a-z0-9.:-]*$/, 'expected the id of a Google Cloud project such as "acme-analytics"')
    .describe("The Google Cloud project that runs the statements and pays for them."),
  location: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'expected a location such as "EU" or "europe-west1"')
    .describe("Where the datasets are: those of the sources and Waymark's own."),
  datasets: z
    .strictObject({
      published: dataset.default("waymark").describe("The tables that readers see, as views."),
      tables: dataset.default("waymark_tables").describe("What stands behind the views."),
      ledger: dataset.default("waymark_ledger").describe("What was built when, from what, and why."),
      work: dataset
        .default("waymark_work")
        .describe("What is built on the way; its tables go by themselves after three days."),
      check: dataset
        .default("waymark_check")
        .describe("What `waymark check` makes on the way; goes by itself, too."),
    })
    .prefault({})
    .describe("Waymark's own datasets, in the project; made in the first build where they aren't there."),
  partition_by: z
    .enum(["month", "day"])
    .default("month")
    .describe("The partitions of tables by day, from when on they are built as a whole; see docs/scale.md."),
  maximum_bytes_billed: size
    .transform(bytesOf)
    .optional()
    .describe('What one statement may be billed for, such as "100GB"; one that needs more is refused.'),
  maximum_bytes_per_run: size
    .transform(bytesOf)
    .optional()
    .describe(
      "What all statements of a build, plan or check may be billed for; the one that would exceed it is refused, and nothing is published.",
    ),
  price_per_tib: z
    .number()
    .min(0)
    .default(6.25)
    .describe("What a TiB costs you, in US dollars, by which estimates tell money; on demand by default."),
  api_endpoint: z
    .url({ protocol: /^https?$/, error: "expected an http or https address" })
    .optional()
    .describe("Another address of BigQuery's API, asked without signing in: for tests."),
});

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
    .discriminatedUnion("engine", [duckDb, bigQuery], { error: "expected duckdb or bigquery" })
    .prefault({})
    .describe("Where tables live: a DuckDB file of Waymark's own by default."),
  sources: z.record(z.string(), sourceMapping).describe("Which raw data each entity comes from."),
  checks: z
    .array(check)
    .default([])
    .superRefine((checks, context) => {
      for (const [i, { name }] of checks.entries())
        if (checks.findIndex((c) => c.name === name) < i)
          context.addIssue({ code: "custom", message: "another check has this name", path: [i, "name"] });
    })
    .describe("What must hold in the tables beyond what Waymark checks itself, see docs/checks.md."),
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
      build: z
        .string()
        .default("15 3 * * *")
        .refine(
          isCron,
          'expected a cron time such as "15 3 * * *" (minute, hour, day, month, weekday, in UTC)',
        )
        .describe("When tables are rebuilt: cron, in UTC."),
      retries: z
        .array(z.number().positive())
        .max(10)
        .default([1, 5, 15])
        .describe(
          "Minutes to wait before each further try of a build that met a passing fault; [] for none.",
        ),
    })
    .prefault({}),
  retention: z
    .strictObject({
      snapshots: z
        .int()
        .min(2)
        .default(2)
        .describe("How many snapshots stay readable; at least 2, as readers may still be on the one before."),
      journey_versions: z
        .int()
        .min(1)
        .default(20)
        .describe("Of how many replaced journeys the scores stay readable, the latest replaced first."),
      runs_days: z
        .number()
        .positive()
        .default(90)
        .describe("For how many days runs are known whose tables have gone, with their checks."),
      messages_days: z
        .number()
        .positive()
        .default(365)
        .describe("For how many days messages are known that every webhook has taken."),
      rewrite_share: z
        .number()
        .gt(0)
        .max(1)
        .default(0.33)
        .describe(
          "A table is put into its physical order again when more than this share of its rows came or went since.",
        ),
      rewrite_rows: z
        .int()
        .min(0)
        .default(122_880)
        .describe("Only of tables of at least so many rows; smaller ones are read whole anyway."),
    })
    .prefault({})
    .describe("What is kept how long; see `waymark gc`."),
  server: z
    .strictObject({
      port: z.int().min(0).max(65535).default(4000),
      host: z.string().default("127.0.0.1"),
      requests_per_minute: z
        .int()
        .min(1)
        .optional()
        .describe("How often a caller may ask at /graphql and /q; any number by default."),
      request_seconds: z.int().min(1).max(3600).default(30).describe("After so long a question is stopped."),
      export_seconds: z
        .int()
        .min(1)
        .max(86_400)
        .default(900)
        .describe("The same of a saved query that is read as a file, which may be long; see docs/bi.md."),
      maximum_bytes_per_request: size
        .transform(bytesOf)
        .optional()
        .describe(
          "What the statements of one question may be billed for, where the engine bills; one that would need more is refused with its estimate. Roles may have limits of their own.",
        ),
      saved_queries_only: z
        .boolean()
        .default(false)
        .describe(
          "Whether nothing but the saved queries is answered (queries/NAME.graphql, see docs/bi.md).",
        ),
    })
    .prefault({}),
  access: accessSchema
    .optional()
    .describe(
      "Who may ask the server, and what each role sees; without it the server listens on this machine alone. See docs/access.md.",
    ),
  webhooks: z
    .array(webhook)
    .default([])
    .refine(
      (all) => new Set(all.map(({ name }) => name)).size === all.length,
      "expected a name of its own for each",
    )
    .describe("Who is told of failures, stale tables, signals and tasks."),
});

/** An error blocks publishing; a warning is recorded and told of. */
export type Severity = "error" | "warning";

/** A check that the company declared, by kind. */
export type CompanyCheck = { readonly name: string; readonly severity: Severity } & (
  | {
      readonly kind: "accepted";
      readonly model: string;
      readonly column: string;
      readonly accepted: readonly (string | number | boolean)[];
    }
  | {
      readonly kind: "row_count" | "rows_by_day";
      readonly model: string;
      /** Share of the rows before, from 0. */
      readonly changeAtMost: number;
    }
  | { readonly kind: "sql"; readonly sql: string }
);

export type SourceMapping = z.output<typeof sourceMapping>;
export type Retention = Settings["retention"];
export type WebhookSettings = z.output<typeof webhook>;
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
  const { warehouse } = settings;
  if (warehouse.engine !== "duckdb" || warehouse.file === ":memory:") return { ...settings, folder };
  return { ...settings, warehouse: { ...warehouse, file: resolve(folder, warehouse.file) }, folder };
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
