import type { CompanyCheck } from "../config/settings.js";
import { didYouMean, messageOf, WaymarkError } from "../errors.js";
import type { HeldRows, TableCheck } from "../models/checks.js";
import {
  companyQuery,
  compileCheck,
  emptyRows,
  modelOf,
  problemsIn,
  warningsOf,
} from "../models/company_checks.js";
import { models } from "../models/index.js";
import type { Company } from "../models/model.js";
import { rowJson } from "../warehouse/dialect.js";
import { bind, integer, name, path, type Sql, sql } from "../warehouse/sql.js";
import type { RunOptions, Warehouse } from "../warehouse/warehouse.js";
import { isPassed, readFailingRows, readLatestChecks } from "./check_results.js";
import type { Lease } from "./lease.js";
import { type CheckRow, checksRecorded, locateIn, type Snapshot, schemas } from "./ledger.js";
import { failingRows } from "./ledger_tables.js";

/** Of the rows that fail a check so many are kept; all are counted. */
export const mostKeptRows = 1000;
const mostExamples = 5;
/** A message is read in a line; `waymark checks show` has the rest. */
const examplesInWords = 2;
/** A query of the company's own says by no grain what a row is known by: these first columns are shown. */
const columnsShown = 4;

/**
 * The company's checks and the models' warnings, ready to be run. Queries are bound against the columns that the
 * tables will have, so that a mistake is told before anything is built.
 * @throws WaymarkError CONFIG_INVALID naming the check, the line and the nearest word
 */
export async function prepareChecks(
  warehouse: Warehouse,
  declared: readonly CompanyCheck[],
  company: Company,
): Promise<TableCheck[]> {
  const problems = problemsIn(declared, company).map(({ path: [, i], message }) => {
    const check = declared[Number(i)];
    return `waymark.yml, check "${check?.name}": ${message}`;
  });
  const prepared = warningsOf(warehouse.dialect);
  for (const check of problems.length > 0 ? [] : declared) {
    try {
      const reads = check.kind === "sql" ? await readsOf(warehouse, check.sql, company) : [];
      prepared.push(compileCheck(check, reads));
    } catch (error) {
      if (!(error instanceof WaymarkError) || error.code === "CANCELLED") throw error;
      const text = check.kind === "sql" ? check.sql : undefined;
      problems.push(`waymark.yml, check "${check.name}"${faultOf(error, text)}`);
    }
  }
  if (problems.length > 0) throw new WaymarkError("CONFIG_INVALID", problems.join("\n"), { problems });
  return prepared;
}

