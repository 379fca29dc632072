import "reflect-metadata";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get as httpGet, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { tableFromIPC } from "apache-arrow";
import { parquetMetadata } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { accessSchema } from "../../config/access.js";
import { createKey } from "../../server/keys.js";
import { openLog } from "../../telemetry/log.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { purposeNow } from "../../warehouse/purpose.js";
import { type Sql, sql, text } from "../../warehouse/sql.js";
import type { Columns, RunOptions, Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany, type Client, clientOf } from "../api/company.js";

const folders: string[] = [];
function folderWith(queries: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "waymark-queries-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(queries)) writeFileSync(join(folder, `${name}.graphql`), text);
  return folder;
}

const own = folderWith({
  everyone: `# All accounts, page by page.
query Everyone($after: String) {
  accounts(first: 50, after: $after, orderBy: { field: NAME, direction: ASC }) {
    nodes { ...basics health { score } tags: attributes { name } }
    pageInfo { hasNextPage endCursor }
  }
}
fragment basics on Account { id name mrr }`,
  typed: `query Typed($after: String) {
  accounts(after: $after) {
    nodes { id createdOn mrr health { score } stage { days isStuck } tags: attributes { name } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  "one-by-one": `query OneByOne($after: String) {
  accounts(first: 1, after: $after) { nodes { id health { score } } pageInfo { hasNextPage endCursor } }
}`,
  long: `query Long($first: Int! = 1000, $after: String) {
  accounts(first: $first, after: $after) { nodes { id health { score } } pageInfo { hasNextPage endCursor } }
}`,
  some: `query Some($first: Int! = 5, $filter: AccountFilter, $ids: [ID!]) {
  accounts(first: $first, filter: $filter) { nodes { id } }
  others: accounts(filter: { ids: $ids }) @skip(if: true) { totalCount }
}`,
  done: "{ accountTasks(filter: { status: [DONE] }, first: 10) { nodes { note } } }",
  "health-trend": "query Mine { health { accounts } }",
  capped:
    "query Capped($most: Int! = 4) { health(range: { last: { months: 6 } }, limit: $most) { period(grain: MONTH) accounts } }",
});

let warehouse: Warehouse;
let client: Client;
beforeAll(async () => {
  warehouse = await builtCompany();
  client = await clientOf(warehouse, { queryFolders: [own, "queries"] });
});
afterAll(async () => {
  await client?.server.close();
  await warehouse?.close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${client.server.url}${path}`, init);

// biome-ignore lint/suspicious/noExplicitAny: what it answers is what is tested
const json = async (path: string): Promise<any> => (await get(path)).json();

async function refusal(path: string): Promise<string> {
  const before = client.statements();
  const response = await get(path);
  const { errors } = (await response.json()) as {
    errors: { message: string; extensions: { code: string } }[];
  };
  expect(client.statements()).toBe(before);
  return `${response.status} ${errors[0]?.extensions.code}: ${errors[0]?.message}`;
}

describe("a saved query", () => {
  it("is listed with its variables; the project's own goes before one that ships", async () => {
    const { queries } = await json("/q");
    expect(queries.find((q: { name: string }) => q.name === "everyone")).toEqual({
      name: "everyone",
      description: "All accounts, page by page.",
      variables: [{ name: "after", type: "String", isRequired: false, default: null }],
      urls: ["csv", "json", "ndjson", "arrow", "parquet"].map((format) => `/q/everyone.${format}`),
    });
    expect(queries.find((q: { name: string }) => q.name === "cohorts").variables[1]).toEqual({
      name: "periods",
      type: "Int!",
      isRequired: false,
      default: 12,
    });
    expect(await json("/q/health-trend.json")).toHaveLength(1);
  });

  it("has the rows of GraphQL in each format", async () => {
    const { data } = await client.ask(
      "{ revenue(range: { last: { months: 2 } }) { month: period(grain: MONTH) region mrr part: share(of: MRR) customers yearBefore: previous(periods: 12) { mrr } } }",
    );
    const rows = data.revenue.map(({ yearBefore, ...row }: { yearBefore: { mrr: string } | null }) => ({
      ...row,
      "yearBefore.mrr": yearBefore?.mrr ?? null,
    }));
    expect(rows.length).toBeGreaterThan(4);
    expect(await json("/q/revenue-by-region.json?months=2")).toEqual(rows);
    const lines = (await (await get("/q/revenue-by-region.ndjson?months=2")).text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(rows);
    const csv = await (await get("/q/revenue-by-region.csv?months=2")).text();
    expect(csv.trimEnd().split("\n")).toEqual([
      "month,region,mrr,part,customers,yearBefore.mrr",
      ...rows.map((row: object) =>
        Object.values(row)
          .map((cell) => cell ?? "")
          .join(","),
      ),
    ]);
  });

  it("has the same rows in Arrow and Parquet, with types", async () => {
    const rows = await json("/q/typed.json");
    const expected = rows.map((row: Record<string, unknown>) => ({
      ...row,
      mrr: row.mrr === null ? null : Number(row.mrr),
      tags: String(row.tags),
    }));
    expect(expected.length).toBe(130);
    const days = (row: Record<string, unknown>) => ({
      ...row,
      createdOn: row.createdOn === null ? null : new Date(row.createdOn as number).toISOString().slice(0, 10),
    });

    const arrow = await get("/q/typed.arrow");
    expect(arrow.headers.get("content-type")).toBe("application/vnd.apache.arrow.stream");
    const table = tableFromIPC(new Uint8Array(await arrow.arrayBuffer()));
    expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "id Utf8",
      "createdOn Date32<DAY>",
      "mrr Float64",
      "health.score Float64",
      "stage.days Int32",
      "stage.isStuck Bool",
      "tags Utf8",
    ]);
    expect(table.toArray().map((row) => days(row.toJSON()))).toEqual(expected);

    const parquet = await get("/q/typed.parquet");
    expect(parquet.headers.get("content-type")).toBe("application/vnd.apache.parquet");
    const file = join(folderWith({}), "typed.parquet");
    writeFileSync(file, new Uint8Array(await parquet.arrayBuffer()));
    const types = {
      id: { type: "string" },
      createdOn: { type: "date" },
      mrr: { type: "number" },
      "health.score": { type: "number" },
      "stage.days": { type: "integer" },
      "stage.isStuck": { type: "boolean" },
      tags: { type: "string" },
    } as const;
    const read = sql`select * from read_parquet(${text(file)})`;
    expect(await warehouse.query(read, types)).toEqual(expected);
  });

  it("has its columns in Arrow and Parquet where it has no rows", async () => {
    const arrow = await get("/q/some.arrow?filter=%7B%22ids%22%3A%5B%5D%7D");
    expect(tableFromIPC(new Uint8Array(await arrow.arrayBuffer())).schema.names).toEqual(["id"]);
    const parquet = await get("/q/some.parquet?filter=%7B%22ids%22%3A%5B%5D%7D");
    const { schema, num_rows } = parquetMetadata(await parquet.arrayBuffer());
    expect([schema.map(({ name }) => name), num_rows]).toEqual([["root", "id"], 0n]);
  });

  it.each(["csv", "json", "ndjson"])(
    "without rows is an empty %s, which has its columns all the same",
    async (format) => {
      const text = await (
        await get(`/q/some.${format}?filter=${encodeURIComponent('{"search":"nobody"}')}`)
      ).text();
      expect(text).toBe({ csv: "id\n", json: "[]\n", ndjson: "" }[format]);
    },
  );

  it("goes on to the last page by itself, unless one page is asked for", async () => {
    const before = client.statements();
    const all = await json("/q/everyone.json");
    expect(all).toHaveLength(130);
    expect(new Set(all.map((a: { id: string }) => a.id)).size).toBe(130);
    expect(Object.keys(all[0])).toEqual(["id", "name", "mrr", "health.score", "tags"]);
    expect(client.statements() - before).toBe(2 + 3); // the first accounts and all others, and their health for each page
    const { data } = await client.ask(
      "{ accounts(first: 50, orderBy: { field: NAME, direction: ASC }) { pageInfo { endCursor } } }",
    );
    expect(await json(`/q/everyone.json?after=${data.accounts.pageInfo.endCursor}`)).toEqual(
      all.slice(50, 100),
    );
  });

  it("says of what day, time zone and snapshot it is, and where as many rows came as may", async () => {
    const headersOf = async (path: string) => {
      const response = await get(path);
      await response.text(); // to its end, or its statements are counted as those of whoever asks next
      return Object.fromEntries([...response.headers].filter(([name]) => name.startsWith("waymark-")));
    };
    const told = {
      "waymark-snapshot": "1",
      "waymark-published-at": "2026-01-01T06:00:00.000Z",
      "waymark-data-through": "2025-12-31",
      "waymark-time-zone": "UTC",
    };
    expect(await headersOf("/q/capped.csv")).toEqual({ ...told, "waymark-row-limit": "4" });
    expect(await headersOf("/q/capped.csv?most=7"), "there are six").toEqual(told);
    expect(await headersOf("/q/some.csv?first=3")).toEqual(told); // of several fields none is the one
    expect(await headersOf("/q/everyone.csv"), "it goes on to its end").toEqual(told);
    expect(await headersOf("/q/long.csv?first=3")).toEqual({ ...told, "waymark-row-limit": "3" });
  });

  it("begins with a short page where the size of pages is a variable, so that the first rows come soon", async () => {
    const before = client.statements();
    expect(await json("/q/long.json")).toHaveLength(130);
    expect(client.statements() - before).toBe(2 + 2); // the first accounts and all others, and the health of 100 and of the other 30
  });

  it("lets others in between pages, also where it need not ask for them", async () => {
    await json("/q/one-by-one.json");
    const before = client.statements();
    const all = json("/q/one-by-one.json");
    await pause(10);
    await get("/livez");
    expect(client.statements() - before).toBeLessThan(130);
    expect(await all).toHaveLength(130);
  });

  it("takes variables as its definitions type them", async () => {
    expect(await json("/q/some.json?first=2")).toHaveLength(2);
    const few = await json(`/q/some.json?filter=${encodeURIComponent('{"ids":["acc_00001","acc_00003"]}')}`);
    expect(few).toEqual([{ id: "acc_00001" }, { id: "acc_00003" }]);
    expect((await get("/q/some.json?ids=a&ids=b")).status).toBe(200);
    expect((await get("/q/retention.csv?grain=QUARTER&periods=2")).status).toBe(200);
    expect((await get("/q/survival.csv?from=2024-06-01")).status).toBe(200);
  });

  it("refuses unknown and wrong variables, names and formats, and asks the warehouse nothing", async () => {
    expect(await refusal("/q/support-by-channel.csv?week=1")).toBe(
      '400 BAD_USER_INPUT: The query has no variable "week". Did you mean "weeks"?',
    );
    expect(await refusal("/q/support-by-channel.csv?weeks=soon")).toBe(
      '400 BAD_USER_INPUT: Variable "$weeks" got invalid value "soon"; Int cannot represent non-integer value: "soon"',
    );
    expect(await refusal("/q/support-by-channel.csv?weeks=1&weeks=2")).toBe(
      "400 BAD_USER_INPUT: weeks is given 2 times, expected once.",
    );
    expect(await refusal("/q/some.csv?filter={")).toBe("400 BAD_USER_INPUT: filter is {, expected JSON.");
    expect(await refusal("/q/survival.csv?from=today")).toContain(
      '400 BAD_USER_INPUT: Variable "$from" got invalid value "today"',
    );
    expect(await refusal("/q/portfoli.csv")).toBe(
      '404 NOT_FOUND: There is no saved query "portfoli". Did you mean "portfolio"? GET /q lists them; a new file is read when the server starts again.',
    );
    expect(await refusal("/q/portfolio.xlsx")).toBe(
      "404 NOT_FOUND: There is no /q/portfolio.xlsx; expected one of /q/portfolio.csv, /q/portfolio.json, /q/portfolio.ndjson, /q/portfolio.arrow, /q/portfolio.parquet.",
    );
    expect(await refusal("/q/some.csv?first=5000")).toContain(
      "400 BAD_USER_INPUT: accounts: first is 5000, expected 1 to 1000.",
    );
  });

  it("with a mistake keeps the server from starting, which names its file and line", async () => {
    const folder = folderWith({
      wrong: "query A {\n  acounts { totalCount }\n}",
      two: "{ a } query B { b }",
      write: 'mutation { completeTask(id: "a") { id } }',
      "no name": "{ snapshot { id } }",
    });
    await expect(clientOf(warehouse, { queryFolders: [folder] })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(
        /no name\.graphql: "no name" is no name.*\n.*two\.graphql.*found 2\.\n.*write\.graphql:1: expected a query, not a mutation\.\n.*wrong\.graphql:2: Cannot query field "acounts"/,
      ),
    });
  });

  it("keeps text from being a formula, and numbers as they are", async () => {
    const notes = ["=1+1", "@SUM(A1)", "-12.50", "-12 % a month", 'she said "no", twice'];
    const { data } = await client.ask(
      `{ accountTasks(filter: { status: [OPEN] }, first: ${notes.length}) { nodes { id } } }`,
    );
    for (const [i, note] of notes.entries())
      await client.ask("mutation($id: ID!, $note: String) { completeTask(id: $id, note: $note) { id } }", {
        id: data.accountTasks.nodes[i].id,
        note,
      });
    const csv = await (await get("/q/done.csv")).text();
    expect(csv.trimEnd().split("\n").sort()).toEqual(
      ["note", "'=1+1", "'@SUM(A1)", "-12.50", "'-12 % a month", '"she said ""no"", twice"'].sort(),
    );
    const rows = await json("/q/done.json");
    expect(rows.map((row: { note: string }) => row.note).sort()).toEqual([...notes].sort());
  });
});

