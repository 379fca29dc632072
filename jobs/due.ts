import { lastDue, nextDue } from "../config/cron.js";
import { type ErrorCode, transientCodes } from "../errors.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type Run, readRunsBegun } from "./ledger.js";
import { onTimeMs } from "./schedule.js";

/** Where the scheduled build stands. */
export interface Due {
  /** In UTC. */
  readonly cron: string;
  /** When it was due last. */
  readonly dueAt: Date;
  /** Whether no build has begun since, though more than two minutes have passed. */
  readonly isMissed: boolean;
  /** When it runs next: as scheduled, or sooner as a further try. */
  readonly nextAt: Date;
}

/** What the ledger knows of the scheduled build, whoever ran it. */
export async function readDue(warehouse: Warehouse, cron: string, now: Date): Promise<Due> {
  const [dueAt, nextAt] = [lastDue(cron, now), nextDue(cron, now)];
  const isMissed =
    now.getTime() - dueAt.getTime() > onTimeMs && (await readBuilds(warehouse, dueAt, nextAt)).length === 0;
  return { cron, dueAt, isMissed, nextAt };
}

/**
 * Whether a build that was due at `from`, and is again at `to`, needs no run any more: one that began since has
 * succeeded, or failed as it would again. One that was cut short, by its end or by a fault that passes, is still owed.
 * One that runs elsewhere refuses a second by itself.
 */
export async function isBuilt(warehouse: Warehouse, from: Date, to: Date): Promise<boolean> {
  const builds = await readBuilds(warehouse, from, to);
  return builds.some(
    (run) => run.status === "succeeded" || (run.status === "failed" && !isCutShort(run.error_code)),
  );
}

const isCutShort = (code: string | null): boolean =>
  code === "CANCELLED" || transientCodes.includes(code as ErrorCode);

/** Runs of these bring only a part up to date; whatever else began is as good as the scheduled one. */
const partial: readonly string[] = ["apply", "selection", "backfill"];

async function readBuilds(warehouse: Warehouse, from: Date, to: Date): Promise<Run[]> {
  return (await readRunsBegun(warehouse, from, to)).filter((run) => !partial.includes(run.trigger));
}
