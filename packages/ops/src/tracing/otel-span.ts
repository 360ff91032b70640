import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Span as OtelApiSpan,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { Span, SpanAttributes, TraceCarrier } from "./tracer.ts";

/** An OpenTelemetry span with the context that work below it runs in. */
export class OtelSpan implements Span {
  readonly #span: OtelApiSpan;
  readonly context: Context;

  constructor(span: OtelApiSpan, context: Context) {
    this.#span = span;
    this.context = context;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get carrier(): TraceCarrier {
    const carrier: Record<string, string> = {};
    new W3CTraceContextPropagator().inject(this.context, carrier, defaultTextMapSetter);
    return carrier;
  }

  set(attributes: SpanAttributes): void {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined) this.#span.setAttribute(name, value);
    }
  }

  link(carrier: TraceCarrier): void {
    const context = trace.getSpanContext(contextOf(carrier));
    if (context !== undefined) this.#span.addLink({ context });
  }

  fail(type: string): void {
    this.#span.setAttribute("error.type", type);
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end();
  }
}

/** The context below a span of this process or of another. A carrier that is not well-formed begins a trace of its own. */
export function contextOf(parent: Span | TraceCarrier): Context {
  if (parent instanceof OtelSpan) return parent.context;
  return new W3CTraceContextPropagator().extract(ROOT_CONTEXT, parent, defaultTextMapGetter);
}
