import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder: the same from sources and from dist/. */
export const packageFolder = (() => {
  const here = fileURLToPath(new URL("..", import.meta.url));
  return existsSync(join(here, "package.json")) ? here : join(here, "..");
})();

/** Waymark's own, as in its package.json. */
export const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
  version: string;
};
