import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import { milestoneProposals } from "../analysis/proposals.js";
import { AccountFilter } from "../schema/account.js";
import { MilestoneProposals } from "../schema/proposal.js";
import { LocalDate } from "../schema/scalars.js";
import { sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";
import { ofAccounts } from "./pages.js";
import { inOrder, within } from "./within.js";

@Resolver()
export class ProposalResolver {
  @Query(() => MilestoneProposals, {
    description:
      "Thresholds of facts that, reached within 14, 30, 60 or 90 days of the first paid one, set apart the customers that stayed from those that churned later.",
  })
  milestoneProposals(
    @Ctx() { reader }: Context,
    @Arg("minOutcomes", () => Int, {
      defaultValue: 20,
      description:
        "Each half needs so many accounts that churned and that stayed, and half as many on either side of a threshold; 4 to 1000.",
    })
    minOutcomes: number,
    @Arg("lateDays", () => Int, {
      defaultValue: 14,
      description:
        "A row that came, or was corrected, later than so many days after the days were over was not known then, and what is made of it isn't counted for the account; 0 to 10000.",
    })
    lateDays: number,
    @Arg("from", () => LocalDate, {
      nullable: true,
      description: "First day of outcomes; the first of all by default.",
    })
    from?: string | null,
    @Arg("to", () => LocalDate, {
      nullable: true,
      description: "First day no longer counted; up to the last decided one by default.",
    })
    to?: string | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today: who they are rather than how they stand.",
    })
    filter?: AccountFilter | null,
  ): Promise<MilestoneProposals> {
    within("milestoneProposals", { minOutcomes }, 4, 1000);
    within("milestoneProposals", { lateDays }, 0, 10_000);
    inOrder("milestoneProposals", from, to);
    const among = {
      from: from ?? undefined,
      to: to ?? undefined,
      accounts: ofAccounts(filter, reader, sql`account_id`),
    };
    const { words } = reader.snapshot;
    return milestoneProposals(reader.query, words, {
      among,
      minOutcomes,
      lateDays,
    }) as Promise<MilestoneProposals>;
  }
}
