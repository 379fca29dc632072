import { accountFacts } from "../models/daily/account_facts.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountMilestones } from "../models/milestones/account_milestones.js";
import type { CompanyWords, ModelColumns } from "../models/model.js";
import { termOutcomes } from "../models/outcomes/term_outcomes.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { accountStages } from "../models/stages/account_stages.js";
import { stageStays } from "../models/stages/stage_stays.js";
import { accounts } from "../models/staging/accounts.js";
import { stagingModels } from "../models/staging/source_quality.js";
import { integer, name, number, type Sql, sql, text } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";

/** What is needed of a model to fill its table. */
interface Made {
  readonly name: string;
  readonly columnsFor: (words: CompanyWords) => ModelColumns;
  readonly sortBy?: readonly string[];
}

/** Where the built tables stand. */
export const builtTables = "bench_built";

export interface Size {
  readonly accounts: number;
  /** Usage events of each account. */
  readonly events: number;
  /** Whether there are facts of the first 91 days, for which proposals alone ask. */
  readonly hasFirstDays: boolean;
}

/**
 * The built tables that analyses read, with the shape of a company and no truth in it, made by the engine itself: to build
 * them for so many accounts from raw rows takes far longer than to ask them. Every account was a customer for a year, and
 * one of eight churned then. Facts, stages and health stand for the first 91 days and for the days 30, 60 and 90 before
 * the outcome, which are all that is asked.
 */
export async function makeTables(
  warehouse: Warehouse,
  words: CompanyWords,
  { accounts: count, events, hasFirstDays }: Size,
): Promise<void> {
  const { journey } = words;
  const idOf = sql`printf('acc_%07d', n)`;
  const start = sql`(date '2024-01-01' + cast(n % 200 as integer))`;
  const outcome = sql`(${start} + 365)`;
  const everyone = sql`range(${integer(count)}) as accounts(n)`;
  const times = (k: number): Sql => sql`${everyone} cross join range(${integer(k)}) as times(k)`;
  const days = sql`(select n, k, case when k < 91 then ${start} + cast(k as integer) else ${outcome} - cast(30 * (k - 90) as integer) end as day from ${times(94)} where k >= ${integer(hasFirstDays ? 0 : 91)}) as days`;
  const drawn = (of: readonly string[], what: string): Sql =>
    sql`list_extract([${of.map(text)}], cast(1 + hash(n, ${text(what)}) % ${integer(of.length)} as integer))`;
  const ofAccount = { account_id: idOf };
  const ofDay = { ...ofAccount, day: sql`day` };
  const make = async (model: Made, rows: Sql, given: Record<string, Sql>, key = sql`n`): Promise<void> => {
    const columns = model.columnsFor(words);
    const values = Object.entries(columns).map(
      ([column, { type }]) => sql`${given[column] ?? filler(type, column, key)} as ${name(column)}`,
    );
    await warehouse.materialize({
      table: [builtTables, model.name],
      columns,
      sortBy: model.sortBy,
      query: sql`select ${values} from ${rows}`,
    });
  };
  const perDay = sql`n, k`;
  const stages = journey.stages.map(({ id }) => id);
  await make(accounts, everyone, { ...ofAccount, created_on: start, customer_since: start });
  await make(termOutcomes, everyone, {
    ...ofAccount,
    ended_on: outcome,
    started_on: start,
    outcome: sql`case when hash(n, 'outcome') % 8 = 0 then 'churned' else 'renewed' end`,
  });
  await make(accountFacts, days, { ...ofDay, is_customer: sql`true` }, perDay);
  await make(
    accountHealth,
    days,
    { ...ofDay, band: drawn(["poor", "average", "good"], "band"), score: sql`hash(n, k) % 1000 / 10e0` },
    perDay,
  );
  await make(accountStages, days, { ...ofDay, stage: drawn(stages, "stage"), entered_on: start }, perDay);
  await make(stageStays, times(3), {
    ...ofAccount,
    stage: sql`list_extract([${stages.map(text)}], cast(1 + k as integer))`,
    entered_on: sql`${start} + cast(100 * k as integer)`,
    left_on: sql`${start} + cast(100 * (k + 1) as integer)`,
  });
  await make(
    accountMilestones,
    times(journey.milestones.length),
    {
      ...ofAccount,
      milestone: sql`list_extract([${journey.milestones.map(({ id }) => text(id))}], cast(1 + k as integer))`,
      occurrence: sql`1`,
      started_on: start,
      ended_on: sql`null`,
      reached_on: sql`case when hash(n, k) % 3 > 0 then ${start} + cast(hash(n, k) % 200 as integer) end`,
      due_on: sql`${start} + 60`,
    },
    perDay,
  );
  await make(
    accountSignals,
    times(4),
    {
      ...ofAccount,
      signal: sql`list_extract([${journey.signals.map(({ id }) => text(id))}], cast(1 + hash(n, k) % ${integer(journey.signals.length)} as integer))`,
      opened_on: sql`${outcome} - cast(hash(n, k) % 200 as integer)`,
      closed_on: sql`null`,
    },
    perDay,
  );
  for (const model of stagingModels) {
    const rows = model.name === "stg_usage_events" ? events : 4;
    const at = sql`${start} + cast(hash(n, k, 'day') % 365 as integer)`;
    await make(
      model,
      times(rows),
      {
        ...ofAccount,
        ...Object.fromEntries(["starts_on", "joined_on", "day"].map((column) => [column, at])),
        kind: drawn(["call", "qbr", "training"], "kind"),
        is_usable: sql`true`,
        // One in 200 came late.
        loaded_at: sql`cast(${at} + case when hash(n, k, 'late') % 200 = 0 then 300 else 0 end as timestamptz)`,
      },
      perDay,
    );
  }

  function filler(type: string, column: string, key: Sql): Sql {
    const draw = sql`hash(${key}, ${text(column)})`;
    if (type === "integer" || type === "decimal") return sql`${draw} % 50`;
    if (type === "number") return sql`${draw} % 1000 / ${number(1000)}`;
    if (type === "boolean") return sql`${draw} % 2 = 0`;
    return type === "string" ? drawn(["a", "b", "c", "d", "e"], column) : sql`null`;
  }
}
