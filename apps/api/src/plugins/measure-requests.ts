import type { App } from "../app-types.ts";
import type { ApiMetrics } from "../metrics/api-metrics.ts";
import { afterAnswer } from "./after-answer.ts";

/** Counts every answer by its route's pattern, those to unknown addresses under one name. */
export function measureRequests(app: App, { answered }: ApiMetrics): void {
  afterAnswer(app, ({ method, routeOptions }, { elapsedTime }, { status }) =>
    answered({ method, route: routeOptions.url ?? "none", status, seconds: elapsedTime / 1_000 }),
  );
}
