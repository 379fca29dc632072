import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conditionSql, type DayRow } from "../../journey/compile.js";
import { type Condition, conditionSchema, factsOf, milestonesOf } from "../../journey/conditions.js";
import { facts } from "../../journey/facts.js";
import { inWords, type Vocabulary } from "../../journey/words.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { type ColumnType, name, render, sql } from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";

const missing = referenceUnavailable();
const types = {
  n: "integer",
  day: "date",
  seats: "integer",
  mrr: "decimal",
  breadth_28d: "number",
  is_customer: "boolean",
  used_on: "date",
} as const satisfies Record<string, ColumnType>;
const rows = [
  [0, "2024-02-01", 5, "100.1", 0.5, true, "2024-01-31"],
  [1, "2024-02-01", 6, "100.100000001", 0.30000000000000004, false, "2024-02-01"],
  [2, "2024-02-01", 0, "0", 0, true, "2024-02-02"],
  [3, "2024-02-01", null, null, null, null, null],
];

const words: Vocabulary = {
  facts,
  nameOfStage: (id) => id.toUpperCase(),
  nameOfMilestone: (id) => id.toUpperCase(),
};
const row: DayRow = {
  accountId: sql`'a'`,
  day: sql`f.day`,
  facts,
  fact: (id) => sql`f.${name(id)}`,
  reachedOn: (milestone) => (milestone === "used" ? sql`f.used_on` : sql`null`),
};

/** Of rows 0 to 3, the last with every fact missing, those for which the condition holds. */
const table: [Condition, string, number[]][] = [
  [{ fact: "seats", at_least: 5 }, "seats at least 5 seats", [0, 1]],
  [{ fact: "seats", above: 5 }, "seats above 5 seats", [1]],
  [{ fact: "seats", at_most: 5 }, "seats at most 5 seats", [0, 2]],
  [{ fact: "seats", below: 5 }, "seats below 5 seats", [2]],
  [{ fact: "seats", equals: 5 }, "seats 5 seats", [0]],
  [{ fact: "seats", at_least: 5.5 }, "seats at least 5.5 seats", [1]],
  [{ fact: "seats", at_least: 1, below: 6 }, "seats at least 1 seat and below 6 seats", [0]],
  [{ fact: "seats", is_missing: true }, "seats not known", [3]],
  [{ fact: "seats", is_missing: false }, "seats known", [0, 1, 2]],
  // Money is compared exactly, not by way of floats.
  [{ fact: "mrr", at_most: 100.1 }, "mrr at most 100.1", [0, 2]],
  [{ fact: "mrr", above: 100.1 }, "mrr above 100.1", [1]],
  [{ fact: "breadth_28d", above: 0.3 }, "breadth (28 days) above 30 %", [0, 1]],
  [{ fact: "is_customer", equals: true }, "is customer yes", [0, 2]],
  [{ fact: "is_customer", equals: false }, "is customer no", [1]],
  // A comparison with a missing fact doesn't hold; so `not` of it does.
  [{ not: { fact: "seats", at_least: 5 } }, "not (seats at least 5 seats)", [2, 3]],
  [{ not: { fact: "is_customer", equals: true } }, "not (is customer yes)", [1, 3]],
  [{ not: { not: { fact: "seats", at_least: 5 } } }, "not (not (seats at least 5 seats))", [0, 1]],
  [{ milestone: "used" }, 'milestone "USED" reached', [0, 1]],
  [{ not: { milestone: "used" } }, 'not (milestone "USED" reached)', [2, 3]],
  [
    { all: [{ fact: "seats", at_least: 5 }, { milestone: "used" }, { fact: "is_customer", equals: true }] },
    'seats at least 5 seats and milestone "USED" reached and is customer yes',
    [0],
  ],
  [
    {
      any: [
        { fact: "seats", below: 1 },
        { fact: "seats", is_missing: true },
      ],
    },
    "(seats below 1 seat or seats not known)",
    [2, 3],
  ],
  [
    {
      all: [
        {
          any: [
            { fact: "seats", below: 1 },
            { fact: "seats", above: 5 },
          ],
        },
        {
          not: {
            all: [
              { fact: "mrr", equals: 0 },
              { fact: "is_customer", equals: true },
            ],
          },
        },
      ],
    },
    "(seats below 1 seat or seats above 5 seats) and not (mrr 0 and is customer yes)",
    [1],
  ],
];

describe(`conditions${missing ? ` (GoogleSQL skipped: ${missing})` : ""}`, () => {
  let duckDb: Warehouse;
  let googleSql: GoogleSql | undefined;
  beforeAll(async () => {
    duckDb = await openDuckDb({ file: ":memory:", threads: 1 });
    const columns = Object.fromEntries(
      Object.entries(types).map(([column, type]) => [column, { type }]),
    ) as Columns;
    await duckDb.load(["facts"], columns, [rows]);
    if (!missing) googleSql = await startReference();
  });
  afterAll(async () => {
    await Promise.all([duckDb?.close(), googleSql?.stop()]);
  });

  it.each(table)("%j reads as “%s” and holds on rows %j", async (condition, said, expected) => {
    expect(conditionSchema.parse(condition)).toEqual(condition);
    expect(inWords(condition, words)).toBe(said);
    const holds = conditionSql(condition, row);
    const query = sql`select n, ${holds} as holds from facts as f order by n`;
    const ours = await duckDb.query(query, { n: { type: "integer" }, holds: { type: "boolean" } });
    expect(ours).toEqual([0, 1, 2, 3].map((n) => ({ n, holds: expected.includes(n) })));
    if (!googleSql) return;
    const records = rows.map((row) =>
      Object.fromEntries(Object.keys(types).map((column, i) => [column, row[i]])),
    );
    expect(
      (await googleSql.evaluate(render(query, "bigquery"), { facts: types }, { facts: records })).rows,
    ).toEqual(ours);
  });

  it("tell the facts and milestones that they speak of", () => {
    const [, , , ...rest] = table.map(([condition]) => condition);
    const condition = {
      all: [{ not: { milestone: "used" } }, { any: rest.slice(0, 2) }, { fact: "mrr", above: 1 }],
    } as Condition;
    expect(milestonesOf(condition)).toEqual(["used"]);
    expect(factsOf(condition)).toEqual(["seats", "seats", "mrr"]);
  });
});
