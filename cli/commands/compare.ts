import { Command } from "commander";
import { didYouMean, WaymarkError } from "../../errors.js";
import { daysInWords, valueInWords } from "../../journey/words.js";
import { fromOption, minGroupOption, toOption, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { type Estimate, numberOf, rangeOf, shareOf } from "../figures.js";
import { answer, answerJson, type CellRow, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { ask, askOnce } from "./query.js";

interface CompareFlags {
  first: string;
  second: string;
  leadDays: number;
  from?: string;
  to?: string;
  where?: string[];
  minGroup: number;
  lateDays: number;
  all?: true;
  url?: string;
}

export const compareCommand = (): Command =>
  new Command("compare")
    .description("say what tells accounts that churned from those that stayed, some days before")
    .option(
      "--first <outcomes>",
      "how terms of the first cohort ended: churned,renewed,expanded,contracted",
      "churned",
    )
    .option("--second <outcomes>", "and those of the second: all that stayed", "renewed,expanded,contracted")
    .option(
      "--lead-days <number>",
      "read everything as of so many days before the outcome",
      (v) => wholeNumber(v, 1, 1000),
      60,
    )
    .option(...fromOption)
    .option(...toOption)
    .option(...whereOption)
    .option(...minGroupOption)
    .option(
      "--late-days <number>",
      "leave out what came, or was corrected, later than so many days after that day",
      (v) => wholeNumber(v, 0, 10_000),
      14,
    )
    .option("--all", "list what may be chance too, and what was left out")
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const flags = optionsOf<CompareFlags>(command);
      const cohort = (option: string, words: string) => ({
        outcomes: outcomesIn(option, words),
        from: flags.from,
        to: flags.to,
        filter: filterOf(flags.where),
      });
      const request = {
        query: document,
        variables: {
          first: cohort("--first", flags.first),
          second: cohort("--second", flags.second),
          leadDays: flags.leadDays,
          minGroup: flags.minGroup,
          lateDays: flags.lateDays,
        },
      };
      const data = flags.url ? await ask(flags.url, request) : await askOnce(flags.project, request);
      const { comparison } = data as { comparison: Comparison };
      if (flags.json) return answerJson(comparison);
      answer(inWords(comparison, flags.all === true));
    });

const known = ["churned", "renewed", "expanded", "contracted"];

function outcomesIn(option: string, words: string): string[] {
  return words.split(",").map((given) => {
    const word = given.trim().toLowerCase();
    if (known.includes(word)) return word.toUpperCase();
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `${option} ${words}: "${word}" is no outcome.${didYouMean(word, known)}`,
    );
  });
}

/** Conditions on who accounts are, as the API filters by; the same name twice means either value. */
export function filterOf(conditions: readonly string[] = []): Record<string, unknown> | undefined {
  if (conditions.length === 0) return undefined;
  const values = new Map<string, string[]>();
  for (const condition of conditions) {
    const split = condition.indexOf("=");
    if (split < 1) throw new WaymarkError("BAD_USER_INPUT", `--where ${condition}: expected name=value.`);
    const name = condition.slice(0, split);
    values.set(name, [...(values.get(name) ?? []), condition.slice(split + 1)]);
  }
  const own = ["segment", "region", "owner"];
  const entries = [...values];
  return {
    ...Object.fromEntries(entries.filter(([name]) => own.includes(name))),
    attributes: entries.filter(([name]) => !own.includes(name)).map(([name, words]) => ({ name, in: words })),
  };
}

export interface Cohort {
  name: string;
  accounts: number;
  leftOut: readonly { why: string; accounts: number }[];
}

interface InCohort {
  n: number;
  share: number | null;
  median: number | null;
}

interface Comparison {
  first: Cohort;
  second: Cohort;
  leadDays: number;
  why: string | null;
  traits: {
    kind: string;
    name: string;
    first: InCohort;
    second: InCohort;
    late: number;
    riskRatio: Estimate | null;
    auc: Estimate | null;
    q: number;
    words: string;
  }[];
  leftOut: { kind: string; name: string; why: string }[];
}

const estimate = "{ value from to why }";
const cohort = "{ name accounts leftOut { why accounts } }";
const document = `
query ($first: CohortInput, $second: CohortInput, $leadDays: Int!, $minGroup: Int!, $lateDays: Int!) {
  comparison(first: $first, second: $second, leadDays: $leadDays, minGroup: $minGroup, lateDays: $lateDays) {
    first ${cohort} second ${cohort} leadDays why
    traits {
      kind id name isYesNo unit first { n share median } second { n share median } late
      riskRatio ${estimate} auc ${estimate} p q strength words
    }
    leftOut { kind id name why }
  }
}`;

function inWords({ first, second, leadDays, why, traits, leftOut }: Comparison, withAll: boolean): string {
  const parts = [
    `${first.name} (${first.accounts} accounts) against ${second.name} (${second.accounts}), as of ${daysInWords(leadDays)} before each outcome.`,
    ...[first, second].flatMap(leftOutLines),
  ];
  if (why !== null) return [...parts, why].join("\n");
  const solid = traits.filter(({ q }) => q <= 0.05);
  const shown = withAll ? traits : solid;
  parts.push(
    solid.length === 0
      ? `Nothing of ${traits.length} traits tells them apart beyond chance (q up to 0.05).`
      : `${solid.length} of ${traits.length} traits tell them apart (q up to 0.05), the strongest first:`,
  );
  if (shown.length > 0) parts.push("", rowsAs("table", shown.map(rowOf)));
  if (withAll && leftOut.length > 0)
    parts.push(
      "",
      "Left out",
      rowsAs(
        "table",
        leftOut.map(({ kind, name, why: because }) => ({
          kind: kind.toLowerCase(),
          trait: name,
          why: because,
        })),
      ),
    );
  parts.push(
    "",
    `These are associations, not causes. ratio: how many times likelier an account with it is to be ${first.name}; auc: how often, of a pair, the ${first.name} one has the higher value.`,
    ...(withAll || leftOut.length === 0
      ? []
      : [
          `Left out: ${valueInWords(leftOut.length, "traits")}; --all tells why, and lists what may be chance.`,
        ]),
  );
  return parts.join("\n");

  function rowOf(trait: Comparison["traits"][number]): CellRow {
    const { kind, name, riskRatio, auc, q, late } = trait;
    return {
      kind: kind.toLowerCase(),
      trait: name,
      [first.name]: figureOf(trait.first),
      [second.name]: figureOf(trait.second),
      ratio: riskRatio ? rangeOf(riskRatio) : "",
      auc: auc ? rangeOf(auc) : "",
      q: q < 0.001 ? q.toExponential(0) : q.toFixed(3),
      ...(traits.some((t) => t.late > 0) ? { "too late": late } : {}),
    };
  }
}

/** Why accounts of a cohort are left out, one line each. */
export const leftOutLines = ({ name, leftOut }: Cohort): string[] =>
  leftOut.map(({ why, accounts }) =>
    `Left out of ${name}: ${accounts} with ${why}.`.replace("with not", "not"),
  );

const figureOf = ({ n, share, median }: InCohort): string =>
  share === null ? numberOf(median, n) : shareOf(share, n);
