// Ports

export type { Check } from "./checks.ts";
export { ListenError, listen } from "./listen.ts";
export { buildOpsServer } from "./ops-server.ts";
export {
  OPS_PROBLEMS,
  PROBLEM_MEDIA_TYPE,
  type ProblemKind,
  problemBody,
  problemHeaders,
  writeProblem,
} from "./problem.ts";

// HTTP below any route

export { createAttention } from "./attention.ts";
export { hasForeignHost, LOCAL_HOST_NEEDED } from "./foreign-host.ts";
export { clientErrorAnswers, HOST_NEEDED, hasValidHost, replaceNodeAnswers, sentValues } from "./plain-http.ts";

// Version

export { readBuild } from "./build.ts";

// Log

export { audit } from "./log/audit.ts";
export { createLog, type Log } from "./log/create-log.ts";
export { createLogLimiter, type LogError } from "./log/log-limiter.ts";
export { logWarnings } from "./log/log-warnings.ts";

// Metrics

export { combinations, createRegistry } from "./metrics.ts";

// Traces

export { jobSpan } from "./tracing/job-span.ts";
export { openTracer } from "./tracing/open-tracer.ts";
export { NO_SPAN, NO_TRACER, type Span, type TraceCarrier, type Tracer } from "./tracing/tracer.ts";
export type { TracingOptions } from "./tracing/tracing-options.ts";
