import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseYaml } from "../../config/yaml.js";
import { WaymarkError } from "../../errors.js";
import { checkJourney } from "../../journey/check.js";
import { journeySchema } from "../../journey/journey.js";
import { loadJourney, parseJourney, versioned } from "../../journey/load.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";

const read = (text: string) => versioned(parseYaml(text, "journey.yml", journeySchema, checkJourney));
function mistakesIn(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(WaymarkError);
    expect((error as WaymarkError).code).toBe("CONFIG_INVALID");
    expect((error as WaymarkError).details.problems).toEqual((error as WaymarkError).message.split("\n"));
    return (error as WaymarkError).message.split("\n");
  }
  return [];
}
const health =
  "health: { indicators: [{ id: use, name: Use, dimension: engagement, fact: events_7d, scale: [[0, 0], [1, 100]] }] }";
const oneStage = "stages: [{ id: all, name: All }]";
/** A journey whose first stage has this condition; it begins at 2:29. */
const when = (condition: string): string => `stages:
  - { id: a, name: A, when: ${condition} }
  - { id: b, name: B }
milestones:
  - { id: used, name: Used, expected_days: 1, when: { fact: events_1d, at_least: 1 } }
${health}`;
const indicator = (more: string): string => `${oneStage}
health:
  indicators:
    - { id: a, name: A, ${more} }`;

