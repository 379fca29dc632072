import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { factNames } from "../../journey/facts.js";
import { createSchema } from "../../resolvers/schema.js";
import { schemaText } from "../../schema/text.js";
import { firstQuery } from "../../server/explorer.js";
import { openLog } from "../../telemetry/log.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { render, type Sql, sql } from "../../warehouse/sql.js";
import type { Columns, RunOptions, Warehouse } from "../../warehouse/warehouse.js";
import { builtCompany, type Client, clientOf, lastDay } from "./company.js";

let warehouse: Warehouse;
let client: Client;
beforeAll(async () => {
  warehouse = await builtCompany();
  client = await clientOf(warehouse);
});
afterAll(async () => {
  await client.server.close();
  await warehouse.close();
});

const everything = `
  id name attributes { name value } facts { name value unit }
  contracts { id mrr isCurrent } stage { id since days isStuck history { stage { id } days } }
  milestones { id status daysToReach }
  health { score band coverage cap { name } indicators { id points weightShare contribution }
    history(grain: WEEK) { period score } change(since: "2025-12-01") { change capChange indicators { change } } }
  trend(metric: "health_score", weeks: 10) { week value z direction }
  tickets { open total leftOut } surveys { nps180d responses }`;

describe("one account", () => {
  it("an unknown id is null, and the rest of the question is answered", async () => {
    const { data, errors } = await client.ask(
      `{ a: account(id: "nobody") { id } b: account(id: "acc_00001") { id name } }`,
    );
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ a: null, b: { id: "acc_00001" } });
  });

  it("every fact is answered with its unit, built-in or the journey's own", async () => {
    const { data } = await client.ask(`{ account(id: "acc_00001") { facts { name unit value } } }`);
    expect(data.account.facts.map((f: { name: string }) => f.name)).toEqual([
      ...factNames,
      "admin_exports_7d",
    ]);
    const { errors } = await client.ask(`{ account(id: "acc_00001") { facts(names: ["seat"]) { value } } }`);
    expect(errors[0]?.message).toBe('facts: there is no fact "seat". Did you mean "seats"?');
  });

  it("a field that can't be answered fails alone, with a code, the path and the nearest word", async () => {
    const { data, errors } = await client.ask(
      `{ accounts(first: 1) { nodes { id } } bad: accounts(first: 1) { nodes { trend(metric: "event_7d") { week } } } }`,
    );
    expect(errors[0]).toMatchObject({
      extensions: { code: "BAD_USER_INPUT" },
      path: ["bad", "nodes", 0, "trend"],
    });
    expect(errors[0]?.message).toContain('Did you mean "events_7d"?');
    expect(data === null || data.accounts?.nodes.length === 1).toBe(true);
  });
});

