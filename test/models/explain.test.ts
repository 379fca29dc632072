import fc from "fast-check";
import { expect, it } from "vitest";
import { contributionsOf, explainChange, type Scored, type ScoredDay } from "../../models/health/explain.js";

const indicator = fc.record({
  points: fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: null }),
  weight: fc.double({ min: 0, max: 10, noNaN: true }),
});
/** Two days of the same indicators, scored as the model scores them, each with a cap or without. */
const days = fc.array(fc.tuple(indicator, indicator), { minLength: 1, maxLength: 12 }).chain((pairs) =>
  fc.tuple(
    dayOf(
      "2024-05-01",
      pairs.map(([a]) => a),
    ),
    dayOf(
      "2024-05-31",
      pairs.map(([, b]) => b),
    ),
  ),
);

function dayOf(day: string, parts: { points: number | null; weight: number }[]): fc.Arbitrary<ScoredDay> {
  const indicators: Scored[] = parts.map((part, i) => ({ id: `i${i}`, name: `Indicator ${i}`, ...part }));
  const known = contributionsOf(indicators).filter((c) => c.contribution !== null);
  const uncappedScore = known.length > 0 ? known.reduce((sum, c) => sum + (c.contribution ?? 0), 0) : null;
  return fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: null }).map((cap) => ({
    day,
    indicators,
    uncappedScore,
    score: uncappedScore === null || cap === null ? uncappedScore : Math.min(uncappedScore, cap),
  }));
}

it("the indicators' changes and the cap's add up to the change of the score, whatever the days", () => {
  fc.assert(
    fc.property(days, ([before, after]) => {
      const why = explainChange(before, after);
      if (why.change === null) {
        expect(before.score === null || after.score === null).toBe(true);
        expect(why.reason).toMatch(/There is no score on 2024-05-/);
        return;
      }
      const sum = why.indicators.reduce((total, i) => total + i.change, 0) + (why.capChange ?? 0);
      expect(sum).toBeCloseTo((after.score ?? 0) - (before.score ?? 0), 9);
      for (const i of why.indicators) expect(i.pointsMoved + i.weightsMoved).toBeCloseTo(i.change, 9);
    }),
    { numRuns: 500 },
  );
});

it("with the same weights all of a change is points moved", () => {
  const day = (name: string, points: number): ScoredDay => ({
    day: name,
    score: points,
    uncappedScore: points,
    indicators: [{ id: "use", name: "Use", points, weight: 2 }],
  });
  expect(explainChange(day("2024-05-01", 80), day("2024-05-02", 50)).indicators).toEqual([
    {
      id: "use",
      name: "Use",
      contributionBefore: 80,
      contributionAfter: 50,
      change: -30,
      pointsMoved: -30,
      weightsMoved: 0,
    },
  ]);
});

it("an indicator that lost its value moves by its weight, not by its points", () => {
  const before: ScoredDay = {
    day: "2024-05-01",
    score: 70,
    uncappedScore: 70,
    indicators: [scored("a", 40, 1), scored("b", 100, 1)],
  };
  const after: ScoredDay = {
    day: "2024-05-02",
    score: 40,
    uncappedScore: 40,
    indicators: [scored("a", 40, 1), scored("b", null, 1)],
  };
  expect(explainChange(before, after).indicators).toMatchObject([
    { id: "b", change: -50, pointsMoved: 0, weightsMoved: -50 },
    { id: "a", change: 20, pointsMoved: 0, weightsMoved: 20 },
  ]);
});

const scored = (id: string, points: number | null, weight: number): Scored => ({
  id,
  name: id,
  points,
  weight,
});
