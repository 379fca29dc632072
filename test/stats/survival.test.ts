import { describe, expect, it } from "vitest";
import {
  chiSquareTail,
  type Happening,
  kaplanMeier,
  logRank,
  medianOf,
  restrictedMean,
} from "../../stats/survival.js";

/** Weeks in remission; "+" = still in remission when last seen. */
function group(times: string, entry = 0): Happening[] {
  const happenings: Happening[] = [];
  for (const word of times.split(" ")) {
    const isCensored = word.endsWith("+");
    happenings.push({
      time: Number.parseFloat(word),
      entries: 0,
      events: isCensored ? 0 : 1,
      censored: isCensored ? 1 : 0,
    });
    happenings.push({ time: entry, entries: 1, events: 0, censored: 0 });
  }
  return added(happenings);
}

/** One happening a time. */
function added(happenings: readonly Happening[]): Happening[] {
  const times = new Map<number, Happening>();
  for (const h of happenings) {
    const sum = times.get(h.time) ?? { time: h.time, entries: 0, events: 0, censored: 0 };
    times.set(h.time, {
      time: h.time,
      entries: sum.entries + h.entries,
      events: sum.events + h.events,
      censored: sum.censored + h.censored,
    });
  }
  return [...times.values()];
}

// The leukaemia trial of E. J. Freireich et al., Blood 21 (1963), which the textbooks reckon.
const treated = group("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+");
const placebo = group("1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23");

describe("Kaplan–Meier", () => {
  it("gives the published curve of the leukaemia trial: D. G. Kleinbaum, M. Klein, Survival Analysis, table 2.2", () => {
    const steps = kaplanMeier(treated);
    expect(
      steps.map(({ time, atRisk, events, share }) => [time, atRisk, events, Number(share.toFixed(4))]),
    ).toEqual([
      [6, 21, 3, 0.8571],
      [7, 17, 1, 0.8067],
      [10, 15, 1, 0.7529],
      [13, 12, 1, 0.6902],
      [16, 11, 1, 0.6275],
      [22, 7, 1, 0.5378],
      [23, 6, 1, 0.4482],
    ]);
    expect(kaplanMeier(placebo).map(({ share }) => Number(share.toFixed(4)))).toEqual(
      [19, 17, 16, 14, 12, 8, 6, 4, 3, 2, 1, 0].map((left) => Number((left / 21).toFixed(4))),
    );
    expect(kaplanMeier(placebo).at(-1)).toMatchObject({ share: 0, from: null, to: null });
  });

  it("has Greenwood's variance on the log(−log) scale", () => {
    // By hand at 6 weeks: the variance of log(−log S) is 3/(21·18) / log(6/7)².
    const half = 1.959963984540054 * (Math.sqrt(3 / (21 * 18)) / Math.log(7 / 6));
    const [first] = kaplanMeier(treated);
    expect(first?.from).toBeCloseTo((6 / 7) ** Math.exp(half), 12);
    expect(first?.to).toBeCloseTo((6 / 7) ** Math.exp(-half), 12);
  });

  it("counts who enters late from then on alone", () => {
    // Three from the start, leaving at 2, 5 and 9; two that enter at 4, of whom one leaves at 5.
    const early = group("2 5 9");
    const late = group("5 9+", 4);
    expect(
      kaplanMeier(added([...early, ...late])).map(({ time, atRisk, events }) => [time, atRisk, events]),
    ).toEqual([
      [2, 3, 1],
      [5, 4, 2],
      [9, 2, 1],
    ]);
    // Who enters when another leaves was not at risk before.
    const [step] = kaplanMeier(added([...group("4 9"), ...group("9", 4)]));
    expect(step).toMatchObject({ time: 4, atRisk: 2 });
  });

  it("has its median where half are left, its interval where the curve's own comes down to it, or why there is none", () => {
    expect(medianOf(kaplanMeier(placebo))).toMatchObject({ value: 8 });
    const median = medianOf(kaplanMeier(treated));
    expect(median).toMatchObject({ value: 23, from: 13, to: Number.POSITIVE_INFINITY });
    expect(medianOf(kaplanMeier(group("5 9+ 9+ 9+"))).why).toMatch(/more than half/);
    expect(medianOf([]).why).toMatch(/more than half/);
  });
});

