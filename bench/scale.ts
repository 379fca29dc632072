import Table from "cli-table3";
import { Command } from "commander";
import prettyBytes from "pretty-bytes";
import { Temporal } from "temporal-polyfill";
import { build } from "../jobs/build.js";
import { schemas } from "../jobs/ledger.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import { purposeNow } from "../warehouse/purpose.js";
import { companySql, integer, join, name, path, type Sql, sql, text } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { companyProject, generateCompany, nextDay } from "./company.js";
import { listeningTo, storeOf, type TableScan } from "./scans.js";

/**
 * What a build would cost on BigQuery, from what it reads here. Of every statement DuckDB's planner tells which columns
 * of which tables it reads, and which days; of these the rows and the bytes are counted as BigQuery counts them. What
 * grows with accounts is then scaled, and all of it priced; docs/scale.md says what is assumed. `npm run bench:scale`
 * takes some minutes.
 */
const options = new Command("scale")
  .description("Weigh a first build, and one more day, as BigQuery would bill them.")
  .option("--accounts <number>", "how many are built, of two years and 1,000 events each", Number, 100)
  .option("--per-tib <dollars>", "what a TiB costs that is read", Number, 6.25)
  .option("--per-gib-month <dollars>", "what a GiB costs that is stored", Number, 0.02)
  .option("--json", "answer as JSON")
  .parse()
  .opts<{ accounts: number; perTib: number; perGibMonth: number; json?: boolean }>();
const { accounts } = options;
const targets = [1_000, 100_000, 10_000_000];

/** Of one statement one table. */
interface Scan {
  readonly model: string;
  readonly table: string;
  /** raw, store, work and ledger: all but the ledger grow with accounts. */
  readonly kind: "raw" | "store" | "work" | "ledger";
  readonly bytes: number;
  /** Of a table with days the share of its rows in partitions that are read, 0–1; null of others. */
  readonly share: number | null;
}
type Statement = readonly Scan[];

const mib = 2 ** 20;
const gib = 2 ** 30;

/** BigQuery bills at least ten megabytes of each table that a statement reads. */
const billed = (statements: readonly Statement[], factor: number): number =>
  statements
    .flat()
    .reduce(
      (sum, { kind, bytes }) => sum + Math.max(10 * mib, kind === "ledger" ? bytes : bytes * factor),
      0,
    );

const warehouse = await openDuckDb({ file: ":memory:", memoryLimit: "3GB", threads: 2 });

interface Measured {
  readonly accountDays: number;
  /** Bytes of all stores, and how many more there are after one more day. */
  readonly stored: number;
  readonly storedMore: number;
  readonly first: readonly Statement[];
  readonly next: readonly Statement[];
}

async function measure(): Promise<Measured> {
  const through = "2025-12-31";
  await generateCompany(warehouse, { accounts, events: 1000 * accounts, seed: 1, through });
  const first = await weighed(through);
  const stored = await storedBytes();
  // From the third build on what the second before it ended is let go.
  await buildOn(warehouse, (await nextDay(warehouse)).day);
  const storedThen = await storedBytes();
  const next = await weighed((await nextDay(warehouse)).day);
  const storedMore = (await storedBytes()) - storedThen;
  return { accountDays: await countOf("account_facts"), stored, storedMore, first, next };
}

const dollarsFor = (bytes: number): number => (bytes / 2 ** 40) * options.perTib;

const sizesOf = ({ first, next, stored }: Measured) =>
  targets.map((target) => {
    const factor = target / accounts;
    return {
      accounts: target,
      firstBuildBytes: billed(first, factor),
      dayBytes: billed(next, factor),
      storedBytes: stored * factor,
    };
  });

/** Scans of the next day's build that read all days there are. */
const wholeIn = ({ next }: Measured): Scan[] =>
  next.flat().filter(({ kind, share, bytes }) => ["raw", "store"].includes(kind) && share === 1 && bytes > 0);

