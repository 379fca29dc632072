import "reflect-metadata";
import { expect, it } from "vitest";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { coverageDaily } from "../../models/daily/coverage_daily.js";
import type { Reader } from "../../resolvers/reader.js";
import { RetentionResolver } from "../../resolvers/retention.js";
import type { AccountFilter } from "../../schema/account.js";
import { type RetentionDimension, RetentionGrain, type RetentionRow } from "../../schema/retention.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { paid } from "../models/given.js";
import { readerOf, referenceReaderOf } from "./both_engines.js";

const read = [accountLatest, coverageDaily];

async function companyWith(
  contracts: Given["contracts"],
  through: string,
  segments: Record<string, string> = {},
) {
  const ids = [...new Set((contracts ?? []).map((c) => String(c.account_id)))];
  const accounts = (ids.length > 0 ? ids : ["nobody"]).map((id) => ({
    account_id: id,
    created_on: "2023-01-01",
    segment: segments[id] ?? null,
  }));
  const built = await companyOf({ accounts, contracts: contracts ?? [] }, { through });
  return { built, reader: await readerOf(built, through, read) };
}

const { MONTH, QUARTER } = RetentionGrain;
const resolver = new RetentionResolver();
const retention = (
  reader: Reader,
  periods: number,
  by: string[] = [],
  grain = MONTH,
  filter: AccountFilter | null = null,
): Promise<RetentionRow[]> =>
  resolver.retention({ reader } as never, grain, periods, by as RetentionDimension[], filter);
const of = (account_id: string, mrr: string | null = "100") => ({ account_id, mrr });

it("is what textbooks reckon by hand: who was there on the first day, and what became of them", async () => {
  const { reader } = await companyWith(
    [
      paid("2023-01-01", "2024-02-15", of("churns", "100")),
      paid("2023-01-01", null, of("stays", "200")),
      paid("2023-01-01", "2024-02-10", of("grows", "50")),
      paid("2024-02-10", null, of("grows", "80")),
      paid("2023-01-01", "2024-02-20", of("shrinks", "70")),
      paid("2024-02-20", null, of("shrinks", "40")),
      paid("2023-01-01", "2023-12-01", of("returns", "30")),
      paid("2024-02-05", null, of("returns", "35")),
      paid("2024-02-07", null, of("arrives", "60")),
      // A lapse within the month, and one who came and left between its ends.
      paid("2023-01-01", "2024-02-03", of("lapses", "10")),
      paid("2024-02-25", null, of("lapses", "10")),
      paid("2024-02-02", "2024-02-28", of("flits", "500")),
    ],
    "2024-03-01",
  );
  expect(await retention(reader, 1)).toEqual([
    {
      from: "2024-02-01",
      to: "2024-03-01",
      segment: null,
      region: null,
      cohort: null,
      customers: 5,
      churned: 1,
      churnRate: 0.2,
      arrived: 1,
      reactivated: 1,
      mrr: "430",
      churnedMrr: "100",
      contractionMrr: "30",
      expansionMrr: "30",
      arrivedMrr: "60",
      reactivatedMrr: "35",
      // 200 + 80 + 40 + 10 of 430; 200 + 50 + 40 + 10 with each at most as much as before.
      netRevenueRetention: 330 / 430,
      grossRevenueRetention: 300 / 430,
      unpriced: 0,
    },
  ]);
});

it("has a row for a month without churn, with what was lost by downgrades alone, and null without customers", async () => {
  const { reader } = await companyWith(
    [paid("2024-02-01", "2024-03-10", of("a", "100")), paid("2024-03-10", null, of("a", "75"))],
    "2024-04-30",
  );
  const rows = await retention(reader, 3);
  expect(rows.map((r) => [r.from, r.customers, r.churned, r.churnRate, r.arrived])).toEqual([
    ["2024-01-01", 0, 0, null, 1],
    ["2024-02-01", 1, 0, 0, 0],
    ["2024-03-01", 1, 0, 0, 0],
  ]);
  expect(rows.map((r) => [r.mrr, r.contractionMrr, r.netRevenueRetention, r.grossRevenueRetention])).toEqual([
    [null, null, null, null],
    ["100", "0", 1, 1],
    ["100", "25", 0.75, 0.75],
  ]);
});

