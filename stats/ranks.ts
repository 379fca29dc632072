import { type Estimate, figure, noFigure, z95 } from "./estimate.js";
import { twoSided } from "./normal.js";
import { turn } from "./turn.js";

/** What ranks two groups together: all that their comparison needs, and that a database can count. */
export interface RankSums {
  /** How many values the groups have. */
  readonly first: number;
  readonly second: number;
  /** Sum of the first group's ranks among all values, from 1 for the least; equal values share their mean rank. */
  readonly firstRanks: number;
  /** Sum of t³ − t over the runs of t equal values; 0 where all differ. */
  readonly ties: number;
}

/** Of how many pairs, one of each group, the first group's value is the greater; a tie counts half. */
const wins = ({ first, firstRanks }: RankSums): number => firstRanks - (first * (first + 1)) / 2;

/**
 * The Mann–Whitney test, both sides: by the normal distribution, with the variance corrected for ties and the statistic
 * for continuity. 1 where all values are equal; null with an empty group. E. L. Lehmann, *Nonparametrics* (1975), §§ 1.2, 1.4.
 */
export function mannWhitney(ranks: RankSums): number | null {
  const { first, second, ties } = ranks;
  if (first === 0 || second === 0) return null;
  const all = first + second;
  const variance = ((first * second) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (variance <= 0) return 1;
  const distance = Math.abs(wins(ranks) - (first * second) / 2);
  return twoSided(Math.max(0, distance - 0.5) / Math.sqrt(variance));
}

/**
 * Probability that a value of the first group is greater than one of the second, a tie counting half: 0.5 tells nothing,
 * 0 and 1 separate. The interval is R. G. Newcombe's method 5, *Statistics in Medicine* 25 (2006), 559–573: the
 * probabilities from which this one lies 1.96 of Hanley and McNeil's standard errors. It keeps within 0 and 1, has a
 * width at the ends, and needs nothing but the sizes; where many values are equal it is a little wide.
 */
export function auc(ranks: RankSums): Estimate {
  const { first, second, ties } = ranks;
  if (first === 0 || second === 0) return noFigure("one group has no values");
  const all = first + second;
  if (ties >= all ** 3 - all) return noFigure("all values are equal");
  const value = wins(ranks) / (first * second);
  const lower = (p: number): boolean => p + z95 * standardError(p, first, second) <= value;
  const upper = (p: number): boolean => p - z95 * standardError(p, first, second) <= value;
  return figure(value, value === 0 ? 0 : turn(lower, 0, value), value === 1 ? 1 : turn(upper, value, 1));
}

/** Of an AUC: Hanley and McNeil, *Radiology* 143 (1982), 29–36, with the mean of the groups' sizes for each. */
export function standardError(p: number, first: number, second: number): number {
  const others = (first + second) / 2 - 1;
  const variance =
    (p * (1 - p) * (1 + (others * (1 - p)) / (2 - p) + (others * p) / (1 + p))) / (first * second);
  return Math.sqrt(Math.max(0, variance));
}

/** How much the placements of one group's values changed from one score to another. */
export interface PlacementChange {
  readonly n: number;
  /** Mean and sample variance of the changes. */
  readonly mean: number;
  readonly variance: number;
}

/**
 * How much greater one score's AUC is than another's of the same accounts, by E. R. DeLong, D. M. DeLong and D. L.
 * Clarke-Pearson, *Biometrics* 44 (1988), 837–845. A value's placement is the share of the other group that it is on the
 * right side of, a tie counting half; the AUC is its mean in either group.
 */
export function aucGain(first: PlacementChange, second: PlacementChange): Estimate {
  if (first.n < 2 || second.n < 2) return noFigure("one group has fewer than two values");
  const error = Math.sqrt(first.variance / first.n + second.variance / second.n);
  return figure(first.mean, first.mean - z95 * error, first.mean + z95 * error);
}
