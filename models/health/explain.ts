/** One indicator on one day. */
export interface Scored {
  readonly id: string;
  readonly name: string;
  /** 0–100; null = no value that day. */
  readonly points: number | null;
  readonly weight: number;
}

/** A day's score with what it is made of. */
export interface ScoredDay {
  readonly day: string;
  readonly score: number | null;
  readonly uncappedScore: number | null;
  readonly indicators: readonly Scored[];
}

export interface Contribution {
  /** weight / the weight of all indicators with points; null without points. */
  readonly weightShare: number | null;
  /** weightShare × points: these add up to the uncapped score. */
  readonly contribution: number | null;
}

/** How much each indicator brings to the score; all null where nothing that weighs has points. */
export function contributionsOf(indicators: readonly Scored[]): Contribution[] {
  const all = indicators.reduce((sum, i) => (i.points === null ? sum : sum + i.weight), 0);
  return indicators.map(({ points, weight }) => {
    if (points === null || all === 0) return { weightShare: null, contribution: null };
    return { weightShare: weight / all, contribution: (weight * points) / all };
  });
}

export interface IndicatorChange {
  readonly id: string;
  readonly name: string;
  readonly contributionBefore: number;
  readonly contributionAfter: number;
  readonly change: number;
  readonly pointsMoved: number;
  readonly weightsMoved: number;
}

export interface HealthChange {
  readonly from: string;
  readonly to: string;
  readonly scoreBefore: number | null;
  readonly scoreAfter: number | null;
  readonly change: number | null;
  readonly capChange: number | null;
  readonly indicators: IndicatorChange[];
  readonly reason: string | null;
}

/**
 * Why the score moved between two days of one journey version: the changes of the contributions and of the
 * cap's effect add up to the change of the score, to nine decimals (scores are kept to ten). Where the
 * weights changed too, a contribution's part splits into points moved (mean share × Δpoints) and weights
 * moved (mean points × Δshare); where one day has no points its share was 0, and all of it is weights moved.
 */
export function explainChange(before: ScoredDay, after: ScoredDay): HealthChange {
  const days = { from: before.day, to: after.day, scoreBefore: before.score, scoreAfter: after.score };
  if (before.score === null || after.score === null) {
    const without = [before, after].filter((d) => d.score === null).map((d) => d.day);
    return {
      ...days,
      change: null,
      capChange: null,
      indicators: [],
      reason: `There is no score on ${without.join(" and ")}.`,
    };
  }
  const [shares0, shares1] = [contributionsOf(before.indicators), contributionsOf(after.indicators)];
  const indicators = after.indicators.map((indicator, i): IndicatorChange => {
    const [points0, points1] = [before.indicators[i]?.points ?? null, indicator.points];
    const [share0, share1] = [shares0[i]?.weightShare ?? 0, shares1[i]?.weightShare ?? 0];
    const [contributionBefore, contributionAfter] = [
      shares0[i]?.contribution ?? 0,
      shares1[i]?.contribution ?? 0,
    ];
    const change = contributionAfter - contributionBefore;
    const pointsMoved =
      points0 === null || points1 === null ? 0 : ((share0 + share1) / 2) * (points1 - points0);
    return {
      id: indicator.id,
      name: indicator.name,
      contributionBefore,
      contributionAfter,
      change,
      pointsMoved,
      weightsMoved: change - pointsMoved,
    };
  });
  const capEffect = ({ score, uncappedScore }: ScoredDay): number => (score ?? 0) - (uncappedScore ?? 0);
  return {
    ...days,
    change: after.score - before.score,
    capChange: capEffect(after) - capEffect(before),
    indicators: indicators.sort((a, b) => Math.abs(b.change) - Math.abs(a.change)),
    reason: null,
  };
}
