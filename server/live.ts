import { EventEmitter, on } from "node:events";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  validate,
} from "graphql";
import { readLatestSnapshot } from "../jobs/ledger.js";
import type { Context, Happening } from "../resolvers/context.js";
import type { Values } from "../resolvers/happenings.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { answeredFrom, errorsOf } from "./answer.js";
import { formatError } from "./errors.js";
import { checkLimits, type QueryLimits } from "./limits.js";
import { rootFieldsOf } from "./root_fields.js";
import { refuse } from "./sign_in.js";

/**
 * Rings for whoever listens: when another snapshot is published, when somebody acts on a task of this server's, and
 * every few seconds though nothing is new, so that whoever may not listen any more is let go.
 */
export class Bell {
  readonly #rings = new EventEmitter<{ ring: [task?: string] }>().setMaxListeners(0);
  readonly #clock: NodeJS.Timeout;
  #latest: number | undefined;
  #rangAt = 0;

  /** @param everyMs how often it looks for another snapshot while somebody listens */
  constructor(warehouse: Warehouse, everyMs: number, onProblem: (error: unknown) => void) {
    const look = async (): Promise<void> => {
      const id = (await readLatestSnapshot(warehouse))?.id;
      if (id === this.#latest && performance.now() - this.#rangAt < rousedMs) return;
      this.#latest = id;
      this.#rangAt = performance.now();
      this.#rings.emit("ring");
    };
    this.#clock = setInterval(() => {
      if (this.#rings.listenerCount("ring") > 0) look().catch(onProblem);
    }, everyMs);
    this.#clock.unref();
  }

  acted(task: string): void {
    this.#rings.emit("ring", task);
  }

  /** Every ring from now on until the signal is aborted, with the task that somebody acted on. */
  rings(signal: AbortSignal): AsyncIterable<[task?: string]> {
    return on(this.#rings, "ring", { signal }) as AsyncIterable<[task?: string]>;
  }

  stop(): void {
    clearInterval(this.#clock);
  }
}

export interface Live {
  readonly schema: GraphQLSchema;
  readonly bell: Bell;
  readonly limits: QueryLimits;
  /** The context of a request as things are now; whoever may not ask any more is refused. */
  readonly contextNow: (
    request: FastifyRequest,
    reply: FastifyReply,
    happenings?: Context["happenings"],
  ) => Promise<Context>;
  /** Whether mistakes may name what there is in the schema. */
  readonly isDevelopment: boolean;
}

/** How often whoever listens is asked again whether they may. */
const rousedMs = 5_000;
/** Streams that one caller may have open. */
const mostStreams = 10;
/** Proxies close what says nothing for long. */
const heartbeatMs = 12_000;
/** Values that are answered at once, so that what they ask of their accounts is asked together. */
const atOnce = 50;

/**
 * Subscriptions: `POST /graphql/stream`, by the protocol "GraphQL over Server-Sent Events" in its distinct connections mode. Each
 * thing that happens is answered as the caller may see it by then; a key that is revoked or a token that
 * expires meanwhile ends the stream within seconds.
 */
export function serveLive(
  app: FastifyInstance,
  { schema, bell, limits, contextNow, isDevelopment }: Live,
): void {
  const open = new Map<string, number>();
  const closing = new AbortController();
  app.addHook("preClose", async () => {
    closing.abort();
    bell.stop();
  });

  const stream = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const gone = new AbortController();
    let countedFor: string | undefined;
    reply.raw.on("close", () => {
      gone.abort();
      if (countedFor !== undefined) open.set(countedFor, (open.get(countedFor) ?? 1) - 1);
    });
    const signal = AbortSignal.any([gone.signal, closing.signal]);
    const asked = questionIn(request.body, schema, limits, isDevelopment);
    const context = await contextNow(request, reply, () =>
      happenings(() => contextNow(request, reply), bell, signal),
    );
    const { name } = context.caller;
    if (gone.signal.aborted) return reply.send();
    const others = open.get(name) ?? 0;
    if (others >= mostStreams)
      return refuseMore(reply, `You have ${others} streams open, the most there may be. Close one of them.`);
    open.set(name, others + 1);
    countedFor = name;
    app.log.info({ event: "stream", caller: name, open: others + 1 });
    const log = (error: unknown): void => app.log.error(error);
    return reply
      .header("cache-control", "no-cache")
      .header("x-accel-buffering", "no")
      .type("text/event-stream; charset=utf-8")
      .send(
        Readable.from(withHeartbeat(eventsOf(answers({ ...asked, contextValue: context }, signal, log)))),
      );
  };
  app.post("/graphql/stream", (request, reply) =>
    stream(request, reply).catch((error: unknown) =>
      error instanceof Refusal
        ? reply.code(400).send({ errors: error.errors })
        : refuse(reply, error, request.headers.authorization !== undefined),
    ),
  );
}

const refuseMore = (reply: FastifyReply, message: string): FastifyReply =>
  reply.code(429).send({ errors: [{ message, extensions: { code: "TOO_MANY_REQUESTS" } }] });

/** What happens from now on, beginning with how things stand. */
async function* happenings(
  contextNow: () => Promise<Context>,
  bell: Bell,
  signal: AbortSignal,
): AsyncGenerator<Happening, void> {
  const rings = bell.rings(signal); // before anything is read: nothing is missed in between
  const first = await contextNow();
  yield { context: first };
  let { snapshot: told } = first;
  try {
    for await (const [task] of rings) {
      const context = await contextNow();
      if (context.snapshot && context.snapshot.id !== told?.id) {
        yield { context, before: told };
        told = context.snapshot;
      }
      if (task !== undefined) yield { context, task };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

type Answered = Omit<ExecutionResult, "errors"> & { errors?: readonly GraphQLFormattedError[] };

/** As graphql-js would map a source's events to answers, but each in the context of its moment. */
async function* answers(
  args: ExecutionArgs & { contextValue: Context },
  signal: AbortSignal,
  log: (error: unknown) => void,
): AsyncGenerator<Answered, void> {
  const told = (errors: readonly GraphQLError[]) => errors.map((error) => toldOf(error, log));
  try {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) {
      yield { errors: told(source.errors ?? []) };
      return;
    }
    for await (const { context, values } of source as AsyncIterable<Values>) {
      const snapshot = context.snapshot && (await answeredFrom(context, context.snapshot));
      for (let start = 0; start < values.length; start += atOnce) {
        const results = await Promise.all(
          values
            .slice(start, start + atOnce)
            .map((rootValue) => execute({ ...args, rootValue, contextValue: context })),
        );
        for (const { data, errors } of results)
          yield { data: data ?? null, ...(errors ? { errors: told(errors) } : {}), extensions: { snapshot } };
      }
    }
  } catch (error) {
    if (!signal.aborted) yield { errors: errorsOf(error, log) };
  }
}

async function* eventsOf(answered: AsyncIterable<Answered>): AsyncGenerator<string, void> {
  for await (const answer of answered) yield `event: next\ndata: ${JSON.stringify(answer)}\n\n`;
  yield "event: complete\ndata:\n\n";
}

/** The same texts, and a comment whenever there is none for long; the first at once, so that the caller knows it is heard. */
async function* withHeartbeat(texts: AsyncGenerator<string, void>): AsyncGenerator<string, void> {
  yield ":\n\n";
  let next = texts.next();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), heartbeatMs);
    });
    const text = await Promise.race([next, silence]).finally(() => clearTimeout(timer));
    if (text?.done) return;
    yield text ? text.value : ":\n\n";
    if (text) next = texts.next();
  }
}

