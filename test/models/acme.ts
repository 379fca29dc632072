/**
 * A small company in which every account is an edge: raw tables with odd names and types as its systems left
 * them, and the `waymark.yml` and `journey.yml` that make sense of them. What each account is there for stands
 * beside its rows. Six months of 2024 in Berlin, through a change of clocks.
 */
import type { ColumnType } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";

export const acmeZone = "Europe/Berlin";
export const acmeNow = "2024-07-01T06:00:00Z";
export const acmeThrough = "2024-06-30";

export const acmeSources = `
  accounts:
    table: raw.crm-accounts
    columns:
      account_id: Account Nr
      name: Größe und Name
      created_on: { column: Since, format: "%d.%m.%Y" }
      segment: { column: Order, values: { "1": enterprise, "2": mid, "3": small } }
      region: region
      owner: csm
      loaded_at: _synced
    attributes:
      industry: industry
      employees: employees
  contracts:
    query: select * from raw.deals where kind <> 'draft'
    columns:
      contract_id: id
      account_id: customer
      starts_on: starts
      ends_on: ends
      renews_on: renewal
      seats: seats
      mrr: { sql: arr / 12e0 }
      is_trial: { column: kind, values: { trial: true, paid: false } }
      plan: plan
  users:
    table: raw.people
    columns:
      user_id: uid
      account_id: org
      name: full name
      role: { column: job, values: { CEO: executive, Fan: champion, Root: admin, "": member } }
      joined_on: joined
      left_on: left
  usage_events:
    table: raw.clicks
    login_event: sign_in
    columns:
      event_id: id
      account_id: org
      user_id: uid
      session_id: visit
      event: what
      feature: feature
      quantity: times
      occurred_at: at
      loaded_at: loaded
  tickets:
    table: raw.helpdesk
    columns:
      ticket_id: nr
      account_id: org
      user_id: uid
      channel: channel
      priority: { column: prio, values: { P1: urgent, P2: high, P3: normal, P4: low } }
      category: topic
      opened_at: { column: opened, format: "%d.%m.%Y %H:%M" }
      first_replied_at: { column: replied, format: "%d.%m.%Y %H:%M" }
      resolved_at: { column: solved, format: "%d.%m.%Y %H:%M" }
      reopened_at: { column: reopened, format: "%d.%m.%Y %H:%M" }
      reply_count: replies
      wait_seconds: waited
      is_abandoned: hung up
      is_escalated: escalated
      is_delight: wow
      csat: stars
  survey_responses:
    table: raw.nps
    columns: { response_id: id, account_id: org, user_id: uid, score: score, comment: said, responded_at: { column: at, time_zone: America/New_York } }
  touchpoints:
    table: raw.meetings
    columns: { touchpoint_id: id, account_id: org, user_id: uid, kind: kind, happened_at: day, owner: csm }
  outcomes:
    table: raw.wins
    columns: { outcome_id: id, account_id: org, name: win, value: worth, unit: unit, confirmed_at: at }
`;

