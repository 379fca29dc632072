import { didYouMean, WaymarkError } from "../errors.js";
import { render } from "../warehouse/sql.js";
import type { Company, Model } from "./model.js";

/** A model in an order in which every model follows those it needs. */
export interface Node {
  readonly model: Model;
  /** The models that its query reads. */
  readonly reads: readonly string[];
  /** These, and those against which its columns are checked. */
  readonly upstream: readonly string[];
}

/**
 * The order of building, from the `ref`s in the queries themselves.
 * @throws WaymarkError MODEL_INVALID naming an unknown ref or the models of a cycle
 */
export function buildOrder(models: readonly Model[], company: Company): Node[] {
  const names = models.map((m) => m.name);
  const twice = names.find((n, i) => names.indexOf(n) < i);
  if (twice) throw new WaymarkError("MODEL_INVALID", `Two models are called ${twice}; names must be unique.`);
  const nodes = new Map(models.map((model): [string, Node] => [model.name, nodeOf(model, company)]));
  const order: Node[] = [];
  const path: string[] = [];
  const visit = (name: string, reader?: string): void => {
    const node = nodes.get(name);
    if (!node)
      throw new WaymarkError(
        "MODEL_INVALID",
        `${reader} reads ${name}, but there is no such model.${didYouMean(name, names)}`,
      );
    if (order.includes(node)) return;
    if (path.includes(name)) {
      const cycle = [...path.slice(path.indexOf(name)), name];
      throw new WaymarkError(
        "MODEL_INVALID",
        `Models read each other in a circle: ${cycle.join(" → ")}. Break one of these refs.`,
      );
    }
    path.push(name);
    for (const upstream of node.upstream) visit(upstream, name);
    path.pop();
    order.push(node);
  };
  for (const name of names) visit(name);
  return order;
}

function nodeOf(model: Model, company: Company): Node {
  const reads = render(model.query(company), "duckdb").refs;
  const references = Object.values(model.columnsFor(company)).flatMap(
    (column) => column.references?.[0] ?? [],
  );
  return { model, reads, upstream: [...new Set([...reads, ...references])] };
}

/** Something to do, once what it needs is done. */
export interface Task {
  readonly name: string;
  readonly needs: readonly string[];
  readonly run: () => Promise<void>;
}

/**
 * Do so many at once, each after those it needs. Of those that needn't wait the one goes first for which the longest chain
 * of others waits. The first failure stops what has not begun.
 * @param order those that are needed before those that need them
 * @returns what failed, in the order in which it did
 */
export async function workThrough(order: readonly Task[], atOnce: number): Promise<unknown[]> {
  const chains = new Map<string, number>();
  const chainOf = ({ name }: Task): number => chains.get(name) ?? 0;
  for (const task of [...order].reverse())
    for (const name of task.needs) chains.set(name, Math.max(chains.get(name) ?? 0, 1 + chainOf(task)));

  const waiting = new Set([...order].sort((a, b) => chainOf(b) - chainOf(a)));
  const working = new Set<Promise<void>>();
  const done = new Set<string>();
  const errors: unknown[] = [];
  const isReady = ({ needs }: Task): boolean => needs.every((name) => done.has(name));
  for (;;) {
    const ready = errors.length > 0 ? [] : [...waiting].filter(isReady);
    for (const task of ready.slice(0, atOnce - working.size)) {
      waiting.delete(task);
      const ended: Promise<void> = task
        .run()
        .then(
          () => void done.add(task.name),
          (error) => void errors.push(error),
        )
        .finally(() => working.delete(ended));
      working.add(ended);
    }
    if (working.size === 0) return errors;
    await Promise.race(working);
  }
}

/**
 * The models that a selection means: `health` itself, `health+` with all that read it, `+health` with all it reads.
 * @throws WaymarkError BAD_USER_INPUT for an unknown name
 */
export function selectModels(order: readonly Node[], selection: readonly string[]): Set<string> {
  const names = order.map((n) => n.model.name);
  const selected = new Set<string>();
  for (const word of selection) {
    const name = word.replace(/^\+|\+$/g, "");
    if (!names.includes(name))
      throw new WaymarkError(
        "BAD_USER_INPUT",
        `There is no model "${name}".${didYouMean(name, names) || ` Models: ${names.join(", ")}.`}`,
      );
    selected.add(name);
    if (word.endsWith("+")) for (const n of downstreamOf(order, name)) selected.add(n);
    if (word.startsWith("+")) for (const n of upstreamOf(order, name)) selected.add(n);
  }
  return selected;
}

/** All that read a model, directly or through others, in build order. */
export function downstreamOf(order: readonly Node[], name: string): string[] {
  const reached = new Set([name]);
  for (const { model, upstream } of order) if (upstream.some((u) => reached.has(u))) reached.add(model.name);
  return [...reached].slice(1);
}

/** All that a model reads, directly or through others, nearest last. */
export function upstreamOf(order: readonly Node[], name: string): string[] {
  const reached = new Set([name]);
  for (const { model, upstream } of [...order].reverse())
    if (reached.has(model.name)) for (const u of upstream) reached.add(u);
  return [...reached].slice(1);
}
