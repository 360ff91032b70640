import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { type Context, type Tracer as OtelApiTracer, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import type { LogError } from "../log/log-limiter.ts";
import { contextOf, OtelSpan } from "./otel-span.ts";
import { createProvider } from "./provider.ts";
import { failureType, type Span, type SpanOptions, type Tracer } from "./tracer.ts";
import type { TracingOptions } from "./tracing-options.ts";

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** A tracer that sends its spans as OTLP. It registers nothing globally but where failures to send are heard of. */
export function createOtelTracer(options: TracingOptions, process: string, logError: LogError): Tracer {
  const provider = createProvider(options, process, logError);
  const otel = provider.getTracer("repl-orchestrator");
  const active = new AsyncLocalStorage<Context>();
  const start = (name: string, spanOptions?: SpanOptions) => startSpan(otel, active.getStore(), name, spanOptions);
  const within = <Result>(span: Span, work: () => Result): Result =>
    span instanceof OtelSpan ? active.run(span.context, work) : work();
  return {
    start,
    within,
    run(name, work, spanOptions) {
      const span = start(name, spanOptions);
      return within(span, () => ending(span, () => work(span)));
    },
    async close(timeoutMs) {
      const late = new AbortController();
      const sent = provider.shutdown().catch((error: unknown) => logError("traces", error));
      const givenUp = delay(timeoutMs, undefined, { signal: late.signal, ref: false }).catch(() => {});
      await Promise.race([sent, givenUp]);
      late.abort();
    },
  };
}

function startSpan(
  otel: OtelApiTracer,
  active: Context | undefined,
  name: string,
  { kind = "internal", attributes, parent }: SpanOptions = {},
): OtelSpan {
  const above = parent === undefined ? (active ?? ROOT_CONTEXT) : contextOf(parent);
  const span = otel.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, above);
  return new OtelSpan(span, trace.setSpan(above, span));
}

/** Ends the span with the work, whether that is done at once or later. */
function ending<Result>(span: Span, work: () => Result): Result {
  const failed = (error: unknown): never => {
    span.fail(failureType(error));
    span.end();
    throw error;
  };
  let result: Result;
  try {
    result = work();
  } catch (error) {
    return failed(error);
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  const done = (value: unknown) => {
    span.end();
    return value;
  };
  return result.then(done, failed) as Result;
}
