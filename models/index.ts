import { accountLatest } from "./accounts/account_latest.js";
import { accountPeriodLevels } from "./accounts/account_period_levels.js";
import { portfolioPeriodEnds } from "./accounts/portfolio_period_ends.js";
import { accountFacts } from "./daily/account_facts.js";
import { coverageDaily } from "./daily/coverage_daily.js";
import { featureDays } from "./daily/feature_days.js";
import { featureFirsts } from "./daily/feature_firsts.js";
import { featuresOffered } from "./daily/features_offered.js";
import { ownFactDays } from "./daily/own_fact_days.js";
import { peopleDaily } from "./daily/people_daily.js";
import { supportDaily } from "./daily/support_daily.js";
import { supportMetrics } from "./daily/support_metrics.js";
import { timeline } from "./daily/timeline.js";
import { usageDaily } from "./daily/usage_daily.js";
import { userDays } from "./daily/user_days.js";
import { userFirsts } from "./daily/user_firsts.js";
import { voiceDaily } from "./daily/voice_daily.js";
import { accountHealth } from "./health/account_health.js";
import { accountIndicators } from "./health/account_indicators.js";
import { accountMilestones } from "./milestones/account_milestones.js";
import { milestoneEvidence } from "./milestones/milestone_evidence.js";
import type { Model } from "./model.js";
import { accountOnboarding } from "./onboarding/account_onboarding.js";
import { termOutcomes } from "./outcomes/term_outcomes.js";
import { accountTasks } from "./plays/account_tasks.js";
import { accountSignals } from "./signals/account_signals.js";
import { signalTurns } from "./signals/signal_turns.js";
import { accountStages } from "./stages/account_stages.js";
import { stageStays } from "./stages/stage_stays.js";
import { accounts } from "./staging/accounts.js";
import { sourceQuality, stagingModels } from "./staging/source_quality.js";
import { accountTouchpoints } from "./touchpoints/account_touchpoints.js";
import { accountTrends } from "./trends/account_trends.js";
import { bandRisk } from "./warnings/band_risk.js";
import { earlyWarnings } from "./warnings/early_warnings.js";

/** Every model, in reading order: raw rows, then days, then what the company believes about them. */
export const models: readonly Model[] = [
  ...stagingModels,
  accounts,
  sourceQuality,
  timeline,
  coverageDaily,
  userDays,
  userFirsts,
  featureDays,
  featureFirsts,
  featuresOffered,
  usageDaily,
  supportDaily,
  supportMetrics,
  voiceDaily,
  peopleDaily,
  ownFactDays,
  accountFacts,
  milestoneEvidence,
  accountStages,
  stageStays,
  accountMilestones,
  accountOnboarding,
  accountTouchpoints,
  accountIndicators,
  accountHealth,
  accountPeriodLevels,
  accountTrends,
  accountLatest,
  portfolioPeriodEnds,
  signalTurns,
  accountSignals,
  accountTasks,
  bandRisk,
  earlyWarnings,
  termOutcomes,
] as unknown as readonly Model[];