describe("a mistake in the journey is told with file, line, column and the nearest word", () => {
  const table: [what: string, text: string, problems: string[]][] = [
    [
      "nothing",
      "",
      ["journey.yml:1:1: stages is required (array).", "journey.yml:1:1: health is required (object)."],
    ],
    [
      "no YAML",
      `stages: [\n${health}`,
      [
        "journey.yml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
      ],
    ],
    [
      "a key twice",
      `${oneStage}\n${oneStage}\n${health}`,
      ["journey.yml:2:1: not valid YAML: Map keys must be unique"],
    ],
    [
      "an anchor that isn't there",
      `stages: *here\n${health}`,
      ["journey.yml:1:1: not valid YAML: Unresolved alias (the anchor must be set before the alias): here"],
    ],
    [
      "an unknown key",
      `${oneStage}\n${health}\nstage: x`,
      ['journey.yml:3:1: unknown key "stage". Did you mean "stages"?'],
    ],
    [
      "an unknown key inside",
      `stages:\n  - { id: all, nmae: All }\n${health}`,
      [
        "journey.yml:2:5: stages.0.name is required (string).",
        'journey.yml:2:16: unknown key "nmae". Did you mean "name"?',
      ],
    ],
    [
      "an id that can't name a column",
      `stages: [{ id: My stage, name: All }]\n${health}`,
      ['journey.yml:1:12: stages.0.id: "My stage": expected a word in snake_case'],
    ],
    [
      "an unknown fact in a trend",
      `${oneStage}\n${health}\ntrends: [mrr, events_8d]`,
      ['journey.yml:3:15: unknown fact "events_8d". Did you mean "events_1d"?'],
    ],
    [
      "an unknown fact in a condition",
      when("{ fact: seat, at_least: 3 }"),
      ['journey.yml:2:31: unknown fact "seat". Did you mean "seats"?'],
    ],
    [
      "an unknown fact deep in a condition",
      when("{ all: [{ fact: seats, equals: 1 }, { any: [{ fact: mrrr, above: 1 }] }] }"),
      ['journey.yml:2:75: unknown fact "mrrr". Did you mean "mrr"?'],
    ],
    [
      "an unknown comparison",
      when("{ fact: seats, atleast: 3 }"),
      [
        "journey.yml:2:23: stages.0.when: compare it with one of at_least, above, at_most, below, equals, is_missing",
        'journey.yml:2:44: unknown key "atleast". Did you mean "at_least"?',
      ],
    ],
    [
      "no comparison",
      when("{ fact: seats }"),
      [
        "journey.yml:2:23: stages.0.when: compare it with one of at_least, above, at_most, below, equals, is_missing",
      ],
    ],
    [
      "an unknown word for all",
      when("{ al: [{ fact: seats, equals: 1 }] }"),
      ['journey.yml:2:31: unknown key "al". Did you mean "all"?'],
    ],
    [
      "all of nothing",
      when("{ all: [] }"),
      ["journey.yml:2:31: stages.0.when.all: Too small: expected array to have >=1 items"],
    ],
    [
      "text for a number",
      when("{ fact: seats, at_least: three }"),
      ['journey.yml:2:44: stages.0.when.at_least: "three": Invalid input: expected number, received string'],
    ],
    [
      "a number for yes/no",
      when("{ fact: is_customer, at_least: 1 }"),
      ["journey.yml:2:50: is_customer is yes/no: use equals: true or false."],
    ],
    [
      "yes/no for a number",
      when("{ fact: seats, equals: true }"),
      ["journey.yml:2:44: seats is a number: use at_least, above, at_most, below or equals with one."],
    ],
    [
      "an unknown milestone",
      when("{ not: { milestone: usd } }"),
      ['journey.yml:2:38: unknown milestone "usd". Did you mean "used"?'],
    ],
    [
      "two stages of one id",
      `stages:\n  - { id: a, name: A, when: { fact: seats, equals: 1 } }\n  - { id: a, name: B }\n${health}`,
      ['journey.yml:3:7: "a" is used twice; ids must be unique.'],
    ],
    [
      "a stage that hides those after it, and a last one with a condition",
      `stages:\n  - { id: a, name: A }\n  - { id: b, name: B, when: { fact: seats, equals: 1 } }\n${health}`,
      [
        'journey.yml:2:5: stage "a" needs a condition (`when`): without one the stages after it are never reached.',
        'journey.yml:3:23: the last stage, "b", takes every day that no other claims; remove its condition.',
      ],
    ],
    [
      "a start from nowhere",
      `${oneStage}\nmilestones:\n  - { id: m, name: M, starts: { stge: all }, expected_days: 1, when: { fact: seats, equals: 1 } }\n${health}`,
      ['journey.yml:3:33: unknown key "stge". Did you mean "stage"?'],
    ],
    [
      "a misspelt start",
      `${oneStage}\nmilestones:\n  - { id: m, name: M, starts: custmer_start, expected_days: 1, when: { fact: seats, equals: 1 } }\n${health}`,
      [
        'journey.yml:3:23: milestones.0.starts: unknown value "custmer_start". Did you mean "customer_start"?',
      ],
    ],
    [
      "a start from an unknown stage",
      `${oneStage}\nmilestones:\n  - { id: m, name: M, starts: { stage: al }, expected_days: 1, when: { fact: seats, equals: 1 } }\n${health}`,
      ['journey.yml:3:33: unknown stage "al". Did you mean "all"?'],
    ],
    [
      "a start from itself",
      `${oneStage}\nmilestones:\n  - { id: m, name: M, starts: { milestone: m }, expected_days: 1, when: { fact: seats, equals: 1 } }\n${health}`,
      [
        "journey.yml:3:33: milestones start from each other in a circle: m → m. Let one of them start from customer_start.",
      ],
    ],
    [
      "a milestone that waits for another, and one stuck before it is late",
      `${oneStage}\nmilestones:\n  - { id: m, name: M, expected_days: 9, stuck_after_days: 9, when: { milestone: m } }\n${health}`,
      [
        "journey.yml:3:41: stuck_after_days is 9, expected more than expected_days (9).",
        "journey.yml:3:70: a milestone can't ask for a milestone: it speaks of facts only.",
      ],
    ],
    [
      "a dimension that isn't one",
      indicator("dimension: usage, fact: seats, scale: [[0, 0], [1, 1]]"),
      [
        'journey.yml:4:25: health.indicators.0.dimension: unknown value "usage". Known: outcomes, engagement, utilisation, satisfaction, support.',
      ],
    ],
    [
      "no fact",
      indicator("dimension: support, scale: [[0, 0], [1, 1]]"),
      ["journey.yml:4:7: health.indicators.0.fact is required (string)."],
    ],
    [
      "points beyond 100",
      indicator("dimension: support, fact: seats, scale: [[0, 0], [1, 101]]"),
      ["journey.yml:4:78: health.indicators.0.scale.1.1: 101: Too big: expected number to be <=100"],
    ],
    [
      "a scale that doesn't rise",
      indicator("dimension: support, fact: seats, scale: [[0, 0], [1, 1], [1, 2]]"),
      ["journey.yml:4:82: the scale's values must rise: 1 follows 1."],
    ],
    [
      "weights of an unknown stage",
      indicator("dimension: support, fact: seats, scale: [[0, 0], [1, 1]], weights: { al: 2 }"),
      ['journey.yml:4:94: unknown stage "al". Did you mean "all"?'],
    ],
    [
      "a scored stage in which nothing weighs",
      indicator("dimension: support, fact: seats, scale: [[0, 0], [1, 1]], weight: 0"),
      [
        'journey.yml:1:10: all indicators weigh 0 in stage "all"; give one a weight, or say is_scored: false.',
      ],
    ],
    [
      "bands upside down",
      `${oneStage}\nhealth:\n  bands: { average_from: 80, good_from: 50 }\n  indicators: [{ id: a, name: A, dimension: support, fact: seats, scale: [[0, 0], [1, 1]] }]`,
      ["journey.yml:3:3: the bands overlap: average_from (80) must be below good_from (50)."],
    ],
    [
      "a cap on an unknown milestone",
      `${indicator("dimension: support, fact: seats, scale: [[0, 0], [1, 1]]")}\n  caps: [{ id: c, name: C, at_most: 40, when: { milestone: m } }]`,
      ['journey.yml:5:49: unknown milestone "m".'],
    ],
  ];
  it.each(table)("%s", (_, text, problems) => {
    expect(mistakesIn(text)).toEqual(problems);
  });

  it("and all at once, in the file's order", () => {
    const text = `stages:
  - { id: a, name: A, when: { fact: seat, at_least: 3 } }
  - { id: b, nam: B }
trend: []
health:
  min_coverage: 2
  indicators: [{ id: use, name: Use, dimension: engagement, fact: events_8d, scale: [[0, 0], [1, 100]] }]
signals:
  - { id: fall, name: Fall, kind: negativ, when: { fact: seatz, below: 1 } }
plays:
  - { id: call, name: Call, on: { signal: fall }, tasks: [{ id: t, name: T, due_in_days: 1 }] }
  - { id: mail, name: Mail, on: { signal: fill }, tasks: [{ id: t, name: T, due_in_days: 1 }] }`;
    expect(mistakesIn(text).map((line) => line.split(": ")[0])).toEqual([
      "journey.yml:2:31",
      "journey.yml:3:5",
      "journey.yml:3:14",
      "journey.yml:4:1",
      "journey.yml:6:3",
      "journey.yml:7:61",
      "journey.yml:9:29",
      "journey.yml:12:35",
    ]);
  });
});

