import { choice, optionalText } from "./setting.ts";
import type { Problem } from "./settings-error.ts";

const SAMPLERS = [
  ...["always_on", "always_off", "traceidratio"],
  ...["parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"],
];

/** What a variable of OpenTelemetry may hold, looked at only while tracing is on: platforms set some of them for every process. */
const CHECKS = {
  OTEL_SERVICE_NAME: { expected: "at most 255 characters", check: (value) => value.length <= 255 },
  OTEL_RESOURCE_ATTRIBUTES: { expected: "name=value pairs separated by commas", check: isPairs },
  OTEL_EXPORTER_OTLP_ENDPOINT: { expected: "http://host[:port][/path] or https://…", check: isHttpUrl },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { expected: "http://host[:port][/path] or https://…", check: isHttpUrl },
  OTEL_EXPORTER_OTLP_PROTOCOL: { expected: "`http/protobuf`", check: (value) => value === "http/protobuf" },
  OTEL_EXPORTER_OTLP_HEADERS: { expected: "name=value pairs separated by commas", check: isPairs },
  OTEL_TRACES_SAMPLER: { expected: `one of ${SAMPLERS.join(", ")}`, check: (value) => SAMPLERS.includes(value) },
  OTEL_TRACES_SAMPLER_ARG: { expected: "a number from 0 to 1", check: isRatio },
  OTEL_BSP_SCHEDULE_DELAY: { expected: "a whole number from 1 to 60000", check: isDelay },
} satisfies Record<string, { expected: string; check: (value: string) => boolean }>;

type Variable = keyof typeof CHECKS;

/** A variable that OpenTelemetry's specification defines. */
function standard(variable: Variable, description: string, secret = false) {
  return optionalText({ variable, description, secret, expected: CHECKS[variable].expected, check: () => true });
}

/** Whether and where traces go; part of both processes' settings. */
export const tracing = {
  tracing: choice(["off", "otlp"], {
    variable: "TRACING",
    description:
      "`otlp` sends traces to an OpenTelemetry collector over HTTP. The OTEL_ variables matter only then; the exporter reads OTEL_EXPORTER_OTLP_TIMEOUT, _COMPRESSION, _CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY besides these.",
    default: "off",
  }),
  otelServiceName: standard("OTEL_SERVICE_NAME", "Name of the process in traces. Unset: `repl-api`, `repl-worker`."),
  otelResourceAttributes: standard("OTEL_RESOURCE_ATTRIBUTES", "What else each trace says of the process."),
  otelEndpoint: standard(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "Where the collector is; `/v1/traces` is added. Unset: http://localhost:4318.",
  ),
  otelTracesEndpoint: standard("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "The whole address for traces instead."),
  otelProtocol: standard(
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "The one protocol that is spoken; for others a collector is needed.",
  ),
  otelHeaders: standard(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "Sent to the collector with each request, for its authentication.",
    true,
  ),
  otelSampler: standard(
    "OTEL_TRACES_SAMPLER",
    "Which traces are kept. Unset: parentbased_always_on, all but those whose caller does not keep them.",
  ),
  otelSamplerArg: standard("OTEL_TRACES_SAMPLER_ARG", "Share of traces that the samplers by ratio keep. Unset: 1."),
  otelScheduleDelay: standard(
    "OTEL_BSP_SCHEDULE_DELAY",
    "Longest time in ms that a span waits before it is sent. Unset: 5000.",
  ),
};

/** Settings of tracing that are wrong, or do not go together. */
export function tracingProblems({ tracing: mode }: { readonly tracing: string }, env: NodeJS.ProcessEnv): Problem[] {
  if (mode === "off") return [];
  const given = (Object.keys(CHECKS) as Variable[]).filter((variable) => env[variable]);
  const wrong = given.filter((variable) => !CHECKS[variable].check(env[variable] ?? ""));
  const problems = wrong.map((variable) => ({ variable, message: `expected ${CHECKS[variable].expected}` }));
  return [...problems, ...uselessArgument(env)];
}

function uselessArgument({
  OTEL_TRACES_SAMPLER: sampler,
  OTEL_TRACES_SAMPLER_ARG: share,
}: NodeJS.ProcessEnv): Problem[] {
  if (!share || sampler?.endsWith("traceidratio")) return [];
  const message = "is set, but OTEL_TRACES_SAMPLER is neither traceidratio nor parentbased_traceidratio";
  return [{ variable: "OTEL_TRACES_SAMPLER_ARG", message }];
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "" && url.username === "";
}

/** W3C Baggage' form, percent-encoded, as both variables have it. */
function isPairs(value: string): boolean {
  return value.split(",").every((pair) => /^\s*[^\s=,;]+\s*=\s*[^,;]*$/.test(pair) && isDecodable(pair));
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isRatio(value: string): boolean {
  return /^\d(\.\d+)?$/.test(value) && Number(value) <= 1;
}

function isDelay(value: string): boolean {
  return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 60_000;
}
