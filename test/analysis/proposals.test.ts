import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  milestoneProposals,
  type Outcomes,
  type ProposalOptions,
  type Proposals,
} from "../../analysis/proposals.js";
import { fisherExact, riskRatio } from "../../stats/shares.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given, journeyOf } from "../models/built.js";
import { addDays } from "../models/days.js";
import { contact, event, journeyText, paid } from "../models/given.js";
import { onDuckDb, onGoogleSql } from "./engines.js";

const start = "2024-01-01";

interface Life {
  account_id: string;
  /** Whether it imported three times on its fifth day. */
  imports: boolean;
  churns: boolean;
}

/** Of those that import one in ten churns, of the others six in ten; each for sixty days. */
const livesOf = (accounts: number): Life[] =>
  Array.from({ length: accounts }, (_, i) => ({
    account_id: `account ${i}`,
    imports: i % 2 === 0,
    churns: i % 2 === 0 ? i % 20 === 0 : i % 10 < 6,
  }));

const givenOf = (lives: readonly Life[]): Given => ({
  accounts: lives.map(({ account_id }) => ({ account_id, created_on: start })),
  contracts: lives.flatMap(({ account_id, churns }) => [
    paid(start, addDays(start, 60), { account_id }),
    ...(churns ? [] : [paid(addDays(start, 60), null, { account_id })]),
  ]),
  usage_events: lives.flatMap(({ account_id, imports, churns }, i) => [
    event(addDays(start, 1), { account_id, event: "look", quantity: 1 }),
    ...(imports ? [event(addDays(start, 5), { account_id, event: "import", quantity: 3 })] : []),
    // What those do that have left: exports, all of them, and nobody else.
    ...(churns ? [event(addDays(start, 62), { account_id, event: "export", quantity: 50 })] : []),
    ...(i === 0 ? [event(addDays(start, 94), { account_id, event: "look" })] : []),
  ]),
  touchpoints: lives.flatMap(({ account_id }, i) =>
    Math.floor(i / 20) % 2 === 0 ? [contact(addDays(start, 3), "call", { account_id })] : [],
  ),
});

const journey = journeyText({
  rest: `
facts:
  - { id: imports, description: Imports., unit: imports, from: usage_events, where: { event: import }, measure: sum, of: quantity }
  - { id: exports, description: Exports., unit: exports, from: usage_events, where: { event: export }, measure: count }`,
});
const days = { through: addDays(start, 94), now: "2024-06-01T06:00:00Z" };
const usual: ProposalOptions = { lateDays: 14, minOutcomes: 20 };

async function proposed(given: Given, ...ways: Partial<ProposalOptions>[]): Promise<Proposals[]> {
  const built = await companyOf(given, { journey, ...days });
  const ask = await onDuckDb(built);
  return Promise.all(ways.map((way) => milestoneProposals(ask, built.company, { ...usual, ...way })));
}

/** The halves, drawn here as the warehouse draws them. */
const isChoosing = ({ account_id }: Life): boolean =>
  createHash("md5").update(account_id).digest("hex") < "8";
const outcomesOf = (lives: readonly Life[]): Outcomes => ({
  churned: lives.filter(({ churns }) => churns).length,
  stayed: lives.filter(({ churns }) => !churns).length,
});

