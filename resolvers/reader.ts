import { WaymarkError } from "../errors.js";
import { locateIn, type Snapshot, schemas } from "../jobs/ledger.js";
import type { Indicator } from "../journey/journey.js";
import { trendMetrics } from "../journey/trends.js";
import { accountLatest } from "../models/accounts/account_latest.js";
import { featuresOffered } from "../models/daily/features_offered.js";
import { timeline } from "../models/daily/timeline.js";
import { accountHealth } from "../models/health/account_health.js";
import { accountIndicators, pointsOf } from "../models/health/account_indicators.js";
import { models } from "../models/index.js";
import type { CompanyWords, Model } from "../models/model.js";
import { accountTrends } from "../models/trends/account_trends.js";
import { inArray, nullOf } from "../warehouse/dialect.js";
import { type Account, sentFor } from "../warehouse/purpose.js";
import {
  bind,
  join,
  name,
  path,
  render,
  type Sql,
  type Statement,
  sql,
  verbatimPath,
} from "../warehouse/sql.js";
import type { Columns, Row, Warehouse } from "../warehouse/warehouse.js";
import type { OpenList, Reading } from "./open_lists.js";
import type { Results } from "./results.js";
import { isHidden, type Scope, seesAll, visibleAccounts } from "./scope.js";

/** Reads the tables of one snapshot, whatever is published meanwhile; of them what the caller may see. */
export interface Reader {
  readonly snapshot: Snapshot;
  /** What the caller may see: nothing else comes out, whatever the statement says. */
  readonly scope: Scope;
  /**
   * @param scoredBy reads `account_health` and `account_indicators` as an earlier journey scored them
   * @throws WaymarkError FORBIDDEN for a table that isn't the caller's
   */
  query<C extends Columns>(statement: Sql, columns: C, scoredBy?: Snapshot): Promise<Row<C>[]>;
  /**
   * Where lists are read to their end, the one that stands at a place, else that of the statement; undefined where
   * this page is asked for by itself, and not there where each is.
   */
  readonly open?: <C extends Columns>(
    place: string,
    statement: Sql,
    columns: C,
    isFirst: boolean,
  ) => OpenList<Row<C>> | undefined;
}

