import { Command } from "commander";
import { civilDate, wholeNumber } from "../arguments.js";
import { answer, answerJson, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { type Cohort, filterOf, leftOutLines, percentOf, rangeOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

interface BacktestFlags {
  from?: string;
  to?: string;
  where?: string[];
  minGroup: number;
  url?: string;
}

export const backtestCommand = (): Command =>
  new Command("backtest")
    .description("say whether the published journey foresaw who churned: its health scores and its signals")
    .option("--from <day>", "first day of outcomes", civilDate)
    .option("--to <day>", "first day no longer counted", civilDate)
    .option("--where <name=value...>", "only accounts of this segment, region, owner or attribute")
    .option("--min-group <number>", "withhold groups of fewer accounts", (v) => wholeNumber(v, 2, 1000), 5)
    .option(
      "--url <url>",
      "ask a running server instead of opening the warehouse, e.g. http://localhost:4000/graphql",
    )
    .action(async (_, command: Command) => {
      const { from, to, where, minGroup, url, project, json } = optionsOf<BacktestFlags>(command);
      const request = { query: document, variables: { from, to, minGroup, filter: filterOf(where) } };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { backtest } = data as { backtest: Backtest };
      if (json) return answerJson(backtest);
      answer(inWords(backtest));
    });

type Estimate = Parameters<typeof rangeOf>[0];

interface Backtest {
  why: string | null;
  journeyVersion: string;
  goodBeforeChurn: Estimate;
  churnRate: Estimate;
  health: {
    leadDays: number;
    churned: Cohort;
    renewed: Cohort;
    unscored: number;
    auc: Estimate;
    worstDecile: Estimate;
    lift: number | null;
    bands: { band: string; accounts: number; churned: number | null; rate: Estimate }[];
    scores: { from: number; to: number; accounts: number; churned: number | null; rate: Estimate }[];
    bySegment: Among[];
    byQuarter: Among[];
  }[];
  signals: {
    name: string;
    accounts: number;
    churned: number | null;
    precision: Estimate;
    recall: Estimate;
    medianLeadDays: number | null;
  }[];
}

interface Among {
  name: string | null;
  churned: number | null;
  renewed: number | null;
  auc: Estimate;
}

const estimate = "{ value from to why }";
const cohort = "{ name accounts leftOut { why accounts } }";
const document = `
query ($from: LocalDate, $to: LocalDate, $minGroup: Int!, $filter: AccountFilter) {
  backtest(from: $from, to: $to, minGroup: $minGroup, filter: $filter) {
    why journeyVersion goodBeforeChurn ${estimate} churnRate ${estimate}
    health {
      leadDays churned ${cohort} renewed ${cohort} unscored auc ${estimate} worstDecile ${estimate} lift
      bands { band accounts churned rate ${estimate} }
      scores { from to accounts churned rate ${estimate} }
      bySegment { ...among } byQuarter { ...among }
    }
    signals { id name accounts churned precision ${estimate} recall ${estimate} medianLeadDays }
  }
}
fragment among on HealthAmong { name churned renewed auc ${estimate} }`;

function inWords({ why, journeyVersion, health, goodBeforeChurn, churnRate, signals }: Backtest): string {
  const [nearest] = health;
  const parts = [`Journey ${journeyVersion} against the accounts whose latest paid term was decided.`];
  if (why !== null)
    return [...parts, ...(nearest ? [nearest.churned, nearest.renewed].flatMap(leftOutLines) : []), why].join(
      "\n",
    );
  parts.push(
    `${percentOf(churnRate)} churned. Of those that churned, the health of ${percentOf(goodBeforeChurn)} was good 30 days before.`,
    "",
    "Health before the outcome",
    rowsAs(
      "table",
      health.map((h) => ({
        days: h.leadDays,
        churned: h.churned.accounts,
        renewed: h.renewed.accounts,
        "no score": h.unscored,
        AUC: rangeOf(h.auc),
        "worst tenth churned": percentOf(h.worstDecile),
        lift: h.lift === null ? "" : h.lift.toFixed(1),
      })),
    ),
    "",
    "Share that churned, by band",
    rowsAs(
      "table",
      health.map(({ leadDays, bands }) => ({
        days: leadDays,
        ...Object.fromEntries(
          bands.map((b) => [
            b.band.toLowerCase(),
            b.accounts === 0 ? "–" : `${percentOf(b.rate)} of ${b.accounts}`,
          ]),
        ),
      })),
    ),
    "",
    ...(nearest ? nearestInWords(nearest) : []),
    "Negative signals that were open on some day from 90 to 30 days before",
    rowsAs(
      "table",
      signals.map((s) => ({
        signal: s.name,
        "warned of": s.accounts,
        churned: s.churned,
        precision: s.accounts === 0 ? "–" : percentOf(s.precision),
        recall: percentOf(s.recall),
        "days ahead": s.medianLeadDays,
      })),
    ),
    "",
    "AUC: how often, of a pair, the one that churned had the lower score; 0.50 tells nothing. A signal is worth its precision above the share of all that churned.",
  );
  return parts.join("\n");
}

/** What is told of the shortest lead alone: the others are in `--json`. */
const nearestInWords = ({ leadDays, scores, bySegment, byQuarter }: Backtest["health"][number]): string[] => [
  `Share that churned, by the score ${leadDays} days before: it should fall from line to line`,
  rowsAs(
    "table",
    scores
      .filter(({ accounts }) => accounts > 0)
      .map((s) => ({ score: `${s.from}–${s.to}`, accounts: s.accounts, churned: percentOf(s.rate) })),
  ),
  "",
  `The score ${leadDays} days before, by segment and by quarter of the outcome`,
  rowsAs(
    "table",
    [...bySegment, ...byQuarter].map((group) => ({
      among: group.name ?? "(no segment)",
      churned: group.churned,
      renewed: group.renewed,
      AUC: rangeOf(group.auc),
    })),
  ),
  "",
];
