import "reflect-metadata";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { AtRiskDocument, NoAnswer, PortfolioDocument, waymark } from "../../client/index.js";
import { openBuilt } from "../jobs/small.js";
import { clientOf } from "./company.js";

async function served(options: Parameters<typeof clientOf>[1] = {}): Promise<string> {
  const { warehouse } = await openBuilt();
  const { server } = await clientOf(warehouse, options);
  onTestFinished(() => server.close());
  return server.url;
}

/** A server that answers everything with the same. */
async function answering(
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status, headers).end(body)).listen(0);
  onTestFinished(() => void server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

const refusal = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => "answered",
    (error) => error,
  );

it("answers a saved query as its types say, with the snapshot it was read from", async () => {
  const url = await served();
  const ask = waymark({ url: `${url}/` });
  const { data, snapshot } = await ask(AtRiskDocument, { first: 2 });
  const scores: (number | null | undefined)[] = data.accounts.nodes.map(({ health }) => health?.score);
  expect(scores).toHaveLength(2);
  expect(snapshot).toMatchObject({
    id: 1,
    dataThrough: "2024-03-10",
    timeZone: "UTC",
    late: expect.any(Array),
  });
  // @ts-expect-error the number of accounts is a number
  const wrong = await refusal(ask(AtRiskDocument, { first: "two" }));
  expect(wrong).toMatchObject({ name: "NoAnswer", code: "BAD_USER_INPUT", status: 400, retryAfter: null });
  expect((await ask(PortfolioDocument)).data.portfolio).toBeDefined();
});

it("says why there is no answer, and when to come back", async () => {
  const url = await served({ requestsPerMinute: 1 });
  const ask = waymark({ url: `${url}/graphql` });
  await ask(AtRiskDocument);
  const error = await refusal(ask(AtRiskDocument));
  expect(error).toBeInstanceOf(NoAnswer);
  expect(error).toMatchObject({ code: "TOO_MANY_REQUESTS", status: 429 });
  expect((error as NoAnswer).retryAfter).toBeGreaterThan(0);

  const proxy = await answering(502, "<html>Bad gateway</html>");
  expect(await refusal(waymark({ url: proxy })(AtRiskDocument))).toMatchObject({
    code: "UNREACHABLE",
    status: 502,
    message: `${proxy}/graphql answered with 502 and no answer of GraphQL's: <html>Bad gateway</html>`,
  });
  const gone = await refusal(waymark({ url: "http://localhost:1" })(AtRiskDocument));
  expect(gone).toMatchObject({
    code: "UNREACHABLE",
    status: null,
    message: "http://localhost:1/graphql can't be reached.",
  });
});

it("sends the key, and can be taken back", async () => {
  const sent: unknown[] = [];
  const ask = waymark({
    url: await answering(200, '{"data":{}}'),
    key: "wm_1",
    fetch: (url, request) => {
      sent.push(new Headers(request?.headers).get("authorization"));
      return fetch(url, request);
    },
  });
  expect((await ask(AtRiskDocument)).snapshot).toBeNull();
  expect(sent).toEqual(["Bearer wm_1"]);
  const reason = new Error("the page was left");
  expect(await refusal(ask(AtRiskDocument, {}, AbortSignal.abort(reason)))).toBe(reason);
});

it("says what it takes where it is given something else", async () => {
  const service = 'waymark() takes a service, { url: "http://localhost:4000", key }, not';
  // @ts-expect-error the address stands in a service
  expect(() => waymark("http://localhost:1")).toThrow(new TypeError(`${service} "http://localhost:1".`));
  // @ts-expect-error a service has an address
  expect(() => waymark({})).toThrow(new TypeError(`${service} an empty object.`));
  const misspelt = { uri: "http://localhost:1", key: "wmk_secret" };
  // @ts-expect-error it is called url
  expect(() => waymark(misspelt)).toThrow(new TypeError(`${service} an object with uri, key.`));

  const ask = waymark({ url: "http://localhost:1" });
  const document = "Expected a document, as from waymark/client, graphql-codegen, or parse() of graphql, not";
  // @ts-expect-error a text has no types
  const text = await refusal(ask("{ portfolio { accounts } }"));
  expect(text).toEqual(new TypeError(`${document} "{ portfolio { accounts } }".`));
  // @ts-expect-error nothing is no document
  expect(await refusal(ask(undefined))).toEqual(new TypeError(`${document} undefined.`));
  // @ts-expect-error a body is made of the document by the client
  expect(await refusal(ask({ query: "{ portfolio }" }))).toEqual(
    new TypeError(`${document} an object with query.`),
  );
});

it("the examples ask with fetch, Apollo Client and urql, also a server of saved queries alone", async () => {
  const url = await served({ queryFolders: ["queries"], savedQueriesOnly: true });
  const run = promisify(execFile);
  const said = await Promise.all(
    ["fetch", "apollo", "urql"].map(async (name) => {
      const env = { ...process.env, WAYMARK_URL: url };
      return (await run(process.execPath, ["--import", "tsx", `examples/clients/${name}.ts`], { env }))
        .stdout;
    }),
  );
  const scores = (text: string | undefined): string[] => text?.match(/^\w+: .+$/gm) ?? [];
  expect(scores(said[0])).toHaveLength(2);
  expect(said[0]).toContain("Data through 2024-03-10.");
  expect(scores(said[1])).toEqual(scores(said[0]));
  expect(scores(said[2])).toEqual(scores(said[0]));
});
