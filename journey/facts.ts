import type { ColumnType } from "../warehouse/sql.js";

/** A fact of an account on a day: what conditions, indicators and trends speak of. */
export interface Fact {
  readonly type: ColumnType;
  readonly unit: string;
  readonly description: string;
  /** Sources and source columns without which it is null. */
  readonly needs: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

const users = ["usage_events.user_id"];
const usage = ["usage_events"];
const features = ["usage_events.feature"];
const logins = ["usage_events.event"];
const tickets = ["tickets"];
const contracts = ["contracts"];

/**
 * The built-in facts, one row per account and day in `account_facts`. A fact on day D knows only what
 * happened before the end of D; a trailing window of n days at D is D−n+1 … D. Counts are 0 where nothing
 * happened, measurements null; every fact is null where a source it needs is not mapped.
 */
export const facts = {
  is_customer: {
    type: "boolean",
    unit: "yes/no",
    needs: contracts,
    description: "A paid contract covers the day.",
  },
  is_trial: { type: "boolean", unit: "yes/no", needs: contracts, description: "A trial covers the day." },
  account_age_days: {
    type: "integer",
    unit: "days",
    needs: [],
    min: 0,
    description: "Days since the account was created; 0 on its first day.",
  },
  tenure_days: {
    type: "integer",
    unit: "days",
    needs: contracts,
    min: 0,
    description: "Days since the first paid day; 0 on it, null before.",
  },
  days_since_coverage_ended: {
    type: "integer",
    unit: "days",
    needs: contracts,
    min: 0,
    description:
      "Days since paid coverage last ended; 0 on the first day without, null while covered or never covered.",
  },
  days_to_renewal: {
    type: "integer",
    unit: "days",
    needs: contracts,
    description: "Days to the nearest renewal of the paid contracts that cover the day; null without one.",
  },
  seats: {
    type: "integer",
    unit: "seats",
    needs: ["contracts.seats"],
    min: 0,
    description: "Licensed users over the paid contracts that cover the day; null without one.",
  },
  mrr: {
    type: "decimal",
    unit: "money per month",
    needs: ["contracts.mrr"],
    min: 0,
    description: "Monthly recurring revenue over the paid contracts that cover the day; null without one.",
  },

  events_1d: { type: "integer", unit: "events", needs: usage, min: 0, description: "Usage events that day." },
  events_7d: {
    type: "integer",
    unit: "events",
    needs: usage,
    min: 0,
    description: "Usage events in 7 days.",
  },
  events_28d: {
    type: "integer",
    unit: "events",
    needs: usage,
    min: 0,
    description: "Usage events in 28 days; on 2024-03-28 those of 1–28 March.",
  },
  active_users_1d: {
    type: "integer",
    unit: "users",
    needs: users,
    min: 0,
    description: "Distinct users with an event that day.",
  },
  active_users_7d: {
    type: "integer",
    unit: "users",
    needs: users,
    min: 0,
    description: "Distinct users with an event in 7 days.",
  },
  active_users_28d: {
    type: "integer",
    unit: "users",
    needs: users,
    min: 0,
    description: "Distinct users with an event in 28 days.",
  },
  active_users_change_28d: {
    type: "number",
    unit: "share",
    needs: users,
    min: -1,
    description:
      "active_users_28d against 28 days earlier, −0.2 = a fifth fewer; null in the first 28 days or from 0.",
  },
  new_users_28d: {
    type: "integer",
    unit: "users",
    needs: users,
    min: 0,
    description: "Users whose first event ever lies in the 28 days.",
  },
  key_events_28d: {
    type: "integer",
    unit: "events",
    needs: logins,
    min: 0,
    description: "Events that the journey calls key events, in 28 days.",
  },
  sessions_28d: {
    type: "integer",
    unit: "sessions",
    needs: ["usage_events.session_id"],
    min: 0,
    description: "Sessions started in 28 days.",
  },
  logins_28d: {
    type: "integer",
    unit: "events",
    needs: logins,
    min: 0,
    description: "Login events in 28 days.",
  },
  login_days_28d: {
    type: "integer",
    unit: "days",
    needs: logins,
    min: 0,
    max: 28,
    description: "Days with a login in 28 days.",
  },
  active_days_28d: {
    type: "integer",
    unit: "days",
    needs: usage,
    min: 0,
    max: 28,
    description: "Days with any event in 28 days.",
  },
  features_used_28d: {
    type: "integer",
    unit: "features",
    needs: features,
    min: 0,
    description: "Distinct features used in 28 days.",
  },
  new_features_28d: {
    type: "integer",
    unit: "features",
    needs: features,
    min: 0,
    description: "Features that the account used for the first time in the 28 days.",
  },
  breadth_28d: {
    type: "number",
    unit: "share",
    needs: features,
    min: 0,
    max: 1,
    description: "features_used_28d / features offered: all that any account has used so far.",
  },
  sticky_share_28d: {
    type: "number",
    unit: "share",
    needs: features,
    min: 0,
    max: 1,
    description: "Events on sticky features / all events in 28 days; null without events.",
  },
  licence_utilisation_28d: {
    type: "number",
    unit: "share",
    needs: [...users, "contracts.seats"],
    min: 0,
    description:
      "active_users_28d / seats; null without seats, above 1 when more people use it than are paid for.",
  },
  days_since_last_event: {
    type: "integer",
    unit: "days",
    needs: usage,
    min: 0,
    description: "Days since the last event; null before the first.",
  },

  open_tickets: {
    type: "integer",
    unit: "tickets",
    needs: tickets,
    min: 0,
    description: "Tickets open at the end of the day.",
  },
  overdue_tickets: {
    type: "integer",
    unit: "tickets",
    needs: tickets,
    min: 0,
    description: "Tickets that have been open for 7 days or longer.",
  },
  overdue_urgent_tickets: {
    type: "integer",
    unit: "tickets",
    needs: ["tickets.priority"],
    min: 0,
    description: "Urgent tickets that have been open for 7 days or longer.",
  },
  open_billing_tickets: {
    type: "integer",
    unit: "tickets",
    needs: ["tickets.category"],
    min: 0,
    description: "Open tickets of category billing: billing problems.",
  },
  tickets_opened_28d: {
    type: "integer",
    unit: "tickets",
    needs: tickets,
    min: 0,
    description: "Tickets opened in 28 days.",
  },
  replied_within_24h_share_28d: {
    type: "number",
    unit: "share",
    needs: ["tickets.first_replied_at"],
    min: 0,
    max: 1,
    description:
      "Tickets replied to within 24 h / tickets opened in 28 days and at least 24 h ago; null without any.",
  },
  escalations_28d: {
    type: "integer",
    unit: "tickets",
    needs: ["tickets.is_escalated"],
    min: 0,
    description: "Escalated tickets opened in 28 days.",
  },
  csat_90d: {
    type: "number",
    unit: "score 1–5",
    needs: ["tickets.csat"],
    min: 1,
    max: 5,
    description: "Mean satisfaction of tickets rated in 90 days; null without any.",
  },

  nps_180d: {
    type: "number",
    unit: "points −100–100",
    needs: ["survey_responses"],
    min: -100,
    max: 100,
    description: "% 9–10 − % 0–6 over the latest response per user within 180 days; null without any.",
  },
  survey_respondents_180d: {
    type: "integer",
    unit: "users",
    needs: ["survey_responses"],
    min: 0,
    description: "Users with a response within 180 days.",
  },
  detractors_180d: {
    type: "integer",
    unit: "users",
    needs: ["survey_responses"],
    min: 0,
    description: "Users whose latest response within 180 days is 0–6.",
  },

  outcomes_confirmed: {
    type: "integer",
    unit: "outcomes",
    needs: ["outcomes"],
    min: 0,
    description: "Business results confirmed so far.",
  },
  outcomes_confirmed_365d: {
    type: "integer",
    unit: "outcomes",
    needs: ["outcomes"],
    min: 0,
    description: "Business results confirmed in 365 days.",
  },
  touchpoints_28d: {
    type: "integer",
    unit: "contacts",
    needs: ["touchpoints"],
    min: 0,
    description: "Human contacts in 28 days.",
  },
  days_since_last_touchpoint: {
    type: "integer",
    unit: "days",
    needs: ["touchpoints"],
    min: 0,
    description: "Days since the last human contact; null before the first.",
  },
  champions: {
    type: "integer",
    unit: "users",
    needs: ["users.role"],
    min: 0,
    description: "Champions in the account who have not left.",
  },
  champions_left: {
    type: "integer",
    unit: "users",
    needs: ["users.role", "users.left_on"],
    min: 0,
    description: "Champions who have left so far.",
  },
  champions_left_28d: {
    type: "integer",
    unit: "users",
    needs: ["users.role", "users.left_on"],
    min: 0,
    description: "Champions who left in 28 days.",
  },
  executives: {
    type: "integer",
    unit: "users",
    needs: ["users.role"],
    min: 0,
    description: "Executives in the account who have not left.",
  },
  days_since_executive_seen: {
    type: "integer",
    unit: "days",
    needs: ["users.role"],
    min: 0,
    description: "Days since an executive used the product or was met; null before the first time.",
  },
} as const satisfies Record<string, Fact>;

export type FactName = keyof typeof facts;
export const factNames = Object.keys(facts) as FactName[];

/**
 * What is known of a day only once it has a stage and a score. Signals speak of them beside the facts;
 * stages, milestones and indicators can't, as they come first.
 */
export const scoredFacts = {
  days_in_stage: {
    type: "integer",
    unit: "days",
    needs: [],
    min: 1,
    description: "Days in the stage so far, that day included.",
  },
  health_score: {
    type: "number",
    unit: "points",
    needs: [],
    min: 0,
    max: 100,
    description: "The health score; null where there is too little evidence.",
  },
  health_coverage: {
    type: "number",
    unit: "share",
    needs: [],
    min: 0,
    max: 1,
    description: "Weight of the indicators that had a value / all weight.",
  },
  health_change_28d: {
    type: "number",
    unit: "points",
    needs: [],
    min: -100,
    max: 100,
    description: "The score against the one 28 days earlier; null where either is.",
  },
} as const satisfies Record<string, Fact>;
export type ScoredFactName = keyof typeof scoredFacts;
