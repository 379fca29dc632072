/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Accounts that fulfil all that is given; a list means any of its values. */
export type AccountFilter = {
  /** By the company's own attributes. */
  attributes?: Array<AttributeFilter> | null | undefined;
  /** In one of these bands. */
  band?: Array<Band> | null | undefined;
  /** These accounts. */
  ids?: Array<string | number> | null | undefined;
  /** Whether a paid contract covers the last day; an account without facts that day counts as no. */
  isCustomer?: boolean | null | undefined;
  /** Whether it is longer in its stage than expected. */
  isStuck?: boolean | null | undefined;
  /** A score of at most this. */
  maxScore?: number | null | undefined;
  /** A score of at least this. */
  minScore?: number | null | undefined;
  /** Looked after by one of these. */
  owner?: Array<string> | null | undefined;
  /** In one of these regions. */
  region?: Array<string> | null | undefined;
  /** Part of the name, in any case. */
  search?: string | null | undefined;
  /** In one of these segments. */
  segment?: Array<string> | null | undefined;
  /** In one of these stages, by id. */
  stage?: Array<string> | null | undefined;
};

/** The account's own attribute has one of these values. */
export type AttributeFilter = {
  /** The values. */
  in: Array<string>;
  /** Its name in waymark.yml. */
  name: string;
};

/** The band of a health score; UNKNOWN where there is too little evidence, or the stage is not scored. */
export type Band =
  | 'AVERAGE'
  | 'GOOD'
  | 'POOR'
  | 'UNKNOWN';

/** Ended terms that fulfil all that is given; a list means any of its values. */
export type EndedTermFilter = {
  /** Of these accounts, as they are today. */
  accounts?: AccountFilter | null | undefined;
  /** Ended before this day. */
  endedBefore?: string | null | undefined;
  /** Ended on this day or later. */
  endedFrom?: string | null | undefined;
  /** With these outcomes. */
  outcome?: Array<EndedTermOutcome> | null | undefined;
};

/** What came after a paid term; undecided while a successor may still come. */
export type EndedTermOutcome =
  | 'CHURNED'
  | 'CONTRACTED'
  | 'EXPANDED'
  | 'RENEWED'
  | 'UNDECIDED';

/** Length of a period over which customers are followed. */
export type RetentionGrain =
  | 'MONTH'
  | 'QUARTER'
  | 'YEAR';

/** How much a signal matters. */
export type Severity =
  | 'HIGH'
  | 'LOW'
  | 'MEDIUM';

/** What survival is told apart by: the account's current segment or region, or the year it became a customer. */
export type SurvivalDimension =
  | 'REGION'
  | 'SEGMENT'
  | 'START_YEAR';

/** open; waiting = its owner has as many open ones as the journey allows; snoozed = asleep until a day; done; dismissed; expired = nobody touched it for long after it was due. */
export type TaskStatus =
  | 'DISMISSED'
  | 'DONE'
  | 'EXPIRED'
  | 'OPEN'
  | 'SNOOZED'
  | 'WAITING';

/** What a trait of accounts is about. */
export type TraitKind =
  | 'ATTRIBUTE'
  | 'FACT'
  | 'HEALTH'
  | 'MILESTONE'
  | 'SIGNAL'
  | 'STAGE'
  | 'TOUCHPOINT';

export type AtRiskQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type AtRiskQuery = { accounts: { nodes: Array<{ id: string, name: string, owner: string | null, mrr: string | null, stage: { name: string, days: number, isStuck: boolean } | null, health: { score: number | null, band: Band, coverage: number | null } | null }> } };

export type BacktestQueryVariables = Exact<{
  filter?: AccountFilter | null | undefined;
  from?: string | null | undefined;
  to?: string | null | undefined;
}>;


