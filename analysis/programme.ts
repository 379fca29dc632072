import { Temporal } from "temporal-polyfill";
import { type Milestone, repeats } from "../journey/journey.js";
import { factsIn } from "../journey/own_facts.js";
import { daysInWords, label, valueInWords } from "../journey/words.js";
import { accountFacts, factAsNumber } from "../models/daily/account_facts.js";
import { timeline } from "../models/daily/timeline.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountMilestones } from "../models/milestones/account_milestones.js";
import { type CompanyWords, ref } from "../models/model.js";
import { accountTasks } from "../models/plays/account_tasks.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { accounts } from "../models/staging/accounts.js";
import { type Estimate, noFigure } from "../stats/estimate.js";
import { type Moments, meanDifference, meanOf } from "../stats/means.js";
import { shareDifference } from "../stats/shares.js";
import { addDays, cast } from "../warehouse/dialect.js";
import { bind, join, name, type Sql, sql, text } from "../warehouse/sql.js";
import type { Ask } from "./compare.js";

export interface ProgrammeOptions {
  /** First day of the changed programme. */
  readonly changedOn: string;
  /** What an account's days are counted from: its first paid day, or the first day of a signal's or a play's of it. */
  readonly from: { readonly signal: string } | { readonly play: string } | "customer_start";
  /** Every account is followed for so many days, on both sides of the change. */
  readonly days: number;
  /** Accounts whose days began so many days before the change, and after it. */
  readonly windowDays: number;
  /** Which accounts, as a condition on `account_id`; all by default. */
  readonly accounts?: Sql | undefined;
  /** What has fewer accounts is withheld. */
  readonly minGroup: number;
}

/** The accounts on one side of the change. */
export interface ProgrammeSide {
  /** Their days began on these: [from, to). */
  readonly from: string;
  readonly to: string;
  /** Accounts that were customers on that day and could be followed for as long as all others. */
  readonly accounts: number;
  readonly leftOut: readonly { readonly why: string; readonly accounts: number }[];
}

export interface MeasureOnSide {
  /** Accounts of which it is known. */
  readonly n: number;
  /** Of yes/no the share, of a number the mean; null without accounts, and where it is withheld. */
  readonly value: number | null;
}

export const measureKinds = ["retention", "milestone", "health", "fact"] as const;

/** What became of accounts by the end of their days. */
export interface Measure {
  readonly kind: (typeof measureKinds)[number];
  readonly id: string;
  readonly name: string;
  readonly isYesNo: boolean;
  /** Unit of the number; "" for yes/no. */
  readonly unit: string;
  readonly before: MeasureOnSide;
  readonly after: MeasureOnSide;
  /** After less before: of shares with Newcombe's interval, of means with Welch's. */
  readonly difference: Estimate;
  readonly words: string;
}

export interface ProgrammeEffect {
  readonly before: ProgrammeSide;
  readonly after: ProgrammeSide;
  readonly days: number;
  /** Why nothing is compared; null where something is. */
  readonly why: string | null;
  readonly measures: readonly Measure[];
}

/**
 * What became of accounts that began before a change of onboarding or of a play, and of those that began after it, each
 * followed for the same number of days. Whatever else changed that day changed it too: it tells association, not cause.
 */
export async function programmeEffect(
  ask: Ask,
  words: CompanyWords,
  options: ProgrammeOptions,
): Promise<ProgrammeEffect> {
  const { days, minGroup } = options;
  const { before, after } = await sidesOf(ask, options);
  const why = whyNothing(before, "before", options) ?? whyNothing(after, "after", options);
  if (why !== null) return { before, after, days, why, measures: [] };
  const asked = measuresOf(words, options);
  const sums = await sumUp(ask, words, options, asked);
  const measures = asked.map(({ value: _, ...said }, i): Measure => {
    const [first, second] = [sums(0, i), sums(1, i)];
    const small = Math.min(first.n, second.n) < minGroup;
    const side = (sum: typeof first): MeasureOnSide => ({ n: sum.n, value: small ? null : meanOf(sum) });
    const compared = { ...said, before: side(first), after: side(second) };
    const share = ({ n, sum }: typeof first) => ({ count: Math.round(sum), of: n });
    const difference = small
      ? noFigure(`known of fewer than ${minGroup} accounts on one side`)
      : said.isYesNo
        ? shareDifference(share(second), share(first))
        : meanDifference(second, first);
    return { ...compared, difference, words: inWords({ ...compared, difference }) };
  });
  return { before, after, days, why: null, measures };
}

interface Asked extends Pick<Measure, "kind" | "id" | "name" | "isYesNo" | "unit"> {
  /** Its value of a row of `followed`, `w`, yes/no as 1 and 0; null = not known. */
  readonly value: Sql;
}

