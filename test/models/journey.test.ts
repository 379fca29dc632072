import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { accountPeriodLevels } from "../../models/accounts/account_period_levels.js";
import { portfolioPeriodEnds } from "../../models/accounts/portfolio_period_ends.js";
import { accountHealth } from "../../models/health/account_health.js";
import { accountIndicators } from "../../models/health/account_indicators.js";
import { accountMilestones } from "../../models/milestones/account_milestones.js";
import { milestoneEvidence } from "../../models/milestones/milestone_evidence.js";
import { accountStages } from "../../models/stages/account_stages.js";
import { stageStays } from "../../models/stages/stage_stays.js";
import { sql } from "../../warehouse/sql.js";
import { companyOf, type Given } from "./built.js";
import { addDays, daysOf } from "./days.js";

const through = "2024-06-30";
const acme = { account_id: "a", created_on: "2024-01-01" };
let number = 0;
const event = (day: string, more: object = {}) => ({
  event_id: `e${++number}`,
  account_id: "a",
  user_id: "u1",
  occurred_at: `${day}T12:00:00Z`,
  ...more,
});
const paid = (starts_on: string, ends_on: string | null = null, more: object = {}) => ({
  contract_id: `c${++number}`,
  account_id: "a",
  starts_on,
  ends_on,
  ...more,
});
const journey = (parts: { stages?: string; milestones?: string; health?: string }): string => `
stages:
${parts.stages ?? "  - { id: all, name: All }"}
${parts.milestones ? `milestones:\n${parts.milestones}` : ""}
health:
${parts.health ?? "  indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [10, 100]] }]"}
`;
const company = (given: Given, text: string, until = through) =>
  companyOf({ accounts: [acme], ...given }, { journey: text, through: until });

describe("stages", () => {
  const stages = `
  - { id: former, name: Former, when: { fact: days_since_coverage_ended, is_missing: false } }
  - { id: prospect, name: Prospect, when: { fact: tenure_days, is_missing: true } }
  - { id: young, name: Young, expected_days: 30, when: { fact: tenure_days, below: 60 } }
  - { id: old, name: Old, expected_days: 500 }`;
  const contracts = [paid("2024-01-11", "2024-02-01"), paid("2024-03-01", "2024-03-05"), paid("2024-06-10")];

  it("the first stage whose condition holds is the day's, the last takes the rest", async () => {
    const built = await company({ contracts }, journey({ stages }));
    const rows = await built.read(accountStages);
    const on = Object.fromEntries(rows.map((row) => [row.day, row.stage]));
    expect(daysOf("2024-01-10", "2024-01-11").map((day) => on[day])).toEqual(["prospect", "young"]);
    expect(daysOf("2024-01-31", "2024-02-01").map((day) => on[day])).toEqual(["young", "former"]);
    expect(on["2024-06-10"]).toBe("old");
    expect(new Set(rows.map((row) => row.journey_version))).toEqual(new Set([built.company.journey.version]));
  });

  it("a stay is a run of days in one stage; a gap in the facts ends one, and returning begins another", async () => {
    const built = await company({ contracts }, journey({ stages }));
    const stays = await built.read(stageStays);
    expect(stays.map((s) => [s.stage, s.entered_on, s.left_on, s.days])).toEqual([
      ["prospect", "2024-01-01", "2024-01-11", 10],
      ["young", "2024-01-11", "2024-02-01", 21],
      ["former", "2024-02-01", "2024-03-01", 29],
      ["young", "2024-03-01", "2024-03-05", 4],
      // Ninety days after coverage the facts stop, a week before the return.
      ["former", "2024-03-05", "2024-06-03", 90],
      ["old", "2024-06-10", null, 21],
    ]);
    expect(stays.map((s) => s.is_stuck)).toEqual([false, false, false, false, false, false]);
  });

  it("an account is stuck while it stays longer than expected, not once it has left", async () => {
    const stuck = async (until: string) => {
      const stays = await (
        await company({ contracts: [paid("2024-01-01")] }, journey({ stages }), until)
      ).read(stageStays);
      return stays.map((s) => [s.stage, s.days, s.expected_days, s.is_stuck]);
    };
    expect(await stuck("2024-01-30")).toEqual([["young", 30, 30, false]]);
    expect(await stuck("2024-01-31")).toEqual([["young", 31, 30, true]]);
    expect(await stuck("2024-03-01")).toEqual([
      ["young", 60, 30, false],
      ["old", 1, 500, false],
    ]);
  });

  it("a milestone counts as evidence from the day on which it was reached", async () => {
    const built = await company(
      { usage_events: [event("2024-02-10")] },
      journey({
        stages: `
  - { id: waiting, name: Waiting, when: { not: { milestone: used } } }
  - { id: using, name: Using }`,
        milestones: "  - { id: used, name: Used, expected_days: 7, when: { fact: events_1d, at_least: 1 } }",
      }),
    );
    const rows = await built.read(accountStages, sql`day >= date '2024-02-09' and day <= date '2024-02-11'`);
    expect(rows.map((row) => row.stage)).toEqual(["waiting", "using", "using"]);
  });
});

