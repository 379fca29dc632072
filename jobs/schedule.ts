import schedule from "node-schedule";
import { isCron, lastDue, nextDue } from "../config/cron.js";
import { isTransient, WaymarkError } from "../errors.js";

/**
 * The timetable decides from what was due, not from timers alone: whenever it looks, it asks when each job was last
 * due and whether it has run since. So however many times pass while nobody can run it (the process was down, the
 * machine slept), one run follows; and a clock that is set back makes none twice.
 */

/** One line of the timetable. */
export interface Job {
  readonly name: string;
  /** Cron, in UTC. */
  readonly at: string;
  /** Minutes to wait before each further try of a run that met a passing fault. */
  readonly retries: readonly number[];
  /** Whether what was due at `from` needs no run any more; it is due again at `to`. */
  readonly isDone: (from: Date, to: Date) => Promise<boolean>;
  readonly run: (trigger: Trigger, due: Date) => Promise<void>;
}

/** Why a job runs: it is due; it was due while nobody could run it; its last try met a passing fault. */
export type Trigger = "schedule" | "catch-up" | "retry";

export interface TimetableOptions {
  /** The clock. */
  now: () => Date;
  /** Told of a run that failed; `retryAt` is null where the job waits for the next time that it is due. */
  onFailure: (job: string, error: unknown, retryAt: Date | null) => void;
}

export interface Timetable {
  /** When each job runs next, as far as is known. */
  next(): { name: string; at: Date }[];
  /** Starts nothing more, and waits for what runs. */
  stop(): Promise<void>;
}

/** A job that starts so soon after its time is on time; one that starts later is caught up. */
export const onTimeMs = 120_000;
/** Timers know nothing of sleep and of clocks that are set: the clock is looked at this often. */
const lookEveryMs = 60_000;

/**
 * Run jobs by the clock, until stopped. A job that still runs when its time comes is not started again: it waits for
 * the time after. Faults that pass (`transientCodes`) are tried again; after any other the job waits for its next time.
 * @throws WaymarkError CONFIG_INVALID for what is no cron time
 */
export function startTimetable(jobs: readonly Job[], options: TimetableOptions): Timetable {
  for (const { name, at } of jobs) {
    if (isCron(at)) continue;
    throw new WaymarkError(
      "CONFIG_INVALID",
      `schedule.${name}: "${at}" is no cron time such as "15 3 * * *" (minute, hour, day, month, weekday, in UTC).`,
    );
  }
  const started = jobs.map((job) => startJob(job, options));
  return {
    next: () => started.map((job) => job.next()),
    stop: async () => void (await Promise.all(started.map((job) => job.stop()))),
  };
}

function startJob(job: Job, { now, onFailure }: TimetableOptions) {
  /** How it went with the last due time that was looked after; a null `retryAt`: nothing is to be done for it. */
  let last: { due: Date; tries: number; retryAt: Date | null } | undefined;
  let running: { due: Date; tries: number } | undefined;
  let { due, next, alarm } = timesAround(now());
  let work: Promise<void> = Promise.resolve();
  let isStopped = false;

  // An alarm for each time: a rule of node-schedule's would ring after a sleep as often as it was slept through.
  function timesAround(time: Date) {
    const next = nextDue(job.at, time);
    return { due: lastDue(job.at, time), next, alarm: schedule.scheduleJob(next, () => look()) };
  }

  const look = (): void => {
    const time = now();
    if (time < due || time >= next) {
      alarm?.cancel();
      ({ due, next, alarm } = timesAround(time));
    }
    const isOnTime = time.getTime() - due.getTime() <= onTimeMs;
    if (running) {
      // What comes due meanwhile is left out. Where the machine slept through it, it will be caught up.
      if (isOnTime) running.due = due;
      return;
    }
    const before = last?.due.getTime() === due.getTime() ? last : undefined;
    if (before && (!before.retryAt || time < before.retryAt)) return;
    running = { due, tries: (before?.tries ?? 0) + 1 };
    work = attempt(running, before ? "retry" : isOnTime ? "schedule" : "catch-up");
  };

  const attempt = async (run: { due: Date; tries: number }, trigger: Trigger): Promise<void> => {
    let retryAt: Date | null = null;
    try {
      const isDone = await job.isDone(run.due, nextDue(job.at, run.due));
      if (!isDone && !isStopped) await job.run(trigger, run.due);
    } catch (error) {
      const minutes = isTransient(error) ? job.retries[run.tries - 1] : undefined;
      if (minutes !== undefined) retryAt = new Date(now().getTime() + minutes * 60_000);
      onFailure(job.name, error, retryAt);
    }
    last = { ...run, retryAt };
    running = undefined;
  };

  const watch = setInterval(look, lookEveryMs);
  look();
  return {
    next: () => {
      const [at, retryAt] = [nextDue(job.at, now()), last?.retryAt];
      return { name: job.name, at: retryAt && now() < retryAt && retryAt < at ? retryAt : at };
    },
    stop: async () => {
      isStopped = true;
      alarm?.cancel();
      clearInterval(watch);
      await work;
    },
  };
}
