import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where all files of a run find what one of them has made (`made.ts`). */
    readonly madeIn: string;
  }
}

/** Once for all tests; answers what is done after them. */
export function setup(project: TestProject): () => void {
  // The command line is tested as a user has it: compiled, as it starts three times as fast then; so are processes of
  // the tests. `npm run check` checks types.
  execFileSync("npx", ["tsc", "-b", "tsconfig.build.json", "tsconfig.client.json", "--noCheck"], {
    stdio: "inherit",
  });
  const madeIn = mkdtempSync(join(tmpdir(), "waymark-tests-"));
  project.provide("madeIn", madeIn);
  return () => rmSync(madeIn, { recursive: true });
}
