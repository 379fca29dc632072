import { Command } from "commander";
import { Temporal } from "temporal-polyfill";
import { type Explanation, explain } from "../../jobs/explain.js";
import { civilDate, urlOption } from "../arguments.js";
import { answer, answerJson, count, counted } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { ask } from "./query.js";

export const explainCommand = (): Command =>
  new Command("explain")
    .description("say when and from what a day of a table was written, and why it is stale or fresh")
    .argument("<model>", "the table, e.g. account_health")
    .argument("[day]", "the day, e.g. 2024-05-01; the whole table without one", civilDate)
    .option(...urlOption)
    .action(async (model: string, day: string | undefined, _, command: Command) => {
      const { project: folder, json, url } = optionsOf<{ url?: string }>(command);
      const explanation = url
        ? await explainedAt(url, model, day ?? null)
        : await explainedHere(folder, model, day ?? null);
      if (json) return answerJson(explanation);
      answer(inWords(explanation));
    });

function explainedHere(folder: string, model: string, day: string | null): Promise<Explanation> {
  const project = loadProject(folder);
  return withWarehouse(project, (warehouse) => explain(warehouse, project, model, day, new Date()));
}

async function explainedAt(url: string, model: string, day: string | null): Promise<Explanation> {
  const query = "query ($model: String!, $day: LocalDate) { explanation(model: $model, day: $day) }";
  const data = await ask(url, { query, variables: { model, day } });
  const { explanation } = data as { explanation: Explanation };
  const { written } = explanation;
  return { ...explanation, written: written && { ...written, written_at: new Date(written.written_at) } };
}

function inWords(explanation: Explanation): string {
  const { model, day, snapshot, rows, written, isStale, reasons, failure } = explanation;
  const what = day === null ? model : `${model} on ${day}`;
  const state = isStale ? "stale" : reasons.length > 0 ? "not built yet" : "fresh";
  const lines = [`${what}: ${counted(rows, "rows")} in snapshot ${snapshot}; ${state}.`];
  if (written) {
    const { trigger, run_id, written_at, is_whole, reason, journey_version, code } = written;
    const at = written_at.toISOString().slice(0, 16).replace("T", " ");
    const span = written.first_day ? `, days ${written.first_day} to ${written.last_day}` : "";
    const whose = written.accounts === null ? "" : `, ${counted(written.accounts, "accounts")}`;
    lines.push(
      `Last written ${at} UTC in version ${written.version}, by run ${run_id}${trigger ? ` (${trigger})` : ""}: ${reason}.`,
      `It wrote ${is_whole ? "all of the table" : "a part"}: ${counted(written.rows_added, "rows")} came, ${count(written.rows_ended)} went${whose}${span}; journey ${journey_version}, code ${code}.`,
      ...written.inputs.map((input) => {
        const days = input.firstDay ? `, days ${input.firstDay} to ${input.lastDay}` : "";
        return input.from === null
          ? `  read ${input.model}: all of version ${input.to}`
          : `  read ${input.model}: what changed from version ${input.from} to ${input.to}${days}`;
      }),
    );
  } else if (rows > 0) lines.push("When it was written is not known: an earlier Waymark wrote it.");
  if (reasons.length > 0)
    lines.push(`${isStale ? "Stale" : "Not built"}, because`, ...reasons.map(({ text }) => `  ${text}`));
  if (failure !== null) lines.push(`The last run failed: ${failure}`);
  if (isStale) lines.push(...whatToDo(explanation));
  return lines.join("\n");
}

function whatToDo({ reasons, failure, dataThrough }: Explanation): string[] {
  const missed = reasons.filter((reason) => reason.missed !== null);
  const built = `\`waymark build\` brings it up to date${failure === null ? "" : " when that is put right"}`;
  if (missed.length === 0) return [`${built}.`];
  const within = (days: (string | null)[]) =>
    days.map((day) => (day && day < dataThrough ? day : dataThrough));
  const from = within(missed.map((reason) => reason.from)).sort()[0] ?? dataThrough;
  const last =
    within(missed.map((reason) => reason.to))
      .sort()
      .at(-1) ?? dataThrough;
  const to = Temporal.PlainDate.from(last).add({ days: 1 });
  return [
    `${built}, but for what it may not find yet:`,
    ...missed.map(({ model, missed: what }) => `  ${model}: ${what}`),
    `\`waymark backfill --from ${from} --to ${to} --select ${missed.map(({ model }) => `${model}+`).join(" ")}\` compares all their days now.`,
  ];
}
