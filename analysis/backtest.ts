import { type Band, bands } from "../journey/bands.js";
import { accountHealth } from "../models/health/account_health.js";
import { type CompanyWords, ref } from "../models/model.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { type Estimate, noFigure } from "../stats/estimate.js";
import { auc } from "../stats/ranks.js";
import { type Share, wilson } from "../stats/shares.js";
import { addDays, cast, daysBetween, greatest, least, orNever, sumCount } from "../warehouse/dialect.js";
import { join, number, sql } from "../warehouse/sql.js";
import { type Cohort, landmarkCtes } from "./cohorts.js";
import { type Ask, type CohortSize, cohortSizes, nothingToCompare } from "./compare.js";

export interface BacktestOptions {
  /** Outcomes of these days, [from, to), and accounts; all by default. */
  readonly among?: Omit<Cohort, "outcomes"> | undefined;
  /** What has fewer accounts is withheld. */
  readonly minGroup: number;
}

/** How health stood so many days before the outcome. */
export interface HealthBefore {
  readonly leadDays: number;
  readonly churned: CohortSize;
  readonly renewed: CohortSize;
  /** Accounts without a score then: too little evidence, or a stage that isn't scored. They are in no figure but the bands'. */
  readonly unscored: number;
  /** Probability that of a pair the one that churned had the lower score: 0.5 = the score tells nothing, 1 = all. */
  readonly auc: Estimate;
  /** Of the tenth with the lowest scores the share that churned; accounts of equal score at its edge count in part. */
  readonly worstDecile: Estimate;
  /** That over the share of all scored accounts; null where either isn't known. */
  readonly lift: number | null;
  readonly bands: readonly BandBefore[];
}

/** The accounts that stood in a band, and the share of them that churned. */
export interface BandBefore {
  readonly band: Band;
  readonly accounts: number;
  /** Null where the band is withheld. */
  readonly churned: number | null;
  readonly rate: Estimate;
}

/** How well a negative signal warned: it was open on some of the days in which there was time to act. */
export interface SignalBefore {
  readonly id: string;
  readonly name: string;
  /** Accounts that it warned of, and those of them that churned; null where they are withheld. */
  readonly accounts: number;
  readonly churned: number | null;
  /** Of those it warned of the share that churned, and of those that churned the share it warned of. */
  readonly precision: Estimate;
  readonly recall: Estimate;
  /** From its opening to the outcome, of those that churned; null without any. */
  readonly medianLeadDays: number | null;
}

export interface Backtest {
  /** Why there is no figure at all; null where there are some. */
  readonly why: string | null;
  readonly journeyVersion: string;
  /** 30, 60 and 90 days before. */
  readonly health: readonly HealthBefore[];
  /** Of the accounts that churned the share whose health was good 30 days before. */
  readonly goodBeforeChurn: Estimate;
  /** Of the compared accounts the share that churned: what a signal's precision is held against. */
  readonly churnRate: Estimate;
  readonly signals: readonly SignalBefore[];
}

export const backtestLeads = [30, 60, 90] as const;

/** A warning counts from so many days before the outcome until the shortest lead. */
export const warningDays = 90;
const actDays = backtestLeads[0];

/**
 * Holds the published journey against what came: of the accounts whose latest term was decided, those that churned
 * against all others. Scores are those published, made from rows as they are known today; nothing in them is fitted to
 * outcomes.
 */
export async function backtest(ask: Ask, words: CompanyWords, options: BacktestOptions): Promise<Backtest> {
  const before = await Promise.all(backtestLeads.map((leadDays) => healthBefore(ask, options, leadDays)));
  const health = before.map(({ goodChurned: _, ...shown }) => shown);
  const nearest = before[0] as (typeof before)[number];
  const { churned, renewed } = nearest;
  const why = nothingToCompare({ first: churned, second: renewed }, { leadDays: actDays, ...options });
  const none = noFigure("no outcomes to tell from");
  const said = { why, journeyVersion: words.journey.version, health };
  if (why !== null) return { ...said, goodBeforeChurn: none, churnRate: none, signals: [] };
  return {
    ...said,
    goodBeforeChurn: wilson({ count: nearest.goodChurned, of: churned.accounts }),
    churnRate: wilson({ count: churned.accounts, of: churned.accounts + renewed.accounts }),
    signals: await signalsBefore(ask, words, options, churned.accounts),
  };
}

/** Who churned and who stayed, as of a landmark. */
const cohortsOf = ({ among }: BacktestOptions, leadDays: number) => ({
  first: { ...among, outcomes: ["churned"] as const },
  second: { ...among, outcomes: ["renewed", "expanded", "contracted"] as const },
  leadDays,
});

const n = { type: "integer", notNull: true } as const;

