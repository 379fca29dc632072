import { expect, it } from "vitest";
import type { ComparedTrait, Comparison } from "../../analysis/compare.js";
import { discoveriesIn } from "../../bench/planted.js";

const trait = (kind: string, id: string, q: number, ratio: number | null = null): ComparedTrait =>
  ({ kind, id, q, riskRatio: ratio === null ? null : { value: ratio } }) as never;

it("a planted effect is found with its sign alone; decoys and turned signs are false; the rest goes with what was planted", () => {
  const traits = [
    trait("milestone", "integration_on_time", 0.01, 0.5),
    trait("signal", "no_champion", 0.02, 0.8),
    trait("signal", "detractor", 0.3, 1.4),
    trait("attribute", "region:emea", 0.04, 1.2),
    trait("attribute", "tier:gold", 0.5, 1.1),
    trait("touchpoint", "qbr", 0.05, 0.9),
    trait("fact", "events_28d", 0.001),
  ];
  expect(discoveriesIn({ traits } as unknown as Comparison)).toEqual({
    right: ["integration_within_30d"],
    wrong: ["champion_gone", "attribute region:emea", "touchpoint qbr"],
    all: 5,
  });
});
