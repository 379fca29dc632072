import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { Temporal } from "temporal-polyfill";
import { packageFolder } from "../../config/package.js";
import { loadDemo } from "../../demo/load.js";
import { civilDate, wholeNumber } from "../arguments.js";
import { answerJson, count, remark } from "../output.js";
import {
  defaultJourney,
  journeyName,
  loadProject,
  optionsOf,
  settingsName,
  withWarehouse,
} from "../project.js";
import { portNumber, type ServeFlags, serve } from "./serve.js";

interface DemoFlags extends ServeFlags {
  folder?: string;
  project: string;
  seed: number;
  accounts: number;
  through?: string;
  serve?: true;
}

export const demoCommand = (): Command =>
  new Command("demo")
    .description("generate the demo company: a project folder with raw tables in an embedded DuckDB file")
    .option("--folder <folder>", "the project folder to make; that of --project, else waymark-demo")
    .option(
      "--seed <number>",
      "which company; the same seed gives the same rows",
      (v) => wholeNumber(v, 0, 2_147_483_647),
      1,
    )
    .option("--accounts <number>", "how many accounts in two years", (v) => wholeNumber(v, 1, 100_000), 1000)
    .option("--through <day>", "last day of its data; yesterday by default", civilDate)
    .option("--serve", "then build it, serve it and keep it fresh")
    .option("--port <port>", "with --serve: port of the API", portNumber)
    .option("--host <address>", "with --serve: address to listen on")
    .action(async (_, command: Command) => {
      const flags = optionsOf<DemoFlags>(command);
      const isProjectGiven = command.parent?.getOptionValueSource("project") === "cli";
      const folder = flags.folder ?? (isProjectGiven ? flags.project : "waymark-demo");
      prepareFolder(folder);
      const project = loadProject(folder);
      const generate = async (warehouse: Parameters<typeof loadDemo>[0]): Promise<void> => {
        const through = flags.through ?? Temporal.Now.plainDateISO("UTC").subtract({ days: 1 }).toString();
        const begun = performance.now();
        const { tables, isNew } = await loadDemo(
          warehouse,
          { seed: flags.seed, accounts: flags.accounts, through },
          (table, rows) => {
            if (!flags.json && process.stderr.isTTY)
              process.stderr.write(`\r\x1b[2Kgenerating ${table}: ${count(rows)} rows`);
          },
        );
        if (process.stderr.isTTY && !flags.json) process.stderr.write("\r\x1b[2K");
        const total = Object.values(tables).reduce((sum, n) => sum + n, 0);
        if (flags.json && !flags.serve) answerJson({ folder, isNew, tables });
        else if (isNew)
          remark(
            `Generated the demo company through ${through}: ${count(total)} raw rows in ${((performance.now() - begun) / 1000).toFixed(1)} s.`,
          );
        else remark(`The demo company is there, through ${through}.`);
      };
      await withWarehouse(project, async (warehouse) => {
        if (flags.serve)
          return serve(warehouse, project, {
            ...flags,
            buildFirst: true,
            beforeBuild: () => generate(warehouse),
          });
        await generate(warehouse);
        if (!flags.json) remark(`Next: waymark --project ${folder} check, build, serve.`);
      });
    });

/** The demo's own files, unless someone has edited theirs already. */
function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const files = [
    { from: join(packageFolder, "demo", "waymark.yml"), to: join(folder, settingsName) },
    { from: defaultJourney, to: join(folder, journeyName) },
  ];
  for (const { from, to } of files) if (!existsSync(to)) copyFileSync(from, to);
}
