import { GraphQLError } from "graphql";

/**
 * Turns of heavy questions: so many are answered at once, and callers take turns, so that whoever asks much waits for
 * their own.
 */
export class Turns {
  #taken = 0;
  /** Who waits, in the order of their turns, each with their questions in the order in which they came. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /** @param mostWaiting how many questions of one caller may wait */
  constructor(
    readonly atOnce: number,
    readonly mostWaiting: number,
  ) {}

  /**
   * Wait for a turn.
   * @returns what ends it; to be called whatever happens
   * @throws GraphQLError BUSY where too many of the caller's wait already
   */
  async take(caller: string): Promise<() => void> {
    if (this.#taken < this.atOnce) this.#taken++;
    else {
      const own = this.#waiting.get(caller) ?? [];
      if (own.length >= this.mostWaiting)
        throw new GraphQLError(
          `${own.length} large questions of yours wait already. Ask again when some are answered.`,
          { extensions: { code: "BUSY", http: { status: 503, headers: new Map([["retry-after", "5"]]) } } },
        );
      this.#waiting.set(caller, own);
      await new Promise<void>((go) => own.push(go));
    }
    let hasEnded = false;
    return () => {
      if (!hasEnded) this.#pass();
      hasEnded = true;
    };
  }

  /** To the next caller's first question; that caller is last then. */
  #pass(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#taken--;
      return;
    }
    const [caller, own] = next;
    const go = own.shift();
    this.#waiting.delete(caller);
    if (own.length > 0) this.#waiting.set(caller, own);
    go?.();
  }
}
