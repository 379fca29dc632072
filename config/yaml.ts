import { readFileSync } from "node:fs";
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { z } from "zod";
import { didYouMean, messageOf, WaymarkError } from "../errors.js";

/** A mistake in a file, at a path of keys and positions inside it. */
export interface Problem {
  path: readonly PropertyKey[];
  message: string;
  /** The word that nothing defines, where that is the mistake. */
  unknown?: string;
}

/**
 * Read a YAML file of the project by a schema, `${NAME}` filled from the environment. All mistakes are reported at
 * once, each with file, line and column, what was expected and the nearest valid word. `validate` adds what a schema
 * can't say.
 * @throws WaymarkError CONFIG_INVALID
 */
export function readYaml<S extends z.ZodType>(
  file: string,
  schema: S,
  validate: (value: z.output<S>) => Problem[] = () => [],
): z.output<S> {
  return parseYaml(readText(file), file, schema, validate, process.env);
}

/**
 * As `readYaml`, for text that is at hand; `file` is what the messages name. Without an environment `${NAME}` stays as
 * it is written: text from elsewhere must not read the server's secrets.
 */
export function parseYaml<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
  validate: (value: z.output<S>) => Problem[] = () => [],
  environment?: NodeJS.ProcessEnv,
): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placed = ({ offset, message }: Placed): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}: ${message}`;
  };
  const unreadable =
    document.errors.length > 0
      ? document.errors.map((e) => ({ offset: e.pos[0], message: `not valid YAML: ${e.message}` }))
      : treacherousIn(document);
  if (unreadable.length > 0) throw invalid(file, unreadable.map(placed));
  const missing = environment ? fillFrom(environment, document) : [];
  /** In the file's order. */
  const located = (problems: Problem[]): string[] =>
    problems
      .map((problem) => ({ ...problem, offset: offsetOf(document, problem.path) }))
      .sort((a, b) => a.offset - b.offset)
      .map(placed);
  if (missing.length > 0) throw invalid(file, located(missing));
  const parsed = schema.safeParse(contentOf(document, file) ?? {});
  if (!parsed.success) {
    const words = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
    const problems = parsed.error.issues.flatMap((issue) => explain(issue, words, document));
    const others = unknownElsewhere(document.toJS(), parsed.error.issues, schema, validate);
    throw invalid(file, located([...problems, ...others]));
  }
  const problems = validate(parsed.data);
  if (problems.length > 0) throw invalid(file, located(problems));
  return parsed.data;
}

interface Placed {
  offset: number;
  message: string;
}

/** What YAML allows and no reader survives: what contains itself has no end, and `__proto__` would be dropped unsaid. */
function treacherousIn(document: Document): Placed[] {
  const found: Placed[] = [];
  const at = (node: Node, message: string): void =>
    void found.push({ offset: node.range?.[0] ?? 0, message });
  visit(document, {
    Alias(_, alias, ancestors) {
      const anchored = alias.resolve(document);
      if (anchored && ancestors.includes(anchored)) at(alias, `*${alias.source} contains itself.`);
    },
    Scalar(key, word) {
      if (key === "key" && word.value === "__proto__") at(word, `unknown key "__proto__".`);
    },
  });
  return found;
}

/** What the document says; an alias without its anchor shows only here. */
function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw invalid(file, [`${file}:1:1: not valid YAML: ${messageOf(error)}`]);
  }
}

/** @throws WaymarkError CONFIG_INVALID where it can't be read */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new WaymarkError(
      "CONFIG_INVALID",
      `Can't read ${file}: ${messageOf(error)}. \`waymark init\` writes one; \`--project FOLDER\` says where else to look.`,
      { file },
      { cause: error },
    );
  }
}

const invalid = (file: string, problems: string[]): WaymarkError =>
  new WaymarkError("CONFIG_INVALID", problems.join("\n"), { file, problems });

/** `${NAME}` and `${NAME:-default}` in any text value; a name without a value is a mistake at its place. */
function fillFrom(environment: NodeJS.ProcessEnv, document: Document): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === "key" || typeof node.value !== "string") return;
      node.value = node.value.replace(
        /\$\{(\w+)(?::-([^}]*))?\}/g,
        (_, variable: string, fallback?: string) => {
          const value = environment[variable] ?? fallback;
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
  const?: unknown;
  default?: unknown;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
}

/**
 * Unknown words in what is well shaped while other parts are not, so that all mistakes are told at once. Other
 * mistakes of meaning may hang on what is missing, so they wait.
 */
