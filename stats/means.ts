import { type Estimate, figure, noFigure } from "./estimate.js";
import { turn } from "./turn.js";

/** What tells the mean and the spread of a group: all that a difference of means needs, and that a database can add. */
export interface Moments {
  readonly n: number;
  readonly sum: number;
  /** Sum of the squares. */
  readonly squares: number;
}

export const meanOf = ({ n, sum }: Moments): number | null => (n === 0 ? null : sum / n);

/**
 * The first mean less the second with Welch's interval, which doesn't take the groups to vary alike: B. L. Welch,
 * *Biometrika* 34 (1947), 28–35. His degrees of freedom are rounded down, so the interval is rather too wide.
 */
export function meanDifference(first: Moments, second: Moments): Estimate {
  if (first.n < 2 || second.n < 2) return noFigure("a group has fewer than two values");
  const [one, other] = [squaredError(first), squaredError(second)];
  const difference = first.sum / first.n - second.sum / second.n;
  if (one + other === 0) return noFigure("within each group all values are equal");
  const freedom = (one + other) ** 2 / (one ** 2 / (first.n - 1) + other ** 2 / (second.n - 1));
  const half = student95(Math.floor(freedom + 1e-9)) * Math.sqrt(one + other);
  return figure(difference, difference - half, difference + half);
}

/** Of a mean: its variance. What is left of equal values by the rounding of their sums is none. */
function squaredError({ n, sum, squares }: Moments): number {
  const spread = squares - (sum * sum) / n;
  return spread <= squares * 1e-9 ? 0 : spread / (n - 1) / n;
}

/** Student's 97.5 % point, for 1 degree of freedom or more; beyond a thousand that of a thousand, 1.9623. */
export function student95(degreesOfFreedom: number): number {
  const freedom = Math.min(degreesOfFreedom, 1000);
  return turn((t) => within(t, freedom) <= 0.95, 1.9, 13);
}

/** Probability that Student's t is at most so far from 0: Abramowitz and Stegun, 26.7.3 and 26.7.4. */
function within(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = freedom % 2 === 1;
  let sum = 0;
  for (let k = isOdd ? 1 : 0, term = isOdd ? cosine : 1; k <= freedom - 2; k += 2) {
    sum += term;
    term *= (cosine * cosine * (k + 1)) / (k + 2);
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
