import { Temporal } from "temporal-polyfill";
import type { Settings } from "../config/settings.js";
import type { Journey } from "../journey/journey.js";
import type { Company } from "../models/model.js";
import { attributesIn, mapSources } from "../models/sources/mapping.js";
import type { Warehouse } from "../warehouse/warehouse.js";

/** What differs between companies: their settings and their journey. */
export interface Project {
  settings: Settings;
  journey: Journey;
}

/** The company as its raw data stands now: mapped, types known, days settled. */
export async function describeCompany(
  warehouse: Warehouse,
  { settings, journey }: Project,
  now: Date,
): Promise<Company> {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(settings.time_zone)
    .toPlainDate();
  return {
    timeZone: settings.time_zone,
    yesterday: today.subtract({ days: 1 }).toString(),
    dataThrough: settings.data_through,
    journey,
    attributes: attributesIn(settings),
    sources: await mapSources(warehouse, settings),
  };
}
