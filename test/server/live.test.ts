import "reflect-metadata";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Client, createClient } from "graphql-sse";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { accessSchema } from "../../config/access.js";
import { build } from "../../jobs/build.js";
import { createKey, revokeKey } from "../../server/keys.js";
import type { Server } from "../../server/server.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { bind, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { clientOf } from "../api/company.js";
import { journeyOf, journeyText, loadRaw, now, smallSettings } from "../jobs/small.js";

const folder = mkdtempSync(join(tmpdir(), "waymark-live-"));
const journey = journeyOf(`${journeyText()}
signals:
  - { id: quiet, name: Quiet, kind: negative, severity: high, when: { fact: events_1d, at_most: 0 }, for_days: 1, clear_days: 1 }
plays:
  - { id: ring, name: Ring them, on: { signal: quiet }, cooldown_days: 2, tasks: [{ id: call, name: Call, due_in_days: 3 }] }
`);
const roles = {
  reader: { accounts: "all" },
  writer: { accounts: "all", may: ["write"] },
  narrow: { accounts: { segment: ["a"] } },
  grouped: { accounts: "all", minimum_group: 5 },
};
const settings = smallSettings(folder);
const { columns } = settings.sources.accounts as NonNullable<typeof settings.sources.accounts>;
Object.assign(columns, { segment: columns.account_id }); // each account is a segment

let warehouse: Warehouse;
let server: Server;
const keys: Record<string, { id: string; secret: string }> = {};

/** Publish another day, on which one account alone is heard of. */
async function publishDay(day: string, heard: string): Promise<void> {
  const values = [
    bind("string", day),
    bind("string", heard),
    bind("timestamp", new Date(`${day}T12:00:00Z`)),
  ];
  await warehouse.run(sql`insert into raw.events (id, org, done) values (${values})`);
  await build(warehouse, { settings, journey }, { trigger: "test", now });
}

beforeAll(async () => {
  warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  await loadRaw(warehouse);
  await build(warehouse, { settings, journey }, { trigger: "test", now });
  const access = { settings: accessSchema.parse({ roles }), folder };
  ({ server } = await clientOf(warehouse, { access }));
  for (const role of Object.keys(roles)) {
    const { key, secret } = createKey(
      join(folder, "keys"),
      { name: role, role, scope: null, days: 1000 },
      new Date("2026-01-01T00:00:00Z"),
    );
    keys[role] = { id: key.id, secret };
  }
});
afterAll(async () => {
  await server?.close();
  await warehouse?.close();
  rmSync(folder, { recursive: true });
});

const headersOf = (role: string) => ({ authorization: `Bearer ${keys[role]?.secret}` });

// biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of whatever is asked
type Any = any;

/** What a role is told from now on, one after the other. */
async function listen(
  role: string,
  query: string,
): Promise<{ next: () => Promise<Any>; stop: () => void; connected: Promise<void> }> {
  let connect: () => void = () => {};
  const connected = new Promise<void>((resolve) => {
    connect = resolve;
  });
  const client: Client = createClient({
    url: `${server.url}/graphql/stream`,
    headers: headersOf(role),
    retryAttempts: 0,
    on: { connected: connect },
  });
  onTestFinished(() => client.dispose());
  const told = client.iterate({ query });
  return {
    next: async () => {
      const { value, done } = await told.next();
      return done ? "over" : value;
    },
    stop: () => void told.return?.(),
    connected,
  };
}

/** That of a stream which has been heard: it says so at once, before anything happens. */
const heard = () => new Promise((resolve) => setTimeout(resolve, 300));

const post = (body: unknown, role = "reader"): Promise<Response> =>
  fetch(`${server.url}/graphql/stream`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headersOf(role) },
    body: JSON.stringify(body),
  });

const opened =
  'subscription { signalOpened(filter: { accounts: { ids: ["a", "b"] } }) { openedOn signal { id } account { id } reason } }';
