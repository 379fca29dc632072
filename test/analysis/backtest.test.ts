import { describe, expect, it } from "vitest";
import { type Backtest, backtest } from "../../analysis/backtest.js";
import { auc } from "../../stats/ranks.js";
import { wilson } from "../../stats/shares.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { daysOf } from "../models/days.js";
import { event, journeyText, paid } from "../models/given.js";
import { onDuckDb, onGoogleSql } from "./engines.js";

/** Points are ten times the day's events. Every term ran out on 1 June; 30, 60 and 90 days before are 2 May, 2 April and 3 March. */
const scores: Record<string, number> = {
  // Thirty days before: poor, poor, average, good.
  c1: 1,
  c2: 3,
  c3: 6,
  c4: 9,
  // poor, average, average, good, good, good
  r1: 3,
  r2: 5,
  r3: 6,
  r4: 8,
  r5: 9,
  r6: 10,
};
const accounts = Object.keys(scores);

const given: Given = {
  accounts: accounts.map((account_id) => ({
    account_id,
    created_on: "2024-01-01",
    segment: ["c1", "c2", "r1", "r2"].includes(account_id) ? "small" : null,
  })),
  contracts: accounts.flatMap((account_id) => [
    paid("2024-01-01", "2024-06-01", { account_id }),
    ...(account_id.startsWith("r") ? [paid("2024-06-01", null, { account_id })] : []),
  ]),
  usage_events: [
    ...accounts.map((account_id) => event("2024-05-02", { account_id, quantity: scores[account_id] })),
    // Ninety days before all were the same.
    ...accounts.map((account_id) => event("2024-03-03", { account_id, quantity: 8 })),
    // Of c1 and r1 every day from 1 April to 10 April, of c2 on one day that lies too near the outcome.
    ...["c1", "r1"].flatMap((account_id) =>
      daysOf("2024-04-01", "2024-04-10").map((day) => event(day, { account_id, quantity: 20 })),
    ),
    event("2024-05-20", { account_id: "c2", quantity: 20 }),
    event("2024-07-31", { account_id: "r2" }),
  ],
};

const journey = journeyText({
  rest: `signals:
  - { id: busy, name: Busy, kind: negative, when: { fact: events_1d, at_least: 20 }, for_days: 1 }
  - { id: never, name: Never, kind: negative, when: { fact: events_1d, at_least: 1000 } }
  - { id: fine, name: Fine, kind: positive, when: { fact: events_1d, at_least: 20 } }`,
});
const days = { through: "2024-07-31", now: "2024-09-01T06:00:00Z" };

async function tested(rows: Given, minGroup = 2): Promise<Backtest> {
  const built = await companyOf(rows, { journey, ...days });
  return backtest(await onDuckDb(built), built.company, { minGroup });
}

