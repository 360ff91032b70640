import type { App } from "../app-types.ts";
import { acceptJob } from "./accept-job.ts";
import type { RouteDeps } from "./deps.ts";
import { orderSchema } from "./order-schema.ts";

/** `POST /start` */
export function startRoute(app: App, deps: RouteDeps): void {
  const schema = orderSchema({
    operationId: "startRepl",
    summary: "Start a repl",
    description:
      "Accepts the start and answers at once. While a start of the repl is under way, its job is answered again.",
    problems: ["queue_full"],
  });
  app.post("/start", { schema }, (request, reply) => acceptJob("start", request.body, deps, request, reply));
}
