import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";

/**
 * A copy of a database that takes long to make: the first test that wants it makes it, whichever process runs it. Two
 * that want it at once both do, and one of the two files stays.
 */
export async function made(name: string, make: (file: string) => Promise<void>): Promise<string> {
  const folder = inject("madeIn");
  const [original, copy] = [join(folder, name), join(folder, `${randomUUID()}.duckdb`)];
  if (!existsSync(original)) {
    await make(copy);
    renameSync(copy, original);
  }
  copyFileSync(original, copy);
  return copy;
}
