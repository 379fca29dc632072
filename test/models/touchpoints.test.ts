import { describe, expect, it } from "vitest";
import { accountTouchpoints } from "../../models/touchpoints/account_touchpoints.js";
import { companyOf } from "./built.js";
import { addDays } from "./days.js";
import { contact, journeyText, paid } from "./given.js";

const start = "2024-01-01";
/** The day n days after the start. */
const at = (n: number): string => addDays(start, n);
const acme = { account_id: "a", created_on: start };
const stages = `
  - { id: covered, name: Covered, when: { fact: is_customer, equals: true } }
  - { id: other, name: Other }`;
const plan = (kind: string, more: string): string => `touchpoints:
  - { id: plan, name: Plan, why: To help., stage: covered, kind: ${kind}, ${more} }`;
const oncePlan = plan("kick_off", "due_in_days: 7");
const repeatedPlan = plan("review", "due_in_days: 30, repeat_every_days: 30");

interface Given {
  readonly plan: string;
  /** Days from the start: covered from one to the other, ever since without the other. */
  readonly covered: readonly (readonly [number, number | null])[];
  /** Contacts by day, of the planned kind unless told otherwise. */
  readonly contacts: readonly (number | readonly [number, string])[];
  /** Days from the start to the last day built. */
  readonly through: number;
}
const numberOf = (day: string | null): number | null =>
  day === null ? null : (Date.parse(day) - Date.parse(start)) / 86_400_000;

async function rowsOf({ plan, covered, contacts, through }: Given) {
  const built = await companyOf(
    {
      accounts: [acme],
      contracts: covered.map(([from, to]) => paid(at(from), to === null ? null : at(to))),
      touchpoints: [
        contact("2023-12-01", "other"),
        ...contacts.map((c) =>
          typeof c === "number"
            ? contact(at(c), plan.includes("kick_off") ? "kick_off" : "review")
            : contact(at(c[0]), c[1]),
        ),
      ],
    },
    { journey: journeyText({ stages, rest: plan }), through: at(through) },
  );
  return built.read(accountTouchpoints);
}
/** Each row as [due, done, days late, status], in days from the start. */
const planned = async (given: Given) =>
  (await rowsOf(given)).map((row) => [
    numberOf(row.due_on),
    numberOf(row.done_on),
    row.days_late,
    row.status,
  ]);

describe("a planned touchpoint", () => {
  it("has a row with what, where and when", async () => {
    expect(await rowsOf({ plan: oncePlan, covered: [[10, null]], contacts: [19], through: 40 })).toEqual([
      {
        account_id: "a",
        touchpoint: "plan",
        stage: "covered",
        entered_on: "2024-01-11",
        due_on: "2024-01-18",
        done_on: "2024-01-20",
        days_late: 2,
        status: "done",
      },
    ]);
  });

  it("is due until its day is over, then overdue, until somebody makes the contact", async () => {
    const covered = [[10, null]] as const;
    const on = (through: number, contacts: number[] = []) =>
      planned({ plan: oncePlan, covered, contacts, through });
    expect(await on(9)).toEqual([]);
    expect(await on(10)).toEqual([[17, null, null, "due"]]);
    expect(await on(17)).toEqual([[17, null, null, "due"]]);
    expect(await on(18)).toEqual([[17, null, null, "overdue"]]);
    expect(await on(90, [60])).toEqual([[17, 60, 43, "done"]]);
    // A contact that lies after the last day built is not known yet.
    expect(await on(59, [60])).toEqual([[17, null, null, "overdue"]]);
  });

  it("is done by the first contact of its kind within the stay, early ones included", async () => {
    const on = (contacts: Given["contacts"]) =>
      planned({ plan: oncePlan, covered: [[10, null]], contacts, through: 40 });
    expect(await on([10, 12])).toEqual([[17, 10, 0, "done"]]);
    expect(await on([17])).toEqual([[17, 17, 0, "done"]]);
    // Before the stay, and of another kind.
    expect(await on([9, [12, "training"]])).toEqual([[17, null, null, "overdue"]]);
  });

  it("may be made by contacts of several kinds", async () => {
    const several = plan("[kick_off, workshop]", "due_in_days: 7");
    const contacts = [
      [11, "call"],
      [13, "workshop"],
      [15, "kick_off"],
    ] as const;
    expect(await planned({ plan: several, covered: [[10, null]], contacts, through: 40 })).toEqual([
      [17, 13, 0, "done"],
    ]);
  });

  it("was missed where the account left after its day without it, and is nothing where it left before", async () => {
    const on = (left: number, contacts: number[] = []) =>
      planned({ plan: oncePlan, covered: [[10, left]], contacts, through: 60 });
    // Day 17 is the due day: the account was still there at 18, no longer at 17.
    expect(await on(18)).toEqual([[17, null, null, "missed"]]);
    expect(await on(17)).toEqual([]);
    // On the day on which it left a contact counts, as it may be what ended the stage; a day later it doesn't.
    expect(await on(18, [18])).toEqual([[17, 18, 1, "done"]]);
    expect(await on(18, [19])).toEqual([[17, null, null, "missed"]]);
    expect(await on(18, [17])).toEqual([[17, 17, 0, "done"]]);
    // Done before it was due, though the account left before.
    expect(await on(15, [12])).toEqual([[17, 12, 0, "done"]]);
  });

  it("is due in every stay anew, and a contact counts for the stay in which it was made", async () => {
    const given = {
      plan: oncePlan,
      covered: [
        [10, 30],
        [50, null],
      ] as const,
      contacts: [40, 55],
      through: 90,
    };
    expect(await planned(given)).toEqual([
      [17, null, null, "missed"],
      [57, 55, 0, "done"],
    ]);
  });
});