describe("milestones", () => {
  const milestones = `
  - { id: used, name: Used, expected_days: 7, when: { fact: events_1d, at_least: 1 } }
  - { id: busy, name: Busy, starts: { milestone: used }, expected_days: 10, stuck_after_days: 15, when: { fact: events_28d, at_least: 3 } }
  - { id: won, name: Won, starts: { stage: customer }, expected_days: 0, when: { fact: events_28d, at_least: 100 } }`;
  const stages = `
  - { id: customer, name: Customer, when: { fact: is_customer, equals: true } }
  - { id: other, name: Other }`;
  const statusOf = async (given: Given, until: string) => {
    const rows = await (await company(given, journey({ stages, milestones }), until)).read(accountMilestones);
    return Object.fromEntries(
      rows.map((m) => [m.milestone, [m.started_on, m.reached_on, m.days_to_reach, m.status]]),
    );
  };

  it("are on track through the expected day, then behind, then stuck past twice the expected days", async () => {
    const contracts = [paid("2024-02-01")];
    const used = async (until: string) =>
      (await statusOf({ contracts, usage_events: [event("2023-12-01")] }, until)).used;
    expect(await used("2024-01-31")).toEqual(["2024-02-01", null, null, "not_started"]);
    expect(await used("2024-02-01")).toEqual(["2024-02-01", null, null, "on_track"]);
    expect(await used("2024-02-08")).toEqual(["2024-02-01", null, null, "on_track"]);
    expect(await used("2024-02-09")).toEqual(["2024-02-01", null, null, "behind"]);
    expect(await used("2024-02-15")).toEqual(["2024-02-01", null, null, "behind"]);
    expect(await used("2024-02-16")).toEqual(["2024-02-01", null, null, "stuck"]);
  });

  it("are reached on the first day on which the condition holds: on time, late, or before their start", async () => {
    const used = async (day: string) =>
      (
        await statusOf(
          { contracts: [paid("2024-02-01")], usage_events: [event(day), event("2024-04-01")] },
          through,
        )
      ).used;
    expect(await used("2024-02-08")).toEqual(["2024-02-01", "2024-02-08", 7, "reached_on_time"]);
    expect(await used("2024-02-09")).toEqual(["2024-02-01", "2024-02-09", 8, "reached_late"]);
    expect(await used("2024-01-15")).toEqual(["2024-02-01", "2024-01-15", 0, "reached_on_time"]);
  });

  it("may start from another milestone or from a stage, with a limit of their own", async () => {
    const usage_events = [event("2024-02-03")];
    const contracts = [paid("2024-02-01", "2024-02-03"), paid("2024-02-10")];
    const on = (until: string) => statusOf({ contracts, usage_events }, until);
    expect((await on("2024-02-02")).busy).toEqual([null, null, null, "not_started"]);
    expect((await on("2024-02-13")).busy).toEqual(["2024-02-03", null, null, "on_track"]);
    expect((await on("2024-02-18")).busy).toEqual(["2024-02-03", null, null, "behind"]);
    expect((await on("2024-02-19")).busy).toEqual(["2024-02-03", null, null, "stuck"]);
    // The first entry into the stage counts, and nothing expected is late after the first day.
    expect((await on("2024-02-01")).won).toEqual(["2024-02-01", null, null, "on_track"]);
    expect((await on("2024-02-02")).won).toEqual(["2024-02-01", null, null, "behind"]);
    expect((await on("2024-02-03")).won).toEqual(["2024-02-01", null, null, "stuck"]);
  });

  it("count from the first day of an account where no contracts are mapped", async () => {
    expect((await statusOf({ usage_events: [event("2024-01-05")] }, "2024-01-31")).used).toEqual([
      "2024-01-01",
      "2024-01-05",
      4,
      "reached_on_time",
    ]);
  });

  it("of a prospect have not started, whatever it has reached", async () => {
    const given = {
      contracts: [paid("2024-02-01", null, { account_id: "b" })],
      usage_events: [event("2024-01-05")],
    };
    expect((await statusOf(given, "2024-01-31")).used).toEqual([null, "2024-01-05", null, "reached_on_time"]);
  });

  it("without any in the journey there are none", async () => {
    const built = await company({ usage_events: [event("2024-01-05")] }, journey({}));
    expect(await built.read(accountMilestones)).toEqual([]);
    expect(await built.read(milestoneEvidence)).toEqual([{ account_id: "a" }]);
  });
});

