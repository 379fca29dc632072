import { stringify } from "yaml";
import type { Journey } from "../journey/journey.js";
import { factsIn } from "../journey/own_facts.js";
import { label, valueInWords } from "../journey/words.js";
import { accountFacts } from "../models/daily/account_facts.js";
import { type CompanyWords, type Readable, ref } from "../models/model.js";
import type { SourceName } from "../models/sources/index.js";
import { accounts } from "../models/staging/accounts.js";
import { stgOutcomes } from "../models/staging/stg_outcomes.js";
import { stgSurveyResponses } from "../models/staging/stg_survey_responses.js";
import { stgTickets } from "../models/staging/stg_tickets.js";
import { stgTouchpoints } from "../models/staging/stg_touchpoints.js";
import { stgUsageEvents } from "../models/staging/stg_usage_events.js";
import { benjaminiHochberg } from "../stats/corrections.js";
import type { Estimate } from "../stats/estimate.js";
import { fisherExact, riskRatio, type Share } from "../stats/shares.js";
import {
  addDays,
  cast,
  daysBetween,
  descending,
  hexDigest,
  nullOf,
  safeDivide,
  sumCount,
  sumCountOver,
} from "../warehouse/dialect.js";
import { integer, join, name, number, type Sql, sql } from "../warehouse/sql.js";
import type { Row } from "../warehouse/warehouse.js";
import { arrivalsCte, isLate } from "./arrivals.js";
import { type Cohort, outcomeCtes } from "./cohorts.js";
import { type Ask, solidQ } from "./compare.js";
import { roundedDown } from "./round_values.js";
import { sourceNames } from "./traits.js";

export interface ProposalOptions {
  /** Outcomes of these days, [from, to), and accounts; all by default. */
  readonly among?: Omit<Cohort, "outcomes"> | undefined;
  /** A row that came later than so many days after an account's day was not known then. */
  readonly lateDays: number;
  /** Each half needs so many accounts that churned and that stayed, and half as many on either side of a threshold. */
  readonly minOutcomes: number;
}

/** So many that churned, and that stayed. */
export interface Outcomes {
  readonly churned: number;
  readonly stayed: number;
}

/** A milestone that sets apart those that stayed. */
export interface Proposal {
  readonly fact: string;
  readonly name: string;
  readonly unit: string;
  /** Reached where the fact was at least this on some day up to `withinDays` after the first paid one. */
  readonly atLeast: number;
  readonly withinDays: number;
  /** Of the accounts that it was not chosen by: how those that reached it ended, and those that didn't. */
  readonly reached: Outcomes;
  readonly missed: Outcomes;
  /** The share that churned of those that reached it over that of those that didn't. */
  readonly riskRatio: Estimate;
  readonly p: number;
  readonly q: number;
  readonly words: string;
  /** The milestone, to be pasted under `milestones` of the journey. */
  readonly yaml: string;
}

export interface Proposals {
  /** The accounts that thresholds were chosen by, and the others, by which they were tested; of the shortest time. */
  readonly chosenBy: Outcomes;
  readonly testedBy: Outcomes;
  /** Why nothing is proposed; null where something is tested. */
  readonly why: string | null;
  /** One for each fact at most; those with q up to 0.05 first, then by p. */
  readonly proposals: readonly Proposal[];
  readonly leftOut: readonly { readonly fact: string; readonly name: string; readonly why: string }[];
}

/** Within how many days of the first paid one a milestone may be reached. */
export const proposalDays = [14, 30, 60, 90] as const;

/**
 * Looks for a threshold of each fact that, reached within some days of the first paid one, sets apart the customers that
 * stayed from those that churned later. Threshold and days are chosen by one half of the accounts and tested by the
 * other, so that what is told isn't what was picked because it looked good. Only accounts that were customers when
 * the days were over count, by how their latest decided term ended after that.
 */
export async function milestoneProposals(
  ask: Ask,
  { journey }: CompanyWords,
  options: ProposalOptions,
): Promise<Proposals> {
  const facts = proposable(journey);
  const rows = await countReached(ask, facts, options);
  const sizes = rows.find(({ fact, within_days }) => fact === noFact && within_days === proposalDays[0]);
  const chosenBy = { churned: sizes?.chosen_churned ?? 0, stayed: sizes?.chosen_stayed ?? 0 };
  const testedBy = { churned: sizes?.tested_churned ?? 0, stayed: sizes?.tested_stayed ?? 0 };
  const why = whyNothing([chosenBy, testedBy], options);
  if (why !== null) return { chosenBy, testedBy, why, proposals: [], leftOut: [] };
  const judged = facts.map((fact, i) =>
    judge(
      fact,
      rows.filter((row) => row.fact === i),
      options,
    ),
  );
  const tested = judged.flatMap((j) => ("why" in j ? [] : [j]));
  const qs = benjaminiHochberg(tested.map(({ p }) => p));
  const proposals = tested.map((proposal, i): Proposal => {
    const q = qs[i] ?? 1;
    return { ...proposal, q, words: inWords({ ...proposal, q }), yaml: yamlOf(proposal) };
  });
  return {
    chosenBy,
    testedBy,
    why: null,
    proposals: proposals.sort((a, b) => a.q - b.q || a.p - b.p),
    leftOut: judged.flatMap((j) => ("why" in j ? [j] : [])),
  };
}

