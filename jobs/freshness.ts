import { Temporal } from "temporal-polyfill";
import { type Settings, settingsSchema } from "../config/settings.js";
import type { Problem } from "../config/yaml.js";
import { didYouMean } from "../errors.js";
import { timeline } from "../models/daily/timeline.js";
import { models } from "../models/index.js";
import type { Company, Model } from "../models/model.js";
import { type SourceName, sources } from "../models/sources/index.js";
import type { Source } from "../models/sources/source.js";
import { stagingModels } from "../models/staging/source_quality.js";
import { bind, path, type Sql, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import {
  type BuiltTable,
  readLatestSnapshot,
  readTables,
  type Snapshot,
  schemas,
  type Watermarks,
} from "./ledger.js";
import { lately } from "./store.js";

/** How old a table's data is, and whether that is too old. */
export interface Freshness {
  /** The feed that is the first to be late: a source, or "timeline" for the newest of usage, tickets and surveys. */
  readonly decidedBy: string;
  /** The end of the last day that the feed's data covers; null where it has no usable row at all. */
  readonly watermark: Date | null;
  /** Hours from the watermark to now; null without one. */
  readonly ageHours: number | null;
  /** How old it may be; null = any age. */
  readonly maxAgeHours: number | null;
  readonly isLate: boolean;
}

/** A table whose data is too old. */
export interface Breach extends Omit<Freshness, "isLate"> {
  readonly model: string;
  readonly maxAgeHours: number;
}

/** A feed that is late, with all the tables that it makes late. */
export interface LateFeed extends Omit<Breach, "model" | "decidedBy"> {
  readonly feed: string;
  readonly models: readonly string[];
}

/** What decides how old data may be. With a declared `data_through` it may have any age: a fixed past is asked for. */
export type FreshnessSettings = Pick<Settings, "freshness" | "data_through">;

/** What holds where no `waymark.yml` says otherwise. */
export const defaultFreshness: FreshnessSettings = {
  freshness: settingsSchema.shape.freshness.parse(undefined),
  data_through: undefined,
};

/** Freshness of the tables of a snapshot by model; without those that no mapped source stands behind. */
export async function readFreshness(
  warehouse: Warehouse,
  snapshot: Snapshot,
  settings: FreshnessSettings,
  now: Date,
): Promise<ReadonlyMap<string, Freshness>> {
  return freshnessOf(await tablesOf(warehouse, snapshot), settings, now);
}

/** The published tables whose data is too old at `now`, in reading order; none where nothing is published. */
export async function readBreaches(
  warehouse: Warehouse,
  settings: FreshnessSettings,
  now: Date,
): Promise<Breach[]> {
  const snapshot = await readLatestSnapshot(warehouse);
  return snapshot ? breachesOf(await readFreshness(warehouse, snapshot, settings, now)) : [];
}

/** Those of the tables whose data is too old. */
export const breachesOf = (freshness: ReadonlyMap<string, Freshness>): Breach[] =>
  [...freshness].flatMap(([model, { isLate, maxAgeHours, ...rest }]) =>
    isLate && maxAgeHours !== null ? [{ model, ...rest, maxAgeHours }] : [],
  );

/** Breaches by what causes them, with the shortest limit that the feed breaks; the feed with most tables first. */
export function lateFeeds(breaches: readonly Breach[]): LateFeed[] {
  const feeds = new Map<string, LateFeed>();
  for (const { model, decidedBy: feed, watermark, ageHours, maxAgeHours } of breaches) {
    const known = feeds.get(feed);
    feeds.set(feed, {
      feed,
      watermark,
      ageHours,
      maxAgeHours: Math.min(maxAgeHours, known?.maxAgeHours ?? maxAgeHours),
      models: [...(known?.models ?? []), model],
    });
  }
  return [...feeds.values()].sort((a, b) => b.models.length - a.models.length);
}

/** Mistakes in `freshness` of `waymark.yml`. */
export function checkFreshness({
  freshness,
  sources: mapped,
}: Pick<Settings, "freshness" | "sources">): Problem[] {
  const problems: Problem[] = [];
  const unknown = (kind: "sources" | "models", known: readonly string[]): void => {
    for (const word of Object.keys(freshness[kind]).filter((w) => !known.includes(w)))
      problems.push({
        path: ["freshness", kind, word],
        message: `unknown ${kind.slice(0, -1)} "${word}".${didYouMean(word, known)}`,
      });
  };
  unknown("sources", Object.keys(sources));
  unknown(
    "models",
    models.map((m) => m.name),
  );
  for (const { name, source, columns } of stagingModels as unknown as Model[]) {
    const limit = freshness.models[name] ?? freshness.sources[source as SourceName];
    const mapping = mapped[source as SourceName];
    if (typeof limit === "number" && !("day" in columns) && mapping && !("loaded_at" in mapping.columns))
      problems.push({
        path: [
          "freshness",
          ...(freshness.models[name] === undefined ? ["sources", source as string] : ["models", name]),
        ],
        message: `the rows of ${source} belong to no day, so only loaded_at tells their age. Map sources.${source}.columns.loaded_at, or leave the limit away.`,
      });
  }
  return problems;
}

/** Freshness by model, in reading order, of tables and what the ledger knows of them. */
export function freshnessOf(
  tables: ReadonlyMap<string, BuiltTable>,
  settings: FreshnessSettings,
  now: Date,
): ReadonlyMap<string, Freshness> {
  const limitOf = limits(tables, settings);
  return new Map(
    models.flatMap((model): [string, Freshness][] => {
      const freshness = judge(model, tables.get(model.name)?.inputs.watermarks ?? {}, limitOf, now);
      return freshness ? [[model.name, freshness]] : [];
    }),
  );
}

/** Whether a table's own rows tell how far its data reaches, rather than what it reads alone. */
export const isFeed = (model: Model): boolean => model.source !== undefined || model.name === timeline.name;

/**
 * How far the data of a table reaches that was just built: for staging the end of its last usable day that is over
 * (rows of no day: when the latest was loaded), for the timeline the end of its last day, for the others the oldest of
 * what they read.
 */
export async function watermarksOf(
  warehouse: Warehouse,
  model: Model,
  table: string,
  company: Company,
  upstream: readonly Watermarks[],
  now: Date,
): Promise<Watermarks> {
  // The calendar goes on while any source does, so it is a feed of its own and inherits nobody's age.
  if (model.name === timeline.name)
    return { [timeline.name]: await reached(warehouse, model, table, company, now) };
  const isMapped = model.source !== undefined && company.sources[model.source] !== undefined;
  if (!isMapped) return oldest(upstream);
  return oldest([
    ...upstream,
    { [model.source as string]: await reached(warehouse, model, table, company, now) },
  ]);
}

/** Feed by feed the one that reaches least far. */
export function oldest(watermarks: readonly Watermarks[]): Watermarks {
  const found: Record<string, string | null> = {};
  for (const [feed, at] of watermarks.flatMap((w) => Object.entries(w))) {
    const known = found[feed];
    found[feed] = known === undefined ? at : known === null || at === null ? null : known < at ? known : at;
  }
  return found;
}

async function reached(
  warehouse: Warehouse,
  model: Model,
  table: string,
  { dataThrough, yesterday, timeZone }: Company,
  now: Date,
): Promise<string | null> {
  const from = path(schemas.tables, table);
  if (model.source && !("day" in model.columns)) {
    const [row] = await warehouse.query(
      sql`select max(loaded_at) as loaded_at from ${from} where loaded_at <= ${bind("timestamp", now)}`,
      { loaded_at: { type: "timestamp" } },
    );
    return row?.loaded_at?.toISOString() ?? null;
  }
  const dayOf = async (query: Sql): Promise<string | null> =>
    (await warehouse.query(query, { day: { type: "date" } }))[0]?.day ?? null;
  const last = dataThrough ?? yesterday;
  // A row dated ahead of its time would make a source fresh that has stopped.
  const lastOf = (rows: Sql): Promise<string | null> =>
    dayOf(sql`select max(day) as day from ${rows} as t where is_usable and day <= ${bind("date", last)}`);
  const day = model.source
    ? ((await lastOf(lately(from, last))) ?? (await lastOf(from)))
    : await dayOf(sql`select max(data_through) as day from ${from}`);
  return day ? endOf(day, timeZone) : null;
}

const endOf = (day: string, timeZone: string): string =>
  new Date(
    Temporal.PlainDate.from(day).add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds,
  ).toISOString();

type Limit = (model: Model, feed: string) => number | null;

/** The sources whose last days make the timeline's. */
const calendarSources: readonly SourceName[] = ["usage_events", "tickets", "survey_responses"];

/** How old a feed may be for a model. */
function limits(
  tables: ReadonlyMap<string, BuiltTable>,
  { freshness, data_through }: FreshnessSettings,
): Limit {
  const ofSource = (source: SourceName): number | null => {
    const declared = freshness.sources[source];
    return declared !== undefined
      ? declared
      : (sources[source] as Source).isSteady
        ? freshness.default_hours
        : null;
  };
  const ofCalendar = calendarSources
    .filter((source) => tables.get(`stg_${source}`)?.inputs.isMapped === true)
    .flatMap((source) => ofSource(source) ?? []);
  const timelineLimit = ofCalendar.length > 0 ? Math.min(...ofCalendar) : null;
  return (model, feed) => {
    const own = freshness.models[model.name] !== undefined ? freshness.models[model.name] : model.maxAgeHours;
    if (data_through !== undefined || own === null) return null;
    const limit = feed === timeline.name ? timelineLimit : ofSource(feed as SourceName);
    // A table's own limit doesn't make a source late that may rest.
    return own !== undefined && (limit !== null || feed === timeline.name || feed === model.source)
      ? own
      : limit;
  };
}

function judge(model: Model, watermarks: Watermarks, limitOf: Limit, now: Date): Freshness | undefined {
  // What a source's rows are held against doesn't make them older.
  const names = model.source ? [model.source] : Object.keys(watermarks);
  const feeds = names.flatMap((feed) => {
    const at = watermarks[feed];
    return at === undefined
      ? []
      : [{ feed, at: at === null ? null : Date.parse(at), limit: limitOf(model, feed) }];
  });
  const hours = 3_600_000;
  const lateFrom = ({ at, limit }: (typeof feeds)[number]): number =>
    limit === null ? Number.POSITIVE_INFINITY : at === null ? Number.NEGATIVE_INFINITY : at + limit * hours;
  const [first] = feeds.sort(
    (a, b) =>
      compare(lateFrom(a), lateFrom(b)) ||
      // A source is the cause of the calendar's standing still; where nothing is ever late, the calendar tells more.
      (a.limit === null ? rank(a.feed) - rank(b.feed) : rank(b.feed) - rank(a.feed)) ||
      compare(a.at ?? Number.POSITIVE_INFINITY, b.at ?? Number.POSITIVE_INFINITY),
  );
  if (!first) return undefined;
  return {
    decidedBy: first.feed,
    watermark: first.at === null ? null : new Date(first.at),
    ageHours: first.at === null ? null : (now.getTime() - first.at) / hours,
    maxAgeHours: first.limit,
    isLate: now.getTime() > lateFrom(first),
  };
}

/** How much a feed tells of the days that a table covers. */
const rank = (feed: string): number => (feed === timeline.name ? 0 : datedSources.has(feed) ? 1 : 2);
const datedSources = new Set<string | undefined>(
  stagingModels.filter(({ columns }) => "day" in columns).map(({ source }) => source),
);

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** A snapshot's tables never change: they are read once, however often someone asks for their age. */
const latest = new WeakMap<Warehouse, { id: number; tables: Promise<Map<string, BuiltTable>> }>();
function tablesOf(warehouse: Warehouse, snapshot: Snapshot): Promise<Map<string, BuiltTable>> {
  const known = latest.get(warehouse);
  if (known?.id === snapshot.id) return known.tables;
  const tables = readTables(warehouse, snapshot);
  latest.set(warehouse, { id: snapshot.id, tables });
  tables.catch(() => latest.delete(warehouse));
  return tables;
}