describe("a back-test", () => {
  it("holds the scores before the outcome against it, worked out by hand", async () => {
    const { why, health, goodBeforeChurn, churnRate, signals } = await tested(given);
    expect(why).toBeNull();
    expect(health.map(({ leadDays }) => leadDays)).toEqual([30, 60, 90]);
    const [month, , quarter] = health;
    expect(month).toMatchObject({ churned: { accounts: 4 }, stayed: { accounts: 6 }, unscored: 0 });
    // Of 24 pairs the churned one is lower in 6 + 5 + 3 + 1 and as low in one each of c2, c3 and c4.
    // Ranks of the stayed: 2.5, 4, 5.5, 7, 8.5, 10.
    const area = auc({ first: 6, second: 4, firstRanks: 37.5, ties: 18 });
    expect(month?.auc.value).toBeCloseTo(16.5 / 24, 12);
    expect(month?.auc).toEqual(area);
    // The tenth of ten is c1 alone, which churned; four of ten did.
    expect(month?.worstDecile).toMatchObject({ value: null, why: "groups under 2 are withheld" });
    // Small groups say how many they are, and nothing else.
    const [poor] = (await tested(given, 4)).health[0]?.bands ?? [];
    expect(poor).toEqual({
      leadDays: 30,
      band: "poor",
      accounts: 3,
      churned: null,
      rate: { value: null, from: null, to: null, why: "groups under 4 are withheld" },
    });
    expect(month?.bands).toEqual([
      { leadDays: 30, band: "poor", accounts: 3, churned: 2, rate: wilson({ count: 2, of: 3 }) },
      { leadDays: 30, band: "average", accounts: 3, churned: 1, rate: wilson({ count: 1, of: 3 }) },
      { leadDays: 30, band: "good", accounts: 4, churned: 1, rate: wilson({ count: 1, of: 4 }) },
      {
        leadDays: 30,
        band: "unknown",
        accounts: 0,
        churned: 0,
        rate: expect.objectContaining({ value: null }),
      },
    ]);
    expect(quarter?.auc).toMatchObject({ value: null, why: "all values are equal" });
    // Within "small" the churned one is lower in 3 pairs of 4 and once as low; among the others in 4 of 8, and twice.
    expect(month?.bySegment.map(({ auc: { value }, ...group }) => ({ ...group, auc: value }))).toEqual([
      { name: null, churned: 2, stayed: 4, auc: 5 / 8 },
      { name: "small", churned: 2, stayed: 2, auc: 3.5 / 4 },
    ]);
    expect(month?.byQuarter).toEqual([{ name: "2024-04-01", churned: 4, stayed: 6, auc: area }]);
    expect(month?.scores.map((s) => [s.from, s.accounts, s.churned])).toEqual([
      [0, 0, 0],
      [10, 1, null],
      [20, 0, 0],
      [30, 2, 1],
      [40, 0, 0],
      [50, 1, null],
      [60, 2, 1],
      [70, 0, 0],
      [80, 1, null],
      [90, 3, 1],
    ]);
    expect(month?.scores[9]).toMatchObject({ to: 100, rate: wilson({ count: 1, of: 3 }) });
    const [whole, ...parts] = (await tested(given, 3)).health[0]?.bySegment ?? [];
    expect([whole, ...parts].map((group) => group?.auc.why)).toEqual(
      Array(2).fill("fewer than 3 accounts of a cohort had a score 30 days before"),
    );
    expect(goodBeforeChurn).toEqual(wilson({ count: 1, of: 4 }));
    expect(churnRate).toEqual(wilson({ count: 4, of: 10 }));
    // It warned of c1 and r1 in time, of c2 too late; c1's was open from 1 April, 61 days before.
    expect(signals).toEqual([
      {
        id: "busy",
        name: "Busy",
        accounts: 2,
        churned: 1,
        precision: wilson({ count: 1, of: 2 }),
        recall: wilson({ count: 1, of: 4 }),
        medianLeadDays: 61,
      },
      {
        id: "never",
        name: "Never",
        accounts: 0,
        churned: 0,
        precision: expect.objectContaining({ value: null, why: "nobody is in the group" }),
        recall: wilson({ count: 0, of: 4 }),
        medianLeadDays: null,
      },
    ]);
  });

  it("counts accounts of equal score at the edge of the worst tenth in part", async () => {
    // Twenty accounts: a tenth is two. One stands at 0, four share the next place, of which two churned.
    const twenty = Array.from({ length: 20 }, (_, i) => ({
      account_id: `a${i}`,
      churns: i < 3,
      points: i === 0 ? 1 : i < 5 ? 2 : 9,
    }));
    const { health } = await tested({
      accounts: twenty.map(({ account_id }) => ({ account_id, created_on: "2024-01-01" })),
      contracts: twenty.flatMap(({ account_id, churns }) => [
        paid("2024-01-01", "2024-06-01", { account_id }),
        ...(churns ? [] : [paid("2024-06-01", null, { account_id })]),
      ]),
      usage_events: [
        ...twenty.map(({ account_id, points }) => event("2024-05-02", { account_id, quantity: points })),
        event("2024-07-31", { account_id: "a19" }),
      ],
    });
    // 1 + 2 × 1/4 of 2; of all 3 of 20.
    expect(health[0]?.worstDecile.value).toBeCloseTo(1.5 / 2, 12);
    expect(health[0]?.lift).toBeCloseTo(0.75 / 0.15, 12);
  });

  it("without churn, or with too few outcomes, says why there is no figure", async () => {
    const nobody = await tested({
      ...given,
      contracts: accounts.map((account_id) => paid("2024-01-01", null, { account_id })),
    });
    expect(nobody.why).toMatch(/^No account is in the cohort "churned"\./);
    expect(nobody.goodBeforeChurn).toMatchObject({ value: null, why: "no outcomes to tell from" });
    expect(nobody.health[0]?.auc.value).toBeNull();
    const few = await tested(given, 5);
    expect(few.why).toBe('Of the cohort "churned" only 4 can be compared; groups under 5 are withheld.');
    expect(JSON.stringify([nobody, few])).not.toContain("NaN");
  });
});

it.skipIf(referenceUnavailable())("both engines count the same", async () => {
  const built = await companyOf(given, { journey, ...days });
  await using googleSql = await onGoogleSql(built);
  const duckDb = await backtest(await onDuckDb(built), built.company, { minGroup: 2 });
  expect(await backtest(googleSql.query, built.company, { minGroup: 2 })).toEqual(duckDb);
});
