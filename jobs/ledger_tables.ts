import type { Columns } from "../warehouse/warehouse.js";

export const runs = {
  run_id: { type: "string", notNull: true },
  trigger: { type: "string", notNull: true },
  started_at: { type: "timestamp", notNull: true },
  finished_at: { type: "timestamp" },
  status: { type: "string", notNull: true },
  snapshot_id: { type: "integer" },
  error_code: { type: "string" },
  error: { type: "string" },
  note: { type: "string" },
  /** What its statements were billed for; null where the engine bills for none, and where it never ended. */
  bytes_billed: { type: "integer" },
  /** Of its lease: greater with each run, whatever the clock said. Null where an earlier Waymark wrote. */
  token: { type: "integer" },
} as const satisfies Columns;

export const runModels = {
  run_id: { type: "string", notNull: true },
  model: { type: "string", notNull: true },
  table_name: { type: "string", notNull: true },
  status: { type: "string", notNull: true },
  reason: { type: "string", notNull: true },
  rows: { type: "integer", notNull: true },
  seconds: { type: "number", notNull: true },
  /** What its statements were billed for, checks included; null where the engine bills for none. */
  bytes_billed: { type: "integer" },
} as const satisfies Columns;

export const builtTables = {
  /** A view of the rows that the table had when it was built. */
  table_name: { type: "string", notNull: true },
  model: { type: "string", notNull: true },
  /** Where the rows are, with the versions in which each came and went. */
  store: { type: "string", notNull: true },
  version: { type: "integer", notNull: true },
  /** JSON of `Inputs`. */
  inputs: { type: "string", notNull: true },
  rows: { type: "integer", notNull: true },
  built_at: { type: "timestamp", notNull: true },
  run_id: { type: "string", notNull: true },
} as const satisfies Columns;

export const snapshots = {
  snapshot_id: { type: "integer", notNull: true },
  run_id: { type: "string", notNull: true },
  published_at: { type: "timestamp", notNull: true },
  data_through: { type: "date", notNull: true },
  journey_version: { type: "string", notNull: true },
  /** JSON of `CompanyWords`. */
  words: { type: "string", notNull: true },
  /** JSON: model → table. */
  tables: { type: "string", notNull: true },
} as const satisfies Columns;

/** What every check of a run found. */
export const checks = {
  run_id: { type: "string", notNull: true },
  /** Null for a query of the company's own. */
  model: { type: "string" },
  check_name: { type: "string", notNull: true },
  /** Null in rows of an earlier Waymark, which knew errors alone. */
  severity: { type: "string" },
  failing_rows: { type: "integer", notNull: true },
  /** JSON: texts. */
  examples: { type: "string", notNull: true },
  /** Why it could not be asked; null where it was. */
  error: { type: "string" },
  checked_at: { type: "timestamp" },
  /** Since when it fails; null where it passes. */
  failing_since: { type: "timestamp" },
  /** What it asks; null for the rules of models that guard each build's rows. */
  definition: { type: "string" },
  /** JSON: model → the table that it read; null as `definition`. */
  tables: { type: "string" },
  /** The run whose `failing_rows` are its own: an earlier one where its result stands. */
  kept_in: { type: "string" },
} as const satisfies Columns;

/** The rows that failed a check, as they were then. */
export const failingRows = {
  run_id: { type: "string", notNull: true },
  model: { type: "string" },
  check_name: { type: "string", notNull: true },
  /** From 1. */
  row_number: { type: "integer", notNull: true },
  /** JSON of the whole row. */
  row_json: { type: "string", notNull: true },
} as const satisfies Columns;

/** What people did with tasks; the latest decides. */
export const taskActions = {
  action_id: { type: "string", notNull: true },
  task_id: { type: "string", notNull: true },
  account_id: { type: "string", notNull: true },
  play: { type: "string", notNull: true },
  task: { type: "string", notNull: true },
  /** The day that set the task off, by which an action finds it again where late data has moved the day. */
  set_on: { type: "date", notNull: true },
  /** The play's cool-down then: within it the account had no other task of it. Null where an earlier Waymark wrote. */
  cooldown_days: { type: "integer" },
  action: { type: "string", notNull: true },
  snoozed_until: { type: "date" },
  note: { type: "string" },
  done_by: { type: "string", notNull: true },
  done_at: { type: "timestamp", notNull: true },
} as const satisfies Columns;

/** When the raw rows of a source were last compared with the staged ones, day by day. */
export const sourceComparisons = {
  source: { type: "string", notNull: true },
  compared_at: { type: "timestamp", notNull: true },
} as const satisfies Columns;

