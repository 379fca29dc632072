import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DuckDBInstance } from "@duckdb/node-api";
import { buildSchema, graphql } from "graphql";
import { configOf, type DuckDbOptions } from "../warehouse/duckdb.js";

/** What is measured against: the least that answers the same. */
export interface Bare {
  readonly url: string;
  /** What `/graphql` answers with, whatever is asked: resolved by graphql-js as it comes. */
  rootValue: unknown;
  close(): void;
}

/**
 * `POST /sql` runs statements on the database file and answers their rows as JSON; `POST /graphql` parses, validates
 * and executes a question over values that are there already. No sign-in, limits, snapshots, logs or caches.
 */
export async function startBare(database: DuckDbOptions, schemaText: string): Promise<Bare> {
  const instance = await DuckDBInstance.fromCache(...configOf(database));
  const idle: Awaited<ReturnType<typeof instance.connect>>[] = [];
  const schema = buildSchema(schemaText);
  const rowsOf = async (statement: string): Promise<unknown> => {
    const connection = idle.pop() ?? (await instance.connect());
    try {
      return (await connection.runAndReadAll(statement)).getRowObjectsJson();
    } finally {
      idle.push(connection);
    }
  };
  const bare: Bare = { url: "", rootValue: undefined, close: () => http.close() };
  const http: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      const answer =
        request.url === "/sql"
          ? await sequentially(body.statements as string[], rowsOf)
          : await graphql({
              schema,
              source: body.query,
              variableValues: body.variables,
              rootValue: bare.rootValue,
            });
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => http.once("listening", listening));
  return Object.assign(bare, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
}

async function sequentially<T>(
  statements: readonly string[],
  run: (statement: string) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  for (const statement of statements) answers.push(await run(statement));
  return answers;
}
