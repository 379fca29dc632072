import { describe, expect, it } from "vitest";
import { bandRisk } from "../../models/warnings/band_risk.js";
import { earlyWarnings } from "../../models/warnings/early_warnings.js";
import { companyOf, type Given } from "./built.js";
import { daysOf } from "./days.js";
import { event, journeyText, paid } from "./given.js";

const account = (account_id: string, created_on = "2024-01-01") => ({ account_id, created_on });
/** Points are ten times the day's events: 3 is poor, 6 average, 9 good. */
const using = (account_id: string, quantity: number, ...days: string[]) =>
  days.map((day) => event(day, { account_id, quantity }));
const monthEnds = ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"];

describe("the risk of a band", () => {
  const riskOf = async (given: Given, through: string) => {
    const rows = await (await companyOf(given, { journey: journeyText({}), through })).read(bandRisk);
    return Object.fromEntries(rows.map((row) => [row.band, row]));
  };

  it("is the share of those gone 90 days after a month's end, drawn to that of all", async () => {
    const given = {
      accounts: ["kept", "lost", "back", "trial"].map((id) => account(id)),
      contracts: [
        paid("2024-01-01", null, { account_id: "kept" }),
        // Gone by 30 April, 90 days after 31 January.
        paid("2024-01-01", "2024-03-01", { account_id: "lost" }),
        // A lapse that is over on 30 April; it was no customer on 29 February.
        paid("2024-01-01", "2024-02-10", { account_id: "back" }),
        paid("2024-04-30", null, { account_id: "back" }),
        paid("2024-01-01", null, { account_id: "trial", is_trial: true }),
      ],
      usage_events: [
        ...using("kept", 9, "2024-01-31"),
        ...using("kept", 6, "2024-02-29"),
        ...using("lost", 3, "2024-01-31", "2024-02-29"),
        ...using("back", 9, "2024-01-31"),
        // Good health in the middle of a month, and at an end that lies less than 90 days back.
        ...using("kept", 9, "2024-02-15", "2024-03-31"),
      ],
    };
    // 29 February + 90 days = 29 May: 31 January and 29 February are known.
    const on = await riskOf(given, "2024-05-29");
    // good: kept and back on 31 January. average: kept on 29 February. poor: lost on both, gone 90 days after each.
    // All: 5, of which 2 churned.
    const share = 2 / 5;
    expect(on).toEqual({
      good: { band: "good", accounts: 2, churned: 0, churn_risk_90d: (0 + 10 * share) / (2 + 10) },
      average: { band: "average", accounts: 1, churned: 0, churn_risk_90d: (0 + 10 * share) / (1 + 10) },
      poor: { band: "poor", accounts: 2, churned: 2, churn_risk_90d: (2 + 10 * share) / (2 + 10) },
      unknown: { band: "unknown", accounts: 0, churned: 0, churn_risk_90d: share },
    });
    // A day less, and 29 February is not yet known; poor on 31 January alone.
    const before = await riskOf(given, "2024-05-28");
    expect(before.poor).toEqual({
      band: "poor",
      accounts: 1,
      churned: 1,
      churn_risk_90d: (1 + 10 * (1 / 3)) / 11,
    });
    expect(before.average).toMatchObject({ accounts: 0, churned: 0, churn_risk_90d: 1 / 3 });
  });

  it("is not known before a month lies 90 days back, nor where no contracts are mapped", async () => {
    const given = {
      accounts: [account("a")],
      contracts: [paid("2024-01-01")],
      usage_events: using("a", 9, ...monthEnds),
    };
    const nothing = { accounts: 0, churned: 0, churn_risk_90d: null };
    const none = Object.fromEntries(
      ["poor", "average", "good", "unknown"].map((band) => [band, { band, ...nothing }]),
    );
    expect(await riskOf(given, "2024-04-29")).toEqual(none);
    const { contracts: _, ...withoutContracts } = given;
    expect(await riskOf(withoutContracts, "2024-06-30")).toEqual(none);
    expect((await riskOf(given, "2024-04-30")).good).toEqual({
      band: "good",
      accounts: 1,
      churned: 0,
      churn_risk_90d: 0,
    });
  });
});

