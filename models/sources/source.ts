import { type ColumnType, day, integer, number, type Sql, sql } from "../../warehouse/sql.js";

export interface SourceColumn {
  readonly type: ColumnType;
  readonly description: string;
  /** A row without it can't be used. */
  readonly required?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** Of a day from which all days are built: one before can't be meant, e.g. the year 24 of "01.03.24". */
  readonly earliest?: string;
  readonly oneOf?: readonly string[];
}

/** An entity that a company's raw tables are mapped to: declared here, never built by Waymark. */
export interface Source {
  readonly name: string;
  readonly description: string;
  /** The column that identifies a row; always the first. */
  readonly key: string;
  /**
   * What the same key on rows of different content means: "versions" of one thing, of which the latest by
   * `loaded_at` counts, or a "collision" of two things, which both count.
   */
  readonly sameKey: "versions" | "collision";
  /** Whether rows come every day, so that a day without any means that they no longer arrive; the others may rest. */
  readonly isSteady?: boolean;
  readonly columns: Readonly<Record<string, SourceColumn>>;
}

/** Of the bounds of a column those that hold for a value out of them. */
export const outOfBounds = ({ min, max, earliest }: SourceColumn, value: Sql): Sql[] => [
  ...(min === undefined ? [] : [sql`${value} < ${literal(min)}`]),
  ...(max === undefined ? [] : [sql`${value} > ${literal(max)}`]),
  ...(earliest === undefined ? [] : [sql`${value} < ${day(earliest)}`]),
];
const literal = (value: number): Sql => (Number.isInteger(value) ? integer(value) : number(value));

const loadedAt = {
  type: "timestamp",
  description:
    "When the warehouse got the row; without it late rows are found only by comparing whole sources.",
} as const satisfies SourceColumn;

/** `loaded_at` is a column of every source. */
export function defineSource<const S extends Source>(
  source: S,
): S & { columns: { loaded_at: typeof loadedAt } } {
  return { ...source, columns: { ...source.columns, loaded_at: loadedAt } };
}

/** The column of an account's own attribute. */
export const attributeColumn = (attribute: string): string => `attribute_${attribute}`;
