import { WaymarkError } from "../errors.js";
import type { Context, Happening } from "./context.js";

/** What a subscription tells at once: each value is an answer of its own, and all are read in one context. */
export interface Values {
  readonly context: Context;
  readonly values: readonly object[];
}

/**
 * The values of a subscription: what `read` makes of each thing that happens, beginning with how things stand.
 * @throws WaymarkError BAD_USER_INPUT where an answer is given at once
 */
export async function* tellHappenings(
  context: Context,
  read: (happening: Happening) => Promise<readonly object[]>,
): AsyncGenerator<Values, void> {
  if (!context.happenings)
    throw new WaymarkError("BAD_USER_INPUT", "Subscriptions are answered at /graphql/stream.");
  for await (const happening of context.happenings()) {
    const values = await read(happening);
    if (values.length > 0) yield { context: happening.context, values };
  }
}
