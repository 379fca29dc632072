import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { WaymarkError } from "../errors.js";
import { orFail } from "../warehouse/dialect.js";
import { bind, integer, path, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type LeaseRow, leasePath, openLedger, tablesPath } from "./ledger.js";
import { leaseColumns } from "./ledger_tables.js";

/** How long a lease lasts beyond the last sign of life. It is renewed four times as often. */
const lasts = 120_000;

export interface LeaseOptions {
  /** What it is taken for, e.g. "schedule". */
  readonly purpose: string;
  /** The clock. */
  readonly now: () => Date;
}

/** The right to make and publish tables, which one run has at a time. */
export interface Lease {
  /** Greater than that of every lease before. */
  readonly token: number;
  /** Aborted where another has taken over. */
  readonly signal: AbortSignal;
  /**
   * Several small statements that change rows, all or none; none where the lease is another's by now. Views are made
   * with them, or right after them on an engine whose transactions make none (`TransactionOptions.definitions`).
   * @throws WaymarkError LEASE_LOST
   */
  transaction(statements: readonly Sql[], views?: readonly Sql[]): Promise<void>;
}

/**
 * Do work that makes tables, one at a time. The lease is renewed meanwhile and given back at the end. One whose holder
 * died runs out; a holder that was held up for so long loses it, and none of its transactions passes from then on.
 * @throws WaymarkError RUN_IN_PROGRESS saying who has it, LEASE_LOST
 */
export async function withLease<T>(
  warehouse: Warehouse,
  options: LeaseOptions,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const lease = await oneAtATime(() => take(warehouse, options));
  const renewing = setInterval(() => lease.renew(), lasts / 4);
  try {
    return await work(lease);
  } catch (error) {
    // Work that another has taken over fails in many ways: its tables are gone, its statements are stopped.
    throw (await lease.loss().catch(() => undefined)) ?? error;
  } finally {
    clearInterval(renewing);
    await lease.giveBack().catch(() => {}); // it runs out by itself
  }
}

/** A first lease makes the ledger: two at once in one process would conflict, other than by one having it. */
const oneAtATime = pLimit(1);

export interface Patience {
  /** How long to try, in seconds; Infinity for as long as it takes. */
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Told once who is waited for, if anybody is. */
  readonly onWait?: (taken: WaymarkError) => void;
}

/**
 * Try again every second while another run has the lease, or another process the file.
 * @throws WaymarkError what the last attempt said, CANCELLED
 */
export async function whenFree<T>(
  attempt: () => Promise<T>,
  { waitSeconds, signal, onWait }: Patience,
): Promise<T> {
  for (let waited = 0; ; waited++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof WaymarkError) || !takenCodes.has(error.code)) throw error;
      const { code, message, details } = error;
      if (waited >= waitSeconds)
        throw waited === 0
          ? error
          : new WaymarkError(code, `Waited ${waited} s in vain. ${message}`, details, { cause: error });
      if (waited === 0) onWait?.(error);
      await sleep(1000, undefined, { signal }).catch((cause: unknown) => {
        throw new WaymarkError("CANCELLED", "Cancelled while it waited for another run.", {}, { cause });
      });
    }
  }
}

const takenCodes: ReadonlySet<string> = new Set(["RUN_IN_PROGRESS", "WAREHOUSE_IN_USE"]);

/** Tells this process from any other, also from an earlier one with its number. */
const thisProcess = randomUUID();

/** @throws WaymarkError RUN_IN_PROGRESS */
async function take(warehouse: Warehouse, { purpose, now }: LeaseOptions): Promise<HeldLease> {
  await openLedger(warehouse);
  const found = await readLease(warehouse);
  const acquired = now();
  if (found && isHeld(found, acquired, warehouse)) throw runInProgress(found);
  const before = sql`(select max(token) from ${lease})`;
  const known = found
    ? sql`${before} = ${integer(found.token)}`
    : sql`(select max(holder) from ${lease}) is null`;
  try {
    await warehouse.transaction([
      ...(found ? [] : [firstRow]),
      sql`select ${orFail(known, "The lease was taken meanwhile.")} as is_free`,
      sql`
update ${lease}
set
  token = token + 1,
  holder = ${bind("string", `${purpose} on ${hostname()} (pid ${process.pid})`)},
  process = ${bind("string", thisProcess)},
  acquired_at = ${bind("timestamp", acquired)},
  expires_at = ${bind("timestamp", expiryFrom(acquired))}
where true`,
    ]);
  } catch (error) {
    const other = await readLease(warehouse);
    if (other && isHeld(other, now(), warehouse)) throw runInProgress(other);
    throw error;
  }
  const taken = await readLease(warehouse);
  return new HeldLease(warehouse, taken?.token ?? 0, now);
}

