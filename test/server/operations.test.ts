import { describe, expect, it, onTestFinished } from "vitest";
import { bind, sql } from "../../warehouse/sql.js";
import { clientOf } from "../api/company.js";
import { companyWith, may, mayDays, settingsOf } from "../jobs/feeds.js";

/** A company whose usage stopped on 5 May while tickets go on, served on the 10th; and ways to look after it. */
async function served(limits = "", raw = { usage: mayDays(1, 5), tickets: mayDays(1, 9) }) {
  const company = await companyWith(raw);
  let now = new Date("2024-05-10T06:00:00Z");
  const { server, ask } = await clientOf(company.warehouse, {
    freshness: () => settingsOf(limits),
    now: () => now,
  });
  onTestFinished(() => server.close());
  return {
    ...company,
    ask,
    url: server.url,
    setClock: (instant: string) => {
      now = new Date(instant);
    },
    ready: async (query = "") => {
      const response = await fetch(`${server.url}/readyz${query}`);
      // biome-ignore lint/suspicious/noExplicitAny: what it answers is what is tested
      return { status: response.status, body: (await response.json()) as any };
    },
    scrape: async () => {
      const response = await fetch(`${server.url}/metrics`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
      return parsePrometheus(await response.text());
    },
  };
}

/** Samples by `name{labels}` as they are written. @throws for a line that the text format doesn't have */
function parsePrometheus(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || /^# (HELP|TYPE) [a-z_:][\w:]* .+$/i.test(line)) continue;
    const [, series, value] =
      /^([a-z_:][\w:]*(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) (\S+)$/i.exec(line) ?? [];
    if (series === undefined || Number.isNaN(Number(value)) || samples.has(series))
      throw new Error(`no sample, or twice the same: ${line}`);
    samples.set(series, Number(value));
  }
  return samples;
}

describe("a source that has stopped", () => {
  it("is told at /readyz, which stays ready; whoever asks strictly is refused", async () => {
    const { build, ready, setClock } = await served();
    expect(await ready()).toMatchObject({ status: 503 });
    await build("2024-05-10T03:15:00Z");
    const { status, body } = await ready();
    expect({ status, said: body.status }).toEqual({ status: 200, said: "ready" });
    expect(body.late).toMatchObject([
      { feed: "usage_events", watermark: "2024-05-06T00:00:00.000Z", ageHours: 102, maxAgeHours: 36 },
    ]);
    expect(body.late[0].models).toContain("account_health");
    expect(await ready("?strict")).toMatchObject({ status: 503, body: { status: "late" } });
    expect(await ready("?strict=false")).toMatchObject({ status: 200 });
    setClock("2024-05-07T00:00:00Z");
    expect(await ready("?strict")).toMatchObject({ status: 200, body: { status: "ready", late: [] } });
  });

  it("is told in GraphQL for tables and sources, and beside every answer", async () => {
    const { build, ask } = await served();
    await build("2024-05-10T03:15:00Z");
    const age = "freshness { watermark ageHours maxAgeHours isLate decidedBy }";
    const { data, errors, extensions } = await ask(
      `{ models(names: ["account_health", "support_daily", "stg_outcomes"]) { name ${age} } sources { name ${age} } }`,
    );
    expect(errors).toEqual([]);
    const late = {
      watermark: "2024-05-06T00:00:00.000Z",
      ageHours: 102,
      maxAgeHours: 36,
      isLate: true,
      decidedBy: "usage_events",
    };
    const of = (list: { name: string; freshness: unknown }[], name: string) =>
      list.find((entry) => entry.name === name)?.freshness;
    expect(of(data.models, "account_health")).toEqual(late);
    expect(of(data.models, "support_daily")).toMatchObject({ isLate: false, ageHours: 6 });
    expect(of(data.models, "stg_outcomes")).toBeNull();
    expect(of(data.sources, "usage_events")).toEqual(late);
    expect(of(data.sources, "tickets")).toMatchObject({ isLate: false, maxAgeHours: null });
    expect(of(data.sources, "outcomes"), "not mapped").toBeNull();
    expect(extensions.snapshot).toMatchObject({ id: 1, late: ["usage_events"] });
  });
});

describe("/metrics", () => {
  it("before the first build nothing is claimed", async () => {
    const { scrape } = await served();
    const samples = await scrape();
    expect([...samples.keys()].filter((s) => s.startsWith("waymark_") && !s.includes("_request_"))).toEqual(
      [],
    );
    expect(samples.get("process_start_time_seconds")).toBeGreaterThan(0);
  });

  it("tells age and lateness of tables and sources, the snapshot, the run, rows and checks", async () => {
    const { build, scrape, setClock, warehouse } = await served();
    const { seconds } = await build("2024-05-10T03:15:00Z");
    const samples = await scrape();
    expect(samples.get('waymark_data_age_seconds{model="account_health"}')).toBe(102 * 3600);
    expect(samples.get('waymark_data_max_age_seconds{model="account_health"}')).toBe(36 * 3600);
    expect(samples.get('waymark_model_late{model="account_health"}')).toBe(1);
    expect(samples.get('waymark_model_late{model="support_daily"}')).toBe(0);
    expect(samples.has('waymark_data_max_age_seconds{model="stg_tickets"}'), "any age is fine").toBe(false);
    expect(samples.get('waymark_source_age_seconds{source="tickets"}')).toBe(6 * 3600);
    expect(samples.get('waymark_source_late{source="usage_events"}')).toBe(1);
    expect(samples.get("waymark_snapshot_id")).toBe(1);
    expect(samples.get("waymark_snapshot_age_seconds")).toBe(2.75 * 3600);
    expect(samples.get("waymark_last_run_success")).toBe(1);
    expect(samples.get("waymark_last_run_timestamp_seconds")).toBe(Date.parse("2024-05-10T03:15:00Z") / 1000);
    expect(samples.get("waymark_build_seconds")).toBe(seconds);
    expect(samples.get('waymark_checks_failing{model="account_health"}')).toBe(0);
    const [count] = await warehouse.query(sql`select count(*) as n from waymark.account_health`, {
      n: { type: "integer" },
    });
    expect(samples.get('waymark_model_rows{model="account_health"}')).toBe(count?.n);
    setClock("2024-05-10T07:00:00Z");
    expect((await scrape()).get('waymark_data_age_seconds{model="account_health"}')).toBe(103 * 3600);
  });

  it("a run that fails shows at once, with the table whose check failed, and a restarted server tells the same", async () => {
    const { build, given, warehouse, scrape } = await served();
    await build("2024-05-10T03:15:00Z");
    await warehouse.run(sql`update raw.nps set org = 'nobody'`);
    await warehouse.run(
      sql`insert into raw.nps values ('x', 'nobody', timestamptz '2024-05-09 12:00:00+00', ${bind("integer", 9)})`,
    );
    await given.usage(may(9));
    await expect(build("2024-05-10T04:15:00Z")).rejects.toMatchObject({ code: "CHECK_FAILED" });
    const samples = await scrape();
    expect(samples.get("waymark_last_run_success")).toBe(0);
    expect(samples.get('waymark_checks_failing{model="source_quality"}')).toBe(1);
    expect(samples.get("waymark_snapshot_id"), "the last good one").toBe(1);
    expect(samples.get('waymark_model_late{model="account_health"}'), "nothing newer is published").toBe(1);
    const again = await clientOf(warehouse, { now: () => new Date("2024-05-10T06:00:00Z") });
    onTestFinished(() => again.server.close());
    const restarted = parsePrometheus(await (await fetch(`${again.server.url}/metrics`)).text());
    const ofLedger = (all: Map<string, number>) =>
      [...all].filter(([name]) => name.startsWith("waymark_") && !name.includes("_request_"));
    expect(ofLedger(restarted)).toEqual(ofLedger(samples));
    // As a backfill's step ends: well, and without a snapshot.
    await warehouse.run(
      sql`insert into waymark_ledger.runs (run_id, trigger, started_at, finished_at, status) values ('step', 'backfill', timestamptz '2024-05-10 05:00:00+00', timestamptz '2024-05-10 05:01:00+00', 'succeeded')`,
    );
    expect((await scrape()).get("waymark_last_run_success"), "a step heals nothing").toBe(0);
  });

  it("requests are counted by the schema's words, so that no caller can make the series many", async () => {
    const { build, ask, scrape, url } = await served();
    await build("2024-05-10T03:15:00Z");
    for (let i = 0; i < 20; i++) {
      await ask(`query Q${i} { alias${i}: portfolio { accounts } }`);
      await ask(`query Q${i} { nonsense${i} }`);
      await fetch(`${url}/nowhere/${i}`);
    }
    await ask("{ snapshot { id } portfolio { accounts } }");
    await ask("{ __typename }");
    const counts = [...(await scrape())].filter(([name]) => /_request_seconds_count/.test(name));
    expect(Object.fromEntries(counts)).toEqual({
      'waymark_graphql_request_seconds_count{field="portfolio",outcome="ok"}': 20,
      'waymark_graphql_request_seconds_count{field="invalid",outcome="error"}': 20,
      'waymark_graphql_request_seconds_count{field="several",outcome="ok"}': 1,
      'waymark_graphql_request_seconds_count{field="introspection",outcome="ok"}': 1,
      'waymark_http_request_seconds_count{route="/graphql",status="2xx"}': 22,
      'waymark_http_request_seconds_count{route="/graphql",status="4xx"}': 20,
      'waymark_http_request_seconds_count{route="none",status="4xx"}': 20,
    });
  });
});
