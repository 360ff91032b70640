import { waitFor } from "@repl/testkit";
import type { System } from "./system.ts";

/** An answer to an order: its HTTP status and what of its body matters. */
export interface OrderAnswer {
  readonly status: number;
  readonly jobId: string;
  readonly code?: string;
}

/** Asks as a client does, which asks again while the answer is 503; a busy machine alone makes some of them. */
export function submitPatiently(
  system: System,
  kind: "start" | "stop",
  order: { readonly userId: string; readonly replId: string },
): Promise<OrderAnswer> {
  const ask = async () => {
    const response = await system.post(`/${kind}`, order);
    const answer = { status: response.status, ...((await response.json()) as Omit<OrderAnswer, "status">) };
    if (response.status === 503) throw new Error(`503 ${answer.code}`);
    return answer;
  };
  return waitFor(ask, { what: `an answer to the ${kind} of ${order.replId}`, timeoutMs: 60_000, intervalMs: 500 });
}
