import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Settings, SourceMapping } from "../config/settings.js";
import type { Node } from "../models/graph.js";
import type { Company, CompanyWords, Model } from "../models/model.js";
import type { DaysWritten, Search } from "../models/sources/changes.js";
import { type SourceName, sources } from "../models/sources/index.js";
import { render } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type BuiltTable, type Inputs, readComparisons } from "./ledger.js";

/** What a model's table would be built from now. */
export const inputsOf = (
  node: Node,
  company: Company,
  warehouse: Warehouse,
  tables: Readonly<Record<string, BuiltTable>>,
): Inputs => {
  const { model, upstream } = node;
  const code = codeOf(model, company, warehouse);
  const today = company.dataThrough ?? company.yesterday;
  return {
    code,
    tables: Object.fromEntries(upstream.map((name) => [name, tables[name]?.table_name ?? ""])),
    ...(model.source && company.sources[model.source] ? { isMapped: true } : {}),
    // A statement that is another one on another day asks which day it is.
    ...(codeOf(model, company, warehouse, company.yesterday) === code ? {} : { asOf: today }),
  };
};

/** Hash of a model's statement and columns for a company, on one day: the same one, lest days make a difference. */
function codeOf(model: Model, company: Company, { dialect }: Warehouse, yesterday = "0001-01-01"): string {
  // Rows keep the version that made them: a journey that says something else elsewhere makes nothing stale here.
  const journey = { ...company.journey, version: "" };
  const dataThrough = company.dataThrough && yesterday;
  const statement = render(model.query({ ...company, journey, yesterday, dataThrough }), dialect);
  const params = Object.values(statement.params).map((p) => [p.type, p.value]);
  const columns = Object.entries(model.columnsFor(company)).map(([column, { type }]) => [column, type]);
  return hash([
    statement.text,
    params,
    columns,
    model.grain,
    model.sortBy ?? [],
    ...(model.isHashed ? ["hashed"] : []),
  ]);
}

/** The models of which a company with other words has other tables, in build order: changed, or reading a changed one. */
export function changedBy(
  words: CompanyWords,
  order: readonly Node[],
  company: Company,
  warehouse: Warehouse,
): string[] {
  const changed = new Set<string>();
  const other = { ...company, ...words, timeZone: words.timeZone ?? company.timeZone };
  if (isDeepStrictEqual(other, company)) return [];
  for (const { model, upstream } of order) {
    if (
      upstream.some((name) => changed.has(name)) ||
      codeOf(model, company, warehouse) !== codeOf(model, other, warehouse)
    )
      changed.add(model.name);
  }
  return [...changed];
}

/** What is to be done with a table: nothing, all of it, or what follows from the tables of which rows changed. */
export type Work =
  | { readonly kind: "nothing" }
  | { readonly kind: "whole"; readonly reason: string }
  | { readonly kind: "part"; readonly changed: readonly Change[] };

/** A table of which other rows are to be read than were read: those of another version of the same store. */
export interface Change {
  readonly model: string;
  readonly store: string;
  readonly from: number;
  readonly to: number;
  /** The days of the rows that came or went in between; undefined where they aren't known, or rows have none. */
  readonly days?: DaysWritten | undefined;
  /** A work table of these rows, of a run that wrote them itself; undefined in any other. */
  readonly told?: readonly string[] | undefined;
}

/** Hold what a table was built from against what it would be built from now. Rows follow from what its query reads. */
export function workOf(
  { reads }: Node,
  inputs: Inputs,
  built: BuiltTable | undefined,
  now: Readonly<Record<string, BuiltTable>>,
  all: ReadonlyMap<string, BuiltTable>,
): Work {
  if (!built) return { kind: "whole", reason: "never built" };
  if (inputs.code !== built.inputs.code) return { kind: "whole", reason: "its definition changed" };
  const changed: Change[] = [];
  const rebuilt: string[] = [];
  for (const model of reads) {
    const table = inputs.tables[model];
    const then = all.get(built.inputs.tables[model] ?? "");
    const next = now[model];
    if (!then || !next || then.store !== next.store) rebuilt.push(model);
    else if (then.version !== next.version || then.table_name !== table)
      changed.push({ model, store: next.store, from: then.version, to: next.version });
  }
  if (rebuilt.length > 0) return { kind: "whole", reason: `rebuilt: ${rebuilt.join(", ")}` };
  return changed.length > 0 || inputs.asOf !== built.inputs.asOf
    ? { kind: "part", changed }
    : { kind: "nothing" };
}

