import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { packageFolder } from "../config/package.js";
import { loadSettings, type Settings } from "../config/settings.js";
import { didYouMean, WaymarkError } from "../errors.js";
import type { Project } from "../jobs/company.js";
import { checkFreshness } from "../jobs/freshness.js";
import { schemas } from "../jobs/ledger.js";
import { loadJourney } from "../journey/load.js";
import { problemsIn } from "../models/company_checks.js";
import { checkOwnFacts } from "../models/daily/own_fact_days.js";
import { attributesIn, checkMappings } from "../models/sources/mapping.js";
import { problemsInAccess } from "../resolvers/roles.js";
import type { Access } from "../server/sign_in.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import type { Warehouse } from "../warehouse/warehouse.js";

/** A folder with `waymark.yml` and, if the company has its own, `journey.yml`. */
export interface ProjectFolder extends Project {
  readonly folder: string;
  /** The journey file in use; the one that ships where the folder has none. */
  readonly journeyFile: string;
}

export const settingsName = "waymark.yml";
export const journeyName = "journey.yml";

/** Where saved queries are: the project's own, then those that ship. */
export const queryFolders = (folder: string): string[] =>
  [folder, packageFolder].map((where) => join(where, "queries"));

/** Ready-made journeys, and for whom each is. */
export const presets: Readonly<Record<string, string>> = {
  "three-stage": "onboarding, established, pre-renewal: the year turns around the renewal",
  "four-stage": "trial and handover, implementation, adoption, growth: from the sale to more seats",
  "five-stage": "onboarding, adoption, usage, value realisation, advocacy: results are confirmed",
};
export const presetsFolder = join(packageFolder, "journey", "presets");
export const defaultPreset = "three-stage";
export const defaultJourney = join(presetsFolder, `${defaultPreset}.yml`);

/** The file of a preset. @throws WaymarkError BAD_USER_INPUT for a name that is none */
export function presetFile(name: string): string {
  if (!Object.hasOwn(presets, name)) {
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `There is no preset "${name}".${didYouMean(name, Object.keys(presets))}`,
      { preset: name, known: Object.keys(presets) },
    );
  }
  return join(presetsFolder, `${name}.yml`);
}

export interface GlobalOptions {
  project: string;
  json?: true;
}

/** A command's own options with those of the program. */
export const optionsOf = <T>(command: Command): GlobalOptions & T => command.optsWithGlobals();

/** @param otherJourney another journey file than the folder's own */
export function loadProject(folder: string, otherJourney?: string): ProjectFolder {
  const own = join(folder, journeyName);
  const journeyFile = otherJourney ?? (existsSync(own) ? own : defaultJourney);
  const journey = loadJourney(journeyFile, checkOwnFacts);
  const settings = loadSettings(join(folder, settingsName), (given) => [
    ...checkMappings(given),
    ...checkFreshness(given),
    ...problemsIn(given.checks, { journey, attributes: attributesIn(given) }),
    ...problemsInAccess(given.access, { journey, attributes: attributesIn(given) }),
  ]);
  return { folder, journeyFile, settings, journey };
}

/** How callers of its server sign in; undefined where nobody does. */
export const accessOf = ({ settings: { access, folder } }: Project): Access | undefined =>
  access && { settings: access, folder };

/** Use a project's warehouse, and close it whatever happens. */
export async function withWarehouse<T>(
  { settings }: Project,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  const warehouse = await openWarehouse(settings.warehouse);
  try {
    return await work(warehouse);
  } finally {
    await warehouse.close();
  }
}

async function openWarehouse(settings: Settings["warehouse"]): Promise<Warehouse> {
  if (settings.engine === "bigquery") {
    const { openBigQuery } = await import("../warehouse/bigquery.js"); // its client takes a fifth of a second to load
    return openBigQuery({
      project: settings.project,
      location: settings.location,
      datasets: Object.fromEntries(
        Object.entries(settings.datasets).map(([what, dataset]) => [
          schemas[what as keyof typeof schemas],
          dataset,
        ]),
      ),
      partitionBy: settings.partition_by,
      maximumBytesBilled: settings.maximum_bytes_billed,
      apiEndpoint: settings.api_endpoint,
    });
  }
  const { file, memory_limit: memoryLimit, threads } = settings;
  return openDuckDb({ file, memoryLimit, ...(threads ? { threads } : {}) });
}
