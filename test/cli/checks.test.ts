import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ended, said, start, waymark } from "./command.js";

/** Checks as a user has them on the command line, over a small demo company. */
const folder = mkdtempSync(join(tmpdir(), "waymark-checks-"));
const demo = join(folder, "demo");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  expect(
    await waymark("demo", "--folder", demo, "--accounts", "30", "--through", "2025-12-31"),
  ).toMatchObject({ code: 0 });
  const file = join(demo, "waymark.yml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^company: .*$/m, "$&\ntime_zone: Asia/Tokyo"));
  expect(await waymark("-p", demo, "build")).toMatchObject({ code: 0 });
}, 300_000);

it("checks of the company's own block or warn, and the failing rows are shown, from the file and from a server", async () => {
  const file = join(demo, "waymark.yml");
  const text = readFileSync(file, "utf8");
  const withCheck = (severity: string, query: string): void =>
    writeFileSync(
      file,
      text.replace(
        "checks:\n",
        `checks:\n  - name: nobody in EMEA\n    severity: ${severity}\n    sql: |\n      select account_id, region\n      ${query}\n`,
      ),
    );
  try {
    withCheck("error", "from accounts where regoin = 'emea'");
    expect(await waymark("-p", demo, "check")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /check "nobody in EMEA", line 2 of its sql, `from accounts where regoin = 'emea'`: .*"regoin" not found/,
      ),
    });
    withCheck("error", "from accounts where region = 'emea' order by account_id");
    const blocked = await waymark("-p", demo, "build");
    expect(blocked.code).toBe(3);
    expect(blocked.stderr).toMatch(
      /"nobody in EMEA" fails for \d+ rows, e\.g\. account_id \S+, region emea: .*\nNothing was published\./s,
    );
    withCheck("warning", "from accounts where region = 'emea' order by account_id");
    const warned = await waymark("-p", demo, "build");
    expect(warned).toMatchObject({ code: 0, stderr: expect.stringContaining("These only warn") });

    const listed = await waymark("-p", demo, "checks");
    expect(listed.stdout).toMatch(/nobody in EMEA +\S* *warning +\S* *failed/);
    expect(listed.stdout).toMatch(/known segments +\S* *error +\S* *passed/);
    expect(listed.stdout).not.toContain("unique account_id");
    expect((await waymark("-p", demo, "checks", "--all")).stdout).toContain("unique account_id");
    const { stdout: status } = await waymark("-p", demo, "status");
    expect(status).toMatch(/Warning: accounts "nobody in EMEA": \d+ rows fail, since/);
    expect(status).toMatch(/The next build is due \S+ 03:15 UTC, \S+ 12:15 in Asia\/Tokyo\./);
    const { stdout: ahead } = await waymark("-p", demo, "explain", "account_health", "2030-01-01");
    expect(ahead).toMatch(/later days come when there is data of them$/m);
    expect(ahead).not.toContain("waymark build");

    const csv = await waymark(
      "-p",
      demo,
      "checks",
      "show",
      "nobody in EMEA",
      "--first",
      "2",
      "--format",
      "csv",
    );
    expect(csv.stderr).toMatch(/accounts "nobody in EMEA": \d+ rows fail, the first 2:/);
    expect(csv.stdout).toMatch(/^account_id,region\n\S+,emea\n\S+,emea\n$/);
    const [shown] = JSON.parse((await waymark("-p", demo, "--json", "checks", "show", "accounts")).stdout);
    expect(shown).toMatchObject({
      name: "nobody in EMEA",
      severity: "WARNING",
      isPassed: false,
      models: ["accounts"],
    });
    expect(shown.rows).toHaveLength(Math.min(shown.failingRows, 20));
    expect(await waymark("-p", demo, "checks", "show", "nobody in EMAE")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "nobody in EMEA"?'),
    });
    expect(await waymark("-p", demo, "checks", "show", "accounts", "known segments")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("No check of accounts fails."),
    });

    const server = start(["-p", demo, "serve", "--no-build", "--port", "0"]);
    try {
      const url = /http:\S+?\/graphql/.exec(await said(server, /Serving GraphQL on \S+/))?.[0] ?? "";
      const asked = await waymark("--json", "checks", "show", "accounts", "--url", url);
      expect(JSON.parse(asked.stdout)).toEqual([shown]);
      expect((await waymark("status", "--url", url)).stdout).toContain('"nobody in EMEA"');
    } finally {
      const end = ended(server);
      server.kill("SIGTERM");
      await end;
    }
  } finally {
    writeFileSync(file, text);
  }
  expect(await waymark("-p", demo, "build")).toMatchObject({ code: 0 });
}, 300_000);
