import { Field, Float, Int, ObjectType, registerEnumType } from "type-graphql";
import { Decimal, LocalDate } from "./scalars.js";

export enum RetentionGrain {
  MONTH = "month",
  QUARTER = "quarter",
  YEAR = "year",
}
registerEnumType(RetentionGrain, {
  name: "RetentionGrain",
  description: "Length of a period over which customers are followed.",
});

export enum RetentionDimension {
  SEGMENT = "segment",
  REGION = "region",
  COHORT = "cohort",
}
registerEnumType(RetentionDimension, {
  name: "RetentionDimension",
  description:
    "What retention is told apart by: the account's current segment or region, or the period in which it became a customer.",
});

const money = (description: string) => ({
  nullable: true,
  description: `${description} Unit: money per month.`,
});

@ObjectType({
  simpleResolvers: true,
  description:
    "Customers over a period: those that a paid contract covers on its first day, and what became of them by the first day after it. Who comes and goes in between counts nowhere, and a lapse that is over by the end is no churn. Money is that of accounts whose MRR is known at both ends.",
})
export class RetentionRow {
  @Field(() => LocalDate, { description: "The period's first day." })
  from!: string;

  @Field(() => LocalDate, {
    description: "The first day after the period, on which customers are counted again.",
  })
  to!: string;

  @Field(() => String, {
    nullable: true,
    description: "Null for accounts without one, and unless by SEGMENT.",
  })
  segment!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Null for accounts without one, and unless by REGION.",
  })
  region!: string | null;

  @Field(() => LocalDate, {
    nullable: true,
    description: "First day of the period in which they became customers; null unless by COHORT.",
  })
  cohort!: string | null;

  @Field(() => Int, { description: "Customers on the first day." })
  customers!: number;

  @Field(() => Int, { description: "Those of them that are none on `to`." })
  churned!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Logo churn: churned / customers; null with no customer on the first day. Unit: share.",
  })
  churnRate!: number | null;

  @Field(() => Int, { description: "Accounts that became customers within the period and are so on `to`." })
  arrived!: number;

  @Field(() => Int, {
    description: "Customers on `to` that had been customers before the period but not on its first day.",
  })
  reactivated!: number;

  @Field(
    () => Decimal,
    money("MRR of the customers of the first day, on that day; null where none is known."),
  )
  mrr!: string | null;

  @Field(() => Decimal, money("Of that, what left with those that churned."))
  churnedMrr!: string | null;

  @Field(() => Decimal, money("What those that stayed pay less on `to`."))
  contractionMrr!: string | null;

  @Field(() => Decimal, money("What those that stayed pay more on `to`."))
  expansionMrr!: string | null;

  @Field(() => Decimal, money("MRR on `to` of those that arrived."))
  arrivedMrr!: string | null;

  @Field(() => Decimal, money("MRR on `to` of those that were reactivated."))
  reactivatedMrr!: string | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "MRR on `to` of the customers of the first day / their MRR on that day; null without any. Unit: share.",
  })
  netRevenueRetention!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "The same with each account's MRR capped at its own of the first day. Unit: share.",
  })
  grossRevenueRetention!: number | null;

  @Field(() => Int, {
    description:
      "Customers of the first day that the money leaves out, as their MRR is not known at both ends; all of them where MRR is hidden from you.",
  })
  unpriced!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    "A cell of the triangle of cohorts: the accounts that became customers in a period, so many periods later.",
})
export class CohortCell {
  @Field(() => LocalDate, { description: "First day of the period in which they became customers." })
  cohort!: string;

  @Field(() => Int, {
    description: "Whole periods since the end of that one; at 0 they are counted on the day after it.",
  })
  age!: number;

  @Field(() => LocalDate, { description: "The day on which they are counted." })
  day!: string;

  @Field(() => Int, { description: "How many became customers in that period, whatever the age." })
  size!: number;

  @Field(() => Int, { description: "How many of them are customers on the day." })
  customers!: number;

  @Field(() => Float, { description: "customers / size. Unit: share." })
  share!: number;

  @Field(() => Decimal, money("Their MRR on the day; null where none is known, or none is a customer."))
  mrr!: string | null;
}
