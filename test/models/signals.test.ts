import { describe, expect, it } from "vitest";
import { type Random, randomStream } from "../../demo/random.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { accountSignals } from "../../models/signals/account_signals.js";
import { accountStages } from "../../models/stages/account_stages.js";
import { bind, relation, sql } from "../../warehouse/sql.js";
import { companyOf, type Given, locate, materialize } from "./built.js";
import { addDays, daysOf } from "./days.js";
import { event, eventsOf, journeyText, paid } from "./given.js";

/** A Monday. */
const start = "2024-01-01";
const acme = { account_id: "a", created_on: start };
const used = "{ fact: events_1d, at_least: 1 }";
const signal = (id: string, when: string, more = "") =>
  `  - { id: ${id}, name: N, kind: negative, when: ${when}${more ? `, ${more}` : ""} }`;
const signalsText = (...signals: string[]): string => `signals:\n${signals.join("\n")}`;

interface Spell {
  readonly opened_on: string;
  readonly closed_on: string | null;
}
/** A picture of so many days: o = open. */
const pictureOf = (spells: readonly Spell[], first: string, days: number): string =>
  daysOf(first, addDays(first, days - 1))
    .map((day) =>
      spells.some((s) => s.opened_on <= day && (s.closed_on === null || day < s.closed_on)) ? "o" : ".",
    )
    .join("");

/** When each signal was open, as [opened_on, closed_on], by its id. */
async function openingsOf(given: Given, text: string, through: string) {
  const built = await companyOf({ accounts: [acme], ...given }, { journey: text, through });
  const spells = await built.read(accountSignals);
  return (id: string): [string, string | null][] =>
    spells.filter((s) => s.signal === id).map((s) => [s.opened_on, s.closed_on]);
}

