import { setTimeout as delay } from "node:timers/promises";
import type { Recorder } from "../record/recorder.ts";
import type { ApiPlace } from "../service/installation.ts";

/** One request as a client sends it. */
export interface Order {
  /** Its request id, 8 to 64 characters. */
  readonly op: string;
  readonly kind: "start" | "stop";
  readonly replId: string;
  readonly userId: string;
  readonly key?: string | undefined;
  /** The client goes away so many ms after it has asked, and hears no answer. */
  readonly leaveMs?: number | undefined;
}

/** What the client knows afterwards; status 0 is no answer. */
export interface Told {
  readonly status: number;
  readonly jobId?: string;
}

/** Longest that a client waits; nothing may take as long. */
const PATIENCE_MS = 15_000;

/** Sends one order to one api process and records what became of it. */
export async function sendOrder({ url }: ApiPlace, order: Order, recorder: Recorder): Promise<Told> {
  const { op, kind, replId, userId, key, leaveMs } = order;
  recorder.add({ type: "invoke", op, kind, replId, userId, key });
  try {
    const answer = await fetch(`${url}/${kind}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-request-id": op,
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body: JSON.stringify({ userId, replId }),
      signal: AbortSignal.timeout(leaveMs ?? PATIENCE_MS),
    });
    const text = await answer.text();
    recorder.leaks.look(text, `the answer to ${op}`);
    const body = JSON.parse(text) as { jobId?: string; joined?: boolean; code?: string };
    return record(op, answer, body, recorder);
  } catch {
    recorder.add({ type: "info", op, status: 0 });
    return { status: 0 };
  }
}

function record(
  op: string,
  { status, headers }: Response,
  { jobId, joined = false, code = "" }: { jobId?: string; joined?: boolean; code?: string },
  recorder: Recorder,
): Told {
  if (status === 202 && jobId !== undefined) {
    recorder.add({ type: "ok", op, jobId, joined, replayed: headers.get("idempotency-replayed") === "true" });
    return { status, jobId };
  }
  if (status >= 500) recorder.add({ type: "info", op, status });
  else recorder.add({ type: "fail", op, status, code });
  return { status };
}

/**
 * Asks again until it is accepted, under request ids of their own: a front end that does not give up.
 * @throws Error when nothing is accepted in time.
 */
export async function insist(
  apis: readonly ApiPlace[],
  order: Order,
  recorder: Recorder,
  timeoutMs = 120_000,
): Promise<string> {
  const until = performance.now() + timeoutMs;
  for (let tries = 0; performance.now() < until; tries += 1) {
    const api = apis[tries % apis.length] as ApiPlace;
    const op = tries === 0 ? order.op : `${order.op}.${tries}`;
    const { jobId } = await sendOrder(api, { ...order, op }, recorder);
    if (jobId !== undefined) return jobId;
    await delay(Math.min(100 * 2 ** tries, 1_000));
  }
  throw new Error(`the ${order.kind} of ${order.replId} was not accepted within ${timeoutMs} ms`);
}
