import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WaymarkError } from "../../errors.js";
import { openBigQuery } from "../../warehouse/bigquery.js";
import { bind, type Sql, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { type GoogleSql, referenceUnavailable, startReference } from "../googlesql/reference.js";
import { type BigQueryServer, startBigQueryServer } from "./bigquery_server.js";
import { type Fault, type FaultyProxy, startFaultyProxy } from "./faulty_proxy.js";

const unavailable = referenceUnavailable();
const busy: Fault = { status: 503, reason: "backendError", message: "Error encountered during execution." };
const tooFast: Fault = { status: 403, reason: "rateLimitExceeded", message: "Exceeded rate limits" };
const started = /^POST \/bigquery\/v2\/projects\/[^/]+\/jobs(\?|$)/;
const uploaded = /^POST \/upload\//;
const waitedFor = /^GET .*\/queries\//;
const nextPage = /^GET .*\/queries\/.*pageToken=/;
const n = { n: { type: "integer", notNull: true } } as const;

describe.skipIf(unavailable)(
  `BigQuery behind a bad network${unavailable ? ` (skipped: ${unavailable})` : ""}`,
  () => {
    let engine: GoogleSql;
    let server: BigQueryServer;
    let proxy: FaultyProxy;
    let warehouse: Warehouse;
    beforeAll(async () => {
      engine = await startReference();
      server = await startBigQueryServer(engine);
      proxy = await startFaultyProxy(server.url);
      warehouse = openBigQuery({
        project: "test-project",
        location: "EU",
        apiEndpoint: proxy.url,
        retryDelay: 1,
      });
    });
    afterAll(async () => {
      await proxy?.stop();
      await server?.stop();
      await engine?.stop();
    });
    beforeEach(async () => {
      await warehouse.run(sql`drop table if exists \`faults\`.\`t\``);
      await warehouse.load(["faults", "t"], n, []);
    });
    // A fault that nobody met would prove nothing.
    afterEach(() => expect(proxy.left).toBe(0));

    const add = (value: number): Sql =>
      sql`insert into \`faults\`.\`t\` (n) values (${bind("integer", value)})`;
    const stored = (): unknown[] => server.rowsOf("faults.t").map((row) => row.n);

    it.each<[string, RegExp, Fault[]]>([
      ["503 to the request", started, [busy]],
      ["503 to the request, twice", started, [busy, busy]],
      ["rateLimitExceeded to the request", started, [tooFast]],
      ["a connection that ends before the request is heard", started, ["drop before"]],
      ["a connection that ends after the job was accepted", started, ["drop after"]],
      [
        "a connection that ends after the job was accepted, and 503 to the next",
        started,
        ["drop after", busy],
      ],
      ["rateLimitExceeded to the question whether the job has ended", waitedFor, [tooFast]],
      ["503 to the question whether the job has ended", waitedFor, [busy]],
      ["a connection that ends before the answer whether the job has ended", waitedFor, ["drop after"]],
    ])("a row is written once in spite of %s", async (_, meant, faults) => {
      const jobs = server.jobs.length;
      proxy.fail(meant, ...faults);
      await warehouse.run(add(1));
      expect(stored()).toEqual([1]);
      expect(server.jobs.length).toBe(jobs + 1);
    });

    it.each<[string, RegExp, Fault]>([
      ["503 to the upload", uploaded, busy],
      ["rateLimitExceeded to the upload", uploaded, tooFast],
      ["a connection that ends before the upload is heard", uploaded, "drop before"],
      ["a connection that ends after the upload was accepted", uploaded, "drop after"],
    ])("rows are loaded once in spite of %s", async (_, meant, fault) => {
      const jobs = server.jobs.length;
      proxy.fail(meant, fault);
      expect(await warehouse.load(["faults", "t"], n, [[[1], [2]], [[3]]])).toBe(3);
      expect(stored()).toEqual([1, 2, 3]);
      expect(server.jobs.length).toBe(jobs + 1);
    });

    it("a transaction is done once, though the answer to it is lost", async () => {
      proxy.fail(started, "drop after");
      await warehouse.transaction([add(1), add(2)]);
      expect(stored()).toEqual([1, 2]);
    });

    it("a transaction that fails after its first statement has left nothing, and is done by the next try", async () => {
      await expect(
        warehouse.transaction([add(1), sql`insert into \`faults\`.\`nowhere\` (n) values (2)`]),
      ).rejects.toMatchObject({ code: "WAREHOUSE_FAILED" });
      expect(stored()).toEqual([]);
      await warehouse.transaction([add(1), add(2)]);
      expect(stored()).toEqual([1, 2]);
    });

    it.each(["backendError", "internalError", "rateLimitExceeded", "jobRateLimitExceeded"])(
      "a job that was accepted and then failed by %s is done under another id",
      async (reason) => {
        const jobs = server.jobs.length;
        server.failNext({ reason, message: "try again" }, { reason, message: "try again" });
        await warehouse.run(add(1));
        expect(stored()).toEqual([1]);
        const ids = server.jobs.slice(jobs).map(({ id }) => id);
        expect(new Set(ids).size).toBe(3);
      },
    );

    it("a load that was accepted and then failed by BigQuery's own fault is done under another id", async () => {
      server.failNext({ reason: "backendError", message: "try again" });
      await warehouse.load(["faults", "t"], n, [[[1], [2]]]);
      expect(stored()).toEqual([1, 2]);
    });

    it("a fault that doesn't pass in time is unavailable, and nothing was written", async () => {
      const again = { reason: "backendError", message: "try again" };
      server.failNext(again, again, again, again, again);
      const error = await warehouse.run(add(1)).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(WaymarkError);
      expect(error).toMatchObject({ code: "WAREHOUSE_UNAVAILABLE", details: { job: expect.any(String) } });
      expect(stored()).toEqual([]);
    });

    it.each<[string, Fault]>([
      ["a page token that has expired", { status: 400, reason: "invalid", message: "Invalid pageToken" }],
      ["503 to a page", busy],
      ["rateLimitExceeded to a page", tooFast],
      ["a connection that ends in the middle of a page", "drop after"],
    ])("a stream has each row once in spite of %s", async (_, fault) => {
      const many = sql`select 1000 * (a - 1) + b as n from unnest(generate_array(1, 25)) as a cross join unnest(generate_array(1, 1000)) as b`;
      proxy.fail(nextPage, fault);
      const seen: number[] = [];
      for await (const page of warehouse.stream(many, n)) seen.push(...page.map((row) => row.n));
      expect(seen.length).toBe(25_000);
      expect(new Set(seen).size).toBe(25_000);
    });
  },
);

describe("BigQuery that can't be asked", () => {
  type Answer = (response: ServerResponse) => void;
  const silence: Answer = () => {};
  const stranger: Answer = (response) => {
    response.writeHead(401, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { code: 401, message: "Invalid authentication credentials" } }));
  };
  /** What `waymark check` is told where these are the answers, in turn, the last one for ever; and how often it asked. */
  const checked = async (...answers: Answer[]): Promise<[error: WaymarkError, asked: number]> => {
    let asked = 0;
    const server = createServer((request, response) => {
      request.resume();
      answers[Math.min(asked++, answers.length - 1)]?.(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const apiEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const silent = answers.includes(silence) ? { longestSilence: 1000 } : {};
      const warehouse = openBigQuery({
        project: "test-project",
        location: "EU",
        apiEndpoint,
        retryDelay: 20,
        ...silent,
      });
      const error = await warehouse
        .readiness(["waymark", "waymark_tables"], { accounts: sql`select 1 as n` })
        .catch((e) => e);
      expect(error).toBeInstanceOf(WaymarkError);
      return [error, asked];
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };

  it("as nobody is signed in, is asked once, and it is said how to sign in", async () => {
    const [error, asked] = await checked(stranger);
    expect(asked).toBe(1);
    expect(error.code).toBe("WAREHOUSE_FAILED");
    expect(error.message).toMatch(/^BigQuery: Invalid authentication credentials.* Sign in with `gcloud/);
  });

  it("as nobody answers, is asked once more, and it is said where to look", async () => {
    const [error, asked] = await checked(silence);
    expect(asked).toBe(2);
    expect(error.code).toBe("WAREHOUSE_UNAVAILABLE");
    expect(error.message).toMatch(/^BigQuery: no answer within 1 s\. Look whether this machine reaches/);
  });

  it("is heard where it answers the second time", async () => {
    const [error, asked] = await checked(silence, stranger);
    expect(asked).toBe(2);
    expect(error.message).toContain("Sign in");
  });
});
