import { request as ask, createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What a request meets: an answer in place of the server's, or a connection that ends before or after it was heard. */
export type Fault =
  | { readonly status: number; readonly reason: string; readonly message: string }
  | "drop before"
  | "drop after";

/** A network between a client and a server in which the next requests that are meant meet the given faults, in turn. */
export interface FaultyProxy {
  readonly url: string;
  /** Faults that no request has met yet. */
  readonly left: number;
  /** @param meant as "POST /upload/…/jobs?…" */
  fail(meant: RegExp, ...faults: Fault[]): void;
  stop(): Promise<void>;
}

export async function startFaultyProxy(upstream: string): Promise<FaultyProxy> {
  let waiting: { meant: RegExp; fault: Fault }[] = [];
  const server = createServer(async (request, response) => {
    const met = waiting.find(({ meant }) => meant.test(`${request.method} ${request.url}`));
    waiting = waiting.filter((other) => other !== met);
    const body = await buffer(request);
    if (met?.fault === "drop before") return request.socket.destroy();
    if (met && typeof met.fault === "object") {
      const { status, reason, message } = met.fault;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { code: status, message, errors: [{ reason, message }] } }));
      return;
    }
    const answer = await passedOn(upstream, request, body);
    if (!answer || met?.fault === "drop after") return request.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get left() {
      return waiting.length;
    },
    fail: (meant, ...faults) => {
      waiting.push(...faults.map((fault) => ({ meant, fault })));
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a server answers to a request of which the body was read already; undefined where it hangs up. */
export function passedOn(
  upstream: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; body: Buffer } | undefined> {
  return new Promise((resolve) => {
    const { "transfer-encoding": _, ...rest } = headers;
    const passed = ask(
      new URL(url ?? "/", upstream),
      { method, headers: { ...rest, "content-length": body.length } },
      async (answer) => resolve({ status: answer.statusCode ?? 502, body: await buffer(answer) }),
    );
    passed.on("error", () => resolve(undefined));
    passed.end(body);
  });
}
