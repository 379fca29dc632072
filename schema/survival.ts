import { Field, Float, Int, ObjectType, registerEnumType } from "type-graphql";
import { Estimate, GroupTest } from "./estimate.js";
import { Stage } from "./stage.js";

export enum SurvivalDimension {
  SEGMENT = "segment",
  REGION = "region",
  START_YEAR = "start_year",
}
registerEnumType(SurvivalDimension, {
  name: "SurvivalDimension",
  description:
    "What survival is told apart by: the account's current segment or region, or the year it became a customer.",
});

@ObjectType({ simpleResolvers: true, description: "What is left of a group after some days." })
export class SurvivalStep {
  @Field(() => String, {
    nullable: true,
    description: "The group; null for accounts without one, and for all.",
  })
  group!: string | null;

  @Field(() => Int, { description: "Days since they became customers." })
  day!: number;

  @Field(() => Int, { description: "Customers that are seen on that day: the number at risk." })
  atRisk!: number;

  @Field(() => Float, {
    description:
      "Kaplan–Meier share that is still there, of those that were when the first of the group was seen. Unit: share.",
  })
  share!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Lower end of its 95 % interval; null where all or none are left.",
  })
  from!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "Upper end of its 95 % interval; null where all or none are left.",
  })
  to!: number | null;
}

/** Customers whose lives are followed, by group. */
@ObjectType({ simpleResolvers: true })
export abstract class Lives {
  @Field(() => String, {
    nullable: true,
    description: "The group; null for accounts without one, and for all.",
  })
  group!: string | null;

  @Field(() => Int, { description: "Customers that were seen." })
  customers!: number;

  @Field(() => Int, { description: "Those of them that churned." })
  churned!: number;
}

@ObjectType({ simpleResolvers: true, description: "How long the customers of a group stay." })
export class SurvivalGroup extends Lives {
  @Field(() => Estimate, { description: "Days after which at most half are still customers." })
  medianDays!: Estimate;

  @Field(() => [SurvivalStep], {
    description:
      "The curve, from the first step at which anybody was seen to the last; empty for a group too small to be shown.",
  })
  steps!: SurvivalStep[];
}

@ObjectType({
  simpleResolvers: true,
  description:
    "How long customers stay, from the day they became customers to their first churn, those that are still there included. It says what goes together, not what causes it.",
})
export class Survival {
  @Field(() => [SurvivalGroup], { description: "The groups, in the order of their names." })
  groups!: SurvivalGroup[];

  @Field(() => [SurvivalStep], { description: "The curves of all groups in one list." })
  steps!: SurvivalStep[];

  @Field(() => GroupTest, { description: "Whether the groups shown differ." })
  difference!: GroupTest;
}

@ObjectType({
  simpleResolvers: true,
  description: "How terms ended, by the stage in which the account was some days before.",
})
export class StageOutcome {
  @Field(() => Stage, { description: "The stage at the landmark." })
  stage!: Stage;

  @Field(() => Int, { description: "Terms that ended, churned or not." })
  terms!: number;

  @Field(() => Int, { description: "Those of them that churned." })
  churned!: number;

  @Field(() => Estimate, {
    description: "churned / terms with Wilson's interval; none of fewer than 5 terms. Unit: share.",
  })
  churnShare!: Estimate;

  @Field(() => Int, {
    description: "Churned terms on whose last day the account was in this stage: where journeys end.",
  })
  churnedAtEnd!: number;
}

@ObjectType({ simpleResolvers: true, description: "How terms ended, by the stage before." })
export class StageOutcomes {
  @Field(() => [StageOutcome], { description: "The stages, in the journey's order." })
  stages!: StageOutcome[];

  @Field(() => Int, {
    description: "Terms left out, as the account was no customer with facts at the landmark.",
  })
  leftOut!: number;
}

@ObjectType({ simpleResolvers: true, description: "How long accounts stay in a stage." })
export class StageTime {
  @Field(() => Stage, { description: "The stage." })
  stage!: Stage;

  @Field(() => Int, { description: "Stays in it." })
  stays!: number;

  @Field(() => Int, { description: "Those of them that are over." })
  over!: number;

  @Field(() => Estimate, {
    description:
      "Days after which at most half are still in it; stays that go on are counted. None of fewer than 5 stays.",
  })
  medianDays!: Estimate;
}

@ObjectType({ simpleResolvers: true, description: "Where accounts go from a stage." })
export class StageTransition {
  @Field(() => Stage, { description: "The stage that they left." })
  from!: Stage;

  @Field(() => Stage, { nullable: true, description: "The next one; null where the account's facts ended." })
  to!: Stage | null;

  @Field(() => Int, { description: "How many stays ended so." })
  stays!: number;

  @Field(() => Float, { description: "Of all stays in `from` that are over. Unit: share." })
  share!: number;
}
