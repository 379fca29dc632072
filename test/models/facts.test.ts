import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { type FactName, facts } from "../../journey/facts.js";
import { loadJourney } from "../../journey/load.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { buildOrder } from "../../models/graph.js";
import { models } from "../../models/index.js";
import type { Company, RowOf } from "../../models/model.js";
import { mapSources } from "../../models/sources/mapping.js";
import { accountTrends } from "../../models/trends/account_trends.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { relation, sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";

/** Hand-worked days: few raw rows in, exact facts out. */
const mappings: Record<string, string> = {
  accounts: "{ table: accounts, columns: { account_id: id, created_on: since } }",
  contracts:
    "{ table: contracts, columns: { contract_id: id, account_id: account, starts_on: from_day, ends_on: to_day, seats: seats, mrr: mrr, is_trial: trial } }",
  users: "{ table: users, columns: { user_id: id, account_id: account, role: role, left_on: gone } }",
  usage_events:
    "{ table: events, columns: { event_id: id, account_id: account, user_id: who, feature: part, event: what, occurred_at: at } }",
  tickets:
    "{ table: tickets, columns: { ticket_id: id, account_id: account, priority: prio, opened_at: opened, first_replied_at: replied, resolved_at: solved, reopened_at: reopened, csat: stars } }",
  survey_responses:
    "{ table: answers, columns: { response_id: id, account_id: account, user_id: who, score: mark, responded_at: at } }",
};
const tables: Record<string, string[]> = {
  accounts: ["id", "since"],
  contracts: ["id", "account", "from_day", "to_day", "seats", "mrr", "trial"],
  users: ["id", "account", "role", "gone"],
  events: ["id", "account", "who", "part", "what", "at"],
  tickets: ["id", "account", "prio", "opened", "replied", "solved", "reopened", "stars"],
  answers: ["id", "account", "who", "mark", "at"],
};
type Raw = Partial<Record<keyof typeof tables, string[][]>>;

interface Built {
  warehouse: Warehouse;
  company: Company;
  on(day: string, account?: string): Promise<RowOf<typeof accountFacts> | undefined>;
}

async function built(raw: Raw, through: string, sources: string[] = Object.keys(mappings)): Promise<Built> {
  const warehouse = await openDuckDb({ file: ":memory:" });
  for (const [table, columns] of Object.entries(tables)) {
    const shape: Columns = Object.fromEntries(columns.map((c) => [c, { type: "string" }]));
    await warehouse.load(["main", table], shape, [
      (raw[table] ?? []).map((row) => columns.map((_, i) => row[i] ?? null)),
    ]);
  }
  const text = `company: Hand\ndata_through: ${through}\nsources:\n${sources.map((s) => `  ${s}: ${mappings[s]}`).join("\n")}\n`;
  const settings = { ...settingsSchema.parse(parse(text)), folder: "." } as Settings;
  const company: Company = {
    timeZone: "UTC",
    yesterday: through,
    dataThrough: through,
    journey: loadJourney("journey/default.yml"),
    attributes: [],
    sources: await mapSources(warehouse, settings),
  };
  for (const { model } of buildOrder(models, company)) {
    await warehouse.materialize({
      table: ["main", model.name],
      columns: model.columnsFor(company),
      query: model.query(company),
    });
  }
  return {
    warehouse,
    company,
    on: async (day, account = "a") => {
      const rows = await warehouse.query(
        sql`select * from ${relation("account_facts")}`,
        accountFacts.columns,
      );
      return rows.find((r) => r.day === day && r.account_id === account);
    },
  };
}

const account = (since: string): string[][] => [["a", since]];
const use = (id: string, day: string, who = "u1", part = "reports"): string[] => [
  id,
  "a",
  who,
  part,
  "login",
  `${day}T10:00:00Z`,
];

