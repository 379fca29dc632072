import { describe, expect, it, onTestFinished } from "vitest";
import { type CompanyCheck, settingsSchema } from "../../config/settings.js";
import { WaymarkError } from "../../errors.js";
import { build } from "../../jobs/build.js";
import {
  isDeclared,
  isPassed,
  readChecks,
  readFailingRows,
  readLatestChecks,
} from "../../jobs/check_results.js";
import { prepareChecks, runChecks } from "../../jobs/checks.js";
import {
  openLedger,
  readRuns,
  readSnapshots,
  runStarted,
  type Snapshot,
  schemas,
} from "../../jobs/ledger.js";
import type { Company } from "../../models/model.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { ColumnType } from "../../warehouse/sql.js";
import { companySql, path, type Sql, sql } from "../../warehouse/sql.js";
import { defaultJourney, settingsOf } from "../models/built.js";

/** A clock that goes on by a second whenever somebody looks. */
function clock(): () => Date {
  let ticks = 0;
  return () => new Date(Date.parse("2024-04-01T06:00:00Z") + 1000 * ticks++);
}

const words: Company = {
  timeZone: "UTC",
  yesterday: "2024-03-31",
  dataThrough: undefined,
  journey: defaultJourney,
  attributes: [],
  sources: {},
};
/** Checks as `waymark.yml` gives them. */
const declared = (checks: object[]): CompanyCheck[] =>
  settingsSchema.parse({ company: "Test", sources: {}, checks }).checks;

/** A warehouse of hand-made tables, and runs of checks over them. */
async function tablesWith() {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  onTestFinished(() => warehouse.close());
  await openLedger(warehouse);
  await warehouse.run(sql`create schema if not exists ${path(schemas.tables)}`);
  const now = clock();
  let runs = 0;
  return {
    warehouse,
    table: (name: string, rows: Sql) =>
      warehouse.run(sql`create or replace table ${path(schemas.tables, name)} as ${rows}`),
    /** What checks find in a run over these tables. */
    run: async (checks: object[], tables: Record<string, string>, published?: Record<string, string>) => {
      const runId = `run-${++runs}`;
      await warehouse.run(
        runStarted({ run_id: runId, trigger: "test", started_at: now(), note: null, token: runs }),
      );
      const before = published && ({ tables: published } as unknown as Snapshot);
      const prepared = (await prepareChecks(warehouse, declared(checks), words)).filter(
        (check) => !check.definition.startsWith('["rule"'),
      );
      const lease = { transaction: (statements: readonly Sql[]) => warehouse.transaction(statements) };
      let error: WaymarkError | undefined;
      try {
        await runChecks(warehouse, prepared, { runId, lease, tables, before, now });
      } catch (thrown) {
        error = thrown as WaymarkError;
      }
      return { error, rows: await readLatestChecks(warehouse) };
    },
  };
}

const someRows = (count: number): Sql => companySql(`select i as account_id from range(${count}) as r(i)`);

