import { createHash } from "node:crypto";
import type { Node } from "../models/graph.js";
import type { Company, CompanyWords, Model } from "../models/model.js";
import { render } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { BuiltTable, Inputs } from "./ledger.js";

/** What a model's table would be built from now. */
export function inputsOf(
  node: Node,
  company: Company,
  warehouse: Warehouse,
  tables: Readonly<Record<string, string>>,
  source: string | undefined,
): Inputs {
  return {
    code: codeOf(node.model, company, warehouse),
    tables: Object.fromEntries(node.upstream.map((model) => [model, tables[model] ?? ""])),
    ...(source === undefined ? {} : { source }),
  };
}

/** Hash of a model's statement and columns for a company. */
function codeOf(model: Model, company: Company, { dialect }: Warehouse): string {
  // Rows keep the version that made them: a journey that says something else elsewhere makes nothing stale here.
  const anyVersion = { ...company, journey: { ...company.journey, version: "" } };
  const statement = render(model.query(anyVersion), dialect);
  const params = Object.values(statement.params).map((p) => [p.type, p.value]);
  const columns = Object.entries(model.columnsFor(company)).map(([column, { type }]) => [column, type]);
  return hash([statement.text, params, columns, model.grain, model.sortBy ?? []]);
}

/** The models of which a company with other words has other tables, in build order: changed, or reading a changed one. */
export function changedBy(
  words: CompanyWords,
  order: readonly Node[],
  company: Company,
  warehouse: Warehouse,
): string[] {
  const changed = new Set<string>();
  for (const { model, upstream } of order) {
    if (
      upstream.some((name) => changed.has(name)) ||
      codeOf(model, company, warehouse) !== codeOf(model, { ...company, ...words }, warehouse)
    )
      changed.add(model.name);
  }
  return [...changed];
}

export const fingerprintOf = (inputs: Inputs): string =>
  hash([inputs.code, Object.entries(inputs.tables).sort(), inputs.source ?? null]);

/** Why a table must be rebuilt, in words; null where it is fresh. */
export function whyStale(inputs: Inputs, published: BuiltTable | undefined): string | null {
  if (!published) return "never built";
  if (!published.inputs.watermarks) return "how far its data reaches was never recorded";
  if (fingerprintOf(inputs) === published.fingerprint) return null;
  if (inputs.code !== published.inputs.code) return "its definition changed";
  if (inputs.source !== published.inputs.source) return "its raw rows changed";
  const changed = Object.keys(inputs.tables).filter(
    (model) => inputs.tables[model] !== published.inputs.tables[model],
  );
  return changed.length > 0
    ? `rebuilt: ${changed.join(", ")}`
    : "only some of its days were built from the latest inputs";
}

const hash = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
