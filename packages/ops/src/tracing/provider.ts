import { DiagLogLevel, diag } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { LogError } from "../log/log-limiter.ts";
import type { TracingOptions } from "./tracing-options.ts";

const DEFAULT_ENDPOINT = "http://localhost:4318";
const DEFAULT_DELAY_MS = 5_000;

/** Makes spans and sends them in batches, beside the work: a collector that is away or slow costs spans, nothing else. */
export function createProvider(options: TracingOptions, process: string, logError: LogError): TracerProvider {
  hearOfFailures(logError);
  const exporter = new OTLPTraceExporter({ url: addressOf(options) });
  const scheduledDelayMillis = Number(options.otelScheduleDelay ?? DEFAULT_DELAY_MS);
  return new TracerProvider({
    sampler: samplerOf(options.otelSampler ?? "parentbased_always_on", Number(options.otelSamplerArg ?? "1")),
    resource: resourceOf(options.otelServiceName, process),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis })],
  });
}

function addressOf({ otelEndpoint = DEFAULT_ENDPOINT, otelTracesEndpoint }: TracingOptions): string {
  return otelTracesEndpoint ?? `${otelEndpoint.replace(/\/+$/, "")}/v1/traces`;
}

/** OTEL_SERVICE_NAME wins over a name in OTEL_RESOURCE_ATTRIBUTES, as OpenTelemetry's specification has it, and both over ours. */
function resourceOf(serviceName: string | undefined, process: string): Resource {
  const given = serviceName === undefined ? {} : { "service.name": serviceName };
  return defaultResource()
    .merge(resourceFromAttributes({ "service.name": `repl-${process}` }))
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, resourceAttributesEnvDetector] }))
    .merge(resourceFromAttributes(given));
}

function samplerOf(name: string, ratio: number): Sampler {
  const root = rootSampler(name.replace("parentbased_", ""), ratio);
  return name.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === "always_off") return new AlwaysOffSampler();
  return name === "traceidratio" ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}

/** The SDK swallows what goes wrong, or would print it. Its errors may quote the collector's answer, so only the message is kept. */
function hearOfFailures(logError: LogError): void {
  const tell = (message: string) => logError("traces", new Error(message));
  setGlobalErrorHandler((error) => tell(error instanceof Error ? error.message : String(error)));
  const silent = () => {};
  diag.setLogger(
    { error: tell, warn: tell, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
