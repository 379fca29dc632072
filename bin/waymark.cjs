#!/usr/bin/env -S node --enable-source-maps
// CommonJS on purpose: Node reads this file before its thread pool exists, and the pool's size is fixed by its first use.
// While it serves, a small query must not wait behind a few heavy ones. Else there is a thread for each processor: of more,
// each takes up its work with cold caches, and a build takes a tenth longer.
const { availableParallelism } = require("node:os");
const serves = process.argv.some((word) => word === "serve" || word === "--serve");
process.env.UV_THREADPOOL_SIZE ??= String(serves ? 16 : Math.max(2, availableParallelism()));
import("../dist/cli/main.js");
