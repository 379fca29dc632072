import { Command } from "commander";
import { readFreshness } from "../../jobs/freshness.js";
import { backtestJourney } from "../../jobs/journey_backtest.js";
import type { BacktestArgs } from "../../resolvers/backtest.js";
import type { AccountFilter } from "../../schema/account.js";
import { fromOption, minGroupOption, toOption, urlOption, whereOption } from "../arguments.js";
import { type Estimate, percentOf, periodName, rangeOf } from "../figures.js";
import { answer, answerJson, type CellRow, remark, rowsAs } from "../output.js";
import { loadProject, optionsOf, type ProjectFolder, withWarehouse } from "../project.js";
import { untilStopped } from "../stop.js";
import { type Cohort, filterOf, leftOutLines } from "./compare.js";
import { ask, askOnce } from "./query.js";

interface BacktestFlags {
  journey?: string;
  from?: string;
  to?: string;
  where?: string[];
  minGroup: number;
  url?: string;
}

export const backtestCommand = (): Command =>
  new Command("backtest")
    .description(
      "say whether the published journey foresaw who churned, and whether an edited one would have: its health scores and its signals",
    )
    .option("-j, --journey <file>", "an edited journey, told beside the published one; nothing is published")
    .option(...fromOption)
    .option(...toOption)
    .option(...whereOption)
    .option(...minGroupOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { journey, from, to, where, minGroup, url, project, json } = optionsOf<BacktestFlags>(command);
      const asked: Asked = { from, to, minGroup, filter: filterOf(where) };
      if (journey) {
        const edited = loadProject(project, journey);
        const both = url
          ? await backtestAt(url, edited, asked)
          : await backtestHere(edited, asked, json === true);
        return json ? answerJson(both) : answer(inWords(both));
      }
      const request = {
        query: `query (${parameters}) { backtest(${given}) ${fields} } ${among}`,
        variables: { ...asked },
      };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { backtest } = data as { backtest: Backtest };
      return json ? answerJson(backtest) : answer(inWords({ published: backtest }));
    });

interface Asked {
  from: string | undefined;
  to: string | undefined;
  minGroup: number;
  filter: ReturnType<typeof filterOf>;
}

/** Not through a server: what is built aside may take longer than an answer may. */
const backtestHere = (project: ProjectFolder, asked: Asked, isQuiet: boolean): Promise<Both> =>
  withWarehouse(project, (warehouse) =>
    untilStopped(async (signal) => {
      const [{ backtestOptions }, { contextFor, operator }, { orNobody }] = await Promise.all([
        import("../../resolvers/backtest.js"), // take a while to load
        import("../../resolvers/context.js"),
        import("../../resolvers/nobody.js"),
      ]);
      const now = (): Date => new Date();
      const { reader } = await contextFor(warehouse, {
        caller: operator(true),
        now,
        freshnessOf: (snapshot) => readFreshness(warehouse, snapshot, project.settings, now()),
      });
      const { published, edited } = await backtestJourney(warehouse, project, {
        now,
        signal,
        ...(isQuiet ? {} : { onProgress: sayProgress }),
        ...backtestOptions("backtest", asked as BacktestArgs, reader),
      });
      const told = async (backtest: Backtest) =>
        asAnswered(await orNobody(reader, [asked.filter as AccountFilter], backtest));
      return { published: await told(published), edited: await told(edited) };
    }),
  );

export const sayProgress = (model: string, done: number, total: number): void =>
  remark(`[${done + 1}/${total}] ${model} …`);

/** As the API answers, where words of an enum are capitals. */
const asAnswered = (backtest: Backtest): Backtest => ({
  ...backtest,
  health: backtest.health.map((h) => ({
    ...h,
    bands: h.bands.map((b) => ({ ...b, band: b.band.toUpperCase() })),
  })),
});

/** The server fills no `${NAME}` from its environment, so it gets the journey as it was read here. */
async function backtestAt(url: string, { journey }: ProjectFolder, asked: Asked): Promise<Both> {
  const { version, ...text } = journey;
  const query = `query ($file: String!, ${parameters}) { journeyBacktest(file: $file, ${given}) { published ${fields} edited ${fields} } } ${among}`;
  const data = await ask(url, { query, variables: { ...asked, file: JSON.stringify(text) } });
  return (data as { journeyBacktest: Both }).journeyBacktest;
}

/** What is told, by the journey: the published one alone, or an edited one beside it. */
interface Told {
  readonly published: Backtest;
  readonly edited?: Backtest;
}
type Both = Required<Told>;

interface Backtest {
  readonly why: string | null;
  readonly journeyVersion: string;
  readonly goodBeforeChurn: Estimate;
  readonly churnRate: Estimate;
  readonly health: readonly {
    readonly leadDays: number;
    readonly churned: Cohort;
    readonly stayed: Cohort;
    readonly unscored: number;
    readonly auc: Estimate;
    readonly worstDecile: Estimate;
    readonly lift: number | null;
    readonly bands: readonly { band: string; accounts: number; churned: number | null; rate: Estimate }[];
    readonly scores: readonly {
      from: number;
      to: number;
      accounts: number;
      churned: number | null;
      rate: Estimate;
    }[];
    readonly bySegment: readonly Among[];
    readonly byQuarter: readonly Among[];
  }[];
  readonly signals: readonly {
    readonly id: string;
    readonly name: string;
    readonly accounts: number;
    readonly churned: number | null;
    readonly precision: Estimate;
    readonly recall: Estimate;
    readonly medianLeadDays: number | null;
  }[];
}

interface Among {
  readonly name: string | null;
  readonly churned: number | null;
  readonly stayed: number | null;
  readonly auc: Estimate;
}

