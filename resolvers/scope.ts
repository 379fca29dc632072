import { inArray } from "../warehouse/dialect.js";
import { bind, join, name, type Sql, sql } from "../warehouse/sql.js";

/** What a caller may see. */
export interface Scope {
  /**
   * The accounts: all, or those whose columns of `account_latest` have one of these values, each of the columns. They
   * are those that an account has today, also where days of before are told.
   */
  readonly accounts: "all" | Readonly<Record<string, readonly string[]>>;
  /** Words of columns that it may not see: `mrr` hides `mrr`, `mrr_before` and `mrr_at_stake`, in all tables. */
  readonly hidden: readonly string[];
  /** It sees groups of so many accounts or more, and no single ones. */
  readonly minimumGroup?: number;
}

/** The scope of whoever has the machine. */
export const everything: Scope = Object.freeze({ accounts: "all", hidden: [] });

/** The scope of whoever is told nothing of. */
export const nothing: Scope = Object.freeze({ accounts: { account_id: [] }, hidden: [] });

/** Whether there is nothing that it may not see. */
export const seesAll = ({ accounts, hidden, minimumGroup }: Scope): boolean =>
  accounts === "all" && hidden.length === 0 && minimumGroup === undefined;

/** Whether it sees any account. */
export const seesSome = ({ accounts }: Scope): boolean =>
  accounts === "all" ||
  (Object.keys(accounts).length > 0 && Object.values(accounts).every((v) => v.length > 0));

export const isHidden = ({ hidden }: Pick<Scope, "hidden">, column: string): boolean =>
  hidden.some((word) => `_${column}_`.includes(`_${word}_`));

/**
 * The condition on rows of `account_latest`; undefined where all may be seen.
 * @param known its columns: nobody is let in by one that isn't there, such as an attribute that is mapped but not built yet
 */
export function visibleAccounts({ accounts }: Scope, known: readonly string[]): Sql | undefined {
  if (accounts === "all") return undefined;
  const conditions = Object.entries(accounts).map(([column, values]) =>
    values.length > 0 && known.includes(column)
      ? inArray(name(column), bind("string[]", values))
      : sql`false`,
  );
  return conditions.length > 0 ? join(conditions, " and ") : sql`false`;
}
