import type { LateFeed } from "../jobs/freshness.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type Draft, type Message, ofFeed } from "./message.js";
import { latestOf, record } from "./outbox.js";
import type { Webhook } from "./webhook.js";

/**
 * Tell of feeds that are late, with the tables that they make stale, and of those that no longer are, each once.
 * @param late all that are late now
 * @returns how many messages are new
 */
export async function tellFreshness(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  late: readonly Late[],
  { company, now }: { company: string; now: Date },
): Promise<number> {
  const last = (await latestOf(warehouse, ["freshness_breached", "freshness_restored"])) as Told[];
  const told = last.filter(({ type }) => type === "freshness_breached");
  const isTold = ({ feed }: Late): boolean => told.some(({ data }) => data.feed === feed);
  const isOver = ({ data }: Told): boolean => !late.some(({ feed }) => feed === data.feed);
  const drafts = [
    ...late
      .filter((feed) => !isTold(feed))
      .map((of) => {
        const before = last.find(({ data }) => data.feed === of.feed);
        return breached(of, before, company, now);
      }),
    ...told.filter(isOver).map((message) => restored(message, company, now)),
  ];
  return record(warehouse, webhooks, drafts, { now });
}

type Late = Pick<LateFeed, "feed" | "models" | "watermark" | "maxAgeHours">;
type Told = Message & { data: { feed: string; freshUntil: string | null; limitHours: number } };

function breached(
  { feed, models, watermark, maxAgeHours: limitHours }: Late,
  before: Told | undefined,
  company: string,
  now: Date,
): Draft {
  const freshUntil = watermark && new Date(watermark.getTime() + limitHours * msPerHour).toISOString();
  const ageHours = watermark && hoursBetween(watermark, now);
  const age = ageHours === null ? "without any data" : `${hours(ageHours)} old`;
  return {
    type: "freshness_breached",
    // A feed may be late again after it was restored: what was told of it before sets these apart.
    fact: [feed, before?.id ?? ""],
    subject: ofFeed(feed),
    timestamp: now.toISOString(),
    company,
    summary: `${company}: ${feed} is late: ${age}, where ${hours(limitHours)} is the limit. Stale by it: ${inShort(models)}.`,
    data: { feed, models, freshUntil, limitHours, ageHours },
  };
}

function restored({ id, data, timestamp }: Told, company: string, now: Date): Draft {
  const { feed, freshUntil, limitHours } = data;
  const staleSince = freshUntil ?? timestamp;
  const staleHours = hoursBetween(new Date(staleSince), now);
  return {
    type: "freshness_restored",
    fact: [feed, id],
    subject: ofFeed(feed),
    isEnd: true,
    timestamp: now.toISOString(),
    company,
    summary: `${company}: ${feed} is in time again, after ${hours(staleHours)}.`,
    data: { feed, staleSince, staleHours, limitHours },
  };
}

const namedAtMost = 3;
const inShort = (models: readonly string[]): string =>
  models.length > namedAtMost + 1
    ? `${models.slice(0, namedAtMost).join(", ")} and ${models.length - namedAtMost} more tables`
    : models.join(", ");

const msPerHour = 3_600_000;
const hoursBetween = (from: Date, to: Date): number =>
  Math.round((to.getTime() - from.getTime()) / 36_000) / 100;

const hours = (n: number): string => `${Number(n.toFixed(1))} h`;