describe("accepted values", () => {
  const check = {
    name: "known",
    model: "accounts",
    column: "segment",
    accepted: ["mid", "it's"],
    severity: "warning",
  };

  it("hold every value that there is; null is none, and an empty table passes", async () => {
    const { table, run, warehouse } = await tablesWith();
    await table(
      "a1",
      companySql(
        "select * from (values ('a', 'mid'), ('b', null), ('c', 'it''s')) as t(account_id, segment)",
      ),
    );
    const { rows } = await run([check], { accounts: "a1" });
    expect(rows).toMatchObject([{ check: "known", model: "accounts", failingRows: 0, failingSince: null }]);
    await table(
      "a2",
      companySql(
        "select * from (values ('b', 'MID'), ('a', 'small'), ('c', 'mid')) as t(account_id, segment)",
      ),
    );
    const [row] = (await run([check], { accounts: "a2" })).rows;
    expect(row).toMatchObject({
      severity: "warning",
      failingRows: 2,
      examples: [
        "account_id a, segment small: segment must be one of mid, it's",
        "account_id b, segment MID: segment must be one of mid, it's",
      ],
    });
    expect(row && (await readFailingRows(warehouse, row, 10))).toEqual([
      { account_id: "a", segment: "small" },
      { account_id: "b", segment: "MID" },
    ]);
    await table("a3", companySql("select '' as account_id, '' as segment where false"));
    expect((await run([check], { accounts: "a3" })).rows.map(isPassed)).toEqual([true]);
  });

  it("may be whole numbers and booleans", async () => {
    const { table, run } = await tablesWith();
    await table(
      "h1",
      companySql(
        "select * from (values ('a', 5, true), ('b', 6, false)) as t(account_id, stage_days, is_stuck)",
      ),
    );
    const { rows } = await run(
      [
        { name: "n", model: "account_latest", column: "stage_days", accepted: [5], severity: "warning" },
        {
          name: "b",
          model: "account_latest",
          column: "is_stuck",
          accepted: [true, false],
          severity: "warning",
        },
      ],
      { account_latest: "h1" },
    );
    expect(rows.map(({ check, failingRows }) => [check, failingRows])).toEqual([
      ["n", 1],
      ["b", 0],
    ]);
  });
});

describe("the number of rows", () => {
  const check = (limit: number) => ({
    name: "size",
    model: "accounts",
    row_count: { change_at_most: limit },
  });

  it.each<[rows: number, before: number, limit: number, passes: boolean]>([
    [100, 100, 0, true],
    [101, 100, 0, false],
    [129, 100, 0.29, true], // 0.29 × 100 is less than 29 to a computer
    [71, 100, 0.29, true],
    [130, 100, 0.29, false],
    [70, 100, 0.29, false],
    [0, 100, 0.99, false],
    [0, 100, 1, true],
    [300, 100, 2, true],
    [301, 100, 2, false],
    [5, 0, 0.5, true], // a share of nothing is none
    [0, 0, 0, true],
  ])("%i after %i at a limit of %d passes: %s", async (rows, before, limit, passes) => {
    const { table, run } = await tablesWith();
    await table("before", someRows(before));
    await table("after", someRows(rows));
    const { error, rows: found } = await run([check(limit)], { accounts: "after" }, { accounts: "before" });
    expect(found.map(isPassed)).toEqual([passes]);
    expect(error?.code).toBe(passes ? undefined : "CHECK_FAILED");
  });

  it("of the first snapshot, and of a table that is new, has nothing to be compared with and passes", async () => {
    const { table, run } = await tablesWith();
    await table("after", someRows(7));
    expect((await run([check(0)], { accounts: "after" })).rows.map(isPassed)).toEqual([true]);
    expect((await run([check(0.1)], { accounts: "after" }, { users: "u" })).rows.map(isPassed)).toEqual([
      true,
    ]);
  });

  it("that failed keeps blocking until the table or the check changes", async () => {
    const { table, run } = await tablesWith();
    await table("before", someRows(10));
    await table("after", someRows(5));
    const [tables, published] = [{ accounts: "after" }, { accounts: "before" }];
    const first = await run([check(0.2)], tables, published);
    expect(first.error?.message).toContain(
      'accounts: "size" fails for 1 row, e.g. row_count 5, rows_before 10, change -0.5: at most 20% more or fewer rows than in the last snapshot',
    );
    const second = await run([check(0.2)], tables, published);
    expect(second.error?.code).toBe("CHECK_FAILED");
    expect(second.rows[0]).toMatchObject({
      runId: "run-2",
      keptIn: "run-1",
      checkedAt: first.rows[0]?.checkedAt,
      failingSince: first.rows[0]?.failingSince,
    });
    // Whoever knows why says so: the limit is raised, or the check only warns.
    expect((await run([{ ...check(0.2), severity: "warning" }], tables, published)).error).toBeUndefined();
    const raised = await run([check(0.5)], tables, published);
    expect([raised.error, raised.rows[0]?.failingSince, raised.rows[0]?.keptIn]).toEqual([
      undefined,
      null,
      "run-4",
    ]);
  });
});

