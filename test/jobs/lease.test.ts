import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WaymarkError } from "../../errors.js";
import { build } from "../../jobs/build.js";
import type { Project } from "../../jobs/company.js";
import { type Lease, type LeaseOptions, whenFree, withLease } from "../../jobs/lease.js";
import { readRuns, readSnapshots } from "../../jobs/ledger.js";
import { sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { acmeJourney, acmeSources, acmeZone, loadAcme } from "../models/acme.js";
import { journeyOf, settingsOf, warehouseForTest } from "../models/built.js";

/** A clock that stands until it is set. */
const clockAt = (time: string) => {
  const clock = { time: `2024-07-01T${time}Z`, now: () => new Date(clock.time) };
  return clock;
};

/** Somebody who has the lease until told to leave it. */
async function hold(warehouse: Warehouse, options: LeaseOptions) {
  const { promise: left, resolve: leave } = withResolvers<void>();
  const { promise: taken, resolve: take } = withResolvers<Lease>();
  const ended = withLease(warehouse, options, async (lease) => {
    take(lease);
    await left;
  });
  return {
    lease: await Promise.race([taken, ended.then(() => taken)]),
    leave: () => {
      leave();
      return ended;
    },
  };
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error) => (error as WaymarkError).code,
  );

describe("the lease", () => {
  it("is one run's at a time: another is told who has it, since when and until when", async () => {
    const warehouse = await warehouseForTest();
    const { leave } = await hold(warehouse, { purpose: "schedule", now: clockAt("06:00:00").now });
    const second = withLease(
      warehouse,
      { purpose: "plan", now: clockAt("06:01:59").now },
      async () => "ours",
    );
    const error = (await second.catch((e: unknown) => e)) as WaymarkError;
    expect(error.code).toBe("RUN_IN_PROGRESS");
    expect(error.message).toMatch(
      /^Another run is making tables: schedule on \S+ \(pid \d+\), since 2024-07-01T06:00:00.000Z\. Its lease lasts until 2024-07-01T06:02:00.000Z/,
    );
    expect(error.message).toContain(`(pid ${process.pid})`);
    await leave();
    expect(await withLease(warehouse, { purpose: "plan", now: () => new Date() }, async () => "ours")).toBe(
      "ours",
    );
  });

  it("goes to one of many who want it at once, on a warehouse that has never seen one too", async () => {
    const warehouse = await warehouseForTest();
    const { promise: all, resolve } = withResolvers<void>();
    const asked = Array.from({ length: 8 }, (_, i) =>
      codeOf(withLease(warehouse, { purpose: `run ${i}`, now: () => new Date() }, () => all)),
    );
    await Promise.race(asked.map((a) => a.then((code) => expect(code).toBe("RUN_IN_PROGRESS"))));
    const refused = asked.map((a) => Promise.race([a, sleep(2000, "has it")]));
    expect((await Promise.all(refused)).sort()).toEqual([...Array(7).fill("RUN_IN_PROGRESS"), "has it"]);
    resolve();
    expect((await Promise.all(asked)).filter((code) => code === "done")).toHaveLength(1);
  });

  it("has a greater token each time, whether it was given back, lost or left by work that failed", async () => {
    const warehouse = await warehouseForTest();
    const clock = clockAt("06:00:00");
    const tokens: number[] = [];
    const take = (lease: Lease) => Promise.resolve(tokens.push(lease.token));
    await withLease(warehouse, { purpose: "a", now: clock.now }, take);
    await withLease(warehouse, { purpose: "b", now: clock.now }, async (lease) => {
      await take(lease);
      throw new Error("no luck");
    }).catch(() => {});
    await hold(warehouse, { purpose: "c", now: clock.now }).then(({ lease }) => take(lease));
    clock.time = "2024-07-01T06:02:00Z";
    await withLease(warehouse, { purpose: "d", now: clock.now }, take);
    expect(tokens).toEqual([1, 2, 3, 4]);
  });

  it("is lost by a holder held up beyond it: no statement of his passes, and he is told who took over", async () => {
    const warehouse = await warehouseForTest();
    await warehouse.run(sql`create table written as select 0 as by_whom`);
    const write = (lease: Lease, who: number) =>
      lease.transaction([sql`insert into written select ${who === 1 ? sql`1` : sql`2`}`]);
    const [slow, quick] = [clockAt("06:00:00"), clockAt("06:02:00")];
    const first = await hold(warehouse, { purpose: "slow", now: slow.now });
    await write(first.lease, 1);
    const second = await hold(warehouse, { purpose: "quick", now: quick.now });
    await write(second.lease, 2);
    // He doesn't know: his clock stands where it stood.
    const error = (await write(first.lease, 1).catch((e: unknown) => e)) as WaymarkError;
    expect(error.code).toBe("LEASE_LOST");
    expect(error.message).toMatch(/quick on \S+ \(pid \d+\) has taken over since 2024-07-01T06:02:00/);
    expect(first.lease.signal.aborted).toBe(true);
    await first.leave();
    // His leaving takes nothing from the other.
    await write(second.lease, 2);
    await second.leave();
    const rows = await warehouse.query(sql`select by_whom from written order by by_whom`, {
      by_whom: { type: "integer" },
    });
    expect(rows.map((r) => r.by_whom)).toEqual([0, 1, 2, 2]);
  });

  it("of a clock that ran far ahead is waited for no longer than one may be apart, and lost to who comes then", async () => {
    const warehouse = await warehouseForTest();
    const ahead = await hold(warehouse, { purpose: "ahead", now: clockAt("06:50:00").now });
    const at = (time: string) =>
      withLease(warehouse, { purpose: "b", now: clockAt(time).now }, async () => {});
    expect(await codeOf(at("06:00:00"))).toBe("RUN_IN_PROGRESS");
    expect(await codeOf(at("05:51:00"))).toBe("done");
    expect(await codeOf(ahead.lease.transaction([]))).toBe("LEASE_LOST");
    await ahead.leave();
  });

  it("stays with a holder whose time has run out as long as nobody takes it", async () => {
    const warehouse = await warehouseForTest();
    const clock = clockAt("06:00:00");
    const { lease, leave } = await hold(warehouse, { purpose: "slow", now: clock.now });
    clock.time = "2024-07-01T09:00:00Z";
    await lease.transaction([]);
    // And lasts on from then.
    const other = withLease(warehouse, { purpose: "b", now: clockAt("09:01:59").now }, async () => {});
    expect(await codeOf(other)).toBe("RUN_IN_PROGRESS");
    await leave();
  });

  it("is renewed by a timer while the work says nothing", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const warehouse = await warehouseForTest();
    const now = () => new Date();
    const { leave } = await hold(warehouse, { purpose: "long", now });
    for (let minute = 0; minute < 10; minute++) {
      await vi.advanceTimersByTimeAsync(60_000);
      await sleep(30); // the statement itself
      expect(await codeOf(withLease(warehouse, { purpose: "b", now }, async () => {}))).toBe(
        "RUN_IN_PROGRESS",
      );
    }
    await leave();
  });

  it("of two transactions at once, one that takes over and one of a stale holder, the engine undoes one", async () => {
    const warehouse = await warehouseForTest();
    await warehouse.run(sql`create table written as select 0 as token`);
    for (let i = 0; i < 10; i++) {
      const stale = await hold(warehouse, { purpose: "stale", now: clockAt("06:00:00").now });
      const [taken, wrote] = await Promise.all([
        hold(warehouse, { purpose: "new", now: clockAt("06:05:00").now }).catch((e: WaymarkError) => e),
        stale.lease
          .transaction([sql`insert into written select token from waymark_ledger.lease`])
          .then(() => "wrote")
          .catch((e: WaymarkError) => e.code),
      ]);
      if (!(taken instanceof WaymarkError)) {
        // Whatever the stale one wrote came before.
        const [last] = await warehouse.query(sql`select max(token) as n from written`, {
          n: { type: "integer" },
        });
        expect(last?.n).toBeLessThanOrEqual(stale.lease.token);
        expect(await codeOf(stale.lease.transaction([]))).toBe("LEASE_LOST");
        await taken.leave();
      } else expect(wrote).toBe("wrote");
      await stale.leave();
    }
  });
});