describe("indicators", () => {
  it("turn a fact into points by straight lines, level beyond the scale's ends", async () => {
    const health = `
  indicators:
    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[2, 10], [4, 20], [10, 80]] }
    - { id: less, name: Less, dimension: support, fact: events_1d, scale: [[0, 100], [4, 0]] }`;
    const quantities = [0, 2, 3, 4, 7, 10, 99];
    const usage_events = quantities.map((quantity, i) => event(addDays("2024-01-01", i), { quantity }));
    const rows = await (await company({ usage_events }, journey({ health }), "2024-01-07")).read(
      accountIndicators,
    );
    expect(rows.map((row) => row.use_points)).toEqual([10, 10, 15, 20, 50, 80, 80]);
    expect(rows.map((row) => row.less_points)).toEqual([100, 50, 25, 0, 0, 0, 0]);
  });

  it("never leave 0 to 100, whatever the scale and the value", async () => {
    const third = fc.tuple(
      // To nine decimals, which is as fine as a scale may be.
      fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((x) => Math.round(x * 1e9) / 1e9),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      fc.boolean(),
    );
    const scales = fc.sample(third, { numRuns: 150, seed: 1 }).map(([from, width, rises]) => {
      const [a, b] = [from, Math.round((from + width) * 1e9) / 1e9];
      return rises
        ? [
            [a, 0],
            [b, 100],
          ]
        : [
            [a, 100],
            [b, 0],
          ];
    });
    const indicators = scales.map(
      (scale, i) =>
        `    - { id: i${i}, name: I, dimension: support, fact: active_users_change_28d, scale: ${JSON.stringify(scale)} }`,
    );
    const users = Array.from({ length: 23 }, (_, i) => `u${i}`);
    const usage_events = [
      ...users.map((user_id) => event("2024-01-01", { user_id })),
      ...users.map((user_id, i) => event(addDays("2024-01-29", i), { user_id })),
      ...users.map((user_id, i) => event(addDays("2024-03-29", i), { user_id })),
    ];
    // The model's own checks of 0 and 100 fail the build where a value leaves them.
    const built = await company(
      { usage_events },
      journey({ health: `  indicators:\n${indicators.join("\n")}` }),
    );
    expect((await built.read(accountIndicators)).length).toBe(182);
    expect((await built.read(accountHealth)).length).toBe(182);
  });
});

