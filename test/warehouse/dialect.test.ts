import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as dialect from "../../warehouse/dialect.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import {
  bind,
  type ColumnType,
  integer,
  name,
  number,
  path,
  render,
  type Sql,
  sql,
  text,
} from "../../warehouse/sql.js";
import type { Columns, Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";

const missing = referenceUnavailable();

/** Rows of a relation `t`: the types of its columns, and its rows in the columns' order. */
interface Given {
  columns: Record<string, ColumnType>;
  rows: unknown[][];
}

/** One value per row of a column `x`. */
const xs = (type: ColumnType, values: readonly unknown[]): Given => ({
  columns: { x: type },
  rows: values.map((value) => [value]),
});
const pairs = (type: ColumnType, rows: readonly (readonly [unknown, unknown])[]): Given => ({
  columns: { x: type, y: type },
  rows: rows.map((row) => [...row]),
});
const [x, y] = [sql`x`, sql`y`];
const instant = (iso: string): Date => new Date(iso);

describe(`the dialect means the same on both engines${missing ? ` (GoogleSQL skipped: ${missing})` : ""}`, () => {
  let duckDb: Warehouse;
  let googleSql: GoogleSql | undefined;
  const proven = new Set<string>();

  beforeAll(async () => {
    duckDb = await openDuckDb({ file: ":memory:" });
    if (!missing) googleSql = await startReference();
  });
  afterAll(async () => {
    await Promise.all([duckDb?.close(), googleSql?.stop()]);
  });

  /** What both engines answer to a query over `t`; the columns of its answer are given. */
  async function answers(given: Given, query: Sql, columns: Columns): Promise<unknown[][]> {
    const numbered = { i: "integer" as const, ...given.columns };
    const shape = Object.fromEntries(Object.entries(numbered).map(([column, type]) => [column, { type }]));
    const rows = given.rows.map((row, i) => [i, ...row]);
    await duckDb.run(sql`drop table if exists t`);
    await duckDb.load(["t"], shape, [rows]);
    const ours = await duckDb.query(query, columns);
    if (!googleSql) return [ours, ours];
    const records = rows.map((row) =>
      Object.fromEntries(Object.keys(numbered).map((column, i) => [column, row[i]])),
    );
    const theirs = await googleSql.evaluate(render(query, "bigquery"), { t: numbered }, { t: records });
    expect(theirs.columns).toEqual(
      Object.fromEntries(Object.entries(columns).map(([c, { type }]) => [c, type])),
    );
    return [ours, theirs.rows];
  }

  /** A value per row, in order, on both engines. */
  async function expectValues(
    given: Given,
    value: Sql,
    type: ColumnType,
    expected: unknown[],
  ): Promise<void> {
    const query = sql`select i, ${value} as v from t order by i`;
    for (const rows of await answers(given, query, { i: { type: "integer" }, v: { type } }))
      expect((rows as { v: unknown }[]).map(({ v }) => v)).toEqual(expected);
  }

  /** One value over all rows, on both engines. */
  async function expectTotal(given: Given, value: Sql, type: ColumnType, expected: unknown): Promise<void> {
    for (const rows of await answers(given, sql`select ${value} as v from t`, { v: { type } }))
      expect(rows).toEqual([{ v: expected }]);
  }

  /** A test of helpers; the last test asks whether any was left out. */
  function test(
    helpers: keyof typeof dialect | (keyof typeof dialect)[],
    says: string,
    work: () => Promise<void>,
  ): void {
    const names = [helpers].flat();
    for (const helper of names) proven.add(helper);
    it(`${names.join(", ")}: ${says}`, work);
  }

  describe("types", () => {
    const types: ColumnType[] = ["string", "integer", "number", "decimal", "boolean", "date", "timestamp"];

    test(["nullOf", "cast", "typeName"], "a null has the type that it was given", async () => {
      const columns = Object.fromEntries(types.map((type) => [type, { type }]));
      const nulls = types.map((type) => sql`${dialect.nullOf(type)} as ${name(type)}`);
      for (const rows of await answers(xs("integer", [1]), sql`select ${nulls} from t`, columns))
        expect(rows).toEqual([Object.fromEntries(types.map((type) => [type, null]))]);
    });

    test("tryCast", "text that can't be read is null, and no error", async () => {
      const cases: [ColumnType, string[], unknown[]][] = [
        ["integer", ["42", "-7", "+5", "abc", "", "99999999999999999999"], [42, -7, 5, null, null, null]],
        ["number", ["1.5", "-.5", "1.", "1e3", "abc", "", "1,5"], [1.5, -0.5, 1, 1000, null, null, null]],
        [
          "decimal",
          ["1.50", "0.0000000005", "-0.0000000005", "1e3", "1e30", "abc", ""],
          ["1.5", "0.000000001", "-0.000000001", "1000", null, null, null],
        ],
        ["boolean", ["true", "TRUE", "false", "x", ""], [true, true, false, null, null]],
        [
          "date",
          ["2024-02-29", "2023-02-29", "0001-01-01", "abc", ""],
          ["2024-02-29", null, "0001-01-01", null, null],
        ],
      ];
      for (const [type, given, expected] of cases)
        await expectValues(xs("string", [...given, null]), dialect.tryCast(x, type), type, [
          ...expected,
          null,
        ]);
    });

    test(
      "tryCast",
      "a decimal takes nine digits after the point, half away from zero, and refuses what is too large",
      async () => {
        const given = xs("number", [0.5, 0.1, -2.0000000005, 1e30, null]);
        await expectValues(given, dialect.tryCast(x, "decimal"), "decimal", [
          "0.5",
          "0.1",
          "-2.000000001",
          null,
          null,
        ]);
      },
    );

    test("toText", "numbers have no needless zeros, dates are ISO", async () => {
      const shown: [ColumnType, unknown[], (string | null)[]][] = [
        ["string", ["it's", "", null], ["it's", "", null]],
        ["integer", [0, -5, null], ["0", "-5", null]],
        [
          "number",
          [1, -0, 100000, 1e15, 1.5, 0.1, -2.25, null],
          ["1", "0", "100000", "1000000000000000", "1.5", "0.1", "-2.25", null],
        ],
        [
          "decimal",
          ["1250.5", "100", "-0.5", "0", "0.000000001", null],
          ["1250.5", "100", "-0.5", "0", "0.000000001", null],
        ],
        ["boolean", [true, false, null], ["true", "false", null]],
        ["date", ["2024-02-29", "0001-01-01", null], ["2024-02-29", "0001-01-01", null]],
      ];
      for (const [type, values, expected] of shown)
        await expectValues(xs(type, values), dialect.toText(x, type), "string", expected);
    });

    it("literals: text with quotes, backslashes and line ends is itself", async () => {
      for (const value of ["it's", '"', "\\", "\\n", "\\'", "a\nb\r\n", "`", "ö 🙂", "--", ""])
        await expectValues(xs("integer", [1]), text(value), "string", [value]);
    });

    it("literals: numbers are floats, not decimals, and integers are whole", async () => {
      for (const value of [2.5, 0.1, -3, 1e21, 1e-7, 0])
        await expectValues(xs("integer", [1]), number(value), "number", [value]);
      await expectValues(
        xs("integer", [1]),
        sql`${number(0.1)} + ${number(0.2)}`,
        "number",
        [0.30000000000000004],
      );
      await expectValues(xs("integer", [1]), integer(-(2 ** 53 - 1)), "integer", [-(2 ** 53 - 1)]);
    });

    it("parameters: each type arrives as it was bound", async () => {
      const values: [ColumnType, unknown][] = [
        ["string", "it's"],
        ["integer", 5],
        ["number", 5],
        ["decimal", "0.1"],
        ["boolean", false],
        ["date", "1969-12-31"],
        ["timestamp", instant("1969-12-31T23:59:59.999Z")],
      ];
      for (const [type, value] of values)
        await expectValues(xs("integer", [1]), bind(type, value), type, [value]);
    });
  });

  describe("arithmetic and counting", () => {
    test("safeDivide", "null where the divisor is 0 or null, a float else", async () => {
      const given = pairs("integer", [
        [1, 2],
        [-7, 2],
        [1, 0],
        [0, 0],
        [null, 2],
        [1, null],
      ]);
      await expectValues(given, dialect.safeDivide(x, y), "number", [0.5, -3.5, null, null, null, null]);
      const decimals = pairs("decimal", [
        ["1", "3"],
        ["-0.5", "0"],
      ]);
      await expectValues(decimals, dialect.safeDivide(x, y), "number", [1 / 3, null]);
      await expectValues(
        pairs("number", [
          [1, -0],
          [1, 1e-3],
        ]),
        dialect.safeDivide(x, y),
        "number",
        [null, 1000],
      );
    });

    test("countIf", "null counts as no, and nothing is 0", async () => {
      await expectTotal(xs("integer", [1, 2, 3, null]), dialect.countIf(sql`x >= 2`), "integer", 2);
      await expectTotal(xs("integer", []), dialect.countIf(sql`x >= 2`), "integer", 0);
    });

    test("sumInteger", "an integer; null without rows or values", async () => {
      await expectTotal(xs("integer", [1, -5, null]), dialect.sumInteger(x), "integer", -4);
      await expectTotal(xs("integer", [null]), dialect.sumInteger(x), "integer", null);
      await expectTotal(xs("integer", []), dialect.sumInteger(x), "integer", null);
    });

    test("toTenDecimals", "rounded there, so that one number has one form", async () => {
      const values = xs("number", [74.99999999999999, 75.00000000004, 75.0000000001, -1 / 3, 0, null]);
      await expectValues(values, dialect.toTenDecimals(x), "number", [
        75,
        75,
        75.0000000001,
        -0.3333333333,
        0,
        null,
      ]);
    });
    test("sumCount", "an integer; null without rows or values; as large as an integer may be", async () => {
      await expectTotal(xs("integer", [1, -5, null]), dialect.sumCount(x), "integer", -4);
      await expectTotal(xs("integer", [2 ** 53 - 2, 1]), dialect.sumCount(x), "integer", 2 ** 53 - 1);
      await expectTotal(xs("integer", [null]), dialect.sumCount(x), "integer", null);
      await expectTotal(xs("integer", []), dialect.sumCount(x), "integer", null);
    });
    test("sumCountOver", "an integer; null without values so far", async () => {
      await expectValues(
        xs("integer", [null, 1, 2 ** 52, -5]),
        dialect.sumCountOver(x, sql`order by i rows between unbounded preceding and current row`),
        "integer",
        [null, 1, 2 ** 52 + 1, 2 ** 52 - 4],
      );
    });

    test("minIf", "the least of the rows for which it holds; null without one", async () => {
      const given = pairs("integer", [
        [5, 1],
        [1, 0],
        [3, 1],
        [null, 1],
        [0, null],
      ]);
      await expectTotal(given, dialect.minIf(x, sql`y = 1`), "integer", 3);
      await expectTotal(given, dialect.minIf(x, sql`y = 9`), "integer", null);
    });

    test("orNever", "a day that there is not is after all days", async () => {
      const given = pairs("date", [
        ["2024-02-29", "2024-02-29"],
        [null, "9999-12-30"],
      ]);
      await expectValues(given, dialect.orNever(x), "date", ["2024-02-29", "9999-12-31"]);
    });

    test(["least", "greatest"], "null where any is null", async () => {
      const given = pairs("integer", [
        [1, 2],
        [2, -1],
        [null, 1],
        [1, null],
        [null, null],
      ]);
      await expectValues(given, dialect.least(x, y), "integer", [1, -1, null, null, null]);
      await expectValues(given, dialect.greatest(x, y), "integer", [2, 2, null, null, null]);
    });

    test(["ascending", "descending"], "nulls first and last", async () => {
      const given = xs("integer", [2, null, 1, 3]);
      const place = (order: Sql): Sql => sql`row_number() over (order by ${order}, i)`;
      await expectValues(given, place(dialect.ascending(x)), "integer", [3, 1, 2, 4]);
      await expectValues(given, place(dialect.descending(x)), "integer", [2, 4, 3, 1]);
      // What is not said aloud is the same too.
      await expectValues(given, place(x), "integer", [3, 1, 2, 4]);
      await expectValues(given, place(sql`x desc`), "integer", [2, 4, 3, 1]);
    });

    test("inArray", "whether a bound array holds the value", async () => {
      const array = bind("string[]", ["a", "it's"]);
      await expectValues(xs("string", ["a", "it's", "b"]), dialect.inArray(x, array), "boolean", [
        true,
        true,
        false,
      ]);
      await expectValues(xs("integer", [1, -1]), dialect.inArray(x, bind("integer[]", [-1])), "boolean", [
        false,
        true,
      ]);
      await expectValues(xs("integer", [1]), dialect.inArray(x, bind("integer[]", [])), "boolean", [false]);
    });
  });

  describe("days", () => {
    test("addDaysAtMost", "a date, of those near the last that has a name that one", async () => {
      const given = xs("date", ["2024-02-28", "9999-12-24", "9999-12-31", null]);
      for (const [days, later] of [
        [7, "2024-03-06"],
        [sql`(i + 8)`, "2024-03-07"],
      ] as const)
        await expectValues(given, dialect.addDaysAtMost(x, days), "date", [
          later,
          "9999-12-31",
          "9999-12-31",
          null,
        ]);
    });

    test("addDays", "a date, over months, leap years and 1970, by a number or a column", async () => {
      const given = xs("date", ["2024-02-28", "2023-02-28", "1969-12-31", null]);
      await expectValues(given, dialect.addDays(x, 1), "date", [
        "2024-02-29",
        "2023-03-01",
        "1970-01-01",
        null,
      ]);
      const last = xs("date", ["9999-12-02", "9999-12-03"]);
      await expectValues(last, dialect.addDays(x, 28), "date", ["9999-12-30", "9999-12-31"]);
      await expectValues(given, dialect.addDays(x, -60), "date", [
        "2023-12-30",
        "2022-12-30",
        "1969-11-01",
        null,
      ]);
      await expectValues(given, dialect.addDays(x, sql`i - 1`), "date", [
        "2024-02-27",
        "2023-02-28",
        "1970-01-01",
        null,
      ]);
    });

    test("daysBetween", "negative when the second is earlier", async () => {
      const given = pairs("date", [
        ["2024-02-28", "2024-03-01"],
        ["2024-03-01", "2024-02-28"],
        ["1969-12-30", "1970-01-02"],
        ["2024-01-01", "2024-01-01"],
        [null, "2024-01-01"],
      ]);
      await expectValues(given, dialect.daysBetween(x, y), "integer", [2, -2, 3, 0, null]);
    });

    test(["dayNumber", "weekNumber"], "count from 1970-01-01 and its Monday, also before", async () => {
      const given = xs("date", [
        "1970-01-01",
        "1970-01-04",
        "1970-01-05",
        "1969-12-29",
        "1969-12-28",
        "1969-12-22",
        "1969-12-21",
        "2024-02-29",
        null,
      ]);
      await expectValues(given, dialect.dayNumber(x), "integer", [0, 3, 4, -3, -4, -10, -11, 19782, null]);
      await expectValues(given, dialect.weekNumber(x), "integer", [0, 0, 1, 0, -1, -1, -2, 2826, null]);
    });

    test(["weekOf", "periodOf"], "the first day of week, month, quarter and year", async () => {
      const given = xs("date", ["2024-02-29", "2024-12-30", "2023-01-01", "1969-12-31", null]);
      const expected = {
        day: ["2024-02-29", "2024-12-30", "2023-01-01", "1969-12-31", null],
        week: ["2024-02-26", "2024-12-30", "2022-12-26", "1969-12-29", null],
        month: ["2024-02-01", "2024-12-01", "2023-01-01", "1969-12-01", null],
        quarter: ["2024-01-01", "2024-10-01", "2023-01-01", "1969-10-01", null],
        year: ["2024-01-01", "2024-01-01", "2023-01-01", "1969-01-01", null],
      };
      for (const grain of ["day", "week", "month", "quarter", "year"] as const)
        await expectValues(given, dialect.periodOf(x, grain), "date", expected[grain]);
      await expectValues(given, dialect.weekOf(x), "date", expected.week);
    });

    test("addPeriods", "the first day of a period before or after, over years and 1970", async () => {
      const given = xs("date", ["2024-01-01", "1970-01-01", null]);
      const expected = {
        day: ["2023-12-31", "1969-12-31", null],
        week: ["2023-12-25", "1969-12-25", null],
        month: ["2023-12-01", "1969-12-01", null],
        quarter: ["2023-10-01", "1969-10-01", null],
        year: ["2023-01-01", "1969-01-01", null],
      };
      for (const grain of ["day", "week", "month", "quarter", "year"] as const)
        await expectValues(given, dialect.addPeriods(x, -1, grain), "date", expected[grain]);
      await expectValues(given, dialect.addPeriods(x, 14, "month"), "date", [
        "2025-03-01",
        "1971-03-01",
        null,
      ]);
    });

    test(["eachDay", "eachMonth"], "both ends included, none where the end is earlier or null", async () => {
      const given = pairs("date", [
        ["2024-02-28", "2024-03-01"],
        ["1969-12-31", "1969-12-31"],
        ["2024-01-02", "2024-01-01"],
        [null, "2024-01-01"],
        ["2024-01-01", null],
      ]);
      const query = sql`select i, day from t cross join ${dialect.eachDay(x, y)} order by i, day`;
      for (const rows of await answers(given, query, { i: { type: "integer" }, day: { type: "date" } })) {
        expect(rows).toEqual([
          { i: 0, day: "2024-02-28" },
          { i: 0, day: "2024-02-29" },
          { i: 0, day: "2024-03-01" },
          { i: 1, day: "1969-12-31" },
        ]);
      }
      const everyMonth = sql`select i, day from t cross join ${dialect.eachMonth(x, dialect.addDays(y, 31))} order by i, day`;
      for (const rows of await answers(given, everyMonth, {
        i: { type: "integer" },
        day: { type: "date" },
      })) {
        expect(rows).toEqual([
          { i: 0, day: "2024-02-28" },
          { i: 0, day: "2024-03-28" },
          { i: 1, day: "1969-12-31" },
          { i: 1, day: "1970-01-31" },
          { i: 2, day: "2024-01-02" },
        ]);
      }
      const everyOther = sql`select i, day from t cross join ${dialect.eachDay(x, y, 2)} order by i, day`;
      for (const rows of await answers(given, everyOther, {
        i: { type: "integer" },
        day: { type: "date" },
      })) {
        expect(rows).toEqual([
          { i: 0, day: "2024-02-28" },
          { i: 0, day: "2024-03-01" },
          { i: 1, day: "1969-12-31" },
        ]);
      }
    });
  });

  describe("instants", () => {
    const moments = [
      "2024-03-31T22:30:00Z",
      "2024-10-27T00:30:00Z",
      "2018-11-04T02:59:59.999Z",
      "1969-12-31T23:59:59.999Z",
    ];
    const given = xs("timestamp", [...moments.map(instant), null]);

    test("dayOf", "the civil date there, through changes of clocks and before 1970", async () => {
      await expectValues(given, dialect.dayOf(x, "UTC"), "date", [
        "2024-03-31",
        "2024-10-27",
        "2018-11-04",
        "1969-12-31",
        null,
      ]);
      await expectValues(given, dialect.dayOf(x, "Europe/Berlin"), "date", [
        "2024-04-01",
        "2024-10-27",
        "2018-11-04",
        "1970-01-01",
        null,
      ]);
      await expectValues(given, dialect.dayOf(x, "America/Sao_Paulo"), "date", [
        "2024-03-31",
        "2024-10-26",
        "2018-11-03",
        "1969-12-31",
        null,
      ]);
    });

    test("startOfDay", "the day's first instant there, also where midnight was skipped", async () => {
      const days = xs("date", ["2024-03-31", "2024-10-27", "2018-11-04", "1969-12-31", null]);
      const starts = (...iso: string[]): (Date | null)[] => [...iso.map(instant), null];
      await expectValues(
        days,
        dialect.startOfDay(x, "UTC"),
        "timestamp",
        starts("2024-03-31", "2024-10-27", "2018-11-04", "1969-12-31"),
      );
      await expectValues(
        days,
        dialect.startOfDay(x, "Europe/Berlin"),
        "timestamp",
        starts("2024-03-30T23:00Z", "2024-10-26T22:00Z", "2018-11-03T23:00Z", "1969-12-30T23:00Z"),
      );
      await expectValues(
        days,
        dialect.startOfDay(x, "America/Sao_Paulo"),
        "timestamp",
        starts("2024-03-31T03:00Z", "2024-10-27T03:00Z", "2018-11-04T03:00Z", "1969-12-31T03:00Z"),
      );
    });

    test("instantIn", "an instant with a zone is itself, whatever the zone", async () => {
      for (const zone of ["UTC", "Europe/Berlin"])
        await expectValues(given, dialect.instantIn(x, zone), "timestamp", [...moments.map(instant), null]);
    });

    test("dateToTell", "days of the years 1 to 9999 are themselves", async () => {
      const days = ["0001-01-01", "1969-12-31", "9999-12-31", null];
      await expectValues(xs("date", days), dialect.dateToTell(x), "date", days);
    });

    test("instantToTell", "instants of days in the years 1 to 9999 there are themselves", async () => {
      const told = [...moments, "0001-01-02T00:00:00Z", "9999-12-31T12:00:00Z"].map(instant);
      for (const zone of ["UTC", "Europe/Berlin", "America/Sao_Paulo"])
        await expectValues(xs("timestamp", told), dialect.instantToTell(x, zone), "timestamp", told);
    });

    it("tells no day of other years, which DuckDB alone has", async () => {
      const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
      const at = (told: string) => dialect.cast(text(told), "timestamp");
      const value = (told: string, zone: string) => dialect.instantToTell(at(told), zone);
      const [row] = await warehouse.query(
        sql`select
          ${dialect.dateToTell(dialect.cast(text("10000-01-01"), "date"))} as day,
          ${dialect.dateToTell(dialect.cast(text("-infinity"), "date"))} as endless,
          ${value("9999-12-31 23:30:00+00", "Europe/Berlin")} as ended_there,
          ${value("0001-01-01 01:00:00+00", "America/Sao_Paulo")} as not_begun_there,
          ${value("infinity", "UTC")} as endless_instant`,
        {
          day: { type: "date" },
          endless: { type: "date" },
          ended_there: { type: "timestamp" },
          not_begun_there: { type: "timestamp" },
          endless_instant: { type: "timestamp" },
        },
      );
      expect(Object.values(row ?? {})).toEqual([null, null, null, null, null]);
      await warehouse.close();
    });

    test("secondsBetween", "whole seconds that have passed, towards zero", async () => {
      const spans = pairs("timestamp", [
        [instant("2024-01-01T00:00:00Z"), instant("2024-01-01T00:00:01.999Z")],
        [instant("2024-01-01T00:00:01.999Z"), instant("2024-01-01T00:00:00Z")],
        [instant("2024-01-01T00:00:00.900Z"), instant("2024-01-01T00:00:01.100Z")],
        [instant("1969-12-31T23:59:59Z"), instant("1970-01-02T00:00:00Z")],
        [null, instant("1970-01-02T00:00:00Z")],
      ]);
      await expectValues(spans, dialect.secondsBetween(x, y), "integer", [1, -1, 0, 86401, null]);
    });
  });

  describe("reading text", () => {
    test("parseDate", "by the declared format only", async () => {
      const given = xs("string", [
        "01-02-2024",
        "1-2-2024",
        "31-02-2024",
        "2024-02-01",
        "01-02-2024x",
        "",
        null,
      ]);
      await expectValues(given, dialect.parseDate(x, "%d-%m-%Y"), "date", [
        "2024-02-01",
        "2024-02-01",
        null,
        null,
        null,
        null,
        null,
      ]);
      await expectValues(given, dialect.parseDate(x, "%m-%d-%Y"), "date", [
        "2024-01-02",
        "2024-01-02",
        null,
        null,
        null,
        null,
        null,
      ]);
      await expectValues(
        xs("string", ["01.02.2024 00:00", "01.02.2024"]),
        dialect.parseDate(x, "%d.%m.%Y %H:%M"),
        "date",
        ["2024-02-01", null],
      );
      await expectValues(
        xs("string", ["29 Feb 2024", "1 feb 2024", "20240229"]),
        dialect.parseDate(x, "%d %b %Y"),
        "date",
        ["2024-02-29", "2024-02-01", null],
      );
    });

    test("parseInstant", "as local time of the zone, unless the text has its own offset", async () => {
      const given = xs("string", [
        "01.02.2024 10:00",
        "1.7.2024 9:05",
        "31.03.2024 02:30",
        "01.02.2024",
        "x",
        null,
      ]);
      const local = [
        instant("2024-02-01T09:00Z"),
        instant("2024-07-01T07:05Z"),
        instant("2024-03-31T01:30Z"),
        null,
        null,
        null,
      ];
      await expectValues(
        given,
        dialect.parseInstant(x, "%d.%m.%Y %H:%M", "Europe/Berlin"),
        "timestamp",
        local,
      );
      const offsets = xs("string", [
        "2024-02-01T10:00:00+0530",
        "2024-02-01T10:00:00-0800",
        "2024-02-01T10:00:00",
      ]);
      const own = [instant("2024-02-01T04:30Z"), instant("2024-02-01T18:00Z"), null];
      await expectValues(
        offsets,
        dialect.parseInstant(x, "%Y-%m-%dT%H:%M:%S%z", "Europe/Berlin"),
        "timestamp",
        own,
      );
      const fine = xs("string", ["2024-02-01 10:00:00.250"]);
      await expectValues(fine, dialect.parseInstant(x, "%Y-%m-%d %H:%M:%S.%f", "UTC"), "timestamp", [
        instant("2024-02-01T10:00:00.250Z"),
      ]);
      const noon = xs("string", ["02/01/2024 12:30 PM", "02/01/2024 12:30 AM"]);
      await expectValues(noon, dialect.parseInstant(x, "%m/%d/%Y %I:%M %p", "UTC"), "timestamp", [
        instant("2024-02-01T12:30Z"),
        instant("2024-02-01T00:30Z"),
      ]);
    });

    test("isoInstant", "ISO text with an offset, fractions to any digit", async () => {
      const given = xs("string", [
        "2024-02-29T10:00:00Z",
        "2024-02-29 10:00:00+05:30",
        "2024-02-29 10:00:00+0530",
        "2024-02-29T10:00:00.123-08",
        "2024-02-29T10:00:00.123456789Z",
        "1969-12-31T23:59:59.999Z",
        "2023-02-29T10:00:00Z",
        "x",
        null,
      ]);
      await expectValues(given, dialect.isoInstant(x), "timestamp", [
        instant("2024-02-29T10:00:00Z"),
        instant("2024-02-29T04:30:00Z"),
        instant("2024-02-29T04:30:00Z"),
        instant("2024-02-29T18:00:00.123Z"),
        instant("2024-02-29T10:00:00.123Z"),
        instant("1969-12-31T23:59:59.999Z"),
        null,
        null,
        null,
      ]);
    });

    test("zonedInstant", "ISO text without an offset, as local time", async () => {
      const given = xs("string", [
        "2024-02-29",
        "2024-02-29 10:00",
        "2024-07-01T10:00:00",
        "2024-03-31 02:30:00",
        "2024-02-29 10:00:00.123456789",
        "2023-02-29",
        "x",
        null,
      ]);
      await expectValues(given, dialect.zonedInstant(x, "Europe/Berlin"), "timestamp", [
        instant("2024-02-28T23:00Z"),
        instant("2024-02-29T09:00Z"),
        instant("2024-07-01T08:00Z"),
        instant("2024-03-31T01:30Z"),
        instant("2024-02-29T09:00:00.123Z"),
        null,
        null,
        null,
      ]);
    });

    test(
      "zonedInstant",
      "in the hour that a change of clocks repeats the engines differ by that hour, and by no more",
      async () => {
        const columns = { v: { type: "timestamp" } } as const;
        const query = sql`select ${dialect.zonedInstant(x, "Europe/Berlin")} as v from t`;
        const [ours, theirs] = await answers(xs("string", ["2024-10-27 02:30:00"]), query, columns);
        expect(ours).toEqual([{ v: instant("2024-10-27T01:30Z") }]);
        if (!missing) expect(theirs).toEqual([{ v: instant("2024-10-27T00:30Z") }]);
      },
    );

    test("trimmed", "blanks, tabs, line ends and no-break spaces go, those inside stay", async () => {
      const given = xs("string", [" a ", "\ta b\r\n", "\u00a0a\u00a0", " \t\n", "", null]);
      await expectValues(given, dialect.trimmed(x), "string", ["a", "a b", "a", "", "", null]);
    });

    test("matches", "the whole text, quotes and backslashes included", async () => {
      const given = xs("string", ["abc", "xabc", "abc\n", "", null]);
      await expectValues(given, dialect.matches(x, "a|abc"), "boolean", [true, false, false, false, null]);
      await expectValues(xs("string", ["a\\b", "a'b", "a+b"]), dialect.matches(x, "a['\\\\]b"), "boolean", [
        true,
        true,
        false,
      ]);
    });
  });

  describe("lists and fingerprints", () => {
    test("joinTexts", "what is not null, and null where all are", async () => {
      const given = pairs("string", [
        ["a", "b"],
        ["a", null],
        [null, "b"],
        [null, null],
      ]);
      await expectValues(given, dialect.joinTexts(x, y), "string", ["a, b", "a", "b", null]);
      await expectValues(xs("string", ["a", null]), dialect.joinTexts(x), "string", ["a", null]);
    });

    test("eachText", "one row per entry, none for null", async () => {
      const query = sql`select i, entry from t cross join ${dialect.eachText(x, sql`entry`)} order by i, entry`;
      for (const rows of await answers(xs("string", ["a, b", "c", null]), query, {
        i: { type: "integer" },
        entry: { type: "string" },
      }))
        expect(rows).toEqual([
          { i: 0, entry: "a" },
          { i: 0, entry: "b" },
          { i: 1, entry: "c" },
        ]);
    });

    test("rowJson", "is a row's columns in their order, null too", async () => {
      const given: Given = {
        columns: { a: "string", b: "integer", c: "date" },
        rows: [
          ['it\'s "x"\n', 1, "2024-02-29"],
          [null, -2, null],
        ],
      };
      const query = sql`select i, ${dialect.rowJson(sql`r`)} as v from (select i, a, b, c from t) as r order by i`;
      const both = await answers(given, query, { i: { type: "integer" }, v: { type: "string" } });
      for (const rows of both)
        expect(rows.map((row) => Object.entries(JSON.parse((row as { v: string }).v)))).toEqual([
          [
            ["i", 0],
            ["a", 'it\'s "x"\n'],
            ["b", 1],
            ["c", "2024-02-29"],
          ],
          [
            ["i", 1],
            ["a", null],
            ["b", -2],
            ["c", null],
          ],
        ]);
    });

    test("hexDigest", "the digests of RFC 1321, of the text's UTF-8; of null none", () =>
      expectValues(xs("string", ["abc", "message digest", "é", null]), dialect.hexDigest(x), "string", [
        "900150983cd24fb0d6963f7d28e17f72",
        "f96b697d7cb7938d525a2f31aaf161d0",
        "66ddcd97cfdeabb2f6fb8a999b4bc76f",
        null,
      ]),
    );

    test(
      "rowHash",
      "sums tell rows in any order, told apart by any value and by any number of copies",
      async () => {
        const of = async (rows: [string, number | null][]): Promise<unknown[]> => {
          const given: Given = { columns: { a: "string", b: "integer" }, rows };
          const query = sql`select coalesce(${dialect.sumInteger(dialect.rowHash(sql`r`))}, 0) as v from (select a, b from t) as r`;
          const both = await answers(given, query, { v: { type: "integer" } });
          return both.map((rows) => (rows as { v: unknown }[])[0]?.v);
        };
        const plain = await of([
          ["a", 1],
          ["b", null],
        ]);
        expect(
          await of([
            ["b", null],
            ["a", 1],
          ]),
        ).toEqual(plain);
        expect(await of([])).toEqual([0, 0]);
        const others: [string, number | null][][] = [
          [
            ["a", 1],
            ["b", 2],
          ],
          [["a", 1]],
          [
            ["a", 1],
            ["b", null],
            ["b", null],
          ],
          [
            ["a", null],
            ["b", 1],
          ],
        ];
        for (const rows of others)
          for (const [i, sum] of (await of(rows)).entries()) expect(sum).not.toBe(plain[i]);
        // Copies don't cancel each other out.
        const [twiceA, twiceB] = [
          await of([
            ["a", 1],
            ["a", 1],
          ]),
          await of([
            ["b", 1],
            ["b", 1],
          ]),
        ];
        for (const [i, sum] of twiceA.entries()) expect(sum).not.toBe(twiceB[i]);
      },
    );
  });

  test("fingerprint", "is another one where a value is, and the same where none is", async () => {
    const rows = [
      ["a", 1, 0.5],
      ["a", 1, 0.5],
      ["a", 1, null],
      ["a", null, 0.5],
      [null, 1, 0.5],
      ["a1", null, 0.5],
      ["a", 1, 0.25],
      ["a", 2, 0.5],
      ["b", 1, 0.5],
    ];
    const given: Given = { columns: { a: "string", b: "integer", c: "number" }, rows };
    const query = sql`select count(distinct ${dialect.fingerprint([sql`a`, sql`b`, sql`c`])}) as v, count(distinct ${dialect.fingerprint([sql`b`])}) as one from t`;
    const both = await answers(given, query, { v: { type: "integer" }, one: { type: "integer" } });
    for (const told of both) expect(told).toEqual([{ v: rows.length - 1, one: 3 }]);
  });

  test(
    "orFail",
    "a condition that holds is true; one that is false or null fails the statement",
    async () => {
      const held = xs("integer", [1, 2]);
      await expectValues(held, dialect.orFail(sql`x > 0`, "too small"), "boolean", [true, true]);
      for (const condition of [
        sql`x > 1`,
        sql`x > ${dialect.nullOf("integer")}`,
        sql`not exists (select 1 from t)`,
      ]) {
        const failing = expectValues(held, dialect.orFail(condition, "it's too small"), "boolean", []);
        await expect(failing).rejects.toThrow("it's too small");
        if (!googleSql) continue;
        const query = sql`select ${dialect.orFail(condition, "it's too small")} as v from t`;
        const there = googleSql.evaluate(
          render(query, "bigquery"),
          { t: { x: "integer" } },
          { t: [{ x: 1 }, { x: 2 }] },
        );
        await expect(there).rejects.toThrow("it's too small");
      }
    },
  );

  it("paths and names are quoted", async () => {
    const odd = sql`select 1 as ${name("select")}, 2 as ${name("Größe in %")}`;
    expect(
      await duckDb.query(odd, { select: { type: "integer" }, "Größe in %": { type: "integer" } }),
    ).toEqual([{ select: 1, "Größe in %": 2 }]);
    expect(render(path("raw", "crm-accounts"), "bigquery").text).toBe("`raw`.`crm-accounts`");
    expect(() => render(name("a`b"), "bigquery")).toThrow("not a BigQuery identifier");
  });

  it("no helper is left out", () => {
    const helpers = Object.entries(dialect).flatMap(([helper, value]) =>
      typeof value === "function" ? [helper] : [],
    );
    expect(helpers.filter((helper) => !proven.has(helper))).toEqual([]);
  });
});
