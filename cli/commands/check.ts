import { Command } from "commander";
import type { Settings } from "../../config/settings.js";
import { WaymarkError } from "../../errors.js";
import { type Inspection, inspect, type SourceReport } from "../../jobs/inspect.js";
import { webhooksOf } from "../../notifications/webhook.js";
import type { Readiness } from "../../warehouse/warehouse.js";
import { costInWords } from "../estimate.js";
import { answer, answerJson, type CellRow, count, remark, rowsAs } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";

export const checkCommand = (): Command =>
  new Command("check")
    .description("hold waymark.yml and journey.yml against the warehouse, without building")
    .action(async (_, command: Command) => {
      const { project: folder, json } = optionsOf(command);
      const project = loadProject(folder);
      webhooksOf(project.settings, process.env);
      if (!json) remark(`Journey: ${project.journeyFile}. Reading the sources …`);
      const inspection = await withWarehouse(project, (warehouse) => inspect(warehouse, project, new Date()));
      if (json) answerJson({ journey: project.journeyFile, ...inspection });
      else print(inspection, project.settings);
      const useless = inspection.sources.filter(hasNoUsableRow).map((s) => s.source);
      if (useless.length > 0) {
        throw new WaymarkError(
          "CHECK_FAILED",
          `No row of ${useless.join(", ")} can be used, so a build would publish nothing. What is wrong with the rows is said above.`,
          { sources: useless },
        );
      }
      remark("\nBoth files are valid. Next: waymark build");
    });

function print({ readiness, sources, unreadable, starved, idle }: Inspection, settings: Settings): void {
  if (readiness) answer(`${readinessInWords(readiness, settings)}\n`);
  answer(rowsAs("table", sources.map(summary)));
  const defects = sources.flatMap(defectRows);
  if (defects.length > 0) {
    answer(`\nWhat is wrong with rows. A row may be in several lines; those left out count for nothing.`);
    answer(rowsAs("table", defects));
  }
  if (unreadable.length > 0) answer(`\nWhat can't be used as it is written:\n${bullets(unreadable)}`);
  const missing = [...sources.flatMap(missingFrom), ...starved];
  if (missing.length > 0) answer(`\nWhat is missing:\n${bullets(missing)}`);
  if (idle?.length)
    answer(`\nConditions that tell no account from another, in what is published:\n${bullets(idle)}`);
  if (!idle) answer("\nWhich conditions never or always hold shows once something is built.");
}

function readinessInWords({ toBeMade, reads, grants }: Readiness, settings: Settings): string {
  const made = toBeMade.length > 0 ? [`The first build makes the datasets ${toBeMade.join(", ")}.`] : [];
  return [
    "Rights and places are fine. The least that the account needs:",
    rowsAs(
      "table",
      grants.map(({ grant, on, why }) => ({ grant, on, why })),
    ),
    ...made,
    "Reading all of a source once, as a first build and each comparison of all days do, costs:",
    rowsAs(
      "table",
      reads.map(({ source, bytes }) => ({ source, cost: costInWords(bytes, settings) })),
    ),
  ].join("\n");
}

const summary = ({ source, isMapped, all }: SourceReport): CellRow =>
  isMapped
    ? {
        source,
        rows: count(all?.row_count ?? 0),
        usable: count((all?.row_count ?? 0) - (all?.unusable_rows ?? 0)),
        "exact copies": count(all?.copies ?? 0),
        from: all?.first_day,
        to: all?.last_day,
      }
    : { source, rows: "not mapped" };

const defectRows = ({ source, defects }: SourceReport): CellRow[] =>
  defects.map((d) => ({
    source,
    defect: d.defect,
    rows: count(d.row_count),
    "left out": count(d.unusable_rows),
    example: d.example,
  }));

const missingFrom = ({ source, isMapped, unmapped }: SourceReport): string[] => {
  if (!isMapped) return [`${source} is not mapped: its facts are null.`];
  return unmapped.length > 0 ? [`${source}: no column for ${unmapped.join(", ")}.`] : [];
};

const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join("\n");

const hasNoUsableRow = ({ all }: SourceReport): boolean =>
  all !== undefined && all.row_count > 0 && all.unusable_rows === all.row_count;
