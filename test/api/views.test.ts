import "reflect-metadata";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { locateIn, readSnapshots } from "../../jobs/ledger.js";
import { attributeColumn } from "../../models/sources/source.js";
import { name, relation, type Sql, sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany, type Client, clientOf } from "./company.js";

let warehouse: Warehouse;
let client: Client;
beforeAll(async () => {
  warehouse = await builtCompany();
  client = await clientOf(warehouse);
});
afterAll(async () => {
  await client?.server.close();
  await warehouse?.close();
});

// biome-ignore lint/suspicious/noExplicitAny: rows have the shape of whatever is asked
type Rows = any[];

/** The rows of a question with one root field, which costs one statement. */
async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Rows> {
  const { data, errors } = await client.ask(query, variables);
  expect(errors).toEqual([]);
  expect(client.statements()).toBe(1);
  return Object.values(data as Record<string, Rows>)[0] as Rows;
}

const refusal = async (query: string): Promise<string> => {
  const { errors } = await client.ask(query);
  return `${errors[0]?.extensions.code}: ${errors[0]?.message}`;
};

/** Rows of SQL written by hand over the published tables. */
async function byHand<C extends Columns>(statement: Sql, columns: C) {
  const [snapshot] = await readSnapshots(warehouse, 1);
  return warehouse.query(statement, columns, { locate: locateIn(snapshot?.tables ?? {}) });
}
const health = relation("account_health");
const latest = relation("account_latest");

