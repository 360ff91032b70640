import { randomUUID } from "node:crypto";
import { type Admission, type JobKind, QUEUE_NAME } from "@repl/contract";
import { audit, jobSpan, type Span } from "@repl/ops";
import type { FastifyReply, FastifyRequest } from "../app-types.ts";
import { userFor } from "../auth/caller.ts";
import { Problem } from "../problems/problem.ts";
import { fromRedis } from "../redis/from-redis.ts";
import type { RouteDeps } from "./deps.ts";
import { admitted, rateHeaders } from "./order-answers.ts";
import { type JobAccepted, type JobOrder, POLL_AFTER_SECONDS } from "./schemas.ts";

/** Longest that an answer waits for the queue; with the store's own limit it stays within two seconds. */
const ENQUEUE_WAIT_MS = 800;

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
  asked: Asked,
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<JobAccepted> {
  const { kind, order } = asked;
  const { replId } = order;
  const jobId = randomUUID();
  const { name, options } = jobSpan("producer", { queue: QUEUE_NAME, jobId, kind, replId });
  const work = async (span: Span) => {
    const acceptance = await fromRedis(deps.store.accept({ ...requestOf(asked, request), jobId, trace: span.carrier }));
    deps.metrics.ordered(kind, acceptance.outcome);
    reply.headers(rateHeaders(acceptance.rate));
    const admission = admitted(acceptance);
    request.facts.jobId = admission.jobId;
    auditOrder(asked, admission, request);
    nameJob(span, admission);
    if (admission.queued) await queue(asked, admission, deps, request);
    return answer(admission, replId, reply);
  };
  return deps.tracer.run(name, work, { ...options, parent: request.span });
}

function requestOf({ kind, order: { replId }, userId, idempotencyKey }: Asked, request: FastifyRequest) {
  const rateKey = request.caller.subject === undefined ? `ip:${request.ip}` : `user:${userId}`;
  return { kind, replId, userId, requestId: request.id, rateKey, idempotencyKey };
}

/** A job that still waits may have lost its place in the queue; under its own id it gets no second one. */
async function queue(
  { kind, userId, order: { replId } }: Asked,
  { jobId, turn }: Admission,
  deps: RouteDeps,
  request: FastifyRequest,
): Promise<void> {
  const payload = { version: 1, replId, userId, requestId: request.id } as const;
  await queueSoon(deps.enqueue(jobId, kind, payload, turn), request);
}

/** A job that was there before has a trace of its own, which this one points to. */
function nameJob(span: Span, { jobId, outcome, trace }: Admission): void {
  span.set({ "job.id": jobId, "messaging.message.id": jobId, "job.acceptance": outcome });
  if (trace !== undefined) span.link(trace);
}

function answer({ outcome, jobId, state, joined }: Admission, replId: string, reply: FastifyReply): JobAccepted {
  const statusUrl = `/jobs/${jobId}`;
  reply.code(202).headers({ location: statusUrl, "retry-after": POLL_AFTER_SECONDS });
  if (outcome === "replayed") reply.header("idempotency-replayed", "true");
  return { jobId, replId, state, statusUrl, eventsUrl: `${statusUrl}/events`, ...(joined ? { joined } : {}) };
}

/** One line for each start and stop that was admitted. The process's own log, since the entry names its request itself. */
function auditOrder({ kind, order: { replId }, userId }: Asked, admission: Admission, request: FastifyRequest): void {
  const { jobId, outcome } = admission;
  const { id: requestId, caller, ip: clientIp, span, server } = request;
  const who = { userId, caller: caller.subject ?? null, clientIp };
  const what = { action: kind, outcome, replId, jobId, reason: "requested" };
  audit(server.log, { ...what, ...who, requestId, traceId: span.traceId });
}

/** Settles when the job is queued, when it could not be, or when the answer cannot wait for it any longer. Never rejects. */
function queueSoon(queued: Promise<void>, { log, facts }: FastifyRequest): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      log.warn(facts, "the job is recorded but not queued yet");
      resolve();
    }, ENQUEUE_WAIT_MS);
    const settled = () => {
      clearTimeout(late);
      resolve();
    };
    queued.then(settled, (error: unknown) => {
      log.warn({ ...facts, err: error }, "the job is recorded but not queued; the sweep will queue it");
      settled();
    });
  });
}
