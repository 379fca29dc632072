import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { landmarkCtes } from "../../analysis/cohorts.js";
import { type Ask, type CompareOptions, type Comparison, compareCohorts } from "../../analysis/compare.js";
import { suggestWeights } from "../../analysis/suggest.js";
import { loadSettings } from "../../config/settings.js";
import { generateRenewals, type Renewal } from "../../demo/company.js";
import type { Trait } from "../../demo/effects.js";
import { loadDemo } from "../../demo/load.js";
import { build } from "../../jobs/build.js";
import { withEdited } from "../../jobs/edited.js";
import { locateIn, readSnapshots, type Snapshot } from "../../jobs/ledger.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { accountHealth } from "../../models/health/account_health.js";
import { accountIndicators } from "../../models/health/account_indicators.js";
import { ref } from "../../models/model.js";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { stgContracts } from "../../models/staging/stg_contracts.js";
import { daysBetween } from "../../warehouse/dialect.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { join, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { journeyOf } from "../models/built.js";
import { journeyText } from "../models/given.js";

/** Two years, as `loadDemo` generates them. */
const request = { seed: 7, accounts: 1500, through: "2025-12-31" };
const from = "2023-12-31";

const settings = loadSettings("demo/waymark.yml", checkMappings);

/** What the demo plants, as a company would say it. */
const plantedText = journeyText({
  rest: `
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
  - { id: detractor, name: Detractor, kind: negative, when: { fact: detractors_180d, at_least: 1 } }`,
});
const journey = journeyOf(plantedText);