// 2025-12-31 is a Wednesday: the last complete week is that of 2025-12-22.
describe("a view", () => {
  it("tells the 30-week trend by segment as SQL written by hand does", async () => {
    const rows = await ask(`{
      health(range: { last: { weeks: 30 } }) {
        week: period(grain: WEEK) segment averageScore accounts atRisk: accounts(band: POOR)
      }
    }`);
    const expected = await byHand(
      sql`
select cast(date_trunc('week', h.day) as date) as week, a.segment as segment, avg(h.score) as averageScore,
  count(*) as accounts, count(*) filter (where h.band = 'poor') as atRisk
from ${health} as h
inner join ${latest} as a on a.account_id = h.account_id
where dayofweek(h.day) = 0 and h.day between date '2025-06-08' and date '2025-12-28'
group by 1, 2
order by 1, 2 nulls last`,
      {
        week: { type: "date" },
        segment: { type: "string" },
        averageScore: { type: "number" },
        accounts: { type: "integer" },
        atRisk: { type: "integer" },
      },
    );
    expect(new Set(rows.map((r) => r.week)).size).toBe(30);
    expect(rows).toEqual(closeTo(expected));
  });

  it("is one row of totals without dimensions, of the last day where nothing is said", async () => {
    const [row, ...more] = await ask("{ health { accounts averageScore } }");
    expect(more).toEqual([]);
    const [expected] = await byHand(
      sql`select count(*) as accounts, avg(score) as averageScore from ${health} where day = date '2025-12-31'`,
      { accounts: { type: "integer" }, averageScore: { type: "number" } },
    );
    expect([row]).toEqual(closeTo([expected as object]));
  });

  it("is one row, too, where neither dimensions nor measures are selected", async () => {
    for (const field of ["health", "revenue", "usage", "tasks"])
      expect(await ask(`{ ${field} { __typename } }`)).toHaveLength(1);
    expect(await ask("{ health { segment accounts @skip(if: true) } }")).toHaveLength(3);
  });

  it("takes fragments, aliases, directives and variables as any GraphQL field does", async () => {
    const query = `
      query Trend($grain: Grain!, $band: Band, $with: Boolean!, $segments: [String!]) {
        health(range: { last: { months: 2 } }, where: { segment: { in: $segments } }) {
          ...Group
          ... on HealthView { n: accounts(band: $band) all: accounts(band: null) }
          averageScore @include(if: $with)
          averageCoverage @skip(if: $with)
        }
      }
      fragment Group on HealthView { __typename month: period(grain: $grain) again: period(grain: $grain) segment }`;
    const rows = await ask(query, { grain: "MONTH", band: "POOR", with: true, segments: ["enterprise"] });
    expect(rows.map((r) => [r.__typename, r.month, r.again, r.segment])).toEqual([
      ["HealthView", "2025-11-01", "2025-11-01", "enterprise"],
      ["HealthView", "2025-12-01", "2025-12-01", "enterprise"],
    ]);
    for (const row of rows) {
      expect(row.all).toBeGreaterThan(row.n);
      expect(Object.keys(row).sort()).toEqual(
        ["__typename", "again", "all", "averageScore", "month", "n", "segment"].sort(),
      );
    }
  });

  it("groups by the company's own attributes", async () => {
    const rows = await ask(`{ health { tier: attribute(name: "tier") accounts } }`);
    const expected = await byHand(
      sql`select a.${name(attributeColumn("tier"))} as tier, count(*) as accounts from ${health} as h
        inner join ${latest} as a on a.account_id = h.account_id where h.day = date '2025-12-31'
        group by 1 order by 1 nulls last`,
      { tier: { type: "string" }, accounts: { type: "integer" } },
    );
    expect(rows).toEqual(expected);
    expect(rows.length).toBeGreaterThan(1);
    expect(await refusal(`{ health { attribute(name: "teir") accounts } }`)).toBe(
      'BAD_USER_INPUT: health: accounts have no attribute "teir". Did you mean "tier"?',
    );
  });

  it("compares with periods before, group by group, also where a value is null", async () => {
    const rows = await ask(`{
      revenue(range: { last: { months: 4 } }) {
        period(grain: MONTH) region mrr customers
        previous { mrr seats } year: previous(periods: 3) { mrr }
      }
    }`);
    const all = await ask(
      `{ revenue(range: { last: { months: 9 } }) { period(grain: MONTH) region mrr seats } }`,
    );
    const at = (month: string, region: string | null) =>
      all.find((r) => r.period === month && r.region === region);
    const monthBefore = (month: string, n: number): string => {
      const date = new Date(`${month}T00:00:00Z`);
      date.setUTCMonth(date.getUTCMonth() - n);
      return date.toISOString().slice(0, 10);
    };
    expect([...new Set(rows.map((r) => r.period))]).toEqual([
      "2025-09-01",
      "2025-10-01",
      "2025-11-01",
      "2025-12-01",
    ]);
    for (const row of rows) {
      expect(row.mrr).toBe(at(row.period, row.region)?.mrr);
      const last = at(monthBefore(row.period, 1), row.region);
      expect(row.previous).toEqual({ mrr: last?.mrr ?? null, seats: last?.seats ?? null });
      expect(row.year).toEqual({ mrr: at(monthBefore(row.period, 3), row.region)?.mrr ?? null });
    }
  });

  it("counts of a period that is cut the days asked for alone, whatever it is compared with", async () => {
    const of = (fields: string) =>
      ask(
        `{ usage(range: { from: "2025-12-10", to: "2025-12-23", running: true }) { period(grain: WEEK) events ${fields} } }`,
      );
    const [whole] = await ask(
      `{ usage(range: { from: "2025-12-01", to: "2025-12-08" }) { period(grain: WEEK) events } }`,
    );
    const alone = await of("");
    const compared = await of("previous { events }");
    expect(compared.map(({ previous, ...row }) => row)).toEqual(alone);
    expect(compared.map(({ previous }) => previous)).toEqual(
      [whole, ...alone.slice(0, -1)].map(({ events }) => ({ events })),
    );
  });

  it("has shares that add up to one in each period, and running sums that end with the total", async () => {
    const rows = await ask(`{
      support(range: { last: { weeks: 6 } }) {
        week: period(grain: WEEK) channel opened part: share(of: OPENED) sofar: cumulative(of: OPENED)
      }
    }`);
    for (const week of new Set(rows.map((r) => r.week))) {
      const group = rows.filter((r) => r.week === week);
      expect(group.reduce((sum, r) => sum + r.part, 0)).toBeCloseTo(1, 12);
    }
    for (const channel of new Set(rows.map((r) => r.channel))) {
      const group = rows.filter((r) => r.channel === channel);
      expect(group.at(-1).sofar).toBe(group.reduce((sum, r) => sum + r.opened, 0));
    }
    // Groups that `having` leaves out stay in the total.
    const some = await ask(`{
      support(range: { last: { weeks: 6 } }, having: { opened: { gt: 3 } }) {
        week: period(grain: WEEK) channel opened part: share(of: OPENED) sofar: cumulative(of: OPENED)
      }
    }`);
    expect(some).toEqual(rows.filter((r) => r.opened > 3));
  });

  it("tells by what is nested whether the group had rows then, also where no measure is asked of it", async () => {
    const rows = await ask(`{
      support(range: { last: { weeks: 6 } }) {
        week: period(grain: WEEK) accountId
        before: previous { opened } had: previous { __typename } long: previous(periods: 30) { __typename ...m }
      }
    } fragment m on SupportView { was: opened @include(if: false) }`);
    const had = rows.map(({ before }) => (before === null ? null : { __typename: "SupportView" }));
    expect(new Set(had.map((h) => h === null))).toEqual(new Set([true, false]));
    expect(rows.map((r) => r.had)).toEqual(had);
    expect(new Set(rows.map((r) => r.long === null))).toEqual(new Set([true, false]));
    expect(await refusal("{ support { previous { __typename } } }")).toContain("has nothing before it");
  });

  it("answers by whatever alias, also one that objects have a meaning for", async () => {
    const rows = await ask(`{
      health(range: { last: { months: 3 } }) {
        month: period(grain: MONTH) accounts before: previous { accounts }
        __proto__: accounts constructor: previous { __proto__: accounts }
      }
    }`);
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      const told = new Map(Object.entries(row));
      expect(told.get("__proto__")).toBe(row.accounts);
      expect(Object.values(row.constructor)).toEqual([row.before.accounts]);
    }
  });

  it("tells levels of the last day of each period, and never adds days up", async () => {
    const rows = await ask(
      `{ usage(range: { last: { months: 3 } }) { period(grain: MONTH) events activeUsers28d accounts } }`,
    );
    const facts = relation("account_facts");
    const expected = await byHand(
      sql`
select cast(date_trunc('month', day) as date) as period, cast(sum(events_1d) as double) as events,
  cast(sum(active_users_28d) filter (where day = last_day(day)) as double) as activeUsers28d,
  count(*) filter (where day = last_day(day)) as accounts
from ${facts} where day >= date '2025-10-01' group by 1 order by 1`,
      {
        period: { type: "date" },
        events: { type: "number" },
        activeUsers28d: { type: "number" },
        accounts: { type: "integer" },
      },
    );
    expect(rows).toEqual(expected);
    expect(rows).toHaveLength(3);
  });

  it("has complete periods alone, and the running one where it is asked for", async () => {
    const weeks = async (range: string): Promise<string[]> =>
      (await ask(`{ health(range: ${range}) { period(grain: WEEK) accounts } }`)).map((r) => r.period);
    expect(await weeks("{ last: { weeks: 2 } }")).toEqual(["2025-12-15", "2025-12-22"]);
    expect(await weeks("{ last: { weeks: 2 }, running: true }")).toEqual(["2025-12-22", "2025-12-29"]);
    expect(await weeks(`{ from: "2025-12-10", to: "2025-12-23" }`)).toEqual(["2025-12-15"]);
    expect(await weeks(`{ from: "2025-12-10", to: "2025-12-23", running: true }`)).toEqual([
      "2025-12-08",
      "2025-12-15",
      "2025-12-22",
    ]);
    expect(await weeks("{ last: { months: 1 } }")).toEqual([
      "2025-12-01",
      "2025-12-08",
      "2025-12-15",
      "2025-12-22",
    ]);
    expect(await ask("{ health { period(grain: YEAR) accounts } }").then((r) => r.at(-1)?.period)).toBe(
      "2025-01-01",
    );
  });

  it("orders by what is asked, those without a value last either way, and is cut off by the limit", async () => {
    const query = (direction: string) => `{
      health(order: [{ by: AVERAGE_SCORE, direction: ${direction} }], limit: 200) { accountId averageScore }
    }`;
    const up = (await ask(query("ASC"))).map((r) => r.averageScore);
    const down = (await ask(query("DESC"))).map((r) => r.averageScore);
    const scored = up.filter((s) => s !== null);
    expect(scored.length).toBeLessThan(up.length);
    expect(up).toEqual([...[...scored].sort((a, b) => a - b), ...up.slice(scored.length)]);
    expect(down.slice(0, scored.length)).toEqual([...scored].reverse());
    const [worst] = await ask(
      `{ health(order: [{ by: AVERAGE_SCORE }], limit: 1) { accountId averageScore } }`,
    );
    expect(worst.averageScore).toBe(up[0]);
  });

  it("tells where it has more rows than its limit let through", async () => {
    const toldOf = async (query: string) => {
      const { data, extensions } = await client.ask(query);
      return [Object.values(data as Record<string, Rows>).map(({ length }) => length), extensions.cut];
    };
    const bands = (limit: number) => `{ all: health(limit: ${limit}) { band accounts } }`;
    const [[number]] = (await toldOf(bands(1000))) as [[number], undefined];
    expect(await toldOf(bands(number))).toEqual([[number], undefined]);
    for (const _ of ["asked", "kept"])
      expect(await toldOf(bands(number - 1))).toEqual([[number - 1], [{ field: "all", limit: number - 1 }]]);
  });

  it("filters rows by its dimensions and by what accounts are today", async () => {
    const [some] = await ask(
      `{ health(where: { band: { notIn: [POOR] }, accounts: { isCustomer: true, segment: ["enterprise"] } }) { accounts } }`,
    );
    const [expected] = await byHand(
      sql`select count(*) as accounts from ${health} as h inner join ${latest} as a on a.account_id = h.account_id
        where h.day = date '2025-12-31' and h.band <> 'poor' and a.is_customer and a.segment = 'enterprise'`,
      { accounts: { type: "integer" } },
    );
    expect(some).toEqual(expected);
    expect(some.accounts).toBeGreaterThan(0);
  });

  it("of tasks tells what people did with them, as the list of tasks does", async () => {
    const list = async (): Promise<Rows> => {
      const listed: Rows = [];
      for (let after: string | null | undefined; after !== null; ) {
        const { data } = await client.ask(
          `query ($after: String) {
            accountTasks(first: 1000, after: $after, filter: { status: [OPEN, WAITING, SNOOZED, DONE, DISMISSED, EXPIRED] }) {
              nodes { id play status isOverdue } pageInfo { hasNextPage endCursor }
            }
          }`,
          { after },
        );
        listed.push(...data.accountTasks.nodes);
        after = data.accountTasks.pageInfo.hasNextPage ? data.accountTasks.pageInfo.endCursor : null;
      }
      return listed;
    };
    const open = (await list()).find((task) => task.status === "OPEN");
    await client.ask(`mutation { completeTask(id: ${JSON.stringify(open.id)}) { id } }`);
    const listed = await list();
    const rows = await ask("{ tasks { play status set overdue } }");
    const counted = (row: Rows[number]) =>
      listed.filter((task) => task.play === row.play && task.status === row.status);
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) {
      expect(row.set).toBe(counted(row).length);
      expect(row.overdue).toBe(counted(row).filter((task) => task.isOverdue).length);
    }
    const [all] = await ask("{ tasks { set done: set(status: DONE) doneShare } }");
    const ended = listed.filter((task) => ["DONE", "DISMISSED", "EXPIRED"].includes(task.status));
    expect(all).toEqual({ set: listed.length, done: 1, doneShare: 1 / ended.length });
  });

  it("answers every example of the documentation", async () => {
    for (const file of ["README.md", "docs/views.md"]) {
      const examples = readFileSync(file, "utf8").matchAll(/```graphql\n(.*?)```/gs);
      for (const [, example] of examples) {
        const { data, errors } = await client.ask(example as string);
        expect(errors, example).toEqual([]);
        for (const answer of Object.values(data)) expect(answer, example).not.toEqual([]);
      }
    }
  });

  it.each([
    [
      "{ health { share(of: AVERAGE_SCORE) } }",
      "share of averageScore would be wrong: the figures of groups don't add up to a total. Select averageScore itself, by the dimensions that matter; share is right for accounts.",
    ],
    [
      "{ health { period(grain: WEEK) cumulative(of: ACCOUNTS) } }",
      "cumulative of accounts would be wrong: it says how things stand on a day, and days don't add up. Select accounts itself: it is the level at the end of each period.",
    ],
    [
      "{ support { cumulative(of: OPENED) } }",
      "cumulative has no order without periods. Select period(grain: …) beside it.",
    ],
    [
      "{ health { previous { accounts } } }",
      "previous has nothing before it without periods. Select period(grain: …) beside it.",
    ],
    [
      "{ health { period(grain: WEEK) previous(periods: 0) { accounts } } }",
      "previous: periods is 0, expected 1 to 60.",
    ],
    [
      "{ health { period(grain: WEEK) previous { stage } } }",
      "previous takes measures, and stage is none. Select stage beside previous, of the same group.",
    ],
    [
      "{ health { a: period(grain: WEEK) b: period(grain: MONTH) accounts } }",
      "period is asked by week and by month, and a row belongs to one period. Ask health twice, with aliases.",
    ],
    [
      "{ health(order: [{ by: STAGE }]) { accounts } }",
      "order by stage needs it in the selection: rows are told apart by what is selected.",
    ],
    ["{ health(limit: 0) { accounts } }", "limit is 0, expected 1 to 10000."],
    ["{ health(range: { last: { weeks: 0 } }) { accounts } }", "range last: weeks is 0, expected 1 to 1100."],
    [
      "{ health(range: { last: { weeks: 2, days: 3 } }) { accounts } }",
      "range last: has 2 kinds of periods, expected one, as in {last: {weeks: 30}}.",
    ],
    [
      `{ health(range: { last: { weeks: 2 }, from: "2025-01-01" }) { accounts } }`,
      "range has both `last` and days; give one of them.",
    ],
    [
      `{ health(range: { from: "2026-05-01" }) { accounts } }`,
      "range from 2026-05-01 must be before to 2026-01-01, and not after the last day of the data.",
    ],
    [
      `{ health(range: { from: "2010-01-01" }) { period(grain: DAY) accounts } }`,
      "the range holds more than 1100 periods of a day. Ask for fewer days, or for longer periods.",
    ],
    [
      `{ revenue(having: { mrr: { gt: "much" } }) { mrr } }`,
      "mrr: gt is much, expected a number of at most 29 digits and 9 more behind the point.",
    ],
  ])("refuses %s with the reason and the right way", async (query, message) => {
    expect(await refusal(query)).toMatch(/^BAD_USER_INPUT: /);
    expect(await refusal(query)).toContain(`: ${message}`);
  });
});

/** Sums of floats differ in their last digits with the order of rows. */
const closeTo = (rows: readonly object[]) =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [
        key,
        typeof value === "number" && !Number.isInteger(value) ? expect.closeTo(value, 9) : value,
      ]),
    ),
  );
