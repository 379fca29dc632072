import { describe, expect, it } from "vitest";
import { breachesOf, lateFeeds, readBreaches } from "../../jobs/freshness.js";
import { sql } from "../../warehouse/sql.js";
import { companyWith, may, mayDays, midnightAfter, settingsOf } from "./feeds.js";

describe("how old data is", () => {
  it("a fresh build of yesterday's data is late nowhere, and its age counts from the end of that day", async () => {
    const company = await companyWith({ usage: mayDays(1, 9), tickets: [may(3)], surveys: [may(2)] });
    await company.build("2024-05-10T03:15:00Z");
    const freshness = await company.at("2024-05-10T06:00:00Z");
    expect(freshness.get("account_health")).toEqual({
      decidedBy: "usage_events",
      watermark: midnightAfter(9),
      ageHours: 6,
      maxAgeHours: 36,
      isLate: false,
    });
    expect(breachesOf(freshness)).toEqual([]);
    // Due the next night, not a minute too early.
    expect(breachesOf(await company.at("2024-05-11T12:00:00Z"))).toEqual([]);
    expect((await company.at("2024-05-11T12:00:01Z")).get("account_health")).toMatchObject({ isLate: true });
  });

  it("usage that stops makes late what needs usage, though tickets go on; support stays fresh", async () => {
    const company = await companyWith({ usage: mayDays(1, 5), tickets: mayDays(1, 9) });
    await company.build("2024-05-10T03:15:00Z");
    const freshness = await company.at("2024-05-10T06:00:00Z");
    for (const model of [
      "stg_usage_events",
      "usage_daily",
      "account_facts",
      "account_health",
      "early_warnings",
    ])
      expect(freshness.get(model), model).toEqual({
        decidedBy: "usage_events",
        watermark: midnightAfter(5),
        ageHours: 102,
        maxAgeHours: 36,
        isLate: true,
      });
    expect(freshness.get("timeline")).toMatchObject({ watermark: midnightAfter(9), isLate: false });
    expect(freshness.get("support_daily")).toMatchObject({ watermark: midnightAfter(9), isLate: false });
    expect(freshness.get("stg_tickets")).toMatchObject({ maxAgeHours: null, isLate: false });
    const [feed, ...others] = lateFeeds(breachesOf(freshness));
    expect(others).toEqual([]);
    expect(feed).toMatchObject({ feed: "usage_events", ageHours: 102, maxAgeHours: 36 });
    expect(feed?.models).toContain("account_health");
    expect(feed?.models).not.toContain("support_daily");
  });

  it("usage that ended long ago tells when", async () => {
    const company = await companyWith({ usage: mayDays(1, 5), tickets: ["2024-08-20"] });
    await company.build("2024-08-21T03:15:00Z");
    const freshness = await company.at("2024-08-21T06:00:00Z");
    expect(freshness.get("usage_daily")?.watermark).toEqual(midnightAfter(5));
    expect(freshness.get("stg_tickets")?.watermark).toEqual(new Date("2024-08-21T00:00:00Z"));
  });

  it("building again and again, all or an old day, makes nothing fresh", async () => {
    const company = await companyWith({ usage: mayDays(1, 5), tickets: mayDays(1, 9) });
    await company.build("2024-05-10T03:15:00Z");
    const before = (await company.at("2024-05-12T00:00:00Z")).get("account_health");
    await company.build("2024-05-11T03:15:00Z", { force: true });
    await company.build("2024-05-11T04:15:00Z", { from: may(2), to: may(3) });
    const after = await company.at("2024-05-12T00:00:00Z");
    expect(after.get("account_health")).toEqual(before);
    expect(after.get("timeline")?.watermark).toEqual(midnightAfter(9));
  });

  it("old rows that arrive late make nothing fresh; rows of new days do", async () => {
    const company = await companyWith({ usage: mayDays(1, 5), tickets: mayDays(1, 9) });
    await company.build("2024-05-10T03:15:00Z");
    await company.given.usage(may(2), may(3));
    await company.build("2024-05-10T04:15:00Z");
    expect((await company.at("2024-05-10T06:00:00Z")).get("account_health")?.watermark).toEqual(
      midnightAfter(5),
    );
    await company.given.usage(may(9));
    await company.build("2024-05-10T05:15:00Z");
    expect((await company.at("2024-05-10T06:00:00Z")).get("account_health")).toMatchObject({
      watermark: midnightAfter(9),
      isLate: false,
    });
  });

  it("a table that was not selected is as old as what it was built from; an old day built from newer rows changes no end", async () => {
    const company = await companyWith({ usage: mayDays(1, 5), tickets: mayDays(1, 5) });
    await company.build("2024-05-06T03:15:00Z");
    await company.given.usage(...mayDays(6, 9));
    await company.build("2024-05-10T03:15:00Z", { select: ["stg_usage_events"] });
    const mixed = await company.at("2024-05-10T06:00:00Z");
    expect(mixed.get("stg_usage_events")?.watermark).toEqual(midnightAfter(9));
    expect(mixed.get("account_health")).toMatchObject({ watermark: midnightAfter(5), isLate: true });
    await company.build("2024-05-10T04:15:00Z", { from: may(2), to: may(3), select: ["usage_daily"] });
    expect((await company.at("2024-05-10T06:00:00Z")).get("usage_daily")?.watermark).toEqual(
      midnightAfter(5),
    );
    await company.build("2024-05-10T05:15:00Z");
    expect((await company.at("2024-05-10T06:00:00Z")).get("account_health")?.watermark).toEqual(
      midnightAfter(9),
    );
  });

  it("rows dated ahead of their time, and unusable ones, count for nothing", async () => {
    const company = await companyWith({ usage: [...mayDays(1, 5), "2031-01-01"], tickets: mayDays(1, 9) });
    await company.warehouse.run(
      sql`insert into raw.events values ('stray', 'nobody', timestamptz '2024-05-09 12:00:00+00')`,
    );
    await company.build("2024-05-10T03:15:00Z");
    expect((await company.at("2024-05-10T06:00:00Z")).get("usage_daily")?.watermark).toEqual(
      midnightAfter(5),
    );
  });

  it("days end in the company's time zone", async () => {
    const zoned = settingsOf("time_zone: America/New_York\n");
    const company = await companyWith({ usage: mayDays(1, 9), tickets: [] });
    await company.build("2024-05-10T07:15:00Z", {}, zoned);
    expect((await company.at("2024-05-10T08:00:00Z", zoned)).get("usage_daily")).toMatchObject({
      watermark: new Date("2024-05-10T04:00:00Z"),
      ageHours: 4,
    });
  });

  it("rows of no day are as old as the latest loading, and nothing where loading is not told", async () => {
    const company = await companyWith({ usage: mayDays(1, 9), tickets: [] });
    await company.build("2024-05-10T03:15:00Z");
    const freshness = await company.at("2024-05-10T06:00:00Z");
    expect(freshness.get("stg_accounts")).toMatchObject({
      watermark: new Date("2024-05-02T04:00:00Z"),
      isLate: false,
    });
    expect(freshness.get("stg_contracts")).toMatchObject({ watermark: null, ageHours: null, isLate: false });
    expect(freshness.has("stg_outcomes"), "not mapped").toBe(false);
  });

  it("usage that never came is late", async () => {
    const company = await companyWith({ usage: [], tickets: mayDays(1, 9) });
    await company.build("2024-05-10T03:15:00Z");
    expect((await company.at("2024-05-10T06:00:00Z")).get("account_health")).toMatchObject({
      decidedBy: "usage_events",
      watermark: null,
      ageHours: null,
      isLate: true,
    });
  });
});

