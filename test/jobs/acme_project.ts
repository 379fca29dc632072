import { settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import type { Project } from "../../jobs/company.js";
import type { Snapshot } from "../../jobs/ledger.js";
import { parseJourney } from "../../journey/load.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";
import { models } from "../../models/index.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { path, sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { acmeJourney, acmeSources, acmeTables, acmeZone } from "../models/acme.js";

/** Acme for tests that build in processes of their own, where nothing of the test runner may be imported. */
export const acmeProject: Project = {
  settings: {
    ...parseYaml(
      `company: Acme\ntime_zone: ${acmeZone}\nsources:\n${acmeSources}`,
      "waymark.yml",
      settingsSchema,
      checkMappings,
    ),
    folder: "/nowhere",
  },
  journey: parseJourney(acmeJourney, "journey.yml", checkOwnFacts),
};
for (const mapping of Object.values(acmeProject.settings.sources)) mapping.compare_every_days = 0;

/** The morning on which the raw rows of a round are built. */
export const clockOf = (round: number) => (): Date => new Date(Date.UTC(2024, 6, 1, 6, round));

/** Acme's raw rows in a round: in each some rows of what customers do are missing, others than before. */
export async function loadRound(warehouse: Warehouse, round: number): Promise<void> {
  for (const [table, { columns, rows }] of Object.entries(acmeTables)) {
    await warehouse.run(sql`drop table if exists ${path("raw", table)}`);
    const shape = Object.fromEntries(Object.entries(columns).map(([c, type]) => [c, { type }])) as Columns;
    const changes = ["clicks", "helpdesk", "nps", "meetings"].includes(table);
    await warehouse.load(["raw", table], shape, [rows.filter((_, i) => !changes || (i + round) % 6 > 0)]);
  }
}

/** Every row that readers see of every model, as text, in one order. */
export async function publishedRows(
  warehouse: Warehouse,
  { words }: Snapshot,
): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const model of models) {
    const rows = await warehouse.query(
      sql`select * from ${path("waymark", model.name)}`,
      model.columnsFor(words),
    );
    all[model.name] = rows.map((row) => JSON.stringify(row, twelveDigits)).sort();
  }
  return all;
}

/** Sums of floats may differ in their last digits. */
const twelveDigits = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value;
