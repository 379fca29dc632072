import "reflect-metadata";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { accessSchema } from "../../config/access.js";
import { createKey } from "../../server/keys.js";
import type { Server } from "../../server/server.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany, clientOf } from "../api/company.js";

const folder = mkdtempSync(join(tmpdir(), "waymark-assistants-"));
const queries = {
  all: "query All($first: Int, $after: String) { accounts(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { id mrr } } }",
  days: `# Scores by day and account.
query Days($where: HealthWhere, $days: Int! = 7) {
  health(where: $where, range: { last: { days: $days } }) { day: period(grain: DAY) accountId averageScore }
}`,
  bands: "{ health { band accounts } }",
  tables: "{ models { name } }",
};
const roles = {
  reader: { accounts: "all" },
  blind: { accounts: "all", hidden: ["mrr"] },
  grouped: { accounts: "all", minimum_group: 5 },
  operator: { accounts: "all", may: ["operate"] },
};

let warehouse: Warehouse;
let server: Server;
const keys: Record<string, string> = {};
beforeAll(async () => {
  warehouse = await builtCompany();
  for (const [name, text] of Object.entries(queries)) writeFileSync(join(folder, `${name}.graphql`), text);
  const access = { settings: accessSchema.parse({ roles }), folder };
  ({ server } = await clientOf(warehouse, { access, queryFolders: [folder, "queries"] }));
  const now = new Date("2026-01-01T06:00:00Z");
  for (const role of Object.keys(roles))
    keys[role] = createKey(join(folder, "keys"), { name: role, role, scope: null, days: 1 }, now).secret;
}, 120_000);
afterAll(async () => {
  await server?.close();
  await warehouse?.close();
  rmSync(folder, { recursive: true });
});

/** An assistant that signs in as a role, by the newest revision of the protocol or by that before. */
async function assistant(role: string, mode: "auto" | "legacy" = "auto"): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  const headers = { authorization: `Bearer ${keys[role]}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers } }),
  );
  onTestFinished(() => client.close());
  return client;
}

// biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of whatever is asked
type Any = any;

describe.each(["auto", "legacy"] as const)("an assistant, by the protocol's revision %s", (mode) => {
  it("is offered the saved queries that it may ask, with their variables", async () => {
    const { tools } = await (await assistant("reader", mode)).listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["all", "days", "health-trend", "tasks"]));
    expect(names).not.toContain("tables");
    expect(tools.find(({ name }) => name === "days")).toMatchObject({
      description: "Scores by day and account.",
      annotations: { readOnlyHint: true },
      inputSchema: {
        type: "object",
        required: [],
        properties: {
          days: { type: "integer", default: 7 },
          where: { type: "object", properties: { segment: { type: "object" } } },
        },
      },
    });
  });

  it("is answered with rows, what they were read from, and how to see more", async () => {
    const client = await assistant("reader", mode);
    const answer = (await client.callTool({ name: "all", arguments: { first: 2 } })) as Any;
    expect(answer.structuredContent).toEqual({
      snapshot: {
        id: 1,
        publishedAt: expect.any(String),
        dataThrough: "2025-12-31",
        timeZone: "UTC",
        late: [],
      },
      columns: ["id", "mrr"],
      rows: [
        [expect.stringMatching(/^acc_/), expect.anything()],
        [expect.stringMatching(/^acc_/), expect.anything()],
      ],
      more: expect.stringMatching(
        /^There are more rows than these, .* \(its arguments: first, after\), .* after: "/,
      ),
    });
    expect(JSON.parse(answer.content[0].text)).toEqual(answer.structuredContent);
    const after = JSON.parse(/after: (".+")/.exec(answer.structuredContent.more)?.[1] ?? '""');
    const next = (await client.callTool({ name: "all", arguments: { first: 2, after } })) as Any;
    expect(next.structuredContent.rows).not.toEqual(answer.structuredContent.rows);
    const days = ((await client.callTool({ name: "days", arguments: {} })) as Any).structuredContent;
    expect(days.rows).toHaveLength(200);
    expect(days.more).toMatch(/^These are the first 200 of 759 rows, in their order\. Narrow the question/);
    const cut = ((await client.callTool({ name: "days", arguments: { days: 12 } })) as Any).structuredContent;
    expect(cut.more).toBe(
      "These are the first 200 of more than 1000 rows, in their order. Narrow the question (its arguments: where, days).",
    );
  });
});

it("sees no more than its role does anywhere else", async () => {
  const blind = (await (await assistant("blind")).callTool({ name: "all", arguments: {} })) as Any;
  expect(blind.structuredContent.rows.map(([, mrr]: Any) => mrr)).toEqual(Array(20).fill(null));
  const grouped = await assistant("grouped");
  const offered = (await grouped.listTools()).tools.map(({ name }) => name);
  expect(offered).toContain("health-trend");
  expect(offered).not.toContain("all");
  expect(await grouped.callTool({ name: "all", arguments: {} })).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('NOT_FOUND: There is no tool "all".') }],
  });
  const bands = (await grouped.callTool({ name: "bands", arguments: {} })) as Any;
  expect(bands.structuredContent.snapshot).toMatchObject({ id: 1, minimumGroup: 5 });
  expect((await (await assistant("operator")).listTools()).tools.map(({ name }) => name)).toContain("tables");
});

it("is told what is wrong with a question", async () => {
  const client = await assistant("reader");
  const told = async (name: string, args: Record<string, unknown>): Promise<string> => {
    const { isError, content } = (await client.callTool({ name, arguments: args })) as Any;
    expect(isError).toBe(true);
    return content[0].text;
  };
  expect(await told("day", {})).toBe('NOT_FOUND: There is no tool "day". Did you mean "days"?');
  expect(await told("days", { days: "many" })).toContain("BAD_USER_INPUT: Variable");
  expect(await told("days", { day: 3 })).toContain('BAD_USER_INPUT: The query has no variable "day".');
  expect(await told("days", { days: 100_000 })).toMatch(/^[A-Z_]+: /);
});

it("must sign in, and POST alone is answered", async () => {
  const listing = {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  };
  expect((await fetch(`${server.url}/mcp`, listing)).status).toBe(401);
  const headers = { ...listing.headers, authorization: `Bearer ${keys.reader}` };
  expect((await fetch(`${server.url}/mcp`, { ...listing, headers })).status).toBe(200);
  expect((await fetch(`${server.url}/mcp`, { headers })).status).toBe(405);
  const garbled = await fetch(`${server.url}/mcp`, { ...listing, headers, body: "{" });
  expect(garbled.status).toBe(400);
});
