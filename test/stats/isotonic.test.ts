import { expect, it } from "vitest";
import { poolAdjacentViolators } from "../../stats/isotonic.js";

const fitted = (means: readonly number[]): number[] =>
  poolAdjacentViolators(means.map((mean) => ({ mean, weight: 1 }))).flatMap(({ mean, size }) =>
    Array<number>(size).fill(mean),
  );

it("pools adjacent means that don't rise, as published", () => {
  // scikit-learn's own test of it, sklearn/tests/test_isotonic.py.
  expect(fitted([3, 7, 5, 9, 8, 7, 10])).toEqual([3, 6, 6, 8, 8, 8, 10]);
  // S. Prabhakaran, "Isotonic Regression With R", r-statistics.co: what R's isoreg gives.
  const shown = fitted([1, 0, 4, 3, 3, 5, 4, 2, 3]).map((mean) => mean.toFixed(2));
  expect(shown.map(Number)).toEqual([0.5, 0.5, 3.33, 3.33, 3.33, 3.5, 3.5, 3.5, 3.5]);
});

it("takes a weight of two as two of the same, and leaves what rises alone", () => {
  const weighed = poolAdjacentViolators([
    { mean: 0.5, weight: 1 },
    { mean: 0.9, weight: 2 },
    { mean: 0.3, weight: 1 },
  ]);
  expect(weighed.map(({ mean }) => mean)[1]).toBeCloseTo(0.7, 12);
  expect(weighed).toMatchObject([{ size: 1 }, { size: 2, weight: 3 }]);
  expect(fitted([0.5, 0.9, 0.9, 0.3])[1]).toBeCloseTo(0.7, 12);
  expect(fitted([1, 2, 3])).toEqual([1, 2, 3]);
  expect(fitted([2, 2])).toEqual([2, 2]);
  expect(fitted([])).toEqual([]);
});
