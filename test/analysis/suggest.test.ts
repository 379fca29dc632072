import { describe, expect, it } from "vitest";
import { backtest } from "../../analysis/backtest.js";
import { fitScale } from "../../analysis/scales.js";
import { type Suggestion, suggestHealth } from "../../analysis/suggest.js";
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

const journeyWith = (scaleOfUse: string): string =>
  journeyText({
    indicators: `    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: ${scaleOfUse}, weight: 4 }
    - { id: money, name: Money, dimension: outcomes, fact: mrr, scale: [[0, 0], [100, 100]], weight: 6, weights: { all: 6 } }
  min_coverage: 0.3`,
  });
const journey = journeyWith("[[0, 0], [10, 100]]");
const days = { journey, through: "2024-07-05", now: "2024-07-06T06:00:00Z" };
const options = { leadDays: 60, minGroup: 5 };

async function suggested(of: readonly Customer[], text = journey): Promise<Suggestion> {
  const built = await companyOf(given(of), { ...days, journey: text });
  return suggestHealth(await onDuckDb(built), built.company, options);
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
  return wonPairs(of, score);
}

function wonPairs(of: readonly Customer[], score: (customer: Customer) => number): number {
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
    expect(fitted).toEqual({ churned: 24, stayed: 24, needed: 20 });
    expect(tested).toEqual({ churned: 13, stayed: 13, needed: 10 });
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
          stayed: Number(!churned),
          score,
          points: [10 * events, money],
          weights: [4, 6],
        };
      });
    const factors = fitWeights(rows, [0, 1]) ?? [];
    expect(weightsOf(suggestion)).toEqual(roundedTo(10, [4 * (factors[0] ?? 0), 6 * (factors[1] ?? 0)]));
  });

  it("are fitted to the earlier outcomes alone: whatever came later changes the test and not the suggestion", async () => {
    const turned = customers.map((c) =>
      c.isEarly ? c : { ...c, churned: !c.churned, events: 9 - c.events },
    );
    const [as, otherwise] = [await suggested(customers), await suggested(turned)];
    expect(otherwise.weights).toEqual(as.weights);
    expect(otherwise.fitted).toEqual(as.fitted);
    expect(otherwise.testedFrom).toBe(as.testedFrom);
    expect(otherwise.gain).not.toEqual(as.gain);
    const scalesOf = ({ scales }: Suggestion) => scales.map((s) => [s.suggested, s.fitted]);
    expect(scalesOf(otherwise)).toEqual(scalesOf(as));
    expect(as.scales[0]?.suggested).not.toBeNull();
    expect(otherwise.scales[0]?.suggestedAuc).not.toEqual(as.scales[0]?.suggestedAuc);
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
      /^It takes 20 scored accounts that churned and as many that stayed, with outcomes before 2024-06-01, to fit 2 weights: only 15 \w+\. That is about 30 in all\.$/,
    );
    const use = {
      id: "use",
      fact: "events_1d",
      scale: [
        [0, 0],
        [10, 100],
      ],
      suggested: null,
    };
    expect(few.scales[0]).toMatchObject({
      ...use,
      gain: { value: null },
      why: expect.stringMatching(
        /^It takes 20 scored accounts that churned and as many that stayed, with a value and an outcome before 2024-06-01, to fit its scale: only 15 \w+\.$/,
      ),
    });
    const untested = await suggested(customers.filter((c, i) => c.isEarly || i < 48 + 16));
    expect(untested).toMatchObject(silent);
    expect(untested.why).toMatch(/with outcomes from 2024-06-01 on, to test the weights: only 8 \w+\.$/);
    expect(untested.scales[0]).toMatchObject({
      ...use,
      fitted: { churned: 24, stayed: 24, needed: 20 },
      tested: { churned: 8, stayed: 8, needed: 10 },
      why: expect.stringMatching(/outcome from 2024-06-01 on, to test its scale: only 8 \w+\.$/),
    });
    const nobody = await suggested(customers.map((c) => ({ ...c, churned: false })));
    expect(nobody).toMatchObject({
      ...silent,
      why: expect.stringMatching(/^No account is in the cohort "churned"/),
    });
    const oneDay = await suggested(customers.filter(({ isEarly }) => isEarly));
    expect([nobody, oneDay].map(({ scales }) => scales[0])).toMatchObject([
      { ...use, why: nobody.why },
      { ...use, why: oneDay.why },
    ]);
    expect(oneDay.why).toBe("All outcomes are of one day: there are no later ones to test with.");
    expect(JSON.stringify([few, untested, nobody, oneDay])).not.toContain("NaN");
  });

  it("are none where all points are equal, or higher ones go with more churn", async () => {
    const same = await suggested(customers.map((c) => ({ ...c, events: 5, mrr: 50 })));
    expect(same.why).toBe(
      "It takes two indicators to weigh them against each other, and before 2024-06-01 none told accounts apart.",
    );
    expect(same.weights.map(({ why }) => why)).toEqual(Array(2).fill("all accounts had the same points"));
    expect(same.scales.map(({ why, suggested }) => [why, suggested])).toEqual(
      Array(2).fill(["In round figures nearly all accounts had the same value.", null]),
    );
    const worse = await suggested(
      customers.map((c) => ({ ...c, events: c.churned ? 9 : 1, mrr: c.churned ? 90 : 10 })),
    );
    expect(worse.why).toMatch(/no indicator's higher points went with less churn/);
    expect(worse.weights[0]).toMatchObject({ weight: 4, suggested: null });
    expect(worse.scales[0]).toMatchObject({
      suggested: null,
      why: "Values that get more points today did not go with less churn.",
    });
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
    expect(suggestion.scales[0]).toMatchObject({
      suggested: [
        [1, 0],
        [9, 100],
      ],
      suggestedAuc: { value: 1 },
      gain: { value: null, why: "today's scale tells them all apart already" },
    });
  });
});

