import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook as Verifier } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { backoffMs, deliver, mostAttempts, startDelivery } from "../../notifications/deliver.js";
import { nextDueAt, readDeadLetters, readWebhookStatus, record, revive } from "../../notifications/outbox.js";
import { type Webhook, webhooksOf } from "../../notifications/webhook.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { start } from "../cli/command.js";
import { clockAt, factOf, readDeliveries, secret, warehouseInFile, webhookTo } from "./outbox.js";
import { type Received, receiver } from "./receiver.js";

/** Some facts recorded for webhooks, and a clock. */
async function recorded(webhooks: readonly Webhook[], facts: readonly (readonly [string, number])[]) {
  const { warehouse, folder, file } = await warehouseInFile();
  const clock = clockAt("2024-05-01T06:00:00Z");
  await record(
    warehouse,
    webhooks,
    facts.map(([account, nth]) => factOf(account, nth)),
    { now: clock.now() },
  );
  const send = (options = {}) => deliver(warehouse, webhooks, { now: clock.now, ...options });
  return { warehouse, folder, file, clock, send };
}

const nths = (received: readonly Received[]): string[] =>
  received.map(({ body }) => {
    const { account, nth } = JSON.parse(body).data;
    return `${account.id}${nth}`;
  });

/** How long until the next attempt at the only message, in seconds. */
async function waitOf(warehouse: Warehouse, now: Date): Promise<number> {
  const [delivery] = await readDeliveries(warehouse);
  return ((delivery?.next_attempt_at.getTime() ?? 0) - now.getTime()) / 1000;
}