describe("the rows of the last day", () => {
  const check = (limit: number) => ({
    name: "daily",
    model: "usage_daily",
    rows_by_day: { change_at_most: limit },
  });
  /** Rows so many on the last day, and on the same weekday 1, 2, 3 and 4 weeks before; one row on the first day of all. */
  async function daily(firstDay: string, last: number, ...before: number[]) {
    const { table, run } = await tablesWith();
    const counts = [last, ...before].map(
      (n, weeks) => `select date '2024-03-29' - ${7 * weeks} as day, ${n} as n`,
    );
    await table("t", companySql("select date '2024-03-29' as data_through"));
    await table(
      "u",
      companySql(
        `select day, 'a' as account_id from (${[...counts, `select date '${firstDay}', 1`].join(" union all ")}) as c, range(c.n) as r(i) union all select date '2024-03-30', 'a' from range(500)`,
      ),
    );
    return run([check(0.5)], { usage_daily: "u", timeline: "t" });
  }

  it("may differ from the mean of that weekday in the four weeks before by the limit, and no more", async () => {
    const early = "2024-01-03";
    expect((await daily(early, 10, 20, 10, 30, 20)).rows.map(isPassed)).toEqual([true]); // mean 20
    expect((await daily(early, 30, 20, 10, 30, 20)).rows.map(isPassed)).toEqual([true]);
    expect((await daily(early, 9, 20, 10, 30, 20)).rows.map(isPassed)).toEqual([false]);
    const { rows } = await daily(early, 31, 20, 10, 30, 20);
    expect(rows[0]?.examples).toEqual([
      "day 2024-03-29, row_count 31, usual_rows 20, weeks 4: at most 50% more or fewer rows than that weekday had on average in the four weeks before",
    ]);
  });

  it("are compared with a day without rows as with 0, and with nothing where all of them had none", async () => {
    expect((await daily("2024-01-03", 15, 20, 0, 20, 0)).rows.map(isPassed)).toEqual([true]); // mean 10
    expect((await daily("2024-01-03", 16, 20, 0, 20, 0)).rows.map(isPassed)).toEqual([false]);
    expect((await daily("2024-01-03", 0, 20, 20, 20, 20)).rows.map(isPassed)).toEqual([false]);
    expect((await daily("2024-01-03", 9, 0, 0, 0, 0)).rows.map(isPassed)).toEqual([true]);
  });

  it("leave out weeks before the table's second day, and pass until there are two", async () => {
    // 4 March on: the first Friday after it is the 8th, 3 weeks before.
    const { rows } = await daily("2024-03-04", 1, 20, 20, 26);
    expect(rows[0]?.examples[0]).toContain("row_count 1, usual_rows 22, weeks 3");
    expect((await daily("2024-03-14", 1, 20, 20)).rows[0]?.examples[0]).toContain("usual_rows 20, weeks 2");
    expect((await daily("2024-03-15", 1, 20)).rows.map(isPassed)).toEqual([true]);
    expect((await daily("2024-03-29", 1)).rows.map(isPassed)).toEqual([true]);
  });
});

