import { setMaxListeners } from "node:events";
import type { AddressInfo } from "node:net";
import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import fastifyApollo, { fastifyApolloDrainPlugin } from "@as-integrations/fastify";
import helmet from "@fastify/helmet";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { GraphQLError } from "graphql";
import { Registry } from "prom-client";
import { messageOf, WaymarkError } from "../errors.js";
import {
  breachesOf,
  defaultFreshness,
  type FreshnessSettings,
  lateFeeds,
  readFreshness,
} from "../jobs/freshness.js";
import { readLatestSnapshot, type Snapshot } from "../jobs/ledger.js";
import { type Caller, type Context, contextFor, type Explain, operator } from "../resolvers/context.js";
import { Costs } from "../resolvers/costs.js";
import { OpenLists, type Reading } from "../resolvers/open_lists.js";
import { Results } from "../resolvers/results.js";
import { createSchema } from "../resolvers/schema.js";
import { type Logger, openLog } from "../telemetry/log.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { answeredFrom } from "./answer.js";
import { serveAssistants } from "./assistants.js";
import { formatError } from "./errors.js";
import { serveExplorer } from "./explorer.js";
import { serveExports } from "./exports.js";
import { KeptAnswers, textOf } from "./kept_answers.js";
import { defaultLimits, limitCallers, limitQueries, onlySaved, type QueryLimits } from "./limits.js";
import { Bell, serveLive } from "./live.js";
import { ledgerMetrics, requestMetrics } from "./metrics.js";
import { observeRequests } from "./requests.js";
import { loadSavedQueries } from "./saved_queries.js";
import { type Access, admit, mustSignInBeyond, refuse, signInBy } from "./sign_in.js";

export interface ServerOptions {
  warehouse: Warehouse;
  /** 0 = any free one. */
  port: number;
  host: string;
  /** How callers sign in; without it whoever has this machine may ask, and nobody else. */
  access?: Access | undefined;
  /** Whether tasks can't be changed, whoever asks. */
  isReadOnly?: boolean | undefined;
  /** Looks at edits of the journey, where the server may; `journeyPlan` and `journeyBacktest` ask it. */
  edits?: Context["edits"] | undefined;
  /** Says why a table is stale or fresh, where the server can; `explanation` asks it. */
  explanationOf?: Explain;
  /** Where the scheduled build stands, where the server has a timetable; `schedule` asks it. */
  due?: Context["due"] | undefined;
  /** How changed raw rows are found, where the server knows what is mapped; `sources` tells it. */
  findings?: Context["findings"] | undefined;
  /** The webhooks that it sends to, for whoever asks how they fare. */
  webhooks?: Context["webhooks"];
  /** What whoever looks after the server must know, e.g. that a file has mistakes; shown at /readyz. */
  notice?: () => string | undefined;
  /** With the explorer and introspection. */
  isDevelopment: boolean;
  /** After so long a request's statements are stopped; 30 s by default. */
  timeoutMs?: number;
  /** The same of a saved query that is read as a file; 15 minutes by default. */
  exportTimeoutMs?: number;
  /** After so long a request that hasn't come whole is let go; a minute by default. */
  arrivalMs?: number;
  /** Folders of saved queries, which /q answers by name; an earlier folder's go first. */
  queryFolders?: readonly string[];
  /** How much one question may ask for, where it isn't as by default. */
  limits?: Partial<QueryLimits>;
  /** Whether nothing but saved queries is answered. */
  savedQueriesOnly?: boolean;
  /** What the statements of one question may be billed for, where the engine bills and the caller's role doesn't say. */
  bytesPerRequest?: number | undefined;
  /** How many questions a caller may ask in a minute; any number by default. */
  requestsPerMinute?: number | undefined;
  /** Where the server logs; JSON lines on stderr by default, of warnings and errors unless LOG_LEVEL says otherwise. */
  log?: Logger | undefined;
  /** From when on data is late; asked anew each time. */
  freshness?: () => FreshnessSettings;
  /** The clock by which data ages. */
  now: () => Date;
  /** Told of every statement that answers a request, also of one answered from what is kept; tests count them. */
  onStatement?: () => void;
}

