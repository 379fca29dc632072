import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { Account } from "../schema/account.js";
import { TicketSummary } from "../schema/support.js";
import type { Context } from "./context.js";

@Resolver(() => Account)
export class SupportResolver {
  @FieldResolver(() => TicketSummary, { description: "Its support tickets in figures." })
  async tickets(@Root() { id, row }: Account, @Ctx() { load }: Context): Promise<TicketSummary> {
    const counts = await load.ticketCounts.load(id);
    return {
      open: row.open_tickets,
      overdue: row.overdue_tickets,
      overdueUrgent: row.overdue_urgent_tickets,
      opened28d: row.tickets_opened_28d,
      repliedWithin24hShare28d: row.replied_within_24h_share_28d,
      escalations28d: row.escalations_28d,
      csat90d: row.csat_90d,
      total: counts?.total ?? 0,
      resolved: counts?.resolved ?? 0,
      firstReplyHoursMean: counts?.first_reply_hours_mean ?? null,
      leftOut: counts?.left_out ?? 0,
    };
  }
}
