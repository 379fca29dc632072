import { WaymarkError } from "../errors.js";
import type { Journey } from "../journey/journey.js";
import { relation, type Sql } from "../warehouse/sql.js";
import type { Column, Row } from "../warehouse/warehouse.js";
import type { SourceName } from "./sources/index.js";
import type { MappedSource } from "./sources/mapping.js";
import { attributeColumn } from "./sources/source.js";

/** A column's meaning, written once: rows' types, tables, data checks and the API's descriptions come from it. */
export interface ModelColumn extends Column {
  readonly description: string;
  /** What one of it is: days, users, share (0–1), points (0–100) … */
  readonly unit?: string;
  /** Inclusive bounds, checked on every build. */
  readonly min?: number;
  readonly max?: number;
  /** The only values it may have, checked on every build. */
  readonly oneOf?: readonly string[];
  /** The model and column in which every value must stand, checked on every build. */
  readonly references?: readonly [model: string, column: string];
}
export type ModelColumns = Readonly<Record<string, ModelColumn>>;

/** The company's own words, from which some columns are made. */
export interface CompanyWords {
  readonly journey: Journey;
  /** Names of the accounts' own attributes. */
  readonly attributes: readonly string[];
}

/** All that a model may know of the company that it is built for; rendering is a pure function of it. */
export interface Company extends CompanyWords {
  readonly timeZone: string;
  /** The last day that may be built: yesterday in the company's zone. */
  readonly yesterday: string;
  /** The declared last day to build, if any. */
  readonly dataThrough: string | undefined;
  readonly sources: Readonly<Partial<Record<SourceName, MappedSource>>>;
}

/** A rule on rows that no single column can state. */
export interface RowRule {
  /** Its name in results. */
  readonly check: string;
  /** What a row must fulfil, in words with the next step. */
  readonly expected: string;
  /** True for the rows that break it. */
  readonly fails: Sql;
}

interface Definition<C extends ModelColumns> {
  /** The table's name. */
  readonly name: string;
  /** What a row is, and what a reader must know of it. */
  readonly description: string;
  /** The columns that identify a row; checked to be unique. */
  readonly grain: readonly (keyof C & string)[];
  readonly columns: C;
  /** Columns that exist because of the company's own words: attributes, indicators. */
  readonly companyColumns?: (words: CompanyWords) => ModelColumns;
  /** Whether rows belong to days, so that an interval of days can be built alone. */
  readonly byDay?: boolean;
  /** The physical order of its rows, where readers ask for few of them. */
  readonly sortBy?: readonly (keyof C & string)[];
  /** The source whose raw rows it reads. */
  readonly source?: SourceName;
  /** One row or a few more: equal contents are recognised, and then nothing downstream is rebuilt. */
  readonly small?: boolean;
  readonly checks?: readonly RowRule[];
  /** How many hours old its data may be; null = any age. By default as old as its sources may be. */
  readonly maxAgeHours?: number | null;
  readonly query: (company: Company) => Sql;
}

export interface Model<C extends ModelColumns = ModelColumns> extends Definition<C> {
  /** All columns for a company, the declared first. */
  readonly columnsFor: (words: CompanyWords) => ModelColumns;
}

/** One row of a model's declared columns. */
export type RowOf<M> = M extends Model<infer C> ? Row<C> : never;

export function defineModel<const C extends ModelColumns>(definition: Definition<C>): Model<C> {
  const strays = definition.grain.filter((column) => !(column in definition.columns));
  if (strays.length > 0) {
    throw new WaymarkError(
      "MODEL_INVALID",
      `${definition.name}: grain names ${strays.join(", ")}, which are no columns of it.`,
    );
  }
  return Object.freeze({
    ...definition,
    columnsFor: (words: CompanyWords) => ({ ...definition.columns, ...definition.companyColumns?.(words) }),
  });
}

/** Another model's table in a query; it also makes this model wait for that one. */
export const ref = (model: { readonly name: string }): Sql => relation(model.name);

/** The columns that identify rows of an account, and of an account on a day. */
export const accountKey = {
  type: "string",
  notNull: true,
  description: "The account.",
  references: ["accounts", "account_id"],
} as const satisfies ModelColumn;
export const dayKey = { type: "date", notNull: true, description: "The day." } as const satisfies ModelColumn;

/** The columns of all own attributes. */
export const attributeColumns = ({ attributes }: CompanyWords): ModelColumns =>
  Object.fromEntries(
    attributes.map((a) => [
      attributeColumn(a),
      { type: "string", description: `The company's own attribute "${a}".` },
    ]),
  );

/** Whether a source, or one of its columns ("usage_events.user_id"), is mapped. */
export function has(company: Company, need: string): boolean {
  const [source, column] = need.split(".") as [SourceName, string?];
  const mapped = company.sources[source];
  return mapped !== undefined && (column === undefined || column in mapped.columns);
}
