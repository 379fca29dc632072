import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { Estimate } from "./estimate.js";

@ObjectType({ simpleResolvers: true, description: "How accounts ended, by their latest decided term." })
export class OutcomeCounts {
  @Field(() => Int, { description: "Accounts that churned." })
  churned!: number;

  @Field(() => Int, { description: "Accounts that renewed, expanded or contracted." })
  stayed!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "A threshold of a fact that, reached early, sets apart the customers that stayed. It says what goes together, not what causes it.",
})
export class MilestoneProposal {
  @Field(() => ID, { description: "The fact's id." })
  fact!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => String, { description: "The fact's unit." })
  unit!: string;

  @Field(() => Float, { description: "The threshold, in the fact's unit." })
  atLeast!: number;

  @Field(() => Int, { description: "Days from the first paid one within which it is reached, or missed." })
  withinDays!: number;

  @Field(() => OutcomeCounts, {
    description: "Of the accounts that it was not chosen by, those that reached it.",
  })
  reached!: OutcomeCounts;

  @Field(() => OutcomeCounts, { description: "Of the same accounts those that did not reach it in time." })
  missed!: OutcomeCounts;

  @Field(() => Estimate, {
    description: "The share that churned of those that reached it over that of those that did not.",
  })
  riskRatio!: Estimate;

  @Field(() => Float, { description: "Fisher's exact p, both sides." })
  p!: number;

  @Field(() => Float, {
    description: "p corrected for all that is proposed (Benjamini–Hochberg): up to 0.05 is told as found.",
  })
  q!: number;

  @Field(() => String, { description: "All of this in words." })
  words!: string;

  @Field(() => String, {
    description: "The milestone as YAML, to be pasted under `milestones` of the journey.",
  })
  yaml!: string;
}

@ObjectType({ simpleResolvers: true, description: "A fact of which no threshold is proposed." })
export class LeftOutFact {
  @Field(() => ID, { description: "The fact's id." })
  fact!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => String, { description: "Why nothing is proposed." })
  why!: string;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "Milestones that the data proposes: thresholds chosen by one half of the accounts and tested by the other.",
})
export class MilestoneProposals {
  @Field(() => OutcomeCounts, {
    description:
      "Accounts that thresholds were chosen by: those that were customers 14 days after their first paid day, with a later outcome.",
  })
  chosenBy!: OutcomeCounts;

  @Field(() => OutcomeCounts, { description: "The others, by which they were tested." })
  testedBy!: OutcomeCounts;

  @Field(() => String, {
    nullable: true,
    description: "Why nothing is proposed; null where facts were judged.",
  })
  why!: string | null;

  @Field(() => [MilestoneProposal], { description: "One for each fact at most, the least q first." })
  proposals!: MilestoneProposal[];

  @Field(() => [LeftOutFact], { description: "The other facts, and why." })
  leftOut!: LeftOutFact[];
}
