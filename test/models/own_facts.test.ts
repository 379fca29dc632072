import { describe, expect, it } from "vitest";
import { parseYaml } from "../../config/yaml.js";
import { WaymarkError } from "../../errors.js";
import { checkJourney } from "../../journey/check.js";
import { facts } from "../../journey/facts.js";
import { journeySchema } from "../../journey/journey.js";
import { accountLatest } from "../../models/accounts/account_latest.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";
import { accountTrends } from "../../models/trends/account_trends.js";
import { sql } from "../../warehouse/sql.js";
import { companyOf, type Given } from "./built.js";
import { addDays } from "./days.js";
import { contact, event, journeyText } from "./given.js";

const start = "2024-01-01";
/** The nth day: the 1st is the account's first. */
const nth = (n: number): string => addDays(start, n - 1);
const acme = { account_id: "a", created_on: start };
const fact = (id: string, more: string): string => `  - { id: ${id}, description: D, ${more} }`;
const factsText = (...facts: string[]): string => journeyText({ rest: `facts:\n${facts.join("\n")}` });

/** The values of facts on the days 1 to n, by fact. */
async function factsOf(given: Given, days: number, ...facts: string[]) {
  const built = await companyOf(
    { accounts: [acme], ...given },
    { journey: factsText(...facts), through: nth(days) },
  );
  const rows = await built.read(accountFacts);
  expect(rows.map((row) => row.day)).toEqual(Array.from({ length: days }, (_, i) => nth(i + 1)));
  return (id: string): unknown[] => rows.map((row) => (row as Record<string, unknown>)[id]);
}

