import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

export * from "./saved_queries.js";

/** Where the API is, and who asks. */
export interface Service {
  /** With or without `/graphql`, e.g. `http://localhost:4000`. */
  readonly url: string;
  /** An API key, or a token of your identity provider's. None where the server asks for none. */
  readonly key?: string | undefined;
  /** Another `fetch`, e.g. one that tries again or goes through a proxy. */
  readonly fetch?: typeof fetch;
}

/** What a question was answered with, and from what. */
export interface Answer<Data> {
  readonly data: Data;
  /** The snapshot that all of `data` was read from; null for a question that reads none. */
  readonly snapshot: AnsweredFrom | null;
  /** Views that have more rows than their limit let through; those told are the first in their order. */
  readonly cut: readonly Cut[];
}

export interface Cut {
  /** The field, by its alias. */
  readonly field: string;
  readonly limit: number;
}

export interface AnsweredFrom {
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
  /** The last day of the data, YYYY-MM-DD. */
  readonly dataThrough: string;
  /** The company's time zone, in which all days are counted; null where an earlier Waymark published it. */
  readonly timeZone: string | null;
  /** Sources that are later than they may be; scores that use them rest on old data. */
  readonly late: readonly string[];
  /** Groups of fewer accounts aren't told to this caller; not there for one who sees groups of any size. */
  readonly minimumGroup?: number;
  /** Words of what is hidden from this caller, e.g. mrr: null there means hidden. Not there where nothing is. */
  readonly hidden?: readonly string[];
}

/** A question, its variables, and a signal that takes it back. Variables may be left out where none is required. */
export type Ask = <Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  ...rest: Record<string, never> extends Variables
    ? [variables?: Variables, signal?: AbortSignal]
    : [variables: Variables, signal?: AbortSignal]
) => Promise<Answer<Data>>;

/** Why there is no answer. `code` is stable: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN, TOO_MANY_REQUESTS, …; UNREACHABLE is the client's own. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  constructor(
    message: string,
    readonly code: string,
    /** Of HTTP; null where there was none. */
    readonly status: number | null = null,
    /** Seconds after which asking again makes sense; null where the server named none. */
    readonly retryAfter: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Asks a Waymark server. Any typed document will do: the saved queries that stand beside this, or your own.
 * @throws NoAnswer where the server refuses, fails, can't be reached, or leaves out a part of the answer
 * @throws TypeError for a service without an address, and for a question that is no document
 */
export function waymark(service: Service): Ask {
  if (typeof service?.url !== "string")
    throw new TypeError(
      `waymark() takes a service, { url: "http://localhost:4000", key }, not ${shown(service)}.`,
    );
  const url = service.url.replace(/\/*(graphql\/*)?$/, "/graphql");
  const send = service.fetch ?? fetch;
  return async (document, variables?, signal?) => {
    if (document?.kind !== "Document")
      throw new TypeError(
        `Expected a document, as from waymark/client, graphql-codegen, or parse() of graphql, not ${shown(document)}.`,
      );
    const body = JSON.stringify({ query: print(document), variables });
    let response: Response;
    try {
      response = await send(url, {
        method: "POST",
        headers: {
          accept: "application/graphql-response+json",
          "content-type": "application/json",
          ...(service.key === undefined ? {} : { authorization: `Bearer ${service.key}` }),
        },
        body,
        signal: signal ?? null,
      });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw new NoAnswer(`${url} can't be reached.`, "UNREACHABLE", null, null, { cause });
    }
    return answerIn(response, url);
  };
}

interface Body<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { message: string; extensions?: { code?: string } }[];
  readonly extensions?: { snapshot?: AnsweredFrom; cut?: readonly Cut[] };
}

async function answerIn<Data>(response: Response, url: string): Promise<Answer<Data>> {
  const { status, headers } = response;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  const text = await response.text();
  const { data, errors, extensions } = bodyIn<Data>(text);
  const [error] = errors ?? [];
  if (error)
    throw new NoAnswer(
      (errors ?? []).map(({ message }) => message).join("\n"),
      error.extensions?.code ?? "UNKNOWN",
      status,
      retryAfter,
    );
  if (data === undefined || data === null)
    throw new NoAnswer(
      `${url} answered with ${status} and no answer of GraphQL's: ${text.slice(0, 200)}`,
      "UNREACHABLE",
      status,
      retryAfter,
    );
  return { data, snapshot: extensions?.snapshot ?? null, cut: extensions?.cut ?? [] };
}

/** What came instead of what was expected; of an object no values, as a key may be among them. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value !== "object" || value === null) return String(value);
  const names = Object.keys(value);
  return names.length > 0 ? `an object with ${names.slice(0, 10).join(", ")}` : "an empty object";
}

/** Nothing where it is no JSON: that of a proxy, e.g. */
function bodyIn<Data>(text: string): Body<Data> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}
