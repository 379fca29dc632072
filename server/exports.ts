import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setImmediate as letOthersIn } from "node:timers/promises";
import type { ApolloServer } from "@apollo/server";
import compress from "@fastify/compress";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  type GraphQLSchema,
  getArgumentValues,
  getVariableValues,
  print,
  valueFromASTUntyped,
} from "graphql";
import { didYouMean, WaymarkError } from "../errors.js";
import type { Caller, Context } from "../resolvers/context.js";
import { mustAsk } from "../resolvers/gate.js";
import { asksForLasting } from "../resolvers/lasting.js";
import { answer, answeredFrom, errorsOf } from "./answer.js";
import { columnsOf } from "./columns.js";
import { httpStatusOf } from "./errors.js";
import { type Batches, type Format, formats } from "./formats.js";
import { keyInAddress } from "./keys.js";
import { rootFieldsOf } from "./root_fields.js";
import { type CellRow, pageIn, rowsOf } from "./rows.js";
import { descriptionOf, type SavedQuery, variablesOf } from "./saved_queries.js";

export interface Exports {
  readonly queries: readonly SavedQuery[];
  readonly schema: GraphQLSchema;
  /** Answers as /graphql does: the same checks, limits and rows. */
  readonly apollo: ApolloServer<Context>;
  /**
   * The context of a request, with who asks and what they may see, and the signal that ends it: when it takes too long
   * or the caller has gone.
   * @param readsOn whether its list is read to the end
   */
  readonly contextUntil: (
    request: FastifyRequest,
    reply: FastifyReply,
    readsOn: boolean,
  ) => Promise<[context: Context, until: AbortSignal]>;
  readonly now: () => Date;
}

/**
 * Saved queries as files: `GET /q` lists them, `GET /q/NAME.csv?weeks=12` (.json, .ndjson) answers one with flat rows,
 * variables in the address. Errors are those of GraphQL, with an HTTP status that fits the code.
 */
export async function serveExports(app: FastifyInstance, given: Exports): Promise<void> {
  const { queries, schema, apollo, contextUntil } = given;
  // A change of the queries or of the program may change answers: nothing from before this start counts as known.
  const startedAt = given.now();
  const isLasting = new Map(queries.map((query) => [query, asksForLasting(schema, query.document)]));
  const listed = { queries: queries.map(describeQuery) };

  const answerFile = async (request: FileRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { query, format } = fileNamed(request.params.file, queries);
    const { variables, understood } = variablesIn(request.query, query, schema);
    const readsOn = goesOn(query, variables);
    const [context, signal] = await contextUntil(request, reply, readsOn);
    // Whoever is told that nothing has changed, or heads alone, gets no answer that would refuse it.
    for (const field of rootFieldsOf(schema, query, understood)) mustAsk(field, context);
    const snapshot = await answeredFrom(context, context.reader.snapshot);
    reply.headers({
      "cache-control": "private, no-cache",
      vary: "authorization",
      "accept-ranges": "none",
      "waymark-snapshot": snapshot.id,
      "waymark-published-at": snapshot.publishedAt.toISOString(),
      "waymark-data-through": snapshot.dataThrough,
      ...(snapshot.timeZone ? { "waymark-time-zone": snapshot.timeZone } : {}),
      ...(snapshot.late.length > 0 ? { "waymark-late": snapshot.late.join(", ") } : {}),
      ...(snapshot.minimumGroup ? { "waymark-minimum-group": snapshot.minimumGroup } : {}),
      ...(snapshot.hidden ? { "waymark-hidden": snapshot.hidden.join(", ") } : {}),
    });
    if (isLasting.get(query)) {
      const changedAt = snapshot.publishedAt > startedAt ? snapshot.publishedAt : startedAt;
      const { id, publishedAt } = snapshot;
      const etag = tagOf(startedAt, id, publishedAt, format.name, query.text, understood, context.caller);
      reply.headers({ etag, "last-modified": changedAt.toUTCString() });
      if (isKnown(request.headers, etag, changedAt, context.caller)) return reply.code(304).send();
    }
    reply.header("content-disposition", `inline; filename="${query.name}.${format.name}"`).type(format.type);
    if (request.method === "HEAD") return reply.send();

    const columns = columnsOf(schema, query.document, query.operation, understood);
    const ask = async (values: Readonly<Record<string, unknown>>) =>
      (await answer(apollo, query, values, context)).data;
    const pages = pagesOf(readsOn, variables, understood, ask);
    const first = await pages.next(); // before the status is sent: most that can fail does so here
    const rows = first.value ?? [];
    const most = readsOn ? undefined : mostRowsOf(schema, query, understood);
    if (most !== undefined && rows.length >= most) reply.header("waymark-row-limit", most);
    const text = format.write(columns, batchesOf(rows, pages));
    return reply.send(Readable.from(text, { signal }));
  };

  await app.register(async (routes) => {
    await routes.register(compress, { encodings: ["gzip"] });
    routes.get("/q", (_, reply) => reply.send(listed));
    routes.get("/q/:file", (request: FileRequest, reply) =>
      answerFile(request, reply).catch((error: unknown) => refuse(request, reply, error)),
    );
  });
}

