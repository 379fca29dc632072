import { describe, expect, it } from "vitest";
import { type ProgrammeEffect, type ProgrammeOptions, programmeEffect } from "../../analysis/programme.js";
import { meanDifference } from "../../stats/means.js";
import { shareDifference } from "../../stats/shares.js";
import { inArray } from "../../warehouse/dialect.js";
import { bind, sql } from "../../warehouse/sql.js";
import { referenceUnavailable } from "../googlesql/reference.js";
import { companyOf, type Given } from "../models/built.js";
import { addDays } from "../models/days.js";
import { event, journeyText, paid } from "../models/given.js";
import { onDuckDb, onGoogleSql } from "./engines.js";

/** The new onboarding began on 1 March 2024. Start, events on day 5, events on day 30, last day. */
const lives: Record<string, [start: string, early: number, late: number, until: string | null]> = {
  b1: ["2024-01-10", 0, 2, null],
  b2: ["2024-01-20", 3, 4, "2024-02-10"],
  b3: ["2024-02-01", 0, 6, null],
  b4: ["2024-02-29", 3, 8, null],
  a1: ["2024-03-01", 3, 6, null],
  a2: ["2024-03-10", 3, 8, null],
  a3: ["2024-03-20", 3, 7, null],
  a4: ["2024-04-05", 1, 9, null],
  // Its thirtieth day lies beyond the data.
  a5: ["2024-05-20", 3, 9, null],
};

const given: Given = {
  accounts: Object.keys(lives).map((account_id) => ({ account_id, created_on: "2024-01-01" })),
  contracts: Object.entries(lives).map(([account_id, [start, , , until]]) =>
    paid(start, until, { account_id }),
  ),
  usage_events: [
    ...Object.entries(lives).flatMap(([account_id, [start, early, late]]) => [
      ...(early > 0 ? [event(addDays(start, 5), { account_id, quantity: early })] : []),
      ...(addDays(start, 30) <= "2024-06-10"
        ? [event(addDays(start, 30), { account_id, quantity: late })]
        : []),
    ]),
    event("2024-06-10", { account_id: "a5" }),
  ],
};

/** Points are ten times the day's events. */
const journey = journeyText({
  rest: `
milestones:
  - { id: used, name: Used, expected_days: 7, when: { fact: events_1d, at_least: 1 } }
  - { id: used_much, name: Used much, starts: { milestone: used }, expected_days: 7, when: { fact: events_1d, at_least: 7 } }
signals:
  - { id: busy, name: Busy, kind: positive, when: { fact: events_1d, at_least: 3 } }
plays:
  - { id: thank, name: Thank, on: { signal: busy }, tasks: [{ id: call, name: Call, due_in_days: 3 }] }`,
});
const days = { through: "2024-06-10", now: "2024-07-01T06:00:00Z" };

const usual: ProgrammeOptions = {
  changedOn: "2024-03-01",
  from: "customer_start",
  days: 30,
  windowDays: 365,
  minGroup: 3,
};

async function effects(rows: Given, ...ways: Partial<ProgrammeOptions>[]): Promise<ProgrammeEffect[]> {
  const built = await companyOf(rows, { journey, ...days });
  const ask = await onDuckDb(built);
  return Promise.all(ways.map((way) => programmeEffect(ask, built.company, { ...usual, ...way })));
}

const measureIn = ({ measures }: ProgrammeEffect, id: string) => measures.find((m) => m.id === id);

