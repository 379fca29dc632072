/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The band of a health score; UNKNOWN where there is too little evidence, or the stage is not scored. */
export type Band =
  | 'AVERAGE'
  | 'GOOD'
  | 'POOR'
  | 'UNKNOWN';

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

/** open; waiting = its owner has as many open ones as the journey allows; snoozed = asleep until a day; done; dismissed; expired = nobody touched it for long after it was due. */
export type TaskStatus =
  | 'DISMISSED'
  | 'DONE'
  | 'EXPIRED'
  | 'OPEN'
  | 'SNOOZED'
  | 'WAITING';

export type AtRiskQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type AtRiskQuery = { accounts: { nodes: Array<{ id: string, name: string, owner: string | null, mrr: string | null, stage: { name: string, days: number, isStuck: boolean } | null, health: { score: number | null, band: Band, coverage: number | null } | null }> } };

export type CohortsQueryVariables = Exact<{
  grain?: RetentionGrain;
  periods?: number;
}>;


export type CohortsQuery = { cohorts: Array<{ cohort: string, age: number, size: number, customers: number, share: number, mrr: string | null }> };

export type EarlyWarningsQueryVariables = Exact<{
  first?: number;
}>;


export type EarlyWarningsQuery = { earlyWarnings: { nodes: Array<{ mrr: string | null, band: Band, churnRisk90d: number | null, mrrAtStake: number | null, worstSeverity: Severity | null, reasons: Array<string>, account: { name: string, owner: string | null, daysToRenewal: number | null } }> } };

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

export type SupportByChannelQueryVariables = Exact<{
  weeks?: number;
}>;


export type SupportByChannelQuery = { support: Array<{ channel: string, opened: number, repliedWithin24hShare: number | null, firstReplyHoursMean: number | null, csat: number | null, week: string | null, part: number | null }> };

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