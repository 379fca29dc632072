import Table from "cli-table3";
import { Command } from "commander";
import { discoveriesIn, plantedCompany } from "./planted.js";

/**
 * Demo companies of many seeds, each compared: how often a planted effect is found, and how much of what is told as a
 * difference was planted without effect. Benjamini and Hochberg promise that of all that is told at q up to 0.05 no more
 * than one in twenty is false on average. `npm run bench:seeds` makes and builds a company of 1,500 accounts for each seed.
 */
const { seeds, accounts } = new Command("seeds")
  .description("Count true and false discoveries over demo companies of many seeds.")
  .option("--seeds <number>", "how many", "20")
  .option("--accounts <number>", "of each company", "1500")
  .parse()
  .opts<{ seeds: string; accounts: string }>();

const table = new Table({
  head: ["seed", "compared", "told", "planted, found", "false"],
  style: { head: [], border: [] },
});
const shares: number[] = [];
let found = 0;
let wrongs = 0;
let told = 0;
for (let seed = 1; seed <= Number(seeds); seed++) {
  await using company = await plantedCompany({ seed, accounts: Number(accounts) }, 2);
  const { right, wrong, all } = discoveriesIn(company.comparison);
  table.push([seed, company.compared, all, right.join(", "), wrong.join(", ")]);
  process.stderr.write(`seed ${seed}: ${all} told, ${right.length} planted, ${wrong.length} false\n`);
  shares.push(all === 0 ? 0 : wrong.length / all);
  found += right.length;
  wrongs += wrong.length;
  told += all;
}
const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
console.log(
  `${table.toString()}\n${told} differences told, ${found} of them planted effects, ${wrongs} false: ${(100 * mean).toFixed(1)} % on average, of which 5 % are promised.`,
);
process.exitCode = mean <= 0.05 ? 0 : 1;
