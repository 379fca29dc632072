/* eslint-disable */
import * as types from './graphql.js';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "query AtRisk($first: Int = 20) {\n  accounts(\n    filter: {isCustomer: true}\n    orderBy: {field: SCORE, direction: ASC}\n    first: $first\n  ) {\n    nodes {\n      id\n      name\n      owner\n      mrr\n      stage {\n        name\n        days\n        isStuck\n      }\n      health {\n        score\n        band\n        coverage\n      }\n    }\n  }\n}": typeof types.AtRiskDocument,
    "query Backtest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  backtest(filter: $filter, from: $from, to: $to) {\n    health {\n      leadDays\n      churned {\n        accounts\n      }\n      renewed {\n        accounts\n      }\n      unscored\n      auc {\n        value\n        from\n        to\n        why\n      }\n      worstDecile {\n        value\n        from\n        to\n        why\n      }\n      lift\n      bands {\n        band\n        accounts\n        churned\n        rate {\n          value\n          from\n          to\n        }\n      }\n    }\n  }\n}": typeof types.BacktestDocument,
    "query Cohorts($grain: RetentionGrain! = QUARTER, $periods: Int! = 12) {\n  cohorts(grain: $grain, periods: $periods) {\n    cohort\n    age\n    size\n    customers\n    share\n    mrr\n  }\n}": typeof types.CohortsDocument,
    "query Comparison($leadDays: Int! = 60, $filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  comparison(\n    leadDays: $leadDays\n    first: {outcomes: [CHURNED], filter: $filter, from: $from, to: $to}\n    second: {outcomes: [RENEWED, EXPANDED, CONTRACTED], filter: $filter, from: $from, to: $to}\n  ) {\n    traits {\n      kind\n      id\n      name\n      first {\n        n\n        share\n        median\n      }\n      second {\n        n\n        share\n        median\n      }\n      riskRatio {\n        value\n        from\n        to\n        why\n      }\n      auc {\n        value\n        from\n        to\n        why\n      }\n      p\n      q\n      strength\n      late\n      words\n    }\n  }\n}": typeof types.ComparisonDocument,
    "query EarlyWarnings($first: Int! = 20) {\n  earlyWarnings(first: $first) {\n    nodes {\n      account {\n        name\n        owner\n        daysToRenewal\n      }\n      mrr\n      band\n      churnRisk90d\n      mrrAtStake\n      worstSeverity\n      reasons\n    }\n  }\n}": typeof types.EarlyWarningsDocument,
    "query EndedTerms($leadDays: Int! = 30, $filter: EndedTermFilter, $first: Int! = 1000, $after: String) {\n  endedTerms(leadDays: $leadDays, filter: $filter, first: $first, after: $after) {\n    nodes {\n      account {\n        id\n        name\n      }\n      endedOn\n      outcome\n      churnReason\n      mrrBefore\n      mrrAfter\n      atLandmark {\n        stage {\n          name\n        }\n        score\n        band\n        daysSinceStart\n        openSignals {\n          id\n        }\n      }\n      atEnd {\n        stage {\n          name\n        }\n        score\n        band\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": typeof types.EndedTermsDocument,
    "query HealthTrend($weeks: Int! = 30) {\n  health(range: {last: {weeks: $weeks}}) {\n    week: period(grain: WEEK)\n    segment\n    averageScore\n    accounts\n    atRisk: accounts(band: POOR)\n    previous {\n      averageScore\n    }\n  }\n}": typeof types.HealthTrendDocument,
    "query OnboardingByMonth {\n  onboardingCohorts {\n    month\n    accounts\n    onboarded\n    onTime\n    meanDaysToOnboard\n    meanContacts\n  }\n}": typeof types.OnboardingByMonthDocument,
    "query Portfolio {\n  portfolio {\n    cells {\n      stage {\n        name\n      }\n      band\n      accounts\n      mrr\n    }\n  }\n}": typeof types.PortfolioDocument,
    "query Retention($grain: RetentionGrain! = MONTH, $periods: Int! = 12) {\n  retention(grain: $grain, periods: $periods) {\n    from\n    customers\n    churned\n    churnRate\n    arrived\n    reactivated\n    mrr\n    netRevenueRetention\n    grossRevenueRetention\n    unpriced\n  }\n}": typeof types.RetentionDocument,
    "query RevenueByRegion($months: Int! = 12) {\n  revenue(range: {last: {months: $months}}) {\n    month: period(grain: MONTH)\n    region\n    mrr\n    part: share(of: MRR)\n    customers\n    yearBefore: previous(periods: 12) {\n      mrr\n    }\n  }\n}": typeof types.RevenueByRegionDocument,
    "query SignalBacktest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  backtest(filter: $filter, from: $from, to: $to) {\n    signals {\n      id\n      name\n      accounts\n      churned\n      precision {\n        value\n        from\n        to\n        why\n      }\n      recall {\n        value\n        from\n        to\n      }\n      medianLeadDays\n    }\n  }\n}": typeof types.SignalBacktestDocument,
    "query StageOutcomes($leadDays: Int! = 60) {\n  stageOutcomes(leadDays: $leadDays) {\n    stages {\n      stage {\n        name\n      }\n      terms\n      churned\n      churnShare {\n        value\n        from\n        to\n      }\n      churnedAtEnd\n    }\n    leftOut\n  }\n}": typeof types.StageOutcomesDocument,
    "query StageTimes {\n  stageTimes {\n    stage {\n      name\n    }\n    stays\n    over\n    medianDays {\n      value\n      from\n      to\n      why\n    }\n  }\n  stageTransitions {\n    from {\n      name\n    }\n    to {\n      name\n    }\n    stays\n    share\n  }\n}": typeof types.StageTimesDocument,
    "query SupportByChannel($weeks: Int! = 8) {\n  support(range: {last: {weeks: $weeks}}) {\n    week: period(grain: WEEK)\n    channel\n    opened\n    part: share(of: OPENED)\n    repliedWithin24hShare\n    firstReplyHoursMean\n    csat\n  }\n}": typeof types.SupportByChannelDocument,
    "query Survival($by: SurvivalDimension, $every: Int! = 90, $from: LocalDate) {\n  survival(by: $by, every: $every, from: $from) {\n    groups {\n      group\n      customers\n      churned\n      medianDays {\n        value\n        from\n        to\n        why\n      }\n      steps {\n        day\n        atRisk\n        share\n        from\n        to\n      }\n    }\n    difference {\n      statistic\n      degreesOfFreedom\n      p\n      why\n    }\n  }\n}": typeof types.SurvivalDocument,
    "query Tasks($owner: [String!], $first: Int! = 50) {\n  accountTasks(filter: {owner: $owner}, first: $first) {\n    nodes {\n      id\n      name\n      account {\n        name\n      }\n      owner\n      dueOn\n      status\n      isOverdue\n      severity\n    }\n  }\n}": typeof types.TasksDocument,
    "query Touchpoints {\n  plannedTouchpoints {\n    touchpoint {\n      name\n      why\n      stage {\n        name\n      }\n    }\n    done\n    doneLate\n    overdue\n    missed\n    doneShare\n  }\n}": typeof types.TouchpointsDocument,
    "\n  query WorstAccounts($first: Int!, $since: LocalDate!) {\n    accounts(orderBy: { field: SCORE, direction: ASC }, first: $first) {\n      nodes {\n        id\n        mrr\n        health {\n          score\n          band\n          change(since: $since) {\n            change\n            capChange\n            indicators {\n              id\n              change\n            }\n          }\n        }\n      }\n    }\n  }\n": typeof types.WorstAccountsDocument,
};
const documents: Documents = {
    "query AtRisk($first: Int = 20) {\n  accounts(\n    filter: {isCustomer: true}\n    orderBy: {field: SCORE, direction: ASC}\n    first: $first\n  ) {\n    nodes {\n      id\n      name\n      owner\n      mrr\n      stage {\n        name\n        days\n        isStuck\n      }\n      health {\n        score\n        band\n        coverage\n      }\n    }\n  }\n}": types.AtRiskDocument,
    "query Backtest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  backtest(filter: $filter, from: $from, to: $to) {\n    health {\n      leadDays\n      churned {\n        accounts\n      }\n      renewed {\n        accounts\n      }\n      unscored\n      auc {\n        value\n        from\n        to\n        why\n      }\n      worstDecile {\n        value\n        from\n        to\n        why\n      }\n      lift\n      bands {\n        band\n        accounts\n        churned\n        rate {\n          value\n          from\n          to\n        }\n      }\n    }\n  }\n}": types.BacktestDocument,
    "query Cohorts($grain: RetentionGrain! = QUARTER, $periods: Int! = 12) {\n  cohorts(grain: $grain, periods: $periods) {\n    cohort\n    age\n    size\n    customers\n    share\n    mrr\n  }\n}": types.CohortsDocument,
    "query Comparison($leadDays: Int! = 60, $filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  comparison(\n    leadDays: $leadDays\n    first: {outcomes: [CHURNED], filter: $filter, from: $from, to: $to}\n    second: {outcomes: [RENEWED, EXPANDED, CONTRACTED], filter: $filter, from: $from, to: $to}\n  ) {\n    traits {\n      kind\n      id\n      name\n      first {\n        n\n        share\n        median\n      }\n      second {\n        n\n        share\n        median\n      }\n      riskRatio {\n        value\n        from\n        to\n        why\n      }\n      auc {\n        value\n        from\n        to\n        why\n      }\n      p\n      q\n      strength\n      late\n      words\n    }\n  }\n}": types.ComparisonDocument,
    "query EarlyWarnings($first: Int! = 20) {\n  earlyWarnings(first: $first) {\n    nodes {\n      account {\n        name\n        owner\n        daysToRenewal\n      }\n      mrr\n      band\n      churnRisk90d\n      mrrAtStake\n      worstSeverity\n      reasons\n    }\n  }\n}": types.EarlyWarningsDocument,
    "query EndedTerms($leadDays: Int! = 30, $filter: EndedTermFilter, $first: Int! = 1000, $after: String) {\n  endedTerms(leadDays: $leadDays, filter: $filter, first: $first, after: $after) {\n    nodes {\n      account {\n        id\n        name\n      }\n      endedOn\n      outcome\n      churnReason\n      mrrBefore\n      mrrAfter\n      atLandmark {\n        stage {\n          name\n        }\n        score\n        band\n        daysSinceStart\n        openSignals {\n          id\n        }\n      }\n      atEnd {\n        stage {\n          name\n        }\n        score\n        band\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": types.EndedTermsDocument,
    "query HealthTrend($weeks: Int! = 30) {\n  health(range: {last: {weeks: $weeks}}) {\n    week: period(grain: WEEK)\n    segment\n    averageScore\n    accounts\n    atRisk: accounts(band: POOR)\n    previous {\n      averageScore\n    }\n  }\n}": types.HealthTrendDocument,
    "query OnboardingByMonth {\n  onboardingCohorts {\n    month\n    accounts\n    onboarded\n    onTime\n    meanDaysToOnboard\n    meanContacts\n  }\n}": types.OnboardingByMonthDocument,
    "query Portfolio {\n  portfolio {\n    cells {\n      stage {\n        name\n      }\n      band\n      accounts\n      mrr\n    }\n  }\n}": types.PortfolioDocument,
    "query Retention($grain: RetentionGrain! = MONTH, $periods: Int! = 12) {\n  retention(grain: $grain, periods: $periods) {\n    from\n    customers\n    churned\n    churnRate\n    arrived\n    reactivated\n    mrr\n    netRevenueRetention\n    grossRevenueRetention\n    unpriced\n  }\n}": types.RetentionDocument,
    "query RevenueByRegion($months: Int! = 12) {\n  revenue(range: {last: {months: $months}}) {\n    month: period(grain: MONTH)\n    region\n    mrr\n    part: share(of: MRR)\n    customers\n    yearBefore: previous(periods: 12) {\n      mrr\n    }\n  }\n}": types.RevenueByRegionDocument,
    "query SignalBacktest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  backtest(filter: $filter, from: $from, to: $to) {\n    signals {\n      id\n      name\n      accounts\n      churned\n      precision {\n        value\n        from\n        to\n        why\n      }\n      recall {\n        value\n        from\n        to\n      }\n      medianLeadDays\n    }\n  }\n}": types.SignalBacktestDocument,
    "query StageOutcomes($leadDays: Int! = 60) {\n  stageOutcomes(leadDays: $leadDays) {\n    stages {\n      stage {\n        name\n      }\n      terms\n      churned\n      churnShare {\n        value\n        from\n        to\n      }\n      churnedAtEnd\n    }\n    leftOut\n  }\n}": types.StageOutcomesDocument,
    "query StageTimes {\n  stageTimes {\n    stage {\n      name\n    }\n    stays\n    over\n    medianDays {\n      value\n      from\n      to\n      why\n    }\n  }\n  stageTransitions {\n    from {\n      name\n    }\n    to {\n      name\n    }\n    stays\n    share\n  }\n}": types.StageTimesDocument,
    "query SupportByChannel($weeks: Int! = 8) {\n  support(range: {last: {weeks: $weeks}}) {\n    week: period(grain: WEEK)\n    channel\n    opened\n    part: share(of: OPENED)\n    repliedWithin24hShare\n    firstReplyHoursMean\n    csat\n  }\n}": types.SupportByChannelDocument,
    "query Survival($by: SurvivalDimension, $every: Int! = 90, $from: LocalDate) {\n  survival(by: $by, every: $every, from: $from) {\n    groups {\n      group\n      customers\n      churned\n      medianDays {\n        value\n        from\n        to\n        why\n      }\n      steps {\n        day\n        atRisk\n        share\n        from\n        to\n      }\n    }\n    difference {\n      statistic\n      degreesOfFreedom\n      p\n      why\n    }\n  }\n}": types.SurvivalDocument,
    "query Tasks($owner: [String!], $first: Int! = 50) {\n  accountTasks(filter: {owner: $owner}, first: $first) {\n    nodes {\n      id\n      name\n      account {\n        name\n      }\n      owner\n      dueOn\n      status\n      isOverdue\n      severity\n    }\n  }\n}": types.TasksDocument,
    "query Touchpoints {\n  plannedTouchpoints {\n    touchpoint {\n      name\n      why\n      stage {\n        name\n      }\n    }\n    done\n    doneLate\n    overdue\n    missed\n    doneShare\n  }\n}": types.TouchpointsDocument,
    "\n  query WorstAccounts($first: Int!, $since: LocalDate!) {\n    accounts(orderBy: { field: SCORE, direction: ASC }, first: $first) {\n      nodes {\n        id\n        mrr\n        health {\n          score\n          band\n          change(since: $since) {\n            change\n            capChange\n            indicators {\n              id\n              change\n            }\n          }\n        }\n      }\n    }\n  }\n": types.WorstAccountsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query AtRisk($first: Int = 20) {\n  accounts(\n    filter: {isCustomer: true}\n    orderBy: {field: SCORE, direction: ASC}\n    first: $first\n  ) {\n    nodes {\n      id\n      name\n      owner\n      mrr\n      stage {\n        name\n        days\n        isStuck\n      }\n      health {\n        score\n        band\n        coverage\n      }\n    }\n  }\n}"): typeof import('./graphql.js').AtRiskDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Backtest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  backtest(filter: $filter, from: $from, to: $to) {\n    health {\n      leadDays\n      churned {\n        accounts\n      }\n      renewed {\n        accounts\n      }\n      unscored\n      auc {\n        value\n        from\n        to\n        why\n      }\n      worstDecile {\n        value\n        from\n        to\n        why\n      }\n      lift\n      bands {\n        band\n        accounts\n        churned\n        rate {\n          value\n          from\n          to\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.js').BacktestDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Cohorts($grain: RetentionGrain! = QUARTER, $periods: Int! = 12) {\n  cohorts(grain: $grain, periods: $periods) {\n    cohort\n    age\n    size\n    customers\n    share\n    mrr\n  }\n}"): typeof import('./graphql.js').CohortsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Comparison($leadDays: Int! = 60, $filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  comparison(\n    leadDays: $leadDays\n    first: {outcomes: [CHURNED], filter: $filter, from: $from, to: $to}\n    second: {outcomes: [RENEWED, EXPANDED, CONTRACTED], filter: $filter, from: $from, to: $to}\n  ) {\n    traits {\n      kind\n      id\n      name\n      first {\n        n\n        share\n        median\n      }\n      second {\n        n\n        share\n        median\n      }\n      riskRatio {\n        value\n        from\n        to\n        why\n      }\n      auc {\n        value\n        from\n        to\n        why\n      }\n      p\n      q\n      strength\n      late\n      words\n    }\n  }\n}"): typeof import('./graphql.js').ComparisonDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query EarlyWarnings($first: Int! = 20) {\n  earlyWarnings(first: $first) {\n    nodes {\n      account {\n        name\n        owner\n        daysToRenewal\n      }\n      mrr\n      band\n      churnRisk90d\n      mrrAtStake\n      worstSeverity\n      reasons\n    }\n  }\n}"): typeof import('./graphql.js').EarlyWarningsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query EndedTerms($leadDays: Int! = 30, $filter: EndedTermFilter, $first: Int! = 1000, $after: String) {\n  endedTerms(leadDays: $leadDays, filter: $filter, first: $first, after: $after) {\n    nodes {\n      account {\n        id\n        name\n      }\n      endedOn\n      outcome\n      churnReason\n      mrrBefore\n      mrrAfter\n      atLandmark {\n        stage {\n          name\n        }\n        score\n        band\n        daysSinceStart\n        openSignals {\n          id\n        }\n      }\n      atEnd {\n        stage {\n          name\n        }\n        score\n        band\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"): typeof import('./graphql.js').EndedTermsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query HealthTrend($weeks: Int! = 30) {\n  health(range: {last: {weeks: $weeks}}) {\n    week: period(grain: WEEK)\n    segment\n    averageScore\n    accounts\n    atRisk: accounts(band: POOR)\n    previous {\n      averageScore\n    }\n  }\n}"): typeof import('./graphql.js').HealthTrendDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query OnboardingByMonth {\n  onboardingCohorts {\n    month\n    accounts\n    onboarded\n    onTime\n    meanDaysToOnboard\n    meanContacts\n  }\n}"): typeof import('./graphql.js').OnboardingByMonthDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Portfolio {\n  portfolio {\n    cells {\n      stage {\n        name\n      }\n      band\n      accounts\n      mrr\n    }\n  }\n}"): typeof import('./graphql.js').PortfolioDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Retention($grain: RetentionGrain! = MONTH, $periods: Int! = 12) {\n  retention(grain: $grain, periods: $periods) {\n    from\n    customers\n    churned\n    churnRate\n    arrived\n    reactivated\n    mrr\n    netRevenueRetention\n    grossRevenueRetention\n    unpriced\n  }\n}"): typeof import('./graphql.js').RetentionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query RevenueByRegion($months: Int! = 12) {\n  revenue(range: {last: {months: $months}}) {\n    month: period(grain: MONTH)\n    region\n    mrr\n    part: share(of: MRR)\n    customers\n    yearBefore: previous(periods: 12) {\n      mrr\n    }\n  }\n}"): typeof import('./graphql.js').RevenueByRegionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SignalBacktest($filter: AccountFilter, $from: LocalDate, $to: LocalDate) {\n  backtest(filter: $filter, from: $from, to: $to) {\n    signals {\n      id\n      name\n      accounts\n      churned\n      precision {\n        value\n        from\n        to\n        why\n      }\n      recall {\n        value\n        from\n        to\n      }\n      medianLeadDays\n    }\n  }\n}"): typeof import('./graphql.js').SignalBacktestDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StageOutcomes($leadDays: Int! = 60) {\n  stageOutcomes(leadDays: $leadDays) {\n    stages {\n      stage {\n        name\n      }\n      terms\n      churned\n      churnShare {\n        value\n        from\n        to\n      }\n      churnedAtEnd\n    }\n    leftOut\n  }\n}"): typeof import('./graphql.js').StageOutcomesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StageTimes {\n  stageTimes {\n    stage {\n      name\n    }\n    stays\n    over\n    medianDays {\n      value\n      from\n      to\n      why\n    }\n  }\n  stageTransitions {\n    from {\n      name\n    }\n    to {\n      name\n    }\n    stays\n    share\n  }\n}"): typeof import('./graphql.js').StageTimesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SupportByChannel($weeks: Int! = 8) {\n  support(range: {last: {weeks: $weeks}}) {\n    week: period(grain: WEEK)\n    channel\n    opened\n    part: share(of: OPENED)\n    repliedWithin24hShare\n    firstReplyHoursMean\n    csat\n  }\n}"): typeof import('./graphql.js').SupportByChannelDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Survival($by: SurvivalDimension, $every: Int! = 90, $from: LocalDate) {\n  survival(by: $by, every: $every, from: $from) {\n    groups {\n      group\n      customers\n      churned\n      medianDays {\n        value\n        from\n        to\n        why\n      }\n      steps {\n        day\n        atRisk\n        share\n        from\n        to\n      }\n    }\n    difference {\n      statistic\n      degreesOfFreedom\n      p\n      why\n    }\n  }\n}"): typeof import('./graphql.js').SurvivalDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Tasks($owner: [String!], $first: Int! = 50) {\n  accountTasks(filter: {owner: $owner}, first: $first) {\n    nodes {\n      id\n      name\n      account {\n        name\n      }\n      owner\n      dueOn\n      status\n      isOverdue\n      severity\n    }\n  }\n}"): typeof import('./graphql.js').TasksDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Touchpoints {\n  plannedTouchpoints {\n    touchpoint {\n      name\n      why\n      stage {\n        name\n      }\n    }\n    done\n    doneLate\n    overdue\n    missed\n    doneShare\n  }\n}"): typeof import('./graphql.js').TouchpointsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WorstAccounts($first: Int!, $since: LocalDate!) {\n    accounts(orderBy: { field: SCORE, direction: ASC }, first: $first) {\n      nodes {\n        id\n        mrr\n        health {\n          score\n          band\n          change(since: $since) {\n            change\n            capChange\n            indicators {\n              id\n              change\n            }\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.js').WorstAccountsDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