describe("lists of accounts", () => {
  it.each([1_000_000, 0, -1])("first: %d is refused with what is expected", async (first) => {
    const { errors } = await client.ask(`{ accounts(first: ${first}) { totalCount } }`);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining(`first is ${first}, expected 1 to 1000`),
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  it("a cursor that is broken, or of another order, is refused", async () => {
    const { data } = await client.ask("{ accounts(first: 1) { pageInfo { endCursor } } }");
    const cursor = data.accounts.pageInfo.endCursor;
    const foreign = await client.ask(
      `{ accounts(first: 1, after: "${cursor}", orderBy: { field: MRR, direction: ASC }) { totalCount } }`,
    );
    expect(foreign.errors[0]).toMatchObject({
      message: expect.stringContaining("belongs to another order"),
      extensions: { code: "BAD_USER_INPUT" },
    });
    for (const broken of [
      "xx",
      "",
      cursor.slice(2),
      Buffer.from('["name asc",{},"a"]').toString("base64url"),
      "%00",
    ]) {
      const { errors } = await client.ask(
        `query($after: String) { accounts(first: 1, after: $after) { nodes { id } } }`,
        { after: broken },
      );
      expect(errors[0]?.extensions.code, broken).toBe("BAD_USER_INPUT");
    }
    const byMrr = await client.ask(
      "{ accounts(first: 1, orderBy: { field: MRR, direction: ASC }) { pageInfo { endCursor } } }",
    );
    const genuine = Buffer.from(byMrr.data.accounts.pageInfo.endCursor, "base64url").toString();
    const [order, , id] = JSON.parse(genuine) as unknown[];
    for (const beyond of ["1".repeat(38), `${"1".repeat(30)}.5`]) {
      const after = Buffer.from(JSON.stringify([order, beyond, id])).toString("base64url");
      const { errors } = await client.ask(
        `query($after: String) { accounts(first: 1, after: $after, orderBy: { field: MRR, direction: ASC }) { nodes { id } } }`,
        { after },
      );
      expect(errors[0]?.extensions.code, beyond).toBe("BAD_USER_INPUT");
      expect(errors[0]?.message).toContain("is none of ours");
    }
  });

  it.each(
    ["NAME", "SCORE", "MRR", "CREATED_ON", "RENEWAL"].flatMap((field) => [
      [field, "ASC"],
      [field, "DESC"],
    ]),
  )("pages by %s %s show every account once, those without a value last", async (field, direction) => {
    const seen: { id: string; value: unknown }[] = [];
    let after: string | null = null;
    do {
      const { data, errors } = await client.ask(
        `query($after: String) { accounts(first: 17, after: $after, orderBy: { field: ${field}, direction: ${direction} }) {
          totalCount pageInfo { hasNextPage endCursor } nodes { id name mrr createdOn daysToRenewal health { score } } } }`,
        { after },
      );
      expect(errors).toEqual([]);
      const values = {
        NAME: "name",
        SCORE: "health",
        MRR: "mrr",
        CREATED_ON: "createdOn",
        RENEWAL: "daysToRenewal",
      } as Record<string, string>;
      for (const node of data.accounts.nodes) {
        const value = node[values[field as string] as string];
        seen.push({
          id: node.id,
          value:
            field === "SCORE"
              ? (value?.score ?? null)
              : field === "MRR" && value !== null
                ? Number(value)
                : value,
        });
      }
      after = data.accounts.pageInfo.hasNextPage ? data.accounts.pageInfo.endCursor : null;
      if (!after) expect(seen).toHaveLength(data.accounts.totalCount);
    } while (after);
    expect(new Set(seen.map((s) => s.id)).size).toBe(seen.length);
    const values = seen.map((s) => s.value);
    const known = values.filter((v) => v !== null) as (string | number)[];
    expect(values.slice(0, known.length), "values first").toEqual(known);
    const sorted = [...known].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    expect(known).toEqual(direction === "ASC" ? sorted : sorted.reverse());
  });

  it("filters combine, and an unknown attribute names the nearest", async () => {
    const { data } = await client.ask(
      `{ accounts(first: 1000, filter: { isCustomer: true, band: [POOR, AVERAGE], maxScore: 74.9 }) { totalCount nodes { isCustomer health { band } } } }`,
    );
    expect(data.accounts.totalCount).toBe(data.accounts.nodes.length);
    for (const node of data.accounts.nodes) {
      expect(node.isCustomer).toBe(true);
      expect(["POOR", "AVERAGE"]).toContain(node.health.band);
    }
    const { errors } = await client.ask(
      `{ accounts(filter: { attributes: [{ name: "teir", in: ["gold"] }] }) { totalCount } }`,
    );
    expect(errors[0]?.message).toContain('Did you mean "tier"?');
    const stage = await client.ask(`{ accounts(filter: { stage: ["onbording"] }) { totalCount } }`);
    expect(stage.errors[0]?.message).toContain('Did you mean "onboarding"?');
  });

  it("a trend of n weeks has the last n complete weeks", async () => {
    const { data } = await client.ask(
      `{ accounts(first: 50, orderBy: { field: CREATED_ON, direction: ASC }, filter: { isCustomer: true }) { nodes { trend(metric: "mrr", weeks: 3) { week } } } }`,
    );
    // 2025-12-31 is a Wednesday: the last complete week is that of Monday 22 December.
    expect(data.accounts.nodes[0].trend.map((w: { week: string }) => w.week)).toEqual([
      "2025-12-22",
      "2025-12-15",
      "2025-12-08",
    ]);
  });

  it("text of callers is data, never SQL", async () => {
    const { data, errors } = await client.ask(
      "query($s: String) { accounts(filter: { search: $s }) { totalCount } }",
      { s: "' or 1=1 --" },
    );
    expect(errors).toEqual([]);
    expect(data.accounts.totalCount).toBe(0);
  });
});

describe("what a question costs", () => {
  it("a hundred accounts with everything nested cost as many statements as five: one a level", async () => {
    const cost = async (first: number): Promise<number> => {
      const { errors } = await client.ask(
        `{ accounts(first: ${first}, filter: { isCustomer: true }) { totalCount nodes { ${everything} } } }`,
      );
      expect(errors).toEqual([]);
      return client.statements();
    };
    // The page, its count, contracts, stays, milestones, health now, health then, history, trend, tickets, surveys.
    expect(await cost(5)).toBe(11);
    expect(await cost(100)).toBe(11);
  });

  it("what is not asked for costs nothing", async () => {
    await client.ask("{ accounts(first: 100) { nodes { id name mrr facts { value } stage { name } } } }");
    expect(client.statements()).toBe(1);
  });

  it("the accounts of signals are read for what is more than their ids", async () => {
    const signals = async (of: string): Promise<[statements: number, ids: unknown[]]> => {
      const { data } = await client.ask(`{ accountSignals { nodes { account { ${of} } } } }`);
      const ids = data.accountSignals.nodes.map(({ account }: { account: { id: string } }) => account.id);
      return [client.statements(), ids];
    };
    const [read, ids] = await signals("...on Account { id } __typename");
    expect([read, ids.length > 10]).toEqual([1, true]);
    expect(await signals("id name @include(if: true)")).toEqual([2, ids]);
  });
});

describe("health explains itself", () => {
  it("contributions add up to the score before its cap, and changes to the change", async () => {
    const { data } =
      await client.ask(`{ accounts(first: 200) { nodes { health { score uncappedScore indicators { contribution }
      change(since: "2025-10-15") { scoreBefore scoreAfter change capChange reason indicators { change pointsMoved weightsMoved } } } } } }`);
    let explained = 0;
    for (const { health } of data.accounts.nodes) {
      if (!health) continue;
      const sum = (values: (number | null)[]): number => values.reduce<number>((a, b) => a + (b ?? 0), 0);
      if (health.score !== null)
        expect(sum(health.indicators.map((i: { contribution: number }) => i.contribution))).toBeCloseTo(
          health.uncappedScore,
          9,
        );
      const { change } = health;
      if (change.change === null) {
        expect(change.reason).toContain("no score");
        continue;
      }
      explained++;
      expect(change.change).toBeCloseTo(change.scoreAfter - change.scoreBefore, 9);
      expect(sum(change.indicators.map((i: { change: number }) => i.change)) + change.capChange).toBeCloseTo(
        change.change,
        9,
      );
      for (const i of change.indicators) expect(i.pointsMoved + i.weightsMoved).toBeCloseTo(i.change, 9);
    }
    expect(explained).toBeGreaterThan(20);
  });

  it("a day or an order of days that can't be meant is refused", async () => {
    const wrong = {
      'health { history(from: "2025-12-02", to: "2025-12-01") { day } }': "must be before",
      'health { change(since: "2026-05-01") { change } }': "must be before",
      'trend(metric: "mrr", weeks: 0) { week }': "expected 1 to",
      'health(on: "2025-02-30") { score }': 'Expected a day as "YYYY-MM-DD"',
    };
    for (const [field, message] of Object.entries(wrong)) {
      const { errors } = await client.ask(`{ account(id: "acc_00001") { ${field} } }`);
      expect(errors[0]?.message, field).toContain(message);
    }
  });

  it("a week of history shows its last day", async () => {
    const { data } = await client.ask(
      `{ account(id: "acc_00001") { health(on: "2025-03-31") { history(from: "2025-03-03", to: "2025-03-17", grain: WEEK) { period day } } } }`,
    );
    for (const point of data.account.health?.history ?? [])
      expect(Date.parse(point.day) - Date.parse(point.period)).toBe(6 * 86_400_000);
  });
});

describe("the portfolio, models and sources", () => {
  it("cells add up to the whole, exactly", async () => {
    const { data } = await client.ask("{ portfolio { accounts mrr cells { accounts mrr } } }");
    const cents = (mrr: string | null): number => Math.round(Number(mrr ?? 0) * 100);
    const { accounts, mrr, cells } = data.portfolio;
    expect(cells.reduce((sum: number, c: { accounts: number }) => sum + c.accounts, 0)).toBe(accounts);
    expect(cells.reduce((sum: number, c: { mrr: string }) => sum + cents(c.mrr), 0)).toBe(cents(mrr));
  });

  it("models tell lineage, columns, checks and freshness", async () => {
    const { data } = await client.ask(
      `{ models { name upstream downstream dataThrough rows columns { name description } checks { name failingRows isPassed } lastRun { status } } }`,
    );
    const health = data.models.find((m: { name: string }) => m.name === "account_health");
    expect(health).toMatchObject({ dataThrough: lastDay, lastRun: { status: "succeeded" } });
    expect(health.upstream).toContain("account_indicators");
    expect(health.downstream).toContain("account_latest");
    expect(health.checks).toContainEqual({
      name: "unique account_id, day",
      failingRows: 0,
      isPassed: true,
    });
    const unknown = await client.ask(`{ models(names: ["account_helth"]) { name } }`);
    expect(unknown.errors[0]?.message).toContain('Did you mean "account_health"?');
  });

  it("checks tell what each found, and stand with the models that they hold", async () => {
    const { data } = await client.ask(
      `{
        checks(isPassed: true) { name models severity isDeclared failingRows examples error checkedAt failingSince rows }
        models(names: ["accounts", "account_latest"]) { name checks { name severity } }
      }`,
    );
    expect(data.checks).toContainEqual({
      name: "no customer without seats",
      models: ["account_latest"],
      severity: "WARNING",
      isDeclared: true,
      failingRows: 0,
      examples: [],
      error: null,
      checkedAt: "2026-01-01T06:00:00.000Z",
      failingSince: null,
      rows: [],
    });
    const named = (model: string) =>
      data.models.find((m: { name: string }) => m.name === model).checks.map((c: { name: string }) => c.name);
    expect(named("accounts")).toEqual(expect.arrayContaining(["known segments", "no account goes missing"]));
    expect(named("account_latest")).toContain("no customer without seats");
    expect(named("account_latest")).not.toContain("known segments");
    const far = await client.ask("{ checks { rows(first: 1001) } }");
    expect(far.errors[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
  });

  it("sources show every planted fault", async () => {
    const { data } = await client.ask(
      "{ sources { name isMapped rows usable copies defects { defect rows unusable example } } }",
    );
    const usage = data.sources.find((s: { name: string }) => s.name === "usage_events");
    expect(usage.isMapped).toBe(true);
    expect(usage.copies).toBeGreaterThan(0);
    expect(data.sources.flatMap((source: { defects: unknown[] }) => source.defects).length).toBeGreaterThan(
      0,
    );
  });
});

describe("the contract", () => {
  it("every answer tells its snapshot, errors too", async () => {
    for (const question of ["{ snapshot { id } }", "{ accounts(first: 0) { totalCount } }"]) {
      const { extensions } = await client.ask(question);
      expect(extensions.snapshot).toMatchObject({
        id: 1,
        dataThrough: lastDay,
        publishedAt: "2026-01-01T06:00:00.000Z",
      });
    }
  });

  it("schema/schema.graphql is the API (npm run codegen writes it and the client)", async () => {
    expect(readFileSync("schema/schema.graphql", "utf8")).toBe(schemaText(await createSchema()));
  });

  it("the same question of the same snapshot is not sent to the warehouse again", async () => {
    const question = "{ accounts(first: 7) { nodes { id health { score } } } health { band accounts } }";
    const first = await client.ask(question);
    const sent = vi.spyOn(warehouse, "query");
    expect((await client.ask(question)).data).toEqual(first.data);
    const texts = sent.mock.calls.map(([statement]) => render(statement, "duckdb").text);
    sent.mockRestore();
    expect(texts.filter((text) => !text.includes("waymark_ledger"))).toEqual([]);
  });

  it("composes with another subgraph, whose accounts a gateway asks for here, all at once and in their order", async () => {
    const { data: own } = await client.ask("{ _service { sdl } }");
    const billing = `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
      type Query { invoices(after: String): Invoices! }
      type Invoices { nodes: [Invoice!]! pageInfo: PageInfo! }
      type Invoice { id: ID! account: Account! }
      type Account @key(fields: "id", resolvable: false) { id: ID! }
      type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }`;
    const { supergraphSdl, errors: faults } = composeServices([
      { name: "waymark", url: `${client.server.url}/graphql`, typeDefs: parse(own._service.sdl) },
      { name: "billing", url: "http://billing.invalid/graphql", typeDefs: parse(billing) },
    ]);
    expect(faults).toBeUndefined();
    expect(supergraphSdl).toContain('@join__type(graph: WAYMARK, key: "id")');

    const entities = `query($named: [_Any!]!) {
      _entities(representations: $named) { ... on Account { id health { score } stage { name } } }
    }`;
    const named = (...ids: string[]) => ({ named: ids.map((id) => ({ __typename: "Account", id })) });
    const { data } = await client.ask(entities, named("acc_00009", "nobody", "acc_00001"));
    const ofThree = client.statements();
    expect(data._entities.map((e: { id: string } | null) => e?.id)).toEqual([
      "acc_00009",
      undefined,
      "acc_00001",
    ]);
    const ids = Array.from({ length: 100 }, (_, i) => `acc_${String(i + 1).padStart(5, "0")}`);
    await client.ask(entities, named(...ids));
    expect(client.statements()).toBe(ofThree);

    for (const wrong of [{ __typename: "Invoice", id: "1" }, { __typename: "Account" }]) {
      const { errors } = await client.ask(entities, { named: [...named("acc_00001").named, wrong] });
      expect(errors[0]?.message).toMatch(/_entities: representation 1 is .*expected an account/);
    }
  });

  it("the explorer's first question is answered", async () => {
    const { data, errors } = await client.ask(firstQuery);
    expect(errors).toEqual([]);
    expect(data.accounts.nodes.length).toBeGreaterThan(0);
  });
});

describe("the server", () => {
  it("in production hides the schema and the explorer; in development both are there", async () => {
    const introspect = "{ __schema { queryType { name } } }";
    expect((await client.ask(introspect)).errors).toHaveLength(1);
    expect((await fetch(`${client.server.url}/`)).status).toBe(404);
    const wrong = await client.ask("{ accounts { nod { id } } }");
    expect(wrong.errors[0]?.message).not.toContain("Did you mean");
    const development = await clientOf(warehouse, { isDevelopment: true });
    expect((await development.ask(introspect)).data.__schema.queryType.name).toBe("Query");
    const page = await fetch(`${development.server.url}/?whatever=stands-behind-it`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    const html = await page.text();
    for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g))
      expect((await fetch(`${development.server.url}${path}`)).status, path).toBe(200);
    await development.server.close();
  });

  it("says that it lives, and that it is ready only when something is published", async () => {
    expect((await fetch(`${client.server.url}/readyz`)).status).toBe(200);
    const empty = await openDuckDb({ file: ":memory:" });
    const fresh = await clientOf(empty);
    expect((await fetch(`${fresh.server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${fresh.server.url}/readyz`)).status).toBe(503);
    expect((await fresh.ask("{ __typename }")).errors).toEqual([]);
    const { errors } = await fresh.ask("{ snapshot { id } }");
    expect(errors[0]).toMatchObject({
      extensions: { code: "NOT_BUILT" },
      message: expect.stringContaining("waymark build"),
    });
    await fresh.server.close();
    await empty.close();
  });

  it("another method than a path answers is told which it does", async () => {
    for (const [method, path, allow] of [
      ["PUT", "/graphql", "GET, POST"],
      ["DELETE", "/graphql", "GET, POST"],
      ["GET", "/graphql/stream?query={a}", "POST"],
      ["POST", "/healthz", "GET"],
    ] as const) {
      const response = await fetch(`${client.server.url}${path}`, { method });
      expect([response.status, response.headers.get("allow")], `${method} ${path}`).toEqual([405, allow]);
      const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
      expect(errors[0]?.extensions.code).toBe("BAD_REQUEST");
    }
    expect((await fetch(`${client.server.url}/nowhere`, { method: "PUT" })).status).toBe(404);
  });

  it("answers though variables nest deeper than can be written, or says what is wrong with them", async () => {
    const ask = async (query: string) => {
      const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
      const answer = await fetch(`${client.server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"query":${JSON.stringify(query)},"variables":{"where":${deep}}}`,
      });
      return [answer.status, await answer.json()];
    };
    expect(await ask("{ portfolio { accounts } }")).toMatchObject([200, { data: { portfolio: {} } }]);
    expect(await ask("query($where: HealthWhere) { health(where: $where) { accounts } }")).toMatchObject([
      400,
      { errors: [{ extensions: { code: "BAD_USER_INPUT" } }] },
    ]);
  });

  it("a port in use is said in one line", async () => {
    const port = Number(new URL(client.server.url).port);
    await expect(clientOf(warehouse, { port })).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: `Port ${port} is in use; choose another with --port.`,
    });
  });

  it("a request that takes too long is cancelled in the warehouse, and the next one is answered", async () => {
    const hasty = await clientOf(warehouse, { timeoutMs: 1 });
    const { errors } = await hasty.ask(`{ accounts(first: 1000) { nodes { ${everything} } } }`);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining("It took longer than a request may"),
      extensions: { code: "CANCELLED" },
    });
    await hasty.server.close();
    expect((await client.ask("{ portfolio { accounts } }")).errors).toEqual([]);
  });

  it("a request that doesn't come whole is let go, and others are answered", async () => {
    const { server, ask } = await clientOf(warehouse, { arrivalMs: 100 });
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"query":',
    );
    const told: Buffer[] = [];
    for await (const bytes of socket) told.push(bytes);
    expect(Buffer.concat(told).toString()).toMatch(/^HTTP\/1\.1 408 /);
    expect((await ask("{ portfolio { accounts } }")).errors).toEqual([]);
    await server.close();
  });

  it("errors of the warehouse keep their SQL to the log", async () => {
    const { server, ask } = await clientOf(failing(warehouse), { log: openLog("silent") });
    const { errors } = await ask("{ portfolio { accounts } }");
    expect(errors[0]).toMatchObject({
      message: "The warehouse could not answer; the server's log says why.",
      extensions: { code: "WAREHOUSE_FAILED" },
    });
    await server.close();
  });
});

/** The same warehouse, unable to read what is published. */
const failing = (target: Warehouse): Warehouse =>
  new Proxy(target, {
    get: (object, key) => {
      if (key === "query")
        return (statement: Sql, columns: Columns, options: RunOptions = {}) =>
          object.query(options.locate ? sql`${statement} no such words` : statement, columns, options);
      const member = Reflect.get(object, key) as unknown;
      return typeof member === "function" ? member.bind(object) : member;
    },
  });
