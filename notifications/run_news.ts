import { type Run, runs, type Snapshot, schemas } from "../jobs/ledger.js";
import { bind, path, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { builds, type Draft } from "./message.js";

/** Runs that have ended, the earliest first. */
export interface EndedRuns {
  /** Failures that were told already and that nothing has recovered from. */
  readonly failing: readonly Run[];
  /** Those that are to be told. */
  readonly untold: readonly Run[];
}

/** @param toldThrough runs that began until then are told; null = none */
export async function readEndedRuns(warehouse: Warehouse, toldThrough: Date | null): Promise<EndedRuns> {
  const table = path(schemas.ledger, "runs");
  const found = await warehouse.query(
    sql`
with recovered as (
  select max(started_at) as started_at from ${table}
  where status = 'succeeded' and snapshot_id is not null and started_at <= ${bind("timestamp", toldThrough)}
)
select r.*
from ${table} as r
cross join recovered as s
where s.started_at is null or r.started_at > s.started_at
order by r.started_at, r.run_id`,
    runs,
  );
  const running = found.findIndex(({ status }) => status === "running");
  const ended = running < 0 ? found : found.slice(0, running);
  const isTold = (run: Run): boolean => toldThrough !== null && run.started_at <= toldThrough;
  return {
    failing: ended.filter((run) => isTold(run) && isFailure(run)),
    untold: ended.filter((run) => !isTold(run)),
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
    // A step of a backfill succeeds without a snapshot: it shows readers nothing, and asks no check.
    if (run.status !== "succeeded" || run.snapshot_id === null || failures.length === 0) return [];
    const news = recovered(failures, run, company, stands, now);
    failures = [];
    return [news];
  });
}

/** What whoever asked for the run has brought about and been told of himself. */
const noFailures: readonly (string | null)[] = ["CANCELLED", "JOURNEY_CONFLICT"];

const isFailure = ({ status, error_code }: Run): boolean =>
  status === "interrupted" || (status === "failed" && !noFailures.includes(error_code));

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
