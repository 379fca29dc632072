import Table from "cli-table3";
import pc from "picocolors";
import type { Progress } from "../jobs/run.js";
import { csv } from "../server/csv.js";
import type { Cell, CellRow } from "../server/rows.js";
import { logRun, theLog } from "./log.js";

export type { Cell, CellRow };

export const formats = ["table", "csv", "json"] as const;
export type Format = (typeof formats)[number];

/** Print an answer to stdout; progress and remarks go to stderr, so that answers can be piped. */
export const answer = (text: string): void => void process.stdout.write(`${text}\n`);
export const answerJson = (value: unknown): void => answer(JSON.stringify(value, null, 2));
export function remark(text: string): void {
  const log = theLog();
  if (log) log.info({ event: "remark" }, text);
  else process.stderr.write(`${text}\n`);
}

/** Rows for people or machines; the columns are those of all rows together where none are named. */
export function rowsAs(
  format: Format,
  rows: readonly CellRow[],
  columns: readonly string[] = columnsOfAll(rows),
): string {
  if (format === "json") return JSON.stringify(rows, null, 2);
  if (format === "csv") return csv([columns, ...rows.map((row) => columns.map((c) => row[c]))]).trimEnd();
  if (rows.length === 0) return "(no rows)";
  const table = new Table({ head: [...columns], style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(columns.map((column) => shown(row[column])));
  return table.toString();
}

export const columnsOfAll = (rows: readonly CellRow[]): string[] => [...new Set(rows.flatMap(Object.keys))];

function shown(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (cell instanceof Date) return cell.toISOString().slice(0, 19).replace("T", " ");
  if (typeof cell === "number" && !Number.isInteger(cell)) return cell.toFixed(Math.abs(cell) < 10 ? 3 : 1);
  return String(cell);
}

/** What follows a build's progress: people, the log, or nobody where the answer alone is wanted. */
export function progressFor(json: true | undefined): { onProgress?: (progress: Progress) => void } {
  const log = theLog();
  if (log) return { onProgress: logRun(log) };
  return json ? {} : { onProgress: buildProgress() };
}

/** A build's progress on stderr: one line that changes on a terminal, one line per table elsewhere. */
function buildProgress(): (progress: Progress) => void {
  const isTerminal = process.stderr.isTTY === true;
  return (progress) => {
    if (progress.kind !== "model") return;
    const { model, status, done, total, rows, seconds, reason } = progress;
    if (status === "fresh") return;
    if (isTerminal) process.stderr.write("\r\x1b[2K");
    if (status === "building") {
      if (isTerminal) process.stderr.write(pc.dim(`[${done}/${total}] ${model} …`));
      return;
    }
    if (status === "failed") return remark(`${pc.red("✗")} ${model}: ${reason}`);
    remark(
      `${pc.green("✓")} ${model.padEnd(22)} ${count(rows ?? 0).padStart(12)} rows ${(seconds ?? 0).toFixed(1).padStart(6)} s`,
    );
  };
}

export const count = (n: number): string => n.toLocaleString("en-US");

/** e.g. "1 row", "12,345 rows". */
export const counted = (n: number, nouns: string): string =>
  `${count(n)} ${n === 1 ? nouns.replace(/s$/, "") : nouns}`;

/** A share of people's kind; a dash where there is none. */
export const percent = (share: number | null, digits = 1): string =>
  share === null ? "–" : `${(100 * share).toFixed(digits)} %`;