async function healthBefore(
  ask: Ask,
  options: BacktestOptions,
  leadDays: number,
): Promise<HealthBefore & { goodChurned: number }> {
  const cohorts = cohortsOf(options, leadDays);
  const { first: churned, second: renewed } = await cohortSizes(ask, cohorts);
  const landmarks = join(landmarkCtes(cohorts), ",\n");
  const [scores] = await ask(
    sql`
with ${landmarks},
scored as (
  select h.score as score, ${cast(sql`sum(l.in_first)`, "number")} as churned, ${cast(sql`sum(l.in_second)`, "number")} as renewed
  from landmarks as l
  left join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
  group by h.score
),
running as (
  select
    score,
    churned,
    renewed,
    churned + renewed as accounts,
    sum(churned + renewed) over (order by score) as to_here,
    ${cast(sql`ceil(sum(churned + renewed) over () / 10)`, "number")} as decile
  from scored
  where score is not null
)
select
  coalesce(sum(churned), 0) as churned,
  coalesce(sum(renewed), 0) as renewed,
  coalesce(sum(renewed * (to_here - (accounts - 1) / 2)), 0) as renewed_ranks,
  coalesce(sum(accounts * accounts * accounts - accounts), 0) as ties,
  max(decile) as decile,
  sum(churned * ${greatest(number(0), least(sql`accounts`, sql`decile - (to_here - accounts)`))} / accounts) as decile_churned
from running`,
    {
      churned: { type: "number", notNull: true },
      renewed: { type: "number", notNull: true },
      renewed_ranks: { type: "number", notNull: true },
      ties: { type: "number", notNull: true },
      decile: { type: "number" },
      decile_churned: { type: "number" },
    },
  );
  const inBands = await ask(
    sql`
with ${landmarks}
select coalesce(h.band, 'unknown') as band, ${sumCount(sql`l.in_first`)} as churned, count(*) as accounts
from landmarks as l
left join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
group by coalesce(h.band, 'unknown')`,
    { band: { type: "string", notNull: true }, churned: n, accounts: n },
  );
  const { minGroup } = options;
  const left = scores?.churned ?? 0;
  const stayed = scores?.renewed ?? 0;
  const enough = left >= minGroup && stayed >= minGroup;
  const tooFew = noFigure(`fewer than ${minGroup} accounts of a cohort had a score ${leadDays} days before`);
  const worst = { count: scores?.decile_churned ?? 0, of: scores?.decile ?? 0 };
  const worstDecile = enough ? withheld(worst, minGroup) : tooFew;
  const all = left / (left + stayed);
  return {
    leadDays,
    churned,
    renewed,
    unscored: churned.accounts + renewed.accounts - left - stayed,
    auc: enough
      ? auc({ first: stayed, second: left, firstRanks: scores?.renewed_ranks ?? 0, ties: scores?.ties ?? 0 })
      : tooFew,
    worstDecile,
    goodChurned: inBands.find(({ band }) => band === "good")?.churned ?? 0,
    lift: worstDecile.value === null ? null : worstDecile.value / all,
    bands: bands.map((band) => {
      const row = inBands.find((r) => r.band === band);
      const share = { count: row?.churned ?? 0, of: row?.accounts ?? 0 };
      const rate = withheld(share, minGroup);
      return { band, accounts: share.of, churned: isSmall(share, minGroup) ? null : share.count, rate };
    }),
  };
}

const isSmall = ({ of }: Share, minGroup: number): boolean => of > 0 && of < minGroup;

const withheld = (share: Share, minGroup: number): Estimate =>
  isSmall(share, minGroup) ? noFigure(`groups under ${minGroup} are withheld`) : wilson(share);

async function signalsBefore(
  ask: Ask,
  { journey }: CompanyWords,
  options: BacktestOptions,
  allChurned: number,
): Promise<SignalBefore[]> {
  const rows = await ask(
    sql`
with ${join(landmarkCtes(cohortsOf(options, actDays)), ",\n")},
warned as (
  select
    s.signal as signal,
    l.account_id as account_id,
    l.in_first as in_first,
    max(${daysBetween(sql`s.opened_on`, sql`l.outcome_on`)}) as lead_days
  from landmarks as l
  inner join ${ref(accountSignals)} as s on s.account_id = l.account_id and s.opened_on <= l.landmark and ${orNever(sql`s.closed_on`)} > ${addDays(sql`l.outcome_on`, -warningDays)}
  where s.kind = 'negative'
  group by s.signal, l.account_id, l.in_first
),
timed as (
  select
    signal,
    in_first,
    lead_days,
    row_number() over (partition by signal, in_first order by lead_days) as nth,
    count(*) over (partition by signal, in_first) as of_all
  from warned
)
select
  signal,
  count(*) as accounts,
  ${sumCount(sql`in_first`)} as churned,
  ${cast(sql`avg(case when in_first = 1 and 2 * nth between of_all and of_all + 2 then lead_days end)`, "number")} as lead_days
from timed
group by signal`,
    { signal: { type: "string", notNull: true }, accounts: n, churned: n, lead_days: { type: "number" } },
  );
  return journey.signals
    .filter(({ kind }) => kind === "negative")
    .map(({ id, name }) => {
      const row = rows.find((r) => r.signal === id);
      const warned = { count: row?.churned ?? 0, of: row?.accounts ?? 0 };
      const precision = withheld(warned, options.minGroup);
      const isHidden = isSmall(warned, options.minGroup);
      return {
        id,
        name,
        accounts: warned.of,
        churned: isHidden ? null : warned.count,
        precision,
        recall: isHidden ? { ...precision } : wilson({ count: warned.count, of: allChurned }),
        medianLeadDays: isHidden ? null : (row?.lead_days ?? null),
      };
    });
}