describe("early warnings", () => {
  const through = "2024-06-30";
  const signals = `signals:
  - { id: idle, name: I, kind: negative, severity: low, for_days: 10, when: { fact: days_since_last_event, at_least: 1 } }
  - { id: never, name: N, kind: negative, severity: high, when: { fact: events_28d, equals: 0 } }
  - { id: seen, name: S, kind: positive, severity: high, when: { fact: events_1d, at_least: 1 } }`;
  const warningsOf = async (given: Given, journey = journeyText({ rest: signals })) =>
    (await companyOf(given, { journey, through })).read(earlyWarnings);

  it("are the customers with an open negative signal, with the worst of them and since when", async () => {
    const given = {
      accounts: ["idle", "gone", "well", "prospect", "trial", "former", "nobody"].map((id) => account(id)),
      contracts: [
        paid("2024-01-01", null, { account_id: "idle", mrr: "120.5", is_trial: false }),
        paid("2024-01-01", null, { account_id: "gone", mrr: null }),
        paid("2024-01-01", null, { account_id: "well", mrr: "900" }),
        paid("2024-01-01", null, { account_id: "trial", mrr: "900", is_trial: true }),
        paid("2024-01-01", "2024-06-01", { account_id: "former", mrr: "900" }),
      ],
      usage_events: [
        // Idle from 11 June on, so for ten days on the 20th.
        ...using("idle", 1, "2024-06-10"),
        // Idle from 2 May on; none in the 28 days to 29 May.
        ...using("gone", 1, "2024-05-01"),
        ...using("well", 9, "2024-06-30"),
        ...using("prospect", 1, "2024-05-01"),
        ...using("trial", 1, "2024-05-01"),
        ...using("former", 1, "2024-05-01"),
      ],
    };
    // On the ends of January to March four customers stood in the poor band, and none was gone 90 days later
    // but the former: 31 March + 90 days = 29 June, after 1 June. 12 landmarks, 1 churned, all of the poor band.
    const risk = (1 + 10 * (1 / 12)) / (12 + 10);
    const rows = await warningsOf(given);
    expect(rows).toEqual([
      {
        account_id: "gone",
        mrr: null,
        band: "poor",
        churn_risk_90d: risk,
        mrr_at_stake: null,
        negative_signals: 2,
        worst_severity: "high",
        warned_since: "2024-05-11",
        is_health_falling: false,
      },
      {
        account_id: "idle",
        mrr: "120.5",
        band: "poor",
        churn_risk_90d: risk,
        mrr_at_stake: 120.5 * risk,
        negative_signals: 1,
        worst_severity: "low",
        warned_since: "2024-06-20",
        is_health_falling: false,
      },
    ]);
  });

  it("rank by the money at stake: MRR times the churn risk of the band", async () => {
    const given = {
      accounts: ["lost", "small", "big", "rich"].map((id) => account(id)),
      contracts: [
        paid("2024-01-01", "2024-03-01", { account_id: "lost", mrr: "10" }),
        paid("2024-01-01", null, { account_id: "small", mrr: "100" }),
        paid("2024-01-01", null, { account_id: "big", mrr: "1000" }),
        paid("2024-01-01", null, { account_id: "rich", mrr: "1200" }),
      ],
      usage_events: [
        ...using("small", 3, "2024-06-30"),
        ...using("big", 3, "2024-06-30"),
        ...using("rich", 9, ...monthEnds),
      ],
    };
    const journey = journeyText({
      rest: `signals: [{ id: all, name: A, kind: negative, when: { fact: is_customer, equals: true } }]`,
    });
    const rows = await warningsOf(given, journey);
    // poor: small and big on three ends, lost on two, and lost churned after both. good: rich on three.
    const share = 2 / 11;
    const poor = (2 + 10 * share) / (8 + 10);
    const good = (0 + 10 * share) / (3 + 10);
    const ranked = [...rows].sort((a, b) => (b.mrr_at_stake ?? 0) - (a.mrr_at_stake ?? 0));
    // The richest, in good health, stands behind the poor one with less.
    expect(ranked.map((row) => [row.account_id, row.mrr_at_stake])).toEqual([
      ["big", 1000 * poor],
      ["rich", 1200 * good],
      ["small", 100 * poor],
    ]);
  });

  it("are also customers without a signal whose health falls over the last complete weeks", async () => {
    // Scores on the Sundays from 7 January on: 100, 90 …; of another account the other way; 50 on all of a third.
    const sundays = daysOf("2024-01-01", "2024-03-10").filter((_, i) => i % 7 === 6);
    const given = {
      accounts: [account("falls"), account("rises"), account("prospect"), account("steady")],
      contracts: [
        paid("2024-01-01", null, { account_id: "falls" }),
        paid("2024-01-01", null, { account_id: "rises" }),
        paid("2024-01-01", null, { account_id: "steady" }),
      ],
      usage_events: sundays.flatMap((day, i) => [
        ...using("falls", 10 - i, day),
        ...using("prospect", 10 - i, day),
        ...using("rises", i, day),
        ...using("steady", 5, day),
      ]),
    };
    const on = async (day: string) => {
      const built = await companyOf(given, { journey: journeyText({}), through: day });
      return (await built.read(earlyWarnings)).map((row) => [
        row.account_id,
        row.is_health_falling,
        row.negative_signals,
        row.worst_severity,
        row.warned_since,
      ]);
    };
    const falls = ["falls", true, 0, null, null];
    expect(await on("2024-02-24")).toEqual([]);
    // The eighth Sunday is the first with a direction.
    expect(await on("2024-02-25")).toEqual([falls]);
    expect(await on("2024-03-02")).toEqual([falls]);
  });

  it("without contracts are of every account, with no risk to tell", async () => {
    const rows = await warningsOf({ accounts: [account("a")], usage_events: using("a", 9, "2024-05-01") });
    expect(rows).toMatchObject([
      {
        account_id: "a",
        mrr: null,
        band: "poor",
        churn_risk_90d: null,
        mrr_at_stake: null,
        negative_signals: 2,
      },
    ]);
  });
});