describe("coverage", () => {
  it("the end day is no longer covered, rows go on for 90 days, stop, and come back on return", async () => {
    const { on } = await built(
      {
        accounts: account("2024-01-01"),
        contracts: [
          ["c1", "a", "2024-01-01", "2024-02-01", "10", "99.90", "false"],
          ["c2", "a", "2024-06-01", "", "5", "10", "false"],
        ],
      },
      "2024-06-10",
      ["accounts", "contracts", "usage_events"],
    );
    expect(await on("2024-01-31")).toMatchObject({
      is_customer: true,
      seats: 10,
      mrr: "99.9",
      days_to_renewal: 1,
      days_since_coverage_ended: null,
      tenure_days: 30,
    });
    expect(await on("2024-02-01")).toMatchObject({
      is_customer: false,
      seats: null,
      mrr: null,
      days_since_coverage_ended: 0,
    });
    expect(await on("2024-04-30")).toMatchObject({ days_since_coverage_ended: 89 });
    expect(await on("2024-05-01"), "the 91st day without coverage").toBeUndefined();
    expect(await on("2024-05-31")).toBeUndefined();
    expect(await on("2024-06-01")).toMatchObject({
      is_customer: true,
      seats: 5,
      days_to_renewal: null,
      tenure_days: 152,
    });
  });

  it("overlapping contracts add up; trials cover usage but are no customers and no money", async () => {
    const { on } = await built(
      {
        accounts: account("2024-01-01"),
        contracts: [
          ["t", "a", "2024-01-01", "2024-01-15", "3", "70", "true"],
          ["c1", "a", "2024-01-15", "", "10", "100.5", "false"],
          ["c2", "a", "2024-01-20", "2024-01-22", "5", "0.25", "false"],
        ],
      },
      "2024-01-31",
      ["accounts", "contracts", "usage_events"],
    );
    expect(await on("2024-01-14")).toMatchObject({
      is_customer: false,
      is_trial: true,
      seats: null,
      mrr: null,
      tenure_days: null,
    });
    expect(await on("2024-01-21")).toMatchObject({
      is_customer: true,
      is_trial: false,
      seats: 15,
      mrr: "100.75",
      days_to_renewal: 1,
    });
    expect(await on("2024-01-22")).toMatchObject({ seats: 10, mrr: "100.5" });
  });
});

describe("usage", () => {
  it("events_28d on 2024-03-28 counts 1 to 28 March", async () => {
    const { on } = await built(
      {
        accounts: account("2024-02-01"),
        events: [use("e1", "2024-02-29"), use("e2", "2024-03-01"), use("e3", "2024-03-28")],
      },
      "2024-03-29",
      ["accounts", "usage_events"],
    );
    expect(await on("2024-03-28")).toMatchObject({
      events_28d: 2,
      events_7d: 1,
      active_days_28d: 2,
      days_since_last_event: 0,
    });
    expect(await on("2024-03-29")).toMatchObject({ events_28d: 1, events_1d: 0, days_since_last_event: 1 });
    expect(await on("2024-02-28")).toMatchObject({ events_28d: 0, days_since_last_event: null });
  });

  it("the same id with the same content is one event, with other content two", async () => {
    const { on, warehouse } = await built(
      {
        accounts: account("2024-03-01"),
        events: [use("e1", "2024-03-02"), use("e1", "2024-03-02"), use("e1", "2024-03-02", "u2")],
      },
      "2024-03-02",
      ["accounts", "usage_events"],
    );
    expect(await on("2024-03-02")).toMatchObject({ events_1d: 2, active_users_1d: 2 });
    const rows = await warehouse.query(
      sql`select defect, row_count, copies from ${relation("source_quality")} where source = 'usage_events' order by defect nulls first`,
      { defect: { type: "string" }, row_count: { type: "integer" }, copies: { type: "integer" } },
    );
    expect(rows).toEqual([
      { defect: null, row_count: 2, copies: 1 },
      { defect: "id_collision", row_count: 2, copies: 1 },
    ]);
  });

  it("distinct users and features of trailing windows equal a count by hand, whatever the visits", async () => {
    const visit = fc.record({
      day: fc.integer({ min: 0, max: 70 }),
      who: fc.integer({ min: 0, max: 4 }),
      part: fc.integer({ min: 0, max: 3 }),
    });
    const dayOf = (n: number): string => new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10);
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { maxLength: 60 }), async (visits) => {
        const { warehouse } = await built(
          {
            accounts: account("2024-01-01"),
            events: visits.map((v, i) => use(`e${i}`, dayOf(v.day), `u${v.who}`, `f${v.part}`)),
          },
          dayOf(75),
          ["accounts", "usage_events"],
        );
        const rows = await warehouse.query(
          sql`select * from ${relation("account_facts")} order by day`,
          accountFacts.columns,
        );
        const distinct = (
          pick: (v: (typeof visits)[number]) => number,
          day: number,
          window: number,
        ): number => new Set(visits.filter((v) => v.day <= day && v.day > day - window).map(pick)).size;
        expect(
          rows.map((r) => [r.active_users_1d, r.active_users_7d, r.active_users_28d, r.features_used_28d]),
        ).toEqual(
          rows.map((_, day) => [
            distinct((v) => v.who, day, 1),
            distinct((v) => v.who, day, 7),
            distinct((v) => v.who, day, 28),
            distinct((v) => v.part, day, 28),
          ]),
        );
        await warehouse.close();
      }),
      { numRuns: 8 },
    );
  }, 60_000);
});

