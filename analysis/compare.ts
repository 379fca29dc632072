import { WaymarkError } from "../errors.js";
import type { Journey } from "../journey/journey.js";
import { daysInWords, valueInWords } from "../journey/words.js";
import { attributeColumns, type CompanyWords, ref } from "../models/model.js";
import { attributeColumn } from "../models/sources/source.js";
import { accounts } from "../models/staging/accounts.js";
import { stgTouchpoints } from "../models/staging/stg_touchpoints.js";
import { benjaminiHochberg } from "../stats/corrections.js";
import type { Estimate } from "../stats/estimate.js";
import { auc, mannWhitney } from "../stats/ranks.js";
import { fisherExact, riskRatio } from "../stats/shares.js";
import { addDays, cast, minIf, sumCount } from "../warehouse/dialect.js";
import { integer, join, name, type Sql, sql, text } from "../warehouse/sql.js";
import type { Columns, Row } from "../warehouse/warehouse.js";
import { arrivalsCte, cameLate, isLate } from "./arrivals.js";
import { type Cohort, type Cohorts, landmarkCtes } from "./cohorts.js";
import { sourceNames, type Trait, type WideTrait, wideCtes, wideTraits } from "./traits.js";

/** A statement on the tables of one snapshot. */
export type Ask = <C extends Columns>(statement: Sql, columns: C) => Promise<Row<C>[]>;

export interface CompareOptions extends Cohorts {
  /** What has fewer accounts is withheld. */
  readonly minGroup: number;
  /** A row that came later than so many days after an account's landmark was not known then. */
  readonly lateDays: number;
}

/** A cohort, and which of its accounts are compared. */
export interface CohortSize {
  readonly name: string;
  /** Accounts that are compared. */
  readonly accounts: number;
  /** The others, by the reason. */
  readonly leftOut: readonly { readonly why: string; readonly accounts: number }[];
}

/** A trait in one cohort. */
export interface TraitInCohort {
  /** Accounts of which it is known. */
  readonly n: number;
  /** Of a yes/no trait the share of these for which it holds; null of a number. */
  readonly share: number | null;
  /** Of a number; null of a yes/no trait. */
  readonly median: number | null;
}

export interface ComparedTrait extends Trait {
  readonly first: TraitInCohort;
  readonly second: TraitInCohort;
  /** Accounts left out because a row that it is made of came too late. */
  readonly late: number;
  /** Of a yes/no trait: how many times likelier an account with it is to be of the first cohort; null of a number. */
  readonly riskRatio: Estimate | null;
  /** Of a number: the probability that the first cohort's is the greater of a pair; null of a yes/no trait. */
  readonly auc: Estimate | null;
  readonly p: number;
  readonly q: number;
  /** 0 = the cohorts don't differ, 1 = it tells them apart: the difference of the shares, or 2 × AUC − 1, without sign. */
  readonly strength: number;
  readonly words: string;
}

/** A trait of which nothing is said, and why. */
export interface LeftOutTrait extends Pick<Trait, "kind" | "id" | "name"> {
  readonly why: string;
}

export interface Comparison {
  readonly first: CohortSize;
  readonly second: CohortSize;
  readonly leadDays: number;
  /** Why nothing is compared; null where something is. */
  readonly why: string | null;
  /** Those whose q is at most 0.05 first, then by strength. */
  readonly traits: readonly ComparedTrait[];
  readonly leftOut: readonly LeftOutTrait[];
}

/** A q up to which a difference is told as one. */
export const solidQ = 0.05;

/** A logged contact counts as recent for so long before the landmark: a quarter and a month's slack. */
const contactDays = 120;

/**
 * What tells two cohorts of accounts apart, as of each account's landmark. It tells association, not cause.
 * @throws WaymarkError BAD_USER_INPUT where an outcome is in both cohorts
 */
