import { createHash } from "node:crypto";
import type { Node } from "../models/graph.js";
import type { Company } from "../models/model.js";
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
  // Rows keep the version that made them: a journey that says something else elsewhere makes nothing stale here.
  const anyVersion = { ...company, journey: { ...company.journey, version: "" } };
  const statement = render(node.model.query(anyVersion), warehouse.dialect);
  const params = Object.values(statement.params).map((p) => [p.type, p.value]);
  const columns = Object.entries(node.model.columnsFor(company)).map(([column, { type }]) => [column, type]);
  return {
    code: hash([statement.text, params, columns, node.model.grain, node.model.sortBy ?? []]),
    tables: Object.fromEntries(node.upstream.map((model) => [model, tables[model] ?? ""])),
    ...(source === undefined ? {} : { source }),
  };
}

export const fingerprintOf = (inputs: Inputs): string =>
  hash([inputs.code, Object.entries(inputs.tables).sort(), inputs.source ?? null]);

/** Why a table must be rebuilt, in words; null where it is fresh. */
export function whyStale(inputs: Inputs, published: BuiltTable | undefined): string | null {
  if (!published) return "never built";
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
