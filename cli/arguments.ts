import { InvalidArgumentError } from "commander";
import { Temporal } from "temporal-polyfill";
import { WaymarkError } from "../errors.js";

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

/** Options of every command that asks the API. */
export const urlOption = [
  "--url <url>",
  "ask a running server instead of opening the warehouse, e.g. http://localhost:4000/graphql",
] as const;
export const whereOption = [
  "--where <name=value...>",
  "only accounts of this segment, region, owner or attribute",
] as const;

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
