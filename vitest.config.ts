import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Two copies of graphql (CommonJS and ES module) would call each other's types foreign.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/compiled.ts",
    // Half as many again as there are cores: tests wait for processes, servers and clocks of theirs.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // To load the schema and the engine anew for each file takes a tenth of the time.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
