import { describe, expect, it } from "vitest";
import { accountMilestones } from "../../models/milestones/account_milestones.js";
import { milestoneEvidence } from "../../models/milestones/milestone_evidence.js";
import { companyOf, type Given } from "./built.js";
import { addDays } from "./days.js";
import { event, eventsOf, journeyText, paid } from "./given.js";

const start = "2024-01-01";
/** The day n days after the start, and back. */
const at = (n: number): string => addDays(start, n);
const numberOf = (day: string | null): number | null =>
  day === null ? null : (Date.parse(day) - Date.parse(start)) / 86_400_000;
const acme = { account_id: "a", created_on: start };
const text = (starts: string, more = "", when = "{ fact: events_1d, at_least: 1 }"): string =>
  journeyText({
    stages: `
  - { id: covered, name: Covered, when: { fact: is_customer, equals: true } }
  - { id: other, name: Other }`,
    rest: `milestones: [{ id: m, name: M, starts: ${starts}, expected_days: 5, ${more}when: ${when} }]`,
  });
const rowsOf = async (given: Given, journey: string, through: number) =>
  (await companyOf({ accounts: [acme], ...given }, { journey, through: at(through) })).read(
    accountMilestones,
  );
/** Each occurrence as [start, end, reached, status], in days from the start. */
const seen = async (given: Given, journey: string, through: number) =>
  (await rowsOf(given, journey, through)).map((m) => [
    numberOf(m.started_on),
    numberOf(m.ended_on),
    numberOf(m.reached_on),
    m.status,
  ]);
const used = (...days: number[]) => days.map((n) => event(at(n)));

describe("a milestone that starts with every contract", () => {
  const everyContract = text("contract_start");

  it("has a row for each, with the dates that its days are counted from", async () => {
    const given = {
      contracts: [paid(at(2), at(30)), paid(at(30))],
      usage_events: used(4, 37),
    };
    expect(await rowsOf(given, everyContract, 60)).toEqual([
      {
        account_id: "a",
        milestone: "m",
        occurrence: 1,
        started_on: "2024-01-03",
        ended_on: "2024-01-31",
        reached_on: "2024-01-05",
        due_on: "2024-01-08",
        // Twice five days after the start.
        stuck_after: "2024-01-13",
        days_to_reach: 2,
        status: "reached_on_time",
      },
      {
        account_id: "a",
        milestone: "m",
        occurrence: 2,
        started_on: "2024-01-31",
        ended_on: null,
        reached_on: "2024-02-07",
        due_on: "2024-02-05",
        stuck_after: "2024-02-10",
        days_to_reach: 7,
        status: "reached_late",
      },
    ]);
  });

  it("takes no evidence from before it, and none from its end day on", async () => {
    const on = (...days: number[]) =>
      seen({ contracts: [paid(at(10), at(20))], usage_events: used(...days) }, everyContract, 40);
    expect(await on(9, 20)).toEqual([[10, 20, null, "missed"]]);
    expect(await on(9, 10, 19)).toEqual([[10, 20, 10, "reached_on_time"]]);
    expect(await on(19, 20)).toEqual([[10, 20, 19, "reached_late"]]);
  });

  it("is on track, behind and stuck until it is reached, and missed from the day its contract ends", async () => {
    const given = { contracts: [paid(at(10), at(30))], usage_events: used(35) };
    const statuses: unknown[] = [];
    for (const through of [9, 10, 15, 16, 20, 21, 29, 30])
      statuses.push([through, (await seen(given, everyContract, through))[0]?.[3]]);
    expect(statuses).toEqual([
      [9, "not_started"],
      [10, "on_track"],
      [15, "on_track"],
      [16, "behind"],
      [20, "behind"],
      [21, "stuck"],
      [29, "stuck"],
      [30, "missed"],
    ]);
  });

  it("counts one event for all contracts that cover its day, of which none has an end where it is open", async () => {
    const given = {
      // Overlapping, open-ended, and two that start on one day.
      contracts: [paid(at(2), at(20)), paid(at(10)), paid(at(10), at(12)), paid(at(40))],
      usage_events: used(13),
    };
    expect(await seen(given, everyContract, 50)).toEqual([
      [2, 20, 13, "reached_late"],
      [10, null, 13, "reached_on_time"],
      [10, 12, null, "missed"],
      [40, null, null, "behind"],
    ]);
  });

  it("passes over trials, contracts that cover no day, and those that can't be", async () => {
    const given = {
      contracts: [
        paid(at(1), at(30), { is_trial: true }),
        paid(at(3), at(3), { is_trial: false }),
        paid(at(9), at(5), { is_trial: null }),
        paid(at(6), null, { is_trial: null }),
      ],
      usage_events: used(3, 7),
    };
    expect(
      (await rowsOf(given, everyContract, 20)).map((m) => [m.occurrence, m.started_on, m.reached_on]),
    ).toEqual([[1, at(6), at(7)]]);
  });

  it("is in no row of a prospect, nor where contracts aren't mapped, nor in the evidence that stages use", async () => {
    const given = { contracts: [paid(at(1), null, { account_id: "b" })], usage_events: used(3) };
    expect(await seen(given, everyContract, 20)).toEqual([]);
    const built = await companyOf(
      { accounts: [acme], usage_events: used(3) },
      { journey: everyContract, through: at(20) },
    );
    expect(await built.read(accountMilestones)).toEqual([]);
    expect(await built.read(milestoneEvidence)).toEqual([{ account_id: "a" }]);
  });

  it("has not started where its contract is still to come", async () => {
    const given = { contracts: [paid(at(1), at(10)), paid(at(30))], usage_events: used(3) };
    expect(await seen(given, everyContract, 20)).toEqual([
      [1, 10, 3, "reached_on_time"],
      [30, null, null, "not_started"],
    ]);
  });
});

