import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backtest, backtest } from "../../analysis/backtest.js";
import { loadSettings } from "../../config/settings.js";
import { backtestJourney } from "../../jobs/journey_backtest.js";
import { applyJourney, planJourney } from "../../jobs/journey_plan.js";
import { locateIn, readLatestSnapshot, readSnapshots, schemas } from "../../jobs/ledger.js";
import type { Journey } from "../../journey/journey.js";
import { loadJourney } from "../../journey/load.js";
import { checkMappings } from "../../models/sources/mapping.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany } from "../api/company.js";

const settings = loadSettings("demo/waymark.yml", checkMappings);
const before = loadJourney("journey/presets/three-stage.yml");
/** Tickets are all that counts, and whoever leaves has half a year to come back. */
const after: Journey = {
  ...before,
  version: "edited",
  health: {
    ...before.health,
    indicators: before.health.indicators.map((i) => ({
      ...i,
      weight: i.dimension === "support" ? 10 : 1,
      weights: undefined,
    })),
  },
  churn: { gap_days: 180 },
};
const asked = { now: () => new Date("2026-01-01T06:00:00Z"), minGroup: 2 };

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await builtCompany();
});
afterAll(() => warehouse?.close());

const published = async (): Promise<Backtest> => {
  const snapshot = await readLatestSnapshot(warehouse);
  if (!snapshot) throw new Error("nothing is published");
  const locate = locateIn(snapshot.tables);
  return backtest(
    (statement, columns) => warehouse.query(statement, columns, { locate }),
    snapshot.words,
    asked,
  );
};
const accountsIn = ({ health: [nearest] }: Backtest) => nearest?.churned.accounts ?? 0;

it("the back-test of an edit is that of the journey once it is published, and publishes nothing itself", async () => {
  const was = await published();
  const [tables, snapshots] = [await warehouse.tables(schemas.tables), await readSnapshots(warehouse, 9)];
  const built: string[] = [];
  const both = await backtestJourney(
    warehouse,
    { settings, journey: after },
    { ...asked, onProgress: (model) => built.push(model) },
  );
  expect(both.published).toEqual(was);
  expect(both.edited.journeyVersion).toBe("edited");
  expect(both.edited.health).not.toEqual(was.health);
  expect(accountsIn(both.edited)).toBeLessThan(accountsIn(was)); // more outcomes are undecided still

  expect(await warehouse.tables(schemas.tables)).toEqual(tables);
  expect(await warehouse.tables(schemas.work)).toEqual([]);
  expect(await readSnapshots(warehouse, 9)).toEqual(snapshots);
  // Of what the edit changes only what a back-test reads.
  expect(built).toEqual(expect.arrayContaining(["account_health", "account_signals", "term_outcomes"]));
  expect(built).not.toContain("account_tasks");
  expect(built).not.toContain("account_facts");

  // A plan says the same, as far as its groups are large enough.
  const plan = await planJourney(warehouse, { settings, journey: after }, asked);
  const five = await backtestJourney(warehouse, { settings, journey: after }, { ...asked, minGroup: 5 });
  expect(plan.backtest).toEqual(five);

  await applyJourney(warehouse, { settings, journey: after }, { trigger: "apply", now: asked.now });
  expect(await published()).toEqual(both.edited);
}, 120_000);

it("an edit that a back-test doesn't read is told as the published journey, and nothing is built for it", async () => {
  const [play, ...plays] = after.plays;
  const edit = { ...after, version: "tasks", plays: [{ ...play, cooldown_days: 3 }, ...plays] } as Journey;
  const built: string[] = [];
  const both = await backtestJourney(
    warehouse,
    { settings, journey: edit },
    { ...asked, onProgress: (model) => built.push(model) },
  );
  expect(built).toEqual([]);
  expect(both.edited).toEqual({ ...both.published, journeyVersion: "tasks" });
});
