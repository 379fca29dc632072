import { WaymarkError } from "../errors.js";
import { addMonths, DAY_MS, type Day, dateOf, dayOf } from "./calendar.js";
import { createExtract, type Extract } from "./extract.js";
import { live, type Renewal } from "./life.js";
import { type Arrival, earliestSignUp, isSteadyArrival } from "./profile.js";
import type { DemoTableName } from "./tables.js";

export type { Renewal } from "./life.js";
export { type DemoTableName, demoTables } from "./tables.js";

export interface DemoOptions {
  /** Any 32-bit integer; every row is a function of it. Default 1. */
  seed: number;
  /** First day of the company, 'YYYY-MM-DD'. Default: 24 months that end with `through`. */
  from: string;
  /** Last day of the extract, 'YYYY-MM-DD': rows that the warehouse had loaded by its end (UTC). */
  through: string;
  /** Accounts that sign up in the first 730 days; they keep coming at the same rate after. Default 1000. */
  accounts: number;
}

/** Only `through` is needed; the other options have defaults. */
export type DemoRequest = Pick<DemoOptions, "through"> & {
  readonly [K in Exclude<keyof DemoOptions, "through">]?: DemoOptions[K] | undefined;
};

/** Rows in the column order of `demoTables`: dates 'YYYY-MM-DD', timestamps Date, decimals "1250.00". */
export interface DemoBatch {
  table: DemoTableName;
  rows: unknown[][];
}

const BATCH_ROWS = 20_000;
const DEFAULT_MONTHS = 24;

/**
 * The raw tables as the warehouse of the demo company held them at the end of `through`, in batches of at
 * most 20,000 rows. Batches of different tables come interleaved.
 *
 * With the same `seed`, `from` and `accounts`, an extract is what any later one holds of the rows loaded by
 * then: append-only tables (events, answers, touchpoints, outcomes) begin with the same rows; of terms,
 * people and tickets the earlier extract shows the version known then.
 *
 * @throws WaymarkError BAD_USER_INPUT where an option is no date, not a positive whole number, or ends before it starts
 */
export function* generateCompany(request: DemoRequest): Generator<DemoBatch> {
  const company = found(request);
  const extract = createExtract((company.through + 1) * DAY_MS);
  for (const arrival of arrivals(company)) {
    live(arrival, company.seed, company.through, extract, () => {});
    yield* extract.batches(BATCH_ROWS);
  }
  yield* extract.batches(BATCH_ROWS, true);
}

/**
 * The truth behind `generateCompany`: every renewal decided by `through`, with the traits and the probability
 * that it was drawn from. Takes nearly as long as the tables do.
 */
export function* generateRenewals(request: DemoRequest): Generator<Renewal> {
  const company = found(request);
  for (const arrival of arrivals(company)) {
    const renewals: Renewal[] = [];
    live(arrival, company.seed, company.through, nowhere, (renewal) => renewals.push(renewal));
    yield* renewals;
  }
}

interface Company {
  readonly seed: number;
  readonly from: Day;
  readonly through: Day;
  readonly accounts: number;
}

function found({ seed = 1, from, through, accounts = 1000 }: DemoRequest): Company {
  if (!Number.isInteger(seed)) throw invalid("seed", seed, "a whole number");
  if (!Number.isInteger(accounts) || accounts < 1)
    throw invalid("accounts", accounts, "a positive whole number");
  const last = readDay("through", through);
  const first = from === undefined ? addMonths(last + 1, -DEFAULT_MONTHS) : readDay("from", from);
  if (first > last) throw invalid("from", dateOf(first), `a day not after through, ${through}`);
  return { seed, from: first, through: last, accounts };
}

function readDay(name: string, date: string): Day {
  try {
    return dayOf(date);
  } catch (cause) {
    throw invalid(name, date, "a date such as 2025-12-31", cause);
  }
}

function invalid(name: string, value: unknown, expected: string, cause?: unknown): WaymarkError {
  return new WaymarkError(
    "BAD_USER_INPUT",
    `demo company: ${name} is ${value}; expected ${expected}.`,
    { name, value },
    { cause },
  );
}

/** Who may sign up by `through`, in the order of their index. */
function* arrivals({ from, through, accounts }: Company): Generator<Arrival> {
  for (let index = 0; ; index++) {
    const notBefore = from + earliestSignUp(index, accounts);
    if (notBefore <= through) yield { index, notBefore };
    else if (isSteadyArrival(index, accounts)) return;
  }
}

const nowhere: Extract = { append() {}, revise() {} };
