import { Field, Float, Int, ObjectType, registerEnumType } from "type-graphql";
import { accountOnboarding } from "../models/onboarding/account_onboarding.js";
import { column } from "./describe.js";
import type { AccountMilestone } from "./milestone.js";
import { LocalDate } from "./scalars.js";

export enum OnboardingStatus {
  NOT_STARTED = "not_started",
  IN_PROGRESS = "in_progress",
  OVERDUE = "overdue",
  ON_TIME = "on_time",
  LATE = "late",
}
registerEnumType(OnboardingStatus, {
  name: "OnboardingStatus",
  description: "ON_TIME and LATE once onboarded; before, where it stands on the last day of the data.",
});

@ObjectType({ description: "How far an account is with the onboarding checklist." })
export class Onboarding {
  accountId!: string;

  @Field(() => OnboardingStatus, column(accountOnboarding, "status"))
  status!: OnboardingStatus;

  @Field(() => LocalDate, column(accountOnboarding, "started_on"))
  startedOn!: string | null;

  @Field(() => LocalDate, column(accountOnboarding, "due_on"))
  dueOn!: string | null;

  @Field(() => LocalDate, column(accountOnboarding, "onboarded_on"))
  onboardedOn!: string | null;

  @Field(() => Int, column(accountOnboarding, "days_to_onboard"))
  daysToOnboard!: number | null;

  @Field(() => Int, column(accountOnboarding, "contacts"))
  contacts!: number | null;

  @Field(() => Int, column(accountOnboarding, "steps"))
  steps!: number;

  @Field(() => Int, column(accountOnboarding, "steps_done"))
  stepsDone!: number;

  checklist?: AccountMilestone[];
}

@ObjectType({ simpleResolvers: true, description: "A milestone over the accounts of a cohort." })
export class CohortMilestone {
  @Field(() => String, { description: "The milestone's id in the journey." })
  id!: string;

  @Field(() => String, { description: "What people call it." })
  name!: string;

  @Field(() => Int, { description: "Accounts that have reached it." })
  reached!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Their mean days to reach it, from its own start; null without any. Unit: days.",
  })
  meanDays!: number | null;
}

@ObjectType({ simpleResolvers: true, description: "The accounts that became customers in one month." })
export class OnboardingCohort {
  @Field(() => LocalDate, { description: "First day of the month." })
  month!: string;

  @Field(() => Int, { description: "Accounts that started." })
  accounts!: number;

  @Field(() => Int, { description: "Those onboarded by the last day of the data." })
  onboarded!: number;

  @Field(() => Int, { description: "Those of them that were on time." })
  onTime!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "Mean days to onboard of those onboarded; null without any. Young cohorts look fast: only their fast ones are through. Unit: days.",
  })
  meanDaysToOnboard!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "Mean human contacts during onboarding; null where touchpoints are not mapped. Unit: contacts.",
  })
  meanContacts!: number | null;

  @Field(() => [CohortMilestone], { description: "Each milestone that an account reaches once." })
  milestones!: CohortMilestone[];
}
