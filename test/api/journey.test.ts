import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Settings } from "../../config/settings.js";
import { build } from "../../jobs/build.js";
import { applyJourney } from "../../jobs/journey_plan.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { acmeJourney, acmeNow, acmeSources, acmeThrough, acmeZone, loadAcme } from "../models/acme.js";
import { journeyOf, settingsOf } from "../models/built.js";
import { addDays, daysOf } from "../models/days.js";
import { type Client, clientOf } from "./company.js";

const now = () => new Date(acmeNow);
const edited = acmeJourney.replace("weight: 3, missing: zero", "weight: 9, missing: zero");

let warehouse: Warehouse;
let settings: Settings;
let client: Client;
let readOnly: Client;
beforeAll(async () => {
  warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  await loadAcme(warehouse);
  settings = settingsOf(acmeSources, acmeZone, acmeThrough, "/nowhere");
  await build(warehouse, { settings, journey: journeyOf(acmeJourney) }, { trigger: "test", now });
  client = await clientOf(warehouse);
  readOnly = await clientOf(warehouse, { isReadOnly: true });
});
afterAll(async () => {
  await client?.server.close();
  await readOnly?.server.close();
  await warehouse?.close();
});

const ask = async (query: string, variables = {}) => {
  const { data, errors } = await client.ask(query, variables);
  expect(errors).toEqual([]);
  return data;
};
const refusal = async (query: string, asker = client): Promise<string> => {
  const { errors } = await asker.ask(query);
  return `${errors[0]?.extensions.code}: ${errors[0]?.message}`;
};

describe("signals", () => {
  it("tell why they opened, with the values of that day and the bound", async () => {
    const { accountSignals: signals } = await ask(
      `{ accountSignals(filter: { signal: ["quiet"], accounts: { ids: ["N1"] } }, first: 3) { nodes { signal { name condition } account { id } openedOn closedOn heldFrom days reason } } }`,
    );
    expect(signals.nodes[0]).toEqual({
      signal: { name: "Quiet", condition: "days since last event at least 7 days" },
      account: { id: "N1" },
      heldFrom: "2024-06-28",
      openedOn: "2024-06-30",
      closedOn: null,
      days: 1,
      reason: "days since last event was 9 days, at least 7 days, for 3 days",
    });
  });

  it("tell how many days they were open, up to the last day of the data", async () => {
    const { accountSignals: signals } = await ask(
      "{ accountSignals(first: 1000, filter: {}) { nodes { openedOn closedOn days } } }",
    );
    const closed = signals.nodes.filter(({ closedOn }: { closedOn: string | null }) => closedOn !== null);
    expect([closed.length > 0, closed.length < signals.nodes.length]).toEqual([true, true]);
    for (const { openedOn, closedOn, days } of signals.nodes)
      expect(days).toBe(daysOf(openedOn, closedOn ? addDays(closedOn, -1) : acmeThrough).length);
  });

  it("page without gaps or repeats, and count one statement a page", async () => {
    const all = (
      await ask(
        `{ accountSignals(first: 1000, filter: {}) { nodes { signal { id } account { id } openedOn } } }`,
      )
    ).accountSignals.nodes;
    const paged: unknown[] = [];
    let after: string | null = null;
    do {
      const query = `query($after: String) { accountSignals(first: 7, after: $after, filter: {}) { nodes { signal { id } account { id } openedOn } pageInfo { hasNextPage endCursor } } }`;
      const { accountSignals: signals } = await ask(query, { after });
      expect(client.statements()).toBe(1); // of accounts the id alone is asked
      paged.push(...signals.nodes);
      after = signals.pageInfo.hasNextPage ? signals.pageInfo.endCursor : null;
    } while (after);
    expect(all.length).toBeGreaterThan(60);
    expect(paged).toEqual(all);
  });

  it("of an account are the open ones, or all that ever were", async () => {
    const { account } = await ask(
      `{ account(id: "A1") { open: signals { signal { id } } all: signals(isOpen: null) { signal { id } closedOn } } }`,
    );
    expect(
      account.all
        .filter((s: { closedOn: string | null }) => s.closedOn === null)
        .map((s: { signal: unknown }) => s.signal),
    ).toEqual(account.open.map((s: { signal: unknown }) => s.signal));
    expect(account.all.length).toBeGreaterThan(account.open.length);
  });

  it("and all that hangs on them cost a statement each, whatever the number of accounts", async () => {
    const { accounts } = await ask(
      `{ accounts { nodes { signals(isOpen: null) { reason } tasks { name } touchpointPlan { status } onboarding { status checklist { id } } earlyWarning { reasons } milestones { id } } } }`,
    );
    expect(accounts.nodes.length).toBeGreaterThan(5);
    // accounts, signals, their values, tasks, touchpoints, onboarding, milestones, warnings, falling health
    expect(client.statements()).toBe(9);
  });

  it("refuse an unknown signal, a broken cursor and a page too large", async () => {
    expect(await refusal(`{ accountSignals(filter: { signal: ["quite"] }) { nodes { openedOn } } }`)).toBe(
      'BAD_USER_INPUT: accountSignals: there is no signal "quite". Did you mean "quiet"?',
    );
    expect(await refusal(`{ accountSignals(after: "x") { nodes { openedOn } } }`)).toMatch(
      /^BAD_USER_INPUT: accountSignals: the cursor "x" is none of ours/,
    );
    expect(await refusal(`{ accountSignals(first: 1001) { nodes { openedOn } } }`)).toMatch(
      /^BAD_USER_INPUT: accountSignals: first is 1001, expected 1 to 1000/,
    );
  });
});