export interface ReaderOptions {
  readonly caller: string;
  /** By what name the question is known, where it is. */
  readonly query?: string | undefined;
  /** Where what its statements cost is entered. */
  readonly accounts?: readonly Account[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of every statement, also of one that is answered from what is kept. */
  readonly onStatement?: ((statement: Statement) => void) | undefined;
  /** What other requests were answered; nothing is kept without. */
  readonly results?: Results | undefined;
  /** Where lists are read to their end. */
  readonly reading?: Reading | undefined;
}

/** The one place where rows and columns are kept from a caller. */
export function readerOf(
  warehouse: Warehouse,
  snapshot: Snapshot,
  scope: Scope,
  { caller, query, accounts = [], signal, onStatement = () => {}, results, reading }: ReaderOptions,
): Reader {
  const { schemaName, dialect } = warehouse;
  const ledger = render(verbatimPath(schemaName(schemas.ledger)), dialect).text;
  const labels = { caller, snapshot: String(snapshot.id), ...(query ? { query } : {}) };
  const read = tablesFor(snapshot, scope);
  const stream = <C extends Columns>(statement: Sql, columns: C): AsyncIterable<Row<C>[]> => {
    const locate = (model: string): readonly string[] | Sql => read(model, snapshot);
    onStatement(render(statement, warehouse.dialect, { locate, schemaName }));
    const rows = warehouse.stream(statement, columns, { locate, signal })[Symbol.asyncIterator]();
    const next = () => sentFor(labels, accounts, () => rows.next()); // it is sent when the first are taken
    const end = async () => (await rows.return?.()) ?? { done: true as const, value: undefined };
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  };
  return {
    ...(reading && {
      open: (place, statement, columns, isFirst) =>
        reading.open(place, () => stream(statement, columns), isFirst),
    }),
    snapshot,
    scope,
    query: async <C extends Columns>(statement: Sql, columns: C, scoredBy = snapshot): Promise<Row<C>[]> => {
      const locate = (model: string): readonly string[] | Sql =>
        read(model, isScore(model) ? scoredBy : snapshot);
      const ask = (signal: AbortSignal | undefined) =>
        sentFor(labels, accounts, () => warehouse.query(statement, columns, { locate, signal }));
      const rendered = render(statement, dialect, { locate, schemaName });
      onStatement(rendered);
      const { text, params } = rendered;
      // The ledger changes between snapshots: what was done with a task is seen at once.
      if (!results || text.includes(`${ledger}.`)) return ask(signal);
      const key = JSON.stringify([snapshot.id, text, params, columns]);
      let isOurs = false;
      const askAsOurs: typeof ask = (signal) => {
        isOurs = true;
        return ask(signal);
      };
      const answered = () => results.read(key, askAsOurs, signal);
      const rows = await answered().catch((error: unknown) => {
        // The other's budget didn't suffice for what both asked; ours may.
        if (!isOurs && error instanceof WaymarkError && error.code === "OVER_BUDGET") return answered();
        throw error;
      });
      return [...rows] as Row<C>[];
    },
  };
}

const isScore = (model: string): boolean => model === accountHealth.name || model === accountIndicators.name;

/** How a table of a snapshot is read: as it is by who sees all, else as a query of what is left of it. */
export function tablesFor(current: Snapshot, scope: Scope) {
  const visible = visibleAccounts(scope, Object.keys(accountLatest.columnsFor(current.words)));
  const allowed =
    visible &&
    sql`select account_id from ${path(...locateIn(current.tables)(accountLatest.name))} where ${visible}`;
  return (relation: string, snapshot: Snapshot): readonly string[] | Sql => {
    const place = locateIn(snapshot.tables)(relation);
    if (seesAll(scope)) return place;
    const model = models.find((m) => m.name === relation);
    const kind = model && kindOf(model);
    if (!model || kind === "whole")
      throw new WaymarkError("FORBIDDEN", `${relation} tells of all accounts, of which you may not see all.`);
    if (kind === "reference") return place;
    const nulls = hiddenColumns(model, scope, snapshot.words).map(
      ([column, type]) => sql`${nullOf(type)} as ${name(column)}`,
    );
    const rows = [
      ...(allowed ? [sql`account_id in (${allowed})`] : []),
      ...(model.name === accountTrends.name ? [shownTrends(scope, snapshot.words)] : []),
    ];
    return sql`(select * ${nulls.length > 0 ? sql`replace (${nulls})` : sql``} from ${path(...place)}${rows.length > 0 ? sql` where ${join(rows, " and ")}` : sql``})`;
  };
}

/** Tables without accounts that tell of none of them either. */
const reference: readonly string[] = [timeline.name, featuresOffered.name];

/**
 * What a table's rows are about: accounts, of which each caller sees its own; nothing that any account could be known
 * by; or all accounts together, for those alone who see all.
 */
export function kindOf({
  name: model,
  columns,
}: Pick<Model, "name" | "columns">): "accounts" | "reference" | "whole" {
  if (columns.account_id) return "accounts";
  return reference.includes(model) ? "reference" : "whole";
}

/**
 * Where a model's rows of the snapshot before stand, whoever's they are: to tell what is new, and nothing else.
 * Undefined where they may be gone: of those that are replaced the latest alone is sure to be kept.
 */
export function formerRows(
  model: { readonly name: string },
  before: Snapshot,
  { id }: Snapshot,
): Sql | undefined {
  const table = before.tables[model.name];
  return table !== undefined && before.id === id - 1 ? path(schemas.tables, table) : undefined;
}

type ColumnTypes = [column: string, type: Columns[string]["type"]][];

/** Whether an indicator, which tells the score with the others and its fact by itself, is hidden. */
export const hidesIndicator = (scope: Scope, { fact }: Pick<Indicator, "fact">): boolean =>
  isHidden(scope, fact) || isHidden(scope, "score");

/** By name, and the points of indicators. */
function hiddenColumns(model: Model, scope: Scope, words: CompanyWords): ColumnTypes {
  const ofIndicators =
    model.name === accountIndicators.name
      ? words.journey.health.indicators
          .filter((indicator) => hidesIndicator(scope, indicator))
          .map(({ id }) => pointsOf(id))
      : [];
  return Object.entries(model.columnsFor(words))
    .filter(([column]) => isHidden(scope, column) || ofIndicators.includes(column))
    .map(([column, { type }]) => [column, type]);
}

/** A trend's rows name what they measure. */
const shownTrends = (scope: Scope, { journey }: CompanyWords): Sql =>
  inArray(
    sql`metric`,
    bind(
      "string[]",
      trendMetrics(journey).filter((metric) => !isHidden(scope, metric)),
    ),
  );

/** Refuse to filter, order or group by what the caller may not see: an answer would tell it. */
export function mustSee({ scope }: Pick<Reader, "scope">, field: string, columns: readonly string[]): void {
  const hidden = columns.find((column) => isHidden(scope, column));
  if (hidden !== undefined)
    throw new WaymarkError(
      "FORBIDDEN",
      `${field}: ${hidden} is hidden from you. Ask without what is made of it.`,
    );
}
