import { Command } from "commander";
import { inspect, type SourceReport } from "../../jobs/inspect.js";
import { answer, answerJson, type CellRow, count, remark, rowsAs } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";

export const checkCommand = (): Command =>
  new Command("check")
    .description("hold waymark.yml and journey.yml against the warehouse, without building")
    .action(async (_, command: Command) => {
      const { project: folder, json } = optionsOf(command);
      const project = loadProject(folder);
      if (!json) remark(`Journey: ${project.journeyFile}. Reading the sources …`);
      const inspection = await withWarehouse(project, (warehouse) => inspect(warehouse, project, new Date()));
      if (json) return answerJson({ journey: project.journeyFile, ...inspection });
      answer(rowsAs("table", inspection.sources.map(summary)));
      const defects = inspection.sources.flatMap((s) =>
        s.defects.map(
          (d): CellRow => ({
            source: s.source,
            defect: d.defect,
            rows: d.row_count,
            "left out": d.unusable_rows,
            example: d.example,
          }),
        ),
      );
      if (defects.length > 0)
        answer(
          `\nWhat is wrong with rows (a row may be in several lines; "left out" rows count for nothing):\n${rowsAs("table", defects)}`,
        );
      const lines = [
        ...inspection.sources
          .filter((s) => !s.isMapped)
          .map((s) => `${s.source} is not mapped: its facts are null.`),
        ...inspection.sources
          .filter((s) => s.isMapped && s.unmapped.length > 0)
          .map((s) => `${s.source}: not mapped: ${s.unmapped.join(", ")}.`),
        ...inspection.starved,
      ];
      if (lines.length > 0) answer(`\nWhat is missing:\n${lines.map((line) => `- ${line}`).join("\n")}`);
      answer("\nBoth files are valid and every mapped column can be read. Next: waymark build");
    });

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