describe("how old data may be", () => {
  it("sources and tables have limits of their own, at once and without a build", async () => {
    const company = await companyWith({ usage: mayDays(1, 5), tickets: mayDays(1, 7) });
    await company.build("2024-05-08T03:15:00Z");
    const late = async (limits: string): Promise<Record<string, string>> => {
      const freshness = await company.at("2024-05-10T00:00:00Z", settingsOf(`freshness: ${limits}\n`));
      return Object.fromEntries(
        breachesOf(freshness).map((b) => [b.model, `${b.decidedBy} ${b.maxAgeHours}`]),
      );
    };
    expect(await late("{ default_hours: 96 }")).toEqual({});
    expect(await late("{ default_hours: 95 }")).toMatchObject({ account_health: "usage_events 95" });
    expect(await late("{ sources: { usage_events: null } }")).toEqual({});
    expect(await late("{ sources: { usage_events: null, tickets: 47 } }")).toMatchObject({
      stg_tickets: "tickets 47",
      support_daily: "tickets 47",
      account_health: "tickets 47",
    });
    // The first to be late decides: usage by 5 hours before tickets.
    expect(await late("{ sources: { usage_events: 80, tickets: 37 } }")).toMatchObject({
      account_health: "usage_events 80",
      support_daily: "tickets 37",
    });
    expect(await late("{ default_hours: 200, models: { early_warnings: 48 } }")).toEqual({
      early_warnings: "usage_events 48",
    });
    const spared = await late("{ models: { account_health: null } }");
    expect(spared).toHaveProperty("early_warnings");
    expect(spared).not.toHaveProperty("account_health");
    expect(spared, "declared by the model itself").not.toHaveProperty("source_quality");
  });

  it("a company that declares its last day asks for a past: nothing is late", async () => {
    const settings = settingsOf(`data_through: ${may(5)}\n`);
    const company = await companyWith({ usage: mayDays(1, 9), tickets: [] });
    await company.build("2024-05-10T03:15:00Z", {}, settings);
    const freshness = await company.at("2034-01-01T00:00:00Z", settings);
    expect(breachesOf(freshness)).toEqual([]);
    expect(freshness.get("account_health")).toMatchObject({ watermark: midnightAfter(5), maxAgeHours: null });
  });

  it("breaches are told of what is published, and of nothing before", async () => {
    const company = await companyWith({ usage: mayDays(1, 5), tickets: [] });
    const now = new Date("2024-05-10T00:00:00Z");
    expect(await readBreaches(company.warehouse, settingsOf(), now)).toEqual([]);
    await company.build("2024-05-06T03:15:00Z");
    expect(
      (await readBreaches(company.warehouse, settingsOf(), now)).find((b) => b.model === "account_health"),
    ).toEqual({
      model: "account_health",
      decidedBy: "usage_events",
      watermark: midnightAfter(5),
      ageHours: 96,
      maxAgeHours: 36,
    });
  });

  it("limits of unknown sources and tables, and of rows whose age can't be told, are refused with their line", () => {
    expect(() => settingsOf("freshness: { sources: { usage_event: 36 } }\n")).toThrow(
      /waymark\.yml:\d+:\d+: unknown source "usage_event"\. Did you mean "usage_events"\?/,
    );
    expect(() => settingsOf("freshness: { models: { acount_health: 36 } }\n")).toThrow(
      /Did you mean "account_health"\?/,
    );
    expect(() => settingsOf("freshness: { sources: { contracts: 36 } }\n")).toThrow(
      /the rows of contracts belong to no day, so only loaded_at tells their age/,
    );
    expect(() => settingsOf("freshness: { sources: { accounts: 36, contracts: null } }\n")).not.toThrow();
    expect(() => settingsOf("freshness: { default_hours: 0 }\n")).toThrow(/default_hours/);
  });
});