/** Where a comparison shows a planted effect. */
const shown: Partial<Record<Trait, [kind: string, id: string]>> = {
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

/** Annual customers decide 60 days before the end; their terms all end, so none of those that stay is missing. */
const annual = sql`account_id in (select account_id from ${ref(stgContracts)} where ${daysBetween(sql`starts_on`, sql`ends_on`)} > 300)`;
const options: CompareOptions = {
  first: { outcomes: ["churned"], accounts: annual },
  second: { outcomes: ["renewed", "expanded", "contracted"], accounts: annual },
  leadDays: 60,
  minGroup: 5,
  lateDays: 14,
};

describe("the demo company", () => {
  let warehouse: Warehouse;
  let snapshot: Snapshot;
  let ask: Ask;
  let comparison: Comparison;
  /** The truth behind each account that is compared. */
  let truth: Renewal[];

  beforeAll(async () => {
    warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
    await loadDemo(warehouse, request, () => {});
    await build(
      warehouse,
      { settings, journey },
      { trigger: "test", now: () => new Date("2026-01-01T06:00:00Z") },
    );
    [snapshot] = (await readSnapshots(warehouse, 1)) as [Snapshot];
    ask = (statement, columns) => warehouse.query(statement, columns, { locate: locateIn(snapshot.tables) });
    comparison = await compareCohorts(ask, snapshot.words, options);
    const text = { type: "string", notNull: true } as const;
    const compared = await ask(
      sql`with ${join(landmarkCtes(options), ",\n")} select account_id, outcome_on, in_first from landmarks`,
      {
        account_id: text,
        outcome_on: { type: "date", notNull: true },
        in_first: { type: "integer", notNull: true },
      },
    );
    const outcomes = new Map(
      compared.map((row) => [`${row.account_id} ${row.outcome_on}`, row.in_first === 1]),
    );
    truth = [];
    for (const renewal of generateRenewals({ ...request, from })) {
      const churned = outcomes.get(`${renewal.accountId} ${renewal.renewsOn}`);
      if (churned === undefined) continue;
      expect(churned).toBe(renewal.churned);
      truth.push(renewal);
    }
    // A few terms were cut short or came with faults that were planted on purpose.
    expect(truth.length / compared.length).toBeGreaterThan(0.95);
  }, 600_000);
  afterAll(() => warehouse?.close());

  /** Of the compared accounts the risk with the trait over that without, by the probabilities that were drawn from. */
  function trueRatio(trait: Trait): number {
    const risk = (has: boolean): number => {
      const own = truth.filter(({ traits }) => traits[trait] === has);
      return own.reduce((sum, { probability }) => sum + probability, 0) / own.length;
    };
    return risk(true) / risk(false);
  }

  const found = ([kind, id]: readonly [string, string]) =>
    comparison.traits.find((trait) => trait.kind === kind && trait.id === id);

  it("shows the planted effects with the right sign, in intervals that cover the truth", () => {
    const effects = Object.entries(shown).map(([trait, place]) => ({
      trait,
      truth: trueRatio(trait as Trait),
      ratio: found(place)?.riskRatio,
    }));
    // One interval of twenty misses by its own definition: of these nine at most one. It is the seats' here: of those
    // without that trait 49 left where their odds, by which each was drawn, made 68 likely.
    const missed = effects.filter(({ truth: t, ratio }) => !ratio?.value || t < ratio.from || t > ratio.to);
    expect(missed.length, JSON.stringify(missed)).toBeLessThanOrEqual(1);
    const isWrong = effects.filter(({ truth: t, ratio }) => !ratio?.value || ratio.value < 1 !== t < 1);
    expect(isWrong.filter((effect) => !missed.includes(effect))).toEqual([]);
  });

  it("tells the strongest of them as a difference, and none of what was planted without effect", () => {
    expect(found(["milestone", "integration_on_time"])?.q).toBeLessThan(0.05);
    const decoys = comparison.traits.filter(
      ({ kind, id }) =>
        (kind === "attribute" && /^(region|owner|tier|industry):/.test(id)) ||
        (kind === "touchpoint" && ["qbr", "training"].includes(id)) ||
        (kind === "fact" && id === "tickets_opened_28d"),
    );
    expect(decoys.length).toBeGreaterThan(15);
    expect(decoys.filter(({ q }) => q < 0.05).map(({ words }) => words)).toEqual([]);
  });

  it("moves weight from what was planted without effect to what has one, and foresees more of the later outcomes", async () => {
    const planted = ["executive", "confirmed", "champion", "sticky"];
    const edited = journeyOf(
      plantedText.replace(
        /health:\n {2}indicators:\n.*\n/,
        `health:
  indicators:
    - { id: executive, name: Executive, dimension: outcomes, fact: executive_calls_120d, scale: [[0, 0], [1, 100]] }
    - { id: confirmed, name: Confirmed, dimension: outcomes, fact: confirmed_180d, scale: [[0, 0], [1, 100]] }
    - { id: champion, name: Champion, dimension: engagement, fact: champions, scale: [[0, 0], [1, 100]] }
    - { id: sticky, name: Sticky, dimension: utilisation, fact: sticky_share_28d, scale: [[0.1, 0], [0.2, 100]] }
    - { id: tickets, name: Tickets, dimension: support, fact: tickets_opened_28d, scale: [[0, 100], [3, 0]], weight: 6 }
`,
      ),
    );
    const reads = [accountFacts, accountHealth, accountIndicators, termOutcomes];
    const now = () => new Date("2026-01-01T06:00:00Z");
    const { why, weights, gain } = await withEdited(
      warehouse,
      { settings, journey: edited },
      reads,
      { now },
      ({ company, locate }) =>
        suggestWeights((statement, columns) => warehouse.query(statement, columns, { locate }), company, {
          leadDays: 60,
          minGroup: 5,
          among: { accounts: annual },
        }),
    );
    expect(why).toBeNull();
    const ofPlanted = weights
      .filter(({ id }) => planted.includes(id))
      .reduce((sum, { suggested }) => sum + (suggested ?? 0), 0);
    expect(ofPlanted, JSON.stringify(weights)).toBeGreaterThan(7); // of 10; today 4
    expect(gain.value, JSON.stringify(gain)).toBeGreaterThan(0);
  });
});
