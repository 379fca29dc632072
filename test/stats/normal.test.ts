import { expect, it } from "vitest";
import { twoSided, upperTail } from "../../stats/normal.js";

it("is that of Abramowitz and Stegun's tables 26.1 and 26.2, with digits to spare far out", () => {
  const published: [number, number][] = [
    [0, 0.5],
    [1, 0.15865525393145705],
    [1.959963984540054, 0.025],
    [3, 0.0013498980316300946],
    [5, 2.866515718791939e-7],
    [10, 7.619853024160525e-24],
    [37, 5.725571222524e-300],
  ];
  for (const [z, p] of published) expect(upperTail(z) / p).toBeCloseTo(1, 11);
});

it("counts both sides, however the sign", () => {
  expect(twoSided(-1.959963984540054)).toBeCloseTo(0.05, 12);
  expect(twoSided(0)).toBe(1);
});

it("has no step where the series gives way to the fraction", () => {
  expect(upperTail(3 - 1e-12) / upperTail(3)).toBeCloseTo(1, 10);
});
