import { Field, ID, Int, ObjectType } from "type-graphql";
import { contracts } from "../models/sources/index.js";
import { Decimal, LocalDate } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: contracts.description })
export class Contract {
  @Field(() => ID, { description: contracts.columns.contract_id.description })
  id!: string;

  @Field(() => LocalDate, { description: contracts.columns.starts_on.description })
  startsOn!: string;

  @Field(() => LocalDate, { nullable: true, description: contracts.columns.ends_on.description })
  endsOn!: string | null;

  @Field(() => LocalDate, { nullable: true, description: contracts.columns.renews_on.description })
  renewsOn!: string | null;

  @Field(() => Int, { nullable: true, description: contracts.columns.seats.description })
  seats!: number | null;

  @Field(() => Decimal, { nullable: true, description: contracts.columns.mrr.description })
  mrr!: string | null;

  @Field(() => Boolean, { description: "A trial: it counts for usage, never for revenue or churn." })
  isTrial!: boolean;

  @Field(() => String, { nullable: true, description: contracts.columns.plan.description })
  plan!: string | null;

  @Field(() => Boolean, { description: "Whether it covers the last day of the data." })
  isCurrent!: boolean;
}