describe("a touchpoint that repeats", () => {
  const covered = [[0, null]] as const;
  const on = (through: number, contacts: number[] = []) =>
    planned({ plan: repeatedPlan, covered, contacts, through });

  it("has a row for every due day so far and the next", async () => {
    expect(await on(29)).toEqual([[30, null, null, "due"]]);
    expect(await on(30)).toEqual([
      [30, null, null, "due"],
      [60, null, null, "due"],
    ]);
    expect(await on(31)).toEqual([
      [30, null, null, "overdue"],
      [60, null, null, "due"],
    ]);
  });

  it("is missed once the next due day is nearer", async () => {
    // Up to day 45 is nearer to 30 than to 60, or as near.
    expect((await on(45))[0]).toEqual([30, null, null, "overdue"]);
    expect((await on(46))[0]).toEqual([30, null, null, "missed"]);
  });

  it("counts a late contact for the due day that it is nearest to, not for the next", async () => {
    expect(await on(80, [45, 75])).toEqual([
      [30, 45, 15, "done"],
      [60, 75, 15, "done"],
      [90, null, null, "due"],
    ]);
    expect(await on(80, [46])).toEqual([
      [30, null, null, "missed"],
      [60, 46, 0, "done"],
      [90, null, null, "due"],
    ]);
  });

  it("counts the first of several contacts around a day, and any since the entry for the first", async () => {
    expect(await on(60, [1, 20, 50, 55])).toEqual([
      [30, 1, 0, "done"],
      [60, 50, 0, "done"],
      [90, null, null, "due"],
    ]);
  });

  it("may be done before the next due day is the next", async () => {
    // Day 76 is nearer to 90 than to 60.
    expect(await on(80, [30, 60, 76])).toEqual([
      [30, 30, 0, "done"],
      [60, 60, 0, "done"],
      [90, 76, 0, "done"],
    ]);
  });

  it("ends with the stay: what was due by then was done or missed, what wasn't is nothing unless it was done", async () => {
    const left = (day: number, contacts: number[]) =>
      planned({ plan: repeatedPlan, covered: [[0, day]], contacts, through: 200 });
    expect(await left(91, [31])).toEqual([
      [30, 31, 1, "done"],
      [60, null, null, "missed"],
      [90, null, null, "missed"],
    ]);
    expect(await left(90, [31])).toEqual([
      [30, 31, 1, "done"],
      [60, null, null, "missed"],
    ]);
    // Made on day 80 for the 90th, which it was nearest to.
    expect(await left(85, [31, 80])).toEqual([
      [30, 31, 1, "done"],
      [60, null, null, "missed"],
      [90, 80, 0, "done"],
    ]);
    expect(await left(20, [])).toEqual([]);
  });

  it("every single contact counts for one due day only, whatever the rhythm", async () => {
    for (const every of [1, 2, 3, 7]) {
      const text = plan("review", `due_in_days: ${every}, repeat_every_days: ${every}`);
      const days = Array.from({ length: 20 }, (_, i) => i);
      const rows = await planned({ plan: text, covered, contacts: days, through: 19 });
      const done = rows.filter((row) => row[3] === "done").map((row) => row[1]);
      expect(new Set(done).size).toBe(done.length);
      // Every due day up to the last has its own nearest day first: half a rhythm before it, rounded down.
      expect(rows.filter((row) => (row[0] as number) <= 19).map((row) => row[1])).toEqual(
        rows
          .filter((row) => (row[0] as number) <= 19)
          .map((row, i) => (i === 0 ? 0 : (row[0] as number) - Math.ceil(every / 2) + 1)),
      );
    }
  });

  it("without contacts mapped is due and overdue all the same", async () => {
    const built = await companyOf(
      { accounts: [acme], contracts: [paid(start)] },
      { journey: journeyText({ stages, rest: repeatedPlan }), through: at(40) },
    );
    expect((await built.read(accountTouchpoints)).map((row) => row.status)).toEqual(["overdue", "due"]);
  });

  it("is in no journey without any", async () => {
    const built = await companyOf(
      { accounts: [acme], touchpoints: [contact(start, "review")] },
      { journey: journeyText({}), through: start },
    );
    expect(await built.read(accountTouchpoints)).toEqual([]);
  });
});