export interface Server {
  /** Without a path, e.g. http://localhost:4000. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serve the API over HTTP: /graphql, /q (saved queries as files), /healthz (it runs), /readyz (something is published), /metrics (for Prometheus),
 * and the explorer at / in development.
 * @throws WaymarkError PORT_IN_USE, CONFIG_INVALID for a saved query with mistakes, and for a host that others reach
 * where nobody signs in
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { warehouse, port, host, isDevelopment, freshness = () => defaultFreshness, now } = options;
  const { access, isReadOnly = false, arrivalMs = 60_000 } = options;
  mustSignInBeyond(host, access);
  const app = Fastify({
    loggerInstance: (options.log ?? openLog(process.env.LOG_LEVEL ?? "warn")) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }), // observeRequests tells of them
    forceCloseConnections: true,
    bodyLimit: mostKilobytes * 1024,
    requestTimeout: arrivalMs, // without it half a body holds its connection for ever
    http: { headersTimeout: arrivalMs, connectionsCheckingInterval: Math.min(arrivalMs, 30_000) },
  });
  answerFaults(app);
  const costs = new Costs();
  const metrics = requestMetrics(warehouse.dialect === "bigquery" ? costs : undefined);
  // Every answer tells which sources are late: that is judged once a second, not once an answer.
  let judged: { of: string; ages: ReturnType<typeof readFreshness> } | undefined;
  const freshnessOf = (snapshot: Snapshot): ReturnType<typeof readFreshness> => {
    const at = now();
    const of = `${snapshot.id} at ${Math.floor(at.getTime() / 1000)}`;
    if (judged?.of !== of) judged = { of, ages: readFreshness(warehouse, snapshot, freshness(), at) };
    return judged.ages;
  };
  const schema = await createSchema();
  const limits = { ...defaultLimits, ...options.limits };
  const queries = loadSavedQueries(options.queryFolders ?? [], schema);
  const kept = new KeptAnswers(schema);
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: isDevelopment,
    hideSchemaDetailsFromClientErrors: !isDevelopment,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => formatError(formatted, error, (e) => app.log.error(e)),
    parseOptions: { maxTokens: 2000 },
    maxRecursiveSelections: true,
    stringifyResult: textOf,
    plugins: [
      fastifyApolloDrainPlugin(app),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(), // our own traces tell it, to whoever runs this and not to callers
      ApolloServerPluginLandingPageDisabled(),
      observeRequests(app, metrics),
      subscriptionsElsewhere,
      limitQueries(schema, limits, kept),
      ...(options.savedQueriesOnly ? [onlySaved(queries)] : []),
      kept.plugin,
      snapshotInAnswers,
      statementsInAnswers,
    ],
  });
  await apollo.start();
  const signIn = access && signInBy(access, now);
  const results = new Results();
  const callerOf = admit(app, signIn, operator(!isReadOnly));
  const bell = new Bell(warehouse, warehouse.isExclusive ? 500 : 15_000, (error) => app.log.error(error));
  const { timeoutMs = 30_000, exportTimeoutMs = 15 * 60_000 } = options;
  const openLists = new OpenLists(warehouse.isExclusive);
  /** What a request may see and do; whatever answers with data begins here. Its statements stop with the signal. */
  const contextOf = (
    caller: Caller,
    signal: AbortSignal,
    more: Partial<AskedBeside> & { happenings?: Context["happenings"]; reading?: Reading | undefined } = {},
  ): Promise<Context> =>
    contextFor(warehouse, {
      now,
      caller: isReadOnly ? { ...caller, mayWrite: false } : caller,
      edits: options.edits,
      explanationOf: options.explanationOf,
      due: options.due,
      findings: options.findings,
      webhooks: options.webhooks,
      freshnessOf,
      results,
      signal,
      ...more,
      onActed: (task) => bell.acted(task),
      onStatement: options.onStatement,
      bytesPerRequest: options.bytesPerRequest,
      costs,
    });
  const requestContext = (request: FastifyRequest, reply: FastifyReply): Promise<Context> =>
    contextOf(callerOf(request), untilGone(reply, timeoutMs), askedBeside(request));
  // TLS is the matter of whatever stands before the server, and so is to promise it.
  await app.register(helmet, { strictTransportSecurity: false, contentSecurityPolicy: nothingOfPages });
  await app.register(async (asked) => {
    if (options.requestsPerMinute)
      await limitCallers(asked, options.requestsPerMinute, (request) => callerOf(request).name);
    await asked.register(fastifyApollo(apollo), { context: requestContext });
    await serveExports(asked, {
      queries,
      schema,
      apollo,
      now,
      contextUntil: async (request, reply, readsOn) => {
        const signal = untilGone(reply, exportTimeoutMs);
        const reading = readsOn ? openLists.reading(signal) : undefined;
        if (reading) reply.raw.on("close", () => reading.close());
        return [await contextOf(callerOf(request), signal, { reading }), signal];
      },
    });
    await serveAssistants(asked, { queries, schema, apollo, requestContext });
    if (!options.savedQueriesOnly)
      serveLive(asked, {
        schema,
        bell,
        limits,
        isDevelopment,
        contextNow: async (request, reply, happenings) => {
          const caller = signIn ? await signIn(request.headers.authorization) : callerOf(request);
          return contextOf(caller, untilGone(reply, timeoutMs), { ...askedBeside(request), happenings });
        },
      });
  });
  const isOpen = { config: { isOpen: true } };
  app.get("/healthz", isOpen, async () => ({ status: "ok" }));
  // Data that is late is served all the same: an old answer that says so is worth more than none. Whoever would
  // rather have none asks strictly.
  app.get<{ Querystring: { strict?: string } }>("/readyz", isOpen, async ({ query, headers }, reply) => {
    // Whoever stands before the server asks without signing in, and learns only whether to send others there.
    const isStranger =
      signIn !== undefined &&
      !(await signIn(headers.authorization).then(
        (caller) => caller.mayOperate,
        () => false,
      ));
    const snapshot = await readLatestSnapshot(warehouse, 10_000);
    if (!snapshot)
      return reply.code(503).send({ status: isStranger ? "not ready" : "nothing is published yet" });
    const late = lateFeeds(breachesOf(await freshnessOf(snapshot)));
    const isRefused = late.length > 0 && query.strict !== undefined && query.strict !== "false";
    reply.code(isRefused ? 503 : 200);
    if (isStranger) return reply.send({ status: isRefused ? "not ready" : "ready" });
    return reply.send({
      status: isRefused ? "late" : "ready",
      snapshot: snapshot.id,
      publishedAt: snapshot.publishedAt,
      dataThrough: snapshot.dataThrough,
      late,
      notice: options.notice?.(),
    });
  });
  app.get("/metrics", access?.settings.open_metrics ? isOpen : {}, async (request, reply) => {
    if (!access?.settings.open_metrics && !callerOf(request).mayOperate)
      return refuse(reply, new WaymarkError("FORBIDDEN", "Metrics take a role that may operate."));
    const all = Registry.merge([await ledgerMetrics(warehouse, freshness(), now()), metrics.registry]);
    return reply.type(all.contentType).send(await all.metrics());
  });
  if (isDevelopment) serveExplorer(app);
  try {
    await app.listen({ port, host });
  } catch (error) {
    await app.close();
    throw listenError(error, port, host);
  }
  const { port: listening } = app.server.address() as AddressInfo;
  const name = ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(host) ? "localhost" : host;
  return { url: `http://${name}:${listening}`, close: () => app.close() };
}

