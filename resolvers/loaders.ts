import DataLoader from "dataloader";
import type { JourneyVersion, Snapshot } from "../jobs/ledger.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { accountFacts, factAsNumber } from "../models/daily/account_facts.js";
import { timeline } from "../models/daily/timeline.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators, pointsOf, weightOf } from "../models/health/account_indicators.js";
import { accountMilestones } from "../models/milestones/account_milestones.js";
import { type RowOf, ref } from "../models/model.js";
import { accountOnboarding } from "../models/onboarding/account_onboarding.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { stageStays } from "../models/stages/stage_stays.js";
import { stgContracts } from "../models/staging/stg_contracts.js";
import { stgSurveyResponses } from "../models/staging/stg_survey_responses.js";
import { stgTickets } from "../models/staging/stg_tickets.js";
import { accountTouchpoints } from "../models/touchpoints/account_touchpoints.js";
import { accountTrends } from "../models/trends/account_trends.js";
import { earlyWarnings } from "../models/warnings/early_warnings.js";
import type { Grain } from "../schema/health.js";
import { addDays, countIf, inArray, nullOf, periodOf, weekOf } from "../warehouse/dialect.js";
import { bind, name, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Row } from "../warehouse/warehouse.js";
import type { Reader } from "./reader.js";
import { type SignalValues, signalValues } from "./reasons.js";
import { taskColumns, taskRows } from "./task_rows.js";

/** The row of `account_latest` with the company's own columns. */
export type AccountRow = RowOf<typeof accountLatest> & Record<string, unknown>;

/**
 * One loader per question about accounts. Whatever the number of accounts, a level of a query costs one
 * statement: keys that want the same shape of answer travel together.
 */
export type Loaders = ReturnType<typeof loadersFor>;