describe("a programme's effect", () => {
  it("compares who began before the change with who began after it, followed for as long, worked out by hand", async () => {
    const [effect] = (await effects(given, {})) as [ProgrammeEffect];
    expect(effect).toMatchObject({
      why: null,
      before: { from: "2023-03-02", to: "2024-03-01", accounts: 4, leftOut: [] },
      after: { from: "2024-03-01", to: "2025-03-01", accounts: 4 },
    });
    expect(effect.after.leftOut).toEqual([{ why: "followed for fewer than 30 days so far", accounts: 1 }]);
    const stayed = measureIn(effect, "is_customer");
    expect(stayed).toMatchObject({ before: { n: 4, value: 3 / 4 }, after: { n: 4, value: 1 } });
    expect(stayed?.difference).toEqual(shareDifference({ count: 4, of: 4 }, { count: 3, of: 4 }));
    expect(stayed?.words).toBe(
      "still a customer 30 days later: 75 % of 4 before, 100 % of 4 after; by 25 (-28 to 70) points, which may be chance.",
    );
    // Within its seven days: b2 and b4; all who began later.
    expect(measureIn(effect, "used")).toMatchObject({
      name: "Used: reached within 7 days",
      before: { value: 2 / 4 },
      after: { value: 1 },
    });
    // It counts from another milestone: within all thirty days. b4; a2, a3 and a4.
    expect(measureIn(effect, "used_much")).toMatchObject({
      name: "Used much: reached within 30 days",
      before: { value: 1 / 4 },
      after: { value: 3 / 4 },
    });
    // Of those still there: 20, 60 and 80 points; 60, 80, 70 and 90.
    const score = measureIn(effect, "health_score");
    expect(score).toMatchObject({ before: { n: 3, value: 160 / 3 }, after: { n: 4, value: 75 } });
    const [first, second] = [
      { n: 4, sum: 300, squares: 3600 + 6400 + 4900 + 8100 },
      { n: 3, sum: 160, squares: 400 + 3600 + 6400 },
    ] as const;
    expect(score?.difference.value).toBeCloseTo(75 - 160 / 3, 10);
    expect(score?.difference.from).toBeCloseTo(meanDifference(first, second).from ?? 0, 10);
    expect(measureIn(effect, "events_1d")).toMatchObject({ after: { value: 7.5 }, unit: "events" });
  });

  it("counts from a signal or a play where that is asked, and leaves out who had reached a milestone before", async () => {
    const [bySignal, byPlay] = (await effects(
      given,
      { from: { signal: "busy" }, minGroup: 2, days: 10 },
      { from: { play: "thank" }, minGroup: 2, days: 10 },
    )) as [ProgrammeEffect, ProgrammeEffect];
    // b1's never opened, b2's and b4's on day 5, b3's on day 30, that is in March; b4's on 5 March, after the change.
    expect(bySignal.before).toMatchObject({ accounts: 1 });
    expect(bySignal.why).toMatch(
      /^Of those that began before the change, from 2023-03-02 to 2024-03-01, only 1 accounts/,
    );
    expect(byPlay.before).toEqual(bySignal.before);
    const [later] = (await effects(given, {
      from: { signal: "busy" },
      changedOn: "2024-03-10",
      minGroup: 2,
      days: 10,
    })) as [ProgrammeEffect];
    // Busy first: b2, b3, b4 and a1 before; a2, a3, a4 and a5 after.
    expect([later.before.accounts, later.after.accounts]).toEqual([4, 4]);
    // On that very day or in ten more: a4 alone.
    expect(measureIn(later, "used_much")).toMatchObject({
      name: "Used much: reached within 10 days",
      before: { n: 4, value: 0 },
      after: { n: 4, value: 1 / 4 },
    });
    // a4 had used it before.
    expect(measureIn(later, "used")).toMatchObject({ before: { n: 4, value: 1 }, after: { n: 3, value: 1 } });
  });

  it("takes only some accounts, and only those near the change", async () => {
    const [some, near] = (await effects(
      given,
      { accounts: inArray(sql`account_id`, bind("string[]", ["b1", "b2", "b3", "a1", "a2", "a3"])) },
      { windowDays: 21, minGroup: 2 },
    )) as [ProgrammeEffect, ProgrammeEffect];
    expect([some.before.accounts, some.after.accounts]).toEqual([3, 3]);
    expect([near.before.accounts, near.after.accounts]).toEqual([1, 3]);
    expect(near.why).toContain("A wider window or fewer days may find more.");
  });

  it("says why there is nothing before the first account, without contracts, and of few", async () => {
    const [early, few, late] = (await effects(
      given,
      { changedOn: "2023-06-01", windowDays: 100 },
      { minGroup: 5 },
      { days: 700 },
    )) as [ProgrammeEffect, ProgrammeEffect, ProgrammeEffect];
    expect(early.why).toMatch(/before the change, from 2023-02-21 to 2023-06-01, no account can be followed/);
    expect(few.why).toMatch(/only 4 accounts can be followed for 30 days; it takes 5/);
    expect(late.why).toMatch(/left out: 4 followed for fewer than 700 days so far/);
    const { contracts: _, ...rest } = given;
    const [without] = (await effects(rest, {})) as [ProgrammeEffect];
    expect(without.why).toMatch(/no account can be followed/);
    expect(JSON.stringify([early, few, late, without])).not.toContain("NaN");
  });
});

it.skipIf(referenceUnavailable())("both engines count the same", async () => {
  const built = await companyOf(given, { journey, ...days });
  await using googleSql = await onGoogleSql(built);
  const duckDb = await onDuckDb(built);
  for (const from of ["customer_start", { signal: "busy" }, { play: "thank" }] as const) {
    const options = { ...usual, from, changedOn: "2024-03-10", minGroup: 2 };
    expect(await programmeEffect(googleSql.query, built.company, options)).toEqual(
      await programmeEffect(duckDb, built.company, options),
    );
  }
  // No engine goes beyond the years 1 to 9999, and LocalDate doesn't either.
  for (const [changedOn, side, window] of [
    ["0001-01-01", "before", { from: "0001-01-01", to: "0001-01-01" }],
    ["9999-12-31", "after", { from: "9999-12-31", to: "9999-12-31" }],
  ] as const) {
    const options = { ...usual, changedOn };
    const effect = await programmeEffect(googleSql.query, built.company, options);
    expect(effect[side]).toMatchObject(window);
    expect(await programmeEffect(duckDb, built.company, options)).toEqual(effect);
  }
});
