import type { Ask } from "../../analysis/compare.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { timeline } from "../../models/daily/timeline.js";
import { accountHealth } from "../../models/health/account_health.js";
import { accountIndicators } from "../../models/health/account_indicators.js";
import { accountMilestones } from "../../models/milestones/account_milestones.js";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import { accountTasks } from "../../models/plays/account_tasks.js";
import { accountSignals } from "../../models/signals/account_signals.js";
import { accountStages } from "../../models/stages/account_stages.js";
import { stageStays } from "../../models/stages/stage_stays.js";
import { accounts } from "../../models/staging/accounts.js";
import { stagingModels } from "../../models/staging/source_quality.js";
import type { Reader } from "../../resolvers/reader.js";
import { readerOf, referenceReaderOf } from "../api/both_engines.js";
import type { BuiltCompany } from "../models/built.js";

/** What analyses read. */
const read = [
  ...stagingModels,
  accounts,
  accountFacts,
  accountHealth,
  accountIndicators,
  accountMilestones,
  accountSignals,
  accountStages,
  accountTasks,
  stageStays,
  termOutcomes,
  timeline,
];

/** No analysis asks for the last day of the data. */
const through = "";

/** Asks DuckDB for a company, once all that analyses read is built and its checks hold. */
export const onDuckDb = async (built: BuiltCompany): Promise<Ask> =>
  (await readerOf(built, through, read)).query;

/** Asks GoogleSQL's reference implementation for the same rows. */
export const onGoogleSql = async (built: BuiltCompany): Promise<Reader & AsyncDisposable> =>
  referenceReaderOf(built, await readerOf(built, through, read), read);
