import { onTestFinished } from "vitest";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { describeCompany } from "../../jobs/company.js";
import type { Journey } from "../../journey/journey.js";
import { loadJourney, parseJourney } from "../../journey/load.js";
import { checkTable } from "../../models/checks.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";
import { buildOrder, type Node, upstreamOf } from "../../models/graph.js";
import { models } from "../../models/index.js";
import type { Company, Model, ModelColumns } from "../../models/model.js";
import { type SourceName, sources } from "../../models/sources/index.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { name, relation, type Sql, sql } from "../../warehouse/sql.js";
import type { Columns, Row, Warehouse } from "../../warehouse/warehouse.js";

/** Rows of sources under their canonical names; a column that no row has is not mapped. */
export type Given = Partial<Record<SourceName, readonly Record<string, unknown>[]>>;

export interface Circumstances {
  /** The journey file's text; the default journey without one. */
  journey?: string;
  timeZone?: string;
  /** The last day to build; decided by the data where it is not given. */
  through?: string | undefined;
  /** The clock, as an instant. */
  now?: string;
  loginEvent?: string;
}

/** A company whose models are built when they are first read. */
export interface BuiltCompany {
  readonly warehouse: Warehouse;
  readonly company: Company;
  readonly order: readonly Node[];
  /** Rows of a model by its grain, with the columns of the company's own words. Every data check must hold. */
  read<C extends ModelColumns>(model: Model<C>, where?: Sql): Promise<(Row<C> & Record<string, unknown>)[]>;
}

/** A company that has just these rows, for the length of a test. */
export async function companyOf(given: Given, circumstances: Circumstances = {}): Promise<BuiltCompany> {
  const warehouse = await warehouseForTest();
  const mappings = await loadGiven(warehouse, given, circumstances);
  return companyIn(warehouse, mappings, circumstances);
}

/** A company whose `sources` are written as in `waymark.yml`, over a warehouse that holds its raw tables. */
export async function companyIn(
  warehouse: Warehouse,
  mappings: string | Record<string, unknown>,
  { journey, timeZone, through, now = "2024-07-01T06:00:00Z" }: Circumstances = {},
  folder = "/nowhere",
): Promise<BuiltCompany> {
  const settings = settingsOf(mappings, timeZone, through, folder);
  const project = { settings, journey: journey ? journeyOf(journey) : defaultJourney };
  const company = await describeCompany(warehouse, project, new Date(now));
  const order = buildOrder(models, company);
  const done = new Set<string>();
  const build = async ({ model }: Node): Promise<void> => {
    if (done.has(model.name)) return;
    done.add(model.name);
    await materialize(warehouse, model, company);
    const { held } = await checkTable(warehouse, model, company, { locate });
    const failed = held.filter((c) => c.failingRows > 0);
    if (failed.length > 0)
      throw new Error(
        `${model.name}: ${failed.map((c) => `${c.check}: ${c.examples.join("; ")}`).join("\n")}`,
      );
  };
  return {
    warehouse,
    company,
    order,
    async read(model, where = sql`true`) {
      const needed = new Set([...upstreamOf(order, model.name), model.name]);
      for (const node of order) if (needed.has(node.model.name)) await build(node);
      const grain = model.grain.map((column) => name(column));
      const rows = await warehouse.query(
        sql`select * from ${relation(model.name)} where ${where} order by ${grain}`,
        model.columnsFor(company),
        { locate },
      );
      return rows as never;
    },
  };
}

export const materialize = (warehouse: Warehouse, model: Model, company: Company): Promise<number> =>
  warehouse.materialize(
    {
      table: locate(model.name),
      columns: model.columnsFor(company),
      query: model.query(company),
      sortBy: model.sortBy,
    },
    { locate },
  );

/** Where a built model lives in a test's warehouse. */
export const locate = (model: string): string[] => ["built", model];

export async function warehouseForTest(): Promise<Warehouse> {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  onTestFinished(() => warehouse.close());
  return warehouse;
}

export const journeyOf = (text: string): Journey => parseJourney(text, "journey.yml", checkOwnFacts);

export const defaultJourney = loadJourney("journey/presets/three-stage.yml");

export function settingsOf(
  mappings: string | Record<string, unknown>,
  timeZone = "UTC",
  through: string | undefined,
  folder: string,
): Settings {
  const rest = { company: "Test", time_zone: timeZone, ...(through ? { data_through: through } : {}) };
  const settings =
    typeof mappings === "string"
      ? parseYaml(`sources:\n${mappings}`, "waymark.yml", settingsSchema.partial({ company: true }), (s) =>
          checkMappings(s),
        )
      : settingsSchema.parse({ ...rest, sources: mappings });
  return { ...settings, ...rest, folder } as Settings;
}

async function loadGiven(
  warehouse: Warehouse,
  given: Given,
  { loginEvent }: Circumstances,
): Promise<Record<string, unknown>> {
  const mappings: Record<string, unknown> = {};
  for (const [source, rows] of Object.entries(given) as [SourceName, Record<string, unknown>[]][]) {
    const declared: Record<string, { type: Columns[string]["type"] }> = sources[source].columns;
    const used = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const columns = used.length > 0 ? used : Object.keys(declared);
    const types = Object.fromEntries(
      columns.map((c) => [c, { type: declared[c]?.type ?? "string" }]),
    ) as Columns;
    const values = rows.map((row) => columns.map((c) => rawValue(row[c], types[c]?.type)));
    await warehouse.load(["raw", source], types, [values]);
    const own = columns.filter((c) => c in declared);
    const attributes = columns.filter((c) => !(c in declared));
    mappings[source] = {
      table: `raw.${source}`,
      columns: Object.fromEntries(own.map((c) => [c, c])),
      ...(attributes.length > 0 ? { attributes: Object.fromEntries(attributes.map((c) => [c, c])) } : {}),
      ...(loginEvent && source === "usage_events" ? { login_event: loginEvent } : {}),
    };
  }
  return mappings;
}

/** Instants may be written as ISO text. */
const rawValue = (value: unknown, type: string | undefined): unknown =>
  type === "timestamp" && typeof value === "string" ? new Date(value) : (value ?? null);
