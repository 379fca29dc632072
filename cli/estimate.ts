import prettyBytes from "pretty-bytes";
import type { Settings } from "../config/settings.js";
import { estimateBuild, type ModelEstimate } from "../jobs/estimate.js";
import { valueInWords } from "../journey/words.js";
import { answer, answerJson, remark, rowsAs } from "./output.js";
import { type ProjectFolder, withWarehouse } from "./project.js";

const tebibyte = 2 ** 40;

/** US dollars for so many bytes; null where the engine bills for none. */
const dollarsFor = (bytes: number | null, { warehouse }: Pick<Settings, "warehouse">): number | null =>
  bytes === null || warehouse.engine !== "bigquery" ? null : (bytes / tebibyte) * warehouse.price_per_tib;

/** Bytes and money for people, e.g. "3.4 GB, $0.02". */
export const costInWords = (bytes: number, settings: Pick<Settings, "warehouse">): string =>
  `${prettyBytes(bytes)}, ${inDollars(dollarsFor(bytes, settings) ?? 0)}`;

const inDollars = (dollars: number): string =>
  dollars > 0 && dollars < 0.01 ? "less than $0.01" : `$${dollars.toFixed(2)}`;

/** Say what a build would do and cost, and do nothing of it. */
export async function sayEstimate(
  project: ProjectFolder,
  {
    json,
    select,
    force,
  }: { json?: true | undefined; select?: string[] | undefined; force?: true | undefined },
): Promise<void> {
  const { settings } = project;
  const models = await withWarehouse(project, (warehouse) =>
    estimateBuild(warehouse, project, {
      now: () => new Date(),
      ...(select ? { select } : {}),
      ...(force ? { force } : {}),
    }),
  );
  const bytes = models.some((m) => m.bytes !== null)
    ? models.reduce((sum, m) => sum + (m.bytes ?? 0), 0)
    : null;
  const unknown = models.filter((m) => m.work !== "nothing" && m.bytes === null).map((m) => m.model);
  if (json)
    return answerJson({
      bytes,
      dollars: dollarsFor(bytes, settings),
      isComplete: unknown.length === 0,
      models: models.map((m) => ({ ...m, dollars: dollarsFor(m.bytes, settings) })),
    });
  const asked = models.filter((m) => m.work !== "nothing");
  if (asked.length === 0) return answer("Nothing would be built: all tables are fresh.");
  if (settings.warehouse.engine === "duckdb") {
    const whole = asked.filter((m) => m.work === "whole");
    const parts = asked.length - whole.length;
    if (whole.length > 0) answer(rowsAs("table", whole.map(rowOf)));
    if (parts > 0)
      answer(
        `${whole.length > 0 ? "Besides, " : ""}${valueInWords(parts, "tables")} would be built in part, as far as raw rows changed: a build looks for these first.`,
      );
    return remark("DuckDB bills for nothing.");
  }
  answer(
    rowsAs(
      "table",
      asked.map((m) => ({ ...rowOf(m), ...costOf(m, settings) })),
    ),
  );
  if (unknown.length < asked.length)
    answer(
      `In all ${unknown.length > 0 ? "at least " : ""}${costInWords(bytes ?? 0, settings)} at $${settings.warehouse.price_per_tib} per TiB.`,
    );
  if (unknown.length > 0)
    remark(
      `Of ${unknown.length} tables it can't be told yet: BigQuery estimates what reads tables that are there, and a part by what the last one was billed.`,
    );
  remark("Checks of what is built and the ledger come on top; `waymark status` tells what a run was billed.");
}

const rowOf = ({ model, work, reason }: ModelEstimate) => ({ model, work, reason });

const costOf = ({ bytes, basis }: ModelEstimate, settings: Settings) => ({
  cost: bytes === null ? "" : costInWords(bytes, settings),
  by: basis ?? "",
});
