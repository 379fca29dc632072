import { buildOrder, selectModels } from "../models/graph.js";
import { models } from "../models/index.js";
import { sentFor } from "../warehouse/purpose.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { describeCompany, type Project } from "./company.js";
import {
  type BuiltTable,
  locateIn,
  readAllTables,
  readBilled,
  readComparisons,
  readLatestSnapshot,
} from "./ledger.js";
import { changedBy, inputsOf, searchOf, workOf } from "./plan.js";
import type { BuildOptions } from "./run.js";
import { wholeOf } from "./table.js";

/** What a build would do with a table, and what that would be billed for. */
export interface ModelEstimate {
  readonly model: string;
  /** part: what follows from changed rows, if there are any. */
  readonly work: "whole" | "part" | "nothing";
  readonly reason: string;
  /** In bytes; null where it can't be told, and where the engine bills for nothing. */
  readonly bytes: number | null;
  /** Where the bytes come from: the engine's dry run, what the last such part was billed, or why there are none. */
  readonly basis:
    | "dry run"
    | "its last part"
    | "its inputs are not built yet"
    | "no part was billed yet"
    | null;
}

/**
 * What a build would do and cost, without building: whole tables by a dry run over what they read as it stands, parts
 * by what the last one was billed.
 */
export async function estimateBuild(
  warehouse: Warehouse,
  project: Project,
  { select, force, now }: Pick<BuildOptions, "select" | "force" | "now">,
): Promise<ModelEstimate[]> {
  return sentFor({ caller: "estimate" }, [], async () => {
    const company = await describeCompany(warehouse, project, now());
    const order = buildOrder(models, company);
    const previous = await readLatestSnapshot(warehouse);
    const all = await readAllTables(warehouse);
    const latest: Record<string, BuiltTable> = Object.fromEntries(
      [...all.values()].map((table) => [table.model, table]),
    );
    const changed = previous ? changedBy(previous.words, order, company, warehouse) : [];
    const selected = select && new Set([...selectModels(order, select), ...changed]);
    const comparedAt = await readComparisons(warehouse);
    const parts = (await readBilled(warehouse)).filter(({ is_whole }) => !is_whole);
    const locate = locateIn(
      Object.fromEntries(Object.values(latest).map(({ model, table_name }) => [model, table_name])),
    );
    const done: ModelEstimate[] = [];
    const workOn = (model: string): ModelEstimate["work"] | undefined =>
      done.find((estimate) => estimate.model === model)?.work;

    for (const node of order) {
      const { model, reads } = node;
      const tell = (
        work: ModelEstimate["work"],
        reason: string,
        bytes: number | null = null,
        basis: ModelEstimate["basis"] = null,
      ): void => void done.push({ model: model.name, work, reason, bytes, basis });

      const built = latest[model.name];
      if (built && selected && !selected.has(model.name)) {
        tell("nothing", "not selected");
        continue;
      }
      const work = workOf(node, inputsOf(node, company, warehouse, latest), built, latest, all);
      const rebuilt = reads.filter((name) => workOn(name) === "whole");
      const whole =
        force === true
          ? "asked for"
          : work.kind === "whole"
            ? work.reason
            : rebuilt.length > 0
              ? `rebuilt: ${rebuilt.join(", ")}`
              : undefined;
      if (whole !== undefined) {
        const lacking = reads.some((name) => !latest[name]);
        const asked = wholeOf({ model, company, version: 0, token: 0 });
        const bytes = lacking ? null : await warehouse.estimate(asked, { locate });
        tell(
          "whole",
          whole,
          bytes,
          lacking ? "its inputs are not built yet" : bytes === null ? null : "dry run",
        );
        continue;
      }
      const mapping = model.source && company.sources[model.source] && project.settings.sources[model.source];
      const search = mapping && searchOf(mapping, comparedAt.get(model.source ?? ""), now());
      const isConcerned = work.kind === "part" || reads.some((name) => workOn(name) === "part");
      if (!search && !isConcerned) {
        tell("nothing", "fresh");
        continue;
      }
      const bytes = parts.find((part) => part.model === model.name)?.bytes_billed ?? null;
      tell(
        "part",
        search ? "raw rows that changed" : "what follows from changed rows",
        bytes,
        bytes === null ? "no part was billed yet" : "its last part",
      );
    }
    return done;
  });
}
