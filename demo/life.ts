import type { Account } from "./account.js";
import { type Day, dateOf } from "./calendar.js";
import { coveredSeats, hasAccess, isOver, newContract, runContracts, settleRenewal } from "./contracts.js";
import { churnProbability, type Rhythm, type Traits } from "./effects.js";
import type { Extract } from "./extract.js";
import { plantFault } from "./faults.js";
import { type Arrival, drawProfile } from "./profile.js";
import { randomStream } from "./random.js";
import { runSupport } from "./support.js";
import { newTeam, runTeam } from "./team.js";
import { traitsOn } from "./traits.js";
import { activeUsers, newUsage, runUsage } from "./usage.js";
import { runVoice } from "./voice.js";

/** One renewal as it was really decided: the truth that raw tables only hint at. */
export interface Renewal {
  readonly accountId: string;
  readonly rhythm: Rhythm;
  /** Civil dates: when the customer made up its mind, and the renewal: for a leaver, the first day not covered. */
  readonly decidedOn: string;
  readonly renewsOn: string;
  /** As of the end of `decidedOn`. */
  readonly traits: Traits;
  /** Of leaving, by `churnProbability`. */
  readonly probability: number;
  readonly churned: boolean;
}

/**
 * Walks an account day by day from its sign-up to `through`, both included, and writes what happens to
 * `extract`. Draws never depend on `through`: a longer life begins with exactly the shorter one.
 */
export function live(
  arrival: Arrival,
  seed: number,
  through: Day,
  extract: Extract,
  onRenewal: (renewal: Renewal) => void,
): void {
  const account = signUp(arrival, seed, extract);
  const { contract } = account;
  for (let day = account.profile.signedUpOn; day <= through; day++) {
    runContracts(account, day);
    if (hasAccess(contract, day)) {
      runTeam(account, day);
      runUsage(account, day);
      runSupport(account, day);
      runVoice(account, day);
      account.accessDays += 1;
      plantFault(account, day);
    } else if (isOver(contract, day)) return;
    if (day === contract.decidesOn) onRenewal(decide(account, day));
  }
}

function signUp(arrival: Arrival, seed: number, extract: Extract): Account {
  const random = randomStream(seed, arrival.index);
  const profile = drawProfile(arrival, random, extract);
  return {
    profile,
    random,
    extract,
    accessDays: 0,
    customerSince: null,
    contract: newContract(profile, random),
    team: newTeam(profile, random),
    usage: newUsage(profile, random),
    support: { ticketCount: 0, urgent: [] },
    voice: { answerCount: 0, touchpointCount: 0, outcomeCount: 0, executiveContactOn: null, outcomeOn: null },
  };
}

function decide(account: Account, day: Day): Renewal {
  const { contract, profile, random } = account;
  const traits = traitsOn(account, day);
  const probability = churnProbability(profile.rhythm, traits);
  const churned = random.chance(probability);
  const renewsOn = contract.current?.renewsOn ?? day;
  settleRenewal(account, day, churned, activeUsers(account, day) / Math.max(1, coveredSeats(contract, day)));
  return {
    accountId: profile.id,
    rhythm: profile.rhythm,
    decidedOn: dateOf(day),
    renewsOn: dateOf(renewsOn),
    traits,
    probability,
    churned,
  };
}