describe("a query that must return no rows", () => {
  const check = (text: string, severity = "error") => ({ name: "no seats", sql: text, severity });

  it("reads the tables that are about to be published under their own names, in any case and its own CTEs too", async () => {
    const { table, run } = await tablesWith();
    await table("new", companySql("select 'a' as account_id, true as is_customer, 0 as seats"));
    await table("old", companySql("select 'b' as account_id, true as is_customer, 3 as seats"));
    const asked = async (text: string) => {
      const { rows } = await run(
        [check(text, "warning")],
        { account_latest: "new", accounts: "old" },
        { account_latest: "old" },
      );
      return rows.map(({ failingRows, tables, examples }) => ({ failingRows, tables, examples }));
    };
    const failing = {
      failingRows: 1,
      tables: { account_latest: "new" },
      examples: ["account_id a, seats 0: the query must return no rows"],
    };
    expect(await asked("select account_id, seats from account_latest where coalesce(seats, 0) = 0")).toEqual([
      failing,
    ]);
    expect(
      await asked(
        'with l as (select * from "Account_Latest") select account_id, seats from l where seats = 0',
      ),
    ).toEqual([failing]);
    expect(
      await asked(
        "with account_latest as (select * from account_latest where seats > 0) select account_id from account_latest",
      ),
    ).toMatchObject([{ failingRows: 0 }]);
    expect(
      await asked(
        "select account_id from accounts where exists (select 1 from account_latest as l where l.account_id = accounts.account_id)",
      ),
    ).toMatchObject([{ failingRows: 0, tables: { accounts: "old", account_latest: "new" } }]);
  });

  it("runs in every build, as it may ask for the time or for raw rows", async () => {
    const { table, run, warehouse } = await tablesWith();
    await table("t", someRows(1));
    await warehouse.run(sql`create table crm as select 1 as id`);
    const asked = [check("select id from crm where id > 1", "warning")];
    expect((await run(asked, { accounts: "t" })).rows.map(isPassed)).toEqual([true]);
    await warehouse.run(sql`insert into crm values (2)`);
    expect((await run(asked, { accounts: "t" })).rows).toMatchObject([{ failingRows: 1, keptIn: "run-2" }]);
  });

  it("of many rows keeps a thousand, and counts all", async () => {
    const { run, warehouse } = await tablesWith();
    const [row] = (await run([check("select i from range(1500) as r(i)", "warning")], {})).rows;
    expect(row?.failingRows).toBe(1500);
    const kept = row ? await readFailingRows(warehouse, row, 5000) : [];
    expect([kept.length, kept.at(-1)]).toEqual([1000, { i: 999 }]);
  });

  it.each([
    [
      "select account_id\n\nfrom accounts\nwhere seets = 1",
      'line 4 of its sql, `where seets = 1`: DuckDB: Binder Error: Referenced column "seets" not found',
    ],
    ["select account_id\n\n\nfrom accounts where\n", "line 5 of its sql"],
    [
      "select * from acounts",
      'line 1 of its sql, `select * from acounts`: there is no table "acounts". Did you mean "accounts"?',
    ],
    ["select * from waymark.accounts", "waymark.accounts is what was published before; write accounts,"],
    ["delete from accounts", "Expected exactly one query"],
    ["accounts", "line 1 of its sql"],
  ])("that can't be asked is told with its line before anything is built: %s", async (text, said) => {
    const { warehouse } = await tablesWith();
    const error = await prepareChecks(warehouse, declared([check(text)]), words).catch(
      (e: WaymarkError) => e,
    );
    expect(error).toBeInstanceOf(WaymarkError);
    expect(error).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining('check "no seats"'),
    });
    expect((error as WaymarkError).message).toContain(said);
  });

  it.each([
    "select 1; drop table accounts",
    "select 1) as x; drop table accounts; select * from (select 1",
    // A backslash ends nothing on DuckDB; what follows looked like text.
    "select '\\') as x; drop table accounts; select * from (select ''",
    "select $$'$$) as x; drop table accounts; select * from (select $$'$$",
    "select 1 as \"'\" union all select '; drop table accounts; --",
  ])("is refused where it is more than a query: %s", async (text) => {
    const { warehouse } = await tablesWith();
    await warehouse.run(sql`create table accounts as select 1 as id`);
    const error = await prepareChecks(warehouse, declared([check(text)]), words).catch(
      (e: WaymarkError) => e,
    );
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    expect(await warehouse.tables("main")).toEqual(["accounts"]);
  });

  it("that fails on the rows blocks as an error, and as a warning is told and lets the tables be published", async () => {
    const { table, run } = await tablesWith();
    await table("a", companySql("select 'x' as name"));
    const text = "select 1\nfrom accounts\nwhere cast(name as integer) > 0";
    const blocked = await run([check(text)], { accounts: "a" });
    expect(blocked.error?.message).toMatch(
      /^"no seats" could not be asked: line 3 of its sql, `where cast\(name as integer\) > 0`: DuckDB: Conversion Error: .*\nNothing was published\./,
    );
    const warned = await run([check(text, "warning")], { accounts: "a" });
    expect(warned.error).toBeUndefined();
    expect(warned.rows.map((row) => [isPassed(row), row.failingRows, row.error])).toEqual([
      [false, 0, expect.stringContaining("Conversion Error")],
    ]);
    expect(warned.rows[0]?.failingSince).toEqual(blocked.rows[0]?.failingSince);
  });
});

