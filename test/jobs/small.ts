import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { type BuildResult, build } from "../../jobs/build.js";
import type { BuildOptions } from "../../jobs/run.js";
import { checkJourney } from "../../journey/check.js";
import { type Journey, journeySchema } from "../../journey/journey.js";
import { versioned } from "../../journey/load.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";

const settingsText = `
company: Small
sources:
  accounts: { table: raw.accounts, columns: { account_id: id, created_on: since } }
  contracts: { table: raw.contracts, columns: { contract_id: id, account_id: org, starts_on: starts, seats: seats, mrr: mrr } }
  usage_events: { table: raw.events, columns: { event_id: id, account_id: org, user_id: uid, feature: feature, occurred_at: done } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: org, opened_at: at } }
  survey_responses: { table: raw.nps, columns: { response_id: id, account_id: org, score: score, responded_at: at } }
`;
export const journeyText = (name = "Customer", more = "") => `
stages:
  - { id: prospect, name: Prospect, is_scored: false, when: { not: { fact: is_customer, equals: true } } }
  - { id: customer, name: ${name} }
milestones: [{ id: used, name: Used, expected_days: 7, when: { fact: events_1d, at_least: 1 } }]
health:
  min_coverage: 0
  indicators:
    - { id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [10, 100]] }
    - { id: nps, name: NPS, dimension: satisfaction, fact: nps_180d, scale: [[-100, 0], [100, 100]] }
    ${more}
trends: [events_7d]
`;
export const journeyOf = (text: string): Journey =>
  versioned(parseYaml(text, "journey.yml", journeySchema, checkJourney));
export const days = 70;
export const dayAt = (i: number): string => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
export const at = (i: number): Date => new Date(`${dayAt(i)}T12:00:00Z`);
/** A clock that goes on by a second whenever somebody looks. */
let ticks = 0;
export const now = () => new Date(Date.parse("2024-04-01T06:00:00Z") + 1000 * ticks++);

export async function loadRaw(warehouse: Warehouse): Promise<void> {
  const accounts = ["a", "b", "c"];
  await warehouse.load(["raw", "accounts"], { id: { type: "string" }, since: { type: "date" } }, [
    accounts.map((a) => [a, dayAt(0)]),
  ]);
  await warehouse.load(
    ["raw", "contracts"],
    {
      id: { type: "string" },
      org: { type: "string" },
      starts: { type: "date" },
      seats: { type: "integer" },
      mrr: { type: "decimal" },
    },
    [
      [
        ["c1", "a", dayAt(5), 4, "100"],
        ["c2", "b", dayAt(30), 2, "50.5"],
      ],
    ],
  );
  const events = accounts.flatMap((a, k) =>
    Array.from({ length: days }, (_, i) => [
      `${a}${i}`,
      a,
      `u${(i + k) % 4}`,
      i % 3 ? "reports" : "export",
      at(i),
    ]).filter((_, i) => (i * 7 + k) % 3 > 0),
  );
  await warehouse.load(
    ["raw", "events"],
    {
      id: { type: "string" },
      org: { type: "string" },
      uid: { type: "string" },
      feature: { type: "string" },
      done: { type: "timestamp" },
    },
    [events],
  );
  await warehouse.load(
    ["raw", "tickets"],
    { id: { type: "string" }, org: { type: "string" }, at: { type: "timestamp" } },
    [[["t1", "a", at(10)]]],
  );
  await warehouse.load(
    ["raw", "nps"],
    {
      id: { type: "string" },
      org: { type: "string" },
      score: { type: "integer" },
      at: { type: "timestamp" },
    },
    [[["r1", "a", 9, at(20)]]],
  );
}

export const smallSettings = (folder: string): Settings =>
  ({ ...parseYaml(settingsText, "waymark.yml", settingsSchema, checkMappings), folder }) as Settings;

/** A small company in a real file, and ways to build it; in one that is there already, as it is. */
export async function openSmall(existing?: string) {
  const folder = mkdtempSync(join(tmpdir(), "waymark-small-"));
  const file = existing ?? join(folder, "w.duckdb");
  const warehouse = await openDuckDb({ file, threads: 1 });
  onTestFinished(async () => {
    await warehouse.close();
    rmSync(folder, { recursive: true });
  });
  if (!existing) await loadRaw(warehouse);
  return { file, ...buildsOf(warehouse, folder) };
}

/** The same, of which everything was built once, with what that answered. */
export async function openBuilt() {
  built ??= buildOnce();
  const { bytes, first } = await built;
  const folder = mkdtempSync(join(tmpdir(), "waymark-built-"));
  const file = join(folder, "w.duckdb");
  writeFileSync(file, bytes);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { first, ...(await openSmall(file)) };
}

let built: Promise<{ bytes: Buffer; first: BuildResult }> | undefined;

async function buildOnce(): Promise<{ bytes: Buffer; first: BuildResult }> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-once-"));
  const file = join(folder, "w.duckdb");
  const warehouse = await openDuckDb({ file, threads: 1 });
  await loadRaw(warehouse);
  const first = await buildsOf(warehouse, folder).build();
  await warehouse.close();
  const bytes = readFileSync(file);
  rmSync(folder, { recursive: true });
  return { bytes, first };
}

function buildsOf(warehouse: Warehouse, folder: string) {
  const settings = smallSettings(folder);
  return {
    warehouse,
    settings,
    build: (options: Partial<BuildOptions> = {}, journey = journeyOf(journeyText()), own = settings) =>
      build(warehouse, { settings: own, journey }, { trigger: "test", now, ...options }),
  };
}
