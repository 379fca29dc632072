import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { WaymarkError } from "../../errors.js";
import { accountFacts } from "../../models/daily/account_facts.js";
import { sources } from "../../models/sources/index.js";
import { accounts } from "../../models/staging/accounts.js";
import { sourceQuality } from "../../models/staging/source_quality.js";
import { stgAccounts } from "../../models/staging/stg_accounts.js";
import { stgContracts } from "../../models/staging/stg_contracts.js";
import { stgSurveyResponses } from "../../models/staging/stg_survey_responses.js";
import { stgTickets } from "../../models/staging/stg_tickets.js";
import { stgUsageEvents } from "../../models/staging/stg_usage_events.js";
import { stgUsers } from "../../models/staging/stg_users.js";
import { path, text as quoted, type Sql, sql } from "../../warehouse/sql.js";
import { companyIn, companyOf, warehouseForTest } from "./built.js";

const through = "2024-06-30";
const usage = `
  usage_events:
    query: select 'e1' as event_id, 'a1' as account_id, timestamptz '2024-01-05 10:00:00+00' as occurred_at
    columns: { event_id: event_id, account_id: account_id, occurred_at: occurred_at }`;

/** A company over raw tables that are made by these statements. */
async function over(statements: Sql[], mappings: string, more: { timeZone?: string; folder?: string } = {}) {
  const warehouse = await warehouseForTest();
  await warehouse.run(sql`create schema raw`);
  for (const statement of statements) await warehouse.run(statement);
  const { timeZone, folder } = more;
  return companyIn(warehouse, mappings, { through, ...(timeZone ? { timeZone } : {}) }, folder);
}
async function mistakes(statements: Sql[], mappings: string, folder?: string): Promise<string[]> {
  const error = await over(statements, mappings, folder ? { folder } : {}).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(WaymarkError);
  expect(["SOURCE_INVALID", "CONFIG_INVALID"]).toContain((error as WaymarkError).code);
  return (error as WaymarkError).message.split("\n");
}
const texts = (...rows: Record<string, string | null>[]): Sql => {
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => sql`(${columns.map((c) => lit(row[c] ?? null))})`);
  return sql`create table raw.t as select * from (values ${values}) as v(${columns.map((c) => path(c))})`;
};
const lit = (value: string | null): Sql =>
  value === null ? sql`cast(null as varchar)` : sql`cast(${quoted(value)} as varchar)`;

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "waymark-sources-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return folder;
}