/** What fails outside of GraphQL is answered in the shape that its errors have, and tells nothing of the machine. */
function answerFaults(app: FastifyInstance): void {
  app.setNotFoundHandler(({ method, url }, reply) => {
    const [path = ""] = url.split("?");
    const others = ["GET", "POST"].filter((other) => app.hasRoute({ method: other, url: path }));
    if (others.length > 0) {
      const error = {
        message: `${path} answers ${others.join(" and ")}, not ${method}.`,
        extensions: { code: "BAD_REQUEST" },
      };
      return reply
        .code(405)
        .header("allow", others.join(", "))
        .send({ errors: [error] });
    }
    return refuse(
      reply,
      new WaymarkError(
        "NOT_FOUND",
        `Nothing answers ${method} ${path}. Questions go to POST /graphql; GET /q lists the saved ones.`,
      ),
    );
  });
  app.setErrorHandler((error: FastifyError & { errors?: unknown }, _, reply) => {
    const { statusCode = 500, code } = error;
    if (statusCode >= 500) return refuse(reply, error);
    const message = faults[code] ?? error.message;
    const errors = error.errors ?? [{ message, extensions: { code: "BAD_REQUEST" } }];
    return reply.code(statusCode).send({ errors });
  });
}

/** What a body may have: a question and its variables, never data. */
const mostKilobytes = 256;

