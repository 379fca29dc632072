import "reflect-metadata";
import { describe, expect, it } from "vitest";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import { accountStages } from "../../models/stages/account_stages.js";
import { stageStays } from "../../models/stages/stage_stays.js";
import type { Context } from "../../resolvers/context.js";
import { StagePathResolver } from "../../resolvers/stage_path.js";
import { SurvivalResolver } from "../../resolvers/survival.js";
import { SurvivalDimension } from "../../schema/survival.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { journeyText, paid } from "../models/given.js";
import { readerOf, referenceReaderOf } from "./both_engines.js";

const read = [accountLatest, accountFacts, termOutcomes, accountStages, stageStays];
const through = "2024-06-30";
/** A prospect, then new for a hundred days, then settled; gone after that. */
const journey = journeyText({
  stages: `  - { id: new, name: New, when: { all: [{ fact: is_customer, equals: true }, { fact: tenure_days, at_most: 99 }] } }
  - { id: settled, name: Settled, when: { fact: is_customer, equals: true } }
  - { id: out, name: Out }`,
});

async function companyWith(
  contracts: NonNullable<Given["contracts"]>,
  segments: Record<string, string> = {},
) {
  const ids = [...new Set(contracts.map((c) => String(c.account_id)))];
  const accounts = ids.map((id) => ({
    account_id: id,
    created_on: "2023-01-01",
    segment: segments[id] ?? null,
  }));
  const built = await companyOf({ accounts, contracts }, { through, journey });
  return { built, reader: await readerOf(built, through, read) };
}

const of = (account_id: string) => ({ account_id });
/** Six customers of 1 January 2023: gone after 31, 100 and 100 days, in their last gap, after a lapse, and still there. */
const contracts = [
  paid("2023-01-01", "2023-02-01", of("a")),
  paid("2023-01-01", "2023-04-11", of("b")),
  paid("2023-01-01", "2023-04-11", of("c")),
  paid("2023-01-01", "2024-06-20", of("undecided")),
  paid("2023-01-01", "2023-06-01", of("lapses")),
  paid("2023-06-11", null, of("lapses")),
  paid("2023-01-01", null, of("stays")),
  // Back after it churned: its first life is over.
  paid("2023-12-01", null, of("a")),
];
/** The same lives three times over, so that hardly any group is too small to be told of. */
const threefold = [0, 1, 2].flatMap((i) =>
  contracts.map((c) => ({ ...c, account_id: `${c.account_id}${i}`, contract_id: `${c.contract_id} ${i}` })),
);
const survival = new SurvivalResolver();
const paths = new StagePathResolver();
const context = (reader: unknown): Context => ({ reader }) as Context;

describe("survival", () => {
  it("follows customers to their first churn, and counts those still there as long as they were seen", async () => {
    const { reader } = await companyWith(contracts);
    const { groups, difference } = await survival.survival(context(reader), 50);
    expect(groups).toHaveLength(1);
    const [all] = groups;
    expect(all).toMatchObject({
      group: null,
      customers: 6,
      churned: 3,
      medianDays: { value: 100, from: 31, to: null },
    });
    const at = Object.fromEntries((all?.steps ?? []).map((step) => [step.day, [step.atRisk, step.share]]));
    expect(at[0]).toEqual([6, 1]);
    expect(at[50]).toEqual([5, 5 / 6]);
    // Just before day 100 five are there; of these two leave on it.
    expect(at[100]?.[0]).toBe(5);
    expect(at[100]?.[1]).toBeCloseTo(0.5, 12);
    expect(at[500]?.[0]).toBe(3);
    // The undecided is censored after 536 days, the others after 547.
    expect(Math.max(...Object.keys(at).map(Number))).toBe(500);
    expect(difference.why).toMatch(/two groups/);
  });

  it("of a later start has its customers enter then: who had left by that day is not known of", async () => {
    const { reader } = await companyWith(contracts);
    const { groups } = await survival.survival(context(reader), 50, undefined, "2023-03-01");
    expect(groups[0]).toMatchObject({ customers: 5, churned: 2 });
    // Before day 59 nobody was seen yet, and nothing is told.
    expect(groups[0]?.steps[0]).toMatchObject({ day: 100, atRisk: 5, share: 3 / 5 });
  });

  it("is told apart by group and tested; of a group of fewer than five only its size is told", async () => {
    const many = Array.from({ length: 12 }, (_, i) =>
      paid("2023-01-01", i % 2 === 0 ? "2023-03-01" : null, of(`m${i}`)),
    );
    const segments = Object.fromEntries(many.map((_, i) => [`m${i}`, i % 2 === 0 ? "leavers" : "stayers"]));
    const { reader } = await companyWith([...contracts.slice(0, 2), ...many], segments);
    const answer = await survival.survival(context(reader), 365, SurvivalDimension.SEGMENT);
    expect(answer.groups.map((g) => [g.group, g.customers, g.churned, g.steps.length])).toEqual([
      [null, 2, 2, 0],
      ["leavers", 6, 6, 1],
      ["stayers", 6, 0, 2],
    ]);
    expect(answer.groups[0]?.medianDays.why).toBe("fewer than 5 customers");
    expect(answer.groups[2]?.medianDays.why).toMatch(/more than half/);
    // Six of six against none of six: 6 − 3 squared over 6·½·½·6/11.
    expect(answer.difference.statistic).toBeCloseTo(9 / ((6 * 0.25 * 6) / 11), 10);
    expect(answer.difference.p).toBeLessThan(0.002);
    const byYear = await survival.survival(context(reader), 365, SurvivalDimension.START_YEAR);
    expect(byYear.groups.map((g) => [g.group, g.customers])).toEqual([["2023", 14]]);
    expect(answer.steps.map(({ group, day }) => [group, day])).toEqual([
      ["leavers", 0],
      ["stayers", 0],
      ["stayers", 365],
    ]);
    // Where all but one are too small, that is why they aren't compared.
    const one = await survival.survival(context(reader), 365, SurvivalDimension.SEGMENT, undefined, {
      ids: ["m0", "m1", "m3", "m5", "m7", "m9"],
    });
    expect(one.groups.map((g) => [g.group, g.steps.length])).toEqual([
      ["leavers", 0],
      ["stayers", 2],
    ]);
    expect(one.difference.why).toBe("groups of fewer than 5 customers are withheld, and it takes two others");
    await expect(survival.survival(context(reader), 0)).rejects.toThrow("every is 0, expected 1 or more");
  });
});

