import { Command } from "commander";
import { withLease } from "../../jobs/lease.js";
import { collectGarbage, findGarbage, type Garbage } from "../../jobs/retention.js";
import { answer, answerJson, type CellRow, count, rowsAs } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";

export const gcCommand = (): Command =>
  new Command("gc")
    .description("let go what is kept no longer by `retention` in waymark.yml, and tidy scattered tables")
    .option("-n, --dry-run", "only list what would go")
    .addHelpText("after", "\nEach build that publishes does the same; see docs/builds.md.")
    .action(async (_, command: Command) => {
      const { project: folder, json, dryRun } = optionsOf<{ dryRun?: true }>(command);
      const project = loadProject(folder);
      const { retention } = project.settings;
      const now = () => new Date();
      const garbage = await withWarehouse(project, (warehouse) =>
        dryRun
          ? findGarbage(warehouse, retention, now())
          : withLease(warehouse, { purpose: "gc", now }, (lease) =>
              collectGarbage(warehouse, lease, retention, now()),
            ),
      );
      if (json) return answerJson({ isDone: !dryRun, ...garbage });
      answer(garbageInWords(garbage, dryRun === true));
    });

function garbageInWords({ tables, rows, ledger, rewrites }: Garbage, isDryRun: boolean): string {
  const lines: CellRow[] = [
    ...tables.map(({ schema, name, isView, bytes }) => ({
      what: isView ? "view of an old version" : "table",
      where: `${schema}.${name}`,
      MB: megabytes(bytes),
    })),
    ...rows.map((r) => ({
      what: "superseded rows",
      where: r.store,
      rows: r.rows === null ? "" : count(r.rows),
      MB: megabytes(r.bytes),
    })),
    ...ledger.map((l) => ({ what: "ledger", where: l.table, rows: count(l.rows) })),
    ...rewrites.map((r) => ({
      what: `rewrite: ${Math.round(100 * r.scattered)}% out of order`,
      where: r.store,
      rows: count(r.rows),
      MB: megabytes(r.bytes),
    })),
  ];
  if (lines.length === 0) return "Nothing is kept for longer than it should be.";
  const bytes = [...tables, ...rows].reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const [freed, left] = isDryRun
    ? ["would be free", "\nNothing was changed; `waymark gc` does it."]
    : ["are free", ""];
  return `${rowsAs("table", lines)}\nAbout ${megabytes(bytes)} MB ${freed} for new rows inside the warehouse's file.${left}`;
}

const megabytes = (bytes: number | null): string => (bytes === null ? "" : (bytes / 1e6).toFixed(1));
