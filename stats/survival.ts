import { type Estimate, figure, noFigure, type Point, pointAlone, z95 } from "./estimate.js";
import { upperTail } from "./normal.js";

/** What happened to a group at one time, counted; times are of any unit, from 0 on. */
export interface Happening {
  readonly time: number;
  /** Came under observation: at 0, or later where what was before is not known. */
  readonly entries: number;
  /** Left. */
  readonly events: number;
  /** Were last seen there. */
  readonly censored: number;
}

/** The share that is left after a time, with the 95 % interval; both ends null where all or none are left. */
export interface Step {
  readonly time: number;
  /** Under observation just before: the number at risk. */
  readonly atRisk: number;
  readonly events: number;
  readonly share: number;
  readonly from: number | null;
  readonly to: number | null;
}

/**
 * The Kaplan–Meier curve with late entry: a step for every time at which somebody left. Who is censored at that very
 * time was still at risk, who enters at it was not yet. Greenwood's variance, interval on the log(−log) scale:
 * J. P. Klein, M. L. Moeschberger, *Survival Analysis* (2nd ed.), 4.2, 4.3 and 4.6.
 */
export function kaplanMeier(happenings: readonly Happening[]): Step[] {
  const steps: Step[] = [];
  let share = 1;
  let greenwood = 0;
  for (const { time, atRisk, events } of riskSets(happenings)) {
    if (events === 0) continue;
    share *= 1 - events / atRisk;
    greenwood += events / (atRisk * (atRisk - events));
    const spread = (z95 * Math.sqrt(greenwood)) / Math.log(share);
    const [from, to] = share > 0 ? [share ** Math.exp(-spread), share ** Math.exp(spread)] : [null, null];
    steps.push({ time, atRisk, events, share, from, to });
  }
  return steps;
}

/**
 * The time after which at most half are left, with the 95 % interval of Brookmeyer and Crowley: the times at which the
 * ends of the curve's own interval come down to a half. An end that they never reach is Infinity.
 */
export function medianOf(steps: readonly Step[]): Estimate {
  const firstTime = (isDown: (step: Step) => boolean): number | undefined => steps.find(isDown)?.time;
  const median = firstTime(({ share }) => share <= 0.5);
  if (median === undefined) return noFigure("more than half are still there at the end of what was seen");
  const from = firstTime(({ from }) => from === null || from <= 0.5) ?? median;
  const to = firstTime(({ to }) => to !== null && to <= 0.5) ?? Number.POSITIVE_INFINITY;
  return figure(median, from, to);
}

/**
 * The mean time up to a last one: the area under the curve, so of a customer that goes on all of it and no more. Variance
 * by Klein and Moeschberger, 4.5, which is 0 where nobody left before, or all at once: no interval is told then, as an end
 * without a width would claim to be sure. None where the last time isn't after 0.
 */
export function restrictedMean(steps: readonly Step[], last: number): Estimate | Point {
  if (last <= 0) return noFigure("nobody was seen long enough");
  const within = steps.filter(({ time }) => time < last);
  const ends = [...within.slice(1).map(({ time }) => time), last];
  const areas = within.map(({ time, share }, i) => share * ((ends[i] ?? last) - time));
  const mean = (within[0]?.time ?? last) + areas.reduce((sum, area) => sum + area, 0);
  let variance = 0;
  let rest = 0;
  for (let i = within.length - 1; i >= 0; i--) {
    rest += areas[i] ?? 0;
    const { atRisk, events } = within[i] as Step;
    // Where all leave there is no area left.
    if (events < atRisk) variance += (rest * rest * events) / (atRisk * (atRisk - events));
  }
  if (variance === 0)
    return pointAlone(
      mean,
      `no interval, as ${within.length === 0 ? "nobody left before the last day" : "all left at once"}`,
    );
  const half = z95 * Math.sqrt(variance);
  return figure(mean, Math.max(0, mean - half), Math.min(last, mean + half));
}

/** A test of whether groups differ; `why` says what is missing where there is none. */
export type Test =
  | { readonly statistic: number; readonly degreesOfFreedom: number; readonly p: number; readonly why: null }
  | { readonly statistic: null; readonly degreesOfFreedom: null; readonly p: null; readonly why: string };

export const noTest = (why: string): Test => ({ statistic: null, degreesOfFreedom: null, p: null, why });