describe("what a caller has already", () => {
  const tagOf = async (path: string) => (await get(path, { method: "HEAD" })).headers.get("etag");

  it("is not read again: 304 by its tag or its time, without asking the warehouse", async () => {
    const first = await get("/q/portfolio.csv");
    await first.text();
    const [etag, modified] = ["etag", "last-modified"].map((name) => first.headers.get(name) as string);
    expect(modified).toBe("Thu, 01 Jan 2026 06:00:00 GMT");
    const before = client.statements();
    const asked = async (headers: Record<string, string>) => {
      const response = await get("/q/portfolio.csv", { headers });
      return [response.status, (await response.text()).length > 0, response.headers.get("etag")];
    };
    expect(await asked({ "if-none-match": `"other", ${etag}` })).toEqual([304, false, etag]);
    expect(await asked({ "if-modified-since": modified as string })).toEqual([304, false, etag]);
    expect(client.statements()).toBe(before);
    expect(await asked({ "if-none-match": '"other"', "if-modified-since": modified as string })).toEqual([
      200,
      true,
      etag,
    ]);
    expect(await asked({ "if-modified-since": "Wed, 31 Dec 2025 06:00:00 GMT" })).toEqual([200, true, etag]);
  });

  it("is known by the snapshot, the variables as they are understood, the format and what else decides", async () => {
    expect(await tagOf("/q/support-by-channel.csv?weeks=8")).toBe(await tagOf("/q/support-by-channel.csv"));
    const tags = await Promise.all(
      [
        "/q/support-by-channel.csv",
        "/q/support-by-channel.csv?weeks=9",
        "/q/support-by-channel.json",
        "/q/portfolio.csv",
      ].map(tagOf),
    );
    expect(new Set(tags).size).toBe(4);
    const other = await clientOf(warehouse, { queryFolders: ["queries"], isReadOnly: true });
    onTestFinished(() => other.server.close());
    const asOther = await fetch(`${other.server.url}/q/portfolio.csv`);
    expect(asOther.headers.get("etag")).not.toBe(tags[3]);
  });

  it("is never taken for known where people change it between snapshots", async () => {
    const { headers } = await get("/q/tasks.csv");
    expect([headers.get("etag"), headers.get("last-modified")]).toEqual([null, null]);
  });
});

