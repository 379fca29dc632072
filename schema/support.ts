import { Field, Float, Int, ObjectType } from "type-graphql";
import { fact } from "./describe.js";

@ObjectType({
  simpleResolvers: true,
  description:
    "An account's support tickets. Null figures: tickets, or what a figure needs of them, are not mapped, or the account has no facts on the last day.",
})
export class TicketSummary {
  @Field(() => Int, fact("open_tickets"))
  open!: number | null;

  @Field(() => Int, fact("overdue_tickets"))
  overdue!: number | null;

  @Field(() => Int, fact("overdue_urgent_tickets"))
  overdueUrgent!: number | null;

  @Field(() => Int, fact("tickets_opened_28d"))
  opened28d!: number | null;

  @Field(() => Float, fact("replied_within_24h_share_28d"))
  repliedWithin24hShare28d!: number | null;

  @Field(() => Int, fact("escalations_28d"))
  escalations28d!: number | null;

  @Field(() => Float, fact("csat_90d"))
  csat90d!: number | null;

  @Field(() => Int, { description: "Tickets ever opened that count." })
  total!: number;

  @Field(() => Int, { description: "Those of them that are solved." })
  resolved!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "Mean hours from opening to first human reply over all tickets whose clocks agree; null without one.",
  })
  firstReplyHoursMean!: number | null;

  @Field(() => Int, {
    description:
      "Tickets that count for nothing, e.g. opened before the account existed, and those whose clocks contradict each other, which no time is taken from.",
  })
  leftOut!: number;
}