export const acmeJourney = `
facts:
  - { id: exports_28d, description: Exports., from: usage_events, where: { feature: export }, measure: count, over_days: 28 }
  - { id: admin_events, description: What admins and executives did., from: usage_events, where: { user_role: [admin, executive] }, measure: sum, of: quantity }
  - { id: feature_users_14d, description: Users of features., from: usage_events, where: { feature: [reports, export] }, measure: distinct, of: user_id, over_days: 14 }
  - { id: features_ever, description: Features ever used., from: usage_events, measure: distinct, of: feature }
  - { id: meeting_days_60d, description: Days with a meeting., from: touchpoints, measure: days, over_days: 60 }
  - { id: days_since_qbr, description: Days since the last review., from: touchpoints, where: { kind: qbr }, measure: days_since_last }
  - { id: urgent_csat_365d, description: Satisfaction with urgent and high tickets., from: tickets, where: { priority: [urgent, high], is_escalated: [true, false] }, measure: average, of: csat, over_days: 365, unit: score 1–5 }
  - { id: worst_score_365d, description: Worst answer., from: survey_responses, measure: min, of: score, over_days: 365 }
  - { id: best_score, description: Best answer so far., from: survey_responses, measure: max, of: score }
  - { id: value_confirmed, description: Value of confirmed results., from: outcomes, measure: sum, of: value, unit: money }
stages:
  - { id: former, name: Former, is_scored: false, when: { fact: days_since_coverage_ended, at_least: 0 } }
  - { id: trial, name: Trial, is_scored: false, expected_days: 14, when: { all: [{ fact: is_trial, equals: true }, { fact: is_customer, equals: false }] } }
  - { id: prospect, name: Prospect, is_scored: false, when: { fact: tenure_days, is_missing: true } }
  - { id: renewal, name: Renewal, expected_days: 60, when: { fact: days_to_renewal, at_most: 60 } }
  - { id: key_account, name: Key account, when: { all: [{ fact: mrr, above: 999.5, held_for_days: 5 }, { milestone: used }] } }
  - { id: onboarding, name: Onboarding, expected_days: 30, when: { not: { any: [{ milestone: used }, { fact: tenure_days, at_least: 90 }] } } }
  - { id: established, name: Established }
milestones:
  - { id: used, name: Used, expected_days: 7, when: { fact: events_1d, at_least: 1 } }
  - { id: team, name: Team, starts: { stage: onboarding }, expected_days: 0, stuck_after_days: 30, when: { fact: licence_utilisation_28d, at_least: 0.4 } }
  - { id: lively, name: Lively, starts: contract_start, expected_days: 14, when: { fact: active_users_7d, at_least: 2, held_for_days: 3 } }
  - { id: reviewed, name: Reviewed, starts: { each_stay_in: renewal }, expected_days: 20, when: { fact: days_since_qbr, at_most: 30 } }
  - { id: won, name: Won, starts: { milestone: used }, expected_days: 60, when: { fact: outcomes_confirmed, at_least: 1 } }
health:
  min_coverage: 0.5
  bands: { average_from: 45, good_from: 70.5 }
  indicators:
    - { id: wins, name: Wins, dimension: outcomes, fact: outcomes_confirmed_365d, scale: [[0, 20], [1, 70], [3, 100]], weight: 2, weights: { onboarding: 0 } }
    - { id: activity, name: Activity, dimension: engagement, fact: active_days_28d, scale: [[0, 0], [8, 50], [20, 100]], weight: 3 }
    - { id: momentum, name: Momentum, dimension: engagement, fact: active_users_change_28d, scale: [[-0.5, 0], [0, 70], [0.2, 100]], weight: 1.5 }
    - { id: seats, name: Seats, dimension: utilisation, fact: licence_utilisation_28d, scale: [[0, 0], [0.5, 60], [0.9, 100]], weight: 3, missing: zero }
    - { id: nps, name: NPS, dimension: satisfaction, fact: nps_180d, scale: [[-100, 0], [0, 50], [50, 100]], weight: 2, weights: { renewal: 4 } }
    - { id: csat, name: CSAT, dimension: satisfaction, fact: csat_90d, scale: [[2, 0], [4, 70], [5, 100]] }
    - { id: overdue, name: Overdue, dimension: support, fact: overdue_tickets, scale: [[0, 100], [3, 0]] }
  caps:
    - { id: urgent, name: Urgent, at_most: 40, when: { fact: overdue_urgent_tickets, at_least: 1 } }
    - { id: alone, name: No champion left, at_most: 60, when: { all: [{ fact: champions, equals: 0 }, { fact: champions_left, above: 0 }] } }
trends: [events_7d, active_users_28d, licence_utilisation_28d, open_tickets, mrr]
sticky_features: [reports]
key_events: [sign_in]
onboarding: { checklist: [used, team], expected_days: 30 }
touchpoints:
  - { id: kick_off, name: Kick-off, why: Agree on goals., stage: onboarding, kind: [kick_off, training], due_in_days: 7 }
  - { id: check_in, name: Check-in, why: Is it still of use?, stage: established, kind: [call, qbr], due_in_days: 20, repeat_every_days: 30 }
  - { id: review, name: Review, why: Show the value., stage: renewal, kind: qbr, due_in_days: 10 }
signals:
  - { id: quiet, name: Quiet, kind: negative, severity: high, when: { fact: days_since_last_event, at_least: 7 }, for_days: 3, clear_days: 2 }
  - { id: few_seats, name: Few seats used, kind: negative, when: { all: [{ fact: licence_utilisation_28d, below: 0.5 }, { stage: [renewal, established] }] }, for_days: 14 }
  - { id: falling, name: Health falls, kind: negative, when: { any: [{ fact: health_change_28d, at_most: -10 }, { trend: health_score, direction: falling }] } }
  - { id: unhealthy, name: Unhealthy, kind: negative, severity: low, when: { band: [poor, unknown] }, clear_days: 5 }
  - { id: late, name: Team late, kind: negative, when: { milestone: team, status: [behind, stuck] } }
  - { id: unreviewed, name: Not reviewed, kind: negative, when: { milestone: reviewed, status: [on_track, behind, stuck] }, for_days: 5 }
  - { id: odd, name: Odd weeks, kind: negative, when: { trend: events_7d, measure: z, below: -1 } }
  - { id: long, name: Long there, kind: negative, when: { fact: days_in_stage, above: 25 } }
  - { id: keen, name: Keen, kind: positive, when: { all: [{ fact: active_days_28d, at_least: 10 }, { milestone: used }, { not: { fact: health_score, below: 50 } }] } }
plays:
  - { id: wake, name: Wake up, on: { signal: quiet }, cooldown_days: 20, tasks: [{ id: call, name: Call, due_in_days: 2 }, { id: mail, name: Write, owner: desk, due_in_days: 5 }] }
  - { id: renew, name: Renew, on: { stage: renewal }, tasks: [{ id: offer, name: Offer, due_in_days: 10 }] }
  - { id: praise, name: Praise, on: { milestone: used }, tasks: [{ id: note, name: Note, due_in_days: 1 }] }
`;