function unknownElsewhere<S extends z.ZodType>(
  content: unknown,
  issues: readonly Issue[],
  schema: S,
  validate: (value: z.output<S>) => Problem[],
): Problem[] {
  const parentOf = (path: readonly PropertyKey[]): Record<PropertyKey, unknown> | undefined =>
    path.slice(0, -1).reduce((node, key) => (node as Record<PropertyKey, unknown>)?.[key], content) as never;
  // Of lists the whole entry is left out, of mappings the key.
  const entries = new Map<string, { path: readonly PropertyKey[]; indexes: Set<number> }>();
  for (const issue of issues) {
    const depth = issue.path.findIndex((key) => typeof key === "number");
    if (depth >= 0) {
      const path = issue.path.slice(0, depth);
      const entry = entries.get(path.join(".")) ?? { path, indexes: new Set() };
      entries.set(path.join("."), { ...entry, indexes: entry.indexes.add(issue.path[depth] as number) });
    } else {
      const keys =
        issue.code === "unrecognized_keys" ? issue.keys.map((k) => [...issue.path, k]) : [issue.path];
      for (const path of keys) {
        const parent = parentOf(path);
        if (parent) delete parent[path.at(-1) as PropertyKey];
      }
    }
  }
  const leftOut: string[] = [];
  const kept = new Map<string, number[]>();
  for (const [key, { path, indexes }] of entries) {
    const list = parentOf([...path, 0]) as unknown as unknown[];
    if (!Array.isArray(list)) return [];
    leftOut.push(...[...indexes].map((i) => String((list[i] as { id?: unknown } | null)?.id)));
    kept.set(
      key,
      [...list.keys()].filter((i) => !indexes.has(i)),
    );
    list.splice(0, list.length, ...list.filter((_, i) => !indexes.has(i)));
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) return [];
  return validate(parsed.data).flatMap((problem) => {
    if (problem.unknown === undefined || leftOut.includes(problem.unknown)) return [];
    const path = problem.path.map((key, depth) =>
      typeof key === "number" ? (kept.get(problem.path.slice(0, depth).join("."))?.[key] ?? key) : key,
    );
    return [{ ...problem, path }];
  });
}

function explain(issue: Issue, words: JsonSchema, document: Document): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(words, issue.path, document);
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: `unknown key "${key}".${didYouMean(key, known)}`,
    }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // Of the spellings that a value may have, explain the one that was begun: of the right kind, with the right keys.
    const isMissing = (i: Issue): boolean =>
      i.path.length === 1 && document.getIn([...issue.path, ...i.path], true) === undefined;
    const strangers = (i: Issue): number =>
      i.path.length === 0 && i.code === "unrecognized_keys" ? i.keys.length : 0;
    const isWrongKind = (i: Issue): boolean =>
      i.path.length === 0 && (i.code === "invalid_type" || i.code === "invalid_value");
    const faults = (branch: readonly Issue[]): number =>
      branch.reduce((sum, i) => sum + strangers(i) + (isMissing(i) ? 1 : 0) + (isWrongKind(i) ? 1000 : 0), 0);
    const [nearest = []] = [...issue.errors].sort((a, b) => faults(a) - faults(b));
    // A misspelt key says itself that the right one is missing.
    const said = nearest.some((i) => strangers(i) > 0) ? nearest.filter((i) => !isMissing(i)) : nearest;
    return said.flatMap((inner) =>
      explain({ ...inner, path: [...issue.path, ...inner.path] }, words, document),
    );
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues.map((i) => i.message).join(", ");
    return [{ path: issue.path, message: `${JSON.stringify(issue.path.at(-1))}: ${expected}` }];
  }
  const value = document.getIn(issue.path, true);
  const said = isScalar(value) ? `${JSON.stringify(value.value)}: ` : "";
  const key = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  if (issue.code === "invalid_type" && value === undefined) {
    return [{ path: issue.path, message: `${issue.path.join(".")} is required (${issue.expected}).` }];
  }
  if (issue.code === "invalid_value" && value === undefined) {
    return [
      { path: issue.path, message: `${issue.path.join(".")} is required (one of ${fewOf(issue.values)}).` },
    ];
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

const fewOf = (values: readonly unknown[]): string =>
  values.length > 12 ? `${values.slice(0, 6).join(", ")} …` : values.join(", ");

/** The keys that a schema knows at a path, over all spellings that the value there may have. */
function keysAt(root: JsonSchema, path: readonly PropertyKey[], document: Document): string[] {
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
      ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap(spellings),
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
  // One that names its kind, as a warehouse its engine, has the keys of that kind alone.
  const isOfAnotherKind = ({ properties = {} }: JsonSchema): boolean =>
    Object.entries(properties).some(([key, { const: kind, default: otherwise }]) => {
      const written = document.getIn([...path, key]) ?? otherwise;
      return kind !== undefined && written !== kind;
    });
  return [
    ...new Set(here.filter((s) => !isOfAnotherKind(s)).flatMap((s) => Object.keys(s.properties ?? {}))),
  ];
}
