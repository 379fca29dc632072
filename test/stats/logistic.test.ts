import { describe, expect, it } from "vitest";
import { fitLogistic, type LogisticRow } from "../../stats/logistic.js";

/** Displacement, horsepower and whether the gearbox is manual, of R's data set mtcars. */
const cars: readonly (readonly [disp: number, hp: number, am: 0 | 1])[] = [
  [160, 110, 1],
  [160, 110, 1],
  [108, 93, 1],
  [258, 110, 0],
  [360, 175, 0],
  [225, 105, 0],
  [360, 245, 0],
  [146.7, 62, 0],
  [140.8, 95, 0],
  [167.6, 123, 0],
  [167.6, 123, 0],
  [275.8, 180, 0],
  [275.8, 180, 0],
  [275.8, 180, 0],
  [472, 205, 0],
  [460, 215, 0],
  [440, 230, 0],
  [78.7, 66, 1],
  [75.7, 52, 1],
  [71.1, 65, 1],
  [120.1, 97, 0],
  [318, 150, 0],
  [304, 150, 0],
  [350, 245, 0],
  [400, 175, 0],
  [79, 66, 1],
  [120.3, 91, 1],
  [95.1, 113, 1],
  [351, 264, 1],
  [145, 175, 1],
  [301, 335, 1],
  [121, 109, 1],
];
const rowsOf = (values: (car: (typeof cars)[number]) => number[]): LogisticRow[] =>
  cars.map((car) => ({ values: values(car), events: car[2], others: 1 - car[2] }));
const none = (k: number) => Array.from({ length: k }, () => new Array<number>(k).fill(0));
const ridge = (k: number, by: number) => none(k).map((line, i) => line.map((_, j) => (i === j ? by : 0)));

describe("logistic regression with slopes of a known sign", () => {
  it("is R's glm(am ~ disp + hp, binomial) of mtcars: 1.40342, -0.09518 and 0.12170", () => {
    const fit = fitLogistic(
      rowsOf(([disp, hp]) => [disp, -hp]),
      none(2),
    );
    expect(fit?.intercept).toBeCloseTo(1.40342, 5);
    expect(fit?.coefficients[0]).toBeCloseTo(0.09518, 5);
    expect(fit?.coefficients[1]).toBeCloseTo(0.1217, 5);
  });

  it("has 0 where the sign would be the other, and the rest as if that weren't there", () => {
    const both = fitLogistic(
      rowsOf(([disp, hp]) => [disp, hp]),
      none(2),
    );
    const one = fitLogistic(
      rowsOf(([disp]) => [disp]),
      none(1),
    );
    expect(both?.coefficients[1]).toBe(0);
    expect(both?.coefficients[0]).toBeCloseTo(one?.coefficients[0] as number, 8);
    expect(both?.intercept).toBeCloseTo(one?.intercept as number, 6);
  });

  it("says the same of rows that are counted", () => {
    const counted = [
      { values: [0], events: 3, others: 7 },
      { values: [1], events: 1, others: 9 },
    ];
    // Saturated: the odds of either value as they are.
    const fit = fitLogistic(counted, none(1));
    expect(fit?.intercept).toBeCloseTo(Math.log(3 / 7), 8);
    expect(fit?.coefficients[0]).toBeCloseTo(Math.log(3 / 7) - Math.log(1 / 9), 8);
  });

  it("with a penalty balances it against the likelihood", () => {
    const by = 40;
    const rows = rowsOf(([disp, hp]) => [disp / 100, -hp / 100]);
    const fit = fitLogistic(rows, ridge(2, by));
    if (!fit) throw new Error("no fit");
    const { intercept, coefficients } = fit;
    coefficients.forEach((coefficient, i) => {
      // The slope of the log-likelihood along each coefficient that isn't at its bound.
      const slope = rows.reduce((sum, { values, events }) => {
        const logOdds = intercept - values.reduce((s, v, j) => s + v * (coefficients[j] ?? 0), 0);
        return sum - (events - 1 / (1 + Math.exp(-logOdds))) * (values[i] ?? 0);
      }, 0);
      if (coefficient > 0) expect(slope).toBeCloseTo(by * coefficient, 5);
      else expect(slope).toBeLessThanOrEqual(0);
    });
    expect(coefficients[0]).toBeGreaterThan(0);
  });

  it("has none with one outcome alone, nor without a penalty where the values separate or never vary", () => {
    const separated = [1, 2, 3, 4].map((v) => ({
      values: [v],
      events: Number(v < 3),
      others: Number(v >= 3),
    }));
    expect(fitLogistic(separated, none(1))).toBeUndefined();
    expect(
      fitLogistic(
        separated.map((row) => ({ ...row, values: [7] })),
        none(1),
      ),
    ).toBeUndefined();
    expect(fitLogistic([{ values: [1], events: 4, others: 0 }], ridge(1, 1))).toBeUndefined();
    const fit = fitLogistic(separated, ridge(1, 1));
    expect(fit?.coefficients[0]).toBeGreaterThan(0);
    expect(Number.isFinite(fit?.intercept)).toBe(true);
  });
});
