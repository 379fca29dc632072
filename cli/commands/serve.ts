import { once } from "node:events";
import { unwatchFile, watchFile } from "node:fs";
import { basename, join } from "node:path";
import { Command } from "commander";
import type { AccessSettings } from "../../config/access.js";
import { isTransient, messageOf, WaymarkError } from "../../errors.js";
import { build } from "../../jobs/build.js";
import type { Project } from "../../jobs/company.js";
import { isBuilt, readDue } from "../../jobs/due.js";
import { explain } from "../../jobs/explain.js";
import { backtestJourney } from "../../jobs/journey_backtest.js";
import { planJourney } from "../../jobs/journey_plan.js";
import { whenFree } from "../../jobs/lease.js";
import { readLatestSnapshot } from "../../jobs/ledger.js";
import { readFindings } from "../../jobs/plan.js";
import { startTimetable, type Timetable } from "../../jobs/schedule.js";
import type { Journey } from "../../journey/journey.js";
import { parseJourney } from "../../journey/load.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";
import { startDelivery } from "../../notifications/deliver.js";
import { withNews } from "../../notifications/news.js";
import { webhooksOf } from "../../notifications/webhook.js";
import { claimsOf } from "../../resolvers/roles.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { wholeNumber } from "../arguments.js";
import { theLog } from "../log.js";
import { newsOptions, tellBreaches, webhooksToAsk } from "../news.js";
import { answerJson, progressFor, remark } from "../output.js";
import {
  accessOf,
  defaultJourney,
  journeyName,
  loadProject,
  optionsOf,
  type ProjectFolder,
  queryFolders,
  withWarehouse,
} from "../project.js";
import { untilStopped } from "../stop.js";
import { describeBuild, sayWhoHasIt } from "./build.js";

export interface ServeFlags {
  port?: number;
  host?: string;
  readOnly?: true;
}

export const serveCommand = (): Command =>
  new Command("serve")
    .description("build what is stale, then serve the API and keep the tables fresh on schedule")
    .option("--port <port>", "port of the API; 4000 or what waymark.yml says by default", portNumber)
    .option("--host <address>", "address to listen on; this machine alone by default")
    .option("--read-only", "refuse changes of tasks, and plans of journeys")
    .option("--no-build", "serve what is published at once; a build that was missed is caught up meanwhile")
    .action(async (_, command: Command) => {
      const flags = optionsOf<ServeFlags & { build: boolean }>(command);
      const project = loadProject(flags.project);
      await withWarehouse(project, (warehouse) =>
        serve(warehouse, project, { ...flags, buildFirst: flags.build }),
      );
    });

/** How often it is asked whether data has grown too old. */
const lookEveryMs = 10 * 60_000;

interface Serve extends ServeFlags {
  json?: true;
  buildFirst: boolean;
  /** Brings raw data up to date before each build; the demo company lives on this way. */
  beforeBuild?: () => Promise<void>;
}

/**
 * Until stopped: the API, and a timetable of builds that it publishes. The API comes first: a port in use is said
 * before a long build, and what is published already is served meanwhile.
 */
