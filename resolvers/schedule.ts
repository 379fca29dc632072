import { Ctx, Query, Resolver } from "type-graphql";
import { Schedule } from "../schema/schedule.js";
import type { Context } from "./context.js";

@Resolver()
export class ScheduleResolver {
  @Query(() => Schedule, {
    nullable: true,
    description: "When this server builds the tables; null where others build them.",
  })
  async schedule(@Ctx() { due }: Context): Promise<Schedule | null> {
    return (await due?.()) ?? null;
  }
}
