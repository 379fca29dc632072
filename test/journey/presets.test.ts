import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultPreset, presetFile, presets, presetsFolder } from "../../cli/project.js";
import { loadSettings } from "../../config/settings.js";
import { build } from "../../jobs/build.js";
import { dimensions } from "../../journey/journey.js";
import { loadJourney } from "../../journey/load.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";
import { models } from "../../models/index.js";
import { accountOnboarding } from "../../models/onboarding/account_onboarding.js";
import { accountTasks } from "../../models/plays/account_tasks.js";
import { accountSignals } from "../../models/signals/account_signals.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { stageStays } from "../../models/stages/stage_stays.js";
import { accountTouchpoints } from "../../models/touchpoints/account_touchpoints.js";
import { acmeSources, acmeZone, loadAcme } from "../models/acme.js";
import { companyIn, companyOf, warehouseForTest } from "../models/built.js";
import { addDays, daysOf } from "../models/days.js";
import { contact, event, paid } from "../models/given.js";

const names = Object.keys(presets);
/** Signals that a single event in half a year rightly raises. */
const ofUse = ["silent", "onboarding_overdue", "implementation_overdue"];
const textOf = (preset: string): string => readFileSync(presetFile(preset), "utf8");

describe.each(names)("the preset %s", (preset) => {
  const journey = loadJourney(presetFile(preset), checkOwnFacts);

  it("has every part of a journey", () => {
    expect(new Set(journey.health.indicators.map((i) => i.dimension))).toEqual(new Set(dimensions));
    expect(journey.health.indicators.some((i) => i.weights)).toBe(true);
    expect(journey.health.caps).not.toEqual([]);
    expect(journey.milestones.map((m) => m.starts)).toContain("contract_start");
    expect(journey.onboarding?.checklist.length).toBeGreaterThanOrEqual(4);
    expect(journey.touchpoints.length).toBeGreaterThanOrEqual(5);
    expect(journey.trends).not.toEqual([]);
    const kinds = journey.signals.map((s) => s.kind);
    expect(kinds.filter((kind) => kind === "negative").length).toBeGreaterThanOrEqual(10);
    expect(kinds.filter((kind) => kind === "positive").length).toBeGreaterThanOrEqual(3);
    const setOffBy = new Set(journey.plays.flatMap(({ on }) => Object.keys(on)));
    expect(setOffBy).toEqual(new Set(["signal", "stage", "milestone"]));
    expect(journey.sticky_features.length * journey.key_events.length).toBeGreaterThan(0);
  });

  it("every severe signal sets off a play", () => {
    const heard = journey.plays.flatMap(({ on }) => ("signal" in on ? [on.signal] : []));
    const severe = journey.signals.filter((s) => s.severity === "high").map((s) => s.id);
    expect(severe.filter((id) => !heard.includes(id))).toEqual([]);
  });

  it("builds on a company in which every account is an edge", async () => {
    const warehouse = await warehouseForTest();
    await loadAcme(warehouse);
    const built = await companyIn(warehouse, acmeSources, {
      journey: textOf(preset),
      timeZone: acmeZone,
      through: "2024-06-30",
    });
    for (const model of models) await built.read(model);
  }, 60_000);

  it.each(["usage_events", "tickets", "survey_responses"] as const)(
    "builds on accounts and %s alone; nothing is raised for what is not known",
    async (source) => {
      const at = "2024-02-01T12:00:00Z";
      const rows = {
        usage_events: [{ event_id: "e1", account_id: "a", occurred_at: at }],
        tickets: [{ ticket_id: "t1", account_id: "a", opened_at: at, resolved_at: at }],
        survey_responses: [{ response_id: "r1", account_id: "a", score: 9, responded_at: at }],
      };
      const built = await companyOf(
        { accounts: [{ account_id: "a", created_on: "2024-01-01" }], [source]: rows[source] },
        { journey: textOf(preset), through: "2024-06-30" },
      );
      for (const model of models) await built.read(model);
      const raised = (await built.read(accountSignals)).map((s) => s.signal);
      expect(raised.filter((id) => !(source === "usage_events" && ofUse.includes(id)))).toEqual([]);
    },
    60_000,
  );
});

