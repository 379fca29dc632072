import { Command, Option } from "commander";
import type { CohortCell, RetentionRow } from "../../schema/retention.js";
import { remarkNobody, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { periodName } from "../figures.js";
import { answer, answerJson, type CellRow, count, percent, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

const grains = ["month", "quarter", "year"] as const;
type Grain = (typeof grains)[number];
const dimensions = ["segment", "region", "cohort"] as const;

interface RetentionFlags {
  grain?: Grain;
  periods: number;
  by?: (typeof dimensions)[number][];
  cohorts?: true;
  where?: string[];
  url?: string;
}

export const retentionCommand = (): Command =>
  new Command("retention")
    .description("say how many customers left in each period, and what became of the revenue of all")
    .addOption(
      new Option(
        "--grain <period>",
        "length of a period; a month by default, with --cohorts a quarter",
      ).choices(grains),
    )
    .option("--periods <number>", "how many whole periods up to the last", (v) => wholeNumber(v, 1, 120), 12)
    .addOption(new Option("--by <what...>", "tell these apart").choices(dimensions).conflicts("cohorts"))
    .option("--cohorts", "the triangle: what is left of those that became customers in each period")
    .option(...whereOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const flags = optionsOf<RetentionFlags>(command);
      const { periods, by = [], cohorts, where, url, project, json } = flags;
      const grain = flags.grain ?? (cohorts ? "quarter" : "month");
      const variables = {
        grain: grain.toUpperCase(),
        periods,
        by: by.map((b) => b.toUpperCase()),
        filter: filterOf(where),
      };
      const request = { query: cohorts ? cohortsDocument : retentionDocument, variables };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { rows } = data as { rows: (RetentionRow & CohortCell)[] };
      if (json) return answerJson(rows);
      answer(cohorts ? cohortsInWords(rows, grain) : retentionInWords(rows, grain, by));
      remarkNobody(
        where,
        rows.filter((row) => row.customers > 0 || row.arrived > 0),
      );
    });

const retentionDocument = `
query ($grain: RetentionGrain!, $periods: Int!, $by: [RetentionDimension!], $filter: AccountFilter) {
  rows: retention(grain: $grain, periods: $periods, by: $by, filter: $filter) {
    from to segment region cohort customers churned churnRate arrived reactivated
    mrr churnedMrr contractionMrr expansionMrr arrivedMrr reactivatedMrr
    netRevenueRetention grossRevenueRetention unpriced
  }
}`;

const cohortsDocument = `
query ($grain: RetentionGrain!, $periods: Int!, $filter: AccountFilter) {
  rows: cohorts(grain: $grain, periods: $periods, filter: $filter) { cohort age day size customers share mrr }
}`;

/** Periods for people, a line each. */
export function retentionInWords(
  rows: readonly RetentionRow[],
  grain: Grain,
  by: readonly (typeof dimensions)[number][] = [],
): string {
  const table = rows.map((row): CellRow => {
    const groups = by.map((key) =>
      key === "cohort" ? ["since", row.cohort && periodName(row.cohort, grain)] : [key, row[key] ?? "–"],
    );
    return {
      [grain]: periodName(row.from, grain),
      ...Object.fromEntries(groups),
      customers: row.customers,
      churned: row.churned,
      churn: percent(row.churnRate),
      new: row.arrived,
      back: row.reactivated,
      MRR: row.mrr,
      left: row.churnedMrr,
      less: row.contractionMrr,
      more: row.expansionMrr,
      "net retention": percent(row.netRevenueRetention),
      "gross retention": percent(row.grossRevenueRetention),
    };
  });
  const unpriced = rows.reduce((n, row) => n + row.unpriced, 0);
  return [
    `Customers of each ${grain}'s first day, followed to the first day after it; left, less and more are MRR of theirs.`,
    rowsAs("table", table),
    ...(unpriced > 0
      ? [
          `The money leaves out customers whose MRR is not known at both ends: ${count(unpriced)} over all rows.`,
        ]
      : []),
  ].join("\n");
}

/** The triangle for people: a line for each cohort, a column for each age. */
export function cohortsInWords(cells: readonly CohortCell[], grain: Grain): string {
  const cohorts = [...new Set(cells.map(({ cohort }) => cohort))];
  const table = cohorts.map((cohort): CellRow => {
    const own = cells.filter((cell) => cell.cohort === cohort);
    return {
      since: periodName(cohort, grain),
      customers: own[0]?.size,
      ...Object.fromEntries(own.map(({ age, share }) => [`+${age}`, percent(share, 0)])),
    };
  });
  return [
    `Of those that became customers in each ${grain}: the share that is so on the day after it (+0), and 1, 2, … ${grain}s later.`,
    rowsAs("table", table),
  ].join("\n");
}
