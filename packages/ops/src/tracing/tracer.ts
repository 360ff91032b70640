/** What carries a trace to another process: the header fields `traceparent` and, where there is one, `tracestate` (W3C Trace Context). */
export type TraceCarrier = Readonly<Record<string, string>>;

/** What a span says of itself; undefined values are left out. Never a user, a token or a text that a client chose freely. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a span begins. */
export interface SpanOptions {
  /** Default: `internal`. */
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer";
  readonly attributes?: SpanAttributes;
  /** What it is below; left out: the active span, and where there is none, a trace of its own. */
  readonly parent?: Span | TraceCarrier | undefined;
}

/** One timed piece of work within a trace. */
export interface Span {
  /** Names the trace in log lines; undefined where nothing is traced. */
  readonly traceId: string | undefined;
  /** For whoever goes on with the trace in another process; undefined where nothing is traced. */
  readonly carrier: TraceCarrier | undefined;
  set(attributes: SpanAttributes): void;
  /** Points to a span of another trace that it has to do with. */
  link(carrier: TraceCarrier): void;
  /** Marks it as failed, by a code or an error's class; never by a message, which may hold anything. */
  fail(type: string): void;
  end(): void;
}

/** Writes traces. The only way by which this service does, so that nothing but its implementation knows OpenTelemetry. */
export interface Tracer {
  /** Begins a span, which its caller has to end. */
  start(name: string, options?: SpanOptions): Span;
  /** Runs work below a span, across everything that the work awaits. */
  within<Result>(span: Span, work: () => Result): Result;
  /** Runs work within a span of its own, which ends with it and fails where it throws or rejects. */
  run<Result>(name: string, work: (span: Span) => Result, options?: SpanOptions): Result;
  /** Sends what has not been sent. Never rejects, and gives up after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

const nothing = () => {};

/** The span of a process that traces nothing. */
export const NO_SPAN: Span = Object.freeze({
  traceId: undefined,
  carrier: undefined,
  set: nothing,
  link: nothing,
  fail: nothing,
  end: nothing,
});

/** Traces nothing; the same for every process in which tracing is off. */
export const NO_TRACER: Tracer = Object.freeze({
  start: () => NO_SPAN,
  within: <Result>(_span: Span, work: () => Result) => work(),
  run: <Result>(_name: string, work: (span: Span) => Result) => work(NO_SPAN),
  close: async () => {},
});

/** An error as the type of a failed span: its own code where it has one, else its class. */
export function failureType(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as { code?: unknown };
  return typeof code === "string" && code !== "" ? code : error.name;
}
