import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

const fields = (names: string): readonly string[] => names.trim().split(/\s+/);

/**
 * What one snapshot and what the caller may see decide, and nothing else: neither the clock, nor what people did with
 * tasks, nor how builds and webhooks fare. Answers made of it alone are kept, and known by a tag, until the next
 * snapshot. What isn't named here doesn't count as such. `all` = all fields of a type, each of which is a part of what
 * its parent has read; a type of which some field reads by itself names its fields one by one.
 */
export const lasting: Readonly<Record<string, "all" | readonly string[]>> = {
  Query: fields(`
    account accounts accountSignals _entities portfolio snapshot journey journeyVersions
    health stages milestones onboarding usage support voice signals touchpoints revenue
    earlyWarnings endedTerms delights expansionCandidates plannedTouchpoints onboardingCohorts
    retention cohorts survival lifetimeValue stageOutcomes stageTimes stageTransitions
    comparison backtest suggestion programmeEffect milestoneProposals`),
  SnapshotInfo: "all",

  Journey: "all",
  StageDefinition: "all",
  MilestoneDefinition: "all",
  IndicatorDefinition: "all",
  Signal: "all",
  PlayDefinition: "all",
  PlannedTouchpoint: "all",

  Account: fields(`
    id name createdOn customerSince segment region owner isCustomer mrr seats daysToRenewal attribute attributes facts
    contracts stage health milestones onboarding signals tickets surveys touchpointPlan trend earlyWarning`),
  AccountConnection: fields("nodes edges pageInfo totalCount"),
  AccountEdge: "all",
  PageInfo: "all",
  Attribute: "all",
  FactValue: "all",
  Contract: "all",
  AccountStage: fields("id name description days expectedDays isStuck since history"),
  Stage: "all",
  StageStay: "all",
  Health: fields("day score band coverage uncappedScore cap stage journeyVersion indicators history change"),
  Cap: "all",
  IndicatorScore: "all",
  HealthPoint: "all",
  HealthChange: "all",
  IndicatorChange: "all",
  AccountMilestone: "all",
  Onboarding: fields("status startedOn dueOn onboardedOn daysToOnboard contacts steps stepsDone checklist"),
  AccountSignal: fields("signal heldFrom openedOn closedOn days account reason"),
  SignalPage: "all",
  TicketSummary: "all",
  SurveySummary: "all",
  AccountTouchpoint: "all",
  TrendWeek: "all",

  HealthView: "all",
  StagesView: "all",
  MilestonesView: "all",
  OnboardingView: "all",
  UsageView: "all",
  SupportView: "all",
  VoiceView: "all",
  SignalsView: "all",
  TouchpointsView: "all",
  RevenueView: "all",

  Portfolio: "all",
  PortfolioCell: "all",
  EarlyWarning: fields(
    "mrr band churnRisk90d mrrAtStake negativeSignals worstSeverity warnedSince isHealthFalling account reasons",
  ),
  EarlyWarningPage: "all",
  EndedTermPage: fields("nodes pageInfo counts"),
  EndedTerm: fields(
    "startedOn endedOn outcome churnReason mrrBefore mrrAfter returnedOn atLandmark atEnd account",
  ),
  EndedTermCount: "all",
  TermDay: fields("day stage score band daysSinceStart openSignals"),
  Delight: fields(
    "ticketId accountId day channel category priority firstReplyHours isFirstContactResolution csat account",
  ),
  ExpansionCandidatePage: "all",
  ExpansionCandidate: fields("mrr seats activeUsers utilisation score daysToRenewal account reasons"),
  TouchpointSummary: "all",
  OnboardingCohort: "all",
  CohortMilestone: "all",
  RetentionRow: "all",
  CohortCell: "all",
  Survival: "all",
  SurvivalGroup: "all",
  SurvivalStep: "all",
  GroupTest: "all",
  LifetimeValue: "all",
  StageOutcomes: "all",
  StageOutcome: "all",
  StageTime: "all",
  StageTransition: "all",
  Estimate: "all",
  Comparison: "all",
  ComparedTrait: "all",
  TraitInCohort: "all",
  LeftOutTrait: "all",
  CohortSize: "all",
  CohortLeftOut: "all",
  Backtest: "all",
  HealthBefore: fields(`
    leadDays churned stayed renewed unscored auc worstDecile lift bands scores bySegment byQuarter`),
  BandBefore: "all",
  ScoresBefore: "all",
  HealthAmong: "all",
  SignalBefore: "all",
  Suggestion: "all",
  SuggestionPart: "all",
  SuggestedWeight: "all",
  SuggestedStageWeight: "all",
  SuggestedScale: "all",
  ProgrammeEffect: "all",
  ProgrammeSide: "all",
  ProgrammeMeasure: "all",
  MeasureOnSide: "all",
  MilestoneProposals: "all",
  MilestoneProposal: "all",
  OutcomeCounts: "all",
  LeftOutFact: "all",
};

/** Whether a field of a type lasts as long as its snapshot. */
export function lasts(type: string, field: string): boolean {
  const named = Object.hasOwn(lasting, type) ? lasting[type] : undefined;
  return named === "all" || named?.includes(field) === true;
}

/** Whether all that a document asks for lasts as long as its snapshot. */
export function asksForLasting(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let isLasting = true;
  const enter = ({ name: { value: field } }: FieldNode): void => {
    const parent = types.getParentType();
    if (field !== "__typename" && !(parent && lasts(parent.name, field))) isLasting = false;
  };
  visit(document, visitWithTypeInfo(types, { Field: { enter } }));
  return isLasting;
}
