import { isDeepStrictEqual } from "node:util";
import { Command } from "commander";
import { type JourneyPlan, type Move, planJourney } from "../../jobs/journey_plan.js";
import { wholeNumber } from "../arguments.js";
import { sayEstimate } from "../estimate.js";
import { answer, answerJson, type CellRow, count, remark, rowsAs } from "../output.js";
import { journeyName, loadProject, optionsOf, type ProjectFolder, withWarehouse } from "../project.js";
import { untilStopped } from "../stop.js";
import { healthInWords, sayProgress, signalsInWords } from "./backtest.js";
import { ask } from "./query.js";

interface PlanFlags {
  journey?: string;
  first: number;
  estimate?: true;
  url?: string;
}

export const planCommand = (): Command =>
  new Command("plan")
    .description("show what an edited journey would change on the published data, without publishing it")
    .option("-j, --journey <file>", "the edited journey; the project's journey.yml by default")
    .option(
      "--first <number>",
      "how many of the accounts that change to list",
      (v) => wholeNumber(v, 0, 1000),
      20,
    )
    .option(
      "--estimate",
      "say what would be built again for it, and on BigQuery what that would cost; build nothing",
    )
    .option(
      "--url <url>",
      "let a running server plan instead of opening the warehouse, e.g. http://localhost:4000/graphql",
    )
    .action(async (_, command: Command) => {
      const { project: folder, json, journey, first, estimate, url } = optionsOf<PlanFlags>(command);
      const project = loadProject(folder, journey);
      if (estimate) return sayEstimate(project, { json, select: [] });
      const plan = url ? await planAt(url, project) : await planHere(project, json === true);
      if (json) return answerJson(plan);
      answer(planInWords(plan, first));
      if (plan.from !== plan.to)
        remark(
          `\nNothing was published. Next: ${journey ? `copy ${journey} to ${journeyName}, then ` : ""}waymark apply`,
        );
    });

const planHere = (project: ProjectFolder, isQuiet: boolean): Promise<JourneyPlan> =>
  withWarehouse(project, (warehouse) =>
    untilStopped((signal) =>
      planJourney(warehouse, project, {
        now: () => new Date(),
        signal,
        ...(isQuiet ? {} : { onProgress: sayProgress }),
      }),
    ),
  );

/** The server fills no `${NAME}` from its environment, so it gets the journey as it was read here. */
async function planAt(url: string, { journey }: ProjectFolder): Promise<JourneyPlan> {
  const { version, ...text } = journey;
  const query = "query ($file: String!) { journeyPlan(file: $file) }";
  const data = await ask(url, { query, variables: { file: JSON.stringify(text) } });
  return (data as { journeyPlan: JourneyPlan }).journeyPlan;
}

/** A plan for people: what changes, most important first. */
export function planInWords(plan: JourneyPlan, first: number): string {
  if (plan.from === plan.to) return `The journey is the published one, ${plan.from}: nothing would change.`;
  const moved = (moves: readonly Move[]): number =>
    moves.filter((m) => m.before !== m.after).reduce((sum, m) => sum + m.accounts, 0);
  const parts = [
    `Journey ${plan.to} against ${plan.from}, which is published; ${count(plan.accounts)} accounts on ${plan.dataThrough}.`,
    `${count(moved(plan.stages))} change stage, ${count(moved(plan.bands))} change band. Scores: ${scoreLine(plan)}.`,
  ];
  const section = (title: string, rows: CellRow[]): void => {
    if (rows.length > 0) parts.push(`\n${title}\n${rowsAs("table", rows)}`);
  };
  if (moved(plan.stages) > 0) section("Stages, from the row's to the column's", matrix(plan.stages));
  if (moved(plan.bands) > 0) section("Bands, from the row's to the column's", matrix(plan.bands));
  section(
    plan.changes.length > first
      ? `Accounts that change, the ${first} of highest MRR`
      : "Accounts that change",
    plan.changes.slice(0, first).map((c) => ({
      account: c.name ?? c.account_id,
      MRR: c.mrr,
      stage: arrow(c.stage_before, c.stage_after),
      band: arrow(c.band_before, c.band_after),
      score: arrow(rounded(c.score_before), rounded(c.score_after)),
    })),
  );
  section(
    "Milestones reached",
    plan.milestones
      .filter((m) => m.reachedBefore !== m.reachedAfter)
      .map((m) => ({ milestone: m.milestone, before: m.reachedBefore, after: m.reachedAfter })),
  );
  section(
    "Open signals",
    plan.signals
      .filter((s) => s.opens + s.closes > 0)
      .map(({ signal, before, opens, closes, after }) => ({ signal, before, opens, closes, after })),
  );
  section(
    "Tasks",
    plan.tasks
      .filter((t) => t.appears + t.goes > 0)
      .map(({ play, task, appears, goes }) => ({ play, task, appears, goes })),
  );
  parts.push(...foresightInWords(plan));
  const seconds = plan.rebuilds.reduce((sum, r) => sum + (r.seconds ?? 0), 0);
  const rows = plan.rebuilds.reduce((sum, r) => sum + r.rows, 0);
  parts.push(
    plan.rebuilds.length === 0
      ? "\nNo table need be rebuilt: only words change."
      : `\nTo rebuild: ${plan.rebuilds.length} tables, ${count(rows)} rows, about ${seconds.toFixed(0)} s: ${plan.rebuilds.map((r) => r.model).join(", ")}.`,
  );
  return parts.join("\n");
}

/** What the back-test says of the edit, where it says anything else than of the published journey. */
function foresightInWords({ backtest: { published, edited } }: JourneyPlan): string[] {
  if (published.why !== null) return [];
  const told = { published, edited };
  return [
    ...(isDeepStrictEqual(published.health, edited.health) ? [] : ["", ...healthInWords(told)]),
    ...(isDeepStrictEqual(published.signals, edited.signals) ? [] : ["", ...signalsInWords(told)]),
  ];
}

const scoreLine = ({ scoresBefore: before, scoresAfter: after }: JourneyPlan): string =>
  `mean ${rounded(before.mean)} → ${rounded(after.mean)}, without one ${count(before.unknown)} → ${count(after.unknown)}`;

const arrow = (before: string, after: string): string => (before === after ? before : `${before} → ${after}`);
const rounded = (score: number | null): string => (score === null ? "–" : score.toFixed(1));

function matrix(moves: readonly Move[]): CellRow[] {
  const words = [...new Set(moves.flatMap(({ before, after }) => [before, after]))].sort();
  return words.map((before) => ({
    "": before,
    ...Object.fromEntries(
      words.map((after) => [
        after,
        moves.find((m) => m.before === before && m.after === after)?.accounts ?? 0,
      ]),
    ),
  }));
}