export async function compareCohorts(
  ask: Ask,
  words: CompanyWords,
  options: CompareOptions,
): Promise<Comparison> {
  const { leadDays } = options;
  const sizes = await cohortSizes(ask, options);
  const why = nothingToCompare(sizes, options);
  if (why !== null) return { ...sizes, leadDays, why, traits: [], leftOut: [] };
  const counted = [
    ...(await countWide(ask, words.journey, options)),
    ...(await countWords(ask, words, options, sizes)),
  ];
  const judged = counted.map((trait) => judge(trait, options.minGroup));
  const shown = judged.flatMap((j) => ("why" in j ? [] : [j]));
  const qs = benjaminiHochberg(shown.map(({ p }) => p));
  const traits = shown.map((trait, i): ComparedTrait => {
    const q = qs[i] ?? 1;
    return { ...trait, q, words: inWords({ ...trait, q }, sizes) };
  });
  const isSolid = ({ q }: ComparedTrait): number => Number(q <= solidQ);
  return {
    ...sizes,
    leadDays,
    why: null,
    traits: traits.sort((a, b) => isSolid(b) - isSolid(a) || b.strength - a.strength || a.p - b.p),
    leftOut: judged.flatMap((j) => ("why" in j ? [j] : [])),
  };
}

type Sizes = Pick<Comparison, "first" | "second">;

const n = { type: "integer", notNull: true } as const;
const word = { type: "string", notNull: true } as const;

const states: Readonly<Record<string, (leadDays: number) => string>> = {
  "no facts": (lead) => `no facts ${daysInWords(lead)} before the outcome`,
  "not covered": (lead) => `not covered by a paid contract ${daysInWords(lead)} before the outcome`,
};

/** @throws WaymarkError BAD_USER_INPUT where an outcome is in both cohorts */
export async function cohortSizes(ask: Ask, options: Cohorts): Promise<Sizes> {
  const rows = await ask(
    sql`
with ${join(landmarkCtes(options), ",\n")}
select in_first, in_second, state, count(*) as accounts, min(account_id) as example
from placed
group by in_first, in_second, state`,
    { in_first: n, in_second: n, state: word, accounts: n, example: word },
  );
  const both = rows.filter((row) => row.in_first + row.in_second === 2);
  if (both.length > 0) {
    const accounts = both.reduce((sum, row) => sum + row.accounts, 0);
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `The cohorts overlap: ${accounts} accounts are in both by the same outcome, e.g. ${both[0]?.example}. Give the cohorts different outcomes, periods or filters.`,
    );
  }
  const [first, second] = namesOf(options);
  const sizeOf = (cohort: "in_first" | "in_second", called: string): CohortSize => {
    const own = rows.filter((row) => row[cohort] === 1);
    return {
      name: called,
      accounts: own.find((row) => row.state === "compared")?.accounts ?? 0,
      leftOut: own.flatMap(({ state, accounts }) => {
        const why = states[state]?.(options.leadDays);
        return why ? [{ why, accounts }] : [];
      }),
    };
  };
  return { first: sizeOf("in_first", first), second: sizeOf("in_second", second) };
}

/** What people call the cohorts: how their terms ended, where that tells them apart. "renewed" is with the same MRR alone. */
function namesOf({ first, second }: Cohorts): [string, string] {
  const called = ({ outcomes }: Cohort): string =>
    ["renewed", "expanded", "contracted"].every((o) => (outcomes as readonly string[]).includes(o)) &&
    outcomes.length === 3
      ? "stayed"
      : outcomes.join(" or ");
  const [one, other] = [called(first), called(second)];
  return one === other ? [`${one} (first)`, `${other} (second)`] : [one, other];
}

/** Why two cohorts can't be compared; null where they can. */
export function nothingToCompare(
  { first, second }: Sizes,
  { leadDays, minGroup }: Pick<CompareOptions, "leadDays" | "minGroup">,
): string | null {
  for (const { name: called, accounts: compared, leftOut } of [first, second]) {
    const all = leftOut.reduce((sum, reason) => sum + reason.accounts, compared);
    if (all === 0)
      return `No account is in the cohort "${called}". Terms that ended of late may not be decided yet; a longer period or another filter may have some.`;
    if (compared === 0)
      return `Of the cohort "${called}" (${all}) nobody was a customer with facts ${daysInWords(leadDays)} before the outcome; a shorter lead may find some.`;
    if (compared < minGroup)
      return `Of the cohort "${called}" only ${compared} can be compared; groups under ${minGroup} are withheld.`;
  }
  return null;
}

/** A trait with what the warehouse counted of it. */
interface Counted extends Trait {
  readonly firstN: number;
  readonly secondN: number;
  readonly firstYes: number;
  readonly secondYes: number;
  readonly firstMedian: number | null;
  readonly secondMedian: number | null;
  readonly firstRanks: number;
  readonly ties: number;
  /** How many values it has. */
  readonly values: number;
  readonly late: number;
}

