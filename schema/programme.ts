import { Field, Float, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { CohortLeftOut } from "./comparison.js";
import { Estimate } from "./estimate.js";
import { LocalDate } from "./scalars.js";

export enum MeasureKind {
  RETENTION = "retention",
  MILESTONE = "milestone",
  HEALTH = "health",
  FACT = "fact",
}
registerEnumType(MeasureKind, {
  name: "MeasureKind",
  description: "What a measure of a programme is about; facts are those that health is made of.",
});

@ObjectType({ simpleResolvers: true, description: "The accounts on one side of a change of programme." })
export class ProgrammeSide {
  @Field(() => LocalDate, { description: "The first day on which the days of these accounts began." })
  from!: string;

  @Field(() => LocalDate, { description: "The first day no longer counted." })
  to!: string;

  @Field(() => Int, { description: "Accounts that are followed, each for the same number of days." })
  accounts!: number;

  @Field(() => [CohortLeftOut], { description: "The others, by the reason." })
  leftOut!: CohortLeftOut[];
}

@ObjectType({ simpleResolvers: true, description: "A measure on one side of the change." })
export class MeasureOnSide {
  @Field(() => Int, { description: "Accounts of which it is known." })
  n!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Of yes/no the share, 0 to 1, of a number the mean; null where it is withheld.",
  })
  value!: number | null;
}

@ObjectType({ simpleResolvers: true, description: "What became of accounts by the end of their days." })
export class ProgrammeMeasure {
  @Field(() => MeasureKind, { description: "What it is about." })
  kind!: MeasureKind;

  @Field(() => ID, { description: "Its id: of a milestone or a fact that of the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => Boolean, { description: "Whether it is a share of accounts, or the mean of a number." })
  isYesNo!: boolean;

  @Field(() => String, { description: 'Unit of the number; "" of a share.' })
  unit!: string;

  @Field(() => MeasureOnSide, { description: "Of the accounts that began before the change." })
  before!: MeasureOnSide;

  @Field(() => MeasureOnSide, { description: "Of those that began after it." })
  after!: MeasureOnSide;

  @Field(() => Estimate, {
    description: "After less before: of shares with Newcombe's interval, of means with Welch's.",
  })
  difference!: Estimate;

  @Field(() => String, { description: "All of this in words." })
  words!: string;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "Accounts that began before a change of onboarding or of a play against those that began after it. Whatever else changed then changed it too: it tells association, not cause.",
})
export class ProgrammeEffect {
  @Field(() => ProgrammeSide, { description: "Those that began before the change." })
  before!: ProgrammeSide;

  @Field(() => ProgrammeSide, { description: "Those that began on its day or after it." })
  after!: ProgrammeSide;

  @Field(() => Int, { description: "For how long each account is followed. Unit: days." })
  days!: number;

  @Field(() => String, { nullable: true, description: "Why nothing is compared; null where something is." })
  why!: string | null;

  @Field(() => [ProgrammeMeasure], {
    description:
      "Whether they were still customers, the milestones in the journey's order, health and what it is made of.",
  })
  measures!: ProgrammeMeasure[];
}