/** What was told, or is to be told: one row per fact. */
export const messages = {
  /** Derived from the fact, so that no fact is told twice. */
  message_id: { type: "string", notNull: true },
  type: { type: "string", notNull: true },
  /** What it is about (an account, a model, the builds); within it the order is kept. */
  subject: { type: "string", notNull: true },
  /** Rises with every message. */
  sequence: { type: "integer", notNull: true },
  recorded_at: { type: "timestamp", notNull: true },
  /** JSON, as it is sent. */
  body: { type: "string", notNull: true },
} as const satisfies Columns;

/** How each message fares with each webhook that listens to it. */
export const deliveries = {
  message_id: { type: "string", notNull: true },
  webhook: { type: "string", notNull: true },
  /** pending, delivered or dead. */
  status: { type: "string", notNull: true },
  attempts: { type: "integer", notNull: true },
  next_attempt_at: { type: "timestamp", notNull: true },
  /** Whether the receiver refused this very message the last time, rather than being in trouble itself. */
  is_refused: { type: "boolean", notNull: true },
  last_attempt_at: { type: "timestamp" },
  /** The receiver's HTTP status; null where it gave none. */
  last_status: { type: "integer" },
  last_error: { type: "string" },
} as const satisfies Columns;

/** How far the news is told: the greatest of each column counts. */
export const told = {
  told_at: { type: "timestamp", notNull: true },
  /** The facts of this snapshot are told; null = nothing was published then. */
  snapshot_id: { type: "integer" },
  /** Runs that began until then are told; null = none had. */
  runs_through: { type: "timestamp" },
  /** The token of the last of these; null where an earlier Waymark wrote, or the run. */
  runs_token: { type: "integer" },
} as const satisfies Columns;

/** Stores whose rows were put into their physical order again, after the version that is named. */
export const rewrites = {
  store: { type: "string", notNull: true },
  version: { type: "integer", notNull: true },
  rewritten_at: { type: "timestamp", notNull: true },
} as const satisfies Columns;

/** Stores from which all rows are gone that went until a version. */
export const collections = {
  store: { type: "string", notNull: true },
  version: { type: "integer", notNull: true },
  collected_at: { type: "timestamp", notNull: true },
} as const satisfies Columns;

/** Days that are rebuilt in chunks, and how far that is. */
export const backfills = {
  backfill_id: { type: "string", notNull: true },
  from_day: { type: "date", notNull: true },
  /** Not rebuilt itself. */
  to_day: { type: "date", notNull: true },
  /** JSON: chunk_days and the selected models, which make it another backfill. */
  terms: { type: "string", notNull: true },
  started_at: { type: "timestamp", notNull: true },
  /** The days before are done; null = not even the sources are compared. */
  done_to: { type: "date" },
  finished_at: { type: "timestamp" },
} as const satisfies Columns;

/** What was written of which table when, from what and why: one row per table and version. */
export const writings = {
  model: { type: "string", notNull: true },
  version: { type: "integer", notNull: true },
  run_id: { type: "string", notNull: true },
  written_at: { type: "timestamp", notNull: true },
  /** Whether all of the table was written. */
  is_whole: { type: "boolean", notNull: true },
  reason: { type: "string", notNull: true },
  /** Hash of the statement and columns, as in `Inputs`. */
  code: { type: "string", notNull: true },
  journey_version: { type: "string", notNull: true },
  /** JSON of `InputVersions[]`. */
  inputs: { type: "string", notNull: true },
  /** Accounts of which rows came or went; null where rows are no account's. */
  accounts: { type: "integer" },
  /** Days of these rows; null where rows have no day. */
  first_day: { type: "date" },
  last_day: { type: "date" },
  rows_added: { type: "integer", notNull: true },
  rows_ended: { type: "integer", notNull: true },
} as const satisfies Columns;

/** One row: who makes tables now. All but the token is null where nobody does. */
export const leaseColumns = {
  /** Greater with each lease. */
  token: { type: "integer", notNull: true },
  /** For people, e.g. "schedule on warehouse-1 (pid 123)". */
  holder: { type: "string" },
  process: { type: "string" },
  acquired_at: { type: "timestamp" },
  expires_at: { type: "timestamp" },
} as const satisfies Columns;

export const ledgerTables = {
  runs,
  run_models: runModels,
  built_tables: builtTables,
  snapshots,
  checks,
  failing_rows: failingRows,
  task_actions: taskActions,
  source_comparisons: sourceComparisons,
  messages,
  deliveries,
  told,
  rewrites,
  collections,
  backfills,
  writings,
  lease: leaseColumns,
};