describe("milestone proposals", () => {
  const lives = livesOf(160);
  const testing = lives.filter((life) => !isChoosing(life));

  it("find a threshold by one half of the accounts and test it by the other, counted by hand", async () => {
    const [found] = (await proposed(givenOf(lives), {})) as [Proposals];
    expect(found).toMatchObject({
      why: null,
      chosenBy: outcomesOf(lives.filter(isChoosing)),
      testedBy: outcomesOf(testing),
    });
    const imports = found.proposals.find(({ fact }) => fact === "imports");
    const reached = outcomesOf(testing.filter((life) => life.imports));
    const missed = outcomesOf(testing.filter((life) => !life.imports));
    const shares = [reached, missed].map(({ churned, stayed }) => ({ count: churned, of: churned + stayed }));
    expect(imports).toMatchObject({ atLeast: 3, withinDays: 14, reached, missed });
    expect(imports?.p).toBe(fisherExact(...(shares as [never, never])));
    expect(imports?.riskRatio).toEqual(riskRatio(...(shares as [never, never])));
    expect(imports?.q).toBeLessThan(0.01);
    expect(imports?.words).toMatch(
      /^imports of at least 3 imports by day 14: \d+ % of \d+ churned, of those that did not reach it \d+ % of \d+; 0\.\d\d \(.* times the share\.$/,
    );
    expect(imports?.yaml).toBe(
      "- id: imports_within_14d\n  name: Imports of at least 3 imports\n  expected_days: 14\n  when:\n    fact: imports\n    at_least: 3\n",
    );
    // The milestone can be pasted, and asks for the same.
    const pasted = journeyOf(`${journey}\nmilestones:\n${imports?.yaml.replace(/^(?=.)/gm, "  ")}`);
    expect(pasted.milestones).toMatchObject([
      { expected_days: 14, starts: "customer_start", when: { fact: "imports", at_least: 3 } },
    ]);
  });

  it("propose nothing that was only known after the outcome, that has no effect, or that time or a contract tells", async () => {
    const [found] = (await proposed(givenOf(lives), {})) as [Proposals];
    const solid = found.proposals.filter(({ q }) => q <= 0.05).map(({ fact }) => fact);
    expect(solid).toContain("imports");
    for (const fact of ["exports", "touchpoints_28d", "tenure_days", "days_since_last_event", "seats"])
      expect(solid).not.toContain(fact);
    const whyNot = (id: string) => found.leftOut.find(({ fact }) => fact === id)?.why;
    expect(whyNot("exports")).toBe(
      "no value has 10 accounts on either side: not known, or the same for nearly all",
    );
    expect(whyNot("touchpoints_28d")).toMatch(/^(whoever reached more|nothing in the half that chooses)/);
    expect(whyNot("nps_180d")).toContain("not known");
    expect(whyNot("tenure_days")).toBeUndefined();
  });

  it("leave out what came too late to be known when the days were over", async () => {
    const given = givenOf(lives);
    const late = {
      ...given,
      usage_events:
        given.usage_events?.map((row) => ({ ...row, loaded_at: `${addDays(start, 80)}T00:00:00Z` })) ?? [],
      touchpoints:
        given.touchpoints?.map((row) => ({ ...row, loaded_at: `${addDays(start, 4)}T00:00:00Z` })) ?? [],
    };
    const [strict, lax] = (await proposed(late, {}, { lateDays: 100 })) as [Proposals, Proposals];
    expect(strict.proposals.map(({ fact }) => fact)).not.toContain("imports");
    expect(lax.proposals.map(({ fact }) => fact)).toContain("imports");
  });

  it("leave out of a fact the customers of before its source: that they did nothing isn't known", async () => {
    const given = givenOf(lives);
    const old = Array.from({ length: 40 }, (_, i) => ({ account_id: `old ${i}` }));
    const before = addDays(start, -40);
    const [without, withOld] = await Promise.all([
      proposed(given, {}),
      proposed(
        {
          ...given,
          accounts: [
            ...(given.accounts ?? []),
            ...old.map((account) => ({ ...account, created_on: before })),
          ],
          contracts: [
            ...(given.contracts ?? []),
            ...old.flatMap((account) => [
              paid(before, addDays(start, 30), account),
              paid(addDays(start, 30), null, account),
            ]),
          ],
        },
        {},
      ),
    ]);
    const importsIn = ([found]: Proposals[]) => found?.proposals.find(({ fact }) => fact === "imports");
    expect(importsIn(withOld)).toMatchObject({ missed: importsIn(without)?.missed });
    const size = ([found]: Proposals[]) => (found?.chosenBy.stayed ?? 0) + (found?.testedBy.stayed ?? 0);
    expect(size(withOld)).toBe(size(without) + 40);
  });

  it("are silent where the data can't carry them, and say how many outcomes it takes", async () => {
    const [few, later] = (await proposed(givenOf(livesOf(40)), {}, { among: { from: "2024-05-01" } })) as [
      Proposals,
      Proposals,
    ];
    const halves = [true, false].map((half) => outcomesOf(livesOf(40).filter((l) => isChoosing(l) === half)));
    const least = (of: keyof Outcomes) => Math.min(...halves.map((half) => half[of]));
    expect(few.why).toBe(
      `Of the accounts that were customers 14 days after their first paid day, and of which it is decided how a later term ended, 14 churned and 26 stayed. They fall in two halves, and each needs 20 of both; the fewest in one are ${least("churned")} that churned and ${least("stayed")} that stayed.`,
    );
    expect(later.why).toContain("0 churned and 0 stayed");
    const { contracts: _, ...rest } = givenOf(livesOf(40));
    expect((await proposed(rest, {}))[0]?.why).toContain("0 churned and 0 stayed");
  });
});

it.skipIf(referenceUnavailable())("both engines draw the same halves and count the same", async () => {
  const built = await companyOf(givenOf(livesOf(32)), { journey, ...days });
  await using googleSql = await onGoogleSql(built);
  const options = { lateDays: 14, minOutcomes: 4 };
  const duckDb = await milestoneProposals(await onDuckDb(built), built.company, options);
  expect(duckDb.why).toBeNull();
  expect(await milestoneProposals(googleSql.query, built.company, options)).toEqual(duckDb);
});
