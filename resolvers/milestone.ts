import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { Journey } from "../journey/journey.js";
import type { accountMilestones } from "../models/milestones/account_milestones.js";
import type { RowOf } from "../models/model.js";
import { Account } from "../schema/account.js";
import { AccountMilestone, type MilestoneStatus } from "../schema/milestone.js";
import type { Context } from "./context.js";

@Resolver(() => Account)
export class MilestoneResolver {
  @FieldResolver(() => [AccountMilestone], {
    description:
      "The journey's milestones, in its order, one for every contract or stay that they begin anew with; none for an account that never had facts.",
  })
  async milestones(@Root() { id }: Account, @Ctx() { load, reader }: Context): Promise<AccountMilestone[]> {
    return milestonesOf(await load.milestones.load(id), reader.snapshot.words.journey);
  }
}

/** An account's rows as the API shows them, in the journey's order. */
export const milestonesOf = (
  rows: readonly RowOf<typeof accountMilestones>[],
  { milestones }: Journey,
): AccountMilestone[] =>
  milestones.flatMap((milestone) =>
    rows
      .filter((row) => row.milestone === milestone.id)
      .map((row) => ({
        id: milestone.id,
        name: milestone.name,
        description: milestone.description ?? null,
        occurrence: row.occurrence,
        status: row.status as MilestoneStatus,
        startedOn: row.started_on,
        endedOn: row.ended_on,
        reachedOn: row.reached_on,
        dueOn: row.due_on,
        stuckAfter: row.stuck_after,
        daysToReach: row.days_to_reach,
        expectedDays: milestone.expected_days,
      })),
  );
