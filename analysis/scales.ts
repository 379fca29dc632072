import { poolAdjacentViolators } from "../stats/isotonic.js";
import { type Ended, endedOf } from "./suggest_parts.js";

/** Pairs of a fact's value and its points 0–100, by rising value; straight lines between, level beyond. */
export type Scale = readonly (readonly [value: number, points: number])[];

/** The accounts that a fact had about this value of. */
export interface Level extends Ended {
  readonly value: number;
}

/**
 * Outcomes of the rarer kind that each bin takes on average, so a share in it is known to about a third of itself; a scale
 * takes two bins.
 */
export const outcomesPerBin = 10;
const mostBins = 10;

/** What people still read at a glance. */
const mostBreakpoints = 6;

/** A breakpoint that lies nearer than this to the line between its neighbours, in points, tells nothing. */
const leastBend = 5;

/**
 * The scale that follows the share of accounts that churned, from the worst (0) to the best (100); or why there is none.
 * Values are put in bins of about as many accounts; of bins by rising points of today's scale, those that didn't churn
 * less than the one before are pooled with it. Points are linear in the log-odds of the pooled shares, as the score's
 * are in the regression that fits weights. One account of the general share is added to each bin, so no odds are 0.
 * `levels` are by rising value.
 */
export function fitScale(levels: readonly Level[], today: Scale): Scale | string {
  const turn = (today.at(-1)?.[1] ?? 0) - (today[0]?.[1] ?? 0);
  if (turn === 0) return "Today's scale gives the same points to all values: which are better isn't known.";
  const bins = binsOf(levels);
  if (bins.length < 2) return "In round figures nearly all accounts had the same value.";
  const upwards = turn > 0 ? bins : bins.toReversed();
  const all = endedOf(bins);
  const stayedOfAll = all.stayed / countOf(all);
  const pools = poolAdjacentViolators(
    upwards.map(({ churned, stayed }) => ({
      mean: (stayed + stayedOfAll) / (churned + stayed + 1),
      weight: churned + stayed + 1,
    })),
  );
  const logOdds = pools.map(({ mean }) => Math.log(mean / (1 - mean)));
  const [worst, best] = [logOdds[0] ?? 0, logOdds.at(-1) ?? 0];
  // Shares that are equal may differ in the last digit.
  if (best - worst < 1e-9) return "Values that get more points today did not go with less churn.";
  const points = pools.flatMap(({ size }, i) =>
    Array<number>(size).fill(Math.round((100 * ((logOdds[i] ?? 0) - worst)) / (best - worst))),
  );
  const scale = upwards.map(({ median }, i) => [median, points[i] ?? 0] as const);
  return simplified(turn > 0 ? scale : scale.reverse());
}

interface Bin extends Ended {
  readonly median: number;
}

/** Equal values stay together, so bins may be fewer and differ in size; none has less than half of what it should. */
function binsOf(levels: readonly Level[]): Bin[] {
  const all = endedOf(levels);
  const wanted = Math.min(mostBins, Math.floor(Math.min(all.churned, all.stayed) / outcomesPerBin));
  const size = countOf(all) / wanted;
  const bins: Bin[] = [];
  let bin: Level[] = [];
  let taken = 0;
  let edge = size;
  for (const [i, level] of levels.entries()) {
    bin.push(level);
    taken += countOf(level);
    const next = levels[i + 1];
    const ended = endedOf(bin);
    // With half of the next value's accounts beyond the edge, it is nearer without them.
    const isFull = !next || taken + countOf(next) / 2 >= edge;
    const isSplit = !next || Math.min(countOf(ended), countOf(all) - taken) >= size / 2;
    if (!isFull || !isSplit) continue;
    bins.push({ ...ended, median: medianOf(bin) });
    bin = [];
    edge = (Math.round(taken / size) + 1) * size;
  }
  return bins;
}

const countOf = ({ churned, stayed }: Ended): number => churned + stayed;

/** The value that half of the accounts don't exceed. */
function medianOf(levels: readonly Level[]): number {
  const half = countOf(endedOf(levels)) / 2;
  let n = 0;
  for (const level of levels) {
    n += countOf(level);
    if (n >= half) return level.value;
  }
  return Number.NaN;
}

/** Without the breakpoints that bend it least, one by one. */
function simplified(scale: Scale): Scale {
  const bends = scale.map(([x, y], i) => {
    const [before, after] = [scale[i - 1], scale[i + 1]];
    // An end tells nothing where it is level, as what is beyond is too.
    if (!before || !after) return (before ?? after)?.[1] === y ? 0 : Number.POSITIVE_INFINITY;
    return Math.abs(before[1] + ((x - before[0]) * (after[1] - before[1])) / (after[0] - before[0]) - y);
  });
  const least = Math.min(...bends);
  if (scale.length <= 2 || (scale.length <= mostBreakpoints && least >= leastBend)) return scale;
  return simplified(scale.toSpliced(bends.indexOf(least), 1));
}
