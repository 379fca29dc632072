import { expect, it } from "vitest";
import { listeningTo, storeOf } from "../../bench/scans.js";
import { build } from "../../jobs/build.js";
import type { Project } from "../../jobs/company.js";
import { schemas } from "../../jobs/ledger.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { purposeNow } from "../../warehouse/purpose.js";
import { sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { acmeJourney, acmeSources, acmeTables, acmeZone } from "../models/acme.js";
import { journeyOf, settingsOf } from "../models/built.js";

const project: Project = {
  settings: settingsOf(acmeSources, acmeZone, undefined, "/nowhere"),
  journey: journeyOf(acmeJourney),
};
for (const mapping of Object.values(project.settings.sources))
  Object.assign(mapping, { compare_every_days: 30, lookback_days: 3 });

const dated = ["stg_outcomes", "stg_survey_responses", "stg_tickets", "stg_touchpoints", "stg_usage_events"];

/** Which models ask all days of a table, night after night, and why that must be. */
const allDays: Readonly<Record<string, readonly string[]>> = {
  // A raw row may be the correction, or the copy, of one of any day: its key tells which.
  ...Object.fromEntries(dated.map((source) => [source, [source]])),
  // The last day with data, which may be gone again.
  timeline: ["stg_survey_responses", "stg_tickets", "stg_usage_events"],
  // How much of all that there is can't be used.
  source_quality: dated,
  // A ticket counts on the days on which it is replied to, solved and rated, however long it was open.
  support_daily: ["stg_tickets"],
  support_metrics: ["stg_tickets"],
  // How many features were ever used is of all days so far; a fact with over_days isn't.
  own_fact_days: ["stg_usage_events"],
  // Contracts change seldom: all that they ever said is less than a month of anything else.
  account_facts: ["coverage_daily"],
  // A plan is held against all contacts since it began.
  account_touchpoints: ["stg_touchpoints"],
  // It learns from the ends of all months.
  band_risk: ["account_period_levels", "coverage_daily"],
};

it("a night reads of each table with days those that its first concerned day reaches back to, but for what is declared", async () => {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  await warehouse.run(sql`create schema raw`);
  for (const [table, { columns, rows }] of Object.entries(acmeTables))
    await load(warehouse, table, columns, rows);
  const night = async (n: number, on = warehouse): Promise<void> => {
    const { rows, columns } = acmeTables.clicks ?? { rows: [], columns: {} };
    const instant = new Date(Date.UTC(2024, 6, n, 12));
    const [first = []] = rows;
    const click = Object.keys(columns).map((column, i) =>
      column === "id" ? `night ${n}` : first[i] instanceof Date ? instant : first[i],
    );
    await load(warehouse, "clicks", columns, [click]);
    await build(on, project, {
      trigger: "test",
      manyAccounts: 1,
      now: () => new Date(Date.UTC(2024, 6, n + 1, 6)),
    });
  };
  await night(4);
  await night(5);
  await night(6);
  // Else a filter that leaves out nothing isn't told, as the days of few months are all near.
  await warehouse.run(sql`set disabled_optimizers = 'statistics_propagation'`);
  const unbound = new Map<string, Set<string>>();
  const listening = listeningTo(warehouse, (scans) => {
    for (const { schema, table, projections, filters } of scans) {
      const { model, leading = "" } = storeOf({ table }) ?? {};
      const isDated = model?.columns[leading]?.type === "date" && model.columns.account_id;
      if (schema !== schemas.tables || !model || !isDated) continue;
      // What is only counted is read of no column.
      const isCounted = projections.every((column) => column === "");
      if (isCounted && filters.length === 0) continue;
      if (filters.some((filter) => new RegExp(`\\b${leading}\\b\\s*(>=?|=|IN\\b)`).test(filter))) continue;
      const by = purposeNow().labels.model ?? "the run";
      unbound.set(by, (unbound.get(by) ?? new Set()).add(model.name));
    }
  });
  await night(7, listening); // a Sunday: a week ends
  const found = [...unbound].map(([by, tables]) => [by, [...tables].sort()]);
  expect(Object.fromEntries(found)).toEqual(allDays);
  await warehouse.close();
}, 300_000);

const load = (
  warehouse: Warehouse,
  table: string,
  columns: Readonly<Record<string, string>>,
  rows: unknown[][],
) =>
  warehouse.load(
    ["raw", table],
    Object.fromEntries(Object.entries(columns).map(([column, type]) => [column, { type }])) as Columns,
    [rows],
  );
