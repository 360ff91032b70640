import { ApiError, type FieldError } from "../errors.ts";

/** The body of an error (RFC 9457), as far as it is used; a gateway's own errors have none of it. */
interface Problem {
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly code?: unknown;
  readonly requestId?: unknown;
  readonly errors?: unknown;
  readonly details?: unknown;
}

/** An answer that is no success, as an error. Reads its body. */
export async function toApiError(response: Response): Promise<ApiError> {
  const { title, detail, code, requestId, errors, details } = await problemOf(response);
  const { status, headers } = response;
  const message = text(detail) ?? text(title) ?? `The service answered ${status}.`;
  return new ApiError(message, {
    status,
    code: text(code) ?? `http_${status}`,
    requestId: text(requestId) ?? headers.get("x-request-id"),
    errors: Array.isArray(errors) ? (errors as FieldError[]) : [],
    details: isObject(details) ? details : {},
    retryAfterMs: parseRetryAfter(headers.get("retry-after"), Date.now()),
  });
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Retry-After (RFC 9110 10.2.3), seconds or a date, in ms from now; null where there is none. */
function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
