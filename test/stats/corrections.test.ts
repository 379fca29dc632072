import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expect, it } from "vitest";
import { benjaminiHochberg } from "../../stats/corrections.js";
import { mannWhitney } from "../../stats/ranks.js";
import { fisherExact } from "../../stats/shares.js";

/** The fifteen of Benjamini and Hochberg 1995, section 4.2. */
const published = [
  0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
  0.759, 1,
];

it("reports the four of Benjamini and Hochberg 1995 at 0.05, and no more", () => {
  const qs = benjaminiHochberg(published);
  expect(qs.filter((q) => q !== null && q <= 0.05)).toHaveLength(4);
  expect(qs[3]).toBeCloseTo((0.0095 * 15) / 4, 12);
});

it("gives no p-value a q above that of a greater one, in whatever order they come", () => {
  const [, , , , , sixth, seventh] = benjaminiHochberg(published);
  expect([sixth, seventh]).toEqual([(0.0298 * 15) / 7, (0.0298 * 15) / 7]);
  expect(benjaminiHochberg([...published].reverse()).reverse()).toEqual(benjaminiHochberg(published));
});

it("leaves out those that are missing, and counts only the others", () => {
  expect(benjaminiHochberg([null, 0.01, null, 0.5])).toEqual([null, 0.02, null, 0.5]);
  expect(benjaminiHochberg([])).toEqual([]);
});

it("of cohorts with a hundred traits each, a fifth of which differ, tells no more falsely than it promises, over twenty seeds", () => {
  const falseShares: number[] = [];
  let found = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const random = xoroshiro128plus(seed);
    const uniform = (): number => ((random.next() >>> 0) + 0.5) / 2 ** 32;
    const traits = Array.from({ length: 100 }, (_, i) => {
      const differs = i < 20;
      return { differs, p: i % 2 === 0 ? yesNo(differs, uniform) : numeric(differs, uniform) };
    });
    const qs = benjaminiHochberg(traits.map(({ p }) => p));
    const told = traits.filter((_, i) => (qs[i] ?? 1) <= 0.05);
    const wrong = told.filter(({ differs }) => !differs).length;
    falseShares.push(told.length === 0 ? 0 : wrong / told.length);
    found += told.length - wrong;
  }
  expect(falseShares.reduce((sum, share) => sum + share, 0) / 20).toBeLessThanOrEqual(0.05);
  expect(found / (20 * 20)).toBeGreaterThan(0.8);
});

const churned = 80;
const renewed = 160;

/** A yes/no trait that 3 of 10 have, of those that churned 55 of 100 where it differs. */
function yesNo(differs: boolean, uniform: () => number): number {
  const drawn = (of: number, share: number) => ({
    count: Array.from({ length: of }, uniform).filter((u) => u < share).length,
    of,
  });
  return fisherExact(drawn(churned, differs ? 0.55 : 0.3), drawn(renewed, 0.3)) as number;
}

/** A number, of those that churned a quarter of its range higher where it differs. */
function numeric(differs: boolean, uniform: () => number): number {
  const values = [
    ...Array.from({ length: churned }, () => ({ isFirst: true, value: uniform() + (differs ? 0.25 : 0) })),
    ...Array.from({ length: renewed }, () => ({ isFirst: false, value: uniform() })),
  ].sort((a, b) => a.value - b.value);
  const firstRanks = values.reduce((sum, { isFirst }, i) => sum + (isFirst ? i + 1 : 0), 0);
  return mannWhitney({ first: churned, second: renewed, firstRanks, ties: 0 }) as number;
}
