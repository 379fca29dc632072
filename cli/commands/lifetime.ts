import { Command, Option } from "commander";
import type { LifetimeValue } from "../../schema/lifetime.js";
import { remarkNobody, share, urlOption, whereOption } from "../arguments.js";
import { wholeOf } from "../figures.js";
import { answer, answerJson, type CellRow, count, percent, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

const dimensions = ["segment", "region", "start-year"] as const;
type Dimension = (typeof dimensions)[number];

interface LifetimeFlags {
  by?: Dimension;
  grossMargin: number;
  where?: string[];
  url?: string;
}

export const lifetimeCommand = (): Command =>
  new Command("lifetime")
    .description(
      "say what a customer is worth: how long customers stay, as far as was seen, times what they pay",
    )
    .addOption(new Option("--by <what>", "tell these apart").choices(dimensions))
    .option(
      "--gross-margin <share>",
      "what is left of revenue, e.g. 0.8; all of it by default",
      (v) => share(v),
      1,
    )
    .option(...whereOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { by, grossMargin, where, url, project, json } = optionsOf<LifetimeFlags>(command);
      const request = {
        query: document,
        variables: { by: by?.toUpperCase().replace("-", "_"), grossMargin, filter: filterOf(where) },
      };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { lifetimeValue } = data as { lifetimeValue: LifetimeValue[] };
      if (json) return answerJson(lifetimeValue);
      answer(inWords(lifetimeValue, grossMargin, by));
      remarkNobody(where, lifetimeValue);
    });

const document = `
query ($by: SurvivalDimension, $grossMargin: Float!, $filter: AccountFilter) {
  lifetimeValue(by: $by, grossMargin: $grossMargin, filter: $filter) {
    group customers churned horizonDays shareAtHorizon
    medianDays { value from to why } meanDays { value from to why }
    averageMrr grossMargin value { value from to why } words
  }
}`;

function inWords(groups: readonly LifetimeValue[], grossMargin: number, by?: Dimension): string {
  if (groups.length === 0) return "There are no customers to follow.";
  const rows = groups.map(
    (group): CellRow => ({
      ...(by ? { [by]: group.group ?? "–" } : {}),
      customers: group.customers,
      churned: group.churned,
      "seen for": group.horizonDays === null ? "" : `${count(group.horizonDays)} days`,
      "stay of these": wholeOf(group.meanDays, " days"),
      "still there after": percent(group.shareAtHorizon, 0),
      "MRR on average": group.averageMrr === null ? "not known" : count(Math.round(group.averageMrr)),
      value: wholeOf(group.value),
    }),
  );
  const margin =
    grossMargin === 1
      ? "The value is revenue, as no margin was given (--gross-margin)."
      : `The value is ${percent(grossMargin, 0)} of revenue.`;
  return [
    rowsAs("table", rows),
    "",
    `${margin} It counts the days that were seen and none beyond: where customers are still there after these, they are worth more. Its interval is that of the days alone.`,
  ].join("\n");
}