describe("suggested scales", () => {
  /** Up to six events each one more keeps customers; beyond, none does. */
  const bent: Customer[] = [
    ...[34, 27, 16, 5, 7, 6].map((churned, i) => ({ events: 2 * i, churned, of: 40, isEarly: true })),
    ...[17, 13, 8, 3, 3, 3].map((churned, i) => ({ events: 2 * i, churned, of: 20, isEarly: false })),
  ].flatMap(({ events, churned, of, isEarly }) =>
    Array.from({ length: of }, (_, i) => ({
      id: `${isEarly ? "early" : "late"}_${events}_${i}`,
      churned: i < churned,
      isEarly,
      events,
      mrr: (i * 37) % 101,
    })),
  );

  it("find where a planted relation bends, and tell later outcomes better apart than a scale that stops too soon", async () => {
    const { scales } = await suggested(bent, journeyWith("[[0, 0], [2, 100]]"));
    expect(scales[0]).toMatchObject({
      id: "use",
      name: "Use",
      fact: "events_1d",
      why: null,
      suggested: [
        [0, 0],
        [2, 28],
        [6, 100],
      ],
      fitted: { churned: 95, stayed: 145 },
      tested: { churned: 47, stayed: 73 },
    });
    const late = bent.filter(({ isEarly }) => !isEarly);
    const before = wonPairs(late, ({ events }) => Math.min(events, 2));
    const after = wonPairs(late, ({ events }) => Math.min(events, 6)); // Only the order counts.
    expect(scales[0]?.publishedAuc.value).toBeCloseTo(before, 9);
    expect(scales[0]?.suggestedAuc.value).toBeCloseTo(after, 9);
    expect(scales[0]?.gain.value).toBeCloseTo(after - before, 9);
    expect(scales[0]?.gain.from).toBeGreaterThan(0);

    // Put into a journey that scores by nothing else, the scale makes scores that foresee as much as was reckoned.
    const scale = JSON.stringify(scales[0]?.suggested);
    const scored = journeyText({
      indicators: `    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: ${scale} }`,
    });
    const built = await companyOf(given(bent), { ...days, journey: scored });
    const { health } = await backtest(await onDuckDb(built), built.company, {
      among: { from: "2024-06-01" },
      minGroup: 5,
    });
    const { auc } = health.find(({ leadDays }) => leadDays === 60) ?? {};
    expect(auc?.value).toBeCloseTo(scales[0]?.suggestedAuc.value as number, 9);
  });

  const level = (value: number, churned: number, stayed: number) => ({ value, churned, stayed });

  it("are linear in the log-odds of the pooled shares, and fall where today's do", () => {
    const levels = [level(1, 10, 90), level(2, 30, 70), level(3, 20, 80), level(9, 60, 40)];
    // By hand, with one account of the general share, 70 %, added to each: 90.7, (70.7 + 80.7) / 2, 40.7 of 101.
    const logOdds = (stayed: number): number => Math.log(stayed / (101 - stayed));
    const middle = Math.round((100 * (logOdds(75.7) - logOdds(40.7))) / (logOdds(90.7) - logOdds(40.7)));
    expect(
      fitScale(levels, [
        [0, 100],
        [10, 0],
      ]),
    ).toEqual([
      [1, 100],
      [2, middle],
      [3, middle],
      [9, 0],
    ]);
    expect(
      fitScale(levels, [
        [0, 0],
        [10, 100],
      ]),
    ).toMatch(/did not go with less churn/);
    expect(
      fitScale(levels, [
        [0, 50],
        [10, 50],
      ]),
    ).toMatch(/^Today's scale gives the same points/);
  });

  it("stay finite where nobody of a bin churned, and keep to six breakpoints", () => {
    const steps = [100, 80, 78, 50, 47, 46, 20, 18, 2, 0];
    const scale = fitScale(
      steps.map((churned, i) => level(i, churned, 100 - churned)),
      [
        [0, 0],
        [9, 100],
      ],
    ) as [number, number][];
    expect(scale.length).toBeLessThanOrEqual(6);
    expect([scale[0], scale.at(-1)]).toEqual([
      [0, 0],
      [9, 100],
    ]);
    expect(scale.map(([, points]) => points)).toEqual(
      scale.map(([, points]) => points).toSorted((a, b) => a - b),
    );
  });

  it("have as many bins as there are ten of the rarer kind, of as many accounts each", () => {
    const levels = Array.from({ length: 100 }, (_, i) => level(i, i < 50 ? 1 : 0, 4));
    // Fifty churned: five bins, of which the last two hardly differ.
    const scale = fitScale(levels, [
      [0, 0],
      [99, 100],
    ]) as [number, number][];
    expect(scale[0]?.[1]).toBe(0);
    expect(scale.at(-1)?.[1]).toBe(100);
    expect(scale.length).toBeLessThanOrEqual(5);
    // A few that differ from all the others make no bin.
    expect(
      fitScale(
        [level(0, 30, 90), level(5, 0, 3)],
        [
          [0, 0],
          [9, 100],
        ],
      ),
    ).toMatch(/nearly all/);
  });
});

it.skipIf(referenceUnavailable())("both engines suggest the same", async () => {
  const built = await companyOf(given(customers), days);
  await using googleSql = await onGoogleSql(built);
  const [ours, theirs] = [
    await suggestHealth(await onDuckDb(built), built.company, options),
    await suggestHealth(googleSql.query, built.company, options),
  ];
  expect(ours.scales[0]).toMatchObject({ why: null, gain: { why: null } });
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
