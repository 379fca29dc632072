import { Field, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import { accountTasks } from "../models/plays/account_tasks.js";
import { AccountFilter, PageInfo } from "./account.js";
import { column } from "./describe.js";
import { DateTime, LocalDate } from "./scalars.js";
import { Severity } from "./signal.js";

export enum TaskStatus {
  OPEN = "open",
  WAITING = "waiting",
  SNOOZED = "snoozed",
  DONE = "done",
  DISMISSED = "dismissed",
  EXPIRED = "expired",
}
registerEnumType(TaskStatus, {
  name: "TaskStatus",
  description:
    "open; waiting = its owner has as many open ones as the journey allows; snoozed = asleep until a day; done; dismissed; expired = nobody touched it for long after it was due.",
});

@ObjectType({ description: "What a play asks someone to do for an account." })
export class Task {
  accountId!: string;

  @Field(() => ID, column(accountTasks, "task_id"))
  id!: string;

  @Field(() => String, { description: "What is to be done." })
  name!: string;

  @Field(() => String, { nullable: true, description: "How, and what for." })
  description!: string | null;

  @Field(() => ID, column(accountTasks, "play"))
  play!: string;

  @Field(() => String, { description: "What people call the play." })
  playName!: string;

  @Field(() => ID, column(accountTasks, "signal"))
  signal!: string | null;

  @Field(() => Severity, column(accountTasks, "severity"))
  severity!: Severity | null;

  @Field(() => String, column(accountTasks, "owner"))
  owner!: string | null;

  @Field(() => LocalDate, column(accountTasks, "set_on"))
  setOn!: string;

  @Field(() => LocalDate, column(accountTasks, "due_on"))
  dueOn!: string;

  @Field(() => TaskStatus, { description: "Where it stands: by the data's last day and by what people did." })
  status!: TaskStatus;

  @Field(() => Boolean, { description: "Open or waiting, though its day is over." })
  isOverdue!: boolean;

  @Field(() => LocalDate, { nullable: true, description: "Until when it sleeps; null = not snoozed." })
  snoozedUntil!: string | null;

  @Field(() => String, { nullable: true, description: "What was said when it was last acted on." })
  note!: string | null;

  @Field(() => String, { nullable: true, description: "Who last acted on it; null = nobody has." })
  actedBy!: string | null;

  @Field(() => DateTime, { nullable: true, description: "When; null = nobody has." })
  actedAt!: Date | null;
}

@InputType({ description: "Tasks that fulfil all that is given; a list means any of its values." })
export class TaskFilter {
  @Field(() => [TaskStatus], {
    nullable: true,
    description: "Of these statuses; open and waiting by default.",
  })
  status?: TaskStatus[] | null;

  @Field(() => [String], { nullable: true, description: "Of these plays, by id." })
  play?: string[] | null;

  @Field(() => [String], { nullable: true, description: "Of these owners." })
  owner?: string[] | null;

  @Field(() => AccountFilter, { nullable: true, description: "Of these accounts, as they are today." })
  accounts?: AccountFilter | null;
}

@ObjectType({ simpleResolvers: true, description: "A page of tasks, the first due first." })
export class TaskPage {
  @Field(() => [Task], { description: "The tasks." })
  nodes!: Task[];

  @Field(() => PageInfo, { description: "Where the page stands." })
  pageInfo!: PageInfo;
}
