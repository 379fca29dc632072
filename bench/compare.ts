import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { backtest } from "../analysis/backtest.js";
import { type Ask, compareCohorts } from "../analysis/compare.js";
import { milestoneProposals } from "../analysis/proposals.js";
import { loadJourney } from "../journey/load.js";
import type { CompanyWords } from "../models/model.js";
import { openDuckDb } from "../warehouse/duckdb.js";
import { builtTables, makeTables } from "./landmarks.js";
import { type Spent, stopwatch } from "./stopwatch.js";

/**
 * What the analysts' questions cost on many accounts: `npm run bench:compare`. The comparison is to take less than 30 s
 * on two cores for 100,000 accounts and 60 traits. Processor seconds bear neighbours; seconds by the clock don't.
 */
interface Options {
  accounts: string;
  events: string;
  proposals: boolean;
  threads: string;
  json?: true;
}
const options = new Command("compare")
  .description(
    "Measure comparison, back-test and proposals on tables of many accounts, made by the engine itself.",
  )
  .option("--accounts <number>", "how many", "100000")
  .option("--events <number>", "usage events of each", "100")
  .option("--no-proposals", "leave out what they cost, and the facts that they alone ask for")
  .option("--threads <number>", "of the engine", "2")
  .option("--json", "answer as JSON")
  .parse()
  .opts<Options>();

const folder = mkdtempSync(join(tmpdir(), "waymark-compare-"));
const warehouse = await openDuckDb({
  file: join(folder, "bench.duckdb"),
  threads: Number(options.threads),
  memoryLimit: "3GB",
});
try {
  const words: CompanyWords = {
    journey: loadJourney("journey/presets/three-stage.yml"),
    attributes: ["tier", "industry"],
  };
  const made = stopwatch();
  await makeTables(warehouse, words, {
    accounts: Number(options.accounts),
    events: Number(options.events),
    hasFirstDays: options.proposals,
  });
  const generated = made();
  const locate = (model: string): string[] => [builtTables, model];
  const ask: Ask = (statement, columns) => warehouse.query(statement, columns, { locate });
  const results: Record<string, Spent & { told: string }> = {};
  const measure = async (what: string, answered: () => Promise<string>): Promise<void> => {
    const spent = stopwatch();
    const told = await answered();
    results[what] = { ...spent(), told };
  };
  const usual = { minGroup: 5, lateDays: 14 };
  await measure("compare", async () => {
    const compared = await compareCohorts(ask, words, {
      first: { outcomes: ["churned"] },
      second: { outcomes: ["renewed", "expanded", "contracted"] },
      leadDays: 60,
      ...usual,
    });
    if (compared.why !== null) throw new Error(compared.why);
    const { first, second, traits, leftOut } = compared;
    return `${first.accounts + second.accounts} accounts, ${traits.length + leftOut.length} traits`;
  });
  await measure("backtest", async () => {
    const { why, health, signals } = await backtest(ask, words, usual);
    if (why !== null) throw new Error(why);
    return `${health.length} leads, ${signals.length} signals`;
  });
  const propose = async (): Promise<string> => {
    const { why, proposals, leftOut } = await milestoneProposals(ask, words, {
      minOutcomes: 20,
      lateDays: 14,
    });
    if (why !== null) throw new Error(why);
    return `${proposals.length + leftOut.length} facts`;
  };
  if (options.proposals) await measure("propose", propose);
  if (options.json)
    console.log(JSON.stringify({ accounts: Number(options.accounts), generated, results }, null, 2));
  else {
    const table = new Table({
      head: ["question", "of", "seconds", "processor seconds"],
      style: { head: [], border: [] },
    });
    for (const [what, { told, seconds, cpuSeconds }] of Object.entries(results))
      table.push([what, told, seconds.toFixed(1), cpuSeconds.toFixed(1)]);
    console.log(`Tables made in ${generated.seconds.toFixed(0)} s.\n${table.toString()}`);
  }
} finally {
  await warehouse.close();
  rmSync(folder, { recursive: true });
}