describe("text in raw columns", () => {
  const dates = (column: string) => `
  accounts: { table: raw.t, columns: { account_id: id, created_on: ${column} } }${usage}`;
  const createdOn = async (column: string, ...values: (string | null)[]) => {
    const built = await over([texts(...values.map((d, i) => ({ id: String(i), d })))], dates(column));
    return (await built.read(stgAccounts)).map((row) => [row.created_on, row.defects, row.is_usable]);
  };

  it("01-02-2024 without a format is unreadable, not swapped", async () => {
    expect(
      await createdOn("d", "01-02-2024", "2024-02-01", "2024-2-1", "20240201", "2024-02-30", "", null),
    ).toEqual([
      [null, "unreadable_created_on", true],
      ["2024-02-01", null, true],
      [null, "unreadable_created_on", true],
      [null, "unreadable_created_on", true],
      [null, "unreadable_created_on", true],
      [null, null, true],
      [null, null, true],
    ]);
  });

  it("is a date by the declared format, and by no other", async () => {
    expect(
      await createdOn('{ column: d, format: "%d-%m-%Y" }', "01-02-2024", "2024-02-01", "31-02-2024"),
    ).toEqual([
      ["2024-02-01", null, true],
      [null, "unreadable_created_on", true],
      [null, "unreadable_created_on", true],
    ]);
    expect(await createdOn('{ column: d, format: "%m-%d-%Y" }', "01-02-2024")).toEqual([
      ["2024-01-02", null, true],
    ]);
    expect(await createdOn('{ column: d, format: "%d.%m.%Y %H:%M" }', " 01.02.2024 00:00\r\n")).toEqual([
      ["2024-02-01", null, true],
    ]);
  });

  const moments = async (column: string, timeZone: string, ...values: string[]) => {
    const built = await over(
      [texts(...values.map((at, i) => ({ id: String(i), happened: at })))],
      `
  accounts: { query: "select 'a1' as id", columns: { account_id: id } }
  tickets: { query: "select id, 'a1' as org, happened from raw.t", columns: { ticket_id: id, account_id: org, opened_at: ${column} } }`,
      { timeZone },
    );
    return (await built.read(stgTickets)).map((row) => [row.opened_at?.toISOString() ?? null, row.day]);
  };

  it("is an instant by ISO 8601: with its own offset, else in the company's zone or the column's", async () => {
    expect(
      await moments(
        "happened",
        "Europe/Berlin",
        "2024-02-01T10:00:00Z",
        "2024-02-01 10:00:00+05:30",
        "2024-02-01 10:00",
        "2024-07-01T10:00:00.5",
        "2024-02-01",
        "2024-02-01T10:00:00.123456789Z",
      ),
    ).toEqual([
      ["2024-02-01T10:00:00.000Z", "2024-02-01"],
      ["2024-02-01T04:30:00.000Z", "2024-02-01"],
      ["2024-02-01T09:00:00.000Z", "2024-02-01"],
      ["2024-07-01T08:00:00.500Z", "2024-07-01"],
      ["2024-01-31T23:00:00.000Z", "2024-02-01"],
      ["2024-02-01T10:00:00.123Z", "2024-02-01"],
    ]);
    expect(
      await moments("{ column: happened, time_zone: America/New_York }", "Europe/Berlin", "2024-02-01 20:00"),
    ).toEqual([["2024-02-02T01:00:00.000Z", "2024-02-02"]]);
  });

  it("is no instant where anything else stands", async () => {
    const values = [
      "01/02/2024 10:00",
      "2024-02-01 25:00",
      "2024-02-01 24:00:00",
      "2024-02-30T10:00:00Z",
      "soon",
      "1706778000",
    ];
    expect(await moments("happened", "UTC", ...values)).toEqual(values.map(() => [null, null]));
  });

  it("with an offset of its own in the format keeps it, whatever the company's zone", async () => {
    expect(
      await moments(
        '{ column: happened, format: "%Y-%m-%dT%H:%M:%S%z" }',
        "Europe/Berlin",
        "2024-02-01T10:00:00+0530",
      ),
    ).toEqual([["2024-02-01T04:30:00.000Z", "2024-02-01"]]);
  });

  it("is trimmed, and blank text is no value", async () => {
    const built = await over(
      [texts({ id: "\ta1\u00a0", d: "2024-01-01" }, { id: "a1 ", d: " \n" }, { id: " ", d: "2024-01-01" })],
      dates("d"),
    );
    const rows = await built.read(stgAccounts);
    expect(rows.map((r) => [r.account_id, r.occurrence, r.defects, r.is_usable])).toEqual([
      [null, 1, "missing_account_id", false],
      ["a1", 1, null, true],
      ["a1", 2, "id_collision", false],
    ]);
  });

  it("numbers and yes/no are read, and nothing nearby is taken for them", async () => {
    const rows = ["1", "-1", "007", "1.0", "1e3", "1,000", "x"].map((n, i) => ({
      id: String(i),
      n,
      b: ["true", "FALSE", "yes", "1", "", "t", "x"][i] ?? null,
    }));
    const built = await over(
      [texts(...rows)],
      `
  accounts: { query: "select 'a1' as id", columns: { account_id: id } }
  contracts: { query: "select *, 'a1' as org, date '2024-01-01' as d from raw.t", columns: { contract_id: id, account_id: org, starts_on: d, seats: n, mrr: n, is_trial: b } }${usage}`,
    );
    expect((await built.read(stgContracts)).map((r) => [r.seats, r.mrr, r.is_trial, r.defects])).toEqual([
      [1, "1", true, null],
      [null, null, false, "out_of_range_seats, out_of_range_mrr"],
      [7, "7", null, "unreadable_is_trial"],
      [null, "1", null, "unreadable_seats, unreadable_is_trial"],
      [null, "1000", null, "unreadable_seats"],
      [null, null, null, "unreadable_seats, unreadable_mrr, unreadable_is_trial"],
      [null, null, null, "unreadable_seats, unreadable_mrr, unreadable_is_trial"],
    ]);
  });
});

