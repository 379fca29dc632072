import { parse } from "yaml";
import { loadSettings, type Settings, settingsSchema } from "../../config/settings.js";
import { demoTables, generateCompany } from "../../demo/company.js";
import { journeySchema } from "../../journey/journey.js";
import { loadJourney, versioned } from "../../journey/load.js";
import type { Company } from "../../models/model.js";
import { checkMappings, mapSources } from "../../models/sources/mapping.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { ColumnType } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";

/** A company whose raw tables stand in a DuckDB, ready for every model. */
export interface Prepared {
  warehouse: Warehouse;
  company: Company;
  /** The raw tables by path, with their types. */
  raw: Record<string, Record<string, ColumnType>>;
}

/** A few accounts of the demo company: typed raw tables, the default journey. */
export async function demoCompany(): Promise<Prepared> {
  const warehouse = await openDuckDb({ file: ":memory:" });
  const raw: Prepared["raw"] = {};
  for (const [table, types] of Object.entries(demoTables) as [
    keyof typeof demoTables,
    Record<string, ColumnType>,
  ][]) {
    raw[`raw.${table}`] = types;
    await warehouse.load(["raw", table], columnsOf(types), []);
  }
  for (const { table, rows } of generateCompany({
    seed: 5,
    from: "2025-01-01",
    through: "2025-05-20",
    accounts: 24,
  })) {
    await warehouse.load(["raw", table], columnsOf(demoTables[table]), [rows]);
  }
  const settings = loadSettings("demo/waymark.yml", checkMappings);
  return {
    warehouse,
    company: await companyOf(warehouse, settings, loadJourney("journey/default.yml"), "2025-05-20"),
    raw,
  };
}

/**
 * A hand-made company whose raw tables are text, as files give it: declared formats, words to be mapped,
 * usage that hangs on contracts, and every kind of faulty row.
 */
export async function textCompany(): Promise<Prepared> {
  const warehouse = await openDuckDb({ file: ":memory:" });
  const raw: Prepared["raw"] = {};
  for (const [table, [header, ...lines]] of Object.entries(textTables)) {
    const types = Object.fromEntries(
      (header ?? "").split("|").map((column) => [column.trim(), "string" as const]),
    );
    raw[table] = types;
    const rows = lines.map((line) =>
      line.split("|").map((value) => (value.trim() === "" ? null : value.trim())),
    );
    await warehouse.load(["main", table], columnsOf(types), [rows]);
  }
  const settings = { ...settingsSchema.parse(parse(textSettings)), folder: "." } as Settings;
  const journey = versioned(journeySchema.parse(parse(textJourney)));
  return { warehouse, company: await companyOf(warehouse, settings, journey, "2024-07-31"), raw };
}

const companyOf = async (
  warehouse: Warehouse,
  settings: Settings,
  journey: Company["journey"],
  yesterday: string,
): Promise<Company> => ({
  timeZone: settings.time_zone,
  yesterday,
  dataThrough: settings.data_through,
  journey,
  attributes: Object.keys(settings.sources.accounts?.attributes ?? {}),
  sources: await mapSources(warehouse, settings),
});

const columnsOf = (types: Readonly<Record<string, ColumnType>>): Columns =>
  Object.fromEntries(Object.entries(types).map(([column, type]) => [column, { type }]));

const textTables: Record<string, string[]> = {
  firms: [
    "nr|title|since|tier",
    "a1|Alpha|01.02.2024|gold",
    "a2|Beta||silver",
    'a3|O\'Hara "& Söhne"|2024-03-01|',
    "a4|Delta|15.05.2024|gold",
    "a4|Delta again|15.05.2024|gold",
    "|Nobody|01.02.2024|",
  ],
  deals: [
    "id|firm|from_day|to_day|licences|revenue|test",
    "c1|a1|2024-02-01|2024-05-01|10|100.50|no",
    "c2|a1|2024-04-01||5|49.99|no",
    "c3|a2|2024-02-10|2024-03-10|4|0|yes",
    "c4|a2|2024-03-10|2024-04-10|4|80|no",
    "c5|a3|2024-03-05|2024-03-01|4|80|no",
    "c6|a9|2024-03-05||4|80|no",
    "c7|a3|2024-03-05||-4|many|perhaps",
    "c8|a4|2024-05-15|2024-05-15|4|80|no",
  ],
  folks: [
    "id|firm|job|joined|gone",
    "u1|a1|boss|2024-02-01|",
    "u2|a1|friend|2024-02-01|2024-04-15",
    "u3|a2|user||",
    "u4|a3|friend|2024-04-01|2024-03-01",
  ],
  clicks: [
    "id|deal|who|what|part|times|at",
    "e1|c1|u1|login||1|2024-02-03T09:00:00+01:00",
    "e1|c1|u1|login||1|2024-02-03T09:00:00+01:00",
    "e2|c1|u2|use|reports|3|2024-02-04 23:30",
    "e2|c1|u2|use|maps|3|2024-02-04 23:30",
    "e3|c1|u1|use|maps||2024-03-31 02:30:00",
    "e4|c9|u1|use|maps|1|2024-03-01 10:00",
    "e5|c1|u1|use|maps|1|01-02-2024",
    "e6|c4|u3|login||1|2024-03-12 10:00:00Z",
    "e7|c3|u3|login||1|2024-01-12 10:00:00Z",
    "e8|c2|u1|use|reports|-2|2024-03-15 10:00",
    "e9|c2||use|reports|2|2024-05-15 10:00:00.250",
  ],
  calls: [
    "nr|firm|prio|opened|answered|closed|again|answers|stars|topic",
    "t1|a1|P1|2024-03-01 09:00|2024-03-01 10:30|2024-03-12 09:00||1|5|billing",
    "t2|a1|P3|2024-03-02 09:00|2024-03-04 09:00|2024-03-05 09:00|2024-03-20 09:00|2|2|",
    "t3|a1|P2|2024-03-10 09:00|2024-03-09 09:00|||1||",
    "t4|a2|P9|2024-02-12 09:00||2024-02-11 09:00|||9|",
    "t5|a2|P1|2024-02-20 9:05||||||",
    "t6|a3|P2|2024-01-01 09:00|2024-01-01 09:30|2024-01-01 10:00||1|4|",
  ],
  answers: [
    "id|firm|who|mark|said",
    "r1|a1|u1|9|2024-02-20 10:00",
    "r2|a1|u1|3|2024-04-20 10:00",
    "r3|a1|u2|10|2024-04-20 10:00",
    "r4|a2||7|2024-03-20 10:00",
    "r5|a2|u3|11|2024-03-20 10:00",
    "r6|a2|u3|6|",
  ],
  visits: ["id|firm|who|kind|day", "v1|a1|u1|kick_off|2024-02-05", "v2|a2||call|2024-03-20"],
  wins: ["id|firm|what|worth|day", "o1|a1|hours saved|12.5|2024-04-02", "o2|a1|cost|1e3|2024-04-30"],
};

