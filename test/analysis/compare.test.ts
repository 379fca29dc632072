import { describe, expect, it } from "vitest";
import type { Cohort } from "../../analysis/cohorts.js";
import { type CompareOptions, type Comparison, compareCohorts } from "../../analysis/compare.js";
import { mannWhitney } from "../../stats/ranks.js";
import { fisherExact } from "../../stats/shares.js";
import { inArray } from "../../warehouse/dialect.js";
import { bind, sql } from "../../warehouse/sql.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { contact, event, journeyText, paid } from "../models/given.js";
import { onDuckDb, onGoogleSql } from "./engines.js";

const churned = ["c1", "c2", "c3", "c4", "c5", "c6"];
const renewed = ["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"];
const all = [...churned, ...renewed];

/** Every term ran out on 1 June; thirty days before is 2 May. */
const given: Given = {
  accounts: all.map((account_id, i) => ({
    account_id,
    created_on: "2024-01-01",
    region: "EU",
    // Nobody who churned is large.
    segment: ["r1", "r2", "r3", "r4", "r5"].includes(account_id) ? "large" : "small",
    domain: `${account_id}.example`,
    tier: i % 2 === 0 ? "gold" : "silver",
  })),
  contracts: all.flatMap((account_id) => [
    paid("2024-01-01", "2024-06-01", { account_id, mrr: "100" }),
    ...(renewed.includes(account_id) ? [paid("2024-06-01", null, { account_id, mrr: "100" })] : []),
  ]),
  // Events in the 28 days to 2 May: 1 … 6 of those that churned, 4 … 11 of those that renewed; more after that.
  usage_events: all.flatMap((account_id) => {
    const count = Number(account_id.slice(1)) + (account_id.startsWith("r") ? 3 : 0);
    return [
      event("2024-05-02", { account_id, quantity: count }),
      event("2024-05-03", { account_id, quantity: account_id.startsWith("c") ? 1000 : 1 }),
      event("2024-07-31", { account_id }),
    ];
  }),
  touchpoints: ["c1", "r1", "r2", "r3", "r4", "r5", "r6"].flatMap((account_id) => [
    contact("2024-04-01", "call", { account_id }),
    contact("2024-05-20", "farewell", { account_id }),
  ]),
};

const journey = journeyText({
  stages: `  - { id: new, name: New, when: { fact: tenure_days, below: 30 } }
  - { id: grown, name: Grown }`,
  rest: `
milestones:
  - { id: used, name: Used, expected_days: 10, when: { fact: events_28d, at_least: 5 } }
  - { id: talked, name: Talked, starts: contract_start, expected_days: 10, when: { fact: touchpoints_28d, at_least: 1 } }
signals:
  - { id: quiet, name: Quiet, kind: negative, when: { fact: events_28d, below: 6 } }
  - { id: late, name: Late, kind: negative, when: { fact: events_28d, at_least: 500 } }`,
});

const days = { through: "2024-07-31", now: "2024-09-01T06:00:00Z" };

const usual: CompareOptions = {
  first: { outcomes: ["churned"] },
  second: { outcomes: ["renewed", "expanded", "contracted"] },
  leadDays: 30,
  minGroup: 5,
  lateDays: 14,
};

/** Compares a company that is built once in as many ways as are given. */
async function comparedAs(rows: Given, ...ways: Partial<CompareOptions>[]): Promise<Comparison[]> {
  const built = await companyOf(rows, { journey, ...days });
  const ask = await onDuckDb(built);
  return Promise.all(ways.map((way) => compareCohorts(ask, built.company, { ...usual, ...way })));
}

let asUsual: Promise<Comparison[]> | undefined;
/** The company above, compared as usual; several tests look at it. */
async function compared(): Promise<Comparison> {
  asUsual ??= comparedAs(given, {});
  return (await asUsual)[0] as Comparison;
}

const traitIn = ({ traits }: Comparison, kind: string, id: string) =>
  traits.find((trait) => trait.kind === kind && trait.id === id);