const columnTypes: Record<string, Record<string, { type: ColumnType }>> = {
  accounts: { id: { type: "string" }, since: { type: "date" }, segment: { type: "string" } },
  tickets: { id: { type: "string" }, org: { type: "string" }, at: { type: "timestamp" } },
};

/** A company with a table of accounts and one of tickets, and ways to build it. */
async function smallCompany() {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  onTestFinished(() => warehouse.close());
  await warehouse.load(["raw", "accounts"], columnTypes.accounts ?? {}, [
    ["a", "b", "c"].map((id) => [id, "2024-01-01", "mid"]),
  ]);
  await warehouse.load(["raw", "tickets"], columnTypes.tickets ?? {}, [
    [["t1", "a", new Date("2024-02-01T12:00:00Z")]],
  ]);
  const settings = settingsOf(
    {
      accounts: {
        table: "raw.accounts",
        columns: { account_id: "id", created_on: "since", segment: "segment" },
      },
      tickets: { table: "raw.tickets", columns: { ticket_id: "id", account_id: "org", opened_at: "at" } },
    },
    "UTC",
    "2024-02-05",
    "/nowhere",
  );
  const now = clock();
  return {
    warehouse,
    build: (checks: object[] = []) =>
      build(
        warehouse,
        { settings: { ...settings, checks: declared(checks) }, journey: defaultJourney },
        { trigger: "test", now },
      ),
  };
}

