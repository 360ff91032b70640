import type { App } from "../app-types.ts";
import { ORDER_LINKS, orderSchema } from "./order-schema.ts";
import type { TakeOrder } from "./orders.ts";

/** `POST /start` */
export function startRoute(app: App, takeOrder: TakeOrder): void {
  const schema = orderSchema({
    operationId: "startRepl",
    summary: "Start a repl",
    description:
      "Accepts the start and answers at once. While a start of the repl is under way, its job is answered again.",
    problems: ["queue_full", "user_limit"],
  });
  app.post("/start", { schema, links: ORDER_LINKS }, (request, reply) => takeOrder("start", request, reply));
}
