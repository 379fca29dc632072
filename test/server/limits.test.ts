import "reflect-metadata";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { auditServer } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { loadSettings } from "../../config/settings.js";
import { checkMappings } from "../../models/sources/mapping.js";
import type { ServerOptions } from "../../server/server.js";
import { Turns } from "../../server/turns.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { type Client, clientOf } from "../api/company.js";

// What is refused is refused before anything is read, so that nothing need be published.
let warehouse: Warehouse;
let client: Client;
beforeAll(async () => {
  warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  client = await clientOf(warehouse);
});
afterAll(async () => {
  await client?.server.close();
  await warehouse?.close();
});

async function served(options: Partial<ServerOptions>): Promise<Client> {
  const other = await clientOf(warehouse, options);
  onTestFinished(() => other.server.close());
  return other;
}

/** How a question fares: what is refused for its size, all else because nothing is published. */
async function fate(query: string, variables: Record<string, unknown> = {}, of = client): Promise<string> {
  const { status, errors } = await of.ask(query, variables);
  expect(status).toBe(errors[0]?.extensions.code === "QUERY_TOO_LARGE" ? 400 : 200);
  return errors[0]?.extensions.code === "NOT_BUILT" ? "read" : (errors[0]?.message ?? "answered");
}

describe("a question that asks for too much", () => {
  const nested = (levels: number): string =>
    `{ accounts(first: 1) { nodes { ${"tasks { account { ".repeat(levels)} id ${"} }".repeat(levels)} } } }`;

  it("is refused by its depth, also through fragments", async () => {
    expect(await fate(nested(4))).toBe("read");
    expect(await fate(nested(5))).toBe(
      "The query nests fields 13, expected at most 12 deep. Ask for what is inside by a question of its own.",
    );
    const hidden =
      "{ ...a } fragment a on Query { accounts(first: 1) { ...b } } fragment b on AccountConnection { nodes { id } }";
    const shallow = await served({ limits: { depth: 2 } });
    expect(await fate(hidden, {}, shallow)).toContain("nests fields 3, expected at most 2");
  });

  it("is refused by its aliases and by its fields at the top, fragments counted each time", async () => {
    const aliases = (n: number) => Array.from({ length: n }, (_, i) => `a${i}: name`).join(" ");
    expect(await fate(`{ accounts(first: 1) { nodes { ${aliases(60)} } } }`)).toBe("read");
    expect(await fate(`{ accounts(first: 1) { nodes { ${aliases(61)} } } }`)).toContain(
      "has 61, expected at most 60 aliases",
    );
    const twice = `{ accounts(first: 1) { nodes { ...f tasks { account { ...f } } } } } fragment f on Account { ${aliases(31)} }`;
    expect(await fate(twice)).toContain("has 62,");
    const roots = Array.from({ length: 21 }, (_, i) => `r${i}: accounts(first: 1) { totalCount }`).join(" ");
    expect(await fate(`{ ${roots} }`)).toContain("asks for 21, expected at most 20 fields at once");
  });

  it("is refused by the values that it may answer with, as its variables have it", async () => {
    const query = `query($first: Int!) { accounts(first: $first) { nodes { id indicators: health { indicators { id name value } } tasks { id account { milestones { id name } } } } } }`;
    expect(await fate(query, { first: 1000 })).toBe("read");
    const tight = await served({ limits: { values: 10_000 } });
    expect(await fate(query, { first: 10 }, tight)).toBe("read");
    expect(await fate(query, { first: 1000 }, tight)).toBe(
      // Of each account: its id, 10 indicators of 3 values, 10 tasks of 1 and 10 milestones of 2.
      "The query may answer with 241,000, expected at most 10,000 values. Ask for fewer rows (first, limit) or fewer fields.",
    );
    expect(await fate("{ health(limit: 10000) { accountId accounts } }", {}, tight)).toContain(
      "may answer with 20,000,",
    );
    expect(await fate("{ health { accountId accounts } }", {}, tight)).toBe("read");
    // Of each group its own values, that of what is nested, and a group for each 30 periods before.
    const compared =
      "query($n: Int! = 1) { health(limit: 2000) { period(grain: DAY) accountId accounts previous(periods: $n) { accounts } } }";
    expect(await fate(compared, { n: 30 }, tight)).toContain("read");
    expect(await fate(compared, { n: 31 }, tight)).toContain("may answer with 12,000,");
    expect(await fate(compared, { n: 10_000 }, tight)).toContain("may answer with 12,000,");
    const trend = '{ accounts(first: 1000) { nodes { trend(metric: "x", weeks: 10) { value previous } } } }';
    expect(await fate(trend, {}, tight)).toContain("may answer with 20,000,");
  });

  it("is refused in production, too, as it is compiled", () => {
    const dist = (file: string) => JSON.stringify(pathToFileURL(`dist/${file}`).href);
    const script = `
      const { createSchema } = await import(${dist("resolvers/schema.js")});
      const { limitQueries, defaultLimits } = await import(${dist("server/limits.js")});
      const { parse } = await import("graphql");
      const document = parse("{ health(limit: 10000) { accountId accounts } }");
      const plugin = limitQueries(await createSchema(), { ...defaultLimits, values: 1000 });
      const hooks = await plugin.requestDidStart();
      await hooks.didResolveOperation({ document, operation: document.definitions[0], request: {} })
        .catch((error) => console.log(error.message));`;
    const env = { ...process.env, NODE_ENV: "production" };
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      env,
      encoding: "utf8",
    });
    expect(said).toContain("may answer with 20,000, expected at most 1,000 values");
  });
});

