import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Admission, fairPriority, type JobKind } from "@repl/contract";
import type { FastifyReply, FastifyRequest } from "../app-types.ts";
import { userFor } from "../auth/caller.ts";
import { Problem } from "../problems/problem.ts";
import { fromRedis } from "../redis/from-redis.ts";
import type { RouteDeps } from "./deps.ts";
import { admitted, rateHeaders } from "./order-answers.ts";
import type { JobAccepted, JobOrder } from "./schemas.ts";

/** Longest that an answer waits for the queue; with the store's own limit it stays within two seconds. */
const ENQUEUE_WAIT_MS = 800;
const POLL_AFTER_SECONDS = 1;

/** What is asked: the order, for whom, and the name the client gave it. */
interface Asked {
  readonly kind: JobKind;
  readonly order: JobOrder;
  readonly userId: string;
  readonly idempotencyKey: string | undefined;
}

/** A request to an order's route, as its schema has it. */
type OrderRequest = FastifyRequest & { body: JobOrder; headers: { "idempotency-key"?: string } };

/** Takes an order and answers 202, or throws the problem that it meets. */
export type TakeOrder = (kind: JobKind, request: OrderRequest, reply: FastifyReply) => Promise<JobAccepted>;

/**
 * Builds the function that accepts starts and stops for the whole process.
 *
 * One script remembers an idempotency key together with the job, so that of two orders under one key the second is
 * answered like the first, whichever process it reaches. Where the first has no answer yet in this very process, the
 * second is refused for the moment, as the IETF draft wants it.
 */
export function createOrders(deps: RouteDeps): TakeOrder {
  const unanswered = new Set<string>();
  return async (kind, request, reply) => {
    const { body: order, headers } = request;
    request.facts.replId = order.replId;
    const idempotencyKey = headers["idempotency-key"];
    const userId = userFor(request.caller, order.userId);
    const asked = { kind, order, userId, idempotencyKey };
    if (idempotencyKey === undefined) return accept(asked, deps, request, reply);
    const name = JSON.stringify([userId, idempotencyKey]);
    if (unanswered.has(name)) throw new Problem("idempotency_in_flight");
    unanswered.add(name);
    try {
      return await accept(asked, deps, request, reply);
    } finally {
      unanswered.delete(name);
    }
  };
}

/**
 * Accepts a start or a stop, in two Redis round trips at most: one script decides everything (rate, idempotency key,
 * owner, limits), one queues the job.
 *
 * The answer is 202 exactly when the store has recorded the job, whether or not it reached the queue: from then on the
 * job is the service's duty. A recorded job that is not queued yet is queued by the waiting connection when Redis is
 * back, or by the sweep, under the same id. Telling the client 503 then would be untrue, since the repl does start.
 * When the store's reply is lost, nobody knows whether the job was recorded, so the answer is 503, and the client's
 * next try either records it or joins the one recorded.
 */
async function accept(
  { kind, order: { replId }, userId, idempotencyKey }: Asked,
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<JobAccepted> {
  const requestId = request.id;
  const rateKey = request.caller.subject === undefined ? `ip:${request.ip}` : `user:${userId}`;
  const asked = { kind, replId, userId, jobId: randomUUID(), requestId, rateKey, idempotencyKey };
  const acceptance = await fromRedis(deps.store.accept(asked));
  deps.metrics.ordered(kind, acceptance.outcome);
  reply.headers(rateHeaders(acceptance.rate));
  const admission = admitted(acceptance);
  const { jobId, userOpenJobs } = admission;
  request.facts.jobId = jobId;
  if (admission.outcome === "accepted") audit(kind, userId, request);
  // A job that still waits may have lost its place in the queue; under its own id it gets no second one.
  const payload = { version: 1, replId, userId, requestId } as const;
  if (admission.queued) await queueSoon(deps.enqueue(jobId, kind, payload, fairPriority(userOpenJobs)), request);
  return answer(admission, replId, reply);
}

function answer({ outcome, jobId, state, joined }: Admission, replId: string, reply: FastifyReply): JobAccepted {
  const statusUrl = `/jobs/${jobId}`;
  reply.code(202).headers({ location: statusUrl, "retry-after": POLL_AFTER_SECONDS });
  if (outcome === "replayed") reply.header("idempotency-replayed", "true");
  return { jobId, replId, state, statusUrl, eventsUrl: `${statusUrl}/events`, ...(joined ? { joined } : {}) };
}

/** One line for each accepted start and stop, whatever LOG_LEVEL says. */
function audit(kind: JobKind, userId: string, { log, facts, caller, ip }: FastifyRequest): void {
  const line = { audit: true, action: kind, userId, caller: caller.subject ?? null, ...facts, clientIp: ip };
  log.child({}, { level: "info" }).info(line, `${kind} accepted`);
}

async function queueSoon(queued: Promise<void>, { log, facts }: FastifyRequest): Promise<void> {
  const abort = new AbortController();
  const late = delay(ENQUEUE_WAIT_MS, "late" as const, { signal: abort.signal }).catch(() => "settled" as const);
  const outcome = queued.then(
    () => "queued" as const,
    (error: unknown) => {
      log.warn({ ...facts, err: error }, "the job is recorded but not queued; the sweep will queue it");
      return "failed" as const;
    },
  );
  if ((await Promise.race([outcome, late])) === "late") log.warn(facts, "the job is recorded but not queued yet");
  abort.abort();
}
