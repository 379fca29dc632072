import { openLedger, schemas } from "../jobs/ledger.js";
import { deliveries, messages, told } from "../jobs/ledger_tables.js";
import { inArray } from "../warehouse/dialect.js";
import { bind, name, path, type Sql, sql } from "../warehouse/sql.js";
import type { Columns, Row, Warehouse } from "../warehouse/warehouse.js";
import { type Draft, idOf, type Message, messageOf } from "./message.js";
import type { Webhook } from "./webhook.js";

/**
 * Messages, and how each fares with each webhook, in the ledger. They are recorded together with how far the news
 * is told, or not at all: whatever dies in between, nothing is lost and nothing is told as another message.
 */

/** How far the news is told. */
export interface Told {
  /** Null = nothing was published then. */
  readonly snapshotId: number | null;
  /** Null = no run had begun. */
  readonly runsThrough: Date | null;
  /** Of the last run that is told; null where an earlier Waymark told of it. */
  readonly runsToken: number | null;
}

/** Undefined where nothing was ever told here. */
export async function readTold(warehouse: Warehouse): Promise<Told | undefined> {
  await openLedger(warehouse);
  const [row] = await warehouse.query(
    sql`select count(*) as n, max(snapshot_id) as snapshot_id, max(runs_through) as runs_through, max(runs_token) as runs_token from ${tables.told}`,
    {
      n: { type: "integer", notNull: true },
      snapshot_id: told.snapshot_id,
      runs_through: told.runs_through,
      runs_token: told.runs_token,
    },
  );
  return row && row.n > 0
    ? { snapshotId: row.snapshot_id, runsThrough: row.runs_through, runsToken: row.runs_token }
    : undefined;
}

/**
 * Record what is news, once per fact, for every webhook that listens to it, to be sent from now on.
 * @returns how many messages are new
 */
export async function record(
  warehouse: Warehouse,
  webhooks: readonly Webhook[],
  drafts: readonly Draft[],
  { toldThrough, now }: { toldThrough?: Told; now: Date },
): Promise<number> {
  await openLedger(warehouse);
  const kept = drafts.filter(
    ({ type, isEnd }) => isEnd || webhooks.some(({ events }) => events.includes(type)),
  );
  const unique = new Map(kept.map((draft) => [idOf(draft.type, draft.fact), draft]));
  const known = await knownAmong(warehouse, [...unique.keys()]);
  const fresh = [...unique].filter(([id]) => !known.has(id));
  const first = await nextSequence(warehouse);
  const rows = fresh.map(([message_id, draft], i) => ({
    message_id,
    type: draft.type,
    subject: draft.subject,
    sequence: first + i,
    recorded_at: now,
    body: JSON.stringify(messageOf(draft)),
  }));
  const due = rows.flatMap(({ message_id, type }) =>
    webhooks
      .filter(({ events }) => events.includes(type))
      .map((webhook) => ({
        message_id,
        webhook: webhook.name,
        status: "pending",
        attempts: 0,
        next_attempt_at: now,
        is_refused: false,
        last_attempt_at: null,
        last_status: null,
        last_error: null,
      })),
  );
  const mark = toldThrough && {
    told_at: now,
    snapshot_id: toldThrough.snapshotId,
    runs_through: toldThrough.runsThrough,
    runs_token: toldThrough.runsToken,
  };
  await warehouse.transaction([
    ...insertAll(tables.messages, messages, rows),
    ...insertAll(tables.deliveries, deliveries, due),
    ...(mark ? insertAll(tables.told, told, [mark]) : []),
  ]);
  return rows.length;
}

/** The latest message about each subject, of some types; none where there is no ledger yet. */
export async function latestOf(warehouse: Warehouse, types: readonly string[]): Promise<Message[]> {
  await openLedger(warehouse);
  const rows = await warehouse.query(
    sql`
with ranked as (
  select body, sequence, max(sequence) over (partition by subject) as latest
  from ${tables.messages}
  where ${inArray(sql`type`, bind("string[]", types))}
)
select body from ranked where sequence = latest order by sequence`,
    { body: messages.body },
  );
  return rows.map(({ body }) => JSON.parse(body) as Message);
}

