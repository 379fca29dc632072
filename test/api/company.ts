import { loadSettings } from "../../config/settings.js";
import { loadDemo } from "../../demo/load.js";
import { build } from "../../jobs/build.js";
import { loadJourney } from "../../journey/load.js";
import { checkMappings } from "../../models/sources/mapping.js";
import { type Server, type ServerOptions, startServer } from "../../server/server.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { made } from "../made.js";

/** Days of the small demo company that the API's tests ask about. */
export const lastDay = "2025-12-31";

/** The demo company, with 130 accounts unless another number is said, built for real. */
export async function builtCompany(accounts = 130): Promise<Warehouse> {
  const file = await made(`demo of ${accounts}`, async (file) => {
    const warehouse = await openDuckDb({ file, threads: 1 });
    await loadDemo(warehouse, { seed: 7, accounts, through: lastDay }, () => {});
    const project = {
      settings: loadSettings("demo/waymark.yml", checkMappings),
      journey: loadJourney("journey/presets/three-stage.yml"),
    };
    await build(warehouse, project, { trigger: "test", now: () => new Date("2026-01-01T06:00:00Z") });
    await warehouse.close();
  });
  return openDuckDb({ file, threads: 1 });
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers have the shape of whatever is asked
  data: any;
  errors: { message: string; path?: string[]; extensions: { code: string } }[];
  extensions: {
    snapshot?: { id: number; dataThrough: string; publishedAt: string };
    cut?: { field: string; limit: number }[];
  };
}

export interface Client {
  server: Server;
  ask(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Statements that the last question cost. */
  statements(): number;
}

/** A real server on a free port, and a way to ask it. */
export async function clientOf(warehouse: Warehouse, options: Partial<ServerOptions> = {}): Promise<Client> {
  let count = 0;
  let time = Date.parse("2026-01-01T06:00:00Z");
  const server = await startServer({
    warehouse,
    port: 0,
    host: "127.0.0.1",
    isDevelopment: false,
    now: () => new Date(time++), // of two actions one is the later
    onStatement: () => count++,
    ...options,
  });
  return {
    server,
    statements: () => count,
    ask: async (query, variables = {}) => {
      count = 0;
      const response = await fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      const { data = null, errors = [], extensions = {} } = (await response.json()) as Partial<Answer>;
      return { status: response.status, data, errors, extensions };
    },
  };
}