describe("raw columns of other types", () => {
  it("numbers become whole numbers only where they are whole, and ids without needless zeros", async () => {
    const built = await over(
      [
        sql`create table raw.t as select * from (values (1e0, 9e0, 10::decimal(5, 2)), (2e0, 8.5e0, 11.5), (3e0, 1e30, 12)) as v(id, score, acc)`,
      ],
      `
  accounts: { query: "select distinct acc::double as id from raw.t", columns: { account_id: id } }
  survey_responses: { table: raw.t, columns: { response_id: id, account_id: acc, score: score, responded_at: { sql: "timestamptz '2024-01-01 10:00:00+00'" } } }`,
    );
    expect(
      (await built.read(stgSurveyResponses)).map((r) => [r.response_id, r.account_id, r.score, r.defects]),
    ).toEqual([
      ["1", "10", 9, null],
      ["2", "11.5", null, "unreadable_score"],
      ["3", "12", null, "unreadable_score"],
    ]);
  });

  it("0 and 1 are no and yes, and no other number is", async () => {
    const built = await over(
      [
        sql`create table raw.t as select * from (values ('c1', 1), ('c2', 0), ('c3', 2), ('c4', null)) as v(id, trial)`,
      ],
      `
  accounts: { query: "select 'a1' as id", columns: { account_id: id } }
  contracts: { table: raw.t, columns: { contract_id: id, account_id: { sql: "'a1'" }, starts_on: { sql: "date '2024-01-01'" }, is_trial: trial } }${usage}`,
    );
    expect((await built.read(stgContracts)).map((r) => [r.is_trial, r.defects])).toEqual([
      [true, null],
      [false, null],
      [null, "unreadable_is_trial"],
      [null, null],
    ]);
  });

  it("a date is an instant at its start, an instant a date in the company's zone", async () => {
    const built = await over(
      [
        sql`create table raw.t as select 'x' as id, date '2024-02-01' as d, timestamptz '2024-01-31 23:30:00+00' as at`,
      ],
      `
  accounts: { table: raw.t, columns: { account_id: id, created_on: at } }
  tickets: { table: raw.t, columns: { ticket_id: id, account_id: id, opened_at: d } }`,
      { timeZone: "Europe/Berlin" },
    );
    expect((await built.read(accounts))[0]?.created_on).toBe("2024-02-01");
    expect((await built.read(stgTickets))[0]).toMatchObject({
      opened_at: new Date("2024-01-31T23:00:00Z"),
      day: "2024-02-01",
      defects: null,
    });
  });

  it("an instant without a zone is local time, of the column's zone or the company's, as it is in text", async () => {
    const raw = sql`create table raw.t as select 'x' as id, timestamp '2024-07-01 23:30:00' as naive, timestamp_ms '2024-02-01 10:00:00.5' as ms, timestamptz '2024-07-01 23:30:00+00' as zoned`;
    const read = async (opened: string, timeZone: string) => {
      const mapping = `
  accounts: { table: raw.t, columns: { account_id: id, created_on: naive } }
  tickets: { table: raw.t, columns: { ticket_id: id, account_id: id, opened_at: ${opened} } }`;
      const built = await over([raw], mapping, { timeZone });
      const [account] = await built.read(accounts);
      const [ticket] = await built.read(stgTickets);
      return [ticket?.opened_at?.toISOString(), account?.created_on];
    };
    expect(await read("naive", "UTC")).toEqual(["2024-07-01T23:30:00.000Z", "2024-07-01"]);
    expect(await read("naive", "Europe/Berlin")).toEqual(["2024-07-01T21:30:00.000Z", "2024-07-01"]);
    expect(await read("{ column: naive, time_zone: America/New_York }", "Europe/Berlin")).toEqual([
      "2024-07-02T03:30:00.000Z",
      "2024-07-01",
    ]);
    expect(await read("{ column: ms, time_zone: UTC }", "Europe/Berlin")).toEqual([
      "2024-02-01T10:00:00.500Z",
      "2024-07-01",
    ]);
    expect(await read("zoned", "Europe/Berlin")).toEqual(["2024-07-01T23:30:00.000Z", "2024-07-01"]);
  });

  it("UUIDs and enums are texts", async () => {
    const built = await over(
      [
        sql`create table raw.t as select uuid '6f9619ff-8b86-d011-b42d-00c04fc964ff' as id, cast('urgent' as enum('urgent', 'low')) as prio`,
      ],
      `
  accounts: { table: raw.t, columns: { account_id: id } }
  tickets: { table: raw.t, columns: { ticket_id: id, account_id: id, priority: prio, opened_at: { sql: "timestamptz '2024-01-01 10:00:00+00'" } } }`,
    );
    expect((await built.read(stgTickets))[0]).toMatchObject({
      account_id: "6f9619ff-8b86-d011-b42d-00c04fc964ff",
      priority: "urgent",
      defects: null,
    });
  });

  it("lists and structures need an expression", async () => {
    const table = sql`create table raw.t as select 'a1' as id, ['x', 'y'] as tags, {'d': date '2024-01-01'} as s`;
    const mapping = (tags: string) => `
  accounts: { table: raw.t, columns: { account_id: id, segment: ${tags}, created_on: { sql: "s.d" } } }${usage}`;
    expect(await mistakes([table], mapping("tags"))).toEqual([
      "sources.accounts.columns.segment: a raw column of this type can't be read as string; give an expression with `sql`.",
    ]);
    expect((await (await over([table], mapping('{ sql: "tags[2]" }'))).read(stgAccounts))[0]).toMatchObject({
      segment: "y",
      created_on: "2024-01-01",
    });
  });
});

