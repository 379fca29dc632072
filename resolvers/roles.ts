import type { AccessSettings, RoleSettings } from "../config/access.js";
import type { Problem } from "../config/yaml.js";
import { didYouMean } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { models } from "../models/index.js";
import type { CompanyWords } from "../models/model.js";
import { attributeColumn } from "../models/sources/source.js";
import { isHidden, nothing, type Scope } from "./scope.js";

/** What a token says of its caller; a key says nothing. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a role sees, of the caller's own accounts where it says so; a claim that a token doesn't have names none. */
export function scopeOf(
  { accounts, hidden, minimum_group: minimumGroup }: RoleSettings,
  claims: Claims,
): Scope {
  const limits = { hidden, ...(minimumGroup === undefined ? {} : { minimumGroup }) };
  if (accounts === undefined) return { ...nothing, ...limits };
  if (accounts === "all") return { accounts, ...limits };
  const { attributes = {}, ...own } = accounts;
  const columns = [
    ...Object.entries(own).flatMap(([column, values]) => (values ? [[column, values] as const] : [])),
    ...Object.entries(attributes).map(([name, values]) => [attributeColumn(name), values] as const),
  ];
  const valuesOf = (values: (typeof columns)[number][1]): string[] =>
    "claim" in values
      ? [claims[values.claim]].flat().filter((value) => typeof value === "string")
      : [...values];
  return {
    accounts: Object.fromEntries(columns.map(([column, values]) => [column, valuesOf(values)])),
    ...limits,
  };
}

/** The claims by which a role sees accounts: who shows none of them, as every API key, sees none. */
export const claimsOf = ({ accounts }: RoleSettings): string[] => {
  if (typeof accounts !== "object") return [];
  const { attributes = {}, ...own } = accounts;
  return [...Object.values(own), ...Object.values(attributes)].flatMap((values) =>
    values && "claim" in values ? [values.claim] : [],
  );
};

/** Mistakes in `access` of `waymark.yml` that the journey and the mapped attributes tell. */
export const problemsInAccess = (access: AccessSettings | undefined, words: CompanyWords): Problem[] =>
  Object.entries(access?.roles ?? {}).flatMap(([role, { accounts, hidden }]) => {
    const attributes = typeof accounts === "object" ? Object.keys(accounts.attributes ?? {}) : [];
    const at = ["access", "roles", role];
    return [
      ...attributes
        .filter((attribute) => !words.attributes.includes(attribute))
        .map((attribute) => ({
          path: [...at, "accounts", "attributes", attribute],
          message: `accounts have no attribute "${attribute}".${didYouMean(attribute, words.attributes)}`,
        })),
      ...hidden.flatMap((word, i) => {
        const message = problemOf(word, words);
        return message === undefined ? [] : [{ path: [...at, "hidden", i], message }];
      }),
    ];
  });

/** Why a word can't be hidden: nothing has it, or rows would be told apart no longer. */
function problemOf(word: string, words: CompanyWords): string | undefined {
  const columns = models.flatMap((model) => Object.keys(model.columnsFor(words)));
  const hidden = columns.filter((column) => isHidden({ hidden: [word] }, column));
  if (hidden.length === 0)
    return `no table has a column "${word}".${didYouMean(word, [...new Set(columns)])}`;
  const needed = new Set([
    ...models.flatMap((model) => model.grain),
    ...Object.entries(accountLatest.columnsFor(words)).flatMap(([column, { notNull }]) =>
      notNull ? [column] : [],
    ),
  ]);
  const lost = hidden.find((column) => needed.has(column));
  return lost && `${lost} can't be hidden: it tells rows apart, or every answer names it.`;
}
