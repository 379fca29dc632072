import { Field, Float, ID, Int, ObjectType, registerEnumType } from "type-graphql";
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

export enum SupportDimension {
  PERIOD = "period",
  CHANNEL = "channel",
  SEGMENT = "segment",
  REGION = "region",
  ACCOUNT = "account_id",
}
registerEnumType(SupportDimension, {
  name: "SupportDimension",
  description: "What support is told apart by; segment and region are the account's current ones.",
});

/** A ratio of the measures, null where there is nothing to divide by. */
const share = (description: string): { nullable: true; description: string } => ({
  nullable: true,
  description: `${description} Unit: share.`,
});

@ObjectType({
  description:
    "Support of some accounts over some days. A measure counts on its own day: what is opened and what is solved in a period need not be the same tickets.",
})
export class SupportRow {
  @Field(() => LocalDate, {
    nullable: true,
    description: "First day of the period, of which only asked days count; null unless by PERIOD.",
  })
  period!: string | null;

  @Field(() => String, {
    nullable: true,
    description: `${column(supportMetrics, "channel").description} Null unless by CHANNEL.`,
  })
  channel!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Segment of the accounts; null for those without one, and unless by SEGMENT.",
  })
  segment!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Region of the accounts; null for those without one, and unless by REGION.",
  })
  region!: string | null;

  @Field(() => ID, { nullable: true, description: "The account's id; null unless by ACCOUNT." })
  accountId!: string | null;

  @Field(() => Int, column(supportMetrics, "tickets_opened"))
  opened!: number;

  @Field(() => Int, column(supportMetrics, "replies_due_24h"))
  repliesDue24h!: number;

  @Field(() => Int, column(supportMetrics, "replied_within_24h"))
  repliedWithin24h!: number;

  @Field(() => Float, share("The 24 h rate: repliedWithin24h / repliesDue24h; null where none is due."))
  repliedWithin24hShare!: number | null;

  @Field(() => Int, column(supportMetrics, "first_replies"))
  firstReplies!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Mean hours from opening to first reply over firstReplies; null without any. Unit: hours.",
  })
  firstReplyHoursMean!: number | null;

  @Field(() => Int, column(supportMetrics, "tickets_resolved"))
  resolved!: number;

  @Field(() => Int, column(supportMetrics, "resolved_with_replies_known"))
  resolvedWithRepliesKnown!: number;

  @Field(() => Int, column(supportMetrics, "first_contact_resolutions"))
  firstContactResolutions!: number;

  @Field(() => Float, share("firstContactResolutions / resolvedWithRepliesKnown; null where none is solved."))
  firstContactResolutionShare!: number | null;

  @Field(() => Int, column(supportMetrics, "live_contacts"))
  liveContacts!: number;

  @Field(() => Int, column(supportMetrics, "waits_known"))
  waitsKnown!: number;

  @Field(() => Int, column(supportMetrics, "delayed"))
  delayed!: number;

  @Field(() => Float, share("Help delay: delayed / waitsKnown; null where no wait is known."))
  delayedShare!: number | null;

  @Field(() => Int, column(supportMetrics, "abandonments_known"))
  abandonmentsKnown!: number;

  @Field(() => Int, column(supportMetrics, "abandoned"))
  abandoned!: number;

  @Field(() => Float, share("Abandonment: abandoned / abandonmentsKnown; null where none is known."))
  abandonedShare!: number | null;

  @Field(() => Int, column(supportMetrics, "delights"))
  delights!: number;

  @Field(() => Int, column(supportMetrics, "csat_count"))
  ratings!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "Mean rating, 1–5, of the ratings given on the day of the solution, else of the opening; null without ratings. Unit: score.",
  })
  csat!: number | null;
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
