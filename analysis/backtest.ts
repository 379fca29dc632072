import { type Band, bands } from "../journey/bands.js";

import { accountHealth } from "../models/health/account_health.js";
import { type CompanyWords, ref } from "../models/model.js";
import { accountSignals } from "../models/signals/account_signals.js";
import { accounts } from "../models/staging/accounts.js";
import { type Estimate, noFigure } from "../stats/estimate.js";
import { auc } from "../stats/ranks.js";
import { type Share, wilson } from "../stats/shares.js";
import {
  addDays,
  ascending,
  cast,
  daysBetween,
  greatest,
  least,
  nullOf,
  orNever,
  periodOf,
  sumCount,
  toText,
} from "../warehouse/dialect.js";
import { integer, join, number, type Sql, sql } from "../warehouse/sql.js";
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
  readonly stayed: CohortSize;
  /** Accounts without a score then: too little evidence, or a stage that isn't scored. They are in no figure but the bands'. */
  readonly unscored: number;
  /** Probability that of a pair the one that churned had the lower score: 0.5 = the score tells nothing, 1 = all. */
  readonly auc: Estimate;
  /** Of the tenth with the lowest scores the share that churned; accounts of equal score at its edge count in part. */
  readonly worstDecile: Estimate;
  /** That over the share of all scored accounts; null where either isn't known. */
  readonly lift: number | null;
  readonly bands: readonly BandBefore[];
  /** By tens of the score, from 0–10 to 90–100: who churned should become fewer from one to the next. */
  readonly scores: readonly ScoresBefore[];
  /** By the account's segment as it is today. */
  readonly bySegment: readonly HealthAmong[];
  /** By the quarter of the outcome, the earliest first. */
  readonly byQuarter: readonly HealthAmong[];
}

/** How well the score told apart some of the accounts. */
export interface HealthAmong {
  /** The segment, or the first day of the quarter; null for accounts without a segment. */
  readonly name: string | null;
  /** Accounts with a score; null where either is withheld. */
  readonly churned: number | null;
  readonly stayed: number | null;
  readonly auc: Estimate;
}

/** The accounts whose score was from `from` up to, and but for 100 without, `to`. */
export interface ScoresBefore {
  readonly from: number;
  readonly to: number;
  readonly accounts: number;
  /** Null where it is withheld. */
  readonly churned: number | null;
  readonly rate: Estimate;
}

/** The accounts that stood in a band, and the share of them that churned. */
export interface BandBefore {
  readonly leadDays: number;
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
  /** The bands of all of these in one list. */
  readonly bands: readonly BandBefore[];
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
  const { churned, stayed } = nearest;
  const why = nothingToCompare({ first: churned, second: stayed }, { leadDays: actDays, ...options });
  const none = noFigure("no outcomes to tell from");
  const said = { why, journeyVersion: words.journey.version, health, bands: health.flatMap((h) => h.bands) };
  if (why !== null) return { ...said, goodBeforeChurn: none, churnRate: none, signals: [] };
  return {
    ...said,
    goodBeforeChurn: wilson({ count: nearest.goodChurned, of: churned.accounts }),
    churnRate: wilson({ count: churned.accounts, of: churned.accounts + stayed.accounts }),
    signals: await signalsBefore(ask, words, options, churned.accounts),
  };
}

