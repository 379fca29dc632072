import { accountLatest } from "../models/accounts/account_latest.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountMilestones } from "../models/milestones/account_milestones.js";
import { accountTasks, hasExpired } from "../models/plays/account_tasks.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { accountStages } from "../models/stages/account_stages.js";
import { cast, least } from "../warehouse/dialect.js";
import { bind, type Locate, number, path, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Warehouse } from "../warehouse/warehouse.js";
import { type BuildResult, build } from "./build.js";
import type { Project } from "./company.js";
import { type EditOptions, publishedFor, withEdited } from "./edited.js";
import { backtestBoth, backtested, type JourneyBacktest } from "./journey_backtest.js";
import { locateIn, readBuildSeconds, readTables, type Snapshot } from "./ledger.js";
import type { BuildOptions } from "./run.js";

/** What an edited journey would change on the data of the published snapshot. Counts are of accounts on its last day. */
export interface JourneyPlan {
  /** The published journey, and the one that is planned. */
  readonly from: string;
  readonly to: string;
  readonly dataThrough: string;
  /** Accounts with facts on that day. */
  readonly accounts: number;
  /** Stages and bands before and after, with the accounts that go that way; those that stay too. */
  readonly stages: readonly Move[];
  readonly bands: readonly Move[];
  /** The accounts that change stage or band, those with the highest MRR first; at most 1,000. */
  readonly changes: readonly AccountChange[];
  readonly scoresBefore: ScoreDistribution;
  readonly scoresAfter: ScoreDistribution;
  readonly milestones: readonly { milestone: string; reachedBefore: number; reachedAfter: number }[];
  readonly signals: readonly {
    signal: string;
    before: number;
    opens: number;
    closes: number;
    after: number;
  }[];
  /** Tasks that have not expired, set before and after. */
  readonly tasks: readonly { play: string; task: string; appears: number; goes: number }[];
  /** The tables that apply rebuilds, their rows now, and the seconds that they took when they were last built. */
  readonly rebuilds: readonly { model: string; rows: number; seconds: number | null }[];
  /** Whether the published journey foresaw who churned, and whether the edited one would have. */
  readonly backtest: JourneyBacktest;
}

export interface Move {
  readonly before: string;
  readonly after: string;
  readonly accounts: number;
}

export interface ScoreDistribution {
  readonly scored: number;
  /** Too little evidence, or a stage that isn't scored. */
  readonly unknown: number;
  readonly mean: number | null;
  /** Accounts by score: 0–10, 10–20 … 90–100, lower edge included. */
  readonly histogram: readonly number[];
}

const changeColumns = {
  account_id: { type: "string", notNull: true },
  name: { type: "string" },
  mrr: { type: "decimal" },
  stage_before: { type: "string", notNull: true },
  stage_after: { type: "string", notNull: true },
  band_before: { type: "string", notNull: true },
  band_after: { type: "string", notNull: true },
  score_before: { type: "number" },
  score_after: { type: "number" },
} as const satisfies Columns;
export type AccountChange = {
  account_id: string;
  name: string | null;
  mrr: string | null;
  stage_before: string;
  stage_after: string;
  band_before: string;
  band_after: string;
  score_before: number | null;
  score_after: number | null;
};

/** What is compared, beside what a back-test reads. */
const compared = [accountStages, accountHealth, accountMilestones, accountSignals, accountTasks];
/** A back-test withholds what it tells of fewer accounts, as `waymark backtest` does by default. */
const minGroup = 5;
const mostChanges = 1000;

/**
 * Compare an edited journey with the published one on the published data: what differs is built aside, compared
 * and dropped. Nothing is published.
 * @throws WaymarkError NOT_BUILT where nothing is published to compare with, RUN_IN_PROGRESS, LEASE_LOST, OVER_BUDGET
 */
