import { describe, expect, it } from "vitest";
import { type Suggestion, suggestWeights } from "../../analysis/suggest.js";
import { fitWeights, roundedTo } from "../../analysis/weights.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { event, journeyText, paid } from "../models/given.js";
import { onDuckDb, onGoogleSql } from "./engines.js";

/** An account whose term ran out, and what it had 60 days before: points are ten times its events, and its MRR. */
interface Customer {
  readonly id: string;
  readonly churned: boolean;
  readonly isEarly: boolean;
  readonly events: number;
  readonly mrr: number | null;
}

/** Who uses it little leaves, as a rule; what is paid has nothing to do with it, and isn't always known. */
const customers: Customer[] = [
  ...Array.from({ length: 48 }, (_, i) => ({ i, isEarly: true })),
  ...Array.from({ length: 26 }, (_, i) => ({ i: i + 100, isEarly: false })),
].map(({ i, isEarly }) => {
  const churned = i % 2 === 0;
  return {
    id: `a${i}`,
    churned,
    isEarly,
    events: churned ? (i * 7) % 6 : 2 + ((i * 5) % 9),
    mrr: i % 8 === 5 ? null : (i * 37) % 101,
  };
});

const given = (of: readonly Customer[]): Given => ({
  accounts: of.map(({ id }) => ({ account_id: id, created_on: "2024-02-28" })),
  contracts: of.flatMap(({ id, churned, isEarly, mrr }) => {
    const end = isEarly ? "2024-05-01" : "2024-06-01";
    const more = { account_id: id, mrr };
    return [paid("2024-02-28", end, more), ...(churned ? [] : [paid(end, null, more)])];
  }),
  usage_events: [
    ...of.map(({ id, isEarly, events }) =>
      event(isEarly ? "2024-03-02" : "2024-04-02", { account_id: id, quantity: events }),
    ),
    event("2024-07-05", { account_id: of[0]?.id }),
  ],
});

const journey = journeyText({
  indicators: `    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [10, 100]], weight: 4 }
    - { id: money, name: Money, dimension: outcomes, fact: mrr, scale: [[0, 0], [100, 100]], weight: 6, weights: { all: 6 } }
  min_coverage: 0.3`,
});
const days = { journey, through: "2024-07-05", now: "2024-07-06T06:00:00Z" };
const options = { leadDays: 60, minGroup: 5 };

async function suggested(of: readonly Customer[], asked = {}): Promise<Suggestion> {
  const built = await companyOf(given(of), days);
  return suggestWeights(await onDuckDb(built), built.company, { ...options, ...asked });
}
const later = customers.filter(({ isEarly }) => !isEarly);
const weightsOf = ({ weights }: Suggestion) => weights.map((w) => w.suggested);

/** By pairs: how often the one that churned has the lower score by these weights. */
function aucOf(of: readonly Customer[], [use, money]: readonly number[]): number {
  const score = ({ events, mrr }: Customer): number => {
    const points: [number, number][] = [
      [use ?? 0, 10 * events],
      ...(mrr === null ? [] : [[money ?? 0, Math.min(100, mrr)] as [number, number]]),
    ];
    return points.reduce((s, [w, p]) => s + w * p, 0) / points.reduce((s, [w]) => s + w, 0);
  };
  const pairs = of
    .filter(({ churned }) => churned)
    .flatMap((c) =>
      of.filter(({ churned }) => !churned).map((r) => Number((score(r) - score(c)).toFixed(9))),
    );
  return pairs.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0) / pairs.length;
}

