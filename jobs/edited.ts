import { WaymarkError } from "../errors.js";
import { buildOrder, upstreamOf } from "../models/graph.js";
import { models } from "../models/index.js";
import type { Company, Model } from "../models/model.js";
import { sentFor } from "../warehouse/purpose.js";
import type { Locate } from "../warehouse/sql.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { runAccount } from "./build.js";
import { describeCompany, type Project } from "./company.js";
import { type Lease, withLease } from "./lease.js";
import { locateIn, readLatestSnapshot, type Snapshot, schemas } from "./ledger.js";
import { changedBy } from "./plan.js";
import { clearWork } from "./publish.js";

/** An edited journey on the data of the published snapshot. */
export interface Edited {
  readonly snapshot: Snapshot;
  /** The company with the edited journey. */
  readonly company: Company;
  /** The tables of which it has others, in build order: those that `apply` rebuilds. */
  readonly changed: readonly string[];
  /** Those of them that stand beside the published ones. */
  readonly built: readonly string[];
  /** Where its tables are: beside the published ones where they differ, else these. */
  readonly locate: Locate;
  readonly signal: AbortSignal;
}

export interface EditOptions {
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (model: string, done: number, total: number) => void;
}

/**
 * Do work on the tables of an edited journey: of those that the work reads, what differs is built beside the published
 * ones on the published data, and dropped afterwards. Nothing is published.
 * @throws WaymarkError NOT_BUILT where nothing is published to compare with, RUN_IN_PROGRESS, LEASE_LOST, OVER_BUDGET
 */
export async function withEdited<T>(
  warehouse: Warehouse,
  project: Project,
  reads: readonly Pick<Model, "name">[],
  options: EditOptions,
  work: (edited: Edited) => Promise<T>,
): Promise<T> {
  await publishedFor(warehouse, reads);
  return withLease(warehouse, { purpose: "plan", now: options.now }, (lease) =>
    sentFor({ caller: "plan" }, [runAccount(project.settings)], () =>
      builtAside(lease, warehouse, project, reads, options, work),
    ),
  );
}

async function builtAside<T>(
  lease: Lease,
  warehouse: Warehouse,
  project: Project,
  reads: readonly Pick<Model, "name">[],
  { now, signal: stopped, onProgress }: EditOptions,
  work: (edited: Edited) => Promise<T>,
): Promise<T> {
  const snapshot = await publishedFor(warehouse, reads);
  const described = await describeCompany(warehouse, project, now());
  const company: Company = { ...described, attributes: snapshot.words.attributes };
  const order = buildOrder(models, company);
  const changed = changedBy(snapshot.words, order, company, warehouse);
  const needed = new Set(reads.flatMap(({ name }) => [name, ...upstreamOf(order, name)]));
  const built = order.filter(({ model }) => changed.includes(model.name) && needed.has(model.name));
  const aside = new Map(
    built.map(({ model }) => [model.name, [schemas.work, `${model.name}__plan_${lease.token}`]]),
  );
  const published = locateIn(snapshot.tables);
  const locate: Locate = (relation) => aside.get(relation) ?? published(relation);
  const signal = stopped ? AbortSignal.any([stopped, lease.signal]) : lease.signal;
  await clearWork(warehouse, lease);
  try {
    for (const [done, { model }] of built.entries()) {
      onProgress?.(model.name, done, built.length);
      await warehouse.materialize(
        {
          table: locate(model.name),
          columns: model.columnsFor(company),
          query: model.query(company),
        },
        { locate, signal },
      );
    }
    return await work({ snapshot, company, changed, built: [...aside.keys()], locate, signal });
  } finally {
    await clearWork(warehouse, lease);
  }
}

/**
 * The snapshot that an edit is compared with.
 * @throws WaymarkError NOT_BUILT where there is none, or one that lacks what is read
 */
export async function publishedFor(
  warehouse: Warehouse,
  reads: readonly Pick<Model, "name">[],
): Promise<Snapshot> {
  const snapshot = await readLatestSnapshot(warehouse);
  if (!snapshot)
    throw new WaymarkError(
      "NOT_BUILT",
      "Nothing is published to compare with. `waymark build` first, then plan.",
    );
  if (reads.some(({ name }) => !(name in snapshot.tables)))
    throw new WaymarkError(
      "NOT_BUILT",
      "What is published was built by an earlier Waymark. `waymark build` first, then plan.",
    );
  return snapshot;
}
