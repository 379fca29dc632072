import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expect, it, onTestFinished } from "vitest";
import { build } from "../../jobs/build.js";
import { readAllTables, readRuns, readSnapshots, schemas } from "../../jobs/ledger.js";
import { models } from "../../models/index.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { acmeProject, clockOf, loadRound, publishedRows } from "./acme_project.js";
import type { Errand } from "./dying_build.js";

/** Statements between the last table and the publication, and from it to the end of a run. */
const [toPublish, toEnd] = [12, 60];

/** Rounds of kills: from nothing, each in a file of its own; and in what changed, in one file. SEED and ROUNDS repeat and prolong. */
const nothing = [1];
const rounds = Array.from({ length: Number(process.env.ROUNDS ?? 1) }, (_, i) => 1 + i);
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

it("a build killed at any point leaves a whole snapshot, and the next goes on from what was done", async () => {
  const random = xoroshiro128plus(seed);
  const upTo = (most: number): number => uniformInt(random, 0, Math.floor(most));
  const folder = mkdtempSync(join(tmpdir(), "waymark-crash-"));
  const company = crashingCompany(folder);
  onTestFinished(() => {
    company.close();
    rmSync(folder, { recursive: true });
  });
  const total = models.length;
  /** Twice in the first half of the tables, twice in the second, before the publication, and after it. */
  const points = (): Omit<Errand, "file" | "round">[] => [
    ...[0, 0, 1, 1].map((half) => ({
      after: upTo(total / 2) + half * Math.floor(total / 2 - 1),
      statements: upTo(12),
      delay: upTo(6),
    })),
    { after: total, statements: upTo(toPublish), delay: upTo(6) },
    { after: "published", statements: upTo(toEnd), delay: upTo(6) },
  ];
  try {
    const outcomes: Outcome[] = [];
    for (const round of nothing) outcomes.push(await company.round(`${round}.duckdb`, round, points()));
    await company.round("grown.duckdb", 0, []);
    for (const round of rounds) outcomes.push(await company.round("grown.duckdb", round, points()));
    const sum = (of: (o: (typeof outcomes)[number]) => number): number =>
      outcomes.reduce((n, o) => n + of(o), 0);
    expect(sum((o) => o.killed)).toBeGreaterThanOrEqual(5 * outcomes.length);
    // Most of what was published in the end had been built by dead processes.
    expect(sum((o) => o.kept)).toBeGreaterThan(sum((o) => o.built));
  } catch (error) {
    throw new Error(`SEED=${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}, 300_000);

/** Of a round: processes that were killed, tables that these had recorded, and tables that the last build made. */
interface Outcome {
  killed: number;
  kept: number;
  built: number;
}

/** Processes that build Acme and die, and what is seen after each. */
function crashingCompany(folder: string) {
  const ready: ChildProcess[] = [];
  const prepare = (): ChildProcess => {
    const child = spawn(process.execPath, ["dist/test/jobs/dying_build.js"], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin?.on("error", () => {}); // it may be dead before it has read all
    return child;
  };
  const send = async (errand: Errand): Promise<"killed" | "survived"> => {
    const child = ready.pop() ?? prepare();
    ready.push(prepare()); // the next one starts while this one works
    let said = "";
    child.stdout?.on("data", (data) => (said += data));
    child.stderr?.on("data", (data) => (said += data));
    child.stdin?.end(JSON.stringify(errand));
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    if (signal === "SIGKILL") return "killed";
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("survived") });
    return "survived";
  };
  const fromNothing = new Map<number, Promise<Record<string, string[]>>>();
  const rowsOf = (round: number) => {
    const rows = fromNothing.get(round) ?? builtFromNothing(round);
    fromNothing.set(round, rows);
    return rows;
  };

  return {
    close: () => {
      for (const child of ready) child.kill("SIGKILL");
    },

    /** Raw rows change, builds of them die one after the other, and one lives. */
    async round(
      name: string,
      round: number,
      points: readonly Omit<Errand, "file" | "round">[],
    ): Promise<Outcome> {
      const file = join(folder, name);
      const raw = await openDuckDb({ file, threads: 1 });
      const [before] = await readSnapshots(raw, 1);
      const old = before && (await publishedRows(raw, before));
      const known = new Set((await recorded(raw)).keys());
      await loadRound(raw, round);
      await raw.close();
      const expected = await rowsOf(round);

      let killed = 0;
      let done = new Map<string, string>();
      for (const point of points) {
        if ((await send({ file, round, ...point })) === "killed") killed++;
        const warehouse = await openDuckDb({ file, threads: 1 });
        try {
          const [snapshot] = await readSnapshots(warehouse, 1);
          if (before) expect(snapshot, "something stays published").toBeDefined();
          if (snapshot) {
            const rows = await publishedRows(warehouse, snapshot);
            expect(
              differing(rows, snapshot.id === before?.id ? old : expected),
              JSON.stringify(point),
            ).toEqual([]);
          }
          // Whatever one had recorded, the next did not build again.
          const now = new Map([...(await recorded(warehouse))].filter(([table]) => !known.has(table)));
          for (const table of done.keys()) expect(now.has(table), `${table} stays`).toBe(true);
          expect(new Set(now.values()).size, "tables recorded twice").toBe(now.size);
          done = now;
        } finally {
          await warehouse.close();
        }
      }

      const warehouse = await openDuckDb({ file, threads: 1 });
      try {
        const result = await build(warehouse, acmeProject, { trigger: "alive", now: clockOf(round) });
        expect(differing(await publishedRows(warehouse, result.snapshot), expected)).toEqual([]);
        const again = result.models.filter((m) => m.status === "built").map((m) => m.model);
        expect(
          [...done.values()].filter((model) => again.includes(model)),
          "built again",
        ).toEqual([]);
        const statuses = (await readRuns(warehouse, 100)).map((run) => run.status);
        expect(statuses.filter((status) => status === "running")).toEqual([]);
        // Nothing is left but what snapshots show, and the stores of their rows.
        expect(await warehouse.tables(schemas.work)).toEqual([]);
        const tables = [...(await readAllTables(warehouse)).values()];
        const used = new Set(tables.flatMap((t) => [t.table_name, t.store]));
        expect((await warehouse.tables(schemas.tables)).filter((t) => !used.has(t))).toEqual([]);
        const shown = (await readSnapshots(warehouse, 2)).flatMap((s) => Object.values(s.tables));
        for (const table of tables)
          expect(shown, "journeys alone keep older tables").toContain(table.table_name);
        return { killed, kept: done.size, built: again.length };
      } finally {
        await warehouse.close();
      }
    },
  };
}

/** Tables that the ledger tells of, each with its model. */
const recorded = async (warehouse: Warehouse): Promise<Map<string, string>> =>
  (await readSnapshots(warehouse, 1)).length > 0 ||
  (await warehouse.tables(schemas.ledger)).includes("built_tables")
    ? new Map([...(await readAllTables(warehouse))].map(([table, { model }]) => [table, model]))
    : new Map();

async function builtFromNothing(round: number): Promise<Record<string, string[]>> {
  const warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  try {
    await loadRound(warehouse, round);
    const { snapshot } = await build(warehouse, acmeProject, { trigger: "fresh", now: clockOf(round) });
    return await publishedRows(warehouse, snapshot);
  } finally {
    await warehouse.close();
  }
}

/** The models of which the rows differ, with the first row that does. */
function differing(ours: Record<string, string[]>, theirs: Record<string, string[]> | undefined): string[] {
  return models.flatMap(({ name }) => {
    const [a, b] = [ours[name] ?? [], theirs?.[name] ?? []];
    const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
    return at === undefined ? [] : [`${name}: ${a[at]} for ${b[at]}`];
  });
}