describe("a signal", () => {
  // # = its condition holds that day; o = it is open that day.
  const table: [what: string, forDays: number, clearDays: number, held: string, open: string][] = [
    ["is open just while its condition holds, unless told otherwise", 1, 1, ".##.#..", ".oo.o.."],
    ["opens on the third day in a row with for_days 3", 3, 1, "..###..", "....o.."],
    ["doesn't open on the second", 3, 1, "..##...", "......."],
    ["doesn't add up days with a gap between", 3, 1, "##.##.##", "........"],
    ["closes on the second day in a row without, with clear_days 2", 1, 2, "##.....", "ooo...."],
    ["stays open over a gap shorter than clear_days", 1, 3, "#..#..#...", "ooooooooo."],
    ["closes and opens anew where the gap is as long as clear_days", 1, 3, "#...#..", "ooo.ooo"],
    ["needs for_days in a row to open anew", 3, 2, "###..##.###..", "..oo......oo."],
    ["needs but one day to begin the clearing anew", 3, 2, "###.#.#.#..", "..oooooooo."],
    ["that opens on the last day is open", 2, 2, ".....##", "......o"],
    ["that has cleared for a day less than needed is still open at the end", 2, 3, "..##..", "...ooo"],
    ["that clears on the last day is closed", 2, 3, "..##...", "...ooo."],
    ["may hold from the first day on", 1, 9, "#......", "ooooooo"],
    ["that never holds never opens", 1, 1, ".......", "......."],
  ];
  it("opens once its condition has held for for_days and closes once it has not for clear_days", async () => {
    // Every row is an account whose first day is such that its picture ends on the last day built.
    const through = addDays(start, 29);
    const firstOf = (held: string): string => addDays(through, 1 - held.length);
    const built = await companyOf(
      {
        accounts: table.map(([account_id, , , held]) => ({ account_id, created_on: firstOf(held) })),
        usage_events: table.flatMap(([account_id, , , held]) =>
          eventsOf(held, firstOf(held), { account_id }),
        ),
      },
      {
        journey: journeyText({
          rest: signalsText(
            ...new Set(
              table.map(([, forDays, clearDays]) =>
                signal(`s${forDays}_${clearDays}`, used, `for_days: ${forDays}, clear_days: ${clearDays}`),
              ),
            ),
          ),
        }),
        through,
      },
    );
    const spells = await built.read(accountSignals);
    const seen = table.map(([what, forDays, clearDays, held]) => {
      const own = spells.filter((s) => s.account_id === what && s.signal === `s${forDays}_${clearDays}`);
      return [what, forDays, clearDays, held, pictureOf(own, firstOf(held), held.length)];
    });
    expect(seen).toEqual(table);
  });

  it("tells from when it held, how long it is open, its kind and its severity", async () => {
    const text = journeyText({
      rest: `signals:
  - { id: use, name: Use, kind: positive, severity: high, for_days: 3, clear_days: 2, when: ${used} }
  - { id: idle, name: Idle, kind: negative, for_days: 2, when: { not: ${used} } }`,
    });
    // Days 1–4 and 8–10 of ten.
    const usage_events = eventsOf("####...###", start);
    const built = await companyOf(
      { accounts: [acme], usage_events },
      { journey: text, through: "2024-01-10" },
    );
    expect(await built.read(accountSignals)).toEqual([
      {
        account_id: "a",
        signal: "idle",
        kind: "negative",
        severity: "medium",
        held_from: "2024-01-05",
        opened_on: "2024-01-06",
        closed_on: "2024-01-08",
      },
      {
        account_id: "a",
        signal: "use",
        kind: "positive",
        severity: "high",
        held_from: "2024-01-01",
        opened_on: "2024-01-03",
        // Days 5 and 6 clear it.
        closed_on: "2024-01-06",
      },
      {
        account_id: "a",
        signal: "use",
        kind: "positive",
        severity: "high",
        held_from: "2024-01-08",
        opened_on: "2024-01-10",
        closed_on: null,
      },
    ]);
  });

  it("closes when the account's facts end, and begins anew when they return", async () => {
    const text = journeyText({
      rest: signalsText(
        signal("gone", "{ fact: days_since_coverage_ended, at_least: 0 }", "clear_days: 200"),
        signal("idle", `{ not: ${used} }`, "for_days: 3, clear_days: 200"),
        signal("busy", used, "clear_days: 200"),
      ),
    });
    // Covered through 9 January; facts through 8 April, 90 days later; covered again from 1 May on.
    const contracts = [paid(start, "2024-01-10"), paid("2024-05-01")];
    const usage_events = [event("2024-01-02"), event("2024-04-20")];
    const openings = await openingsOf({ contracts, usage_events }, text, "2024-05-31");
    expect(openings("gone")).toEqual([["2024-01-10", "2024-04-09"]]);
    // Held on 1 January and from 3 January on; the three days count anew from the return.
    expect(openings("idle")).toEqual([
      ["2024-01-05", "2024-04-09"],
      ["2024-05-03", null],
    ]);
    // The event in the gap is on a day without facts.
    expect(openings("busy")).toEqual([["2024-01-02", "2024-04-09"]]);
  });

  it("closes with the facts though less than clear_days had passed, and not before where none had", async () => {
    const text = journeyText({
      rest: signalsText(
        signal("early", "{ fact: days_since_coverage_ended, at_most: 87 }", "clear_days: 30"),
        signal("late", "{ fact: days_since_coverage_ended, at_least: 89 }", "clear_days: 30"),
      ),
    });
    // 8 April is the 89th day after the first without coverage: the last with facts.
    const openings = await openingsOf({ contracts: [paid(start, "2024-01-10")] }, text, "2024-06-30");
    expect(openings("early")).toEqual([["2024-01-10", "2024-04-09"]]);
    expect(openings("late")).toEqual([["2024-04-08", "2024-04-09"]]);
  });

  it("of an account whose facts end on the last day built is still open", async () => {
    const text = journeyText({
      rest: signalsText(signal("gone", "{ fact: days_since_coverage_ended, at_least: 0 }")),
    });
    const openings = await openingsOf({ contracts: [paid(start, "2024-01-10")] }, text, "2024-04-08");
    expect(openings("gone")).toEqual([["2024-01-10", null]]);
  });

  it("of each account is its own", async () => {
    const built = await companyOf(
      {
        accounts: [acme, { account_id: "b", created_on: "2024-01-03" }],
        usage_events: [...eventsOf("##", start), ...eventsOf("##.", "2024-01-03", { account_id: "b" })],
      },
      {
        journey: journeyText({ rest: signalsText(signal("s", used, "for_days: 2")) }),
        through: "2024-01-05",
      },
    );
    const rows = await built.read(accountSignals);
    expect(rows.map((s) => [s.account_id, s.opened_on, s.closed_on])).toEqual([
      ["a", "2024-01-02", "2024-01-03"],
      ["b", "2024-01-04", "2024-01-05"],
    ]);
  });

  it("is in no journey without any", async () => {
    const built = await companyOf({ accounts: [acme] }, { journey: journeyText({}), through: start });
    expect(await built.read(accountSignals)).toEqual([]);
  });
});