describe("a server that can't answer", () => {
  it("says when to come back where nothing is published", async () => {
    const empty = await openDuckDb({ file: ":memory:", threads: 1 });
    const { server } = await clientOf(empty, { queryFolders: ["queries"] });
    onTestFinished(async () => {
      await server.close();
      await empty.close();
    });
    const response = await fetch(`${server.url}/q/portfolio.csv`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "NOT_BUILT" } }] });
  });

  it("stops at the deadline, and says so", async () => {
    const { server } = await clientOf(warehouse, { queryFolders: [own], exportTimeoutMs: 1 });
    onTestFinished(() => server.close());
    const response = await fetch(`${server.url}/q/everyone.csv`);
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "CANCELLED" } }] });
  });

  it("breaks the connection where a later page fails, so that nobody takes a part for the whole", async () => {
    let questions = 0;
    const failing = new Proxy(warehouse, {
      get: (object, key) => {
        const member = Reflect.get(object, key);
        if (key !== "query") return typeof member === "function" ? member.bind(object) : member;
        return (statement: Sql, columns: Columns, options: RunOptions = {}) =>
          object.query(
            purposeNow().labels.snapshot && ++questions > 60 ? sql`${statement} no such words` : statement,
            columns,
            options,
          );
      },
    });
    const { server } = await clientOf(failing, { queryFolders: [own], log: openLog("silent") });
    onTestFinished(() => server.close());
    const response = await fetch(`${server.url}/q/one-by-one.csv`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("asks for no more pages once the caller has gone", async () => {
    const before = client.statements();
    const request = httpGet(`${client.server.url}/q/one-by-one.ndjson`);
    const [response] = await once(request, "response");
    await once(response, "data");
    request.destroy();
    let asked: number;
    do {
      asked = client.statements();
      await pause(100);
    } while (client.statements() !== asked);
    expect(asked - before).toBeLessThan(130);
  });
});

describe("callers who sign in", () => {
  const ask = async (url: string, key?: string, headers: Record<string, string> = {}) => {
    const signed = key ? { authorization: `Bearer ${key}`, ...headers } : headers;
    const response = await fetch(`${url}/q/everyone.json`, { headers: signed });
    return {
      status: response.status,
      etag: response.headers.get("etag") as string,
      text: await response.text(),
    };
  };

  it("get what they may see, and never take another's answer for their own", async () => {
    const folder = folderWith({});
    const settings = accessSchema.parse({
      roles: { all: { accounts: "all" }, emea: { accounts: { region: ["emea"] } } },
    });
    const keyOf = (role: string) =>
      createKey(
        join(folder, settings.keys_folder),
        { name: role, role, scope: null, days: 1 },
        new Date("2026-01-01T06:00:00Z"),
      ).secret;
    const [all, emea] = ["all", "emea"].map(keyOf) as [string, string];
    const byRegion = folderWith({
      everyone: "{ accounts(first: 1000) { nodes { id region } } }",
    });
    const { server } = await clientOf(warehouse, {
      queryFolders: [byRegion],
      access: { settings, folder },
      requestsPerMinute: 4,
    });
    onTestFinished(() => server.close());
    expect((await ask(server.url)).status).toBe(401);
    const whole = await ask(server.url, all);
    expect(JSON.parse(whole.text)).toHaveLength(130);
    const part = await ask(server.url, emea, { "if-none-match": whole.etag });
    expect(part.status).toBe(200);
    const regions = JSON.parse(part.text).map(({ region }: { region: string }) => region);
    expect(regions.length).toBeGreaterThan(10);
    expect(new Set(regions)).toEqual(new Set(["emea"]));
    expect((await ask(server.url, emea, { "if-none-match": part.etag })).status).toBe(304);
    // How often is counted by caller.
    for (const status of [200, 200, 200, 429]) expect((await ask(server.url, all)).status).toBe(status);
    expect((await ask(server.url, emea)).status).toBe(200);
  });
});

describe("heavy questions", () => {
  it("wait for each other, and light ones don't wait for them all", async () => {
    const { server, ask, statements } = await clientOf(warehouse, { limits: { heavyAtOnce: 1 } });
    onTestFinished(() => server.close());
    // 30,000 values each, and none the same question as another.
    const heavy = (i: number) =>
      `{ health(limit: ${10_000 - i}) { period(grain: DAY) accountId averageScore } }`;
    const answered: string[] = [];
    const asking = (name: string, query: string) =>
      ask(query).then(({ errors }) => answered.push(errors.length > 0 ? `${name} failed` : name));
    const all = ["first", "second", "third", "fourth"].map((name, i) => asking(name, heavy(i)));
    const begun = Promise.any(all).then(statements);
    await asking("light", "{ snapshot { id } }");
    await Promise.all(all);
    expect([...answered].sort()).toEqual(["first", "fourth", "light", "second", "third"]);
    expect(answered.indexOf("light")).toBeLessThan(3);
    expect(await begun).toBeLessThan(4); // statements when the first was answered
  });
});

/** A request with the very headers of a tool, and nothing that a client adds or undoes by itself. */
async function replay(path: string, headers: IncomingHttpHeaders, method = "GET") {
  const request = httpGet(`${client.server.url}${path}`, { headers, method });
  const [response] = await once(request, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

describe("the requests of tools (docs/bi.md)", () => {
  const whole = async (): Promise<string> => (await get("/q/cohorts.csv")).text();

  it("Power BI and Excel: compressed CSV that tells its charset, and refreshed only where it changed", async () => {
    const headers = {
      "user-agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
      "accept-encoding": "gzip, deflate",
      "cache-control": "no-cache",
    };
    const { status, headers: told, body } = await replay("/q/cohorts.csv?periods=12", headers);
    expect(status).toBe(200);
    expect(told).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "text/csv; charset=utf-8; header=present",
      "cache-control": "private, no-cache",
    });
    expect(told.vary?.split(", ").sort()).toEqual(["accept-encoding", "authorization"]);
    expect(gunzipSync(body).toString()).toBe(await whole());
  });

  it("pandas: neither compressed nor with a byte order mark, which would be part of the first column's name", async () => {
    const { headers, body } = await replay("/q/cohorts.csv", {
      "user-agent": "Python-urllib/3.12",
      "accept-encoding": "identity",
      connection: "close",
    });
    expect(headers["content-encoding"]).toBeUndefined();
    expect(body.toString()).toBe(await whole());
    expect(body.subarray(0, 6).toString()).toBe("cohort");
  });

  it("whatever reads a remote file in parts: asks for the head, then for a range, and gets the whole", async () => {
    const head = await replay("/q/cohorts.csv", {}, "HEAD");
    expect(head).toMatchObject({ status: 200, headers: { "accept-ranges": "none" } });
    expect(head.body).toHaveLength(0);
    const { status, body } = await replay("/q/cohorts.csv", { range: "bytes=0-99" });
    expect([status, body.toString()]).toEqual([200, await whole()]);
  });

  it("Grafana: flat rows of JSON", async () => {
    const { headers, body } = await replay("/q/cohorts.json", {
      "user-agent": "Grafana/11.2.0",
      accept: "application/json;q=0.9,text/plain",
      "accept-encoding": "gzip",
    });
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    const rows = JSON.parse(gunzipSync(body).toString());
    expect(rows[0].cohort).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(typeof rows[0].customers).toBe("number");
  });

  it("Google's scripts: a fetch that follows the tag", async () => {
    const agent = {
      "user-agent": "Mozilla/5.0 (compatible; Google-Apps-Script)",
      "accept-encoding": "gzip,deflate,br",
    };
    const first = await replay("/q/cohorts.csv", agent);
    const again = await replay("/q/cohorts.csv", { ...agent, "if-none-match": first.headers.etag as string });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });
});
