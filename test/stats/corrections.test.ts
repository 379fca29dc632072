import { expect, it } from "vitest";
import { benjaminiHochberg } from "../../stats/corrections.js";

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
