import { Arg, Ctx, Int, Query, Resolver } from "type-graphql";
import { backtest } from "../analysis/backtest.js";
import { WaymarkError } from "../errors.js";
import { AccountFilter } from "../schema/account.js";
import { Backtest } from "../schema/backtest.js";
import { LocalDate } from "../schema/scalars.js";
import { sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";
import { ofAccounts } from "./pages.js";

@Resolver()
export class BacktestResolver {
  @Query(() => Backtest, {
    description: "Whether the published journey foresaw who churned: its health scores and its signals.",
  })
  async backtest(
    @Ctx() { reader }: Context,
    @Arg("minGroup", () => Int, {
      defaultValue: 5,
      description: "Groups of fewer accounts are withheld; 2 to 1000.",
    })
    minGroup: number,
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
  ): Promise<Backtest> {
    if (minGroup < 2 || minGroup > 1000)
      throw new WaymarkError("BAD_USER_INPUT", `backtest(minGroup: ${minGroup}): expected 2 to 1000.`);
    if (from && to && from >= to)
      throw new WaymarkError("BAD_USER_INPUT", `backtest: from ${from} must be before to ${to}.`);
    const among = {
      from: from ?? undefined,
      to: to ?? undefined,
      ...(filter ? { accounts: ofAccounts(filter, reader, sql`account_id`) } : {}),
    };
    return (await backtest(reader.query, reader.snapshot.words, { among, minGroup })) as Backtest;
  }
}
