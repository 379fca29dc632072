export type Cell = string | number | boolean | Date | null | undefined;
export type CellRow = Record<string, Cell>;

/**
 * An answer as flat rows: those of its one list, else one row of all that was asked. Nested objects become
 * dotted columns, lists inside a row one text; nothing is left out.
 */
export function rowsOf(data: unknown): CellRow[] {
  const list = listIn(data);
  return (list ?? [data]).map((item) => flatten(item, "", {}));
}

/** The page that an answer's one list is, where it was asked how it goes on. */
export function pageIn(data: unknown): { hasNextPage: boolean; endCursor: string } | undefined {
  if (!isObject(data)) return undefined;
  const { pageInfo } = data;
  if (isObject(pageInfo) && typeof pageInfo.endCursor === "string")
    return { hasNextPage: pageInfo.hasNextPage === true, endCursor: pageInfo.endCursor };
  const [only, ...others] = Object.values(data);
  return others.length === 0 ? pageIn(only) : undefined;
}

/** The list that an answer is about: on the way down to it nothing else was asked. */
function listIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value.every((item) => item === null || isObject(item)) ? value : undefined;
  if (!isObject(value)) return undefined;
  if (Array.isArray(value.nodes)) return value.nodes;
  if (Array.isArray(value.edges)) return value.edges.map((edge) => (isObject(edge) ? edge.node : edge));
  const [only, ...others] = Object.values(value);
  return others.length === 0 ? listIn(only) : undefined;
}

/** Into one row as it goes: an export of any size comes through here. */
function flatten(value: unknown, path: string, row: CellRow): CellRow {
  if (Array.isArray(value)) row[path] = value.map(textOf).join("; ");
  else if (isObject(value))
    for (const key of Object.keys(value)) flatten(value[key], path ? `${path}.${key}` : key, row);
  else row[path] = value as Cell;
  return row;
}

/** Of an item of a list: of an object with a single field that one's value. */
function textOf(item: unknown): string {
  if (!isObject(item)) return String(item);
  const [only, ...others] = Object.values(item);
  return others.length === 0 && !isObject(only) && !Array.isArray(only) ? String(only) : JSON.stringify(item);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !(value instanceof Date);
