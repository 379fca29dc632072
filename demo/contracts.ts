import type { Account, Contract, Term } from "./account.js";
import { addMonths, type Day, dateOf, nextMorning } from "./calendar.js";
import {
  decisionLeadDays,
  LAST_DAY_USAGE,
  MONTHLY_COMMITMENT,
  QUIET_LEAVERS,
  seatChangeProbabilities,
} from "./effects.js";
import type { Profile, Segment } from "./profile.js";
import type { Random } from "./random.js";

const NEVER_TRIES = 0.05;
const TRIES_FIRST = 0.48;
const TRIAL_CONVERTS = 0.87;
const RETURNS = 0.08;
/** Of the renewals of fixed terms: signed after the old term ran out, and begun before it did. */
const SIGNED_LATE = 0.04;
const BEGUN_EARLY = 0.02;
const ADDS_ON = 0.12;

const monthsOfTerm = { annual: 12, quarterly: 3, monthly: 1 } as const;
const rhythmMarkup = { annual: 1, quarterly: 1.1, monthly: 1.2 } as const;
const YEARLY_UPLIFT = 1.03;
const plans: Record<Segment, { readonly name: string; readonly pricePerSeat: number }> = {
  enterprise: { name: "enterprise", pricePerSeat: 52 },
  mid_market: { name: "business", pricePerSeat: 40 },
  small_business: { name: "team", pricePerSeat: 27 },
};

/** How the account will come to the product, if it will: by trial, directly, or not at all. */
export function newContract(profile: Profile, random: Random): Contract {
  const way = random.uniform();
  const trialDays = profile.segment === "small_business" ? 14 : 30;
  const trialStartsOn = profile.signedUpOn + random.integer(0, 2);
  const converts = random.chance(TRIAL_CONVERTS);
  const pause = random.chance(0.7) ? 0 : random.integer(1, 6);
  const salesCycle = random.integer(0, 21);
  const tries = way >= NEVER_TRIES && way < NEVER_TRIES + TRIES_FIRST;
  const buysDirectly = way >= NEVER_TRIES + TRIES_FIRST;
  const afterTrial = tries && converts ? trialStartsOn + trialDays + pause : null;
  return {
    terms: [],
    trialStartsOn: tries ? trialStartsOn : null,
    trialDays,
    paidStartsOn: buysDirectly ? profile.signedUpOn + salesCycle : afterTrial,
    current: null,
    rollsFrom: 0,
    rolls: 0,
    addOn: null,
    decidesOn: null,
    next: null,
    leaving: null,
    returnsOn: null,
  };
}

/** What starts, ends, is signed or rolls on this day, before anybody uses the product. */
export function runContracts(account: Account, day: Day): void {
  const { contract } = account;
  if (day === contract.trialStartsOn) startTrial(account, day);
  if (day === contract.paidStartsOn) {
    account.customerSince = day;
    startPaid(account, day);
  }
  if (day === contract.returnsOn) {
    contract.returnsOn = null;
    startPaid(account, day);
  }
  if (day === contract.addOn?.startsOn) startAddOn(account, day);
  if (day === contract.next?.signedOn) signNext(account, day);
  if (day === contract.next?.startsOn && contract.next.term) enterTerm(account, contract.next.term);
  if (day === contract.leaving?.endsOn) leave(account, day);
  if (account.profile.rhythm === "monthly" && day === contract.current?.renewsOn) rollMonth(account, day);
}

