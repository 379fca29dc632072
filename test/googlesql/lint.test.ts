import { describe, expect, it } from "vitest";
import { lintGoogleSql } from "./lint.js";

describe("lintGoogleSql", () => {
  it.each([
    ["select percentile_cont(x, 0.5) as p from t", "percentile_cont: BigQuery has it only with OVER"],
    ["select array_agg(x order by f(y) desc nulls first limit 1) as a from t", "array_agg: in an aggregate"],
    ["select string_agg(x, ',' order by y nulls last) as a from t", "string_agg: in an aggregate"],
    ["select sum(x) over (order by y asc nulls last) as a from t", "sum: in a window over RANGE"],
    [
      "select first_value(x) over (order by y desc nulls first) as a from t",
      "first_value: in a window over RANGE",
    ],
    ["select x, count(*) as n from t group by all", "group by all: name the columns"],
    ["select x from t intersect all select x from u", "intersect all: BigQuery has only INTERSECT DISTINCT"],
    ["select iferror(x, 1) as x from t", "iferror: BigQuery has no such function"],
    [
      "select a.x from a left join b on a.x between b.x and b.y where a.y = 1",
      "left join: BigQuery needs an equality",
    ],
    ["select a.x from a full outer join b on a.x <= b.x", "full join: BigQuery needs an equality"],
    ["select a.x from a join b on a.x = (select max(x) from c)", "join: BigQuery refuses a subquery"],
  ])("complains about: %s", (text, complaint) => {
    expect(lintGoogleSql(text)).toEqual([expect.stringContaining(`line 1: ${complaint}`)]);
  });

  it.each([
    ["select percentile_cont(g(x), 0.5) over () as p from t"],
    ["select percentile_disc(x, 0.5) over w as p from t window w as (partition by y)"],
    ["select array_agg(x ignore nulls order by y desc nulls last limit 1) as a from t"],
    ["select array_agg((select x from u order by x nulls last limit 1)) as a from t"],
    ["select array(select x from u order by x nulls last) as a from t"],
    ["select sum(x) over (order by y nulls last rows between 6 preceding and current row) as a from t"],
    [
      "select row_number() over (order by y desc nulls first) as a, lag(x) over (order by y nulls last) as b from t",
    ],
    ["select 'group by all' as a, `intersect all` as b from t -- pi() natural"],
    ["select a.x from a left join b on (left(a.x, 2) = b.x) join c on a.x < c.x cross join d"],
    ["select a.x from a left join b using (x) left join unnest(a.list) as item where a.x > 1"],
    ["select a.x from a join b on a.x in (1, 2) and a.y = b.y where a.x in (select x from c)"],
  ])("has nothing against: %s", (text) => {
    expect(lintGoogleSql(text)).toEqual([]);
  });

  it("names the line of each complaint, in order, past strings and comments of several lines", () => {
    const text = "select\n  pi() as a, /* one\n  two */ '''x\n  y''' as b\nfrom t\ngroup by all";
    expect(lintGoogleSql(text).map((complaint) => complaint.slice(0, 20))).toEqual([
      "line 2: pi: BigQuery",
      "line 6: group by all",
    ]);
  });
});
