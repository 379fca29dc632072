import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { accountMilestones } from "../models/milestones/account_milestones.js";
import { column } from "./describe.js";
import { LocalDate } from "./scalars.js";

export enum MilestoneStatus {
  NOT_STARTED = "not_started",
  ON_TRACK = "on_track",
  BEHIND = "behind",
  STUCK = "stuck",
  MISSED = "missed",
  REACHED_ON_TIME = "reached_on_time",
  REACHED_LATE = "reached_late",
}
registerEnumType(MilestoneStatus, {
  name: "MilestoneStatus",
  description: "Where an account stands with a milestone on the last day of the data.",
});

@ObjectType({ simpleResolvers: true, description: "A milestone of the journey, for one account." })
export class AccountMilestone {
  @Field(() => ID, column(accountMilestones, "milestone"))
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => String, { nullable: true, description: "What it means." })
  description!: string | null;

  @Field(() => Int, column(accountMilestones, "occurrence"))
  occurrence!: number;

  @Field(() => LocalDate, column(accountMilestones, "ended_on"))
  endedOn!: string | null;

  @Field(() => MilestoneStatus, column(accountMilestones, "status"))
  status!: MilestoneStatus;

  @Field(() => LocalDate, column(accountMilestones, "started_on"))
  startedOn!: string | null;

  @Field(() => LocalDate, column(accountMilestones, "reached_on"))
  reachedOn!: string | null;

  @Field(() => LocalDate, column(accountMilestones, "due_on"))
  dueOn!: string | null;

  @Field(() => LocalDate, column(accountMilestones, "stuck_after"))
  stuckAfter!: string | null;

  @Field(() => Int, column(accountMilestones, "days_to_reach"))
  daysToReach!: number | null;

  @Field(() => Int, { description: "Days that the journey expects it to take." })
  expectedDays!: number;
}
