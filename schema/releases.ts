import {
  buildSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from "graphql";
import { WaymarkError } from "../errors.js";

/** What the API was in the last release, as `npm version` left it: its version in the first line. */
export const releasedFile = "schema/released.graphql";
/** Where changes are told to those who ask the API. */
export const changesFile = "docs/changes.md";

/** What may break callers of an earlier API, a sentence each. */
export const breakingChanges = (before: string, after: string): string[] =>
  findBreakingChanges(buildSchema(before), buildSchema(after)).map(({ description }) => description);

/** What the section of a version declares as breaking: its list items that begin with "Breaking: ". */
export function declaredBreaks(changes: string, version: string): string[] {
  const section = changes.split(/^## /m).find((text) => text.startsWith(`${version}\n`)) ?? "";
  return [...section.matchAll(/^- Breaking: (.+)$/gm)].map(([, change = ""]) => change);
}

/** Deprecated fields, arguments and values whose reason doesn't tell, as YYYY-MM-DD, until when they stay. */
export function undatedDeprecations(schema: GraphQLSchema): string[] {
  const parts = Object.values(schema.getTypeMap()).flatMap((type) => {
    if (isEnumType(type))
      return type.getValues().map((value) => ({ ...value, at: `${type.name}.${value.name}` }));
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) => {
      const at = `${type.name}.${field.name}`;
      const args: readonly GraphQLArgument[] = "args" in field ? field.args : [];
      return [{ ...field, at }, ...args.map((arg) => ({ ...arg, at: `${at}(${arg.name}:)` }))];
    });
  });
  return parts
    .filter(
      ({ deprecationReason }) =>
        deprecationReason != null && !/\b\d{4}-\d{2}-\d{2}\b/.test(deprecationReason),
    )
    .map(({ at }) => at);
}

/**
 * The text of `released` for a new version of the API.
 * @throws WaymarkError CONFIG_INVALID where it breaks callers and its number doesn't say so, or its changes aren't told
 */
export function released(version: string, before: string, current: string, changes: string): string {
  const last = /^# API (\S+)/.exec(before)?.[1] ?? "0.0.0";
  if (!changes.includes(`\n## ${version}\n`))
    throw new WaymarkError(
      "CONFIG_INVALID",
      `${changesFile} has no section "## ${version}"; give "## Next" that name, and begin a new one above it.`,
    );
  const breaking = breakingChanges(before, current);
  if (breaking.length > 0 && lineOf(version) === lineOf(last))
    throw new WaymarkError(
      "CONFIG_INVALID",
      `${version} breaks callers of ${last}:\n${breaking.map((change) => `- ${change}`).join("\n")}\nIts number must say so: ${last.startsWith("0.") ? "raise the second part" : "raise the first part"}.`,
    );
  return `# API ${version}\n${current}`;
}

/** What stays the same while nothing breaks: the first number, below 1.0 the first two. */
const lineOf = (version: string): string => /^(0\.\d+|\d+)/.exec(version)?.[0] ?? version;
