import { Command } from "commander";
import { valueInWords } from "../../journey/words.js";
import type { MilestoneProposals, OutcomeCounts } from "../../schema/proposal.js";
import { fromOption, toOption, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { rangeOf, shareOf } from "../figures.js";
import { answer, answerJson, type CellRow, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

interface ProposeFlags {
  from?: string;
  to?: string;
  where?: string[];
  minOutcomes: number;
  lateDays: number;
  all?: true;
  url?: string;
}

export const proposeCommand = (): Command =>
  new Command("propose")
    .description(
      "propose milestones: thresholds of facts that, reached early, set apart the customers that stayed",
    )
    .option(...fromOption)
    .option(...toOption)
    .option(...whereOption)
    .option(
      "--min-outcomes <number>",
      "each half of the accounts needs so many that churned and that stayed",
      (v) => wholeNumber(v, 4, 1000),
      20,
    )
    .option(
      "--late-days <number>",
      "leave out what came, or was corrected, later than so many days after the days were over",
      (v) => wholeNumber(v, 0, 10_000),
      14,
    )
    .option("--all", "list what may be chance too, and what was left out")
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { where, all, url, project, json, from, to, minOutcomes, lateDays } =
        optionsOf<ProposeFlags>(command);
      const request = {
        query: document,
        variables: { from, to, minOutcomes, lateDays, filter: filterOf(where) },
      };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { milestoneProposals } = data as { milestoneProposals: MilestoneProposals };
      if (json) return answerJson(milestoneProposals);
      answer(proposalsInWords(milestoneProposals, all === true));
    });

const counts = "{ churned stayed }";
const document = `
query ($from: LocalDate, $to: LocalDate, $minOutcomes: Int!, $lateDays: Int!, $filter: AccountFilter) {
  milestoneProposals(from: $from, to: $to, minOutcomes: $minOutcomes, lateDays: $lateDays, filter: $filter) {
    chosenBy ${counts} testedBy ${counts} why
    proposals {
      fact name unit atLeast withinDays reached ${counts} missed ${counts}
      riskRatio { value from to why } p q words yaml
    }
    leftOut { fact name why }
  }
}`;

/** Proposals for people: a line each, then the YAML of those that are found. */
export function proposalsInWords(
  { chosenBy, testedBy, why, proposals, leftOut }: MilestoneProposals,
  withAll: boolean,
): string {
  const half = ({ churned, stayed }: OutcomeCounts): string =>
    `${churned} that churned and ${stayed} that stayed`;
  if (why !== null) return why;
  const solid = proposals.filter(({ q }) => q <= 0.05);
  const shown = withAll ? proposals : solid;
  const head = [
    `Thresholds were chosen by ${half(chosenBy)}, and tested by others: ${half(testedBy)}.`,
    solid.length === 0
      ? `Nothing sets them apart beyond chance (q up to 0.05), of ${proposals.length} facts that were tested.`
      : `${solid.length} of ${proposals.length} facts that were tested set them apart (q up to 0.05):`,
  ];
  return [
    ...head,
    ...(shown.length > 0 ? ["", rowsAs("table", shown.map(rowOf))] : []),
    ...(solid.length > 0
      ? [
          "",
          "For `milestones` in journey.yml; choose the ones that you can bring about:",
          "",
          solid.map(({ yaml }) => yaml.replace(/^/gm, "  ").trimEnd()).join("\n"),
        ]
      : []),
    ...(withAll && leftOut.length > 0
      ? [
          "",
          "Left out",
          rowsAs(
            "table",
            leftOut.map(({ name, why: because }) => ({ fact: name, why: because })),
          ),
        ]
      : []),
    "",
    "These are associations, not causes: facts that say the same in other words are found together.",
    ...(withAll
      ? []
      : [
          `Left out: ${valueInWords(leftOut.length, "facts")}; --all tells why, and lists what may be chance.`,
        ]),
  ].join("\n");
}

function rowOf(proposal: MilestoneProposals["proposals"][number]): CellRow {
  const { name, unit, atLeast, withinDays, reached, missed, riskRatio, q } = proposal;
  const churned = ({ churned, stayed }: OutcomeCounts): string =>
    shareOf(churned / (churned + stayed), churned + stayed);
  return {
    fact: name,
    "at least": valueInWords(atLeast, unit),
    "by day": withinDays,
    "churned, reached": churned(reached),
    "churned, missed": churned(missed),
    ratio: rangeOf(riskRatio),
    q: q < 0.001 ? q.toExponential(0) : q.toFixed(3),
  };
}
