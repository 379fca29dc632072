import "reflect-metadata";
import type { GraphQLSchema } from "graphql";
import { buildSchema, type PubSub } from "type-graphql";
import { views } from "../schema/views/index.js";
import { AccountConnectionResolver, AccountResolver } from "./account.js";
import { BacktestResolver, HealthBeforeResolver } from "./backtest.js";
import { CheckResolver } from "./check.js";
import { ComparisonResolver } from "./comparison.js";
import { EndedTermAccountResolver, EndedTermResolver, TermDayResolver } from "./ended_term.js";
import { ExpansionResolver } from "./expansion.js";
import { FederationResolver } from "./federation.js";
import { guarded } from "./gate.js";
import { AccountHealthResolver, HealthResolver } from "./health.js";
import { JourneyResolver } from "./journey.js";
import { LifetimeResolver } from "./lifetime.js";
import { MilestoneResolver } from "./milestone.js";
import { ModelResolver } from "./model.js";
import { AccountOnboardingResolver, OnboardingResolver } from "./onboarding.js";
import { PortfolioResolver } from "./portfolio.js";
import { ProgrammeResolver } from "./programme.js";
import { ProposalResolver } from "./proposal.js";
import { RetentionResolver } from "./retention.js";
import { ScheduleResolver } from "./schedule.js";
import { AccountSignalsResolver, SignalResolver } from "./signal.js";
import { SnapshotResolver } from "./snapshot.js";
import { SourceResolver } from "./source.js";
import { AccountStageResolver, StageHistoryResolver } from "./stage.js";
import { StagePathResolver } from "./stage_path.js";
import { SuggestionResolver } from "./suggestion.js";
import { DelightResolver, SupportResolver } from "./support.js";
import { SurvivalResolver } from "./survival.js";
import { AccountTasksResolver, TaskResolver } from "./task.js";
import { TouchpointResolver, TouchpointSummaryResolver } from "./touchpoint.js";
import { TrendResolver } from "./trend.js";
import { readByAlias, viewResolver } from "./view.js";
import { VoiceResolver } from "./voice.js";
import { AccountWarningResolver, WarningResolver } from "./warning.js";
import { WebhookResolver } from "./webhook.js";

/** Wanted wherever there are subscriptions; ours say themselves what they listen to. */
const noTopics: PubSub = {
  publish: () => {},
  subscribe: () => {
    throw new TypeError("subscriptions have no topics");
  },
};

/** The whole API. */
export const createSchema = async (): Promise<GraphQLSchema> => {
  const schema = await buildSchema({
    resolvers: [
      AccountResolver,
      AccountConnectionResolver,
      AccountStageResolver,
      StageHistoryResolver,
      MilestoneResolver,
      AccountHealthResolver,
      HealthResolver,
      TrendResolver,
      SupportResolver,
      DelightResolver,
      VoiceResolver,
      AccountSignalsResolver,
      SignalResolver,
      AccountTasksResolver,
      TaskResolver,
      AccountOnboardingResolver,
      OnboardingResolver,
      TouchpointResolver,
      TouchpointSummaryResolver,
      AccountWarningResolver,
      WarningResolver,
      JourneyResolver,
      PortfolioResolver,
      RetentionResolver,
      SuggestionResolver,
      SurvivalResolver,
      LifetimeResolver,
      ExpansionResolver,
      StagePathResolver,
      ComparisonResolver,
      BacktestResolver,
      HealthBeforeResolver,
      ProgrammeResolver,
      ProposalResolver,
      EndedTermResolver,
      EndedTermAccountResolver,
      TermDayResolver,
      ModelResolver,
      CheckResolver,
      SourceResolver,
      SnapshotResolver,
      ScheduleResolver,
      WebhookResolver,
      FederationResolver,
      ...views.map(viewResolver),
    ],
    validate: false,
    pubSub: noTopics,
  });
  return guarded(readByAlias(schema, views));
};
