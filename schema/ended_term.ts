import { Field, Float, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { accountHealth } from "../models/health/account_health.js";
import { termOutcomes } from "../models/outcomes/term_outcomes.js";
import { AccountFilter, PageInfo } from "./account.js";
import { column } from "./describe.js";
import { Band } from "./health.js";
import { Decimal, LocalDate } from "./scalars.js";
import { Stage } from "./stage.js";

export enum EndedTermOutcome {
  RENEWED = "renewed",
  EXPANDED = "expanded",
  CONTRACTED = "contracted",
  CHURNED = "churned",
  UNDECIDED = "undecided",
}
registerEnumType(EndedTermOutcome, {
  name: "EndedTermOutcome",
  description: "What came after a paid term; undecided while a successor may still come.",
});

@ObjectType({ description: "How a customer stood at the end of a day, as far as was known then." })
export class TermDay {
  accountId!: string;

  @Field(() => LocalDate, { description: "The day." })
  day!: string;

  @Field(() => Stage, { description: "The stage that it was in." })
  stage!: Stage;

  @Field(() => Float, column(accountHealth, "score"))
  score!: number | null;

  @Field(() => Band, column(accountHealth, "band"))
  band!: Band;

  @Field(() => Int, { description: "Days since it first became a customer; 0 on that day. Unit: days." })
  daysSinceStart!: number;
}

@ObjectType({ description: "A paid term of an account that ran out, and what came after." })
export class EndedTerm {
  accountId!: string;

  @Field(() => LocalDate, column(termOutcomes, "started_on"))
  startedOn!: string;

  @Field(() => LocalDate, column(termOutcomes, "ended_on"))
  endedOn!: string;

  @Field(() => EndedTermOutcome, column(termOutcomes, "outcome"))
  outcome!: EndedTermOutcome;

  @Field(() => String, column(termOutcomes, "churn_reason"))
  churnReason!: string | null;

  @Field(() => Decimal, column(termOutcomes, "mrr_before"))
  mrrBefore!: string | null;

  @Field(() => Decimal, column(termOutcomes, "mrr_after"))
  mrrAfter!: string | null;

  @Field(() => LocalDate, column(termOutcomes, "returned_on"))
  returnedOn!: string | null;

  @Field(() => TermDay, { description: "The account at its landmark, `leadDays` before endedOn." })
  atLandmark!: TermDay;

  @Field(() => TermDay, {
    description: "The account on the term's last day, the one before endedOn.",
  })
  atEnd!: TermDay;
}

@InputType({ description: "Ended terms that fulfil all that is given; a list means any of its values." })
export class EndedTermFilter {
  @Field(() => [EndedTermOutcome], { nullable: true, description: "With these outcomes." })
  outcome?: EndedTermOutcome[] | null;

  @Field(() => LocalDate, { nullable: true, description: "Ended on this day or later." })
  endedFrom?: string | null;

  @Field(() => LocalDate, { nullable: true, description: "Ended before this day." })
  endedBefore?: string | null;

  @Field(() => AccountFilter, { nullable: true, description: "Of these accounts, as they are today." })
  accounts?: AccountFilter | null;
}

@ObjectType({ simpleResolvers: true, description: "How many terms ended so." })
export class EndedTermCount {
  @Field(() => EndedTermOutcome, { description: "The outcome." })
  outcome!: EndedTermOutcome;

  @Field(() => Int, { description: "Terms with it that are listed." })
  terms!: number;

  @Field(() => Int, { description: "Left out: there are no facts of the account at the landmark." })
  withoutFacts!: number;

  @Field(() => Int, { description: "Left out: no paid contract covered the landmark." })
  notCustomer!: number;
}

@ObjectType({ description: "A page of ended terms, the latest first." })
export class EndedTermPage {
  leadDays!: number;
  filter!: EndedTermFilter;

  @Field(() => [EndedTerm], { description: "The terms." })
  nodes!: EndedTerm[];

  @Field(() => PageInfo, { description: "Where the page stands." })
  pageInfo!: PageInfo;
}
