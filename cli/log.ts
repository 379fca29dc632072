import type { Progress } from "../jobs/run.js";
import { type Logger, openLog } from "../telemetry/log.js";

export const logFormats = ["text", "json"] as const;
export type LogFormat = (typeof logFormats)[number];

let log: Logger | undefined;

/** What all that follows says on stderr is: lines for people, or JSON lines for machines. */
export function logAs(format: LogFormat): void {
  log = format === "json" ? openLog(process.env.LOG_LEVEL ?? "info") : undefined;
}

/** The log, where stderr is one; undefined where people read it. */
export const theLog = (): Logger | undefined => log;

/** What a run tells, as lines of the log. */
export function logRun(log: Logger): (progress: Progress) => void {
  return (progress) => {
    const { kind, ...told } = progress;
    if (kind === "started") return log.info({ event: "run.started", ...told });
    if (kind === "published" || kind === "unchanged") return log.info({ event: `run.${kind}`, ...told });
    if (kind === "check") return log.error({ event: "check.failed", ...told });
    if (kind === "failed") {
      const { error, ...rest } = progress;
      return log.error({ event: "run.failed", ...rest, kind: undefined }, error);
    }
    const { run, model, status, rows, seconds, bytes, bytesBilled, reason } = progress;
    const figures = { run, model, rows, seconds: toMilliseconds(seconds), bytes, bytesBilled, reason };
    if (status === "built") log.info({ event: "model.built", ...figures });
    else if (status === "failed") log.error({ event: "model.failed", ...figures });
    else log.debug({ event: `model.${status}`, ...figures });
  };
}

const toMilliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round(seconds * 1000) / 1000;