/** What the journey says: one row per account, turned to one per account and trait, ranked and counted there. */
async function countWide(ask: Ask, journey: Journey, options: CompareOptions): Promise<Counted[]> {
  const traits = wideTraits(journey);
  const lateOf = ({ sources }: WideTrait): Sql =>
    sources.length === 0
      ? sql`0`
      : sql`case when ${join(
          sources.map((s) => sql`w.${name(isLate(s))} = 1`),
          " or ",
        )} then 1 else 0 end`;
  // Many traits are made of the same sources.
  const groups = [...new Set(traits.map(({ sources }) => sources.join()))];
  const example = (group: string): WideTrait =>
    traits.find(({ sources }) => sources.join() === group) as WideTrait;
  const rows = await ask(
    sql`
with ${join([...landmarkCtes(options), arrivalsCte(sourceNames, options.lateDays), ...wideCtes(journey)], ",\n")},
traits as (
  ${join(
    traits.map(
      ({ sources }, i) =>
        sql`select ${integer(i)} as trait, ${integer(groups.indexOf(sources.join()))} as made_of`,
    ),
    " union all ",
  )}
),
long as (
  select
    t.trait as trait,
    w.in_first as in_first,
    w.in_second as in_second,
    case t.made_of ${join(
      groups.map((group, i) => sql`when ${integer(i)} then ${lateOf(example(group))}`),
      " ",
    )} end as is_late,
    case t.trait ${join(
      traits.map(({ value }, i) => sql`when ${integer(i)} then ${value}`),
      " ",
    )} end as value
  from wide as w
  cross join traits as t
),
late_counts as (
  select trait, ${sumCount(sql`case when value is null then 0 else is_late end`)} as late
  from long
  group by trait
),
counted as (
  select trait, value, ${sumCount(sql`in_first`)} as of_first, ${sumCount(sql`in_second`)} as of_second
  from long
  where value is not null and is_late = 0
  group by trait, value
),
running as (
  select
    trait,
    value,
    ${cast(sql`of_first`, "number")} as of_first,
    ${cast(sql`of_second`, "number")} as of_second,
    ${cast(sql`sum(of_first) over (partition by trait order by value)`, "number")} as first_to_here,
    ${cast(sql`sum(of_second) over (partition by trait order by value)`, "number")} as second_to_here,
    ${cast(sql`sum(of_first) over (partition by trait)`, "number")} as first_n,
    ${cast(sql`sum(of_second) over (partition by trait)`, "number")} as second_n
  from counted
),
ranked as (
  select
    trait,
    max(first_n) as first_n,
    max(second_n) as second_n,
    count(*) as values_n,
    sum(case when value > 0 then of_first else 0 end) as first_yes,
    sum(case when value > 0 then of_second else 0 end) as second_yes,
    sum(of_first * (first_to_here + second_to_here - (of_first + of_second - 1) / 2)) as first_ranks,
    sum((of_first + of_second) * (of_first + of_second) * (of_first + of_second) - (of_first + of_second)) as ties,
    ${median("first")} as first_median,
    ${median("second")} as second_median
  from running
  group by trait
)
select l.trait, l.late, r.first_n, r.second_n, r.values_n, r.first_yes, r.second_yes, r.first_ranks, r.ties, r.first_median, r.second_median
from late_counts as l
left join ranked as r on r.trait = l.trait
order by l.trait`,
    {
      trait: n,
      late: n,
      first_n: { type: "number" },
      second_n: { type: "number" },
      values_n: { type: "integer" },
      first_yes: { type: "number" },
      second_yes: { type: "number" },
      first_ranks: { type: "number" },
      ties: { type: "number" },
      first_median: { type: "number" },
      second_median: { type: "number" },
    },
  );
  return rows.flatMap((row) => {
    const trait = traits[row.trait];
    if (!trait) return [];
    const { value: _, sources: __, ...said } = trait;
    return [
      {
        ...said,
        firstN: row.first_n ?? 0,
        secondN: row.second_n ?? 0,
        firstYes: row.first_yes ?? 0,
        secondYes: row.second_yes ?? 0,
        firstMedian: row.first_median,
        secondMedian: row.second_median,
        firstRanks: row.first_ranks ?? 0,
        ties: row.ties ?? 0,
        values: row.values_n ?? 0,
        late: row.late,
      },
    ];
  });
}

