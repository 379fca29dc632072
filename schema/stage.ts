import { Field, Int, ObjectType } from "type-graphql";
import { stageStays } from "../models/stages/stage_stays.js";
import { column } from "./describe.js";
import { Named } from "./named.js";
import { LocalDate } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "A stage of the journey." })
export class Stage extends Named {}

@ObjectType({ simpleResolvers: true, description: "An unbroken run of an account's days in one stage." })
export class StageStay {
  @Field(() => Stage, { description: "The stage." })
  stage!: Stage;

  @Field(() => LocalDate, column(stageStays, "entered_on"))
  enteredOn!: string;

  @Field(() => LocalDate, column(stageStays, "left_on"))
  leftOn!: string | null;

  @Field(() => Int, column(stageStays, "days"))
  days!: number;

  @Field(() => Int, column(stageStays, "expected_days"))
  expectedDays!: number | null;

  @Field(() => Boolean, column(stageStays, "is_stuck"))
  isStuck!: boolean;
}

@ObjectType({ description: "The stage that an account is in, and those it came through." })
export class AccountStage extends Stage {
  accountId!: string;

  @Field(() => LocalDate, { description: "First day in the stage." })
  since!: string;

  @Field(() => Int, { description: "Days in the stage so far." })
  days!: number;

  @Field(() => Int, { nullable: true, description: "What the journey expects; null = any time is fine." })
  expectedDays!: number | null;

  @Field(() => Boolean, { description: "Still there, longer than expected." })
  isStuck!: boolean;
}
