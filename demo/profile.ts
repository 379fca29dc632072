import { type Day, dateOf, sameDay } from "./calendar.js";
import type { Rhythm } from "./effects.js";
import type { Extract } from "./extract.js";
import { companyName } from "./names.js";
import type { Random } from "./random.js";

export type Segment = "enterprise" | "mid_market" | "small_business";

/** What is settled about an account on the day it signs up. */
export interface Profile {
  readonly id: string;
  readonly number: number;
  readonly signedUpOn: Day;
  readonly segment: Segment;
  readonly region: Region;
  readonly csm: string;
  /** How well product and customer suit each other, normal(0, 1). Moves the traits; never churn itself. */
  readonly fit: number;
  /** How hard its support problems are, normal(0, 1). */
  readonly trouble: number;
  readonly seats: number;
  readonly rhythm: Rhythm;
  readonly hasExecutive: boolean;
  /** Has a sponsor in our own management, who calls every ten weeks or so. */
  readonly isSponsored: boolean;
}

type Region = "amer" | "emea" | "apac" | "latam";

/** Share of the accounts that sign up in the launch quarter; the others arrive at a constant rate. */
const LAUNCH_SHARE = 0.4;
const LAUNCH_DAYS = 90;
const ARRIVAL_DAYS = 730;
/** Nobody signs up at once, so that an event before sign-up still falls on or after `from`. */
const FIRST_SIGN_UP = 2;

/** An account to come: it signs up within a week of `notBefore`. */
export interface Arrival {
  readonly index: number;
  readonly notBefore: Day;
}

/**
 * The earliest day on which account `index` may sign up, in days after `from`. Not decreasing over the steady
 * arrivals, which is why the generator may stop at the first one past its end.
 */
export function earliestSignUp(index: number, accounts: number): number {
  const launched = Math.round(accounts * LAUNCH_SHARE);
  if (index < launched) return FIRST_SIGN_UP + Math.floor((index / launched) * LAUNCH_DAYS);
  return FIRST_SIGN_UP + Math.floor(((index - launched) / (accounts - launched)) * ARRIVAL_DAYS);
}

export function isSteadyArrival(index: number, accounts: number): boolean {
  return index >= Math.round(accounts * LAUNCH_SHARE);
}

const segmentWeights: Record<Segment, number> = { enterprise: 0.13, mid_market: 0.34, small_business: 0.53 };
const typicalSeats: Record<Segment, number> = { enterprise: 105, mid_market: 30, small_business: 8 };
const seatLimits: Record<Segment, readonly [number, number]> = {
  enterprise: [50, 280],
  mid_market: [14, 70],
  small_business: [3, 16],
};
const rhythmWeights: Record<Segment, Record<Rhythm, number>> = {
  enterprise: { annual: 0.95, quarterly: 0.05, monthly: 0 },
  mid_market: { annual: 0.8, quarterly: 0.12, monthly: 0.08 },
  small_business: { annual: 0.55, quarterly: 0.2, monthly: 0.25 },
};
const executiveShare: Record<Segment, number> = { enterprise: 0.97, mid_market: 0.85, small_business: 0.6 };
const sponsoredShare: Record<Segment, number> = { enterprise: 0.7, mid_market: 0.5, small_business: 0.3 };

/** Region and CSM go with the segment and nothing else: they look as if they mattered. */
const regionWeights: Record<Segment, Record<Region, number>> = {
  enterprise: { amer: 0.55, emea: 0.35, apac: 0.07, latam: 0.03 },
  mid_market: { amer: 0.45, emea: 0.3, apac: 0.17, latam: 0.08 },
  small_business: { amer: 0.25, emea: 0.25, apac: 0.25, latam: 0.25 },
};
const csmWeights: Record<Segment, Record<string, number>> = {
  enterprise: { "Mara Quell": 5, "Joren Aske": 4, "Ilse Varga": 1 },
  mid_market: { "Joren Aske": 1, "Ilse Varga": 4, "Tomas Rield": 4, "Nadia Fenn": 2 },
  small_business: { "Nadia Fenn": 3, "Pia Lorne": 5, "Okan Dray": 5, "Ilse Varga": 1 },
};
const industryWeights = {
  software: 22,
  manufacturing: 16,
  retail: 14,
  finance: 13,
  logistics: 11,
  healthcare: 11,
  education: 8,
  unknown: 5,
};

/** Draws an account and writes its CRM row. */
export function drawProfile({ index, notBefore }: Arrival, random: Random, extract: Extract): Profile {
  const number = index + 1;
  const signedUpOn = notBefore + random.integer(0, 6);
  const segment = random.weighted(segmentWeights);
  const [fewest, most] = seatLimits[segment];
  const seats = Math.round(Math.min(most, Math.max(fewest, random.skewed(typicalSeats[segment], 0.45))));
  const profile: Profile = {
    id: `acc_${String(number).padStart(5, "0")}`,
    number,
    signedUpOn,
    segment,
    region: random.weighted(regionWeights[segment]),
    csm: random.weighted(csmWeights[segment]),
    fit: random.normal(),
    trouble: random.normal(),
    seats,
    rhythm: random.weighted(rhythmWeights[segment]),
    hasExecutive: random.chance(executiveShare[segment]),
    isSponsored: random.chance(sponsoredShare[segment]),
  };
  const industry = random.weighted(industryWeights);
  extract.append("crm_accounts", [
    profile.id,
    companyName(index, random),
    dateOf(signedUpOn),
    segment,
    profile.region,
    seats >= 60 ? "gold" : seats >= 20 ? "silver" : "bronze",
    industry === "unknown" ? null : industry,
    profile.csm,
    sameDay(signedUpOn),
  ]);
  return profile;
}