describe("support", () => {
  const ticket = (...values: string[]): string[] => ["t1", "a", ...values];

  it("a ticket is open until solved, overdue from its seventh day, and open again when reopened", async () => {
    const { on } = await built(
      {
        accounts: account("2024-03-01"),
        tickets: [
          ticket(
            "urgent",
            "2024-03-02T09:00:00Z",
            "2024-03-02T10:00:00Z",
            "2024-03-12T09:00:00Z",
            "2024-03-20T09:00:00Z",
            "4",
          ),
        ],
      },
      "2024-03-28",
      ["accounts", "tickets"],
    );
    const open = async (day: string) => {
      const row = await on(day);
      return [row?.open_tickets, row?.overdue_tickets, row?.overdue_urgent_tickets];
    };
    expect(await open("2024-03-01")).toEqual([0, 0, 0]);
    expect(await open("2024-03-08")).toEqual([1, 0, 0]);
    expect(await open("2024-03-09")).toEqual([1, 1, 1]);
    expect(await open("2024-03-12")).toEqual([0, 0, 0]);
    expect(await open("2024-03-20")).toEqual([1, 0, 0]);
    expect(await open("2024-03-27")).toEqual([1, 1, 1]);
    expect(await on("2024-03-02")).toMatchObject({ replied_within_24h_share_28d: null, csat_90d: null });
    expect(await on("2024-03-12")).toMatchObject({ replied_within_24h_share_28d: 1, csat_90d: 4 });
  });

  it("clocks that contradict each other time nothing, and are told", async () => {
    const { on, warehouse } = await built(
      {
        accounts: account("2024-03-01"),
        tickets: [ticket("high", "2024-03-02T09:00:00Z", "2024-03-01T09:00:00Z")],
      },
      "2024-03-05",
      ["accounts", "tickets"],
    );
    expect(await on("2024-03-05")).toMatchObject({
      open_tickets: 1,
      tickets_opened_28d: 1,
      replied_within_24h_share_28d: null,
    });
    const [row] = await warehouse.query(
      sql`select defects, is_usable, first_reply_hours from ${relation("stg_tickets")}`,
      { defects: { type: "string" }, is_usable: { type: "boolean" }, first_reply_hours: { type: "number" } },
    );
    expect(row).toEqual({ defects: "reply_before_opening", is_usable: true, first_reply_hours: null });
  });
});

describe("voice", () => {
  it("NPS is of each user's latest answer within 180 days, and null without any", async () => {
    const { on } = await built(
      {
        accounts: account("2024-01-01"),
        answers: [
          ["r1", "a", "u1", "10", "2024-01-10T10:00:00Z"],
          ["r2", "a", "u2", "3", "2024-01-10T11:00:00Z"],
          ["r3", "a", "u2", "9", "2024-02-01T10:00:00Z"],
          ["r4", "a", "u3", "11", "2024-02-01T10:00:00Z"],
        ],
      },
      "2024-08-01",
      ["accounts", "survey_responses"],
    );
    expect(await on("2024-01-09")).toMatchObject({ nps_180d: null, survey_respondents_180d: 0 });
    expect(await on("2024-01-10")).toMatchObject({
      nps_180d: 0,
      survey_respondents_180d: 2,
      detractors_180d: 1,
    });
    expect(await on("2024-02-01")).toMatchObject({
      nps_180d: 100,
      survey_respondents_180d: 2,
      detractors_180d: 0,
    });
    expect(await on("2024-07-07"), "the last day of u1's 180").toMatchObject({ survey_respondents_180d: 2 });
    expect(await on("2024-07-08")).toMatchObject({ survey_respondents_180d: 1 });
    expect(await on("2024-07-30")).toMatchObject({ nps_180d: null, survey_respondents_180d: 0 });
  });
});