/** A fact that a milestone may ask for, and the sources whose late rows may have changed it. */
interface ProposableFact {
  readonly id: string;
  readonly unit: string;
  readonly isWhole: boolean;
  readonly sources: readonly SourceName[];
}

/** Facts of what a customer does. What it bought is no milestone, and time passes by itself. */
function proposable(journey: Journey): ProposableFact[] {
  const passes = new Set(
    journey.facts.filter(({ measure }) => measure === "days_since_last").map(({ id }) => id),
  );
  return Object.entries(factsIn(journey)).flatMap(([id, { unit, type, needs }]) => {
    const sources = [...new Set(needs.map((need) => need.split(".")[0] as SourceName))];
    const isDone = sources.some((source) => source !== "contracts");
    if (!isDone || passes.has(id) || id.startsWith("days_since_")) return [];
    return [{ id, unit, isWhole: type === "integer", sources }];
  });
}

function whyNothing(halves: readonly Outcomes[], { minOutcomes }: ProposalOptions): string | null {
  const least = (of: keyof Outcomes): number => Math.min(...halves.map((half) => half[of]));
  if (least("churned") >= minOutcomes && least("stayed") >= minOutcomes) return null;
  const all = (of: keyof Outcomes): number => halves.reduce((sum, half) => sum + half[of], 0);
  return `Of the accounts that were customers ${proposalDays[0]} days after their first paid day, and of which it is decided how a later term ended, ${all("churned")} churned and ${all("stayed")} stayed. They fall in two halves, and each needs ${minOutcomes} of both; the fewest in one are ${least("churned")} that churned and ${least("stayed")} that stayed.`;
}

/**
 * Sources whose rows have days. Customers whose first days were over before anybody has a row in one of them are older
 * than what is known: that they did nothing isn't known of them.
 */
const dated = {
  usage_events: stgUsageEvents,
  tickets: stgTickets,
  survey_responses: stgSurveyResponses,
  touchpoints: stgTouchpoints,
  outcomes: stgOutcomes,
} as const satisfies Partial<Record<SourceName, Readable>>;

/** The place of a fact in the rows that tell how many accounts there are. */
const noFact = -1;

const n = { type: "integer", notNull: true } as const;
const counted = {
  fact: n,
  within_days: n,
  at_least: { type: "number" },
  chosen_churned: n,
  chosen_stayed: n,
  tested_churned: n,
  tested_stayed: n,
  all_chosen_churned: n,
  all_chosen_stayed: n,
  all_tested_churned: n,
  all_tested_stayed: n,
} as const;
type Counted = Row<typeof counted>;

const groups = ["chosen_churned", "chosen_stayed", "tested_churned", "tested_stayed"] as const;

/**
 * For each fact and number of days the values that a tenth, two tenths … of the choosing half reached by then, with how
 * many of each half reached them. The halves are drawn by a digest of the account's id, so they stay the same.
 */
