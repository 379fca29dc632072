import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { WaymarkError } from "../../errors.js";
import { type Job, startTimetable, type Timetable, type Trigger } from "../../jobs/schedule.js";

/** The clock and the timers are moved by hand: nothing here waits. */
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const setClock = (instant: string): void => void vi.setSystemTime(new Date(instant));
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
/** The machine sleeps: the clock goes on, timers stand still. */
const sleep = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

interface Ran {
  trigger: Trigger;
  at: string;
  due: string;
}

/** What outlives the process: the runs that began. */
type Ledger = Ran[];

/** A process that builds at 03:15 UTC, or as told, and notes in the ledger when it began. */
function start(
  ledger: Ledger,
  {
    at = "15 3 * * *",
    retries = [1, 5, 15],
    work = async () => {},
  }: { at?: string; retries?: number[]; work?: () => Promise<void> } = {},
): { timetable: Timetable; failures: string[] } {
  const failures: string[] = [];
  const job: Job = {
    name: "build",
    at,
    retries,
    isDone: async (from, to) =>
      ledger.some((run) => run.at >= from.toISOString() && run.at < to.toISOString()),
    run: async (trigger, due) => {
      const run = { trigger, at: new Date().toISOString(), due: due.toISOString() };
      await work();
      ledger.push(run);
    },
  };
  const timetable = startTimetable([job], {
    now: () => new Date(),
    onFailure: (name, error, retryAt) =>
      failures.push(`${name}: ${(error as Error).message}, again ${retryAt?.toISOString() ?? "when due"}`),
  });
  onTestFinished(() => void timetable.stop()); // not awaited: what still runs waits for a timer that stands
  return { timetable, failures };
}

/** A run of 03:15 on the night before. */
const ranLast = (night: string): Ran => ({
  trigger: "schedule",
  at: `${night}T03:15:00.000Z`,
  due: `${night}T03:15:00.000Z`,
});

describe("by the clock, in UTC", () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it.each([
    ["America/Los_Angeles", "2026-03-01", "2026-03-15"],
    ["America/Los_Angeles", "2026-10-25", "2026-11-08"],
    ["Europe/Berlin", "2026-03-22", "2026-04-05"],
    ["Europe/Berlin", "2026-10-18", "2026-11-01"],
    ["Australia/Sydney", "2026-03-29", "2026-04-12"],
    ["Australia/Sydney", "2026-09-27", "2026-10-11"],
  ])("one run a day on a machine in %s while its clocks change, %s to %s", async (tz, from, to) => {
    process.env.TZ = tz;
    setClock(`${from}T00:00:00Z`);
    expect(new Date(`${from}T00:00:00Z`).getTimezoneOffset(), "the clocks do change").not.toBe(
      new Date(`${to}T00:00:00Z`).getTimezoneOffset(),
    );
    const nights = Array.from({ length: 14 }, (_, i) =>
      new Date(Date.parse(`${from}T03:15:00Z`) + i * day).toISOString(),
    );
    const ledger: Ledger = [ranLast(new Date(Date.parse(from) - day).toISOString().slice(0, 10))];
    start(ledger);
    await pass(14 * day);
    expect(ledger.slice(1)).toEqual(nights.map((at) => ({ trigger: "schedule", at, due: at })));
  });

  it("every hour of the nights on which an hour is missing or doubled has one run", async () => {
    process.env.TZ = "Europe/Berlin";
    for (const night of ["2026-03-29", "2026-10-25"]) {
      setClock(`${night}T00:00:00Z`);
      const ledger: Ledger = [];
      const { timetable } = start(ledger, { at: "30 * * * *" });
      await pass(6 * hour);
      await timetable.stop();
      expect(ledger.slice(1).map((run) => run.at.slice(11, 16))).toEqual([
        "00:30",
        "01:30",
        "02:30",
        "03:30",
        "04:30",
        "05:30",
      ]);
    }
  });

  it("a job runs at its time and not within the minute", async () => {
    setClock("2026-05-10T03:14:30.500Z");
    const ledger: Ledger = [ranLast("2026-05-09")];
    start(ledger);
    await pass(29_499);
    expect(ledger).toHaveLength(1);
    await pass(1);
    expect(ledger.at(-1)).toMatchObject({ trigger: "schedule", at: "2026-05-10T03:15:00.000Z" });
  });

  it("what is no cron time, or never comes, is named with its place and an example", () => {
    for (const at of ["every night", "", "15 3 * * * *", "0 0 30 2 *"])
      expect(() => start([], { at })).toThrow(
        `schedule.build: "${at}" is no cron time such as "15 3 * * *" (minute, hour, day, month, weekday, in UTC).`,
      );
  });
});

