/**
 * Send traces to the collector that OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) names; without one nothing is
 * loaded or sent. Further OTEL_ variables hold as OpenTelemetry describes them; traces are called after
 * OTEL_SERVICE_NAME, else "waymark".
 * @returns sends what is left, and ends
 */
export async function startTraces(env: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  if (!(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)) return async () => {};
  env.OTEL_SERVICE_NAME ??= "waymark";
  const [
    { OTLPTraceExporter },
    { BatchSpanProcessor, NodeTracerProvider },
    { defaultResource, detectResources, envDetector },
  ] = await Promise.all([
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/resources"),
  ]);
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  // A collector that is away must not fail what was traced; the SDK tells it by itself.
  return () => provider.shutdown().catch(() => {});
}
