import { solveQP } from "quadprog";

/** Rows that have the same values, counted by what became of them. */
export interface LogisticRow {
  readonly values: readonly number[];
  readonly events: number;
  readonly others: number;
}

/** Log-odds of an event = intercept − Σ coefficient × value. */
export interface LogisticFit {
  readonly intercept: number;
  /** None is negative: a value that is higher makes an event no likelier. */
  readonly coefficients: readonly number[];
}

/**
 * Logistic regression whose slopes have a known sign: the most likely coefficients of those that are at least 0, less
 * ½ b′Pb for the penalty P. By Newton's method (P. McCullagh, J. A. Nelder, *Generalized Linear Models*, 2nd ed., 4.4),
 * each step of which is a quadratic program, halved until it helps. Undefined where there is no single best: without a
 * penalty where the values separate, repeat each other or never vary.
 */
export function fitLogistic(
  rows: readonly LogisticRow[],
  penalty: readonly (readonly number[])[],
): LogisticFit | undefined {
  const k = penalty.length;
  const events = rows.reduce((sum, row) => sum + row.events, 0);
  const others = rows.reduce((sum, row) => sum + row.others, 0);
  if (events === 0 || others === 0) return undefined;
  // The intercept goes first, with −1 for its value, and without a penalty.
  const P = [new Array<number>(k + 1).fill(0), ...penalty.map((line) => [0, ...line])];
  const designs = rows.map(({ values, ...counts }) => ({ x: [-1, ...values], ...counts }));
  let at = [Math.log(events / others), ...new Array<number>(k).fill(0)];
  let loss = lossAt(designs, P, at);
  for (let step = 0; step < maxSteps; step++) {
    const next = newtonStep(designs, P, at);
    if (!next) return undefined;
    let moved = next;
    let lossThere = lossAt(designs, P, moved);
    for (let halving = 0; lossThere > loss && halving < 30; halving++) {
      moved = moved.map((value, i) => (value + (at[i] ?? 0)) / 2);
      lossThere = lossAt(designs, P, moved);
    }
    if (!(lossThere < loss - 1e-12 * Math.abs(loss))) {
      const [intercept = 0, ...coefficients] = at;
      return { intercept, coefficients };
    }
    [at, loss] = [moved, lossThere];
  }
  return undefined;
}

/** It takes a handful; one that still moves then runs off to infinity. */
const maxSteps = 50;

type Design = { readonly x: readonly number[]; readonly events: number; readonly others: number };
type Matrix = readonly (readonly number[])[];

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

/** The penalised negative log-likelihood. */
function lossAt(designs: readonly Design[], P: Matrix, b: readonly number[]): number {
  let loss =
    dot(
      b,
      P.map((line) => dot(line, b)),
    ) / 2;
  for (const { x, events, others } of designs) {
    const logOdds = -dot(x, b);
    const log1p = Math.max(0, logOdds) + Math.log1p(Math.exp(-Math.abs(logOdds)));
    loss += (events + others) * log1p - events * logOdds;
  }
  return loss;
}

/** Where the loss would be least were it the parabola that it looks like from here; undefined where that has no bottom. */
function newtonStep(designs: readonly Design[], P: Matrix, at: readonly number[]): number[] | undefined {
  const n = at.length;
  const hessian = P.map((line) => [...line]);
  const gradient = P.map((line) => dot(line, at));
  for (const { x, events, others } of designs) {
    const all = events + others;
    const p = 1 / (1 + Math.exp(dot(x, at)));
    for (let i = 0; i < n; i++) {
      const [xi, line] = [x[i] ?? 0, hessian[i] as number[]];
      gradient[i] = (gradient[i] ?? 0) + (events - all * p) * xi;
      for (let j = 0; j < n; j++) line[j] = (line[j] ?? 0) + all * p * (1 - p) * xi * (x[j] ?? 0);
    }
  }
  const target = hessian.map((line, i) => dot(line, at) - (gradient[i] ?? 0));
  const bounded = at.map((_, i) => at.slice(1).map((_, j) => Number(i === j + 1)));
  const { solution, message } = solveQP(
    fromOne(hessian.map(fromOne)),
    fromOne(target),
    fromOne(bounded.map(fromOne)),
    fromOne(at.slice(1).map(() => 0)),
  );
  const next = solution?.slice(1).map((value, i) => (i === 0 ? value : Math.max(0, value)));
  return message === "" && next.every(Number.isFinite) ? next : undefined;
}

const fromOne = <T>(list: readonly T[]): T[] => [undefined as T, ...list];
