/**
 * The truth of the demo company: what moves the odds that a customer leaves, and by how much. Every renewal
 * is drawn from `churnProbability`, from nothing else, so an analysis can be held against these numbers.
 */

/** How often a customer decides. Annual and quarterly terms end and are signed anew; monthly ones roll on. */
export type Rhythm = "annual" | "quarterly" | "monthly";

/** Days before the renewal at which the customer makes up its mind; traits are read at the end of that day. */
export const decisionLeadDays: Readonly<Record<Rhythm, number>> = { annual: 60, quarterly: 30, monthly: 14 };

/** The first renewals of a monthly customer that nobody thinks about: it is committed for three months. */
export const MONTHLY_COMMITMENT = 3;

/** Odds of leaving of a mid-market customer with no trait at all. */
export const baselineOdds: Readonly<Record<Rhythm, number>> = {
  annual: 0.52,
  quarterly: 0.13,
  monthly: 0.04,
};

/**
 * Odds ratios per trait; the odds are the baseline times the product over the traits that hold.
 * "Customer start" is the first paid day; windows reach back from the decision day, both ends included.
 */
export const effects = {
  /** A `connect_integration` event at the latest on day 30 after customer start, one during the trial included. */
  integration_within_30d: 0.45,
  /** On some day 0 … 30 after customer start, users active in the trailing 28 days were >= 20 % of the seats. */
  seats_active_within_30d: 0.5,
  /** An `executive_call` touchpoint in the last 120 days. */
  executive_contact_120d: 0.6,
  /** An outcome confirmed in the last 180 days. */
  outcome_confirmed_180d: 0.65,
  /** Of the events of the last 28 days, >= 20 % on a sticky feature; false without events. */
  sticky_share_28d: 0.7,
  /** An urgent ticket opened in the last 120 days that stayed, or has been, open for more than 7 days. */
  urgent_open_over_7d: 1.8,
  /** Nobody with the role champion is there any more. */
  champion_gone: 2.2,
  /** For at least one person the latest NPS answer of the last 180 days is 0 … 6. */
  detractor_180d: 1.5,
  is_enterprise: 0.75,
  is_small_business: 1.3,
} as const;

export type Trait = keyof typeof effects;
export type Traits = Readonly<Record<Trait, boolean>>;

/** Windows and thresholds of the traits above, in days unless named otherwise. */
export const traitRules = {
  onboardingDays: 30,
  activeWindow: 28,
  activeSeatShare: 0.2,
  executiveWindow: 120,
  outcomeWindow: 180,
  stickyWindow: 28,
  stickyShare: 0.2,
  urgentWindow: 120,
  urgentOpenDays: 7,
  npsWindow: 180,
} as const;

/** What goes with size or segment, and so with churn, but has no effect of its own. */
export const decoys = [
  "exports",
  "tickets opened",
  "region",
  "csm",
  "tier",
  "industry",
  "qbr",
  "training",
] as const;

export const stickyFeatures = ["dashboards", "automations", "api"] as const;

/** Probability in (0, 1) that the customer leaves at this renewal. */
export function churnProbability(rhythm: Rhythm, traits: Traits): number {
  let odds = baselineOdds[rhythm];
  for (const trait of Object.keys(effects) as Trait[]) if (traits[trait]) odds *= effects[trait];
  return odds / (1 + odds);
}

/**
 * Probabilities that a renewing customer changes its seats, by users active in 28 days / seats on the
 * decision day. Growth follows use, so net revenue retention does too.
 */
export function seatChangeProbabilities(utilisation: number): { expands: number; contracts: number } {
  if (utilisation >= 0.5) return { expands: 0.45, contracts: 0.03 };
  if (utilisation >= 0.2) return { expands: 0.28, contracts: 0.06 };
  return { expands: 0.08, contracts: 0.2 };
}

/** The symptom: usage falls in a straight line from the decision to leave down to this share on the last day. */
export const LAST_DAY_USAGE = 0.15;

/** Share of leavers whose usage shows nothing. */
export const QUIET_LEAVERS = 0.15;
