import { expect } from "vitest";
import type { Ask } from "../../analysis/compare.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { accountHealth } from "../../models/health/account_health.js";
import { accountMilestones } from "../../models/milestones/account_milestones.js";
import type { Model } from "../../models/model.js";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import { accountSignals } from "../../models/signals/account_signals.js";
import { accountStages } from "../../models/stages/account_stages.js";
import { stageStays } from "../../models/stages/stage_stays.js";
import { accounts } from "../../models/staging/accounts.js";
import { stagingModels } from "../../models/staging/source_quality.js";
import { render } from "../../warehouse/sql.js";
import type { Columns } from "../../warehouse/warehouse.js";
import { lintGoogleSql } from "../googlesql/lint.js";
import type { Catalogue, ColumnType, GoogleSql } from "../googlesql/reference.js";
import { type BuiltCompany, locate } from "../models/built.js";

/** What analyses read. */
const read = [
  ...stagingModels,
  accounts,
  accountFacts,
  accountHealth,
  accountMilestones,
  accountSignals,
  accountStages,
  stageStays,
  termOutcomes,
] as unknown as Model[];

/** Asks DuckDB for a company, once all that analyses read is built and its checks hold. */
export async function onDuckDb(built: BuiltCompany): Promise<Ask> {
  for (const model of read) await built.read(model);
  return (statement, columns) => built.warehouse.query(statement, columns, { locate });
}

/** Asks GoogleSQL's reference implementation for the same rows. */
export async function onGoogleSql(built: BuiltCompany, googleSql: GoogleSql): Promise<Ask> {
  const data: Record<string, Record<string, unknown>[]> = {};
  for (const model of read) data[model.name] = await built.read(model);
  const typesOf = (columns: Columns): Record<string, ColumnType> =>
    Object.fromEntries(Object.entries(columns).map(([column, { type }]) => [column, type]));
  const catalogue: Catalogue = Object.fromEntries(
    read.map((model) => [model.name, typesOf(model.columnsFor(built.company))]),
  );
  return async (statement, columns) => {
    const rendered = render(statement, "bigquery");
    expect(lintGoogleSql(rendered.text)).toEqual([]);
    expect(await googleSql.analyze(rendered, catalogue)).toEqual(typesOf(columns));
    return (await googleSql.evaluate(rendered, catalogue, data)).rows as never;
  };
}
