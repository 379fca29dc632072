import "reflect-metadata";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { stgTickets } from "../../models/staging/stg_tickets.js";
import { delightsOf } from "../../resolvers/support.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf } from "../models/built.js";
import { readerOf, referenceReaderOf } from "./both_engines.js";
import { builtCompany, type Client, clientOf, lastDay } from "./company.js";

let warehouse: Warehouse;
let client: Client;
beforeAll(async () => {
  warehouse = await builtCompany();
  client = await clientOf(warehouse);
});
afterAll(async () => {
  await client.server.close();
  await warehouse.close();
});

const counts = [
  "opened",
  "repliesDue24h",
  "repliedWithin24h",
  "firstReplies",
  "resolved",
  "resolvedWithRepliesKnown",
  "firstContactResolutions",
  "liveContacts",
  "waitsKnown",
  "delayed",
  "abandonmentsKnown",
  "abandoned",
  "delights",
  "ratings",
];
const ratios = [
  "repliedWithin24hShare",
  "firstReplyHoursMean",
  "firstContactResolutionShare",
  "delayedShare",
  "abandonedShare",
  "csat",
];
const measures = [...counts, ...ratios].join(" ");

// biome-ignore lint/suspicious/noExplicitAny: rows have the shape of whatever is asked
type Rows = any[];
async function support(args: string, fields = measures): Promise<Rows> {
  const { data, errors } = await client.ask(`{ support${args && `(${args})`} { ${fields} } }`);
  expect(errors).toEqual([]);
  return data.support;
}
const sumsOf = (rows: Rows): Record<string, number> =>
  Object.fromEntries(counts.map((count) => [count, rows.reduce((sum, row) => sum + row[count], 0)]));

describe("support", () => {
  it("is one row of totals by default, in one statement", async () => {
    const rows = await support("");
    expect(client.statements()).toBe(1);
    expect(rows).toHaveLength(1);
    for (const count of counts) expect(rows[0][count], count).toBeGreaterThan(0);
  });

  it("has the ratios of its counts", async () => {
    for (const row of await support("limit: 10000", `accountId channel ${measures}`)) {
      const expected = {
        repliedWithin24hShare: [row.repliedWithin24h, row.repliesDue24h],
        firstContactResolutionShare: [row.firstContactResolutions, row.resolvedWithRepliesKnown],
        delayedShare: [row.delayed, row.waitsKnown],
        abandonedShare: [row.abandoned, row.abandonmentsKnown],
      } as Record<string, [number, number]>;
      for (const [share, [part, whole]] of Object.entries(expected))
        expect(row[share], share).toEqual(whole === 0 ? null : part / whole);
      expect(row.csat === null).toBe(row.ratings === 0);
      expect(row.firstReplyHoursMean === null).toBe(row.firstReplies === 0);
    }
  });

  it.each([
    "period(grain: MONTH)",
    "channel",
    "segment",
    "region",
    "accountId",
    "channel period(grain: MONTH) region segment",
  ])("by %s adds up to the totals, and costs one statement", async (by) => {
    const range = `range: { from: "2025-01-15", to: "2025-07-03", running: true }`;
    const rows = await support(`${range}, limit: 10000`, `${by} ${measures}`);
    expect(client.statements()).toBe(1);
    expect(rows.length).toBeGreaterThan(1);
    const [total] = await support(range);
    expect(sumsOf(rows)).toEqual(Object.fromEntries(counts.map((count) => [count, total[count]])));
    const mean = rows.reduce((sum, row) => sum + (row.csat ?? 0) * row.ratings, 0) / total.ratings;
    expect(mean).toBeCloseTo(total.csat, 9);
  });

  it("of accounts without anything is no row, and as totals noughts with nulls", async () => {
    const nobody = `where: { accountId: { in: ["nobody"] } }`;
    expect(await support(nobody, "channel opened")).toEqual([]);
    expect(await support(nobody)).toEqual([
      Object.fromEntries([...ratios.map((field) => [field, null]), ...counts.map((count) => [count, 0])]),
    ]);
  });

  it("agrees with each account's facts", async () => {
    const { data } = await client.ask(
      "{ accounts(first: 1000) { nodes { id tickets { opened28d csat90d repliedWithin24hShare28d } } } }",
    );
    const byAccount = async (from: string, fields: string): Promise<Map<string, Rows[number]>> => {
      const rows = await support(`range: { from: "${from}" }, limit: 10000`, `accountId ${fields}`);
      return new Map(rows.map((row) => [row.accountId, row]));
    };
    const month = await byAccount("2025-12-04", "opened repliedWithin24hShare");
    const quarter = await byAccount("2025-10-03", "csat");
    let known = 0;
    for (const { id, tickets } of data.accounts.nodes) {
      if (tickets.opened28d === null) continue;
      if (tickets.csat90d !== null) known++;
      expect(month.get(id)?.opened ?? 0, id).toBe(tickets.opened28d);
      expect(month.get(id)?.repliedWithin24hShare ?? null, id).toBe(tickets.repliedWithin24hShare28d);
      expect(quarter.get(id)?.csat ?? null, id).toEqual(
        tickets.csat90d === null ? null : expect.closeTo(tickets.csat90d, 9),
      );
    }
    expect(known).toBeGreaterThan(10);
  });
});