describe("health", () => {
  const indicators = `
  indicators:
    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [10, 100]], weight: 3 }
    - { id: nps, name: NPS, dimension: satisfaction, fact: nps_180d, scale: [[-100, 0], [100, 100]], weight: 1 }
    - { id: csat, name: CSAT, dimension: satisfaction, fact: csat_90d, scale: [[1, 0], [5, 100]], weight: 2 }`;
  const response = (day: string, score: number, user_id = "u1") => ({
    response_id: `r${++number}`,
    account_id: "a",
    user_id,
    score,
    responded_at: `${day}T12:00:00Z`,
  });
  const ticket = (day: string, csat: number | null, more: object = {}) => ({
    ticket_id: `t${++number}`,
    account_id: "a",
    opened_at: `${day}T12:00:00Z`,
    csat,
    priority: null,
    ...more,
  });
  const scored = async (given: Given, health: string, until: string, stages?: string) => {
    const rows = await (await company(given, journey({ health, ...(stages ? { stages } : {}) }), until)).read(
      accountHealth,
    );
    return Object.fromEntries(rows.map((row) => [row.day, row]));
  };

  it("is the weighted mean of the points that are there, and says how much was there", async () => {
    const given = {
      usage_events: [event("2024-01-02", { quantity: 6 }), event("2024-01-03", { quantity: 10 })],
      survey_responses: [response("2024-01-02", 10)],
      tickets: [ticket("2024-01-03", 3)],
    };
    const on = await scored(given, indicators, "2024-01-03");
    expect(on["2024-01-01"]).toMatchObject({ coverage: 0.5, score: 0, band: "poor" });
    expect(on["2024-01-02"]).toMatchObject({
      coverage: 0.6666666667,
      score: (3 * 60 + 100) / 4,
      band: "average",
    });
    expect(on["2024-01-03"]).toMatchObject({
      coverage: 1,
      score: 83.3333333333,
      band: "good",
    });
  });

  it("below the minimum coverage there is no score and the band is unknown; the minimum itself is enough", async () => {
    const given = {
      usage_events: [event("2024-01-01", { quantity: 10 })],
      survey_responses: [response("2023-12-01", 1)],
      tickets: [ticket("2023-12-01", 1)],
    };
    const withMinimum = async (min_coverage: number) =>
      (await scored(given, `  min_coverage: ${min_coverage}${indicators}`, "2024-01-01"))["2024-01-01"];
    expect(await withMinimum(0.5)).toMatchObject({
      coverage: 0.5,
      uncapped_score: 100,
      score: 100,
      band: "good",
    });
    expect(await withMinimum(0.51)).toMatchObject({
      coverage: 0.5,
      uncapped_score: null,
      score: null,
      band: "unknown",
      cap: null,
    });
  });

  /** Scored on a day without a survey, so that nps has no value; every other indicator gives the same points. */
  const level = async (weights: Record<string, number>, points: number, more = "") => {
    const all = Object.entries(weights).map(
      ([fact, weight]) =>
        `{ id: ${fact}, name: X, dimension: engagement, fact: ${fact}, scale: [[0, ${points}], [1, ${points}]], weight: ${weight} }`,
    );
    const given = {
      usage_events: [event("2024-01-01")],
      survey_responses: [response("2023-12-01", 1)],
      tickets: [ticket("2023-12-01", 1)],
    };
    const health = `  indicators: [${all.join(", ")}]\n${more}`;
    return (await scored(given, health, "2024-01-01"))["2024-01-01"];
  };

  it("decimal weights lose nothing at an edge: of 75s the mean is 75, half of the weight is half, 40 isn't above 40", async () => {
    // In floating point 0.1·75 + 0.2·75 + 0.3·75 over 0.1 + 0.2 + 0.3 is 74.99999999999999.
    expect(await level({ events_1d: 0.1, open_tickets: 0.2, events_7d: 0.3 }, 75)).toMatchObject({
      score: 75,
      band: "good",
      coverage: 1,
    });
    // 0.3 / (0.1 + 0.2 + 0.3) is 0.4999999999999999.
    expect(await level({ nps_180d: 0.1, csat_90d: 0.2, events_7d: 0.3 }, 75)).toMatchObject({
      coverage: 0.5,
      score: 75,
    });
    const cap = "  caps: [{ id: low, name: Low, at_most: 40, when: { fact: events_1d, at_least: 1 } }]";
    expect(await level({ events_1d: 0.3, open_tickets: 0.6, events_7d: 0.1 }, 40, cap)).toMatchObject({
      uncapped_score: 40,
      score: 40,
      cap: null,
    });
  });

  it("with no evidence at all there is no score even without a minimum", async () => {
    const health = `
  min_coverage: 0
  indicators: [{ id: nps, name: NPS, dimension: satisfaction, fact: nps_180d, scale: [[-100, 0], [100, 100]] }]`;
    expect(
      (await scored({ survey_responses: [response("2023-12-01", 1)] }, health, "2024-01-01"))["2024-01-01"],
    ).toMatchObject({ coverage: 0, score: null, band: "unknown" });
  });

  it("a missing value that counts as zero lowers the score and not the coverage", async () => {
    const health = `
  indicators:
    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [10, 100]] }
    - { id: nps, name: NPS, dimension: satisfaction, fact: nps_180d, scale: [[-100, 0], [100, 100]], missing: zero }`;
    const given = {
      usage_events: [event("2024-01-01", { quantity: 10 })],
      survey_responses: [response("2023-12-01", 1)],
    };
    expect((await scored(given, health, "2024-01-01"))["2024-01-01"]).toMatchObject({
      coverage: 1,
      score: 50,
    });
  });

  it("weighs by the stage of the day, and scores none in a stage that is not scored", async () => {
    const stages = `
  - { id: young, name: Young, when: { fact: account_age_days, below: 1 } }
  - { id: grown, name: Grown, when: { fact: account_age_days, below: 2 } }
  - { id: gone, name: Gone, is_scored: false }`;
    const given = {
      usage_events: daysOf("2024-01-01", "2024-01-03").map((day) => event(day, { quantity: 5 })),
      survey_responses: [response("2024-01-01", 10)],
      tickets: [ticket("2024-01-01", 5)],
    };
    const byStage = indicators.replace("weight: 1 }", "weight: 1, weights: { young: 5 } }");
    const on = await scored(given, byStage, "2024-01-03", stages);
    expect(on["2024-01-01"]).toMatchObject({ stage: "young", score: (3 * 50 + 5 * 100 + 2 * 100) / 10 });
    expect(on["2024-01-02"]).toMatchObject({ stage: "grown", score: (3 * 50 + 1 * 100 + 2 * 100) / 6 });
    expect(on["2024-01-03"]).toMatchObject({
      stage: "gone",
      score: null,
      coverage: null,
      band: "unknown",
      cap: null,
    });
  });

  it("a cap names itself; of several the lowest that lowers, and none that doesn't", async () => {
    const health = `
  indicators: [{ id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [10, 100]] }]
  caps:
    - { id: mild, name: Mild, at_most: 70, when: { fact: open_tickets, at_least: 1 } }
    - { id: hard, name: Hard, at_most: 40, when: { fact: open_tickets, at_least: 2 } }`;
    const quantities = [10, 10, 10, 6, 7, 4, 3];
    const given = {
      usage_events: quantities.map((quantity, i) => event(addDays("2024-01-01", i), { quantity })),
      tickets: [
        ticket("2024-01-02", null),
        ticket("2024-01-03", null, { resolved_at: "2024-01-04T12:00:00Z" }),
        ticket("2024-01-06", null, { resolved_at: null }),
      ],
    };
    const on = await scored(given, health, "2024-01-07");
    expect(Object.values(on).map((h) => [h.uncapped_score, h.cap, h.score])).toEqual([
      [100, null, 100],
      [100, "mild", 70],
      [100, "hard", 40],
      [60, null, 60],
      [70, null, 70],
      [40, null, 40],
      [30, null, 30],
    ]);
  });

  it("the lower edge belongs to the better band", async () => {
    const health = `
  bands: { average_from: 50, good_from: 80 }
  indicators: [{ id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [1000, 100]] }]`;
    const quantities = [0, 499, 500, 799, 800, 1000];
    const on = await scored(
      { usage_events: quantities.map((quantity, i) => event(addDays("2024-01-01", i), { quantity })) },
      health,
      "2024-01-06",
    );
    expect(Object.values(on).map((h) => h.band)).toEqual([
      "poor",
      "poor",
      "average",
      "average",
      "good",
      "good",
    ]);
  });

  it("full points in everything are exactly 100, whatever the weights", async () => {
    const weights = fc.sample(
      fc.array(
        fc.double({ min: 0.01, max: 9, noNaN: true }).map((w) => Number(w.toFixed(2))),
        { minLength: 2, maxLength: 6 },
      ),
      { numRuns: 40, seed: 1 },
    );
    for (const some of [[0.1, 0.7], ...weights]) {
      const total = some.reduce((sum, w) => sum + w * 100, 0) / some.reduce((sum, w) => sum + w, 0);
      if (total <= 100) continue; // only those whose rounded sum is above 100 can tell
      const lines = some.map(
        (weight, i) =>
          `    - { id: i${i}, name: I, dimension: support, fact: events_1d, scale: [[0, 0], [1, 100]], weight: ${weight} }`,
      );
      const on = await scored(
        { usage_events: [event("2024-01-01")] },
        `  indicators:\n${lines.join("\n")}`,
        "2024-01-01",
      );
      expect(on["2024-01-01"]?.score).toBe(100);
    }
  });

  it("the contributions of a row's indicators add up to its score", async () => {
    const given = {
      usage_events: daysOf("2024-01-01", "2024-02-15").map((day, i) =>
        event(day, { quantity: (i * 7) % 12 }),
      ),
      survey_responses: [
        response("2024-01-10", 7),
        response("2024-01-20", 10, "u2"),
        response("2024-02-01", 3),
      ],
      tickets: [ticket("2024-01-15", 2.5), ticket("2024-02-01", 4.5)],
    };
    const stages = `
  - { id: young, name: Young, when: { fact: account_age_days, below: 20 } }
  - { id: grown, name: Grown }`;
    const built = await company(
      given,
      journey({ health: `  min_coverage: 0${indicators}`, stages }),
      "2024-02-15",
    );
    const points = new Map((await built.read(accountIndicators)).map((row) => [row.day, row]));
    for (const health of await built.read(accountHealth)) {
      const row = points.get(health.day) as Record<string, number | null>;
      const known = ["use", "nps", "csat"].filter((id) => row[`${id}_points`] !== null);
      const weight = known.reduce((sum, id) => sum + (row[`${id}_weight`] ?? 0), 0);
      const sum = known.reduce(
        (total, id) => total + ((row[`${id}_weight`] ?? 0) * (row[`${id}_points`] ?? 0)) / weight,
        0,
      );
      expect(health.uncapped_score).toBeCloseTo(sum, 9);
    }
  });
});

