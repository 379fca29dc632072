import { readFileSync } from "node:fs";
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { z } from "zod";
import { didYouMean, messageOf, WaymarkError } from "../errors.js";

/** A mistake in a file, at a path of keys and positions inside it. */
export interface Problem {
  path: readonly PropertyKey[];
  message: string;
}

/**
 * Read a YAML file by a schema. All mistakes are reported at once, each with file, line and column,
 * what was expected and the nearest valid word. `validate` adds what a schema can't say.
 * @throws WaymarkError CONFIG_INVALID
 */
export function readYaml<S extends z.ZodType>(
  file: string,
  schema: S,
  validate: (value: z.output<S>) => Problem[] = () => [],
): z.output<S> {
  return parseYaml(readText(file), file, schema, validate);
}

/** As `readYaml`, for text that is at hand; `file` is what the messages name. */
export function parseYaml<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
  validate: (value: z.output<S>) => Problem[] = () => [],
): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw invalid(
      file,
      document.errors.map((e) => {
        const { line, col } = lines.linePos(e.pos[0]);
        return `${file}:${line}:${col}: not valid YAML: ${e.message}`;
      }),
    );
  }
  const missing = fillFromEnvironment(document);
  const at = (problem: Problem): string => {
    const { line, col } = lines.linePos(offsetOf(document, problem.path));
    return `${file}:${line}:${col}: ${problem.message}`;
  };
  if (missing.length > 0) throw invalid(file, missing.map(at));
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const words = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
    throw invalid(file, parsed.error.issues.flatMap((issue) => explain(issue, words, document)).map(at));
  }
  const problems = validate(parsed.data);
  if (problems.length > 0) throw invalid(file, problems.map(at));
  return parsed.data;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new WaymarkError(
      "CONFIG_INVALID",
      `Can't read ${file}: ${messageOf(error)}. \`waymark init\` writes one.`,
      { file },
      { cause: error },
    );
  }
}

const invalid = (file: string, problems: string[]): WaymarkError =>
  new WaymarkError("CONFIG_INVALID", problems.join("\n"), { file, problems });

/** `${NAME}` and `${NAME:-default}` in any text value; a name without a value is a mistake at its place. */
function fillFromEnvironment(document: Document): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === "key" || typeof node.value !== "string") return;
      node.value = node.value.replace(
        /\$\{(\w+)(?::-([^}]*))?\}/g,
        (_, variable: string, fallback?: string) => {
          const value = process.env[variable] ?? fallback;
          if (value === undefined) {
            const path = ancestors.flatMap((a) =>
              "key" in a && isScalar(a.key) ? [String(a.key.value)] : [],
            );
            problems.push({
              path,
              message: `the environment has no ${variable}; set it, or write \${${variable}:-default}.`,
            });
          }
          return value ?? "";
        },
      );
    },
  });
  return problems;
}

/** Where the deepest part of a path that exists stands; a mapping's key rather than its value. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const parent = depth > 0 ? document.getIn(path.slice(0, depth - 1), true) : undefined;
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(path[depth - 1]),
      );
      const range = (pair?.key as Node | undefined)?.range;
      if (range) return range[0];
      continue;
    }
    const node = document.getIn(path.slice(0, depth), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}

type Issue = z.core.$ZodIssue;
interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
}

function explain(issue: Issue, words: JsonSchema, document: Document): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(words, issue.path);
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: `unknown key "${key}".${didYouMean(key, known)}`,
    }));
  }
  if (issue.code === "invalid_union") {
    // Of the spellings that a value may have, explain the one that was begun: the one with the fewest faults at its root.
    const faults = (branch: readonly Issue[]) =>
      branch.filter((i) => i.path.length === 0 && i.code === "invalid_type").length;
    const [nearest] = [...issue.errors].sort((a, b) => faults(a) - faults(b));
    return (nearest ?? []).flatMap((inner) =>
      explain({ ...inner, path: [...issue.path, ...inner.path] }, words, document),
    );
  }
  const value = document.getIn(issue.path, true);
  const said = isScalar(value) ? `${JSON.stringify(value.value)}: ` : "";
  const key = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  if (issue.code === "invalid_type" && value === undefined) {
    return [{ path: issue.path, message: `${issue.path.join(".")} is required (${issue.expected}).` }];
  }
  if (issue.code === "invalid_value" && isScalar(value)) {
    return [
      {
        path: issue.path,
        message: `${key}unknown value ${JSON.stringify(value.value)}.${didYouMean(String(value.value), issue.values.map(String))}`,
      },
    ];
  }
  return [{ path: issue.path, message: `${key}${said}${issue.message}` }];
}

/** The keys that a schema knows at a path, over all spellings that a value may have there. */
function keysAt(root: JsonSchema, path: readonly PropertyKey[]): string[] {
  const spellings = (schema: JsonSchema | undefined): JsonSchema[] => {
    if (!schema) return [];
    const target =
      schema.$ref === "#"
        ? root
        : schema.$ref
          ? root.$defs?.[schema.$ref.replace("#/$defs/", "")]
          : undefined;
    return [
      schema,
      ...spellings(target),
      ...[...(schema.anyOf ?? []), ...(schema.allOf ?? [])].flatMap(spellings),
    ];
  };
  let here = spellings(root);
  for (const step of path) {
    here = here.flatMap((s) => {
      if (typeof step === "number") return spellings(s.items);
      const named = s.properties?.[String(step)];
      return spellings(
        named ?? (typeof s.additionalProperties === "object" ? s.additionalProperties : undefined),
      );
    });
  }
  return [...new Set(here.flatMap((s) => Object.keys(s.properties ?? {})))];
}
