import type { DemoTableName } from "./tables.js";

/** Values in the column order of the table; every table ends with `loaded_at`. */
export type Row = [...values: unknown[], loadedAt: Date];

/** What the warehouse holds at the end of a day: of all that happens, only what it had loaded by then. */
export interface Extract {
  /** A row that never changes. */
  append(table: DemoTableName, row: Row): void;
  /** A version of row `id`, in the order of their loading; the last one loaded in time is kept. */
  revise(table: DemoTableName, id: string, row: Row): void;
}

export interface GatheringExtract extends Extract {
  /**
   * Takes out the rows gathered so far in batches of exactly `size`; with `last`, what remains as well.
   * Versions taken as rows are final, so call it between two accounts.
   */
  batches(size: number, last?: boolean): Generator<{ table: DemoTableName; rows: unknown[][] }>;
}

/** @param cutoff the instant, itself excluded, up to which the warehouse has loaded */
export function createExtract(cutoff: number): GatheringExtract {
  const gathered = new Map<DemoTableName, Row[]>();
  const latest = new Map<string, { table: DemoTableName; row: Row }>();

  function gather(table: DemoTableName, row: Row): void {
    const rows = gathered.get(table);
    if (rows) rows.push(row);
    else gathered.set(table, [row]);
  }

  return {
    append(table, row) {
      if (isLoaded(row, cutoff)) gather(table, row);
    },
    revise(table, id, row) {
      if (isLoaded(row, cutoff)) latest.set(id, { table, row });
    },
    *batches(size, last = false) {
      for (const { table, row } of latest.values()) gather(table, row);
      latest.clear();
      for (const [table, rows] of gathered) {
        let start = 0;
        for (; rows.length - start >= size; start += size)
          yield { table, rows: rows.slice(start, start + size) };
        if (start > 0) gathered.set(table, rows.slice(start));
      }
      if (!last) return;
      for (const [table, rows] of gathered) if (rows.length > 0) yield { table, rows };
      gathered.clear();
    },
  };
}

const isLoaded = (row: Row, cutoff: number): boolean => (row[row.length - 1] as Date).getTime() < cutoff;
