import type { Settings } from "../config/settings.js";
import { messageOf } from "../errors.js";
import { lateFeeds, readBreaches } from "../jobs/freshness.js";
import { deliver, type Round } from "../notifications/deliver.js";
import { tellFreshness } from "../notifications/freshness_news.js";
import { type NewsOptions, withNews } from "../notifications/news.js";
import { readDeadLetterViews, readOverview, resend } from "../notifications/overview.js";
import { type Webhook, webhooksOf } from "../notifications/webhook.js";
import type { Webhooks } from "../resolvers/context.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { remark } from "./output.js";
import type { ProjectFolder } from "./project.js";

/** After a run nobody waits longer than this for receivers; what is left is sent the next time. */
const longestSendingMs = 30_000;

export const newsOptions = ({ settings }: ProjectFolder): NewsOptions => ({
  company: settings.company,
  now: () => new Date(),
  onProblem: (error) => remark(`Webhooks: nothing is lost, it is tried again later. ${messageOf(error)}`),
});

/**
 * A run whose news is recorded and sent once, and with it which tables are late by then; what fails waits for the next
 * run, or for `waymark serve`.
 * @throws WaymarkError CONFIG_INVALID for a missing secret, before the run; else what the run throws
 */
export async function announced<T>(
  warehouse: Warehouse,
  project: ProjectFolder,
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  const webhooks = webhooksOf(project.settings, process.env);
  try {
    return await withNews(warehouse, webhooks, newsOptions(project), run);
  } finally {
    const { now, onProblem } = newsOptions(project);
    await tellBreaches(warehouse, webhooks, project.settings, now()).catch(onProblem);
    await sendDue(warehouse, webhooks, project, signal);
  }
}

/** Tell of the feeds that make published tables too old, and of those that are in time again. Answers whether it did. */
export async function tellBreaches(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  settings: Settings,
  now: Date,
): Promise<boolean> {
  if (webhooks.length === 0) return false;
  const late = lateFeeds(await readBreaches(warehouse, settings, now));
  return (await tellFreshness(warehouse, webhooks, late, { company: settings.company, now })) > 0;
}

/** What a server answers and does for whoever asks of its webhooks. */
export const webhooksToAsk = (
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  nudge: () => void,
): Webhooks => ({
  overview: () => readOverview(warehouse, webhooks),
  deadLetters: async () =>
    (await readDeadLetterViews(warehouse)).map(({ message, ...letter }) => ({
      ...letter,
      body: JSON.stringify(message),
    })),
  resend: async (ids) => {
    const letters = await resend(warehouse, ids, new Date());
    nudge();
    return letters;
  },
});

async function sendDue(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  project: ProjectFolder,
  signal: AbortSignal,
): Promise<void> {
  const { now, onProblem } = newsOptions(project);
  const enough = AbortSignal.any([signal, AbortSignal.timeout(longestSendingMs)]);
  try {
    for (const round of await deliver(warehouse, webhooks, { now, signal: enough }))
      if (round.error !== null) remark(inWords(round));
  } catch (error) {
    onProblem(error);
  }
}

/** What became of a webhook's messages, e.g. "slack: 3 delivered, 1 to be tried again: …". */
export function inWords({ webhook, delivered, failed, dead, error }: Round): string {
  const counts = [
    `${delivered} delivered`,
    ...(failed > 0 ? [`${failed} to be tried again`] : []),
    ...(dead > 0 ? [`${dead} given up`] : []),
  ];
  return `${webhook}: ${counts.join(", ")}${error === null ? "." : `: ${error}`}`;
}
