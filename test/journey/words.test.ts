import { describe, expect, it } from "vitest";
import type { Condition } from "../../journey/conditions.js";
import { type Fact, facts } from "../../journey/facts.js";
import { type DayValues, inWords, label, type Vocabulary, valueInWords } from "../../journey/words.js";

const own: Fact = { type: "integer", unit: "exports", description: "D", needs: [] };
const words: Vocabulary = {
  facts: { ...facts, exports_14d: own },
  nameOfStage: (id) => ({ young: "First steps", old: "Established" })[id] ?? id,
  nameOfMilestone: (id) => ({ go: "Go-live" })[id] ?? id,
};
/** The values of a day: facts by id, trends by metric and measure. */
const valuesOf = (
  facts: Record<string, number | boolean | null>,
  trends: Record<string, Record<string, number | string | null>> = {},
): DayValues => ({
  fact: (id) => facts[id],
  trend: (metric, measure) => trends[metric]?.[measure],
});
const say = (condition: Condition, values?: DayValues): string => inWords(condition, words, values);

describe("a condition in words", () => {
  const table: [Condition, string][] = [
    [{ fact: "licence_utilisation_28d", below: 0.5 }, "licence utilisation (28 days) below 50 %"],
    [
      { fact: "licence_utilisation_28d", below: 0.5, held_for_days: 14 },
      "licence utilisation (28 days) below 50 %, for 14 days",
    ],
    [{ fact: "events_1d", at_least: 1 }, "events (1 day) at least 1 event"],
    [
      { fact: "exports_14d", above: 2, at_most: 10 },
      "exports (14 days) above 2 exports and at most 10 exports",
    ],
    [{ fact: "mrr", at_least: 1250.5 }, "mrr at least 1250.5"],
    [{ fact: "active_users_change_28d", at_most: -0.25 }, "active users change (28 days) at most -25 %"],
    [{ milestone: "go" }, 'milestone "Go-live" reached'],
    [{ milestone: "go", status: "reached_late" }, 'milestone "Go-live" reached late'],
    [{ milestone: "go", status: ["behind", "stuck"] }, 'milestone "Go-live" behind or stuck'],
    [{ stage: "young" }, "in stage First steps"],
    [{ stage: ["young", "old"], held_for_days: 30 }, "in stage First steps or Established, for 30 days"],
    [{ band: ["poor", "unknown"] }, "health poor or unknown"],
    [{ trend: "active_users_28d", direction: "falling" }, "active users (28 days) falling over 30 weeks"],
    [
      { trend: "health_score", direction: ["falling", "steady"] },
      "health score falling or steady over 30 weeks",
    ],
    [{ trend: "events_7d", measure: "value", below: 1 }, "weekly events (7 days) below 1 event"],
    [
      { trend: "events_7d", measure: "change", at_most: -0.5 },
      "week-on-week change of events (7 days) at most -50 %",
    ],
    [
      { trend: "events_7d", measure: "z", below: -2 },
      "standard deviations from the 30-week mean of events (7 days) below -2",
    ],
    [{ trend: "mrr", measure: "slope_30w", above: 0 }, "slope per week over 30 weeks of mrr above 0"],
    [
      {
        all: [{ stage: "young" }, { any: [{ band: "poor" }, { not: { milestone: "go" } }] }],
        held_for_days: 3,
      },
      'in stage First steps and (health poor or not (milestone "Go-live" reached)), for 3 days',
    ],
  ];
  it.each(table)("%j: %s", (condition, said) => {
    expect(say(condition)).toBe(said);
  });
});

