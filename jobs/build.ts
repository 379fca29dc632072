import { randomBytes } from "node:crypto";
import type { Settings } from "../config/settings.js";
import { messageOf, WaymarkError } from "../errors.js";
import { buildOrder } from "../models/graph.js";
import { models } from "../models/index.js";
import { traced } from "../telemetry/trace.js";
import { Account, evenOverBudget, sentFor } from "../warehouse/purpose.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { prepareChecks, runChecks } from "./checks.js";
import { describeCompany, type Project } from "./company.js";
import { type Lease, withLease } from "./lease.js";
import {
  type CheckRow,
  type FinishedRun,
  modelsFinished,
  type RunModel,
  readAllTables,
  readLatestSnapshot,
  runFinished,
  runStarted,
  runsInterrupted,
  type Snapshot,
} from "./ledger.js";
import { clearWork, showAgain } from "./publish.js";
import { collectGarbage } from "./retention.js";
import { type BuildOptions, Run } from "./run.js";

export interface BuildResult {
  runId: string;
  /** The snapshot that readers see now; the same as before where nothing was stale. */
  snapshot: Snapshot;
  isNew: boolean;
  models: RunModel[];
  /** Checks that fail and only warn. */
  warnings: CheckRow[];
  /** Why what is kept no longer could not be let go; null where it was. */
  untidied: string | null;
  seconds: number;
  /** What its statements were billed for; null where the engine bills for none. */
  bytesBilled: number | null;
}

/**
 * Build what is stale, aside; check it; make all of it visible at once. A failed check publishes nothing.
 * @throws WaymarkError RUN_IN_PROGRESS; SOURCE_INVALID and CONFIG_INVALID before anything is built; CHECK_FAILED naming
 *   model and rows
 */
export async function build(
  warehouse: Warehouse,
  project: Project,
  options: BuildOptions,
): Promise<BuildResult> {
  const { trigger, now, step } = options;
  const started = now();
  const runId = `${started.toISOString().replace(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`;
  const account = runAccount(project.settings);
  return sentFor({ caller: trigger, run: runId }, [], () =>
    withLease(warehouse, { purpose: trigger, now }, async (lease) => {
      const result = await traced("waymark.run", { "waymark.trigger": trigger, "waymark.run": runId }, () =>
        sentFor({}, [account], () => record(warehouse, lease, project, options, { runId, started, account })),
      );
      if (step) return result;
      // After the run is told of: what was published stands, and whatever fails here is made good by the next one.
      const { retention } = project.settings;
      const tidied = collectGarbage(warehouse, lease, retention, now(), false);
      return { ...result, untidied: await tidied.then(() => null, messageOf) };
    }),
  );
}

/** What all statements of a build, plan or check cost, as far as they may. */
export function runAccount({ warehouse }: Pick<Settings, "warehouse">): Account {
  const bytes = warehouse.engine === "bigquery" ? warehouse.maximum_bytes_per_run : undefined;
  return new Account(
    bytes === undefined
      ? undefined
      : {
          bytes,
          whose: "the budget of this run",
          advice:
            "Nothing was published. Raise warehouse.maximum_bytes_per_run in waymark.yml if it is worth it; `waymark build --estimate` tells what each table costs.",
        },
  );
}

/** Build, and tell the ledger how it went. */
async function record(
  warehouse: Warehouse,
  lease: Lease,
  project: Project,
  options: BuildOptions,
  { runId, started, account }: { runId: string; started: Date; account: Account },
): Promise<BuildResult> {
  // Whoever has the lease is the only one that runs.
  await lease.transaction([
    runsInterrupted(),
    runStarted({
      run_id: runId,
      trigger: options.trigger,
      started_at: started,
      note: options.note ?? null,
      token: lease.token,
    }),
  ]);
  await clearWork(warehouse, lease);
  options.onProgress?.({ kind: "started", run: runId, trigger: options.trigger });
  const seconds = (): number => (options.now().getTime() - started.getTime()) / 1000;
  const previous = await readLatestSnapshot(warehouse);
  const run = new Run(warehouse, lease, project, options, runId, previous, await readAllTables(warehouse));
  const finish = async (
    outcome: Pick<FinishedRun, "status" | "snapshot_id" | "error_code" | "error">,
  ): Promise<void> => {
    const told = { run_id: runId, finished_at: options.now(), bytes_billed: await account.total() };
    await evenOverBudget(() =>
      run.transaction([...modelsFinished(run.models), runFinished({ ...told, ...outcome })]),
    );
  };
  try {
    checkExpected(options.expect, previous?.words.journey.version);
    const company = await describeCompany(warehouse, project, started);
    const checks = await prepareChecks(warehouse, project.settings.checks, company);
    await run.buildAll(buildOrder(models, company), company);
    const warnings = options.step ? [] : await runChecks(warehouse, checks, run.held());
    const isSeen = previous && (options.step || run.isSameAs(previous, company));
    const snapshot = isSeen ? previous : await run.publish(company);
    if (isSeen && !options.step) await showAgain(run, snapshot, run.known());
    const snapshot_id = options.step ? null : snapshot.id;
    await finish({ status: "succeeded", snapshot_id, error_code: null, error: null });
    const isNew = snapshot !== previous;
    const took = seconds();
    const { id, dataThrough } = snapshot;
    const kind = isNew ? "published" : "unchanged";
    const { billed: bytesBilled } = account;
    options.onProgress?.({ kind, run: runId, snapshot: id, dataThrough, seconds: took, bytesBilled });
    const { models: told } = run;
    return { runId, snapshot, isNew, models: told, warnings, untidied: null, seconds: took, bytesBilled };
  } catch (error) {
    const error_code = error instanceof WaymarkError ? error.code : "WAREHOUSE_FAILED";
    const failed = { status: "failed", snapshot_id: null, error_code, error: messageOf(error) } as const;
    await finish(failed).catch(() => {}); // what made the run fail is the news, not that the ledger can't be told
    options.onProgress?.({
      kind: "failed",
      run: runId,
      code: error_code,
      error: messageOf(error),
      seconds: seconds(),
    });
    throw error;
  }
}

/** @throws WaymarkError JOURNEY_CONFLICT where another journey is published than was expected */
export function checkExpected(expected: string | undefined, version: string | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new WaymarkError(
    "JOURNEY_CONFLICT",
    `The published journey is ${version ?? "none"}, not ${expected}: someone has applied another meanwhile. Nothing was published; plan again and look at what changes now.`,
    { expected, published: version ?? null },
  );
}
