/** How a process traces; the settings of both processes have all of it. */
export interface TracingOptions {
  readonly tracing: "off" | "otlp";
  readonly otelServiceName?: string;
  /** Where the collector is; `/v1/traces` is added. Default: `http://localhost:4318`. */
  readonly otelEndpoint?: string;
  /** The whole address for traces; it wins over `otelEndpoint`. */
  readonly otelTracesEndpoint?: string;
  /** By OpenTelemetry's names. Default: `parentbased_always_on`. */
  readonly otelSampler?: string;
  /** Share of the traces that are kept, 0 to 1 as a text; for the samplers by ratio alone. Default: all. */
  readonly otelSamplerArg?: string;
  /** Longest time in ms that a span waits before it is sent, as a text. Default: 5000. */
  readonly otelScheduleDelay?: string;
}
