#!/usr/bin/env -S node --enable-source-maps
// CommonJS on purpose: Node reads this file before its thread pool exists, and the pool's size is
// fixed by its first use. With the default of four, a small query waits behind four heavy ones.
process.env.UV_THREADPOOL_SIZE ??= "16";
import("../dist/cli/main.js");
