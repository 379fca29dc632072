import { expect, it } from "vitest";
import type { Settings } from "../../config/settings.js";
import { models } from "../../models/index.js";
import { bind, type Sql, sql } from "../../warehouse/sql.js";
import { publishedRows } from "./acme_project.js";
import { at, dayAt, openSmall } from "./small.js";

/** The small company, whose events say when they were loaded: an hour after they happened. */
async function openStamped() {
  const small = await openSmall();
  await small.warehouse.run(sql`alter table raw.events add column loaded timestamptz`);
  await small.warehouse.run(sql`update raw.events set loaded = done + interval 1 hour`);
  const { usage_events } = small.settings.sources;
  const columns = { ...usage_events?.columns, loaded_at: "loaded" };
  const settings = {
    ...small.settings,
    sources: {
      ...small.settings.sources,
      usage_events: { ...usage_events, columns, compare_every_days: 365 },
    },
  } as Settings;
  return { ...small, build: () => small.build({}, undefined, settings) };
}

const event = (id: string, account: string, day: number, loaded: string): Sql =>
  sql`insert into raw.events values (${bind("string", id)}, ${bind("string", account)}, 'u9', 'export', ${bind("timestamp", at(day))}, ${bind("timestamp", new Date(loaded))})`;

it("rows are found by when they were loaded: late, twice, under a known id, stamped before others or far ahead", async () => {
  const [grown, whole] = [await openStamped(), await openStamped()];
  await grown.build();
  const arrivals = [
    event("late", "a", 60, `${dayAt(71)}T10:00:00Z`),
    // Of a load that began before the one above, and ended after it was read.
    event("slow", "b", 3, `${dayAt(70)}T20:00:00Z`),
    sql`insert into raw.events select * replace (timestamptz '2024-03-13 11:00:00Z' as loaded) from raw.events where id = 'a10'`,
    event("a11", "a", 50, `${dayAt(72)}T12:00:00Z`),
    event("ahead", "c", 65, "2099-01-01T00:00:00Z"),
    event("after", "c", 66, `${dayAt(72)}T13:00:00Z`),
  ];
  for (const arrival of arrivals) {
    await grown.warehouse.run(arrival);
    await whole.warehouse.run(arrival);
    const { models: run } = await grown.build();
    expect(run.find((m) => m.model === "stg_usage_events")).toMatchObject({
      status: "built",
      reason: "its raw rows changed",
    });
  }
  const ours = await publishedRows(grown.warehouse, (await grown.build()).snapshot);
  const theirs = await publishedRows(whole.warehouse, (await whole.build()).snapshot);
  for (const { name } of models) expect({ [name]: ours[name] }).toEqual({ [name]: theirs[name] });
});
