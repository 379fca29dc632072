import { Temporal } from "temporal-polyfill";
import { WaymarkError } from "../errors.js";
import { timeline } from "../models/daily/timeline.js";
import { models } from "../models/index.js";
import { path, sql } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { type BuildResult, build } from "./build.js";
import type { Project } from "./company.js";
import {
  type Backfill,
  backfillAdvanced,
  backfillStarted,
  locateIn,
  openLedger,
  readLatestSnapshot,
  readUnfinishedBackfills,
} from "./ledger.js";
import { type BuildOptions, unselected } from "./run.js";

export interface BackfillOptions {
  /** The days to rebuild, [from, to). */
  readonly from: string;
  readonly to: string;
  /** Only these models, as in a build; all by default. */
  readonly select?: readonly string[] | undefined;
  /** Days at once; a calendar month by default. */
  readonly chunkDays?: number | undefined;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: BackfillProgress) => void;
}

/** Days [from, to). */
export interface Days {
  readonly from: string;
  readonly to: string;
}

export type BackfillProgress =
  | { readonly kind: "begun"; readonly chunks: number; readonly done: number }
  | {
      readonly kind: "compared";
      /** Of these all raw rows were compared with the staged ones. */
      readonly sources: readonly string[];
      /** What followed from it. */
      readonly changed: readonly string[];
      readonly seconds: number;
    }
  | {
      readonly kind: "chunk";
      readonly number: number;
      readonly chunks: number;
      readonly days: Days;
      /** The tables in which rows came or went. */
      readonly changed: readonly string[];
      readonly seconds: number;
      /** As long as the chunks of this run took per day; the publication comes on top. */
      readonly secondsLeft: number;
    };

export interface BackfillResult extends BuildResult {
  /** What was rebuilt: the days asked for of which there is data. */
  readonly days: Days;
  readonly chunks: number;
  /** Chunks that an earlier run had done. */
  readonly resumedAfter: number;
}

/**
 * Bring everything up to date with all raw rows, rebuild days in chunks, and publish once, at the end. Each chunk is done
 * when it is in the ledger: a backfill that was killed goes on from the chunk it was in when it is asked for again, after
 * it has compared the raw rows of by then. Readers see nothing before the end.
 * @throws WaymarkError BAD_USER_INPUT for days that can't be, NOT_BUILT, and whatever a build throws
 */
export async function backfill(
  warehouse: Warehouse,
  project: Project,
  options: BackfillOptions,
): Promise<BackfillResult> {
  const { now, signal, select, onProgress } = options;
  const days = await daysWithData(warehouse, options);
  const chunks = chunksOf(days, options.chunkDays);
  const note = `${days.from} up to ${days.to}`;
  const inBuild = (more: Partial<BuildOptions>): Promise<BuildResult> =>
    build(warehouse, project, { trigger: "backfill", now, signal, ...(select ? { select } : {}), ...more });
  const secondsSince = (begun: Date): number => (now().getTime() - begun.getTime()) / 1000;

  await openLedger(warehouse);
  let state = await begunOrNew(warehouse, days, options);
  const advance = async (more: Pick<Backfill, "done_to"> | Pick<Backfill, "finished_at">): Promise<void> => {
    state = { ...state, ...more };
    await warehouse.run(backfillAdvanced(state));
  };
  const isDone = ({ to }: Days): boolean => state.done_to !== null && to <= state.done_to;
  const resumedAfter = chunks.filter(isDone).length;
  onProgress?.({ kind: "begun", chunks: chunks.length, done: resumedAfter });

  const comparing = now();
  const compared = await inBuild({ step: "compare", note });
  onProgress?.({
    kind: "compared",
    sources: sourcesIn(compared, project),
    changed: changedIn(compared),
    seconds: secondsSince(comparing),
  });
  const begun = now();
  let daysDone = 0;
  for (const [i, chunk] of chunks.entries()) {
    if (isDone(chunk)) continue;
    const chunkBegun = now();
    const result = await inBuild({ step: "days", note, ...chunk });
    await advance({ done_to: chunk.to });
    daysDone += lengthOf(chunk);
    onProgress?.({
      kind: "chunk",
      number: i + 1,
      chunks: chunks.length,
      days: chunk,
      changed: changedIn(result),
      seconds: secondsSince(chunkBegun),
      secondsLeft: (secondsSince(begun) / daysDone) * lengthOf({ from: chunk.to, to: days.to }),
    });
  }
  const result = await inBuild({});
  await advance({ finished_at: now() });
  return { ...result, days, chunks: chunks.length, resumedAfter };
}

/** The days asked for as far as there is data. */
async function daysWithData(warehouse: Warehouse, { from, to }: Days): Promise<Days> {
  if (from >= to)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `--from ${from} must be before --to ${to}, which is not rebuilt itself.`,
      { from, to },
    );
  const snapshot = await readLatestSnapshot(warehouse);
  if (!snapshot)
    throw new WaymarkError(
      "NOT_BUILT",
      "Nothing is built yet, so there are no days to rebuild. `waymark build` builds them all.",
    );
  const [known] = await warehouse.query(
    sql`select data_from, data_through from ${path(...locateIn(snapshot.tables)(timeline.name))}`,
    timeline.columns,
  );
  const first = known?.data_from ?? snapshot.dataThrough;
  const end = addDays(snapshot.dataThrough, 1);
  if (to <= first || from >= end)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `There is no data from ${from} up to ${to}: it covers ${first} through ${snapshot.dataThrough}. Later days come with \`waymark build\`.`,
      { from, to, dataFrom: first, dataThrough: snapshot.dataThrough },
    );
  return { from: from < first ? first : from, to: to > end ? end : to };
}

/** The unfinished backfill of the same days and terms, or a new one. */
async function begunOrNew(
  warehouse: Warehouse,
  { from, to }: Days,
  { select, chunkDays, now }: BackfillOptions,
): Promise<Backfill> {
  const terms = JSON.stringify({
    chunkDays: chunkDays ?? "month",
    select: select ? [...select].sort() : null,
  });
  const unfinished = await readUnfinishedBackfills(warehouse);
  const same = unfinished.find((b) => b.from_day === from && b.to_day === to && b.terms === terms);
  if (same) return same;
  const started_at = now();
  const row: Backfill = {
    backfill_id: `${started_at.toISOString()} ${from} ${to}`,
    from_day: from,
    to_day: to,
    terms,
    started_at,
    done_to: null,
    finished_at: null,
  };
  await warehouse.run(backfillStarted(row));
  return row;
}

/** Calendar months, or so many days each; the first and the last may be shorter. */
export function chunksOf({ from, to }: Days, chunkDays?: number): Days[] {
  const chunks: Days[] = [];
  for (let start = from; start < to; ) {
    const next = chunkDays
      ? addDays(start, chunkDays)
      : Temporal.PlainDate.from(start).with({ day: 1 }).add({ months: 1 }).toString();
    const end = next < to ? next : to;
    chunks.push({ from: start, to: end });
    start = end;
  }
  return chunks;
}

const changedIn = ({ models }: BuildResult): string[] =>
  models.filter(({ status }) => status === "built").map(({ model }) => model);
const sourcesIn = ({ models: told }: BuildResult, { settings }: Project): string[] =>
  models.flatMap(({ name, source }) => {
    const isCompared = told.some(({ model, reason }) => model === name && !unselected.has(reason));
    return source && settings.sources[source] && isCompared ? [source] : [];
  });
const addDays = (day: string, days: number): string => Temporal.PlainDate.from(day).add({ days }).toString();
const lengthOf = ({ from, to }: Days): number =>
  Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days;
