import { Field, Int, ObjectType } from "type-graphql";
import { Band } from "./health.js";
import { Decimal } from "./scalars.js";
import { Stage } from "./stage.js";

@ObjectType({ simpleResolvers: true, description: "The accounts of one stage and band." })
export class PortfolioCell {
  @Field(() => Stage, { description: "The stage." })
  stage!: Stage;

  @Field(() => Band, { description: "The band." })
  band!: Band;

  @Field(() => Int, { description: "How many accounts." })
  accounts!: number;

  @Field(() => Decimal, {
    nullable: true,
    description: "Their monthly recurring revenue; null where none of them has any.",
  })
  mrr!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "All accounts with facts on the last day of the data, by stage and band.",
})
export class Portfolio {
  @Field(() => Int, { description: "How many accounts." })
  accounts!: number;

  @Field(() => Decimal, {
    nullable: true,
    description: "Their monthly recurring revenue; null where none of them has any.",
  })
  mrr!: string | null;

  @Field(() => [PortfolioCell], {
    description: "By stage, in the journey's order, and band, from poor to unknown.",
  })
  cells!: PortfolioCell[];
}
