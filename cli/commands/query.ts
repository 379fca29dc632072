import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { distance } from "fastest-levenshtein";
import type { OperationDefinitionNode } from "graphql";
import { packageFolder } from "../../config/package.js";
import { didYouMean, messageOf, WaymarkError } from "../../errors.js";
import { readFreshness } from "../../jobs/freshness.js";
import { readFindings } from "../../jobs/plan.js";
import type { Cut } from "../../resolvers/context.js";
import { pageIn, rowsOf } from "../../server/rows.js";
import type { QueryFile } from "../../server/saved_queries.js";
import { assigned, urlOption } from "../arguments.js";
import { answer, answerJson, type Format, formats, remark, rowsAs } from "../output.js";
import { loadProject, optionsOf, queryFolders, withWarehouse } from "../project.js";

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
    .option("--var <name=value...>", "variables of the document, by their types; lists and objects as JSON")
    .option(...urlOption)
    .action(async (document: string, _, command: Command) => {
      const flags = optionsOf<QueryFlags>(command);
      const saved = await import("../../server/saved_queries.js"); // takes a while to load, and few commands need it
      const query = documentAt(document, saved.queryFiles(queryFolders(flags.project)));
      const operation = saved.operationIn(query);
      const variables = saved.variablesOf(operation, assigned(flags.var ?? []));
      mustBeGiven(operation, variables);
      const request = { query: query.text, variables };
      const cut: Cut[] = [];
      const data = flags.url
        ? await ask(flags.url, request, cut)
        : await askOnce(flags.project, request, cut);
      for (const { field, limit } of cut)
        remark(
          `${field} has more rows: these are the first ${limit} in its order. Ask with another limit or order, or for less.`,
        );
      const format = flags.format ?? (flags.json ? "json" : "table");
      if (format === "json") return answerJson(data);
      answer(rowsAs(format, rowsOf(data), await columnsIn(request)));
      const page = pageIn(data);
      if (page?.hasNextPage)
        remark(`There are more rows; those after these: --var after=${JSON.stringify(page.endCursor)}`);
    });

interface Request {
  query: string;
  variables: Record<string, unknown>;
}

/** A file, else a saved query by name. */
function documentAt(given: string, saved: readonly QueryFile[]): Pick<QueryFile, "file" | "text"> {
  if (existsSync(given) && given.includes(".")) return { file: given, text: readFileSync(given, "utf8") };
  const found = saved.find(({ name }) => name === given);
  if (found) return found;
  const names = saved.map(({ name }) => name);
  const near = names.toSorted((a, b) => distance(given, a) - distance(given, b));
  throw new WaymarkError(
    "BAD_USER_INPUT",
    `There is no file and no saved query "${given}".${didYouMean(given, names) || ` Saved: ${near.join(", ")}.`}`,
  );
}

/** @throws WaymarkError BAD_USER_INPUT for a variable that must be given and isn't */
function mustBeGiven({ variableDefinitions = [] }: OperationDefinitionNode, given: Request["variables"]) {
  for (const { variable, type, defaultValue } of variableDefinitions) {
    if (type.kind !== "NonNullType" || defaultValue || variable.name.value in given) continue;
    const kind = type.type.kind === "NamedType" ? type.type.name.value : "list";
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `The query needs its variable ${variable.name.value} (${kind}), e.g. --var ${variable.name.value}=${examples[kind] ?? "VALUE"}.`,
    );
  }
}

const examples: Readonly<Record<string, string>> = {
  LocalDate: "2025-03-01",
  Int: "30",
  Float: "0.8",
  Boolean: "true",
  String: "TEXT",
  ID: "ID",
};

/**
 * The columns that the answer has, whatever is in it; none where the document isn't of this version's API, as that of a
 * newer server may not be: then those of its rows must do.
 */
async function columnsIn({ query, variables }: Request): Promise<string[] | undefined> {
  const [{ columnsOf }, graphql] = await Promise.all([import("../../server/columns.js"), import("graphql")]);
  const schema = graphql.buildSchema(readFileSync(join(packageFolder, "schema", "schema.graphql"), "utf8"));
  const document = graphql.parse(query);
  const operation = graphql.getOperationAST(document);
  if (!operation || graphql.validate(schema, document).length > 0) return undefined;
  const { coerced = {} } = graphql.getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  return columnsOf(schema, document, operation, coerced).map(({ name }) => name);
}

/**
 * In this process and without a server: the schema, and the context of one question.
 * @param cut is told of views that have more rows
 */
export async function askOnce(
  folder: string,
  { query, variables }: Request,
  cut: Cut[] = [],
): Promise<unknown> {
  const project = loadProject(folder);
  // The schema takes a while to load, and few commands need it.
  const [{ createSchema }, { contextFor, operator }, { graphql }] = await Promise.all([
    import("../../resolvers/schema.js"),
    import("../../resolvers/context.js"),
    import("graphql"),
  ]);
  return withWarehouse(project, async (warehouse) => {
    const now = (): Date => new Date();
    const contextValue = await contextFor(warehouse, {
      caller: operator(true),
      now,
      freshnessOf: (snapshot) => readFreshness(warehouse, snapshot, project.settings, now()),
      findings: () => readFindings(warehouse, project.settings),
    });
    const { data, errors } = await graphql({
      schema: await createSchema(),
      source: query,
      variableValues: variables,
      contextValue,
    });
    cut.push(...contextValue.cut);
    const [error] = errors ?? [];
    if (!error) return data;
    const { originalError, path } = error;
    if (path && originalError && !(originalError instanceof WaymarkError)) throw originalError;
    throw new WaymarkError(
      originalError instanceof WaymarkError ? originalError.code : "BAD_USER_INPUT",
      (errors ?? []).map(({ message }) => message).join("\n"),
      {},
      { cause: error },
    );
  });
}

interface Answer {
  data?: unknown;
  extensions?: { cut?: Cut[] };
  errors?: { message: string; extensions?: { code?: string } }[];
}

/**
 * Ask a server over HTTP, with the API key or token in WAYMARK_KEY where there is one; its errors become ours. A URL
 * without a path means /graphql.
 */
export async function ask(address: string, request: Request, cut: Cut[] = []): Promise<unknown> {
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
  cut.push(...(result.extensions?.cut ?? []));
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
