import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { start } from "./command.js";

const settings = `company: Small
warehouse: { file: w.duckdb }
sources:
  accounts: { table: raw.accounts, columns: { account_id: id, created_on: since } }
  tickets: { table: raw.tickets, columns: { ticket_id: id, account_id: org, opened_at: at } }
`;

/** A process that builds, with all that it has said so far. */
function building(folder: string, ...words: string[]) {
  const child = start(["--project", folder, "build", ...words]);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (data) => (text += stripVTControlCharacters(`${data}`)));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, text }));
  const said = async (what: RegExp): Promise<void> => {
    while (!what.test(text)) {
      if (child.exitCode !== null) throw new Error(`ended without saying ${what}: ${text}`);
      await Promise.race([once(child.stderr as NodeJS.EventEmitter, "data"), ended]);
    }
  };
  return { child, ended, said };
}

it("a second build says who is building, or waits for it; one that is killed is replaced, and what it did stays", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waymark-overlap-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "waymark.yml"), settings);
  const warehouse = await openDuckDb({ file: join(folder, "w.duckdb") });
  const columns = { id: { type: "string" }, since: { type: "date" } } as const;
  await warehouse.load(["raw", "accounts"], columns, [[["a", "2024-05-01"]]]);
  const tickets = { id: { type: "string" }, org: { type: "string" }, at: { type: "timestamp" } } as const;
  await warehouse.load(["raw", "tickets"], tickets, [[["t", "a", new Date("2024-05-02T12:00:00Z")]]]);
  await warehouse.close();

  const first = building(folder);
  await first.said(/✓ accounts/);
  first.child.kill("SIGSTOP");
  const [second, waiting] = [building(folder), building(folder, "--wait")];
  expect(await second.ended).toMatchObject({
    code: 4,
    text: expect.stringContaining(`is in use by process ${first.child.pid}`),
  });
  await waiting.said(/Waiting for process \d+, which has the file open; it runs since 20\S+ …/);
  first.child.kill("SIGKILL");
  expect(await first.ended).toMatchObject({ signal: "SIGKILL" });

  const { code, text } = await waiting.ended;
  expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/Published snapshot \d+/) });
  expect(text, "built by the first").not.toContain("✓ accounts ");
});