/** A build, of which every statement is weighed before it runs. */
async function weighed(day: string): Promise<Statement[]> {
  const statements: Statement[] = [];
  const listening = listeningTo(warehouse, async (scans) => {
    const weights: Scan[] = [];
    for (const scan of scans) weights.push(await weighScan(scan));
    statements.push(weights);
  });
  await buildOn(listening, day);
  return statements;
}

/** Build all that has come until the end of a day, on the morning after. */
const buildOn = (warehouse: Warehouse, day: string) =>
  build(warehouse, companyProject(":memory:"), {
    trigger: "bench",
    manyAccounts: 1, // few accounts stand for many here
    now: () => new Date(`${Temporal.PlainDate.from(day).add({ days: 1 })}T06:00:00Z`),
  });

/** What BigQuery reads of a table: the columns that are asked for, in the partitions that may hold the days. */
async function weighScan({ schema, table, projections, filters, isChanged }: TableScan): Promise<Scan> {
  const types = await columnsOf(schema, table);
  const isAsked = (column: string): boolean =>
    projections.includes(column) || filters.some((filter) => new RegExp(`\\b${column}\\b`).test(filter));
  // An UPDATE or DELETE is billed for all columns of the partitions that it looks at.
  const columns = Object.keys(types).filter((column) => isChanged || isAsked(column));
  const kind = kinds[schema] ?? "raw";
  // Stores are partitioned by the month of a leading date; raw tables by when rows came or happened, and clustered by the other.
  const leading = storeOf({ table })?.leading ?? "";
  const dated = Object.keys(types).filter((column) =>
    kind === "store"
      ? column === leading && types[column] === "DATE"
      : kind === "raw" && types[column]?.startsWith("TIMESTAMP"),
  );
  const others = Object.keys(types).filter((column) => !dated.includes(column));
  const ofDays = filters.filter(
    (filter) =>
      dated.some((column) => new RegExp(`\\b${column}\\b`).test(filter)) &&
      !others.some((column) => new RegExp(`\\b${column}\\b`).test(filter)) &&
      !/dynamic/i.test(filter),
  );
  const sizes = columns.map((column) => sizeOf(name(column), types[column] ?? ""));
  const at = path(schema, table);
  const isNamed = join([sql`true`, ...ofDays.map((filter) => sql`(${companySql(filter)})`)], " and ");
  const isRead =
    kind === "store" && ofDays.length > 0
      ? sql`date_trunc('month', ${name(leading)}) in (select date_trunc('month', ${name(leading)}) from ${at} where ${isNamed})`
      : isNamed;
  const sum = join([sql`0`, ...sizes], " + ");
  const [found] = await warehouse.query(
    sql`select cast(coalesce(sum(case when ${isRead} then ${sum} end), 0) as bigint) as bytes, cast(coalesce(avg(case when ${isRead} then 1 else 0 end), 0) as double) as share from ${at}`,
    { bytes: { type: "integer", notNull: true }, share: { type: "number", notNull: true } },
  );
  const { bytes, share } = found ?? { bytes: 0, share: 1 };
  const model = purposeNow().labels.model ?? "";
  return { model, table: `${schema}.${table}`, kind, bytes, share: dated.length > 0 ? share : null };
}

const kinds: Readonly<Record<string, Scan["kind"]>> = {
  [schemas.tables]: "store",
  [schemas.work]: "work",
  [schemas.ledger]: "ledger",
};

/** Of each column DuckDB's type. */
async function columnsOf(schema: string, table: string): Promise<Record<string, string>> {
  const rows = await warehouse.query(
    sql`select column_name, data_type from information_schema.columns where ${text(schema)} in (table_schema, table_catalog) and table_name = ${text(table)}`,
    { column_name: { type: "string", notNull: true }, data_type: { type: "string", notNull: true } },
  );
  return Object.fromEntries(rows.map((row) => [row.column_name, row.data_type]));
}