describe("an own fact", () => {
  const outcome = (day: number, value: number | null, more: object = {}) => ({
    outcome_id: `o${day} ${value} ${JSON.stringify(more)}`,
    account_id: "a",
    value,
    confirmed_at: `${nth(day)}T12:00:00Z`,
    ...more,
  });

  it("counts the rows of a window that ends with the day: the first day in, the day after the last out", async () => {
    // Two on day 2, one on day 4.
    const usage_events = [event(nth(2)), event(nth(2)), event(nth(4))];
    const seen = await factsOf(
      { usage_events },
      7,
      fact("in_3", "from: usage_events, measure: count, over_days: 3"),
      fact("in_1", "from: usage_events, measure: count, over_days: 1"),
      fact("ever", "from: usage_events, measure: count"),
    );
    // Day 2 lies within the three days to 4, and not within those to 5.
    expect(seen("in_3")).toEqual([0, 2, 2, 3, 1, 1, 0]);
    expect(seen("in_1")).toEqual([0, 2, 0, 1, 0, 0, 0]);
    expect(seen("ever")).toEqual([0, 2, 2, 3, 3, 3, 3]);
  });

  it("counts days with a row, and days since the last", async () => {
    const usage_events = [event(nth(2)), event(nth(2)), event(nth(4))];
    const seen = await factsOf(
      { usage_events },
      7,
      fact("days_3", "from: usage_events, measure: days, over_days: 3"),
      fact("days_ever", "from: usage_events, measure: days"),
      fact("since", "from: usage_events, measure: days_since_last"),
    );
    expect(seen("days_3")).toEqual([0, 1, 1, 2, 1, 1, 0]);
    expect(seen("days_ever")).toEqual([0, 1, 1, 2, 2, 2, 2]);
    expect(seen("since")).toEqual([null, 0, 1, 0, 1, 2, 3]);
  });

  it("adds, averages and finds the extremes of a column, null where the window has no value", async () => {
    // 10 and −4 on day 2, 1 on day 4, and a result without a value on day 6.
    const outcomes = [outcome(2, 10), outcome(2, -4), outcome(4, 1), outcome(6, null)];
    const measures = ["sum", "average", "min", "max"];
    const seen = await factsOf(
      { outcomes },
      8,
      ...measures.map((m) => fact(m, `from: outcomes, measure: ${m}, of: value, over_days: 3`)),
      ...measures.map((m) => fact(`${m}_ever`, `from: outcomes, measure: ${m}, of: value`)),
      fact("counted", "from: outcomes, measure: count, over_days: 3"),
    );
    expect(seen("sum")).toEqual([null, 6, 6, 7, 1, 1, null, null]);
    // 7 / 3 on day 4.
    expect(seen("average")).toEqual([null, 3, 3, 7 / 3, 1, 1, null, null]);
    expect(seen("min")).toEqual([null, -4, -4, -4, 1, 1, null, null]);
    expect(seen("max")).toEqual([null, 10, 10, 10, 1, 1, null, null]);
    expect(seen("sum_ever")).toEqual([null, 6, 6, 7, 7, 7, 7, 7]);
    expect(seen("average_ever")).toEqual([null, 3, 3, 7 / 3, 7 / 3, 7 / 3, 7 / 3, 7 / 3]);
    expect(seen("min_ever")).toEqual([null, -4, -4, -4, -4, -4, -4, -4]);
    expect(seen("max_ever")).toEqual([null, 10, 10, 10, 10, 10, 10, 10]);
    // The result without a value is a row all the same.
    expect(seen("counted")).toEqual([0, 2, 2, 3, 1, 2, 1, 1]);
  });

  it("counts distinct values as long as each was seen within the window; seen again, it stays", async () => {
    // x on 2 and 4, y on 3, and once nothing.
    const usage_events = [
      event(nth(2), { feature: "x" }),
      event(nth(2), { feature: "x" }),
      event(nth(3), { feature: "y" }),
      event(nth(4), { feature: "x" }),
      event(nth(5), { feature: null }),
    ];
    const seen = await factsOf(
      { usage_events },
      8,
      fact("in_3", "from: usage_events, measure: distinct, of: feature, over_days: 3"),
      fact("in_1", "from: usage_events, measure: distinct, of: feature, over_days: 1"),
      fact("ever", "from: usage_events, measure: distinct, of: feature"),
    );
    // x counts from 2 to 6, y from 3 to 5.
    expect(seen("in_3")).toEqual([0, 1, 2, 2, 2, 1, 0, 0]);
    expect(seen("in_1")).toEqual([0, 1, 1, 1, 0, 0, 0, 0]);
    expect(seen("ever")).toEqual([0, 1, 2, 2, 2, 2, 2, 2]);
  });

  it("a value seen again on the day on which it would have left counts once", async () => {
    const usage_events = [event(nth(1), { feature: "x" }), event(nth(3), { feature: "x" })];
    const seen = await factsOf(
      { usage_events },
      6,
      fact("f", "from: usage_events, measure: distinct, of: feature, over_days: 2"),
    );
    expect(seen("f")).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it("counts only rows with the words that `where` names; one of a list is enough, null is none of them", async () => {
    const usage_events = [
      event(nth(1), { event: "export", feature: "pdf" }),
      event(nth(2), { event: "export", feature: "csv" }),
      event(nth(3), { event: "import", feature: "pdf" }),
      event(nth(4), { event: null, feature: "pdf" }),
      event(nth(5), { event: "export", feature: null }),
    ];
    const seen = await factsOf(
      { usage_events },
      5,
      fact("one", "from: usage_events, where: { event: export }, measure: count, over_days: 1"),
      fact("list", "from: usage_events, where: { event: [export, import] }, measure: count, over_days: 1"),
      fact(
        "both",
        "from: usage_events, where: { event: export, feature: pdf }, measure: count, over_days: 1",
      ),
      fact("values", "from: usage_events, where: { event: export }, measure: distinct, of: feature"),
      fact("none", "from: usage_events, where: { event: delete }, measure: count"),
      fact("never", "from: usage_events, where: { event: delete }, measure: days_since_last"),
    );
    expect(seen("one")).toEqual([1, 1, 0, 0, 1]);
    expect(seen("list")).toEqual([1, 1, 1, 0, 1]);
    expect(seen("both")).toEqual([1, 0, 0, 0, 0]);
    expect(seen("values")).toEqual([1, 2, 2, 2, 2]);
    expect(seen("none")).toEqual([0, 0, 0, 0, 0]);
    expect(seen("never")).toEqual([null, null, null, null, null]);
  });

  it("compares numbers and yes/no as what they are", async () => {
    const ticket = (day: number, more: object) => ({
      ticket_id: `t${day}`,
      account_id: "a",
      opened_at: `${nth(day)}T12:00:00Z`,
      ...more,
    });
    const tickets = [
      ticket(1, { is_escalated: true, reply_count: 0, csat: 1.5 }),
      ticket(2, { is_escalated: false, reply_count: 3, csat: 2 }),
      ticket(3, { is_escalated: null, reply_count: null, csat: null }),
    ];
    const seen = await factsOf(
      { tickets },
      3,
      fact("escalated", "from: tickets, where: { is_escalated: true }, measure: count"),
      fact("calm", "from: tickets, where: { is_escalated: false }, measure: count"),
      fact("unanswered", "from: tickets, where: { reply_count: [0, 1] }, measure: count"),
      fact("angry", "from: tickets, where: { csat: 1.5 }, measure: count"),
    );
    expect(seen("escalated")).toEqual([1, 1, 1]);
    expect(seen("calm")).toEqual([0, 1, 1]);
    expect(seen("unanswered")).toEqual([1, 1, 1]);
    expect(seen("angry")).toEqual([1, 1, 1]);
  });

  it("takes no quantity that can't be", async () => {
    const facts = [
      fact("sum", "from: usage_events, measure: sum, of: quantity, over_days: 1"),
      fact("mean", "from: usage_events, measure: average, of: quantity, over_days: 1"),
      fact("single", "from: usage_events, where: { quantity: 1 }, measure: count, over_days: 1"),
    ];
    const told = [event(nth(1), { quantity: 4 }), event(nth(1), { quantity: -5 })];
    const seen = await factsOf({ usage_events: told }, 1, ...facts);
    expect([seen("sum"), seen("mean"), seen("single")]).toEqual([[4], [4], [0]]);
  });

  it("takes a quantity that isn't told as one, mapped or not", async () => {
    const facts = [
      fact("sum", "from: usage_events, measure: sum, of: quantity, over_days: 1"),
      fact("single", "from: usage_events, where: { quantity: 1 }, measure: count, over_days: 1"),
    ];
    const told = [event(nth(1), { quantity: 5 }), event(nth(2), { quantity: null }), event(nth(2))];
    const seen = await factsOf({ usage_events: told }, 2, ...facts);
    expect([seen("sum"), seen("single")]).toEqual([
      [5, 2],
      [0, 2],
    ]);
    const unmapped = await factsOf({ usage_events: [event(nth(2))] }, 2, ...facts);
    expect([unmapped("sum"), unmapped("single")]).toEqual([
      [null, 1],
      [0, 1],
    ]);
  });

  it("asks for the role of the person; one without a role is a member, nobody known has none", async () => {
    const users = [
      { user_id: "boss", account_id: "a", role: "executive" },
      { user_id: "ann", account_id: "a", role: null },
      { user_id: "bob", account_id: "a", role: "member" },
      { user_id: "other", account_id: "b", role: "executive" },
    ];
    const by = (day: number, user_id: string | null) => event(nth(day), { user_id });
    const usage_events = [
      by(1, "boss"),
      by(2, "ann"),
      by(3, "bob"),
      by(4, "nobody"),
      by(5, null),
      by(6, "other"),
    ];
    const given = {
      accounts: [acme, { account_id: "b", created_on: nth(7) }],
      users,
      usage_events,
      touchpoints: [contact(nth(2), "call", { user_id: "boss" }), contact(nth(3), "call", { user_id: null })],
    };
    const seen = await factsOf(
      given,
      6,
      fact("executive", "from: usage_events, where: { user_role: executive }, measure: count, over_days: 1"),
      fact("member", "from: usage_events, where: { user_role: member }, measure: count, over_days: 1"),
      fact("either", "from: usage_events, where: { user_role: [executive, member] }, measure: days"),
      fact("roles", "from: usage_events, measure: distinct, of: user_role"),
      fact("all", "from: usage_events, measure: count, over_days: 1"),
      fact("met", "from: touchpoints, where: { user_role: executive }, measure: days_since_last"),
    );
    expect(seen("executive")).toEqual([1, 0, 0, 0, 0, 0]);
    expect(seen("member")).toEqual([0, 1, 1, 0, 0, 0]);
    expect(seen("either")).toEqual([1, 2, 3, 3, 3, 3]);
    expect(seen("roles")).toEqual([1, 2, 2, 2, 2, 2]);
    expect(seen("all")).toEqual([1, 1, 1, 1, 1, 1]);
    expect(seen("met")).toEqual([null, 0, 1, 2, 3, 4]);
  });

  it("is each account's own, and of rows of the account's life that can be used", async () => {
    const built = await companyOf(
      {
        accounts: [acme, { account_id: "b", created_on: nth(2) }],
        usage_events: [
          event(addDays(start, -1)),
          event(nth(1)),
          event(nth(1), { account_id: "b" }),
          event(nth(3), { account_id: "b" }),
          event(nth(3), { account_id: "nobody" }),
        ],
      },
      { journey: factsText(fact("f", "from: usage_events, measure: count")), through: nth(3) },
    );
    const rows = await built.read(accountFacts);
    expect(rows.map((row) => [row.account_id, row.day, row.f])).toEqual([
      ["a", nth(1), 1],
      ["a", nth(2), 1],
      ["a", nth(3), 1],
      ["b", nth(2), 0],
      ["b", nth(3), 1],
    ]);
  });

  it("is null where its source or a column of it is not mapped", async () => {
    const seen = await factsOf(
      { usage_events: [event(nth(1))] },
      1,
      fact("met", "from: touchpoints, measure: count"),
      fact("exported", "from: usage_events, where: { feature: export }, measure: count"),
      fact("kinds", "from: usage_events, measure: distinct, of: event"),
      fact("led", "from: usage_events, where: { user_role: executive }, measure: count"),
      fact("all", "from: usage_events, measure: count"),
    );
    expect(["met", "exported", "kinds", "led", "all"].map((id) => seen(id)[0])).toEqual([
      null,
      null,
      null,
      null,
      1,
    ]);
  });

  it("may be called what the tables on the way to the facts call something else", async () => {
    const given = {
      usage_events: [event(nth(1), { quantity: 7, event: "login" })],
      survey_responses: [
        { response_id: "r", account_id: "a", user_id: "u", score: 9, responded_at: `${nth(1)}T12:00:00Z` },
      ],
    };
    const ids = [
      "events",
      "logins",
      "sessions",
      "respondents",
      "last_event_day",
      "last_covered_day",
      "features_offered",
      "x_sum",
      "month",
      "next_day",
      "since",
    ];
    const seen = await factsOf(
      given,
      2,
      ...ids.map((id) => fact(id, "from: usage_events, measure: count")),
      fact("x", "from: usage_events, measure: average, of: quantity"),
    );
    for (const id of ids) expect([id, seen(id)]).toEqual([id, [1, 1]]);
    expect(seen("x")).toEqual([7, 7]);
    // The built-in facts are what they were.
    expect(["events_28d", "survey_respondents_180d", "nps_180d"].map((id) => seen(id)[1])).toEqual([
      7, 1, 100,
    ]);
    expect(seen("days_since_last_event")).toEqual([0, 1]);
  });
});

it("trends keep own facts apart from what they reckon with, whatever these are called", async () => {
  const ids = ["exported", "exported_mean", "exported_previous", "week", "week_number"];
  const text = journeyText({
    rest: `facts:
${ids.map((id, i) => fact(id, `from: usage_events, where: { quantity: ${i + 1} }, measure: count, over_days: 7`)).join("\n")}
trends: [${ids.join(", ")}]`,
  });
  // In each of nine weeks one event of quantity 1, two of quantity 2 and so on.
  const usage_events = Array.from({ length: 9 }, (_, week) =>
    ids.flatMap((_, i) => Array.from({ length: i + 1 }, () => event(nth(7 * week + 3), { quantity: i + 1 }))),
  ).flat();
  const built = await companyOf({ accounts: [acme], usage_events }, { journey: text, through: nth(63) });
  const rows = await built.read(accountTrends, sql`week = date '2024-02-26' and metric <> 'health_score'`);
  expect(rows.map((row) => [row.metric, row.value, row.previous, row.mean_30w, row.direction])).toEqual(
    ids.map((id, i) => [id, i + 1, i + 1, i + 1, "steady"]),
  );
});

describe("a mistake in an own fact is told with file, line, column and the nearest word", () => {
  const mistakesIn = (...facts: string[]): string[] => {
    try {
      parseYaml(
        `facts:\n${facts.join("\n")}\n${journeyText({})}`,
        "journey.yml",
        journeySchema,
        (journey) => [...checkJourney(journey), ...checkOwnFacts(journey)],
      );
    } catch (error) {
      expect(error).toBeInstanceOf(WaymarkError);
      return (error as WaymarkError).message.split("\n");
    }
    return [];
  };
  const table: [what: string, more: string, problems: string[]][] = [
    ["none", "from: usage_events, measure: sum, of: quantity", []],
    [
      "a source that isn't one",
      "from: usage_event, measure: count",
      ['journey.yml:2:30: facts.0.from: unknown value "usage_event". Did you mean "usage_events"?'],
    ],
    [
      "a measure that isn't one",
      "from: tickets, measure: avg",
      [
        'journey.yml:2:45: facts.0.measure: unknown value "avg". Known: count, days, days_since_last, sum, average, min, max, distinct.',
      ],
    ],
    [
      "a column that isn't one",
      "from: usage_events, measure: distinct, of: featur",
      ['journey.yml:2:69: usage_events has no column "featur". Did you mean "feature"?'],
    ],
    [
      "a column that isn't one, in where",
      "from: usage_events, where: { evnt: x }, measure: count",
      ['journey.yml:2:59: usage_events has no column "evnt". Did you mean "event"?'],
    ],
    [
      "no column for a measure of one",
      "from: usage_events, measure: sum",
      ["journey.yml:2:50: sum needs `of`: the column whose values it takes."],
    ],
    [
      "a column for a measure of rows",
      "from: usage_events, measure: count, of: quantity",
      ["journey.yml:2:66: count is of rows, not of a column; remove `of`."],
    ],
    [
      "a sum of words",
      "from: usage_events, measure: sum, of: feature",
      ["journey.yml:2:64: sum of feature: expected a number, but it is a string."],
    ],
    [
      "an average of instants",
      "from: tickets, measure: average, of: opened_at",
      ["journey.yml:2:63: average of opened_at: expected a number, but it is a timestamp."],
    ],
    [
      "a window for days since the last",
      "from: tickets, measure: days_since_last, over_days: 7",
      ["journey.yml:2:71: days_since_last looks at all days so far; remove over_days."],
    ],
    [
      "a word that the column never is",
      "from: tickets, where: { priority: urgnt }, measure: count",
      ['journey.yml:2:54: priority is never "urgnt". Did you mean "urgent"?'],
    ],
    [
      "a word of a list that the column never is",
      "from: tickets, where: { priority: [urgent, blocker] }, measure: count",
      ['journey.yml:2:54: priority is never "blocker". Known: low, normal, high, urgent.'],
    ],
    [
      "a role that isn't one",
      "from: usage_events, where: { user_role: champ }, measure: count",
      ['journey.yml:2:59: user_role is never "champ". Did you mean "champion"?'],
    ],
    [
      "a role of what nobody does",
      "from: outcomes, where: { user_role: champion }, measure: count",
      [
        'journey.yml:2:55: outcomes has no column "user_role". Known: outcome_id, account_id, name, value, unit, confirmed_at, loaded_at.',
      ],
    ],
    [
      "a word for a number",
      "from: usage_events, where: { quantity: many }, measure: count",
      ['journey.yml:2:59: usage_events.quantity is a number; "many" can\'t be compared with it.'],
    ],
    [
      "a number for a word",
      "from: usage_events, where: { feature: 1 }, measure: count",
      ["journey.yml:2:59: usage_events.feature is a string; 1 can't be compared with it."],
    ],
    [
      "a word for yes/no",
      'from: tickets, where: { is_escalated: "yes" }, measure: count',
      ['journey.yml:2:54: tickets.is_escalated is a boolean; "yes" can\'t be compared with it.'],
    ],
    [
      "an instant",
      "from: tickets, where: { opened_at: 2024-01-01 }, measure: count",
      ['journey.yml:2:54: tickets.opened_at is a timestamp; "2024-01-01" can\'t be compared with it.'],
    ],
    [
      "a window of no days",
      "from: tickets, measure: count, over_days: 0",
      ["journey.yml:2:61: facts.0.over_days: 0: Too small: expected number to be >=1"],
    ],
  ];
  it.each(table)("%s", (_, more, problems) => {
    expect(mistakesIn(fact("f", more))).toEqual(problems);
  });

  it("an id of a built-in fact, or of what stands beside the facts in any list of accounts", async () => {
    const problems = (id: string) => mistakesIn(fact(id, "from: tickets, measure: count"));
    for (const id of ["open_tickets", "health_score", "days_in_stage"])
      expect(problems(id)).toEqual([`journey.yml:2:7: "${id}" is a built-in fact; choose another id.`]);
    const built = await companyOf({ accounts: [acme] }, { journey: journeyText({}), through: start });
    const columns = Object.keys(accountLatest.columnsFor(built.company)).filter((id) => !(id in facts));
    expect(columns).toEqual(expect.arrayContaining(["account_id", "name", "stage", "score"]));
    for (const id of [...columns, "day", "attribute_tier"])
      expect(problems(id)).toEqual([
        `journey.yml:2:7: "${id}" is what something beside the facts is called; choose another id.`,
      ]);
  });

  it("an id used twice", () => {
    const twice = fact("f", "from: tickets, measure: count");
    expect(mistakesIn(twice, twice)).toEqual(['journey.yml:3:7: "f" is used twice; ids must be unique.']);
  });
});
