import { randomUUID } from "node:crypto";
import { WaymarkError } from "../errors.js";
import { placesOf } from "../journey/check.js";
import { conditionSql } from "../journey/compile.js";
import { factsOf, type Leaf, leavesOf } from "../journey/conditions.js";
import { factsIn } from "../journey/own_facts.js";
import { trendMetrics } from "../journey/trends.js";
import { buildOrder, upstreamOf } from "../models/graph.js";
import { models } from "../models/index.js";
import { type Company, has, type RowOf } from "../models/model.js";
import { scoredDays } from "../models/signals/scored_days.js";
import { type SourceName, sources } from "../models/sources/index.js";
import { rawRows } from "../models/sources/mapping.js";
import { outOfBounds, type SourceColumn } from "../models/sources/source.js";
import { sourceQuality } from "../models/staging/source_quality.js";
import { cast, countIf } from "../warehouse/dialect.js";
import { sentFor } from "../warehouse/purpose.js";
import { join, name, relation, type Sql, sql, text } from "../warehouse/sql.js";
import type { Readiness, Warehouse } from "../warehouse/warehouse.js";
import { runAccount } from "./build.js";
import { prepareChecks } from "./checks.js";
import { describeCompany, type Project } from "./company.js";
import { locateIn, readLatestSnapshot, schemas } from "./ledger.js";

/** What a source holds, as `waymark check` and the API show it. */
export interface SourceReport {
  readonly source: string;
  readonly isMapped: boolean;
  /** Canonical columns without a raw one; their facts are null. */
  readonly unmapped: readonly string[];
  /** All rows of the source. */
  readonly all: RowOf<typeof sourceQuality> | undefined;
  readonly defects: readonly RowOf<typeof sourceQuality>[];
}

export interface Inspection {
  /** What the engine says of rights, places and costs; null where it knows none. */
  readonly readiness: Readiness | null;
  readonly sources: readonly SourceReport[];
  /** Columns with values that break their rules, with one of them, and what to declare. */
  readonly unreadable: readonly string[];
  /** Parts of the journey that no data can feed, in words. */
  readonly starved: readonly string[];
  /** Conditions that held on no day of any account, or on every day of all; null where nothing is published to tell. */
  readonly idle: readonly string[] | null;
}

/**
 * Hold configuration and raw data against each other without building: the staging models run as a build
 * would run them, into a schema of their own that is dropped again.
 * @throws WaymarkError SOURCE_INVALID, CONFIG_INVALID for checks that can't be asked, WAREHOUSE_FAILED with all that a
 * build lacks in the warehouse, and OVER_BUDGET
 */
export function inspect(warehouse: Warehouse, project: Project, now: Date): Promise<Inspection> {
  return sentFor({ caller: "check" }, [runAccount(project.settings)], () =>
    inspected(warehouse, project, now),
  );
}

async function inspected(warehouse: Warehouse, project: Project, now: Date): Promise<Inspection> {
  const readiness = await warehouse.readiness(Object.values(schemas), rawRows(project.settings));
  if (readiness && readiness.problems.length > 0)
    throw new WaymarkError(
      "WAREHOUSE_FAILED",
      `A build could not begin:\n${readiness.problems.map((problem) => `- ${problem}`).join("\n")}\nThe least that the account needs:\n${readiness.grants.map(({ grant, on, why }) => `- ${grant} on ${on}: ${why}`).join("\n")}`,
      { ...readiness },
    );
  const company = await describeCompany(warehouse, project, now);
  await prepareChecks(warehouse, project.settings.checks, company);
  const order = buildOrder(models, company);
  const needed = new Set([...upstreamOf(order, sourceQuality.name), sourceQuality.name]);
  // On an engine that others use, too, nobody else's tables are touched.
  const suffix = warehouse.isExclusive ? "" : `__${randomUUID().replaceAll("-", "_")}`;
  const locate = (model: string): string[] => [schemas.check, `${model}${suffix}`];
  await warehouse.createSchema(schemas.check, { expires: true });
  try {
    for (const { model } of order.filter((node) => needed.has(node.model.name))) {
      await warehouse.materialize(
        { table: locate(model.name), columns: model.columnsFor(company), query: model.query(company) },
        { locate },
      );
    }
    const rows = await warehouse.query(
      sql`select * from ${relation(sourceQuality.name)} order by source, row_count desc`,
      sourceQuality.columns,
      { locate },
    );
    return {
      readiness,
      sources: (Object.keys(sources) as SourceName[]).map((source) => reportOf(source, company, rows)),
      unreadable: await unreadable(warehouse, company, rows),
      starved: starvedBy(company),
      idle: await idleConditions(warehouse, company),
    };
  } finally {
    await warehouse.drop([...needed].map(locate));
  }
}

function reportOf(
  source: SourceName,
  company: Company,
  rows: readonly RowOf<typeof sourceQuality>[],
): SourceReport {
  const mapped = company.sources[source];
  const own = rows.filter((row) => row.source === source);
  return {
    source,
    isMapped: mapped !== undefined,
    unmapped: mapped?.unmapped ?? [],
    all: own.find((row) => row.defect === null),
    defects: own.filter((row) => row.defect !== null),
  };
}

