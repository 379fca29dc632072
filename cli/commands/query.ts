import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { didYouMean, messageOf, WaymarkError } from "../../errors.js";
import { theLog } from "../log.js";
import { answer, type Cell, type CellRow, type Format, formats, rowsAs } from "../output.js";
import { loadProject, optionsOf, packageFolder, withWarehouse } from "../project.js";

interface QueryFlags {
  format?: Format;
  var?: string[];
  url?: string;
}

export const queryCommand = (): Command =>
  new Command("query")
    .description("run a GraphQL document and print its rows as a table, CSV or JSON")
    .argument(
      "<file|name>",
      "a .graphql file, or a saved query by name: queries/NAME.graphql of the project or of Waymark",
    )
    .addOption(new Option("--format <format>", "how to print").choices([...formats]))
    .option("--var <name=value...>", "variables of the document; JSON or plain text")
    .option(
      "--url <url>",
      "ask a running server instead of opening the warehouse, e.g. http://localhost:4000/graphql",
    )
    .action(async (document: string, _, command: Command) => {
      const flags = optionsOf<QueryFlags>(command);
      const request = {
        query: readDocument(document, flags.project),
        variables: variablesOf(flags.var ?? []),
      };
      const data = flags.url ? await ask(flags.url, request) : await askOnce(flags.project, request);
      const format = flags.format ?? (flags.json ? "json" : "table");
      answer(format === "json" ? JSON.stringify(data, null, 2) : rowsAs(format, rowsOf(data)));
    });

interface Request {
  query: string;
  variables: Record<string, unknown>;
}

function readDocument(document: string, project: string): string {
  if (existsSync(document) && document.includes(".")) return readFileSync(document, "utf8");
  const folders = [join(project, "queries"), join(packageFolder, "queries")];
  const found = folders.map((folder) => join(folder, `${document}.graphql`)).find((file) => existsSync(file));
  if (found) return readFileSync(found, "utf8");
  const known = folders
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
    .filter((file) => file.endsWith(".graphql"))
    .map((file) => file.replace(/\.graphql$/, ""));
  throw new WaymarkError(
    "BAD_USER_INPUT",
    `There is no file and no saved query "${document}".${didYouMean(document, known)}`,
  );
}

function variablesOf(assignments: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const split = assignment.indexOf("=");
      if (split < 1) throw new WaymarkError("BAD_USER_INPUT", `--var ${assignment}: expected name=value.`);
      return [assignment.slice(0, split), plainOrJson(assignment.slice(split + 1))];
    }),
  );
}

function plainOrJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Through a server of its own on a free port of this machine, so that there is one way to answer. */
export async function askOnce(folder: string, request: Request): Promise<unknown> {
  const project = loadProject(folder);
  return withWarehouse(project, async (warehouse) => {
    const { startServer } = await import("../../server/server.js"); // loaded by the commands that serve alone
    const server = await startServer({
      warehouse,
      port: 0,
      host: "127.0.0.1",
      isDevelopment: false,
      freshness: () => project.settings,
      now: () => new Date(),
      log: theLog(),
    });
    try {
      return await ask(`${server.url}/graphql`, request);
    } finally {
      await server.close();
    }
  });
}

interface Answer {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/**
 * Ask a server over HTTP, with the API key or token in WAYMARK_KEY where there is one; its errors become ours. A URL
 * without a path means /graphql.
 */
export async function ask(address: string, request: Request): Promise<unknown> {
  const url = endpointOf(address);
  const key = process.env.WAYMARK_KEY;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key ? { authorization: `Bearer ${key}` } : {}),
    },
    body: JSON.stringify(request),
  }).catch((error: unknown) => {
    throw new WaymarkError(
      "WAREHOUSE_FAILED",
      `No answer from ${url}: ${messageOf(error)}. Is \`waymark serve\` running there?`,
      { url },
      { cause: error },
    );
  });
  const result = (await response.json().catch(() => ({}))) as Answer;
  const [error] = result.errors ?? [];
  if (error) {
    const code = toldCodes.find((known) => known === error.extensions?.code) ?? "BAD_USER_INPUT";
    const messages = (result.errors ?? []).map((e) => e.message).join("\n");
    throw new WaymarkError(code, messages, { errors: result.errors });
  }
  if (!result.data) {
    throw new WaymarkError(
      "WAREHOUSE_FAILED",
      `${url} answered ${response.status}, but not as GraphQL does. Is it Waymark's /graphql?`,
      { url },
    );
  }
  return result.data;
}

const toldCodes = ["NOT_BUILT", "UNAUTHENTICATED", "FORBIDDEN", "SIGN_IN_UNAVAILABLE"] as const;

function endpointOf(address: string): string {
  try {
    const url = new URL(address);
    return url.pathname === "/" ? `${url.origin}/graphql` : url.href;
  } catch {
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `--url ${address}: expected an address such as http://localhost:4000/graphql.`,
    );
  }
}

/**
 * An answer as flat rows: those of its one list, else one row of all that was asked. Nested objects become
 * dotted columns, lists inside a row JSON; nothing is left out.
 */
export function rowsOf(data: unknown): CellRow[] {
  const list = listIn(data);
  return (list ?? [data]).map((item) => Object.fromEntries(flatten(item, "")));
}

/** The list that an answer is about: on the way down to it nothing else was asked. */
function listIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return undefined;
  if (Array.isArray(value.nodes)) return value.nodes;
  if (Array.isArray(value.edges)) return value.edges.map((edge) => (isObject(edge) ? edge.node : edge));
  const [only, ...others] = Object.values(value);
  return others.length === 0 ? listIn(only) : undefined;
}

function flatten(value: unknown, path: string): [string, Cell][] {
  if (Array.isArray(value))
    return [[path, value.map((v) => (isObject(v) ? JSON.stringify(v) : String(v))).join("; ")]];
  if (isObject(value))
    return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path ? `${path}.${key}` : key));
  return [[path, value as Cell]];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !(value instanceof Date);
