import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fisherExact, riskRatio, shareDifference, wilson } from "../../stats/shares.js";

const share = (count: number, of: number) => ({ count, of });
const rounded = (value: number | null, digits: number) =>
  value === null ? null : Number(value.toFixed(digits));

describe("Wilson's interval", () => {
  it("is that of Newcombe 1998, table I, method 3", () => {
    const published: [number, number, number, number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ];
    for (const [count, of, from, to] of published) {
      const interval = wilson(share(count, of));
      expect([rounded(interval.from, 4), rounded(interval.to, 4)]).toEqual([from, to]);
      expect(interval.value).toBe(count / of);
    }
  });

  it("of all is the mirror of that of none, and nobody has none", () => {
    expect(wilson(share(20, 20))).toMatchObject({ value: 1, to: 1 });
    expect(wilson(share(20, 20)).from).toBeCloseTo(1 - 0.1611, 4);
    expect(wilson(share(0, 0))).toEqual({ value: null, from: null, to: null, why: "nobody is in the group" });
  });
});

describe("the difference of shares", () => {
  it("has the interval of Newcombe 1998, table II, method 10", () => {
    const published: [number, number, number, number, number, number][] = [
      [56, 70, 48, 80, 0.0524, 0.3339],
      [9, 10, 3, 10, 0.1705, 0.809],
      [6, 7, 2, 7, 0.0582, 0.8062],
      [5, 56, 0, 29, -0.0381, 0.1926],
      [0, 10, 0, 20, -0.1611, 0.2775],
      [10, 10, 0, 10, 0.6075, 1],
    ];
    for (const [a, m, b, n, from, to] of published) {
      const interval = shareDifference(share(a, m), share(b, n));
      expect(interval.value).toBeCloseTo(a / m - b / n, 12);
      expect([rounded(interval.from, 4), rounded(interval.to, 4)]).toEqual([from, to]);
    }
  });

  it("with an empty group is none and says so", () => {
    expect(shareDifference(share(0, 0), share(3, 10)).why).toBe("one group is empty");
  });
});

describe("the risk ratio", () => {
  it("of infarctions on placebo and on aspirin in the Physicians' Health Study (NEJM 321, 1989) is 1.82, from 1.43 to 2.31", () => {
    const ratio = riskRatio(share(189, 11034), share(104, 11037));
    expect([ratio.value, ratio.from, ratio.to].map((v) => rounded(v, 2))).toEqual([1.82, 1.43, 2.31]);
  });

  it("with a zero, or an empty group, is none and says why", () => {
    expect(riskRatio(share(0, 10), share(3, 10))).toMatchObject({
      value: null,
      why: "nobody is counted in one group",
    });
    expect(riskRatio(share(3, 10), share(0, 10)).why).toBe("nobody is counted in one group");
    expect(riskRatio(share(0, 10), share(0, 10)).why).toBe("nobody is counted in either group");
    expect(riskRatio(share(0, 0), share(3, 10)).why).toBe("one group is empty");
  });

  it("of groups that are counted whole has no width", () => {
    expect(riskRatio(share(7, 7), share(9, 9))).toEqual({ value: 1, from: 1, to: 1, why: null });
  });
});

describe("Fisher's exact test", () => {
  it("is that of the lady tasting tea: 34 of 70 tables are no likelier than three cups right of four", () => {
    expect(fisherExact(share(3, 4), share(1, 4))).toBeCloseTo(34 / 70, 12);
    expect(fisherExact(share(4, 4), share(0, 4))).toBeCloseTo(2 / 70, 12);
  });

  it("is that of Fisher's convicted twins: 0.0005367 in R's documentation of fisher.test", () => {
    expect(fisherExact(share(10, 13), share(2, 17))).toBeCloseTo(0.0005367, 7);
  });

  it("is the same whichever way the table is turned, and equals the sum over all its tables", () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(size, size, fc.nat(30), fc.nat(30), (n, m, i, j) => {
        const [a, b] = [Math.min(i, n), Math.min(j, m)];
        const p = fisherExact(share(a, n), share(b, m)) as number;
        expect(p).toBeCloseTo(byEveryTable(a, n, b, m), 10);
        expect(fisherExact(share(b, m), share(a, n))).toBeCloseTo(p, 10);
        expect(fisherExact(share(n - a, n), share(m - b, m))).toBeCloseTo(p, 10);
      }),
    );
  });

  it("keeps the digits of small probabilities, and stays a number for large groups", () => {
    // One table alone is as unlikely: 2 / C(40, 20).
    expect((fisherExact(share(20, 20), share(0, 20)) as number) / (2 / 137846528820)).toBeCloseTo(1, 9);
    expect(fisherExact(share(50_000, 100_000), share(50_300, 100_000))).toBeCloseTo(0.1808, 3);
    expect(fisherExact(share(90_000, 100_000), share(10_000, 100_000))).toBe(0);
  });

  it("is 1 where the margins leave no choice, and none with an empty group", () => {
    expect(fisherExact(share(0, 5), share(0, 9))).toBe(1);
    expect(fisherExact(share(5, 5), share(9, 9))).toBe(1);
    expect(fisherExact(share(0, 0), share(3, 9))).toBeNull();
  });
});

/** The definition, with binomial coefficients as whole numbers. */
function byEveryTable(a: number, n: number, b: number, m: number): number {
  const choose = (k: number, of: number): bigint => {
    let value = 1n;
    for (let i = 1; i <= k; i++) value = (value * BigInt(of - k + i)) / BigInt(i);
    return value;
  };
  const counted = a + b;
  let sum = 0n;
  const own = choose(a, n) * choose(b, m);
  for (let x = Math.max(0, counted - m); x <= Math.min(counted, n); x++) {
    const weight = choose(x, n) * choose(counted - x, m);
    if (weight <= own) sum += weight;
  }
  return Number((sum * 10n ** 15n) / choose(counted, n + m)) / 1e15;
}
