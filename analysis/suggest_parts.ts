import type { BacktestOptions } from "./backtest.js";

export interface SuggestOptions extends BacktestOptions {
  /** Points and facts are read as of so many days before the outcome. */
  readonly leadDays: number;
}

export interface Ended {
  readonly churned: number;
  readonly renewed: number;
}

/** The accounts of which a part of the work is done, and how many of either kind it takes. */
export interface SuggestionPart extends Ended {
  readonly needed: number;
}

export const endedOf = (rows: readonly Ended[]): Ended => ({
  churned: rows.reduce((sum, { churned }) => sum + churned, 0),
  renewed: rows.reduce((sum, { renewed }) => sum + renewed, 0),
});

export function whyTooFew({ churned, renewed, needed }: SuggestionPart, whose: string): string | null {
  const [rarer, kind] = churned < renewed ? [churned, "churned"] : [renewed, "renewed"];
  return rarer < needed
    ? `It takes ${needed} scored accounts that churned and as many that renewed, ${whose}: only ${rarer} ${kind}.`
    : null;
}
