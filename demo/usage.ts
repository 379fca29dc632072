import type { Account, Person, Usage } from "./account.js";
import { DAY_MS, type Day, dateOf, HOUR_MS, isWeekend, nextMorning, weekdayOf } from "./calendar.js";
import { coveredSeats, fading } from "./contracts.js";
import { stickyFeatures, traitRules } from "./effects.js";
import type { Profile, Segment } from "./profile.js";
import type { Random } from "./random.js";
import { holder } from "./team.js";

/** All that the product offers; the sticky ones are those that an account builds its own work on. */
export const features = [
  ...stickyFeatures,
  "reports",
  "alerts",
  "forecasts",
  "exports",
  "comments",
  "templates",
  "mobile_app",
  "audit_log",
  "segments",
] as const;

const DUPLICATED = 0.005;
const LATE = 0.02;
/** Late rows come between one and ten days after the event. */
const LATE_DAYS = [1, 10] as const;
const LOADED_WITHIN_THE_HOUR = 0.7;

const weekdayFactor = [1, 1.08, 1.1, 1.04, 0.86, 0.1, 0.08] as const;
const SLUMP_STARTS = 1 / 260;
/** Exports go with the segment: they look protective and do nothing. */
const exportShare: Record<Segment, number> = { enterprise: 0.16, mid_market: 0.08, small_business: 0.03 };
/** Working hours by region begin at this hour UTC, so that a local day lies within one UTC day. */
const firstHour: Record<Profile["region"], number> = { amer: 13, latam: 12, emea: 7, apac: 1 };
const WORKING_HOURS = 9;

export function newUsage({ fit, segment }: Profile, random: Random): Usage {
  const stickiness = 1 / (1 + Math.exp(-random.normal(-0.9 + 0.4 * fit, 0.8)));
  const everConnects = random.chance(0.88);
  const days = Math.round(random.skewed(segment === "small_business" ? 30 : 24, 0.9) * Math.exp(-0.45 * fit));
  return {
    level: Math.exp(0.3 * fit + random.normal(0, 0.25)),
    stickiness,
    features: ["dashboards", ...shuffled(features.slice(1), random)],
    daysPerFeature: random.between(14, 70),
    callsApi: random.chance(0.35),
    integratesAfter: everConnects ? days : null,
    integratedOn: null,
    enoughSeatsActiveOn: null,
    slumpUntil: -1,
    eventCount: 0,
    sessionCount: 0,
    history: [],
  };
}

/** Everything that happens in the product on a day with access. */
export function runUsage(account: Account, day: Day): void {
  const { usage, team, random } = account;
  usage.history.push({ day, events: 0, sticky: 0 });
  if (usage.history.length > traitRules.stickyWindow) usage.history.shift();
  administer(account, day);
  const level =
    usage.level *
    calendarFactor(day) *
    settlingIn(account) *
    slump(account, day) *
    fading(account.contract, day);
  for (const person of team.present) if (random.uniform() < person.pace * level) work(account, person, day);
  if (usage.callsApi && usage.integratedOn !== null && random.chance(isWeekend(day) ? 0.25 : 0.85)) {
    callApi(account, day);
  }
  watchSeats(account, day);
}

/** Everyone who did something in the `traitRules.activeWindow` days that end with `day`. */
export function activeUsers({ team }: Account, day: Day): number {
  let active = 0;
  for (const { lastActiveOn } of team.everyone) {
    if (lastActiveOn !== null && lastActiveOn > day - traitRules.activeWindow) active += 1;
  }
  return active;
}

/** Events and events on sticky features in the `traitRules.stickyWindow` days that end with `day`. */
export function recentEvents({ usage }: Account, day: Day): { events: number; sticky: number } {
  const total = { events: 0, sticky: 0 };
  for (const past of usage.history) {
    if (past.day <= day - traitRules.stickyWindow) continue;
    total.events += past.events;
    total.sticky += past.sticky;
  }
  return total;
}

/** The season: quiet weekends, a lazy August, a break from 22 December to 2 January. */
function season(day: Day): number {
  const weekday = weekdayFactor[weekdayOf(day)] ?? 1;
  const monthAndDay = dateOf(day).slice(5);
  if (monthAndDay >= "12-22" || monthAndDay <= "01-02") return weekday * 0.35;
  return monthAndDay.startsWith("08") ? weekday * 0.82 : weekday;
}

/** Every account asks for the same days; writing each date once saves about a tenth of the whole run. */
const seasons = new Map<Day, number>();
function calendarFactor(day: Day): number {
  let factor = seasons.get(day);
  if (factor === undefined) {
    factor = season(day);
    seasons.set(day, factor);
  }
  return factor;
}

/** Habits take about two months to form. */
const settlingIn = ({ accessDays }: Account): number => Math.min(1, 0.35 + accessDays / 90);

/** Now and then an account goes quiet for some weeks and comes back: not every fall is a farewell. */
function slump({ usage, random }: Account, day: Day): number {
  const starts = random.chance(SLUMP_STARTS);
  if (starts && day > usage.slumpUntil) usage.slumpUntil = day + random.integer(10, 24);
  return day <= usage.slumpUntil ? 0.35 : 1;
}

