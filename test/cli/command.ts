import { type ChildProcess, spawn } from "node:child_process";
import { vi } from "vitest";
import { waymark as command } from "../../cli/waymark.js";

/** How a command ended, and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** A command of the command line, in this process: starting another takes longer than most commands. One at a time. */
export const waymark = (...words: string[]): Promise<Outcome> => waymarkIn({}, ...words);

export async function waymarkIn(environment: Environment, ...words: string[]): Promise<Outcome> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      said[stream] += text;
      return true;
    }),
  );
  try {
    return { code: await command(words), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** The same as a user has it, compiled and in a process of its own: where it stays, is killed, or writes a log. */
export const start = (words: readonly string[], environment: Environment = {}): ChildProcess =>
  spawn(process.execPath, ["bin/waymark.cjs", ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });

export async function ended(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (text) => (stdout += text));
  child.stderr?.on("data", (text) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

/** Wait until a process says something on stderr. */
export function said(child: ChildProcess, what: RegExp): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", (data) => {
      text += data;
      const found = what.exec(text);
      if (found) resolve(found[0]);
    });
    child.on("close", () => reject(new Error(`ended without saying ${what}: ${text}`)));
  });
}
