import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { WaymarkError } from "../../errors.js";
import { answerJson, remark } from "../output.js";
import {
  defaultPreset,
  journeyName,
  optionsOf,
  packageFolder,
  presetFile,
  presets,
  settingsName,
} from "../project.js";

export const initCommand = (): Command =>
  new Command("init")
    .description("write a commented waymark.yml and journey.yml into the project's folder")
    .option("--preset <name>", "the ready-made journey to begin with", defaultPreset)
    .option("--force", "replace files that exist")
    .addHelpText("after", `\nPresets:\n${presetLines()}`)
    .action((_, command: Command) => {
      const { project, json, force, preset } = optionsOf<{ force?: true; preset: string }>(command);
      const written = [
        { from: join(packageFolder, "config", "waymark.example.yml"), to: join(project, settingsName) },
        { from: presetFile(preset), to: join(project, journeyName) },
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
      if (json) return answerJson({ written: written.map(({ to }) => to), preset });
      for (const { to } of written) remark(`Wrote ${to}`);
      remark(`The journey is the preset ${preset}.`);
      remark("Next: map your tables in waymark.yml, then `waymark check`.");
    });

const presetLines = (): string =>
  Object.entries(presets)
    .map(([name, what]) => `  ${name.padEnd(12)} ${what}`)
    .join("\n");