/** What Fastify says without the way out, by its codes. */
const faults: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: `The request's body is larger than ${mostKilobytes} KB, the most that it may be. Ask in several questions.`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "Send the body as JSON, with the header `content-type: application/json`.",
};

/** What is served is data; the explorer's page has a policy of its own. */
const nothingOfPages = {
  useDefaults: false,
  directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
};

/** Who subscribes where questions are answered is told where to. */
const subscriptionsElsewhere: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation }) => {
      if (operation?.operation === "subscription") throw elsewhere();
    },
  }),
  // graphql-js can't validate a subscription whose field a variable may leave out: it throws, where Apollo doesn't expect it.
  unexpectedErrorProcessingRequest: async ({ requestContext: { document, operation }, error }) => {
    const subscribes = document?.definitions.some((d) => "operation" in d && d.operation === "subscription");
    if (subscribes && !operation && error instanceof GraphQLError) throw elsewhere();
  },
};

const elsewhere = (): GraphQLError =>
  new GraphQLError("Subscriptions are answered at POST /graphql/stream, as server-sent events.", {
    extensions: { code: "BAD_REQUEST", http: { status: 400 } },
  });

/** Every answer tells which snapshot it was read from, which sources are late, and which views have more rows. */
const snapshotInAnswers: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response, contextValue }) => {
      if (response.body.kind !== "single" || !contextValue.snapshot) return;
      const snapshot = await answeredFrom(contextValue, contextValue.snapshot);
      const { cut } = contextValue;
      response.body.singleResult.extensions = {
        ...response.body.singleResult.extensions,
        snapshot,
        ...(cut.length > 0 ? { cut } : {}),
      };
    },
  }),
};

/** `extensions: { explain: true }` beside a question has its answer tell the SQL behind it, where the caller may see that. */
const statementsInAnswers: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response, contextValue }) => {
      if (response.body.kind !== "single" || !contextValue.statements) return;
      const explain = contextValue.statements.map(({ text, params }) => ({
        sql: text,
        values: Object.fromEntries(Object.entries(params).map(([name, { value }]) => [name, value])),
      }));
      response.body.singleResult.extensions = { ...response.body.singleResult.extensions, explain };
    },
  }),
};

/** What is asked beside a question's text. */
interface AskedBeside {
  /** Whether the statements are to be told. */
  readonly explain: boolean;
  /** The question's name. */
  readonly query: string | undefined;
}

/** In a body, or in an address, where extensions are JSON; Apollo refuses what is none. */
function askedBeside({ body, query }: FastifyRequest): AskedBeside {
  const { operationName, extensions } = (body ?? query) as { operationName?: string; extensions?: unknown };
  const { explain } = (typeof extensions === "string" ? jsonIn(extensions) : (extensions ?? {})) as {
    explain?: unknown;
  };
  return { explain: explain === true, query: operationName || undefined };
}

function jsonIn(text: string): object {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Aborted when the caller has gone, or after so long; by hand, as signals of signals cost as much as a small answer. */
function untilGone({ raw }: FastifyReply, ms: number): AbortSignal {
  const over = new AbortController();
  setMaxListeners(0, over.signal, raw); // every statement on its way listens to it, and a stream has many of these
  const leave = (): void => {
    clearTimeout(timer);
    if (!raw.writableFinished) over.abort();
  };
  const timer = setTimeout(() => {
    raw.off("close", leave);
    over.abort();
  }, ms).unref();
  if (raw.destroyed) leave();
  else raw.once("close", leave);
  return over.signal;
}

function listenError(error: unknown, port: number, host: string): WaymarkError {
  const code = (error as { code?: string }).code;
  if (code === "EADDRINUSE") {
    return new WaymarkError(
      "PORT_IN_USE",
      `Port ${port} is in use; choose another with --port.`,
      { port, host },
      { cause: error },
    );
  }
  return new WaymarkError(
    "PORT_IN_USE",
    `Can't listen on ${host}:${port}: ${messageOf(error)}.`,
    { port, host },
    { cause: error },
  );
}