/** Exact, from how many values lie up to each: the mean of the two middle ones where their number is even. */
function median(cohort: "first" | "second"): Sql {
  const [toHere, all] = [name(`${cohort}_to_here`), name(`${cohort}_n`)];
  return sql`(${minIf(sql`value`, sql`2 * ${toHere} >= ${all} and ${all} > 0`)} + ${minIf(sql`value`, sql`2 * ${toHere} > ${all}`)}) / 2`;
}

const ofWords = {
  kind: word,
  id: word,
  word,
  of_first: n,
  of_second: n,
  first_n: n,
  second_n: n,
  late: n,
} as const;

/**
 * What only the rows' own words tell: each value of an attribute against all others, and each kind of contact. An
 * attribute is known as it is today: where its row came or was corrected after the landmark, it isn't compared.
 */
async function countWords(
  ask: Ask,
  words: CompanyWords,
  options: CompareOptions,
  sizes: Sizes,
): Promise<Counted[]> {
  const attributes = ["segment", "region", "owner", ...Object.keys(attributeColumns(words))];
  const nameOf = new Map(words.attributes.map((a) => [attributeColumn(a), a]));
  const rows = await ask(
    sql`
with ${join([...landmarkCtes(options), arrivalsCte(["accounts"], options.lateDays)], ",\n")},
keys as (
  ${join(
    attributes.map((a) => sql`select ${text(a)} as id`),
    " union all ",
  )}
),
said as (
  select
    k.id as id,
    case k.id ${join(
      attributes.map((a) => sql`when ${text(a)} then a.${name(a)}`),
      " ",
    )} end as word,
    l.in_first as in_first,
    l.in_second as in_second,
    coalesce(r.${name(isLate("accounts"))}, 0) as is_late
  from landmarks as l
  inner join ${ref(accounts)} as a on a.account_id = l.account_id
  left join arrivals as r on r.account_id = l.account_id
  cross join keys as k
),
attribute_sums as (
  select
    id,
    ${sumCount(sql`in_first * (1 - is_late)`)} as first_n,
    ${sumCount(sql`in_second * (1 - is_late)`)} as second_n,
    ${sumCount(sql`is_late`)} as late
  from said
  where word is not null
  group by id
),
contacts as (
  select distinct c.kind as kind, l.account_id as account_id, l.in_first as in_first, l.in_second as in_second
  from landmarks as l
  inner join ${ref(stgTouchpoints)} as c on c.account_id = l.account_id and c.day <= l.landmark and c.day > ${addDays(sql`l.landmark`, -contactDays)}
  where c.is_usable and c.kind is not null and not ${cameLate(sql`c.loaded_at`, sql`l.landmark`, options.lateDays)}
)
select 'attribute' as kind, s.id as id, s.word as word, ${sumCount(sql`s.in_first * (1 - s.is_late)`)} as of_first, ${sumCount(sql`s.in_second * (1 - s.is_late)`)} as of_second, max(t.first_n) as first_n, max(t.second_n) as second_n, max(t.late) as late
from said as s
inner join attribute_sums as t on t.id = s.id
where s.word is not null
group by s.id, s.word
union all
select 'touchpoint' as kind, c.kind as id, c.kind as word, ${sumCount(sql`c.in_first`)} as of_first, ${sumCount(sql`c.in_second`)} as of_second, ${integer(sizes.first.accounts)} as first_n, ${integer(sizes.second.accounts)} as second_n, 0 as late
from contacts as c
group by c.kind
order by kind, id, word`,
    ofWords,
  );
  return rows.map((row) => ({
    kind: row.kind as Trait["kind"],
    id: row.kind === "attribute" ? `${nameOf.get(row.id) ?? row.id}:${row.word}` : row.id,
    name:
      row.kind === "attribute"
        ? `${(nameOf.get(row.id) ?? row.id).replaceAll("_", " ")} is ${row.word}`
        : `${row.word.replaceAll("_", " ")} in the last ${contactDays} days`,
    isYesNo: true,
    unit: "",
    firstN: row.first_n,
    secondN: row.second_n,
    firstYes: row.of_first,
    secondYes: row.of_second,
    firstMedian: null,
    secondMedian: null,
    firstRanks: 0,
    ties: 0,
    values: row.of_first + row.of_second < row.first_n + row.second_n ? 2 : 1,
    late: row.late,
  }));
}

