import { describe, expect, it } from "vitest";
import { accountTasks } from "../../models/plays/account_tasks.js";
import { companyOf, type Given } from "./built.js";
import { addDays } from "./days.js";
import { event, eventsOf, journeyText, paid } from "./given.js";

const start = "2024-01-01";
const acme = { account_id: "a", created_on: start, owner: "ann" };
const play = (id: string, on: string, more: string, tasks = "{ id: call, name: Call, due_in_days: 1 }") =>
  `  - { id: ${id}, name: P, on: ${on}, ${more}tasks: [${tasks}] }`;
const busy =
  "  - { id: busy, name: B, kind: positive, severity: low, when: { fact: events_1d, at_least: 1 } }";
const journey = (plays: string[], more = ""): string =>
  journeyText({
    stages: `
  - { id: young, name: Young, when: { fact: account_age_days, below: 5 } }
  - { id: covered, name: Covered, when: { fact: is_customer, equals: true } }
  - { id: other, name: Other }`,
    rest: `milestones:
  - { id: used, name: U, expected_days: 9, when: { fact: events_28d, at_least: 2 } }
  - { id: kicked, name: K, starts: contract_start, expected_days: 9, when: { fact: events_1d, at_least: 1 } }
signals:
${busy}
plays:
${plays.join("\n")}
${more}`,
  });
const tasksOf = async (given: Given, text: string, through = "2024-04-30") =>
  (await companyOf({ accounts: [acme], ...given }, { journey: text, through })).read(accountTasks);
/** Days from the start on which a play was set off. */
const setOn = (tasks: { play: string; set_on: string }[], id: string): number[] =>
  tasks
    .filter((task) => task.play === id)
    .map((task) => (Date.parse(task.set_on) - Date.parse(start)) / 86_400_000);

