import { Command, Option } from "commander";
import type { Survival, SurvivalGroup } from "../../schema/survival.js";
import { civilDate, remarkNobody, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { percentOf, wholeOf } from "../figures.js";
import { answer, answerJson, type CellRow, count, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

const dimensions = ["segment", "region", "start-year"] as const;
type Dimension = (typeof dimensions)[number];

interface SurvivalFlags {
  by?: Dimension;
  every: number;
  from?: string;
  where?: string[];
  url?: string;
}

export const survivalCommand = (): Command =>
  new Command("survival")
    .description("say how long customers stay, by group, those that are still there included (Kaplan–Meier)")
    .addOption(
      new Option("--by <what>", "tell these apart, and test whether they differ").choices(dimensions),
    )
    .option("--every <days>", "days between the lines", (v) => wholeNumber(v, 1, 3650), 90)
    .option("--from <day>", "only what was seen from this day on: customers of before enter late", civilDate)
    .option(...whereOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { by, every, from, where, url, project, json } = optionsOf<SurvivalFlags>(command);
      const request = {
        query: document,
        variables: { by: by?.toUpperCase().replace("-", "_"), every, from, filter: filterOf(where) },
      };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { survival } = data as { survival: Survival };
      if (json) return answerJson(survival);
      answer(survivalInWords(survival, by));
      remarkNobody(where, survival.groups);
    });

const document = `
query ($by: SurvivalDimension, $every: Int!, $from: LocalDate, $filter: AccountFilter) {
  survival(by: $by, every: $every, from: $from, filter: $filter) {
    groups {
      group customers churned
      medianDays { value from to why }
      steps { day atRisk share from to }
    }
    difference { statistic degreesOfFreedom p why }
  }
}`;

/** Curves for people: each group in a line, then what is left of all of them side by side. */
export function survivalInWords(
  { groups, difference }: Pick<Survival, "groups" | "difference">,
  by?: Dimension,
): string {
  if (groups.length === 0) return "There are no customers to follow.";
  const nameOf = ({ group }: SurvivalGroup): string => (by ? (group ?? "–") : "still customers");
  const shown = groups.filter(({ steps }) => steps.length > 0);
  const days = [...new Set(shown.flatMap(({ steps }) => steps.map(({ day }) => day)))].sort((a, b) => a - b);
  const lines = days.map(
    (day): CellRow => ({
      days: day,
      ...Object.fromEntries(
        shown.map((group) => {
          const step = group.steps.find((s) => s.day === day);
          return [nameOf(group), step && stepInWords(step)];
        }),
      ),
    }),
  );
  return [
    rowsAs(
      "table",
      groups.map((group) => ({
        ...(by ? { [by]: nameOf(group) } : {}),
        customers: group.customers,
        churned: group.churned,
        "half have left after": wholeOf(group.medianDays, " days"),
      })),
    ),
    ...(lines.length > 0
      ? [
          "\nStill customers after so many days, with the 95 % interval; in brackets the number at risk",
          rowsAs("table", lines, ["days", ...shown.map(nameOf)]), // keys that are years would come first
        ]
      : []),
    ...(by ? [differenceInWords(difference)] : []),
  ].join("\n");
}

const stepInWords = ({ share, from, to, atRisk }: SurvivalGroup["steps"][number]): string =>
  `${percentOf({ value: share, from, to, why: null })} [${count(atRisk)}]`;

function differenceInWords({ statistic, degreesOfFreedom, p, why }: Survival["difference"]): string {
  if (statistic === null || p === null) return `Whether the groups differ can't be said: ${why}.`;
  const figures = `log-rank chi-square ${statistic.toFixed(2)} on ${degreesOfFreedom}, p ${p < 0.001 ? "under 0.001" : p.toFixed(3)}`;
  return p <= 0.05
    ? `The groups differ by more than chance: ${figures}. That is association, not cause.`
    : `The groups differ by no more than chance may make them: ${figures}.`;
}
