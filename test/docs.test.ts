import { describe, expect, it } from "vitest";
import { z } from "zod";
import { settingsSchema } from "../config/settings.js";
import { journeySchema } from "../journey/journey.js";
import { loadJourney } from "../journey/load.js";
import { models } from "../models/index.js";
import type { ModelColumn } from "../models/model.js";
import { sources } from "../models/sources/index.js";
import type { SourceColumn } from "../models/sources/source.js";

/** What users read is written from the definitions; `npx vitest -u` writes it anew after a change. */
describe("generated documents", () => {
  it("docs/tables.md tells every table and column", async () => {
    const words = { journey: loadJourney("journey/presets/three-stage.yml"), attributes: [] };
    const sections = models.map((model) => {
      const rows = Object.entries(model.columnsFor(words)).map(
        ([column, c]) => `| \`${column}\` | ${c.type} | ${c.unit ?? ""} | ${c.description}${rangeOf(c)} |`,
      );
      return `## ${model.name}\n\n${model.description}\n\nGrain: ${model.grain.map((c) => `\`${c}\``).join(", ")}.\n\n| column | type | unit | meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
    });
    const text = `# Tables\n\nWhat Waymark builds in the schema \`waymark\`, in reading order, with the default journey. The views are plain and stable: any tool that speaks SQL may read them.\n\n${sections.join("\n")}`;
    await expect(text).toMatchFileSnapshot("../docs/tables.md");
  });

  it("docs/sources.md tells every entity that raw data is mapped to", async () => {
    const sections = Object.values(sources).map((source) => {
      const rows = Object.entries(source.columns as Record<string, SourceColumn>).map(
        ([column, c]) =>
          `| \`${column}\`${c.required ? " (required)" : ""} | ${c.type} | ${c.description}${rangeOf(c)} |`,
      );
      return `## ${source.name}\n\n${source.description}\n\n| column | type | meaning |\n|---|---|---|\n${rows.join("\n")}\n`;
    });
    const text = `# Sources\n\nThe entities to which \`waymark.yml\` maps raw data. Required: \`accounts\`, and at least one of \`usage_events\`, \`tickets\` and \`survey_responses\`; what else is missing makes its facts null. Columns marked as required must be mapped, and a row without them can't be used. Of what BigQuery alone has, such as other projects, wildcard tables, nested fields and ingestion-time partitions, [bigquery.md](bigquery.md#sources) tells.\n\n${sections.join("\n")}`;
    await expect(text).toMatchFileSnapshot("../docs/sources.md");
  });

  it.each([
    ["../config/waymark.schema.json", settingsSchema],
    ["../journey/journey.schema.json", journeySchema],
  ] as const)("%s is the files' shape for editors", async (file, schema) => {
    const json = z.toJSONSchema(schema, { io: "input" });
    await expect(`${JSON.stringify(json, null, 2)}\n`).toMatchFileSnapshot(file);
  });
});

const rangeOf = (column: ModelColumn | SourceColumn): string => {
  const { min, max } = column;
  if ("earliest" in column && column.earliest) return ` Not before ${column.earliest}.`;
  if (min === undefined && max === undefined)
    return column.oneOf ? ` One of ${column.oneOf.join(", ")}.` : "";
  return ` Range ${min ?? "…"} to ${max ?? "…"}.`;
};
