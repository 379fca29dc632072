import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseYaml } from "../../config/yaml.js";
import { type Condition, conditionSql, inWords } from "../../journey/conditions.js";
import { journeySchema } from "../../journey/journey.js";
import { checkJourney, loadJourney, versioned } from "../../journey/load.js";
import { name, render, sql } from "../../warehouse/sql.js";

const read = (text: string) => parseYaml(text, "journey.yml", journeySchema, checkJourney);
const whole = `
stages:
  - { id: new, name: New, when: { fact: tenure_days, below: 30 } }
  - { id: rest, name: Rest }
milestones:
  - { id: used, name: Used, expected_days: 7, when: { fact: events_1d, at_least: 1 } }
health:
  indicators:
    - { id: use, name: Use, dimension: engagement, fact: active_days_28d, scale: [[0, 0], [20, 100]] }
`;

describe("journey.yml", () => {
  it("the default one is valid, and the same file has the same version however it is laid out", () => {
    const journey = loadJourney("journey/default.yml");
    const { version: _, ...text } = journey;
    expect(versioned(JSON.parse(JSON.stringify(text))).version).toBe(journey.version);
    expect(readFileSync("journey/default.yml", "utf8")).toContain("#");
  });

  it.each<[mistake: string, from: string, to: string, expected: string]>([
    ["an unknown fact", "events_1d", "event_1d", 'Did you mean "events_1d"?'],
    ["a comparison that is none", "below: 30", "under: 30", 'unknown key "under"'],
    ["a fact without comparison", ", below: 30", "", "compare the fact with one of at_least"],
    [
      "yes/no compared with a number",
      "fact: tenure_days, below: 30",
      "fact: is_customer, below: 30",
      "is_customer is yes/no",
    ],
    [
      "an unknown milestone",
      "{ fact: tenure_days, below: 30 }",
      "{ not: { milestone: usde } }",
      'unknown milestone "usde". Did you mean "used"?',
    ],
    ["an id used twice", "id: rest", "id: new", '"new" is used twice'],
    [
      "a condition on the last stage",
      "id: rest, name: Rest",
      "id: rest, name: Rest, when: { fact: seats, above: 1 }",
      "takes every day that no other claims",
    ],
    ["a stage that hides the rest", ", when: { fact: tenure_days, below: 30 }", "", "never reached"],
    [
      "a scale that falls back",
      "[[0, 0], [20, 100]]",
      "[[0, 0], [0, 100]]",
      "the scale's values must rise: 0 follows 0",
    ],
    ["points beyond 100", "[20, 100]", "[20, 101]", "101"],
    [
      "a weight for no stage",
      "scale: [[0, 0], [20, 100]]",
      "scale: [[0, 0], [20, 100]], weights: { nwe: 1 }",
      'unknown stage "nwe". Did you mean "new"?',
    ],
    [
      "weights that sum to zero",
      "scale: [[0, 0], [20, 100]]",
      "scale: [[0, 0], [20, 100]], weight: 0",
      'all indicators weigh 0 in stage "new"',
    ],
    [
      "stuck before expected",
      "expected_days: 7,",
      "expected_days: 7, stuck_after_days: 3,",
      "stuck_after_days is 3, expected more than expected_days (7)",
    ],
  ])("%s is told with its place", (_, from, to, expected) => {
    expect(whole).toContain(from);
    let message = "";
    try {
      read(whole.replace(from, to));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(expected);
    expect(message).toMatch(/^journey\.yml:\d+:\d+: /);
  });
});

describe("conditions", () => {
  const condition: Condition = {
    all: [
      { fact: "licence_utilisation_28d", below: 0.5 },
      { not: { milestone: "used" } },
      {
        any: [
          { fact: "is_customer", equals: true },
          { fact: "mrr", at_least: 10, at_most: 20 },
        ],
      },
    ],
  };

  it("become SQL that is true or false on both engines, never null", () => {
    const compiled = conditionSql(condition, sql`f`, (m) => sql`e.${name(m)}`);
    expect(render(compiled, "duckdb").text).toBe(
      `(coalesce(f."licence_utilisation_28d" < 0.5e0, false) and (not coalesce(e."used" <= f.day, false)) and (coalesce(f."is_customer" = true, false) or (coalesce(f."mrr" >= cast('10' as decimal(38, 9)), false) and coalesce(f."mrr" <= cast('20' as decimal(38, 9)), false))))`,
    );
    expect(render(compiled, "bigquery").text).toContain("coalesce(f.`mrr` >= numeric '10', false)");
  });

  it("read as words", () => {
    expect(inWords(condition)).toBe(
      "licence utilisation 28d below 0.5 and not (milestone used reached) and (is customer equals true or mrr at least 10 and at most 20)",
    );
  });
});