const msPerDay = 86_400_000;

/** How a source is searched for changed raw rows in a build at an instant; undefined where it isn't. */
export function searchOf(mapping: Mapping, comparedAt: Date | undefined, now: Date): Search | undefined {
  const { arrived, everyDays, lookbackDays } = searchRule(mapping);
  // What was compared later than now was so by a clock that ran ahead, who knows when.
  if (!comparedAt || comparedAt > now || now >= comparedNextAfter(comparedAt, everyDays))
    return { arrived: false, compared: "all" };
  if (!arrived && lookbackDays === undefined) return undefined;
  return { arrived, compared: lookbackDays === undefined ? "none" : { days: lookbackDays } };
}

/** Builds of every night come a little sooner after each other at times, and none of them is to be passed over for that. */
const comparedNextAfter = (comparedAt: Date, everyDays: number): Date =>
  new Date(comparedAt.getTime() + (everyDays - Math.min(everyDays, 1) / 8) * msPerDay);

type Mapping = Pick<SourceMapping, "columns" | "compare_every_days" | "lookback_days">;

/** The rule by which builds look for changed raw rows of a source. */
function searchRule(mapping: Mapping) {
  const arrived = "loaded_at" in mapping.columns;
  const looksOtherwise = arrived || mapping.lookback_days !== undefined;
  const everyDays = mapping.compare_every_days ?? (looksOtherwise ? 7 : 0);
  return { arrived, everyDays, lookbackDays: mapping.lookback_days };
}

/** How changed raw rows of a source are found, and what a build before the next full comparison can miss. */
export interface Finding {
  readonly source: SourceName;
  readonly found: string;
  /** Null where each build finds everything. */
  readonly missed: string | null;
  /** When all days are compared next, at the earliest; null where they never were, and the next build does. */
  readonly comparedNext: Date | null;
}

/** Of each mapped source, in the order of the sources. */
export async function readFindings(
  warehouse: Warehouse,
  { sources: mapped }: Pick<Settings, "sources">,
): Promise<Finding[]> {
  const comparedAt = await readComparisons(warehouse);
  return Object.values(sources).flatMap(({ name }) => {
    const mapping = mapped[name];
    return mapping ? [findingOf(name, mapping, comparedAt.get(name))] : [];
  });
}

export function findingOf(source: SourceName, mapping: Mapping, comparedAt: Date | undefined): Finding {
  const { arrived, everyDays, lookbackDays } = searchRule(mapping);
  const comparedNext = comparedAt ? comparedNextAfter(comparedAt, everyDays) : null;
  if (everyDays === 0) return { source, found: "every build compares all days", missed: null, comparedNext };
  const found = [
    ...(arrived ? ["rows loaded since (loaded_at)"] : []),
    ...(lookbackDays === undefined ? [] : [`the last ${lookbackDays} days are compared`]),
    `all days are compared every ${everyDays} days`,
  ].join("; ");
  const what = arrived
    ? "rows loaded more than a day before others that were read, corrected without a new loaded_at, or deleted,"
    : "changes";
  const older = lookbackDays === undefined ? "" : `older than ${lookbackDays} days `;
  const next = comparedNext ? `next on ${comparedNext.toISOString().slice(0, 10)}` : "in the next build";
  return {
    source,
    found,
    missed: `${what} ${older}are found only when all days are compared, ${next}`.replace("  ", " "),
    comparedNext,
  };
}

const hash = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
