import { Command } from "commander";
import { daysInWords } from "../../journey/words.js";
import type { ProgrammeEffect, ProgrammeMeasure, ProgrammeSide } from "../../schema/programme.js";
import { civilDate, minGroupOption, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { estimateOf, numberOf, shareOf } from "../figures.js";
import { answer, answerJson, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

interface ProgrammeFlags {
  changedOn: string;
  signal?: string;
  play?: string;
  days: number;
  window: number;
  minGroup: number;
  where?: string[];
  url?: string;
}

export const programmeCommand = (): Command =>
  new Command("programme")
    .description(
      "say what became of accounts that began before a change of onboarding or a play, and after it",
    )
    .requiredOption("--changed-on <day>", "first day of the changed programme", civilDate)
    .option(
      "--signal <id>",
      "count from the day on which this signal first opened, not from the first paid one",
    )
    .option("--play <id>", "count from the day on which this play first set tasks")
    .option("--days <number>", "follow every account for so many days", (v) => wholeNumber(v, 1, 730), 90)
    .option(
      "--window <days>",
      "accounts that began within so many days of the change",
      (v) => wholeNumber(v, 1, 3650),
      365,
    )
    .option(...minGroupOption)
    .option(...whereOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { window, where, url, project, json, ...given } = optionsOf<ProgrammeFlags>(command);
      const { changedOn, signal, play, days, minGroup } = given;
      const request = {
        query: document,
        variables: { changedOn, signal, play, days, minGroup, windowDays: window, filter: filterOf(where) },
      };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { programmeEffect } = data as { programmeEffect: ProgrammeEffect };
      if (json) return answerJson(programmeEffect);
      answer(inWords(programmeEffect));
    });

const side = "{ from to accounts leftOut { why accounts } }";
const document = `
query ($changedOn: LocalDate!, $days: Int!, $windowDays: Int!, $minGroup: Int!, $signal: ID, $play: ID, $filter: AccountFilter) {
  programmeEffect(changedOn: $changedOn, days: $days, windowDays: $windowDays, minGroup: $minGroup, signal: $signal, play: $play, filter: $filter) {
    before ${side} after ${side} days why
    measures {
      kind id name isYesNo unit before { n value } after { n value }
      difference { value from to why } words
    }
  }
}`;

function inWords({ before, after, days, why, measures }: ProgrammeEffect): string {
  const sideOf = (name: string, { from, to, accounts, leftOut }: ProgrammeSide): string =>
    [
      `${name}: ${accounts} accounts that began from ${from} on and before ${to}`,
      ...leftOut.map((left) => `${left.accounts} left out: ${left.why}`),
    ].join("; ");
  const head = [
    `Each account is followed for ${daysInWords(days)}.`,
    sideOf("Before", before),
    sideOf("After", after),
  ];
  if (why !== null) return [...head, why].join("\n");
  return [
    ...head,
    "",
    rowsAs(
      "table",
      measures.map((measure) => ({
        measure: measure.name,
        before: figureOf(measure, measure.before),
        after: figureOf(measure, measure.after),
        "difference (95 %)": differenceOf(measure),
      })),
    ),
    "",
    "* = more than chance alone makes one time in twenty, for each line by itself. These are associations, not causes: whatever else changed then is in them too.",
  ].join("\n");
}

const figureOf = ({ isYesNo }: ProgrammeMeasure, { n, value }: ProgrammeMeasure["before"]): string =>
  isYesNo && value !== null ? shareOf(value, n) : numberOf(value, n);

function differenceOf({ isYesNo, difference }: ProgrammeMeasure): string {
  const { from, to } = difference;
  const said = (v: number): string =>
    `${v > 0 ? "+" : ""}${isYesNo ? (100 * v).toFixed(0) : Number(v.toPrecision(3))}`;
  const isSolid = from !== null && to !== null && (from > 0 || to < 0);
  return `${estimateOf(difference, said, isYesNo ? " points" : "")}${isSolid ? " *" : ""}`;
}
