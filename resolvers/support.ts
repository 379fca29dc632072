import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { WaymarkError } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { channelKey, supportMetrics } from "../models/daily/support_metrics.js";
import { ref } from "../models/model.js";
import { stgTickets } from "../models/staging/stg_tickets.js";
import { Account, AccountFilter } from "../schema/account.js";
import { Grain } from "../schema/health.js";
import { LocalDate } from "../schema/scalars.js";
import { Delight, SupportDimension, SupportRow, TicketSummary } from "../schema/support.js";
import { ascending, nullOf, periodOf, sumInteger } from "../warehouse/dialect.js";
import { bind, integer, join, name, number, type Sql, sql } from "../warehouse/sql.js";
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

@Resolver(() => SupportRow)
export class SupportRowResolver {
  @Query(() => [SupportRow], {
    description:
      "Support over days, in groups: each has a row where anything counts in it, in the order of `by`. One row of totals without `by`.",
  })
  support(
    @Ctx() { reader }: Context,
    @Arg("grain", () => Grain, { defaultValue: Grain.WEEK, description: "Length of a period, by PERIOD." })
    grain: Grain,
    @Arg("first", () => Int, { defaultValue: 1000, description: "How many rows at most, 1 to 10000." })
    first: number,
    @Arg("from", () => LocalDate, {
      nullable: true,
      description: "First day; 90 days before `to` by default.",
    })
    from?: string | null,
    @Arg("to", () => LocalDate, {
      nullable: true,
      description: "First day no longer counted; the day after the last day of the data by default.",
    })
    to?: string | null,
    @Arg("by", () => [SupportDimension], {
      nullable: true,
      description: "What to tell apart; none by default.",
    })
    by?: SupportDimension[] | null,
    @Arg("filter", () => AccountFilter, {
      nullable: true,
      description: "Only these accounts, as they are today.",
    })
    filter?: AccountFilter | null,
  ): Promise<SupportRow[]> {
    return supportRows(reader, {
      days: intervalOf("support", from, to, reader.snapshot),
      grain,
      by: by ?? [],
      filter: filter ?? {},
      first: atMost("support", first),
    });
  }

  @FieldResolver(() => Account, { nullable: true, description: "The account; null unless by ACCOUNT." })
  account(@Root() { accountId }: SupportRow, @Ctx() context: Context): Promise<Account | null> {
    return accountNamed(accountId, context);
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

const { account_id: _account, day: _day, channel: _channel, ...measures } = supportMetrics.columns;

const supportColumns = {
  period: { type: "date" },
  channel: { type: "string" },
  segment: { type: "string" },
  region: { type: "string" },
  account_id: { type: "string" },
  ...measures,
} as const satisfies Columns;

export interface SupportQuestion {
  days: Interval;
  grain: Grain;
  by: readonly SupportDimension[];
  filter: AccountFilter;
  first: number;
}

/** One grouped statement, whatever is told apart: counts add up, and ratios are made of the sums. */
export async function supportRows(
  reader: Reader,
  { days, grain, by, filter, first }: SupportQuestion,
): Promise<SupportRow[]> {
  const keys = [...new Set(by)];
  const values: Record<SupportDimension, Sql> = {
    [SupportDimension.PERIOD]: periodOf(sql`m.day`, grain),
    [SupportDimension.CHANNEL]: sql`m.channel`,
    [SupportDimension.SEGMENT]: sql`a.segment`,
    [SupportDimension.REGION]: sql`a.region`,
    [SupportDimension.ACCOUNT]: sql`m.account_id`,
  };
  const told = keys.map((key) => sql`${values[key]} as ${name(key)}`);
  const counts = Object.keys(measures).map((measure) => sql`m.${name(measure)}`);
  const dimensions = Object.values(SupportDimension).map((key) =>
    keys.includes(key) ? name(key) : sql`${nullOf(supportColumns[key].type)} as ${name(key)}`,
  );
  const sums = Object.entries(measures).map(([measure, { type }]) =>
    type === "integer"
      ? sql`coalesce(${sumInteger(name(measure))}, 0) as ${name(measure)}`
      : sql`coalesce(sum(${name(measure)}), ${number(0)}) as ${name(measure)}`,
  );
  const groups = sql`group by ${keys.map(name)} order by ${keys.map((key) => ascending(name(key)))}`;
  const rows = await reader.query(
    sql`
with counted as (
  select ${[...told, ...counts]}
  from ${ref(supportMetrics)} as m
  inner join (
    select account_id, segment, region from ${ref(accountLatest)} where ${filterSql(filter, reader)}
  ) as a on a.account_id = m.account_id
  where m.day >= ${bind("date", days.from)} and m.day < ${bind("date", days.to)}
)
select
  ${join([...dimensions, ...sums], ",\n  ")}
from counted
${keys.length > 0 ? groups : sql``}
limit ${integer(first)}`,
    supportColumns,
  );
  return rows.map((row) => ({
    period: row.period,
    channel: row.channel,
    segment: row.segment,
    region: row.region,
    accountId: row.account_id,
    opened: row.tickets_opened,
    repliesDue24h: row.replies_due_24h,
    repliedWithin24h: row.replied_within_24h,
    repliedWithin24hShare: ratio(row.replied_within_24h, row.replies_due_24h),
    firstReplies: row.first_replies,
    firstReplyHoursMean: ratio(row.first_reply_hours_sum, row.first_replies),
    resolved: row.tickets_resolved,
    resolvedWithRepliesKnown: row.resolved_with_replies_known,
    firstContactResolutions: row.first_contact_resolutions,
    firstContactResolutionShare: ratio(row.first_contact_resolutions, row.resolved_with_replies_known),
    liveContacts: row.live_contacts,
    waitsKnown: row.waits_known,
    delayed: row.delayed,
    delayedShare: ratio(row.delayed, row.waits_known),
    abandonmentsKnown: row.abandonments_known,
    abandoned: row.abandoned,
    abandonedShare: ratio(row.abandoned, row.abandonments_known),
    delights: row.delights,
    ratings: row.csat_count,
    csat: ratio(row.csat_sum, row.csat_count),
  }));
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

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
