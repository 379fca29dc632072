import { type Backtest, type BacktestOptions, backtest } from "../analysis/backtest.js";
import type { Ask } from "../analysis/compare.js";
import { accountFacts } from "../models/daily/account_facts.js";
import { accountHealth } from "../models/health/account_health.js";
import { termOutcomes } from "../models/outcomes/term_outcomes.js";
import { accountSignals } from "../models/signals/account_signals.js";
import type { Locate } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import type { Project } from "./company.js";
import { type Edited, type EditOptions, withEdited } from "./edited.js";
import { locateIn } from "./ledger.js";

/** The published journey and an edited one held against the same outcomes, on the same data. */
export interface JourneyBacktest {
  readonly published: Backtest;
  readonly edited: Backtest;
}

/** What a back-test reads of a journey's own tables. */
export const backtested = [accountFacts, accountHealth, accountSignals, termOutcomes];

/**
 * Would an edited journey have foreseen more? Of its tables only what a back-test reads is built, beside the published
 * ones, and dropped afterwards.
 * @throws WaymarkError NOT_BUILT where nothing is published to compare with, RUN_IN_PROGRESS, LEASE_LOST
 */
export const backtestJourney = (
  warehouse: Warehouse,
  project: Project,
  options: EditOptions & BacktestOptions,
): Promise<JourneyBacktest> =>
  withEdited(warehouse, project, backtested, options, (edited) => backtestBoth(warehouse, edited, options));

/** The back-tests of an edit whose tables stand ready. */
export async function backtestBoth(
  warehouse: Warehouse,
  { snapshot, company, built, locate, signal }: Edited,
  options: BacktestOptions,
): Promise<JourneyBacktest> {
  const asks =
    (locate: Locate): Ask =>
    (statement, columns) =>
      warehouse.query(statement, columns, { locate, signal });
  const published = await backtest(asks(locateIn(snapshot.tables)), snapshot.words, options);
  const isSame = !backtested.some(({ name }) => built.includes(name));
  const edited = isSame
    ? { ...published, journeyVersion: company.journey.version }
    : await backtest(asks(locate), company, options);
  return { published, edited };
}
