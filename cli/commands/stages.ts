import { Command } from "commander";
import { daysInWords } from "../../journey/words.js";
import type { StageOutcomes, StageTime, StageTransition } from "../../schema/survival.js";
import { remarkNobody, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { percentOf, wholeOf } from "../figures.js";
import { answer, answerJson, type CellRow, percent, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

interface StagesFlags {
  leadDays: number;
  where?: string[];
  url?: string;
}

export const stagesCommand = (): Command =>
  new Command("stages")
    .description("say where journeys end, how long accounts stay in each stage, and where they go from it")
    .option(
      "--lead-days <number>",
      "read where terms came from so many days before their end",
      (v) => wholeNumber(v, 1, 730),
      60,
    )
    .option(...whereOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { leadDays, where, url, project, json } = optionsOf<StagesFlags>(command);
      const request = { query: document, variables: { leadDays, filter: filterOf(where) } };
      const data = (url ? await ask(url, request) : await askOnce(project, request)) as Stages;
      if (json) return answerJson(data);
      answer(inWords(data, leadDays));
      remarkNobody(where, data.stageTimes);
    });

interface Stages {
  journey: { stages: { id: string; name: string }[] };
  stageOutcomes: StageOutcomes;
  stageTimes: StageTime[];
  stageTransitions: StageTransition[];
}

const document = `
query ($leadDays: Int!, $filter: AccountFilter) {
  journey { stages { id name } }
  stageOutcomes(leadDays: $leadDays, filter: $filter) {
    stages { stage { id name } terms churned churnShare { value from to why } churnedAtEnd }
    leftOut
  }
  stageTimes(filter: $filter) { stage { id name } stays over medianDays { value from to why } }
  stageTransitions(filter: $filter) { from { id name } to { id name } stays share }
}`;

function inWords({ journey, stageOutcomes, stageTimes, stageTransitions }: Stages, leadDays: number): string {
  if (stageTimes.length === 0) return "No account has been in a stage yet.";
  const { stages, leftOut } = stageOutcomes;
  const outcomes = stages.map(({ stage, terms, churned, churnShare, churnedAtEnd }) => ({
    stage: stage.name,
    terms,
    churned,
    "share that churned": percentOf(churnShare),
    "churned in it": churnedAtEnd,
  }));
  const times = stageTimes.map(({ stage, stays, over, medianDays }) => ({
    stage: stage.name,
    stays,
    over,
    "half are gone after": wholeOf(medianDays, " days"),
  }));
  const few = stageTimes
    .filter(({ stage, over }) => over > 0 && !stageTransitions.some(({ from }) => from.id === stage.id))
    .map(({ stage }) => stage.name);
  return [
    `Where terms came from, ${daysInWords(leadDays)} before their end, and in which stage those that churned ended`,
    rowsAs("table", outcomes),
    ...(leftOut > 0 ? [`Left out: ${leftOut} terms whose account was no customer with facts that day.`] : []),
    "\nHow long accounts stay, those that are still in it included",
    rowsAs("table", times),
    "\nWhere they go from the stage on the left, of all stays that are over",
    rowsAs("table", matrixOf(journey.stages, stageTransitions)),
    ...(few.length > 0 ? [`Left out, as too few stays are over: ${few.join(", ")}.`] : []),
  ].join("\n");
}

/** A line for each stage that was left, a column for each that followed; the last is for facts that ended. */
function matrixOf(
  stages: readonly { id: string; name: string }[],
  transitions: readonly StageTransition[],
): CellRow[] {
  const share = (from: string, to: string | null): string => {
    const move = transitions.find((t) => t.from.id === from && (t.to?.id ?? null) === to);
    return move ? `${percent(move.share, 0)} (${move.stays})` : "";
  };
  return stages
    .filter(({ id }) => transitions.some(({ from }) => from.id === id))
    .map(({ id, name }) => ({
      from: name,
      ...Object.fromEntries(stages.map((to) => [to.name, share(id, to.id)])),
      "no more facts": share(id, null),
    }));
}
