import { isFailure, readRunsSinceSuccess } from "../jobs/failures.js";
import type { Run, Snapshot } from "../jobs/ledger.js";
import { bind, integer, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { builds, type Draft } from "./message.js";
import type { Told } from "./outbox.js";

/** Runs that have ended, the earliest first. */
export interface EndedRuns {
  /** Failures that were told already and that nothing has recovered from. */
  readonly failing: readonly Run[];
  /** Those that are to be told. */
  readonly untold: readonly Run[];
}

export async function readEndedRuns(
  warehouse: Warehouse,
  told: Pick<Told, "runsThrough" | "runsToken"> | undefined,
): Promise<EndedRuns> {
  const { runsThrough = null, runsToken = null } = told ?? {};
  const isTold =
    runsToken === null
      ? sql`r.started_at <= ${bind("timestamp", runsThrough)}`
      : sql`coalesce(r.token, 0) <= ${integer(runsToken)}`;
  const found = await readRunsSinceSuccess(warehouse, isTold);
  const running = found.findIndex(({ status }) => status === "running");
  const ended = running < 0 ? found : found.slice(0, running);
  return {
    failing: ended.filter((run) => run.holds && isFailure(run)),
    untold: ended.filter((run) => !run.holds),
  };
}

/** A message for each failure, and for the first success after some. */
export function newsOfRuns(
  { failing, untold }: EndedRuns,
  company: string,
  stands: Snapshot | undefined,
  now: Date,
): Draft[] {
  let failures = [...failing];
  return untold.flatMap((run) => {
    if (isFailure(run)) {
      failures.push(run);
      return [failed(run, failures.length, company, stands, now)];
    }
    if (run.status !== "succeeded" || run.snapshot_id === null || failures.length === 0) return [];
    const news = recovered(failures, run, company, stands, now);
    failures = [];
    return [news];
  });
}

/** A failed check names rows; what a message carries of them is kept short. */
const longestError = 2000;

function failed(run: Run, inARow: number, company: string, stands: Snapshot | undefined, now: Date): Draft {
  const error = (run.error ?? "Its process ended without a word.").slice(0, longestError);
  const code = run.error_code ?? "INTERRUPTED";
  const left = stands
    ? `Snapshot ${stands.id} with data through ${stands.dataThrough} stands.`
    : "Nothing is published yet.";
  return {
    type: "run_failed",
    fact: [run.run_id],
    subject: builds,
    timestamp: (run.finished_at ?? now).toISOString(),
    company,
    summary: `${company}: a build failed (${code}): ${sentence(error)} ${left}`,
    data: { run: { ...runIn(run), code, error }, failuresInARow: inARow, snapshot: snapshotIn(stands) },
  };
}

/** The first line, ended by a stop. */
const sentence = (error: string): string => (error.split("\n")[0] ?? "").replace(/[^.!?]$/, "$&.");

function recovered(
  failures: readonly Run[],
  run: Run,
  company: string,
  stands: Snapshot | undefined,
  now: Date,
): Draft {
  const times = failures.length === 1 ? "a failure" : `${failures.length} failures`;
  return {
    type: "run_recovered",
    fact: [run.run_id],
    subject: builds,
    timestamp: (run.finished_at ?? now).toISOString(),
    company,
    summary: `${company}: a build succeeded after ${times}${stands ? `; data through ${stands.dataThrough}` : ""}.`,
    data: {
      run: runIn(run),
      failures: failures.length,
      failingSince: failures[0]?.started_at.toISOString(),
      snapshot: snapshotIn(stands),
    },
  };
}

const runIn = (run: Run) => ({
  id: run.run_id,
  trigger: run.trigger,
  startedAt: run.started_at.toISOString(),
  finishedAt: run.finished_at?.toISOString() ?? null,
});

/** What readers see, as messages tell it; null where nothing is published. */
export const snapshotIn = (snapshot: Snapshot | undefined) =>
  snapshot
    ? {
        id: snapshot.id,
        dataThrough: snapshot.dataThrough,
        publishedAt: snapshot.publishedAt.toISOString(),
        journeyVersion: snapshot.words.journey.version,
      }
    : null;