describe("what is missing", () => {
  it.each([["usage_events"], ["tickets"], ["survey_responses"]])(
    "accounts and %s alone build; facts of the rest are null",
    async (only) => {
      const { on, company } = await built(
        {
          accounts: account("2024-03-01"),
          events: [use("e", "2024-03-02")],
          tickets: [["t", "a", "low", "2024-03-02T09:00:00Z"]],
          answers: [["r", "a", "u", "9", "2024-03-02T09:00:00Z"]],
        },
        "2024-03-10",
        ["accounts", only],
      );
      const row = await on("2024-03-10");
      for (const [fact, { needs }] of Object.entries(facts)) {
        const isFed = (needs as readonly string[]).every(
          (need) =>
            need.split(".")[0] === only &&
            (need === only ||
              need.slice(only.length + 1) in (company.sources[only as "tickets"]?.columns ?? {})),
        );
        if (!isFed) expect(row?.[fact as FactName], fact).toBeNull();
      }
      expect(row?.account_age_days).toBe(9);
    },
  );

  it("without contracts onboarding begins with the account, and nobody is taken for a prospect or as churned", async () => {
    const { warehouse } = await built(
      { accounts: account("2024-03-01"), events: [use("e", "2024-03-02")] },
      "2024-03-10",
      ["accounts", "usage_events"],
    );
    const [stage] = await warehouse.query(sql`select stage, is_stuck from ${relation("account_latest")}`, {
      stage: { type: "string" },
      is_stuck: { type: "boolean" },
    });
    expect(stage).toEqual({ stage: "onboarding", is_stuck: false });
    const [milestone] = await warehouse.query(
      sql`select status, days_to_reach from ${relation("account_milestones")} where milestone = 'first_use'`,
      { status: { type: "string" }, days_to_reach: { type: "integer" } },
    );
    expect(milestone).toEqual({ status: "reached_on_time", days_to_reach: 1 });
  });

  it("too little evidence gives no score, however good it is", async () => {
    const { warehouse } = await built(
      {
        accounts: account("2024-01-01"),
        tickets: [
          ["t", "a", "low", "2024-03-02T09:00:00Z", "2024-03-02T09:10:00Z", "2024-03-02T09:20:00Z", "", "5"],
        ],
      },
      "2024-03-10",
      ["accounts", "tickets"],
    );
    const [row] = await warehouse.query(
      sql`select score, band, coverage from ${relation("account_latest")}`,
      { score: { type: "number" }, band: { type: "string" }, coverage: { type: "number" } },
    );
    expect(row).toMatchObject({ score: null, band: "unknown" });
    expect(row?.coverage).toBeCloseTo(2 / 14, 12);
  });
});

describe("trends", () => {
  it("mean, z and slope equal the textbook's, of complete weeks only", async () => {
    const perWeek = [3, 5, 4, 6, 8, 7, 9, 8, 10, 12];
    const monday = (week: number): string =>
      new Date(Date.UTC(2024, 0, 1 + 7 * week)).toISOString().slice(0, 10);
    const events = perWeek.flatMap((n, week) =>
      Array.from({ length: n }, (_, i) => use(`e${week}-${i}`, monday(week))),
    );
    // Tuesday of the eleventh week: that week runs and has no row.
    const { warehouse } = await built(
      { accounts: account("2024-01-01"), events: [...events, use("late", "2024-03-11")] },
      "2024-03-12",
      ["accounts", "usage_events"],
    );
    const rows = await warehouse.query(
      sql`select * from ${relation("account_trends")} where metric = 'events_7d' order by week`,
      accountTrends.columns,
    );
    expect(rows.map((r) => r.value)).toEqual(perWeek);
    const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
    const before = perWeek.slice(0, 9);
    const sd = Math.sqrt(before.reduce((s, x) => s + (x - mean(before)) ** 2, 0) / (before.length - 1));
    const xs = perWeek.map((_, i) => i);
    const slope =
      xs.reduce((s, x, i) => s + (x - mean(xs)) * ((perWeek[i] ?? 0) - mean(perWeek)), 0) /
      xs.reduce((s, x) => s + (x - mean(xs)) ** 2, 0);
    const last = rows.at(-1);
    expect(last).toMatchObject({ previous: 10, direction: "rising" });
    expect(last?.change).toBeCloseTo(0.2, 12);
    expect(last?.mean_30w).toBeCloseTo(mean(before), 12);
    expect(last?.z).toBeCloseTo((12 - mean(before)) / sd, 9);
    expect(last?.slope_30w).toBeCloseTo(slope, 9);
    expect(rows[7]).toMatchObject({ mean_30w: null, z: null });
    expect(rows[6]).toMatchObject({ slope_30w: null, direction: null });
  });
});
