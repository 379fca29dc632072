import { type Attributes, type Span, SpanStatusCode, trace } from "@opentelemetry/api";

/** Costs nothing unless an SDK is registered; `export.ts` registers one where that is configured. */
const tracer = trace.getTracer("waymark");

/** Do work inside a span: what it begins stands below it, and its failure is the span's. */
export function traced<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that its caller ends, for work that is no single function. Nothing stands below it. */
export const startSpan = (name: string, attributes: Attributes): Span =>
  tracer.startSpan(name, { attributes });

/** Say of a span that it failed, and why. */
export function failed(span: Span, error: unknown): void {
  const known = error instanceof Error ? error : new Error(String(error));
  span.recordException(known);
  span.setStatus({ code: SpanStatusCode.ERROR, message: known.message });
}
