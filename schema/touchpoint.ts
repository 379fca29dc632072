import { Field, Float, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { accountTouchpoints } from "../models/touchpoints/account_touchpoints.js";
import { column } from "./describe.js";
import { LocalDate } from "./scalars.js";
import { Stage } from "./stage.js";

export enum TouchpointStatus {
  DONE = "done",
  DUE = "due",
  OVERDUE = "overdue",
  MISSED = "missed",
}
registerEnumType(TouchpointStatus, {
  name: "TouchpointStatus",
  description: "Where a planned touchpoint stands on the last day of the data.",
});

@ObjectType({ simpleResolvers: true, description: "A contact that the journey plans in a stage." })
export class PlannedTouchpoint {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => String, { description: "What it is for." })
  why!: string;

  @Field(() => Stage, { description: "In which stage it is due." })
  stage!: Stage;

  @Field(() => [String], { description: "Which logged contacts count." })
  kinds!: string[];

  @Field(() => Int, { description: "Due so many days after the stage was entered." })
  dueInDays!: number;

  @Field(() => Int, { nullable: true, description: "Due again every so many days; null = once." })
  repeatEveryDays!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "A planned touchpoint of an account, on one of its due days.",
})
export class AccountTouchpoint {
  @Field(() => PlannedTouchpoint, { description: "The plan." })
  touchpoint!: PlannedTouchpoint;

  @Field(() => LocalDate, column(accountTouchpoints, "due_on"))
  dueOn!: string;

  @Field(() => LocalDate, column(accountTouchpoints, "done_on"))
  doneOn!: string | null;

  @Field(() => Int, column(accountTouchpoints, "days_late"))
  daysLate!: number | null;

  @Field(() => TouchpointStatus, column(accountTouchpoints, "status"))
  status!: TouchpointStatus;
}

@ObjectType({ simpleResolvers: true, description: "How a planned touchpoint is kept to over accounts." })
export class TouchpointSummary {
  @Field(() => PlannedTouchpoint, { description: "The plan." })
  touchpoint!: PlannedTouchpoint;

  @Field(() => Int, { description: "Due days that were kept." })
  done!: number;

  @Field(() => Int, { description: "Of these, those kept late." })
  doneLate!: number;

  @Field(() => Int, { description: "Due days still to come." })
  due!: number;

  @Field(() => Int, { description: "Due days that are over and can still be made up for." })
  overdue!: number;

  @Field(() => Int, { description: "Due days that were never kept." })
  missed!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "done / (done + overdue + missed); null where nothing has fallen due. 0 = never done. Unit: share.",
  })
  doneShare!: number | null;
}