describe("values", () => {
  it("translates raw words; what it doesn't name stays, and is unexpected where only some words are", async () => {
    const built = await over(
      [
        texts(
          { id: "1", prio: "P1 ", trial: "T" },
          { id: "2", prio: "low", trial: "F" },
          { id: "3", prio: "P9", trial: "" },
          { id: "4", prio: null, trial: "?" },
        ),
      ],
      `
  accounts: { query: "select 'a1' as id", columns: { account_id: id } }
  tickets: { table: raw.t, columns: { ticket_id: id, account_id: { sql: "'a1'" }, opened_at: { sql: "date '2024-01-01'" }, priority: { column: prio, values: { P1: urgent } }, is_escalated: { column: trial, values: { T: true, F: false } } } }`,
    );
    expect((await built.read(stgTickets)).map((r) => [r.priority, r.is_escalated, r.defects])).toEqual([
      ["urgent", true, null],
      ["low", false, null],
      [null, null, "unexpected_priority"],
      [null, null, "unreadable_is_escalated"],
    ]);
  });

  it("matches numbers by how they are written in the mapping, whatever the raw type", async () => {
    for (const type of [sql`integer`, sql`double`, sql`decimal(9, 3)`]) {
      const built = await over(
        [sql`create table raw.t as select 'a' as id, cast(2 as ${type}) as size`],
        `
  accounts: { table: raw.t, columns: { account_id: id, segment: { column: size, values: { "1": small, "2": big } } } }${usage}`,
      );
      expect((await built.read(stgAccounts))[0]?.segment).toBe("big");
    }
  });
});