export const planJourney = (
  warehouse: Warehouse,
  project: Project,
  options: EditOptions,
): Promise<JourneyPlan> =>
  withEdited(warehouse, project, [...compared, ...backtested], options, async (edited) => {
    const { snapshot, changed, locate, signal } = edited;
    return {
      ...(await compare(warehouse, snapshot, locate, signal)),
      from: snapshot.words.journey.version,
      to: project.journey.version,
      dataThrough: snapshot.dataThrough,
      rebuilds: await rebuildsOf(warehouse, snapshot, changed),
      backtest: await backtestBoth(warehouse, edited, { minGroup }),
    };
  });

/**
 * Publish an edited journey as a new version, over the data that is published: what a plan shows is what comes.
 * @throws WaymarkError NOT_BUILT, RUN_IN_PROGRESS, JOURNEY_CONFLICT where `expect` isn't the published version
 */
export async function applyJourney(
  warehouse: Warehouse,
  project: Project,
  options: BuildOptions,
): Promise<BuildResult> {
  await publishedFor(warehouse, compared);
  return build(warehouse, project, { ...options, select: [] });
}

async function compare(
  warehouse: Warehouse,
  snapshot: Snapshot,
  locate: Locate,
  signal: AbortSignal | undefined,
): Promise<Omit<JourneyPlan, "from" | "to" | "dataThrough" | "rebuilds" | "backtest">> {
  const before = (model: { name: string }): Sql => path(...locateIn(snapshot.tables)(model.name));
  const after = (model: { name: string }): Sql => path(...locate(model.name));
  const day = bind("date", snapshot.dataThrough);
  const days = sql`
accounts as (
  select
    sb.account_id as account_id,
    l.name as name,
    l.mrr as mrr,
    sb.stage as stage_before,
    sa.stage as stage_after,
    hb.band as band_before,
    ha.band as band_after,
    hb.score as score_before,
    ha.score as score_after
  from ${before(accountStages)} as sb
  inner join ${after(accountStages)} as sa on sa.account_id = sb.account_id and sa.day = sb.day
  inner join ${before(accountHealth)} as hb on hb.account_id = sb.account_id and hb.day = sb.day
  inner join ${after(accountHealth)} as ha on ha.account_id = sb.account_id and ha.day = sb.day
  inner join ${before(accountLatest)} as l on l.account_id = sb.account_id
  where sb.day = ${day}
)`;
  const n = { type: "integer", notNull: true } as const;
  const word = { type: "string", notNull: true } as const;
  const read = <C extends Columns>(statement: Sql, columns: C) =>
    warehouse.query(statement, columns, { signal });

  const moves = await read(
    sql`with ${days} select stage_before, stage_after, band_before, band_after, count(*) as accounts from accounts group by stage_before, stage_after, band_before, band_after`,
    { stage_before: word, stage_after: word, band_before: word, band_after: word, accounts: n },
  );
  const changes = await read(
    sql`with ${days}
select account_id, name, mrr, stage_before, stage_after, band_before, band_after, score_before, score_after
from accounts
where stage_before <> stage_after or band_before <> band_after
order by mrr desc nulls last, account_id
limit ${bind("integer", mostChanges)}`,
    changeColumns,
  );
  const scores = await read(
    sql`with ${days},
scores as (
  select 'before' as side, score_before as score from accounts
  union all
  select 'after' as side, score_after as score from accounts
)
select side, ${cast(least(sql`floor(score / 10e0)`, number(9)), "integer")} as bucket, count(*) as accounts, sum(score) as total
from scores
group by side, bucket`,
    { side: word, bucket: { type: "integer" }, accounts: n, total: { type: "number" } },
  );
  const milestones = await read(
    sql`
with reached as (
  select milestone, case when reached_on is null then 0 else 1 end as before_n, 0 as after_n from ${before(accountMilestones)}
  union all
  select milestone, 0 as before_n, case when reached_on is null then 0 else 1 end as after_n from ${after(accountMilestones)}
)
select milestone, sum(before_n) as before_n, sum(after_n) as after_n from reached group by milestone order by milestone`,
    { milestone: word, before_n: n, after_n: n },
  );
  const signals = await read(
    sql`
with sides as (
  select account_id, signal, 1 as before_n, 0 as after_n from ${before(accountSignals)} where closed_on is null
  union all
  select account_id, signal, 0 as before_n, 1 as after_n from ${after(accountSignals)} where closed_on is null
),
pairs as (
  select account_id, signal, max(before_n) as before_n, max(after_n) as after_n from sides group by account_id, signal
)
select
  signal,
  sum(before_n) as before_n,
  sum(case when after_n > before_n then 1 else 0 end) as opens,
  sum(case when before_n > after_n then 1 else 0 end) as closes,
  sum(after_n) as after_n
from pairs
group by signal
order by signal`,
    { signal: word, before_n: n, opens: n, closes: n, after_n: n },
  );
  const tasks = await read(
    sql`
with sides as (
  select task_id, play, task, 1 as before_n, 0 as after_n from ${before(accountTasks)} where not ${hasExpired(sql`expires_on`, day)}
  union all
  select task_id, play, task, 0 as before_n, 1 as after_n from ${after(accountTasks)} where not ${hasExpired(sql`expires_on`, day)}
),
pairs as (
  select task_id, play, task, max(before_n) as before_n, max(after_n) as after_n from sides group by task_id, play, task
)
select
  play,
  task,
  sum(case when after_n > before_n then 1 else 0 end) as appears,
  sum(case when before_n > after_n then 1 else 0 end) as goes
from pairs
group by play, task
order by play, task`,
    { play: word, task: word, appears: n, goes: n },
  );
  return {
    accounts: moves.reduce((sum, move) => sum + move.accounts, 0),
    stages: movesOf(moves, ({ stage_before, stage_after }) => [stage_before, stage_after]),
    bands: movesOf(moves, ({ band_before, band_after }) => [band_before, band_after]),
    changes,
    scoresBefore: distributionOf(scores.filter(({ side }) => side === "before")),
    scoresAfter: distributionOf(scores.filter(({ side }) => side === "after")),
    milestones: milestones.map((m) => ({
      milestone: m.milestone,
      reachedBefore: m.before_n,
      reachedAfter: m.after_n,
    })),
    signals: signals.map(({ signal: id, before_n, opens, closes, after_n }) => ({
      signal: id,
      before: before_n,
      opens,
      closes,
      after: after_n,
    })),
    tasks,
  };
}

