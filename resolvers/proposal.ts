import { Args, ArgsType, Ctx, Field, Int, Query, Resolver } from "type-graphql";
import { milestoneProposals } from "../analysis/proposals.js";
import { SomeOutcomes } from "../schema/comparison.js";
import { MilestoneProposals } from "../schema/proposal.js";
import { outcomesAmong } from "./backtest.js";
import type { Context } from "./context.js";
import { orNobody } from "./nobody.js";
import { within } from "./within.js";

@ArgsType()
class ProposalArgs extends SomeOutcomes {
  @Field(() => Int, {
    defaultValue: 20,
    description:
      "Each half needs so many accounts that churned and that stayed, and half as many on either side of a threshold; 4 to 1000.",
  })
  minOutcomes!: number;

  @Field(() => Int, {
    defaultValue: 14,
    description:
      "A row that came, or was corrected, later than so many days after the days were over was not known then, and what is made of it isn't counted for the account; 0 to 10000.",
  })
  lateDays!: number;
}

@Resolver()
export class ProposalResolver {
  @Query(() => MilestoneProposals, {
    description:
      "Thresholds of facts that, reached within 14, 30, 60 or 90 days of the first paid one, set apart the customers that stayed from those that churned later.",
  })
  async milestoneProposals(
    @Ctx() { reader }: Context,
    @Args(() => ProposalArgs) { minOutcomes, lateDays, ...some }: ProposalArgs,
  ): Promise<MilestoneProposals> {
    within("milestoneProposals", { minOutcomes }, 4, 1000);
    within("milestoneProposals", { lateDays }, 0, 10_000);
    const among = outcomesAmong("milestoneProposals", some, reader);
    const { words } = reader.snapshot;
    const told = await milestoneProposals(reader.query, words, { among, minOutcomes, lateDays });
    return orNobody(reader, [some.filter], told as MilestoneProposals);
  }
}