describe("files", () => {
  it("CSV: quotes, other delimiters, globs over files whose columns differ; everything is text", async () => {
    const folder = folderOf({
      "crm/accounts.csv": 'id;name;since\na1;"Acme; ""Inc""";2024-01-01\n0042;Zéro;01-02-2024\n',
      "events/2024-01.csv": "id,org,at\ne1,a1,2024-01-05T10:00:00Z\n",
      "events/2024-02.csv": "id,org,at,what\ne2,a1,2024-02-05T10:00:00Z,login\n",
      "events/readme.txt": "not, a, source\n",
    });
    const mapping = `
  accounts: { files: { path: crm/accounts.csv, format: csv, delimiter: ";" }, columns: { account_id: id, name: name, created_on: since } }
  usage_events: { files: { path: "events/*.csv", format: csv }, columns: { event_id: id, account_id: org, event: what, occurred_at: at } }`;
    const built = await over([], mapping, { folder });
    expect(
      (await built.read(stgAccounts)).map((r) => [r.account_id, r.name, r.created_on, r.defects]),
    ).toEqual([
      ["0042", "Zéro", null, "unreadable_created_on"],
      ["a1", 'Acme; "Inc"', "2024-01-01", null],
    ]);
    expect((await built.read(stgUsageEvents)).map((r) => [r.event_id, r.event])).toEqual([
      ["e1", null],
      ["e2", "login"],
    ]);
  });

  it("Parquet keeps its types, NDJSON its keys, several paths are one source", async () => {
    const folder = folderOf({
      "a.ndjson": '{"id":"a1","made":{"on":"2024-01-01"},"size":5}\n{"id":"a2","size":"7","odd key":true}\n',
      "b/b.ndjson": '{"id":"a3"}\n',
    });
    const make = sql`copy (select 'e1' as id, 'a2' as org, timestamptz '2024-01-05 23:30:00+00' as at, 3 as n) to ${quoted(join(folder, "e.parquet"))} (format parquet)`;
    const mapping = `
  accounts:
    files: { path: [a.ndjson, b/*.ndjson], format: ndjson }
    columns: { account_id: id, created_on: { sql: "made ->> '$.on'" }, segment: odd key }
    attributes: { size: size }
  usage_events: { files: { path: e.parquet, format: parquet }, columns: { event_id: id, account_id: org, quantity: n, occurred_at: at } }`;
    const built = await over([make], mapping, { folder, timeZone: "Europe/Berlin" });
    expect(
      (await built.read(accounts)).map((r) => [r.account_id, r.created_on, r.segment, r.attribute_size]),
    ).toEqual([
      ["a1", "2024-01-01", null, "5"],
      ["a2", null, "true", "7"],
      ["a3", null, null, null],
    ]);
    expect((await built.read(stgUsageEvents))[0]).toMatchObject({
      quantity: 3,
      day: "2024-01-06",
      defects: null,
    });
  });

  it("that are not there are said with the source", async () => {
    const folder = folderOf({});
    const mapping = `
  accounts: { files: { path: "none-*.csv", format: csv }, columns: { account_id: id } }${usage}`;
    const [first] = await mistakes([], mapping, folder);
    expect(first).toMatch(/^sources\.accounts: .*No files found that match the pattern ".*none-\*\.csv"/);
  });
});

describe("queries and expressions", () => {
  it("a source may be a query, a column an expression in the warehouse's own SQL", async () => {
    const built = await over(
      [
        sql`create table raw.subs as select * from (values ('s1', 'a1', 1200, 'it''s'), ('s2', 'a1', 2400, 'x')) as v(id, org, arr, note)`,
      ],
      `
  accounts: { query: "select distinct org, max(note) over (partition by org) as note from raw.subs", columns: { account_id: org, segment: { sql: "case when note = 'x' then 'it''s x' end" } } }
  contracts: { query: select * from raw.subs where id <> 's2', columns: { contract_id: id, account_id: org, starts_on: { sql: "date '2024-01-01'" }, mrr: { sql: arr / 12 } } }${usage}`,
    );
    expect((await built.read(stgContracts)).map((r) => [r.contract_id, r.mrr])).toEqual([["s1", "100"]]);
    expect((await built.read(accounts))[0]?.segment).toBe("it's x");
  });

  it("can't swallow what follows: comments and ends of statements are refused", async () => {
    for (const expression of ["id -- x", "id; drop table raw.t", "id /* x"]) {
      const work = over(
        [sql`create table raw.t as select 'a1' as id`],
        `
  accounts: { table: raw.t, columns: { account_id: { sql: ${JSON.stringify(expression)} } } }${usage}`,
      ).then((built) => built.read(stgAccounts));
      await expect(work).rejects.toBeInstanceOf(WaymarkError);
    }
  });
});

