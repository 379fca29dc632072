import { Command } from "commander";
import { facts } from "../../journey/facts.js";
import { answer, answerJson, rowsAs } from "../output.js";
import { optionsOf } from "../project.js";

export const factsCommand = (): Command =>
  new Command("facts")
    .description("list the facts that a journey may speak of, with their units")
    .action((_, command: Command) => {
      const rows = Object.entries(facts).map(([fact, { type, unit, description, needs }]) => ({
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