const whyNot = ({ leftOut }: Comparison, kind: string, id: string) =>
  leftOut.find((trait) => trait.kind === kind && trait.id === id)?.why;

describe("a comparison of cohorts", () => {
  it("of a number has medians, AUC and p of the values at the landmark, worked out by hand", async () => {
    const comparison = await compared();
    expect(comparison).toMatchObject({
      why: null,
      first: { name: "churned", accounts: 6, leftOut: [] },
      second: { name: "stayed", accounts: 8, leftOut: [] },
    });
    // Of 48 pairs the churned one has more in 3 (5 > 4; 6 > 4, 5), and as many in 3 (4, 5, 6).
    const events = traitIn(comparison, "fact", "events_28d");
    expect(events).toMatchObject({
      isYesNo: false,
      unit: "events",
      first: { n: 6, share: null, median: 3.5 },
      second: { n: 8, share: null, median: 7.5 },
      auc: { value: 4.5 / 48 },
      riskRatio: null,
      late: 0,
    });
    expect(events?.strength).toBeCloseTo(1 - 9 / 48, 12);
    // Three pairs of equal values: 3 × (2³ − 2). Ranks of the churned: 4.5 + 6 × 7 / 2.
    expect(events?.p).toBeCloseTo(
      mannWhitney({ first: 6, second: 8, firstRanks: 25.5, ties: 18 }) as number,
      12,
    );
    expect(events?.words).toBe(
      "events (28 days): median 3.5 events churned, 7.5 events stayed; of a pair the churned one has the lower 91 (60–98) times of 100.",
    );
  });

  it("of a yes/no trait has shares, risk ratio and p, worked out by hand", async () => {
    const comparison = await compared();
    const call = traitIn(comparison, "touchpoint", "call");
    // Of 7 with a call 1 churned, of 7 without 5.
    expect(call).toMatchObject({
      isYesNo: true,
      first: { n: 6, share: 1 / 6, median: null },
      second: { n: 8, share: 6 / 8, median: null },
      auc: null,
    });
    expect(call?.riskRatio?.value).toBeCloseTo(1 / 5, 12);
    expect(call?.p).toBe(fisherExact({ count: 1, of: 6 }, { count: 6, of: 8 }));
    expect(call?.words).toContain("with it an account is 0.20 (");
    // Five events are reached by c5, c6 and by all renewed but r1, the first on time of those too.
    expect(traitIn(comparison, "milestone", "used")).toMatchObject({
      first: { share: 2 / 6 },
      second: { share: 7 / 8 },
    });
    // Fewer than six: c1 … c5, r1 and r2.
    expect(traitIn(comparison, "signal", "quiet")).toMatchObject({
      first: { share: 5 / 6 },
      second: { share: 2 / 8 },
    });
    expect(traitIn(comparison, "attribute", "tier:gold")).toMatchObject({ first: { n: 6, share: 0.5 } });
  });

  it("with a zero cell gives p and no ratio, and says so", async () => {
    const large = traitIn(await compared(), "attribute", "segment:large");
    expect(large).toMatchObject({
      first: { share: 0 },
      second: { share: 5 / 8 },
      riskRatio: { value: null },
    });
    expect(large?.p).toBe(fisherExact({ count: 0, of: 6 }, { count: 5, of: 8 }));
    expect(large?.words).toContain("no ratio, as nobody is counted in one group");
  });

  it("says of what is left out why", async () => {
    const comparison = await compared();
    expect(whyNot(comparison, "attribute", "region:EU")).toBe("the same for all");
    expect(whyNot(comparison, "fact", "is_customer")).toBe("the same for all");
    expect(whyNot(comparison, "fact", "tenure_days")).toBe("all values are equal");
    expect(whyNot(comparison, "fact", "csat_90d")).toBe("not known in one cohort");
    expect(whyNot(comparison, "attribute", "domain:c1.example")).toBe(
      "holds, or doesn't hold, for fewer than 5 accounts",
    );
  });

  it("shows what is told as a difference first, then all by strength, with q over all that is shown", async () => {
    const { traits } = await compared();
    const solid = traits.filter(({ q }) => q <= 0.05).length;
    expect(traits.slice(solid).every(({ q }) => q > 0.05)).toBe(true);
    const strengths = traits.slice(solid).map(({ strength }) => strength);
    expect(strengths).toEqual([...strengths].sort((a, b) => b - a));
    expect(traits.every(({ p, q }) => q >= p && Number.isFinite(p))).toBe(true);
  });

  it("knows nothing of what happened after the landmark", async () => {
    const comparison = await compared();
    // A thousand events on 3 May, and a contact on 20 May, would tell the cohorts apart.
    expect(traitIn(comparison, "touchpoint", "farewell")).toBeUndefined();
    expect(whyNot(comparison, "signal", "late")).toBe("the same for all");
    const [later] = await comparedAs(given, { leadDays: 10 });
    expect(traitIn(later as Comparison, "signal", "late")).toMatchObject({
      first: { share: 1 },
      second: { share: 0 },
    });
  });

  it("leaves out what came or was corrected with hindsight, and counts it", async () => {
    const hindsight = "2024-06-10T00:00:00Z";
    const known = "2024-05-03T04:00:00Z";
    const loaded = (rows: Given[keyof Given]) =>
      rows?.map((row) => ({ ...row, loaded_at: "2024-01-02T00:00:00Z" }));
    const leaking: Given = {
      ...given,
      accounts:
        given.accounts?.map((row) => ({
          ...row,
          reason: churned.includes(String(row.account_id)) ? "price" : "none",
          loaded_at: churned.includes(String(row.account_id)) ? hindsight : known,
        })) ?? [],
      contracts: loaded(given.contracts) ?? [],
      usage_events: loaded(given.usage_events) ?? [],
      touchpoints: [
        ...(loaded(given.touchpoints) ?? []),
        // Noted after they had gone, of a day before the landmark.
        ...churned.map((account_id) =>
          contact("2024-04-20", "complaint", { account_id, loaded_at: hindsight }),
        ),
        ...renewed.map((account_id) => contact("2024-04-20", "praise", { account_id, loaded_at: known })),
      ],
    };
    const [strict, lax] = (await comparedAs(leaking, {}, { lateDays: 365 })) as [Comparison, Comparison];
    expect(traitIn(strict, "touchpoint", "complaint")).toBeUndefined();
    expect(traitIn(strict, "touchpoint", "praise")).toMatchObject({ second: { share: 1 } });
    expect(traitIn(strict, "attribute", "reason:price")).toBeUndefined();
    expect(whyNot(strict, "attribute", "reason:none")).toMatch(
      /^not known in one cohort; rows of 6 accounts/,
    );
    expect(whyNot(strict, "fact", "touchpoints_28d")).toMatch(/^not known in one cohort; rows of 6 accounts/);
    expect(whyNot(strict, "milestone", "talked")).toMatch(
      /rows of 6 accounts came or were corrected too late$/,
    );
    // What is made of other sources stays.
    expect(traitIn(strict, "fact", "events_28d")).toMatchObject({ first: { n: 6 }, late: 0 });
    expect(traitIn(lax, "touchpoint", "complaint")).toMatchObject({
      first: { share: 1 },
      second: { share: 0 },
    });
    expect(traitIn(lax, "attribute", "reason:price")).toMatchObject({
      first: { share: 1 },
      second: { share: 0 },
    });
  });

  it("takes a ticket that was resolved, or a person who left, after the landmark as known then", async () => {
    const later = "2024-06-10T00:00:00Z";
    const rows: Given = {
      ...given,
      tickets: all.map((account_id, i) => ({
        ticket_id: `t${i}`,
        account_id,
        opened_at: "2024-04-20T00:00:00Z",
        resolved_at: i === 0 ? "2024-04-22T00:00:00Z" : "2024-06-09T00:00:00Z",
        loaded_at: later,
      })),
    };
    const [comparison] = await comparedAs(rows, {});
    // One was resolved before the landmark and corrected after it: how, nobody can tell.
    expect(whyNot(comparison as Comparison, "fact", "tickets_opened_28d")).toBe(
      "all values are equal; rows of 1 accounts came or were corrected too late",
    );
  });

  it("counts an account once, by its latest outcome, and leaves out those without facts then", async () => {
    const [comparison] = (await comparedAs(
      {
        ...given,
        accounts: [
          ...(given.accounts ?? []),
          { account_id: "c7", created_on: "2024-01-01" },
          { account_id: "c8", created_on: "2024-05-20" },
          { account_id: "c9", created_on: "2024-01-01" },
        ],
        contracts: [
          ...(given.contracts ?? []),
          // Renewed in March, churned in June.
          paid("2024-01-01", "2024-03-01", { account_id: "c7" }),
          paid("2024-03-01", "2024-06-01", { account_id: "c7" }),
          paid("2024-05-20", "2024-06-01", { account_id: "c8" }),
          paid("2024-05-10", "2024-06-01", { account_id: "c9" }),
        ],
      },
      {},
    )) as [Comparison];
    expect(comparison.second.accounts).toBe(8);
    expect(comparison.first).toMatchObject({ accounts: 7 });
    expect([...comparison.first.leftOut].sort((a, b) => a.why.localeCompare(b.why))).toEqual([
      { why: "no facts 30 days before the outcome", accounts: 1 },
      { why: "not covered by a paid contract 30 days before the outcome", accounts: 1 },
    ]);
  });

  it("takes cohorts by period and accounts as well", async () => {
    const renewedOf = (accounts: readonly string[]): Cohort => ({
      outcomes: ["renewed"],
      from: "2024-06-01",
      to: "2024-06-02",
      accounts: inArray(sql`account_id`, bind("string[]", accounts)),
    });
    const [two] = await comparedAs(given, {
      first: renewedOf(["r1", "r2", "r3"]),
      second: renewedOf(["r4", "r5", "r6", "r7", "r8"]),
      minGroup: 3,
    });
    expect(two?.first).toMatchObject({ name: "renewed (first)", accounts: 3 });
    expect(two?.second).toMatchObject({ name: "renewed (second)", accounts: 5 });
    expect(traitIn(two as Comparison, "fact", "events_28d")?.auc?.value).toBe(0);
  });
});

