import { expect, it, onTestFinished } from "vitest";
import { type Settings, settingsSchema } from "../../config/settings.js";
import { parseYaml } from "../../config/yaml.js";
import { inspect } from "../../jobs/inspect.js";
import { schemas } from "../../jobs/ledger.js";
import { loadJourney } from "../../journey/load.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { openDuckDb } from "../../warehouse/duckdb.js";

const text = { type: "string" } as const;

async function inspected(accounts: unknown[][], tickets: unknown[][]) {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  onTestFinished(() => warehouse.close());
  await warehouse.load(["raw", "accounts"], { id: text, since: text }, [accounts]);
  await warehouse.load(["raw", "tickets"], { id: text, org: text, opened: text }, [tickets]);
  const settings = parseYaml(
    `
company: Small
sources:
  accounts: { table: raw.accounts, columns: { account_id: id, created_on: since } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: org, opened_at: opened } }`,
    "waymark.yml",
    settingsSchema,
    checkMappings,
  );
  const project = {
    settings: { ...settings, folder: "/nowhere" } as Settings,
    journey: loadJourney("journey/presets/three-stage.yml"),
  };
  const inspection = await inspect(warehouse, project, new Date("2024-07-01T06:00:00Z"));
  return { inspection, warehouse };
}

it("a check tells rows, defects, what can't be read and what is missing, and leaves nothing behind", async () => {
  const { inspection, warehouse } = await inspected(
    [
      ["a", "01-02-2024"],
      ["b", "2024-01-01"],
      ["b", "2024-01-01"],
    ],
    [
      ["t1", "a", "2024-02-01 10:00"],
      ["t2", "nobody", "2024-02-03T10:00:00Z"],
      ["t3", "b", "2023-12-31"],
    ],
  );
  const report = (source: string) => inspection.sources.find((s) => s.source === source);
  expect(report("accounts")).toMatchObject({
    isMapped: true,
    all: { row_count: 2, unusable_rows: 0, copies: 1, first_day: "2024-01-01", last_day: "2024-01-01" },
  });
  expect(report("accounts")?.defects.map((d) => [d.defect, d.row_count, d.example])).toEqual([
    ["unreadable_created_on", 1, "a"],
  ]);
  expect(
    report("tickets")
      ?.defects.map((d) => [d.defect, d.row_count, d.unusable_rows, d.example])
      .sort(),
  ).toEqual([
    ["before_account", 1, 1, "t3"],
    ["unknown_account", 1, 1, "t2"],
  ]);
  expect(report("tickets")?.unmapped).toContain("first_replied_at");
  expect(report("contracts")).toMatchObject({ isMapped: false, all: { row_count: 0 }, defects: [] });
  // A date is never guessed: the check shows one and asks for a format.
  expect(inspection.unreadable).toHaveLength(1);
  expect(inspection.unreadable[0]).toMatch(
    /^accounts\.created_on: 1 rows? .*"01-02-2024".* created_on: \{ column: …, format: "%d-%m-%Y" \}/,
  );
  expect(inspection.starved).toContain(
    "milestone first_use asks for events_1d, which needs usage_events: not mapped.",
  );
  for (const schema of [schemas.published, schemas.tables, "waymark_check"])
    expect(await warehouse.tables(schema)).toEqual([]);
});
