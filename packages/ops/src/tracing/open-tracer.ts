import type { LogError } from "../log/log-limiter.ts";
import { NO_TRACER, type Tracer } from "./tracer.ts";
import type { TracingOptions } from "./tracing-options.ts";

/**
 * The process's tracer. OpenTelemetry is imported only where tracing is on.
 * @param process names the process where no OTEL_SERVICE_NAME does: `api`, `worker`
 * @param logError told of spans that could not be sent
 */
export async function openTracer(options: TracingOptions, process: string, logError: LogError): Promise<Tracer> {
  if (options.tracing === "off") return NO_TRACER;
  const { createOtelTracer } = await import("./otel-tracer.ts");
  return createOtelTracer(options, process, logError);
}