function countReached(
  ask: Ask,
  facts: readonly ProposableFact[],
  options: ProposalOptions,
): Promise<Counted[]> {
  const [churned, stayed] = [
    { ...options.among, outcomes: ["churned"] as const },
    { ...options.among, outcomes: ["renewed", "expanded", "contracted"] as const },
  ];
  const lastDays = Math.max(...proposalDays);
  const nth = daysBetween(sql`a.customer_since`, sql`f.day`);
  const madeOf = [...new Set(facts.map(({ sources }) => sources.join()))];
  const startedOn = addDays(sql`v.landmark`, sql`(${integer(proposalDays[0])} - v.within_days)`);
  const isUnknown = (sources: string): Sql =>
    join(
      (sources.split(",") as SourceName[]).flatMap((source) => [
        sql`coalesce(r.${name(isLate(source))}, 0) = 1`,
        ...(source in dated ? [sql`coalesce(${startedOn} < k.${name(source)}, false)`] : []),
      ]),
      " or ",
    );
  const ofHalf: Record<(typeof groups)[number], Sql> = {
    chosen_churned: sql`is_chosen * in_first`,
    chosen_stayed: sql`is_chosen * in_second`,
    tested_churned: sql`(1 - is_chosen) * in_first`,
    tested_stayed: sql`(1 - is_chosen) * in_second`,
  };
  const chosen = (of: string): Sql =>
    cast(sql`${name(`${of}chosen_churned`)} + ${name(`${of}chosen_stayed`)}`, "number");
  const tenths = (reached: Sql): Sql =>
    sql`floor(${safeDivide(sql`${number(10)} * (${reached})`, chosen("all_"))})`;
  return ask(
    sql`
with ${join(outcomeCtes(churned, stayed), ",\n")},
times as (
  ${join(
    proposalDays.map((days) => sql`select ${integer(days)} as within_days`),
    " union all ",
  )}
),
customers as (
  select
    o.account_id as account_id,
    o.outcome_on as outcome_on,
    o.in_first as in_first,
    o.in_second as in_second,
    a.customer_since as customer_since,
    case when ${hexDigest(sql`o.account_id`)} < '8' then 1 else 0 end as is_chosen
  from ordered as o
  inner join ${ref(accounts)} as a on a.account_id = o.account_id
  where o.nth = 1
),
landmarks as (
  select
    c.account_id as account_id,
    c.in_first as in_first,
    c.in_second as in_second,
    c.is_chosen as is_chosen,
    t.within_days as within_days,
    f.day as landmark
  from customers as c
  cross join times as t
  inner join ${ref(accountFacts)} as f on f.account_id = c.account_id and f.day = ${addDays(sql`c.customer_since`, sql`t.within_days`)}
  where f.is_customer and f.day < c.outcome_on
),
${arrivalsCte(sourceNames, options.lateDays)},
known_from as (
  select ${Object.entries(dated).map(([source, model]) => sql`(select min(day) from ${ref(model)} where is_usable) as ${name(source)}`)}
),
first_days as (
  select
    account_id,
    within_days,
    ${facts.map(({ id }) => sql`max(${name(id)}) as ${name(id)}`)}
  from (
    select
      ${[
        sql`a.account_id as account_id`,
        sql`case ${join(
          proposalDays.slice(0, -1).map((days) => sql`when ${nth} <= ${integer(days)} then ${integer(days)}`),
          " ",
        )} else ${integer(lastDays)} end as within_days`,
        ...facts.map(({ id }) => sql`f.${name(id)} as ${name(id)}`),
      ]}
    from customers as a
    inner join ${ref(accountFacts)} as f on f.account_id = a.account_id and f.day <= ${addDays(sql`a.customer_since`, lastDays)}
  ) as d
  group by account_id, within_days
),
reached as (
  select
    ${[
      sql`l.account_id as account_id`,
      sql`l.landmark as landmark`,
      sql`l.within_days as within_days`,
      sql`l.in_first as in_first`,
      sql`l.in_second as in_second`,
      sql`l.is_chosen as is_chosen`,
      ...facts.map((fact) => sql`${roundedDown(sql`max(d.${name(fact.id)})`, fact)} as ${name(fact.id)}`),
    ]}
  from landmarks as l
  inner join first_days as d on d.account_id = l.account_id and d.within_days <= l.within_days
  group by l.account_id, l.landmark, l.within_days, l.in_first, l.in_second, l.is_chosen
),
facts as (
  ${join(
    facts.map(
      ({ sources }, i) =>
        sql`select ${integer(i)} as fact, ${integer(madeOf.indexOf(sources.join()))} as made_of`,
    ),
    " union all ",
  )}
),
long as (
  select
    t.fact as fact,
    v.within_days as within_days,
    v.in_first as in_first,
    v.in_second as in_second,
    v.is_chosen as is_chosen,
    case t.fact ${join(
      facts.map(({ id }, i) => sql`when ${integer(i)} then v.${name(id)}`),
      " ",
    )} end as value
  from reached as v
  cross join facts as t
  cross join known_from as k
  left join arrivals as r on r.account_id = v.account_id and r.landmark = v.landmark
  where not case t.made_of ${join(
    madeOf.map((sources, i) => sql`when ${integer(i)} then ${isUnknown(sources)}`),
    " ",
  )} end
),
counted as (
  select fact, within_days, value, ${groups.map((group) => sql`${sumCount(ofHalf[group])} as ${name(group)}`)}
  from long
  group by fact, within_days, value
),
running as (
  select
    fact,
    within_days,
    value,
    ${chosen("")} as own,
    ${groups.flatMap((group) => [
      sql`${sumCountOver(name(group), sql`partition by fact, within_days order by ${descending(sql`value`)}`)} as ${name(group)}`,
      sql`${sumCountOver(name(group), sql`partition by fact, within_days`)} as ${name(`all_${group}`)}`,
    ])}
  from counted
)
select fact, within_days, value as at_least, ${groups.map((group) => name(group))}, ${groups.map((group) => name(`all_${group}`))}
from running
where value is not null and ${tenths(chosen(""))} > ${tenths(sql`${chosen("")} - own`)}
union all
select ${integer(noFact)} as fact, within_days, ${nullOf("number")} as at_least, ${[...groups, ...groups].map((group) => sumCount(ofHalf[group]))}
from landmarks
group by within_days
order by fact, within_days, at_least`,
    counted,
  );
}