export type BacktestQuery = { backtest: { health: Array<{ leadDays: number, unscored: number, lift: number | null, churned: { accounts: number }, renewed: { accounts: number }, auc: { value: number | null, from: number | null, to: number | null, why: string | null }, worstDecile: { value: number | null, from: number | null, to: number | null, why: string | null }, bands: Array<{ band: Band, accounts: number, churned: number | null, rate: { value: number | null, from: number | null, to: number | null } }> }> } };

export type CohortsQueryVariables = Exact<{
  grain?: RetentionGrain;
  periods?: number;
}>;


export type CohortsQuery = { cohorts: Array<{ cohort: string, age: number, size: number, customers: number, share: number, mrr: string | null }> };

export type ComparisonQueryVariables = Exact<{
  leadDays?: number;
  filter?: AccountFilter | null | undefined;
  from?: string | null | undefined;
  to?: string | null | undefined;
}>;


export type ComparisonQuery = { comparison: { traits: Array<{ kind: TraitKind, id: string, name: string, p: number, q: number, strength: number, late: number, words: string, first: { n: number, share: number | null, median: number | null }, second: { n: number, share: number | null, median: number | null }, riskRatio: { value: number | null, from: number | null, to: number | null, why: string | null } | null, auc: { value: number | null, from: number | null, to: number | null, why: string | null } | null }> } };

export type EarlyWarningsQueryVariables = Exact<{
  first?: number;
}>;


export type EarlyWarningsQuery = { earlyWarnings: { nodes: Array<{ mrr: string | null, band: Band, churnRisk90d: number | null, mrrAtStake: number | null, worstSeverity: Severity | null, reasons: Array<string>, account: { name: string, owner: string | null, daysToRenewal: number | null } }> } };