describe("a condition that held, in words with the day's values", () => {
  const values = valuesOf(
    {
      licence_utilisation_28d: 0.34,
      open_tickets: 1,
      mrr: 1250.5,
      is_customer: true,
      nps_180d: -12.345,
      seats: null,
      events_28d: 0,
    },
    {
      events_7d: { value: 1, change: -0.625, z: -2.314, slope_30w: -0.04567, direction: "falling" },
      mrr: { direction: "steady" },
    },
  );

  const table: [Condition, string][] = [
    [
      { fact: "licence_utilisation_28d", below: 0.5, held_for_days: 14 },
      "licence utilisation (28 days) was 34 %, below 50 %, for 14 days",
    ],
    [{ fact: "open_tickets", at_least: 1 }, "open tickets was 1 ticket, at least 1 ticket"],
    [{ fact: "mrr", above: 1000 }, "mrr was 1250.5, above 1000"],
    [{ fact: "nps_180d", below: 0 }, "nps (180 days) was -12.3, below 0"],
    // What it equals is what it was.
    [{ fact: "is_customer", equals: true }, "is customer was yes"],
    [{ fact: "events_28d", equals: 0 }, "events (28 days) was 0 events"],
    // Nothing is told of a value that isn't there.
    [{ fact: "seats", is_missing: true }, "seats not known"],
    [{ fact: "champions", at_least: 1 }, "champions at least 1 user"],
    [{ stage: "old" }, "in stage Established"],
    [
      { trend: "events_7d", measure: "value", below: 2 },
      "weekly events (7 days) was 1 event, below 2 events",
    ],
    [
      { trend: "events_7d", measure: "change", at_most: -0.5 },
      "week-on-week change of events (7 days) was -62.5 %, at most -50 %",
    ],
    [
      { trend: "events_7d", measure: "z", below: -2 },
      "standard deviations from the 30-week mean of events (7 days) was -2.31, below -2",
    ],
    [
      { trend: "events_7d", measure: "slope_30w", below: 0 },
      "slope per week over 30 weeks of events (7 days) was -0.046, below 0",
    ],
    // Of several directions the one that it had.
    [{ trend: "events_7d", direction: ["steady", "falling"] }, "events (7 days) falling over 30 weeks"],
    // What does not hold has no value worth telling.
    [{ not: { fact: "open_tickets", above: 1 } }, "not (open tickets above 1 ticket)"],
    [
      {
        all: [
          { fact: "open_tickets", above: 0 },
          { fact: "mrr", above: 1000 },
        ],
      },
      "open tickets was 1 ticket, above 0 tickets and mrr was 1250.5, above 1000",
    ],
  ];
  it.each(table)("%j: %s", (condition, said) => {
    expect(say(condition, values)).toBe(said);
  });

  const holds: Condition = { fact: "open_tickets", at_least: 1 };
  const said = "open tickets was 1 ticket, at least 1 ticket";
  const doesNot: [what: string, Condition][] = [
    ["a number", { fact: "mrr", below: 1000 }],
    ["the bound itself, of above", { fact: "open_tickets", above: 1 }],
    ["the bound itself, of below", { fact: "open_tickets", below: 1 }],
    ["one of two bounds", { fact: "open_tickets", at_least: 0, at_most: 0.5 }],
    ["yes/no", { fact: "is_customer", equals: false }],
    ["a missing value", { fact: "seats", at_most: 9 }],
    ["a value that is there", { fact: "mrr", is_missing: true }],
    ["a value that isn't", { fact: "seats", is_missing: false }],
    ["a trend's direction", { trend: "events_7d", direction: "rising" }],
    ["a trend without a direction", { trend: "seats", direction: ["rising", "steady", "falling"] }],
    ["a trend's measure", { trend: "events_7d", measure: "z", above: -2 }],
    ["a trend's missing measure", { trend: "mrr", measure: "z", below: 9 }],
    ["`not` of what holds", { not: { fact: "mrr", above: 1000 } }],
    ["a part of all", { all: [{ stage: "old" }, { fact: "mrr", below: 1000 }] }],
    [
      "all of any",
      {
        any: [
          { fact: "seats", above: 1 },
          { fact: "mrr", below: 1 },
        ],
      },
    ],
    ["what didn't hold that day, of days", { fact: "mrr", below: 1000, held_for_days: 7 }],
  ];
  it.each(doesNot)("of any tells only what holds: not %s", (_, condition) => {
    expect(say({ any: [condition, holds] }, values)).toBe(said);
  });

  it("of any tells all that hold, and what the values can't tell", () => {
    expect(say({ any: [holds, { fact: "mrr", below: 1 }, { fact: "mrr", above: 1000 }] }, values)).toBe(
      `(${said} or mrr was 1250.5, above 1000)`,
    );
    expect(say({ any: [holds, { stage: "old" }, { milestone: "go" }, { band: "good" }] }, values)).toBe(
      `(${said} or in stage Established or milestone "Go-live" reached or health good)`,
    );
    // Whether it held on the days before is not told by this one.
    expect(say({ any: [{ not: { ...holds, held_for_days: 3 } }, { fact: "mrr", below: 1 }] }, values)).toBe(
      "not (open tickets at least 1 ticket, for 3 days)",
    );
    // Where none seems to hold, all are told rather than nothing.
    expect(
      say(
        {
          any: [
            { fact: "mrr", below: 1 },
            { fact: "seats", above: 1 },
          ],
        },
        values,
      ),
    ).toBe("(mrr was 1250.5, below 1 or seats above 1 seat)");
  });
});

describe("a value in words", () => {
  const table: [number | boolean, string, string][] = [
    [0, "tickets", "0 tickets"],
    [1, "tickets", "1 ticket"],
    [-1, "days", "-1 day"],
    [2, "tickets", "2 tickets"],
    [1.5, "users", "1.5 users"],
    [0.345, "share", "34.5 %"],
    [1, "share", "100 %"],
    [0.001, "share", "0.1 %"],
    [1 / 3, "share", "33.3 %"],
    [-0.2, "share", "-20 %"],
    [1 / 3, "", "0.33"],
    [12.5, "points", "12.5"],
    [66.666, "points −100–100", "66.7"],
    [4.256, "score 1–5", "4.26"],
    [1234.56, "money per month", "1234.6"],
    [1, "money per month", "1"],
    [true, "yes/no", "yes"],
    [0, "yes/no", "no"],
    [false, "", "no"],
  ];
  it.each(table)("%s %s is %s", (value, unit, said) => {
    expect(valueInWords(value, unit)).toBe(said);
  });

  it("of a fact's id is a label without underscores and with its days", () => {
    expect(["mrr", "events_1d", "days_to_renewal", "nps_180d", "top_3d_views"].map(label)).toEqual([
      "mrr",
      "events (1 day)",
      "days to renewal",
      "nps (180 days)",
      "top 3d views",
    ]);
  });
});