it("sums overlapping contracts, knows no trials, and leaves accounts without MRR out of the money alone", async () => {
  const { reader } = await companyWith(
    [
      paid("2023-01-01", null, of("a", "100")),
      paid("2023-06-01", "2024-01-20", of("a", "20")),
      paid("2023-01-01", null, { account_id: "b" }),
      paid("2023-01-01", "2024-01-20", of("c", "40")),
      paid("2024-01-20", null, { account_id: "c", is_trial: true }),
    ],
    "2024-02-01",
  );
  expect((await retention(reader, 1))[0]).toMatchObject({
    customers: 3,
    churned: 1,
    mrr: "160",
    churnedMrr: "40",
    contractionMrr: "20",
    netRevenueRetention: 100 / 160,
    unpriced: 1,
  });
});

it("is told apart by segment and by the period in which accounts became customers; groups add up", async () => {
  const { reader } = await companyWith(
    [
      paid("2023-02-01", "2024-01-15", of("a")),
      paid("2023-11-01", null, of("b")),
      paid("2023-12-31", null, of("c")),
    ],
    "2024-03-31",
    { a: "small", b: "small" },
  );
  const rows = await retention(reader, 1, ["segment", "cohort"], QUARTER);
  expect(rows.map((r) => [r.from, r.segment, r.cohort, r.customers, r.churned])).toEqual([
    ["2023-10-01", null, "2023-10-01", 0, 0],
    ["2023-10-01", "small", "2023-01-01", 1, 0],
    ["2023-10-01", "small", "2023-10-01", 0, 0],
  ]);
  const cells = await resolver.cohorts({ reader } as never, QUARTER, 4);
  expect(cells.map((c) => [c.cohort, c.age, c.day, c.size, c.customers, c.share, c.mrr])).toEqual([
    ["2023-01-01", 0, "2023-04-01", 1, 1, 1, "100"],
    ["2023-01-01", 1, "2023-07-01", 1, 1, 1, "100"],
    ["2023-01-01", 2, "2023-10-01", 1, 1, 1, "100"],
    ["2023-01-01", 3, "2024-01-01", 1, 1, 1, "100"],
    ["2023-10-01", 0, "2024-01-01", 2, 2, 1, "200"],
  ]);
});

it("of some accounts is that of theirs alone, by whatever they are chosen", async () => {
  const { reader } = await companyWith(
    [paid("2023-01-01", "2024-01-15", of("a")), paid("2023-01-01", null, of("b"))],
    "2024-02-01",
    { a: "small", b: "large" },
  );
  const counts = async (filter: AccountFilter) =>
    (await retention(reader, 1, [], MONTH, filter)).map((r) => [r.customers, r.churned]);
  expect(await counts({ ids: ["a"] })).toEqual([[1, 1]]);
  expect(await counts({ segment: ["large"] })).toEqual([[1, 0]]);
  expect(await counts({ ids: [] })).toEqual([[0, 0]]);
});

it("counts whole periods alone: one ends where the data tells who is a customer on the day after it", async () => {
  const contracts = [paid("2023-01-01", null, of("a"))];
  const last = async (through: string) =>
    (await retention((await companyWith(contracts, through)).reader, 1))[0]?.to;
  expect(await last("2024-02-29")).toBe("2024-02-01");
  expect(await last("2024-03-01")).toBe("2024-03-01");
  const { reader } = await companyWith(contracts, "2024-03-01");
  for (const periods of [0, 121])
    expect(() => retention(reader, periods)).toThrow(`retention: periods is ${periods}, expected 1 to 120.`);
});

it.skipIf(referenceUnavailable())("both engines give the same rows, in the same order", async () => {
  const { built, reader } = await companyWith(
    [
      paid("2023-02-01", "2024-01-15", of("a", "99.5")),
      paid("2024-03-01", null, of("a", "80")),
      paid("2023-02-11", null, of("b")),
      paid("2023-12-31", "2024-02-05", of("c", null)),
      paid("2024-01-01", "2024-02-01", of("d", "5")),
      paid("2024-02-01", null, of("d", "7")),
    ],
    "2024-04-01",
    { a: "small", c: "large" },
  );
  await using reference = await referenceReaderOf(built, reader, read);
  for (const by of [[], ["segment"], ["cohort", "region"]])
    expect(await retention(reference, 4, by)).toEqual(await retention(reader, 4, by));
  expect(await resolver.cohorts({ reader: reference } as never, MONTH, 15)).toEqual(
    await resolver.cohorts({ reader } as never, MONTH, 15),
  );
});
