import { ArgsType, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { AccountFilter } from "./account.js";
import { Estimate } from "./estimate.js";
import { LocalDate } from "./scalars.js";

export enum TermOutcome {
  CHURNED = "churned",
  RENEWED = "renewed",
  EXPANDED = "expanded",
  CONTRACTED = "contracted",
}
registerEnumType(TermOutcome, {
  name: "TermOutcome",
  description:
    "How a paid term ended: with no successor in time (the journey's churn.gap_days), or with one of the same, more or less MRR.",
});

export enum TraitKind {
  MILESTONE = "milestone",
  SIGNAL = "signal",
  STAGE = "stage",
  HEALTH = "health",
  FACT = "fact",
  TOUCHPOINT = "touchpoint",
  ATTRIBUTE = "attribute",
}
registerEnumType(TraitKind, { name: "TraitKind", description: "What a trait of accounts is about." });

/** Which outcomes are asked of, and of whom. */
@ArgsType()
@InputType()
export class SomeOutcomes {
  @Field(() => LocalDate, {
    nullable: true,
    description: "First day of outcomes; the first of all by default.",
  })
  from?: string | null;

  @Field(() => LocalDate, {
    nullable: true,
    description: "First day no longer counted; up to the last decided one by default.",
  })
  to?: string | null;

  @Field(() => AccountFilter, {
    nullable: true,
    description: "Only these accounts, as they are today: who they are rather than how they stand.",
  })
  filter?: AccountFilter | null;
}

@InputType({
  description:
    "Accounts by how their terms ended. Each counts once, by its latest outcome that is in one of the two cohorts.",
})
export class CohortInput extends SomeOutcomes {
  @Field(() => [TermOutcome], { description: "How the term ended: in one of these ways." })
  outcomes!: TermOutcome[];
}

@ObjectType({ simpleResolvers: true, description: "Accounts of a cohort that can't be compared." })
export class CohortLeftOut {
  @Field(() => String, { description: "Why." })
  why!: string;

  @Field(() => Int, { description: "How many." })
  accounts!: number;
}

@ObjectType({ simpleResolvers: true, description: "A cohort, and which of its accounts are compared." })
export class CohortSize {
  @Field(() => String, { description: "What it is called in words." })
  name!: string;

  @Field(() => Int, { description: "Accounts that are compared." })
  accounts!: number;

  @Field(() => [CohortLeftOut], { description: "The others, by the reason." })
  leftOut!: CohortLeftOut[];
}

@ObjectType({ simpleResolvers: true, description: "A trait in one cohort." })
export class TraitInCohort {
  @Field(() => Int, { description: "Accounts of which it is known." })
  n!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Of a yes/no trait the share of these for which it holds; null of a number. Unit: share.",
  })
  share!: number | null;

  @Field(() => Float, { nullable: true, description: "Median of a number; null of a yes/no trait." })
  median!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "How a trait differs between two cohorts. It tells association, not cause.",
})
export class ComparedTrait {
  @Field(() => TraitKind, { description: "What it is about." })
  kind!: TraitKind;

  @Field(() => ID, { description: "Its id; with the kind it tells traits apart." })
  id!: string;

  @Field(() => String, { description: "What people call it; of a yes/no trait what is the case." })
  name!: string;

  @Field(() => Boolean, { description: "Whether it holds or not, or is a number." })
  isYesNo!: boolean;

  @Field(() => String, { description: 'Unit of the number; "" of a yes/no trait.' })
  unit!: string;

  @Field(() => TraitInCohort, { description: "In the first cohort." })
  first!: TraitInCohort;

  @Field(() => TraitInCohort, { description: "In the second cohort." })
  second!: TraitInCohort;

  @Field(() => Int, {
    description:
      "Accounts left out as a row that it is made of came, or was corrected, too late to be known then.",
  })
  late!: number;

  @Field(() => Estimate, {
    nullable: true,
    description:
      "How many times likelier an account with it is to be of the first cohort than one without; null of a number.",
  })
  riskRatio!: Estimate | null;

  @Field(() => Estimate, {
    nullable: true,
    description:
      "Probability that of a pair, one of each cohort, the first cohort's has the greater number, equal ones counting half: 0.5 tells nothing. Null of a yes/no trait.",
  })
  auc!: Estimate | null;

  @Field(() => Float, { description: "Fisher's exact p, or Mann–Whitney's; both sides." })
  p!: number;

  @Field(() => Float, {
    description:
      "p corrected for all traits shown together (Benjamini–Hochberg): up to 0.05 is told as a difference.",
  })
  q!: number;

  @Field(() => Float, {
    description:
      "0 = no difference, 1 = it tells the cohorts apart: difference of the shares, or 2 × AUC − 1, without sign.",
  })
  strength!: number;

  @Field(() => String, { description: "All of this in words." })
  words!: string;
}

@ObjectType({ simpleResolvers: true, description: "A trait of which nothing is said." })
export class LeftOutTrait {
  @Field(() => TraitKind, { description: "What it is about." })
  kind!: TraitKind;

  @Field(() => ID, { description: "Its id." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => String, { description: "Why nothing is said of it." })
  why!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: "What tells two cohorts of accounts apart, as of so many days before their outcomes.",
})
export class Comparison {
  @Field(() => CohortSize, { description: "The first cohort." })
  first!: CohortSize;

  @Field(() => CohortSize, { description: "The second." })
  second!: CohortSize;

  @Field(() => Int, { description: "Days before the outcome. Unit: days." })
  leadDays!: number;

  @Field(() => String, { nullable: true, description: "Why nothing is compared; null where something is." })
  why!: string | null;

  @Field(() => [ComparedTrait], { description: "Those with q up to 0.05 first, then by strength." })
  traits!: ComparedTrait[];

  @Field(() => [LeftOutTrait], { description: "What was left out, and why." })
  leftOut!: LeftOutTrait[];
}