describe("delights", () => {
  const fields =
    "ticketId accountId day channel category priority csat firstReplyHours isFirstContactResolution account { name }";

  it("come newest first, as many as support counts", async () => {
    const { data, errors } = await client.ask(
      `{ delights { ${fields} } support(range: { from: "2025-10-03" }) { delights } }`,
    );
    expect(errors).toEqual([]);
    // Delights, their accounts, and the count.
    expect(client.statements()).toBe(3);
    const days = data.delights.map((delight: { day: string }) => delight.day);
    expect(days.length).toBe(data.support[0].delights);
    expect(days).toEqual([...days].sort().reverse());
    for (const delight of data.delights) {
      expect(delight.day >= "2025-10-03" && delight.day <= lastDay).toBe(true);
      expect(delight).toMatchObject({ csat: 5, account: { name: expect.any(String) } });
    }
  });

  it("are cut off after `first`, and of the filtered accounts and days alone", async () => {
    const everything = `delights(from: "2025-01-01", first: 10000)`;
    const { data } = await client.ask(`{ ${everything} { ticketId accountId day } }`);
    const [newest] = data.delights;
    const some = await client.ask(
      `{ delights(from: "2025-01-01", first: 2) { ticketId accountId day }
        own: delights(from: "2025-01-01", filter: { ids: ["${newest.accountId}"] }) { ticketId accountId day }
        none: delights(from: "2030-01-01", to: "2030-02-01") { ticketId } }`,
    );
    expect(some.data.delights).toEqual(data.delights.slice(0, 2));
    expect(some.data.own).toEqual(
      data.delights.filter((d: { accountId: string }) => d.accountId === newest.accountId),
    );
    expect(some.data.none).toEqual([]);
  });
});

it.each([
  [`support(where: { accounts: { stage: ["onbording"] } }) { opened }`, 'Did you mean "onboarding"?'],
  [`delights(from: "2025-12-02", to: "2025-12-01") { day }`, "delights: from 2025-12-02 must be before"],
  ["delights(first: -1) { day }", "delights: first is -1, expected 1 to 10000."],
  [`delights(filter: { attributes: [{ name: "teir", in: ["gold"] }] }) { day }`, 'Did you mean "tier"?'],
])("%s is refused with what is expected", async (question, message) => {
  const { errors } = await client.ask(`{ ${question} }`);
  expect(errors[0]).toMatchObject({
    message: expect.stringContaining(message),
    extensions: { code: "BAD_USER_INPUT" },
  });
});

it.skipIf(referenceUnavailable())("both engines give the same rows, in the same order", async () => {
  const accounts = [
    { account_id: "a", name: "A", created_on: "2024-01-01", segment: "small", region: null },
    { account_id: "b", name: "B", created_on: "2024-01-01", segment: null, region: "EU" },
    { account_id: "c", name: "C", created_on: "2024-01-01", segment: "large", region: "EU" },
  ];
  const tickets = Array.from({ length: 24 }, (_, i) => ({
    ticket_id: `t${i}`,
    account_id: "abc"[i % 3],
    channel: ["chat", null, "email", "phone"][i % 4],
    category: i % 5 === 0 ? "billing" : null,
    opened_at: `2024-01-${10 + (i % 17)}T0${i % 10}:00:00Z`,
    // 10.5 hours, which add up exactly in any order.
    first_replied_at: i % 4 === 3 ? null : `2024-01-${10 + (i % 17)}T1${i % 10}:30:00Z`,
    resolved_at: i % 6 === 0 ? null : "2024-01-29T00:00:00Z",
    reply_count: i % 3,
    wait_seconds: i % 2 === 0 ? i * 25 : null,
    is_abandoned: i % 2 === 0 ? i % 8 === 0 : null,
    is_delight: i % 3 === 0,
    csat: i % 4 === 0 ? 1 + (i % 5) : null,
  }));
  const built = await companyOf({ accounts, tickets }, { through: "2024-01-31" });
  const read = [accountLatest, stgTickets];
  const duckDb = await readerOf(built, "2024-01-31", read);
  await using reference = await referenceReaderOf(built, duckDb, read);
  const days = { from: "2024-01-09", to: "2024-02-01" };
  const filter = { segment: ["small", "large"], search: "" };
  const delights = await delightsOf(duckDb, days, filter, 5);
  expect(delights.length).toBe(5);
  expect(await delightsOf(reference, days, filter, 5)).toEqual(delights);
});
