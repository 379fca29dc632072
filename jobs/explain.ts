import { didYouMean, WaymarkError } from "../errors.js";
import { buildOrder, type Node, upstreamOf } from "../models/graph.js";
import { models } from "../models/index.js";
import type { Company, Model } from "../models/model.js";
import { differingKeys, keyOf, stagedKeyOf } from "../models/sources/changes.js";
import type { SourceName } from "../models/sources/index.js";
import { countIf, dayOf } from "../warehouse/dialect.js";
import { bind, integer, path, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { describeCompany, type Project } from "./company.js";
import {
  type BuiltTable,
  readAllTables,
  readComparisons,
  readLatestSnapshot,
  readRun,
  readRuns,
  readTables,
  readWritings,
  type Snapshot,
  schemas,
  type Writing,
} from "./ledger.js";
import { changedBy, findingOf, inputsOf, searchOf, workOf } from "./plan.js";
import { fromVersion, toVersion } from "./store.js";

/** An input, with the days of the rows that differed where it was read in part; null = all, or without days. */
interface ReadInput {
  readonly model: string;
  readonly from: number | null;
  readonly to: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
}

/** Why a table is to be built again, or a day of it isn't there: by what model, and of which days (null = any). */
export interface StaleReason {
  readonly kind: "journey" | "definition" | "inputs" | "raw rows" | "not built";
  readonly model: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly text: string;
  /** What of it the next build may not find yet; null where it finds all. */
  readonly missed: string | null;
}

/** How rows came to be, and whether they would be others by now. */
export interface Explanation {
  readonly model: string;
  /** Null where the whole table was asked for. */
  readonly day: string | null;
  readonly snapshot: number;
  readonly dataThrough: string;
  /** Published rows of that day. */
  readonly rows: number;
  /** When rows of the day came or went last; null where there never were any, or an earlier Waymark wrote them. */
  readonly written:
    | (Omit<Writing, "inputs"> & { trigger: string | null; inputs: readonly ReadInput[] })
    | null;
  /** Whether a build would bring other rows; days that are still to come are not built yet, which isn't that. */
  readonly isStale: boolean;
  readonly reasons: readonly StaleReason[];
  /** What the latest run failed with, as the next build may again; null where it didn't. */
  readonly failure: string | null;
}

/**
 * Why a day of a table says what it says, and whether a build would say something else: the definition and the journey
 * are held against what made it, and all raw rows that it hangs on are compared with what was read. Builds nothing.
 * @param day null for the table as a whole
 * @throws WaymarkError BAD_USER_INPUT for an unknown model, or a day of one without days; NOT_BUILT; CANCELLED
 */
export async function explain(
  warehouse: Warehouse,
  project: Project,
  modelName: string,
  day: string | null,
  now: Date,
  signal?: AbortSignal,
): Promise<Explanation> {
  const model = knownModel(modelName, day);
  const snapshot = await readLatestSnapshot(warehouse);
  const published = snapshot && (await readTables(warehouse, snapshot));
  const table = published?.get(model.name);
  if (!snapshot || !published || !table)
    throw new WaymarkError(
      "NOT_BUILT",
      `${model.name} is not built yet. \`waymark build\` builds and publishes.`,
    );
  const company = await describeCompany(warehouse, project, now);
  const writings = await readWritings(warehouse);
  const { rows, version } = await standing(warehouse, table, day, signal);
  const writing = writings.find((w) => w.model === model.name && w.version === version);
  const missedOf = await whatBuildsMiss(warehouse, project, now);
  const all = await staleReasons(warehouse, company, model, snapshot, published, writings, missedOf, signal);
  const reasons = [
    ...all.filter((reason) => day === null || reason.from === null || reason.from <= day),
    ...(day !== null && day > snapshot.dataThrough ? [notBuilt(model, day, snapshot)] : []),
  ];
  return {
    model: model.name,
    day,
    snapshot: snapshot.id,
    dataThrough: snapshot.dataThrough,
    rows,
    written: writing
      ? {
          ...writing,
          trigger: (await readRun(warehouse, writing.run_id))?.trigger ?? null,
          inputs: writing.inputs.map((input) => ({ ...input, ...daysOf(input, writings) })),
        }
      : null,
    isStale: reasons.some(({ kind }) => kind !== "not built"),
    reasons,
    failure: await latestFailure(warehouse),
  };
}

/** Of a source, what the next build may not find of raw rows that changed; null where it finds all. */
async function whatBuildsMiss(
  warehouse: Warehouse,
  { settings }: Project,
  now: Date,
): Promise<(source: SourceName) => string | null> {
  const comparedAt = await readComparisons(warehouse);
  return (source: SourceName) => {
    const mapping = settings.sources[source];
    if (!mapping || searchOf(mapping, comparedAt.get(source), now)?.compared === "all") return null;
    return findingOf(source, mapping, comparedAt.get(source)).missed;
  };
}

async function latestFailure(warehouse: Warehouse): Promise<string | null> {
  const [run] = await readRuns(warehouse, 1);
  return run?.status === "failed" && run.error_code !== "CANCELLED" ? run.error : null;
}

function knownModel(modelName: string, day: string | null): Model {
  const known = models.map((m) => m.name);
  const model: Model | undefined = models.find((m) => m.name === modelName);
  if (!model)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `There is no model "${modelName}".${didYouMean(modelName, known) || ` Models: ${known.join(", ")}.`}`,
    );
  if (day !== null && !("day" in model.columns))
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `Rows of ${model.name} have no day; ask \`waymark explain ${model.name}\` for all of it.`,
    );
  return model;
}

