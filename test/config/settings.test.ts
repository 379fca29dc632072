import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { loadSettings, settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { WaymarkError } from "../../errors.js";
import { checkMappings } from "../../models/sources/mapping.js";

const sources = `sources:
  accounts: { table: crm.accounts, columns: { account_id: id } }
  tickets: { table: desk.tickets, columns: { ticket_id: id } }
`;
function load(text: string) {
  const folder = mkdtempSync(join(tmpdir(), "waymark-settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "waymark.yml");
  writeFileSync(file, text);
  return { folder, file, settings: () => loadSettings(file, checkMappings) };
}
function mistakesIn(text: string): string[] {
  const { file, settings } = load(text);
  try {
    settings();
  } catch (error) {
    expect(error).toBeInstanceOf(WaymarkError);
    expect((error as WaymarkError).code).toBe("CONFIG_INVALID");
    return (error as WaymarkError).message.replaceAll(file, "waymark.yml").split("\n");
  }
  return [];
}

describe("settings", () => {
  it("need a name and sources only; the rest has defaults, and paths are relative to the file", () => {
    const { folder, settings } = load(`company: Acme\n${sources}`);
    expect(settings()).toMatchObject({
      company: "Acme",
      time_zone: "UTC",
      warehouse: { engine: "duckdb", file: join(folder, "warehouse.duckdb"), memory_limit: "3GB" },
      schedule: { build: "15 3 * * *", retries: [1, 5, 15] },
      server: { port: 4000, host: "127.0.0.1" },
      folder,
    });
    expect(settings().data_through).toBeUndefined();
  });

  it("keep an absolute path and :memory: as they are", () => {
    expect(
      load(`company: A\nwarehouse: { file: /data/w.duckdb }\n${sources}`).settings().warehouse,
    ).toMatchObject({ file: "/data/w.duckdb" });
    expect(
      load(`company: A\nwarehouse: { file: ":memory:" }\n${sources}`).settings().warehouse,
    ).toMatchObject({
      file: ":memory:",
    });
  });

  it("of BigQuery tell the most that a statement may cost in bytes", () => {
    const warehouse = (most: string): unknown =>
      load(
        `company: A\nwarehouse: { engine: bigquery, project: acme, location: EU, maximum_bytes_billed: ${most} }\n${sources}`,
      ).settings().warehouse;
    expect(warehouse("1.5TB")).toEqual({
      engine: "bigquery",
      project: "acme",
      location: "EU",
      datasets: {
        published: "waymark",
        tables: "waymark_tables",
        ledger: "waymark_ledger",
        work: "waymark_work",
        check: "waymark_check",
      },
      partition_by: "month",
      maximum_bytes_billed: 1.5e12,
      price_per_tib: 6.25,
    });
    expect(warehouse("100GiB")).toMatchObject({ maximum_bytes_billed: 100 * 2 ** 30 });
  });

  it("the example is valid once its files are there", () => {
    const { settings } = load(`company: A\n${sources}`);
    expect(settings()).toBeDefined();
    expect(loadSettings("config/waymark.example.yml", checkMappings).company).toBe("Your company");
  });

  it("the example's warehouse in BigQuery is valid once it is no comment, and names all of its settings", () => {
    const example = readFileSync("config/waymark.example.yml", "utf8");
    const block = /^# warehouse:\n(# .*\n)+/m.exec(example)?.[0].replace(/^# /gm, "");
    const { warehouse } = load(`company: A\n${block}${sources}`).settings();
    const all = settingsSchema.shape.warehouse.unwrap().options[1].shape;
    expect(Object.keys(warehouse).sort()).toEqual(
      Object.keys(all)
        .filter((setting) => setting !== "api_endpoint") // of tests alone
        .sort(),
    );
  });
});

describe("a mistake in waymark.yml is told with file, line, column and the nearest word", () => {
  const table: [what: string, text: string, problems: string[]][] = [
    [
      "nothing",
      "",
      ["waymark.yml:1:1: company is required (string).", "waymark.yml:1:1: sources is required (record)."],
    ],
    [
      "a tab",
      `company: A\n\tx: 1\n${sources}`,
      ["waymark.yml:2:1: not valid YAML: Tabs are not allowed as indentation"],
    ],
    [
      "an unknown key",
      `company: A\ntimezone: UTC\n${sources}`,
      ['waymark.yml:2:1: unknown key "timezone". Did you mean "time_zone"?'],
    ],
    [
      "no time zone",
      `company: A\ntime_zone: Europe/Berln\n${sources}`,
      ['waymark.yml:2:1: time_zone: "Europe/Berln": expected an IANA time zone such as Europe/Berlin'],
    ],
    [
      "no cron time",
      `company: A\nschedule: { build: every night }\n${sources}`,
      [
        'waymark.yml:2:13: schedule.build: "every night": expected a cron time such as "15 3 * * *" (minute, hour, day, month, weekday, in UTC)',
      ],
    ],
    [
      "a day of no calendar",
      `company: A\ndata_through: 2024-02-30\n${sources}`,
      ['waymark.yml:2:1: data_through: "2024-02-30": expected a date such as 2024-12-31'],
    ],
    [
      "a day written otherwise",
      `company: A\ndata_through: 31.12.2024\n${sources}`,
      ['waymark.yml:2:1: data_through: "31.12.2024": expected a date such as 2024-12-31'],
    ],
    [
      "an engine that isn't there",
      `company: A\nwarehouse: { engine: snowflake }\n${sources}`,
      ['waymark.yml:2:14: warehouse.engine: "snowflake": expected duckdb or bigquery'],
    ],
    [
      "a key of DuckDB misspelt",
      `company: A\nwarehouse: { memroy_limit: 4GB }\n${sources}`,
      ['waymark.yml:2:14: unknown key "memroy_limit". Did you mean "memory_limit"?'],
    ],
    [
      "BigQuery without a project and a place",
      `company: A\nwarehouse: { engine: bigquery, maximum_bytes_billed: 100, file: w.duckdb }\n${sources}`,
      [
        "waymark.yml:2:1: warehouse.project is required (string).",
        "waymark.yml:2:1: warehouse.location is required (string).",
        "waymark.yml:2:32: warehouse.maximum_bytes_billed: 100: Invalid input: expected string, received number",
        'waymark.yml:2:59: unknown key "file". Known: engine, project, location, datasets, partition_by, maximum_bytes_billed, maximum_bytes_per_run, price_per_tib, api_endpoint.',
      ],
    ],
    [
      "a size without a unit",
      `company: A\nwarehouse: { memory_limit: "4" }\n${sources}`,
      ['waymark.yml:2:14: warehouse.memory_limit: "4": expected a size such as "4GB"'],
    ],
    [
      "a file that DuckDB would take for a schema",
      `company: A\nwarehouse: { file: data/waymark.duckdb }\n${sources}`,
      [
        'waymark.yml:2:14: warehouse.file: "data/waymark.duckdb": expected another name: Waymark\'s own schemas are called waymark…, and DuckDB would mix them up',
      ],
    ],
    [
      "a port beyond ports",
      `company: A\nserver: { port: 70000 }\n${sources}`,
      ["waymark.yml:2:11: server.port: 70000: Too big: expected number to be <=65535"],
    ],
    [
      "two origins of one source, none of another",
      "company: A\nsources:\n  accounts: { table: t, query: q, columns: { account_id: id } }\n  tickets: { columns: { ticket_id: id } }",
      [
        "waymark.yml:3:3: sources.accounts: expected exactly one of `table`, `query` and `files`",
        "waymark.yml:4:3: sources.tickets: expected exactly one of `table`, `query` and `files`",
      ],
    ],
    [
      "odd column mappings",
      `company: A\nsources:\n  accounts:\n    table: t\n    columns:\n      account_id: { column: a, sql: b }\n      name: { colum: x }\n      owner: 5\n      region: { column: r, time_zone: Mars }\n  tickets: { table: t, columns: { ticket_id: id } }`,
      [
        "waymark.yml:6:7: sources.accounts.columns.account_id: expected exactly one of `column` and `sql`",
        "waymark.yml:7:7: sources.accounts.columns.name: expected exactly one of `column` and `sql`",
        'waymark.yml:7:15: unknown key "colum". Did you mean "column"?',
        "waymark.yml:8:7: sources.accounts.columns.owner: 5: Invalid input: expected string, received number",
        'waymark.yml:9:28: sources.accounts.columns.region.time_zone: "Mars": expected an IANA time zone such as Europe/Berlin',
      ],
    ],
    [
      "an attribute that can't name a column",
      `company: A\nsources:\n  accounts: { table: t, columns: { account_id: id }, attributes: { My size: s } }\n  tickets: { table: t, columns: { ticket_id: id } }`,
      ['waymark.yml:3:68: "My size": expected a name in snake_case'],
    ],
    [
      "SQL with a comment",
      "company: A\nsources:\n  accounts: { table: t, columns: { account_id: { sql: id -- x } } }\n  tickets: { query: select 1; select 2, columns: { ticket_id: id } }",
      [
        "waymark.yml:3:50: SQL here is one expression or query, without comments or ';'",
        "waymark.yml:4:14: SQL here is one expression or query, without comments or ';'",
      ],
    ],
  ];
  it.each(table)("%s", (_, text, problems) => {
    expect(mistakesIn(text)).toEqual(problems);
  });

  it("a file that can't be read says how to get one", () => {
    expect(() => loadSettings("/nowhere/waymark.yml", checkMappings)).toThrow(
      /^Can't read \/nowhere\/waymark\.yml: .*`waymark init` writes one; `--project FOLDER` says where else to look\.$/,
    );
  });
});

describe("the environment", () => {
  const schema = z.strictObject({
    a: z.string(),
    b: z.array(z.string()).optional(),
    n: z.number().optional(),
  });
  const read = (text: string) => parseYaml(text, "x.yml", schema, () => [], process.env);
  const names = ["WAYMARK_TEST_A", "WAYMARK_TEST_B"];
  afterEach(() => {
    for (const name of names) delete process.env[name];
  });

  it("fills names in any text, with or without a default", () => {
    process.env.WAYMARK_TEST_A = "x: 'y' # ${WAYMARK_TEST_B}";
    expect(
      read(
        'a: "<${WAYMARK_TEST_A}>"\nb: ["${WAYMARK_TEST_B:-fall back}", "${WAYMARK_TEST_B:-}", "$WAYMARK_TEST_A", "${}"]',
      ),
    ).toEqual({
      // What is filled in is text: neither YAML nor names in it are read again.
      a: "<x: 'y' # ${WAYMARK_TEST_B}>",
      b: ["fall back", "", "$WAYMARK_TEST_A", "${}"],
    });
  });

  it("is not read in keys or comments", () => {
    expect(read("a: x # ${WAYMARK_TEST_A}")).toEqual({ a: "x" });
    expect(() => read('"${WAYMARK_TEST_A}": x\na: y')).toThrow('x.yml:1:1: unknown key "${WAYMARK_TEST_A}"');
  });

  it("that lacks a name is told with the place, all at once", () => {
    expect(() => read('a: "${WAYMARK_TEST_A}"\nb:\n  - ok\n  - "${WAYMARK_TEST_B}"')).toThrow(
      "x.yml:1:1: the environment has no WAYMARK_TEST_A; set it, or write ${WAYMARK_TEST_A:-default}.\nx.yml:2:1: the environment has no WAYMARK_TEST_B; set it, or write ${WAYMARK_TEST_B:-default}.",
    );
  });
});