export function loadersFor(reader: Reader, versions: () => Promise<JourneyVersion[]>) {
  const { words } = reader.snapshot;
  /** The snapshot that holds the scores of a version of the journey. */
  const snapshotOf = async (version: string): Promise<Snapshot> =>
    version === words.journey.version
      ? reader.snapshot
      : ((await versions()).find(({ snapshot }) => snapshot.words.journey.version === version)?.snapshot ??
        reader.snapshot);
  const accountColumns = accountLatest.columnsFor(words);
  return {
    account: one<AccountRow>(
      (ids) =>
        reader.query(
          sql`select ${Object.keys(accountColumns).map(name)} from ${ref(accountLatest)} where ${among(ids)}`,
          accountColumns,
        ) as unknown as Promise<AccountRow[]>,
    ),

    contracts: many((ids) =>
      reader.query(
        sql`
select
  c.account_id, c.contract_id, c.starts_on, c.ends_on, c.renews_on, c.seats, c.mrr, coalesce(c.is_trial, false) as is_trial, c.plan,
  c.starts_on <= t.data_through and (c.ends_on is null or c.ends_on > t.data_through) as is_current
from ${ref(stgContracts)} as c
cross join ${ref(timeline)} as t
where c.is_usable and ${among(ids, sql`c.account_id`)}
order by c.starts_on, c.contract_id`,
        contractColumns,
      ),
    ),

    stageStays: many((ids) =>
      reader.query(
        sql`select ${columnsOf(stageStays)} from ${ref(stageStays)} where ${among(ids)} order by entered_on`,
        stageStays.columns,
      ),
    ),

    milestones: many((ids) =>
      reader.query(
        sql`select ${columnsOf(accountMilestones)} from ${ref(accountMilestones)} where ${among(ids)} order by occurrence`,
        accountMilestones.columns,
      ),
    ),

    /** Health on one day with the points, weight and value of every indicator. */
    health: byShape<{ day: string; version: string }, HealthRow>(async (ids, { day, version }) => {
      const scored = await snapshotOf(version);
      const { indicators } = scored.words.journey.health;
      // Only an earlier version's scores are kept: a value is told where its facts are the present ones still.
      const areFactsThere = scored.tables[accountFacts.name] === reader.snapshot.tables[accountFacts.name];
      const parts = indicators.flatMap((i) => [pointsOf(i.id), weightOf(i.id)]);
      const values = indicators.map((i) => {
        const value = areFactsThere ? factAsNumber(sql`f`, i.fact) : nullOf("number");
        return sql`${value} as ${name(valueColumn(i.id))}`;
      });
      const columns: Columns = {
        ...accountHealth.columns,
        ...Object.fromEntries(
          [...parts, ...indicators.map((i) => valueColumn(i.id))].map((column) => [
            column,
            { type: "number" },
          ]),
        ),
      };
      const own = Object.keys(accountHealth.columns).map((column) => sql`h.${name(column)}`);
      return (await reader.query(
        sql`
select ${[...own, ...parts.map((column) => sql`i.${name(column)}`), ...values]}
from ${ref(accountHealth)} as h
inner join ${ref(accountIndicators)} as i on i.account_id = h.account_id and i.day = h.day
left join ${ref(accountFacts)} as f on f.account_id = h.account_id and f.day = h.day
where h.day = ${bind("date", day)} and ${among(ids, sql`h.account_id`)}`,
        columns,
        scored,
      )) as unknown as HealthRow[];
    }),

    /** The last row of each period, [from, to). */
    healthHistory: byShape<{ from: string; to: string; grain: Grain; version: string }, HistoryRow>(
      async (ids, { from, to, grain, version }) =>
        reader.query(
          sql`
with ranked as (
  select
    account_id,
    ${periodOf(sql`day`, grain)} as period,
    day,
    score,
    band,
    coverage,
    stage,
    row_number() over (partition by account_id, ${periodOf(sql`day`, grain)} order by day desc) as days_from_end
  from ${ref(accountHealth)}
  where day >= ${bind("date", from)} and day < ${bind("date", to)} and ${among(ids)}
)
select account_id, period, day, score, band, coverage, stage
from ranked
where days_from_end = 1
order by period`,
          historyColumns,
          await snapshotOf(version),
        ),
    ),

    /** The last `weeks` complete weeks of a metric. */
    trend: byShape<{ metric: string; weeks: number }, RowOf<typeof accountTrends>>((ids, { metric, weeks }) =>
      reader.query(
        sql`
select ${Object.keys(accountTrends.columns).map((column) => sql`w.${name(column)}`)}
from ${ref(accountTrends)} as w
cross join ${ref(timeline)} as t
where w.metric = ${bind("string", metric)} and w.week >= ${addDays(weekOf(addDays(sql`t.data_through`, 1)), -7 * weeks)} and ${among(ids, sql`w.account_id`)}
order by w.week desc`,
        accountTrends.columns,
      ),
    ),

    signals: many((ids) =>
      reader.query(
        sql`select ${columnsOf(accountSignals)} from ${ref(accountSignals)} where ${among(ids)} order by opened_on desc, signal`,
        accountSignals.columns,
      ),
    ),

    tasks: many((ids) =>
      reader.query(
        sql`select ${Object.keys(taskColumns).map(name)} from (${taskRows(reader)}) as tasks where ${among(ids)} order by due_on, task_id`,
        taskColumns,
      ),
    ),

    touchpoints: many((ids) =>
      reader.query(
        sql`select ${columnsOf(accountTouchpoints)} from ${ref(accountTouchpoints)} where ${among(ids)} order by due_on, touchpoint`,
        accountTouchpoints.columns,
      ),
    ),

    onboarding: one((ids) =>
      reader.query(
        sql`select ${columnsOf(accountOnboarding)} from ${ref(accountOnboarding)} where ${among(ids)}`,
        accountOnboarding.columns,
      ),
    ),

    warning: one((ids) =>
      reader.query(
        sql`select ${columnsOf(earlyWarnings)} from ${ref(earlyWarnings)} where ${among(ids)}`,
        earlyWarnings.columns,
      ),
    ),

    /** What signals ask for, on days of accounts: the values that their reasons are told from. */
    signalValues: new DataLoader<{ id: string; day: string }, SignalValues, string>(
      async (keys) => {
        const rows = await signalValues(reader, keys);
        return keys.map(({ id, day }) => rows.get(`${day} ${id}`) ?? {});
      },
      { cacheKeyFn: ({ id, day }) => `${day} ${id}` },
    ),

    ticketCounts: one((ids) =>
      reader.query(
        sql`
select
  account_id,
  ${countIf(sql`is_usable`)} as total,
  ${countIf(sql`is_usable and resolved_at is not null`)} as resolved,
  ${countIf(sql`not is_usable or not is_timed`)} as left_out,
  avg(case when is_usable then first_reply_hours end) as first_reply_hours_mean
from ${ref(stgTickets)}
where ${among(ids)}
group by account_id`,
        ticketColumns,
      ),
    ),

    surveyCounts: one((ids) =>
      reader.query(
        sql`
select
  account_id,
  ${countIf(sql`is_usable`)} as responses,
  ${countIf(sql`not is_usable`)} as left_out,
  max(case when is_usable then day end) as last_responded_on
from ${ref(stgSurveyResponses)}
where ${among(ids)}
group by account_id`,
        surveyColumns,
      ),
    ),
  };
}

