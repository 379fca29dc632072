import type { Day } from "./calendar.js";
import type { Extract } from "./extract.js";
import type { Profile } from "./profile.js";
import type { Random } from "./random.js";

/** One account in the middle of its life: what its days so far have left behind. Null = not yet, or never. */
export interface Account {
  readonly profile: Profile;
  readonly random: Random;
  readonly extract: Extract;
  /** Days before today on which it could use the product. */
  accessDays: number;
  /** The first paid day. */
  customerSince: Day | null;
  readonly contract: Contract;
  readonly team: Team;
  readonly usage: Usage;
  readonly support: Support;
  readonly voice: Voice;
}

/** One row of `subscriptions`; `endsOn` is the first day not covered. */
export interface Term {
  readonly id: string;
  readonly startsOn: Day;
  endsOn: Day | null;
  readonly seats: number;
  readonly pricePerSeat: number;
  renewsOn: Day | null;
  readonly isTrial: boolean;
  readonly plan: string;
}

export interface Contract {
  readonly terms: Term[];
  trialStartsOn: Day | null;
  readonly trialDays: number;
  paidStartsOn: Day | null;
  /** The main paid term: in force, or run out while its late successor is still being negotiated. */
  current: Term | null;
  /** Where monthly renewals are counted from, so that the 31st stays the 31st, and how many there were. */
  rollsFrom: Day;
  rolls: number;
  addOn: { readonly startsOn: Day; readonly seats: number } | null;
  /** The day on which the customer makes up its mind about `current`. */
  decidesOn: Day | null;
  /** The agreed successor; `term` once it is signed. */
  next: { readonly signedOn: Day; readonly startsOn: Day; readonly seats: number; term: Term | null } | null;
  leaving: { readonly decidedOn: Day; readonly endsOn: Day; readonly isQuiet: boolean } | null;
  returnsOn: Day | null;
}

export type Role = "admin" | "champion" | "executive" | "member";

export interface Person {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly role: Role;
  readonly joinedOn: Day;
  /** Settled on joining, told to nobody before the day. */
  readonly leavesOn: Day;
  /** Probability of using the product on an ordinary weekday once settled in, 0..1. */
  readonly pace: number;
  /** What this person thinks of the product, on the scale of NPS. */
  readonly opinion: number;
  lastActiveOn: Day | null;
  lastAnswer: { readonly day: Day; readonly score: number } | null;
}

export interface Team {
  readonly everyone: Person[];
  present: Person[];
  /** Share of the seats that will ever be given to somebody. */
  readonly fill: number;
  /** Share of the seats still to be given out that is given out per weekday. */
  readonly speed: number;
  readonly expected: { readonly on: Day; readonly role: Role }[];
  invitedToday: number;
}

export interface Usage {
  /** Multiplies everybody's pace. */
  readonly level: number;
  /** Share of feature use that goes to sticky features once they are found, 0..1. */
  readonly stickiness: number;
  /** Features in the order in which the account finds them, one more every `daysPerFeature`. */
  readonly features: readonly string[];
  readonly daysPerFeature: number;
  readonly callsApi: boolean;
  /** Days of access before the integration is connected. */
  readonly integratesAfter: number | null;
  integratedOn: Day | null;
  enoughSeatsActiveOn: Day | null;
  slumpUntil: Day;
  eventCount: number;
  sessionCount: number;
  /** Per day with events, oldest first: how many, and how many on sticky features. */
  readonly history: { readonly day: Day; events: number; sticky: number }[];
}

export interface Support {
  ticketCount: number;
  /** Instants in ms; `resolvedAt` is Infinity where it never will be. */
  readonly urgent: { readonly openedAt: number; readonly resolvedAt: number }[];
}

export interface Voice {
  answerCount: number;
  touchpointCount: number;
  outcomeCount: number;
  executiveContactOn: Day | null;
  outcomeOn: Day | null;
}
