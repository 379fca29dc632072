import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { DeadLetter, Webhook } from "../schema/webhook.js";
import type { Context } from "./context.js";

@Resolver()
export class WebhookResolver {
  @Query(() => [Webhook], { description: "How each webhook fares; none where the server sends nothing." })
  async webhooks(@Ctx() { webhooks }: Context): Promise<Webhook[]> {
    return (await webhooks?.overview()) ?? [];
  }

  @Query(() => [DeadLetter], {
    description: "The messages that were given up, in the order of their facts.",
  })
  async deadLetters(@Ctx() { webhooks }: Context): Promise<DeadLetter[]> {
    return (await webhooks?.deadLetters()) ?? [];
  }

  @Mutation(() => Int, {
    description: "Have messages that were given up sent again, under their ids; answers how many.",
  })
  resendDeadLetters(
    @Ctx() { webhooks, caller }: Context,
    @Arg("ids", () => [ID], { nullable: true, description: "These messages; all by default." })
    ids?: string[] | null,
  ): Promise<number> {
    if (!webhooks || !caller.mayWrite)
      throw new WaymarkError(
        "FORBIDDEN",
        "This server sends no dead letters again for you: your role or key may not write, or the server is read-only. Use `waymark webhooks resend` where it runs.",
      );
    return webhooks.resend(ids ?? null);
  }
}
