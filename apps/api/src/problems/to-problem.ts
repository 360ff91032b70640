import { Problem } from "./problem.ts";

const BODY_IS_NOT_JSON = new Set(["FST_ERR_CTP_EMPTY_JSON_BODY", "FST_ERR_CTP_INVALID_JSON_BODY"]);

/** Whatever a handler, a hook or Fastify itself threw, as a problem. What is not known is `internal_error`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code = "", statusCode = 500 } = error as { code?: string; statusCode?: number };
  if (BODY_IS_NOT_JSON.has(code)) return invalidBody("is not valid JSON");
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new Problem("body_too_large");
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return new Problem("unsupported_media_type");
  if (statusCode >= 400 && statusCode < 500) return new Problem("malformed_request", { cause: error });
  return new Problem("internal_error", { cause: error });
}

/** The body as a whole is wrong. */
export function invalidBody(message: string): Problem {
  return invalid("body", message);
}

/** One part of the request is wrong. */
export function invalid(field: string, message: string): Problem {
  return new Problem("invalid_request", { errors: [{ field, message }] });
}
