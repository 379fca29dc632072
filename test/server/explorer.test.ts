import "reflect-metadata";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DocumentNode } from "graphql";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "../../jobs/build.js";
import type { Server } from "../../server/server.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import { bind, sql } from "../../warehouse/sql.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { clientOf } from "../api/company.js";
import { journeyOf, journeyText, loadRaw, now, smallSettings } from "../jobs/small.js";

/** A browser of this machine: none is loaded from elsewhere. */
const executablePath = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find(existsSync);
const without = executablePath
  ? ""
  : " (skipped: no Chromium is installed here; the variable CHROMIUM may name one)";

describe.skipIf(!executablePath)(`the explorer in a browser${without}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "waymark-explorer-"));
  const project = { settings: smallSettings(folder), journey: journeyOf(journeyText()) };
  let warehouse: Warehouse;
  let server: Server;
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
    await loadRaw(warehouse);
    await build(warehouse, project, { trigger: "test", now });
    ({ server } = await clientOf(warehouse, { isDevelopment: true }));
    browser = await chromium.launch({ executablePath: executablePath as string });
    page = await browser.newPage();
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(server.url);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await warehouse?.close();
    rmSync(folder, { recursive: true });
  });

  /** Write a question where people do, and press the button once the editor has read it. */
  async function run(question: string): Promise<void> {
    const editor = page.locator(".graphiql-query-editor .CodeMirror");
    type Editor = { CodeMirror: { setValue(text: string): void; documentAST?: DocumentNode } };
    await editor.evaluate((at, text) => (at as unknown as Editor).CodeMirror.setValue(text), question);
    const read = () =>
      editor.evaluate((at) => (at as unknown as Editor).CodeMirror.documentAST?.loc?.source.body);
    await expect.poll(read).toBe(question);
    await page.getByRole("button", { name: /execute query/i }).click();
  }
  const toBeShown = (text: string): Promise<void> =>
    page.locator(".result-window", { hasText: text }).waitFor({ timeout: 20_000 });

  it("asks its first question, and shows the answer", async () => {
    await page.getByRole("button", { name: /execute query/i }).click();
    await toBeShown('"accounts": {');
  }, 60_000);

  it("shows what a subscription tells, when it happens", async () => {
    await run("subscription { snapshotPublished { id dataThrough } }");
    await toBeShown('"dataThrough": "2024-03-10"');
    const values = [
      bind("string", "next"),
      bind("string", "a"),
      bind("timestamp", new Date("2024-03-11T12:00:00Z")),
    ];
    await warehouse.run(sql`insert into raw.events (id, org, done) values (${values})`);
    await build(warehouse, project, { trigger: "test", now });
    await toBeShown('"dataThrough": "2024-03-11"');
    await page.getByRole("button", { name: /stop query/i }).click();
  }, 60_000);

  it("loads and asks nothing from elsewhere, and the browser complains of nothing", () => {
    expect(new Set(asked)).toEqual(new Set([server.url]));
    expect(complaints).toEqual([]);
  });
});
