import { didYouMean } from "../errors.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { ref } from "../models/model.js";
import { attributeColumn } from "../models/sources/source.js";
import type { AccountFilter } from "../schema/account.js";
import { name, sql } from "../warehouse/sql.js";
import { filterSql } from "./pages.js";
import type { Reader } from "./reader.js";

/**
 * An answer that tells nothing because its filter leaves no account says so, with what may have been meant: its own
 * reason would look for one in what is known of accounts. Asked only where there is no answer.
 */
export async function orNobody<T extends { readonly why: string | null }>(
  reader: Reader,
  filters: readonly (AccountFilter | null | undefined)[],
  answer: T,
): Promise<T> {
  if (answer.why === null) return answer;
  for (const filter of filters) {
    const why = filter && (await whyNobody(reader, filter));
    if (why) return { ...answer, why };
  }
  return answer;
}

async function whyNobody(reader: Reader, filter: AccountFilter): Promise<string | undefined> {
  const [some] = await reader.query(
    sql`select count(*) as accounts from ${ref(accountLatest)} where ${filterSql(filter, reader)}`,
    { accounts: { type: "integer", notNull: true } },
  );
  if (some?.accounts !== 0) return undefined;
  for (const [called, column, values] of wordsIn(filter)) {
    const known = await reader.query(
      sql`select distinct ${name(column)} as word from ${ref(accountLatest)} where ${name(column)} is not null`,
      { word: { type: "string", notNull: true } },
    );
    const words = known.map(({ word }) => word).sort();
    const stray = values.find((value) => !words.includes(value));
    if (stray !== undefined)
      return `No account matches the filter: there is no ${called} "${stray}".${didYouMean(stray, words)}`;
  }
  return "No account matches the filter.";
}

/** What a filter compares with words: what people call it, its column, the words. */
const wordsIn = (filter: AccountFilter): [called: string, column: string, values: readonly string[]][] => [
  ...(["segment", "region", "owner"] as const).map((column): [string, string, readonly string[]] => [
    column,
    column,
    filter[column] ?? [],
  ]),
  ...(filter.attributes ?? []).map((attribute): [string, string, readonly string[]] => [
    attribute.name,
    attributeColumn(attribute.name),
    attribute.in,
  ]),
];