describe("a delivery", () => {
  it("is signed so that the Standard Webhooks library verifies it, and no other body or key", async () => {
    const ours = await receiver();
    const { warehouse, send } = await recorded([webhookTo(ours.url)], [["Zürich & Söhne", 1]]);
    // The library holds the timestamp against the real clock.
    expect(await send({ now: () => new Date() })).toMatchObject([{ delivered: 1, failed: 0 }]);
    const { headers, body } = ours.received[0] as Received;
    const message = new Verifier(secret).verify(body, headers) as { id: string; summary: string };
    expect(message).toMatchObject({ type: "signal_opened", summary: "Zürich & Söhne: quiet (1)" });
    expect(headers["webhook-id"]).toBe(message.id);
    expect(headers["content-type"]).toBe("application/json");
    expect(() => new Verifier(secret).verify(`${body} `, headers)).toThrow("No matching signature");
    const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    expect(() => new Verifier(other).verify(body, headers)).toThrow("No matching signature");
    expect(await readDeliveries(warehouse)).toMatchObject([{ status: "delivered", attempts: 1 }]);
  });

  it.skipIf(spawnSync("python3", ["--version"]).status !== 0)(
    "is verified by the Python that docs/webhooks.md shows, and no other body is",
    async () => {
      const ours = await receiver();
      const { send } = await recorded([webhookTo(ours.url)], [["Zürich", 1]]);
      await send({ now: () => new Date() });
      const [, shown] = /```python\n([\s\S]+?)```/.exec(readFileSync("docs/webhooks.md", "utf8")) ?? [];
      const script = `${shown}
import json, sys
got = json.load(sys.stdin)
print([verify(got["secret"], got["headers"], body.encode()) for body in (got["body"], got["body"] + " ")])`;
      const input = JSON.stringify({ ...ours.received[0], secret });
      const { stdout } = spawnSync("python3", ["-c", script], { input, encoding: "utf8" });
      expect(stdout.trim()).toBe("[True, False]");
    },
  );

  it("is signed with the old and the new secret while both are set", async () => {
    const ours = await receiver();
    const next = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
    const [webhook] = webhooksOf(
      {
        webhooks: [
          { name: "ours", url: ours.url, format: "standard", secret_env: "S", events: ["signal_opened"] },
        ],
      },
      { S: `${next} ${secret}` },
    );
    const { send } = await recorded([webhook as Webhook], [["a", 1]]);
    await send({ now: () => new Date() });
    for (const key of [next, secret])
      expect(
        new Verifier(key).verify(ours.received[0]?.body ?? "", ours.received[0]?.headers ?? {}),
      ).toMatchObject({ type: "signal_opened" });
  });

  it("that meets a 500 is tried again after 30 s, with the same id and body, and no earlier", async () => {
    const ours = await receiver((response, _, nth) => response.writeHead(nth === 1 ? 500 : 200).end("busy"));
    const { warehouse, clock, send } = await recorded([webhookTo(ours.url)], [["a", 1]]);
    expect(await send()).toMatchObject([
      { delivered: 0, failed: 1, error: expect.stringContaining("answered 500: busy") },
    ]);
    clock.pass(29);
    expect(await send()).toMatchObject([{ delivered: 0, failed: 0 }]);
    clock.pass(1);
    expect(await send()).toMatchObject([{ delivered: 1 }]);
    const [first, second] = ours.received;
    expect(ours.received).toHaveLength(2);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["webhook-timestamp"]).not.toBe(first?.headers["webhook-timestamp"]);
    expect(await readDeliveries(warehouse)).toMatchObject([
      { status: "delivered", attempts: 2, last_status: 200, last_error: null },
    ]);
  });

  it("waits three times as long after each failure, at most 6 h, and is a dead letter after the last", async () => {
    expect([1, 2, 3, 6, 7, 11].map((n) => backoffMs(n) / 1000)).toEqual([30, 90, 270, 7290, 21600, 21600]);
    const ours = await receiver(503);
    const { warehouse, clock, send } = await recorded([webhookTo(ours.url)], [["a", 1]]);
    for (let attempt = 1; attempt < mostAttempts; attempt++) {
      await send();
      const wait = await waitOf(warehouse, clock.now());
      expect(wait).toBe(backoffMs(attempt) / 1000);
      clock.pass(wait);
    }
    expect(await send()).toMatchObject([{ delivered: 0, failed: 0, dead: 1 }]);
    clock.pass(7 * 86_400);
    await send();
    expect(ours.received).toHaveLength(mostAttempts);
    expect(await readWebhookStatus(warehouse)).toMatchObject([
      { webhook: "ours", delivered: 0, pending: 0, dead: 1, last_error: expect.stringContaining("503") },
    ]);
  });

  it("that is dead is sent again when it is asked for, under its own id", async () => {
    let status = 410;
    const ours = await receiver((response) => response.writeHead(status).end());
    const { warehouse, send } = await recorded([webhookTo(ours.url)], [["a", 1]]);
    expect(await send(), "410 is the end at once").toMatchObject([{ dead: 1 }]);
    status = 200;
    const dead = await readDeadLetters(warehouse);
    expect(dead).toMatchObject([{ webhook: "ours", last_status: 410, message: { summary: "a: quiet (1)" } }]);
    await revive(warehouse, dead, new Date("2024-05-01T06:00:00Z"));
    expect(await send()).toMatchObject([{ delivered: 1 }]);
    expect(new Set(ours.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(await readDeadLetters(warehouse)).toEqual([]);
  });

  it("waits as long as Retry-After asks, in seconds or as a time, with all other messages to that receiver", async () => {
    let asked = "3600";
    const ours = await receiver((response) => response.writeHead(429, { "retry-after": asked }).end());
    const { warehouse, clock, send } = await recorded(
      [webhookTo(ours.url)],
      [
        ["a", 1],
        ["b", 1],
      ],
    );
    await send();
    expect((await readDeliveries(warehouse)).map((d) => d.next_attempt_at.toISOString())).toEqual([
      "2024-05-01T07:00:00.000Z",
      "2024-05-01T07:00:00.000Z",
    ]);
    clock.pass(3600);
    asked = "Wed, 01 May 2024 09:00:00 GMT";
    await send();
    expect((await readDeliveries(warehouse)).map((d) => d.next_attempt_at.toISOString())).toEqual([
      "2024-05-01T09:00:00.000Z",
      "2024-05-01T09:00:00.000Z",
    ]);
    expect(ours.received).toHaveLength(2);
  });

  it("is not put off for longer than any wait by a clock that ran ahead", async () => {
    const ours = await receiver();
    const { warehouse, clock, send } = await recorded([webhookTo(ours.url)], [["a", 1]]);
    clock.pass(-25 * 3600);
    await record(warehouse, [webhookTo(ours.url)], [factOf("a", 2)], { now: clock.now() });
    expect(await nextDueAt(warehouse, "ours", clock.now())).toEqual(clock.now());
    await send();
    expect(nths(ours.received)).toEqual(["a1", "a2"]);
  });

  it("does not follow a redirect, and says what to do", async () => {
    const elsewhere = await receiver();
    const ours = await receiver((response) => response.writeHead(307, { location: elsewhere.url }).end());
    const { send } = await recorded([webhookTo(ours.url)], [["a", 1]]);
    const [round] = await send();
    expect(round).toMatchObject({ failed: 1 });
    expect(round?.error).toContain("Redirects are not followed: give the final address");
    expect(elsewhere.received).toEqual([]);
  });

  it("to a receiver that is gone fails with the reason and without the address's path", async () => {
    const ours = await receiver();
    await ours.close();
    const { send } = await recorded([webhookTo(ours.url)], [["a", 1]]);
    const [round] = await send();
    expect(round?.error).toMatch(/^http:\/\/127\.0\.0\.1:\d+ could not be reached: connect ECONNREFUSED/);
    expect(round?.error).not.toContain("/hook");
  });
});

describe("the order of messages", () => {
  it("is kept within an account while the receiver is in trouble, and other accounts go on", async () => {
    const ours = await receiver((response, _, nth) => response.writeHead(nth === 1 ? 500 : 200).end());
    const { clock, send } = await recorded(
      [webhookTo(ours.url)],
      [
        ["a", 1],
        ["a", 2],
        ["b", 1],
        ["a", 3],
      ],
    );
    expect(await send(), "trouble ends the round").toMatchObject([{ delivered: 0, failed: 1 }]);
    clock.pass(5);
    await send();
    expect(nths(ours.received)).toEqual(["a1", "b1"]);
    clock.pass(25);
    await send();
    expect(nths(ours.received)).toEqual(["a1", "b1", "a1", "a2", "a3"]);
  });

  it("lets others pass a message that the receiver refuses, which is tried again and counted", async () => {
    const ours = await receiver((response, { body }) =>
      response.writeHead(body.includes('"nth":1') ? 400 : 200).end("invalid_payload"),
    );
    const { warehouse, clock, send } = await recorded(
      [webhookTo(ours.url)],
      [
        ["a", 1],
        ["a", 2],
      ],
    );
    expect(await send()).toMatchObject([{ delivered: 1, failed: 1 }]);
    clock.pass(30);
    expect(await send()).toMatchObject([{ delivered: 0, failed: 1 }]);
    expect(nths(ours.received)).toEqual(["a1", "a2", "a1"]);
    expect((await readDeliveries(warehouse))[0]).toMatchObject({ status: "pending", attempts: 2 });
  });
});

describe("several webhooks", () => {
  it("do not wait for each other: one that hangs is given up on after its time, the other is served", async () => {
    const hanging = await receiver(() => {});
    const quick = await receiver();
    const webhooks = [
      webhookTo(hanging.url, { name: "hanging" }),
      webhookTo(quick.url, { name: "quick", events: ["signal_opened"] }),
      webhookTo(quick.url, { name: "deaf", events: ["run_failed"] }),
    ];
    const { warehouse, clock, send } = await recorded(
      webhooks,
      Array.from({ length: 120 }, (_, i) => ["a", i] as const),
    );
    const rounds = send({ timeoutMs: 1000 });
    await expect.poll(() => quick.received.length, { timeout: 20_000 }).toBe(120);
    const [slow, fast, deaf] = await rounds;
    expect(slow).toMatchObject({ delivered: 0, failed: 1, error: expect.stringContaining("within 1 s") });
    expect(hanging.received, "its round ends with the first").toHaveLength(1);
    expect(fast).toMatchObject({ delivered: 120 });
    expect(deaf).toMatchObject({ delivered: 0, failed: 0 });
    expect(await readWebhookStatus(warehouse)).toMatchObject([
      { webhook: "hanging", pending: 120 },
      { webhook: "quick", delivered: 120, last_delivered_at: clock.now() },
    ]);
  });

  it("are sent to while serving, as soon as there is news, until stopped", async () => {
    const ours = await receiver();
    const webhooks = [webhookTo(ours.url)];
    const { warehouse } = await recorded(webhooks, [["a", 1]]);
    const problems: unknown[] = [];
    const loop = startDelivery(warehouse, webhooks, {
      now: () => new Date(),
      onProblem: (e) => problems.push(e),
      leastPauseMs: 50,
    });
    await expect.poll(() => ours.received.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await record(warehouse, webhooks, [factOf("a", 2)], { now: new Date() });
    loop.nudge();
    await expect.poll(() => ours.received.length).toBe(2);
    await loop.stop();
    await record(warehouse, webhooks, [factOf("a", 3)], { now: new Date() });
    loop.nudge();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(nths(ours.received)).toEqual(["a1", "a2"]);
    expect(problems).toEqual([]);
  });

  it("stop at once though a receiver hangs, and the message is as if never tried", async () => {
    const hanging = await receiver(() => {});
    const webhooks = [webhookTo(hanging.url)];
    const { warehouse } = await recorded(webhooks, [["a", 1]]);
    const loop = startDelivery(warehouse, webhooks, { now: () => new Date(), onProblem: () => {} });
    await expect.poll(() => hanging.received.length).toBe(1);
    const begun = performance.now();
    await loop.stop();
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(await readDeliveries(warehouse)).toMatchObject([{ status: "pending", attempts: 0 }]);
  });
});

describe("a crash", () => {
  it("between a delivery and its recording sends the message again under the same id", async () => {
    let kill = (): void => {};
    const ours = await receiver((response, _, nth) => {
      if (nth === 1) kill();
      else response.writeHead(200).end();
    });
    const { warehouse, folder, file } = await recorded([webhookTo(ours.url)], [["a", 1]]);
    await warehouse.close();
    writeFileSync(
      join(folder, "waymark.yml"),
      `company: Small
warehouse: { file: company.duckdb }
sources:
  accounts: { table: raw.accounts, columns: { account_id: id } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: org, opened_at: at } }
webhooks: [{ name: ours, url: "${ours.url}", secret_env: SECRET }]
`,
    );
    const child = start(["--project", folder, "webhooks", "deliver"], { SECRET: secret });
    kill = () => child.kill("SIGKILL");
    expect((await once(child, "close"))[1]).toBe("SIGKILL");
    const again = await openDuckDb({ file });
    try {
      expect(await readDeliveries(again)).toMatchObject([{ status: "pending", attempts: 0 }]);
      await deliver(again, [webhookTo(ours.url)], { now: () => new Date() });
      expect(await readDeliveries(again)).toMatchObject([{ status: "delivered" }]);
    } finally {
      await again.close();
    }
    const ids = ours.received.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });
});
