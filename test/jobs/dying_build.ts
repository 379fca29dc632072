import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "../../jobs/build.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { acmeProject, clockOf } from "./acme_project.js";

/**
 * A process that builds Acme in a file and is killed at a point of it. It waits for its errand, so that tests can have
 * it ready before it is needed.
 */
export interface Errand {
  readonly file: string;
  readonly round: number;
  /** Models that are done, of all; or the publication. */
  readonly after: number | "published";
  /** Statements since then; the process dies with the last one of them. */
  readonly statements: number;
  /** Milliseconds into that statement. */
  readonly delay: number;
}

const [text] = (await once(process.stdin, "data")) as [Buffer];
const errand = JSON.parse(String(text)) as Errand;
process.stdin.destroy();
let left = errand.after === 0 ? errand.statements : Number.POSITIVE_INFINITY;

const die = (): never => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
};

/** The warehouse; every call counts as a statement. */
function counted(warehouse: Warehouse): Warehouse {
  return new Proxy(warehouse, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (left-- === 0) {
          if (errand.delay === 0) die();
          void sleep(errand.delay).then(die);
        }
        return member.apply(target, args);
      };
    },
  });
}

const warehouse = await openDuckDb({ file: errand.file, threads: 1 });
const result = await build(counted(warehouse), acmeProject, {
  trigger: "dying",
  now: clockOf(errand.round),
  onProgress: (progress) => {
    const reached = progress.kind === "model" ? progress.done : progress.kind;
    if (reached === errand.after && left === Number.POSITIVE_INFINITY) left = errand.statements;
  },
});
await warehouse.close();
console.log(`survived: snapshot ${result.snapshot.id}`);
