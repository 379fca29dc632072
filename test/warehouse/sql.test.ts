import { describe, expect, it } from "vitest";
import {
  asLiteral,
  bind,
  by,
  companySql,
  integer,
  join,
  name,
  number,
  path,
  relation,
  render,
  type Sql,
  sql,
  text,
} from "../../warehouse/sql.js";

const duckDb = (fragment: Sql) => render(fragment, "duckdb");

describe("the sql tag", () => {
  it("nests fragments and splices arrays comma-separated", () => {
    const columns = ["a", "b"].map(name);
    expect(duckDb(sql`select ${columns} from (${sql`select ${columns}`}) as t`).text).toBe(
      'select "a", "b" from (select "a", "b") as t',
    );
    expect(duckDb(join([sql`a`, sql`b`], " or ")).text).toBe("a or b");
  });

  it("refuses everything else: a plain string never becomes SQL", () => {
    for (const value of ["x", 1, null, undefined, true, { text: "x" }, ["x"]])
      expect(() => duckDb(sql`select ${value as never}`)).toThrow(
        /can't be spliced into SQL; use bind\(\), text\(\)/,
      );
  });

  it("binds a value once wherever the same fragment stands, and numbers them in order", () => {
    const [day, id] = [bind("date", "2024-01-01"), bind("string", "it's")];
    expect(duckDb(sql`select ${id}, ${day}, ${id}, ${bind("string", "it's")}`)).toEqual({
      text: "select $p1, $p2, $p1, $p3",
      params: {
        p1: { type: "string", value: "it's" },
        p2: { type: "date", value: "2024-01-01" },
        p3: { type: "string", value: "it's" },
      },
      refs: [],
    });
    expect(render(sql`select ${id}`, "bigquery").text).toBe("select @p1");
  });

  it("binds only what the rendered engine needs", () => {
    const either = by({ duckdb: sql`1`, bigquery: sql`${bind("integer", 1)}` });
    expect(duckDb(either).params).toEqual({});
    expect(render(either, "bigquery")).toMatchObject({
      text: "@p1",
      params: { p1: { type: "integer", value: 1 } },
    });
  });

  it("lists the relations that it reads once each, and finds where they live", () => {
    const query = sql`select * from ${relation("a")} join ${relation("b")} using (x) join ${relation("a")} as c using (x)`;
    expect(render(query, "duckdb", { locate: (relation) => ["s", `${relation}__7`] })).toMatchObject({
      text: 'select * from "s"."a__7" join "s"."b__7" using (x) join "s"."a__7" as c using (x)',
      refs: ["a", "b"],
    });
  });

  it("tells a day that is known as a literal, and reads the same tables where it isn't", () => {
    const day = sql`day = ${asLiteral("dataThrough", sql`(select last from ${relation("days")})`)}`;
    expect(duckDb(day)).toMatchObject({ text: 'day = (select last from "days")', refs: ["days"] });
    expect(render(day, "bigquery", { dataThrough: "2024-03-10" })).toMatchObject({
      text: "day = date '2024-03-10'",
      refs: ["days"],
    });
  });

  it("quotes names by the engine's rules", () => {
    expect(duckDb(path("raw", 'odd"name', "x")).text).toBe('"raw"."odd""name"."x"');
    expect(render(path("raw", "select"), "bigquery").text).toBe("`raw`.`select`");
  });

  it("takes no number that the engine would read otherwise", () => {
    for (const value of [1.5, 2 ** 53, Number.NaN])
      expect(() => integer(value)).toThrow("not a whole number");
    for (const value of [Number.NaN, Infinity]) expect(() => number(value)).toThrow("not a finite number");
    expect([1, 2.5, 1e21, -0.1].map((n) => duckDb(number(n)).text)).toEqual([
      "1e0",
      "2.5e0",
      "1e+21",
      "-0.1e0",
    ]);
  });

  it("drops blank lines, so that statements read well", () => {
    expect(
      duckDb(sql`
select 1   
  ${sql``}

from x
`).text,
    ).toBe("select 1\nfrom x");
  });
});

describe("a company's own SQL", () => {
  it.each(["a -- b", "a; b", "a /* b */ c", "a # b", "a;"])(
    "is refused with comments or ends of statements: %s",
    (expression) => {
      expect(() => companySql(expression)).toThrow("without comments or ';'");
    },
  );

  it.each([
    ["a backslash ends the text on BigQuery alone", "select '\\') as x; drop table t; select (''"],
    ["a backslash ends no text on DuckDB", "select '\\'; drop table t; select '\\'"],
    ["a dollar quote", "select $$'$$) as x; drop table t; select ($$'$$"],
    ["a dollar quote with a tag", "select $a$'$a$; drop table t; select $a$'$a$"],
  ])("can't hide a statement behind what the engines quote differently: %s", (_, expression) => {
    expect(() => companySql(expression)).toThrow("without comments or ';'");
  });

  it.each(["a || '--;#'", '"odd -- name"', "'it''s; fine'", "`a#b`", "a - -b"])(
    "may have them in texts and names: %s",
    (expression) => {
      expect(duckDb(companySql(` ${expression} `)).text).toBe(expression);
    },
  );
});

it("text is quoted so that it ends where it should", () => {
  expect(duckDb(text("it's \\ 100%")).text).toBe("'it''s \\ 100%'");
  expect(render(text("it's \\ 100%"), "bigquery").text).toBe("'it\\'s \\\\ 100%'");
});
