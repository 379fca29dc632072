import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { ended, start, waymark } from "./command.js";

// Each starts processes, which a busy machine makes slow.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Logs and traces as an operator has them: of a process of its own, with a collector of its own. */
const folder = mkdtempSync(join(tmpdir(), "waymark-telemetry-"));
const demo = join(folder, "demo");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  const words = ["demo", "--folder", demo, "--accounts", "5", "--through", "2025-12-31"];
  expect(await waymark(...words)).toMatchObject({ code: 0 });
});

// biome-ignore lint/suspicious/noExplicitAny: what lines hold is what is tested
type Line = Record<string, any>;
/** Every line of it; one that is no JSON fails the test. */
const linesOf = (text: string): Line[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe("logs", () => {
  it("a build is told as JSON lines, one a table, under the run's id, with rows, seconds and bytes", async () => {
    const { code, stdout, stderr } = await ended(start(["-p", demo, "--log", "json", "--json", "build"]));
    expect(code).toBe(0);
    const { run, models, dataThrough } = JSON.parse(stdout);
    const lines = linesOf(stderr);
    expect(
      lines.every((line) => typeof line.level === "string" && !Number.isNaN(Date.parse(line.time))),
    ).toBe(true);
    expect(lines[0]).toMatchObject({ event: "run.started", run, trigger: "manual" });
    const built = lines.filter((line) => line.event === "model.built");
    expect(built.map((line) => line.model).sort()).toEqual(models.map((m: Line) => m.model).sort());
    for (const line of built)
      expect(line).toMatchObject({ run, rows: expect.any(Number), seconds: expect.any(Number) });
    expect(built.every(({ bytes }) => bytes === null || bytes % 262_144 === 0)).toBe(true);
    expect(lines.at(-1)).toMatchObject({
      event: "run.published",
      run,
      snapshot: 1,
      dataThrough,
    });

    const again = await ended(
      start(["-p", demo, "build", "--force", "-s", "usage_daily"], { LOG_FORMAT: "json" }),
    );
    const rebuilt = linesOf(again.stderr).find((line) => line.model === "usage_daily");
    expect(rebuilt).toMatchObject({
      event: "model.built",
      reason: "asked for",
    });
  });

  it("a failure is a line with its code; people get text unless they ask, and other formats are refused", async () => {
    const nowhere = join(folder, "nowhere");
    const { code, stderr } = await ended(start(["-p", nowhere, "--log", "json", "build"]));
    expect(code).toBe(2);
    expect(linesOf(stderr)).toMatchObject([
      {
        level: "fatal",
        event: "failed",
        code: "CONFIG_INVALID",
        message: expect.stringContaining("waymark init"),
      },
    ]);
    expect((await waymark("-p", nowhere, "build")).stderr).not.toMatch(/^\{/);
    expect(await waymark("-p", nowhere, "--log", "xml", "build")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Allowed choices are text, json"),
    });
  });
});

interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  status: { code?: number };
  attributes: Record<string, unknown>;
}

/** A real OTLP collector, as far as traces go. */
async function collector() {
  const spans: ReceivedSpan[] = [];
  const services = new Set<string>();
  const paths = new Set<string>();
  const server = createServer(async (request, response) => {
    paths.add(`${request.method} ${request.url}`);
    let body = "";
    for await (const part of request) body += part;
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
      services.add(attributesOf(resource.attributes)["service.name"] as string);
      for (const scope of scopeSpans)
        for (const span of scope.spans) spans.push({ ...span, attributes: attributesOf(span.attributes) });
    }
    response.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  /** The names of a span and of those above it. */
  const pathOf = (span: ReceivedSpan): string[] => {
    const above = spans.find((s) => s.spanId === span.parentSpanId);
    return [...(above ? pathOf(above) : []), span.name];
  };
  return { endpoint: `http://127.0.0.1:${port}`, spans, services, paths, pathOf };
}

const attributesOf = (list: { key: string; value: Record<string, unknown> }[]): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

describe("traces", () => {
  it("a build is one trace: the run, its models, their statements and checks, the publishing", async () => {
    const { endpoint, spans, services, paths, pathOf } = await collector();
    const { code } = await ended(
      start(["-p", demo, "build", "--force", "--select", "account_health"], {
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      }),
    );
    expect(code).toBe(0);
    expect([...paths]).toEqual(["POST /v1/traces"]);
    expect([...services]).toEqual(["waymark"]);
    const [run] = spans.filter((span) => span.name === "waymark.run");
    expect(run?.attributes).toMatchObject({
      "waymark.trigger": "selection",
      "waymark.run": expect.any(String),
    });
    expect(new Set(spans.filter((s) => s.attributes["waymark.model"]).map((s) => s.traceId))).toEqual(
      new Set([run?.traceId]),
    );
    const ways = new Set(spans.map((span) => pathOf(span).join(" > ")));
    expect([...ways]).toEqual(
      expect.arrayContaining([
        "waymark.run > waymark.model > waymark.statement",
        "waymark.run > waymark.model > waymark.check > waymark.statement",
        "waymark.run > waymark.publish > waymark.statement",
      ]),
    );
    const health = spans.find(
      (s) => s.name === "waymark.model" && s.attributes["waymark.model"] === "account_health",
    );
    const ofHealth = spans.filter((s) => s.parentSpanId === health?.spanId && s.name === "waymark.statement");
    expect(
      ofHealth.some((s) =>
        /create or replace table .*account_health__/.test(String(s.attributes["db.query.text"])),
      ),
    ).toBe(true);
  });

  it("a question to the API belongs to the caller's trace, and its statements to the question", async () => {
    const { endpoint, spans, pathOf } = await collector();
    const child = start(["-p", demo, "--json", "serve", "--no-build", "--port", "0"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    });
    const done = ended(child);
    const [said] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const { url } = JSON.parse(said.toString());
    const [traceId, above] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: `00-${traceId}-${above}-01` },
      body: JSON.stringify({ query: "query Mine { accounts(first: 3) { nodes { id health { score } } } }" }),
    });
    expect(((await response.json()) as Line).errors).toBeUndefined();
    child.kill("SIGTERM");
    expect(await done).toMatchObject({ code: 0 });
    const request = spans.find((span) => span.name === "waymark.request accounts");
    expect(request).toMatchObject({ traceId, parentSpanId: above });
    expect(request?.attributes).toMatchObject({ "http.route": "/graphql", "graphql.operation.name": "Mine" });
    const below = spans.filter((s) => s.traceId === traceId && s.name === "waymark.statement");
    expect(below.map((s) => pathOf(s).join(" > "))).toContain("waymark.request accounts > waymark.statement");
    // Those of fields below the first level, which loaders send, belong to it as well.
    expect(below.some((s) => /account_health/.test(String(s.attributes["db.query.text"])))).toBe(true);
  });

  it("a collector that is away fails nothing", async () => {
    const { code, stdout } = await ended(
      start(["-p", demo, "--json", "build"], {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_TIMEOUT: "500",
      }),
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ snapshot: expect.any(Number) });
  });
});
