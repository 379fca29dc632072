import { stringify } from "csv-stringify/sync";

/** Text that a spreadsheet would take for a formula gets an apostrophe before it; numbers, also exact ones, don't. */
export const csv = (rows: readonly (readonly unknown[])[]): string =>
  stringify([...rows] as unknown[][], {
    cast: {
      string: (value) => ({ value, escape_formulas: !/^-?\d+(\.\d+)?$/.test(value) }),
      date: (d) => d.toISOString(),
      boolean: String,
    },
  });