/** Counts along one of two axes. */
function movesOf<R extends { accounts: number }>(
  rows: readonly R[],
  axis: (row: R) => [string, string],
): Move[] {
  const moves = new Map<string, Move>();
  for (const row of rows) {
    const [before, after] = axis(row);
    const key = JSON.stringify([before, after]);
    moves.set(key, { before, after, accounts: (moves.get(key)?.accounts ?? 0) + row.accounts });
  }
  return [...moves.values()].sort((a, b) => b.accounts - a.accounts);
}

function distributionOf(
  rows: readonly { bucket: number | null; accounts: number; total: number | null }[],
): ScoreDistribution {
  const scored = rows.filter(({ bucket }) => bucket !== null);
  const count = scored.reduce((sum, { accounts }) => sum + accounts, 0);
  const histogram = Array.from({ length: 10 }, (_, i) => scored.find((r) => r.bucket === i)?.accounts ?? 0);
  return {
    scored: count,
    unknown: rows.find(({ bucket }) => bucket === null)?.accounts ?? 0,
    mean: count > 0 ? scored.reduce((sum, { total }) => sum + (total ?? 0), 0) / count : null,
    histogram,
  };
}

async function rebuildsOf(
  warehouse: Warehouse,
  snapshot: Snapshot,
  changed: readonly string[],
): Promise<JourneyPlan["rebuilds"]> {
  const [tables, seconds] = await Promise.all([
    readTables(warehouse, snapshot),
    readBuildSeconds(warehouse, snapshot),
  ]);
  return changed.map((model) => ({
    model,
    rows: tables.get(model)?.rows ?? 0,
    seconds: seconds.get(model) ?? null,
  }));
}
