import { readFileSync } from "node:fs";
import { buildSchema } from "graphql";
import { describe, expect, it } from "vitest";
import {
  breakingChanges,
  changesFile,
  declaredBreaks,
  released,
  releasedFile,
  undatedDeprecations,
} from "../../schema/releases.js";

const read = (file: string): string => readFileSync(file, "utf8");
const api = (fields: string): string => `type Query { ${fields} }`;

describe("the API against that of the last release", () => {
  it("breaks nothing that docs/changes.md doesn't declare, and declares nothing that isn't so", () => {
    const breaking = breakingChanges(read(releasedFile), read("schema/schema.graphql"));
    expect(declaredBreaks(read(changesFile), "Next").sort()).toEqual(breaking.sort());
  });

  it("says of all that is deprecated until when it stays", () => {
    expect(undatedDeprecations(buildSchema(read("schema/schema.graphql")))).toEqual([]);
  });
});

it("tells what breaks callers, and not what is merely new", () => {
  const before = api("a: Int b(of: String): Int");
  expect(breakingChanges(before, api("a: Int b(of: String, more: Int): Int c: Int"))).toEqual([]);
  expect(breakingChanges(before, api("a: String b(of: String!): Int"))).toEqual([
    "Query.a changed type from Int to String.",
    "Query.b arg of has changed type from String to String!.",
  ]);
});

it("finds deprecations without a day in fields, arguments, inputs and values", () => {
  const old = `@deprecated(reason: "Use b.")`;
  const schema = buildSchema(
    `${api(`a: E ${old} b(of: String ${old}, in: I): Int c: Int @deprecated(reason: "Use b. Stays until 2027-06-30.")`)}
    enum E { X ${old} Y } input I { i: Int ${old} }`,
  );
  expect(undatedDeprecations(schema).sort()).toEqual(["E.X", "I.i", "Query.a", "Query.b(of:)"]);
});

describe("a release", () => {
  const before = `# API 1.2.0\n${api("a: Int")}`;
  const changes = (version: string): string => `# Changes\n\n## Next\n\n## ${version}\n\n- Something.\n`;

  it("keeps the API with its version for the next to be held against", () => {
    expect(released("1.3.0", before, api("a: Int b: Int"), changes("1.3.0"))).toBe(
      `# API 1.3.0\n${api("a: Int b: Int")}`,
    );
    expect(released("2.0.0", before, api("b: Int"), changes("2.0.0"))).toContain("# API 2.0.0");
  });

  it("is refused while its number doesn't say that it breaks callers, or its changes aren't told", () => {
    expect(() => released("1.3.0", before, api("b: Int"), changes("1.3.0"))).toThrow(
      "1.3.0 breaks callers of 1.2.0:\n- Query.a was removed.\nIts number must say so: raise the first part.",
    );
    expect(() => released("0.1.1", before.replace("1.2", "0.1"), api("b: Int"), changes("0.1.1"))).toThrow(
      "raise the second part",
    );
    expect(() => released("1.3.0", before, api("a: Int"), changes("1.2.0"))).toThrow(
      'docs/changes.md has no section "## 1.3.0"',
    );
  });
});