const estimate = "{ value from to why }";
const cohort = "{ name accounts leftOut { why accounts } }";
const parameters = "$from: LocalDate, $to: LocalDate, $minGroup: Int!, $filter: AccountFilter";
const given = "from: $from, to: $to, minGroup: $minGroup, filter: $filter";
const fields = `{
  why journeyVersion goodBeforeChurn ${estimate} churnRate ${estimate}
  health {
    leadDays churned ${cohort} stayed ${cohort} unscored auc ${estimate} worstDecile ${estimate} lift
    bands { band accounts churned rate ${estimate} }
    scores { from to accounts churned rate ${estimate} }
    bySegment { ...among } byQuarter { ...among }
  }
  signals { id name accounts churned precision ${estimate} recall ${estimate} medianLeadDays }
}`;
const among = `fragment among on HealthAmong { name churned stayed auc ${estimate} }`;

function inWords(told: Told): string {
  const { published, edited } = told;
  const { why, health, goodBeforeChurn, churnRate } = published;
  const parts = [
    edited
      ? `Journey ${edited.journeyVersion} beside ${published.journeyVersion}, which is published, against the accounts whose latest paid term was decided.`
      : `Journey ${published.journeyVersion} against the accounts whose latest paid term was decided.`,
  ];
  if (why !== null) {
    const [nearest] = health;
    return [...parts, ...(nearest ? [nearest.churned, nearest.stayed].flatMap(leftOutLines) : []), why].join(
      "\n",
    );
  }
  const byTheEdit = edited ? `; by the edited journey of ${percentOf(edited.goodBeforeChurn)}` : "";
  parts.push(
    `${percentOf(churnRate)} churned. Of those that churned, the health of ${percentOf(goodBeforeChurn)} was good 30 days before${byTheEdit}.`,
    "",
    ...healthInWords(told),
    "",
    "Share that churned, by band",
    tableOf(
      told,
      (b) => b.health,
      (h) => h.leadDays,
      ({ leadDays }) => ({ days: leadDays }),
      ({ bands }) =>
        Object.fromEntries(
          bands.map((b) => [
            b.band.toLowerCase(),
            b.accounts === 0 ? "–" : `${percentOf(b.rate)} of ${b.accounts}`,
          ]),
        ),
    ),
    "",
    ...nearestInWords(told),
    ...signalsInWords(told),
    "",
    "AUC: how often, of a pair, the one that churned had the lower score; 0.50 tells nothing. A signal is worth its precision above the share of all that churned.",
  );
  return parts.join("\n");
}

/** How health foresaw who churned. */
export const healthInWords = (told: Told): string[] => [
  "Health before the outcome",
  tableOf(
    told,
    (b) => b.health,
    (h) => h.leadDays,
    (h) => ({ days: h.leadDays }),
    (h) => ({
      churned: h.churned.accounts,
      stayed: h.stayed.accounts,
      "no score": h.unscored,
      AUC: rangeOf(h.auc),
      "worst tenth churned": percentOf(h.worstDecile),
      lift: h.lift === null ? "" : h.lift.toFixed(1),
    }),
  ),
];

/** How signals did. */
export const signalsInWords = (told: Told): string[] => [
  "Negative signals that were open on some day from 90 to 30 days before",
  tableOf(
    told,
    (b) => b.signals,
    (s) => s.id,
    (s) => ({ signal: s.name }),
    (s) => ({
      "warned of": s.accounts,
      churned: s.churned,
      precision: s.accounts === 0 ? "–" : percentOf(s.precision),
      recall: percentOf(s.recall),
      "days ahead": s.medianLeadDays,
    }),
  ),
];

/** What is told of the shortest lead alone: the others are in `--json`. */
const nearestInWords = (told: Told): string[] => [
  "Share that churned, by the score 30 days before: it should fall from line to line",
  tableOf(
    told,
    ({ health: [nearest] }) => nearest?.scores.filter(({ accounts }) => accounts > 0) ?? [],
    (s) => s.from,
    (s) => ({ score: `${s.from}–${s.to}` }),
    (s) => ({ accounts: s.accounts, churned: percentOf(s.rate) }),
  ),
  "",
  "The score 30 days before, by segment and by quarter of the outcome",
  tableOf(
    told,
    ({ health: [nearest] }) => [
      ...(nearest?.bySegment ?? []).map((group) => ({ ...group, name: group.name ?? "(no segment)" })),
      ...(nearest?.byQuarter ?? []).map((group) => ({
        ...group,
        name: periodName(group.name ?? "", "quarter"),
      })),
    ],
    (group) => group.name,
    (group) => ({ among: group.name }),
    (group) => ({ churned: group.churned, stayed: group.stayed, AUC: rangeOf(group.auc) }),
  ),
  "",
];

/** One row per thing and journey, what is the same thing one under the other. */
function tableOf<T>(
  { published, edited }: Told,
  listOf: (backtest: Backtest) => readonly T[],
  keyOf: (thing: T) => unknown,
  named: (thing: T) => CellRow,
  figures: (thing: T) => CellRow,
): string {
  if (!edited)
    return rowsAs(
      "table",
      listOf(published).map((thing) => ({ ...named(thing), ...figures(thing) })),
    );
  const all = [
    ...listOf(published).map((thing) => ({ journey: "published", thing })),
    ...listOf(edited).map((thing) => ({ journey: "edited", thing })),
  ];
  const keys = [...new Set(all.map(({ thing }) => keyOf(thing)))];
  return rowsAs(
    "table",
    keys.flatMap((key) =>
      all
        .filter(({ thing }) => keyOf(thing) === key)
        .map(({ journey, thing }) => ({ ...named(thing), journey, ...figures(thing) })),
    ),
  );
}
