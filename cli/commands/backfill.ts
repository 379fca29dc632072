import { Command } from "commander";
import { type BackfillProgress, backfill } from "../../jobs/backfill.js";
import { valueInWords } from "../../journey/words.js";
import { civilDate, wholeNumber } from "../arguments.js";
import { answerJson, remark } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { untilStopped } from "../stop.js";
import { describeBuild, summaryOf } from "./build.js";

interface BackfillFlags {
  from: string;
  to: string;
  select?: string[];
  chunkDays?: number;
}

export const backfillCommand = (): Command =>
  new Command("backfill")
    .description("rebuild days of tables by day in chunks, and publish them once, at the end")
    .requiredOption("--from <day>", "the first day to rebuild, e.g. 2024-05-01", civilDate)
    .requiredOption("--to <day>", "up to this day, which is not rebuilt", civilDate)
    .option(
      "-s, --select <model...>",
      "only these models, as in `waymark build`; stg_usage_events+ compares raw usage too",
    )
    .option("--chunk-days <number>", "days at once; a calendar month by default", (v) =>
      wholeNumber(v, 1, 3660),
    )
    .addHelpText(
      "after",
      "\nStopped or killed, it goes on from the chunk it was in when the same is asked for again.",
    )
    .action(async (_, command: Command) => {
      const { project: folder, json, ...options } = optionsOf<BackfillFlags>(command);
      const { from, to, select, chunkDays } = options;
      const project = loadProject(folder);
      const result = await withWarehouse(project, (warehouse) =>
        untilStopped((signal) =>
          backfill(warehouse, project, {
            from,
            to,
            select,
            chunkDays,
            now: () => new Date(),
            signal,
            ...(json ? {} : { onProgress: tell }),
          }),
        ),
      );
      const { days, chunks, resumedAfter } = result;
      if (json) return answerJson({ ...days, chunks, resumedAfter, ...summaryOf(result) });
      remark(
        `Rebuilt ${days.from} up to ${days.to} in ${valueInWords(chunks, "chunks")}. ${describeBuild(result)}`,
      );
    });

function tell(progress: BackfillProgress): void {
  if (progress.kind === "begun") {
    if (progress.done > 0)
      remark(`Going on: ${progress.done} of ${valueInWords(progress.chunks, "chunks")} done before.`);
    return;
  }
  const n = progress.changed.length;
  const changed = n === 0 ? "nothing changed" : `${valueInWords(n, "tables")} changed`;
  const took = `${changed}, ${progress.seconds.toFixed(1)} s`;
  if (progress.kind === "compared") {
    const sources = progress.sources.join(", ");
    remark(
      sources
        ? `Raw rows of ${sources} compared: ${took}`
        : "Raw rows are not compared: no table of a source is selected, such as stg_usage_events+",
    );
  } else {
    const { number, chunks, days, secondsLeft } = progress;
    const left = number < chunks ? `; about ${duration(secondsLeft)} left` : "; publishing …";
    remark(`[${number}/${chunks}] ${days.from} up to ${days.to}: ${took}${left}`);
  }
}

const duration = (seconds: number): string =>
  seconds < 90
    ? `${Math.ceil(seconds)} s`
    : seconds < 5400
      ? valueInWords(Math.round(seconds / 60), "minutes")
      : `${(seconds / 3600).toFixed(1)} hours`;
