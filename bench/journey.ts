import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../config/settings.js";
import { loadDemo } from "../demo/load.js";
import { build } from "../jobs/build.js";
import { describeCompany } from "../jobs/company.js";
import { planJourney } from "../jobs/journey_plan.js";
import { locateIn } from "../jobs/ledger.js";
import type { Indicator, Journey, Milestone, Signal } from "../journey/journey.js";
import { loadJourney, versioned } from "../journey/load.js";
import { accountIndicators } from "../models/health/account_indicators.js";
import { milestoneEvidence } from "../models/milestones/milestone_evidence.js";
import type { Model } from "../models/model.js";
import { signalTurns } from "../models/signals/signal_turns.js";
import { checkMappings } from "../models/sources/mapping.js";
import { openDuckDb } from "../warehouse/duckdb.js";

/**
 * What the size of a journey costs, and what a plan costs beside a build, on the demo company. Ratios within one
 * run, the best of three: machines are noisy. `npm run bench`, about two minutes.
 */
const repeats = 3;
const folder = mkdtempSync(join(tmpdir(), "waymark-bench-"));
const warehouse = await openDuckDb({ file: join(folder, "bench.duckdb") });
try {
  const now = () => new Date("2026-01-01T06:00:00Z");
  await loadDemo(warehouse, { seed: 1, accounts: 1000, through: "2025-12-31" }, () => {});
  const settings = loadSettings("demo/waymark.yml", checkMappings);
  const journey = loadJourney("journey/presets/three-stage.yml");
  const begunBuild = performance.now();
  const built = await build(warehouse, { settings, journey }, { trigger: "bench", now });
  const wholeBuild = (performance.now() - begunBuild) / 1000;
  const locate = locateIn(built.snapshot.tables);

  /** Seconds to make a model's table for a journey. */
  const seconds = async (model: Model, edited: Journey): Promise<number> => {
    const company = await describeCompany(warehouse, { settings, journey: edited }, now());
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) {
      const begun = performance.now();
      await warehouse.materialize(
        { table: ["measured", model.name], columns: model.columnsFor(company), query: model.query(company) },
        { locate },
      );
      times.push((performance.now() - begun) / 1000);
    }
    return Math.min(...times);
  };
  const grown = async (what: string, model: Model, edit: (n: number) => Journey): Promise<void> => {
    const [few, many] = [await seconds(model, edit(4)), await seconds(model, edit(40))];
    console.log(
      `${what.padEnd(28)} 4: ${few.toFixed(2)} s   40: ${many.toFixed(2)} s   ${(many / few).toFixed(2)} ×`,
    );
  };
  await grown("signals", signalTurns as unknown as Model, (n) =>
    versioned({ ...journey, signals: signals(n) }),
  );
  await grown("milestones", milestoneEvidence as unknown as Model, (n) =>
    versioned({ ...journey, milestones: [...journey.milestones, ...milestones(n)] }),
  );
  await grown("indicators", accountIndicators as unknown as Model, (n) =>
    versioned({ ...journey, health: { ...journey.health, indicators: indicators(n) } }),
  );

  const heavier = journey.health.indicators.map((i) => (i.id === "activity" ? { ...i, weight: 9 } : i));
  const edited = versioned({ ...journey, health: { ...journey.health, indicators: heavier } });
  const begun = performance.now();
  await planJourney(warehouse, { settings, journey: edited }, { now });
  const planned = (performance.now() - begun) / 1000;
  console.log(
    `${"plan of other weights".padEnd(28)} ${planned.toFixed(1)} s of ${wholeBuild.toFixed(1)} s for a full build: ${(planned / wholeBuild).toFixed(2)} ×`,
  );
} finally {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Comparisons of ten facts with four bounds each, some of them with a stage or a band beside. */
function signals(n: number): Signal[] {
  return conditions(n).map((when, i) => ({
    id: `s${i}`,
    name: `Signal ${i}`,
    kind: i % 2 === 0 ? "negative" : "positive",
    severity: "medium",
    when:
      i % 4 === 3
        ? { all: [when, { stage: ["established", "pre_renewal"] }, { band: ["poor", "average"] }] }
        : when,
    for_days: 1 + (i % 7),
    clear_days: 1 + (i % 3),
  }));
}

function milestones(n: number): Milestone[] {
  return conditions(n).map((when, i) => ({
    id: `m${i}`,
    name: `Milestone ${i}`,
    starts: "customer_start" as const,
    expected_days: 30,
    when,
  }));
}

function indicators(n: number): Indicator[] {
  return conditions(n).map(({ fact, below }, i) => ({
    id: `i${i}`,
    name: `Indicator ${i}`,
    dimension: "engagement" as const,
    fact,
    scale: [
      [0, 0] as [number, number],
      [below / 2, 60] as [number, number],
      [below, 100] as [number, number],
    ],
    weight: 1,
    missing: "skip" as const,
  }));
}

function conditions(n: number): { fact: string; below: number }[] {
  const facts = [
    "events_28d",
    "active_users_28d",
    "active_days_28d",
    "licence_utilisation_28d",
    "breadth_28d",
    "days_since_last_event",
    "open_tickets",
    "days_to_renewal",
    "sessions_28d",
    "logins_28d",
  ];
  return Array.from({ length: n }, (_, i) => ({
    fact: facts[i % facts.length] as string,
    below: (1 + Math.floor(i / facts.length)) * (i % facts.length === 3 || i % facts.length === 4 ? 0.2 : 7),
  }));
}
