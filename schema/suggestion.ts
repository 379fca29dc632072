import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { Estimate } from "./estimate.js";
import { LocalDate } from "./scalars.js";

@ObjectType({
  simpleResolvers: true,
  description: "The scored accounts of a part of the work, and how many of either kind it takes.",
})
export class SuggestionPart {
  @Field(() => Int, { description: "Accounts that churned." })
  churned!: number;

  @Field(() => Int, { description: "Accounts that stayed: renewed, expanded or contracted." })
  stayed!: number;

  @Field(() => Int, { description: "So many of either kind are needed." })
  needed!: number;
}

@ObjectType({ simpleResolvers: true, description: "An indicator's own weight in a stage." })
export class SuggestedStageWeight {
  @Field(() => ID, { description: "The stage." })
  stage!: string;

  @Field(() => Float, { description: "Its weight there today." })
  weight!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Changed in proportion to the weight elsewhere; null where nothing is suggested.",
  })
  suggested!: number | null;
}

@ObjectType({ simpleResolvers: true, description: "An indicator's weight, and what outcomes say of it." })
export class SuggestedWeight {
  @Field(() => ID, { description: "Its id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => Float, { description: "Its weight today." })
  weight!: number;

  @Field(() => Float, {
    nullable: true,
    description: "The suggested weight; null where nothing is suggested.",
  })
  suggested!: number | null;

  @Field(() => [SuggestedStageWeight], { description: "Its other weights in some stages." })
  stages!: SuggestedStageWeight[];

  @Field(() => String, {
    nullable: true,
    description: "Why nothing else is suggested for it; null where it is fitted.",
  })
  why!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "An indicator's scale, and what outcomes say of it by itself: pairs of the fact's value and its points 0–100 by rising value, straight lines between, level beyond.",
})
export class SuggestedScale {
  @Field(() => ID, { description: "The indicator's id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => String, { description: "The fact that is turned into points." })
  fact!: string;

  @Field(() => [[Float]], { description: "Its scale today." })
  scale!: [value: number, points: number][];

  @Field(() => [[Float]], {
    nullable: true,
    description:
      "The suggested scale: 0 points where the most churned and 100 where the fewest did, linear in the log-odds. Null where nothing is suggested.",
  })
  suggested!: [value: number, points: number][] | null;

  @Field(() => String, {
    nullable: true,
    description: "Why nothing is suggested, with the outcomes that it would take; null where a scale is.",
  })
  why!: string | null;

  @Field(() => SuggestionPart, { description: "What it is fitted to, of those with a value." })
  fitted!: SuggestionPart;

  @Field(() => SuggestionPart, { description: "What it is tested on, of those with a value." })
  tested!: SuggestionPart;

  @Field(() => Estimate, {
    description:
      "Of the tested: probability that of a pair the one that churned had fewer points of this indicator, by today's scale.",
  })
  publishedAuc!: Estimate;

  @Field(() => Estimate, { description: "The same by the suggested scale." })
  suggestedAuc!: Estimate;

  @Field(() => Estimate, {
    description:
      "The second less the first, with DeLong's interval: where it holds 0 the gain may be chance. 0 where the scales differ in shape alone.",
  })
  gain!: Estimate;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "Weights and scales of health's indicators fitted to outcomes: by the earlier two thirds of them, tested on the later third. Weights add up to what today's do. Nothing is applied.",
})
export class Suggestion {
  @Field(() => String, {
    nullable: true,
    description: "Why no weights are suggested, with the outcomes that it would take; null where they are.",
  })
  why!: string | null;

  @Field(() => String, { description: "Hash of the journey." })
  journeyVersion!: string;

  @Field(() => Int, { description: "Points are read so many days before the outcome. Unit: days." })
  leadDays!: number;

  @Field(() => LocalDate, {
    nullable: true,
    description:
      "Weights and scales are fitted to outcomes before this day and tested on those from it on; null where that isn't begun.",
  })
  testedFrom!: string | null;

  @Field(() => SuggestionPart, { description: "What weights are fitted to: at most 20,000 of either kind." })
  fitted!: SuggestionPart;

  @Field(() => SuggestionPart, { description: "What they are tested on." })
  tested!: SuggestionPart;

  @Field(() => Estimate, {
    description:
      "Of the tested: probability that of a pair the one that churned had the lower score, by today's weights and caps aside.",
  })
  published!: Estimate;

  @Field(() => Estimate, { description: "The same by the suggested weights." })
  suggested!: Estimate;

  @Field(() => Estimate, {
    description:
      "The second less the first, with DeLong's interval: where it holds 0 the gain may be chance.",
  })
  gain!: Estimate;

  @Field(() => [SuggestedWeight], { description: "In the journey's order." })
  weights!: SuggestedWeight[];

  @Field(() => [SuggestedScale], {
    description:
      "Each indicator's scale by itself, in the journey's order; also where no weights are suggested.",
  })
  scales!: SuggestedScale[];
}