/** The tables of a run as they are about to be published. */
export interface HeldRun {
  readonly runId: string;
  readonly lease: Pick<Lease, "transaction">;
  /** Model → table. */
  readonly tables: Readonly<Record<string, string>>;
  /** What is published already. */
  readonly before: Snapshot | undefined;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Run the checks on what is about to be published, record what they find, and keep the failing rows. Where the tables
 * of a check are those that it held the last time, its result stands. Answers the warnings.
 * @throws WaymarkError CHECK_FAILED where an error fails; all checks have been run then
 */
export async function runChecks(
  warehouse: Warehouse,
  checks: readonly TableCheck[],
  run: HeldRun,
): Promise<CheckRow[]> {
  const last = new Map((await readLatestChecks(warehouse)).map((row) => [keyOf(row.model, row.check), row]));
  const rows: CheckRow[] = [];
  for (const check of checks)
    rows.push(await outcomeOf(warehouse, check, run, last.get(keyOf(check.model, check.name))));
  await run.lease.transaction(checksRecorded(rows));
  const failed = rows.filter((row) => !isPassed(row));
  const errors = failed.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return failed;
  const rowsOf = errors.find(({ error }) => error === null);
  throw new WaymarkError(
    "CHECK_FAILED",
    `${errors.map(checkInWords).join("\n")}\nNothing was published.${rowsOf ? ` \`waymark checks show "${rowsOf.check}"\` prints the rows.` : ""}`,
    {
      checks: errors.map(({ check, model, failingRows: rows, examples, error }) => ({
        check,
        model,
        failingRows: rows,
        examples,
        error,
      })),
    },
  );
}

/** Tells the ledger how built rows were held against their model; rows that fail are kept. */
export async function checksOfModel(
  warehouse: Warehouse,
  { runId, now }: Pick<HeldRun, "runId" | "now">,
  model: string,
  held: readonly HeldRows[],
  options: RunOptions,
): Promise<Sql[]> {
  const fails = held.some((result) => result.failingRows > 0);
  const last = fails ? (await readLatestChecks(warehouse)).filter((row) => row.model === model) : [];
  const grain = modelOf(model)?.grain ?? [];
  const rows: CheckRow[] = [];
  const checkedAt = now(); // of all of them: they were counted at once
  for (const { failing, ...result } of held) {
    const row = { ...result, runId, model, error: null, definition: null, tables: {}, keptIn: runId };
    if (result.failingRows > 0) await keepRows(warehouse, row, failing, grain, options);
    const before = last.find(({ check }) => check === result.check);
    rows.push({ ...row, ...sinceWhen(result.failingRows === 0, before, checkedAt) });
  }
  return checksRecorded(rows);
}

/** e.g. "1 row fails". */
export const rowsFail = (n: number): string =>
  n === 1 ? "1 row fails" : `${n.toLocaleString("en-US")} rows fail`;

/** A failed check in a line: which, how many rows, which ones. */
export function checkInWords({
  model,
  check,
  failingRows: n,
  examples,
  error,
}: Pick<CheckRow, "model" | "check" | "failingRows" | "examples" | "error">): string {
  const subject = `${model ? `${model}: ` : ""}"${check}"`;
  if (error !== null) return `${subject} could not be asked: ${error}`;
  const rows = n === 1 ? "1 row" : `${n.toLocaleString("en-US")} rows`;
  return `${subject} fails for ${rows}, e.g. ${examples.slice(0, examplesInWords).join("; ")}`;
}

async function outcomeOf(
  warehouse: Warehouse,
  check: TableCheck,
  { runId, tables, before, now, signal }: HeldRun,
  last: CheckRow | undefined,
): Promise<CheckRow> {
  const { name: checkName, severity, model, definition } = check;
  const read = Object.fromEntries(check.reads.map((m) => [m, tables[m] ?? ""]));
  const isSame =
    last?.error === null &&
    last.definition === definition &&
    check.reads.every((m) => last.tables[m] === read[m]);
  if (last && isSame && check.mayStand) return { ...last, runId, severity };
  const row = { runId, check: checkName, severity, model, definition, tables: read, keptIn: runId };
  const published = model === null ? undefined : before?.tables[model];
  const failing = check.failing(
    published === undefined ? undefined : path(...locateIn(before?.tables ?? {})(model ?? "")),
  );
  const options = { locate: locateIn(tables), signal };
  try {
    const [count] = await warehouse.query(
      sql`select count(*) as n from (${failing}) as failing`,
      { n: { type: "integer", notNull: true } },
      options,
    );
    const n = count?.n ?? 0;
    if (n > 0)
      await keepRows(warehouse, row, failing, model === null ? [] : (modelOf(model)?.grain ?? []), options);
    const examples = n > 0 ? await examplesOf(warehouse, row, check) : [];
    return { ...row, failingRows: n, examples, error: null, ...sinceWhen(n === 0, last, now()) };
  } catch (error) {
    if (!(error instanceof WaymarkError) || error.code === "CANCELLED") throw error;
    // A warning never keeps anything from being published, not even where it can't be asked.
    const fault = faultOf(error, check.text).replace(/^[:,] /, "");
    return { ...row, failingRows: 0, examples: [], error: fault, ...sinceWhen(false, last, now()) };
  }
}

function sinceWhen(
  passes: boolean,
  last: CheckRow | undefined,
  checkedAt: Date,
): Pick<CheckRow, "checkedAt" | "failingSince"> {
  const since = last && !isPassed(last) ? last.failingSince : null;
  return { checkedAt, failingSince: passes ? null : (since ?? checkedAt) };
}

/** The first failing rows, in the order of the columns that tell them apart where their table has such, as JSON. */
async function keepRows(
  warehouse: Warehouse,
  { runId, model, check }: Pick<CheckRow, "runId" | "model" | "check">,
  failing: Sql,
  grain: readonly string[],
  options: RunOptions,
): Promise<void> {
  const columns = await warehouse.describe(failing, options);
  const keys = grain.filter((column) => column in columns).map(name);
  const order = keys.length > 0 ? sql`order by ${keys}` : sql``;
  const said = [bind("string", runId), bind("string", model), bind("string", check)];
  await warehouse.run(
    sql`insert into ${path(schemas.ledger, "failing_rows")} (${Object.keys(failingRows).map(name)}) select ${said}, row_number() over (${order}), ${rowJson(sql`kept`)} from (select * from (${failing}) as failing ${order} limit ${integer(mostKeptRows)}) as kept`,
    options,
  );
}

/** "account_id a1, seats 0: the query must return no rows" for the first rows that were kept. */
async function examplesOf(
  warehouse: Warehouse,
  row: Pick<CheckRow, "model" | "check"> & { keptIn: string },
  { knownBy, expected }: TableCheck,
): Promise<string[]> {
  const kept = await readFailingRows(warehouse, row, mostExamples);
  return kept.map((values) => {
    const columns = knownBy.length > 0 ? [...new Set(knownBy)] : Object.keys(values).slice(0, columnsShown);
    return `${columns.map((column) => `${column} ${shown(values[column])}`).join(", ")}: ${expected}`;
  });
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? null));

/**
 * The models that a company's query reads, found by the engine's own parser; the query is bound to their columns.
 * @throws WaymarkError WAREHOUSE_FAILED where it can't be asked
 */
async function readsOf(warehouse: Warehouse, query: string, company: Company): Promise<string[]> {
  const named = await warehouse.reads(query);
  const hidden = named.find((at) => own.includes(at.at(-2)?.toLowerCase() ?? ""));
  if (hidden)
    throw new WaymarkError(
      "CONFIG_INVALID",
      `${hidden.join(".")} is what was published before; write ${modelOf(tableOf(hidden))?.name ?? "the table's own name"}, and the check holds what is about to be.`,
    );
  const bare = new Set(named.filter(({ length }) => length === 1).map(tableOf));
  const reads = models.filter((model) => bare.has(model.name));
  try {
    await warehouse.describe(
      companyQuery(
        query,
        reads.map((model) => [model.name, emptyRows(model, company)]),
      ),
    );
  } catch (error) {
    const unknown = [...bare].find((table) =>
      messageOf(error).toLowerCase().includes(`${table} does not exist`),
    );
    if (!unknown || !(error instanceof WaymarkError)) throw error;
    const near = didYouMean(
      unknown,
      models.map((model) => model.name),
    );
    throw new WaymarkError(error.code, `there is no table "${unknown}".${near}`, error.details, {
      cause: error,
    });
  }
  return reads.map((model) => model.name);
}

/** Schemas whose tables are not those of the run. */
const own: readonly string[] = [schemas.published, schemas.tables, schemas.work];
const tableOf = (at: readonly string[]): string => at.at(-1)?.toLowerCase() ?? "";

/** What a query's failure tells its author: the line of the query, and what is wrong there. */
function faultOf({ message, details }: WaymarkError, text: string | undefined): string {
  const lines = (text?.split("\n") ?? []).map((line, i) => ({ line: line.trim(), number: i + 1 }));
  // The query begins on the statement's second line, without its blank lines; what the parser alone saw is as written.
  const given = Number(details.line);
  const at =
    details.statement === undefined ? lines[given - 1] : lines.filter(({ line }) => line !== "")[given - 2];
  return at ? `, line ${at.number} of its sql, \`${at.line}\`: ${message}` : `: ${message}`;
}

const keyOf = (model: string | null, check: string): string => JSON.stringify([model, check]);
