import { leavesOf } from "../journey/conditions.js";
import type { Journey, Signal } from "../journey/journey.js";
import { inWords } from "../journey/words.js";
import { scoredDays } from "../models/signals/scored_days.js";
import { cast, inArray } from "../warehouse/dialect.js";
import { bind, name, number, type Sql, sql } from "../warehouse/sql.js";
import type { Columns } from "../warehouse/warehouse.js";
import { vocabularyOf } from "./journey_words.js";
import type { Reader } from "./reader.js";
import { isHidden } from "./scope.js";

/** Facts by id and trends by "metric measure", on one day of an account. */
export type SignalValues = Readonly<Record<string, number | string | null>>;

interface SignalValuesLoader {
  load(key: { id: string; day: string }): Promise<SignalValues>;
}

const trendKey = (metric: string, measure: string): string => `${metric} ${measure}`;

/** What signals ask for on some days of accounts, by "day account", in one statement. */
export async function signalValues(
  reader: Reader,
  keys: readonly { id: string; day: string }[],
): Promise<Map<string, SignalValues>> {
  const { journey } = reader.snapshot.words;
  const conditions = journey.signals.map(({ when }) => when);
  const { ctes, from, row } = scoredDays(journey, conditions);
  const values = new Map<string, { sql: Sql; type: "number" | "string" }>();
  for (const leaf of conditions.flatMap(leavesOf)) {
    if ("fact" in leaf) {
      const isBoolean = row.facts[leaf.fact]?.type === "boolean";
      const value = row.fact(leaf.fact);
      values.set(leaf.fact, {
        sql: isBoolean
          ? sql`case ${value} when true then ${number(1)} when false then ${number(0)} end`
          : cast(value, "number"),
        type: "number",
      });
    } else if ("trend" in leaf && row.trend) {
      const measure = "direction" in leaf ? "direction" : leaf.measure;
      values.set(trendKey(leaf.trend, measure), {
        sql: row.trend(leaf.trend, measure),
        type: measure === "direction" ? "string" : "number",
      });
    }
  }
  const entries = [...values];
  const columns: Columns = {
    account_id: { type: "string", notNull: true },
    day: { type: "date", notNull: true },
    ...Object.fromEntries(entries.map(([, { type }], i) => [`v${i}`, { type }])),
  };
  const ids = [...new Set(keys.map(({ id }) => id))];
  const days = [...new Set(keys.map(({ day }) => day))];
  const rows = await reader.query(
    sql`
${ctes.length > 0 ? sql`with ${ctes}` : sql``}
select
  ${[sql`f.account_id as account_id`, sql`f.day as day`, ...entries.map(([, value], i) => sql`${value.sql} as ${name(`v${i}`)}`)]}
from ${from}
where ${inArray(sql`f.account_id`, bind("string[]", ids))} and ${inArray(sql`f.day`, bind("date[]", days))}`,
    columns,
  );
  return new Map(
    rows.map((found) => {
      const record = found as Record<string, number | string | null>;
      return [
        `${record.day} ${record.account_id}`,
        Object.fromEntries(entries.map(([key], i) => [key, record[`v${i}`] ?? null])),
      ];
    }),
  );
}

/** Why a signal opened on a day; the condition alone where it asks for what is hidden from the caller. */
export async function reasonTold(
  signal: Signal,
  key: { id: string; day: string },
  { load, reader }: { load: { signalValues: SignalValuesLoader }; reader: Reader },
): Promise<string> {
  const asks = leavesOf(signal.when).flatMap((leaf) =>
    "fact" in leaf ? [leaf.fact] : "trend" in leaf ? [leaf.trend] : [],
  );
  const isTold = !asks.some((column) => isHidden(reader.scope, column));
  return reasonOf(
    signal,
    isTold ? await load.signalValues.load(key) : undefined,
    reader.snapshot.words.journey,
  );
}

/**
 * Why a signal opened, e.g. "licence utilisation (28 days) was 34 %, below 50 %, for 14 days"; without values what it
 * asks for.
 */
export function reasonOf(signal: Signal, values: SignalValues | undefined, journey: Journey): string {
  const said = inWords(
    signal.when,
    vocabularyOf(journey),
    values && {
      fact: (id) => values[id] as number | null | undefined,
      trend: (metric, measure) => values[trendKey(metric, measure)],
    },
  );
  return signal.for_days > 1 ? `${said}, for ${signal.for_days} days` : said;
}