/** Of each column with values that break its rules: how many, one of them, and what to declare. */
async function unreadable(
  warehouse: Warehouse,
  company: Company,
  rows: readonly RowOf<typeof sourceQuality>[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const { source, defect, row_count } of rows) {
    const [, fault, column = ""] = /^(unreadable|unexpected|out_of_range)_(.+)$/.exec(defect ?? "") ?? [];
    const mapped = company.sources[source as SourceName];
    const rules = mapped?.source.columns[column];
    const mappedColumn = mapped?.columns[column];
    if (!mapped || !rules || !mappedColumn) continue;
    const { value, isPresent } = mappedColumn;
    const breaks: Record<string, Sql> = {
      unreadable: sql`${value} is null`,
      unexpected: sql`${value} not in (${(rules.oneOf ?? []).map(text)})`,
      out_of_range: join(outOfBounds(rules, value), " or "),
    };
    const [example] = await warehouse.query(
      sql`select ${cast(sql`c.${name(column)}`, "string")} as raw from (${mapped.raw}) as c where ${isPresent} and (${breaks[fault ?? ""] ?? sql`true`}) limit 1`,
      { raw: { type: "string" } },
    );
    lines.push(
      `${source}.${column}: ${row_count === 1 ? "1 row holds" : `${row_count} rows hold`} ${JSON.stringify(example?.raw ?? null)} or the like. ${adviceOn(column, rules, fault, example?.raw ?? "")}`,
    );
  }
  return lines;
}

function adviceOn(
  column: string,
  { type, oneOf, min, max, earliest }: SourceColumn,
  fault: string | undefined,
  example: string,
): string {
  if (fault === "unexpected")
    return `Expected ${oneOf?.join(", ")}; map your words: ${column}: { column: …, values: { ${JSON.stringify(example)}: ${oneOf?.[0]} } }.`;
  if (fault === "out_of_range")
    return earliest
      ? `Expected ${earliest} or later; the day counts as missing. Where a year is written with two digits, say so: ${column}: { column: …, format: "%d.%m.%y" }.`
      : `Expected ${min ?? "anything"} to ${max ?? "anything"}; the value counts as missing.`;
  if (type === "date" || type === "timestamp")
    return `Days and times are ISO 8601 unless you declare how they are written: ${column}: { column: …, format: "${formatOf(example)}" }.`;
  return `That is no ${type}; give an expression with \`sql\`, or say with \`values\` what the words mean.`;
}

/** A format that may be meant. Which of two numbers is the day can't be told: the reader decides. */
function formatOf(example: string): string {
  const [, separator, time, seconds] =
    /^\d{1,2}([./-])\d{1,2}\1\d{4}(?:[ T](\d{1,2}:\d{2})(:\d{2})?)?$/.exec(example) ?? [];
  const day = separator ? `%d${separator}%m${separator}%Y` : "%Y-%m-%d";
  return `${day}${time ? " %H:%M" : ""}${seconds ? ":%S" : ""}`;
}

/** Parts of the journey that speak of a fact which is always null here. */
function starvedBy(company: Company): string[] {
  const { journey } = company;
  const facts = factsIn(journey);
  const because = (what: string, used: readonly string[]): string[] =>
    used.flatMap((fact) => {
      const needs = (facts[fact]?.needs ?? []).filter((need) => !has(company, need));
      return needs.length > 0
        ? [`${what} asks for ${fact}, which needs ${needs.join(" and ")}: not mapped.`]
        : [];
    });
  const lines = [
    ...placesOf(journey).flatMap(({ what, condition }) => because(what, factsOf(condition))),
    ...journey.health.indicators.flatMap((i) => because(`indicator ${i.id}`, [i.fact])),
    ...journey.trends.flatMap((fact) => because(`trend ${fact}`, [fact])),
  ];
  return [...new Set(lines)]; // a signal that begins and ends by one fact asks for it twice
}

/** Conditions that tell no account from another on the published facts; all are judged in one pass. */
async function idleConditions(warehouse: Warehouse, { journey }: Company): Promise<string[] | null> {
  const snapshot = await readLatestSnapshot(warehouse);
  if (!snapshot) return null;
  const { journey: published } = snapshot.words;
  const same = <T extends { id: string }>(ours: readonly T[], theirs: readonly T[], id: string): boolean =>
    JSON.stringify(ours.find((x) => x.id === id)) === JSON.stringify(theirs.find((x) => x.id === id));
  // What was edited since isn't in the published tables as the file means it; `waymark plan` tells of that.
  const isPublished = (leaf: Leaf): boolean => {
    if ("fact" in leaf) return same(journey.facts, published.facts, leaf.fact);
    if ("milestone" in leaf) return same(journey.milestones, published.milestones, leaf.milestone);
    if ("trend" in leaf) return trendMetrics(published).includes(leaf.trend);
    return JSON.stringify(journey.stages) === JSON.stringify(published.stages);
  };
  const places = placesOf(journey).filter(({ condition }) => leavesOf(condition).every(isPublished));
  if (places.length === 0) return [];
  const { ctes, from, row } = scoredDays(
    published,
    places.map(({ condition }) => condition),
  );
  const columns = places.map((_, i) => name(`c${i}`));
  const judged = sql`judged as (
  select ${places.map(({ condition }, i) => sql`${conditionSql(condition, row)} as ${columns[i] as Sql}`)}
  from ${from}
)`;
  const n = { type: "integer", notNull: true } as const;
  const [counts] = await warehouse.query(
    sql`with ${[...ctes, judged]} select count(*) as days, ${columns.map((c) => sql`${countIf(c)} as ${c}`)} from judged`,
    { days: n, ...Object.fromEntries(places.map((_, i) => [`c${i}`, n])) },
    { locate: locateIn(snapshot.tables) },
  );
  const found: Record<string, number> = counts ?? { days: 0 };
  return places.flatMap(({ what }, i) => {
    const held = found[`c${i}`];
    if (held === 0) return [`${what}: its condition held on no day of any account.`];
    return held === found.days ? [`${what}: its condition held on every day of all accounts.`] : [];
  });
}
