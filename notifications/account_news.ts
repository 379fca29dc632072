import { type Snapshot, schemas } from "../jobs/ledger.js";
import type { Journey } from "../journey/journey.js";
import { inWords } from "../journey/words.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { ref } from "../models/model.js";
import { accountTasks } from "../models/plays/account_tasks.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { vocabularyOf } from "../resolvers/journey_words.js";
import { givenSince, openedSince } from "../resolvers/news.js";
import { type Reader, readerOf } from "../resolvers/reader.js";
import { reasonOf, type SignalValues, signalValues } from "../resolvers/reasons.js";
import { everything } from "../resolvers/scope.js";
import { name, path, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Row, Warehouse } from "../warehouse/warehouse.js";
import { type Draft, ofAccount } from "./message.js";
import { snapshotIn } from "./run_news.js";

/**
 * The signals and tasks of a snapshot that the one before did not have, by day. What late data has moved to another
 * day is no news; nor is what was over before, and came to be known only now.
 */
export async function newsOfAccounts(
  warehouse: Warehouse,
  snapshot: Snapshot,
  before: Snapshot,
  company: string,
): Promise<Draft[]> {
  const reader = readerOf(warehouse, snapshot, everything, { caller: "news" });
  const standing = new Set(await warehouse.tables(schemas.tables));
  /** Where a model's rows of the snapshot before are; undefined where they were let go already. */
  const former = (model: { readonly name: string }): Sql | undefined => {
    const table = before.tables[model.name];
    return table && standing.has(table) ? path(schemas.tables, table) : undefined;
  };
  const news = [
    ...(await newSignals(reader, before, former(accountSignals), company)),
    ...(await newTasks(reader, before, former(accountTasks), company)),
  ];
  return news.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0)).map(({ draft }) => draft);
}

interface DayNews {
  readonly day: string;
  readonly draft: Draft;
}

const accountColumns = {
  account_name: { type: "string", notNull: true },
  account_owner: { type: "string" },
  account_mrr: { type: "decimal" },
  account_stage: { type: "string" },
  account_band: { type: "string" },
} as const satisfies Columns;

const accountSql = sql`l.name as account_name, l.owner as account_owner, l.mrr as account_mrr, l.stage as account_stage, l.band as account_band`;

const accountIn = (row: Row<typeof accountColumns> & { account_id: string }) => ({
  id: row.account_id,
  name: row.account_name,
  owner: row.account_owner,
  mrr: row.account_mrr,
  stage: row.account_stage,
  band: row.account_band,
});

/** Those that opened since, and those still open that were not; of whatever opened then, where it is not known. */
async function newSignals(
  reader: Reader,
  before: Snapshot,
  former: Sql | undefined,
  company: string,
): Promise<DayNews[]> {
  const { snapshot } = reader;
  if (!(accountSignals.name in snapshot.tables)) return [];
  const rows = await reader.query(
    sql`
select ${Object.keys(accountSignals.columns).map((c) => sql`s.${name(c)} as ${name(c)}`)}, ${accountSql}
from ${ref(accountSignals)} as s
inner join ${ref(accountLatest)} as l on l.account_id = s.account_id
where ${openedSince(before, former)}
order by s.opened_on, s.account_id, s.signal`,
    { ...accountSignals.columns, ...accountColumns },
  );
  const { journey } = snapshot.words;
  const values = await valuesOf(reader, rows);
  return rows.map((row) => {
    const definition = journey.signals.find(({ id }) => id === row.signal);
    const signal = definition?.name ?? row.signal;
    const reason = whyOpen(journey, row, values);
    const since =
      row.opened_on === row.held_from ? row.opened_on : `${row.opened_on}, after ${row.held_from}`;
    return {
      day: row.opened_on,
      draft: {
        type: "signal_opened",
        fact: [row.account_id, row.signal, row.opened_on],
        subject: ofAccount(row.account_id),
        timestamp: snapshot.publishedAt.toISOString(),
        company,
        summary: `${row.account_name}: ${signal} (${row.kind}, ${row.severity}) opened on ${since}: ${reason}.`,
        data: {
          account: accountIn(row),
          signal: {
            id: row.signal,
            name: signal,
            description: definition?.description ?? null,
            kind: row.kind,
            severity: row.severity,
          },
          reason,
          heldFrom: row.held_from,
          openedOn: row.opened_on,
          closedOn: row.closed_on,
          snapshot: snapshotIn(snapshot),
        },
      },
    };
  });
}

/** Those that nobody was given before and that have not expired. */
async function newTasks(
  reader: Reader,
  before: Snapshot,
  former: Sql | undefined,
  company: string,
): Promise<DayNews[]> {
  const { snapshot } = reader;
  if (!(accountTasks.name in snapshot.tables)) return [];
  const rows = await reader.query(
    sql`
select ${Object.keys(accountTasks.columns).map((c) => sql`t.${name(c)} as ${name(c)}`)}, ${accountSql}
from ${ref(accountTasks)} as t
inner join ${ref(accountLatest)} as l on l.account_id = t.account_id
where ${givenSince(before, former, snapshot.dataThrough)}
order by t.set_on, t.account_id, t.play, t.task`,
    { ...accountTasks.columns, ...accountColumns },
  );
  const { journey } = snapshot.words;
  return rows.map((row) => {
    const play = journey.plays.find(({ id }) => id === row.play);
    const task = play?.tasks.find(({ id }) => id === row.task);
    const what = task?.name ?? row.task;
    const whose = row.owner === null ? "nobody's" : `${row.owner}'s`;
    return {
      day: row.set_on,
      draft: {
        type: "task_created",
        fact: [row.task_id],
        subject: ofAccount(row.account_id),
        timestamp: snapshot.publishedAt.toISOString(),
        company,
        summary: `${row.account_name}: ${what} (${play?.name ?? row.play}), ${whose}, due on ${row.due_on}.`,
        data: {
          account: accountIn(row),
          task: { id: row.task_id, name: what, description: task?.description ?? null },
          play: { id: row.play, name: play?.name ?? row.play },
          signal: row.signal,
          severity: row.severity,
          owner: row.owner,
          setOn: row.set_on,
          dueOn: row.due_on,
          expiresOn: row.expires_on,
          snapshot: snapshotIn(snapshot),
        },
      },
    };
  });
}

type SignalRow = Row<typeof accountSignals.columns>;

/** Accounts times days are read, so that only neighbouring days share a statement. */
const signalsPerStatement = 200;

async function valuesOf(
  reader: Reader,
  byDay: readonly SignalRow[],
): Promise<ReadonlyMap<string, SignalValues>> {
  const found = new Map<string, SignalValues>();
  for (let i = 0; i < byDay.length; i += signalsPerStatement) {
    const keys = byDay
      .slice(i, i + signalsPerStatement)
      .map(({ account_id, opened_on }) => ({ id: account_id, day: opened_on }));
    for (const [key, values] of await signalValues(reader, keys)) found.set(key, values);
  }
  return found;
}

/** With the values of the day on which it opened, as the API tells it. */
function whyOpen(
  journey: Journey,
  { signal, account_id, opened_on }: SignalRow,
  values: ReadonlyMap<string, SignalValues>,
): string {
  const definition = journey.signals.find(({ id }) => id === signal);
  if (!definition) return signal;
  const ofDay = values.get(`${opened_on} ${account_id}`);
  return ofDay ? reasonOf(definition, ofDay, journey) : inWords(definition.when, vocabularyOf(journey));
}
