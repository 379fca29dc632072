import { createRequire } from "node:module";
import type { ApolloServerPlugin } from "@apollo/server";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getVariableValues,
  isLeafType,
  isListType,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from "graphql";
import type { ComplexityEstimator } from "graphql-query-complexity";
import { maxPrevious, maxRows } from "../resolvers/compile.js";
import type { Context } from "../resolvers/context.js";
import { maxPage } from "../resolvers/lists.js";
import { usualPeriods } from "../resolvers/range.js";
import type { KeptAnswers } from "./kept_answers.js";
import type { SavedQuery } from "./saved_queries.js";
import { Turns } from "./turns.js";

// Its ES build would import a graphql of its own, to which our types are foreign: every query would cost nothing.
const { getComplexity } = createRequire(import.meta.url)(
  "graphql-query-complexity",
) as typeof import("graphql-query-complexity");

/** How much one question may ask for, and how many large ones are answered at once. */
export interface QueryLimits {
  /** Fields within fields. */
  readonly depth: number;
  /** Fields with another name than their own. */
  readonly aliases: number;
  /** Fields of the query itself, each of which is a statement or more. */
  readonly rootFields: number;
  /** Values of the answer, as they are estimated from the rows that it may have. */
  readonly values: number;
  /** Heavy questions answered at once, of all callers. */
  readonly heavyAtOnce: number;
  /** Heavy questions of one caller that may wait. */
  readonly heavyWaiting: number;
}

export const defaultLimits: QueryLimits = Object.freeze({
  depth: 12,
  aliases: 60,
  rootFields: 20,
  values: 500_000,
  heavyAtOnce: 2,
  heavyWaiting: 20,
});

/** Fields and fragments, however often they are spread: to walk through them takes time before anything is known. */
const mostSelections = 20_000;

/** Above so many values a question is a heavy one, and where it took so long the last time. */
const heavy = { values: 20_000, seconds: 0.5 };
const maxKnown = 1000;

/**
 * Refuses a question that asks for too much, before any of it is answered, with the figure and the limit. Heavy ones
 * take turns, so that light ones find the warehouse free. One whose answer is kept has passed already.
 */
export function limitQueries(
  schema: GraphQLSchema,
  limits: QueryLimits,
  kept?: Pick<KeptAnswers, "has">,
): ApolloServerPlugin<Context> {
  const turns = new Turns(limits.heavyAtOnce, limits.heavyWaiting);
  const slow = new Set<string>(); // by the hash of their text
  return {
    requestDidStart: async () => {
      let begun = performance.now();
      let endTurn = (): void => {};
      let isOver = false;
      let isKept = false;
      return {
        didResolveOperation: async (question) => {
          const { document, operation, request, queryHash, contextValue } = question;
          if (!operation) return;
          isKept = kept?.has(question) === true;
          if (isKept) return;
          const values = checkLimits(schema, document, operation, request.variables ?? {}, limits);
          if (values <= heavy.values && !slow.has(queryHash)) return;
          endTurn = await turns.take(contextValue.caller.name);
          begun = performance.now();
          if (isOver) endTurn(); // it was refused for another reason meanwhile
        },
        willSendResponse: async ({ queryHash }) => {
          isOver = true;
          endTurn();
          if (queryHash === undefined || isKept) return;
          slow.delete(queryHash);
          if ((performance.now() - begun) / 1000 > heavy.seconds) slow.add(queryHash);
          const [oldest] = slow;
          if (slow.size > maxKnown && oldest !== undefined) slow.delete(oldest);
        },
      };
    },
  };
}

/** @returns about how many values the answer has @throws GraphQLError QUERY_TOO_LARGE */
export function checkLimits(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  limits: QueryLimits,
): number {
  const { depth, aliases, rootFields, selections } = shapeOf(document, operation);
  refuseAbove(
    "selects",
    selections,
    mostSelections,
    "fields, counted each time. Spread fragments less often",
  );
  refuseAbove("nests fields", depth, limits.depth, "deep. Ask for what is inside by a question of its own");
  refuseAbove("has", aliases, limits.aliases, "aliases. Ask for them in several questions");
  refuseAbove("asks for", rootFields, limits.rootFields, "fields at once. Ask for them in several questions");
  const values = valuesOf(schema, document, operation, variables);
  refuseAbove(
    "may answer with",
    values,
    limits.values,
    "values. Ask for fewer rows (first, limit) or fewer fields",
  );
  return values;
}

function refuseAbove(what: string, found: number, most: number, advice: string): void {
  if (found <= most) return;
  const figures = [found, most].map((n) => n.toLocaleString("en-US"));
  throw new GraphQLError(`The query ${what} ${figures[0]}, expected at most ${figures[1]} ${advice}.`, {
    extensions: { code: "QUERY_TOO_LARGE", http: { status: 400 } },
  });
}