export type EndedTermsQueryVariables = Exact<{
  leadDays?: number;
  filter?: EndedTermFilter | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type EndedTermsQuery = { endedTerms: { nodes: Array<{ endedOn: string, outcome: EndedTermOutcome, churnReason: string | null, mrrBefore: string | null, mrrAfter: string | null, account: { id: string, name: string }, atLandmark: { score: number | null, band: Band, daysSinceStart: number, stage: { name: string }, openSignals: Array<{ id: string }> }, atEnd: { score: number | null, band: Band, stage: { name: string } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type HealthTrendQueryVariables = Exact<{
  weeks?: number;
}>;


export type HealthTrendQuery = { health: Array<{ segment: string | null, averageScore: number | null, accounts: number, week: string | null, atRisk: number, previous: { averageScore: number | null } | null }> };

export type OnboardingByMonthQueryVariables = Exact<{ [key: string]: never; }>;


export type OnboardingByMonthQuery = { onboardingCohorts: Array<{ month: string, accounts: number, onboarded: number, onTime: number, meanDaysToOnboard: number | null, meanContacts: number | null }> };

export type PortfolioQueryVariables = Exact<{ [key: string]: never; }>;


export type PortfolioQuery = { portfolio: { cells: Array<{ band: Band, accounts: number, mrr: string | null, stage: { name: string } }> } };

export type RetentionQueryVariables = Exact<{
  grain?: RetentionGrain;
  periods?: number;
}>;


export type RetentionQuery = { retention: Array<{ from: string, customers: number, churned: number, churnRate: number | null, arrived: number, reactivated: number, mrr: string | null, netRevenueRetention: number | null, grossRevenueRetention: number | null, unpriced: number }> };

export type RevenueByRegionQueryVariables = Exact<{
  months?: number;
}>;


export type RevenueByRegionQuery = { revenue: Array<{ region: string | null, mrr: string | null, customers: number, month: string | null, part: number | null, yearBefore: { mrr: string | null } | null }> };

export type SignalBacktestQueryVariables = Exact<{
  filter?: AccountFilter | null | undefined;
  from?: string | null | undefined;
  to?: string | null | undefined;
}>;


export type SignalBacktestQuery = { backtest: { signals: Array<{ id: string, name: string, accounts: number, churned: number | null, medianLeadDays: number | null, precision: { value: number | null, from: number | null, to: number | null, why: string | null }, recall: { value: number | null, from: number | null, to: number | null } }> } };

export type StageOutcomesQueryVariables = Exact<{
  leadDays?: number;
}>;


export type StageOutcomesQuery = { stageOutcomes: { leftOut: number, stages: Array<{ terms: number, churned: number, churnedAtEnd: number, stage: { name: string }, churnShare: { value: number | null, from: number | null, to: number | null } }> } };

export type StageTimesQueryVariables = Exact<{ [key: string]: never; }>;


export type StageTimesQuery = { stageTimes: Array<{ stays: number, over: number, stage: { name: string }, medianDays: { value: number | null, from: number | null, to: number | null, why: string | null } }>, stageTransitions: Array<{ stays: number, share: number, from: { name: string }, to: { name: string } | null }> };

export type SupportByChannelQueryVariables = Exact<{
  weeks?: number;
}>;


export type SupportByChannelQuery = { support: Array<{ channel: string, opened: number, repliedWithin24hShare: number | null, firstReplyHoursMean: number | null, csat: number | null, week: string | null, part: number | null }> };

export type SurvivalQueryVariables = Exact<{
  by?: SurvivalDimension | null | undefined;
  every?: number;
  from?: string | null | undefined;
}>;


export type SurvivalQuery = { survival: { groups: Array<{ group: string | null, customers: number, churned: number, medianDays: { value: number | null, from: number | null, to: number | null, why: string | null }, steps: Array<{ day: number, atRisk: number, share: number, from: number | null, to: number | null }> }>, difference: { statistic: number | null, degreesOfFreedom: number | null, p: number | null, why: string | null } } };

export type TasksQueryVariables = Exact<{
  owner?: Array<string> | string | null | undefined;
  first?: number;
}>;


export type TasksQuery = { accountTasks: { nodes: Array<{ id: string, name: string, owner: string | null, dueOn: string, status: TaskStatus, isOverdue: boolean, severity: Severity | null, account: { name: string } }> } };

export type TouchpointsQueryVariables = Exact<{ [key: string]: never; }>;


export type TouchpointsQuery = { plannedTouchpoints: Array<{ done: number, doneLate: number, overdue: number, missed: number, doneShare: number | null, touchpoint: { name: string, why: string, stage: { name: string } } }> };

export type WorstAccountsQueryVariables = Exact<{
  first: number;
  since: string;
}>;


export type WorstAccountsQuery = { accounts: { nodes: Array<{ id: string, mrr: string | null, health: { score: number | null, band: Band, change: { change: number | null, capChange: number | null, indicators: Array<{ id: string, change: number }> } } | null }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const AtRiskDocument = new TypedDocumentString(`
    query AtRisk($first: Int = 20) {
  accounts(
    filter: {isCustomer: true}
    orderBy: {field: SCORE, direction: ASC}
    first: $first
  ) {
    nodes {
      id
      name
      owner
      mrr
      stage {
        name
        days
        isStuck
      }
      health {
        score
        band
        coverage
      }
    }
  }
}
    `) as unknown as TypedDocumentString<AtRiskQuery, AtRiskQueryVariables>;
export const BacktestDocument = new TypedDocumentString(`
    query Backtest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {
  backtest(filter: $filter, from: $from, to: $to) {
    health {
      leadDays
      churned {
        accounts
      }
      renewed {
        accounts
      }
      unscored
      auc {
        value
        from
        to
        why
      }
      worstDecile {
        value
        from
        to
        why
      }
      lift
      bands {
        band
        accounts
        churned
        rate {
          value
          from
          to
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<BacktestQuery, BacktestQueryVariables>;
export const CohortsDocument = new TypedDocumentString(`
    query Cohorts($grain: RetentionGrain! = QUARTER, $periods: Int! = 12) {
  cohorts(grain: $grain, periods: $periods) {
    cohort
    age
    size
    customers
    share
    mrr
  }
}
    `) as unknown as TypedDocumentString<CohortsQuery, CohortsQueryVariables>;
export const ComparisonDocument = new TypedDocumentString(`
    query Comparison($leadDays: Int! = 60, $filter: AccountFilter, $from: LocalDate, $to: LocalDate) {
  comparison(
    leadDays: $leadDays
    first: {outcomes: [CHURNED], filter: $filter, from: $from, to: $to}
    second: {outcomes: [RENEWED, EXPANDED, CONTRACTED], filter: $filter, from: $from, to: $to}
  ) {
    traits {
      kind
      id
      name
      first {
        n
        share
        median
      }
      second {
        n
        share
        median
      }
      riskRatio {
        value
        from
        to
        why
      }
      auc {
        value
        from
        to
        why
      }
      p
      q
      strength
      late
      words
    }
  }
}
    `) as unknown as TypedDocumentString<ComparisonQuery, ComparisonQueryVariables>;
export const EarlyWarningsDocument = new TypedDocumentString(`
    query EarlyWarnings($first: Int! = 20) {
  earlyWarnings(first: $first) {
    nodes {
      account {
        name
        owner
        daysToRenewal
      }
      mrr
      band
      churnRisk90d
      mrrAtStake
      worstSeverity
      reasons
    }
  }
}
    `) as unknown as TypedDocumentString<EarlyWarningsQuery, EarlyWarningsQueryVariables>;
export const EndedTermsDocument = new TypedDocumentString(`
    query EndedTerms($leadDays: Int! = 30, $filter: EndedTermFilter, $first: Int! = 1000, $after: String) {
  endedTerms(leadDays: $leadDays, filter: $filter, first: $first, after: $after) {
    nodes {
      account {
        id
        name
      }
      endedOn
      outcome
      churnReason
      mrrBefore
      mrrAfter
      atLandmark {
        stage {
          name
        }
        score
        band
        daysSinceStart
        openSignals {
          id
        }
      }
      atEnd {
        stage {
          name
        }
        score
        band
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<EndedTermsQuery, EndedTermsQueryVariables>;
export const HealthTrendDocument = new TypedDocumentString(`
    query HealthTrend($weeks: Int! = 30) {
  health(range: {last: {weeks: $weeks}}) {
    week: period(grain: WEEK)
    segment
    averageScore
    accounts
    atRisk: accounts(band: POOR)
    previous {
      averageScore
    }
  }
}
    `) as unknown as TypedDocumentString<HealthTrendQuery, HealthTrendQueryVariables>;
export const OnboardingByMonthDocument = new TypedDocumentString(`
    query OnboardingByMonth {
  onboardingCohorts {
    month
    accounts
    onboarded
    onTime
    meanDaysToOnboard
    meanContacts
  }
}
    `) as unknown as TypedDocumentString<OnboardingByMonthQuery, OnboardingByMonthQueryVariables>;
export const PortfolioDocument = new TypedDocumentString(`
    query Portfolio {
  portfolio {
    cells {
      stage {
        name
      }
      band
      accounts
      mrr
    }
  }
}
    `) as unknown as TypedDocumentString<PortfolioQuery, PortfolioQueryVariables>;
export const RetentionDocument = new TypedDocumentString(`
    query Retention($grain: RetentionGrain! = MONTH, $periods: Int! = 12) {
  retention(grain: $grain, periods: $periods) {
    from
    customers
    churned
    churnRate
    arrived
    reactivated
    mrr
    netRevenueRetention
    grossRevenueRetention
    unpriced
  }
}
    `) as unknown as TypedDocumentString<RetentionQuery, RetentionQueryVariables>;
export const RevenueByRegionDocument = new TypedDocumentString(`
    query RevenueByRegion($months: Int! = 12) {
  revenue(range: {last: {months: $months}}) {
    month: period(grain: MONTH)
    region
    mrr
    part: share(of: MRR)
    customers
    yearBefore: previous(periods: 12) {
      mrr
    }
  }
}
    `) as unknown as TypedDocumentString<RevenueByRegionQuery, RevenueByRegionQueryVariables>;
export const SignalBacktestDocument = new TypedDocumentString(`
    query SignalBacktest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {
  backtest(filter: $filter, from: $from, to: $to) {
    signals {
      id
      name
      accounts
      churned
      precision {
        value
        from
        to
        why
      }
      recall {
        value
        from
        to
      }
      medianLeadDays
    }
  }
}
    `) as unknown as TypedDocumentString<SignalBacktestQuery, SignalBacktestQueryVariables>;
export const StageOutcomesDocument = new TypedDocumentString(`
    query StageOutcomes($leadDays: Int! = 60) {
  stageOutcomes(leadDays: $leadDays) {
    stages {
      stage {
        name
      }
      terms
      churned
      churnShare {
        value
        from
        to
      }
      churnedAtEnd
    }
    leftOut
  }
}
    `) as unknown as TypedDocumentString<StageOutcomesQuery, StageOutcomesQueryVariables>;
export const StageTimesDocument = new TypedDocumentString(`
    query StageTimes {
  stageTimes {
    stage {
      name
    }
    stays
    over
    medianDays {
      value
      from
      to
      why
    }
  }
  stageTransitions {
    from {
      name
    }
    to {
      name
    }
    stays
    share
  }
}
    `) as unknown as TypedDocumentString<StageTimesQuery, StageTimesQueryVariables>;
export const SupportByChannelDocument = new TypedDocumentString(`
    query SupportByChannel($weeks: Int! = 8) {
  support(range: {last: {weeks: $weeks}}) {
    week: period(grain: WEEK)
    channel
    opened
    part: share(of: OPENED)
    repliedWithin24hShare
    firstReplyHoursMean
    csat
  }
}
    `) as unknown as TypedDocumentString<SupportByChannelQuery, SupportByChannelQueryVariables>;
export const SurvivalDocument = new TypedDocumentString(`
    query Survival($by: SurvivalDimension, $every: Int! = 90, $from: LocalDate) {
  survival(by: $by, every: $every, from: $from) {
    groups {
      group
      customers
      churned
      medianDays {
        value
        from
        to
        why
      }
      steps {
        day
        atRisk
        share
        from
        to
      }
    }
    difference {
      statistic
      degreesOfFreedom
      p
      why
    }
  }
}
    `) as unknown as TypedDocumentString<SurvivalQuery, SurvivalQueryVariables>;
export const TasksDocument = new TypedDocumentString(`
    query Tasks($owner: [String!], $first: Int! = 50) {
  accountTasks(filter: {owner: $owner}, first: $first) {
    nodes {
      id
      name
      account {
        name
      }
      owner
      dueOn
      status
      isOverdue
      severity
    }
  }
}
    `) as unknown as TypedDocumentString<TasksQuery, TasksQueryVariables>;
export const TouchpointsDocument = new TypedDocumentString(`
    query Touchpoints {
  plannedTouchpoints {
    touchpoint {
      name
      why
      stage {
        name
      }
    }
    done
    doneLate
    overdue
    missed
    doneShare
  }
}
    `) as unknown as TypedDocumentString<TouchpointsQuery, TouchpointsQueryVariables>;
export const WorstAccountsDocument = new TypedDocumentString(`
    query WorstAccounts($first: Int!, $since: LocalDate!) {
  accounts(orderBy: {field: SCORE, direction: ASC}, first: $first) {
    nodes {
      id
      mrr
      health {
        score
        band
        change(since: $since) {
          change
          capChange
          indicators {
            id
            change
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WorstAccountsQuery, WorstAccountsQueryVariables>;