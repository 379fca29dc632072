import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountFacts } from "../../models/daily/account_facts.js";
import { coverageDaily } from "../../models/daily/coverage_daily.js";
import { timeline } from "../../models/daily/timeline.js";
import { accounts } from "../../models/staging/accounts.js";
import { stgUsageEvents } from "../../models/staging/stg_usage_events.js";
import { sql, text } from "../../warehouse/sql.js";
import { type BuiltCompany, type Circumstances, companyOf, type Given } from "./built.js";
import { addDays, daysOf } from "./days.js";

const acme = { account_id: "a", created_on: "2024-01-01" };
const through = "2024-06-30";

/** Facts of an account by day. */
async function factsOf(given: Given, circumstances: Circumstances = { through }, account = "a") {
  return byDay(await companyOf({ accounts: [acme], ...given }, circumstances), account);
}
async function byDay(built: BuiltCompany, account = "a") {
  const rows = await built.read(accountFacts, sql`account_id = ${text(account)}`);
  const days = new Map(rows.map((row) => [row.day, row]));
  return {
    days: [...days.keys()],
    on(day: string) {
      const row = days.get(day);
      if (!row) throw new Error(`no facts on ${day}`);
      return row;
    },
    /** One fact over all days. */
    each: (fact: keyof (typeof rows)[number]) => Object.fromEntries(rows.map((row) => [row.day, row[fact]])),
  };
}
const paid = (starts_on: string, ends_on: string | null = null, more: object = {}) => ({
  contract_id: `c ${starts_on} ${ends_on}`,
  account_id: "a",
  starts_on,
  ends_on,
  is_trial: false,
  ...more,
});
/** An event at noon UTC. */
let eventNumber = 0;
const event = (day: string, more: object = {}) => ({
  event_id: `e${++eventNumber}`,
  account_id: "a",
  user_id: "u1",
  occurred_at: `${day}T12:00:00Z`,
  ...more,
});

describe("coverage", () => {
  it("ends on the end day, which is not covered", async () => {
    const facts = await factsOf({ contracts: [paid("2024-01-01", "2024-01-31")] });
    expect(facts.on("2024-01-30")).toMatchObject({ is_customer: true, days_since_coverage_ended: null });
    expect(facts.on("2024-01-31")).toMatchObject({ is_customer: false, days_since_coverage_ended: 0 });
    expect(facts.on("2024-02-02")).toMatchObject({ is_customer: false, days_since_coverage_ended: 2 });
  });

  it("of overlapping contracts is one coverage with the sum of their seats and MRR", async () => {
    const contracts = [
      paid("2024-01-01", "2024-03-01", { seats: 5, mrr: "100.10" }),
      paid("2024-02-01", null, { seats: 3, mrr: "0.2" }),
      paid("2024-02-10", "2024-02-11", { seats: null, mrr: null }),
    ];
    const facts = await factsOf({ contracts });
    const seen = (day: string) => [facts.on(day).seats, facts.on(day).mrr];
    expect(seen("2024-01-31")).toEqual([5, "100.1"]);
    expect(seen("2024-02-01")).toEqual([8, "100.3"]);
    expect(seen("2024-02-10")).toEqual([8, "100.3"]);
    expect(seen("2024-03-01")).toEqual([3, "0.2"]);
    expect(facts.on("2024-02-29").days_since_coverage_ended).toBeNull();
  });

  it("by a trial is usage without seats, revenue or tenure", async () => {
    const contracts = [
      paid("2024-01-01", "2024-01-15", { is_trial: true, seats: 50, mrr: "999" }),
      paid("2024-01-20", null, { is_trial: null, seats: 2, mrr: "10" }),
    ];
    const facts = await factsOf({ contracts });
    expect(facts.on("2024-01-10")).toMatchObject({
      is_trial: true,
      is_customer: false,
      seats: null,
      mrr: null,
      tenure_days: null,
    });
    // A trial that ended is no lost customer.
    expect(facts.on("2024-01-16")).toMatchObject({
      is_trial: false,
      is_customer: false,
      days_since_coverage_ended: null,
    });
    expect(facts.on("2024-01-20")).toMatchObject({
      is_trial: false,
      is_customer: true,
      seats: 2,
      mrr: "10",
      tenure_days: 0,
    });
    expect(facts.on("2024-01-31").tenure_days).toBe(11);
  });

  it("that ends on its first day covers nothing and makes no customer", async () => {
    const built = await companyOf(
      { accounts: [acme], contracts: [paid("2024-01-05", "2024-01-05")] },
      { through },
    );
    expect(await built.read(coverageDaily)).toEqual([]);
    expect((await built.read(accounts))[0]?.customer_since).toBeNull();
    expect((await byDay(built)).on("2024-01-05")).toMatchObject({ is_customer: false, tenure_days: null });
  });

  it("knows the nearest renewal that is still ahead, today included; the end day where none is said", async () => {
    const contracts = [
      paid("2024-01-01", "2024-12-31", { renews_on: "2024-02-01" }),
      paid("2024-01-01", "2024-03-01", { renews_on: null }),
      paid("2024-01-01", null, { renews_on: null }),
      paid("2024-01-01", "2024-01-20", { is_trial: true }),
    ];
    const renewal = (await factsOf({ contracts })).each("days_to_renewal");
    expect(renewal["2024-01-31"]).toBe(1);
    expect(renewal["2024-02-01"]).toBe(0);
    expect(renewal["2024-02-02"]).toBe(28);
    expect(renewal["2024-02-29"]).toBe(1);
    expect(renewal["2024-03-01"]).toBeNull();
  });
});

