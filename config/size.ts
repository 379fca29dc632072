import { z } from "zod";

/** A size as people write it: "4GB". */
export const size = z.string().regex(/^\d+(\.\d+)?\s?[KMGT]i?B$/i, 'expected a size such as "4GB"');

/** "100GB" are 10^11 bytes, "100GiB" 100 · 2^30. */
export function bytesOf(size: string): number {
  const [, digits, unit = "", binary] = /^([\d.]+)\s?([KMGT])(i?)B$/i.exec(size) ?? [];
  return Math.round(Number(digits) * (binary ? 1024 : 1000) ** ("KMGT".indexOf(unit.toUpperCase()) + 1));
}
