import { integer, name, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { latestRunFirst, type Run, readLedger } from "./ledger.js";
import { runs } from "./ledger_tables.js";

/** What whoever asked for the run has brought about and been told of himself. */
const noFailures: readonly (string | null)[] = ["CANCELLED", "JOURNEY_CONFLICT"];

export const isFailure = ({ status, error_code }: Pick<Run, "status" | "error_code">): boolean =>
  status === "interrupted" || (status === "failed" && !noFailures.includes(error_code));

/** Runs that failed one after the other. */
export interface FailedInARow {
  /** 1 or more. */
  readonly count: number;
  /** When the first of them began. */
  readonly since: Date;
}

/**
 * How often builds have failed since one succeeded last; null where the last one that ended did. What is no failure is
 * passed over, and so is what runs.
 * @param hasEnded whether no build can be running now: what is said to run has died
 */
export async function readFailedInARow(warehouse: Warehouse, hasEnded = false): Promise<FailedInARow | null> {
  const since = await readRunsSinceSuccess(warehouse, sql`true`);
  const failed = since.filter((run) => isFailure(run) || (hasEnded && run.status === "running"));
  return failed[0] ? { count: failed.length, since: failed[0].started_at } : null;
}

/**
 * Runs since the last success of which a condition on runs `r` holds, the earliest first, with whether it holds. A step
 * of a backfill succeeds without a snapshot: it shows readers nothing, and asks no check.
 */
export const readRunsSinceSuccess = (
  warehouse: Warehouse,
  condition: Sql,
): Promise<(Run & { readonly holds: boolean })[]> =>
  readLedger(
    warehouse,
    { ...runs, holds: { type: "boolean", notNull: true } },
    (at) => sql`
with numbered as (
  select r.*, coalesce(${condition}, false) as holds, row_number() over (order by ${latestRunFirst}) as runs_ago
  from ${at("runs")} as r
),
recovered as (
  select min(runs_ago) as runs_ago from numbered where status = 'succeeded' and snapshot_id is not null and holds
)
select ${[...Object.keys(runs), "holds"].map((column) => sql`n.${name(column)}`)}
from numbered as n
cross join recovered as s
where n.runs_ago < coalesce(s.runs_ago, ${integer(Number.MAX_SAFE_INTEGER)})
order by n.runs_ago desc`,
  );