describe("a signal's condition", () => {
  it("on a trend speaks of the last complete week, which a Sunday completes", async () => {
    const text = journeyText({
      rest: `trends: [events_7d]
${signalsText(
  signal("five", "{ trend: events_7d, measure: value, at_least: 5 }"),
  signal("fell", "{ trend: events_7d, measure: change, at_most: -0.6 }"),
  signal("z", "{ trend: events_7d, measure: z, below: 100 }"),
)}`,
    });
    // Weeks of 1, 8, 15 and 22 January: 5, 2, 0 and 0 events.
    const usage_events = [event("2024-01-03", { quantity: 5 }), event("2024-01-10", { quantity: 2 })];
    const openings = await openingsOf({ usage_events }, text, "2024-01-28");
    expect(openings("five")).toEqual([["2024-01-07", "2024-01-14"]]);
    // 2 / 5 − 1 = −60 % on the second Sunday, 0 / 2 − 1 = −100 % on the third; against 0 there is no change.
    expect(openings("fell")).toEqual([["2024-01-14", "2024-01-28"]]);
    // With fewer than eight weeks there is no z.
    expect(openings("z")).toEqual([]);
  });

  it("on a trend's direction holds once eight weeks say so", async () => {
    const text = journeyText({
      rest: `trends: [events_7d]
${signalsText(
  signal("up", "{ trend: events_7d, direction: rising }"),
  signal("flat", "{ trend: health_score, direction: [steady, falling] }"),
)}`,
    });
    // 1, 2 … 9 events in the weeks; none on a Sunday, so the score of every week's last day is 0.
    const usage_events = Array.from({ length: 9 }, (_, i) =>
      event(addDays(start, 7 * i + 2), { quantity: i + 1 }),
    );
    const openings = await openingsOf({ usage_events }, text, "2024-03-03");
    // The eighth Sunday.
    expect(openings("up")).toEqual([["2024-02-25", null]]);
    expect(openings("flat")).toEqual([["2024-02-25", null]]);
  });

  it("on a stage and on the days in it follows the stays", async () => {
    const text = journeyText({
      stages: `
  - { id: on, name: On, when: { fact: events_1d, at_least: 1 } }
  - { id: off, name: Off }`,
      rest: signalsText(
        signal("is_on", "{ stage: on }"),
        signal("either", "{ stage: [on, off] }"),
        signal("third", "{ all: [{ stage: off }, { fact: days_in_stage, at_least: 3 }] }"),
        signal("first", "{ fact: days_in_stage, equals: 1 }"),
      ),
    });
    const openings = await openingsOf({ usage_events: eventsOf("##....#...", start) }, text, "2024-01-10");
    expect(openings("is_on")).toEqual([
      ["2024-01-01", "2024-01-03"],
      ["2024-01-07", "2024-01-08"],
    ]);
    expect(openings("either")).toEqual([["2024-01-01", null]]);
    expect(openings("third")).toEqual([
      ["2024-01-05", "2024-01-07"],
      ["2024-01-10", null],
    ]);
    // 7 and 8 January are each the first day of a stay.
    expect(openings("first")).toEqual([
      ["2024-01-01", "2024-01-02"],
      ["2024-01-03", "2024-01-04"],
      ["2024-01-07", "2024-01-09"],
    ]);
  });

  it("on health speaks of the day's band, score and coverage", async () => {
    const text = journeyText({
      stages: `
  - { id: unscored, name: Unscored, is_scored: false, when: { fact: account_age_days, at_most: 0 } }
  - { id: rest, name: Rest }`,
      indicators: `    - { id: use, name: Use, dimension: engagement, fact: events_1d, scale: [[0, 0], [10, 100]] }
    - { id: nps, name: NPS, dimension: satisfaction, fact: nps_180d, scale: [[-100, 0], [100, 100]] }`,
      rest: signalsText(
        signal("poor", "{ band: poor }"),
        signal("well", "{ band: [average, good] }"),
        signal("unknown", "{ band: unknown }"),
        signal("half", "{ fact: health_score, at_least: 50 }"),
        signal("thin", "{ fact: health_coverage, at_most: 0.5 }"),
        signal("unscored", "{ fact: health_score, is_missing: true }"),
      ),
    });
    const given = {
      // Of 10, 20, 40, 50, 70 and 100 points; half the weight, as nobody has answered a survey.
      usage_events: [1, 2, 4, 5, 7, 10].map((quantity, i) => event(addDays(start, i), { quantity })),
      survey_responses: [
        {
          response_id: "r",
          account_id: "a",
          user_id: "u1",
          score: 9,
          responded_at: "2024-01-06T12:00:00Z",
        },
      ],
    };
    const openings = await openingsOf(given, text, "2024-01-06");
    expect(openings("unknown")).toEqual([["2024-01-01", "2024-01-02"]]);
    expect(openings("unscored")).toEqual([["2024-01-01", "2024-01-02"]]);
    expect(openings("poor")).toEqual([["2024-01-02", "2024-01-04"]]);
    expect(openings("well")).toEqual([["2024-01-04", null]]);
    expect(openings("half")).toEqual([["2024-01-04", null]]);
    expect(openings("thin")).toEqual([["2024-01-02", "2024-01-06"]]);
  });

  it("on the change of health compares with the score 28 days earlier", async () => {
    const text = journeyText({
      rest: signalsText(
        signal("fell", "{ fact: health_change_28d, at_most: -60 }"),
        signal("fell_more", "{ fact: health_change_28d, below: -60 }"),
        signal("rose", "{ fact: health_change_28d, above: 0 }"),
        signal("none", "{ fact: health_change_28d, is_missing: true }"),
      ),
    });
    // 100 points on 1 January, 40 on the 29th, 28 days later, and none on any other day.
    const usage_events = [event(start, { quantity: 10 }), event("2024-01-29", { quantity: 4 })];
    const openings = await openingsOf({ usage_events }, text, "2024-02-29");
    expect(openings("fell")).toEqual([["2024-01-29", "2024-01-30"]]);
    expect(openings("fell_more")).toEqual([]);
    expect(openings("rose")).toEqual([]);
    expect(openings("none")).toEqual([["2024-01-01", "2024-01-29"]]);
  });

  it("on a milestone speaks of where it stood that day", async () => {
    const statuses = [
      "not_started",
      "on_track",
      "behind",
      "stuck",
      "missed",
      "reached_on_time",
      "reached_late",
    ];
    const text = journeyText({
      rest: `milestones:
  - { id: go, name: Go, expected_days: 3, when: ${used} }
${signalsText(
  signal("reached", "{ milestone: go }"),
  signal("open", "{ not: { milestone: go } }"),
  signal("troubled", "{ milestone: go, status: [behind, stuck] }"),
  ...statuses.map((status) => signal(status, `{ milestone: go, status: ${status} }`)),
)}`,
    });
    // Customer from 4 January: due on the 7th, stuck after the 10th; reached on the 15th.
    const given = { contracts: [paid("2024-01-04")], usage_events: [event("2024-01-15")] };
    const openings = await openingsOf(given, text, "2024-01-20");
    expect(Object.fromEntries(statuses.map((status) => [status, openings(status)]))).toEqual({
      not_started: [["2024-01-01", "2024-01-04"]],
      on_track: [["2024-01-04", "2024-01-08"]],
      behind: [["2024-01-08", "2024-01-11"]],
      stuck: [["2024-01-11", "2024-01-15"]],
      missed: [],
      reached_on_time: [],
      reached_late: [["2024-01-15", null]],
    });
    expect(openings("reached")).toEqual([["2024-01-15", null]]);
    expect(openings("open")).toEqual([["2024-01-01", "2024-01-15"]]);
    expect(openings("troubled")).toEqual([["2024-01-08", "2024-01-15"]]);
  });

  it("on a milestone that begins anew speaks of the latest contract or stay that has begun", async () => {
    const statuses = ["not_started", "on_track", "behind", "stuck", "missed", "reached_on_time"];
    const text = journeyText({
      stages: `
  - { id: covered, name: Covered, when: { fact: is_customer, equals: true } }
  - { id: other, name: Other }`,
      rest: `milestones:
  - { id: kick, name: Kick, starts: contract_start, expected_days: 3, when: ${used} }
  - { id: stay, name: Stay, starts: { each_stay_in: covered }, expected_days: 3, when: ${used} }
${signalsText(
  ...["kick", "stay"].flatMap((m) => [
    signal(m, `{ milestone: ${m} }`),
    ...statuses.map((status) => signal(`${m}_${status}`, `{ milestone: ${m}, status: ${status} }`)),
  ]),
)}`,
    });
    const given = {
      // Reached in the first, missed in the second, stuck in the third.
      contracts: [
        paid("2024-01-03", "2024-01-11"),
        paid("2024-01-15", "2024-01-17"),
        paid("2024-01-20", "2024-03-01"),
      ],
      usage_events: [event("2024-01-05"), event("2024-01-18")],
    };
    const openings = await openingsOf(given, text, "2024-01-31");
    for (const milestone of ["kick", "stay"]) {
      expect(
        Object.fromEntries(statuses.map((status) => [status, openings(`${milestone}_${status}`)])),
      ).toEqual({
        not_started: [["2024-01-01", "2024-01-03"]],
        on_track: [
          ["2024-01-03", "2024-01-05"],
          ["2024-01-15", "2024-01-17"],
          ["2024-01-20", "2024-01-24"],
        ],
        // Due on the 23rd, stuck after the 26th.
        behind: [["2024-01-24", "2024-01-27"]],
        stuck: [["2024-01-27", null]],
        missed: [["2024-01-17", "2024-01-20"]],
        // Of a contract that is over, until the next begins.
        reached_on_time: [["2024-01-05", "2024-01-15"]],
      });
      expect(openings(milestone)).toEqual([["2024-01-05", "2024-01-15"]]);
    }
  });

  it("held for days holds on the last of them; what holds today alone ends it at once", async () => {
    const text = journeyText({
      rest: signalsText(
        signal("held", "{ fact: events_1d, at_least: 1, held_for_days: 3 }"),
        signal("not_held", "{ not: { fact: events_1d, at_least: 1, held_for_days: 3 } }"),
        signal("held_not", "{ not: { fact: events_1d, at_least: 1 }, held_for_days: 2 }"),
        signal("held_any", `{ any: [${used}, { fact: account_age_days, equals: 4 }], held_for_days: 4 }`),
        signal("twice", "{ fact: events_1d, at_least: 1, held_for_days: 2 }", "for_days: 2"),
      ),
    });
    const held = "####.###..";
    const openings = await openingsOf({ usage_events: eventsOf(held, start) }, text, "2024-01-10");
    const picture = (id: string): string =>
      pictureOf(
        openings(id).map(([opened_on, closed_on]) => ({ opened_on, closed_on })),
        start,
        10,
      );
    expect(picture("held")).toBe("..oo...o..");
    expect(picture("not_held")).toBe("oo..ooo.oo");
    expect(picture("held_not")).toBe(".........o");
    // Day 5 is the account's age of 4.
    expect(picture("held_any")).toBe("...ooooo..");
    expect(picture("twice")).toBe("..oo...o..");
  });

  it("held for days doesn't reach over a gap in the facts", async () => {
    const text = journeyText({
      rest: signalsText(
        signal("idle", "{ fact: events_1d, equals: 0, held_for_days: 10 }"),
        signal("long", "{ fact: events_1d, equals: 0, held_for_days: 115 }"),
      ),
    });
    const given = {
      contracts: [paid(start, "2024-01-10"), paid("2024-04-20")],
      usage_events: [event("2023-12-01")],
    };
    const openings = await openingsOf(given, text, "2024-05-31");
    expect(openings("idle")).toEqual([
      ["2024-01-10", "2024-04-09"],
      // Ten days from 20 April on.
      ["2024-04-29", null],
    ]);
    // 99 days to 8 April and 42 from the return on are never 115 in a row.
    expect(openings("long")).toEqual([]);
  });
});