/** Invitations, and the day on which the integration gets connected. */
function administer(account: Account, day: Day): void {
  const { usage, team } = account;
  const admin = holder(account, "admin");
  if (!admin) return;
  const connects =
    usage.integratedOn === null &&
    usage.integratesAfter !== null &&
    account.accessDays >= usage.integratesAfter;
  if (team.invitedToday === 0 && (!connects || isWeekend(day))) return;
  const session = openSession(account, admin, day);
  if (team.invitedToday > 0) logEvent(account, session, "invite_user", null, team.invitedToday);
  if (connects && !isWeekend(day)) {
    logEvent(account, session, "connect_integration", null, 1);
    usage.integratedOn = day;
  }
}

function work(account: Account, person: Person, day: Day): void {
  const { random, usage } = account;
  const known = Math.min(features.length, 3 + Math.floor(account.accessDays / usage.daysPerFeature));
  const sessions = random.uniform() < 0.25 ? 2 : 1;
  for (let i = 0; i < sessions; i++) {
    const session = openSession(account, person, day);
    logEvent(account, session, "login", null, 1);
    const actions = 1 + Math.floor(random.uniform() * 3);
    for (let j = 0; j < actions; j++) act(account, session, known);
  }
}

function act(account: Account, session: Session, known: number): void {
  const { random, profile } = account;
  const exports = exportShare[profile.segment];
  const what = random.uniform();
  const quantity = 1 + Math.floor(random.uniform() * 3);
  if (what < exports) logEvent(account, session, "export_data", "exports", quantity);
  else if (what < exports + 0.12) logEvent(account, session, "run_report", "reports", 1);
  else if (what < exports + 0.16) logEvent(account, session, "create_project", null, 1);
  else logEvent(account, session, "use_feature", chooseFeature(account, known), quantity);
}

function chooseFeature({ random, usage }: Account, known: number): string {
  const wantsSticky = random.uniform() < usage.stickiness;
  // One of the known features at random, then on to the next of the wanted kind, if any is known.
  const start = Math.floor(random.uniform() * known);
  for (let i = 0; i < known; i++) {
    const feature = usage.features[(start + i) % known] ?? "dashboards";
    if (isSticky(feature) === wantsSticky) return feature;
  }
  return "dashboards";
}

function callApi(account: Account, day: Day): void {
  const { random, profile } = account;
  const at = day * DAY_MS + random.integer(0, 23) * HOUR_MS + random.integer(0, 3_599) * 1_000;
  const quantity = Math.ceil(random.skewed(profile.seats * 8, 0.8));
  logEvent(account, { id: null, userId: null, day, at }, "api_call", "api", quantity);
}

interface Session {
  readonly id: string | null;
  readonly userId: string | null;
  readonly day: Day;
  /** Instant of the next event, ms. */
  at: number;
}

function openSession(account: Account, person: Person, day: Day): Session {
  const { random, profile, usage } = account;
  person.lastActiveOn = day;
  usage.sessionCount += 1;
  const seconds = Math.floor(random.uniform() * WORKING_HOURS * 3_600);
  const at = day * DAY_MS + firstHour[profile.region] * HOUR_MS + seconds * 1_000;
  return { id: `ses_${profile.number}_${usage.sessionCount}`, userId: person.id, day, at };
}

function logEvent(
  account: Account,
  session: Session,
  event: string,
  feature: string | null,
  quantity: number,
): void {
  const { random, profile, usage, extract } = account;
  usage.eventCount += 1;
  const today = usage.history[usage.history.length - 1];
  if (today) {
    today.events += 1;
    if (feature !== null && isSticky(feature)) today.sticky += 1;
  }
  // A session that began late in the evening must not run into the next day.
  const occurredAt = Math.min(session.at, (session.day + 1) * DAY_MS - 1_000);
  session.at += 5_000 + Math.floor(random.uniform() * 400) * 1_000;
  const loadedAt = loadTime(random, occurredAt, session.day);
  const id = `evt_${profile.number}_${usage.eventCount}`;
  const copies = random.uniform() < DUPLICATED ? 2 : 1;
  for (let copy = 0; copy < copies; copy++) {
    extract.append("product_events", [
      id,
      profile.id,
      session.userId,
      session.id,
      event,
      feature,
      quantity,
      new Date(occurredAt),
      new Date(loadedAt),
    ]);
  }
}

function loadTime(random: Random, occurredAt: number, day: Day): number {
  const way = random.uniform();
  if (way < LATE) return occurredAt + Math.round(random.between(LATE_DAYS[0], LATE_DAYS[1]) * 86_400) * 1_000;
  if (way < LATE + LOADED_WITHIN_THE_HOUR)
    return occurredAt + (60 + Math.floor(random.uniform() * 3_500)) * 1_000;
  return nextMorning(day).getTime();
}

/** Notes the first day of the onboarding on which enough of the seats were active. */
function watchSeats(account: Account, day: Day): void {
  const { usage, customerSince, contract } = account;
  if (usage.enoughSeatsActiveOn !== null || customerSince === null) return;
  if (day > customerSince + traitRules.onboardingDays) return;
  const share = activeUsers(account, day) / coveredSeats(contract, day);
  if (share >= traitRules.activeSeatShare) usage.enoughSeatsActiveOn = day;
}

const sticky: ReadonlySet<string> = new Set(stickyFeatures);
const isSticky = (feature: string): boolean => sticky.has(feature);

function shuffled(list: readonly string[], random: Random): string[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [result[i], result[j]] = [result[j] as string, result[i] as string];
  }
  return result;
}