type Judged = Omit<ComparedTrait, "q" | "words"> | LeftOutTrait;

/** The comparison of one trait, or why there is none. */
function judge(counted: Counted, minGroup: number): Judged {
  const {
    kind,
    id,
    name: called,
    isYesNo,
    unit,
    firstN,
    secondN,
    firstYes,
    secondYes,
    values,
    late,
  } = counted;
  const without = (why: string): LeftOutTrait => ({
    kind,
    id,
    name: called,
    why: late > 0 ? `${why}; rows of ${late} accounts came or were corrected too late` : why,
  });
  if (firstN === 0 || secondN === 0) return without("not known in one cohort");
  if (firstN < minGroup || secondN < minGroup)
    return without(`known of fewer than ${minGroup} accounts in one cohort`);
  if (values < 2) return without(isYesNo ? "the same for all" : "all values are equal");
  const [yes, all] = [firstYes + secondYes, firstN + secondN];
  if (isYesNo && (yes < minGroup || all - yes < minGroup))
    return without(`holds, or doesn't hold, for fewer than ${minGroup} accounts`);
  const of = (n: number, y: number, median: number | null): TraitInCohort =>
    isYesNo ? { n, share: y / n, median: null } : { n, share: null, median };
  const said = {
    kind,
    id,
    name: called,
    isYesNo,
    unit,
    late,
    first: of(firstN, firstYes, counted.firstMedian),
    second: of(secondN, secondYes, counted.secondMedian),
  };
  if (isYesNo) {
    const shares = [
      { count: firstYes, of: firstN },
      { count: secondYes, of: secondN },
    ] as const;
    return {
      ...said,
      // Of those with the trait, and of those without, the share in the first cohort.
      riskRatio: riskRatio({ count: firstYes, of: yes }, { count: firstN - firstYes, of: all - yes }),
      auc: null,
      p: fisherExact(...shares) ?? 1,
      strength: Math.abs(firstYes / firstN - secondYes / secondN),
    };
  }
  const ranks = { first: firstN, second: secondN, firstRanks: counted.firstRanks, ties: counted.ties };
  const area = auc(ranks);
  return {
    ...said,
    riskRatio: null,
    auc: area,
    p: mannWhitney(ranks) ?? 1,
    strength: area.value === null ? 0 : Math.abs(2 * area.value - 1),
  };
}

function inWords(trait: Omit<ComparedTrait, "words">, { first, second }: Sizes): string {
  const chance = trait.q <= solidQ ? "" : " (may be chance)";
  return `${difference(trait, first.name, second.name)}${chance}.`;
}

function difference(trait: Omit<ComparedTrait, "words">, first: string, second: string): string {
  const { name: called, unit, riskRatio: ratio, auc: area } = trait;
  if (area === null) {
    const share = (cohort: TraitInCohort): string => `${percent(cohort.share ?? 0)} of ${cohort.n}`;
    const shares = `${called}: ${share(trait.first)} ${first}, ${share(trait.second)} ${second}`;
    if (ratio === null || ratio.value === null) return `${shares}; no ratio, as ${ratio?.why}`;
    return `${shares}; with it an account is ${range(ratio, (v) => v.toFixed(2))} times as likely to be ${first}`;
  }
  const median = (cohort: TraitInCohort): string => valueInWords(cohort.median ?? 0, unit);
  const medians = `${called}: median ${median(trait.first)} ${first}, ${median(trait.second)} ${second}`;
  if (area.value === null) return `${medians}; ${area.why}`;
  const isMore = area.value >= 0.5;
  const more = isMore ? area : { ...area, value: 1 - area.value, from: 1 - area.to, to: 1 - area.from };
  return `${medians}; of a pair the ${first} one has the ${isMore ? "higher" : "lower"} ${range(more, (v) => (100 * v).toFixed(0))} times of 100`;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const range = ({ value, from, to }: Estimate, said: (v: number) => string): string =>
  value === null ? "" : `${said(value)} (${said(from)}–${said(to)})`;
