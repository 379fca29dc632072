import { landmarkCtes } from "../analysis/cohorts.js";
import {
  type Ask,
  type ComparedTrait,
  type CompareOptions,
  type Comparison,
  compareCohorts,
} from "../analysis/compare.js";
import { loadSettings } from "../config/settings.js";
import { type DemoOptions, generateRenewals, type Renewal } from "../demo/company.js";
import { effects, type Trait } from "../demo/effects.js";
import { loadDemo } from "../demo/load.js";
import { build } from "../jobs/build.js";
import type { Project } from "../jobs/company.js";
import { locateIn, readSnapshots, type Snapshot } from "../jobs/ledger.js";
import { parseJourney } from "../journey/load.js";
import { checkOwnFacts } from "../models/daily/own_fact_days.js";
import { ref } from "../models/model.js";
import { checkMappings } from "../models/sources/mapping.js";
import { stgContracts } from "../models/staging/stg_contracts.js";
import { daysBetween } from "../warehouse/dialect.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import { join, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";

/** What the demo company plants, as a company would say it. */
export const plantedText = `
stages:
  - { id: all, name: All }
health:
  indicators:
    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [10, 100]] }
facts:
  - { id: integrations, description: Integrations connected., from: usage_events, where: { event: connect_integration }, measure: count }
  - { id: executive_calls_120d, description: Calls with an executive., from: touchpoints, where: { kind: executive_call }, measure: count, over_days: 120 }
  - { id: confirmed_180d, description: Outcomes confirmed., from: outcomes, measure: count, over_days: 180 }
sticky_features: [dashboards, automations, api]
milestones:
  - { id: integration, name: Integration, expected_days: 30, when: { fact: integrations, at_least: 1 } }
  - { id: fifth_active, name: A fifth active, expected_days: 30, when: { fact: licence_utilisation_28d, at_least: 0.2 } }
signals:
  - { id: executive, name: Executive met, kind: positive, when: { fact: executive_calls_120d, at_least: 1 } }
  - { id: confirmed, name: Outcome confirmed, kind: positive, when: { fact: confirmed_180d, at_least: 1 } }
  - { id: sticky, name: Sticky, kind: positive, when: { fact: sticky_share_28d, at_least: 0.2 } }
  - { id: no_champion, name: No champion, kind: negative, when: { fact: champions, equals: 0 } }
  - { id: detractor, name: Detractor, kind: negative, when: { fact: detractors_180d, at_least: 1 } }`;

/** The demo company with what it plants, or an edit of that, as its journey. */
export const plantedProject = (text = plantedText): Project => ({
  settings: loadSettings("demo/waymark.yml", checkMappings),
  journey: parseJourney(text, "planted.yml", checkOwnFacts),
});

/** Where a comparison shows a planted effect. */
export const shownAs: Partial<Record<Trait, [kind: string, id: string]>> = {
  integration_within_30d: ["milestone", "integration_on_time"],
  seats_active_within_30d: ["milestone", "fifth_active_on_time"],
  executive_contact_120d: ["signal", "executive"],
  outcome_confirmed_180d: ["signal", "confirmed"],
  sticky_share_28d: ["signal", "sticky"],
  champion_gone: ["signal", "no_champion"],
  detractor_180d: ["signal", "detractor"],
  is_enterprise: ["attribute", "segment:enterprise"],
  is_small_business: ["attribute", "segment:small_business"],
};

/** What has no effect of its own, and may go with one no more than by size or segment. */
export const isDecoy = ({ kind, id }: Pick<ComparedTrait, "kind" | "id">): boolean =>
  (kind === "attribute" && /^(region|owner|tier|industry):/.test(id)) ||
  (kind === "touchpoint" && ["qbr", "training"].includes(id)) ||
  (kind === "fact" && id === "tickets_opened_28d");