class Refusal extends Error {
  constructor(readonly errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message);
  }
}

const leftOut = [
  "GRAPHQL_VALIDATION_FAILED",
  { message: "The field that is subscribed to can't be left out. Ask without @skip and @include around it." },
] as const;

type Question = Pick<ExecutionArgs, "schema" | "document" | "variableValues" | "operationName">;

/** What a request's body asks. @throws Refusal unless it is one subscription that the schema answers, within the limits */
function questionIn(
  body: unknown,
  schema: GraphQLSchema,
  limits: QueryLimits,
  isDevelopment: boolean,
): Question {
  const refuse = (code: string, ...errors: readonly { message: string }[]): never => {
    throw new Refusal(errors.map(({ message }) => ({ message, extensions: { code } })));
  };
  const { query, variables, operationName } = (typeof body === "object" && body ? body : {}) as Record<
    string,
    unknown
  >;
  if (typeof query !== "string")
    return refuse("BAD_REQUEST", {
      message: 'Expected JSON: { "query": "subscription { … }", "variables": { … } }.',
    });
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: 2000 });
  } catch (error) {
    const { message } = error as GraphQLError;
    const told = formatError({ message, extensions: { code: "GRAPHQL_PARSE_FAILED" } }, error, () => {});
    return refuse(String(told.extensions?.code), told);
  }
  let mistakes: { message: string }[];
  try {
    mistakes = validate(schema, document).map(({ message }) => ({
      message: isDevelopment ? message : message.replace(/ ?Did you mean .+\?$/, ""),
    }));
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return refuse(...leftOut); // by a variable, which graphql-js doesn't expect there
  }
  if (mistakes.length > 0) return refuse("GRAPHQL_VALIDATION_FAILED", ...mistakes);
  const operation = getOperationAST(document, typeof operationName === "string" ? operationName : undefined);
  if (operation?.operation !== "subscription")
    return refuse("BAD_REQUEST", {
      message: "Expected one subscription; queries and mutations are answered at /graphql.",
    });
  const variableValues =
    typeof variables === "object" && variables ? (variables as Record<string, unknown>) : {};
  try {
    checkLimits(schema, document, operation, variableValues, limits);
  } catch (error) {
    return refuse("QUERY_TOO_LARGE", error as GraphQLError);
  }
  if (rootFieldsOf(schema, { document, operation }, {}).length === 0) return refuse(...leftOut);
  return { schema, document, variableValues, operationName: operation.name?.value ?? null };
}

/** An error of an answer as GraphQL over HTTP would tell it: what isn't ours to tell stays in the log. */
const toldOf = (error: GraphQLError, log: (error: unknown) => void): GraphQLFormattedError => {
  const { extensions, ...formatted } = error.toJSON();
  const code = extensions?.code ?? (error.originalError ? "INTERNAL_SERVER_ERROR" : "BAD_USER_INPUT");
  return formatError({ ...formatted, extensions: { ...extensions, code } }, error, log);
};
