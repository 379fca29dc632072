import { describe, expect, it } from "vitest";
import { type FactName, factNames, facts } from "../../journey/facts.js";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { accountHealth } from "../../models/health/account_health.js";
import { models } from "../../models/index.js";
import { accountMilestones } from "../../models/milestones/account_milestones.js";
import { accountStages } from "../../models/stages/account_stages.js";
import { sql } from "../../warehouse/sql.js";
import { companyOf, type Given } from "./built.js";

const accounts = [{ account_id: "a", created_on: "2024-01-01" }];
const through = "2024-02-29";
const at = (day: string) => `${day}T12:00:00Z`;
/** Required columns only, of each source that suffices beside accounts. */
const least: Record<string, Given> = {
  usage_events: { usage_events: [{ event_id: "e1", account_id: "a", occurred_at: at("2024-02-01") }] },
  tickets: { tickets: [{ ticket_id: "t1", account_id: "a", opened_at: at("2024-02-01") }] },
  survey_responses: {
    survey_responses: [{ response_id: "r1", account_id: "a", score: 9, responded_at: at("2024-02-01") }],
  },
};

describe("with accounts and one source alone", () => {
  const known: Record<string, FactName[]> = {
    usage_events: [
      "account_age_days",
      "events_1d",
      "events_7d",
      "events_28d",
      "active_days_28d",
      "days_since_last_event",
    ],
    tickets: ["account_age_days", "open_tickets", "overdue_tickets", "tickets_opened_28d"],
    survey_responses: ["account_age_days", "nps_180d", "survey_respondents_180d", "detractors_180d"],
  };
  it.each(Object.entries(least))(
    "%s: every model is built and every check holds; what is not fed is null",
    async (source, given) => {
      const built = await companyOf({ accounts, ...given }, { through });
      for (const model of models) await built.read(model);
      const [day] = await built.read(accountFacts, sql`day = date '2024-02-10'`);
      expect(factNames.filter((fact) => day?.[fact] !== null)).toEqual(known[source]);
      expect((await built.read(accountStages)).every((row) => row.stage === "onboarding")).toBe(true);
      expect(
        (await built.read(accountHealth)).map((row) => row.band).every((band) => band === "unknown"),
      ).toBe(true);
      expect((await built.read(accountLatest))[0]).toMatchObject({
        account_id: "a",
        name: "a",
        score: null,
        mrr: null,
      });
    },
  );

  it("milestones count from the account's first day", async () => {
    const built = await companyOf({ accounts, ...least.usage_events }, { through });
    const rows = await built.read(accountMilestones, sql`milestone = 'first_use'`);
    expect(rows.map((m) => [m.started_on, m.reached_on, m.days_to_reach])).toEqual([
      ["2024-01-01", "2024-02-01", 31],
    ]);
  });
});

describe("a fact is null where what it needs is not mapped, and only then", () => {
  const everything: Given = {
    accounts,
    contracts: [
      {
        contract_id: "c1",
        account_id: "a",
        starts_on: "2024-01-01",
        seats: 2,
        mrr: "10",
        renews_on: "2024-03-01",
      },
    ],
    users: [
      { user_id: "u1", account_id: "a", role: "executive", left_on: null },
      { user_id: "u2", account_id: "a", role: "champion", left_on: "2024-02-02" },
    ],
    usage_events: [
      {
        event_id: "e1",
        account_id: "a",
        user_id: "u1",
        session_id: "s1",
        event: "login",
        feature: "f1",
        occurred_at: at("2024-01-05"),
      },
      {
        event_id: "e2",
        account_id: "a",
        user_id: "u1",
        session_id: "s2",
        event: "login",
        feature: "f1",
        occurred_at: at("2024-02-01"),
      },
    ],
    tickets: [
      {
        ticket_id: "t1",
        account_id: "a",
        priority: "urgent",
        category: "billing",
        opened_at: at("2024-02-01"),
        first_replied_at: at("2024-02-01"),
        is_escalated: true,
        csat: 3,
      },
    ],
    survey_responses: [{ response_id: "r1", account_id: "a", score: 9, responded_at: at("2024-02-01") }],
    touchpoints: [{ touchpoint_id: "m1", account_id: "a", user_id: "u1", happened_at: at("2024-02-01") }],
    outcomes: [{ outcome_id: "o1", account_id: "a", confirmed_at: at("2024-02-01") }],
  };
  const nullFacts = async (given: Given): Promise<FactName[]> => {
    const [day] = await (await companyOf(given, { through })).read(
      accountFacts,
      sql`day = date '2024-02-05'`,
    );
    return factNames.filter((fact) => day?.[fact] === null);
  };
  const without = (need: string): Given => {
    const [source, column] = need.split(".") as [keyof Given, string?];
    const { [source]: rows, ...rest } = everything;
    if (column === undefined) return rest;
    return { ...rest, [source]: (rows ?? []).map(({ [column]: _, ...row }) => row) };
  };

  it("with everything mapped every fact has a value", async () => {
    // Coverage has not ended; that alone may be null.
    expect(await nullFacts(everything)).toEqual(["days_since_coverage_ended"]);
  });

  const needs = [...new Set(Object.values(facts).flatMap((fact) => fact.needs as readonly string[]))];
  it.each(needs)("without %s", async (need) => {
    const needing = factNames.filter((fact) =>
      facts[fact].needs.some((n) => n === need || n.startsWith(`${need}.`)),
    );
    expect(await nullFacts(without(need))).toEqual(
      factNames.filter((fact) => fact === "days_since_coverage_ended" || needing.includes(fact)),
    );
  });
});