/** Annual customers decide 60 days before the end; their terms all end, so none of those that stay is missing. */
const annual = sql`account_id in (select account_id from ${ref(stgContracts)} where ${daysBetween(sql`starts_on`, sql`ends_on`)} > 300)`;
export const plantedOptions: CompareOptions = {
  first: { outcomes: ["churned"], accounts: annual },
  second: { outcomes: ["renewed", "expanded", "contracted"], accounts: annual },
  leadDays: 60,
  minGroup: 5,
  lateDays: 14,
};

/** Two years, as `loadDemo` generates them. */
const through = "2025-12-31";
const from = "2023-12-31";
export const afterwards = (): Date => new Date("2026-01-01T06:00:00Z");

/** A demo company that is built, and compared as above. */
export interface Planted extends AsyncDisposable {
  readonly warehouse: Warehouse;
  readonly ask: Ask;
  readonly snapshot: Snapshot;
  readonly comparison: Comparison;
  /** The truth behind each account that is compared, and how it ended. */
  readonly truth: readonly Renewal[];
  /** Accounts that are compared. */
  readonly compared: number;
}

/** Builds a demo company in memory, of some seed and number of accounts, and compares who churned with who renewed. */
export async function plantedCompany(
  { seed, accounts }: Pick<DemoOptions, "seed" | "accounts">,
  threads = 1,
): Promise<Planted> {
  const warehouse: Warehouse = await openDuckDb({ file: ":memory:", threads });
  await loadDemo(warehouse, { seed, accounts, through }, () => {});
  await build(warehouse, plantedProject(), { trigger: "test", now: afterwards });
  const [snapshot] = (await readSnapshots(warehouse, 1)) as [Snapshot];
  const ask: Ask = (statement, columns) =>
    warehouse.query(statement, columns, { locate: locateIn(snapshot.tables) });
  const rows = await ask(
    sql`with ${join(landmarkCtes(plantedOptions), ",\n")} select account_id, outcome_on, in_first from landmarks`,
    {
      account_id: { type: "string", notNull: true },
      outcome_on: { type: "date", notNull: true },
      in_first: { type: "integer", notNull: true },
    },
  );
  const outcomes = new Map(rows.map((row) => [`${row.account_id} ${row.outcome_on}`, row.in_first === 1]));
  const truth: Renewal[] = [];
  for (const renewal of generateRenewals({ seed, accounts, through, from })) {
    const churned = outcomes.get(`${renewal.accountId} ${renewal.renewsOn}`);
    if (churned === undefined) continue;
    if (churned !== renewal.churned)
      throw new Error(
        `${renewal.accountId}: the tables tell another outcome on ${renewal.renewsOn} than the demo drew.`,
      );
    truth.push(renewal);
  }
  return {
    warehouse,
    ask,
    snapshot,
    comparison: await compareCohorts(ask, snapshot.words, plantedOptions),
    truth,
    compared: rows.length,
    [Symbol.asyncDispose]: () => warehouse.close(),
  };
}

/** What of a comparison is told as a difference, held against what was planted. */
export interface Discoveries {
  /** Planted effects, with the sign that was planted. */
  readonly right: string[];
  /** Decoys, and planted effects with the wrong sign. */
  readonly wrong: string[];
  /** All that is told as a difference; the rest goes with what was planted: use falls before a customer leaves. */
  readonly all: number;
}

export function discoveriesIn({ traits }: Comparison): Discoveries {
  const told = traits.filter(({ q }) => q <= 0.05);
  const planted = Object.entries(shownAs).flatMap(([trait, [kind, id]]) => {
    const found = told.find((t) => t.kind === kind && t.id === id);
    return found
      ? [
          {
            trait,
            isRight:
              found.riskRatio?.value == null || found.riskRatio.value < 1 === effects[trait as Trait] < 1,
          },
        ]
      : [];
  });
  return {
    right: planted.filter(({ isRight }) => isRight).map(({ trait }) => trait),
    wrong: [
      ...planted.filter(({ isRight }) => !isRight).map(({ trait }) => trait),
      ...told.filter(isDecoy).map(({ kind, id }) => `${kind} ${id}`),
    ],
    all: told.length,
  };
}
