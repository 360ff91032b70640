import { createOrders } from "@repl/api/orders";
import { createJobStore, createReplStore, enqueue, type JobKind, openJobQueue } from "@repl/contract";
import { NO_SPAN, NO_TRACER } from "@repl/ops";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { RedisClient } from "../redis/redis-client.ts";
import type { RedisServer } from "../redis/redis-server.ts";

/** What an api process is given. */
export interface ApiProcessOptions {
  readonly redis: RedisServer;
  readonly prefix: string;
  readonly maxRunningPerUser: number;
  readonly log: Logger;
}

/** One request, as far as the routes look at it. */
export interface ApiRequest {
  readonly op: string;
  readonly kind: JobKind | "keepalive";
  readonly replId: string;
  readonly userId: string;
  readonly key?: string | undefined;
}

/** What the client is told. */
export type ApiAnswer =
  | { readonly status: 202 | 204; readonly jobId?: string; readonly joined?: boolean; readonly replayed?: boolean }
  | { readonly status: number; readonly code: string };

/** An api process without its HTTP: the code that takes orders, on the stores and the queue as they are deployed. */
export type ApiProcess = (request: ApiRequest) => Promise<ApiAnswer>;

const RETENTION_SECONDS = 7 * 24 * 3_600;

export function runApiProcess({ redis, prefix, maxRunningPerUser, log }: ApiProcessOptions): ApiProcess {
  const requests = new RedisClient(redis, "requests") as unknown as Redis;
  const work = new RedisClient(redis, "work") as unknown as Redis;
  const store = createJobStore(requests, { prefix, retentionSeconds: RETENTION_SECONDS, maxRunningPerUser });
  const repls = createReplStore(requests, prefix);
  const queue = openJobQueue({ connection: work, prefix }, () => {});
  type Deps = Parameters<typeof createOrders>[0];
  const takeOrder = createOrders({
    store,
    repls,
    enqueue: (jobId, kind, payload, turn) => enqueue(queue, jobId, kind, payload, turn),
    tracer: NO_TRACER,
    metrics: { ordered: () => {}, answered: () => {} },
  } as Partial<Deps> as Deps);

  const order = async (kind: JobKind, request: ApiRequest): Promise<ApiAnswer> => {
    const headers = new Map<string, string>();
    const reply = {
      code: () => reply,
      headers: () => reply,
      header: (name: string, value: string) => {
        headers.set(name, value);
        return reply;
      },
    };
    const { jobId, joined } = await takeOrder(kind, httpRequest(request, log) as never, reply as never);
    const replayed = headers.has("idempotency-replayed");
    return { status: 202, jobId, ...(joined ? { joined } : {}), ...(replayed ? { replayed } : {}) };
  };

  return async (request) => {
    try {
      if (request.kind !== "keepalive") return await order(request.kind, request);
      const found = await repls.keepAlive(request.replId, request.userId);
      return found ? { status: 204 } : { status: 404, code: "not_found" };
    } catch (error) {
      const { status, code } = error as { status?: number; code?: string };
      if (status !== undefined && code !== undefined) return { status, code };
      // As apps/api's fromRedis has it for what keepAlive throws.
      if (request.kind === "keepalive") return { status: 503, code: "dependency_unavailable" };
      return { status: 500, code: String(error) };
    }
  };
}

/** What apps/api's plugins leave on a request, where authentication is off. */
function httpRequest({ op, replId, userId, key }: ApiRequest, log: Logger) {
  return {
    id: op,
    ip: "192.0.2.1",
    body: { replId, userId },
    headers: key === undefined ? {} : { "idempotency-key": key },
    facts: {},
    span: NO_SPAN,
    caller: { subject: undefined, actsForOthers: true, isAdmin: true },
    log,
    server: { log },
  };
}
