/** The metric of every trend besides the journey's choice of facts. */
export const healthMetric = "health_score";

/** The metrics whose trend is kept: the journey's choice of facts, and the health score. */
export const trendMetrics = ({ trends }: { trends: readonly string[] }): string[] => [
  ...new Set([...trends, healthMetric]),
];