type FileRequest = FastifyRequest<{ Params: { file: string }; Querystring: Texts }>;
type Texts = Readonly<Record<string, string | string[]>>;

/**
 * The variables of an address as GraphQL takes them, and as it understands them: with defaults.
 * @throws WaymarkError BAD_USER_INPUT for one that the query doesn't have, lacks, or that doesn't fit its type
 */
export function variablesIn(
  texts: Texts,
  { operation }: SavedQuery,
  schema: GraphQLSchema,
): { variables: Record<string, unknown>; understood: Record<string, unknown> } {
  const given = Object.fromEntries(
    Object.entries(texts)
      .filter(([name]) => name !== keyInAddress)
      .map(([name, values]) => [name, [values].flat()]),
  );
  const variables = variablesOf(operation, given);
  const definitions = operation.variableDefinitions ?? [];
  const { coerced, errors } = getVariableValues(schema, definitions, variables, { maxErrors: 5 });
  if (!coerced) throw new WaymarkError("BAD_USER_INPUT", errors.map((e) => e.message).join("\n"));
  return { variables, understood: coerced };
}

/** What an address under /q asks for. @throws WaymarkError NOT_FOUND */
export function fileNamed(
  file: string,
  queries: readonly SavedQuery[],
): { query: SavedQuery; format: Format } {
  const dot = file.lastIndexOf(".");
  const [name, ending] = dot < 0 ? [file, ""] : [file.slice(0, dot), file.slice(dot + 1)];
  const query = queries.find((q) => q.name === name);
  const names = queries.map((q) => q.name);
  if (!query)
    throw new WaymarkError(
      "NOT_FOUND",
      `There is no saved query "${name}".${didYouMean(name, names)} GET /q lists them; a new file is read when the server starts again.`,
    );
  const format = formats.find((f) => f.name === ending);
  const fine = formats.map((f) => `/q/${name}.${f.name}`).join(", ");
  if (!format) throw new WaymarkError("NOT_FOUND", `There is no /q/${file}; expected one of ${fine}.`);
  return { query, format };
}

/** Whether a query goes on to its end by itself: it has a variable `after`, and nobody asked for one page of it. */
const goesOn = ({ operation }: SavedQuery, given: Readonly<Record<string, unknown>>): boolean =>
  (operation.variableDefinitions ?? []).some(({ variable }) => variable.name.value === "after") &&
  !("after" in given) &&
  !("first" in given);