/** Tables of an earlier Waymark are numbered by their versions: tokens go on from these, as they number tables too. */
const lease = path(...leasePath);
const firstRow = sql`
insert into ${lease} (token)
select coalesce(max(version), 0) from ${path(...tablesPath)} where not exists (select 1 from ${lease})`;

const expiryFrom = (instant: Date): Date => new Date(instant.getTime() + lasts);

/** One that lasts for longer was left by a clock that ran ahead: nobody waits for that time to come. */
const longest = 3_600_000;

/** Where one process alone can open the warehouse, what another one left says that it died. */
function isHeld(row: LeaseRow, now: Date, { isExclusive }: Warehouse): row is LeaseRow & Held {
  if (row.expires_at === null || (isExclusive && row.process !== thisProcess)) return false;
  const left = row.expires_at.getTime() - now.getTime();
  return left > 0 && left <= longest;
}
type Held = { [K in "holder" | "acquired_at" | "expires_at"]: NonNullable<LeaseRow[K]> };

async function readLease(warehouse: Warehouse): Promise<LeaseRow | undefined> {
  const [row] = await warehouse.query(sql`select * from ${lease}`, leaseColumns);
  return row;
}

/** A lease in this process's hands. */
class HeldLease implements Lease {
  private readonly lost = new AbortController();
  readonly signal = this.lost.signal;
  /** Each transaction renews the lease: two at once would be in each other's way. */
  private readonly inTurn = pLimit(1);

  constructor(
    private readonly warehouse: Warehouse,
    readonly token: number,
    private readonly now: () => Date,
  ) {}

  transaction(statements: readonly Sql[], views: readonly Sql[] = []): Promise<void> {
    return this.inTurn(async () => {
      // Once more before the views: where they come after the transaction, the lease may be lost in between.
      const definitions = views.length > 0 ? [this.fence(), ...views] : [];
      try {
        await this.warehouse.transaction([this.fence(), ...statements], { definitions });
      } catch (error) {
        throw (await this.loss()) ?? error;
      }
    });
  }

  /** A failure is no news here: the next transaction meets it too, or the loss that it leads to. */
  renew(): void {
    if (this.inTurn.activeCount === 0) this.transaction([]).catch(() => {});
  }

  /** How the lease was lost; undefined while it is ours, run out or not. */
  async loss(): Promise<WaymarkError | undefined> {
    const row = await readLease(this.warehouse);
    if (row?.token === this.token) return undefined;
    const error = leaseLost(row);
    this.lost.abort(error);
    return error;
  }

  giveBack(): Promise<void> {
    return this.inTurn(() =>
      this.warehouse.run(
        sql`update ${lease} set holder = null, process = null, acquired_at = null, expires_at = null where token = ${integer(this.token)}`,
      ),
    );
  }

  /**
   * Fails unless the lease is ours, and renews it: a write, so that of this transaction and one that takes the lease at
   * the same time the engine undoes one.
   */
  private fence(): Sql {
    const isOurs = orFail(sql`token = ${integer(this.token)}`, "The lease is another's.");
    return sql`update ${lease} set expires_at = ${bind("timestamp", expiryFrom(this.now()))} where ${isOurs}`;
  }
}

const runInProgress = ({ holder, acquired_at, expires_at }: Held): WaymarkError =>
  new WaymarkError(
    "RUN_IN_PROGRESS",
    `Another run is making tables: ${holder}, since ${acquired_at.toISOString()}. Its lease lasts until ${expires_at.toISOString()} and is renewed while it lives. Try again later; of builds \`--wait\` waits for it.`,
    { holder, since: acquired_at, until: expires_at },
  );

const leaseLost = (row: LeaseRow | undefined): WaymarkError => {
  const by = row?.holder
    ? `${row.holder} has taken over since ${row.acquired_at?.toISOString()}`
    : "another has taken over since";
  return new WaymarkError(
    "LEASE_LOST",
    `This run was held up for so long that its lease ran out, and ${by}. It published nothing; the tables that it had recorded are gone on from.`,
    { holder: row?.holder ?? null, since: row?.acquired_at ?? null },
  );
};
