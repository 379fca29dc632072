import { exitCodes } from "../errors.js";
import { startTraces } from "../telemetry/export.js";
import { waymark } from "./waymark.js";

// `waymark status | head` closes the pipe early: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const endTraces = await startTraces(process.env);
process.exitCode = await waymark(process.argv.slice(2));
await endTraces();
// What a warehouse was asked and never answers would keep the process for ever.
if (process.exitCode === exitCodes.WAREHOUSE_UNAVAILABLE) setTimeout(() => process.exit(), 2000).unref();
