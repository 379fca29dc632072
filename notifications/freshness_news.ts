import type { Warehouse } from "../warehouse/warehouse.js";
import { type Draft, type Message, ofModel } from "./message.js";
import { latestOf, record } from "./outbox.js";
import type { Webhook } from "./webhook.js";

/** A table that is older than it may be. */
export interface FreshnessBreach {
  readonly model: string;
  /** The moment from which it has been too old. */
  readonly freshUntil: Date;
  /** How old it may be, in hours. */
  readonly limitHours: number;
}

/**
 * Tell of tables that have become stale, and of those that are fresh again, each once.
 * @param breaches all that are in breach now
 * @returns how many messages are new
 */
export async function tellFreshness(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  breaches: readonly FreshnessBreach[],
  { company, now }: { company: string; now: Date },
): Promise<number> {
  const last = await latestOf(warehouse, ["freshness_breached", "freshness_restored"]);
  const told = last.filter(({ type }) => type === "freshness_breached") as Told[];
  const isTold = ({ model }: FreshnessBreach): boolean => told.some(({ data }) => data.model === model);
  const isOver = ({ data }: Told): boolean => !breaches.some(({ model }) => model === data.model);
  const drafts = [
    ...breaches.filter((breach) => !isTold(breach)).map((breach) => breached(breach, company, now)),
    ...told.filter(isOver).map((message) => restored(message, company, now)),
  ];
  return record(warehouse, webhooks, drafts, { now });
}

type Told = Message & { data: { model: string; freshUntil: string; limitHours: number } };

function breached({ model, freshUntil, limitHours }: FreshnessBreach, company: string, now: Date): Draft {
  const ageHours = limitHours + hoursBetween(freshUntil, now);
  return {
    type: "freshness_breached",
    // A table may become stale again after it was restored: the time of telling sets these apart.
    fact: [model, now.toISOString()],
    subject: ofModel(model),
    timestamp: now.toISOString(),
    company,
    summary: `${company}: ${model} is stale: ${hours(ageHours)} old, where ${hours(limitHours)} is the limit.`,
    data: { model, freshUntil: freshUntil.toISOString(), limitHours, ageHours },
  };
}

function restored({ data }: Told, company: string, now: Date): Draft {
  const { model, freshUntil, limitHours } = data;
  const staleHours = hoursBetween(new Date(freshUntil), now);
  return {
    type: "freshness_restored",
    fact: [model, now.toISOString()],
    subject: ofModel(model),
    timestamp: now.toISOString(),
    company,
    summary: `${company}: ${model} is fresh again, after ${hours(staleHours)}.`,
    data: { model, staleSince: freshUntil, staleHours, limitHours },
  };
}

const hoursBetween = (from: Date, to: Date): number =>
  Math.round((to.getTime() - from.getTime()) / 36_000) / 100;

const hours = (n: number): string => `${Number(n.toFixed(1))} h`;
