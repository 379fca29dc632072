import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { type ErrorCode, WaymarkError } from "../errors.js";

/**
 * What callers see of an error: a stable code and a message for them. SQL, stacks and paths of the machine
 * stay in the log.
 */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  log: (error: unknown) => void,
): GraphQLFormattedError {
  const original = unwrapResolverError(error);
  const place = {
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
  };
  if (original instanceof WaymarkError) {
    const isOurs = ["WAREHOUSE_FAILED", "WAREHOUSE_UNAVAILABLE"].includes(original.code);
    if (isOurs) log(original);
    const message = isOurs
      ? "The warehouse could not answer; the server's log says why."
      : original.code === "CANCELLED" // whoever has left isn't told
        ? "It took longer than a request may, and was stopped: 30 s, a file under /q 15 minutes, unless `server` of waymark.yml says otherwise (request_seconds, export_seconds). Ask for less: fewer days, groups or rows."
        : original.message;
    // By these a caller can tell by how much a question is too large.
    const { estimatedBytes, leftBytes, budgetBytes } = original.details;
    const figures = original.code === "OVER_BUDGET" ? { estimatedBytes, leftBytes, budgetBytes } : {};
    return { ...place, message, extensions: { ...figures, code: original.code } };
  }
  const code = isOfCaller(original) ? "BAD_REQUEST" : (formatted.extensions?.code ?? "BAD_REQUEST");
  if (code !== "INTERNAL_SERVER_ERROR") return { ...place, ...inOurWords(formatted.message, code) };
  log(original);
  return {
    ...place,
    message: "Something went wrong; the server's log says what.",
    extensions: { code: "INTERNAL_SERVER_ERROR" },
  };
}

/** What graphql-js and Apollo say without the way out. */
function inOurWords(message: string, code: unknown): Pick<GraphQLFormattedError, "message" | "extensions"> {
  const [, tokens] = /contains more tha[nt] (\d+) tokens/.exec(message) ?? [];
  if (tokens !== undefined)
    return {
      message: `The query has more than ${Number(tokens).toLocaleString("en-US")} words and signs. Ask in several questions, and send long lists as variables.`,
      extensions: { code: "QUERY_TOO_LARGE" },
    };
  if (message.includes("Cross-Site Request Forgery"))
    return {
      message:
        "Send questions by POST with the header `content-type: application/json`. A GET needs it too, so that no page of elsewhere can ask by the way.",
      extensions: { code },
    };
  const [, field] = /^Cannot query field "(\w+)" on type "\w+View"\.$/.exec(message) ?? [];
  const hint = field === undefined ? "" : ` An own attribute is asked as attribute(name: "${field}").`;
  return { message: `${message}${hint}`, extensions: { code } };
}

/** Whether Apollo blames the request by a status, and gives no code: as for the text of a persisted query under another's hash. */
function isOfCaller(error: unknown): boolean {
  if (!(error instanceof GraphQLError) || error.extensions.code !== undefined) return false;
  const { status = 500 } = (error.extensions.http ?? {}) as { status?: number };
  return status >= 400 && status < 500;
}

/** The HTTP status that says as much as the code does; for answers that are no GraphQL. */
export const httpStatusOf = (code: unknown): number =>
  statuses[code as ErrorCode] ?? (typeof code === "string" && code.startsWith("GRAPHQL_") ? 400 : 500);

const statuses: Partial<Record<ErrorCode, number>> & Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  BAD_REQUEST: 400,
  QUERY_TOO_LARGE: 400,
  OVER_BUDGET: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  NOT_BUILT: 503,
  SIGN_IN_UNAVAILABLE: 503,
  BUSY: 503,
  WAREHOUSE_IN_USE: 503,
  WAREHOUSE_UNAVAILABLE: 503,
  CANCELLED: 504,
};
