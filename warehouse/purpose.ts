import { AsyncLocalStorage } from "node:async_hooks";
import prettyBytes from "pretty-bytes";
import { WaymarkError } from "../errors.js";

/** What statements are sent for. */
export interface Purpose {
  /** Told to an engine that keeps account of who asked: caller, run, model, snapshot, query. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where an engine that bills for statements enters what they cost. */
  readonly accounts: readonly Account[];
  /** Whether the budgets of these refuse what would exceed them. */
  readonly isLimited: boolean;
}

const purposes = new AsyncLocalStorage<Purpose>();
const none: Purpose = { labels: {}, accounts: [], isLimited: true };

/** The purpose of whatever is sent at this moment. */
export const purposeNow = (): Purpose => purposes.getStore() ?? none;

/** Do work of which every statement has this purpose, beside the one that the work around it has. */
export function sentFor<T>(labels: Purpose["labels"], accounts: readonly Account[], work: () => T): T {
  const around = purposeNow();
  return purposes.run(
    { ...around, labels: { ...around.labels, ...labels }, accounts: [...around.accounts, ...accounts] },
    work,
  );
}

/** Do work that can't be left undone: what it costs is entered, and no budget refuses it. */
export const evenOverBudget = <T>(work: () => T): T =>
  purposes.run({ ...purposeNow(), isLimited: false }, work);

/** The most that statements may cost together. */
export interface Budget {
  readonly bytes: number;
  /** Whose it is, as in "the run's budget", and what to do where it doesn't suffice. */
  readonly whose: string;
  readonly advice: string;
}

/** What statements cost together, in bytes as the engine bills them. */
export class Account {
  #billed: number | null = null;
  #held = 0;
  readonly #open = new Set<Promise<void>>();

  constructor(readonly budget?: Budget) {}

  /** Null where no engine has billed anything, not even nothing. */
  get billed(): number | null {
    return this.#billed;
  }

  /** What the budget leaves for statements that are not on their way; infinite without one. */
  get left(): number {
    return (this.budget?.bytes ?? Number.POSITIVE_INFINITY) - (this.#billed ?? 0) - this.#held;
  }

  /** @throws WaymarkError OVER_BUDGET where less is left */
  mustHave(bytes: number): void {
    if (!this.budget || bytes <= this.left) return;
    const { bytes: budget, whose, advice } = this.budget;
    const left = Math.max(0, this.left);
    throw new WaymarkError(
      "OVER_BUDGET",
      `This would be billed for ${prettyBytes(bytes)}; of ${whose} of ${prettyBytes(budget)} ${prettyBytes(left)} are left. ${advice}`,
      { estimatedBytes: bytes, leftBytes: left, budgetBytes: budget },
    );
  }

  /** Set aside what a statement is estimated to cost. */
  hold(bytes: number): void {
    this.#held += bytes;
  }

  /** Enter what a statement was billed for in the end instead of what was set aside for it. */
  settle(held: number, billed: Promise<number>): void {
    const settled = billed
      .catch(() => held) // rather too much than too little
      .then((bytes) => {
        this.#held -= held;
        this.#billed = (this.#billed ?? 0) + bytes;
        this.#open.delete(settled);
      });
    this.#open.add(settled);
  }

  /** What was billed, when the engine has told it of every statement that has ended. */
  async total(): Promise<number | null> {
    await Promise.all(this.#open);
    return this.#billed;
  }
}