export async function serve(warehouse: Warehouse, project: ProjectFolder, options: Serve): Promise<void> {
  const webhooks = webhooksOf(project.settings, process.env);
  await untilStopped(async (signal) => {
    // One build or plan after the other, whoever asks.
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const run = last.then(work);
      last = run.catch(() => {});
      return run;
    };
    const published = await readLatestSnapshot(warehouse);
    const files = watchedFiles(project, published?.words.journey, () =>
      inTurn(() => buildNow("journey edited")),
    );
    const projectWith = (text: string): Project => {
      const { settings, journeyFile } = files.project();
      return { settings, journey: parseJourney(text, basename(journeyFile), checkOwnFacts) };
    };
    const { build: cron, retries } = project.settings.schedule;
    let timetable: Timetable | undefined;
    const { startServer } = await import("../../server/server.js"); // loaded by the commands that serve alone
    const server = await startServer({
      warehouse,
      due: async () => {
        const due = await readDue(warehouse, cron, now());
        return { ...due, nextAt: timetable?.next()[0]?.at ?? due.nextAt };
      },
      findings: () => readFindings(warehouse, files.project().settings),
      webhooks: webhooksToAsk(warehouse, webhooks, () => delivery.nudge()),
      queryFolders: queryFolders(project.folder),
      savedQueriesOnly: project.settings.server.saved_queries_only,
      requestsPerMinute: project.settings.server.requests_per_minute,
      timeoutMs: project.settings.server.request_seconds * 1000,
      exportTimeoutMs: project.settings.server.export_seconds * 1000,
      bytesPerRequest: project.settings.server.maximum_bytes_per_request,
      notice: files.notice,
      freshness: () => files.project().settings,
      now: () => new Date(),
      log: theLog(),
      edits: {
        plan: (text) => {
          const edited = projectWith(text);
          return inTurn(() => planJourney(warehouse, edited, { now, signal }));
        },
        backtest: (text, asked) => {
          const edited = projectWith(text);
          return inTurn(() => backtestJourney(warehouse, edited, { ...asked, now, signal }));
        },
      },
      explanationOf: (model, day, gone) => explain(warehouse, files.project(), model, day, now(), gone),
      access: accessOf(project),
      isReadOnly: options.readOnly,
      port: options.port ?? project.settings.server.port,
      host: options.host ?? project.settings.server.host,
      isDevelopment: process.env.NODE_ENV !== "production",
    });
    const telling = newsOptions(project);
    const delivery = startDelivery(warehouse, webhooks, telling);
    const buildNow = async (trigger: string): Promise<void> => {
      await options.beforeBuild?.();
      const result = await withNews(warehouse, webhooks, { ...telling, onNews: delivery.nudge }, () =>
        files.buildFrom((read) =>
          whenFree(() => build(warehouse, read, { trigger, now, signal, ...progressFor(options.json) }), {
            waitSeconds: Number.POSITIVE_INFINITY,
            signal,
            onWait: sayWhoHasIt,
          }),
        ),
      );
      remark(describeBuild(result));
      await tellLate();
    };
    const tellLate = async (): Promise<void> => {
      if (await tellBreaches(warehouse, webhooks, files.project().settings, now())) delivery.nudge();
    };
    // Data grows old while nothing is built.
    const clock = setInterval(() => {
      tellLate().catch((error: unknown) => remark(messageOf(error)));
    }, lookEveryMs);
    try {
      files.watch();
      if (options.buildFirst) await firstBuild(warehouse, () => inTurn(() => buildNow("start")));
      timetable = startTimetable(
        [
          {
            name: "build",
            at: cron,
            retries,
            isDone: (from, to) => isBuilt(warehouse, from, to),
            run: (trigger, due) => {
              if (trigger === "catch-up")
                remark(`The build due at ${due.toISOString()} has not run: catching up …`);
              return inTurn(() => buildNow(trigger));
            },
          },
        ],
        {
          now,
          onFailure: (job, error, retryAt) => {
            if (signal.aborted) return;
            const then = retryAt
              ? `It is tried again at ${retryAt.toISOString()}.`
              : "It waits for its next time.";
            remark(`The scheduled ${job} failed; the last snapshot stands. ${then} ${messageOf(error)}`);
          },
        },
      );
      const next = timetable.next()[0]?.at.toISOString();
      if (options.json) answerJson({ url: server.url, nextBuild: next });
      remark(
        `Serving GraphQL on ${server.url}/graphql (explore it on ${server.url}). Next build: ${next}. Ctrl-C stops.`,
      );
      remark(whoMayAsk(project.settings.access));
      if (!signal.aborted) await once(signal, "abort");
      remark("Stopping …");
      await timetable.stop();
      await last;
    } finally {
      clearInterval(clock);
      files.close();
      await delivery.stop();
      await server.close();
    }
  });
}

