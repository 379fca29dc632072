import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadProject, withWarehouse } from "../../cli/project.js";
import { WaymarkError } from "../../errors.js";
import { inTransaction, openBigQuery, tableMade } from "../../warehouse/bigquery.js";
import { Account, evenOverBudget, sentFor } from "../../warehouse/purpose.js";
import { bind, integer, path, render, type Sql, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { type BigQueryServer, startBigQueryServer } from "./bigquery_server.js";
import { warehouseContract } from "./contract.js";

const unavailable = referenceUnavailable();
const tooLarge = "millions of rows are too many for the GoogleSQL reference implementation";

describe.skipIf(unavailable)(`BigQuery over HTTP${unavailable ? ` (skipped: ${unavailable})` : ""}`, () => {
  let engine: GoogleSql;
  let server: BigQueryServer;
  let warehouse: Warehouse;
  beforeAll(async () => {
    engine = await startReference();
    server = await startBigQueryServer(engine, /sum\(date_diff\(/);
    warehouse = open();
  });
  afterAll(async () => {
    await server?.stop();
    await engine?.stop();
  });
  const open = (options = {}): Warehouse =>
    openBigQuery({
      project: "test-project",
      location: "EU",
      apiEndpoint: server.url,
      retryDelay: 1,
      ...options,
    });
  const failureOf = async (work: Promise<unknown>): Promise<WaymarkError> => {
    const error = await work.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(WaymarkError);
    return error as WaymarkError;
  };

  warehouseContract("BigQuery", async () => open(), {
    "carry every row once": tooLarge,
    "wait for a slow reader, and hold few rows meanwhile": tooLarge,
    "that are left early give their connection back": tooLarge,
    "that fail in the middle of reading give their connection back": tooLarge,
    "may be read side by side": tooLarge,
    "cancels a stream between batches": tooLarge,
    "cancels a statement without rows, and a transaction, of which nothing stays":
      "BigQuery makes no tables in a transaction; see below for one that only changes rows",
    "is every relation that it names, wherever it stands, as it is written":
      "BigQuery's parser tells tables only where all of them are there",
  });

  /** From 1 to a multiple of 1,000. */
  const numbers = (count: number): Sql =>
    sql`select 1000 * (a - 1) + b as n from unnest(generate_array(1, ${integer(count / 1000)})) as a cross join unnest(generate_array(1, 1000)) as b`;
  const n = { n: { type: "integer", notNull: true } } as const;

  it("a stream has each row once, page by page", async () => {
    const pages: number[][] = [];
    for await (const page of warehouse.stream(numbers(25_000), n)) pages.push(page.map((row) => row.n));
    expect(pages.map((page) => page.length)).toEqual([10_000, 10_000, 5_000]);
    expect(new Set(pages.flat()).size).toBe(25_000);
  });

  it("a page is asked for when the reader wants it, and none after the reader has left", async () => {
    const asked = server.pages;
    for await (const _ of warehouse.stream(numbers(25_000), n)) break;
    expect(server.pages - asked).toBe(1);
  });

  it("a stream is cancelled between its pages", async () => {
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const _ of warehouse.stream(numbers(25_000), n, { signal: controller.signal }))
        controller.abort();
    };
    expect((await failureOf(read())).code).toBe("CANCELLED");
  });

  it("a cancelled statement is cancelled on the engine, by the id under which it was sent", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const endless = sql`select sum(date_diff(date '2024-01-02', date '2024-01-01', day)) as n`;
    await failureOf(warehouse.query(endless, n, { signal: controller.signal }));
    expect(server.jobs.at(-1)).toMatchObject({ isCancelled: true, id: expect.stringMatching(/^waymark_/) });
  });

  it("a transaction that is cancelled leaves nothing", async () => {
    await warehouse.load(["cancelled", "t"], n, []);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const insert = (value: Sql): Sql => sql`insert into \`cancelled\`.\`t\` (n) ${value}`;
    const endless = insert(sql`select sum(date_diff(date '2024-01-02', date '2024-01-01', day)) as n`);
    const options = { signal: controller.signal };
    const error = await failureOf(
      warehouse.transaction([insert(sql`select 1`), endless, insert(sql`select 2`)], options),
    );
    expect(error.code).toBe("CANCELLED");
    expect(server.rowsOf("cancelled.t")).toEqual([]);
  });

  it("a transaction that would make a table is refused by BigQuery, and nothing of it stays", async () => {
    await warehouse.load(["ddl", "t"], n, []);
    const error = await failureOf(
      warehouse.transaction([
        sql`insert into \`ddl\`.\`t\` (n) values (1)`,
        sql`create table \`ddl\`.\`u\` as select 1 as n`,
      ]),
    );
    expect(error.message).toContain("CREATE TABLE is not supported in a transaction");
    expect(server.rowsOf("ddl.t")).toEqual([]);
  });

  it("a signal that comes after the end cancels no job", async () => {
    const controller = new AbortController();
    await warehouse.query(numbers(1000), n, { signal: controller.signal });
    controller.abort();
    await warehouse.query(numbers(1000), n);
    expect(server.jobs.slice(-2).map(({ isCancelled }) => isCancelled)).toEqual([false, false]);
  });

  it("a job carries its labels in BigQuery's letters, and the most that it may be billed", async () => {
    const limited = open({ maximumBytesBilled: 10 ** 12, labels: { company: "Acme GmbH" } });
    await sentFor({ snapshot: "7" }, [], () =>
      sentFor({ model: "account_health" }, [], () => limited.query(numbers(1000), n)),
    );
    const { labels, query } = server.jobs.at(-1)?.configuration ?? {};
    expect(labels).toEqual({
      caller: "waymark",
      company: "acme_gmbh",
      model: "account_health",
      snapshot: "7",
    });
    expect(query?.maximumBytesBilled).toBe("1000000000000");
  });

  describe("what statements cost", () => {
    const MB = 2 ** 20;
    const all = sql`select n from \`costs\`.\`large\``;
    const budgetOf = (bytes: number) =>
      new Account({ bytes, whose: "the budget of this test", advice: "Ask less." });
    const askedOn = (account: Account, statement = all, from = warehouse) =>
      sentFor({}, [account], () => from.query(statement, n));
    beforeAll(async () => {
      await warehouse.load(["costs", "large"], n, [[[1], [2]]]);
      await warehouse.load(["costs", "small"], n, [[[1]]]);
      server.weigh("costs.large", 100 * MB - 5);
    });

    it("is entered as BigQuery bills it, on every account that they are sent for", async () => {
      const [outer, inner] = [new Account(), new Account()];
      expect(await outer.total()).toBeNull();
      await sentFor({}, [outer], async () => {
        await askedOn(inner);
        await warehouse.query(numbers(1000), n); // reads no table, and so costs nothing
        await warehouse.query(sql`select n from \`costs\`.\`small\``, n);
      });
      expect([await outer.total(), await inner.total()]).toEqual([110 * MB, 100 * MB]);
    });

    it("is estimated by a dry run, of queries and of tables that are to be made", async () => {
      const jobs = server.jobs.length;
      expect(await warehouse.estimate(all)).toBe(100 * MB);
      expect(await warehouse.estimate(numbers(1000))).toBe(0);
      expect(await warehouse.estimate({ table: ["not_there_yet", "made"], columns: n, query: all })).toBe(
        100 * MB,
      );
      expect(server.jobs.length).toBe(jobs);
    });

    it("is refused where it is more than a budget leaves, before anything is run", async () => {
      const account = budgetOf(150 * MB);
      await askedOn(account);
      const jobs = server.jobs.length;
      const error = await failureOf(askedOn(account));
      expect(error).toMatchObject({
        code: "OVER_BUDGET",
        message:
          "This would be billed for 105 MB; of the budget of this test of 157 MB 52.4 MB are left. Ask less.",
        details: { estimatedBytes: 100 * MB, leftBytes: 50 * MB, budgetBytes: 150 * MB },
      });
      expect(server.jobs.length).toBe(jobs);
      // What is left is still good for something.
      await askedOn(account, sql`select n from \`costs\`.\`small\``);
      expect(await account.total()).toBe(110 * MB);
    });

    it("of many at once is never more than the budget", async () => {
      const account = budgetOf(350 * MB);
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => askedOn(account)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
      expect(await account.total()).toBe(300 * MB);
    });

    it("is limited by what is left, too, where a dry run can't tell", async () => {
      const account = budgetOf(150 * MB);
      const limited = open({ maximumBytesBilled: 400 * MB });
      await askedOn(account, all, limited);
      await askedOn(account, numbers(1000), limited);
      const told = server.jobs.slice(-2).map(({ configuration }) => configuration.query?.maximumBytesBilled);
      expect(told).toEqual([String(150 * MB), String(50 * MB)]);
    });

    it("is entered, and not limited, where work can't be left undone", async () => {
      const account = budgetOf(10 * MB);
      await evenOverBudget(() => askedOn(account));
      expect(await account.total()).toBe(100 * MB);
      expect(server.jobs.at(-1)?.configuration.query?.maximumBytesBilled).toBeUndefined();
    });

    it("of a statement that fails is nothing, and its share of the budget is free again", async () => {
      const account = budgetOf(100 * MB);
      server.failNext({ reason: "invalidQuery", message: "no" });
      await failureOf(askedOn(account));
      await account.total();
      expect(account.left).toBe(100 * MB);
    });
  });

  describe("before a build", () => {
    const schemas = ["ready_a", "ready_b"];
    const raw = { accounts: sql`select * from \`raw_ready\`.\`accounts\`` };
    beforeAll(() => warehouse.load(["raw_ready", "accounts"], n, [[[1]]]));

    it("it is told which rights are needed, what is made, and what reading the sources costs", async () => {
      await warehouse.createSchema("ready_a");
      const jobs = server.jobs.length;
      const readiness = await warehouse.readiness(schemas, raw);
      expect(readiness).toMatchObject({
        problems: [],
        toBeMade: ["ready_b"],
        reads: [{ source: "accounts", bytes: 10 * 2 ** 20 }],
      });
      expect(readiness?.grants.map(({ grant, on }) => [grant, on])).toEqual([
        ["roles/bigquery.jobUser", "project test-project"],
        ["bigquery.datasets.create", "project test-project"],
        ["roles/bigquery.dataEditor", "dataset ready_a"],
        ["roles/bigquery.dataEditor", "dataset ready_b"],
        ["roles/bigquery.dataViewer", "dataset raw_ready"],
      ]);
      expect(server.jobs.length).toBe(jobs);
      expect(server.datasetOf("ready_b")).toBeUndefined();
    });

    it("a dataset elsewhere, rights that lack and a source that isn't there are told at once", async () => {
      await open({ location: "US" }).createSchema("ready_us");
      await warehouse.createSchema("ready_denied");
      server.deny("ready_denied");
      const readiness = await warehouse.readiness(["ready_us", "ready_denied"], {
        ...raw,
        tickets: sql`select * from \`raw_ready\`.\`tickets\``,
      });
      expect(readiness?.problems).toEqual([
        "Dataset ready_us is in US, and warehouse.location in waymark.yml says EU. Name another dataset under warehouse.datasets, or say where it is.",
        expect.stringMatching(/^Dataset ready_denied: BigQuery: Access Denied: .* Grant the account/),
        expect.stringMatching(/^sources\.tickets: BigQuery: .*raw_ready/),
      ]);
    });
  });

  it("Waymark's datasets may have other names, in statements, tables and what queries read", async () => {
    const named = open({ datasets: { waymark_tables: "health_tables" } });
    await named.materialize({ table: ["waymark_tables", "made"], columns: n, query: sql`select 7 as n` });
    expect(server.rowsOf("health_tables.made")).toEqual([{ n: 7 }]);
    expect(await named.query(sql`select n from ${path("waymark_tables", "made")}`, n)).toEqual([{ n: 7 }]);
    expect(await named.tables("waymark_tables")).toEqual(["made"]);
    expect(await named.reads("select n from health_tables.made")).toEqual([["waymark_tables", "made"]]);
    await named.drop([["waymark_tables", "made"]]);
    expect(await named.tables("waymark_tables")).toEqual([]);
    expect(server.datasetOf("waymark_tables")).toBeUndefined();
  });

  it("what a query reads is told by a dry run: no job is left behind", async () => {
    await warehouse.load(["reads", "a"], n, []);
    await warehouse.load(["reads", "b"], n, []);
    const jobs = server.jobs.length;
    expect(
      (await warehouse.reads("select a.n from reads.a as a inner join reads.b as b on a.n = b.n")).sort(),
    ).toEqual([
      ["reads", "a"],
      ["reads", "b"],
    ]);
    expect(server.jobs.length).toBe(jobs);
  });

  it("a failure names the job, where it ran and the page that shows it", async () => {
    const error = await failureOf(warehouse.run(sql`select * from \`no_dataset\`.\`t\``));
    const { id } = server.jobs.at(-1) ?? {};
    expect(error.details).toMatchObject({
      job: id,
      location: "EU",
      link: `https://console.cloud.google.com/bigquery?project=test-project&j=bq:EU:${id}&page=queryresults`,
    });
  });

  it.each([
    [
      "a dataset that isn't in the location",
      "notFound",
      "Not found: Dataset p:raw was not found in location EU",
      "warehouse.location in waymark.yml",
    ],
    [
      "a permission that is missing",
      "accessDenied",
      "Access Denied: Table p:raw.t",
      "roles/bigquery.dataViewer",
    ],
    [
      "a dataset that may not be made",
      "accessDenied",
      "Access Denied: Project p: User does not have bigquery.datasets.create permission in project p.",
      "Make Waymark's datasets in EU yourself",
    ],
    [
      "a table that is gone",
      "notFound",
      "Not found: Table p:raw.t was not found in location EU",
      "dropped or renamed",
    ],
    [
      "a table of more days than a statement may write",
      "invalidQuery",
      "Too many partitions produced by query, allowed 4000, query produces at least 4001 partitions",
      "warehouse.partition_by to month",
    ],
    [
      "a raw table that may not be read as a whole",
      "invalidQuery",
      "Cannot query over table 'raw.t' without a filter over column(s) 'day' that can be used for partition elimination",
      'under "query"',
    ],
    [
      "a quota that is used up",
      "quotaExceeded",
      "Quota exceeded: Your project exceeded quota",
      "Wait until the quota renews",
    ],
    [
      "a statement that is too dear",
      "bytesBilledLimitExceeded",
      "Query exceeded limit for bytes billed: 10",
      "maximum_bytes_billed",
    ],
  ])("%s is said with what to do", async (_, reason, message, advice) => {
    server.failNext({ reason, message });
    const jobs = server.jobs.length;
    const error = await failureOf(warehouse.run(numbers(1000)));
    expect(error.code).toBe(reason === "bytesBilledLimitExceeded" ? "OVER_BUDGET" : "WAREHOUSE_FAILED");
    expect(error.message).toContain(message);
    expect(error.message).toContain(advice);
    // It won't pass by itself, so it isn't tried again.
    expect(server.jobs.length).toBe(jobs + 1);
  });

  it("of two that change the same rows at once, the one that BigQuery ends is tried again", async () => {
    const conflict = {
      reason: "invalidQuery",
      message: "Transaction is aborted due to concurrent update against table p:waymark_ledger.runs",
    };
    const jobs = server.jobs.length;
    server.failNext(conflict);
    await warehouse.run(numbers(1000));
    expect(server.jobs.length).toBe(jobs + 2);
    server.failNext(conflict, conflict, conflict, conflict, conflict);
    expect((await failureOf(warehouse.run(numbers(1000)))).code).toBe("WAREHOUSE_UNAVAILABLE");
    expect(server.jobs.length).toBe(jobs + 7);
  });

  it("a project whose waymark.yml names BigQuery is opened there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "waymark-bigquery-"));
    try {
      writeFileSync(
        join(folder, "waymark.yml"),
        `company: Acme
warehouse:
  engine: bigquery
  project: test-project
  location: EU
  maximum_bytes_billed: 1TB
  api_endpoint: ${server.url}
sources:
  accounts: { table: raw.accounts, columns: { account_id: id } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: account, opened_at: opened } }
`,
      );
      const project = loadProject(folder);
      expect(await withWarehouse(project, (opened) => opened.query(sql`select 7 as n`, n))).toEqual([
        { n: 7 },
      ]);
      expect(server.jobs.at(-1)?.configuration.query?.maximumBytesBilled).toBe("1000000000000");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const target = {
    table: ["waymark_tables", "account_health__rows_000001"],
    columns: {
      account_id: { type: "string", description: "The account." },
      day: { type: "date" },
      score: { type: "number", description: "0–100; null = it can't be told." },
    },
    query: sql`select 'a' as account_id, ${bind("date", "2024-02-29")} as day, 1.5 as score`,
    sortBy: ["day", "score"],
    clusterBy: ["account_id", "day"],
  } as const;

  it.each([
    ["month", "partition by date_trunc(`day`, month)\ncluster by `day`, `account_id`"],
    ["day", "partition by `day`\ncluster by `account_id`"],
  ] as const)(
    "a table is partitioned by its %s, clustered by what else its rows are looked up by, and described",
    async (partitionBy, layout) => {
      const statement = render(tableMade(target, partitionBy), "bigquery");
      expect(
        statement.text,
      ).toBe(`create or replace table \`waymark_tables\`.\`account_health__rows_000001\` (
  \`account_id\` string options(description='The account.'),
  \`day\` date,
  \`score\` float64 options(description='0–100; null = it can\\'t be told.')
)
${layout}
as
select cast(\`account_id\` as string) as \`account_id\`, cast(\`day\` as date) as \`day\`, cast(\`score\` as float64) as \`score\` from (select 'a' as account_id, @p1 as day, 1.5 as score) as built`);
      expect(await engine.analyze(statement, {})).toEqual({
        account_id: "string",
        day: "date",
        score: "number",
      });
    },
  );

  it("a transaction is one script that undoes all of it when any of it fails", async () => {
    const add = (n: number): Sql => sql`insert into \`l\`.\`t\` (n) values (${bind("integer", n)})`;
    const { text, params } = render(inTransaction([add(1), add(2)]), "bigquery");
    expect(text).toBe(`begin
begin transaction;
insert into \`l\`.\`t\` (n) values (@p1);
insert into \`l\`.\`t\` (n) values (@p2);
commit transaction;
exception when error then
rollback transaction;
raise;
end`);
    expect(Object.values(params).map(({ value }) => value)).toEqual([1, 2]);
    for (const statement of ["begin transaction", "commit transaction", "rollback transaction"])
      await engine.analyze({ text: statement, params: {} }, {});
  });
});
