import { describe, expect, it } from "vitest";
import { type Moments, meanDifference, meanOf, student95 } from "../../stats/means.js";

const moments = (...values: number[]): Moments => ({
  n: values.length,
  sum: values.reduce((sum, v) => sum + v, 0),
  squares: values.reduce((sum, v) => sum + v * v, 0),
});

it("Student's 97.5 % points are those of printed tables: Abramowitz and Stegun, table 26.10", () => {
  for (const [freedom, point] of [
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [10, 2.228],
    [15, 2.131],
    [30, 2.042],
    [120, 1.98],
  ] as const)
    expect(student95(freedom)).toBeCloseTo(point, 3);
  expect(student95(1_000_000)).toBeCloseTo(1.9623, 4);
});

describe("the difference of means", () => {
  // "Student" (W. S. Gosset), Biometrika 6 (1908), 1–25: hours of sleep gained with two drugs; R's data set `sleep`.
  const first = moments(0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2);
  const second = moments(1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4);

  it("of Student's sleep data is −1.58 hours; of R's t.test from −3.365 to 0.205 at 17.776 degrees, here at 17", () => {
    const { value, from, to } = meanDifference(first, second);
    expect(value).toBeCloseTo(-1.58, 10);
    const error = (0.2054832 + 1.58) / 2.102778; // R's half width over its t at 17.776 degrees
    expect(from).toBeCloseTo(-1.58 - 2.109816 * error, 3);
    expect(to).toBeCloseTo(-1.58 + 2.109816 * error, 3);
    expect(from ?? 0).toBeLessThan(-3.365);
  });

  it("turns its sign with the groups", () => {
    const [there, back] = [meanDifference(first, second), meanDifference(second, first)];
    expect(back.value).toBeCloseTo(-(there.value ?? 0), 12);
    expect(back.from).toBeCloseTo(-(there.to ?? 0), 12);
  });

  it("says why there is none of too few values, and of groups that don't vary", () => {
    expect(meanDifference(moments(1), moments(1, 2)).why).toBe("a group has fewer than two values");
    expect(meanDifference(moments(), moments(1, 2)).why).toBe("a group has fewer than two values");
    expect(meanDifference(moments(3, 3), moments(2, 2)).why).toBe("within each group all values are equal");
    const thirds = moments(...Array<number>(7).fill(1 / 3));
    expect(meanDifference(thirds, thirds).why).toBe("within each group all values are equal");
    expect(meanOf(moments())).toBeNull();
  });
});