describe("where one process alone can open the warehouse", () => {
  /** As another process would have left it. */
  const leftByAnother = sql`update waymark_ledger.lease set holder = 'build on here (pid 1)', process = 'another', acquired_at = now(), expires_at = now() + interval 2 minute`;

  it("what another one left says that it died: it is taken over at once", async () => {
    const warehouse = await warehouseForTest();
    await withLease(warehouse, { purpose: "a", now: () => new Date() }, async () => {});
    await warehouse.run(leftByAnother);
    expect(await codeOf(withLease(warehouse, { purpose: "b", now: () => new Date() }, async () => {}))).toBe(
      "done",
    );
  });

  it("elsewhere it may live: it is waited for", async () => {
    const file = await warehouseForTest();
    const shared = Object.create(file, { isExclusive: { value: false } }) as Warehouse;
    await withLease(shared, { purpose: "a", now: () => new Date() }, async () => {});
    await shared.run(leftByAnother);
    expect(await codeOf(withLease(shared, { purpose: "b", now: () => new Date() }, async () => {}))).toBe(
      "RUN_IN_PROGRESS",
    );
  });
});

describe("waiting", () => {
  it("goes on as soon as the other is done, and says once who it was", async () => {
    const warehouse = await warehouseForTest();
    const now = () => new Date();
    const { leave } = await hold(warehouse, { purpose: "long", now });
    const told: string[] = [];
    const waited = whenFree(() => withLease(warehouse, { purpose: "patient", now }, async () => "ours"), {
      waitSeconds: 30,
      onWait: (taken) => told.push(taken.message),
    });
    await sleep(1500);
    await leave();
    expect(await waited).toBe("ours");
    expect(told).toEqual([expect.stringContaining("long on ")]);
  });

  it("ends with the last answer when it took too long, and at once when it is cancelled or something else fails", async () => {
    const warehouse = await warehouseForTest();
    const now = () => new Date();
    const { leave } = await hold(warehouse, { purpose: "long", now });
    const attempt = () => withLease(warehouse, { purpose: "patient", now }, async () => {});
    await expect(whenFree(attempt, { waitSeconds: 1 })).rejects.toMatchObject({
      code: "RUN_IN_PROGRESS",
      message: expect.stringMatching(/^Waited 1 s in vain\. Another run is making tables: long on /),
    });
    await expect(whenFree(attempt, { waitSeconds: 0 })).rejects.toThrow(/^Another run is making tables: /);
    const stop = new AbortController();
    const waiting = whenFree(attempt, { waitSeconds: 3600, signal: stop.signal, onWait: () => stop.abort() });
    expect(await codeOf(waiting)).toBe("CANCELLED");
    await leave();
    const failing = () => Promise.reject(new WaymarkError("CHECK_FAILED", "No."));
    expect(await codeOf(whenFree(failing, { waitSeconds: 3600 }))).toBe("CHECK_FAILED");
  });
});

