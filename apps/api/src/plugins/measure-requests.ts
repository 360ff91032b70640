import type { App } from "../app-types.ts";
import type { ApiMetrics } from "../metrics/api-metrics.ts";

/** Counts every answer by its route's pattern, those to unknown addresses under one name. */
export function measureRequests(app: App, { answered }: ApiMetrics): void {
  app.addHook("onResponse", (request, reply, done) => {
    answered({
      method: request.method,
      route: request.routeOptions.url ?? "none",
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
    done();
  });
}
