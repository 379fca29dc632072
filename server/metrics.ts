import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { isPassed, modelsOf, readLatestChecks } from "../jobs/check_results.js";
import { type FreshnessSettings, freshnessOf } from "../jobs/freshness.js";
import { readLatestEndedRun, readLatestSnapshot, readTables } from "../jobs/ledger.js";
import type { Costs } from "../resolvers/costs.js";
import type { Warehouse } from "../warehouse/warehouse.js";

/** What happened in this process since it began. */
export interface RequestMetrics {
  /** A GraphQL answer. `field` is the schema's word, never the caller's, so that there are few. */
  readonly graphql: Histogram<"field" | "outcome">;
  /** An HTTP answer, by the route's pattern. */
  readonly http: Histogram<"route" | "status">;
  readonly registry: Registry;
}

const seconds = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @param costs where the engine bills for statements: what they cost */
export function requestMetrics(costs?: Costs): RequestMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  if (costs)
    new Counter({
      name: "waymark_query_bytes_billed_total",
      help: "What statements for questions were billed for.",
      registers: [registry],
      collect() {
        this.reset();
        this.inc(costs.list().reduce((sum, { bytesBilled }) => sum + bytesBilled, 0));
      },
    });
  return {
    registry,
    graphql: new Histogram({
      name: "waymark_graphql_request_seconds",
      help: "Duration of GraphQL requests by the field asked for (several, introspection, invalid) and outcome.",
      labelNames: ["field", "outcome"],
      buckets: seconds,
      registers: [registry],
    }),
    http: new Histogram({
      name: "waymark_http_request_seconds",
      help: "Duration of HTTP requests by route and status class.",
      labelNames: ["route", "status"],
      buckets: seconds,
      registers: [registry],
    }),
  };
}

/**
 * What the ledger tells at this moment, so that it is right after a restart, too. What isn't known is left out: a
 * metric that is absent says more than a zero.
 */
export async function ledgerMetrics(
  warehouse: Warehouse,
  settings: FreshnessSettings,
  now: Date,
): Promise<Registry> {
  const registry = new Registry();
  const tell = (name: string, help: string, values: readonly Measured[]): void => {
    if (values.length === 0) return;
    const labelNames = Object.keys(values[0]?.labels ?? {});
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    for (const { labels, value } of values) gauge.set(labels, value);
  };
  const secondsSince = (at: Date): number => (now.getTime() - at.getTime()) / 1000;

  const run = await readLatestEndedRun(warehouse);
  if (run) {
    const ended = run.finished_at;
    tell(
      "waymark_last_run_success",
      "1 where the latest run that ended succeeded, else 0.",
      one(Number(run.status === "succeeded")),
    );
    tell(
      "waymark_last_run_timestamp_seconds",
      "When the latest run that ended did so; its start where its process died.",
      one((ended ?? run.started_at).getTime() / 1000),
    );
    if (run.bytes_billed !== null)
      tell("waymark_last_run_bytes_billed", "What that run was billed for.", one(run.bytes_billed));
    if (ended)
      tell(
        "waymark_build_seconds",
        "How long that run took.",
        one((ended.getTime() - run.started_at.getTime()) / 1000),
      );
  }

  const snapshot = await readLatestSnapshot(warehouse);
  if (!snapshot) return registry;
  const tables = await readTables(warehouse, snapshot);
  const freshness = [...freshnessOf(tables, settings, now)];
  const models = freshness.map(([model, f]) => ({ labels: { model }, ...f }));
  const sources = models.flatMap(({ labels, ...f }) =>
    labels.model.startsWith("stg_") ? [{ ...f, labels: { source: labels.model.slice("stg_".length) } }] : [],
  );
  const ages = (of: readonly (Pick<Measured, "labels"> & { watermark: Date | null })[]): Measured[] =>
    of.flatMap(({ labels, watermark }) => (watermark ? [{ labels, value: secondsSince(watermark) }] : []));
  tell("waymark_snapshot_id", "Number of the published snapshot.", one(snapshot.id));
  tell("waymark_snapshot_age_seconds", "Since it was published.", one(secondsSince(snapshot.publishedAt)));
  tell("waymark_data_age_seconds", "Since the end of the last day that a table's data covers.", ages(models));
  tell(
    "waymark_data_max_age_seconds",
    "How old a table's data may be; absent where any age is fine.",
    models.flatMap(({ labels, maxAgeHours: h }) => (h === null ? [] : [{ labels, value: h * 3600 }])),
  );
  tell(
    "waymark_model_late",
    "1 where a table's data is too old, else 0.",
    models.map(({ labels, isLate }) => ({ labels, value: Number(isLate) })),
  );
  tell("waymark_source_age_seconds", "Since the end of the last day of a source.", ages(sources));
  tell(
    "waymark_source_late",
    "1 where a source is too old, else 0.",
    sources.map(({ labels, isLate }) => ({ labels, value: Number(isLate) })),
  );
  tell(
    "waymark_model_rows",
    "Rows of a published table.",
    [...tables.values()].map(({ model, rows }) => ({ labels: { model }, value: rows })),
  );
  const failing = new Map([...tables.keys()].map((model): [string, Set<string>] => [model, new Set()]));
  for (const check of await readLatestChecks(warehouse))
    for (const model of isPassed(check) ? [] : modelsOf(check))
      failing.set(model, (failing.get(model) ?? new Set()).add(check.check));
  tell(
    "waymark_checks_failing",
    "Checks of a table with failing rows, when it was published or in the latest run that ended.",
    [...failing].map(([model, found]) => ({ labels: { model }, value: found.size })),
  );
  return registry;
}

interface Measured {
  readonly labels: Record<string, string>;
  readonly value: number;
}

const one = (value: number): Measured[] => [{ labels: {}, value }];