describe("turns of heavy questions", () => {
  /** Whose questions were answered, in order: each is answered when the one before has ended. */
  async function answered(asked: readonly string[]): Promise<string> {
    const turns = new Turns(1, 3);
    const ends = await turns.take("first");
    const order: string[] = [];
    const all = asked.map(async (caller) => {
      const end = await turns.take(caller);
      order.push(caller);
      end();
      end(); // which is of no further effect
    });
    ends();
    await Promise.all(all);
    return order.join("");
  }

  it("go from caller to caller, so that whoever asks much waits for their own", async () => {
    expect(await answered(["a", "a", "a", "b", "c", "b"])).toBe("abcaba");
  });

  it("are so many at once, and refused where too many of one caller wait", async () => {
    const turns = new Turns(2, 1);
    const [first] = await Promise.all([turns.take("a"), turns.take("a")]);
    let isTaken = false;
    const third = turns.take("a").then((end) => {
      isTaken = true;
      return end;
    });
    await expect(turns.take("a")).rejects.toMatchObject({ extensions: { code: "BUSY" } });
    await new Promise(setImmediate);
    expect(isTaken).toBe(false);
    first();
    await third;
    expect(isTaken).toBe(true);
  });
});

describe("a server of saved queries alone", () => {
  it("answers them word for word, whatever their blanks, and refuses all else", async () => {
    const { ask, server } = await served({ queryFolders: ["queries"], savedQueriesOnly: true });
    const text = readFileSync("queries/cohorts.graphql", "utf8");
    for (const saved of [text, text.replaceAll(/\s+/g, " ").replace(/^#[^:]*:?.*?(?=query)/, "")])
      expect((await ask(saved)).errors[0]?.extensions.code).toBe("NOT_BUILT");
    const other = await ask("{ accounts(first: 1) { totalCount } }");
    expect([other.status, other.errors[0]]).toMatchObject([
      403,
      {
        message: "This server answers saved queries alone; GET /q lists them.",
        extensions: { code: "FORBIDDEN" },
      },
    ]);
    expect((await fetch(`${server.url}/q/cohorts.csv`)).status).toBe(503); // read, but nothing is published
  });

  it("is set in waymark.yml, as is how often a caller may ask", () => {
    const { server } = loadSettings("demo/waymark.yml", checkMappings);
    expect(server).toMatchObject({ saved_queries_only: false });
    expect(server.requests_per_minute).toBeUndefined();
  });
});

describe("a caller who asks too often", () => {
  it("is told when to come back, at /graphql and /q alike; who looks after the server is not", async () => {
    const { server } = await served({ queryFolders: ["queries"], requestsPerMinute: 3 });
    const post = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query":"{__typename}"}',
    };
    const asked = [];
    for (const [path, init] of [
      ["/q"],
      ["/graphql", post],
      ["/q"],
      ["/graphql", post],
      ["/q/cohorts.csv"],
    ] as const)
      asked.push(await fetch(`${server.url}${path}`, init));
    expect(asked.map((response) => response.status)).toEqual([200, 200, 200, 429, 429]);
    const last = asked[4] as Response;
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await last.json()).toMatchObject({
      errors: [
        {
          message: expect.stringContaining("3 times in a minute"),
          extensions: { code: "TOO_MANY_REQUESTS" },
        },
      ],
    });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});

describe("GraphQL over HTTP", () => {
  it("passes the audit of the specification but for the statuses that Apollo gives to what is malformed", async () => {
    const { server } = await served({ isDevelopment: true }); // the audit asks for introspection
    const results = await auditServer({ url: `${server.url}/graphql` });
    expect(results.length).toBeGreaterThan(50);
    expect(results.filter(({ status }) => status === "error")).toEqual([]);
    expect(results.filter(({ status }) => status === "warn").map(({ name }) => name)).toEqual([
      "SHOULD use 200 status code on document parsing failure when accepting application/json",
      "SHOULD use 200 status code on document validation failure when accepting application/json",
      "SHOULD use a status code of 200 on variable coercion failure when accepting application/json",
    ]);
  });

  it("tells of what can't be read as of all errors: a body over 256 KB, no JSON, another type, another address", async () => {
    const json = { "content-type": "application/json" };
    const long = JSON.stringify({ query: "{ __typename }", variables: { x: "x".repeat(256 * 1024) } });
    const posts: [
      status: number,
      code: string,
      path: string,
      headers: Record<string, string>,
      body: string,
      way: string,
    ][] = [
      [413, "BAD_REQUEST", "/graphql", json, long, "256 KB"],
      [400, "BAD_REQUEST", "/graphql", json, '{"query":', "not valid JSON"],
      [
        415,
        "BAD_REQUEST",
        "/graphql",
        { "content-type": "application/graphql" },
        "{ __typename }",
        "as JSON",
      ],
      [404, "NOT_FOUND", "/q/at-risk.csv?access_token=x", json, "{}", "POST /graphql"],
    ];
    for (const [status, code, path, headers, body, way] of posts) {
      const answer = await fetch(`${client.server.url}${path}`, { method: "POST", headers, body });
      const told = (await answer.json()) as { errors: { message: string }[] };
      expect([path, answer.status, told]).toEqual([
        path,
        status,
        { errors: [{ message: expect.stringContaining(way), extensions: { code } }] },
      ]);
      expect(told.errors[0]?.message).not.toContain("access_token");
    }
  });

  it.each([
    [
      "the text of a persisted query under another's hash",
      {
        query: "{ __typename }",
        extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } },
      },
      "provided sha does not match query",
      "BAD_REQUEST",
    ],
    [
      "a day that is none",
      { query: '{ health(range: { from: "1.3.2025" }) { accounts } }' },
      'Expected a day as "YYYY-MM-DD", such as "2025-03-01", found "1.3.2025".',
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "an own attribute that is asked as a field",
      { query: "{ health { tier accounts } }" },
      'Cannot query field "tier" on type "HealthView". An own attribute is asked as attribute(name: "tier").',
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "a text of many thousand words",
      { query: `{ ${"snapshot { id } ".repeat(600)} }` },
      "The query has more than 2,000 words and signs. Ask in several questions, and send long lists as variables.",
      "QUERY_TOO_LARGE",
    ],
    [
      "a variable that is null where its argument can't be",
      { query: "query($n: Int = 2) { health(limit: $n) { accounts } }", variables: { n: null } },
      'Argument "limit" of non-null type "Int!" must not be null.',
      "BAD_USER_INPUT",
    ],
    [
      "a subscription where questions are answered",
      { query: "subscription { snapshotPublished { id } }" },
      "Subscriptions are answered at POST /graphql/stream, as server-sent events.",
      "BAD_REQUEST",
    ],
    [
      "a subscription there whose field a variable may leave out",
      {
        query:
          "subscription($on: Boolean!) { ...s } fragment s on Subscription { snapshotPublished @include(if: $on) { id } }",
        variables: { on: true },
      },
      "Subscriptions are answered at POST /graphql/stream, as server-sent events.",
      "BAD_REQUEST",
    ],
  ])("blames the caller for %s", async (_, asked, message, code) => {
    const answer = await fetch(`${client.server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(asked),
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { errors: [{ message, extensions: { code } }] },
    ]);
  });

  it("says how a question is sent, to whoever opens its address", async () => {
    const answer = await fetch(`${client.server.url}/graphql?query=%7B__typename%7D`);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      {
        errors: [{ message: expect.stringMatching(/^Send questions by POST with the header `content-type/) }],
      },
    ]);
  });

  it("says on every answer what a browser may do with it", async () => {
    const { headers } = await fetch(`${client.server.url}/healthz`);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-security-policy": "default-src 'none';frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
  });
});
