import schedule from "node-schedule";
import { WaymarkError } from "../errors.js";

/** One line of the timetable. */
export interface Job {
  readonly name: string;
  /** Cron, in UTC. */
  readonly at: string;
  readonly run: () => Promise<void>;
}

export interface Timetable {
  /** When each job runs next. */
  next(): { name: string; at: Date }[];
  stop(): Promise<void>;
}

/** Run jobs by the clock, in UTC. A job that is still running when its time comes is not started again. */
export function startTimetable(
  jobs: readonly Job[],
  onError: (job: string, error: unknown) => void,
): Timetable {
  const running = new Map<string, Promise<void>>();
  const scheduled = jobs.map((job) => {
    const timer = schedule.scheduleJob({ rule: job.at, tz: "Etc/UTC" }, () => {
      if (running.has(job.name)) return;
      const work = job
        .run()
        .catch((error: unknown) => onError(job.name, error))
        .finally(() => running.delete(job.name));
      running.set(job.name, work);
    });
    if (!timer) {
      throw new WaymarkError(
        "CONFIG_INVALID",
        `schedule.${job.name}: "${job.at}" is no cron time such as "15 3 * * *" (minute, hour, day, month, weekday, in UTC).`,
      );
    }
    return { name: job.name, timer };
  });
  return {
    next: () =>
      scheduled.flatMap(({ name, timer }) => {
        const at = timer.nextInvocation() as Date | null;
        return at ? [{ name, at: new Date(at.getTime()) }] : [];
      }),
    stop: async () => {
      for (const { timer } of scheduled) timer.cancel();
      await Promise.all(running.values());
    },
  };
}