function measuresOf({ journey }: CompanyWords, { from, days }: ProgrammeOptions): Asked[] {
  const facts = factsIn(journey);
  const indicated = [...new Set(journey.health.indicators.map(({ fact }) => fact))].filter(
    (id) => facts[id]?.type !== "boolean",
  );
  return [
    {
      kind: "retention",
      id: "is_customer",
      name: `still a customer ${daysInWords(days)} later`,
      isYesNo: true,
      unit: "",
      value: sql`w.is_customer`,
    },
    ...journey.milestones.map((m): Asked => {
      const within = withinDays(m, from, days);
      const reached = sql`w.${name(reachedColumn(m))}`;
      const hit = sql`case when ${reached} <= ${addDays(sql`w.start_on`, within)} then 1 else 0 end`;
      return {
        kind: "milestone",
        id: m.id,
        name: `${m.name}: reached within ${daysInWords(within)}`,
        isYesNo: true,
        unit: "",
        // Who had it before the signal or play can't reach it any more.
        value:
          from === "customer_start"
            ? hit
            : sql`case when ${reached} is null or ${reached} >= w.start_on then ${hit} end`,
      };
    }),
    {
      kind: "health",
      id: "health_score",
      name: `health score ${daysInWords(days)} later`,
      isYesNo: false,
      unit: "points",
      value: sql`w.score`,
    },
    ...indicated.map(
      (id): Asked => ({
        kind: "fact",
        id,
        name: `${label(id)} ${daysInWords(days)} later`,
        isYesNo: false,
        unit: facts[id]?.unit ?? "",
        value: factAsNumber(sql`w`, id),
      }),
    ),
  ];
}

const reachedColumn = ({ id }: Milestone): string => `${id}_reached`;

/** A milestone that counts from the same day has its own expected days, as far as accounts are followed. */
const withinDays = (m: Milestone, from: ProgrammeOptions["from"], days: number): number =>
  from === "customer_start" && m.starts === "customer_start" ? Math.min(m.expected_days, days) : days;

interface Sides {
  readonly before: ProgrammeSide;
  readonly after: ProgrammeSide;
}

async function sidesOf(ask: Ask, options: ProgrammeOptions): Promise<Sides> {
  const { days } = options;
  const { first, change, last } = windowOf(options);
  const rows = await ask(
    sql`
with ${join(placedCtes(options), ",\n")}
select is_after, state, count(*) as accounts
from placed
group by is_after, state`,
    { is_after: n, state: { type: "string", notNull: true }, accounts: n },
  );
  const sideOf = (isAfter: 0 | 1): ProgrammeSide => {
    const count = (state: string): number =>
      rows.find((row) => row.is_after === isAfter && row.state === state)?.accounts ?? 0;
    return {
      from: isAfter ? change : first,
      to: isAfter ? last : change,
      accounts: count("followed"),
      leftOut: [
        { why: `followed for fewer than ${daysInWords(days)} so far`, accounts: count("recent") },
        { why: "no customers on their first day", accounts: count("not covered") },
      ].filter(({ accounts }) => accounts > 0),
    };
  };
  return { before: sideOf(0), after: sideOf(1) };
}

/** Days [first, last) around the change, of those that every engine, and LocalDate, can tell: years 1 to 9999. */
function windowOf({ changedOn: change, windowDays }: Pick<ProgrammeOptions, "changedOn" | "windowDays">) {
  const day = Temporal.PlainDate.from(change);
  const [first, last] = [day.subtract({ days: windowDays }), day.add({ days: windowDays })];
  return {
    first: first.year < 1 ? "0001-01-01" : first.toString(),
    change,
    last: last.year > 9999 ? "9999-12-31" : last.toString(),
  };
}

function whyNothing(
  { from, to, accounts: followed, leftOut }: ProgrammeSide,
  side: string,
  { days, minGroup }: ProgrammeOptions,
): string | null {
  if (followed >= minGroup) return null;
  const others = leftOut.map(({ why, accounts: left }) => `${left} ${why}`).join(", ");
  const of = followed === 0 ? "no account" : `only ${followed} accounts`;
  return `Of those that began ${side} the change, from ${from} to ${to}, ${of} can be followed for ${daysInWords(days)}${others ? ` (left out: ${others})` : ""}; it takes ${minGroup}. A wider window or fewer days may find more.`;
}

/**
 * CTEs, of which `placed` has one row per account whose days began near enough to the change: on which side, and whether
 * it can be followed.
 */
