import { Field, Float, Int, ObjectType } from "type-graphql";
import { Estimate } from "./estimate.js";
import { Lives } from "./survival.js";

@ObjectType({
  simpleResolvers: true,
  description:
    "What a customer of a group is worth, as far as customers were seen: nothing is added for the time beyond, so it is a floor where some are still there.",
})
export class LifetimeValue extends Lives {
  @Field(() => Int, {
    nullable: true,
    description:
      "The last day of life before which at least 5 customers were seen; null for fewer customers. Unit: days.",
  })
  horizonDays!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "The share that is still there after that day; null for fewer customers. Unit: share.",
  })
  shareAtHorizon!: number | null;

  @Field(() => Estimate, {
    description: "Days after which at most half are still customers; none where more than half still are.",
  })
  medianDays!: Estimate;

  @Field(() => Estimate, {
    description: "Restricted mean: of the days up to the horizon, how many a customer stays on average.",
  })
  meanDays!: Estimate;

  @Field(() => Float, {
    nullable: true,
    description:
      "MRR on average over all days on which they were customers and it is known, before their first churn; null where it isn't known. Unit: money per month.",
  })
  averageMrr!: number | null;

  @Field(() => Float, { description: "The margin that was given. Unit: share." })
  grossMargin!: number;

  @Field(() => Estimate, {
    description:
      "meanDays in months × averageMrr × grossMargin. The interval is that of the days alone. Unit: money.",
  })
  value!: Estimate;

  @Field(() => String, { description: "All of this in words." })
  words!: string;
}