const total = ({ churned, stayed }: Outcomes): number => churned + stayed;
const churnedOf = (outcomes: Outcomes): Share => ({ count: outcomes.churned, of: total(outcomes) });
const shareOf = (outcomes: Outcomes): number => outcomes.churned / total(outcomes);

/** How those that reached a threshold ended, and those that didn't, of one half. */
function sidesOf(row: Counted, half: "chosen" | "tested"): { reached: Outcomes; missed: Outcomes } {
  const reached = { churned: row[`${half}_churned`], stayed: row[`${half}_stayed`] };
  const missed = {
    churned: row[`all_${half}_churned`] - reached.churned,
    stayed: row[`all_${half}_stayed`] - reached.stayed,
  };
  return { reached, missed };
}

type Judged = Omit<Proposal, "q" | "words" | "yaml"> | Proposals["leftOut"][number];

/** The threshold of a fact that the choosing half is best told apart by, tested by the other; or why there is none. */
function judge({ id, unit }: ProposableFact, rows: readonly Counted[], options: ProposalOptions): Judged {
  const called = label(id);
  const without = (why: string): Judged => ({ fact: id, name: called, why });
  const least = options.minOutcomes / 2;
  const isLarge = ({ reached, missed }: ReturnType<typeof sidesOf>): boolean =>
    total(reached) >= least && total(missed) >= least;
  const divided = rows.filter((row) => isLarge(sidesOf(row, "chosen")));
  if (divided.length === 0)
    return without(
      `no value has ${Math.ceil(least)} accounts on either side: not known, or the same for nearly all`,
    );
  const better = divided.flatMap((row) => {
    const { reached, missed } = sidesOf(row, "chosen");
    const p = fisherExact(churnedOf(reached), churnedOf(missed)) ?? 1;
    return shareOf(reached) < shareOf(missed) ? [{ row, p }] : [];
  });
  const best = better.reduce<(typeof better)[number] | undefined>(
    (best, one) => (best && best.p <= one.p ? best : one),
    undefined,
  );
  if (!best) return without("whoever reached more of it did not stay more often, in the half that chooses");
  if (best.p > screenP)
    return without("nothing in the half that chooses but what chance makes (p above 0.05 at its best value)");
  const { row } = best;
  const tested = sidesOf(row, "tested");
  if (!isLarge(tested)) return without(`fewer than ${least} accounts on one side, in the half that tests`);
  const [reached, missed] = [churnedOf(tested.reached), churnedOf(tested.missed)];
  return {
    fact: id,
    name: called,
    unit,
    atLeast: row.at_least ?? 0,
    withinDays: row.within_days,
    ...tested,
    riskRatio: riskRatio(reached, missed),
    p: fisherExact(reached, missed) ?? 1,
  };
}

/** What looks no better than this by the accounts that it was picked by isn't worth a test. */
const screenP = 0.05;

function inWords({
  name: called,
  unit,
  atLeast,
  withinDays,
  reached,
  missed,
  riskRatio: ratio,
  q,
}: Omit<Proposal, "words" | "yaml">): string {
  const share = (outcomes: Outcomes): string =>
    `${(100 * shareOf(outcomes)).toFixed(0)} % of ${total(outcomes)}`;
  const times =
    ratio.value === null
      ? `no ratio, as ${ratio.why}`
      : `${ratio.value.toFixed(2)} (${ratio.from.toFixed(2)}–${ratio.to.toFixed(2)}) times the share`;
  const chance = q <= solidQ ? "" : ", which may be chance";
  return `${called} of at least ${valueInWords(atLeast, unit)} by day ${withinDays}: ${share(reached)} churned, of those that did not reach it ${share(missed)}; ${times}${chance}.`;
}

/** As one entry of the journey's milestones. */
function yamlOf({
  fact,
  name: called,
  unit,
  atLeast,
  withinDays,
}: Pick<Proposal, "fact" | "name" | "unit" | "atLeast" | "withinDays">): string {
  const milestone = {
    id: `${fact}_within_${withinDays}d`,
    name: `${called.charAt(0).toUpperCase()}${called.slice(1)} of at least ${valueInWords(atLeast, unit)}`,
    expected_days: withinDays,
    when: { fact, at_least: atLeast },
  };
  return stringify([milestone]);
}
