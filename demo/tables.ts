export type ColumnType = "string" | "integer" | "number" | "decimal" | "boolean" | "date" | "timestamp";

/**
 * The raw tables and their columns in order, named as the company's own systems would name them.
 * `loaded_at`, always last, is when the warehouse got this version of the row.
 */
export const demoTables = {
  /** One row per account. */
  crm_accounts: {
    id: "string",
    company: "string",
    signed_up: "date",
    segment: "string",
    region: "string",
    tier: "string",
    industry: "string",
    csm: "string",
    loaded_at: "timestamp",
  },
  /** One row per term, as known at the extract; `end_date`, the first day not covered, is null while open-ended. */
  subscriptions: {
    id: "string",
    account_id: "string",
    start_date: "date",
    end_date: "date",
    seats: "integer",
    mrr: "decimal",
    renewal_date: "date",
    trial: "boolean",
    plan: "string",
    loaded_at: "timestamp",
  },
  /** One row per person, as known at the extract; `left_on` is null while they are there. */
  people: {
    id: "string",
    account_id: "string",
    full_name: "string",
    role: "string",
    joined: "date",
    left_on: "date",
    loaded_at: "timestamp",
  },
  /** One row per thing done, append-only. `user_id` and `session_id` are null for `api_call`: machines made it. */
  product_events: {
    event_id: "string",
    account_id: "string",
    user_id: "string",
    session_id: "string",
    event: "string",
    feature: "string",
    quantity: "integer",
    occurred_at: "timestamp",
    loaded_at: "timestamp",
  },
  /** One row per ticket, as known at the extract. */
  support_tickets: {
    id: "string",
    account_id: "string",
    person_id: "string",
    channel: "string",
    priority: "string",
    category: "string",
    opened_at: "timestamp",
    first_replied_at: "timestamp",
    resolved_at: "timestamp",
    reopened_at: "timestamp",
    replies: "integer",
    wait_seconds: "integer",
    abandoned: "boolean",
    csat: "integer",
    delighted: "boolean",
    escalated: "boolean",
    loaded_at: "timestamp",
  },
  /** One row per answer, append-only. */
  nps_responses: {
    id: "string",
    account_id: "string",
    person_id: "string",
    score: "integer",
    comment: "string",
    responded_at: "timestamp",
    loaded_at: "timestamp",
  },
  /** One row per contact, append-only. */
  touchpoints: {
    id: "string",
    account_id: "string",
    person_id: "string",
    kind: "string",
    happened_at: "timestamp",
    owner: "string",
    loaded_at: "timestamp",
  },
  /** One row per confirmed result, append-only. */
  outcomes: {
    id: "string",
    account_id: "string",
    name: "string",
    value: "number",
    unit: "string",
    confirmed_at: "timestamp",
    loaded_at: "timestamp",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnType>>>>;

export type DemoTableName = keyof typeof demoTables;
