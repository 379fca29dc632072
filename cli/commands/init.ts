import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { WaymarkError } from "../../errors.js";
import { answerJson, remark } from "../output.js";
import { defaultJourney, journeyName, optionsOf, packageFolder, settingsName } from "../project.js";

export const initCommand = (): Command =>
  new Command("init")
    .description("write a commented waymark.yml and journey.yml into the project's folder")
    .option("--force", "replace files that exist")
    .action((_, command: Command) => {
      const { project, json, force } = optionsOf<{ force?: true }>(command);
      const written = [
        { from: join(packageFolder, "config", "waymark.example.yml"), to: join(project, settingsName) },
        { from: defaultJourney, to: join(project, journeyName) },
      ];
      const existing = written.map(({ to }) => to).filter((file) => existsSync(file));
      if (existing.length > 0 && !force) {
        throw new WaymarkError(
          "BAD_USER_INPUT",
          `${existing.join(" and ")} exist${existing.length === 1 ? "s" : ""} already. Nothing was written; --force replaces.`,
        );
      }
      mkdirSync(project, { recursive: true });
      for (const { from, to } of written) copyFileSync(from, to);
      if (json) return answerJson({ written: written.map(({ to }) => to) });
      for (const { to } of written) remark(`Wrote ${to}`);
      remark("Next: map your tables in waymark.yml, then `waymark check`.");
    });
