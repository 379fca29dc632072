import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files of some minutes each, which begin before all others lest one of them is waited for at the end. */
const longest =
  /\/(emulator|every_statement|demo|bigquery|cli|policy|crash|build|news|retention|presets)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
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
