import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { Account } from "../schema/account.js";
import { AccountMilestone, type MilestoneStatus } from "../schema/milestone.js";
import type { Context } from "./context.js";

@Resolver(() => Account)
export class MilestoneResolver {
  @FieldResolver(() => [AccountMilestone], {
    description: "The journey's milestones, in its order; none for an account that never had facts.",
  })
  async milestones(@Root() { id }: Account, @Ctx() { load, reader }: Context): Promise<AccountMilestone[]> {
    const rows = await load.milestones.load(id);
    return reader.snapshot.words.journey.milestones.flatMap((milestone) => {
      const row = rows.find((r) => r.milestone === milestone.id);
      if (!row) return [];
      return {
        id: milestone.id,
        name: milestone.name,
        description: milestone.description ?? null,
        status: row.status as MilestoneStatus,
        startedOn: row.started_on,
        reachedOn: row.reached_on,
        dueOn: row.due_on,
        stuckAfter: row.stuck_after,
        daysToReach: row.days_to_reach,
        expectedDays: milestone.expected_days,
      };
    });
  }
}
