import type { BacktestOptions } from "./backtest.js";

export interface SuggestOptions extends BacktestOptions {
  /** Points and facts are read as of so many days before the outcome. */
  readonly leadDays: number;
  /** Nothing is asked for scales where they aren't wanted. */
  readonly withScales?: boolean | undefined;
}

export interface Ended {
  readonly churned: number;
  readonly stayed: number;
}

/** The accounts of which a part of the work is done, and how many of either kind it takes. */
export interface SuggestionPart extends Ended {
  readonly needed: number;
}

export const endedOf = (rows: readonly Ended[]): Ended => ({
  churned: rows.reduce((sum, { churned }) => sum + churned, 0),
  stayed: rows.reduce((sum, { stayed }) => sum + stayed, 0),
});

export function whyTooFew({ churned, stayed, needed }: SuggestionPart, whose: string): string | null {
  const [rarer, kind] = churned < stayed ? [churned, "churned"] : [stayed, "stayed"];
  return rarer < needed
    ? `It takes ${needed} scored accounts that churned and as many that stayed, ${whose}: only ${rarer} ${kind}.`
    : null;
}
