import { Command } from "commander";
import prettyBytes from "pretty-bytes";
import { Temporal } from "temporal-polyfill";
import { WaymarkError } from "../../errors.js";
import { isPassed, modelsOf, readLatestChecks } from "../../jobs/check_results.js";
import { rowsFail } from "../../jobs/checks.js";
import { type Due, readDue } from "../../jobs/due.js";
import { readFailedInARow } from "../../jobs/failures.js";
import { breachesOf, type Freshness, freshnessOf, type LateFeed, lateFeeds } from "../../jobs/freshness.js";
import {
  type BuiltTable,
  type CheckRow,
  type Run,
  readLatestSnapshot,
  readRuns,
  readTables,
  type Snapshot,
} from "../../jobs/ledger.js";
import { type Finding, readFindings } from "../../jobs/plan.js";
import { valueInWords } from "../../journey/words.js";
import { models } from "../../models/index.js";
import type { SourceName } from "../../models/sources/index.js";
import { urlOption } from "../arguments.js";
import { answer, answerJson, count, rowsAs } from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { ask } from "./query.js";

interface FailingCheck {
  name: string;
  models: string[];
  severity: string;
  failingRows: number;
  failingSince: string | null;
}

/** What status tells, whether it comes from the ledger or from a running server. */
interface Status {
  snapshot: {
    id: number;
    publishedAt: string;
    dataThrough: string;
    /** In which its days are counted; null for one that an earlier Waymark published. */
    timeZone: string | null;
    journeyVersion: string;
  };
  /** What makes tables late, if anything does. */
  late: LateFeed[];
  /** Tables whose data is late come first. */
  models: {
    name: string;
    rows: number;
    builtAt: string;
    /** Null where no mapped source stands behind it. */
    freshness: (Omit<Freshness, "watermark"> & { watermark: string | null }) | null;
  }[];
  failingChecks: FailingCheck[];
  lastRun: {
    id: string;
    status: string;
    trigger: string;
    startedAt: string;
    finishedAt: string | null;
    error: string | null;
    /** Null where the engine bills for nothing, and of a run that hasn't ended. */
    bytesBilled: number | null;
  } | null;
  /** How often builds have failed since one succeeded last; null where the last one that ended did. */
  failedInARow: { count: number; since: string } | null;
  /** Null where a server is asked that has no timetable. */
  schedule: { cron: string; dueAt: string; isMissed: boolean; nextAt: string } | null;
  /** How changed raw rows of mapped sources are found. */
  sources: (Omit<Finding, "comparedNext"> & { comparedNext: string | null })[];
}

const document = `{
  snapshot { id publishedAt dataThrough timeZone journeyVersion }
  lastRun { id status trigger startedAt finishedAt error bytesBilled }
  failedInARow { count since }
  schedule { cron dueAt isMissed nextAt }
  failingChecks: checks(isPassed: false) { name models severity failingRows failingSince }
  sources { name changes { found missed comparedNext } }
  models { name rows builtAt freshness { watermark ageHours maxAgeHours isLate decidedBy } }
}`;

export const statusCommand = (): Command =>
  new Command("status")
    .description(
      "say what is published, through which day, how old it is, what failed or was missed, and what is next",
    )
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { project: folder, json, url } = optionsOf<{ url?: string }>(command);
      const now = new Date();
      const told = url
        ? toldBy((await ask(url, { query: document, variables: {} })) as Answer)
        : await readStatus(folder, now);
      const status = lateFirst(told);
      if (json) return answerJson(status);
      print(status, now);
    });

/** What is known before what is late is drawn from it. */
type Told = Omit<Status, "late">;

/** The same as a server answers it. */
type Answer = Omit<Told, "sources"> & {
  sources: { name: SourceName; changes: Omit<Status["sources"][number], "source"> | null }[];
};

const toldBy = ({ sources, ...rest }: Answer): Told => ({
  ...rest,
  sources: sources.flatMap(({ name, changes }) => (changes ? [{ source: name, ...changes }] : [])),
});

