import { Command } from "commander";
import { WaymarkError } from "../../errors.js";
import { type Due, readDue } from "../../jobs/due.js";
import {
  type BuiltTable,
  type Run,
  readRuns,
  readSnapshots,
  readTables,
  type Snapshot,
} from "../../jobs/ledger.js";
import { answer, answerJson, count, rowsAs } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { ask } from "./query.js";

/** What status tells, whether it comes from the ledger or from a running server. */
interface Status {
  snapshot: { id: number; publishedAt: string; dataThrough: string; journeyVersion: string };
  models: { name: string; rows: number; builtAt: string }[];
  lastRun: {
    id: string;
    status: string;
    trigger: string;
    startedAt: string;
    finishedAt: string | null;
    error: string | null;
  } | null;
  /** Null where a server is asked that has no timetable. */
  schedule: { cron: string; dueAt: string; isMissed: boolean; nextAt: string } | null;
}

const document = `{
  snapshot { id publishedAt dataThrough journeyVersion }
  lastRun { id status trigger startedAt finishedAt error }
  schedule { cron dueAt isMissed nextAt }
  models { name rows builtAt }
}`;

export const statusCommand = (): Command =>
  new Command("status")
    .description(
      "say what is published, through which day, how old it is, what failed or was missed, and what is next",
    )
    .option(
      "--url <url>",
      "ask a running server instead of opening the warehouse, e.g. http://localhost:4000/graphql",
    )
    .action(async (_, command: Command) => {
      const { project: folder, json, url } = optionsOf<{ url?: string }>(command);
      const now = new Date();
      const status = url
        ? ((await ask(url, { query: document, variables: {} })) as Status)
        : await readStatus(folder, now);
      if (json) return answerJson(status);
      print(status, now);
    });

async function readStatus(folder: string, now: Date): Promise<Status> {
  const project = loadProject(folder);
  return withWarehouse(project, async (warehouse) => {
    const [snapshot] = await readSnapshots(warehouse, 1);
    const [latest] = await readRuns(warehouse, 1);
    // Where whoever holds the file is this process, a run that is said to be running has died.
    const run =
      warehouse.isExclusive && latest?.status === "running" ? { ...latest, status: "interrupted" } : latest;
    if (!snapshot) {
      const last = run ? ` The last run: ${run.status}${run.error ? `:\n${run.error}` : "."}` : "";
      throw new WaymarkError(
        "NOT_BUILT",
        `Nothing is published yet. \`waymark build\` builds and publishes.${last}`,
      );
    }
    const tables = [...(await readTables(warehouse, snapshot)).values()];
    return statusOf(snapshot, tables, run, await readDue(warehouse, project.settings.schedule.build, now));
  });
}

const statusOf = (
  snapshot: Snapshot,
  tables: readonly BuiltTable[],
  run: Run | undefined,
  { cron, dueAt, isMissed, nextAt }: Due,
): Status => ({
  snapshot: {
    id: snapshot.id,
    publishedAt: snapshot.publishedAt.toISOString(),
    dataThrough: snapshot.dataThrough,
    journeyVersion: snapshot.words.journey.version,
  },
  models: tables.map((t) => ({ name: t.model, rows: t.rows, builtAt: t.built_at.toISOString() })),
  lastRun: run
    ? {
        id: run.run_id,
        status: run.status,
        trigger: run.trigger,
        startedAt: run.started_at.toISOString(),
        finishedAt: run.finished_at?.toISOString() ?? null,
        error: run.error,
      }
    : null,
  schedule: { cron, dueAt: dueAt.toISOString(), isMissed, nextAt: nextAt.toISOString() },
});

function print({ snapshot, models, lastRun, schedule }: Status, now: Date): void {
  answer(
    `Snapshot ${snapshot.id}, published ${ago(snapshot.publishedAt, now)}; data through ${snapshot.dataThrough}; journey ${snapshot.journeyVersion}.`,
  );
  if (lastRun) {
    const took = lastRun.finishedAt
      ? ` after ${((Date.parse(lastRun.finishedAt) - Date.parse(lastRun.startedAt)) / 1000).toFixed(1)} s`
      : "";
    answer(
      `Last run (${lastRun.trigger}) ${ago(lastRun.startedAt, now)}: ${lastRun.status}${took}.${lastRun.error ? `\n${lastRun.error}` : ""}`,
    );
  }
  if (schedule) {
    const missed = schedule.isMissed
      ? `The build due ${minuteOf(schedule.dueAt)} was missed: none has begun since. `
      : "";
    answer(`${missed}The next build is due ${minuteOf(schedule.nextAt)}.`);
  }
  answer(
    rowsAs(
      "table",
      models.map((m) => ({ model: m.name, rows: count(m.rows), built: ago(m.builtAt, now) })),
    ),
  );
}

/** e.g. "2024-05-01 03:15 UTC". */
const minuteOf = (instant: string): string =>
  `${new Date(instant).toISOString().slice(0, 16).replace("T", " ")} UTC`;

function ago(instant: string, now: Date): string {
  const minutes = Math.round((now.getTime() - Date.parse(instant)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes === 1) return "a minute ago";
  if (minutes < 120) return `${minutes} minutes ago`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours ago` : `${Math.round(minutes / 1440)} days ago`;
}