const textSettings = `
company: Text
time_zone: Europe/Berlin
data_through: 2024-07-31
sources:
  accounts:
    table: firms
    columns: { account_id: nr, name: title, created_on: { column: since, format: "%d.%m.%Y" }, segment: tier }
    attributes: { tier: tier }
  contracts:
    table: deals
    columns:
      contract_id: id
      account_id: firm
      starts_on: from_day
      ends_on: to_day
      seats: licences
      mrr: revenue
      is_trial: { column: test, values: { "yes": true, "no": false } }
  users:
    table: folks
    columns: { user_id: id, account_id: firm, role: { column: job, values: { boss: executive, friend: champion, user: member } }, joined_on: joined, left_on: gone }
  usage_events:
    table: clicks
    columns: { event_id: id, contract_id: deal, user_id: who, event: what, feature: part, quantity: times, occurred_at: at }
  tickets:
    table: calls
    columns:
      ticket_id: nr
      account_id: firm
      priority: { column: prio, values: { P1: urgent, P2: high, P3: normal } }
      opened_at: { column: opened, format: "%Y-%m-%d %H:%M" }
      first_replied_at: { column: answered, format: "%Y-%m-%d %H:%M" }
      resolved_at: { column: closed, format: "%Y-%m-%d %H:%M" }
      reopened_at: { column: again, format: "%Y-%m-%d %H:%M" }
      reply_count: answers
      csat: stars
      category: topic
  survey_responses:
    table: answers
    columns: { response_id: id, account_id: firm, user_id: who, score: mark, responded_at: said }
  touchpoints:
    table: visits
    columns: { touchpoint_id: id, account_id: firm, user_id: who, kind: kind, happened_at: day }
  outcomes:
    table: wins
    columns: { outcome_id: id, account_id: firm, name: what, value: worth, confirmed_at: day }
`;

const textJourney = `
stages:
  - { id: gone, name: Gone, is_scored: false, when: { fact: days_since_coverage_ended, is_missing: false } }
  - { id: new, name: New, expected_days: 30, when: { any: [{ fact: tenure_days, below: 30 }, { not: { milestone: used } }] } }
  - { id: rest, name: The "rest" isn't new }
milestones:
  - { id: used, name: Used, expected_days: 5, when: { fact: events_7d, at_least: 3 } }
  - { id: grown, name: Grown, starts: { stage: rest }, expected_days: 10, when: { all: [{ fact: mrr, above: 120.5 }, { fact: is_customer, equals: true }] } }
  - { id: proven, name: Proven, starts: { milestone: used }, expected_days: 20, stuck_after_days: 25, when: { fact: outcomes_confirmed, equals: 1 } }
health:
  min_coverage: 0.4
  indicators:
    - { id: use, name: Use, dimension: engagement, fact: active_days_28d, scale: [[0, 0], [1, 40], [3, 100]], weight: 2, weights: { new: 1 } }
    - { id: voice, name: Voice, dimension: satisfaction, fact: nps_180d, scale: [[-100, 0], [100, 100]] }
    - { id: paying, name: Paying, dimension: outcomes, fact: is_customer, scale: [[0, 0], [1, 100]], weight: 0.5 }
    - { id: money, name: Money, dimension: outcomes, fact: mrr, scale: [[0, 0], [200, 100]], missing: zero }
  caps:
    - { id: urgent, name: Urgent, at_most: 30, when: { fact: overdue_urgent_tickets, at_least: 1 } }
    - { id: lonely, name: Lonely, at_most: 60, when: { fact: champions, below: 1 } }
trends: [events_7d, mrr, is_customer]
sticky_features: [reports]
`;