function placedCtes({ from, days, accounts: some, ...given }: ProgrammeOptions): readonly Sql[] {
  const { first, change, last } = windowOf(given);
  const started =
    from === "customer_start"
      ? sql`select account_id, customer_since as start_on from ${ref(accounts)} where customer_since is not null`
      : "signal" in from
        ? sql`select account_id, min(opened_on) as start_on from ${ref(accountSignals)} where signal = ${text(from.signal)} group by account_id`
        : sql`select account_id, min(set_on) as start_on from ${ref(accountTasks)} where play = ${text(from.play)} group by account_id`;
  return [
    sql`started as (
  ${started}
)`,
    sql`placed as (
  select
    s.account_id as account_id,
    s.start_on as start_on,
    case when s.start_on >= ${bind("date", change)} then 1 else 0 end as is_after,
    case
      when ${addDays(sql`s.start_on`, days)} > t.data_through then 'recent'
      when coalesce(f.is_customer, false) then 'followed'
      else 'not covered'
    end as state
  from (select account_id, start_on from started where ${some ?? sql`true`}) as s
  cross join ${ref(timeline)} as t
  left join ${ref(accountFacts)} as f on f.account_id = s.account_id and f.day = s.start_on
  where s.start_on >= ${bind("date", first)} and s.start_on < ${bind("date", last)} and s.start_on <= t.data_through
)`,
  ];
}

const n = { type: "integer", notNull: true } as const;

/** One row per side: of each measure how many accounts have it, the sum, and that of the squares. */
async function sumUp(
  ask: Ask,
  { journey }: CompanyWords,
  options: ProgrammeOptions,
  asked: readonly Asked[],
): Promise<(isAfter: 0 | 1, measure: number) => Moments> {
  const { milestones } = journey;
  const numeric = asked.filter(({ kind }) => kind === "fact");
  const found = milestones.map(
    (m) =>
      sql`min(case when m.milestone = ${text(m.id)}${repeats(m) ? sql` and m.reached_on >= p.start_on` : sql``} then m.reached_on end) as ${name(reachedColumn(m))}`,
  );
  const sums = asked.flatMap(({ value }, i) => {
    const x = cast(value, "number");
    return [
      sql`count(${value}) as ${name(`n_${i}`)}`,
      sql`sum(${x}) as ${name(`sum_${i}`)}`,
      sql`sum(${x} * ${x}) as ${name(`squares_${i}`)}`,
    ];
  });
  const rows = await ask(
    sql`
with ${join(placedCtes(options), ",\n")},
reached as (
  select
    ${[sql`p.account_id as account_id`, ...found]}
  from placed as p
  inner join ${ref(accountMilestones)} as m on m.account_id = p.account_id
  group by p.account_id
),
followed as (
  select
    ${[
      sql`p.start_on as start_on`,
      sql`p.is_after as is_after`,
      sql`case when coalesce(f.is_customer, false) then 1 else 0 end as is_customer`,
      ...milestones.map((m) => sql`r.${name(reachedColumn(m))} as ${name(reachedColumn(m))}`),
      // What health is made of, of those that are still there.
      sql`case when f.is_customer then h.score end as score`,
      ...numeric.map(({ id }) => sql`case when f.is_customer then f.${name(id)} end as ${name(id)}`),
    ]}
  from placed as p
  left join ${ref(accountFacts)} as f on f.account_id = p.account_id and f.day = ${addDays(sql`p.start_on`, options.days)}
  left join ${ref(accountHealth)} as h on h.account_id = f.account_id and h.day = f.day
  left join reached as r on r.account_id = p.account_id
  where p.state = 'followed'
)
select ${[sql`w.is_after as is_after`, ...sums]}
from followed as w
group by w.is_after`,
    columnsOf(asked),
  );
  return (isAfter, measure) => {
    const row = rows.find((r) => r.is_after === isAfter);
    // The last digits hang on the order in which an engine adds: none that anybody chose.
    const value = (of: string): number => Number((row?.[`${of}_${measure}`] ?? 0).toPrecision(12));
    return { n: value("n"), sum: value("sum"), squares: value("squares") };
  };
}

const columnsOf = (asked: readonly Asked[]) =>
  Object.fromEntries([
    ["is_after", n],
    ...asked.flatMap((_, i) => [
      [`n_${i}`, n],
      [`sum_${i}`, { type: "number" }],
      [`squares_${i}`, { type: "number" }],
    ]),
  ]) as Record<string, { readonly type: "number" }>;

function inWords({ name: called, isYesNo, unit, before, after, difference }: Omit<Measure, "words">): string {
  if (before.value === null || after.value === null) return `${called}: ${difference.why}.`;
  const side = ({ n: of, value }: MeasureOnSide): string =>
    isYesNo
      ? `${(100 * (value ?? 0)).toFixed(0)} % of ${of}`
      : `${valueInWords(value ?? 0, unit)} over ${of}`;
  const sides = `${called}: ${side(before)} before, ${side(after)} after`;
  if (difference.value === null) return `${sides}; ${difference.why}.`;
  const points = (value: number): string =>
    isYesNo ? (100 * value).toFixed(0) : String(Number(value.toPrecision(3)));
  const { value, from, to } = difference;
  const chance = from > 0 || to < 0 ? "" : ", which may be chance";
  return `${sides}; by ${points(value)} (${points(from)} to ${points(to)})${isYesNo ? " points" : ""}${chance}.`;
}
