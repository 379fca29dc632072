import { Command } from "commander";
import type { ExpansionCandidate, ExpansionCandidatePage } from "../../schema/expansion.js";
import { remarkNobody, share, urlOption, whereOption, wholeNumber } from "../arguments.js";
import { answer, answerJson, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";
import { filterOf } from "./compare.js";
import { ask, askOnce } from "./query.js";

interface ExpansionFlags {
  minUtilisation: number;
  first: number;
  where?: string[];
  url?: string;
}

export const expansionCommand = (): Command =>
  new Command("expansion")
    .description("list customers that may need more: in good health, seats in real use, nothing that warns")
    .option(
      "--min-utilisation <share>",
      "users active in 28 days / seats, at least",
      (v) => share(v, 10),
      0.8,
    )
    .option("--first <number>", "how many, the highest MRR first", (v) => wholeNumber(v, 1, 1000), 50)
    .option(...whereOption)
    .option(...urlOption)
    .action(async (_, command: Command) => {
      const { minUtilisation, first, where, url, project, json } = optionsOf<ExpansionFlags>(command);
      const request = {
        query: document,
        variables: { minUtilisation, first, filter: filterOf(where) },
      };
      const data = url ? await ask(url, request) : await askOnce(project, request);
      const { expansionCandidates, accounts } = data as {
        expansionCandidates: Page;
        accounts: { nodes: readonly unknown[] };
      };
      if (json) return answerJson(expansionCandidates);
      answer(inWords(expansionCandidates, minUtilisation));
      remarkNobody(where, accounts.nodes);
    });

interface Page extends Omit<ExpansionCandidatePage, "nodes"> {
  nodes: (ExpansionCandidate & {
    account: { name: string; owner: string | null } | null;
    reasons: string[];
  })[];
}

const document = `
query ($minUtilisation: Float!, $first: Int!, $filter: AccountFilter) {
  expansionCandidates(minUtilisation: $minUtilisation, first: $first, filter: $filter) {
    nodes { account { id name owner } mrr seats activeUsers utilisation score daysToRenewal reasons }
    pageInfo { hasNextPage }
    heldBack { why accounts }
  }
  accounts(filter: $filter, first: 1) { nodes { id } }
}`;

function inWords({ nodes, pageInfo, heldBack }: Page, minUtilisation: number): string {
  const used = `${(100 * minUtilisation).toFixed(0)} % of their seats or more`;
  return [
    ...(nodes.length === 0
      ? [`No customer that uses ${used} is ready for more.`]
      : [
          rowsAs(
            "table",
            nodes.map(({ account, mrr, reasons }) => ({
              account: account?.name,
              owner: account?.owner,
              MRR: mrr,
              why: reasons.join("; "),
            })),
          ),
        ]),
    ...(pageInfo.hasNextPage ? ["There are more: --first."] : []),
    ...heldBack.map(({ why, accounts }) => `Held back, though they use ${used}: ${accounts}, as ${why}.`),
  ].join("\n");
}
