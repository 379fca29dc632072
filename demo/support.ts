import type { Account } from "./account.js";
import { DAY_MS, type Day, HOUR_MS, isWeekend } from "./calendar.js";
import type { Segment } from "./profile.js";
import type { Random } from "./random.js";

type Channel = "email" | "chat" | "phone" | "web";
type Priority = "low" | "normal" | "high" | "urgent";

/** Tickets per day with access: large accounts file many, which by itself means nothing. */
const ticketsPerDay: Record<Segment, number> = { enterprise: 0.085, mid_market: 0.04, small_business: 0.022 };
const channelWeights: Record<Channel, number> = { email: 40, web: 25, chat: 24, phone: 11 };
const priorityWeights: Record<Priority, number> = { low: 22, normal: 50, high: 18, urgent: 10 };
const categoryWeights = { how_to: 44, bug: 32, billing: 11, feature_request: 13 };
const firstReplyHours: Record<Priority, number> = { urgent: 0.8, high: 3, normal: 8, low: 18 };
const resolveHours: Record<Priority, number> = { urgent: 62, high: 30, normal: 20, low: 44 };
/** Median seconds that people in a queue have before they hang up. */
const PATIENCE_SECONDS = 420;
const NEVER_RESOLVED = 0.015;
const REOPENED = 0.07;

/** What is known about a ticket; the columns of `support_tickets` that change. Instants in ms. */
interface TicketState {
  firstRepliedAt: number | null;
  resolvedAt: number | null;
  reopenedAt: number | null;
  replies: number;
  csat: number | null;
  delighted: boolean;
  escalated: boolean;
}

/** Tickets opened on a day with access. */
export function runSupport(account: Account, day: Day): void {
  const { random, profile } = account;
  const rate =
    ticketsPerDay[profile.segment] * (isWeekend(day) ? 0.2 : 1.3) * Math.exp(0.3 * profile.trouble);
  if (random.chance(rate)) openTicket(account, day);
}

/** Draws the whole course of a ticket at once and writes every state that the help desk will show. */
function openTicket(account: Account, day: Day): void {
  const { random, profile, team } = account;
  const [first] = team.present;
  if (!first) return;
  const person = random.pick([first, ...team.present.slice(1)]);
  const channel = random.weighted(channelWeights);
  const priority = random.weighted(priorityWeights);
  const category = random.weighted(categoryWeights);
  const openedAt = day * DAY_MS + random.integer(6 * 3_600, 22 * 3_600) * 1_000;
  const isLive = channel === "chat" || channel === "phone";
  const waitSeconds = isLive ? Math.ceil(random.skewed(75, 1)) : null;
  const isAbandoned = waitSeconds !== null && waitSeconds > random.skewed(PATIENCE_SECONDS, 0.7);

  const write = ticketWriter(
    account,
    openedAt,
    [person.id, channel, priority, category],
    waitSeconds,
    isLive ? isAbandoned : null,
  );
  const state: TicketState = {
    firstRepliedAt: null,
    resolvedAt: null,
    reopenedAt: null,
    replies: 0,
    csat: null,
    delighted: false,
    escalated: false,
  };
  write(state, openedAt);

  if (isAbandoned && random.chance(0.6)) {
    // Nobody called back; the desk closes such tickets by itself.
    state.resolvedAt = openedAt + 24 * HOUR_MS;
    write(state, state.resolvedAt);
    if (priority === "urgent") account.support.urgent.push({ openedAt, resolvedAt: state.resolvedAt });
    return;
  }
  const replyHours = random.skewed(firstReplyHours[priority], 0.9);
  state.firstRepliedAt =
    isLive && !isAbandoned ? openedAt + (waitSeconds ?? 0) * 1_000 : after(openedAt, replyHours);
  state.replies = 1;
  state.escalated = random.chance(priority === "urgent" ? 0.3 : priority === "high" ? 0.15 : 0.02);
  write(state, state.firstRepliedAt);

  const neverResolved = random.chance(NEVER_RESOLVED);
  const workHours = random.skewed(resolveHours[priority] * Math.exp(0.35 * profile.trouble), 1.25);
  if (neverResolved) {
    if (priority === "urgent") account.support.urgent.push({ openedAt, resolvedAt: Infinity });
    return;
  }
  state.resolvedAt = after(state.firstRepliedAt, workHours);
  state.replies = random.chance(0.4) ? 1 : random.integer(2, 6);
  write(state, state.resolvedAt);
  // Urgent tickets are never reopened: with one row per ticket, nobody could tell afterwards how long they
  // had been open, and the planted effect rests on just that.
  if (priority === "urgent") account.support.urgent.push({ openedAt, resolvedAt: state.resolvedAt });
  else if (random.chance(REOPENED)) reopen(random, state, write);
  rate(random, state, openedAt, write);
}

function reopen(random: Random, state: TicketState, write: (state: TicketState, at: number) => void): void {
  if (state.resolvedAt === null) return;
  state.reopenedAt = after(state.resolvedAt, random.between(5, 200));
  state.resolvedAt = null;
  write(state, state.reopenedAt);
  state.resolvedAt = after(state.reopenedAt, random.skewed(20, 1));
  state.replies += random.integer(1, 3);
  write(state, state.resolvedAt);
}

/** A third of the customers say what they thought of it: the longer it took, the less. */
function rate(
  random: Random,
  state: TicketState,
  openedAt: number,
  write: (state: TicketState, at: number) => void,
): void {
  const answers = random.chance(0.33);
  const days = ((state.resolvedAt ?? openedAt) - openedAt) / DAY_MS;
  const opinion = random.normal(4.7 - 0.22 * days - (state.reopenedAt === null ? 0 : 0.8), 0.8);
  const isDelight = random.chance(0.2);
  if (!answers || state.resolvedAt === null) return;
  state.csat = Math.min(5, Math.max(1, Math.round(opinion)));
  state.delighted = state.csat === 5 && isDelight;
  write(state, after(state.resolvedAt, random.between(0.5, 40)));
}

/** Writes a version of the ticket as the help desk's hourly export would bring it after `at`. */
function ticketWriter(
  { profile, support, extract }: Account,
  openedAt: number,
  fixed: readonly [personId: string, channel: Channel, priority: Priority, category: string],
  waitSeconds: number | null,
  isAbandoned: boolean | null,
): (state: TicketState, at: number) => void {
  support.ticketCount += 1;
  const id = `tkt_${String(profile.number).padStart(5, "0")}_${String(support.ticketCount).padStart(3, "0")}`;
  return (state, at) => {
    extract.revise("support_tickets", id, [
      id,
      profile.id,
      ...fixed,
      new Date(openedAt),
      dateOrNull(state.firstRepliedAt),
      dateOrNull(state.resolvedAt),
      dateOrNull(state.reopenedAt),
      state.replies,
      waitSeconds,
      isAbandoned,
      state.csat,
      state.delighted,
      state.escalated,
      nextExport(at),
    ]);
  };
}

const dateOrNull = (at: number | null): Date | null => (at === null ? null : new Date(at));

/** Five past the next full hour. */
const nextExport = (at: number): Date => new Date((Math.floor(at / HOUR_MS) + 1) * HOUR_MS + 300_000);

/** `hours` after `at`, on a full second. */
const after = (at: number, hours: number): number => at + Math.max(1, Math.round(hours * 3_600)) * 1_000;