it("every file of the folder is a preset that `waymark init` knows", () => {
  expect(readdirSync(presetsFolder).sort()).toEqual(names.map((name) => `${name}.yml`).sort());
  expect(names).toContain(defaultPreset);
});

/** A customer of two terms that is set up, trained, used by its whole team, and happy. */
const start = "2024-01-01";
const day = (n: number): string => addDays(start, n);
const team = ["admin", "champion", "executive", "member", "member"];
const features = ["dashboards", "reports", "alerts", "api", "exports", "segments"];
const workingDays = (from: number, to: number): number[] =>
  daysOf(day(from), day(to)).flatMap((date, i) =>
    [0, 6].includes(new Date(date).getUTCDay()) ? [] : [from + i],
  );
const happy = {
  accounts: [{ account_id: "a", created_on: start, owner: "mia" }],
  contracts: [
    paid(day(10), day(190), { seats: 5, mrr: 100, renews_on: day(190) }),
    paid(day(190), null, { seats: 5, mrr: 100, renews_on: day(555) }),
  ],
  users: team.map((role, i) => ({ user_id: `u${i}`, account_id: "a", role })),
  usage_events: [
    event(day(20), { event: "connect_integration", user_id: "u0" }),
    ...workingDays(20, 300).flatMap((n) =>
      team.map((_, i) =>
        event(day(n), {
          user_id: `u${i}`,
          event: "use_feature",
          feature: features[(n + i) % features.length],
        }),
      ),
    ),
    ...[1, 2, 3].map((n) => event(day(260 + n), { event: "export_data", feature: "exports", user_id: "u0" })),
  ],
  tickets: [{ ticket_id: "t1", account_id: "a", opened_at: `${day(250)}T08:00:00Z`, priority: "urgent" }],
  survey_responses: ["u1", "u2"].map((user_id, i) => ({
    response_id: `r${i}`,
    account_id: "a",
    user_id,
    score: 10,
    responded_at: `${day(150)}T09:00:00Z`,
  })),
  touchpoints: [
    contact(day(14), "kick_off"),
    contact(day(30), "training"),
    contact(day(110), "executive_call", { user_id: "u2" }),
  ],
  outcomes: [
    { outcome_id: "o1", account_id: "a", name: "Hours saved", confirmed_at: `${day(120)}T09:00:00Z` },
  ],
};

describe("one customer's way", () => {
  const ways: Record<string, string[]> = {
    "three-stage": ["prospect", "onboarding", "established", "pre_renewal", "established"],
    "four-stage": ["prospect", "handover", "implementation", "adoption", "growth"],
    "five-stage": ["prospect", "onboarding", "adoption", "usage", "value", "advocacy"],
  };
  it.each(names)(
    "%s: through the stages, with its signals and tasks",
    async (preset) => {
      const built = await companyOf(happy, {
        journey: textOf(preset),
        through: day(300),
        now: `${day(302)}T06:00:00Z`,
      });
      const stays = (await built.read(stageStays)).sort((a, b) => (a.entered_on < b.entered_on ? -1 : 1));
      expect(stays.map((s) => s.stage)).toEqual(ways[preset]);
      const [onboarded] = await built.read(accountOnboarding);
      expect(onboarded?.status).toBe("on_time");
      const kickOff = (await built.read(accountTouchpoints)).find((t) => t.touchpoint === "kick_off");
      expect(kickOff).toMatchObject({ done_on: day(14), status: "done" });
      const opened = new Map((await built.read(accountSignals)).map((s) => [s.signal, s.opened_on]));
      expect(opened.get("admin_export")).toBe(day(263));
      expect(opened.get("urgent_ticket_old")).toBe(day(257));
      expect([...opened.keys()]).toContain("expansion_ready");
      expect([...opened.keys()]).toContain("advocacy_ready");
      const tasks = await built.read(accountTasks);
      expect(tasks.find((t) => t.play === "urgent_escalation" && t.task === "escalate")).toMatchObject({
        owner: "support",
        due_on: day(258),
      });
      expect(tasks.find((t) => t.play === "export_question")?.owner).toBe("mia");
    },
    60_000,
  );
});

