import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import { supportMetrics } from "../models/daily/support_metrics.js";
import { stgTickets } from "../models/staging/stg_tickets.js";
import { column, fact } from "./describe.js";
import { LocalDate } from "./scalars.js";

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

@ObjectType({ description: "A moment of delight: a ticket that delighted, and what may have done it." })
export class Delight {
  @Field(() => ID, { description: "The ticket's id." })
  ticketId!: string;

  @Field(() => ID, { description: "The account's id." })
  accountId!: string;

  @Field(() => LocalDate, { description: "The day on which the ticket was opened." })
  day!: string;

  @Field(() => String, column(supportMetrics, "channel"))
  channel!: string;

  @Field(() => String, {
    nullable: true,
    description: "What it was about; null where the ticket doesn't say.",
  })
  category!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "low, normal, high or urgent; null where the ticket doesn't say.",
  })
  priority!: string | null;

  @Field(() => Float, column(stgTickets, "first_reply_hours"))
  firstReplyHours!: number | null;

  @Field(() => Boolean, column(stgTickets, "is_first_contact_resolution"))
  isFirstContactResolution!: boolean | null;

  @Field(() => Float, { nullable: true, description: "The rating, 1–5; null where none was given." })
  csat!: number | null;
}