describe("mistakes in the mapping", () => {
  const table = sql`create table raw.t as select 'a1' as "Account Id", date '2024-01-01' as signup_date, 'x' as segment`;

  it("a raw column that isn't there is named, with the nearest; all mistakes of all sources at once", async () => {
    const mapping = `
  accounts: { table: raw.t, columns: { account_id: Account_Id, created_on: signup, name: title }, attributes: { size: segmnt } }
  usage_events: { table: raw.nowhere, columns: { event_id: id, account_id: org, occurred_at: at } }
  tickets: { query: "select 1 as number", columns: { ticket_id: number } }`;
    const found = await mistakes([table], mapping);
    expect(found.slice(0, 4)).toEqual([
      'sources.accounts.columns.account_id: the raw data has no column "Account_Id". Did you mean "Account Id"?',
      'sources.accounts.columns.created_on: the raw data has no column "signup". Known: Account Id, signup_date, segment.',
      'sources.accounts.columns.name: the raw data has no column "title". Known: Account Id, signup_date, segment.',
      'sources.accounts.attributes.size: the raw data has no column "segmnt". Did you mean "segment"?',
    ]);
    expect(found.join("\n")).toMatch(/sources\.usage_events: .*nowhere does not exist/);
    expect(found.slice(-2)).toEqual([
      "sources.tickets.columns.account_id is required. Raw columns: number.",
      "sources.tickets.columns.opened_at is required. Raw columns: number.",
    ]);
  });

  it("a required column that isn't mapped is named with the nearest raw names", async () => {
    const found = await mistakes(
      [table],
      `
  accounts: { table: raw.t, columns: { name: segment } }${usage}`,
    );
    expect(found).toEqual([
      "sources.accounts.columns.account_id is required. Nearest raw columns: Account Id.",
    ]);
  });

  it("unknown sources, columns and misplaced words are named with file, line and the nearest", async () => {
    const found = await mistakes(
      [],
      `
  account: { table: raw.t, columns: { account_id: id } }
  contracts: { table: raw.t, login_event: x, columns: { contrct_id: id } }
  users: { table: raw.t, columns: { user_id: id }, attributes: { a: b } }`,
    );
    expect(found).toEqual([
      "waymark.yml:1:1: sources.accounts is required.",
      "waymark.yml:1:1: at least one of sources.usage_events, sources.tickets and sources.survey_responses is required.",
      'waymark.yml:3:3: unknown source "account". Did you mean "accounts"?',
      "waymark.yml:4:30: only usage_events have a login_event.",
      'waymark.yml:4:57: contracts has no column "contrct_id". Did you mean "contract_id"?',
      "waymark.yml:5:52: only accounts have attributes.",
    ]);
  });

  it("a format that the warehouse doesn't know is named before anything is built", async () => {
    const found = await mistakes(
      [texts({ id: "a1", d: "x" })],
      `
  accounts: { table: raw.t, columns: { account_id: id, created_on: { column: d, format: "%Q" } } }${usage}`,
    );
    expect(found[0]).toMatch(/^sources\.accounts\.columns\.created_on: format "%Q" can't be used\. .*%Q/);
  });

  it("a fault of the company's own SQL is named with its source", async () => {
    const found = await mistakes(
      [table],
      `
  accounts: { table: raw.t, columns: { account_id: { sql: "no_such(segment)" } } }${usage}`,
    );
    expect(found[0]).toMatch(/^sources\.accounts: .*no_such/);
  });
});

describe("staging", () => {
  it("of several versions of one thing the latest to arrive counts", async () => {
    const version = (loaded_at: string, segment: string) => ({
      account_id: "a",
      created_on: "2024-01-01",
      segment,
      loaded_at: `2024-01-0${loaded_at}T00:00:00Z`,
    });
    const built = await companyOf(
      {
        accounts: [version("1", "small"), version("3", "big"), version("2", "mid"), version("1", "big")],
        tickets: [{ ticket_id: "t", account_id: "a", opened_at: "2024-02-01T10:00:00Z" }],
      },
      { through },
    );
    expect(
      (await built.read(stgAccounts)).map((r) => [r.occurrence, r.segment, r.copies, r.defects, r.is_usable]),
    ).toEqual([
      [1, "big", 2, null, true],
      [2, "mid", 1, "superseded", false],
      [3, "small", 1, "superseded", false],
    ]);
    expect((await built.read(accounts)).map((r) => r.segment)).toEqual(["big"]);
    // Whatever hangs on the account hangs on it once.
    expect((await built.read(stgTickets)).length).toBe(1);
  });

  it("contracts of an account with several versions are there once", async () => {
    const account = (segment: string) => ({ account_id: "a", created_on: "2024-01-01", segment });
    const built = await companyOf(
      {
        accounts: [account("x"), account("y"), account("z")],
        contracts: [{ contract_id: "c", account_id: "a", starts_on: "2024-01-01" }],
      },
      { through },
    );
    expect((await built.read(stgContracts)).map((r) => [r.contract_id, r.occurrence])).toEqual([["c", 1]]);
  });

  it("keeps every row with its defects, and source_quality counts them", async () => {
    const given = {
      accounts: [{ account_id: "a", created_on: "2024-01-10" }],
      contracts: [
        { contract_id: "c1", account_id: "a", starts_on: "2024-01-01", ends_on: "2024-02-01", seats: 1 },
        { contract_id: "c2", account_id: "a", starts_on: "2024-03-01", ends_on: "2024-02-01", seats: -1 },
        { contract_id: "c3", account_id: "nobody", starts_on: "2024-03-01", ends_on: null, seats: null },
        { contract_id: null, account_id: null, starts_on: null, ends_on: null, seats: 1 },
      ],
      users: [
        { user_id: "u1", account_id: "a", role: "king", joined_on: "2024-03-01", left_on: "2024-02-01" },
      ],
      usage_events: [
        { event_id: "e1", account_id: "a", occurred_at: "2024-01-09T23:59:59Z" },
        { event_id: "e2", account_id: "a", occurred_at: "2024-01-10T00:00:00Z" },
        { event_id: "e2", account_id: "a", occurred_at: "2024-01-10T00:00:00Z" },
      ],
      survey_responses: [
        { response_id: "r1", account_id: "a", score: 11, responded_at: "2024-02-01T10:00:00Z" },
        { response_id: "r2", account_id: "a", score: null, responded_at: null },
        { response_id: "r3", account_id: "a", score: 0, responded_at: "2024-02-03T10:00:00Z" },
      ],
    };
    const built = await companyOf(given, { through });
    expect(
      (await built.read(stgContracts)).map((r) => [r.contract_id, r.seats, r.defects, r.is_usable]),
    ).toEqual([
      [null, 1, "missing_contract_id, missing_account_id, missing_starts_on", false],
      ["c1", 1, "before_account", true],
      ["c2", null, "ends_before_start, out_of_range_seats", false],
      ["c3", null, "unknown_account", false],
    ]);
    expect((await built.read(stgUsers)).map((r) => [r.role, r.defects, r.is_usable])).toEqual([
      [null, "unexpected_role, left_before_joined", true],
    ]);
    expect((await built.read(stgSurveyResponses)).map((r) => [r.score, r.defects, r.is_usable])).toEqual([
      [null, "out_of_range_score", false],
      [null, "missing_score, missing_responded_at", false],
      [0, null, true],
    ]);
    const quality = await built.read(sourceQuality, sql`row_count > 0`);
    expect(
      quality.map((q) => [
        q.source,
        q.defect,
        q.row_count,
        q.unusable_rows,
        q.copies,
        q.first_day,
        q.last_day,
        q.example,
      ]),
    ).toEqual([
      ["accounts", null, 1, 0, 0, "2024-01-10", "2024-01-10", null],
      ["contracts", null, 4, 3, 0, "2024-01-01", "2024-03-01", null],
      ["contracts", "before_account", 1, 0, 0, "2024-01-01", "2024-01-01", "c1"],
      ["contracts", "ends_before_start", 1, 1, 0, "2024-03-01", "2024-03-01", "c2"],
      ["contracts", "missing_account_id", 1, 1, 0, null, null, null],
      ["contracts", "missing_contract_id", 1, 1, 0, null, null, null],
      ["contracts", "missing_starts_on", 1, 1, 0, null, null, null],
      ["contracts", "out_of_range_seats", 1, 1, 0, "2024-03-01", "2024-03-01", "c2"],
      ["contracts", "unknown_account", 1, 1, 0, "2024-03-01", "2024-03-01", "c3"],
      ["survey_responses", null, 3, 2, 0, "2024-02-01", "2024-02-03", null],
      ["survey_responses", "missing_responded_at", 1, 1, 0, null, null, "r2"],
      ["survey_responses", "missing_score", 1, 1, 0, null, null, "r2"],
      ["survey_responses", "out_of_range_score", 1, 1, 0, "2024-02-01", "2024-02-01", "r1"],
      ["usage_events", null, 2, 1, 1, "2024-01-09", "2024-01-10", null],
      ["usage_events", "before_account", 1, 1, 0, "2024-01-09", "2024-01-09", "e1"],
      ["users", null, 1, 0, 0, "2024-03-01", "2024-03-01", null],
      ["users", "left_before_joined", 1, 0, 0, "2024-03-01", "2024-03-01", "u1"],
      ["users", "unexpected_role", 1, 0, 0, "2024-03-01", "2024-03-01", "u1"],
    ]);
    // Every source has its line, mapped or not.
    const totals = await built.read(sourceQuality, sql`defect is null`);
    expect(totals.map((q) => q.source)).toEqual(Object.keys(sources).sort());
  });

  it("times of a ticket whose clocks contradict each other are null; it stays a ticket", async () => {
    const ticket = (n: number, first_replied_at: string | null, resolved_at: string | null) => ({
      ticket_id: `t${n}`,
      account_id: "a",
      opened_at: "2024-02-02T10:00:00Z",
      first_replied_at,
      resolved_at,
      reopened_at: n === 5 ? "2024-02-09T10:00:00Z" : null,
      reply_count: n === 4 ? null : 1,
    });
    const at = (day: number, hour = 10) => `2024-02-0${day}T${hour}:00:00Z`;
    const built = await companyOf(
      {
        accounts: [{ account_id: "a", created_on: "2024-01-01" }],
        tickets: [
          ticket(0, at(2, 12), at(3)),
          ticket(1, at(1), at(3)),
          ticket(2, null, at(1)),
          ticket(3, at(5), at(4)),
          ticket(4, at(3), null),
          ticket(5, at(2), at(3)),
        ],
      },
      { through },
    );
    expect(
      (await built.read(stgTickets)).map((t) => [
        t.defects,
        t.is_usable,
        t.is_timed,
        t.first_reply_hours,
        t.resolution_hours,
        t.is_first_contact_resolution,
      ]),
    ).toEqual([
      [null, true, true, 2, 24, true],
      ["reply_before_opening", true, false, null, null, true],
      ["resolution_before_opening", true, false, null, null, true],
      ["resolution_before_reply", true, false, null, null, true],
      [null, true, true, 24, null, null],
      [null, true, true, 0, 24, false],
    ]);
  });

  it("usage may hang on contracts: the account is the contract's, and what precedes the contract says so", async () => {
    const built = await companyOf(
      {
        accounts: [{ account_id: "a", created_on: "2024-01-01" }],
        contracts: [
          { contract_id: "c1", account_id: "a", starts_on: "2024-02-01", plan: "x" },
          { contract_id: "c1", account_id: "a", starts_on: "2024-02-01", plan: "y" },
          { contract_id: "c2", account_id: "nobody", starts_on: "2024-02-01", plan: "y" },
        ],
        usage_events: [
          { event_id: "e1", contract_id: "c1", occurred_at: "2024-02-01T10:00:00Z" },
          { event_id: "e2", contract_id: "c1", occurred_at: "2024-01-31T10:00:00Z" },
          { event_id: "e3", contract_id: "c2", occurred_at: "2024-02-01T10:00:00Z" },
          { event_id: "e4", contract_id: "c9", occurred_at: "2024-02-01T10:00:00Z" },
          { event_id: "e5", contract_id: null, occurred_at: "2024-02-01T10:00:00Z" },
          { event_id: "e6", contract_id: "c1", occurred_at: "2023-12-31T10:00:00Z" },
        ],
      },
      { through },
    );
    expect(
      (await built.read(stgUsageEvents)).map((e) => [e.event_id, e.account_id, e.defects, e.is_usable]),
    ).toEqual([
      ["e1", "a", null, true],
      ["e2", "a", "before_contract", true],
      ["e3", "nobody", "unknown_account", false],
      ["e4", null, "missing_account_id, unknown_contract", false],
      ["e5", null, "missing_account_id", false],
      ["e6", "a", "before_account, before_contract", false],
    ]);
    expect((await built.read(accountFacts, sql`day = date '2024-02-01'`))[0]).toMatchObject({
      events_28d: 2,
    });
  });

  it("usage with an account and a contract takes the account from the contract only where it has none", async () => {
    const built = await companyOf(
      {
        accounts: [
          { account_id: "a", created_on: "2024-01-01" },
          { account_id: "b", created_on: "2024-01-01" },
        ],
        contracts: [{ contract_id: "c1", account_id: "a", starts_on: "2024-01-01" }],
        usage_events: [
          { event_id: "e1", account_id: "b", contract_id: "c1", occurred_at: "2024-02-01T10:00:00Z" },
          { event_id: "e2", account_id: null, contract_id: "c1", occurred_at: "2024-02-01T10:00:00Z" },
          { event_id: "e3", account_id: "b", contract_id: "c9", occurred_at: "2024-02-01T10:00:00Z" },
        ],
      },
      { through },
    );
    expect((await built.read(stgUsageEvents)).map((e) => [e.account_id, e.defects, e.is_usable])).toEqual([
      ["b", null, true],
      ["a", null, true],
      ["b", "unknown_contract", true],
    ]);
  });
});