describe("what was missed is caught up in one run", () => {
  it("after a week of downtime, at the start", async () => {
    setClock("2026-05-17T09:00:00Z");
    const ledger: Ledger = [ranLast("2026-05-10")];
    start(ledger);
    await pass(0);
    expect(ledger.slice(1)).toEqual([
      { trigger: "catch-up", at: "2026-05-17T09:00:00.000Z", due: "2026-05-17T03:15:00.000Z" },
    ]);
    await pass(18 * hour + 20 * minute);
    expect(ledger.slice(2)).toEqual([ranLast("2026-05-18")]);
  });

  it("after a restart nothing runs that has run", async () => {
    setClock("2026-05-10T03:15:00Z");
    const ledger: Ledger = [];
    const { timetable } = start(ledger);
    await pass(minute);
    await timetable.stop();
    start(ledger);
    start(ledger);
    await pass(23 * hour);
    expect(ledger).toHaveLength(1);
  });

  it("after a week of sleep, within a minute", async () => {
    setClock("2026-05-10T01:00:00Z");
    const ledger: Ledger = [ranLast("2026-05-09")];
    start(ledger);
    await pass(hour);
    sleep(7 * day);
    await pass(minute);
    expect(ledger.slice(1)).toMatchObject([{ trigger: "catch-up", due: "2026-05-16T03:15:00.000Z" }]);
    await pass(2 * hour);
    expect(ledger.slice(2)).toEqual([ranLast("2026-05-17")]);
  });

  it("when the machine slept through a run: what came due meanwhile follows", async () => {
    setClock("2026-05-10T03:15:00Z");
    const ledger: Ledger = [];
    start(ledger, { work: () => new Promise((done) => setTimeout(done, 10 * minute)) });
    await pass(5 * minute);
    sleep(3 * day);
    await pass(20 * minute);
    expect(ledger.map((run) => [run.trigger, run.due])).toEqual([
      ["schedule", "2026-05-10T03:15:00.000Z"],
      ["catch-up", "2026-05-13T03:15:00.000Z"],
    ]);
  });

  it("a clock that is set back makes no run twice, and one that was wrong for long none left out", async () => {
    setClock("2026-05-10T03:00:00Z");
    const ledger: Ledger = [ranLast("2026-05-09")];
    start(ledger);
    await pass(20 * minute);
    sleep(-hour);
    await pass(2 * hour);
    expect(ledger).toEqual([ranLast("2026-05-09"), ranLast("2026-05-10")]);

    sleep(2000 * day);
    await pass(minute);
    expect(ledger).toHaveLength(3);
    sleep(-2000 * day);
    await pass(2 * day);
    expect(ledger.slice(3)).toEqual([ranLast("2026-05-11"), ranLast("2026-05-12")]);
  });
});

describe("a run that takes longer than the interval", () => {
  it("is never joined by another, and the next begins when it is due next", async () => {
    setClock("2026-05-10T00:00:00Z");
    const ledger: Ledger = [];
    let atOnce = 0;
    const { timetable } = start(ledger, {
      at: "0 * * * *",
      work: async () => {
        expect(++atOnce).toBe(1);
        await new Promise((done) => setTimeout(done, 70 * minute));
        atOnce--;
      },
    });
    await pass(6 * hour - 1);
    expect(ledger.map((run) => run.at.slice(11, 16))).toEqual(
      ["00:00", "02:00", "04:00"].slice(0, ledger.length),
    );
    expect(ledger).toHaveLength(3);
    await timetable.stop();
  });

  it("is waited for when the timetable stops, and nothing begins after", async () => {
    setClock("2026-05-10T03:15:00Z");
    const ledger: Ledger = [];
    const { timetable } = start(ledger, { work: () => new Promise((done) => setTimeout(done, hour)) });
    await pass(minute);
    let isStopped = false;
    const stopped = timetable.stop().then(() => {
      isStopped = true;
    });
    await pass(58 * minute);
    expect(isStopped).toBe(false);
    await pass(minute);
    await stopped;
    expect(ledger).toHaveLength(1);
    await pass(3 * day);
    expect(ledger).toHaveLength(1);
    expect(vi.getTimerCount(), "no timer keeps the process alive").toBe(0);
  });
});

