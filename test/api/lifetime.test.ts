import "reflect-metadata";
import { describe, expect, it } from "vitest";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { coverageDaily } from "../../models/daily/coverage_daily.js";
import { termOutcomes } from "../../models/outcomes/term_outcomes.js";
import type { Context } from "../../resolvers/context.js";
import { LifetimeResolver } from "../../resolvers/lifetime.js";
import { SurvivalDimension } from "../../schema/survival.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { journeyText, paid } from "../models/given.js";
import { readerOf, referenceReaderOf } from "./both_engines.js";

const read = [accountLatest, coverageDaily, termOutcomes];
const through = "2024-06-30";

async function companyWith(contracts: NonNullable<Given["contracts"]>) {
  const ids = [...new Set(contracts.map((c) => String(c.account_id)))];
  const accounts = ids.map((account_id) => ({
    account_id,
    created_on: "2023-01-01",
    segment: account_id.split(" ")[0],
  }));
  const built = await companyOf({ accounts, contracts }, { through, journey: journeyText({}) });
  return { built, reader: await readerOf(built, through, read) };
}

/** Six that leave after 100 days, four of them at 300 a month and two at 600; six that stay, at 500 and then 1000. */
const contracts = [
  ...["a", "b", "c", "d"].map((id) =>
    paid("2023-01-01", "2023-04-11", { account_id: `short ${id}`, mrr: "300" }),
  ),
  ...["e", "f"].map((id) => paid("2023-01-01", "2023-04-11", { account_id: `short ${id}`, mrr: "600" })),
  ...["a", "b", "c", "d", "e", "f"].flatMap((id) => [
    paid("2023-01-01", "2024-01-01", { account_id: `long ${id}`, mrr: "500" }),
    paid("2024-01-01", null, { account_id: `long ${id}`, mrr: "1000" }),
  ]),
  paid("2023-01-01", null, { account_id: "few a", mrr: "100" }),
  // Back after it churned: what it pays then isn't of its first life.
  paid("2024-01-01", null, { account_id: "short a", mrr: "9000" }),
];
const lifetimes = new LifetimeResolver();
const context = (reader: unknown): Context => ({ reader }) as Context;

describe("lifetime value", () => {
  it("is the days that were seen times what was paid, worked out by hand", async () => {
    const { reader } = await companyWith(contracts);
    const groups = await lifetimes.lifetimeValue(context(reader), 0.8, SurvivalDimension.SEGMENT);
    expect(groups.map((g) => [g.group, g.customers, g.churned])).toEqual([
      ["few", 1, 0],
      ["long", 6, 0],
      ["short", 6, 6],
    ]);
    const [few, long, short] = groups;
    expect(few).toMatchObject({
      horizonDays: null,
      averageMrr: null,
      value: { why: "fewer than 5 customers" },
    });
    // All six left on day 100: seen whole.
    expect(short).toMatchObject({
      horizonDays: 100,
      meanDays: { value: 100 },
      averageMrr: 400,
      medianDays: { value: 100 },
    });
    expect(short?.shareAtHorizon).toBe(0);
    expect(short?.words).toMatch(/; nobody is left after that\.$/);
    expect(short?.value.value).toBeCloseTo((100 / (365.25 / 12)) * 400 * 0.8, 8);
    // 547 days of which 365 at 500; more than half are still there, so it has no median, and is worth more.
    const average = (365 * 500 + 182 * 1000) / 547;
    expect(long).toMatchObject({ horizonDays: 547, shareAtHorizon: 1, medianDays: { value: null } });
    const why = "no interval, as nobody left before the last day";
    expect(long?.meanDays).toEqual({ value: 547, from: null, to: null, why });
    expect(long?.value).toMatchObject({ from: null, to: null, why });
    expect(long?.averageMrr).toBeCloseTo(average, 8);
    expect(long?.words).toMatch(
      /^Of their first 547 days customers stay 547 on average and pay 666\.36 a month, 80 % of it margin: .*; 100 % are still there after that, so it is worth more than this\.$/,
    );
  });

  it("says so where no margin is given, and mixes groups only where none are told apart", async () => {
    const { reader } = await companyWith(contracts);
    const [all, ...others] = await lifetimes.lifetimeValue(context(reader), 1);
    expect(others).toEqual([]);
    expect(all).toMatchObject({ group: null, customers: 13, churned: 6, horizonDays: 547 });
    // 100 days for all, then seven of thirteen.
    expect(all?.meanDays.value).toBeCloseTo(100 + (447 * 7) / 13, 8);
    expect(all?.words).toContain("all of it counted, as no margin was given");
    expect(all?.value.from ?? 0).toBeLessThan(all?.value.value ?? 0);
  });

  it("without prices tells how long customers stay and why there is no value; a margin that is none is refused", async () => {
    const { reader } = await companyWith(
      contracts.map(({ contract_id, account_id, starts_on, ends_on }) => ({
        contract_id,
        account_id,
        starts_on,
        ends_on,
      })),
    );
    const [all] = await lifetimes.lifetimeValue(context(reader), 1);
    expect(all).toMatchObject({ averageMrr: null, value: { value: null, why: "their MRR is not known" } });
    expect(all?.words).toContain("their MRR is not known");
    for (const margin of [0, 1.2, Number.NaN])
      expect(() => lifetimes.lifetimeValue(context(reader), margin)).toThrow(
        "expected a share above 0 and up to 1",
      );
  });

  it.skipIf(referenceUnavailable())("is the same on both engines", async () => {
    const { built, reader } = await companyWith(contracts);
    await using reference = await referenceReaderOf(built, reader, read);
    expect(await lifetimes.lifetimeValue(context(reference), 1, SurvivalDimension.SEGMENT)).toEqual(
      await lifetimes.lifetimeValue(context(reader), 1, SurvivalDimension.SEGMENT),
    );
  });
});
