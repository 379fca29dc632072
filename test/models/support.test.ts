import { describe, expect, it } from "vitest";
import { supportMetrics } from "../../models/daily/support_metrics.js";
import { type Circumstances, companyOf } from "./built.js";

const through = "2024-06-30";

type Counts = Record<string, unknown>;

/** Every row with what is not 0 in it, as "account day channel". */
async function metricsOf(
  tickets: readonly Counts[],
  circumstances: Circumstances = {},
): Promise<Record<string, Counts>> {
  const accounts = ["a", "b"].map((account_id) => ({ account_id, created_on: "2024-01-01" }));
  const built = await companyOf(
    { accounts, tickets: tickets.map((more, i) => ({ ...ticket, ticket_id: `t${i}`, ...more })) },
    { through, ...circumstances },
  );
  const rows = await built.read(supportMetrics);
  return Object.fromEntries(
    rows.map(({ account_id, day, channel, ...counts }) => [
      `${account_id} ${day} ${channel}`,
      Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ]),
  );
}

/** An e-mail of 1 February at noon; every column is mapped. */
const ticket = {
  account_id: "a",
  channel: "email",
  opened_at: "2024-02-01T12:00:00Z",
  first_replied_at: null,
  resolved_at: null,
  reopened_at: null,
  reply_count: null,
  wait_seconds: null,
  is_abandoned: null,
  is_delight: null,
  csat: null,
};
const opened = { tickets_opened: 1, replies_due_24h: 1 };
const inTime = { ...opened, replied_within_24h: 1 };
const live = { ...opened, live_contacts: 1 };
const at = (day: string, time = "12:00:00"): string => `2024-02-${day}T${time}Z`;
const on = (day: string, channel = "email"): string => `a 2024-02-${day} ${channel}`;

describe("support_metrics counts", () => {
  it.each<[string, Counts[], Record<string, Counts>]>([
    ["a ticket without a reply as due and not in time", [{}], { [on("01")]: opened }],
    [
      "a reply after exactly 24 hours as in time, on the opening day, and its hours on its own",
      [{ first_replied_at: at("02") }],
      { [on("01")]: inTime, [on("02")]: { first_replies: 1, first_reply_hours_sum: 24 } },
    ],
    [
      "a reply one second later as late",
      [{ first_replied_at: at("02", "12:00:01") }],
      { [on("01")]: opened, [on("02")]: { first_replies: 1, first_reply_hours_sum: 24 + 1 / 3600 } },
    ],
    [
      "the hours of several replies together",
      [
        { first_replied_at: at("01", "13:30:00") },
        { first_replied_at: at("01", "16:00:00") },
        { opened_at: at("01", "16:00:00"), first_replied_at: at("01", "16:00:00") },
      ],
      {
        [on("01")]: {
          tickets_opened: 3,
          replies_due_24h: 3,
          replied_within_24h: 3,
          first_replies: 3,
          first_reply_hours_sum: 5.5,
        },
      },
    ],
    [
      "a solution with one reply as one at first contact",
      [{ resolved_at: at("03"), reply_count: 1 }],
      {
        [on("01")]: opened,
        [on("03")]: { tickets_resolved: 1, resolved_with_replies_known: 1, first_contact_resolutions: 1 },
      },
    ],
    [
      "a solution with two replies, with none, or reopened as not at first contact",
      [
        { resolved_at: at("03"), reply_count: 2 },
        { resolved_at: at("03"), reply_count: 0 },
        { resolved_at: at("03"), reply_count: 1, reopened_at: at("05") },
      ],
      {
        [on("01")]: { tickets_opened: 3, replies_due_24h: 3 },
        [on("03")]: { tickets_resolved: 3, resolved_with_replies_known: 3 },
      },
    ],
    [
      "a solution whose replies nobody counted as solved, and as nothing more",
      [{ resolved_at: at("03") }],
      { [on("01")]: opened, [on("03")]: { tickets_resolved: 1 } },
    ],
    [
      "a ticket that is open again without a solution as not solved",
      [{ reopened_at: at("05"), reply_count: 1 }],
      { [on("01")]: opened },
    ],
    [
      "a wait of 300 seconds as no delay",
      [{ channel: "chat", wait_seconds: 300 }],
      { [on("01", "chat")]: { ...live, waits_known: 1 } },
    ],
    [
      "a wait of 301 seconds as a delay",
      [{ channel: "chat", wait_seconds: 301 }],
      { [on("01", "chat")]: { ...live, waits_known: 1, delayed: 1 } },
    ],
    [
      "who left as abandoned, who stayed as not, and a wait of nobody knows how long as no delay",
      [
        { channel: "phone", is_abandoned: true },
        { channel: "phone", is_abandoned: false },
        { channel: "phone", wait_seconds: 600, is_abandoned: true },
      ],
      {
        [on("01", "phone")]: {
          tickets_opened: 3,
          replies_due_24h: 3,
          live_contacts: 3,
          waits_known: 1,
          delayed: 1,
          abandonments_known: 3,
          abandoned: 2,
        },
      },
    ],
    ["a ticket without a channel under unknown", [{ channel: null }], { [on("01", "unknown")]: opened }],
    [
      "channels and accounts apart",
      [{}, { channel: "web" }, { account_id: "b" }, {}],
      {
        [on("01")]: { tickets_opened: 2, replies_due_24h: 2 },
        [on("01", "web")]: opened,
        "b 2024-02-01 email": opened,
      },
    ],
    [
      "delight on the opening day",
      [{ is_delight: true, resolved_at: at("03") }, { is_delight: false }],
      {
        [on("01")]: { tickets_opened: 2, replies_due_24h: 2, delights: 1 },
        [on("03")]: { tickets_resolved: 1 },
      },
    ],
    [
      "ratings on the day of the solution, else of the opening",
      [{ csat: 4, resolved_at: at("03") }, { csat: 2.5 }, { csat: 5 }],
      {
        [on("01")]: { tickets_opened: 3, replies_due_24h: 3, csat_sum: 7.5, csat_count: 2 },
        [on("03")]: { tickets_resolved: 1, csat_sum: 4, csat_count: 1 },
      },
    ],
    [
      "nothing of a ticket from before the account",
      [{ opened_at: "2023-12-31T12:00:00Z", first_replied_at: at("01"), csat: 5 }],
      {},
    ],
  ])("%s", async (_, tickets, rows) => {
    expect(await metricsOf(tickets)).toEqual(rows);
  });

  it.each<[string, Counts, Record<string, Counts>]>([
    [
      "replied to before the opening",
      { opened_at: at("05"), first_replied_at: at("04") },
      { [on("05")]: { tickets_opened: 1 } },
    ],
    [
      "solved before the reply",
      { first_replied_at: at("03"), resolved_at: at("02"), reply_count: 1 },
      {
        [on("01")]: { tickets_opened: 1 },
        [on("02")]: { tickets_resolved: 1, resolved_with_replies_known: 1, first_contact_resolutions: 1 },
      },
    ],
    [
      "solved before the opening",
      { opened_at: at("05"), first_replied_at: at("05", "13:00:00"), resolved_at: at("04") },
      { [on("05")]: { tickets_opened: 1 }, [on("04")]: { tickets_resolved: 1 } },
    ],
  ])("no reply time of a ticket %s", async (_, contradiction, rows) => {
    expect(await metricsOf([contradiction])).toEqual(rows);
  });
});