describe("tasks", () => {
  const id = "renew/offer/R1/2024-05-16";
  const statusOf = async (task: string): Promise<string> =>
    (await ask(`query($id: ID!) { task(id: $id) { status } }`, { id: task })).task.status;

  it("are done, opened again, snoozed and dismissed, with who, when and why", async () => {
    const done = await ask(
      `mutation($id: ID!) { completeTask(id: $id, note: "sent", by: "mia") { status note actedBy actedAt owner dueOn } }`,
      { id },
    );
    expect(done.completeTask).toMatchObject({
      status: "DONE",
      note: "sent",
      actedBy: "mia",
      owner: "mia",
      dueOn: "2024-05-26",
    });
    expect(await refusal(`mutation { completeTask(id: "${id}") { status } }`)).toBe(
      `BAD_USER_INPUT: completeTask: "${id}" is done already, by mia; reopenTask makes it open again.`,
    );
    expect((await ask(`mutation { reopenTask(id: "${id}") { status actedBy } }`)).reopenTask).toEqual({
      status: "OPEN",
      actedBy: "operator",
    });
    expect(
      (await ask(`mutation { snoozeTask(id: "${id}", until: "2024-07-02") { status snoozedUntil } }`))
        .snoozeTask,
    ).toEqual({
      status: "SNOOZED",
      snoozedUntil: "2024-07-02",
    });
    // A name is cut between characters, never inside one.
    const { reopenTask } = await ask(
      `mutation($by: String) { reopenTask(id: "${id}", by: $by) { actedBy } }`,
      {
        by: `${"x".repeat(199)}😀y`,
      },
    );
    expect(reopenTask.actedBy).toBe(`${"x".repeat(199)}😀`);
    expect(
      (await ask(`mutation { dismissTask(id: "${id}", reason: "left") { status note } }`)).dismissTask,
    ).toEqual({ status: "DISMISSED", note: "left" });
  });

  it("keep what was done with them when everything is built again, and when late data moves their day", async () => {
    const journey = journeyOf(acmeJourney);
    await build(warehouse, { settings, journey }, { trigger: "test", now, force: true });
    expect(await statusOf(id)).toBe("DISMISSED");
    // The renewal stage begins at 60 days before the renewal; with 57 the task is three days younger.
    const moved = journeyOf(acmeJourney.replace("at_most: 60 } }\n", "at_most: 57 } }\n"));
    await build(warehouse, { settings, journey: moved }, { trigger: "test", now });
    expect(await statusOf("renew/offer/R1/2024-05-19")).toBe("DISMISSED");
    await build(warehouse, { settings, journey }, { trigger: "test", now });
  });

  it("of many who complete one at once one does, and the others are told by whom", async () => {
    const task = "renew/offer/A1/2024-03-16";
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        client.ask(`mutation { completeTask(id: "${task}", by: "p${n}") { actedBy } }`),
      ),
    );
    const [winner] = answers.flatMap(({ data }) => (data ? [data.completeTask.actedBy] : []));
    expect(answers.filter(({ data }) => data)).toHaveLength(1);
    expect(answers.flatMap(({ errors }) => errors.map((e) => e.message))).toEqual(
      Array(4).fill(`completeTask: "${task}" is done already, by ${winner}; reopenTask makes it open again.`),
    );
  });

  it("expire where nobody touched them, and are listed open first due", async () => {
    expect(await statusOf("praise/note/A1/2024-01-12")).toBe("EXPIRED");
    const { accountTasks: tasks } = await ask(`{ accountTasks { nodes { id dueOn status isOverdue } } }`);
    expect(tasks.nodes.map((t: { dueOn: string }) => t.dueOn)).toEqual(
      tasks.nodes.map((t: { dueOn: string }) => t.dueOn).sort(),
    );
    expect(new Set(tasks.nodes.map((t: { status: string }) => t.status))).toEqual(new Set(["OPEN"]));
  });

  it("refuse what can't be done, and write nothing then", async () => {
    expect(await refusal(`mutation { completeTask(id: "nope") { status } }`)).toBe(
      'BAD_USER_INPUT: completeTask: there is no task "nope"; `accountTasks` lists them.',
    );
    const open = "wake/call/N1/2024-06-30";
    expect(await refusal(`mutation { snoozeTask(id: "${open}", until: "2024-07-01") { status } }`)).toBe(
      "BAD_USER_INPUT: snoozeTask: until is 2024-07-01, expected a day after 2024-07-01, the day after the data's last.",
    );
    expect(await refusal(`mutation { dismissTask(id: "${open}", reason: " ") { status } }`)).toMatch(
      /a reason is needed/,
    );
    expect(await refusal(`mutation { completeTask(id: "${open}") { status } }`, readOnly)).toMatch(
      /^FORBIDDEN: completeTask: you may not change tasks/,
    );
    expect(await statusOf(open)).toBe("OPEN");
  });

  it("beyond the owner's limit wait, the most urgent first", async () => {
    const limited = journeyOf(`${acmeJourney}tasks: { open_per_owner: 1 }\n`);
    await build(warehouse, { settings, journey: limited }, { trigger: "test", now });
    const { accountTasks: tasks } = await ask(
      `{ accountTasks(filter: { owner: ["desk"] }) { nodes { id status } } }`,
    );
    const statuses = tasks.nodes.map((t: { status: string }) => t.status);
    expect(statuses.filter((s: string) => s === "OPEN")).toHaveLength(1);
    expect(statuses.length).toBeGreaterThan(1);
    await build(warehouse, { settings, journey: journeyOf(acmeJourney) }, { trigger: "test", now });
  });
});