describe("the days of an account", () => {
  it("stop 90 days after coverage ends and start again on return", async () => {
    const contracts = [paid("2024-01-01", "2024-01-20"), paid("2024-06-01", null)];
    const facts = await factsOf({ contracts });
    expect(facts.days).toEqual([
      ...daysOf("2024-01-01", "2024-04-18"),
      ...daysOf("2024-06-01", "2024-06-30"),
    ]);
    expect(facts.days.filter((day) => day >= "2024-01-20" && day < "2024-06-01")).toHaveLength(90);
    expect(facts.on("2024-06-01")).toMatchObject({
      is_customer: true,
      tenure_days: 152,
      days_since_coverage_ended: null,
    });
  });

  it("go on within 90 days, and what happened in a pause is remembered on return", async () => {
    const contracts = [paid("2024-01-01", "2024-01-20"), paid("2024-06-01", null)];
    const facts = await factsOf({ contracts, usage_events: [event("2024-05-20"), event("2024-01-10")] });
    expect(facts.on("2024-06-01")).toMatchObject({
      events_28d: 1,
      days_since_last_event: 12,
      active_users_28d: 1,
    });
  });

  it("of a prospect never stop", async () => {
    const facts = await factsOf({ contracts: [paid("2024-02-01", null, { account_id: "other" })] });
    expect(facts.days).toEqual(daysOf("2024-01-01", through));
  });

  it("begin with the first contract where no sign-up day is known; without either there are none", async () => {
    const built = await companyOf(
      {
        accounts: [
          { account_id: "a", created_on: null },
          { account_id: "b" },
          { account_id: "c", created_on: "2024-06-29" },
        ],
        contracts: [paid("2024-06-20"), paid("2024-06-25")],
      },
      { through },
    );
    expect((await built.read(accounts)).map((a) => [a.account_id, a.created_on, a.customer_since])).toEqual([
      ["a", "2024-06-20", "2024-06-20"],
      ["b", null, null],
      ["c", "2024-06-29", null],
    ]);
    expect((await byDay(built, "a")).days).toEqual(daysOf("2024-06-20", through));
    expect((await byDay(built, "b")).days).toEqual([]);
    expect((await byDay(built, "c")).each("account_age_days")).toEqual({ "2024-06-29": 0, "2024-06-30": 1 });
  });

  it("go to the last day with data, at most yesterday; a declared last day wins", async () => {
    const last = async (circumstances: Circumstances, days: string[]) =>
      (
        await (
          await companyOf({ accounts: [acme], usage_events: days.map((d) => event(d)) }, circumstances)
        ).read(timeline)
      )[0];
    const now = "2024-03-10T00:30:00Z";
    expect(await last({ now }, ["2024-03-01", "2024-03-05"])).toEqual({
      data_from: "2024-01-01",
      data_through: "2024-03-05",
    });
    // Today and what is dated later are not over.
    expect(await last({ now }, ["2024-03-05", "2024-03-10", "2025-01-01"])).toMatchObject({
      data_through: "2024-03-05",
    });
    // In New York it is still 9 March.
    expect(await last({ now, timeZone: "America/New_York" }, ["2024-03-08", "2024-03-09"])).toMatchObject({
      data_through: "2024-03-08",
    });
    expect(await last({ now, through: "2024-02-01" }, ["2024-03-05"])).toMatchObject({
      data_through: "2024-02-01",
    });
    expect(await last({ now }, [])).toMatchObject({ data_through: "2024-03-09" });
  });
});

