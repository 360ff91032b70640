import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Acceptance, ANONYMOUS_USER, type JobKind } from "@repl/contract";
import type { FastifyReply, FastifyRequest } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";
import { fromRedis } from "../redis/from-redis.ts";
import type { RouteDeps } from "./deps.ts";
import type { JobAccepted, JobOrder } from "./schemas.ts";

/** Longest that an answer waits for the queue; with the store's own limit it stays within two seconds. */
const ENQUEUE_WAIT_MS = 800;
const POLL_AFTER_SECONDS = 1;

/**
 * Accepts a start or a stop, in two Redis round trips at most.
 *
 * The answer is 202 exactly when the store has recorded the job, whether or not it reached the queue: from then on the
 * job is the service's duty. A recorded job that is not queued yet is queued by the waiting connection when Redis is
 * back, or by the sweep, under the same id. Telling the client 503 then would be untrue, since the repl does start.
 * When the store's reply is lost, nobody knows whether the job was recorded, so the answer is 503, and the client's
 * next try either records it or joins the one recorded.
 */
export async function acceptJob(
  kind: JobKind,
  order: JobOrder,
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<JobAccepted> {
  const { replId, userId = ANONYMOUS_USER } = order;
  const requestId = request.id;
  request.facts.replId = replId;
  const acceptance = await fromRedis(deps.store.accept({ kind, replId, userId, jobId: randomUUID(), requestId }));
  const { jobId, state, outcome } = admitted(acceptance);
  request.facts.jobId = jobId;
  // A job that is still queued may have lost its place in the queue; under its own id it gets no second one.
  if (state === "queued")
    await queueSoon(deps.enqueue(jobId, kind, { version: 1, replId, userId, requestId }), request);
  const statusUrl = `/jobs/${jobId}`;
  reply.code(202).headers({ location: statusUrl, "retry-after": POLL_AFTER_SECONDS });
  return {
    jobId,
    replId,
    state,
    statusUrl,
    eventsUrl: `${statusUrl}/events`,
    ...(outcome === "joined" ? { joined: true } : {}),
  };
}

type Admitted = Extract<Acceptance, { jobId: string }>;

/** `outdated` cannot come up: it answers conditions, which a client's order has none of. */
function admitted(acceptance: Acceptance): Admitted {
  if ("jobId" in acceptance) return acceptance;
  throw new Problem(acceptance.outcome === "full" ? "queue_full" : "repl_taken");
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
