import { onTestFinished } from "vitest";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { build } from "../../jobs/build.js";
import { checkFreshness, type Freshness, readFreshness } from "../../jobs/freshness.js";
import { readSnapshots } from "../../jobs/ledger.js";
import type { BuildOptions } from "../../jobs/run.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { journeyOf, journeyText } from "./small.js";

const journey = journeyOf(journeyText());

const sourcesText = `
company: Small
sources:
  accounts: { table: raw.accounts, columns: { account_id: id, created_on: since, loaded_at: loaded } }
  contracts: { table: raw.contracts, columns: { contract_id: id, account_id: org, starts_on: starts, mrr: mrr } }
  usage_events: { table: raw.events, columns: { event_id: id, account_id: org, occurred_at: at } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: org, opened_at: at } }
  survey_responses: { table: raw.nps, columns: { response_id: id, account_id: org, score: score, responded_at: at } }
`;
export const settingsOf = (more = ""): Settings => ({
  ...parseYaml(sourcesText + more, "waymark.yml", settingsSchema, (s) => [
    ...checkMappings(s),
    ...checkFreshness(s),
  ]),
  folder: "/nowhere",
});

/** Raw tables of a small company: usage, tickets and a survey response on each of the days given. */
export async function companyWith(days: {
  usage: readonly string[];
  tickets: readonly string[];
  surveys?: readonly string[];
}) {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  onTestFinished(() => warehouse.close());
  const given = feeds(warehouse);
  const account: Columns = { id: { type: "string" }, since: { type: "date" }, loaded: { type: "timestamp" } };
  await warehouse.load(["raw", "accounts"], account, [
    [["a", "2024-01-01", new Date("2024-05-02T04:00:00Z")]],
  ]);
  const contract: Columns = {
    id: { type: "string" },
    org: { type: "string" },
    starts: { type: "date" },
    mrr: { type: "decimal" },
  };
  // It starts in the future: a term's first day tells nothing of when rows arrive.
  await warehouse.load(["raw", "contracts"], contract, [[["c", "a", "2030-01-01", "100"]]]);
  await given.usage(...days.usage);
  await given.tickets(...days.tickets);
  await given.surveys(...(days.surveys ?? []));
  return {
    warehouse,
    given,
    build: (now: string, options: Partial<BuildOptions> = {}, settings = settingsOf()) =>
      build(warehouse, { settings, journey }, { trigger: "test", now: () => new Date(now), ...options }),
    at: async (now: string, settings = settingsOf()): Promise<ReadonlyMap<string, Freshness>> => {
      const [snapshot] = await readSnapshots(warehouse, 1);
      if (!snapshot) throw new Error("nothing is published");
      return readFreshness(warehouse, snapshot, settings, new Date(now));
    },
  };
}

function feeds(warehouse: Warehouse) {
  const row: Columns = { id: { type: "string" }, org: { type: "string" }, at: { type: "timestamp" } };
  let ids = 0;
  const rows = (days: readonly string[]) =>
    days.map((day) => [`r${ids++}`, "a", new Date(`${day}T12:00:00Z`)]);
  return {
    usage: (...days: string[]) => warehouse.load(["raw", "events"], row, [rows(days)]),
    tickets: (...days: string[]) => warehouse.load(["raw", "tickets"], row, [rows(days)]),
    surveys: (...days: string[]) =>
      warehouse.load(["raw", "nps"], { ...row, score: { type: "integer" } }, [
        rows(days).map((r) => [...r, 9]),
      ]),
  };
}

export const may = (day: number): string => `2024-05-${String(day).padStart(2, "0")}`;
export const mayDays = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => may(from + i));
export const midnightAfter = (day: number): Date => new Date(`${may(day + 1)}T00:00:00Z`);
