import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { bind, sql, text } from "../../warehouse/sql.js";
import { ended, said, start, waymark } from "./command.js";

/** The command line as a user has it: what it does, says, and exits with. */
const folder = mkdtempSync(join(tmpdir(), "waymark-cli-"));
const demo = join(folder, "demo");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a new project", () => {
  it("init writes two commented files, and never over existing ones", async () => {
    const project = join(folder, "new");
    expect(await ended(start(["--project", project, "init"]))).toMatchObject({ code: 0, stdout: "" });
    expect(readFileSync(join(project, "waymark.yml"), "utf8")).toContain("# Waymark: which raw data");
    const again = await waymark("--project", project, "init");
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toContain("Nothing was written; --force replaces.");
  });

  it("init writes the preset that is asked for, names it, and knows the nearest to a wrong name", async () => {
    const project = join(folder, "preset");
    const wrong = await waymark("--project", project, "init", "--preset", "five-stages");
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "five-stage"?') });
    expect(existsSync(project), "nothing is written").toBe(false);
    const unlike = await waymark("--project", project, "--json", "init", "--preset", "constructor");
    expect(JSON.parse(unlike.stderr).error).toMatchObject({
      code: "BAD_USER_INPUT",
      known: ["three-stage", "four-stage", "five-stage"],
    });
    const { stdout } = await waymark("--project", project, "--json", "init", "--preset", "five-stage");
    expect(JSON.parse(stdout)).toEqual({
      written: [join(project, "waymark.yml"), join(project, "journey.yml")],
      preset: "five-stage",
    });
    expect(readFileSync(join(project, "journey.yml"))).toEqual(
      readFileSync("journey/presets/five-stage.yml"),
    );
    // Another preset leaves the mapping of the tables alone, and what it replaces stays beside it.
    writeFileSync(join(project, "waymark.yml"), "company: Ours");
    expect(await waymark("--project", project, "init", "--preset", "four-stage")).toMatchObject({ code: 2 });
    expect(await waymark("--project", project, "init", "--preset", "four-stage", "--force")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("journey.yml.bak"),
    });
    expect(readFileSync(join(project, "waymark.yml"), "utf8")).toBe("company: Ours");
    const presetText = (name: string): string => readFileSync(`journey/presets/${name}.yml`, "utf8");
    expect(readFileSync(join(project, "journey.yml"), "utf8")).toBe(presetText("four-stage"));
    expect(readFileSync(join(project, "journey.yml.bak"), "utf8")).toBe(presetText("five-stage"));
    const help = await waymark("init", "--help");
    for (const preset of ["three-stage", "four-stage", "five-stage"])
      expect(help.stdout).toMatch(new RegExp(`^  ${preset} +\\S`, "m"));
  });

  it("check names file, line and the nearest key for a mistake, and exits with 2", async () => {
    const project = join(folder, "mistaken");
    await waymark("--project", project, "init");
    const file = join(project, "waymark.yml");
    writeFileSync(file, readFileSync(file, "utf8").replace("time_zone:", "timezone:"));
    const { code, stderr } = await waymark("--project", project, "check");
    expect(code).toBe(2);
    expect(stderr).toMatch(/waymark\.yml:5:1: unknown key "timezone"\. Did you mean "time_zone"\?/);
  });

  it("a missing project says what to do", async () => {
    const { code, stderr } = await ended(start(["--project", join(folder, "nowhere"), "--json", "build"]));
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "CONFIG_INVALID", message: expect.stringContaining("waymark init") },
    });
  });

  it("an unknown command and a day that is none exit with 2", async () => {
    expect(await waymark("bild")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Did you mean build?"),
    });
    expect(await waymark("build", "--from", "2024-02-30")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Expected a day"),
    });
  });
});

