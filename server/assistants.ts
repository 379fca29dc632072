import type { ApolloServer } from "@apollo/server";
import { type CallToolResult, createMcpHandler, Server, type Tool } from "@modelcontextprotocol/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type GraphQLSchema, getVariableValues } from "graphql";
import { version } from "../config/package.js";
import { didYouMean, WaymarkError } from "../errors.js";
import type { Context } from "../resolvers/context.js";
import { mayAsk } from "../resolvers/gate.js";
import { answer, answeredFrom, errorsOf } from "./answer.js";
import { columnsOf } from "./columns.js";
import { schemaOfVariables } from "./json_schema.js";
import { pageIn, rowsOf } from "./rows.js";
import { descriptionOf, mustKnow, type SavedQuery } from "./saved_queries.js";

export interface Assistants {
  readonly queries: readonly SavedQuery[];
  readonly schema: GraphQLSchema;
  /** Answers as /graphql does: the same checks, limits and rows. */
  readonly apollo: ApolloServer<Context>;
  /** The context of a request, with who asks and what they may see. */
  readonly requestContext: (request: FastifyRequest, reply: FastifyReply) => Promise<Context>;
}

/** An assistant reads every row that it is given. */
const mostRows = 200;

const instructions = `Customer health from the company's own warehouse. Scores go from 0 to 100; a score, band or figure that is null is not known, which is never good news, or hidden from you, where the answer says so in snapshot.hidden. Every answer names the snapshot that it was read from, the last day of its data and the sources that are late: say so where it matters.`;

/**
 * Saved queries as tools for assistants, by the Model Context Protocol: POST /mcp. Each caller is offered those that it
 * may ask, and answered as at /graphql. Nothing is kept between requests.
 */
export async function serveAssistants(app: FastifyInstance, given: Assistants): Promise<void> {
  const { requestContext } = given;
  const tools = given.queries.map((query) => ({ query, tool: toolOf(query, given.schema) }));
  const serverFor = (context: Context): Server => {
    const server = new Server(
      { name: "waymark", title: "Waymark", version },
      { capabilities: { tools: {} }, instructions },
    );
    const offered = tools.filter(({ query }) =>
      query.operation.selectionSet.selections.every(
        (field) => field.kind !== "Field" || mayAsk(field.name.value, context.caller),
      ),
    );
    server.setRequestHandler("tools/list", () => ({ tools: offered.map(({ tool }) => tool) }));
    server.setRequestHandler("tools/call", async ({ params }) => {
      try {
        const found = offered.find(({ tool }) => tool.name === params.name);
        if (found) return told(await rowsFor(found.query, params.arguments ?? {}, given, context));
        const names = offered.map(({ tool }) => tool.name);
        throw new WaymarkError(
          "NOT_FOUND",
          `There is no tool "${params.name}".${didYouMean(params.name, names)}`,
        );
      } catch (error) {
        const errors = errorsOf(error, (e) => app.log.error(e));
        const text = errors.map(({ message, extensions }) => `${extensions?.code}: ${message}`).join("\n");
        return { isError: true, content: [{ type: "text", text }] };
      }
    });
    return server;
  };
  // There is nothing to listen to between requests: clients that ask with GET learn so by the status 405.
  app.post("/mcp", async (request, reply) => {
    const context = await requestContext(request, reply);
    const { fetch } = createMcpHandler(() => serverFor(context), { maxSubscriptions: 0 });
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      typeof value === "string" ? [[name, value]] : [],
    );
    return reply.send(
      await fetch(new Request(`http://localhost${request.url}`, { method: "POST", headers }), {
        parsedBody: request.body,
      }),
    );
  });
}

const toolOf = (query: SavedQuery, schema: GraphQLSchema): Tool => ({
  name: query.name,
  description: descriptionOf(query) ?? `The saved query ${query.name}.`,
  inputSchema: schemaOfVariables(query.operation, schema),
  annotations: { readOnlyHint: true, openWorldHint: false },
});

interface Told {
  readonly snapshot: Awaited<ReturnType<typeof answeredFrom>>;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** How to see what was left out; not there where nothing was. */
  readonly more?: string;
}

async function rowsFor(
  query: SavedQuery,
  variables: Readonly<Record<string, unknown>>,
  { apollo, schema }: Assistants,
  context: Context,
): Promise<Told> {
  mustKnow(query.operation, Object.keys(variables));
  const definitions = query.operation.variableDefinitions ?? [];
  const { coerced, errors } = getVariableValues(schema, definitions, { ...variables }, { maxErrors: 5 });
  if (!coerced) throw new WaymarkError("BAD_USER_INPUT", errors.map((e) => e.message).join("\n"));
  const { data, cut } = await answer(apollo, query, variables, context);
  const rows = rowsOf(data);
  const columns = columnsOf(schema, query.document, query.operation, coerced).map(({ name }) => name);
  const page = pageIn(data);
  const names = definitions.map(({ variable }) => variable.name.value);
  const hasMore = page?.hasNextPage === true || cut.length > 0;
  const narrowly = `Narrow the question${names.length > 0 ? ` (its arguments: ${names.join(", ")})` : ""}`;
  const goOn =
    page?.hasNextPage && names.includes("after")
      ? `, or ask again with after: ${JSON.stringify(page.endCursor)}`
      : "";
  const more =
    rows.length > mostRows
      ? `These are the first ${mostRows} of ${hasMore ? "more than " : ""}${rows.length} rows, in their order. ${narrowly}.`
      : hasMore
        ? `There are more rows than these, the first in their order. ${narrowly}${goOn}.`
        : undefined;
  return {
    snapshot: await answeredFrom(context, context.reader.snapshot),
    columns,
    rows: rows.slice(0, mostRows).map((row) => columns.map((column) => row[column] ?? null)),
    ...(more ? { more } : {}),
  };
}

/** As data and, for assistants that know no data, as the same in text. */
const told = (answered: Told): CallToolResult => ({
  content: [{ type: "text", text: JSON.stringify(answered) }],
  structuredContent: JSON.parse(JSON.stringify(answered)),
});