it("a build that another has taken over from can neither record nor publish, and stays interrupted", async () => {
  const warehouse = await warehouseForTest();
  await loadAcme(warehouse);
  const project: Project = {
    settings: settingsOf(acmeSources, acmeZone, undefined, "/nowhere"),
    journey: journeyOf(acmeJourney),
  };
  // Held up when some tables are recorded, and once more before the last.
  for (const at of [5, 34]) {
    const clock = clockAt("06:00:00");
    const { promise: held, resolve: heldUp } = withResolvers<void>();
    const { promise: released, resolve: release } = withResolvers<void>();
    let gate = Promise.resolve();
    const underWay = new Set<Promise<unknown>>();
    const slow = build(
      behind(warehouse, () => gate, underWay),
      project,
      {
        trigger: "slow",
        now: clockAt("06:00:00").now,
        force: true,
        onProgress: (p) => {
          if (p.kind !== "model" || p.status !== "built" || p.done !== at) return;
          gate = released;
          heldUp();
        },
      },
    );
    const failed = codeOf(slow);
    await held;
    await Promise.allSettled(underWay);
    clock.time = "2024-07-01T06:10:00Z";
    const { snapshot } = await build(warehouse, project, { trigger: "quick", now: clock.now });
    release();
    expect(await failed).toBe("LEASE_LOST");
    expect((await readSnapshots(warehouse, 1))[0]).toEqual(snapshot);
    const runs = await readRuns(warehouse, 10);
    expect(runs.filter((r) => r.trigger === "slow").every((r) => r.status === "interrupted")).toBe(true);
  }
}, 120_000);

/** A warehouse of which every call waits at a gate; those behind it are under way. */
const behind = (
  warehouse: Warehouse,
  gate: () => Promise<void>,
  underWay: Set<Promise<unknown>>,
): Warehouse =>
  new Proxy(warehouse, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      if (property === "stream")
        return async function* (...args: Parameters<Warehouse["stream"]>) {
          await gate();
          yield* target.stream(...args);
        };
      return async (...args: unknown[]) => {
        await gate();
        const call: Promise<unknown> = Promise.resolve(member.apply(target, args));
        underWay.add(call);
        return call.finally(() => underWay.delete(call));
      };
    },
  });

/** Node 20 has no Promise.withResolvers. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
