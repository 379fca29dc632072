import { InvalidArgumentError } from "commander";
import { Temporal } from "temporal-polyfill";
import { WaymarkError } from "../errors.js";
import { remark } from "./output.js";

/** Options as they are typed, read once: what can't be meant is refused before anything begins. */

export function civilDate(value: string): string {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(value))
      return Temporal.PlainDate.from(value, { overflow: "reject" }).toString();
  } catch {}
  throw new InvalidArgumentError("Expected a day such as 2024-05-31.");
}

export function wholeNumber(value: string, least: number, most: number): number {
  const number = Number(value);
  if (value.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
}

/** @param most how much it may be; seats, for example, may be used by more people than there are */
export function share(value: string, most = 1): number {
  const number = Number(value);
  if (value.trim() !== "" && number > 0 && number <= most) return number;
  const meant = number > most && number <= 100 ? ` Did you mean ${number / 100}?` : "";
  throw new InvalidArgumentError(`Expected a share above 0 and up to ${most}, e.g. 0.8 for 80 %.${meant}`);
}

/** Options of every command that asks the API. */
export const urlOption = [
  "--url <url>",
  "ask a running server instead of opening the warehouse, e.g. http://localhost:4000/graphql",
] as const;
/** Of those that ask about outcomes. */
export const fromOption = ["--from <day>", "first day of outcomes", civilDate] as const;
export const toOption = ["--to <day>", "first day no longer counted", civilDate] as const;
export const minGroupOption = [
  "--min-group <number>",
  "withhold groups of fewer accounts",
  (value: string) => wholeNumber(value, 2, 1000),
  5,
] as const;
export const whereOption = [
  "--where <name=value...>",
  "only accounts of this segment, region, owner or attribute",
] as const;

/** Of an answer without anybody, which may be so by a slip of the pen in --where. */
export function remarkNobody(where: readonly string[] | undefined, told: readonly unknown[]): void {
  if (where && told.length === 0)
    remark(`Nobody is found by --where ${where.join(" ")}: values count as they are written in the data.`);
}

/** `name=value` by name; a name may come several times. */
export function assigned(assignments: readonly string[]): Record<string, string[]> {
  const given: Record<string, string[]> = {};
  for (const assignment of assignments) {
    const split = assignment.indexOf("=");
    if (split < 1) throw new WaymarkError("BAD_USER_INPUT", `--var ${assignment}: expected name=value.`);
    const name = assignment.slice(0, split);
    given[name] = [...(given[name] ?? []), assignment.slice(split + 1)];
  }
  return given;
}
