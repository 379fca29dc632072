import { Command, Option } from "commander";
import pc from "picocolors";
import { WaymarkError } from "../../errors.js";
import { type BuildResult, build } from "../../jobs/build.js";
import { checkInWords } from "../../jobs/checks.js";
import { whenFree } from "../../jobs/lease.js";
import { cameOutTheSame, leftBehind } from "../../jobs/run.js";
import { valueInWords } from "../../journey/words.js";
import { civilDate, wholeNumber } from "../arguments.js";
import { costInWords, sayEstimate } from "../estimate.js";
import { announced } from "../news.js";
import { answerJson, progressFor, remark } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { untilStopped } from "../stop.js";

interface BuildFlags {
  select?: string[];
  from?: string;
  to?: string;
  force?: true;
  estimate?: true;
  wait?: number | true;
}

export const buildCommand = (): Command =>
  new Command("build")
    .description("build what is stale, check it, and publish all of it at once")
    .option(
      "-s, --select <model...>",
      "only these models; account_health+ adds all that read it, +account_health all it reads",
    )
    .option("--from <day>", "also rebuild days from this one on, e.g. 2024-05-01", civilDate)
    .option("--to <day>", "… up to this one, which is not rebuilt", civilDate)
    .option("--force", "rebuild even what is fresh, all of it or of the selected models")
    .addOption(
      new Option(
        "--estimate",
        "say what would be built, and on BigQuery what it would cost; build nothing; not with --from and --to",
      ).conflicts(["from", "to"]),
    )
    .option(
      "--wait [seconds]",
      "wait for another run or process that has the warehouse; without seconds as long as it takes",
      (v) => wholeNumber(v, 1, 86_400),
    )
    .action(async (_, command: Command) => {
      const {
        project: folder,
        json,
        select,
        from,
        to,
        force,
        estimate,
        wait,
      } = optionsOf<BuildFlags>(command);
      if (from && to && from >= to)
        throw new WaymarkError("BAD_USER_INPUT", `--from ${from} must be before --to ${to}.`);
      const project = loadProject(folder);
      if (estimate) return sayEstimate(project, { json, select, force });
      const result = await untilStopped((signal) => {
        const attempt = () =>
          withWarehouse(project, (warehouse) =>
            announced(warehouse, project, signal, () =>
              build(warehouse, project, {
                trigger: select || from || to ? "selection" : "manual",
                now: () => new Date(),
                signal,
                ...(select ? { select } : {}),
                ...(from ? { from } : {}),
                ...(to ? { to } : {}),
                ...(force ? { force } : {}),
                ...progressFor(json),
              }),
            ),
          );
        const waitSeconds = wait === true ? Number.POSITIVE_INFINITY : (wait ?? 0);
        return whenFree(attempt, { waitSeconds, signal, onWait: sayWhoHasIt });
      });
      if (json) return answerJson(summaryOf(result));
      remark(describeBuild(result));
      if (result.bytesBilled !== null)
        remark(`Billed: ${costInWords(result.bytesBilled, project.settings)}.`);
    });

/** Who has the warehouse, by what the error says of it: its message is for who doesn't wait. */
export function sayWhoHasIt({ details: { holder, pid, since } }: WaymarkError): void {
  const who = holder ?? `process ${pid}, which has the file open`;
  remark(`Waiting for ${who}${since ? `; it runs since ${new Date(String(since)).toISOString()}` : ""} …`);
}

/** A build for machines. */
export const summaryOf = ({
  runId,
  snapshot,
  isNew,
  models,
  warnings,
  untidied,
  seconds,
  bytesBilled,
}: BuildResult) => ({
  run: runId,
  snapshot: snapshot.id,
  isNew,
  publishedAt: snapshot.publishedAt,
  dataThrough: snapshot.dataThrough,
  seconds,
  bytesBilled,
  models: models.map(({ model, status, reason, rows, seconds: took, bytes_billed }) => ({
    model,
    status,
    reason,
    rows,
    seconds: took,
    bytesBilled: bytes_billed,
  })),
  warnings: warnings.map(({ check, model, failingRows, examples, error, failingSince }) => ({
    check,
    model,
    failingRows,
    examples,
    error,
    failingSince,
  })),
  untidied,
});

export function describeBuild(result: BuildResult): string {
  const { models, warnings, untidied } = result;
  const lines = [outcomeOf(result)];
  const behind = models.filter(({ reason }) => reason === leftBehind).length;
  if (behind > 0)
    lines.push(
      `${valueInWords(behind, "tables")} that ${behind === 1 ? "was" : "were"} not selected would be others by now; \`waymark build\` brings them up to date, and what reads them.`,
    );
  lines.push(...warnings.map((warning) => `${pc.yellow("!")} ${checkInWords(warning)}`));
  if (warnings.length > 0) lines.push("These only warn; `waymark checks show CHECK` prints the rows.");
  if (untidied !== null)
    lines.push(
      `${pc.yellow("!")} What is kept no longer could not be let go; the next build tries again, as does \`waymark gc\`. ${untidied}`,
    );
  return lines.join("\n");
}

function outcomeOf({ snapshot: { id, dataThrough }, isNew, models, seconds }: BuildResult): string {
  const took = `in ${seconds.toFixed(1)} s, data through ${dataThrough}.`;
  const built = models.filter(({ status }) => status === "built").length;
  if (built > 0) return `Published snapshot ${id}: ${built} of ${models.length} tables rebuilt ${took}`;
  if (isNew) return `Published snapshot ${id}, all of it built before, data through ${dataThrough}.`;
  const same = models.filter(({ reason }) => reason === cameOutTheSame).length;
  return same > 0
    ? `Built ${valueInWords(same, "tables")} again, and all rows came out the same: snapshot ${id} stands, data through ${dataThrough}.`
    : `Nothing was stale: snapshot ${id} stands, data through ${dataThrough}.`;
}