function whoMayAsk(access: AccessSettings | undefined): string {
  if (!access)
    return "Nobody signs in: it answers to this machine alone. For others, say in waymark.yml who may ask (docs/access.md).";
  const tokens = access.jwt ? ` or tokens of ${access.jwt.issuer}` : "";
  const seeNone = Object.entries(access.jwt ? {} : access.roles).flatMap(([name, role]) =>
    claimsOf(role).map(
      (claim) =>
        `\nThe role ${name} sees no accounts: it takes them from the claim "${claim}" of tokens, and \`access\` has no \`jwt\` to take tokens by.`,
    ),
  );
  return `Callers sign in with API keys${tokens}, as ${Object.keys(access.roles).join(", ")}.${seeNone.join("")}`;
}

/**
 * The project's files while it is served. Each build reads them anew; an edit of the journey is told at once.
 * Where they have mistakes, what was read before goes on; where an edited journey can't be built, the last that could
 * goes on until the file is saved again. The notice says why as long as it is so.
 */
export function watchedFiles(
  first: ProjectFolder,
  published: Journey | undefined,
  onJourney: () => Promise<void>,
) {
  let current = first;
  let built = published;
  let refused: { version: string; notice: string } | undefined;
  let notice: string | undefined;
  const read = (): ProjectFolder => {
    try {
      const found = loadProject(first.folder);
      // An editor may take the file away for a moment: that is no wish for the journey that ships.
      if (found.journeyFile !== current.journeyFile && found.journeyFile === defaultJourney)
        throw new WaymarkError("CONFIG_INVALID", `${current.journeyFile} is gone.`);
      if (found.journey.version !== refused?.version) refused = undefined;
      current = refused && built ? { ...found, journey: built } : found;
      notice = refused?.notice;
    } catch (error) {
      const told = `${messageOf(error)}\nJourney ${current.journey.version} stays until the mistakes are mended.`;
      if (told !== notice) remark(told);
      notice = told;
    }
    return current;
  };
  const buildFrom = async <T>(build: (project: ProjectFolder) => Promise<T>): Promise<T> => {
    const project = read();
    try {
      const result = await build(project);
      built = project.journey;
      return result;
    } catch (error) {
      const { version } = project.journey;
      // A journey is no worse for a build that was stopped or had no room.
      const isItsFault =
        !isTransient(error) && !(error instanceof WaymarkError && error.code === "CANCELLED");
      if (built && version !== built.version && isItsFault) {
        refused = {
          version,
          notice: `Journey ${version} can't be built; ${built.version} stays until it is mended or saved again. ${messageOf(error)}`,
        };
        notice = refused.notice;
        current = { ...project, journey: built };
      }
      throw error;
    }
  };
  const file = join(first.folder, journeyName);
  const onChange = (): void => {
    refused = undefined;
    const { version } = current.journey;
    if (read().journey.version === version) return;
    remark(`${journeyName} was edited: building journey ${current.journey.version} …`);
    onJourney().catch((error: unknown) =>
      remark(`The edited journey is not published; the last snapshot stands. ${notice ?? messageOf(error)}`),
    );
  };
  return {
    watch: () => void watchFile(file, { interval: 500 }, onChange),
    project: () => current,
    buildFrom,
    notice: () => notice,
    close: () => unwatchFile(file, onChange),
  };
}

/** A build that fails leaves the last snapshot standing: serve it, and say so. */
async function firstBuild(warehouse: Warehouse, buildFirst: () => Promise<void>): Promise<void> {
  try {
    await buildFirst();
  } catch (error) {
    const published = await readLatestSnapshot(warehouse);
    if (!published) throw error;
    remark(
      `${messageOf(error)}\nServing the last good snapshot, ${published.id}, with data through ${published.dataThrough}.`,
    );
  }
}

const now = (): Date => new Date();

export const portNumber = (value: string): number => wholeNumber(value, 0, 65_535);