interface RawTable {
  columns: Record<string, ColumnType>;
  rows: unknown[][];
}

const at = (iso: string): Date => new Date(iso);
/** A day of 2024 by its number, 1 = 1 January. */
const dayOf2024 = (n: number): string => new Date(Date.UTC(2024, 0, n)).toISOString().slice(0, 10);

/** Who used what on which days: account, users, first and last day of 2024 by number, every how many days. */
const habits: [string, string[], number, number, number][] = [
  ["A1", ["ann", "bob", "cid"], 12, 182, 2],
  ["A1", ["dan"], 40, 70, 1],
  ["A1", ["eve"], 100, 182, 9],
  ["T1", ["tom"], 61, 120, 3],
  ["R1", ["ron"], 3, 20, 1],
  ["R1", ["ron", "rae"], 131, 182, 4],
  ["G1", ["gus"], 2, 40, 5],
  ["N1", ["ned"], 33, 182, 14],
];

const features = ["reports", "export", null, "alerts", "reports"];
const events: unknown[][] = habits.flatMap(([account, users, from, to, every], habit) =>
  users.flatMap((user, u) =>
    Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => {
      const [day, k] = [dayOf2024(from + i * every), i + u + habit];
      return [
        `${account}-${habit}-${user}-${i}`,
        account,
        user,
        `${account}-${day}-${u % 2}`,
        k % 3 === 0 ? "sign_in" : "click",
        features[k % features.length],
        k % 4 === 0 ? 3 : null,
        at(`${day}T${String(6 + (k % 12)).padStart(2, "0")}:30:00Z`),
        at(`${day}T23:00:00Z`),
      ];
    }),
  ),
);
const event = (
  id: string,
  account: unknown,
  user: unknown,
  times: unknown,
  when: unknown,
  loaded = "2024-06-30",
): unknown[] => [
  id,
  account,
  user,
  null,
  "click",
  "reports",
  times,
  when === null ? null : at(when as string),
  at(`${loaded}T00:00:00Z`),
];