describe("a milestone that starts with each stay in a stage", () => {
  it("has a row for each stay, and asks each for evidence of its own", async () => {
    const given = {
      contracts: [paid(at(2), at(10)), paid(at(20), at(30)), paid(at(40))],
      usage_events: used(3, 15, 45),
    };
    expect(await seen(given, text("{ each_stay_in: covered }"), 60)).toEqual([
      [2, 10, 3, "reached_on_time"],
      [20, 30, null, "missed"],
      [40, null, 45, "reached_on_time"],
    ]);
    // The first start alone counts where it starts but once, and so does evidence from any day.
    expect(await seen(given, text("{ stage: covered }"), 60)).toEqual([[2, null, 3, "reached_on_time"]]);
  });

  it("is one where contracts follow each other without a day between, though these begin anew", async () => {
    const given = { contracts: [paid(at(2), at(10)), paid(at(10))], usage_events: used(3) };
    expect(await seen(given, text("{ each_stay_in: covered }"), 12)).toEqual([
      [2, null, 3, "reached_on_time"],
    ]);
    expect(await seen(given, text("contract_start"), 12)).toEqual([
      [2, 10, 3, "reached_on_time"],
      [10, null, null, "on_track"],
    ]);
  });

  it("has its own limit for being stuck", async () => {
    const given = { contracts: [paid(at(2))], usage_events: used(0) };
    const on = async (through: number) =>
      (await seen(given, text("{ each_stay_in: covered }", "stuck_after_days: 7, "), through))[0]?.[3];
    expect([await on(7), await on(8), await on(9), await on(10)]).toEqual([
      "on_track",
      "behind",
      "behind",
      "stuck",
    ]);
  });
});

describe("a milestone whose condition must have held for days", () => {
  const held = (starts: string, days: number, condition = "fact: events_1d, at_least: 1") =>
    text(starts, "", `{ ${condition}, held_for_days: ${days} }`);

  it("is reached on the last of the first so many days in a row", async () => {
    // Days 0 and 1, then 3 to 6.
    const given = { contracts: [paid(at(0))], usage_events: eventsOf("##.####.###", start) };
    expect(await seen(given, held("customer_start", 3), 20)).toEqual([[0, null, 5, "reached_on_time"]]);
    expect(await seen(given, held("customer_start", 4), 20)).toEqual([[0, null, 6, "reached_late"]]);
    expect(await seen(given, held("customer_start", 5), 20)).toEqual([[0, null, null, "stuck"]]);
  });

  it("isn't reached by days on both sides of a gap in the facts", async () => {
    // Covered on days 0 to 2 and from 100 on: facts until 92, ninety days after the second, and from 100 on.
    const given = {
      contracts: [paid(at(0), at(3)), paid(at(100))],
      usage_events: used(90, 91, 92, 100, 101),
    };
    const evidence = "fact: events_1d, at_least: 1";
    expect((await seen(given, held("customer_start", 3, evidence), 110))[0]?.[2]).toBe(92);
    expect((await seen(given, held("customer_start", 4, evidence), 110))[0]?.[2]).toBeNull();
    // The eight days without facts, 93 to 99, are no days without an event.
    const idle = { ...given, usage_events: used(89) };
    const idleFor = (days: number) =>
      seen(idle, held("contract_start", days, "fact: events_1d, equals: 0"), 110);
    expect((await idleFor(11))[1]).toEqual([100, null, 110, "reached_late"]);
    expect((await idleFor(12))[1]).toEqual([100, null, null, "behind"]);
  });
});
