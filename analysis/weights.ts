import { fitLogistic } from "../stats/logistic.js";

/** Accounts that stood alike some days before their outcome. */
export interface Standing {
  readonly churned: number;
  readonly stayed: number;
  /** By today's weights, caps aside. */
  readonly score: number;
  /** By indicator; null = no value. */
  readonly points: readonly (number | null)[];
  readonly weights: readonly number[];
}

/**
 * How far what an indicator brings to the score may come to count otherwise than today without much evidence, in
 * log-odds per standard deviation; and the score as a whole, which is hardly held back.
 */
const spread = { ofIndicator: 0.5, ofScore: 5 };

/**
 * By how much to multiply the weight of each of some indicators, up to a common factor, so that the score best tells who
 * churned: by logistic regression on what each brings to the score, weight × points over all weight. None is negative.
 * Where an indicator has no value it counts as the score of the others, which is what leaving it out comes to. A penalty
 * draws what outcomes hardly tell towards today's weights. Undefined where all come out as 0.
 */
export function fitWeights(rows: readonly Standing[], free: readonly number[]): number[] | undefined {
  const brought = rows.map(({ points, weights, score, churned, stayed }) => {
    const all = free.reduce((sum, i) => sum + (weights[i] ?? 0), 0);
    return {
      values: free.map((i) => (all > 0 ? ((weights[i] ?? 0) / all) * (points[i] ?? score) : 0)),
      events: churned,
      others: stayed,
    };
  });
  const count = brought.reduce((sum, { events, others }) => sum + events + others, 0);
  const mean = (of: (values: readonly number[]) => number): number =>
    brought.reduce((sum, { values, events, others }) => sum + (events + others) * of(values), 0) / count;
  const middles = free.map((_, i) => mean((values) => values[i] ?? 0));
  const deviations = middles.map((middle, i) =>
    Math.sqrt(mean((values) => ((values[i] ?? 0) - middle) ** 2)),
  );
  const standard = brought.map(({ values, ...counts }) => ({
    ...counts,
    values: values.map((value, i) => (value - (middles[i] ?? 0)) / (deviations[i] || 1)),
  }));
  const fit = fitLogistic(standard, towardsToday(deviations));
  const factors = fit?.coefficients.map((coefficient, i) => coefficient / (deviations[i] || 1));
  return factors?.some((factor) => factor > 0) ? factors : undefined;
}

/**
 * A penalty on coefficients by their distance from today's, whatever the slope of the score: today each indicator counts
 * by the deviation of what it brings. Along that direction and across it, as two variances.
 */
function towardsToday(deviations: readonly number[]): number[][] {
  const square = deviations.reduce((sum, d) => sum + d * d, 0);
  const [across, along] = [1 / spread.ofIndicator ** 2, 1 / spread.ofScore ** 2];
  return deviations.map((a, i) =>
    deviations.map((b, j) => (i === j ? across : 0) + ((along - across) * a * b) / square),
  );
}

/** Weights in round figures, about a hundredth of their sum, which stays: those that lost most by rounding down go up. */
export function roundedTo(total: number, parts: readonly number[]): number[] {
  const places = Math.max(0, 2 - Math.floor(Math.log10(total)));
  const unit = 10 ** -places;
  const all = parts.reduce((sum, part) => sum + part, 0);
  const exact = parts.map((part) => (part / all) * (total / unit));
  const whole = exact.map(Math.floor);
  const left = Math.round(total / unit) - whole.reduce((sum, value) => sum + value, 0);
  const up = exact.map((value, i) => [value - (whole[i] ?? 0), i] as const).sort(([a], [b]) => b - a);
  for (const [, i] of up.slice(0, left)) whole[i] = (whole[i] ?? 0) + 1;
  return whole.map((value) => Number((value * unit).toFixed(places)));
}
