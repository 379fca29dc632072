import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { waymark } from "./command.js";

const settings = `company: Small
warehouse: { file: w.duckdb }
sources:
  accounts: { table: raw.accounts, columns: { account_id: id, created_on: since } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: org, opened_at: at, loaded_at: loaded } }
`;

/** A small company in a folder of its own, with twelve days of tickets. */
async function smallCompany() {
  const folder = mkdtempSync(join(tmpdir(), "waymark-builds-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const configure = (more = "") => writeFileSync(join(folder, "waymark.yml"), settings + more);
  configure();
  const withRaw = async (work: (warehouse: Warehouse) => Promise<void>): Promise<void> => {
    const warehouse = await openDuckDb({ file: join(folder, "w.duckdb") });
    await work(warehouse);
    await warehouse.close();
  };
  await withRaw(async (warehouse) => {
    const columns = { id: { type: "string" }, since: { type: "date" } } as const;
    await warehouse.load(["raw", "accounts"], columns, [[["a", "2024-05-01"]]]);
    await warehouse.run(
      sql`create table raw.tickets as select 't' || i as id, 'a' as org, timestamptz '2024-05-01 12:00:00+00' + i * interval 1 day as at, timestamptz '2024-05-20 12:00:00+00' as loaded from range(12) as r (i)`,
    );
  });
  const run = async (...words: string[]) => {
    const { code, stdout, stderr } = await waymark("-p", folder, ...words);
    return { code, text: stripVTControlCharacters(stdout + stderr) };
  };
  return { configure, withRaw, run };
}

it("a build says what became of what was asked for, and what it left behind", async () => {
  const { configure, withRaw, run } = await smallCompany();
  expect((await run("build", "--estimate")).text).toMatch(/│ support_daily +│ whole │ never built/);
  expect((await run("build")).text).toMatch(/Published snapshot 1: (\d+) of \1 tables rebuilt in /);
  expect((await run("build")).text).toMatch(/Nothing was stale: snapshot 1 stands, data through 2024-05-/);
  expect((await run("build", "--from", "2024-05-03", "--to", "2024-05-05")).text).toMatch(
    /Built \d+ tables again, and all rows came out the same: snapshot 1 stands/,
  );
  const { text: estimated } = await run("build", "--estimate");
  expect(estimated).toMatch(/^\d+ tables would be built in part, as far as raw rows changed: /m);
  expect(estimated).not.toContain("support_daily");

  const forced = await run("build", "--force", "--select", "stg_tickets");
  expect(forced.text).toMatch(
    /Published snapshot \d+: 1 of \d+ tables rebuilt .*\n\d+ tables that were not selected would be others by now; `waymark build` brings them up to date/,
  );
  expect((await run("explain", "support_daily")).text).toContain("support_daily: rebuilt: stg_tickets");
  expect((await run("build")).text).not.toContain("not selected");

  await withRaw((warehouse) =>
    warehouse.run(sql`insert into raw.tickets values ('late', 'a', '2024-05-04 08:00:00+00', now())`),
  );
  configure("checks: [{ name: never, sql: select account_id from accounts }]\n");
  expect((await run("build")).text).toMatch(/"never" fails for 1 row, e\.g\. account_id a: .*\nNothing was/);
  expect((await run("explain", "support_daily")).text).toMatch(
    /^Stale, because\n(.*\n)+The last run failed: "never" fails .*\n.*\n`waymark build` brings it up to date when that is put right, but for/m,
  );
  expect((await run("explain", "accounts")).text).toMatch(/; fresh\.\n(.*\n)+The last run failed: "never"/);
  configure();
  expect((await run("build")).text).toMatch(
    /Published snapshot \d+, all of it built before, data through 2024-05-/,
  );
}, 60_000);

it("what the next build may not find yet is found by the backfill that `explain` names", async () => {
  const { withRaw, run } = await smallCompany();
  await run("build");
  await withRaw((warehouse) => warehouse.run(sql`delete from raw.tickets where id in ('t3', 't5')`));
  const { text: stale } = await run("explain", "support_daily");
  expect(stale).toMatch(/stale\.\n/);
  const advice = /`waymark (backfill .*)` compares all their days now\.$/m.exec(stale)?.[1] ?? "";
  expect(stale).toMatch(
    /^`waymark build` brings it up to date, but for what it may not find yet:\n {2}stg_tickets: rows loaded .* or deleted, are found only when all days are compared, next on 20/m,
  );
  expect(advice).toBe("backfill --from 2024-05-04 --to 2024-05-07 --select stg_tickets+");
  expect((await run("build")).text).toContain("Nothing was stale");

  const unselected = await run(
    "backfill",
    "--from",
    "2024-05-04",
    "--to",
    "2024-05-05",
    "-s",
    "support_daily",
  );
  expect(unselected.text).toContain("Raw rows are not compared: no table of a source is selected");
  const { code, text } = await run(...advice.split(" "));
  expect({ code, text }).toMatchObject({
    code: 0,
    text: expect.stringMatching(/Raw rows of tickets compared: \d+ tables changed/),
  });
  const { text: fresh } = await run("explain", "support_daily", "2024-05-04");
  expect(fresh).toMatch(/; fresh\.\n/);
  expect((await run("explain", "support_daily", "2030-01-01")).text).toMatch(
    /: 0 rows in snapshot \d+; not built yet\.\n(.*\n)*Not built, because\n {2}support_daily: the data goes through 2024-05-\d+; later days come/,
  );
}, 60_000);