/** Logical bytes, by which BigQuery bills: text takes two and its own, null none. */
function sizeOf(column: Sql, type: string): Sql {
  if (type === "VARCHAR") return sql`coalesce(2 + strlen(${column}), 0)`;
  const size = type === "BOOLEAN" ? 1 : type.startsWith("DECIMAL") ? 16 : 8;
  return sql`case when ${column} is null then 0 else ${integer(size)} end`;
}

/** All that stays: the stores of all models. */
async function storedBytes(): Promise<number> {
  const stores = (await warehouse.tables(schemas.tables)).filter((table) => table.includes("__rows_"));
  let sum = 0;
  for (const table of stores) {
    const types = await columnsOf(schemas.tables, table);
    const sizes = Object.entries(types).map(([column, type]) => sizeOf(name(column), type));
    const [row] = await warehouse.query(
      sql`select cast(coalesce(sum(${join(sizes, " + ")}), 0) as bigint) as bytes from ${path(schemas.tables, table)}`,
      { bytes: { type: "integer", notNull: true } },
    );
    sum += row?.bytes ?? 0;
  }
  return sum;
}

async function countOf(model: string): Promise<number> {
  const rows = path(schemas.published, model);
  const [row] = await warehouse.query(sql`select count(*) as n from ${rows}`, {
    n: { type: "integer", notNull: true },
  });
  return row?.n ?? 0;
}

function describe(measured: Measured): string {
  const { accountDays, stored, storedMore, first, next } = measured;
  const perDay = (stored / accountDays).toFixed(0);
  const sizes = new Table({
    head: ["accounts", "first build", "$", "one more day", "$", "stored", "$ a month"],
    style: { head: [], border: [] },
  });
  for (const { accounts, firstBuildBytes, dayBytes, storedBytes } of sizesOf(measured))
    sizes.push([
      accounts.toLocaleString("en"),
      prettyBytes(firstBuildBytes),
      dollarsFor(firstBuildBytes).toFixed(2),
      prettyBytes(dayBytes),
      dollarsFor(dayBytes).toFixed(2),
      prettyBytes(storedBytes),
      ((storedBytes / gib) * options.perGibMonth).toFixed(2),
    ]);
  const factor = (targets.at(-1) ?? 0) / accounts;
  const models = new Table({
    head: ["model", "one more day", "of all days", "of"],
    style: { head: [], border: [] },
  });
  const ofAllDays = new Set(wholeIn(measured));
  const byModel = [...new Set(next.flat().map(({ model }) => model))].map((model) => {
    const scans = next.flat().filter((scan) => scan.model === model);
    const whole = scans.filter((scan) => ofAllDays.has(scan));
    return { model, bytes: billed([scans], factor), whole: billed([whole], factor), scans: whole };
  });
  for (const { model, bytes, whole, scans } of byModel.sort((a, b) => b.bytes - a.bytes).slice(0, 20)) {
    const tables = new Set(scans.map(({ table }) => table.replace(/^\w+\.|__rows_\d+/g, "")));
    models.push([
      model || "(checks, ledger, tidying)",
      prettyBytes(bytes),
      prettyBytes(whole),
      [...tables].join(" "),
    ]);
  }
  const growing = byModel.reduce((sum, { whole }) => sum + whole, 0);
  return [
    `${accounts} accounts with ${accountDays.toLocaleString("en")} account-days: ${prettyBytes(stored)} are stored, ${perDay} bytes an account-day, and ${prettyBytes(storedMore)} more after one more day.`,
    `${first.length} statements in the first build, ${next.length} in that of one more day.`,
    sizes.toString(),
    `One more day of ${targets.at(-1)?.toLocaleString("en")} accounts, by model; ${prettyBytes(growing)} read all days of a table, and grow with history:`,
    models.toString(),
  ].join("\n");
}

const measured = await measure();
await warehouse.close();
console.log(
  options.json
    ? JSON.stringify({ ...measured, accounts, sizes: sizesOf(measured), whole: wholeIn(measured) }, null, 2)
    : describe(measured),
);
