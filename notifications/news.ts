import type { WebhookEvent } from "../config/settings.js";
import { readLatestSnapshot, readSnapshots } from "../jobs/ledger.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { newsOfAccounts } from "./account_news.js";
import { readTold, record } from "./outbox.js";
import { newsOfRuns, readEndedRuns } from "./run_news.js";
import type { Webhook } from "./webhook.js";

export interface TellOptions {
  /** Its name. */
  readonly company: string;
  readonly now: () => Date;
}

export interface NewsOptions extends TellOptions {
  /** Something was recorded that is to be sent. */
  readonly onNews?: () => void;
  /** The news could not be recorded. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Do a run, and record what it makes news for the webhooks that listen. Before it, what an earlier process published
 * and died before telling is caught up, while the tables to compare with still stand. A run fails or succeeds as it
 * would alone: where the news can't be recorded, `onProblem` is told and the next run catches up.
 */
export async function withNews<T>(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  options: NewsOptions,
  run: () => Promise<T>,
): Promise<T> {
  const tell = async (): Promise<void> => {
    try {
      if ((await tellNews(warehouse, webhooks, options)) > 0) options.onNews?.();
    } catch (error) {
      options.onProblem(error);
    }
  };
  await tell();
  try {
    return await run();
  } finally {
    await tell();
  }
}

/**
 * Record what happened since the last time: runs that failed or recovered, signals and tasks that the published
 * snapshot is the first to have. The first time nothing is news, and of the first snapshot nothing either: what was
 * before is history.
 * @returns how many messages are new
 */
export async function tellNews(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  { company, now }: TellOptions,
): Promise<number> {
  const told = await readTold(warehouse);
  const snapshot = await readLatestSnapshot(warehouse);
  const runs = await readEndedRuns(warehouse, told);
  if (told && told.snapshotId === (snapshot?.id ?? null) && runs.untold.length === 0) return 0;
  const drafts = told ? newsOfRuns(runs, company, snapshot, now()) : [];
  const isListened = webhooks.some(({ events }) => events.some((event) => ofAccounts.includes(event)));
  if (snapshot && told?.snapshotId && isListened) {
    const [before] = (await readSnapshots(warehouse, snapshot.id - told.snapshotId + 1)).slice(-1);
    if (before && before.id < snapshot.id)
      drafts.push(...(await newsOfAccounts(warehouse, snapshot, before, company)));
  }
  const last = runs.untold.at(-1);
  const toldThrough = {
    snapshotId: snapshot?.id ?? null,
    runsThrough: last?.started_at ?? told?.runsThrough ?? null,
    runsToken: last?.token ?? told?.runsToken ?? null,
  };
  return record(warehouse, webhooks, drafts, { toldThrough, now: now() });
}

const ofAccounts: readonly WebhookEvent[] = ["signal_opened", "task_created"];
