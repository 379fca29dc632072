import { describe, expect, it } from "vitest";
import { parseYaml } from "../../config/yaml.js";
import { WaymarkError } from "../../errors.js";
import { checkJourney } from "../../journey/check.js";
import { journeySchema } from "../../journey/journey.js";

/** Each mistake as what stands where it is told, up to the first blank after a letter, and what is told. */
function mistakesIn(text: string): [string, string][] {
  try {
    parseYaml(text, "journey.yml", journeySchema, checkJourney);
  } catch (error) {
    expect(error).toBeInstanceOf(WaymarkError);
    return (error as WaymarkError).message.split("\n").map((problem) => {
      const [, line, column, message = ""] = /^journey\.yml:(\d+):(\d+): (.*)$/.exec(problem) ?? [];
      const rest = text.split("\n")[Number(line) - 1]?.slice(Number(column) - 1) ?? "";
      return [/^(?:- )?[[{"]?\s*[\w\-"]+:?(?: [\w."]+)?/.exec(rest)?.[0] ?? rest, message];
    });
  }
  return [];
}
const messagesIn = (text: string): string[] => mistakesIn(text).map(([, message]) => message);

const indicator = "{ id: use, name: U, dimension: engagement, fact: events_7d, scale: [[0, 0], [1, 100]] }";
const journey = (parts: {
  facts?: string;
  stages?: readonly string[];
  milestones?: readonly string[];
  indicators?: readonly string[];
  caps?: readonly string[];
  signals?: readonly string[];
  rest?: string;
}): string => {
  const list = (items: readonly string[], indent = "  "): string =>
    items.map((item) => `${indent}- ${item}`).join("\n");
  return `${parts.facts ?? ""}
stages:
${list(parts.stages ?? ["{ id: young, name: Y, when: { fact: tenure_days, below: 90 } }", "{ id: old, name: O }"])}
milestones:
${list([
  "{ id: used, name: U, expected_days: 1, when: { fact: events_1d, at_least: 1 } }",
  "{ id: renewed, name: R, starts: contract_start, expected_days: 1, when: { fact: events_1d, at_least: 1 } }",
  "{ id: again, name: A, starts: { each_stay_in: old }, expected_days: 1, when: { fact: events_1d, at_least: 1 } }",
  ...(parts.milestones ?? []),
])}
health:
  indicators:
${list(parts.indicators ?? [indicator], "    ")}
  caps:
${list(["{ id: cap, name: C, at_most: 50, when: { fact: open_tickets, above: 9 } }", ...(parts.caps ?? [])], "    ")}
signals:
${list(["{ id: busy, name: B, kind: positive, when: { fact: events_1d, above: 9 } }", ...(parts.signals ?? [])])}
${parts.rest ?? ""}`;
};
const inStage = (when: string) =>
  journey({ stages: [`{ id: a, name: A, when: ${when} }`, "{ id: old, name: O }"] });
const inMilestone = (when: string) =>
  journey({ milestones: [`{ id: m, name: M, expected_days: 1, when: ${when} }`] });
const inCap = (when: string) => journey({ caps: [`{ id: c, name: C, at_most: 9, when: ${when} }`] });
const inSignal = (when: string, rest = "") =>
  journey({ signals: [`{ id: s, name: S, kind: negative, when: ${when} }`], rest });
const places = { stage: inStage, milestone: inMilestone, cap: inCap, signal: inSignal };

it("the journey that these mistakes are made in has none", () => {
  expect(mistakesIn(journey({}))).toEqual([]);
});

describe("a condition may ask for what is known where it stands", () => {
  const says = {
    milestone: "facts only",
    stage: "facts and milestones reached",
    cap: "facts, milestones reached and stages",
  };
  const table: [
    what: string,
    key: string,
    condition: string,
    asked: string,
    mayNot: (keyof typeof says)[],
  ][] = [
    ["a milestone reached", "milestone: used", "{ milestone: used }", "a milestone", ["milestone"]],
    [
      "a milestone's status",
      "status: stuck",
      "{ milestone: used, status: stuck }",
      "a milestone's status",
      ["milestone", "stage", "cap"],
    ],
    ["a stage", "stage: old", "{ stage: old }", "a stage", ["milestone", "stage"]],
    ["a band", "band: poor", "{ band: poor }", "a band", ["milestone", "stage", "cap"]],
    [
      "a trend's direction",
      "trend: health_score",
      "{ trend: health_score, direction: falling }",
      "a trend",
      ["milestone", "stage", "cap"],
    ],
    [
      "a trend's measure",
      "trend: health_score",
      "{ trend: health_score, measure: z, below: 0 }",
      "a trend",
      ["milestone", "stage", "cap"],
    ],
  ];
  it.each(table)("%s", (_, key, condition, asked, mayNot) => {
    for (const place of Object.keys(says) as (keyof typeof says)[]) {
      const problem = [key, `a ${place} can't ask for ${asked}: it speaks of ${says[place]}.`];
      const expected = mayNot.includes(place) ? [problem] : [];
      expect(mistakesIn(places[place](condition))).toEqual(expected);
      // However deep, and held for days.
      expect(
        mistakesIn(
          places[place](`{ all: [{ not: { any: [${condition.replace(" }", ", held_for_days: 3 }")}] } }] }`),
        ),
      ).toEqual(expected);
    }
    expect(mistakesIn(inSignal(condition))).toEqual([]);
  });

  it("what is known with the score is for signals alone", () => {
    for (const fact of ["days_in_stage", "health_score", "health_coverage", "health_change_28d"]) {
      const condition = `{ fact: ${fact}, above: 0.5 }`;
      const told = [
        [`fact: ${fact}`, `${fact} is known only once there is a score; signals may ask for it.`],
      ];
      expect(mistakesIn(inStage(condition))).toEqual(told);
      expect(mistakesIn(inMilestone(condition))).toEqual(told);
      expect(mistakesIn(inCap(condition))).toEqual(told);
      expect(mistakesIn(inSignal(condition))).toEqual([]);
      expect(mistakesIn(journey({ indicators: [indicator.replace("events_7d", fact)] }))).toEqual([
        [`fact: ${fact}`, `${fact} is known only once there is a score; an indicator can't be made of it.`],
      ]);
    }
  });

  it("a milestone that begins anew is for signals alone", () => {
    for (const milestone of ["renewed", "again"]) {
      const told = [
        [
          `milestone: ${milestone}`,
          `"${milestone}" begins anew with every contract or stay, so only signals may ask for it.`,
        ],
      ];
      expect(mistakesIn(inStage(`{ milestone: ${milestone} }`))).toEqual(told);
      expect(mistakesIn(inCap(`{ milestone: ${milestone} }`))).toEqual(told);
      expect(mistakesIn(inSignal(`{ milestone: ${milestone} }`))).toEqual([]);
      expect(mistakesIn(inSignal(`{ milestone: ${milestone}, status: missed }`))).toEqual([]);
    }
  });

  it("what it names exists", () => {
    const table: [string, [string, string]][] = [
      ["{ fact: seat, above: 1 }", ["fact: seat", 'unknown fact "seat". Did you mean "seats"?']],
      [
        "{ fact: health_scor, above: 1 }",
        ["fact: health_scor", 'unknown fact "health_scor". Did you mean "health_score"?'],
      ],
      ["{ milestone: usd }", ["milestone: usd", 'unknown milestone "usd". Did you mean "used"?']],
      [
        "{ milestone: usd, status: stuck }",
        ["milestone: usd", 'unknown milestone "usd". Did you mean "used"?'],
      ],
      ["{ stage: [old, yong] }", ["stage: ", 'unknown stage "yong". Did you mean "young"?']],
      [
        "{ trend: seats, direction: falling }",
        ["trend: seats", "no trend of seats is kept; add it to `trends`."],
      ],
      [
        "{ trend: seats, measure: z, below: 0 }",
        ["trend: seats", "no trend of seats is kept; add it to `trends`."],
      ],
      [
        "{ trend: days_in_stage, direction: rising }",
        ["trend: days_in_stage", "no trend of days_in_stage is kept; add it to `trends`."],
      ],
      [
        "{ trend: event_7d, direction: rising }",
        ["trend: event_7d", 'unknown trend "event_7d". Did you mean "events_7d"?'],
      ],
    ];
    for (const [condition, [at, message]] of table) {
      const [[where, said] = ["", ""], ...others] = mistakesIn(inSignal(condition, "trends: [events_7d]"));
      expect([said, others]).toEqual([message, []]);
      expect(where.startsWith(at.trim())).toBe(true);
    }
    for (const condition of [
      "{ trend: events_7d, direction: rising }",
      "{ trend: health_score, direction: rising }",
    ])
      expect(mistakesIn(inSignal(condition, "trends: [events_7d]"))).toEqual([]);
  });

  it("compares numbers with numbers and yes/no with yes/no, of trends always numbers", () => {
    expect(mistakesIn(inSignal("{ trend: health_score, measure: value, equals: true }"))).toEqual([
      ["equals: true", "health_score is a number: use at_least, above, at_most, below or equals with one."],
    ]);
    expect(messagesIn(inSignal("{ fact: health_score, equals: false }"))).toEqual([
      "health_score is a number: use at_least, above, at_most, below or equals with one.",
    ]);
    expect(messagesIn(inSignal("{ fact: is_trial, equals: 1 }"))).toEqual([
      "is_trial is yes/no: use equals: true or false.",
    ]);
    expect(mistakesIn(inSignal("{ fact: is_trial, is_missing: true }"))).toEqual([]);
  });
});

describe("held_for_days", () => {
  const said = "held_for_days stands inside another; say it once, outside or inside.";
  it("stands once on the way to a comparison", () => {
    expect(
      mistakesIn(inStage("{ all: [{ fact: seats, above: 1, held_for_days: 7 }], held_for_days: 3 }")),
    ).toEqual([["held_for_days: 7", said]]);
    expect(
      mistakesIn(
        inSignal(
          "{ any: [{ not: { stage: old, held_for_days: 2 } }, { not: { band: poor }, held_for_days: 4 }], held_for_days: 3 }",
        ),
      ),
    ).toEqual([
      ["held_for_days: 2", said],
      ["held_for_days: 4", said],
    ]);
  });

  it("may stand beside another, and before what it is of", () => {
    const beside =
      "{ all: [{ held_for_days: 3, fact: seats, above: 1 }, { held_for_days: 7, not: { fact: mrr, below: 1 } }] }";
    for (const place of Object.values(places)) expect(mistakesIn(place(beside))).toEqual([]);
  });

  it("is of two days at least", () => {
    expect(messagesIn(inStage("{ fact: seats, above: 1, held_for_days: 1 }"))).toEqual([
      "stages.0.when.held_for_days: 1: Too small: expected number to be >=2",
    ]);
  });
});

describe("a condition that can never hold is told", () => {
  const never: [what: string, condition: string][] = [
    ["bounds that leave no number", "{ fact: seats, at_least: 5, below: 5 }"],
    ["bounds that leave no number, the other way", "{ fact: seats, above: 5, at_most: 5 }"],
    ["bounds upside down", "{ fact: seats, at_least: 9, at_most: 3 }"],
    ["a number outside its own bounds", "{ fact: seats, equals: 5, above: 5 }"],
    ["less than the fact can be", "{ fact: seats, below: 0 }"],
    ["more than the fact can be", "{ fact: breadth_28d, above: 1 }"],
    ["a number that the fact can't be", "{ fact: nps_180d, equals: 101 }"],
    ["less than an own count can be", "{ fact: own, equals: -1 }"],
    ["missing, and compared", "{ fact: seats, is_missing: true, at_least: 0 }"],
    [
      "two comparisons of one fact",
      "{ all: [{ fact: seats, above: 5 }, { fact: mrr, above: 1 }, { fact: seats, below: 4 }] }",
    ],
    ["two numbers at once", "{ all: [{ fact: seats, equals: 5 }, { fact: seats, equals: 6 }] }"],
    ["yes and no at once", "{ all: [{ fact: is_trial, equals: true }, { fact: is_trial, equals: false }] }"],
    [
      "missing in one part, compared in another",
      "{ all: [{ fact: is_trial, is_missing: true }, { fact: is_trial, equals: true }] }",
    ],
    ["missing and not", "{ all: [{ fact: seats, is_missing: true }, { fact: seats, is_missing: false }] }"],
    ["all of all", "{ all: [{ fact: seats, above: 5 }, { all: [{ fact: seats, below: 5 }] }] }"],
    [
      "one part that can't",
      "{ all: [{ fact: mrr, above: 1 }, { any: [{ fact: seats, below: 0 }, { fact: seats, at_least: 2, below: 1 }] }] }",
    ],
    [
      "every part of any",
      "{ any: [{ fact: seats, below: 0 }, { all: [{ fact: mrr, above: 5 }, { fact: mrr, below: 5 }] }] }",
    ],
    ["held for days", "{ all: [{ fact: seats, above: 5, held_for_days: 3 }, { fact: seats, below: 5 }] }"],
    [
      "all of it held for days",
      "{ all: [{ fact: seats, above: 5 }, { fact: seats, below: 5 }], held_for_days: 3 }",
    ],
  ];
  const facts = "facts: [{ id: own, description: D, from: tickets, measure: count }]";
  it.each(never)("%s", (_, condition) => {
    const text = journey({
      facts,
      signals: [`{ id: s, name: S, kind: negative, when: ${condition} }`],
    });
    const told = "signal s can never hold: its comparisons contradict each other or the fact's range.";
    expect(messagesIn(text)).toEqual([told]);
    expect(mistakesIn(text)[0]?.[0]).toMatch(/^when:/);
  });

  it("with the place it stands in", () => {
    const condition = "{ fact: seats, below: 0 }";
    const [stage, milestone, cap] = [inStage, inMilestone, inCap].map((place) =>
      messagesIn(place(condition)),
    );
    expect([stage, milestone, cap].map((said) => said?.[0]?.split(":")[0])).toEqual([
      "stage a can never hold",
      "milestone m can never hold",
      "cap c can never hold",
    ]);
  });

  const possible = [
    "{ fact: seats, at_least: 5, at_most: 5 }",
    "{ fact: seats, equals: 5, at_least: 5 }",
    "{ fact: seats, at_most: 0 }",
    "{ fact: breadth_28d, at_least: 1 }",
    "{ fact: active_users_change_28d, below: 0 }",
    "{ fact: seats, is_missing: false, above: 1 }",
    "{ any: [{ fact: seats, below: 0 }, { fact: seats, above: 0 }] }",
    "{ any: [{ fact: seats, above: 5 }, { fact: seats, below: 5 }] }",
    "{ all: [{ fact: seats, above: 5 }, { not: { fact: seats, above: 9 } }] }",
    "{ all: [{ fact: seats, equals: 5 }, { fact: seats, equals: 5 }] }",
  ];
  it.each(possible)("but not %s", (condition) => {
    expect(mistakesIn(inSignal(condition))).toEqual([]);
  });
});

describe("a stage that an earlier one always claims first is told", () => {
  const stages = (...conditions: string[]): string =>
    journey({
      stages: [
        ...conditions.map((when, i) => `{ id: s${i}, name: S, when: ${when} }`),
        "{ id: old, name: O }",
      ],
    });
  const hidden: [what: string, earlier: string, later: string][] = [
    ["the same condition", "{ fact: seats, below: 5 }", "{ fact: seats, below: 5 }"],
    ["a narrower one", "{ fact: seats, below: 5 }", "{ fact: seats, below: 4 }"],
    ["one whose end is left out", "{ fact: seats, at_least: 5 }", "{ fact: seats, above: 5 }"],
    ["a number within", "{ fact: seats, at_least: 5 }", "{ fact: seats, equals: 5 }"],
    [
      "a further demand",
      "{ fact: seats, below: 5 }",
      "{ all: [{ fact: mrr, above: 1 }, { fact: seats, below: 5 }] }",
    ],
    [
      "a demand on what must only be known",
      "{ fact: seats, is_missing: false }",
      "{ fact: seats, above: 3 }",
    ],
    [
      "one of what the earlier takes",
      "{ any: [{ milestone: used }, { fact: seats, below: 5 }] }",
      "{ fact: seats, below: 5 }",
    ],
    [
      "all of what the earlier takes",
      "{ all: [{ milestone: used }, { fact: seats, below: 5 }] }",
      "{ all: [{ fact: seats, below: 3 }, { milestone: used }] }",
    ],
    ["the same for days", "{ fact: seats, below: 5 }", "{ fact: seats, below: 5, held_for_days: 7 }"],
    [
      "several for days",
      "{ fact: seats, below: 5 }",
      "{ all: [{ fact: seats, below: 5 }, { milestone: used }], held_for_days: 7 }",
    ],
  ];
  it.each(hidden)("%s", (_, earlier, later) => {
    expect(messagesIn(stages(earlier, later))).toEqual([
      'stage "s1" is never reached: whenever its condition holds, so does that of "s0", which stands before it.',
    ]);
    // Whatever stands between.
    expect(messagesIn(stages(earlier, "{ fact: nps_180d, is_missing: true }", later))).toEqual([
      'stage "s2" is never reached: whenever its condition holds, so does that of "s0", which stands before it.',
    ]);
  });

  const reached: [what: string, earlier: string, later: string][] = [
    ["a wider condition", "{ fact: seats, below: 4 }", "{ fact: seats, below: 5 }"],
    ["one whose end is taken in", "{ fact: seats, above: 5 }", "{ fact: seats, at_least: 5 }"],
    ["one that overlaps", "{ fact: seats, at_least: 5, below: 9 }", "{ fact: seats, at_least: 6 }"],
    ["another fact", "{ fact: seats, below: 5 }", "{ fact: mrr, below: 5 }"],
    ["a missing value", "{ fact: seats, below: 5 }", "{ fact: seats, is_missing: true }"],
    [
      "what the earlier takes only with more",
      "{ all: [{ fact: seats, below: 5 }, { milestone: used }] }",
      "{ fact: seats, below: 5 }",
    ],
    [
      "what the earlier takes only for days",
      "{ fact: seats, below: 5, held_for_days: 7 }",
      "{ fact: seats, below: 5 }",
    ],
    [
      "what the earlier takes for days, one day by another",
      "{ fact: seats, below: 5, held_for_days: 7 }",
      "{ fact: seats, below: 3, held_for_days: 5 }",
    ],
    [
      "one of which only a part is taken",
      "{ fact: seats, below: 5 }",
      "{ any: [{ fact: seats, below: 5 }, { fact: mrr, above: 1 }] }",
    ],
    ["the opposite", "{ not: { fact: seats, below: 5 } }", "{ fact: seats, below: 5 }"],
  ];
  it.each(reached)("but not %s", (_, earlier, later) => {
    expect(messagesIn(stages(earlier, later))).toEqual([]);
  });
});

describe("ids are unique where they stand together", () => {
  const twice = "is used twice; ids must be unique.";
  it("in every list", () => {
    const task = "{ id: t, name: T, due_in_days: 1 }";
    const play = (id: string, tasks = task) =>
      `{ id: ${id}, name: P, on: { signal: busy }, tasks: [${tasks}] }`;
    const touchpoint = "{ id: qbr, name: Q, why: W, stage: old, kind: qbr, due_in_days: 1 }";
    const lists: [string, string][] = [
      [
        "used",
        journey({ milestones: ["{ id: used, name: U, expected_days: 1, when: { fact: seats, above: 1 } }"] }),
      ],
      ["use", journey({ indicators: [indicator, indicator] })],
      ["cap", journey({ caps: ["{ id: cap, name: C, at_most: 9, when: { fact: seats, above: 1 } }"] })],
      [
        "busy",
        journey({ signals: ["{ id: busy, name: B, kind: positive, when: { fact: seats, above: 1 } }"] }),
      ],
      ["p", journey({ rest: `plays: [${play("p")}, ${play("p")}]` })],
      ["t", journey({ rest: `plays: [${play("p", `${task}, ${task}`)}]` })],
      ["qbr", journey({ rest: `touchpoints: [${touchpoint}, ${touchpoint}]` })],
    ];
    for (const [id, text] of lists) expect([id, messagesIn(text)]).toEqual([id, [`"${id}" ${twice}`]]);
    // Tasks of different plays, and things of different kinds, may share theirs.
    expect(mistakesIn(journey({ rest: `plays: [${play("busy")}, ${play("used")}]` }))).toEqual([]);
  });
});

describe("milestones", () => {
  const milestone = (id: string, starts: string): string =>
    `{ id: ${id}, name: M, starts: ${starts}, expected_days: 1, when: { fact: seats, above: 1 } }`;
  const circle = (path: string): string =>
    `milestones start from each other in a circle: ${path}. Let one of them start from customer_start.`;

  it("don't start from each other in a circle, however long", () => {
    const milestones = [
      milestone("a", "{ milestone: b }"),
      milestone("b", "{ milestone: c }"),
      milestone("c", "{ milestone: a }"),
      // Not part of the circle, though it comes to nothing because of it.
      milestone("d", "{ milestone: a }"),
    ];
    expect(mistakesIn(journey({ milestones }))).toEqual([
      ["milestone: b", circle("a → b → c → a")],
      ["milestone: c", circle("b → c → a → b")],
      ["milestone: a", circle("c → a → b → c")],
    ]);
    const chain = [
      milestone("a", "{ milestone: b }"),
      milestone("b", "{ milestone: c }"),
      milestone("c", "{ stage: old }"),
    ];
    expect(mistakesIn(journey({ milestones: chain }))).toEqual([]);
  });

  it("don't start from one that begins anew, nor from what isn't there", () => {
    expect(mistakesIn(journey({ milestones: [milestone("a", "{ milestone: renewed }")] }))).toEqual([
      [
        "milestone: renewed",
        '"renewed" begins anew with every contract or stay, so nothing can start from it.',
      ],
    ]);
    expect(mistakesIn(journey({ milestones: [milestone("a", "{ milestone: usd }")] }))).toEqual([
      ["milestone: usd", 'unknown milestone "usd". Did you mean "used"?'],
    ]);
    expect(mistakesIn(journey({ milestones: [milestone("a", "{ each_stay_in: yong }")] }))).toEqual([
      ["each_stay_in: yong", 'unknown stage "yong". Did you mean "young"?'],
    ]);
    // A stage may be called what a milestone is called.
    const both = journey({
      stages: ["{ id: renewed, name: R, when: { fact: seats, above: 1 } }", "{ id: old, name: O }"],
      milestones: [milestone("a", "{ stage: renewed }")],
    });
    expect(mistakesIn(both)).toEqual([]);
  });
});

describe("a scale", () => {
  const scaled = (scale: string) =>
    messagesIn(journey({ indicators: [indicator.replace("[[0, 0], [1, 100]]", scale)] }));
  const back = "the scale's points must not turn back";

  it("goes up or down, not both", () => {
    expect(scaled("[[0, 0], [1, 80], [2, 50], [3, 100]]")).toEqual([
      `${back}: 50 follows 80, though they go from 0 to 100.`,
    ]);
    expect(scaled("[[0, 100], [1, 40], [2, 60], [3, 0]]")).toEqual([
      `${back}: 60 follows 40, though they go from 100 to 0.`,
    ]);
    expect(scaled("[[0, 50], [1, 100], [2, 50]]")).toEqual([
      `${back}: 50 follows 100, though they go from 50 to 50.`,
    ]);
    expect(
      mistakesIn(
        journey({
          indicators: [indicator.replace("[[0, 0], [1, 100]]", "[[0, 0], [1, 80], [2, 50], [3, 100]]")],
        }),
      )[0]?.[0],
    ).toMatch(/^\[2/);
  });

  it("may be level in parts", () => {
    for (const scale of [
      "[[0, 0], [1, 50], [2, 50], [3, 100]]",
      "[[0, 100], [1, 100], [2, 0]]",
      "[[0, 50], [1, 50]]",
    ])
      expect(scaled(scale)).toEqual([]);
  });
});

describe("what plays, touchpoints, onboarding and trends name exists", () => {
  const play = (on: string) =>
    `plays: [{ id: p, name: P, on: ${on}, tasks: [{ id: t, name: T, due_in_days: 1 }] }]`;
  const table: [rest: string, mistake: [string, string]][] = [
    [play("{ signal: bsy }"), ["signal: bsy", 'unknown signal "bsy". Did you mean "busy"?']],
    [play("{ stage: yung }"), ["stage: yung", 'unknown stage "yung". Did you mean "young"?']],
    [play("{ milestone: usd }"), ["milestone: usd", 'unknown milestone "usd". Did you mean "used"?']],
    [
      "touchpoints: [{ id: q, name: Q, why: W, stage: yung, kind: qbr, due_in_days: 1 }]",
      ["stage: yung", 'unknown stage "yung". Did you mean "young"?'],
    ],
    [
      "onboarding: { checklist: [used, usd], expected_days: 9 }",
      ["usd", 'unknown milestone "usd". Did you mean "used"?'],
    ],
    [
      "onboarding: { checklist: [renewed], expected_days: 9 }",
      ["renewed", '"renewed" begins anew with every contract or stay; a checklist is done once.'],
    ],
    ["trends: [seat]", ["seat", 'unknown fact "seat". Did you mean "seats"?']],
  ];
  it.each(table)("%s", (rest, mistake) => {
    expect(mistakesIn(journey({ rest }))).toEqual([mistake]);
  });

  it("and what does is no mistake, milestones that begin anew included", () => {
    const rest = `${play("{ milestone: renewed }")}
touchpoints: [{ id: q, name: Q, why: W, stage: young, kind: [qbr, call], due_in_days: 1 }]
onboarding: { checklist: [used], expected_days: 9 }
trends: [seats, own]`;
    const facts = "facts: [{ id: own, description: D, from: tickets, measure: count }]";
    expect(mistakesIn(journey({ facts, rest }))).toEqual([]);
  });
});

describe("own facts", () => {
  const facts = "facts: [{ id: own, description: D, from: tickets, measure: count }]";

  it("are facts everywhere", () => {
    const when = "{ fact: own, above: 1 }";
    const text = journey({
      facts,
      stages: [`{ id: young, name: Y, when: ${when} }`, "{ id: old, name: O }"],
      milestones: [`{ id: m, name: M, expected_days: 1, when: ${when} }`],
      indicators: [indicator.replace("events_7d", "own")],
      caps: [`{ id: c, name: C, at_most: 9, when: ${when} }`],
      signals: [
        `{ id: s, name: S, kind: negative, when: ${when} }`,
        "{ id: t, name: T, kind: negative, when: { trend: own, direction: falling } }",
      ],
      rest: "trends: [own]",
    });
    expect(mistakesIn(text)).toEqual([]);
    expect(messagesIn(journey({ facts, rest: "trends: [onw]" }))).toEqual([
      'unknown fact "onw". Did you mean "own"?',
    ]);
  });

  it("aren't called what is called so already", () => {
    for (const [id, taken] of [
      ["seats", "is a built-in fact"],
      ["health_score", "is a built-in fact"],
      ["day", "is what something beside the facts is called"],
      ["score", "is what something beside the facts is called"],
      ["to_version", "is what something beside the facts is called"],
      ["attribute_tier", "is what something beside the facts is called"],
    ] as const)
      expect(mistakesIn(journey({ facts: facts.replace("own", id) }))).toEqual([
        [`id: ${id}`, `"${id}" ${taken}; choose another id.`],
      ]);
  });
});
