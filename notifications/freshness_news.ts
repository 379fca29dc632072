import type { Breach } from "../jobs/freshness.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type Draft, type Message, ofModel } from "./message.js";
import { latestOf, record } from "./outbox.js";
import type { Webhook } from "./webhook.js";

/**
 * Tell of tables that have become stale, and of those that are fresh again, each once.
 * @param breaches all that are in breach now
 * @returns how many messages are new
 */
export async function tellFreshness(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  breaches: readonly StaleTable[],
  { company, now }: { company: string; now: Date },
): Promise<number> {
  const last = (await latestOf(warehouse, ["freshness_breached", "freshness_restored"])) as Told[];
  const told = last.filter(({ type }) => type === "freshness_breached");
  const isTold = ({ model }: StaleTable): boolean => told.some(({ data }) => data.model === model);
  const isOver = ({ data }: Told): boolean => !breaches.some(({ model }) => model === data.model);
  const drafts = [
    ...breaches
      .filter((breach) => !isTold(breach))
      .map((breach) => {
        const before = last.find(({ data }) => data.model === breach.model);
        return breached(breach, before, company, now);
      }),
    ...told.filter(isOver).map((message) => restored(message, company, now)),
  ];
  return record(warehouse, webhooks, drafts, { now });
}

type StaleTable = Pick<Breach, "model" | "watermark" | "maxAgeHours">;
type Told = Message & { data: { model: string; freshUntil: string | null; limitHours: number } };

function breached(
  { model, watermark, maxAgeHours: limitHours }: StaleTable,
  before: Told | undefined,
  company: string,
  now: Date,
): Draft {
  const freshUntil = watermark && new Date(watermark.getTime() + limitHours * msPerHour).toISOString();
  const ageHours = watermark && hoursBetween(watermark, now);
  const age = ageHours === null ? "without any data" : `${hours(ageHours)} old`;
  return {
    type: "freshness_breached",
    // A table may become stale again after it was restored: what was told of it before sets these apart.
    fact: [model, before?.id ?? ""],
    subject: ofModel(model),
    timestamp: now.toISOString(),
    company,
    summary: `${company}: ${model} is stale: ${age}, where ${hours(limitHours)} is the limit.`,
    data: { model, freshUntil, limitHours, ageHours },
  };
}

function restored({ id, data, timestamp }: Told, company: string, now: Date): Draft {
  const { model, freshUntil, limitHours } = data;
  const staleSince = freshUntil ?? timestamp;
  const staleHours = hoursBetween(new Date(staleSince), now);
  return {
    type: "freshness_restored",
    fact: [model, id],
    subject: ofModel(model),
    isEnd: true,
    timestamp: now.toISOString(),
    company,
    summary: `${company}: ${model} is fresh again, after ${hours(staleHours)}.`,
    data: { model, staleSince, staleHours, limitHours },
  };
}

const msPerHour = 3_600_000;
const hoursBetween = (from: Date, to: Date): number =>
  Math.round((to.getTime() - from.getTime()) / 36_000) / 100;

const hours = (n: number): string => `${Number(n.toFixed(1))} h`;