describe("the journey", () => {
  it("tells itself in words, and what its file said", async () => {
    const { journey } = await ask(
      `{ journey { version isCurrent stages { id condition isScored } milestones { id starts condition } signals { id condition forDays } plays { id setOffBy tasks } touchpoints { id why stage { name } kinds } definition } }`,
    );
    expect(journey.isCurrent).toBe(true);
    expect(journey.stages.at(-1)).toEqual({
      id: "established",
      condition: "every day that no other stage claims",
      isScored: true,
    });
    expect(journey.milestones.find((m: { id: string }) => m.id === "reviewed")).toMatchObject({
      starts: "first day of each stay in stage Renewal",
    });
    expect(journey.signals.find((s: { id: string }) => s.id === "few_seats").condition).toBe(
      "licence utilisation (28 days) below 50 % and in stage Renewal or Established",
    );
    expect(journey.plays[0]).toEqual({
      id: "wake",
      setOffBy: 'signal "Quiet" opened',
      tasks: ["Call", "Write"],
    });
    expect(journey.definition.sticky_features).toEqual(["reports"]);
  });

  it("that was replaced stays readable, with the scores that it gave and why", async () => {
    const before = journeyOf(acmeJourney);
    const after = journeyOf(edited);
    const query = (version: string) =>
      `{ account(id: "A1") { health(version: "${version}") { uncappedScore journeyVersion indicators { id weight contribution } history(from: "2024-06-01") { score } change(since: "2024-06-01") { scoreBefore scoreAfter } } } }`;
    const old = (await ask(query(before.version))).account.health;
    await applyJourney(
      warehouse,
      { settings, journey: after },
      { trigger: "apply", now, note: "Seats matter more." },
    );
    expect((await ask(query(before.version))).account.health).toEqual(old);
    const current = (await ask(`{ account(id: "A1") { health { uncappedScore journeyVersion } } }`)).account
      .health;
    expect(current.uncappedScore).not.toBeCloseTo(old.uncappedScore, 3);
    expect(current.journeyVersion).toBe(after.version);
    const { journeyVersions } = await ask(`{ journeyVersions { version isCurrent note } }`);
    expect(journeyVersions[0]).toEqual({
      version: after.version,
      isCurrent: true,
      note: "Seats matter more.",
    });
    expect(journeyVersions.map((v: { version: string }) => v.version)).toContain(before.version);
    // Its values are those that it saw: with other facts under the same names they are not told.
    const valuesOf = async () =>
      (
        await ask(
          `{ account(id: "A1") { health(version: "${before.version}") { indicators { value points } } } }`,
        )
      ).account.health.indicators as { value: number | null; points: number | null }[];
    const seen = await valuesOf();
    expect(seen.some(({ value }) => value !== null)).toBe(true);
    await build(warehouse, { settings, journey: after }, { trigger: "test", now, force: true });
    expect(await valuesOf()).toEqual(seen.map(({ points }) => ({ value: null, points })));
    expect(await refusal(query("ffffffffffff"))).toMatch(
      /^BAD_USER_INPUT: There is no version "ffffffffffff" of the journey/,
    );
  });
});

