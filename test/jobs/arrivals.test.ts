import { expect, it } from "vitest";
import type { Settings } from "../../config/settings.js";
import { readComparisons } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { bind, companySql, type Sql, sql } from "../../warehouse/sql.js";
import { publishedRows } from "./acme_project.js";
import { at, dayAt, openSmall } from "./small.js";

/** The small company, whose events say when they were loaded, an hour after they happened, and are searched so. */
async function openSearched(search: "loaded_at" | { lookback_days: number }) {
  const small = await openSmall();
  await small.warehouse.run(sql`alter table raw.events add column loaded timestamptz`);
  await small.warehouse.run(sql`update raw.events set loaded = done + interval 1 hour`);
  const { usage_events } = small.settings.sources;
  const how =
    search === "loaded_at" ? { columns: { ...usage_events?.columns, loaded_at: "loaded" } } : search;
  const settings = {
    ...small.settings,
    sources: {
      ...small.settings.sources,
      usage_events: { ...usage_events, ...how, compare_every_days: 365 },
    },
  } as Settings;
  return {
    ...small,
    build: (select?: string[]) => small.build(select ? { select } : {}, undefined, settings),
  };
}

const event = (id: string, account: string, day: number, loaded: string): Sql =>
  sql`insert into raw.events values (${bind("string", id)}, ${bind("string", account)}, 'u9', 'export', ${bind("timestamp", at(day))}, ${bind("timestamp", new Date(loaded))})`;

/** Every arrival is found by the next build of its table, and all of them make the tables that a build from nothing makes. */
async function expectFound(search: Parameters<typeof openSearched>[0], arrivals: readonly Sql[]) {
  const [grown, whole] = [await openSearched(search), await openSearched(search)];
  await grown.build();
  for (const arrival of arrivals) {
    await grown.warehouse.run(arrival);
    await whole.warehouse.run(arrival);
    const { models: run } = await grown.build(["stg_usage_events"]);
    expect(run.find((m) => m.model === "stg_usage_events")).toMatchObject({
      status: "built",
      reason: "its raw rows changed",
    });
  }
  const ours = await publishedRows(grown.warehouse, (await grown.build()).snapshot);
  const theirs = await publishedRows(whole.warehouse, (await whole.build()).snapshot);
  for (const { name } of models) expect({ [name]: ours[name] }).toEqual({ [name]: theirs[name] });
}

it("rows are found by when they were loaded: late, twice, under a known id, stamped before others or ahead", () =>
  expectFound("loaded_at", [
    event("late", "a", 60, `${dayAt(71)}T10:00:00Z`),
    // Of a load that began before the one above, and ended after it was read.
    event("slow", "b", 3, `${dayAt(70)}T20:00:00Z`),
    sql`insert into raw.events select * replace (timestamptz '2024-03-13 11:00:00Z' as loaded) from raw.events where id = 'a10'`,
    event("a11", "a", 50, `${dayAt(72)}T12:00:00Z`),
    event("far ahead", "c", 65, "2099-01-01T00:00:00Z"),
    event("after", "c", 66, `${dayAt(72)}T13:00:00Z`),
    // Builds run on the morning of 1 April.
    event("days ahead", "c", 64, "2024-04-02T23:00:00Z"),
    event("since", "c", 63, "2024-04-01T08:00:00Z"),
  ]));

it("rows of which can't be told when they were loaded are found: not at all, before all years, after all of them", () =>
  expectFound(
    "loaded_at",
    [
      "null",
      "timestamptz '0044-03-15 (BC) 10:00:00Z'",
      "timestamptz '20000-01-01 10:00:00Z'",
      "timestamptz 'infinity'",
    ].map(
      (loaded) =>
        sql`insert into raw.events select * replace (${bind("string", `loaded ${loaded}`)} as id, ${companySql(loaded)} as loaded) from raw.events where id = 'a10'`,
    ),
  ));

it("rows of the days looked back on are found, whatever is dated ahead", () =>
  expectFound({ lookback_days: 10 }, [
    event("late", "a", 60, `${dayAt(71)}T10:00:00Z`),
    sql`insert into raw.events select * replace ('ahead' as id, timestamptz '2099-01-01 11:00:00Z' as done) from raw.events where id = 'a10'`,
    event("since", "c", 64, `${dayAt(71)}T10:00:00Z`),
    sql`delete from raw.events where id = 'late'`,
  ]));

it("all days are compared, or not said to be, where it falls due while a build goes on", async () => {
  const { warehouse, build, settings } = await openSmall();
  const own = structuredClone(settings);
  for (const source of Object.values(own.sources))
    Object.assign(source, { compare_every_days: 7, lookback_days: 3 });
  const began = Date.parse("2024-04-01T06:00:00Z");
  const due = began + 6.875 * 86_400_000;
  const count = async (): Promise<number | undefined> =>
    (
      await warehouse.query(sql`select count(*) as n from waymark.stg_usage_events`, {
        n: { type: "integer", notNull: true },
      })
    )[0]?.n;
  await build({ now: () => new Date(began) }, undefined, own);
  const all = (await count()) ?? 0;
  await warehouse.run(sql`delete from raw.events where id in ('a1', 'a2')`);
  // The clock goes on by a second each time that it is looked at.
  let looked = 0;
  await build({ now: () => new Date(due - 12_000 + 1000 * looked++) }, undefined, own);
  expect(looked).toBeGreaterThan(12);
  const found = await count();
  const compared = (await readComparisons(warehouse)).get("usage_events");
  expect([found, (compared?.getTime() ?? 0) >= due]).toEqual(found === all ? [all, false] : [all - 2, true]);
  await build({ now: () => new Date(due + 86_400_000) }, undefined, own);
  expect(await count()).toBe(all - 2);
});