/** Refuses whatever isn't a saved query word for word; blanks and comments are none. */
export function onlySaved(queries: readonly SavedQuery[]): ApolloServerPlugin<Context> {
  const saved = new Set(queries.map(({ document }) => meaningOf(document)));
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ document }) => {
        if (saved.has(meaningOf(document))) return;
        throw new GraphQLError("This server answers saved queries alone; GET /q lists them.", {
          extensions: { code: "FORBIDDEN", http: { status: 403 } },
        });
      },
    }),
  };
}

/** A document as text, however it was written, and without the `__typename` that clients with a cache add everywhere. */
const meaningOf = (document: DocumentNode): string =>
  stripIgnoredCharacters(
    print(
      visit(document, {
        Field: ({ name, alias }) => (name.value === "__typename" && !alias ? null : undefined),
      }),
    ),
  );

/** Refuses the requests to routes that are added to `app` of whoever asks too often, and says when to come back. */
export async function limitCallers(
  app: FastifyInstance,
  requestsPerMinute: number,
  callerOf: (request: FastifyRequest) => string,
): Promise<void> {
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    hook: "preHandler", // when it is known who asks
    keyGenerator: callerOf,
    errorResponseBuilder: (_, { max, ttl }) => ({
      statusCode: 429,
      errors: [
        {
          message: `You may ask ${max} times in a minute. Ask again in ${Math.ceil(ttl / 1000)} s.`,
          extensions: { code: "TOO_MANY_REQUESTS" },
        },
      ],
    }),
  });
}

/** What an operation looks like with its fragments spread; of introspection, which has a limit of its own, nothing. */
function shapeOf(
  { definitions }: DocumentNode,
  operation: OperationDefinitionNode,
): { depth: number; aliases: number; rootFields: number; selections: number } {
  const fragments = new Map(
    definitions
      .filter((d): d is FragmentDefinitionNode => d.kind === "FragmentDefinition")
      .map((fragment) => [fragment.name.value, fragment.selectionSet]),
  );
  type Shape = { depth: number; aliases: number; fields: number; selections: number };
  const known = new Map<SelectionSetNode, Shape>(); // a fragment may be spread many times
  const shape = (set: SelectionSetNode | undefined): Shape => {
    const found = set && known.get(set);
    if (found) return found;
    const all: Shape = { depth: 0, aliases: 0, fields: 0, selections: 0 };
    for (const selection of set?.selections ?? []) {
      const isField = selection.kind === "Field";
      if (isField && selection.name.value.startsWith("__")) continue;
      const inner = shape(
        selection.kind === "FragmentSpread" ? fragments.get(selection.name.value) : selection.selectionSet,
      );
      all.depth = Math.max(all.depth, inner.depth + (isField ? 1 : 0));
      all.aliases += inner.aliases + (isField && selection.alias ? 1 : 0);
      all.fields += isField ? 1 : inner.fields;
      all.selections += 1 + inner.selections;
    }
    if (set) known.set(set, all);
    return all;
  };
  const { fields: rootFields, ...all } = shape(operation.selectionSet);
  return { ...all, rootFields };
}

/** @throws GraphQLError where there are too many nodes to count, or null stands for an argument that can't be null */
function valuesOf(
  schema: GraphQLSchema,
  query: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  if (errors) return 0; // they are refused when the query is executed
  const name = operation.name ? { operationName: operation.name.value } : {};
  try {
    return getComplexity({ schema, query, variables, ...name, estimators: [valuesOfField] });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { message, nodes } = error;
    throw new GraphQLError(message, {
      nodes: nodes ?? null,
      extensions: { code: "BAD_USER_INPUT", http: { status: 400 } },
    });
  }
}

/** How many items a list has about whose number nothing is said: milestones, indicators, open tasks of an account. */
const itemsByDefault = 10;

/**
 * A field's values: its own where it is one, and those within it, once for each row that it may have. Of `previous`
 * also the groups that are read for it.
 */
const valuesOfField: ComplexityEstimator = ({ args, field, type, childComplexity }) => {
  const isOfPage = "name" in type && /(Connection|Page|Edge)$/.test(type.name); // counted where the page was asked for
  const isList = isListType(getNullableType(field.type));
  const rows = rowsAsked(args) ?? (isList && !isOfPage ? itemsByDefault : 1);
  const own = isLeafType(getNamedType(field.type)) ? 1 : 0;
  const before = field.name === "previous" ? groupsBefore(args.periods) : 0;
  return rows * (own + before + childComplexity);
};

/** Groups of so many periods before, for each of those that are shown: as many as a view has where nobody says how many. */
const groupsBefore = (periods: unknown): number =>
  typeof periods === "number" ? Math.ceil(Math.min(Math.max(1, periods), maxPrevious) / usualPeriods) : 0;

/** More than a list or view may have is refused by itself, with its own limit. */
function rowsAsked(args: Readonly<Record<string, unknown>>): number | undefined {
  const { first, limit, weeks, representations } = args;
  if (typeof first === "number") return Math.min(Math.max(1, first), maxPage);
  if (typeof limit === "number") return Math.min(Math.max(1, limit), maxRows);
  if (Array.isArray(representations)) return representations.length; // whom a gateway asks for
  return typeof weeks === "number" ? Math.max(1, weeks) : undefined;
}