describe("a run that fails", () => {
  const full = new WaymarkError("WAREHOUSE_UNAVAILABLE", "no room");

  it("by a fault that passes is tried again after 1, 5 and 15 minutes, then when it is due next", async () => {
    setClock("2026-05-10T03:15:00Z");
    const begun: string[] = [];
    const { failures } = start([], {
      work: async () => {
        begun.push(new Date().toISOString().slice(5, 16));
        throw full;
      },
    });
    await pass(day);
    expect(begun.slice(0, 5)).toEqual([
      "05-10T03:15",
      "05-10T03:16",
      "05-10T03:21",
      "05-10T03:36",
      "05-11T03:15",
    ]);
    expect(failures.slice(0, 5)).toEqual([
      "build: no room, again 2026-05-10T03:16:00.000Z",
      "build: no room, again 2026-05-10T03:21:00.000Z",
      "build: no room, again 2026-05-10T03:36:00.000Z",
      "build: no room, again when due",
      "build: no room, again 2026-05-11T03:16:00.000Z",
    ]);
  });

  it("is not tried again once a try succeeds; the next night has all its tries", async () => {
    setClock("2026-05-10T03:15:00Z");
    const ledger: Ledger = [];
    let fails = 2;
    const { timetable, failures } = start(ledger, {
      work: async () => {
        if (fails-- > 0) throw full;
      },
    });
    await pass(2 * minute);
    expect(timetable.next()).toEqual([{ name: "build", at: new Date("2026-05-10T03:21:00Z") }]);
    await pass(23 * hour);
    expect(ledger).toMatchObject([{ trigger: "retry", at: "2026-05-10T03:21:00.000Z" }]);
    expect(timetable.next()).toEqual([{ name: "build", at: new Date("2026-05-11T03:15:00Z") }]);
    fails = 3;
    await pass(2 * hour);
    expect(ledger.slice(1)).toMatchObject([{ trigger: "retry", at: "2026-05-11T03:36:00.000Z" }]);
    expect(failures).toHaveLength(5);
  });

  it("by a fault that passes, where another has run meanwhile, is not tried again", async () => {
    setClock("2026-05-10T03:15:00Z");
    const ledger: Ledger = [];
    let tries = 0;
    start(ledger, {
      work: async () => {
        tries++;
        throw new WaymarkError("RUN_IN_PROGRESS", "another server builds");
      },
    });
    await pass(1);
    ledger.push(ranLast("2026-05-10"));
    await pass(23 * hour);
    expect(tries).toBe(1);
  });

  it.each([
    new WaymarkError("CHECK_FAILED", "broken"),
    new WaymarkError("SOURCE_INVALID", "broken"),
    new WaymarkError("CONFIG_INVALID", "broken"),
    new WaymarkError("BAD_USER_INPUT", "broken"),
    new WaymarkError("WAREHOUSE_FAILED", "broken"),
    new WaymarkError("CANCELLED", "broken"),
    new TypeError("broken"),
  ])("by a fault that stays waits until it is due next: $code $name", async (error) => {
    setClock("2026-05-10T03:15:00Z");
    const begun: string[] = [];
    const { failures } = start([], {
      work: async () => {
        begun.push(new Date().toISOString().slice(5, 16));
        throw error;
      },
    });
    await pass(day);
    expect(begun).toEqual(["05-10T03:15", "05-11T03:15"]);
    expect(failures[0]).toBe("build: broken, again when due");
  });

  it("has as many tries as declared, and none with []", async () => {
    for (const retries of [[], [30]]) {
      setClock("2026-05-10T03:15:00Z");
      const { timetable, failures } = start([], { retries, work: () => Promise.reject(full) });
      await pass(12 * hour);
      expect(failures).toHaveLength(1 + retries.length);
      await timetable.stop();
    }
  });
});
