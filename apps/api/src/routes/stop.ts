import type { App } from "../app-types.ts";
import { acceptJob } from "./accept-job.ts";
import type { RouteDeps } from "./deps.ts";
import { orderSchema } from "./order-schema.ts";

/** `POST /stop` */
export function stopRoute(app: App, deps: RouteDeps): void {
  const schema = orderSchema({
    operationId: "stopRepl",
    summary: "Stop a repl",
    description:
      "Accepts the stop and answers at once; a start under way is cancelled. Stopping what does not run succeeds.",
    problems: [],
  });
  app.post("/stop", { schema }, (request, reply) => acceptJob("stop", request.body, deps, request, reply));
}
