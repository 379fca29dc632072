import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { checkMappings } from "../../models/sources/mapping.js";

/** Every mistake in a file: file, line, column, what was expected, the nearest word; all of them at once. */
const sources = `
sources:
  accounts: { table: a, columns: { account_id: id } }
  tickets: { table: t, columns: { ticket_id: id, account_id: a, opened_at: at } }
`;
const read = (text: string) => parseYaml(text, "waymark.yml", settingsSchema, checkMappings);
const problems = (text: string): string[] => {
  try {
    read(text);
    return [];
  } catch (error) {
    return (error as Error).message.split("\n");
  }
};

describe("waymark.yml", () => {
  it("is read with its defaults", () => {
    expect(read(`company: A\n${sources}`)).toMatchObject({
      time_zone: "UTC",
      warehouse: { engine: "duckdb", memory_limit: "3GB" },
      server: { port: 4000, host: "127.0.0.1" },
    });
  });

  it.each<[mistake: string, text: string, expected: string[]]>([
    [
      "an unknown key",
      `company: A\nwarehous: {}\n${sources}`,
      ['waymark.yml:2:1: unknown key "warehous". Did you mean "warehouse"?'],
    ],
    [
      "an unknown key far inside",
      `company: A\nwarehouse:\n  memory: 1GB\n${sources}`,
      ['waymark.yml:3:3: unknown key "memory".'],
    ],
    [
      "a wrong value",
      `company: A\nserver: { port: 99999 }\n${sources}`,
      ["waymark.yml:2:11: server.port: 99999"],
    ],
    [
      "a zone that is none",
      `company: A\ntime_zone: Mars/Base\n${sources}`,
      ["waymark.yml:2:1: time_zone", "expected an IANA time zone such as Europe/Berlin"],
    ],
    ["what is missing", sources, ["company is required (string)"]],
    [
      "a name that DuckDB would mix up",
      `company: A\nwarehouse: { file: waymark.duckdb }\n${sources}`,
      ["Waymark's own schemas are called waymark"],
    ],
    [
      "an unknown source",
      `company: A\n${sources}  ticktes: { table: t, columns: {} }\n`,
      ['waymark.yml:6:3: unknown source "ticktes". Did you mean "tickets"?'],
    ],
    [
      "an unknown column",
      `company: A\n${sources.replace("opened_at", "openend_at")}`,
      ['tickets has no column "openend_at". Did you mean "opened_at"?'],
    ],
    [
      "two origins of a source",
      `company: A\n${sources.replace("table: t,", "table: t, query: select 1,")}`,
      ["expected exactly one of `table`, `query` and `files`"],
    ],
    [
      "two origins of a column",
      `company: A\n${sources.replace("opened_at: at", 'opened_at: { column: at, sql: "now()" }')}`,
      ["expected exactly one of `column` and `sql`"],
    ],
    [
      "no usage, tickets or surveys",
      "company: A\nsources:\n  accounts: { table: a, columns: { account_id: id } }\n",
      ["at least one of sources.usage_events, sources.tickets and sources.survey_responses is required"],
    ],
    ["what is no YAML", "company: [A\n", ["waymark.yml:", "not valid YAML"]],
    [
      "the same key twice",
      `company: A\ncompany: B\n${sources}`,
      ["waymark.yml:2:1: not valid YAML", "unique"],
    ],
  ])("%s is told with its place", (_, text, expected) => {
    const message = problems(text).join("\n");
    for (const part of expected) expect(message).toContain(part);
  });

  it("all mistakes are told at once", () => {
    expect(problems(`compnay: A\ntimezone: UTC\n${sources}`).length).toBeGreaterThanOrEqual(3);
  });
});

describe("the environment in files", () => {
  const schema = z.strictObject({ path: z.string() });
  afterEach(() => {
    delete process.env.WAYMARK_TEST_DIR;
  });

  it("fills values in, or their defaults", () => {
    process.env.WAYMARK_TEST_DIR = "/data";
    const path = "path: ${WAYMARK_TEST_DIR}/${WAYMARK_TEST_NONE:-raw}/x.csv";
    expect(parseYaml(path, "f.yml", schema, undefined, process.env)).toEqual({ path: "/data/raw/x.csv" });
  });

  it("is not read for text from elsewhere", () => {
    process.env.WAYMARK_TEST_DIR = "secret";
    const path = "path: ${WAYMARK_TEST_DIR} ${WAYMARK_TEST_DIR:-x}";
    expect(parseYaml(path, "f.yml", schema)).toEqual({ path: "${WAYMARK_TEST_DIR} ${WAYMARK_TEST_DIR:-x}" });
  });

  it("a variable that is not set is a mistake at its place", () => {
    const path = "path: ${WAYMARK_TEST_NONE}";
    expect(() => parseYaml(path, "f.yml", schema, undefined, {})).toThrow(
      /f\.yml:1:1: the environment has no WAYMARK_TEST_NONE/,
    );
  });
});
