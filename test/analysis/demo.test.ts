import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { discoveriesIn, isDecoy, type Planted, plantedCompany, shownAs } from "../../bench/planted.js";
import type { Trait } from "../../demo/effects.js";

describe("the demo company", () => {
  let company: Planted;
  beforeAll(async () => {
    company = await plantedCompany({ seed: 7, accounts: 1500 });
    // A few terms were cut short or came with faults that were planted on purpose.
    expect(company.truth.length / company.compared).toBeGreaterThan(0.95);
  }, 600_000);
  afterAll(() => company?.[Symbol.asyncDispose]());

  /** Of the compared accounts the risk with the trait over that without, by the probabilities that were drawn from. */
  function trueRatio(trait: Trait): number {
    const risk = (has: boolean): number => {
      const own = company.truth.filter(({ traits }) => traits[trait] === has);
      return own.reduce((sum, { probability }) => sum + probability, 0) / own.length;
    };
    return risk(true) / risk(false);
  }

  const found = ([kind, id]: readonly [string, string]) =>
    company.comparison.traits.find((trait) => trait.kind === kind && trait.id === id);

  it("shows the planted effects with the right sign, in intervals that cover the truth", () => {
    const effects = Object.entries(shownAs).map(([trait, place]) => ({
      trait,
      truth: trueRatio(trait as Trait),
      ratio: found(place)?.riskRatio,
    }));
    // One interval of twenty misses by its own definition: of these nine at most one. It is the seats' here: of those
    // without that trait 49 left where their odds, by which each was drawn, made 68 likely.
    const missed = effects.filter(({ truth: t, ratio }) => !ratio?.value || t < ratio.from || t > ratio.to);
    expect(missed.length, JSON.stringify(missed)).toBeLessThanOrEqual(1);
    const isWrong = effects.filter(({ truth: t, ratio }) => !ratio?.value || ratio.value < 1 !== t < 1);
    expect(isWrong.filter((effect) => !missed.includes(effect))).toEqual([]);
  });

  it("tells the strongest of them as a difference, and none of what was planted without effect", () => {
    expect(found(["milestone", "integration_on_time"])?.q).toBeLessThan(0.05);
    const decoys = company.comparison.traits.filter(isDecoy);
    expect(decoys.length).toBeGreaterThan(15);
    expect(decoys.filter(({ q }) => q < 0.05).map(({ words }) => words)).toEqual([]);
    // `npm run bench:seeds` counts the same over twenty companies.
    expect(discoveriesIn(company.comparison).right).toContain("integration_within_30d");
  });
});
