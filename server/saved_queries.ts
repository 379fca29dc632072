import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  type TypeNode,
  validate,
} from "graphql";
import { didYouMean, WaymarkError } from "../errors.js";

/** A GraphQL document with a name of its own: `queries/NAME.graphql`. */
export interface QueryFile {
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** One that the schema answers. */
export interface SavedQuery extends QueryFile {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

const isName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
const ending = ".graphql";

/** The documents of folders in the order of their names; of two with one name that of the earlier folder. */
export function queryFiles(folders: readonly string[]): QueryFile[] {
  const files = folders.flatMap((folder) =>
    (existsSync(folder) ? readdirSync(folder) : [])
      .filter((file) => file.endsWith(ending))
      .map((file) => ({ name: file.slice(0, -ending.length), file: join(folder, file) })),
  );
  return files
    .filter(({ name }, i) => files.findIndex((other) => other.name === name) === i)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, file }) => ({ name, file, text: readFileSync(file, "utf8") }));
}

/**
 * The documents of folders as what may be asked by name.
 * @throws WaymarkError CONFIG_INVALID with each mistake, its file and line
 */
export function loadSavedQueries(folders: readonly string[], schema: GraphQLSchema): SavedQuery[] {
  const mistakes: string[] = [];
  const queries = queryFiles(folders).flatMap((query): SavedQuery[] => {
    try {
      if (!isName.test(query.name))
        throw new GraphQLError(
          `"${query.name}" is no name for an address; expected letters, digits, - and _.`,
        );
      const document = parse(query.text);
      const operation = onlyOperation(document);
      if (operation.operation !== "query")
        throw new GraphQLError(`expected a query, not a ${operation.operation}.`, { nodes: operation });
      const found = validate(schema, document);
      mistakes.push(...found.map((error) => mistakeIn(query.file, error)));
      return found.length > 0 ? [] : [{ ...query, document, operation }];
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      mistakes.push(mistakeIn(query.file, error));
      return [];
    }
  });
  if (mistakes.length > 0) throw new WaymarkError("CONFIG_INVALID", mistakes.join("\n"), { mistakes });
  return queries;
}

/** What a saved query is for: the comment that it begins with; null where it has none. */
export const descriptionOf = ({ text }: Pick<QueryFile, "text">): string | null =>
  /^(?:\s*#.*\n)+/
    .exec(text)?.[0]
    .replaceAll(/^\s*# ?/gm, "")
    .trim() ?? null;

/** The one operation of a document. @throws WaymarkError BAD_USER_INPUT for text that is none, with its place */
export function operationIn({ file, text }: Pick<QueryFile, "file" | "text">): OperationDefinitionNode {
  try {
    return onlyOperation(parse(text));
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw new WaymarkError("BAD_USER_INPUT", mistakeIn(file, error), { file }, { cause: error });
  }
}

/**
 * Variables that were written as text, such as `weeks=12`, as the operation's definitions have them: numbers and
 * booleans by their type, a list as JSON or by naming the variable for each item, objects as JSON, the rest as it
 * stands. Whether the values fit is for the schema to say.
 * @throws WaymarkError BAD_USER_INPUT for a variable that the operation doesn't have, or has once
 */
export function variablesOf(
  operation: OperationDefinitionNode,
  given: Readonly<Record<string, readonly string[]>>,
): Record<string, unknown> {
  const types = new Map(
    operation.variableDefinitions?.map(({ variable, type }) => [variable.name.value, type]),
  );
  mustKnow(operation, Object.keys(given));
  return Object.fromEntries(
    Object.entries(given).map(([name, texts]) => {
      const type = types.get(name) as TypeNode;
      return [name, typedValue(name, type, texts)];
    }),
  );
}

/** @throws WaymarkError BAD_USER_INPUT for a variable that the operation doesn't have */
export function mustKnow(operation: OperationDefinitionNode, names: readonly string[]): void {
  const known = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
  const stray = names.find((name) => !known.includes(name));
  if (stray === undefined) return;
  const hint = known.length > 0 ? didYouMean(stray, known) : " It has none.";
  throw new WaymarkError("BAD_USER_INPUT", `The query has no variable "${stray}".${hint}`, {
    variable: stray,
    known,
  });
}

function typedValue(name: string, type: TypeNode, texts: readonly string[]): unknown {
  if (type.kind === "NonNullType") return typedValue(name, type.type, texts);
  const [text = "", ...more] = texts;
  if (type.kind === "ListType")
    return more.length === 0 && text.trimStart().startsWith("[")
      ? json(name, text)
      : texts.map((item) => typedValue(name, type.type, [item]));
  if (more.length > 0)
    throw new WaymarkError("BAD_USER_INPUT", `${name} is given ${texts.length} times, expected once.`);
  switch (type.name.value) {
    case "String":
    case "ID":
      return text;
    case "Int":
    case "Float":
      return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    case "Boolean":
      return text === "true" ? true : text === "false" ? false : text;
    default: // a scalar or enum of the schema's, or an object
      return text.trimStart().startsWith("{") ? json(name, text) : text;
  }
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WaymarkError("BAD_USER_INPUT", `${name} is ${text}, expected JSON.`, {}, { cause: error });
  }
}

function onlyOperation({ definitions }: DocumentNode): OperationDefinitionNode {
  const operations = definitions.filter((d) => d.kind === "OperationDefinition");
  const [operation, second] = operations;
  if (!operation || second)
    throw new GraphQLError(`expected one operation, found ${operations.length}.`, { nodes: second ?? null });
  return operation;
}

const mistakeIn = (file: string, { message, locations: [place] = [] }: GraphQLError): string =>
  `${file}${place ? `:${place.line}` : ""}: ${message}`;