/** Who churned and who stayed, as of a landmark. */
export const cohortsOf = ({ among }: Pick<BacktestOptions, "among">, leadDays: number) => ({
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
  const { first: churned, second: stayed } = await cohortSizes(ask, cohorts);
  const landmarks = join(landmarkCtes(cohorts), ",\n");
  const groups = await rankSums(ask, landmarks);
  const standings = await standingsOf(ask, landmarks);
  const { minGroup } = options;
  const among = (group: (typeof groups)[number] | undefined): HealthAmong => {
    const { name = null, churned = 0, stayed = 0, stayed_ranks = 0, ties = 0 } = group ?? {};
    if (churned < minGroup || stayed < minGroup)
      return {
        name,
        churned: null,
        stayed: null,
        auc: noFigure(`fewer than ${minGroup} accounts of a cohort had a score ${leadDays} days before`),
      };
    return {
      name,
      churned,
      stayed,
      auc: auc({ first: stayed, second: churned, firstRanks: stayed_ranks, ties }),
    };
  };
  const amongOf = (kind: string): HealthAmong[] => groups.filter((g) => g.kind === kind).map(among);
  const all = groups.find(({ kind }) => kind === "all");
  const scored = (all?.churned ?? 0) + (all?.stayed ?? 0);
  const whole = among(all);
  const worst = { count: all?.decile_churned ?? 0, of: all?.decile ?? 0 };
  const worstDecile = whole.churned === null ? whole.auc : withheld(worst, minGroup);
  /** The accounts of some rows, and those of them that churned. */
  const standing = (isOne: (row: (typeof standings)[number]) => boolean) => {
    const rows = standings.filter(isOne);
    const total = (figure: "churned" | "accounts"): number => rows.reduce((sum, row) => sum + row[figure], 0);
    const share = { count: total("churned"), of: total("accounts") };
    return {
      accounts: share.of,
      churned: isSmall(share, minGroup) ? null : share.count,
      rate: withheld(share, minGroup),
    };
  };
  return {
    leadDays,
    churned,
    stayed,
    unscored: churned.accounts + stayed.accounts - scored,
    auc: whole.auc,
    worstDecile,
    goodChurned: standings.reduce((sum, row) => sum + (row.band === "good" ? row.churned : 0), 0),
    lift: worstDecile.value === null ? null : worstDecile.value / ((all?.churned ?? 0) / scored),
    bands: bands.map((band) => ({ leadDays, band, ...standing((row) => row.band === band) })),
    scores: Array.from({ length: 10 }, (_, ten) => ({
      from: ten * 10,
      to: ten * 10 + 10,
      ...standing((row) => row.ten === ten),
    })),
    bySegment: amongOf("segment"),
    byQuarter: amongOf("quarter"),
  };
}

/** Ranks of the scores at the landmarks: among all, and within each quarter of outcomes and each segment. */
const rankSums = (ask: Ask, landmarks: Sql) =>
  ask(
    sql`
with ${landmarks},
grouped as (
  select account_id, in_first, in_second, landmark, 'all' as kind, ${nullOf("string")} as name from landmarks
  union all
  select account_id, in_first, in_second, landmark, 'quarter' as kind, ${toText(periodOf(sql`outcome_on`, "quarter"), "date")} as name
  from landmarks
  union all
  select l.account_id, l.in_first, l.in_second, l.landmark, 'segment' as kind, a.segment as name
  from landmarks as l
  inner join ${ref(accounts)} as a on a.account_id = l.account_id
),
scored as (
  select
    g.kind as kind,
    g.name as name,
    h.score as score,
    ${cast(sql`sum(g.in_first)`, "number")} as churned,
    ${cast(sql`sum(g.in_second)`, "number")} as stayed
  from grouped as g
  inner join ${ref(accountHealth)} as h on h.account_id = g.account_id and h.day = g.landmark
  where h.score is not null
  group by g.kind, g.name, h.score
),
running as (
  select
    kind,
    name,
    churned,
    stayed,
    churned + stayed as accounts,
    sum(churned + stayed) over (partition by kind, name order by score) as to_here,
    ${cast(sql`ceil(sum(churned + stayed) over (partition by kind, name) / 10)`, "number")} as decile
  from scored
)
select
  kind,
  name,
  sum(churned) as churned,
  sum(stayed) as stayed,
  sum(stayed * (to_here - (accounts - 1) / 2)) as stayed_ranks,
  sum(accounts * accounts * accounts - accounts) as ties,
  max(decile) as decile,
  sum(churned * ${greatest(number(0), least(sql`accounts`, sql`decile - (to_here - accounts)`))} / accounts) as decile_churned
from running
group by kind, name
order by kind, ${ascending(sql`name`)}`,
    {
      kind: { type: "string", notNull: true },
      name: { type: "string" },
      churned: { type: "number", notNull: true },
      stayed: { type: "number", notNull: true },
      stayed_ranks: { type: "number", notNull: true },
      ties: { type: "number", notNull: true },
      decile: { type: "number", notNull: true },
      decile_churned: { type: "number", notNull: true },
    },
  );

/** How many stood in which band and ten of the score. */
const standingsOf = (ask: Ask, landmarks: Sql) =>
  ask(
    sql`
with ${landmarks},
stood as (
  select l.in_first as in_first, coalesce(h.band, 'unknown') as band, ${scoreTen(sql`h.score`)} as ten
  from landmarks as l
  left join ${ref(accountHealth)} as h on h.account_id = l.account_id and h.day = l.landmark
)
select band, ten, ${sumCount(sql`in_first`)} as churned, count(*) as accounts
from stood
group by band, ten`,
    { band: { type: "string", notNull: true }, ten: { type: "integer" }, churned: n, accounts: n },
  );

/** The ten that a score falls in, 0 to 9; 100 is one of the last. */
const scoreTen = (score: Sql): Sql => least(cast(sql`floor(${score} / 10)`, "integer"), integer(9));

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
