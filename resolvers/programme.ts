import { Arg, Ctx, ID, Int, Query, Resolver } from "type-graphql";
import { type ProgrammeOptions, programmeEffect } from "../analysis/programme.js";
import { didYouMean, WaymarkError } from "../errors.js";
import type { Journey } from "../journey/journey.js";
import { AccountFilter } from "../schema/account.js";
import { ProgrammeEffect } from "../schema/programme.js";
import { LocalDate } from "../schema/scalars.js";
import { sql } from "../warehouse/sql.js";
import type { Context } from "./context.js";
import { orNobody } from "./nobody.js";
import { ofAccounts } from "./pages.js";
import { within } from "./within.js";

@Resolver()
export class ProgrammeResolver {
  @Query(() => ProgrammeEffect, {
    description:
      "What became of accounts that began before a change of onboarding, or of a play, and of those that began after it.",
  })
  async programmeEffect(
    @Ctx() { reader }: Context,
    @Arg("changedOn", () => LocalDate, { description: "First day of the changed programme." })
    changedOn: string,
    @Arg("days", () => Int, {
      defaultValue: 90,
      description:
        "Every account is followed for so many days, 1 to 730; those that can't be yet are left out and counted.",
    })
    days: number,
    @Arg("windowDays", () => Int, {
      defaultValue: 365,
      description: "Accounts that began within so many days of the change, 1 to 3650.",
    })
    windowDays: number,
    @Arg("minGroup", () => Int, {
      defaultValue: 5,
      description: "Groups of fewer accounts are withheld; 2 to 1000.",
    })
    minGroup: number,
    @Arg("signal", () => ID, {
      nullable: true,
      description: "An account's days begin when this signal first opened; by default on its first paid day.",
    })
    signal?: string | null,
    @Arg("play", () => ID, {
      nullable: true,
      description:
        "An account's days begin when this play first set tasks; by default on its first paid day.",
    })
    play?: string | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today: who they are rather than how they stand.",
    })
    filter?: AccountFilter | null,
  ): Promise<ProgrammeEffect> {
    within("programmeEffect", { days }, 1, 730);
    within("programmeEffect", { windowDays }, 1, 3650);
    within("programmeEffect", { minGroup }, 2, 1000);
    const { words } = reader.snapshot;
    const effect = await programmeEffect(reader.query, words, {
      changedOn,
      from: startOf(words.journey, signal, play),
      days,
      windowDays,
      minGroup,
      accounts: ofAccounts(filter, reader, sql`account_id`),
    });
    return orNobody(reader, [filter], effect as ProgrammeEffect);
  }
}

function startOf(
  { signals, plays }: Journey,
  signal: string | null | undefined,
  play: string | null | undefined,
): ProgrammeOptions["from"] {
  const isGiven = (id: string | null | undefined): id is string => id !== null && id !== undefined;
  if (isGiven(signal) && isGiven(play))
    throw new WaymarkError("BAD_USER_INPUT", "programmeEffect: give a signal or a play, not both.");
  const known = (kind: string, id: string, all: readonly { id: string }[]): void => {
    const ids = all.map((one) => one.id);
    if (!ids.includes(id))
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `programmeEffect: the journey has no ${kind} "${id}".${didYouMean(id, ids)}`,
      );
  };
  if (isGiven(signal)) known("signal", signal, signals);
  if (isGiven(play)) known("play", play, plays);
  return isGiven(signal) ? { signal } : isGiven(play) ? { play } : "customer_start";
}
