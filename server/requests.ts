import type { ApolloServerPlugin } from "@apollo/server";
import { context, propagation, type Span, SpanKind, trace } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { OperationDefinitionNode } from "graphql";
import type { Context } from "../resolvers/context.js";
import { failed } from "../telemetry/trace.js";
import type { RequestMetrics } from "./metrics.js";

/**
 * What is told of every request: its duration as a metric, a line in the log (answers to GraphQL at info, the rest at
 * debug) and a span, below the caller's where the caller sends `traceparent`.
 */
export function observeRequests(app: FastifyInstance, metrics: RequestMetrics): ApolloServerPlugin<Context> {
  const spans = new WeakMap<FastifyRequest, { span: Span; within: ReturnType<typeof context.active> }>();
  const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? "none";

  app.addHook("onRequest", async (request) => {
    const above = propagation.extract(context.active(), request.headers);
    const span = trace.getTracer("waymark").startSpan(
      "waymark.request",
      {
        kind: SpanKind.SERVER,
        attributes: { "http.request.method": request.method, "http.route": routeOf(request) },
      },
      above,
    );
    spans.set(request, { span, within: trace.setSpan(above, span) });
  });
  // Not before the body is read, which would lose it.
  app.addHook("preValidation", (request, _, done) => {
    context.with(spans.get(request)?.within ?? context.active(), done);
  });
  app.addHook("onError", async (request, _, error) => {
    const span = spans.get(request)?.span;
    if (span) failed(span, error);
  });
  app.addHook("onResponse", async (request, reply) => {
    const seconds = reply.elapsedTime / 1000;
    const [route, status] = [routeOf(request), reply.statusCode];
    metrics.http.observe({ route, status: `${Math.floor(status / 100)}xx` }, seconds);
    const span = spans.get(request)?.span;
    span?.setAttribute("http.response.status_code", status);
    span?.end();
    app.log.debug({ event: "http", method: request.method, route, status, seconds });
  });

  return {
    requestDidStart: async () => {
      const begun = performance.now();
      let field = "invalid";
      return {
        didResolveOperation: async ({ operation }) => {
          if (!operation) return;
          field = fieldOf(operation);
          const span = trace.getActiveSpan();
          span?.updateName(`waymark.request ${field}`);
          span?.setAttributes({
            "graphql.operation.type": operation.operation,
            ...(operation.name ? { "graphql.operation.name": operation.name.value } : {}),
          });
        },
        willSendResponse: async ({ response, contextValue }) => {
          const seconds = (performance.now() - begun) / 1000;
          const errors = response.body.kind === "single" ? (response.body.singleResult.errors ?? []) : [];
          const outcome = errors.length > 0 ? "error" : "ok";
          metrics.graphql.observe({ field, outcome }, seconds);
          const codes = [...new Set(errors.map((e) => String(e.extensions?.code)))];
          app.log.info({
            event: "graphql",
            caller: contextValue.caller.name,
            field,
            outcome,
            ...(codes.length > 0 ? { codes } : {}),
            seconds,
          });
        },
      };
    },
  };
}

/** The one field that an operation asks for, else a word for it: the schema bounds how many there are. */
function fieldOf({ selectionSet }: OperationDefinitionNode): string {
  const names = selectionSet.selections.map((s) => (s.kind === "Field" ? s.name.value : "a fragment"));
  const asked = new Set(names.filter((name) => !name.startsWith("__")));
  const [first] = asked;
  if (first === undefined) return "introspection";
  return asked.size === 1 && first !== "a fragment" ? first : "several";
}