/** The rows of a day as they are seen, and the version in which any came or went last. */
async function standing(
  warehouse: Warehouse,
  { store, version }: BuiltTable,
  day: string | null,
  signal: AbortSignal | undefined,
): Promise<{ rows: number; version: number | null }> {
  const seen = integer(version);
  const [row] = await warehouse.query(
    sql`
select
  ${countIf(sql`${toVersion} > ${seen}`)} as n,
  max(case when ${toVersion} <= ${seen} then ${toVersion} else ${fromVersion} end) as version
from ${path(schemas.tables, store)}
where ${fromVersion} <= ${seen} and ${day === null ? sql`true` : sql`day = ${bind("date", day)}`}`,
    { n: { type: "integer", notNull: true }, version: { type: "integer" } },
    { signal },
  );
  return { rows: row?.n ?? 0, version: row?.version ?? null };
}

/** Everything by which a table would be another now, its own reasons and those of what it reads, nearest last. */
async function staleReasons(
  warehouse: Warehouse,
  company: Company,
  model: Model,
  snapshot: Snapshot,
  published: ReadonlyMap<string, BuiltTable>,
  writings: readonly Writing[],
  missedOf: (source: SourceName) => string | null,
  signal: AbortSignal | undefined,
): Promise<StaleReason[]> {
  const order = buildOrder(models, company);
  const concerned = new Set([model.name, ...upstreamOf(order, model.name)]);
  const tables = Object.fromEntries(published);
  const all = await readAllTables(warehouse);
  const edited = new Set(changedBy(snapshot.words, order, company, warehouse));
  const reasons: StaleReason[] = [];
  for (const node of order.filter((n) => concerned.has(n.model.name))) {
    const { name: own } = node.model;
    const built = published.get(own);
    const work = workOf(node, inputsOf(node, company, warehouse, tables), built, tables, all);
    if (work.kind === "whole") {
      const isJourney = built !== undefined && edited.has(own);
      reasons.push({
        kind: isJourney ? "journey" : "definition",
        model: own,
        from: null,
        to: null,
        text: isJourney
          ? `${own}: the journey was edited from ${snapshot.words.journey.version} to ${company.journey.version}`
          : `${own}: ${work.reason}`,
        missed: null,
      });
    }
    if (work.kind === "part")
      for (const change of work.changed) {
        const { firstDay, lastDay } = daysOf(change, writings);
        reasons.push({
          kind: "inputs",
          model: own,
          from: firstDay,
          to: lastDay,
          text: `${own}: ${change.model} changed since it was read${firstDay ? `, from ${firstDay} on` : ""}`,
          missed: null,
        });
      }
    const raw = await changedRaw(warehouse, node, company, snapshot, missedOf, signal);
    if (raw) reasons.push(raw);
  }
  return reasons;
}

/** The raw rows of a source that differ from the staged ones, all days compared. */
async function changedRaw(
  warehouse: Warehouse,
  { model }: Node,
  company: Company,
  snapshot: Snapshot,
  missedOf: (source: SourceName) => string | null,
  signal: AbortSignal | undefined,
): Promise<StaleReason | undefined> {
  const { source } = model;
  const mapped = source && company.sources[source];
  const table = snapshot.tables[model.name];
  if (!mapped || !table) return undefined;
  const staged = path(schemas.tables, table);
  const instant = model.occurredAt === undefined ? undefined : mapped.columns[model.occurredAt]?.value;
  const dayHere = instant ? dayOf(instant, company.timeZone) : sql`cast(null as date)`;
  const dayThere = instant ? sql`t.day` : sql`cast(null as date)`;
  const [row] = await warehouse.query(
    sql`
with found as (
  ${differingKeys(mapped, sql`(${mapped.raw})`, staged)}
),
days as (
  select ${dayHere} as day from (${mapped.raw}) as c where ${keyOf(mapped.source, mapped.columns)} in (select key from found)
  union all
  select ${dayThere} as day from ${staged} as t where ${stagedKeyOf(mapped.source)} in (select key from found)
)
select (select count(*) from found) as n, min(day) as first_day, max(day) as last_day from days`,
    { n: { type: "integer", notNull: true }, first_day: { type: "date" }, last_day: { type: "date" } },
    { signal },
  );
  if (!row || row.n === 0) return undefined;
  // A row without a day on one side may have had any.
  const through = row.last_day === row.first_day ? "" : ` to ${row.last_day}`;
  const days = row.first_day ? `, of ${row.first_day}${through}` : "";
  return {
    kind: "raw rows",
    model: model.name,
    from: row.first_day,
    to: row.last_day,
    text: `${model.name}: raw rows of ${row.n} ${row.n === 1 ? "key" : "keys"} came, went or changed${days}`,
    missed: missedOf(source),
  };
}

const notBuilt = (model: Model, day: string, { dataThrough }: Snapshot): StaleReason => ({
  kind: "not built",
  model: model.name,
  from: day,
  to: null,
  missed: null,
  text: `${model.name}: the data goes through ${dataThrough}; later days come when there is data of them`,
});

/** The days of the rows that differ between two versions of a model, as far as the ledger knows. */
export function daysOf(
  { model, from, to }: { model: string; from: number | null; to: number },
  writings: readonly Writing[],
): { firstDay: string | null; lastDay: string | null } {
  if (from === null) return { firstDay: null, lastDay: null };
  const [least, most] = [Math.min(from, to), Math.max(from, to)];
  const between = writings.filter((w) => w.model === model && w.version > least && w.version <= most);
  const firsts = between.map((w) => w.first_day);
  const lasts = between.flatMap((w) => w.last_day ?? []);
  return {
    firstDay: firsts.includes(null) ? null : (firsts.sort()[0] ?? null),
    lastDay: lasts.sort().at(-1) ?? null,
  };
}