describe("support_metrics on the last day built", () => {
  it("has no ticket due: 24 hours have not passed, however soon the reply came", async () => {
    const tickets = [
      { opened_at: at("03"), first_replied_at: at("03", "13:00:00") },
      { opened_at: at("02", "23:59:59"), first_replied_at: at("03", "00:59:59") },
    ];
    expect(await metricsOf(tickets, { through: "2024-02-03" })).toEqual({
      [on("02")]: inTime,
      [on("03")]: { tickets_opened: 1, first_replies: 2, first_reply_hours_sum: 2 },
    });
  });

  it("ends: what is dated later counts nowhere yet", async () => {
    const tickets = [
      { first_replied_at: at("04"), resolved_at: at("04"), csat: 5, is_delight: true },
      { opened_at: at("04") },
    ];
    expect(await metricsOf(tickets, { through: "2024-02-03" })).toEqual({
      [on("01")]: { ...opened, delights: 1 },
    });
  });

  it("is told of a ticket solved before its opening, which may be yet to come: so its day stays as it is", async () => {
    const ticket = { opened_at: at("05"), resolved_at: at("02"), csat: 4 };
    const solved = { [on("02")]: { tickets_resolved: 1, csat_sum: 4, csat_count: 1 } };
    expect(await metricsOf([ticket], { through: "2024-02-03" })).toEqual(solved);
    expect(await metricsOf([ticket], { through: "2024-02-05" })).toEqual({
      ...solved,
      [on("05")]: { tickets_opened: 1 },
    });
  });
});

it("days of support_metrics are the company's own", async () => {
  const night = {
    opened_at: at("01", "23:30:00"),
    first_replied_at: at("03", "23:00:00"),
    resolved_at: at("04"),
  };
  expect(await metricsOf([night], { timeZone: "Europe/Berlin" })).toEqual({
    [on("02")]: opened,
    [on("04")]: { first_replies: 1, first_reply_hours_sum: 47.5, tickets_resolved: 1 },
  });
});
