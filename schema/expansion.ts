import { Field, Float, Int, ObjectType } from "type-graphql";
import { accountLatest } from "../models/accounts/account_latest.js";
import { PageInfo } from "./account.js";
import { CohortLeftOut } from "./comparison.js";
import { column } from "./describe.js";
import { Decimal } from "./scalars.js";

@ObjectType({
  description:
    "A customer that may need more: in good health, with its seats in real use, and nothing that warns.",
})
export class ExpansionCandidate {
  accountId!: string;

  @Field(() => Decimal, column(accountLatest, "mrr"))
  mrr!: string | null;

  @Field(() => Int, column(accountLatest, "seats"))
  seats!: number | null;

  @Field(() => Int, column(accountLatest, "active_users_28d"))
  activeUsers!: number | null;

  @Field(() => Float, column(accountLatest, "licence_utilisation_28d"))
  utilisation!: number;

  @Field(() => Float, column(accountLatest, "score"))
  score!: number | null;

  @Field(() => Int, column(accountLatest, "days_to_renewal"))
  daysToRenewal!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "A page of customers that may need more, the highest MRR first.",
})
export class ExpansionCandidatePage {
  @Field(() => [ExpansionCandidate], { description: "The customers." })
  nodes!: ExpansionCandidate[];

  @Field(() => PageInfo, { description: "Where the page stands." })
  pageInfo!: PageInfo;

  @Field(() => [CohortLeftOut], {
    description:
      "Customers that use as much of their seats, but aren't ready to be sold more, by the reason.",
  })
  heldBack!: CohortLeftOut[];
}