/** What follows from the decision on `current`; a stay is signed weeks later, a departure shows at the end. */
export function settleRenewal(account: Account, day: Day, leaves: boolean, utilisation: number): void {
  const { contract, profile, random } = account;
  const current = contract.current;
  if (!current || current.renewsOn === null) return;
  contract.decidesOn = null;
  if (leaves) {
    contract.leaving = { decidedOn: day, endsOn: current.renewsOn, isQuiet: random.chance(QUIET_LEAVERS) };
    return;
  }
  // A monthly contract simply rolls on; its seats change then.
  if (profile.rhythm === "monthly") return;
  const seats = renewedSeats(random, coveredSeats(contract, day), utilisation);
  const timing = random.uniform();
  const end = current.renewsOn;
  const notice = random.integer(1, 20);
  if (timing < SIGNED_LATE) {
    const startsOn = end + random.integer(1, 25);
    contract.next = { signedOn: startsOn, startsOn, seats, term: null };
  } else if (timing < SIGNED_LATE + BEGUN_EARLY) {
    contract.next = { signedOn: end - 13, startsOn: end - 10, seats, term: null };
  } else {
    contract.next = { signedOn: end - notice, startsOn: end, seats, term: null };
  }
}

/** Seats of all terms covering `day`, trials included. */
export function coveredSeats(contract: Contract, day: Day): number {
  let seats = 0;
  for (const term of contract.terms) if (covers(term, day)) seats += term.seats;
  return seats;
}

/** Can the account use the product? A customer between two terms can: nobody is locked out mid-negotiation. */
export function hasAccess(contract: Contract, day: Day): boolean {
  return contract.current !== null || contract.terms.some((term) => covers(term, day));
}

/** Nothing will ever happen to this account again. */
export function isOver(contract: Contract, day: Day): boolean {
  const starts = [contract.trialStartsOn, contract.paidStartsOn, contract.returnsOn];
  return !hasAccess(contract, day) && starts.every((start) => start === null || start < day);
}

/** What is left of the usual usage of a customer that has decided to leave, `LAST_DAY_USAGE`..1. */
export function fading({ leaving }: Contract, day: Day): number {
  if (!leaving || leaving.isQuiet) return 1;
  const gone = (day - leaving.decidedOn) / Math.max(1, leaving.endsOn - 1 - leaving.decidedOn);
  return 1 - (1 - LAST_DAY_USAGE) * gone;
}

const covers = (term: Term, day: Day): boolean =>
  term.startsOn <= day && (term.endsOn === null || day < term.endsOn);

function startTrial(account: Account, day: Day): void {
  const seats = Math.max(3, Math.round(account.profile.seats * 0.25));
  const endsOn = day + account.contract.trialDays;
  addTerm(account, day, {
    startsOn: day,
    endsOn,
    seats,
    pricePerSeat: 0,
    renewsOn: null,
    isTrial: true,
    plan: "trial",
  });
}

function startPaid(account: Account, day: Day): void {
  const { profile, random } = account;
  const listPrice = plans[profile.segment].pricePerSeat * rhythmMarkup[profile.rhythm];
  enterTerm(account, addPaidTerm(account, day, day, profile.seats, listPrice * random.between(0.85, 1.1)));
}

function signNext(account: Account, day: Day): void {
  const { contract, profile } = account;
  if (!contract.next || !contract.current) return;
  const uplift = profile.rhythm === "annual" ? YEARLY_UPLIFT : 1;
  const pricePerSeat = contract.current.pricePerSeat * uplift;
  contract.next.term = addPaidTerm(account, day, contract.next.startsOn, contract.next.seats, pricePerSeat);
}

function addPaidTerm(
  account: Account,
  signedOn: Day,
  startsOn: Day,
  seats: number,
  pricePerSeat: number,
): Term {
  const { segment, rhythm } = account.profile;
  const renewsOn = addMonths(startsOn, monthsOfTerm[rhythm]);
  const endsOn = rhythm === "monthly" ? null : renewsOn;
  return addTerm(account, signedOn, {
    startsOn,
    endsOn,
    seats,
    pricePerSeat,
    renewsOn,
    isTrial: false,
    plan: plans[segment].name,
  });
}

