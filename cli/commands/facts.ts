import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { loadJourney } from "../../journey/load.js";
import { allFactsIn } from "../../journey/own_facts.js";
import { checkOwnFacts } from "../../models/daily/own_fact_days.js";
import { answer, answerJson, rowsAs } from "../output.js";
import { journeyName, optionsOf } from "../project.js";

export const factsCommand = (): Command =>
  new Command("facts")
    .description("list the facts that a journey may speak of, built-in and its own, with their units")
    .action((_, command: Command) => {
      const { project: folder } = optionsOf(command);
      const journey = existsSync(join(folder, journeyName))
        ? loadJourney(join(folder, journeyName), checkOwnFacts)
        : { facts: [] };
      const rows = Object.entries(allFactsIn(journey)).map(([fact, { type, unit, description, needs }]) => ({
        fact,
        type,
        unit,
        needs: needs.join(", "),
        description,
      }));
      if (optionsOf(command).json) return answerJson(rows);
      answer(
        rowsAs(
          "table",
          rows.map(({ fact, unit, description }) => ({ fact, unit, description })),
        ),
      );
    });