const pendingColumns = {
  ...deliveries,
  body: messages.body,
} as const satisfies Columns;
export type Pending = Row<typeof pendingColumns>;

/** No message waits for longer before it is tried again: one that does was given its time by a clock that ran ahead. */
export const longestWaitMs = 24 * 3_600_000;

/** Whether a delivery `d` is to be tried later alone. */
function isWaiting(now: Date): Sql {
  const latest = new Date(now.getTime() + longestWaitMs);
  return sql`(d.next_attempt_at > ${bind("timestamp", now)} and d.next_attempt_at <= ${bind("timestamp", latest)})`;
}

/**
 * What is to be sent to a webhook by now, in order. A message waits for an earlier one on the same subject that
 * meets a receiver in trouble; it does not wait for one that the receiver refuses.
 */
export async function readDue(
  warehouse: Warehouse,
  webhook: string,
  now: Date,
  most: number,
): Promise<Pending[]> {
  return warehouse.query(
    sql`
with pending as (
  select
    d.*,
    m.body as body,
    m.sequence as sequence,
    ${isWaiting(now)} as is_waiting,
    min(case when ${isWaiting(now)} and not d.is_refused then m.sequence end) over (partition by m.subject) as waits_from
  from ${tables.deliveries} as d
  inner join ${tables.messages} as m on m.message_id = d.message_id
  where d.webhook = ${bind("string", webhook)} and d.status = 'pending'
)
select ${Object.keys(pendingColumns).map(name)}
from pending
where not is_waiting and (waits_from is null or sequence < waits_from)
order by sequence
limit ${bind("integer", most)}`,
    pendingColumns,
  );
}

/** When the next message to a webhook is due; null where none is pending. */
export async function nextDueAt(warehouse: Warehouse, webhook: string, now: Date): Promise<Date | null> {
  const [row] = await warehouse.query(
    sql`select min(case when ${isWaiting(now)} then d.next_attempt_at else ${bind("timestamp", now)} end) as next_attempt_at from ${tables.deliveries} as d where webhook = ${bind("string", webhook)} and status = 'pending'`,
    { next_attempt_at: { type: "timestamp" } },
  );
  return row?.next_attempt_at ?? null;
}

/** How an attempt went. */
export type Attempt = Pick<
  Row<typeof deliveries>,
  "status" | "attempts" | "next_attempt_at" | "is_refused" | "last_attempt_at" | "last_status" | "last_error"
>;

/** @param waitUntil the receiver asked to be left alone until then, by any message */
export async function attempted(
  warehouse: Warehouse,
  { message_id, webhook }: Pick<Pending, "message_id" | "webhook">,
  attempt: Attempt,
  waitUntil?: Date,
): Promise<void> {
  const until = waitUntil && bind("timestamp", waitUntil);
  const set = Object.entries(attempt).map(
    ([column, value]) => sql`${name(column)} = ${bind(deliveries[column as keyof Attempt].type, value)}`,
  );
  await warehouse.transaction([
    sql`update ${tables.deliveries} set ${set} where message_id = ${bind("string", message_id)} and webhook = ${bind("string", webhook)}`,
    ...(until
      ? [
          sql`update ${tables.deliveries} set next_attempt_at = ${until} where webhook = ${bind("string", webhook)} and status = 'pending' and next_attempt_at < ${until}`,
        ]
      : []),
  ]);
}

const summaryColumns = {
  webhook: deliveries.webhook,
  delivered: { type: "integer", notNull: true },
  pending: { type: "integer", notNull: true },
  dead: { type: "integer", notNull: true },
  last_delivered_at: { type: "timestamp" },
  next_attempt_at: { type: "timestamp" },
  last_failed_at: { type: "timestamp" },
  last_error: { type: "string" },
} as const satisfies Columns;

/** How a webhook fares. The last error is the latest of those pending or dead; null where none of them met one. */
export type WebhookStatus = Row<typeof summaryColumns>;