export const acmeTables: Record<string, RawTable> = {
  "crm-accounts": {
    columns: {
      "Account Nr": "string",
      "Größe und Name": "string",
      Since: "string",
      Order: "integer",
      region: "string",
      csm: "string",
      _synced: "timestamp",
      industry: "string",
      employees: "number",
    },
    rows: [
      // A customer with two overlapping contracts; an older version of its row is superseded.
      ["A1", "Acme", "10.01.2024", 1, "EU", "mia", at("2024-02-01T00:00:00Z"), "steel", 250],
      ["A1", "Acme (old name)", "10.01.2024", 2, "EU", "max", at("2024-01-11T00:00:00Z"), "steel", 200],
      // Trial, then customer. Its row arrived twice: one account.
      ["T1", "Trial GmbH", "01.03.2024", 3, "EU", null, at("2024-03-01T00:00:00Z"), null, null],
      ["T1", "Trial GmbH", "01.03.2024", 3, "EU", null, at("2024-03-01T00:00:00Z"), null, null],
      // Churns on 20 January and returns on 10 May, more than 90 days later. Blanks around its id.
      ["\tR1 ", "Return AG", "1.1.2024", 2, "US", "mia", at("2024-01-01T00:00:00Z"), "retail", 12.5],
      // Churns for good.
      ["G1", null, "01.01.2024", 2, "US", "max", at("2024-01-01T00:00:00Z"), "retail", null],
      // No sign-up day: its first contract gives it.
      ["N1", "No Date", null, 3, "APAC", null, at("2024-01-01T00:00:00Z"), null, 5],
      // Never a customer.
      ["P1", "Prospect", "15.05.2024", null, null, null, at("2024-05-15T00:00:00Z"), "media", null],
      // Neither sign-up day nor contract: an account without facts. Its day can't be read.
      ["X1", "Unknown", "31.02.2024", 9, "EU", "mia", at("2024-01-01T00:00:00Z"), null, null],
      // No id.
      ["  ", "Nobody", "01.01.2024", 1, "EU", "mia", at("2024-01-01T00:00:00Z"), null, null],
    ],
  },
  deals: {
    columns: {
      id: "string",
      customer: "string",
      starts: "date",
      ends: "date",
      renewal: "date",
      seats: "integer",
      arr: "decimal",
      kind: "string",
      plan: "string",
    },
    rows: [
      ["c1", "A1", "2024-01-10", "2025-01-10", null, 5, "9600", "paid", "pro"],
      ["c2", "A1", "2024-03-01", "2024-06-01", "2024-05-15", 3, "2400.06", "paid", "addon"],
      ["c3", "T1", "2024-03-01", "2024-03-15", null, 20, "99999", "trial", null],
      ["c4", "T1", "2024-03-20", null, "2024-09-20", 2, "1200", "paid", "basic"],
      ["c5", "R1", "2024-01-01", "2024-01-20", null, 1, "120", "paid", "basic"],
      ["c6", "R1", "2024-05-10", "2024-07-15", null, 2, "240", "paid", "basic"],
      ["c7", "G1", "2024-01-01", "2024-02-15", null, null, null, "paid", "basic"],
      ["c8", "N1", "2024-02-01", null, null, 1, "0", "paid", "free"],
      // Ends on its first day: it covers nothing.
      ["c9", "N1", "2024-01-20", "2024-01-20", null, 9, "900", "paid", "free"],
      // Ends before it starts; belongs to nobody; starts before the account; has negative seats; a draft.
      ["d1", "A1", "2024-05-01", "2024-04-01", null, 9, "900", "paid", null],
      ["d2", "ZZ", "2024-05-01", null, null, 9, "900", "paid", null],
      ["d3", "P1", "2024-05-01", "2024-05-10", null, -3, "12", "trial", null],
      ["d4", "A1", "2024-05-01", null, null, 9, "900", "draft", null],
      // Two rows of one id without loaded_at: one counts.
      ["c8", "N1", "2024-02-01", null, null, 1, "0", "paid", "FREE"],
    ],
  },
  people: {
    columns: {
      uid: "string",
      org: "string",
      "full name": "string",
      job: "string",
      joined: "date",
      left: "date",
    },
    rows: [
      ["ann", "A1", "Ann", "CEO", "2024-01-15", null],
      ["bob", "A1", "Bob", "Fan", null, "2024-04-02"],
      ["cid", "A1", "Cid", "Fan", "2023-12-01", "2024-05-20"],
      ["dan", "A1", "Dan", "Root", "2024-02-01", "2024-01-01"],
      ["eve", "A1", "Eve", "", null, null],
      ["tom", "T1", "Tom", "CEO", null, null],
      ["ron", "R1", "Ron", "Fan", null, null],
      ["ned", "N1", "Ned", "intern", null, null],
      ["liz", "ZZ", "Liz", "Fan", null, null],
    ],
  },
  clicks: {
    columns: {
      id: "string",
      org: "string",
      uid: "string",
      visit: "string",
      what: "string",
      feature: "string",
      times: "integer",
      at: "timestamp",
      loaded: "timestamp",
    },
    rows: [
      ...events,
      // An exact copy; a copy that only arrived later; the same id with other content.
      events[0] as unknown[],
      [...(events[1] as unknown[]).slice(0, 8), at("2024-06-29T00:00:00Z")],
      event("A1-0-ann-2", "A1", "bob", 7, "2024-01-16T08:00:00Z"),
      // Before the account existed; of an unknown account; without an instant; a negative quantity; arrived late.
      event("e1", "A1", "ann", 1, "2024-01-09T22:59:59Z"),
      event("e2", "ZZ", "zed", 1, "2024-02-01T08:00:00Z"),
      event("e3", "A1", "ann", 1, null),
      event("e4", "A1", "ann", -5, "2024-02-03T08:00:00Z"),
      event("e5", "A1", "ann", 2, "2024-01-15T08:00:00Z", "2024-06-28"),
      // 23:30 UTC is the next day in Berlin; nobody, nowhere.
      event("e6", "A1", null, 1, "2024-03-30T23:30:00Z"),
      event("e7", "X1", "xia", 1, "2024-03-30T08:00:00Z"),
      event("e8", null, "xia", 1, "2024-03-30T08:00:00Z"),
    ],
  },
  helpdesk: {
    columns: {
      nr: "string",
      org: "string",
      uid: "string",
      channel: "string",
      prio: "string",
      topic: "string",
      opened: "string",
      replied: "string",
      solved: "string",
      reopened: "string",
      replies: "integer",
      waited: "integer",
      "hung up": "boolean",
      escalated: "boolean",
      wow: "boolean",
      stars: "string",
    },
    rows: [
      // Solved at first contact, with delight.
      [
        "t1",
        "A1",
        "ann",
        "email",
        "P3",
        "howto",
        "05.02.2024 09:00",
        "05.02.2024 11:30",
        "05.02.2024 11:30",
        null,
        1,
        null,
        null,
        false,
        true,
        "5",
      ],
      // Urgent and open for long; then solved.
      [
        "t2",
        "A1",
        "bob",
        "email",
        "P1",
        "outage",
        "01.03.2024 09:00",
        "03.03.2024 09:00",
        "20.03.2024 17:00",
        null,
        4,
        null,
        null,
        true,
        false,
        "2",
      ],
      // Reopened, still open, about billing.
      [
        "t3",
        "A1",
        "cid",
        "email",
        "P2",
        "billing",
        "10.04.2024 10:00",
        "10.04.2024 12:00",
        "12.04.2024 10:00",
        "15.04.2024 09:00",
        2,
        null,
        null,
        null,
        null,
        "3.5",
      ],
      // Abandoned in the chat; never replied to, never solved.
      [
        "t4",
        "T1",
        "tom",
        "chat",
        null,
        "howto",
        "30.03.2024 23:30",
        null,
        null,
        null,
        0,
        400,
        true,
        null,
        null,
        null,
      ],
      // A reply before the opening; a solution before a reply; a solution before the opening.
      [
        "t5",
        "A1",
        "ann",
        "email",
        "P4",
        null,
        "10.05.2024 10:00",
        "09.05.2024 10:00",
        "11.05.2024 10:00",
        null,
        1,
        null,
        null,
        null,
        null,
        "4",
      ],
      [
        "t6",
        "A1",
        "ann",
        "email",
        "P4",
        null,
        "11.05.2024 10:00",
        "13.05.2024 10:00",
        "12.05.2024 10:00",
        null,
        1,
        null,
        null,
        null,
        null,
        "4",
      ],
      [
        "t7",
        "A1",
        "ann",
        "email",
        "P4",
        null,
        "12.05.2024 10:00",
        null,
        "01.05.2024 10:00",
        null,
        1,
        null,
        null,
        null,
        null,
        null,
      ],
      // Unknown priority, too many stars, an unreadable reply; before the account; nobody's; no day.
      [
        "t8",
        "R1",
        "ron",
        "phone",
        "P9",
        "billing",
        "20.05.2024 10:00",
        "tomorrow",
        null,
        null,
        null,
        -1,
        null,
        null,
        null,
        "11",
      ],
      [
        "t9",
        "P1",
        null,
        "phone",
        "P1",
        null,
        "01.05.2024 10:00",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
      ],
      [
        "u1",
        "ZZ",
        null,
        "phone",
        "P1",
        null,
        "01.05.2024 10:00",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        "x",
      ],
      [
        "u2",
        "A1",
        null,
        "phone",
        "P1",
        null,
        "2024-05-01 10:00",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        "3",
      ],
      // Opened on the last day.
      [
        "u3",
        "N1",
        "ned",
        "email",
        "P1",
        "billing",
        "30.06.2024 10:00",
        "30.06.2024 10:05",
        null,
        null,
        1,
        null,
        null,
        null,
        null,
        null,
      ],
    ],
  },
  nps: {
    columns: { id: "string", org: "string", uid: "string", score: "number", said: "string", at: "string" },
    rows: [
      // The same person twice, then on one day twice; another without a name, twice.
      ["n1", "A1", "ann", 9, "Good.", "2024-02-01T10:00:00Z"],
      ["n2", "A1", "ann", 4, "Not so good.", "2024-04-01 08:00:00"],
      ["n3", "A1", "bob", 10, null, "2024-04-01 09:00:00"],
      ["n4", "A1", "bob", 7, null, "2024-04-01 18:30:00"],
      ["n5", "A1", null, 0, 'it\'s "bad"', "2024-04-01 21:30:00"],
      ["n6", "A1", null, 9, null, "2024-04-02 21:30:00"],
      // Older than 180 days at the end.
      ["n7", "R1", "ron", 6, null, "2024-01-01 10:00:00"],
      // Beyond the scale, between its points, without an answer, without a day.
      ["n8", "A1", "eve", 11, null, "2024-05-01 10:00:00"],
      ["n9", "A1", "eve", 8.5, null, "2024-05-01 10:00:00"],
      ["m1", "A1", "eve", null, null, "2024-05-01 10:00:00"],
      ["m2", "T1", "tom", 10, null, "01/05/2024"],
    ],
  },
  meetings: {
    columns: { id: "integer", org: "string", uid: "string", kind: "string", day: "date", csm: "string" },
    rows: [
      [1, "A1", "ann", "kick_off", "2024-01-12", "mia"],
      [2, "A1", "bob", "qbr", "2024-04-01", "mia"],
      [3, "A1", null, "call", "2024-04-01", "mia"],
      [4, "T1", "tom", "training", "2024-03-31", null],
      [5, "T1", "tom", "training", "2024-02-01", null],
    ],
  },
  wins: {
    columns: { id: "string", org: "string", win: "string", worth: "string", unit: "string", at: "timestamp" },
    rows: [
      ["w1", "A1", "Hours saved", "120.5", "hours", at("2024-04-10T09:00:00Z")],
      ["w2", "A1", "Money saved", "a lot", "EUR", at("2024-05-31T22:30:00Z")],
      ["w3", "N1", "First report", null, null, at("2024-06-30T21:59:59Z")],
    ],
  },
};

export async function loadAcme(warehouse: Warehouse): Promise<void> {
  for (const [table, { columns, rows }] of Object.entries(acmeTables)) {
    const types = Object.fromEntries(Object.entries(columns).map(([column, type]) => [column, { type }]));
    await warehouse.load(["raw", table], types, [rows]);
  }
}