/** The log-rank test of several groups, with late entry (Klein and Moeschberger, 7.3). */
export function logRank(groups: readonly (readonly Happening[])[]): Test {
  const seen = groups.filter((group) => group.some(({ entries }) => entries > 0));
  if (seen.length < 2) return noTest("it takes two groups with anybody in them");
  const sets = seen.map(riskAt);
  const times = [...new Set(seen.flatMap((g) => g.flatMap((h) => (h.events > 0 ? [h.time] : []))))];
  if (times.length === 0) return noTest("nobody has left");

  // Of the last group all is known by the others.
  const k = seen.length - 1;
  const excess = new Array<number>(k).fill(0);
  const covariance = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  for (const time of times) {
    const here = sets.map((at) => at(time));
    const atRisk = here.reduce((n, h) => n + h.atRisk, 0);
    const events = here.reduce((n, h) => n + h.events, 0);
    const variance = atRisk > 1 ? (events * (atRisk - events)) / (atRisk - 1) : 0;
    for (let i = 0; i < k; i++) {
      const own = (here[i]?.atRisk ?? 0) / atRisk;
      excess[i] = (excess[i] ?? 0) + (here[i]?.events ?? 0) - events * own;
      const row = covariance[i] as number[];
      for (let j = 0; j < k; j++)
        row[j] = (row[j] ?? 0) + variance * own * ((i === j ? 1 : 0) - (here[j]?.atRisk ?? 0) / atRisk);
    }
  }
  const solved = solve(covariance, excess);
  if (!solved) return noTest("the groups were never there at the same time");
  const statistic = excess.reduce((sum, value, i) => sum + value * (solved[i] ?? 0), 0);
  return { statistic, degreesOfFreedom: k, p: chiSquareTail(statistic, k), why: null };
}

/**
 * Probability that a chi-square of so many degrees of freedom is x or more: by steps of two degrees, each of which adds,
 * from the normal's tail or the exponential (Abramowitz and Stegun, 26.4.4 and 26.4.5).
 */
export function chiSquareTail(x: number, degreesOfFreedom: number): number {
  const isOdd = degreesOfFreedom % 2 === 1;
  let tail = isOdd ? 2 * upperTail(Math.sqrt(x)) : Math.exp(-x / 2);
  let term = isOdd ? Math.sqrt((2 * x) / Math.PI) * Math.exp(-x / 2) : (x / 2) * Math.exp(-x / 2);
  for (let n = isOdd ? 3 : 4; n <= degreesOfFreedom; n += 2) {
    tail += term;
    term *= x / n;
  }
  return Math.min(1, tail);
}

/** Who is at risk and who leaves at a time; asked for many times, in any order. */
export function riskAt(happenings: readonly Happening[]): (time: number) => Omit<RiskSet, "time"> {
  const sets = riskSets(happenings);
  return (time) => {
    // Between two times nobody comes or goes: what is there just before the first that is no earlier.
    let [low, high] = [0, sets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sets[middle] as RiskSet).time < time) low = middle + 1;
      else high = middle;
    }
    const set = sets[low];
    return { atRisk: set?.atRisk ?? 0, events: set?.time === time ? set.events : 0 };
  };
}

interface RiskSet {
  readonly time: number;
  readonly atRisk: number;
  readonly events: number;
}

/** How many are at risk at each time: who came before it and has not gone before it. */
function riskSets(happenings: readonly Happening[]): RiskSet[] {
  const sets: RiskSet[] = [];
  let atRisk = 0;
  for (const { time, entries, events, censored } of [...happenings].sort((a, b) => a.time - b.time)) {
    sets.push({ time, atRisk, events });
    atRisk += entries - events - censored;
  }
  return sets;
}

/** Of a symmetric system of a few equations; undefined where it has no single solution. */
function solve(matrix: readonly (readonly number[])[], values: readonly number[]): number[] | undefined {
  const rows = matrix.map((row, i) => [...row, values[i] ?? 0]);
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row) => (Math.abs(row[i] ?? 0) > Math.abs(best[i] ?? 0) ? row : best));
    if (Math.abs(pivot[i] ?? 0) < 1e-12) return undefined;
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(i, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[i] ?? 0) / (pivot[i] ?? 1);
      for (let j = i; j <= n; j++) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0);
    }
  }
  return rows.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1));
}
