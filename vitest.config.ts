import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files of a minute and more, which begin in this order and before all others, lest one of them is waited for at the end.
 * The emulator may still be built when the first ones begin.
 */
const longest = [
  "every_statement",
  "bigquery",
  "demo",
  "build",
  "crash",
  "policy",
  "emulator",
  "news",
  "retention",
  "presets",
  "freshness",
  "backfill",
  "incremental",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.indexOf(basename(moduleId, ".test.ts"));
      return found < 0 ? longest.length : found;
    };
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  // Two copies of graphql (CommonJS and ES module) would call each other's types foreign.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/setup.ts",
    // Half as many again as there are cores: tests wait for processes, servers and clocks of theirs.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // To load the schema and the engine anew for each file takes a tenth of the time.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
