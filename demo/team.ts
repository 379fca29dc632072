import type { Account, Person, Role, Team } from "./account.js";
import { type Day, dateOf, isWeekend, nextMorning, sameDay } from "./calendar.js";
import { coveredSeats } from "./contracts.js";
import { personName } from "./names.js";
import type { Profile } from "./profile.js";
import type { Random } from "./random.js";

/** Mean years that a person of the role stays. */
const meanStay: Record<Role, number> = { admin: 5, champion: 4.5, executive: 6, member: 4 };
const CHAMPION_REPLACED = 0.35;
const DORMANT = 0.4;

export function newTeam({ fit }: Profile, random: Random): Team {
  const fill = Math.min(1.1, Math.max(0.15, 0.62 + 0.18 * fit + random.normal(0, 0.15)));
  return {
    everyone: [],
    present: [],
    fill,
    speed: 0.03 * Math.exp(0.5 * fit + random.normal(0, 0.6)),
    expected: [],
    invitedToday: 0,
  };
}

/** Who joins and who leaves on a day with access. */
export function runTeam(account: Account, day: Day): void {
  const { team, random, contract, profile } = account;
  team.invitedToday = 0;
  if (account.accessDays === 0) {
    join(account, "admin", day);
    join(account, "champion", day);
    if (profile.hasExecutive) team.expected.push({ on: day + random.integer(2, 30), role: "executive" });
  }
  for (const person of team.present) if (person.leavesOn <= day) depart(account, person, day);
  while (team.expected[0] && team.expected[0].on <= day) {
    join(account, team.expected[0].role, day);
    team.expected.shift();
  }
  if (isWeekend(day)) return;
  const wanted = Math.max(3, Math.round(coveredSeats(contract, day) * team.fill)) - team.present.length;
  const joining = Math.max(0, wanted) * Math.min(0.5, team.speed);
  const joins = Math.floor(joining) + (random.chance(joining % 1) ? 1 : 0);
  for (let i = 0; i < joins; i++) join(account, "member", day);
}

/** The first present person of the role. */
export function holder({ team }: Account, role: Role): Person | undefined {
  return team.present.find((person) => person.role === role);
}

function join(account: Account, role: Role, day: Day): void {
  const { team, random, profile } = account;
  const number = team.everyone.length + 1;
  const person: Person = {
    id: `usr_${String(profile.number).padStart(5, "0")}_${String(number).padStart(3, "0")}`,
    number,
    name: personName(random),
    role,
    joinedOn: day,
    leavesOn: day + 30 + Math.round(random.exponential(meanStay[role] * 365)),
    pace: drawPace(random, role),
    opinion: random.normal(8.9 + 0.55 * profile.fit, 1.3),
    lastActiveOn: null,
    lastAnswer: null,
  };
  team.everyone.push(person);
  team.present.push(person);
  if (number > 1) team.invitedToday += 1;
  writePerson(account, person, null, sameDay(day));
}

function depart(account: Account, person: Person, day: Day): void {
  const { team, random } = account;
  team.present = team.present.filter((other) => other !== person);
  writePerson(account, person, day, nextMorning(day));
  const isReplaced = person.role === "champion" ? random.chance(CHAMPION_REPLACED) : person.role !== "member";
  const pause = person.role === "admin" ? 0 : random.integer(20, 100);
  if (!isReplaced) return;
  team.expected.push({ on: day + pause, role: person.role });
  team.expected.sort((a, b) => a.on - b.on);
}

function drawPace(random: Random, role: Role): number {
  const pace = Math.min(0.85, random.skewed(0.07, 0.8));
  if (role === "admin" || role === "champion") return Math.max(0.12, pace);
  if (role === "executive") return 0.03;
  return random.chance(DORMANT) ? pace * 0.1 : pace;
}

function writePerson(
  { profile, extract }: Account,
  person: Person,
  leftOn: Day | null,
  loadedAt: Date,
): void {
  const left = leftOn === null ? null : dateOf(leftOn);
  const { id, name, role, joinedOn } = person;
  extract.revise("people", id, [id, profile.id, name, role, dateOf(joinedOn), left, loadedAt]);
}
