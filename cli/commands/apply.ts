import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { WaymarkError } from "../../errors.js";
import { checkExpected } from "../../jobs/build.js";
import { applyJourney, planJourney } from "../../jobs/journey_plan.js";
import { announced } from "../news.js";
import { answer, answerJson, progressFor, remark } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { untilStopped } from "../stop.js";
import { describeBuild, summaryOf } from "./build.js";
import { planInWords } from "./plan.js";

interface ApplyFlags {
  yes?: true;
  expect?: string;
  note?: string;
}

export const applyCommand = (): Command =>
  new Command("apply")
    .description("publish the edited journey.yml as a new version: show the plan, ask, build, publish")
    .option("-y, --yes", "don't ask")
    .option("--expect <version>", "refuse where another journey than this one is published by now")
    .option("--note <text>", "why; kept with the version")
    .action(async (_, command: Command) => {
      const { project: folder, json, yes, expect, note } = optionsOf<ApplyFlags>(command);
      if (!yes && (json || !process.stdin.isTTY))
        throw new WaymarkError(
          "BAD_USER_INPUT",
          "Nobody is there to be asked; say --yes, and look at `waymark plan` before.",
        );
      const project = loadProject(folder);
      await withWarehouse(project, (warehouse) =>
        untilStopped(async (signal) => {
          const now = () => new Date();
          let expected = expect;
          if (!yes) {
            const plan = await planJourney(warehouse, project, { now, signal });
            checkExpected(expect, plan.from);
            answer(planInWords(plan, 10));
            if (plan.from === plan.to) return;
            if (!(await isAgreed(signal))) return remark("Nothing was published.");
            expected ??= plan.from;
          }
          const result = await announced(warehouse, project, signal, () =>
            applyJourney(warehouse, project, {
              trigger: "apply",
              now,
              signal,
              expect: expected,
              note,
              ...progressFor(json),
            }),
          );
          if (json) return answerJson({ journey: project.journey.version, ...summaryOf(result) });
          remark(
            result.isNew
              ? `Journey ${project.journey.version} is published. ${describeBuild(result)}`
              : `The journey is the published one, ${project.journey.version}: nothing was changed.`,
          );
        }),
      );
    });

async function isAgreed(signal: AbortSignal): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question("\nPublish it? [y/N] ", { signal })).trim());
  } finally {
    prompt.close();
  }
}
