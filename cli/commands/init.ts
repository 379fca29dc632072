import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { packageFolder } from "../../config/package.js";
import { WaymarkError } from "../../errors.js";
import { answerJson, remark } from "../output.js";
import { defaultPreset, journeyName, optionsOf, presetFile, presets, settingsName } from "../project.js";

export const initCommand = (): Command =>
  new Command("init")
    .description("write a commented waymark.yml and journey.yml into the project's folder")
    .option("--preset <name>", "the ready-made journey to begin with", defaultPreset)
    .option("--force", "replace files that exist; what they held stays beside them as .bak")
    .addHelpText("after", `\nPresets:\n${presetLines()}`)
    .action((_, command: Command) => {
      const { project, json, force, preset } = optionsOf<{ force?: true; preset: string }>(command);
      const settings = {
        from: join(packageFolder, "config", "waymark.example.yml"),
        to: join(project, settingsName),
      };
      const journey = { from: presetFile(preset), to: join(project, journeyName) };
      // Who names a preset wants another journey; the mapping of their tables has nothing to do with it.
      const isJourneyAlone = command.getOptionValueSource("preset") === "cli" && existsSync(settings.to);
      const written = isJourneyAlone ? [journey] : [settings, journey];
      const existing = written.map(({ to }) => to).filter((file) => existsSync(file));
      if (existing.length > 0 && !force) {
        throw new WaymarkError(
          "BAD_USER_INPUT",
          `${existing.join(" and ")} exist${existing.length === 1 ? "s" : ""} already. Nothing was written; --force replaces.`,
        );
      }
      mkdirSync(project, { recursive: true });
      for (const file of existing) copyFileSync(file, `${file}.bak`);
      for (const { from, to } of written) copyFileSync(from, to);
      if (json) return answerJson({ written: written.map(({ to }) => to), preset });
      for (const { to } of written) remark(`Wrote ${to}`);
      remark(`The journey is the preset ${preset}.`);
      for (const file of existing) remark(`What it held before is in ${file}.bak`);
      remark(
        isJourneyAlone
          ? "Next: `waymark check`, then `waymark plan` to see what it would change."
          : "Next: map your tables in waymark.yml, then `waymark check`.",
      );
    });

const presetLines = (): string =>
  Object.entries(presets)
    .map(([name, what]) => `  ${name.padEnd(12)} ${what}`)
    .join("\n");
