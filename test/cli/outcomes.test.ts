import { describe, expect, it } from "vitest";
import { cohortsInWords, retentionInWords } from "../../cli/commands/retention.js";
import { survivalInWords } from "../../cli/commands/survival.js";
import type { RetentionRow } from "../../schema/retention.js";

/** The cells of a table's lines, without its frame. */
const cellsOf = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("│"))
    .map((line) =>
      line
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const row = (more: Partial<RetentionRow>): RetentionRow => ({
  from: "2024-04-01",
  to: "2024-07-01",
  segment: null,
  region: null,
  cohort: null,
  customers: 40,
  churned: 1,
  churnRate: 0.025,
  arrived: 3,
  reactivated: 0,
  mrr: "4000",
  churnedMrr: "100",
  contractionMrr: "20",
  expansionMrr: "320",
  arrivedMrr: "300",
  reactivatedMrr: null,
  netRevenueRetention: 1.05,
  grossRevenueRetention: 0.97,
  unpriced: 0,
  ...more,
});

describe("retention in words", () => {
  it("has a line for each period, a dash where there is no rate, and says whom the money leaves out", () => {
    const text = retentionInWords(
      [
        row({ unpriced: 2 }),
        row({
          from: "2024-07-01",
          customers: 0,
          churned: 0,
          churnRate: null,
          mrr: null,
          churnedMrr: null,
          contractionMrr: null,
          expansionMrr: null,
          netRevenueRetention: null,
          grossRevenueRetention: null,
          unpriced: 1,
        }),
      ],
      "quarter",
    );
    expect(cellsOf(text)).toEqual([
      "quarter|customers|churned|churn|new|back|MRR|left|less|more|net retention|gross retention".split("|"),
      "2024 Q2|40|1|2.5 %|3|0|4000|100|20|320|105.0 %|97.0 %".split("|"),
      "2024 Q3|0|0|–|3|0|||||–|–".split("|"),
    ]);
    expect(text).toContain("not known at both ends: 3 over all rows");
    expect(retentionInWords([row({})], "quarter")).not.toContain("not known");
  });

  it("names the groups it tells apart, those without a name by a dash", () => {
    const rows = [
      row({ segment: "small", cohort: "2023-01-01" }),
      row({ cohort: "2024-01-01", from: "2024-01-01" }),
    ];
    expect(cellsOf(retentionInWords(rows, "year", ["segment", "cohort"])).map((c) => c.slice(0, 4))).toEqual([
      ["year", "segment", "since", "customers"],
      ["2024", "small", "2023", "40"],
      ["2024", "–", "2024", "40"],
    ]);
  });

  it("shows the triangle as a line for each cohort and a column for each age", () => {
    const cell = (cohort: string, age: number, share: number) => ({
      cohort,
      age,
      day: "2024-12-01",
      size: 8,
      customers: 8 * share,
      share,
      mrr: null,
    });
    const text = cohortsInWords(
      [cell("2024-10-01", 0, 1), cell("2024-10-01", 1, 0.875), cell("2024-11-01", 0, 0.5)],
      "month",
    );
    expect(cellsOf(text)).toEqual([
      ["since", "customers", "+0", "+1"],
      ["2024-10", "8", "100 %", "88 %"],
      ["2024-11", "8", "50 %", ""],
    ]);
    expect(cohortsInWords([], "month")).toContain("(no rows)");
  });
});

describe("survival in words", () => {
  const median = { value: 400, from: 350, to: null, why: null };
  const small = {
    group: "small",
    customers: 1200,
    churned: 700,
    medianDays: median,
    steps: [
      { group: "small", day: 0, atRisk: 1200, share: 1, from: null, to: null },
      { group: "small", day: 90, atRisk: 1100, share: 0.904, from: 0.88, to: 0.921 },
    ],
  };
  const withheld = {
    group: null,
    customers: 3,
    churned: 1,
    medianDays: { value: null, from: null, to: null, why: "fewer than 5 customers" },
    steps: [],
  };

  it("shows medians, curves side by side, and says of small groups only how many they are", () => {
    const text = survivalInWords(
      {
        groups: [
          withheld,
          small,
          { ...small, group: "large", steps: small.steps.slice(0, 1), medianDays: { ...median, to: 500 } },
        ],
        difference: { statistic: 12.345, degreesOfFreedom: 1, p: 0.00045, why: null },
      },
      "segment",
    );
    expect(cellsOf(text)).toEqual([
      ["segment", "customers", "churned", "half have left after"],
      ["–", "3", "1", "fewer than 5 customers"],
      ["small", "1200", "700", "400 days (350 or more)"],
      ["large", "1200", "700", "400 days (350 to 500)"],
      ["days", "small", "large"],
      ["0", "100 % [1,200]", "100 % [1,200]"],
      ["90", "90 % (88 to 92) [1,100]", ""],
    ]);
    expect(text).toContain(
      "The groups differ by more than chance: log-rank chi-square 12.35 on 1, p under 0.001. That is association, not cause.",
    );
  });

  it("begins each line with the days, also where groups are years", () => {
    const none = { statistic: null, degreesOfFreedom: null, p: null, why: "nobody has left" };
    const text = survivalInWords({ groups: [{ ...small, group: "2024" }], difference: none }, "start-year");
    expect(cellsOf(text)).toContainEqual(["days", "2024"]);
  });

  it("says why groups can't be told apart, asks no test of one group, and is clear without customers", () => {
    const none = { statistic: null, degreesOfFreedom: null, p: null, why: "nobody has left" };
    expect(survivalInWords({ groups: [small], difference: none }, "region")).toContain(
      "Whether the groups differ can't be said: nobody has left.",
    );
    const alike = { statistic: 0.2, degreesOfFreedom: 2, p: 0.9048, why: null };
    expect(survivalInWords({ groups: [small], difference: alike }, "region")).toContain(
      "The groups differ by no more than chance may make them: log-rank chi-square 0.20 on 2, p 0.905.",
    );
    const alone = survivalInWords({ groups: [{ ...small, group: null }], difference: none });
    expect(alone).not.toContain("differ");
    expect(cellsOf(alone)[0]).toEqual(["customers", "churned", "half have left after"]);
    expect(survivalInWords({ groups: [], difference: none })).toBe("There are no customers to follow.");
  });
});
