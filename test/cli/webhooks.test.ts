import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook as Verifier } from "standardwebhooks";
import { expect, it, onTestFinished } from "vitest";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { readDeliveries, secret } from "../notifications/outbox.js";
import { receiver, typesIn } from "../notifications/receiver.js";
import { ended, type Outcome, start, waymarkIn } from "./command.js";

/** A project of one account, whose webhooks are written as in waymark.yml. */
function project(webhooks: string): string {
  const folder = mkdtempSync(join(tmpdir(), "waymark-webhooks-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "accounts.csv"), "id,since\na,2024-01-01\n");
  writeFileSync(join(folder, "tickets.csv"), "id,org,at\nt,a,2024-01-02T00:00:00Z\n");
  writeFileSync(
    join(folder, "waymark.yml"),
    `company: Small
warehouse: { file: company.duckdb }
sources:
  accounts: { files: { path: accounts.csv, format: csv }, columns: { account_id: id, created_on: since } }
  tickets: { files: { path: tickets.csv, format: csv }, columns: { ticket_id: id, account_id: org, opened_at: at } }
server: { port: 0 }
webhooks:
${webhooks}
`,
  );
  return folder;
}

const waymark = (folder: string, ...words: string[]): Promise<Outcome> =>
  waymarkIn({ SECRET: secret }, "--project", folder, ...words);

it("a missing secret is told by check, build and serve before anything is done", async () => {
  const folder = project('  - { name: ours, url: "http://127.0.0.1:9", secret_env: NOWHERE_SET }');
  for (const command of ["check", "build", "serve"]) {
    const { code, stderr } = await waymark(folder, command);
    expect({ command, code }).toEqual({ command, code: 2 });
    expect(stderr).toContain("waymark.yml: webhooks: ours: NOWHERE_SET is not set in the environment");
    expect(stderr).not.toContain("Published");
  }
}, 120_000);

it("a failed build reaches its webhook signed, and so does the next that succeeds; webhooks tells of both", async () => {
  const ours = await receiver();
  const folder = project(`  - { name: ours, url: "${ours.url}", secret_env: SECRET }`);
  rmSync(join(folder, "tickets.csv"));
  expect(await waymark(folder, "build")).toMatchObject({ code: 2 });
  expect(typesIn(ours)).toEqual(["run_failed"]);
  writeFileSync(join(folder, "tickets.csv"), "id,org,at\nt,a,2024-01-02T00:00:00Z\n");
  expect(await waymark(folder, "build")).toMatchObject({ code: 0 });
  expect(typesIn(ours)).toEqual(["run_failed", "run_recovered"]);
  for (const { body, headers } of ours.received)
    expect(new Verifier(secret).verify(body, headers)).toMatchObject({ company: "Small" });
  const { stdout } = await waymark(folder, "webhooks", "--json");
  expect(JSON.parse(stdout)).toMatchObject([
    { name: "ours", origin: new URL(ours.url).origin, delivered: 2, pending: 0, dead: 0, lastError: null },
  ]);
}, 120_000);

it("feeds that are late are told of by a build, and by `deliver` where none runs, each once", async () => {
  const ours = await receiver();
  const folder = project(
    `  - { name: ours, url: "${ours.url}", secret_env: SECRET, events: [freshness_breached] }`,
  );
  const settings = readFileSync(join(folder, "waymark.yml"), "utf8");
  const expectTold = async (words: string[], limits: string, feeds: string[]): Promise<void> => {
    writeFileSync(join(folder, "waymark.yml"), `${settings}freshness: { models: { ${limits} } }\n`);
    ours.received.length = 0;
    expect(await waymark(folder, ...words)).toMatchObject({ code: 0 });
    expect(ours.received.map(({ body }) => JSON.parse(body).data.feed)).toEqual(feeds);
  };
  await expectTold(["build"], "stg_tickets: 30", ["tickets"]);
  await expectTold(["webhooks", "deliver"], "stg_tickets: 30, timeline: 30", ["timeline"]);
}, 240_000);

it("dead letters are shown, and sent again by id, by a running server too", async () => {
  let status = 410;
  const ours = await receiver((response) => response.writeHead(status).end("no longer"));
  const folder = project(`  - { name: ours, url: "${ours.url}", secret_env: SECRET }`);
  rmSync(join(folder, "tickets.csv"));
  const failed = await waymark(folder, "build");
  expect(failed.stderr).toContain("ours: 0 delivered, 1 given up: ");
  const dead = JSON.parse((await waymark(folder, "webhooks", "--dead", "--json")).stdout);
  expect(dead).toMatchObject([
    { webhook: "ours", attempts: 1, lastStatus: 410, message: { type: "run_failed" } },
  ]);
  const unsigned = await waymarkIn({ SECRET: "" }, "--project", folder, "webhooks");
  expect(unsigned.code, "to look needs no secret").toBe(0);
  const wrong = await waymark(folder, "webhooks", "resend", "msg_none");
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("msg_none: no message that was") });
  expect(await waymark(folder, "webhooks", "resend")).toMatchObject({ code: 2 });
  expect(await waymark(folder, "webhooks", "resend", dead[0].id)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("ours: 0 delivered, 1 given up"),
  });

  status = 200;
  writeFileSync(join(folder, "tickets.csv"), "id,org,at\nt,a,2024-01-02T00:00:00Z\n");
  const server = start(["--project", folder, "serve", "--port", "0", "--json"], { SECRET: secret });
  let said = "";
  server.stdout?.on("data", (text) => (said += text));
  await expect.poll(() => said, { timeout: 60_000 }).toContain("nextBuild");
  const { url } = JSON.parse(said);
  const resent = await waymark(
    folder,
    "webhooks",
    "resend",
    "--all-dead",
    "--url",
    `${url}/graphql`,
    "--json",
  );
  expect(JSON.parse(resent.stdout)).toEqual({ resent: 1 });
  await expect.poll(() => ours.received.length, { timeout: 20_000 }).toBe(4);
  const table = await waymark(folder, "webhooks", "--url", `${url}/graphql`);
  expect(table.stdout).toMatch(/ours.+http:\/\/127\.0\.0\.1:\d+.+2/);
  expect(
    JSON.parse((await waymark(folder, "webhooks", "--dead", "--url", `${url}/graphql`, "--json")).stdout),
  ).toEqual([]);
  const end = ended(server);
  server.kill("SIGINT");
  expect(await end).toMatchObject({ code: 0 });
  const warehouse = await openDuckDb({ file: join(folder, "company.duckdb"), threads: 1 });
  expect((await readDeliveries(warehouse)).map((d) => d.status)).toEqual(["delivered", "delivered"]);
  await warehouse.close();
  const ids = ours.received.map(({ headers }) => headers["webhook-id"]);
  expect(new Set(ids).size, "the failure, three times, and the recovery").toBe(2);
}, 240_000);

it("test sends one message that is kept nowhere, and says what the receiver answered", async () => {
  const [ours, theirs] = [await receiver(), await receiver(503)];
  const folder = project(
    `  - { name: ours, url: "${ours.url}", format: slack }\n  - { name: theirs, url: "${theirs.url}", secret_env: SECRET }`,
  );
  const sent = await waymark(folder, "webhooks", "test", "ours", "--json");
  expect(JSON.parse(sent.stdout)).toMatchObject({ webhook: "ours", status: 204 });
  expect(JSON.parse(ours.received[0]?.body ?? "")).toEqual({
    text: "Small: a test of the webhook ours. Nothing has happened.",
  });
  expect(await waymark(folder, "webhooks", "test", "theirs")).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("answered 503"),
  });
  expect(await waymark(folder, "webhooks", "test", "our")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean "ours"?'),
  });
}, 120_000);