describe("a build with checks", () => {
  const known = (severity: string) => ({
    name: "known segments",
    model: "accounts",
    column: "segment",
    accepted: ["mid"],
    severity,
  });

  it("publishes with a warning and tells of it; an error blocks, and the old snapshot stays", async () => {
    const { build, warehouse } = await smallCompany();
    const segments = async () =>
      (
        await warehouse.query(sql`select distinct segment from waymark.accounts order by segment`, {
          segment: { type: "string" },
        })
      ).map((r) => r.segment);
    const first = await build([known("error")]);
    expect([first.isNew, first.warnings]).toEqual([true, []]);

    await warehouse.run(sql`update raw.accounts set segment = 'tiny' where id = 'b'`);
    const error = await build([known("error")]).catch((e: WaymarkError) => e);
    expect(error).toMatchObject({
      code: "CHECK_FAILED",
      message: expect.stringMatching(
        /^accounts: "known segments" fails for 1 row, e\.g\. account_id b, segment tiny: .*\nNothing was published\./,
      ),
    });
    expect((await readSnapshots(warehouse, 5)).map(({ id }) => id)).toEqual([first.snapshot.id]);
    expect((await readRuns(warehouse, 1))[0]).toMatchObject({ status: "failed", error_code: "CHECK_FAILED" });
    expect(await segments()).toEqual(["mid"]);
    // The rows can be read though nothing was published, and what is published still passes.
    const failing = (await readLatestChecks(warehouse)).filter((row) => !isPassed(row));
    expect(failing.map(({ check }) => check)).toEqual(["known segments"]);
    expect(failing[0] && (await readFailingRows(warehouse, failing[0], 10))).toMatchObject([
      { account_id: "b", segment: "tiny", created_on: "2024-01-01" },
    ]);
    expect((await readChecks(warehouse, first.snapshot)).every(isPassed)).toBe(true);

    // Nothing need be built again: the refused tables are held by their last result, and block again.
    expect(await build([known("error")]).catch((e: WaymarkError) => e.code)).toBe("CHECK_FAILED");

    const warned = await build([known("warning")]);
    expect(warned.isNew).toBe(true);
    expect(warned.warnings.map(({ check, failingRows }) => [check, failingRows])).toEqual([
      ["known segments", 1],
    ]);
    expect(await segments()).toEqual(["mid", "tiny"]);
    const standing = (await readChecks(warehouse, warned.snapshot)).filter(isDeclared);
    expect(standing).toMatchObject([
      { severity: "warning", failingRows: 1, failingSince: failing[0]?.failingSince },
    ]);
    // It is told until it is gone, also where nothing is stale.
    const again = await build([known("warning")]);
    expect([again.isNew, again.warnings.length]).toEqual([false, 1]);
    await warehouse.run(sql`update raw.accounts set segment = 'mid'`);
    expect((await build([known("warning")])).warnings).toEqual([]);
    expect((await build()).isNew).toBe(false);
    expect((await readLatestChecks(warehouse)).filter(isDeclared)).toEqual([]);
  }, 120_000);

  it("a check that is added over published tables is run, and an error ends the run", async () => {
    const { build, warehouse } = await smallCompany();
    await build();
    const noTickets = {
      name: "b has tickets",
      sql: "select 'b' as account_id where not exists (select 1 from stg_tickets where account_id = 'b')",
    };
    expect(await build([noTickets]).catch((e: WaymarkError) => e.message)).toMatch(
      /"b has tickets" fails for 1 row/,
    );
    await warehouse.run(
      sql`insert into raw.tickets values ('t2', 'b', timestamptz '2024-02-02 12:00:00+00')`,
    );
    // It reads what is about to be published, not what is.
    expect((await build([noTickets])).isNew).toBe(true);
  }, 120_000);

  it("a model's own rule keeps its failing rows too, and a source of which much is left out is told of", async () => {
    const { build, warehouse } = await smallCompany();
    await warehouse.run(
      sql`insert into raw.tickets select 'x' || i, 'nobody', timestamptz '2024-02-02 12:00:00+00' from range(3) as r(i)`,
    );
    const result = await build();
    expect(result.warnings).toMatchObject([
      { model: "source_quality", check: "at most a tenth of a source's rows are left out", failingRows: 1 },
    ]);
    await warehouse.run(sql`update raw.tickets set org = 'nobody'`);
    const error = await build().catch((e: WaymarkError) => e);
    expect(error).toMatchObject({
      code: "CHECK_FAILED",
      message: expect.stringContaining("`waymark checks show source_quality`"),
    });
    const failing = (await readLatestChecks(warehouse)).filter(
      (row) => row.severity === "error" && !isPassed(row),
    );
    expect(failing).toMatchObject([{ model: "source_quality", check: "a source with rows has usable ones" }]);
    expect(failing[0] && (await readFailingRows(warehouse, failing[0], 5))).toMatchObject([
      { source: "tickets", defect: null, row_count: 4, unusable_rows: 4 },
    ]);
    // Once the rows are right again the failure is no longer the latest word.
    await warehouse.run(sql`update raw.tickets set org = 'a'`);
    await build();
    expect((await readLatestChecks(warehouse)).filter((row) => !isPassed(row))).toEqual([]);
  }, 120_000);

  it("a query that can't be asked ends the run before anything is built", async () => {
    const { build, warehouse } = await smallCompany();
    const error = await build([{ name: "odd", sql: "select *\nfrom account_latest\nwhere sets = 0" }]).catch(
      (e: WaymarkError) => e,
    );
    expect(error).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/check "odd", line 3 of its sql, `where sets = 0`: .*"sets" not found/),
    });
    expect(await warehouse.tables(schemas.tables)).toEqual([]);
  });
});
