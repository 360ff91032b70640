import cors from "@fastify/cors";
import type { App } from "../app-types.ts";

/** Browsers keep the answer to a preflight this long. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** Lets the front ends of exactly these origins call the api from a browser, without cookies. */
export function allowOrigins(app: App, origins: readonly string[]): void {
  void app.register(cors, {
    origin: [...origins],
    methods: ["GET", "HEAD", "POST"],
    allowedHeaders: [
      "Authorization",
      "Content-Type",
      "Idempotency-Key",
      "If-None-Match",
      "Last-Event-ID",
      "Traceparent",
      "Tracestate",
      "X-Request-Id",
    ],
    exposedHeaders: [
      "ETag",
      "Idempotency-Replayed",
      "Location",
      "RateLimit-Limit",
      "RateLimit-Remaining",
      "RateLimit-Reset",
      "Retry-After",
      "WWW-Authenticate",
      "X-Request-Id",
    ],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    // An OPTIONS request that is no preflight is answered like one, with `Allow`.
    strictPreflight: false,
  });
}