describe("what no table could be built of is refused where it stands", () => {
  const own = (more: string): string =>
    `${oneStage}\nfacts:\n  - { id: mine, description: Mine, from: usage_events, measure: count, ${more} }\n${health}`;
  const scale = (steps: string): string => indicator(`dimension: support, fact: seats, scale: ${steps}`);
  const listed = (list: string, more: string): string =>
    `${oneStage}\n${list}:\n  - { id: x, name: X, ${more} }\n${health}`;
  const always = "{ fact: seats, at_least: 1 }";
  const tooMany = "Too big: expected number to be <=36500";
  const table: [what: string, text: string, place: string, message: string][] = [
    [
      "a whole number past 2^53",
      when("{ fact: seats, above: 9007199254740993 }"),
      "2:44",
      "<=9007199254740991",
    ],
    ["a huge number", when("{ fact: breadth_28d, below: 1e300 }"), "2:50", "<=9007199254740991"],
    [
      "an endlessly small one",
      when("{ fact: breadth_28d, below: 5e-324 }"),
      "2:50",
      "expected 0, or at least 0.000000001",
    ],
    [
      "more decimals than money has",
      when("{ fact: mrr, above: 0.12345678901 }"),
      "2:42",
      "mrr is kept to nine decimals; 0.12345678901 has more.",
    ],
    [
      "a huge number among an own fact's rows",
      own("where: { quantity: 1e20 }"),
      "3:81",
      "where.quantity: 100000000000000000000",
    ],
    [
      "a column that every object has",
      own("where: { constructor: 1 }"),
      "3:81",
      'usage_events has no column "constructor"',
    ],
    [
      "a fact that every object has",
      when("{ fact: constructor, above: 1 }"),
      "2:31",
      'unknown fact "constructor".',
    ],
    [
      "an indicator of such a fact",
      indicator("dimension: support, fact: toString, scale: [[0, 0], [1, 1]]"),
      "4:45",
      'unknown fact "toString".',
    ],
    [
      "an id that every object has",
      `stages: [{ id: constructor, name: C }]\n${health}`,
      "1:12",
      "this word is taken; choose another",
    ],
    [
      "a key that would be dropped",
      indicator("dimension: support, fact: seats, scale: [[0, 0], [1, 1]], weights: { __proto__: 2 }"),
      "4:94",
      'unknown key "__proto__".',
    ],
    [
      "steps of a scale too small to divide by",
      scale("[[0, 0], [1e-9, 50], [1.5e-9, 100]]"),
      "4:86",
      "the scale's values must rise, by at least 0.000000001: 1.5e-9 follows 1e-9.",
    ],
    ["a scale without ends", scale("[[-1e308, 0], [1, 100]]"), "4:67", ">=-9007199254740991"],
    [
      "a weight beyond adding",
      indicator("dimension: support, fact: seats, scale: [[0, 0], [1, 1]], weight: 1e308"),
      "4:83",
      "<=9007199254740991",
    ],
    ["a condition in itself", when("&c { not: *c }"), "2:39", "*c contains itself."],
    [
      "a NUL",
      `stages: [{ id: all, name: "a\\0b" }]\n${health}`,
      "1:21",
      '"a\\u0000b" has a control character',
    ],
    [
      "an escape of the screen",
      listed("touchpoints", 'why: W, stage: all, kind: "\\e[2J", due_in_days: 1'),
      "3:43",
      "has a control character",
    ],
    [
      "half a character",
      `${oneStage}\nkey_events: ["\\uD800"]\n${health}`,
      "2:14",
      "has a control character",
    ],
    [
      "a milestone expected in a thousand years",
      listed("milestones", `expected_days: 365000, when: ${always}`),
      "3:23",
      tooMany,
    ],
    [
      "a milestone stuck after a thousand years",
      listed("milestones", `expected_days: 1, stuck_after_days: 365000, when: ${always}`),
      "3:41",
      tooMany,
    ],
    [
      "a stage of a thousand years",
      "stages: [{ id: all, name: All, expected_days: 365000 }]\n".concat(health),
      "1:32",
      tooMany,
    ],
    [
      "a touchpoint in a thousand years",
      listed("touchpoints", "why: W, stage: all, kind: call, due_in_days: 365000"),
      "3:55",
      tooMany,
    ],
    [
      "one every thousand years",
      listed("touchpoints", "why: W, stage: all, kind: call, due_in_days: 1, repeat_every_days: 365000"),
      "3:71",
      tooMany,
    ],
    [
      "what holds for a thousand years",
      when("{ fact: seats, above: 1, held_for_days: 365000 }"),
      "2:54",
      tooMany,
    ],
    [
      "a signal after a thousand years",
      listed("signals", `kind: negative, for_days: 365000, when: ${always}`),
      "3:39",
      tooMany,
    ],
    [
      "one that closes then",
      listed("signals", `kind: negative, clear_days: 365000, when: ${always}`),
      "3:39",
      tooMany,
    ],
    [
      "a task due in a thousand years",
      listed("plays", "on: { stage: all }, tasks: [{ id: t, name: T, due_in_days: 365000 }]"),
      "3:69",
      tooMany,
    ],
    [
      "a play that rests so long",
      listed(
        "plays",
        "on: { stage: all }, cooldown_days: 365000, tasks: [{ id: t, name: T, due_in_days: 1 }]",
      ),
      "3:43",
      tooMany,
    ],
    [
      "a task that expires then",
      `${oneStage}\ntasks: { expire_after_days: 365000 }\n${health}`,
      "2:10",
      tooMany,
    ],
    [
      "onboarding of a thousand years",
      `${listed("milestones", `expected_days: 1, when: ${always}`)}\nonboarding: { checklist: [x], expected_days: 365000 }`,
      "5:31",
      tooMany,
    ],
  ];
  it.each(table)("%s", (_, text, place, message) => {
    let said = "";
    try {
      parseJourney(text, "journey.yml", checkOwnFacts);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toContain(message);
    expect(said.startsWith(`journey.yml:${place}: `), said).toBe(true);
    expect(said.split("\n")).toHaveLength(1);
  });

  it("blanks and line ends in a text are none of it", () => {
    expect(mistakesIn(`stages: [{ id: all, name: All, description: "a\\tb\\r\\nc 💥" }]\n${health}`)).toEqual(
      [],
    );
  });
});

describe("a journey", () => {
  it("by default works, from the built-in facts alone", () => {
    const journey = loadJourney("journey/presets/three-stage.yml");
    expect(journey.stages.map((stage) => stage.id)).toEqual([
      "churned",
      "prospect",
      "pre_renewal",
      "onboarding",
      "established",
    ]);
    expect(new Set(journey.health.indicators.map((i) => i.dimension))).toEqual(
      new Set(["outcomes", "engagement", "utilisation", "satisfaction", "support"]),
    );
    expect(journey.version).toMatch(/^[0-9a-f]{12}$/);
  });

  it("that can't be read says so and how to get one", () => {
    expect(() => loadJourney("/nowhere/journey.yml")).toThrow(
      /^Can't read \/nowhere\/journey\.yml: ENOENT.*`waymark init` writes one; `--project FOLDER` says where else to look\.$/,
    );
  });

  it("is filled from the environment as the project's file, and never as text that came from elsewhere", () => {
    const folder = mkdtempSync(join(tmpdir(), "waymark-journey-"));
    process.env.WAYMARK_TEST_SECRET = "hunter2";
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
      delete process.env.WAYMARK_TEST_SECRET;
    });
    const text = `stages: [{ id: all, name: "\${WAYMARK_TEST_SECRET}" }]\n${health}`;
    const file = join(folder, "journey.yml");
    writeFileSync(file, text);
    expect(loadJourney(file).stages[0]?.name).toBe("hunter2");
    expect(parseJourney(text, "sent").stages[0]?.name).toBe("${WAYMARK_TEST_SECRET}");
    // What `plan --url` sends is what was read: the same version.
    const { version, ...read } = loadJourney(file);
    expect(parseJourney(JSON.stringify(read), "sent").version).toBe(version);
  });

  it("has the version of what it says, not of how it is written", () => {
    const folder = mkdtempSync(join(tmpdir(), "waymark-journey-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const versionOf = (text: string): string => {
      const file = join(folder, "journey.yml");
      writeFileSync(file, text);
      return loadJourney(file).version;
    };
    const version = versionOf(`${oneStage}\n${health}`);
    expect(
      versionOf(`# a comment\n${health}\n\nstages:\n  - name: "All"\n    id: all\n    is_scored: true\n`),
    ).toBe(version);
    expect(versionOf(`stages: [{ id: all, name: Everything }]\n${health}`)).not.toBe(version);
    expect(versionOf(`${oneStage}\n${health}\ntrends: [mrr, seats]`)).not.toBe(
      versionOf(`${oneStage}\n${health}\ntrends: [seats, mrr]`),
    );
  });
});
