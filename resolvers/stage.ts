import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { Account } from "../schema/account.js";
import { AccountStage, StageStay } from "../schema/stage.js";
import type { Context } from "./context.js";
import { stageOf } from "./journey_words.js";

@Resolver(() => Account)
export class AccountStageResolver {
  @FieldResolver(() => AccountStage, {
    nullable: true,
    description: "The stage it is in; null for an account without facts on the last day.",
  })
  stage(@Root() { row }: Account, @Ctx() { reader }: Context): AccountStage | null {
    if (row.stage === null || row.stage_entered_on === null || row.stage_days === null) return null;
    const { journey } = reader.snapshot.words;
    return {
      ...stageOf(journey, row.stage),
      accountId: row.account_id,
      since: row.stage_entered_on,
      days: row.stage_days,
      expectedDays: journey.stages.find((s) => s.id === row.stage)?.expected_days ?? null,
      isStuck: row.is_stuck ?? false,
    };
  }
}

@Resolver(() => AccountStage)
export class StageHistoryResolver {
  @FieldResolver(() => [StageStay], { description: "All its stays in stages so far, the first one first." })
  async history(@Root() { accountId }: AccountStage, @Ctx() { load, reader }: Context): Promise<StageStay[]> {
    const rows = await load.stageStays.load(accountId);
    return rows.map((row) => ({
      stage: stageOf(reader.snapshot.words.journey, row.stage),
      enteredOn: row.entered_on,
      leftOn: row.left_on,
      days: row.days,
      expectedDays: row.expected_days,
      isStuck: row.is_stuck,
    }));
  }
}