/** Makes `term` the main one and sets the dates that hang on it. */
function enterTerm({ contract, profile, random }: Account, term: Term): void {
  const { rhythm } = profile;
  contract.current = term;
  contract.next = null;
  contract.rollsFrom = term.startsOn;
  contract.rolls = 0;
  if (rhythm === "monthly" || term.renewsOn === null) return;
  contract.decidesOn = term.renewsOn - decisionLeadDays[rhythm];
  if (rhythm !== "annual") return;
  const addsOn = random.chance(ADDS_ON);
  const startsOn = term.startsOn + random.integer(60, 240);
  const seats = Math.ceil(term.seats * random.between(0.1, 0.4));
  contract.addOn = addsOn ? { startsOn, seats } : null;
}

/** More seats in mid-term: a second term beside the main one, ending with it. */
function startAddOn(account: Account, day: Day): void {
  const { addOn, current } = account.contract;
  if (!addOn || !current) return;
  const { endsOn, renewsOn, pricePerSeat } = current;
  addTerm(account, day, {
    startsOn: day,
    endsOn,
    seats: addOn.seats,
    pricePerSeat,
    renewsOn,
    isTrial: false,
    plan: "add_on",
  });
}

function leave(account: Account, day: Day): void {
  const { contract, random } = account;
  const current = contract.current;
  if (current && current.endsOn === null) {
    current.endsOn = day;
    current.renewsOn = null;
    writeTerm(account, current, day);
  }
  contract.current = null;
  contract.leaving = null;
  contract.addOn = null;
  const returns = random.chance(RETURNS);
  const pause = random.integer(40, 200);
  contract.returnsOn = returns ? day + pause : null;
}

function rollMonth(account: Account, day: Day): void {
  const { contract, random } = account;
  const current = contract.current;
  if (!current) return;
  contract.rolls += 1;
  const renewsOn = addMonths(contract.rollsFrom, contract.rolls + 1);
  const change = random.uniform();
  const factor = change < 0.04 ? random.between(1.15, 1.5) : change < 0.05 ? random.between(0.6, 0.9) : 1;
  const seats = Math.max(2, Math.round(current.seats * factor));
  if (seats === current.seats) {
    current.renewsOn = renewsOn;
    writeTerm(account, current, day);
  } else {
    const { pricePerSeat, isTrial, plan } = current;
    current.endsOn = day;
    writeTerm(account, current, day);
    contract.current = addTerm(account, day, {
      startsOn: day,
      endsOn: null,
      seats,
      pricePerSeat,
      renewsOn,
      isTrial,
      plan,
    });
  }
  // The coming renewal is the one after the months so far.
  if (contract.rolls + 1 >= MONTHLY_COMMITMENT) contract.decidesOn = renewsOn - decisionLeadDays.monthly;
}

function renewedSeats(random: Random, seats: number, utilisation: number): number {
  const { expands, contracts } = seatChangeProbabilities(utilisation);
  const change = random.uniform();
  const growth = random.between(1.1, 1.5);
  const shrinkage = random.between(0.6, 0.9);
  if (change < expands) return Math.ceil(seats * growth);
  if (change < expands + contracts) return Math.max(2, Math.floor(seats * shrinkage));
  return seats;
}

function addTerm(account: Account, signedOn: Day, terms: Omit<Term, "id">): Term {
  const { contract, profile } = account;
  const count = String(contract.terms.length + 1).padStart(2, "0");
  const term: Term = { id: `sub_${String(profile.number).padStart(5, "0")}_${count}`, ...terms };
  contract.terms.push(term);
  writeTerm(account, term, signedOn);
  return term;
}

function writeTerm({ profile, extract }: Account, term: Term, knownOn: Day): void {
  extract.revise("subscriptions", term.id, [
    term.id,
    profile.id,
    dateOf(term.startsOn),
    term.endsOn === null ? null : dateOf(term.endsOn),
    term.seats,
    (term.seats * term.pricePerSeat).toFixed(2),
    term.renewsOn === null ? null : dateOf(term.renewsOn),
    term.isTrial,
    term.plan,
    nextMorning(knownOn),
  ]);
}