async function readStatus(folder: string, now: Date): Promise<Told> {
  const project = loadProject(folder);
  return withWarehouse(project, async (warehouse) => {
    const snapshot = await readLatestSnapshot(warehouse);
    const [latest] = await readRuns(warehouse, 1);
    // Where whoever holds the file is this process, a run that is said to be running has died.
    const run =
      warehouse.isExclusive && latest?.status === "running" ? { ...latest, status: "interrupted" } : latest;
    const failed = await readFailedInARow(warehouse, warehouse.isExclusive);
    const failedInARow = failed && { ...failed, since: failed.since.toISOString() };
    if (!snapshot) {
      const last = run ? ` The last run: ${run.status}${run.error ? `:\n${run.error}` : "."}` : "";
      throw new WaymarkError(
        "NOT_BUILT",
        `Nothing is published yet. \`waymark build\` builds and publishes.${last}`,
      );
    }
    const tables = await readTables(warehouse, snapshot);
    const findings = await readFindings(warehouse, project.settings);
    const sources = findings.map((finding) => ({
      ...finding,
      comparedNext: finding.comparedNext?.toISOString() ?? null,
    }));
    const status = statusOf(
      snapshot,
      tables,
      freshnessOf(tables, project.settings, now),
      await readLatestChecks(warehouse),
      run,
      await readDue(warehouse, project.settings.schedule.build, now),
    );
    return { ...status, failedInARow, sources };
  });
}

function lateFirst({ models: tables, ...rest }: Told): Status {
  const [late, others] = [true, false].map((isLate) =>
    tables.filter(({ freshness }) => (freshness?.isLate ?? false) === isLate),
  ) as [Status["models"], Status["models"]];
  const freshness = late.flatMap(({ name, freshness: f }): [string, Freshness][] =>
    f ? [[name, { ...f, watermark: f.watermark ? new Date(f.watermark) : null }]] : [],
  );
  return { ...rest, late: lateFeeds(breachesOf(new Map(freshness))), models: [...late, ...others] };
}

const statusOf = (
  snapshot: Snapshot,
  tables: ReadonlyMap<string, BuiltTable>,
  freshness: ReadonlyMap<string, Freshness>,
  checks: readonly CheckRow[],
  run: Run | undefined,
  { cron, dueAt, isMissed, nextAt }: Due,
): Omit<Told, "failedInARow" | "sources"> => ({
  snapshot: {
    id: snapshot.id,
    publishedAt: snapshot.publishedAt.toISOString(),
    dataThrough: snapshot.dataThrough,
    timeZone: snapshot.words.timeZone ?? null,
    journeyVersion: snapshot.words.journey.version,
  },
  models: models.flatMap(({ name }) => {
    const [table, found] = [tables.get(name), freshness.get(name)];
    if (!table) return [];
    return {
      name,
      rows: table.rows,
      builtAt: table.built_at.toISOString(),
      freshness: found ? { ...found, watermark: found.watermark?.toISOString() ?? null } : null,
    };
  }),
  failingChecks: checks
    .filter((check) => !isPassed(check))
    .map((check) => ({
      name: check.check,
      models: modelsOf(check),
      severity: check.severity.toUpperCase(),
      failingRows: check.failingRows,
      failingSince: check.failingSince?.toISOString() ?? null,
    })),
  lastRun: run
    ? {
        id: run.run_id,
        status: run.status,
        trigger: run.trigger,
        startedAt: run.started_at.toISOString(),
        finishedAt: run.finished_at?.toISOString() ?? null,
        error: run.error,
        bytesBilled: run.bytes_billed,
      }
    : null,
  schedule: { cron, dueAt: dueAt.toISOString(), isMissed, nextAt: nextAt.toISOString() },
});

