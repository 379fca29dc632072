import { defineConfig } from "vitest/config";

export default defineConfig({
  // Two copies of graphql (CommonJS and ES module) would call each other's types foreign.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/compiled.ts",
    maxWorkers: "100%", // by default one core is left alone: of two that is half of the time
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