describe("account_latest", () => {
  it("has every account once: with today's facts, stage and health, or with nulls where it has none", async () => {
    const built = await companyOf(
      {
        accounts: [
          acme,
          { account_id: "gone", created_on: "2023-01-01" },
          { account_id: "none", created_on: null, attribute: null },
        ],
        contracts: [
          paid("2024-01-01", null, { mrr: "10" }),
          paid("2023-01-01", "2023-02-01", { account_id: "gone", mrr: "10" }),
        ],
        usage_events: [event("2024-06-30", { quantity: 5 })],
      },
      { through, journey: journey({}) },
    );
    const rows = await built.read(accountLatest);
    expect(
      rows.map((r) => [r.account_id, r.mrr, r.events_7d, r.score, r.band, r.stage, r.stage_days]),
    ).toEqual([
      ["a", "10", 5, 50, "average", "all", 182],
      ["gone", null, null, null, null, null, null],
      ["none", null, null, null, null, null, null],
    ]);
  });
});

describe("account_period_levels", () => {
  it("has the Sundays and the last days of months, as those days were", async () => {
    const built = await companyOf(
      {
        accounts: [
          { account_id: "a", created_on: "2024-02-19" },
          { account_id: "none", created_on: null },
        ],
        contracts: [paid("2024-02-28", null, { mrr: "10", seats: 4 })],
        usage_events: [event("2024-02-25", { quantity: 5 })],
      },
      { through: "2024-03-05", journey: journey({}) },
    );
    const rows = await built.read(accountPeriodLevels);
    expect(
      rows.map((r) => [r.account_id, r.day, r.score, r.band, r.is_customer, r.mrr, r.active_users_7d]).sort(),
    ).toEqual([
      ["a", "2024-02-25", 50, "average", false, null, 1],
      ["a", "2024-02-29", 50, "average", true, "10", 1],
      ["a", "2024-03-03", 0, "poor", true, "10", 0],
    ]);
  });
});

