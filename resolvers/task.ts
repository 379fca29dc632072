import { randomUUID } from "node:crypto";
import type { GraphQLResolveInfo } from "graphql";
import pLimit from "p-limit";
import { Temporal } from "temporal-polyfill";
import {
  Arg,
  Ctx,
  FieldResolver,
  ID,
  Info,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from "type-graphql";
import { WaymarkError } from "../errors.js";
import { taskActed } from "../jobs/ledger.js";
import type { Journey } from "../journey/journey.js";
import { ref } from "../models/model.js";
import { accountTasks } from "../models/plays/account_tasks.js";
import { Account } from "../schema/account.js";
import { LocalDate } from "../schema/scalars.js";
import type { Severity } from "../schema/signal.js";
import { Task, TaskFilter, TaskPage, TaskStatus } from "../schema/task.js";
import { inArray } from "../warehouse/dialect.js";
import { bind, join, name, type Sql, sql } from "../warehouse/sql.js";
import { accountNamed } from "./account.js";
import type { Caller, Context } from "./context.js";
import { tellHappenings } from "./happenings.js";
import { listPage } from "./lists.js";
import { givenSince } from "./news.js";
import { ofAccounts } from "./pages.js";
import { formerRows, mustSee, type Reader } from "./reader.js";
import { type TaskRow, taskColumns, taskRows } from "./task_rows.js";

const openStatuses = [TaskStatus.OPEN, TaskStatus.WAITING];

const byWhom =
  "Who did so, for the record; the caller by default, who is named beside it where callers sign in.";

@Resolver(() => Task)
export class TaskResolver {
  @Query(() => TaskPage, { description: "Tasks of all accounts, the first due first." })
  async accountTasks(
    @Ctx() { reader }: Context,
    @Arg("first", () => Int, { defaultValue: 100, description: "How many, 1 to 1000." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "Go on behind this cursor." })
    after?: string | null,
    @Arg("filter", () => TaskFilter, { nullable: true, description: "Only these." })
    filter?: TaskFilter | null,
  ): Promise<TaskPage> {
    const { rows, pageInfo } = await listPage(
      reader,
      {
        field: "accountTasks",
        rows: sql`select * from (${taskRows(reader)}) as tasks where ${filterSql(filter ?? {}, reader)}`,
        columns: taskColumns,
        order: [
          { column: "due_on", type: "date" },
          { column: "task_id", type: "string" },
        ],
      },
      first,
      after,
    );
    return { nodes: rows.map((row) => taskOf(row, reader.snapshot.words.journey)), pageInfo };
  }

  @Query(() => Task, { nullable: true, description: "One task; null where there is none of this id." })
  async task(
    @Arg("id", () => ID, { description: "The task's id." }) id: string,
    @Ctx() { reader }: Context,
  ): Promise<Task | null> {
    const row = await taskRow(id, reader);
    return row ? taskOf(row, reader.snapshot.words.journey) : null;
  }

  @Subscription(() => Task, {
    description: "Each task that a new snapshot is the first to have, and each that somebody acts on.",
    subscribe: ({ context, args: { filter } }: { context: Context; args: { filter?: TaskFilter } }) =>
      tellHappenings(context, async ({ context: { reader }, before, task }) => {
        if (!before && task === undefined) return [];
        const isTold = before
          ? sql`task_id in (select t.task_id from ${ref(accountTasks)} as t where ${givenSince(before, formerRows(accountTasks, before, reader.snapshot), reader.snapshot.dataThrough)})`
          : sql`task_id = ${bind("string", task ?? "")}`;
        const asked = { ...filter, status: filter?.status ?? Object.values(TaskStatus) };
        const rows = await reader.query(
          sql`select * from (${taskRows(reader)}) as tasks where ${isTold} and ${filterSql(asked, reader)} order by due_on, task_id`,
          taskColumns,
        );
        return rows.map((row) => taskOf(row, reader.snapshot.words.journey));
      }),
  })
  taskChanged(
    @Root() task: Task,
    @Arg("filter", () => TaskFilter, { nullable: true, description: "Only these; of any status by default." })
    _filter?: TaskFilter | null,
  ): Task {
    return task;
  }

  @Mutation(() => Task, { description: "It is done." })
  completeTask(
    @Arg("id", () => ID, { description: "The task's id." }) id: string,
    @Ctx() context: Context,
    @Arg("note", () => String, { nullable: true, description: "What came of it." }) note?: string | null,
    @Arg("by", () => String, { nullable: true, description: byWhom }) by?: string | null,
  ): Promise<Task> {
    return act(context, id, { action: "complete", note, by });
  }

  @Mutation(() => Task, { description: "Not now: it is out of sight until a day." })
  snoozeTask(
    @Arg("id", () => ID, { description: "The task's id." }) id: string,
    @Arg("until", () => LocalDate, { description: "First day on which it is open again." }) until: string,
    @Ctx() context: Context,
    @Arg("note", () => String, { nullable: true, description: "Why." }) note?: string | null,
    @Arg("by", () => String, { nullable: true, description: byWhom }) by?: string | null,
  ): Promise<Task> {
    return act(context, id, { action: "snooze", until, note, by });
  }

  @Mutation(() => Task, { description: "It won't be done, for a reason." })
  dismissTask(
    @Arg("id", () => ID, { description: "The task's id." }) id: string,
    @Arg("reason", () => String, { description: "Why." }) reason: string,
    @Ctx() context: Context,
    @Arg("by", () => String, { nullable: true, description: byWhom }) by?: string | null,
  ): Promise<Task> {
    return act(context, id, { action: "dismiss", note: reason, by });
  }

  @Mutation(() => Task, { description: "It is open again, whatever was done with it." })
  reopenTask(
    @Arg("id", () => ID, { description: "The task's id." }) id: string,
    @Ctx() context: Context,
    @Arg("note", () => String, { nullable: true, description: "Why." }) note?: string | null,
    @Arg("by", () => String, { nullable: true, description: byWhom }) by?: string | null,
  ): Promise<Task> {
    return act(context, id, { action: "reopen", note, by });
  }

  @FieldResolver(() => Account, { description: "For whom it is to be done." })
  account(
    @Root() { accountId }: Task,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Account | null> {
    return accountNamed(accountId, context, info);
  }
}

@Resolver(() => Account)
export class AccountTasksResolver {
  @FieldResolver(() => [Task], { description: "Its tasks, the first due first." })
  async tasks(
    @Root() { id }: Account,
    @Ctx() { load, reader }: Context,
    @Arg("status", () => [TaskStatus], {
      nullable: true,
      description: "Of these statuses; open and waiting by default.",
    })
    status?: TaskStatus[] | null,
  ): Promise<Task[]> {
    const rows = await load.tasks.load(id);
    return rows
      .map((row) => taskOf(row, reader.snapshot.words.journey))
      .filter((task) => (status ?? openStatuses).includes(task.status));
  }
}

const longestNote = 2000;

interface Action {
  action: "complete" | "snooze" | "dismiss" | "reopen";
  until?: string;
  note?: string | null | undefined;
  by?: string | null | undefined;
}

/**
 * Write down what was done with a task, and answer the task as it stands then.
 * @throws WaymarkError FORBIDDEN, BAD_USER_INPUT for an unknown task, or one with which this can't be done
 */
const act = (context: Context, id: string, action: Action): Promise<Task> =>
  oneAtATime(() => actAlone(context, id, action));

/** Of two who complete a task at once the second is told that it is done. */
const oneAtATime = pLimit(1);

async function actAlone(context: Context, id: string, { action, until, note, by }: Action): Promise<Task> {
  const { caller, now, reader, record } = context;
  const row = await taskRow(id, reader);
  if (!row)
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${action}Task: there is no task "${id.slice(0, 200)}"; \`accountTasks\` lists them.`,
    );
  const today = Temporal.PlainDate.from(reader.snapshot.dataThrough).add({ days: 1 }).toString();
  const refuse = (why: string): never => {
    throw new WaymarkError("BAD_USER_INPUT", `${action}Task: ${why}`);
  };
  if (action !== "reopen" && (row.status === "done" || row.status === "dismissed"))
    refuse(`"${id}" is ${row.status} already, by ${row.done_by}; reopenTask makes it open again.`);
  if (until !== undefined && until <= today)
    refuse(`until is ${until}, expected a day after ${today}, the day after the data's last.`);
  if (action === "dismiss" && !note?.trim()) refuse("a reason is needed; say why it won't be done.");
  if ((note?.length ?? 0) > longestNote)
    refuse(`the note has ${note?.length} characters, expected at most ${longestNote}.`);
  await record(
    taskActed({
      action_id: randomUUID(),
      task_id: row.task_id,
      account_id: row.account_id,
      play: row.play,
      task: row.task,
      set_on: row.set_on,
      cooldown_days: row.cooldown_days,
      action,
      snoozed_until: until ?? null,
      note: note?.trim() || null,
      done_by: doneBy([...(by?.trim() ?? "")].slice(0, 200).join(""), caller),
      done_at: now(),
    }),
    row.task_id,
  );
  return taskOf((await taskRow(id, reader)) ?? row, reader.snapshot.words.journey);
}

/** Where callers sign in, whom they name never stands alone. */
function doneBy(named: string, { name, isSignedIn }: Caller): string {
  if (!named || named === name) return name;
  return isSignedIn ? `${named} (by ${name})` : named;
}

async function taskRow(id: string, reader: Reader): Promise<TaskRow | undefined> {
  const [row] = await reader.query(
    sql`select * from (${taskRows(reader)}) as tasks where task_id = ${bind("string", id)}`,
    taskColumns,
  );
  return row;
}

function taskOf(row: TaskRow, journey: Journey): Task {
  const play = journey.plays.find((p) => p.id === row.play);
  const task = play?.tasks.find((t) => t.id === row.task);
  return {
    accountId: row.account_id,
    id: row.task_id,
    name: task?.name ?? row.task,
    description: task?.description ?? null,
    play: row.play,
    playName: play?.name ?? row.play,
    signal: row.signal,
    severity: row.severity as Severity | null,
    owner: row.owner,
    setOn: row.set_on,
    dueOn: row.due_on,
    status: row.status as TaskStatus,
    isOverdue: row.is_overdue,
    snoozedUntil: row.status === "snoozed" ? row.snoozed_until : null,
    note: row.note,
    actedBy: row.done_by,
    actedAt: row.done_at,
  };
}

function filterSql(filter: TaskFilter, reader: Reader): Sql {
  const anyOf = (column: string, values: readonly string[] | null | undefined): Sql[] =>
    values ? [inArray(name(column), bind("string[]", values))] : [];
  if (filter.owner) mustSee(reader, "accountTasks", ["owner"]);
  return join(
    [
      ...anyOf("status", filter.status ?? openStatuses),
      ...anyOf("play", filter.play),
      ...anyOf("owner", filter.owner),
      ofAccounts(filter.accounts, reader, sql`account_id`),
    ],
    " and ",
  );
}