describe("suggested weights", () => {
  it("follow what separates the earlier outcomes, and are tested on the later ones", async () => {
    const suggestion = await suggested(customers);
    const { why, testedFrom, fitted, tested, published, gain } = suggestion;
    expect(why).toBeNull();
    expect(testedFrom).toBe("2024-06-01");
    expect(fitted).toEqual({ churned: 24, renewed: 24, needed: 20 });
    expect(tested).toEqual({ churned: 13, renewed: 13, needed: 10 });
    const [use = 0, money = 0] = weightsOf(suggestion) as number[];
    expect(use).toBeGreaterThan(4);
    expect(use + money).toBeCloseTo(10, 12);
    // The stage's own weight goes along.
    expect(suggestion.weights[1]?.stages).toEqual([{ stage: "all", weight: 6, suggested: money }]);
    expect(published.value).toBeCloseTo(aucOf(later, [4, 6]), 9);
    expect(suggestion.suggested.value).toBeCloseTo(aucOf(later, [use, money]), 9);
    expect(gain.value).toBeCloseTo(aucOf(later, [use, money]) - aucOf(later, [4, 6]), 9);
    expect(gain.value).toBeGreaterThan(0);
    expect(gain.from).toBeLessThan(gain.value as number);
    expect(gain.to).toBeGreaterThan(gain.value as number);

    // The same from the accounts themselves: a missing indicator counts as the score of the others.
    const rows = customers
      .filter(({ isEarly }) => isEarly)
      .map(({ churned, events, mrr }) => {
        const money = mrr === null ? null : Math.min(100, mrr);
        const score = money === null ? 10 * events : (4 * 10 * events + 6 * money) / 10;
        return {
          churned: Number(churned),
          renewed: Number(!churned),
          score,
          points: [10 * events, money],
          weights: [4, 6],
        };
      });
    const factors = fitWeights(rows, [0, 1]) ?? [];
    expect(weightsOf(suggestion)).toEqual(roundedTo(10, [4 * (factors[0] ?? 0), 6 * (factors[1] ?? 0)]));
  });

  it("are fitted to the earlier outcomes alone: whatever came later changes the test and not the weights", async () => {
    const turned = customers.map((c) =>
      c.isEarly ? c : { ...c, churned: !c.churned, events: 9 - c.events },
    );
    const [as, otherwise] = [await suggested(customers), await suggested(turned)];
    expect(otherwise.weights).toEqual(as.weights);
    expect(otherwise.fitted).toEqual(as.fitted);
    expect(otherwise.testedFrom).toBe(as.testedFrom);
    expect(otherwise.gain).not.toEqual(as.gain);
  });

  it("are none, and today's are listed, where outcomes can't carry them: with how many it would take", async () => {
    const silent = {
      suggested: { value: null },
      gain: { value: null },
      weights: [
        { weight: 4, suggested: null },
        { weight: 6, suggested: null },
      ],
    };
    const few = await suggested(customers.filter((c, i) => !c.isEarly || i < 30));
    expect(few).toMatchObject(silent);
    expect(few.why).toMatch(
      /^It takes 20 scored accounts that churned and as many that renewed, with outcomes before 2024-06-01, to fit 2 weights: only 15 \w+\. That is about 30 in all\.$/,
    );
    const untested = await suggested(customers.filter((c, i) => c.isEarly || i < 48 + 16));
    expect(untested).toMatchObject(silent);
    expect(untested.why).toMatch(/with outcomes from 2024-06-01 on, to test the weights: only 8 \w+\.$/);
    const nobody = await suggested(customers.map((c) => ({ ...c, churned: false })));
    expect(nobody).toMatchObject({
      ...silent,
      why: expect.stringMatching(/^No account is in the cohort "churned"/),
    });
    const oneDay = await suggested(customers.filter(({ isEarly }) => isEarly));
    expect(oneDay.why).toBe("All outcomes are of one day: there are no later ones to test with.");
    expect(JSON.stringify([few, untested, nobody, oneDay])).not.toContain("NaN");
  });

  it("are none where all points are equal, or higher ones go with more churn", async () => {
    const same = await suggested(customers.map((c) => ({ ...c, events: 5, mrr: 50 })));
    expect(same.why).toBe(
      "It takes two indicators to weigh them against each other, and before 2024-06-01 none told accounts apart.",
    );
    expect(same.weights.map(({ why }) => why)).toEqual(Array(2).fill("all accounts had the same points"));
    const worse = await suggested(
      customers.map((c) => ({ ...c, events: c.churned ? 9 : 1, mrr: c.churned ? 90 : 10 })),
    );
    expect(worse.why).toMatch(/no indicator's higher points went with less churn/);
    expect(worse.weights[0]).toMatchObject({ weight: 4, suggested: null });
  });

  it("stay finite where points separate perfectly, and no gain is told where today's do too", async () => {
    const suggestion = await suggested(
      customers.map((c) => ({ ...c, events: c.churned ? 1 : 9, mrr: c.churned ? 20 : 80 + (c.events % 3) })),
    );
    expect(suggestion.why).toBeNull();
    const weights = weightsOf(suggestion) as number[];
    expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(10, 12);
    expect(suggestion.published.value).toBe(1);
    expect(suggestion.suggested.value).toBe(1);
    expect(suggestion.gain).toMatchObject({
      value: null,
      why: "today's weights tell them all apart already",
    });
  });
});

it.skipIf(referenceUnavailable())("both engines suggest the same", async () => {
  const built = await companyOf(given(customers), days);
  await using googleSql = await onGoogleSql(built);
  const [ours, theirs] = [
    await suggestWeights(await onDuckDb(built), built.company, options),
    await suggestWeights(googleSql.query, built.company, options),
  ];
  // The last digits of a variance are each engine's own.
  const told = (suggestion: Suggestion) =>
    JSON.parse(JSON.stringify(suggestion), (_, v) => (typeof v === "number" ? Number(v.toFixed(9)) : v));
  expect(told(theirs)).toEqual(told(ours));
});

describe("weights in round figures", () => {
  it("keep their sum, in hundredths of it", () => {
    expect(roundedTo(18, [1, 1, 1])).toEqual([6, 6, 6]);
    expect(roundedTo(1, [1, 1, 1])).toEqual([0.34, 0.33, 0.33]);
    expect(roundedTo(10, [2, 1, 0])).toEqual([6.7, 3.3, 0]);
    expect(roundedTo(250, [1, 2])).toEqual([83, 167]);
  });
});
