import "reflect-metadata"; // the API's types need it before them, whichever command loads them
import { inspect } from "node:util";
import { Command, CommanderError, Option } from "commander";
import { version } from "../config/package.js";
import { exitCodes, messageOf, WaymarkError } from "../errors.js";
import { applyCommand } from "./commands/apply.js";
import { backfillCommand } from "./commands/backfill.js";
import { backtestCommand } from "./commands/backtest.js";
import { buildCommand } from "./commands/build.js";
import { checkCommand } from "./commands/check.js";
import { checksCommand } from "./commands/checks.js";
import { compareCommand } from "./commands/compare.js";
import { demoCommand } from "./commands/demo.js";
import { expansionCommand } from "./commands/expansion.js";
import { explainCommand } from "./commands/explain.js";
import { factsCommand } from "./commands/facts.js";
import { gcCommand } from "./commands/gc.js";
import { initCommand } from "./commands/init.js";
import { keysCommand } from "./commands/keys.js";
import { lifetimeCommand } from "./commands/lifetime.js";
import { planCommand } from "./commands/plan.js";
import { programmeCommand } from "./commands/programme.js";
import { proposeCommand } from "./commands/propose.js";
import { queryCommand } from "./commands/query.js";
import { retentionCommand } from "./commands/retention.js";
import { serveCommand } from "./commands/serve.js";
import { stagesCommand } from "./commands/stages.js";
import { statusCommand } from "./commands/status.js";
import { suggestCommand } from "./commands/suggest.js";
import { survivalCommand } from "./commands/survival.js";
import { webhooksCommand } from "./commands/webhooks.js";
import { type LogFormat, logAs, logFormats, theLog } from "./log.js";

/** Does what the words of a command line say, and answers the exit code. What goes wrong is told on stderr. */
export async function waymark(words: readonly string[]): Promise<number> {
  const program = programOfAll();
  try {
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, program.opts<{ json?: true }>().json);
  }
}

function programOfAll(): Command {
  const program = new Command("waymark")
    .description(
      "Customer health from your own warehouse: stages, milestones, trends and scores that explain themselves.",
    )
    .version(version, "-V, --version", "print the version")
    .option("-p, --project <folder>", "where waymark.yml and journey.yml are", ".")
    .option("--json", "answer as JSON, and errors too")
    .addOption(
      new Option("--log <format>", "what is said on stderr: text for people, or JSON lines")
        .choices(logFormats)
        .env("LOG_FORMAT")
        .default(process.env.NODE_ENV === "production" && !process.stderr.isTTY ? "json" : "text"),
    )
    .addHelpText(
      "after",
      `
Exit codes:
  0  done                            3  a data check failed; nothing was published
  1  unexpected failure              4  the warehouse, port or webhook is in use or failed,
  2  bad arguments or configuration     or another journey is published than was expected
                                     5  nothing is published yet

First steps:
  waymark demo --serve               a demo company, built and served on http://localhost:4000
  waymark init && waymark check      start with your own tables`,
    )
    .showSuggestionAfterError()
    .exitOverride()
    .hook("preAction", () => logAs(program.opts<{ log: LogFormat }>().log));

  for (const command of [
    initCommand,
    checkCommand,
    demoCommand,
    buildCommand,
    backfillCommand,
    serveCommand,
    statusCommand,
    checksCommand,
    explainCommand,
    queryCommand,
    factsCommand,
    planCommand,
    applyCommand,
    compareCommand,
    backtestCommand,
    suggestCommand,
    programmeCommand,
    proposeCommand,
    retentionCommand,
    survivalCommand,
    stagesCommand,
    lifetimeCommand,
    expansionCommand,
    webhooksCommand,
    keysCommand,
    gcCommand,
  ]) {
    program.addCommand(command().copyInheritedSettings(program));
  }
  return program;
}

function report(error: unknown, json: true | undefined): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const known = error instanceof WaymarkError ? error : undefined;
  if (json) {
    const told = { code: known?.code ?? "UNEXPECTED", message: messageOf(error), ...known?.details };
    process.stderr.write(`${JSON.stringify({ error: told })}\n`);
  } else if (theLog()) {
    theLog()?.fatal({ event: "failed", code: known?.code ?? "UNEXPECTED" }, messageOf(error));
  } else {
    process.stderr.write(`${known ? known.message : inspect(error)}\n`);
  }
  return known ? exitCodes[known.code] : 1;
}