describe("over random days", () => {
  const last = addDays(start, 299);

  interface Rule {
    readonly id: string;
    readonly fact: "events_1d" | "events_7d";
    readonly above: number;
    readonly not: boolean;
    readonly forDays: number;
    readonly clearDays: number;
  }
  const ruleOf = (random: Random, i: number): Rule => ({
    id: `s${i}`,
    fact: random.pick(["events_1d", "events_7d"]),
    above: random.integer(0, 3),
    not: random.chance(0.4),
    forDays: random.integer(1, random.pick([2, 6, 20])),
    clearDays: random.integer(1, random.pick([2, 6, 40])),
  });
  const textOf = ({ id, fact, above, not, forDays, clearDays }: Rule): string => {
    const when = `{ fact: ${fact}, above: ${above} }`;
    return signal(id, not ? `{ not: ${when} }` : when, `for_days: ${forDays}, clear_days: ${clearDays}`);
  };

  /** Now busy, now idle; covered from the first day or later, some with a lapse long enough to end the facts. */
  function accountOf(random: Random, account_id: string): Given {
    const created_on = addDays(start, random.integer(0, 40));
    const ends = addDays(created_on, random.integer(10, 60));
    const returns = addDays(ends, random.integer(1, 160));
    const lapses = random.chance(0.6);
    const events = [];
    let busy = random.uniform();
    for (const day of daysOf(created_on, last)) {
      if (random.chance(0.1)) busy = random.uniform();
      if (random.chance(busy))
        events.push(event(day, { account_id, quantity: random.integer(1, 3), user_id: null }));
    }
    return {
      accounts: [{ account_id, created_on }],
      contracts: lapses
        ? [
            paid(created_on, ends, { account_id }),
            ...(random.chance(0.7) ? [paid(returns, null, { account_id })] : []),
          ]
        : [paid(created_on, null, { account_id })],
      usage_events: events,
    };
  }
  const companyWith = (seed: number, accounts: number): Given => {
    const all = Array.from({ length: accounts }, (_, i) => accountOf(randomStream(seed, i), `a${i}`));
    return {
      accounts: all.flatMap((given) => given.accounts ?? []),
      contracts: all.flatMap((given) => given.contracts ?? []),
      usage_events: all.flatMap((given) => given.usage_events ?? []),
    };
  };

  interface Day {
    readonly day: string;
    readonly holds: boolean;
  }
  /** The definition, one day after the other. */
  function byHand(days: readonly Day[], { forDays, clearDays }: Rule) {
    const spells: { held_from: string; opened_on: string; closed_on: string | null }[] = [];
    let [held, clear, previous] = [0, 0, ""];
    const open = () => spells.find((s) => s.closed_on === null);
    const close = (day: string): void => {
      const spell = open();
      if (spell) spell.closed_on = day;
    };
    for (const { day, holds } of days) {
      if (previous && addDays(previous, 1) !== day) {
        close(addDays(previous, 1));
        [held, clear] = [0, 0];
      }
      previous = day;
      [held, clear] = holds ? [held + 1, 0] : [0, clear + 1];
      if (!open() && held >= forDays)
        spells.push({ held_from: addDays(day, 1 - held), opened_on: day, closed_on: null });
      if (clear >= clearDays) close(day);
    }
    if (previous < last) close(addDays(previous, 1));
    return spells;
  }

  it.each([1, 2, 3])("signals are open when a day-by-day count says so (seed %i)", async (seed) => {
    const random = randomStream(seed, 10_000);
    const rules = Array.from({ length: 30 }, (_, i) => ruleOf(random, i));
    const built = await companyOf(companyWith(seed, 12), {
      journey: journeyText({ rest: signalsText(...rules.map(textOf)) }),
      through: last,
    });
    const facts = await built.read(accountFacts);
    const spells = await built.read(accountSignals);
    const accounts = [...new Set(facts.map((row) => row.account_id))];
    expect(accounts).toHaveLength(12);
    let [opened, ended] = [0, 0];
    for (const account of accounts) {
      const own = facts.filter((row) => row.account_id === account);
      for (const rule of rules) {
        const days = own.map((row) => ({
          day: row.day,
          holds: (row[rule.fact] ?? 0) > rule.above !== rule.not,
        }));
        const found = spells.filter((s) => s.account_id === account && s.signal === rule.id);
        const expected = byHand(days, rule);
        expect(
          found.map(({ held_from, opened_on, closed_on }) => ({ held_from, opened_on, closed_on })),
          `${account} ${textOf(rule)}`,
        ).toEqual(expected);
        // At most one is open on any day: each closes before the next opens.
        found.slice(1).forEach((spell, i) => {
          const before = found[i]?.closed_on;
          expect(before && before < spell.opened_on, `${account} ${rule.id}`).toBe(true);
        });
        opened += found.length;
        ended += days.filter(({ day }, i) => i > 0 && days[i - 1]?.day !== addDays(day, -1)).length;
      }
    }
    // The series are worth the comparison: many openings, and facts with gaps.
    expect(opened).toBeGreaterThan(500);
    expect(ended).toBeGreaterThan(0);
  });

  const stages = `
  - { id: former, name: Former, when: { fact: days_since_coverage_ended, is_missing: false } }
  - { id: waiting, name: Waiting, when: { not: { milestone: busy } } }
  - { id: idle, name: Idle, when: { fact: events_7d, at_most: 2 } }
  - { id: young, name: Young, when: { any: [{ fact: tenure_days, below: 60 }, { fact: events_1d, equals: 3 }] } }
  - { id: grown, name: Grown }`;
  const milestones =
    "milestones: [{ id: busy, name: B, expected_days: 1, when: { fact: events_7d, at_least: 9 } }]";

  it("the stage of a day is the same without what came after it, in whatever order the rows come", async () => {
    const given = companyWith(4, 12);
    const journey = journeyText({ stages, rest: milestones });
    const all = await (await companyOf(given, { journey, through: last })).read(accountStages);
    expect(new Set(all.map((row) => row.stage)).size).toBe(5);
    for (const day of [addDays(start, 60), addDays(start, 150), addDays(start, 299)]) {
      const past: Given = {
        accounts: [...(given.accounts ?? [])].reverse(),
        contracts: [...(given.contracts ?? [])].reverse(),
        usage_events: (given.usage_events ?? [])
          .filter((row) => String(row.occurred_at) < `${day}T23:59:59Z`)
          .reverse(),
      };
      const then = await (await companyOf(past, { journey, through: day })).read(accountStages);
      expect(then).toEqual(all.filter((row) => row.day <= day));
    }
  });

  it("the stage of a day is told from the facts of that day alone", async () => {
    const factsOnly = stages.split("\n").filter((line) => !line.includes("waiting"));
    const built = await companyOf(companyWith(5, 12), {
      journey: journeyText({ stages: factsOnly.join("\n") }),
      through: last,
    });
    const all = await built.read(accountStages);
    expect(new Set(all.map((row) => row.stage)).size).toBe(4);
    const day = addDays(start, 200);
    await built.warehouse.materialize(
      {
        table: locate(accountFacts.name),
        columns: accountFacts.columnsFor(built.company),
        query: sql`select * from ${relation(accountFacts.name)} where day = ${bind("date", day)}`,
        sortBy: accountFacts.sortBy,
      },
      { locate },
    );
    for (const { model } of built.order)
      if (model.name === accountStages.name) await materialize(built.warehouse, model, built.company);
    const rebuilt = await built.warehouse.query(
      sql`select * from ${relation(accountStages.name)} order by account_id`,
      accountStages.columnsFor(built.company),
      { locate },
    );
    // Since when it has been in the stage is told from the days before.
    const stagesOf = (rows: readonly { account_id: string; stage: string }[]) =>
      rows.map(({ account_id, stage }) => [account_id, stage]);
    expect(stagesOf(rebuilt as never[])).toEqual(stagesOf(all.filter((row) => row.day === day)));
  });
});
