import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { problemsIn } from "../../models/company_checks.js";
import { defaultJourney } from "../models/built.js";

const words = { journey: defaultJourney, attributes: ["tier"] };
const head = "company: A\nsources: {}\nchecks:\n";
const read = (checks: string) =>
  parseYaml(head + checks, "waymark.yml", settingsSchema, (given) => problemsIn(given.checks, words)).checks;
const mistakesIn = (checks: string): string[] => {
  try {
    read(checks);
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
};

describe("checks in waymark.yml", () => {
  it("are errors unless they say otherwise, and of four kinds", () => {
    const [rows, days, values, query] = read(`
  - { name: a, model: accounts, row_count: { change_at_most: 0.2 } }
  - { name: b, model: usage_daily, rows_by_day: { change_at_most: 0 }, severity: warning }
  - { name: c, model: account_latest, column: attribute_tier, accepted: [gold, silver] }
  - { name: d, sql: select 1 from accounts where name = ';' }`);
    expect(rows).toEqual({
      name: "a",
      severity: "error",
      kind: "row_count",
      model: "accounts",
      changeAtMost: 0.2,
    });
    expect(days).toEqual({
      name: "b",
      severity: "warning",
      kind: "rows_by_day",
      model: "usage_daily",
      changeAtMost: 0,
    });
    expect(values).toMatchObject({
      kind: "accepted",
      column: "attribute_tier",
      accepted: ["gold", "silver"],
    });
    expect(query).toEqual({
      name: "d",
      severity: "error",
      kind: "sql",
      sql: "select 1 from accounts where name = ';'",
    });
  });

  it("of the example are valid once they are no comments", () => {
    const example = readFileSync("config/waymark.example.yml", "utf8");
    const commented = /^# checks:\n(# .*\n)+/m.exec(example)?.[0] ?? "";
    const checks = commented.replace(/^# /gm, "").replace("checks:\n", "");
    expect(read(checks).map(({ kind }) => kind)).toEqual(["rows_by_day", "row_count", "accepted", "sql"]);
  });

  it.each([
    [
      "no kind",
      "{ name: a, model: accounts }",
      "4:5: checks.0: expected exactly one of accepted, row_count, rows_by_day, sql",
    ],
    [
      "two kinds",
      "{ name: a, model: accounts, sql: select 1, row_count: { change_at_most: 1 } }",
      "4:5: checks.0: expected exactly one of accepted, row_count, rows_by_day, sql",
    ],
    [
      "no table",
      "{ name: a, row_count: { change_at_most: 1 } }",
      "4:5: checks.0: row_count needs the `model` whose rows it holds",
    ],
    [
      "a table beside sql",
      "{ name: a, model: accounts, sql: select 1 }",
      '4:16: checks.0.model: "accounts": `sql` names its tables itself',
    ],
    [
      "values of no column",
      "{ name: a, model: accounts, accepted: [x] }",
      "4:5: checks.0: `accepted` needs the `column`",
    ],
    [
      "a column without values",
      "{ name: a, model: accounts, column: name, row_count: { change_at_most: 1 } }",
      '4:33: checks.0.column: "name": only `accepted` holds a column',
    ],
    [
      "an unknown table",
      "{ name: a, model: acounts, row_count: { change_at_most: 1 } }",
      '4:16: there is no table "acounts". Did you mean "accounts"?',
    ],
    [
      "an unknown column",
      "{ name: a, model: accounts, column: segmant, accepted: [x] }",
      '4:33: accounts has no column "segmant". Did you mean "segment"?',
    ],
    [
      "an attribute that isn't mapped",
      "{ name: a, model: accounts, column: attribute_tear, accepted: [x] }",
      '4:33: accounts has no column "attribute_tear". Did you mean "attribute_tier"?',
    ],
    [
      "a table without days",
      "{ name: a, model: accounts, rows_by_day: { change_at_most: 1 } }",
      "4:16: rows of accounts have no day; use row_count or sql.",
    ],
    [
      "a value of another type",
      "{ name: a, model: account_latest, column: stage_days, accepted: [1, two] }",
      '4:73: "two" is no integer, as stage_days is.',
    ],
    [
      "a number with a fraction",
      "{ name: a, model: account_latest, column: score, accepted: [1] }",
      "4:39: score is a number; accepted values are of text, whole numbers and booleans. Use sql.",
    ],
    [
      "a severity that there isn't",
      "{ name: a, sql: select 1, severity: warn }",
      '4:31: checks.0.severity: unknown value "warn". Did you mean "warning"?',
    ],
    [
      "an unknown key",
      "{ name: a, sql: select 1, serverity: error }",
      '4:31: unknown key "serverity". Did you mean "severity"?',
    ],
    [
      "a share below nothing",
      "{ name: a, model: accounts, row_count: { change_at_most: -0.1 } }",
      "4:46: checks.0.row_count.change_at_most: -0.1: Too small: expected number to be >=0",
    ],
    [
      "a statement behind the query",
      "{ name: a, sql: \"select '1'; drop table accounts\" }",
      "4:16: SQL here is one expression or query, without comments or ';'",
    ],
    ["no name", "{ sql: select 1 }", "4:5: checks.0.name is required (string)."],
  ])("%s is told with its place", (_, check, problem) => {
    expect(mistakesIn(`  - ${check}`)).toEqual([`waymark.yml:${problem}`]);
  });

  it("share no name", () => {
    expect(mistakesIn("  - { name: a, sql: select 1 }\n  - { name: a, sql: select 2 }")).toEqual([
      'waymark.yml:5:7: checks.1.name: "a": another check has this name',
    ]);
  });
});
