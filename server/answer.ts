import type { ApolloServer } from "@apollo/server";
import type { GraphQLFormattedError } from "graphql";
import { breachesOf, lateFeeds } from "../jobs/freshness.js";
import type { Snapshot } from "../jobs/ledger.js";
import type { Context, Cut } from "../resolvers/context.js";
import { loadersFor } from "../resolvers/loaders.js";
import { sentFor } from "../warehouse/purpose.js";
import { formatError } from "./errors.js";
import type { SavedQuery } from "./saved_queries.js";

/**
 * The data of a saved query, answered as /graphql does: the same checks, limits and rows; and its views that have more.
 * @throws what `errorsOf` tells
 */
export async function answer(
  apollo: ApolloServer<Context>,
  { name, text }: SavedQuery,
  variables: Readonly<Record<string, unknown>>,
  context: Context,
): Promise<{ data: unknown; cut: readonly Cut[] }> {
  const cut: Cut[] = []; // of this question alone, where a request asks several
  // Loaders keep what they have read: with new ones for each page an export of any size takes the memory of one.
  const contextValue = { ...context, cut, load: loadersFor(context.reader, context.versions) };
  const { body } = await sentFor({ query: name }, [context.costs.of(name)], () =>
    apollo.executeOperation({ query: text, variables }, { contextValue }),
  );
  if (body.kind !== "single") throw new TypeError("a saved query is answered at once");
  const { data, errors } = body.singleResult;
  if (errors && errors.length > 0) throw new Refused(errors);
  return { data, cut };
}

/**
 * What every answer tells of the snapshot that it was read from, which sources are late by now, what is hidden from the
 * caller and, to who sees groups alone, from how many accounts on. Whether any smaller one was withheld isn't told: where
 * nothing is shown, it would tell that there is something.
 */
export async function answeredFrom(
  { freshness, caller }: Pick<Context, "freshness" | "caller">,
  { id, publishedAt, dataThrough, words }: Snapshot,
) {
  const late = lateFeeds(breachesOf(await freshness())).map(({ feed }) => feed);
  const { minimumGroup, hidden } = caller.sees;
  const sees = {
    ...(minimumGroup === undefined ? {} : { minimumGroup }),
    ...(hidden.length === 0 ? {} : { hidden }),
  };
  return { id, publishedAt, dataThrough, timeZone: words.timeZone ?? null, late, ...sees };
}

/** Errors as GraphQL told them. */
class Refused extends Error {
  constructor(readonly errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message);
  }
}

/** Whatever `answer` throws, and any other error, as GraphQL would tell it. */
export const errorsOf = (error: unknown, log: (error: unknown) => void): readonly GraphQLFormattedError[] =>
  error instanceof Refused
    ? error.errors
    : [formatError({ message: "", extensions: { code: "INTERNAL_SERVER_ERROR" } }, error, log)];