/** A customer that looks at it twice, loses its champion, waits for an answer and leaves; and one that never buys. */
const unhappy = {
  accounts: [
    { account_id: "a", created_on: start, owner: "mia" },
    { account_id: "c", created_on: day(60), owner: "mia" },
  ],
  contracts: [paid(day(7), day(189), { seats: 10, mrr: 500 })],
  users: [{ user_id: "u1", account_id: "a", role: "champion", left_on: day(91) }],
  usage_events: [19, 20].map((n) => event(day(n))),
  tickets: [{ ticket_id: "t1", account_id: "a", opened_at: `${day(31)}T09:00:00Z`, priority: "urgent" }],
  survey_responses: [
    { response_id: "r1", account_id: "a", user_id: "u1", score: 2, responded_at: `${day(80)}T09:00:00Z` },
  ],
};

describe("a customer that leaves", () => {
  it.each(names)(
    "%s: is told of as such, and what is never a customer is not",
    async (preset) => {
      const kinds = new Map(loadJourney(presetFile(preset)).signals.map((s) => [s.id, s.kind]));
      const built = await companyOf(unhappy, { journey: textOf(preset), through: day(240) });
      const stays = (await built.read(stageStays)).sort((a, b) => (a.entered_on < b.entered_on ? -1 : 1));
      const stagesOf = (account: string) => stays.filter((s) => s.account_id === account).map((s) => s.stage);
      expect(stagesOf("a").at(-1)).toBe("churned");
      expect(stagesOf("c")).toEqual(["prospect"]);
      const signals = await built.read(accountSignals);
      expect(signals.map((s) => s.signal)).toEqual(
        expect.arrayContaining(["champion_left", "detractor", "urgent_ticket_old", "licences_unused"]),
      );
      expect(signals.filter((s) => kinds.get(s.signal) === "positive" || s.account_id === "c")).toEqual([]);
      // What lasts is told of while they are a customer, not afterwards.
      expect(signals.filter((s) => s.opened_on >= day(189)).map((s) => s.signal)).toEqual([]);
      // 90 days before the renewal on day 189, and for 14 days in a row.
      expect(signals.find((s) => s.signal === "licences_unused")?.opened_on).toBe(day(112));
      const tasks = await built.read(accountTasks);
      expect(tasks.filter((t) => t.account_id === "c")).toEqual([]);
      expect(tasks.some((t) => t.signal === "urgent_ticket_old")).toBe(true);
    },
    60_000,
  );
});

/** RavenStack (credit: River @ Rivalytics, synthetic) is not part of the project; see examples/ravenstack. */
const data = resolve(process.env.RAVENSTACK_DIR ?? "../shared/data/ravenstack");
const isThere = existsSync(join(data, "ravenstack_accounts.csv"));

describe.skipIf(!isThere)(
  isThere ? "on RavenStack" : `on RavenStack (skipped: no data in ${data}; set RAVENSTACK_DIR)`,
  () => {
    it.each(names)(
      "%s builds, and every data check holds",
      async (preset) => {
        process.env.RAVENSTACK_DIR = data;
        const warehouse = await warehouseForTest();
        const result = await build(
          warehouse,
          {
            settings: loadSettings("examples/ravenstack/waymark.yml", checkMappings),
            journey: loadJourney(presetFile(preset), checkOwnFacts),
          },
          { trigger: "test", now: () => new Date("2025-06-01T12:00:00Z") },
        );
        expect(result.snapshot.dataThrough).toBe("2024-12-31");
        expect(result.models.map((m) => m.model).sort()).toEqual(models.map((m) => m.name).sort());
        expect(result.models.find((m) => m.model === "account_latest")?.rows).toBe(500);
      },
      120_000,
    );
  },
);
