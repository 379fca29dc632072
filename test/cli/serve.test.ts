import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { watchedFiles } from "../../cli/commands/serve.js";
import { loadProject } from "../../cli/project.js";
import { WaymarkError } from "../../errors.js";

it("a journey that can't be built stays refused until it is saved again, while builds go on with the last that could", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waymark-serve-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "waymark.yml"), readFileSync("demo/waymark.yml"));
  const text = readFileSync("journey/presets/three-stage.yml", "utf8");
  const save = (journey: string): void => writeFileSync(join(folder, "journey.yml"), journey);
  save(text);
  const first = loadProject(folder);
  const good = first.journey.version;
  let [edits, isMended] = [0, false];
  const files = watchedFiles(first, first.journey, async () => {
    edits++;
    await build().catch(() => {});
  });
  /** The version that was built; every journey but the first fails until it is mended. */
  const build = (): Promise<string> =>
    files.buildFrom(async ({ journey: { version } }) => {
      if (version !== good && !isMended) throw new WaymarkError("WAREHOUSE_FAILED", "DuckDB: no such thing");
      return version;
    });
  files.watch();
  onTestFinished(() => files.close());
  // The watch first looks how the file is.
  await setTimeout(700);

  const edited = text.replace("good_from: 75", "good_from: 65");
  expect(edited).not.toBe(text);
  save(edited);
  await expect
    .poll(() => files.notice(), { timeout: 5000 })
    .toMatch(/^Journey [0-9a-f]{12} can't be built; .* no such thing$/);
  expect(files.notice()).toContain(`${good} stays until it is mended`);
  // As at night: the old journey is built, and the notice stays.
  expect(await build()).toBe(good);
  expect(await build()).toBe(good);
  expect(files.notice()).toContain("no such thing");
  expect(edits).toBe(1);

  isMended = true;
  save(`${edited}\n# saved again`);
  await expect.poll(() => files.notice(), { timeout: 5000 }).toBeUndefined();
  expect(edits).toBe(2);
  expect(await build()).not.toBe(good);
});

it("where the data is at fault, the journey that is published isn't refused", async () => {
  const first = loadProject("demo");
  const files = watchedFiles(first, first.journey, async () => {});
  const failure = new WaymarkError("CHECK_FAILED", "two rows share an id");
  await expect(files.buildFrom(() => Promise.reject(failure))).rejects.toBe(failure);
  expect(files.notice()).toBeUndefined();
  expect(files.project().journey.version).toBe(first.journey.version);
});
