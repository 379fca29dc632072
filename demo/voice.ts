import type { Account, Person } from "./account.js";
import { DAY_MS, type Day, isWeekend, nextMorning } from "./calendar.js";
import type { Segment } from "./profile.js";
import { holder } from "./team.js";

/** Everyone is asked again after this many days, on a weekday rotation of their own. */
const SURVEY_EVERY = 91;
const FIRST_SURVEY = 45;
const KEY_PEOPLE_ANSWER = 0.5;
/** Of all members together per round; a large account is not asked more loudly than a small one. */
const MEMBERS_ANSWERING = 1;

/** Per weekday. Trainings and reviews are held by segment: they go with size and have no effect. */
const trainingsPerDay: Record<Segment, number> = {
  enterprise: 0.06,
  mid_market: 0.04,
  small_business: 0.015,
};
const reviewsPerDay: Record<Segment, number> = { enterprise: 1 / 62, mid_market: 1 / 80, small_business: 0 };
const CALLS_PER_DAY = 1 / 55;
/** Accounts with a sponsor hear from our management every ten weeks or so. */
const EXECUTIVE_CALLS_PER_DAY = { sponsored: 1 / 48, others: 1 / 700 } as const;

const praise = ["Saves us hours every week.", "The team loves it.", "Support was quick and kind."] as const;
const shrugs = ["Does what it should.", "Good, but reports are slow.", "Would like more templates."] as const;
const complaints = [
  "Too hard to set up.",
  "We wait too long for fixes.",
  "Nobody here uses it any more.",
] as const;

const outcomeKinds = {
  hours_saved: { unit: "hours/month", median: 60 },
  reporting_time_cut: { unit: "percent", median: 35 },
  revenue_influenced: { unit: "USD", median: 40_000 },
  cost_avoided: { unit: "USD", median: 12_000 },
} as const;

/** Surveys, contacts and confirmed outcomes of a day with access. */
export function runVoice(account: Account, day: Day): void {
  survey(account, day);
  if (isWeekend(day)) return;
  meet(account, day);
  confirmOutcome(account, day);
}

function survey(account: Account, day: Day): void {
  const { team, random } = account;
  if (account.accessDays < FIRST_SURVEY) return;
  const members = Math.max(1, team.present.length - 2);
  for (const person of team.present) {
    if ((account.accessDays - FIRST_SURVEY) % SURVEY_EVERY !== (person.number * 7) % SURVEY_EVERY) continue;
    const likely = person.role === "member" ? Math.min(0.3, MEMBERS_ANSWERING / members) : KEY_PEOPLE_ANSWER;
    if (random.chance(likely)) answer(account, person, day);
  }
}

function answer(account: Account, person: Person, day: Day): void {
  const { random, profile, extract, voice, support } = account;
  const sinceMs = (day - 60) * DAY_MS;
  const hadBadTicket = support.urgent.some(
    ({ openedAt, resolvedAt }) => openedAt >= sinceMs && resolvedAt - openedAt > 3 * DAY_MS,
  );
  const opinion = person.opinion - (hadBadTicket ? 0.8 : 0) + random.normal(0, 0.7);
  const score = Math.min(10, Math.max(0, Math.round(opinion)));
  const comments = score >= 9 ? praise : score >= 7 ? shrugs : complaints;
  const comment = random.pick(comments);
  const hasComment = random.chance(0.4);
  person.lastAnswer = { day, score };
  voice.answerCount += 1;
  const id = `nps_${profile.number}_${voice.answerCount}`;
  const words = hasComment ? comment : null;
  const at = workingHour(account, day);
  extract.append("nps_responses", [id, profile.id, person.id, score, words, at, nextMorning(day)]);
}

type ContactKind = "kick_off" | "training" | "qbr" | "call" | "executive_call";

function meet(account: Account, day: Day): void {
  const { profile, random, voice, customerSince } = account;
  const champion = holder(account, "champion") ?? holder(account, "admin");
  const executive = holder(account, "executive");
  const tenure = customerSince === null ? -1 : day - customerSince;
  const executiveCall = random.chance(EXECUTIVE_CALLS_PER_DAY[profile.isSponsored ? "sponsored" : "others"]);
  const other = random.uniform();
  if (executiveCall && executive && tenure >= 14) {
    logContact(account, executive, "executive_call", day);
    voice.executiveContactOn = day;
  }
  if (!champion || tenure < 0) return;
  if (tenure < 12) {
    if (other < 0.25 && voice.touchpointCount === 0) logContact(account, champion, "kick_off", day);
  } else if (tenure < 60) {
    if (other < trainingsPerDay[profile.segment]) logContact(account, champion, "training", day);
  } else if (other < reviewsPerDay[profile.segment]) {
    logContact(account, champion, "qbr", day);
  } else if (other > 1 - CALLS_PER_DAY) {
    logContact(account, champion, "call", day);
  }
}

function logContact(account: Account, person: Person, kind: ContactKind, day: Day): void {
  const { profile, extract, voice } = account;
  voice.touchpointCount += 1;
  const id = `tch_${profile.number}_${voice.touchpointCount}`;
  const at = workingHour(account, day);
  extract.append("touchpoints", [id, profile.id, person.id, kind, at, profile.csm, nextMorning(day)]);
}

function confirmOutcome(account: Account, day: Day): void {
  const { profile, random, extract, voice, customerSince } = account;
  const confirms = random.chance(Math.exp(0.6 * profile.fit) / 300);
  if (!confirms || customerSince === null || day - customerSince < 45) return;
  const name = random.pick(["hours_saved", "reporting_time_cut", "revenue_influenced", "cost_avoided"]);
  const { unit, median } = outcomeKinds[name];
  const value = Math.round(unit === "percent" ? random.between(10, 60) : random.skewed(median, 0.8));
  voice.outcomeCount += 1;
  voice.outcomeOn = day;
  const id = `out_${profile.number}_${voice.outcomeCount}`;
  const at = workingHour(account, day);
  extract.append("outcomes", [id, profile.id, name, value, unit, at, nextMorning(day)]);
}

function workingHour({ random }: Account, day: Day): Date {
  return new Date(day * DAY_MS + random.integer(8 * 60, 18 * 60) * 60_000);
}
