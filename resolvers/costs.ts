import { Account } from "../warehouse/purpose.js";

/** What the questions of one name cost since the server began. */
export interface QueryCost {
  /** Of a saved query, or as the caller called it; null for all without a name, and those beyond the first 200. */
  readonly query: string | null;
  /** In bytes as the engine bills them. */
  readonly bytesBilled: number;
}

const mostNames = 200;

/** What questions cost, by their names, where the engine bills for statements. */
export class Costs {
  readonly #byName = new Map<string, Account>();
  readonly #others = new Account();

  /** The account of the questions of a name. */
  of(query: string | undefined): Account {
    if (query === undefined) return this.#others;
    const known = this.#byName.get(query);
    if (known) return known;
    if (this.#byName.size >= mostNames) return this.#others;
    const account = new Account();
    this.#byName.set(query, account);
    return account;
  }

  /** The most expensive first; of those that the engine has billed, be it for nothing. */
  list(): QueryCost[] {
    return [[null, this.#others] as const, ...this.#byName]
      .flatMap(([query, { billed }]) => (billed === null ? [] : [{ query, bytesBilled: billed }]))
      .sort((a, b) => b.bytesBilled - a.bytesBilled);
  }
}