/** Every webhook that ever had a message. */
export async function readWebhookStatus(warehouse: Warehouse): Promise<WebhookStatus[]> {
  await openLedger(warehouse);
  const count = (status: string): Sql =>
    sql`sum(case when status = ${bind("string", status)} then 1 else 0 end) as ${name(status)}`;
  return warehouse.query(
    sql`
with ranked as (
  select
    d.*,
    row_number() over (
      partition by webhook, last_error is not null
      order by last_attempt_at desc nulls last, message_id
    ) as nth
  from ${tables.deliveries} as d
)
select
  webhook,
  ${count("delivered")},
  ${count("pending")},
  ${count("dead")},
  max(case when status = 'delivered' then last_attempt_at end) as last_delivered_at,
  min(case when status = 'pending' then next_attempt_at end) as next_attempt_at,
  max(case when last_error is not null then last_attempt_at end) as last_failed_at,
  max(case when last_error is not null and nth = 1 then last_error end) as last_error
from ranked
group by webhook
order by webhook`,
    summaryColumns,
  );
}

const deadColumns = {
  message_id: deliveries.message_id,
  webhook: deliveries.webhook,
  attempts: deliveries.attempts,
  last_attempt_at: deliveries.last_attempt_at,
  last_status: deliveries.last_status,
  last_error: deliveries.last_error,
  body: messages.body,
} as const satisfies Columns;

/** A message that was given up. */
export interface DeadLetter extends Omit<Row<typeof deadColumns>, "body"> {
  readonly message: Message;
}

/** Those given up, in the order in which their facts were told. */
export async function readDeadLetters(warehouse: Warehouse): Promise<DeadLetter[]> {
  await openLedger(warehouse);
  const rows = await warehouse.query(
    sql`
select
  d.message_id as message_id,
  d.webhook as webhook,
  d.attempts as attempts,
  d.last_attempt_at as last_attempt_at,
  d.last_status as last_status,
  d.last_error as last_error,
  m.body as body
from ${tables.deliveries} as d
inner join ${tables.messages} as m on m.message_id = d.message_id
where d.status = 'dead'
order by m.sequence, d.webhook`,
    deadColumns,
  );
  return rows.map(({ body, ...row }) => ({ ...row, message: JSON.parse(body) as Message }));
}

/** Have dead letters sent again, as if for the first time and under the same id. */
export async function revive(
  warehouse: Warehouse,
  letters: readonly Pick<DeadLetter, "message_id" | "webhook">[],
  now: Date,
): Promise<void> {
  const idsFor = (to: string): string[] =>
    letters.filter(({ webhook }) => webhook === to).map(({ message_id }) => message_id);
  const webhooks = [...new Set(letters.map(({ webhook }) => webhook))];
  await warehouse.transaction(
    webhooks.map(
      (webhook) => sql`
update ${tables.deliveries}
set status = 'pending', attempts = 0, is_refused = false, next_attempt_at = ${bind("timestamp", now)}
where webhook = ${bind("string", webhook)} and status = 'dead'
  and ${inArray(sql`message_id`, bind("string[]", idsFor(webhook)))}`,
    ),
  );
}

const tables = {
  messages: path(schemas.ledger, "messages"),
  deliveries: path(schemas.ledger, "deliveries"),
  told: path(schemas.ledger, "told"),
};

async function knownAmong(warehouse: Warehouse, ids: readonly string[]): Promise<Set<string>> {
  const rows = await warehouse.query(
    sql`select message_id from ${tables.messages} where ${inArray(sql`message_id`, bind("string[]", ids))}`,
    { message_id: messages.message_id },
  );
  return new Set(rows.map(({ message_id }) => message_id));
}

async function nextSequence(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.query(
    sql`select coalesce(max(sequence), 0) + 1 as sequence from ${tables.messages}`,
    { sequence: messages.sequence },
  );
  return row?.sequence ?? 1;
}

/** BigQuery takes at most 10,000 parameters in a statement. */
const rowsPerStatement = 500;

function insertAll<C extends Columns>(table: Sql, columns: C, rows: readonly Row<C>[]): Sql[] {
  const entries = Object.entries(columns);
  const names = entries.map(([column]) => name(column));
  return Array.from({ length: Math.ceil(rows.length / rowsPerStatement) }, (_, i) => {
    const part = rows.slice(i * rowsPerStatement, (i + 1) * rowsPerStatement);
    const values = part.map(
      (row) => sql`(${entries.map(([column, { type }]) => bind(type, row[column as keyof C]))})`,
    );
    return sql`insert into ${table} (${names}) values ${values}`;
  });
}