describe("onboarding, planned touchpoints and early warnings", () => {
  it("compare cohorts by start month", async () => {
    const { onboardingCohorts } = await ask(
      `{ onboardingCohorts { month accounts onboarded onTime meanDaysToOnboard meanContacts milestones { id reached meanDays } } }`,
    );
    expect(onboardingCohorts.map((c: { month: string; accounts: number }) => [c.month, c.accounts])).toEqual([
      ["2024-01-01", 3],
      ["2024-02-01", 1],
      ["2024-03-01", 1],
    ]);
    // A1 took two days, R1 two; G1 is not through.
    expect(onboardingCohorts[0]).toMatchObject({ onboarded: 2, meanDaysToOnboard: 2 });
  });

  it("say how each planned touchpoint is kept to, and why it is due", async () => {
    const { plannedTouchpoints: touchpoints } = await ask(
      `{ plannedTouchpoints { touchpoint { id why } done overdue missed doneShare } }`,
    );
    expect(touchpoints.find((t: { touchpoint: { id: string } }) => t.touchpoint.id === "review")).toEqual({
      touchpoint: { id: "review", why: "Show the value." },
      done: 1, // A1 on 1 April
      overdue: 1, // R1 since 26 May
      missed: 2, // R1 and G1 in January
      doneShare: 0.25,
    });
  });

  it("rank customers by money at stake, with the reasons in words", async () => {
    const { earlyWarnings } = await ask(
      `{ earlyWarnings { nodes { account { id } mrrAtStake churnRisk90d reasons } } }`,
    );
    const stakes = earlyWarnings.nodes.map((w: { mrrAtStake: number }) => w.mrrAtStake);
    expect(stakes).toEqual([...stakes].sort((a, b) => b - a));
    expect(earlyWarnings.nodes.every((w: { reasons: string[] }) => w.reasons.length > 0)).toBe(true);
    expect(earlyWarnings.nodes.flatMap((w: { reasons: string[] }) => w.reasons)).toContainEqual(
      expect.stringMatching(
        /^Quiet: days since last event was \d+ days, at least 7 days, for 3 days \(open since/,
      ),
    );
  });
});