describe("a play", () => {
  it("sets its tasks on the day on which a signal opens: what, whose, until when and why", async () => {
    const text = journey(
      [
        play(
          "greet",
          "{ signal: busy }",
          "cooldown_days: 7, ",
          "{ id: call, name: Call, due_in_days: 3 }, { id: mail, name: Mail, owner: marketing, due_in_days: 0 }",
        ),
      ],
      "tasks: { expire_after_days: 10 }",
    );
    const common = {
      account_id: "a",
      play: "greet",
      signal: "busy",
      severity: "low",
      set_on: "2024-01-30",
      cooldown_days: 7,
    };
    // Open on 30 and 31 January: one opening.
    expect(await tasksOf({ usage_events: eventsOf("##", "2024-01-30") }, text)).toEqual([
      {
        ...common,
        task_id: "greet/call/a/2024-01-30",
        task: "call",
        owner: "ann",
        due_on: "2024-02-02",
        expires_on: "2024-02-12",
      },
      {
        ...common,
        task_id: "greet/mail/a/2024-01-30",
        task: "mail",
        owner: "marketing",
        due_on: "2024-01-30",
        expires_on: "2024-02-09",
      },
    ]);
  });

  it("is set off by entering a stage, every time, and by the first day of an account", async () => {
    const text = journey([
      play("young", "{ stage: young }", "cooldown_days: 0, "),
      play("covered", "{ stage: covered }", "cooldown_days: 0, "),
    ]);
    // Days 10 to 19 and from day 40 on; day 5 is the first that is no longer young.
    const contracts = [paid(addDays(start, 10), addDays(start, 20)), paid(addDays(start, 40))];
    const tasks = await tasksOf({ contracts }, text);
    expect(setOn(tasks, "young")).toEqual([0]);
    expect(setOn(tasks, "covered")).toEqual([10, 40]);
    expect(new Set(tasks.map((task) => [task.signal, task.severity].join()))).toEqual(new Set([","]));
  });

  it("is set off by a milestone on the day on which it is reached, anew where that begins anew", async () => {
    const text = journey([
      play("used", "{ milestone: used }", ""),
      play("kicked", "{ milestone: kicked }", "cooldown_days: 0, "),
    ]);
    const given = {
      contracts: [paid(addDays(start, 2), addDays(start, 20)), paid(addDays(start, 20))],
      usage_events: [1, 5, 7, 25].map((n) => event(addDays(start, n))),
    };
    const tasks = await tasksOf(given, text);
    // The second event in 28 days; the first event of each contract.
    expect(setOn(tasks, "used")).toEqual([5]);
    expect(setOn(tasks, "kicked")).toEqual([5, 25]);
  });

  it("set off twice on one day by contracts that overlap sets its tasks once", async () => {
    const text = journey([play("kicked", "{ milestone: kicked }", "cooldown_days: 0, ")]);
    const contracts = [paid(start), paid(addDays(start, 3))];
    const tasks = await tasksOf({ contracts, usage_events: [event(addDays(start, 4))] }, text);
    expect(setOn(tasks, "kicked")).toEqual([4]);
  });

  it("isn't set off again before its cool-down is over; what fell into it doesn't lengthen it", async () => {
    const cooldowns = [0, 1, 19, 20, 21, 30, 40, 41, 200];
    const text = journey(
      cooldowns.map((days) => play(`p${days}`, "{ signal: busy }", `cooldown_days: ${days}, `)),
    );
    const usage_events = [0, 20, 40, 60, 80].map((n) => event(addDays(start, n)));
    const tasks = await tasksOf({ usage_events }, text);
    expect(Object.fromEntries(cooldowns.map((days) => [days, setOn(tasks, `p${days}`)]))).toEqual({
      0: [0, 20, 40, 60, 80],
      1: [0, 20, 40, 60, 80],
      19: [0, 20, 40, 60, 80],
      20: [0, 20, 40, 60, 80],
      21: [0, 40, 80],
      30: [0, 40, 80],
      40: [0, 40, 80],
      41: [0, 60],
      200: [0],
    });
  });

  it("without a cool-down of its own waits 30 days", async () => {
    const usage_events = [0, 29, 31, 60].map((n) => event(addDays(start, n)));
    const tasks = await tasksOf({ usage_events }, journey([play("p", "{ signal: busy }", "")]));
    expect(setOn(tasks, "p")).toEqual([0, 31]);
    expect(tasks[0]).toMatchObject({ cooldown_days: 30, due_on: "2024-01-02", expires_on: "2024-02-01" });
  });

  it("cools down for each account by itself, and so does each play", async () => {
    const text = journey([
      play("one", "{ signal: busy }", "cooldown_days: 10, "),
      play("two", "{ milestone: used }", "cooldown_days: 10, "),
    ]);
    const usage_events = [
      ...[0, 4, 12].map((n) => event(addDays(start, n))),
      ...[4, 8, 15].map((n) => event(addDays(start, n), { account_id: "b" })),
    ];
    const tasks = await tasksOf({ accounts: [acme, { ...acme, account_id: "b" }], usage_events }, text);
    expect(tasks.map((task) => task.task_id)).toEqual([
      "one/call/a/2024-01-01",
      "one/call/a/2024-01-13",
      "one/call/b/2024-01-05",
      "one/call/b/2024-01-16",
      "two/call/a/2024-01-05",
      "two/call/b/2024-01-09",
    ]);
  });

  it("of an account that nobody looks after has no owner, unless the task names one", async () => {
    const text = journey([
      play(
        "p",
        "{ signal: busy }",
        "",
        "{ id: own, name: O, due_in_days: 1 }, { id: named, name: N, owner: support, due_in_days: 1 }",
      ),
    ]);
    const given = {
      accounts: [acme, { account_id: "b", created_on: start, owner: null }],
      usage_events: [event(start), event(start, { account_id: "b" })],
    };
    const tasks = await tasksOf(given, text);
    expect(tasks.map((task) => [task.account_id, task.task, task.owner])).toEqual([
      ["a", "named", "support"],
      ["b", "named", "support"],
      ["a", "own", "ann"],
      ["b", "own", null],
    ]);
  });

  it("sets the same tasks when built again, and further ones with further days", async () => {
    const text = journey([play("p", "{ signal: busy }", "cooldown_days: 3, ")]);
    const usage_events = [0, 2, 4, 6, 8, 10].map((n) => event(addDays(start, n)));
    const idsThrough = async (day: number) =>
      (await tasksOf({ usage_events }, text, addDays(start, day))).map((task) => task.task_id);
    // Days 0, 4 (2 lies within the cool-down) and 8.
    const all = ["p/call/a/2024-01-01", "p/call/a/2024-01-05", "p/call/a/2024-01-09"];
    expect(await idsThrough(10)).toEqual(all);
    expect(await idsThrough(10)).toEqual(all);
    expect(await idsThrough(7)).toEqual(all.slice(0, 2));
  });

  it("is in no journey without any, and sets nothing where nothing happened", async () => {
    expect(await tasksOf({ usage_events: [event(start)] }, journeyText({}))).toEqual([]);
    const idle = await tasksOf(
      { usage_events: [event("2023-12-01")] },
      journey([play("p", "{ signal: busy }", "")]),
    );
    expect(idle).toEqual([]);
  });
});
