import { stringify } from "csv-stringify/sync";

/** Text that a spreadsheet would take for a formula gets an apostrophe before it; numbers, also exact ones, don't. */
export const csv = (rows: readonly (readonly unknown[])[]): string =>
  stringify([...rows] as unknown[][], {
    escape_formulas: true,
    cast: {
      // Only these bring options of their own, as the library reads all options again for each that does.
      string: (value) => (/^-\d+(\.\d+)?$/.test(value) ? { value, escape_formulas: false } : value),
      date: (d) => d.toISOString(),
      boolean: String,
    },
  });
