import { count } from "./output.js";

/** How figures are told in tables, each kind in one way: an estimate is "0.72 (0.65 to 0.78)". */

export interface Estimate {
  readonly value: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly why: string | null;
}

/** An estimate with its 95 % interval; without an interval, or altogether, why there is none. */
export function estimateOf(
  { value, from, to, why }: Estimate,
  said: (v: number) => string,
  unit = "",
): string {
  if (value === null) return why ?? "";
  const end = from === null ? why : to === null ? `${said(from)} or more` : `${said(from)} to ${said(to)}`;
  return `${said(value)}${unit}${end === null ? "" : ` (${end})`}`;
}

export const rangeOf = (estimate: Estimate, digits = 2): string =>
  estimateOf(estimate, (v) => v.toFixed(digits));

/** Of a share, in percent. */
export const percentOf = (estimate: Estimate): string =>
  estimateOf(estimate, (v) => (100 * v).toFixed(0), " %");

/** Of days, or of money. */
export const wholeOf = (estimate: Estimate, unit = ""): string =>
  estimateOf(estimate, (v) => count(Math.round(v)), unit);

/** Of so many people those of whom something holds. */
export const shareOf = (share: number, n: number): string => `${(100 * share).toFixed(0)} % of ${count(n)}`;

/** A number of so many people: their median or mean. */
export const numberOf = (value: number | null, n: number): string =>
  `${value === null ? "–" : Number(value.toPrecision(4))} (n ${count(n)})`;

/** A period by its first day: 2024-05, 2024 Q2, 2024. */
export function periodName(first: string, grain: "month" | "quarter" | "year"): string {
  const [year = "", month = ""] = first.split("-");
  if (grain === "year") return year;
  return grain === "month" ? `${year}-${month}` : `${year} Q${Math.ceil(Number(month) / 3)}`;
}