describe("the restricted mean", () => {
  it("of the leukaemia trial's curve up to 35 weeks is 23.287 weeks with standard error 2.827, reckoned by hand from its table", () => {
    const { value, from, to } = restrictedMean(kaplanMeier(treated), 35);
    expect(value).toBeCloseTo(23.287, 3);
    expect(((value ?? 0) - (from ?? 0)) / 1.959964).toBeCloseTo(2.8275, 3);
    expect(((to ?? 0) - (value ?? 0)) / 1.959964).toBeCloseTo(2.8275, 3);
  });

  it("where everybody is seen to leave is the plain mean", () => {
    const weeks = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
    const mean = weeks.reduce((sum, w) => sum + w, 0) / weeks.length;
    expect(restrictedMean(kaplanMeier(placebo), 23).value).toBeCloseTo(mean, 10);
    expect(restrictedMean(kaplanMeier(placebo), 100).value).toBeCloseTo(mean, 10);
  });

  it("where nobody leaves is all of the time, and without time there is none", () => {
    const why = "no interval, as nobody left before the last day";
    expect(restrictedMean([], 30)).toEqual({ value: 30, from: null, to: null, why });
    expect(restrictedMean(kaplanMeier(group("40 50+")), 30)).toEqual({
      value: 30,
      from: null,
      to: null,
      why,
    });
    expect(restrictedMean(kaplanMeier(group("20 20")), 30)).toEqual({
      value: 20,
      from: null,
      to: null,
      why: "no interval, as all left at once",
    });
    expect(restrictedMean([], 0).why).toBe("nobody was seen long enough");
  });
});

describe("the log-rank test", () => {
  it("gives the published statistic of the leukaemia trial, 16.79: Kleinbaum and Klein, chapter 2", () => {
    const test = logRank([treated, placebo]);
    expect(test.statistic).toBeCloseTo(16.793, 3);
    expect(test.degreesOfFreedom).toBe(1);
    expect(test.p).toBeCloseTo(4.17e-5, 7);
    expect(logRank([placebo, treated]).statistic).toBeCloseTo(test.statistic ?? 0, 10);
  });

  it("of three groups doesn't depend on their order, and leaves out one without anybody", () => {
    const third = group("3 5+ 7 14 30+");
    const { statistic, degreesOfFreedom } = logRank([treated, placebo, third]);
    expect(degreesOfFreedom).toBe(2);
    for (const order of [
      [third, treated, placebo],
      [placebo, third, [], treated],
    ])
      expect(logRank(order).statistic).toBeCloseTo(statistic ?? 0, 10);
  });

  it("is nothing without a difference, and says why where it can't be asked", () => {
    const same = logRank([treated, treated]);
    expect(same.statistic).toBeCloseTo(0, 10);
    expect(same.p).toBeCloseTo(1, 5);
    expect(logRank([treated, []]).why).toMatch(/two groups/);
    expect(logRank([group("5+"), group("6+")]).why).toBe("nobody has left");
    expect(logRank([group("2 3"), group("7 8", 5)]).why).toMatch(/never there at the same time/);
  });
});

it("the chi-square's tail is that of printed tables, and keeps its digits far out", () => {
  // 5 % and 0.1 % points, Abramowitz and Stegun, table 26.8.
  for (const [x, n, p] of [
    [3.84146, 1, 0.05],
    [5.99146, 2, 0.05],
    [7.81473, 3, 0.05],
    [9.48773, 4, 0.05],
    [11.0705, 5, 0.05],
    [10.8276, 1, 0.001],
    [20.515, 5, 0.001],
    [22.458, 6, 0.001],
  ] as const)
    expect(chiSquareTail(x, n) / p).toBeCloseTo(1, 3);
  expect(chiSquareTail(0, 1)).toBe(1);
  expect(chiSquareTail(0, 4)).toBe(1);
  expect(chiSquareTail(400, 2)).toBeCloseTo(Math.exp(-200), 100);
});
