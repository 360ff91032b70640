import type { App } from "../app-types.ts";
import { ORDER_LINKS, orderSchema } from "./order-schema.ts";
import type { TakeOrder } from "./orders.ts";

/** `POST /stop` */
export function stopRoute(app: App, takeOrder: TakeOrder): void {
  const schema = orderSchema({
    operationId: "stopRepl",
    summary: "Stop a repl",
    description:
      "Accepts the stop and answers at once; a start under way is cancelled. Stopping what does not run succeeds.",
    problems: [],
  });
  app.post("/stop", { schema, links: ORDER_LINKS }, (request, reply) => takeOrder("stop", request, reply));
}
