import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Results } from "../../resolvers/results.js";

/** A statement that answers when it is told to, and how often it was sent. */
function statement(rows: readonly object[] = [{ n: 1 }]) {
  const sent: { signal: AbortSignal; answer: () => void; fail: (error: Error) => void }[] = [];
  const ask = (signal: AbortSignal) =>
    new Promise<readonly object[]>((resolve, reject) => {
      sent.push({ signal, answer: () => resolve(rows), fail: reject });
      signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
    });
  return { sent, ask };
}

it("those who ask at once wait for one statement, and whoever asks later for none", async () => {
  const results = new Results();
  const { sent, ask } = statement();
  const [first, second] = [results.read("a", ask), results.read("a", ask)];
  const other = results.read("b", ask);
  for (const { answer } of sent) answer();
  expect(await Promise.all([first, second, other, results.read("a", ask)])).toEqual(
    Array(4).fill([{ n: 1 }]),
  );
  expect(sent).toHaveLength(2);
});

it("one that leaves takes nothing from the others; the last one stops the statement, and the next begins anew", async () => {
  const results = new Results();
  const { sent, ask } = statement();
  const [leaves, stays] = [new AbortController(), new AbortController()];
  const left = results.read("a", ask, leaves.signal);
  const stayed = results.read("a", ask, stays.signal);
  leaves.abort();
  await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
  expect(sent[0]?.signal.aborted).toBe(false);
  stays.abort();
  await expect(stayed).rejects.toMatchObject({ code: "CANCELLED" });
  expect(sent[0]?.signal.aborted).toBe(true);
  const again = results.read("a", ask);
  sent[1]?.answer();
  expect(await again).toEqual([{ n: 1 }]);
  await expect(results.read("a", ask, AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
  await sleep(0); // nothing is left unhandled
});

it("a failure is told to all who wait, and the next one asks again", async () => {
  const results = new Results();
  const { sent, ask } = statement();
  const waiting = [results.read("a", ask), results.read("a", ask)];
  sent[0]?.fail(new Error("no quota"));
  for (const one of waiting) await expect(one).rejects.toThrow("no quota");
  const again = results.read("a", ask);
  sent[1]?.answer();
  expect(await again).toHaveLength(1);
});

it("what is large is answered and not kept", async () => {
  const results = new Results();
  const { sent, ask } = statement(Array.from({ length: 60_000 }, (_, n) => ({ n, twice: 2 * n })));
  for (const i of [0, 1]) {
    const read = results.read("a", ask);
    sent[i]?.answer();
    expect(await read).toHaveLength(60_000);
  }
});
