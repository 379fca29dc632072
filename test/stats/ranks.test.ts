import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, it } from "vitest";
import {
  auc,
  aucGain,
  mannWhitney,
  type PlacementChange,
  type RankSums,
  standardError,
} from "../../stats/ranks.js";

/** Ozone in New York, May and August 1973: R's data set airquality. */
const may = [
  41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37,
];
const august = [
  39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85,
];

/** By the definition of ranks. */
function ranksOf(first: readonly number[], second: readonly number[]): RankSums {
  const all = [...first, ...second];
  const rank = (v: number): number =>
    all.filter((w) => w < v).length + (all.filter((w) => w === v).length + 1) / 2;
  const runs = [...new Set(all)].map((v) => all.filter((w) => w === v).length);
  return {
    first: first.length,
    second: second.length,
    firstRanks: first.reduce((sum, v) => sum + rank(v), 0),
    ties: runs.reduce((sum, t) => sum + t ** 3 - t, 0),
  };
}

describe("the Mann–Whitney test", () => {
  it("with ties is that of R's documentation of wilcox.test: W = 127.5, p = 0.0001208", () => {
    const ranks = ranksOf(may, august);
    expect(ranks.firstRanks - (26 * 27) / 2).toBe(127.5);
    expect(mannWhitney(ranks)).toBeCloseTo(0.0001208, 7);
  });

  it("says the same whichever group comes first", () => {
    expect(mannWhitney(ranksOf(august, may))).toBeCloseTo(mannWhitney(ranksOf(may, august)) as number, 15);
  });

  it("is 1 where all values are equal or the groups balance, and none with an empty group", () => {
    expect(mannWhitney(ranksOf([3, 3], [3, 3, 3]))).toBe(1);
    expect(mannWhitney(ranksOf([1, 4], [2, 3]))).toBe(1);
    expect(mannWhitney(ranksOf([], [1]))).toBeNull();
  });
});

describe("the AUC", () => {
  it("is the share of pairs in which the first is greater, ties half", () => {
    expect(auc(ranksOf([1, 2, 3], [2, 0])).value).toBeCloseTo((0.5 + 1 + 1 + 1 + 1) / 6, 12);
  });

  it("has the standard error of Hanley and McNeil 1982: 0.032 at 0.893 with 51 and 58", () => {
    expect(standardError(0.893, 51, 58)).toBeCloseTo(0.032, 3);
  });

  it("lies 1.96 of the ends' standard errors from the ends of its interval", () => {
    const { value, from, to } = auc(ranksOf(may, august));
    if (value === null) throw new Error("no figure");
    expect((value - from) / standardError(from, 26, 26)).toBeCloseTo(1.96, 4);
    expect((to - value) / standardError(to, 26, 26)).toBeCloseTo(1.96, 4);
  });

  it("keeps within 0 and 1, and has a width where the groups separate", () => {
    const apart = auc(ranksOf([4, 5, 6, 7, 8], [1, 2, 3]));
    expect(apart).toMatchObject({ value: 1, to: 1 });
    expect(apart.from).toBeGreaterThan(0.5);
    expect(apart.from).toBeLessThan(0.9);
    expect(auc(ranksOf([1, 2, 3], [4, 5, 6, 7, 8]))).toMatchObject({ value: 0, from: 0 });
  });

  it("has an interval that holds the truth about 95 times of 100", () => {
    const random = xoroshiro128plus(20250101);
    const uniform = (): number => ((random.next() >>> 0) + 0.5) / 2 ** 32;
    const exponential = (mean: number): number => -mean * Math.log(uniform());
    // P(exponential of mean 2 > exponential of mean 1) = 2 / 3.
    const runs = 1000;
    let held = 0;
    for (let run = 0; run < runs; run++) {
      const { from, to } = auc(
        ranksOf(
          Array.from({ length: 15 }, () => exponential(2)),
          Array.from({ length: 25 }, () => exponential(1)),
        ),
      );
      if (from !== null && from <= 2 / 3 && 2 / 3 <= to) held++;
    }
    expect(held / runs).toBeGreaterThan(0.93);
    expect(held / runs).toBeLessThan(0.985);
  });

  it("is none, and says why, where all values are equal or a group has none", () => {
    expect(auc(ranksOf([3, 3], [3]))).toMatchObject({ value: null, why: "all values are equal" });
    expect(auc(ranksOf([], [3])).why).toBe("one group has no values");
  });
});

