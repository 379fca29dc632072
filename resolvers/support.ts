import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { channelKey } from "../models/daily/support_metrics.js";
import { ref } from "../models/model.js";
import { stgTickets } from "../models/staging/stg_tickets.js";
import { Account, AccountFilter } from "../schema/account.js";
import { LocalDate } from "../schema/scalars.js";
import { Delight, TicketSummary } from "../schema/support.js";
import { bind, integer, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import { accountNamed } from "./account.js";
import type { Context } from "./context.js";
import { type Interval, intervalOf } from "./interval.js";
import { filterSql } from "./pages.js";
import type { Reader } from "./reader.js";

const maxRows = 10_000;

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

@Resolver(() => Delight)
export class DelightResolver {
  @Query(() => [Delight], { description: "Moments of delight, the newest first." })
  delights(
    @Ctx() { reader }: Context,
    @Arg("first", () => Int, { defaultValue: 1000, description: "How many at most, 1 to 10000." })
    first: number,
    @Arg("from", () => LocalDate, {
      nullable: true,
      description: "First opening day; 90 days before `to` by default.",
    })
    from?: string | null,
    @Arg("to", () => LocalDate, {
      nullable: true,
      description: "First opening day no longer shown; the day after the last day of the data by default.",
    })
    to?: string | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only of these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<Delight[]> {
    return delightsOf(
      reader,
      intervalOf("delights", from, to, reader.snapshot),
      filter ?? {},
      atMost("delights", first),
    );
  }

  @FieldResolver(() => Account, { nullable: true, description: "The account." })
  account(@Root() { accountId }: Delight, @Ctx() context: Context): Promise<Account | null> {
    return accountNamed(accountId, context);
  }
}

function atMost(field: string, first: number): number {
  if (first >= 1 && first <= maxRows) return first;
  throw new WaymarkError("BAD_USER_INPUT", `${field}: first is ${first}, expected 1 to ${maxRows}.`);
}

const delightColumns = {
  ticket_id: { type: "string", notNull: true },
  account_id: { type: "string", notNull: true },
  day: { type: "date", notNull: true },
  channel: { type: "string", notNull: true },
  category: { type: "string" },
  priority: { type: "string" },
  first_reply_hours: { type: "number" },
  is_first_contact_resolution: { type: "boolean" },
  csat: { type: "number" },
} as const satisfies Columns;

/** The tickets behind `delights` of `support_metrics`, which ends with the data. */
export async function delightsOf(
  reader: Reader,
  { from, to }: Interval,
  filter: AccountFilter,
  first: number,
): Promise<Delight[]> {
  const rows = await reader.query(
    sql`
select
  ticket_id, account_id, day, ${channelKey} as channel, category, priority, first_reply_hours, is_first_contact_resolution, csat
from ${ref(stgTickets)}
where is_usable and is_delight
  and day >= ${bind("date", from)} and day < ${bind("date", to)} and day <= ${bind("date", reader.snapshot.dataThrough)}
  and account_id in (select account_id from ${ref(accountLatest)} where ${filterSql(filter, reader)})
order by day desc, opened_at desc, ticket_id
limit ${integer(first)}`,
    delightColumns,
  );
  return rows.map((row) => ({
    ticketId: row.ticket_id,
    accountId: row.account_id,
    day: row.day,
    channel: row.channel,
    category: row.category,
    priority: row.priority,
    firstReplyHours: row.first_reply_hours,
    isFirstContactResolution: row.is_first_contact_resolution,
    csat: row.csat,
  }));
}
