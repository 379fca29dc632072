import { defineSource } from "./source.js";

/** The entities that a company maps its raw tables to in `waymark.yml`; see docs/sources.md for a worked mapping of each. */

export const accounts = defineSource({
  name: "accounts",
  description: "Customers and prospects, one row each.",
  key: "account_id",
  sameKey: "versions",
  columns: {
    account_id: { type: "string", required: true, description: "Identifies the account everywhere." },
    name: { type: "string", description: "What people call it; the id where null." },
    created_on: {
      type: "date",
      earliest: "1900-01-01",
      description: "Sign-up; where null, the first contract's first day.",
    },
    segment: { type: "string", description: "The company's own grouping, e.g. enterprise." },
    region: { type: "string", description: "Where the account is." },
    owner: { type: "string", description: "Who looks after it, e.g. the customer-success manager." },
  },
});

export const contracts = defineSource({
  name: "contracts",
  description: "Paid terms and trials of accounts; several may overlap.",
  key: "contract_id",
  sameKey: "versions",
  columns: {
    contract_id: { type: "string", required: true, description: "Identifies the term." },
    account_id: { type: "string", required: true, description: "Whose term it is." },
    starts_on: { type: "date", required: true, earliest: "1900-01-01", description: "First day covered." },
    ends_on: { type: "date", description: "First day no longer covered; null = open-ended." },
    renews_on: { type: "date", description: "Day of the renewal decision; the end day where null." },
    seats: { type: "integer", min: 0, description: "Licensed users." },
    mrr: { type: "decimal", min: 0, description: "Monthly recurring revenue, in the company's currency." },
    is_trial: {
      type: "boolean",
      description: "Trials count for usage, never for revenue or churn; null = paid.",
    },
    plan: { type: "string", description: "The plan's name." },
    churn_reason: { type: "string", description: "Why it was not renewed, in the company's words." },
  },
});

export const users = defineSource({
  name: "users",
  description: "People in accounts.",
  key: "user_id",
  sameKey: "versions",
  columns: {
    user_id: { type: "string", required: true, description: "Identifies the person." },
    account_id: { type: "string", required: true, description: "Where they work." },
    name: { type: "string", description: "Their name." },
    role: {
      type: "string",
      oneOf: ["admin", "champion", "executive", "member"],
      description: "admin, champion, executive or member; null = member.",
    },
    joined_on: { type: "date", description: "First day; the account's first day where null." },
    left_on: { type: "date", description: "First day away; null = still there." },
  },
});

export const usageEvents = defineSource({
  name: "usage_events",
  description: "What people did in the product.",
  key: "event_id",
  sameKey: "collision",
  isSteady: true,
  columns: {
    event_id: {
      type: "string",
      required: true,
      description: "Identifies the event; the same id with the same content is one event.",
    },
    account_id: {
      type: "string",
      required: true,
      description: "Whose event it is; taken from the contract where only contract_id is mapped.",
    },
    contract_id: {
      type: "string",
      description: "The contract it belongs to, where usage hangs on contracts.",
    },
    user_id: { type: "string", description: "Who did it." },
    session_id: { type: "string", description: "The visit it belongs to." },
    event: { type: "string", description: "What was done, e.g. login." },
    feature: { type: "string", description: "The feature used, if any." },
    quantity: {
      type: "integer",
      min: 0,
      description: "How many at once; null = 1. One that can't be counts for nothing.",
    },
    occurred_at: { type: "timestamp", required: true, description: "When it happened." },
  },
});

export const tickets = defineSource({
  name: "tickets",
  description: "Requests for support.",
  key: "ticket_id",
  sameKey: "versions",
  columns: {
    ticket_id: { type: "string", required: true, description: "Identifies the ticket." },
    account_id: { type: "string", required: true, description: "Who asked." },
    user_id: { type: "string", description: "The person who asked." },
    channel: { type: "string", description: "email, chat, phone …" },
    priority: {
      type: "string",
      oneOf: ["low", "normal", "high", "urgent"],
      description: "low, normal, high or urgent.",
    },
    category: { type: "string", description: "What it is about; `billing` feeds the billing facts." },
    opened_at: { type: "timestamp", required: true, description: "When it was opened." },
    first_replied_at: { type: "timestamp", description: "First reply by a human." },
    resolved_at: { type: "timestamp", description: "When it was solved; null = open." },
    reopened_at: { type: "timestamp", description: "Last reopening, if any." },
    reply_count: { type: "integer", min: 0, description: "Replies by humans." },
    wait_seconds: { type: "integer", min: 0, description: "Live channels: wait for an answer." },
    is_abandoned: { type: "boolean", description: "Live channels: left before an answer." },
    is_escalated: { type: "boolean", description: "Handed up." },
    is_delight: { type: "boolean", description: "A moment of delight." },
    csat: { type: "number", min: 1, max: 5, description: "Satisfaction with the answer, 1–5." },
  },
});

export const surveyResponses = defineSource({
  name: "survey_responses",
  description: "NPS answers.",
  key: "response_id",
  sameKey: "versions",
  columns: {
    response_id: { type: "string", required: true, description: "Identifies the answer." },
    account_id: { type: "string", required: true, description: "Whose answer it is." },
    user_id: { type: "string", description: "Who answered; answers without one each count as a person's." },
    score: {
      type: "integer",
      required: true,
      min: 0,
      max: 10,
      description: "How likely to recommend, 0–10.",
    },
    comment: { type: "string", description: "In their words." },
    responded_at: { type: "timestamp", required: true, description: "When they answered." },
  },
});

export const touchpoints = defineSource({
  name: "touchpoints",
  description: "Logged human contacts: kick-off, training, review, call.",
  key: "touchpoint_id",
  sameKey: "versions",
  columns: {
    touchpoint_id: { type: "string", required: true, description: "Identifies the contact." },
    account_id: { type: "string", required: true, description: "With whom." },
    user_id: { type: "string", description: "The person met." },
    kind: { type: "string", description: "kick_off, training, qbr, call …" },
    happened_at: { type: "timestamp", required: true, description: "When it took place." },
    owner: { type: "string", description: "Who made it." },
  },
});

export const outcomes = defineSource({
  name: "outcomes",
  description: "Business results that the customer confirmed.",
  key: "outcome_id",
  sameKey: "versions",
  columns: {
    outcome_id: { type: "string", required: true, description: "Identifies the result." },
    account_id: { type: "string", required: true, description: "Whose result it is." },
    name: { type: "string", description: "What was achieved." },
    value: { type: "number", description: "How much, in `unit`." },
    unit: { type: "string", description: "Unit of the value." },
    confirmed_at: { type: "timestamp", required: true, description: "When the customer confirmed it." },
  },
});

/** Every entity, in the order in which a company maps them. */
export const sources = {
  accounts,
  contracts,
  users,
  usage_events: usageEvents,
  tickets,
  survey_responses: surveyResponses,
  touchpoints,
  outcomes,
};
export type SourceName = keyof typeof sources;