/** How many rows may come of the one field that a query asks for; undefined where that isn't said, and of several. */
function mostRowsOf(
  schema: GraphQLSchema,
  { operation: { selectionSet } }: SavedQuery,
  variables: Readonly<Record<string, unknown>>,
): number | undefined {
  const [asked, ...others] = selectionSet.selections;
  if (asked?.kind !== "Field" || others.length > 0) return undefined;
  const field = schema.getQueryType()?.getFields()[asked.name.value];
  const { limit, first } = field ? getArgumentValues(field, asked, variables) : {};
  const most = limit ?? first;
  return typeof most === "number" ? most : undefined;
}

/**
 * The rows of an answer, page by page. Whoever reads on comes to the end where the query asks for
 * `pageInfo { hasNextPage endCursor }`. The first page is then short, where the query has a variable `first`, so that
 * whoever waits sees soon that it is coming.
 */
async function* pagesOf(
  readsOn: boolean,
  given: Readonly<Record<string, unknown>>,
  understood: Readonly<Record<string, unknown>>,
  ask: (variables: Readonly<Record<string, unknown>>) => Promise<unknown>,
): AsyncGenerator<CellRow[], void> {
  const isLong = readsOn && Number(understood.first) > firstPage;
  let data = await ask(isLong ? { ...given, first: firstPage } : given);
  yield rowsOf(data);
  for (;;) {
    const page = readsOn ? pageIn(data) : undefined;
    if (!page?.hasNextPage) return;
    await letOthersIn(); // pages that are known already come without a pause
    data = await ask({ ...given, after: page.endCursor });
    yield rowsOf(data);
  }
}
const firstPage = 25;

/** Rows as they are written: few enough at a time that a slow reader holds up the rest. */
async function* batchesOf(first: readonly CellRow[], rest: AsyncIterable<readonly CellRow[]>): Batches {
  const inBatches = function* (rows: readonly CellRow[]) {
    for (let start = 0; start < rows.length; start += rowsPerBatch)
      yield rows.slice(start, start + rowsPerBatch);
  };
  yield* inBatches(first);
  for await (const rows of rest) yield* inBatches(rows);
}
const rowsPerBatch = 500;

/**
 * Whether the caller has the answer already. The tag says more than the time, which goes by whole seconds and doesn't
 * tell what who signed in could see by then: their role may be another since, and so the answer.
 */
function isKnown(
  headers: FastifyRequest["headers"],
  etag: string,
  changedAt: Date,
  { isSignedIn }: Caller,
): boolean {
  const known = headers["if-none-match"];
  if (known !== undefined)
    return known.split(",").some((tag) => tag.trim() === "*" || strong(tag.trim()) === strong(etag));
  if (isSignedIn) return false;
  const since = Date.parse(headers["if-modified-since"] ?? "");
  return Math.floor(changedAt.getTime() / 1000) * 1000 <= since; // false where there is no time
}

const strong = (tag: string): string => tag.replace(/^W\//, "");

/** A weak tag: the same rows may come compressed. */
const tagOf = (...decisive: unknown[]): string =>
  `W/"${createHash("sha256").update(JSON.stringify(decisive)).digest("base64url")}"`;

/** Errors in GraphQL's shape, with a status that fits the first. */
function refuse(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const errors = errorsOf(error, (e) => request.log.error(e));
  const code = errors[0]?.extensions?.code;
  const status = httpStatusOf(code);
  for (const header of ["etag", "last-modified", "content-disposition"]) reply.removeHeader(header); // of the answer
  if (status === 503) reply.header("retry-after", code === "NOT_BUILT" ? 30 : 5);
  return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify({ errors }));
}

/** A saved query for whoever wants to know what may be asked. */
const describeQuery = (query: SavedQuery) => ({
  name: query.name,
  description: descriptionOf(query),
  variables: (query.operation.variableDefinitions ?? []).map(({ variable, type, defaultValue }) => ({
    name: variable.name.value,
    type: print(type),
    isRequired: type.kind === "NonNullType" && !defaultValue,
    default: defaultValue ? valueFromASTUntyped(defaultValue) : null,
  })),
  urls: formats.map((format) => `/q/${query.name}.${format.name}`),
});