const contractColumns = {
  account_id: { type: "string", notNull: true },
  contract_id: { type: "string", notNull: true },
  starts_on: { type: "date", notNull: true },
  ends_on: { type: "date" },
  renews_on: { type: "date" },
  seats: { type: "integer" },
  mrr: { type: "decimal" },
  is_trial: { type: "boolean", notNull: true },
  plan: { type: "string" },
  is_current: { type: "boolean", notNull: true },
} as const satisfies Columns;

const historyColumns = {
  account_id: { type: "string", notNull: true },
  period: { type: "date", notNull: true },
  day: { type: "date", notNull: true },
  score: { type: "number" },
  band: { type: "string", notNull: true },
  coverage: { type: "number" },
  stage: { type: "string", notNull: true },
} as const satisfies Columns;
export type HistoryRow = Row<typeof historyColumns>;

const ticketColumns = {
  account_id: { type: "string", notNull: true },
  total: { type: "integer", notNull: true },
  resolved: { type: "integer", notNull: true },
  left_out: { type: "integer", notNull: true },
  first_reply_hours_mean: { type: "number" },
} as const satisfies Columns;

const surveyColumns = {
  account_id: { type: "string", notNull: true },
  responses: { type: "integer", notNull: true },
  left_out: { type: "integer", notNull: true },
  last_responded_on: { type: "date" },
} as const satisfies Columns;

/** `account_health` with `<indicator>_points`, `_weight` and `_value` of every indicator. */
export type HealthRow = RowOf<typeof accountHealth> & Record<string, number | null>;
export const valueColumn = (indicator: string): string => `${indicator}_value`;

const columnsOf = (model: { columns: object }): Sql[] => Object.keys(model.columns).map(name);

const among = (ids: readonly string[], column: Sql = sql`account_id`): Sql =>
  inArray(column, bind("string[]", ids));

interface OfAccount {
  account_id: string;
}

/** A loader of one row per account; null where there is none. */
const one = <R extends OfAccount>(read: (ids: string[]) => Promise<R[]>): DataLoader<string, R | null> =>
  new DataLoader(async (ids) => {
    const rows = new Map((await read([...ids])).map((row) => [row.account_id, row]));
    return ids.map((id) => rows.get(id) ?? null);
  });

/** A loader of all rows of an account, in the statement's order. */
const many = <R extends OfAccount>(read: (ids: string[]) => Promise<R[]>): DataLoader<string, R[]> =>
  new DataLoader(async (ids) => grouped(await read([...ids]), ids));

/** A loader whose statement depends on more than the account: one statement for each shape that is asked for. */
const byShape = <S extends object, R extends OfAccount>(
  read: (ids: string[], shape: S) => Promise<R[]>,
): DataLoader<S & { id: string }, R[], string> =>
  new DataLoader<S & { id: string }, R[], string>(
    async (keys) => {
      const shapes = new Map<string, { shape: S; ids: string[] }>();
      for (const { id, ...shape } of keys) {
        const entry = shapes.get(JSON.stringify(shape)) ?? { shape: shape as unknown as S, ids: [] };
        entry.ids.push(id);
        shapes.set(JSON.stringify(shape), entry);
      }
      const rows = new Map<string, Map<string, R[]>>();
      await Promise.all(
        [...shapes].map(async ([key, { shape, ids }]) => {
          const lists = grouped(await read(ids, shape), ids);
          rows.set(key, new Map(ids.map((id, i) => [id, lists[i] ?? []])));
        }),
      );
      return keys.map(({ id, ...shape }) => rows.get(JSON.stringify(shape))?.get(id) ?? []);
    },
    { cacheKeyFn: (key) => JSON.stringify(key) },
  );

function grouped<R extends OfAccount>(rows: readonly R[], ids: readonly string[]): R[][] {
  const lists = new Map<string, R[]>(ids.map((id) => [id, []]));
  for (const row of rows) lists.get(row.account_id)?.push(row);
  return ids.map((id) => lists.get(id) ?? []);
}
