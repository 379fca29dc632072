import { Command } from "commander";
import { daysInWords } from "../../journey/words.js";
import { fromOption, minGroupOption, toOption, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { type Estimate, rangeOf } from "../figures.js";
import { answer, answerJson, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

interface SuggestFlags {
  leadDays: number;
  from?: string;
  to?: string;
  where?: string[];
  minGroup: number;
  url?: string;
}

export const suggestCommand = (): Command =>
  new Command("suggest")
    .description(
      "suggest weights and scales of health's indicators, fitted to earlier outcomes and tested on later ones; nothing is applied",
    )
    .option(
      "--lead-days <number>",
      "read points so many days before the outcome",
      (v) => wholeNumber(v, 1, 1000),
      60,
    )
    .option(...fromOption)
    .option(...toOption)
    .option(...whereOption)
    .option(...minGroupOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const flags = optionsOf<SuggestFlags>(command);
      const { leadDays, from, to, where, minGroup, url, project, json } = flags;
      const variables = { leadDays, from, to, minGroup, filter: filterOf(where) };
      const request = { query: document, variables };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { suggestion } = data as { suggestion: Suggestion };
      return json ? answerJson(suggestion) : answer(inWords(suggestion));
    });

interface Part {
  churned: number;
  stayed: number;
  needed: number;
}

interface Suggestion {
  why: string | null;
  journeyVersion: string;
  leadDays: number;
  testedFrom: string | null;
  fitted: Part;
  tested: Part;
  published: Estimate;
  suggested: Estimate;
  gain: Estimate;
  weights: {
    id: string;
    name: string;
    weight: number;
    suggested: number | null;
    stages: { stage: string; weight: number; suggested: number | null }[];
    why: string | null;
  }[];
  scales: {
    id: string;
    name: string;
    fact: string;
    scale: Scale;
    suggested: Scale | null;
    why: string | null;
    fitted: Part;
    tested: Part;
    publishedAuc: Estimate;
    suggestedAuc: Estimate;
    gain: Estimate;
  }[];
}

type Scale = [value: number, points: number][];

const estimate = "{ value from to why }";
const document = `
query ($leadDays: Int!, $from: LocalDate, $to: LocalDate, $minGroup: Int!, $filter: AccountFilter) {
  suggestion(leadDays: $leadDays, from: $from, to: $to, minGroup: $minGroup, filter: $filter) {
    why journeyVersion leadDays testedFrom
    fitted { churned stayed needed } tested { churned stayed needed }
    published ${estimate} suggested ${estimate} gain ${estimate}
    weights { id name weight suggested stages { stage weight suggested } why }
    scales {
      id name fact scale suggested why
      fitted { churned stayed needed } tested { churned stayed needed }
      publishedAuc ${estimate} suggestedAuc ${estimate} gain ${estimate}
    }
  }
}`;

function inWords(suggestion: Suggestion): string {
  const { why, journeyVersion, testedFrom, weights, scales } = suggestion;
  if (testedFrom === null) return `Nothing is suggested for journey ${journeyVersion}. ${why}`;
  const better = scales.filter(({ suggested, gain }) => suggested !== null && isBeyondChance(gain));
  const isAny = why === null || scales.some(({ suggested }) => suggested !== null);
  return [
    ...weightLines(suggestion),
    ...(why === null ? ["", "In journey.yml, under health: indicators:", ...weights.map(yamlOf)] : []),
    "",
    ...scaleLines(suggestion),
    ...(better.length > 0
      ? [
          "",
          "In journey.yml, under health: indicators, of those beyond chance:",
          ...better.map(({ id, suggested }) => `  ${id}: scale: ${inYaml(suggested ?? [])}`),
        ]
      : []),
    ...(isAny
      ? [
          "",
          "AUC: how often, of a pair, the one that churned had the lower score, caps aside, or fewer points of the indicator. Weights are fitted to points by today's scales: with other scales, build and ask again. Nothing was changed: copy journey.yml, put these in, and see `waymark backtest --journey COPY` and `waymark plan --journey COPY`.",
        ]
      : []),
  ].join("\n");
}

function weightLines(suggestion: Suggestion): string[] {
  const { why, journeyVersion, leadDays, testedFrom, fitted, tested, weights } = suggestion;
  if (why !== null) return [`No weights are suggested for journey ${journeyVersion}. ${why}`];
  const { published, suggested, gain } = suggestion;
  return [
    `Weights for journey ${journeyVersion}, fitted to points ${daysInWords(leadDays)} before outcomes up to ${testedFrom} (${fitted.churned} churned, ${fitted.stayed} stayed), tested on those from then on (${tested.churned} churned, ${tested.stayed} stayed).`,
    "",
    rowsAs("table", [
      { weights: "today's", AUC: rangeOf(published) },
      { weights: "suggested", AUC: rangeOf(suggested) },
      { weights: "gain", AUC: rangeOf(gain, 3) },
    ]),
    verdictOf(gain),
    "",
    rowsAs(
      "table",
      weights.map((w) => ({
        indicator: w.name,
        "today's": String(w.weight),
        suggested: String(w.suggested),
        "": w.why === null ? "" : `stays: ${w.why}`,
      })),
    ),
  ];
}

function scaleLines({ leadDays, testedFrom, scales }: Suggestion): string[] {
  const fitted = scales.filter(({ suggested }) => suggested !== null);
  const staying = scales.filter(({ suggested }) => suggested === null);
  return [
    ...(fitted.length > 0
      ? [
          `Scales, each by itself, fitted to values ${daysInWords(leadDays)} before outcomes up to ${testedFrom}, tested on those from then on.`,
          "",
          rowsAs(
            "table",
            fitted.map((s) => ({
              indicator: s.name,
              "today's": inYaml(s.scale),
              suggested: inYaml(s.suggested ?? []),
              "AUC today": rangeOf(s.publishedAuc),
              "AUC suggested": rangeOf(s.suggestedAuc),
              gain: rangeOf(s.gain, 3),
              "": scaleVerdictOf(s.gain),
            })),
          ),
        ]
      : ["No scales are suggested."]),
    ...staying.map(({ name, why }) => `${name} keeps its scale. ${why}`),
  ];
}

function verdictOf({ value, from, to, why }: Estimate): string {
  if (value === null) return `No gain can be told: ${why}.`;
  if (isBeyondChance({ from })) return "The gain is beyond chance.";
  return (to ?? 0) < 0
    ? "Today's weights foresaw the later outcomes better: keep them."
    : "The gain may be chance: there is no reason to change.";
}

const isBeyondChance = ({ from }: Pick<Estimate, "from">): boolean => (from ?? 0) > 0;

function scaleVerdictOf(gain: Estimate): string {
  const { value, from, to } = gain;
  if (value === null) return "";
  if (isBeyondChance(gain)) return "beyond chance";
  if ((to ?? 0) < 0) return "keep today's";
  return from === 0 && to === 0 ? "same order, other shape" : "may be chance";
}

const inYaml = (scale: Scale): string =>
  `[${scale.map(([value, points]) => `[${value}, ${points}]`).join(", ")}]`;

const yamlOf = ({ id, suggested, stages }: Suggestion["weights"][number]): string => {
  const others = stages.map((s) => `${s.stage}: ${s.suggested}`).join(", ");
  return `  ${id}: weight: ${suggested}${others ? `, weights: { ${others} }` : ""}`;
};