describe("usage", () => {
  it("events_28d on 2024-03-28 counts 1 to 28 March", async () => {
    const days = ["2024-02-29", "2024-03-01", "2024-03-22", "2024-03-28", "2024-03-29"];
    const facts = await factsOf({ usage_events: days.map((day) => event(day)) });
    expect(facts.on("2024-03-28")).toMatchObject({
      events_28d: 3,
      events_7d: 2,
      events_1d: 1,
      active_days_28d: 3,
    });
    expect(facts.on("2024-03-27")).toMatchObject({ events_28d: 3, events_7d: 1, events_1d: 0 });
    expect(facts.on("2024-04-26").events_28d).toBe(0);
  });

  it("counts for nothing where its quantity can't be, but was seen all the same", async () => {
    const usage_events = [
      event("2024-02-01", { quantity: 4 }),
      event("2024-02-01", { quantity: -5, user_id: "u2", event: "login" }),
    ];
    expect((await factsOf({ usage_events })).on("2024-02-01")).toMatchObject({
      events_1d: 4,
      active_users_1d: 2,
      logins_28d: 1,
    });
  });

  it("is counted by quantity, 1 where none is given", async () => {
    const usage_events = [
      event("2024-02-01", { quantity: 5 }),
      event("2024-02-01", { quantity: null }),
      event("2024-02-01", { quantity: 0 }),
    ];
    expect((await factsOf({ usage_events })).on("2024-02-01").events_1d).toBe(6);
  });

  it("belongs to the company's own day, through a change of clocks", async () => {
    const at = (occurred_at: string) => event("2024-01-01", { occurred_at });
    const usage_events = [
      at("2024-03-30T22:59:59Z"),
      at("2024-03-30T23:00:00Z"),
      at("2024-03-31T21:59:59Z"),
      at("2024-03-31T22:00:00Z"),
    ];
    const facts = await factsOf({ usage_events }, { through, timeZone: "Europe/Berlin" });
    expect(["2024-03-30", "2024-03-31", "2024-04-01"].map((day) => facts.on(day).events_1d)).toEqual([
      1, 2, 1,
    ]);
  });

  it("of the same event id with different content counts twice and is reported; an exact copy counts once", async () => {
    const once = event("2024-02-01", { event_id: "x", quantity: 1, loaded_at: "2024-02-02T00:00:00Z" });
    const late = { ...once, loaded_at: "2024-02-05T00:00:00Z" };
    const other = { ...once, quantity: 3 };
    const built = await companyOf({ accounts: [acme], usage_events: [once, once, late, other] }, { through });
    const rows = await built.read(stgUsageEvents);
    expect(
      rows.map((r) => [r.occurrence, r.copies, r.quantity, r.defects, r.is_usable, r.loaded_at]),
    ).toEqual([
      [1, 3, 1, "id_collision", true, new Date("2024-02-02T00:00:00Z")],
      [2, 1, 3, "id_collision", true, new Date("2024-02-02T00:00:00Z")],
    ]);
    expect((await byDay(built)).on("2024-02-01").events_1d).toBe(4);
  });

  it("from before the account existed, or of an unknown account, counts nowhere", async () => {
    const usage_events = [
      event("2023-12-31"),
      event("2024-01-01"),
      event("2024-01-01", { account_id: "zz" }),
    ];
    const facts = await factsOf({ usage_events });
    expect(facts.on("2024-01-01")).toMatchObject({ events_28d: 1, active_users_28d: 1, new_users_28d: 1 });
  });

  it("of one person in two accounts counts in both", async () => {
    const given = {
      accounts: [acme, { account_id: "b", created_on: "2024-01-01" }],
      usage_events: [event("2024-02-01"), event("2024-02-02", { account_id: "b" })],
    };
    for (const account of ["a", "b"])
      expect((await factsOf(given, { through }, account)).on("2024-02-02")).toMatchObject({
        active_users_28d: 1,
        new_users_28d: 1,
      });
  });

  it("without a user counts as events, not as users", async () => {
    const facts = await factsOf({
      usage_events: [event("2024-02-01", { user_id: null }), event("2024-02-02")],
    });
    expect(facts.on("2024-02-02")).toMatchObject({ events_28d: 2, active_users_28d: 1, active_users_7d: 1 });
  });

  it("active_users_change_28d compares with 28 days before; null in the first 28 days and from 0", async () => {
    const usage_events = [
      event("2024-01-10"),
      event("2024-01-10", { user_id: "u2" }),
      event("2024-02-10"),
      event("2024-04-20"),
    ];
    const change = (await factsOf({ usage_events })).each("active_users_change_28d");
    expect(change["2024-01-28"]).toBeNull(); // its 28th day
    expect(change["2024-01-29"]).toBeNull(); // 2 against 0 on 1 January
    expect(change["2024-02-06"]).toBeNull(); // 0 against 0 on 9 January
    expect(change["2024-02-07"]).toBe(-1); // 0 against the two of 10 January
    expect(change["2024-02-10"]).toBe(-0.5);
    expect(change["2024-04-20"]).toBeNull();
  });

  it("breadth is what the account uses of all that anybody has used so far", async () => {
    const given = {
      accounts: [acme, { account_id: "b", created_on: "2024-01-01" }],
      usage_events: [
        event("2024-02-01", { feature: "reports" }),
        event("2024-02-01", { feature: null }),
        event("2024-02-03", { feature: "export", account_id: "b" }),
        event("2024-02-03", { feature: "alerts", account_id: "b" }),
      ],
    };
    const facts = await factsOf(given);
    expect(facts.on("2024-01-31")).toMatchObject({ breadth_28d: null, features_used_28d: 0 });
    expect(facts.on("2024-02-02")).toMatchObject({ breadth_28d: 1, features_used_28d: 1 });
    expect(facts.on("2024-02-03").breadth_28d).toBeCloseTo(1 / 3, 12);
    expect(facts.on("2024-02-29")).toMatchObject({ breadth_28d: 0, features_used_28d: 0 });
  });

  it("sticky share is of all events in 28 days, null without any", async () => {
    const journey = `
stages: [{ id: all, name: All }]
sticky_features: [reports, "it's"]
health: { indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [1, 100]] }] }`;
    const usage_events = [
      event("2024-02-01", { feature: "reports", quantity: 3 }),
      event("2024-02-02", { feature: "it's" }),
      event("2024-02-02", { feature: "export", quantity: 3 }),
      event("2024-02-03", { feature: null }),
    ];
    const share = (await factsOf({ usage_events }, { through, journey })).each("sticky_share_28d");
    expect([
      share["2024-01-31"],
      share["2024-02-01"],
      share["2024-02-03"],
      share["2024-02-29"],
      share["2024-03-01"],
    ]).toEqual([null, 1, 0.5, 0.2, 0]);
  });

  it("licence utilisation is of the seats of the day; null without seats, above 1 where more people use it", async () => {
    const contracts = [
      paid("2024-02-01", "2024-03-01", { seats: 2 }),
      paid("2024-03-01", "2024-04-01", { seats: 0 }),
    ];
    const usage_events = ["u1", "u2", "u3"].map((user_id) => event("2024-02-10", { user_id }));
    const share = (await factsOf({ contracts, usage_events })).each("licence_utilisation_28d");
    expect([
      share["2024-01-31"],
      share["2024-02-01"],
      share["2024-02-10"],
      share["2024-03-01"],
      share["2024-04-01"],
    ]).toEqual([null, 0, 1.5, null, null]);
  });

  it("logins are the events that the mapping calls so", async () => {
    const usage_events = [
      event("2024-02-01", { event: "sign_in" }),
      event("2024-02-01", { event: "sign_in" }),
      event("2024-02-02", { event: "login" }),
    ];
    const facts = await factsOf({ usage_events }, { through, loginEvent: "sign_in" });
    expect(facts.on("2024-02-03")).toMatchObject({ logins_28d: 2, login_days_28d: 1, events_28d: 3 });
  });

  it("is what a brute-force count over random events says: users, features, events, days", async () => {
    const from = "2024-01-01";
    const last = 80;
    const anEvent = fc.record({
      day: fc.integer({ min: 0, max: last }),
      user: fc.constantFrom("u1", "u2", "u3", null),
      feature: fc.constantFrom("f1", "f2", null),
      event: fc.constantFrom("login", "click"),
      quantity: fc.constantFrom(null, 1, 4),
    });
    // Forty accounts at once: building a company costs more than counting one.
    const given = fc.array(fc.array(anEvent, { maxLength: 40 }), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(given, async (accounts) => {
        const usage_events = accounts.flatMap((events, account_id) =>
          events.map(({ day, user, ...rest }) =>
            event(addDays(from, day), { ...rest, user_id: user, account_id: String(account_id) }),
          ),
        );
        const built = await companyOf(
          { accounts: accounts.map((_, i) => ({ account_id: String(i), created_on: from })), usage_events },
          { through: addDays(from, last) },
        );
        for (const [account, events] of accounts.entries()) {
          const facts = await byDay(built, String(account));
          for (let d = 0; d <= last; d++) {
            const within = (days: number) => events.filter((e) => e.day > d - days && e.day <= d);
            const distinct = (values: unknown[]) => new Set(values.filter((v) => v !== null)).size;
            const sum = (rows: typeof events) => rows.reduce((total, e) => total + (e.quantity ?? 1), 0);
            const first = new Map<string, number>();
            for (const e of events)
              if (e.user) first.set(e.user, Math.min(e.day, first.get(e.user) ?? e.day));
            expect(facts.on(addDays(from, d))).toMatchObject({
              events_1d: sum(within(1)),
              events_7d: sum(within(7)),
              events_28d: sum(within(28)),
              active_users_1d: distinct(within(1).map((e) => e.user)),
              active_users_7d: distinct(within(7).map((e) => e.user)),
              active_users_28d: distinct(within(28).map((e) => e.user)),
              features_used_28d: distinct(within(28).map((e) => e.feature)),
              active_days_28d: distinct(within(28).map((e) => e.day)),
              login_days_28d: distinct(within(28).flatMap((e) => (e.event === "login" ? [e.day] : []))),
              new_users_28d: [...first.values()].filter((day) => day > d - 28 && day <= d).length,
            });
          }
        }
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });
});

describe("support", () => {
  let number = 0;
  const ticket = (opened: string, more: object = {}) => ({
    ticket_id: `t${++number}`,
    account_id: "a",
    priority: null,
    category: null,
    first_replied_at: null,
    resolved_at: null,
    reopened_at: null,
    csat: null,
    is_escalated: null,
    opened_at: `${opened}T12:00:00Z`,
    ...more,
  });
  const noon = (day: string) => `${day}T12:00:00Z`;

  it("counts a ticket as open from its opening day until the day of its solution, which is over", async () => {
    const open = (
      await factsOf({
        tickets: [
          ticket("2024-02-01", { resolved_at: noon("2024-02-03") }),
          ticket("2024-02-10", { resolved_at: noon("2024-02-10") }),
        ],
      })
    ).each("open_tickets");
    expect(daysOf("2024-01-31", "2024-02-03").map((day) => open[day])).toEqual([0, 1, 1, 0]);
    expect(open["2024-02-10"]).toBe(0);
  });

  it("counts a ticket that is reopened as open again", async () => {
    const tickets = [
      ticket("2024-02-01", { resolved_at: noon("2024-02-03"), reopened_at: noon("2024-02-06") }),
      // Reopened, then solved for good.
      ticket("2024-03-01", { reopened_at: noon("2024-03-02"), resolved_at: noon("2024-03-04") }),
    ];
    const open = (await factsOf({ tickets })).each("open_tickets");
    expect(daysOf("2024-02-02", "2024-02-07").map((day) => open[day])).toEqual([1, 0, 0, 0, 1, 1]);
    expect(daysOf("2024-03-01", "2024-03-05").map((day) => open[day])).toEqual([2, 2, 2, 1, 1]);
    expect(open["2024-06-30"]).toBe(1);
  });

  it("calls a ticket overdue on its seventh day after the opening, an urgent one separately; reopening starts anew", async () => {
    const tickets = [
      ticket("2024-02-01", {
        priority: "urgent",
        resolved_at: noon("2024-02-10"),
        reopened_at: noon("2024-02-20"),
      }),
      ticket("2024-02-01", { priority: "low", resolved_at: noon("2024-02-08") }),
    ];
    const facts = await factsOf({ tickets });
    const seen = (day: string) => [facts.on(day).overdue_tickets, facts.on(day).overdue_urgent_tickets];
    expect([seen("2024-02-07"), seen("2024-02-08"), seen("2024-02-09"), seen("2024-02-10")]).toEqual([
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    expect([seen("2024-02-26"), seen("2024-02-27")]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it("the share replied to in 24 hours waits until 24 hours have passed; exactly 24 hours is in time", async () => {
    const tickets = [
      ticket("2024-02-01", { first_replied_at: "2024-02-02T12:00:00Z" }),
      ticket("2024-02-02", { first_replied_at: "2024-02-03T12:00:01Z" }),
      ticket("2024-02-03", { first_replied_at: null }),
      // Its clocks contradict each other: it says nothing about speed.
      ticket("2024-02-04", { first_replied_at: noon("2024-02-03") }),
    ];
    const facts = await factsOf({ tickets });
    const share = facts.each("replied_within_24h_share_28d");
    expect(daysOf("2024-02-01", "2024-02-06").map((day) => share[day])).toEqual([
      null,
      1,
      0.5,
      1 / 3,
      1 / 3,
      1 / 3,
    ]);
    expect(facts.on("2024-02-04").tickets_opened_28d).toBe(4);
    // Days 3 to 30 February: the last 28, the youngest left out.
    expect([share["2024-02-28"], share["2024-02-29"], share["2024-03-01"], share["2024-03-02"]]).toEqual([
      1 / 3,
      0,
      0,
      null,
    ]);
  });

  it("is never falsified by contradictory clocks: a ticket solved before its opening is closed at once", async () => {
    const tickets = [
      ticket("2024-02-05", { resolved_at: noon("2024-01-20") }),
      ticket("2024-02-05", { resolved_at: noon("2023-12-01") }),
    ];
    const open = (await factsOf({ tickets })).each("open_tickets");
    expect(new Set(Object.values(open))).toEqual(new Set([0]));
  });

  it("takes satisfaction from ratings of 90 days, on the day of the solution", async () => {
    const tickets = [
      ticket("2024-02-01", { resolved_at: noon("2024-02-03"), csat: 5 }),
      ticket("2024-02-10", { csat: 2 }),
    ];
    const csat = (await factsOf({ tickets })).each("csat_90d");
    expect([
      csat["2024-02-02"],
      csat["2024-02-03"],
      csat["2024-02-10"],
      csat["2024-05-02"],
      csat["2024-05-03"],
      csat["2024-05-10"],
    ]).toEqual([null, 5, 3.5, 3.5, 2, null]);
  });

  it("counts escalations by opening day and open billing tickets", async () => {
    const tickets = [
      ticket("2024-02-01", { is_escalated: true, category: "billing", resolved_at: noon("2024-02-05") }),
      ticket("2024-02-01", { is_escalated: false }),
    ];
    const facts = await factsOf({ tickets });
    expect(facts.on("2024-02-04")).toMatchObject({
      escalations_28d: 1,
      open_billing_tickets: 1,
      open_tickets: 2,
    });
    expect(facts.on("2024-02-05")).toMatchObject({
      escalations_28d: 1,
      open_billing_tickets: 0,
      open_tickets: 1,
    });
    expect(facts.on("2024-02-29").escalations_28d).toBe(0);
  });

  it("takes a reopening that is dated before the opening as one at the opening", async () => {
    const tickets = [
      ticket("2024-02-10", { resolved_at: noon("2024-02-05"), reopened_at: noon("2024-02-06") }),
    ];
    const open = (await factsOf({ tickets })).each("open_tickets");
    expect([open["2024-02-05"], open["2024-02-09"], open["2024-02-10"], open["2024-02-11"]]).toEqual([
      0, 0, 1, 1,
    ]);
  });

  it("is what a brute-force count over random tickets says, contradictory ones included", async () => {
    const from = "2024-01-01";
    const last = 60;
    const day = fc.integer({ min: 0, max: last });
    const aTicket = fc.record({ opened: day, resolved: fc.option(day), reopened: fc.option(day) });
    const given = fc.array(fc.array(aTicket, { maxLength: 20 }), { minLength: 40, maxLength: 40 });
    const spellsOf = ({
      opened,
      resolved,
      reopened,
    }: {
      opened: number;
      resolved: number | null;
      reopened: number | null;
    }) => [
      { from: opened, to: resolved === null ? Infinity : Math.max(resolved, opened) },
      ...(resolved !== null && reopened !== null && reopened >= resolved
        ? [{ from: Math.max(reopened, opened), to: Infinity }]
        : []),
    ];
    await fc.assert(
      fc.asyncProperty(given, async (accounts) => {
        const on = (d: number | null) => (d === null ? null : noon(addDays(from, d)));
        const tickets = accounts.flatMap((own, account_id) =>
          own.map((t) =>
            ticket(addDays(from, t.opened), {
              account_id: String(account_id),
              resolved_at: on(t.resolved),
              reopened_at: on(t.reopened),
            }),
          ),
        );
        const built = await companyOf(
          { accounts: accounts.map((_, i) => ({ account_id: String(i), created_on: from })), tickets },
          { through: addDays(from, last) },
        );
        for (const [account, own] of accounts.entries()) {
          const facts = await byDay(built, String(account));
          for (let d = 0; d <= last; d++) {
            const open = own.flatMap(spellsOf).filter((spell) => spell.from <= d && spell.to > d);
            expect(facts.on(addDays(from, d))).toMatchObject({
              open_tickets: open.length,
              overdue_tickets: open.filter((spell) => d - spell.from >= 7).length,
              tickets_opened_28d: own.filter((t) => t.opened > d - 28 && t.opened <= d).length,
            });
          }
        }
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });
});

describe("voice", () => {
  let number = 0;
  const answer = (day: string, score: number, user_id: string | null, time = "12:00") => ({
    response_id: `s${++number}`,
    account_id: "a",
    user_id,
    score,
    responded_at: `${day}T${time}:00Z`,
  });

  it("hears each person's latest answer", async () => {
    const facts = await factsOf({
      survey_responses: [
        answer("2024-02-01", 9, "ann"),
        answer("2024-02-01", 10, "bob"),
        answer("2024-03-01", 3, "ann"),
      ],
    });
    expect(facts.on("2024-01-31")).toMatchObject({ nps_180d: null, survey_respondents_180d: 0 });
    expect(facts.on("2024-02-01")).toMatchObject({
      nps_180d: 100,
      survey_respondents_180d: 2,
      detractors_180d: 0,
    });
    expect(facts.on("2024-03-01")).toMatchObject({
      nps_180d: 0,
      survey_respondents_180d: 2,
      detractors_180d: 1,
    });
  });

  it("hears the later of two answers on one day", async () => {
    const facts = await factsOf({
      survey_responses: [answer("2024-02-01", 2, "ann", "17:00"), answer("2024-02-01", 9, "ann", "09:00")],
    });
    expect(facts.on("2024-02-01")).toMatchObject({ nps_180d: -100, survey_respondents_180d: 1 });
  });

  it("counts 9–10 as promoters, 7–8 as neither, 0–6 as detractors", async () => {
    const survey_responses = [10, 9, 8, 7, 6, 0, 0, 0].map((score, i) =>
      answer("2024-02-01", score, `u${i}`),
    );
    expect((await factsOf({ survey_responses })).on("2024-02-01")).toMatchObject({
      nps_180d: -25,
      detractors_180d: 4,
      survey_respondents_180d: 8,
    });
  });

  it("forgets an answer after 180 days, the answer's day included", async () => {
    const facts = await factsOf({ survey_responses: [answer("2024-01-01", 9, "ann")] });
    expect(facts.on("2024-06-28")).toMatchObject({ nps_180d: 100, survey_respondents_180d: 1 });
    expect(facts.on("2024-06-29")).toMatchObject({ nps_180d: null, survey_respondents_180d: 0 });
  });

  it("counts every answer without a name as a person's", async () => {
    const facts = await factsOf({
      survey_responses: [answer("2024-02-01", 9, null), answer("2024-02-02", 0, null)],
    });
    expect(facts.on("2024-02-02")).toMatchObject({ nps_180d: 0, survey_respondents_180d: 2 });
  });
});

describe("people", () => {
  it("champions and executives are present from joining until the day they leave", async () => {
    const users = [
      { user_id: "u1", account_id: "a", role: "champion", joined_on: "2024-02-01", left_on: "2024-03-01" },
      { user_id: "u2", account_id: "a", role: "champion", joined_on: null, left_on: null },
      { user_id: "u3", account_id: "a", role: "executive", joined_on: "2023-01-01", left_on: "2024-02-15" },
      { user_id: "u4", account_id: "a", role: null, joined_on: null, left_on: "2024-02-15" },
      // Left before joining: never present, and gone.
      { user_id: "u5", account_id: "a", role: "champion", joined_on: "2024-05-01", left_on: "2024-04-01" },
    ];
    const facts = await factsOf({ users });
    const seen = (day: string) => [
      facts.on(day).champions,
      facts.on(day).champions_left,
      facts.on(day).executives,
    ];
    expect(seen("2024-01-01")).toEqual([1, 0, 1]);
    expect(seen("2024-02-01")).toEqual([2, 0, 1]);
    expect(seen("2024-02-15")).toEqual([2, 0, 0]);
    expect(seen("2024-03-01")).toEqual([1, 1, 0]);
    expect(seen("2024-05-01")).toEqual([1, 2, 0]);
    expect(new Set(Object.values(facts.each("champions")))).toEqual(new Set([1, 2]));
  });

  it("an executive is seen by using the product and by being met", async () => {
    const facts = await factsOf({
      users: [
        { user_id: "boss", account_id: "a", role: "executive", left_on: null },
        { user_id: "ann", account_id: "a", role: "member" },
      ],
      usage_events: [event("2024-02-01", { user_id: "boss" }), event("2024-02-20", { user_id: "ann" })],
      touchpoints: [
        { touchpoint_id: "m1", account_id: "a", user_id: "boss", happened_at: "2024-02-10T12:00:00Z" },
        { touchpoint_id: "m2", account_id: "a", user_id: "ann", happened_at: "2024-02-12T12:00:00Z" },
        { touchpoint_id: "m3", account_id: "a", user_id: null, happened_at: "2024-02-12T12:00:00Z" },
      ],
    });
    const seen = facts.each("days_since_executive_seen");
    expect([
      seen["2024-01-31"],
      seen["2024-02-01"],
      seen["2024-02-09"],
      seen["2024-02-10"],
      seen["2024-02-20"],
    ]).toEqual([null, 0, 8, 0, 10]);
    expect(facts.on("2024-02-12")).toMatchObject({ touchpoints_28d: 3, days_since_last_touchpoint: 0 });
    expect(facts.on("2024-02-11")).toMatchObject({ touchpoints_28d: 1, days_since_last_touchpoint: 1 });
  });

  it("outcomes count from their confirmation, for a year and for good", async () => {
    const outcomes = [
      { outcome_id: "o1", account_id: "a", confirmed_at: "2023-02-01T12:00:00Z" },
      { outcome_id: "o2", account_id: "a", confirmed_at: "2024-02-01T12:00:00Z" },
    ];
    const facts = await factsOf({ accounts: [{ account_id: "a", created_on: "2023-01-01" }], outcomes });
    const seen = (day: string) => [facts.on(day).outcomes_confirmed, facts.on(day).outcomes_confirmed_365d];
    expect([seen("2023-01-31"), seen("2023-02-01"), seen("2024-01-31"), seen("2024-02-01")]).toEqual([
      [0, 0],
      [1, 1],
      [1, 1],
      [2, 1],
    ]);
  });
});