describe("the demo company", () => {
  beforeAll(async () => {
    expect(
      await waymark("demo", "--folder", demo, "--accounts", "40", "--through", "2025-12-31"),
    ).toMatchObject({ code: 0 });
  });

  it("status before a build exits with 5 and names the next step", async () => {
    expect(await waymark("-p", demo, "status")).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("waymark build"),
    });
  });

  it("demo again changes nothing", async () => {
    const { stderr } = await waymark("demo", "--folder", demo, "--accounts", "40", "--through", "2025-12-31");
    expect(stderr).toContain("The demo company is there");
  });

  it("check reports rows, days and planted faults without building", async () => {
    const { code, stdout } = await waymark("-p", demo, "--json", "check");
    expect(code).toBe(0);
    const usage = JSON.parse(stdout).sources.find((s: { source: string }) => s.source === "usage_events");
    expect(usage.all.row_count).toBeGreaterThan(1000);
    expect(await waymark("-p", demo, "status")).toMatchObject({ code: 5 });
  });

  it("build publishes, a second build finds nothing stale, status tells it", async () => {
    const first = await waymark("-p", demo, "--json", "build");
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ snapshot: 1, isNew: true, dataThrough: "2025-12-31" });
    expect(JSON.parse((await waymark("-p", demo, "--json", "build")).stdout)).toMatchObject({
      snapshot: 1,
      isNew: false,
    });
    const { stdout } = await waymark("-p", demo, "status");
    expect(stdout).toMatch(
      /^LATE: usage_events ends at 2026-01-01T00:00Z, \d+ hours ago; at most 36 are expected\./m,
    );
    const { late, models } = JSON.parse((await waymark("-p", demo, "--json", "status")).stdout);
    // Nothing came in since, so the days that tables go through have ended too.
    expect(late).toMatchObject([
      { feed: "usage_events", maxAgeHours: 36 },
      { feed: "timeline", maxAgeHours: 36 },
    ]);
    expect(models.findIndex((m: { freshness: { isLate: boolean } }) => !m.freshness?.isLate)).toBe(
      late[0].models.length + late[1].models.length,
    );
    expect(stdout).toContain("data through 2025-12-31");
    expect(stdout).toContain("account_health");
  }, 120_000);

  it("query prints saved and own documents as table, CSV and JSON", async () => {
    const csv = await waymark("-p", demo, "query", "portfolio", "--format", "csv");
    expect(csv.stdout.split("\n")[0]).toBe("stage.name,band,accounts,mrr");
    const own = join(folder, "own.graphql");
    writeFileSync(own, "query($n: Int!) { accounts(first: $n) { nodes { id health { score band } } } }");
    const none = join(folder, "none.graphql");
    writeFileSync(
      none,
      '{ accounts(filter: { ids: ["?"] }) { nodes { id stage { name } health { score } } } }',
    );
    const header = await waymark("-p", demo, "query", none, "--format", "csv");
    expect(header.stdout).toBe("id,stage.name,health.score\n");
    const cut = join(folder, "cut.graphql");
    writeFileSync(cut, "{ health(limit: 2) { accountId } }");
    expect(await waymark("-p", demo, "query", cut)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("health has more rows: these are the first 2 in its order."),
    });
    const unasked = await waymark("-p", demo, "query", "programme-effect");
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toContain(
      "The query needs its variable changedOn (LocalDate), e.g. --var changedOn=2025-03-01.",
    );
    const table = await waymark("-p", demo, "query", own, "--var", "n=3");
    expect(table.stdout).toContain("health.band");
    const json = await waymark("-p", demo, "--json", "query", own, "--var", "n=3");
    expect(JSON.parse(json.stdout).accounts.nodes).toHaveLength(3);
  });

  it("retention and survival answer in tables, as JSON, and refuse what can't be asked", async () => {
    const months = await waymark("-p", demo, "retention", "--periods", "3");
    expect(months).toMatchObject({ code: 0 });
    // The last whole month is the one on whose next day the data tells who is a customer.
    expect(months.stdout.match(/2025-\d\d/g)).toEqual(["2025-09", "2025-10", "2025-11"]);
    const rows = JSON.parse(
      (await waymark("-p", demo, "--json", "retention", "--grain", "quarter", "--by", "segment", "cohort"))
        .stdout,
    );
    const last = rows.filter((r: { to: string }) => r.to === "2025-10-01");
    expect(new Set(last.map((r: { segment: string }) => r.segment)).size).toBeGreaterThan(1);
    expect((await waymark("-p", demo, "retention", "--cohorts", "--periods", "2")).stdout).toMatch(
      /since.*customers.*\+0.*\+1.*\n.*\n.*2025 Q2.*\n.*2025 Q3/,
    );

    const survival = await waymark("-p", demo, "survival", "--by", "start-year", "--every", "180");
    expect(survival).toMatchObject({ code: 0 });
    expect(survival.stdout).toMatch(/start-year[\s\S]*2024[\s\S]*number at risk[\s\S]*180[\s\S]*groups/);
    const { groups } = JSON.parse((await waymark("-p", demo, "--json", "survival")).stdout);
    expect(groups).toHaveLength(1);
    const some = await waymark("-p", demo, "--json", "survival", "--where", "segment=enterprise");
    expect(JSON.parse(some.stdout).groups[0].customers).toBeLessThan(groups[0].customers);
    expect(groups[0].steps[0]).toMatchObject({ day: 0, share: 1, atRisk: groups[0].customers });

    for (const words of [
      ["retention", "--by", "colour"],
      ["retention", "--cohorts", "--by", "segment"],
      ["survival", "--from", "2025-02-30"],
    ])
      expect(await waymark("-p", demo, ...words), words.join(" ")).toMatchObject({ code: 2 });
  }, 180_000);

  it("plan shows what an edit changes, apply publishes it once, and the version keeps its note", async () => {
    const file = join(demo, "journey.yml");
    const text = readFileSync(file, "utf8");
    const draft = join(folder, "draft.yml");
    writeFileSync(draft, text.replace("good_from: 75", "good_from: 60"));
    const plan = await waymark("-p", demo, "plan", "--journey", draft);
    expect(plan).toMatchObject({ code: 0, stderr: expect.stringContaining("Nothing was published.") });
    expect(plan.stdout).toMatch(/\d+ change band/);
    expect(plan.stdout).toMatch(/To rebuild: \d+ tables/);
    const { from, to, bands } = JSON.parse((await waymark("-p", demo, "--json", "plan", "-j", draft)).stdout);
    expect(bands).toContainEqual({ before: "average", after: "good", accounts: expect.any(Number) });

    // The same edit against what came, of some accounts: there are too few outcomes to say how well it did.
    const words = ["backtest", "--journey", draft, "--where", "segment=small_business"];
    const tested = await waymark("-p", demo, ...words);
    expect(tested).toMatchObject({ code: 0, stdout: expect.stringContaining(`${to} beside ${from}`) });
    expect(tested.stderr).toContain("account_health …");
    const ask = (...some: string[]) => waymark("-p", demo, "backtest", "--journey", draft, ...some);
    expect((await ask("--where", "segment=small")).stdout).toContain('there is no segment "small"');
    expect(await ask("--from", "2025-02-01", "--to", "2025-01-01")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("from 2025-02-01 must be before to 2025-01-01"),
    });

    writeFileSync(file, readFileSync(draft));
    expect(await waymark("-p", demo, "apply")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("say --yes"),
    });
    expect(await waymark("-p", demo, "apply", "--yes", "--expect", "0123456789ab")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`The published journey is ${from}, not 0123456789ab`),
    });
    const applied = await waymark(
      "-p",
      demo,
      "apply",
      "--yes",
      "--expect",
      from,
      "--note",
      "Good is rarer than we said.",
    );
    expect(applied).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`Journey ${to} is published.`),
    });
    expect(await waymark("-p", demo, "apply", "--yes")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("nothing was changed"),
    });
    const versions = join(folder, "versions.graphql");
    writeFileSync(versions, "{ journeyVersions { version isCurrent note } }");
    expect(
      JSON.parse((await waymark("-p", demo, "--json", "query", versions)).stdout).journeyVersions,
    ).toEqual([
      { version: to, isCurrent: true, note: "Good is rarer than we said." },
      { version: from, isCurrent: false, note: null },
    ]);
    writeFileSync(file, text);
    expect(await waymark("-p", demo, "apply", "--yes")).toMatchObject({ code: 0 });
  }, 120_000);

  it("a journey edited while the server runs is picked up when valid, and refused with the old one kept when not", async () => {
    const file = join(demo, "journey.yml");
    const text = readFileSync(file, "utf8");
    const server = start(["-p", demo, "serve", "--port", "0"]);
    try {
      const base = /http:\/\/localhost:\d+/.exec(await said(server, /Serving GraphQL on \S+/))?.[0] ?? "";
      const ready = async () =>
        (await (await fetch(`${base}/readyz`)).json()) as { snapshot: number; notice?: string };
      const { snapshot } = await ready();
      const plan = await waymark("-p", demo, "plan", "--url", `${base}/graphql`);
      expect(plan.stdout).toContain("nothing would change");
      const why = await waymark("-p", demo, "explain", "account_health", "--url", `${base}/graphql`);
      expect(why.stdout).toMatch(/^account_health: [\d,]+ rows in snapshot \d+; fresh\.\nLast written 20/);

      writeFileSync(file, text.replace("fact: nps_180d", "fact: nsp_180d"));
      await said(server, /unknown fact "nsp_180d"\. Did you mean "nps_180d"\?\nJourney [0-9a-f]{12} stays/);
      expect(await ready()).toMatchObject({ snapshot, notice: expect.stringContaining("nsp_180d") });

      writeFileSync(file, text.replace("good_from: 75", "good_from: 65"));
      await said(server, /Published snapshot \d+/);
      const after = await ready();
      expect(after.snapshot).toBe(snapshot + 1);
      expect(after.notice).toBeUndefined();
    } finally {
      writeFileSync(file, text);
      const end = ended(server);
      server.kill("SIGTERM");
      expect(await end).toMatchObject({ code: 0 });
    }
  }, 120_000);

  it("query explains a wrong document and an unknown name", async () => {
    expect(await waymark("-p", demo, "query", "portfolioo")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "portfolio"?'),
    });
    expect(await waymark("-p", demo, "query", "risky")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no saved query "risky"\. Saved: [\w-]+, .*health-trend/),
    });
    const wrong = join(folder, "wrong.graphql");
    writeFileSync(wrong, "{ accounts(first: 1000000) { totalCount } }");
    expect(await waymark("-p", demo, "query", wrong)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("1000"),
    });
  });

  it("while a server holds the file others say so in one line, and may ask it by --url; a second port user too", async () => {
    let told: Record<"sources" | "models" | "failingChecks", { name: string }[]> | undefined;
    const server = start(["-p", demo, "serve", "--port", "0"]);
    try {
      const url = /http:\S+?\/graphql/.exec(await said(server, /Serving GraphQL on \S+/))?.[0] ?? "";
      const locked = await waymark("-p", demo, "status");
      expect(locked.code).toBe(4);
      expect(locked.stderr.trim().split("\n")).toHaveLength(1);
      expect(locked.stderr).toContain(`in use by process ${server.pid}`);
      const { code, stdout } = await waymark("status", "--url", url);
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("data through 2025-12-31"),
      });
      expect(stdout).toContain("How changed rows of accounts, contracts, users, ");
      told = JSON.parse((await waymark("--json", "status", "--url", url)).stdout);
      expect(await waymark("-p", demo, "query", "portfolio", "--url", url)).toMatchObject({ code: 0 });
    } finally {
      const end = ended(server);
      server.kill("SIGTERM");
      expect(await end).toMatchObject({ code: 0 });
    }
    const here = JSON.parse((await waymark("-p", demo, "--json", "status")).stdout);
    expect(Object.keys(told ?? {}).sort()).toEqual(Object.keys(here).sort());
    expect(told?.sources).toEqual(here.sources);
    expect(told?.failingChecks).toEqual(here.failingChecks);
    expect(told?.models.map(({ name }) => name)).toEqual(
      here.models.map(({ name }: { name: string }) => name),
    );
  });

  it("status tells what was missed and what is next; a server catches up on it once, and says so", async () => {
    const warehouse = await openDuckDb({ file: join(demo, "demo.duckdb") });
    await warehouse.run(
      sql`update waymark_ledger.runs set started_at = started_at - interval 9 day, finished_at = finished_at - interval 9 day`,
    );
    const since = new Date(Date.now() - 3 * 86_400_000);
    for (const code of ["SOURCE_INVALID", "CANCELLED", "CHECK_FAILED"]) {
      await warehouse.run(sql`update waymark_ledger.lease set token = token + 1 where true`);
      await warehouse.run(
        sql`insert into waymark_ledger.runs (run_id, trigger, started_at, status, error_code, token) select ${text(code)}, 'schedule', ${bind("timestamp", since)}, 'failed', ${text(code)}, token from waymark_ledger.lease`,
      );
    }
    await warehouse.close();
    const { stdout } = await waymark("-p", demo, "status");
    expect(stdout).toContain(
      `2 runs failed since one succeeded last, the first ${since.toISOString().slice(0, 16).replace("T", " ")} UTC.`,
    );
    const told = JSON.parse((await waymark("-p", demo, "--json", "status")).stdout);
    expect(told).toMatchObject({ failedInARow: { count: 2, since: since.toISOString() } });
    expect(stdout).toMatch(
      /The build due \d{4}-\d\d-\d\d 03:15 UTC was missed: none has begun since\. The next build is due \d{4}-\d\d-\d\d 03:15 UTC\./,
    );
    const server = start(["-p", demo, "serve", "--no-build", "--port", "0"]);
    try {
      const [serving] = await Promise.all([
        said(server, /Serving GraphQL on \S+/),
        said(server, /The build due at \S+T03:15:00\.000Z has not run: catching up …/),
        said(server, /Nothing was stale|Published snapshot/),
      ]);
      const url = /http:\S+?\/graphql/.exec(serving)?.[0] ?? "";
      const asked = JSON.parse((await waymark("-p", demo, "--json", "status", "--url", url)).stdout);
      expect(asked).toMatchObject({
        lastRun: { trigger: "catch-up", status: "succeeded" },
        failedInARow: null,
        schedule: { cron: "15 3 * * *", isMissed: false },
      });
      expect(Date.parse(asked.schedule.nextAt) - Date.parse(asked.schedule.dueAt)).toBe(86_400_000);
    } finally {
      const end = ended(server);
      server.kill("SIGTERM");
      expect(await end).toMatchObject({ code: 0 });
    }
  }, 120_000);

  it("a port in use is said in one line", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    const { code, stderr } = await waymark("-p", demo, "serve", "--no-build", "--port", String(port));
    holder.close();
    expect(code).toBe(4);
    expect(stderr.trim()).toBe(`Port ${port} is in use; choose another with --port.`);
  });
});