function print(
  { snapshot, late, models: tables, failingChecks, lastRun, failedInARow, schedule, sources }: Status,
  now: Date,
): void {
  answer(
    `Snapshot ${snapshot.id}, published ${ago(snapshot.publishedAt, now)}; data through ${snapshot.dataThrough}; journey ${snapshot.journeyVersion}.`,
  );
  if (lastRun) {
    const took = lastRun.finishedAt
      ? ` after ${((Date.parse(lastRun.finishedAt) - Date.parse(lastRun.startedAt)) / 1000).toFixed(1)} s`
      : "";
    const billed = lastRun.bytesBilled === null ? "" : `, billed for ${prettyBytes(lastRun.bytesBilled)}`;
    answer(
      `Last run (${lastRun.trigger}) ${ago(lastRun.startedAt, now)}: ${lastRun.status}${took}${billed}.${lastRun.error ? `\n${lastRun.error}` : ""}`,
    );
  }
  // That the last run alone failed is said.
  if (failedInARow && !(failedInARow.count === 1 && failedInARow.since === lastRun?.startedAt))
    answer(
      `${valueInWords(failedInARow.count, "runs")} failed since one succeeded last, the first ${minuteOf(failedInARow.since)}.`,
    );
  if (schedule) {
    const missed = schedule.isMissed
      ? `The build due ${minuteOf(schedule.dueAt)} was missed: none has begun since. `
      : "";
    answer(
      `${missed}The next build is due ${minuteOf(schedule.nextAt)}${localMinute(schedule.nextAt, snapshot.timeZone)}.`,
    );
  }
  for (const { name, models: held, severity, failingRows, failingSince } of failingChecks) {
    const since = failingSince ? `, since ${ago(failingSince, now)}` : "";
    answer(
      `${severity === "WARNING" ? "Warning" : "Error"}: ${held.join(", ")} "${name}": ${rowsFail(failingRows)}${since}.`,
    );
  }
  if (failingChecks.length > 0) answer("`waymark checks` tells more.");
  for (const { feed, watermark, ageHours, maxAgeHours, models: made } of late) {
    const found =
      watermark && ageHours !== null
        ? `ends at ${watermark.toISOString().slice(0, 16)}Z, ${Math.floor(ageHours)} hours ago; at most ${maxAgeHours} are expected`
        : "has no usable row";
    answer(`LATE: ${feed} ${found}. Late by it: ${made.join(", ")}.`);
  }
  answer(
    rowsAs(
      "table",
      tables.map((m) => ({
        model: m.name,
        rows: count(m.rows),
        built: ago(m.builtAt, now),
        "data until (UTC)": m.freshness?.watermark?.slice(0, 16).replace("T", " ") ?? "",
        late: m.freshness?.isLate ? "late" : "",
      })),
    ),
  );
  const told = sources.map(({ source, found, missed }) => ({
    source,
    text: `${found}.${missed ? ` Can be missed: ${missed}.` : ""}`,
  }));
  for (const text of new Set(told.map((t) => t.text))) {
    const own = told.filter((t) => t.text === text).map((t) => t.source);
    answer(`How changed rows of ${own.join(", ")} are found: ${text}`);
  }
}

/** e.g. "2024-05-01 03:15 UTC". */
const minuteOf = (instant: string): string =>
  `${new Date(instant).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** The same on the company's clock, e.g. ", 2024-04-30 19:15 in America/Los_Angeles"; nothing where that is UTC. */
function localMinute(instant: string, timeZone: string | null): string {
  if (timeZone === null || timeZone === "UTC") return "";
  const there = Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDateTime();
  return `, ${there.toString({ smallestUnit: "minute" }).replace("T", " ")} in ${timeZone}`;
}

export function ago(instant: string, now: Date): string {
  const minutes = Math.round((now.getTime() - Date.parse(instant)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes === 1) return "a minute ago";
  if (minutes < 120) return `${minutes} minutes ago`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours ago` : `${Math.round(minutes / 1440)} days ago`;
}
