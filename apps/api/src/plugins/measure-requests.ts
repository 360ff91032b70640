import type { ApiMetrics } from "../metrics/api-metrics.ts";
import type { AnswerListener } from "./after-answer.ts";

/** Counts every answer by its route's pattern, those to unknown addresses under one name. */
export function measureRequests({ answered }: ApiMetrics): AnswerListener {
  return ({ method, routeOptions }, { elapsedTime }, { status }) =>
    answered({ method, route: routeOptions.url ?? "none", status, seconds: elapsedTime / 1_000 });
}
