import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { CohortSize } from "./comparison.js";
import { Estimate } from "./estimate.js";
import { Band } from "./health.js";

@ObjectType({
  simpleResolvers: true,
  description: "The accounts that stood in a band some days before their outcome.",
})
export class BandBefore {
  @Field(() => Int, { description: "Days before the outcome. Unit: days." })
  leadDays!: number;

  @Field(() => Band, { description: "The band." })
  band!: Band;

  @Field(() => Int, { description: "How many accounts." })
  accounts!: number;

  @Field(() => Int, {
    nullable: true,
    description: "How many of them churned; null where the group is withheld.",
  })
  churned!: number | null;

  @Field(() => Estimate, { description: "The share that churned, with Wilson's interval. Unit: share." })
  rate!: Estimate;
}

@ObjectType({
  simpleResolvers: true,
  description: "The accounts whose score stood within ten points some days before their outcome.",
})
export class ScoresBefore {
  @Field(() => Int, { description: "The least score. Unit: points." })
  from!: number;

  @Field(() => Int, {
    description: "The score up to which; 100 itself is one of the last ten. Unit: points.",
  })
  to!: number;

  @Field(() => Int, { description: "How many accounts." })
  accounts!: number;

  @Field(() => Int, {
    nullable: true,
    description: "How many of them churned; null where the group is withheld.",
  })
  churned!: number | null;

  @Field(() => Estimate, { description: "The share that churned, with Wilson's interval. Unit: share." })
  rate!: Estimate;
}

@ObjectType({ simpleResolvers: true, description: "How well the score told apart some of the accounts." })
export class HealthAmong {
  @Field(() => String, {
    nullable: true,
    description: "The segment, or the first day of the quarter; null for accounts without a segment.",
  })
  name!: string | null;

  @Field(() => Int, {
    nullable: true,
    description: "Accounts with a score that churned; null where the group is withheld.",
  })
  churned!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "Accounts with a score that stayed; null where the group is withheld.",
  })
  stayed!: number | null;

  @Field(() => Estimate, {
    description: "Probability that of a pair of them the one that churned had the lower score.",
  })
  auc!: Estimate;
}

@ObjectType({ simpleResolvers: true, description: "How health stood some days before the outcome." })
export class HealthBefore {
  @Field(() => Int, { description: "Days before the outcome. Unit: days." })
  leadDays!: number;

  @Field(() => CohortSize, { description: "The accounts that churned." })
  churned!: CohortSize;

  @Field(() => CohortSize, { description: "The accounts that stayed: renewed, expanded or contracted." })
  stayed!: CohortSize;

  @Field(() => Int, {
    description: "Accounts without a score then; they are in no figure but the bands'.",
  })
  unscored!: number;

  @Field(() => Estimate, {
    description:
      "Probability that of a pair the one that churned had the lower score: 0.5 = the score tells nothing, 1 = all.",
  })
  auc!: Estimate;

  @Field(() => Estimate, {
    description: "Of the tenth with the lowest scores the share that churned. Unit: share.",
  })
  worstDecile!: Estimate;

  @Field(() => Float, {
    nullable: true,
    description: "That over the share of all scored accounts; null where either isn't known.",
  })
  lift!: number | null;

  @Field(() => [BandBefore], { description: "By band, from poor to unknown." })
  bands!: BandBefore[];

  @Field(() => [ScoresBefore], {
    description:
      "By tens of the score, from the lowest: the share that churned should fall from one to the next.",
  })
  scores!: ScoresBefore[];

  @Field(() => [HealthAmong], { description: "By the account's segment as it is today." })
  bySegment!: HealthAmong[];

  @Field(() => [HealthAmong], { description: "By the quarter of the outcome, the earliest first." })
  byQuarter!: HealthAmong[];
}

@ObjectType({
  simpleResolvers: true,
  description:
    "How well a negative signal warned: it was open on some day from 90 to 30 days before the outcome.",
})
export class SignalBefore {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => Int, { description: "Accounts that it warned of." })
  accounts!: number;

  @Field(() => Int, {
    nullable: true,
    description: "Those of them that churned; null where the group is withheld.",
  })
  churned!: number | null;

  @Field(() => Estimate, { description: "Of those it warned of, the share that churned. Unit: share." })
  precision!: Estimate;

  @Field(() => Estimate, { description: "Of those that churned, the share that it warned of. Unit: share." })
  recall!: Estimate;

  @Field(() => Float, {
    nullable: true,
    description:
      "Median time from its opening to the outcome of those that churned; null without any. Unit: days.",
  })
  medianLeadDays!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "A journey held against what came. Each account counts once, by its latest decided term; scores are made from rows as they are known today.",
})
export class Backtest {
  @Field(() => String, { nullable: true, description: "Why there is no figure; null where there are some." })
  why!: string | null;

  @Field(() => String, { description: "Hash of the journey." })
  journeyVersion!: string;

  @Field(() => [HealthBefore], { description: "Health 30, 60 and 90 days before." })
  health!: HealthBefore[];

  @Field(() => [BandBefore], { description: "The bands 30, 60 and 90 days before in one list." })
  bands!: BandBefore[];

  @Field(() => Estimate, {
    description: "Of the accounts that churned, the share whose health was good 30 days before. Unit: share.",
  })
  goodBeforeChurn!: Estimate;

  @Field(() => Estimate, {
    description:
      "Of all compared accounts the share that churned: what precision is held against. Unit: share.",
  })
  churnRate!: Estimate;

  @Field(() => [SignalBefore], { description: "The journey's negative signals." })
  signals!: SignalBefore[];
}

@ObjectType({
  simpleResolvers: true,
  description: "The published journey and an edited one held against the same outcomes, on the same data.",
})
export class JourneyBacktest {
  @Field(() => Backtest, { description: "As it is published." })
  published!: Backtest;

  @Field(() => Backtest, { description: "As it would be, were the edited one published." })
  edited!: Backtest;
}
