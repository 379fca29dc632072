import { Command, Option } from "commander";
import { didYouMean, WaymarkError } from "../../errors.js";
import {
  isDeclared,
  isPassed,
  modelsOf,
  readFailingRows,
  readLatestChecks,
} from "../../jobs/check_results.js";
import { mostKeptRows, rowsFail } from "../../jobs/checks.js";
import type { CheckRow } from "../../jobs/ledger.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { urlOption, wholeNumber } from "../arguments.js";
import {
  answer,
  answerJson,
  type Cell,
  type CellRow,
  count,
  type Format,
  formats,
  remark,
  rowsAs,
} from "../output.js";
import { loadProject, optionsOf, withWarehouse } from "../project.js";
import { ask } from "./query.js";
import { ago } from "./status.js";

/** A check as it stands, from the ledger or from a running server; rows where they were asked for. */
interface CheckView {
  name: string;
  models: string[];
  isDeclared: boolean;
  severity: string;
  isPassed: boolean;
  failingRows: number;
  examples: readonly string[];
  error: string | null;
  checkedAt: string | null;
  failingSince: string | null;
  rows?: Record<string, unknown>[];
}

interface ShowFlags {
  first: number;
  format: Format;
  url?: string;
}

export const checksCommand = (): Command => {
  const command = new Command("checks")
    .description("say what the data checks found: your own, and whatever else fails")
    .option("--all", "those of every table too, passed or not")
    .option(...urlOption)
    .action(async (_, self: Command) => {
      const { project, json, url, all } = optionsOf<{ url?: string; all?: true }>(self);
      const checks = await readChecks(project, url);
      const listed = checks.filter((check) => all || !check.isPassed || check.isDeclared);
      if (json) return answerJson(listed);
      answer(
        listed.length > 0
          ? rowsAs("table", listed.map(cellsOf))
          : `All of ${count(checks.length)} checks passed.`,
      );
      if (listed.some((check) => !check.isPassed))
        remark("`waymark checks show CHECK` prints the failing rows.");
    });
  command.addCommand(showCommand().copyInheritedSettings(command));
  return command;
};

const showCommand = (): Command =>
  new Command("show")
    .description(`print the rows that failed a check; up to ${count(mostKeptRows)} of each are kept`)
    .argument("<check|model>", "a check by its name, or a table for all of its checks that fail")
    .argument("[check]", "of the table this check")
    .option("--first <number>", "how many rows of each", (v) => wholeNumber(v, 1, mostKeptRows), 20)
    .addOption(new Option("--format <format>", "how to print").choices([...formats]).default("table"))
    .option(...urlOption)
    .action(async (word: string, checkName: string | undefined, _, self: Command) => {
      const { project, json, url, first, format } = optionsOf<ShowFlags>(self);
      const checks = await readChecks(project, url, first);
      const shown = chosen(checks, word, checkName);
      if (json) return answerJson(shown);
      for (const check of shown) {
        remark(`${labelOf(check)}: ${check.error ?? `${rowsFail(check.failingRows)}${shownOf(check)}`}`);
        if (check.rows?.length) answer(rowsAs(format, check.rows.map(asCells)));
      }
      if (shown.length === 0) remark(`No check of ${word} fails.`);
    });

/** The failing checks that are meant; none where they all pass. */
function chosen(checks: readonly CheckView[], word: string, checkName: string | undefined): CheckView[] {
  const ofModel = checks.filter((check) => check.models.includes(word));
  if (ofModel.length === 0 && checkName === undefined) {
    const named = checks.filter((check) => check.name === word);
    if (named.length > 0) return named.filter((check) => !check.isPassed);
  }
  if (ofModel.length === 0) {
    const known = [...checks.map((check) => check.name), ...new Set(checks.flatMap((check) => check.models))];
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `There is no check and no checked table "${word}".${didYouMean(word, known) || " `waymark checks --all` lists them."}`,
      {
        given: word,
      },
    );
  }
  const named = ofModel.filter((check) => checkName === undefined || check.name === checkName);
  if (named.length === 0) {
    const known = ofModel.map((check) => check.name);
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${word} has no check "${checkName}".${didYouMean(checkName ?? "", known)}`,
      {
        given: checkName,
        known,
      },
    );
  }
  return named.filter((check) => !check.isPassed);
}

/** @param first of failing checks the first so many rows too */
async function readChecks(folder: string, url: string | undefined, first?: number): Promise<CheckView[]> {
  if (url) {
    const rows = first === undefined ? "" : `rows(first: ${first})`;
    const query = `{ checks { name models isDeclared severity isPassed failingRows examples error checkedAt failingSince ${rows} } }`;
    const { checks } = (await ask(url, { query, variables: {} })) as { checks: CheckView[] };
    return checks;
  }
  return withWarehouse(loadProject(folder), async (warehouse) => {
    const views: CheckView[] = [];
    for (const row of await readLatestChecks(warehouse)) views.push(await viewOf(warehouse, row, first));
    return views;
  });
}

async function viewOf(warehouse: Warehouse, row: CheckRow, first: number | undefined): Promise<CheckView> {
  const rows =
    first !== undefined && !isPassed(row) ? { rows: await readFailingRows(warehouse, row, first) } : {};
  return {
    name: row.check,
    models: modelsOf(row),
    isDeclared: isDeclared(row),
    severity: row.severity.toUpperCase(),
    isPassed: isPassed(row),
    failingRows: row.failingRows,
    examples: row.examples,
    error: row.error,
    checkedAt: row.checkedAt?.toISOString() ?? null,
    failingSince: row.failingSince?.toISOString() ?? null,
    ...rows,
  };
}

/** How many of the failing rows are printed, where that isn't all of them. */
const shownOf = ({ failingRows, rows = [] }: CheckView): string =>
  rows.length < failingRows ? `, the first ${rows.length}:` : ":";

const labelOf = ({ models, name }: CheckView): string => `${models.join(", ")} "${name}"`;

const cellsOf = (check: CheckView): CellRow => ({
  table: check.models.join(", "),
  check: check.name,
  severity: check.severity.toLowerCase(),
  result: check.isPassed ? "passed" : check.error === null ? "failed" : "not asked",
  "failing rows": count(check.failingRows),
  "failing since": check.failingSince ? ago(check.failingSince, new Date()) : "",
  "for example": check.error ?? check.examples[0],
});

const asCells = (row: Record<string, unknown>): CellRow =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]): [string, Cell] => [
      column,
      typeof value === "object" && value !== null ? JSON.stringify(value) : (value as Cell),
    ]),
  );