describe("cohorts that can't be compared", () => {
  it("get an answer that says why", async () => {
    const [nobody, tooEarly, tooLong, tooFew] = await comparedAs(
      given,
      { first: { outcomes: ["expanded"] } },
      { first: { outcomes: ["churned"], to: "2024-06-01" } },
      { leadDays: 900 },
      { minGroup: 7 },
    );
    expect(nobody?.why).toMatch(/^No account is in the cohort "expanded"\./);
    expect(tooEarly?.why).toMatch(/^No account is in the cohort "churned"\./);
    expect(tooLong?.why).toMatch(
      /^Of the cohort "churned" \(6\) nobody was a customer with facts 900 days before the outcome/,
    );
    expect(tooFew?.why).toBe('Of the cohort "churned" only 6 can be compared; groups under 7 are withheld.');
    for (const comparison of [nobody, tooEarly, tooLong, tooFew]) expect(comparison?.traits).toEqual([]);
  });

  it("overlap, and are refused with one that is in both", async () => {
    await expect(comparedAs(given, { second: { outcomes: ["churned", "renewed"] } })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringMatching(
        /^The cohorts overlap: 6 accounts are in both by the same outcome, e\.g\. c1\./,
      ),
    });
  });

  it("without contracts have no outcomes", async () => {
    const { contracts: _, ...rest } = given;
    expect((await comparedAs(rest, {}))[0]?.why).toMatch(/^No account is in the cohort "churned"\./);
  });
});

it.skipIf(referenceUnavailable())("both engines count the same", async () => {
  const built = await companyOf(given, { journey, ...days });
  await using googleSql = await onGoogleSql(built);
  const duckDb = await compareCohorts(await onDuckDb(built), built.company, usual);
  const reference = await compareCohorts(googleSql.query, built.company, usual);
  expect(duckDb.traits.length).toBeGreaterThan(10);
  expect(reference).toEqual(duckDb);
});