describe("the gain in AUC", () => {
  /** The share of the other group's values that one is on the right side of. */
  const beaten = (value: number, others: readonly number[], isRight: (other: number) => boolean): number =>
    others.reduce((sum, other) => sum + (other === value ? 0.5 : Number(isRight(other))), 0) / others.length;
  const changeOf = (changes: readonly number[]): PlacementChange => {
    const mean = changes.reduce((sum, c) => sum + c, 0) / changes.length;
    const squares = changes.reduce((sum, c) => sum + (c - mean) ** 2, 0);
    return { n: changes.length, mean, variance: squares / (changes.length - 1) };
  };
  /** Two scores of each account. */
  type Scored = readonly (readonly [number, number])[];
  const gainOf = (first: Scored, second: Scored) => {
    const placed = (own: Scored, others: Scored, isGreater: boolean) =>
      changeOf(
        own.map((scores) => {
          const [before, after] = ([0, 1] as const).map((i) =>
            beaten(
              scores[i],
              others.map((o) => o[i]),
              (o) => (isGreater ? scores[i] > o : scores[i] < o),
            ),
          );
          return (after ?? 0) - (before ?? 0);
        }),
      );
    return aucGain(placed(first, second, true), placed(second, first, false));
  };
  const first: Scored = [
    [5, 6],
    [3, 8],
    [9, 9],
    [4, 2],
    [7, 7],
    [6, 9],
  ];
  const second: Scored = [
    [1, 1],
    [5, 2],
    [6, 3],
    [2, 4],
    [8, 1],
    [4, 6],
    [3, 3],
  ];
  /** By pairs. */
  const aucOf = (i: 0 | 1, one: Scored, other: Scored): number =>
    one.reduce(
      (sum, v) =>
        sum +
        beaten(
          v[i],
          other.map((o) => o[i]),
          (o) => v[i] > o,
        ),
      0,
    ) / one.length;
  const difference = (one: Scored, other: Scored): number => aucOf(1, one, other) - aucOf(0, one, other);

  it("is the difference of the two, and its variance the jackknife's of both groups, which DeLong's equals", () => {
    const gain = gainOf(first, second);
    expect(gain.value).toBeCloseTo(difference(first, second), 12);
    const jackknife = (without: (i: number) => number, n: number): number => {
      const left = Array.from({ length: n }, (_, i) => without(i));
      const mean = left.reduce((sum, v) => sum + v, 0) / n;
      return ((n - 1) / n) * left.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    };
    const variance =
      jackknife(
        (i) =>
          difference(
            first.filter((_, j) => j !== i),
            second,
          ),
        first.length,
      ) +
      jackknife(
        (i) =>
          difference(
            first,
            second.filter((_, j) => j !== i),
          ),
        second.length,
      );
    if (gain.value === null) throw new Error("no figure");
    expect((gain.to - gain.from) / 2 / 1.959964).toBeCloseTo(Math.sqrt(variance), 6);
  });

  it("is 0 without doubt where both scores rank alike, and none with a group of one", () => {
    const doubled = (group: Scored): Scored => group.map(([before]) => [before, 2 * before]);
    expect(gainOf(doubled(first), doubled(second))).toMatchObject({ value: 0, from: 0, to: 0 });
    expect(gainOf(first.slice(0, 1), second)).toMatchObject({ value: null });
  });
});