describe("stages", () => {
  it("tell how terms ended that were in them so many days before, and where those ended that churned", async () => {
    const { reader } = await companyWith(threefold);
    const { stages, leftOut } = await paths.stageOutcomes(context(reader), 20);
    // a churned and b, c too; lapses renewed: it is settled twenty days before. The undecided takes no part.
    expect(stages.map((s) => [s.stage.id, s.terms, s.churned, s.churnShare.value, s.churnedAtEnd])).toEqual([
      ["new", 9, 9, 1, 9],
      ["settled", 3, 0, null, 0],
    ]);
    expect(stages[1]?.churnShare.why).toBe("groups under 5 are withheld");
    expect(leftOut).toBe(0);
    // Forty days before its end a had no facts.
    expect(await paths.stageOutcomes(context(reader), 40)).toMatchObject({ leftOut: 3 });
    // A term of fourteen days: twenty before its end there were facts of a prospect alone.
    const late = await companyWith([...threefold, paid("2023-06-01", "2023-06-15", of("late"))]);
    const withLate = await paths.stageOutcomes(context(late.reader), 20);
    expect(withLate.stages.map((s) => [s.stage.id, s.terms, s.churnedAtEnd])).toEqual([
      ["new", 9, 10],
      ["settled", 3, 0],
    ]);
    expect(withLate.leftOut).toBe(1);
    await expect(paths.stageOutcomes(context(reader), 0)).rejects.toThrow("leadDays is 0, expected 1 to 730");
  });

  it("tell how long accounts stay, those still there included, and where they go", async () => {
    const { reader } = await companyWith(threefold);
    const times = await paths.stageTimes(context(reader));
    expect(times.map((t) => [t.stage.id, t.stays, t.over, t.medianDays.value])).toEqual([
      ["new", 18, 18, 100],
      ["settled", 15, 6, 436],
      ["out", 15, 12, 90],
    ]);
    const moves = await paths.stageTransitions(context(reader));
    expect(moves.map((m) => [m.from.id, m.to?.id ?? null, m.stays, m.share])).toEqual([
      ["new", "settled", 9, 0.5],
      ["new", "out", 9, 0.5],
      ["settled", "out", 6, 1],
      ["out", null, 9, 0.75],
      ["out", "settled", 3, 0.25],
    ]);
    const two = { ids: ["a0", "b0"] };
    expect((await paths.stageTimes(context(reader), two))[0]?.medianDays.why).toMatch(/withheld/);
    expect(await paths.stageTransitions(context(reader), two)).toEqual([]);
  });
});

it.skipIf(referenceUnavailable())("both engines give the same answers", async () => {
  const { built, reader } = await companyWith(contracts, { a: "x", b: "x", c: "y" });
  await using reference = await referenceReaderOf(built, reader, read);
  const [here, there] = [context(reader), context(reference)];
  for (const by of [undefined, SurvivalDimension.SEGMENT, SurvivalDimension.START_YEAR])
    expect(await survival.survival(there, 30, by, "2023-02-01")).toEqual(
      await survival.survival(here, 30, by, "2023-02-01"),
    );
  expect(await paths.stageOutcomes(there, 20)).toEqual(await paths.stageOutcomes(here, 20));
  expect(await paths.stageTimes(there)).toEqual(await paths.stageTimes(here));
  expect(await paths.stageTransitions(there)).toEqual(await paths.stageTransitions(here));
});
