import { type Estimate, figure, noFigure, z95 } from "./estimate.js";

/** So many of a group. */
export interface Share {
  readonly count: number;
  readonly of: number;
}

/**
 * Share with Wilson's score interval, which stays within 0 and 1 and has a width at 0 and at all.
 * E. B. Wilson, *JASA* 22 (1927); R. G. Newcombe, *Statistics in Medicine* 17 (1998), 857–872, method 3.
 */
export function wilson({ count, of }: Share): Estimate {
  if (of === 0) return noFigure("nobody is in the group");
  const share = count / of;
  const z2 = z95 * z95;
  const middle = (share + z2 / (2 * of)) / (1 + z2 / of);
  const half = (z95 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of))) / (1 + z2 / of);
  return figure(share, count === 0 ? 0 : middle - half, count === of ? 1 : middle + half);
}

/**
 * The first share less the second, from the Wilson intervals of both: R. G. Newcombe, *Statistics in Medicine* 17 (1998),
 * 873–890, method 10. It stays within −1 and 1 and has a width at zero cells.
 */
export function shareDifference(first: Share, second: Share): Estimate {
  const [one, other] = [wilson(first), wilson(second)];
  if (one.value === null || other.value === null) return noFigure("one group is empty");
  const difference = one.value - other.value;
  return figure(
    difference,
    difference - Math.hypot(one.value - one.from, other.to - other.value),
    difference + Math.hypot(one.to - one.value, other.value - other.from),
  );
}

/**
 * How many times as large the first share is as the second, with the interval on the logarithm.
 * D. Katz et al., *Biometrics* 34 (1978), 469–474. A zero in either gives no ratio.
 */
export function riskRatio(first: Share, second: Share): Estimate {
  if (first.of === 0 || second.of === 0) return noFigure("one group is empty");
  if (first.count === 0 && second.count === 0) return noFigure("nobody is counted in either group");
  if (first.count === 0 || second.count === 0) return noFigure("nobody is counted in one group");
  const ratio = first.count / first.of / (second.count / second.of);
  const error = Math.sqrt(1 / first.count - 1 / first.of + 1 / second.count - 1 / second.of);
  return figure(ratio, ratio * Math.exp(-z95 * error), ratio * Math.exp(z95 * error));
}

/**
 * Fisher's exact test of two shares, both sides: the probability of all tables with these margins that are no likelier
 * than this one. 1 where the margins leave no choice; null with an empty group. R. A. Fisher, *Statistical Methods for
 * Research Workers* (1925), § 21.02.
 *
 * Weights follow from one table to the next by their ratio, from the likeliest outwards; those too small for a double
 * next to it count as 0. As R does, tables within 1e-7 of this one's weight count as equally likely.
 */
export function fisherExact(first: Share, second: Share): number | null {
  if (first.of === 0 || second.of === 0) return null;
  const counted = first.count + second.count;
  const least = Math.max(0, counted - second.of);
  const most = Math.min(counted, first.of);
  const mode = Math.floor(((first.of + 1) * (counted + 1)) / (first.of + second.of + 2));
  /** The weight of x + 1 over that of x. */
  const ratio = (x: number): number =>
    ((counted - x) * (first.of - x)) / ((x + 1) * (second.of - counted + x + 1));
  const weights = new Map([[mode, 1]]);
  for (let x = mode, weight = 1; x < most && weight > 0; x++) {
    weight *= ratio(x);
    weights.set(x + 1, weight);
  }
  for (let x = mode, weight = 1; x > least && weight > 0; x--) {
    weight /= ratio(x - 1);
    weights.set(x - 1, weight);
  }
  const own = (weights.get(first.count) ?? 0) * (1 + 1e-7);
  const ascending = [...weights.values()].sort((a, b) => a - b);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return Math.min(1, sum(ascending.filter((weight) => weight <= own)) / sum(ascending));
}