const changed = "subscription { taskChanged { id status actedBy account { id } } }";

it("the sample of docs/live.md says at once why it is refused", async () => {
  const [, sample = ""] = /^```ts\n(.+?)^```/ms.exec(readFileSync("docs/live.md", "utf8")) ?? [];
  const run = promisify(execFile);
  const said = async (key: string | undefined, text: string): Promise<string> => {
    const { outputText } = transpileModule(text.replace("http://localhost:4000", server.url), {
      compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 },
    });
    const env = { ...process.env, WAYMARK_KEY: key };
    return (await run(process.execPath, ["--input-type=module", "-e", outputText], { env })).stderr;
  };
  expect(await said("wmk_wrong", sample)).toContain("This API key is none of this server's");
  const misspelt = sample.replace("dataThrough", "dataThru");
  expect(await said(keys.reader?.secret, misspelt)).toContain('Cannot query field \\"dataThru\\"');
});

describe("a stream", () => {
  it("tells of new snapshots, opened signals and changed tasks what its caller may see", async () => {
    const [snapshots, all, narrow, tasks] = await Promise.all([
      listen("reader", "subscription { snapshotPublished { id dataThrough } }"),
      listen("reader", opened),
      listen("narrow", opened),
      listen("narrow", changed),
    ]);
    expect((await snapshots.next()).data).toEqual({
      snapshotPublished: { id: 1, dataThrough: "2024-03-10" },
    });
    const [first, second, ownFirst, task] = [all.next(), all.next(), narrow.next(), tasks.next()];
    await heard();

    await publishDay("2024-03-11", "a");
    expect((await snapshots.next()).data.snapshotPublished).toEqual({ id: 2, dataThrough: "2024-03-11" });
    expect(await first).toEqual({
      data: {
        signalOpened: {
          openedOn: "2024-03-11",
          signal: { id: "quiet" },
          account: { id: "b" },
          reason: expect.stringContaining("0"),
        },
      },
      extensions: { snapshot: expect.objectContaining({ id: 2, dataThrough: "2024-03-11" }) },
    });

    await publishDay("2024-03-12", "b");
    expect((await second).data.signalOpened).toMatchObject({ openedOn: "2024-03-12", account: { id: "a" } });
    expect((await ownFirst).data.signalOpened.account).toEqual({ id: "a" });
    const { taskChanged } = (await task).data;
    expect(taskChanged).toMatchObject({ status: "OPEN", actedBy: null, account: { id: "a" } });

    const next = tasks.next();
    await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headersOf("writer") },
      body: JSON.stringify({ query: `mutation { completeTask(id: "${taskChanged.id}") { status } }` }),
    });
    expect((await next).data.taskChanged).toEqual({ ...taskChanged, status: "DONE", actedBy: "writer" });
  });

  it("ends when its key is revoked, and tells nothing more", async () => {
    const { key, secret } = createKey(
      join(folder, "keys"),
      { name: "passing", role: "writer", scope: null, days: 1000 },
      new Date("2026-01-01T00:00:00Z"),
    );
    keys.passing = { id: key.id, secret };
    const tasks = await listen("passing", changed);
    const told = tasks.next();
    await tasks.connected;
    revokeKey(join(folder, "keys"), key.id, new Date("2026-01-01T00:00:00Z"));
    const [task] = await warehouse.query(
      sql`select task_id from waymark.account_tasks where account_id = 'b' order by set_on desc limit 1`,
      { task_id: { type: "string" } },
    );
    await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headersOf("writer") },
      body: JSON.stringify({
        query: `mutation { dismissTask(id: "${task?.task_id}", reason: "it is over") { status } }`,
      }),
    });
    expect(await told).toMatchObject({
      errors: [{ message: expect.stringContaining("was revoked"), extensions: { code: "UNAUTHENTICATED" } }],
    });
    expect(await tasks.next()).toBe("over");
  });

  it("ends within seconds when its key is revoked, though nothing happens", async () => {
    const { key, secret } = createKey(
      join(folder, "keys"),
      { name: "idle", role: "reader", scope: null, days: 1000 },
      new Date("2026-01-01T00:00:00Z"),
    );
    keys.idle = { id: key.id, secret };
    const tasks = await listen("idle", changed);
    const told = tasks.next();
    await tasks.connected;
    revokeKey(join(folder, "keys"), key.id, new Date("2026-01-01T00:00:00Z"));
    expect(await told).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    expect(await tasks.next()).toBe("over");
  }, 30_000);

  it("is refused whom a question would be, with the reason", async () => {
    const grouped = await listen("grouped", opened);
    expect((await grouped.next()).errors[0]).toMatchObject({
      message: expect.stringContaining("signalOpened: your role sees groups of at least 5 accounts"),
      extensions: { code: "FORBIDDEN" },
    });
    const refused = async (body: unknown): Promise<[number, string, string]> => {
      const response = await post(body);
      const { errors } = (await response.json()) as Any;
      return [response.status, errors[0].extensions.code, errors[0].message];
    };
    expect(await refused({ query: "{ snapshot { id } }" })).toEqual([
      400,
      "BAD_REQUEST",
      "Expected one subscription; queries and mutations are answered at /graphql.",
    ]);
    for (const given of ["false", "$on"])
      expect(
        await refused({
          query: `subscription${given === "$on" ? "($on: Boolean!)" : ""} { ...s } fragment s on Subscription { snapshotPublished @include(if: ${given}) { id } }`,
          variables: { on: true },
        }),
      ).toEqual([
        400,
        "GRAPHQL_VALIDATION_FAILED",
        "The field that is subscribed to can't be left out. Ask without @skip and @include around it.",
      ]);
    const codeOf = async (body: unknown) => (await refused(body)).slice(0, 2);
    expect(await codeOf({ query: "subscription {" })).toEqual([400, "GRAPHQL_PARSE_FAILED"]);
    expect(await refused({ query: "subscription { snapshotPublishd { id } }" })).toEqual([
      400,
      "GRAPHQL_VALIDATION_FAILED",
      'Cannot query field "snapshotPublishd" on type "Subscription".',
    ]);
    const wide = `subscription { snapshotPublished { ${Array.from({ length: 61 }, (_, i) => `a${i}: id`).join(" ")} } }`;
    expect(await codeOf({ query: wide })).toEqual([400, "QUERY_TOO_LARGE"]);
    const spreads = Array.from(
      { length: 40 },
      (_, i) => `fragment f${i} on SnapshotInfo { ...f${i + 1} ...f${i + 1} }`,
    );
    const endless = `subscription { snapshotPublished { ...f0 } } ${spreads.join(" ")} fragment f40 on SnapshotInfo { id }`;
    expect(await codeOf({ query: endless })).toEqual([400, "QUERY_TOO_LARGE"]);
    expect(await codeOf([])).toEqual([400, "BAD_REQUEST"]);
    const stranger = await fetch(`${server.url}/graphql/stream`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(stranger.status).toBe(401);
  });

  it("is one of ten of its caller, is heard at once, and ends with the server", async () => {
    const query = "subscription { snapshotPublished { id } }";
    const streams = await Promise.all(Array.from({ length: 10 }, () => post({ query }, "narrow")));
    expect(streams.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const eleventh = await post({ query }, "narrow");
    expect([eleventh.status, ((await eleventh.json()) as Any).errors[0].extensions.code]).toEqual([
      429,
      "TOO_MANY_REQUESTS",
    ]);
    const reader = streams[0]?.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^:\n\n/);
    for (const { body } of streams.slice(1)) await body?.cancel();
    await heard();
    expect((await post({ query }, "narrow")).status).toBe(200);
    await server.close();
    await expect(
      (async () => {
        for (;;) if ((await reader?.read())?.done) return "over";
      })().catch(() => "over"),
    ).resolves.toBe("over");
  });
});