describe("portfolio_period_ends", () => {
  it("adds up the accounts that stood alike, each level over those that have it", async () => {
    const segments = { a: "smb", b: "smb", c: "smb", d: null };
    const built = await companyOf(
      {
        accounts: Object.entries(segments).map(([account_id, segment]) => ({
          account_id,
          segment,
          created_on: "2024-02-27",
        })),
        contracts: ["a", "b", "d"].map((account_id, i) =>
          paid("2024-02-28", null, { account_id, contract_id: account_id, mrr: `${i}.1`, seats: 3 }),
        ),
        usage_events: ["a", "b"].map((account_id) =>
          event("2024-02-28", { account_id, event_id: account_id }),
        ),
      },
      { through: "2024-02-29", journey: journey({}) },
    );
    const levels = [
      "accounts",
      "score_sum",
      "score_known",
      "coverage_sum",
      "coverage_known",
      "seats_sum",
      "mrr_sum",
    ] as const;
    const rows = await built.read(portfolioPeriodEnds);
    expect(
      rows.map((r) => [r.day, r.segment, r.band, r.is_customer, levels.map((level) => r[level])]),
    ).toEqual([
      ["2024-02-29", null, "poor", true, [1, 0, 1, 1, 1, 3, "2.1"]],
      ["2024-02-29", "smb", "poor", false, [1, 0, 1, 1, 1, null, null]],
      ["2024-02-29", "smb", "poor", true, [2, 20, 2, 2, 2, 6, "1.2"]],
    ]);
  });
});
