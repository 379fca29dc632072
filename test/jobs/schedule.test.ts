import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { startTimetable } from "../../jobs/schedule.js";

it("a job that still runs when its time comes is not started again, and stopping waits for it", async () => {
  let [started, finished] = [0, 0];
  const run = async (): Promise<void> => {
    started++;
    await sleep(2500);
    finished++;
  };
  const timetable = startTimetable([{ name: "build", at: "* * * * * *", run }], () => {});
  await sleep(2300);
  expect(started).toBe(1);
  await timetable.stop();
  expect(finished).toBe(1);
});

it("a job that fails is reported by name and runs again at its next time", async () => {
  const failures: string[] = [];
  const timetable = startTimetable(
    [{ name: "build", at: "* * * * * *", run: () => Promise.reject(new Error("no disk")) }],
    (job, error) => failures.push(`${job}: ${(error as Error).message}`),
  );
  await sleep(2300);
  await timetable.stop();
  expect(failures.length).toBeGreaterThanOrEqual(2);
  expect(failures[0]).toBe("build: no disk");
});

it("times are UTC, whatever the machine's zone", async () => {
  const timetable = startTimetable([{ name: "build", at: "15 3 * * *", run: async () => {} }], () => {});
  expect(timetable.next()[0]?.at.toISOString()).toMatch(/T03:15:00/);
  await timetable.stop();
});

it("what is no cron time is named with its place and an example", () => {
  expect(() => startTimetable([{ name: "build", at: "every night", run: async () => {} }], () => {})).toThrow(
    /schedule\.build: "every night" is no cron time such as "15 3 \* \* \*"/,
  );
});
