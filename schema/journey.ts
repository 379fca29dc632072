import { GraphQLJSONObject } from "graphql-scalars";
import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { IndicatorDimension } from "./health.js";
import { Named } from "./named.js";
import { DateTime } from "./scalars.js";
import { Signal } from "./signal.js";
import { Stage } from "./stage.js";
import { PlannedTouchpoint } from "./touchpoint.js";

@ObjectType({ simpleResolvers: true, description: "A stage as the journey defines it." })
export class StageDefinition extends Stage {
  @Field(() => Int, { nullable: true, description: "Longer than this is stuck; null = any time is fine." })
  expectedDays!: number | null;

  @Field(() => Boolean, { description: "Whether health means anything in it." })
  isScored!: boolean;

  @Field(() => String, {
    description: "On which days an account is in it, unless an earlier one claims the day.",
  })
  condition!: string;
}

@ObjectType({ simpleResolvers: true, description: "A milestone as the journey defines it." })
export class MilestoneDefinition extends Named {
  @Field(() => String, { description: "From when its days are counted." })
  starts!: string;

  @Field(() => Int, { description: "Days that it is expected to take." })
  expectedDays!: number;

  @Field(() => String, { description: "Reached on the first day on which this holds." })
  condition!: string;
}

@ObjectType({ simpleResolvers: true, description: "An indicator of health as the journey defines it." })
export class IndicatorDefinition {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => IndicatorDimension, { description: "What side of health it tells." })
  dimension!: IndicatorDimension;

  @Field(() => String, { description: "The fact that is turned into points." })
  fact!: string;

  @Field(() => [[Float]], {
    description: "Pairs of the fact's value and its points 0–100; straight lines between, level beyond.",
  })
  scale!: number[][];

  @Field(() => Float, { description: "Its weight, where a stage has no other." })
  weight!: number;
}

@ObjectType({ simpleResolvers: true, description: "A play as the journey defines it." })
export class PlayDefinition extends Named {
  @Field(() => String, { description: "What sets it off." })
  setOffBy!: string;

  @Field(() => Int, { description: "Not set off again for an account within so many days." })
  cooldownDays!: number;

  @Field(() => [String], { description: "What is to be done, in order." })
  tasks!: string[];
}

@ObjectType({
  simpleResolvers: true,
  description: "What the company believed about its customers, as a version.",
})
export class Journey {
  @Field(() => ID, { description: "Hash of what the file says; stands in every row that it made." })
  version!: string;

  @Field(() => Boolean, { description: "Whether the snapshot of this answer was made by it." })
  isCurrent!: boolean;

  @Field(() => DateTime, { description: "When it was first published." })
  firstPublishedAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: "Why it came, when it last did, as `waymark apply --note` was told.",
  })
  note!: string | null;

  @Field(() => [StageDefinition], { description: "In order of precedence." })
  stages!: StageDefinition[];

  @Field(() => [MilestoneDefinition], { description: "In the file's order." })
  milestones!: MilestoneDefinition[];

  @Field(() => [IndicatorDefinition], { description: "In the file's order." })
  indicators!: IndicatorDefinition[];

  @Field(() => [Signal], { description: "In the file's order." })
  signals!: Signal[];

  @Field(() => [PlayDefinition], { description: "In the file's order." })
  plays!: PlayDefinition[];

  @Field(() => [PlannedTouchpoint], { description: "In the file's order." })
  touchpoints!: PlannedTouchpoint[];

  @Field(() => GraphQLJSONObject, { description: "All of it, as journey.yml has it." })
  definition!: Record<string, unknown>;
}
