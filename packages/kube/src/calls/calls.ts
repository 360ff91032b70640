import type { CallOptions, CallRecord, RequestObserver } from "../client-types.ts";
import type { Access, Credentials } from "../credentials/credentials-types.ts";
import { withRenewal } from "../credentials/renewal.ts";
import { type CallIdentity, errorFromAnswer, errorFromFailure } from "../errors/answer-error.ts";
import { isWrite } from "../errors/error-class.ts";
import type { ResourceRef } from "../subject.ts";
import type { Connections } from "../transport/connections.ts";
import { type Answer, codeOf, type Exchange, ExchangeFailure, exchange } from "../transport/exchange.ts";
import type { Query, Target } from "../transport/target.ts";
import { createStopwatch, errorRecord, okRecord } from "./call-record.ts";
import { createLimiter, type Limiter } from "./limiter.ts";

/** One call as the client sees it. */
export interface Call extends CallIdentity {
  /** The one resource that is addressed. */
  ref?: ResourceRef | undefined;
  /** For metrics: the plural. */
  resource: string;
  method: Exchange["method"];
  path: string;
  query?: Query | undefined;
  body?: unknown;
  /** Of the body; JSON where left out. */
  contentType?: string | undefined;
  accept?: string | undefined;
  options?: CallOptions | undefined;
}

/** What the calls of one client share. */
export interface CallsOptions {
  credentials: Credentials;
  connections: Connections;
  target: Target;
  userAgent: string;
  timeoutMs: number;
  maxWrites: number;
  maxReads: number;
  onCall?: ((record: CallRecord) => void) | undefined;
  onRequest?: RequestObserver | undefined;
}

/** Sends calls, each in its turn and within its time. */
export interface Calls {
  /** @throws {KubeError} for everything but a success, or the signal's reason */
  send(call: Call): Promise<Answer>;
  readonly writes: Pick<Limiter, "active" | "waiting">;
  readonly reads: Pick<Limiter, "active" | "waiting">;
}

/** The server is told to give up this much earlier than we do, so that it answers instead of leaving us in the dark. */
const SERVER_SHARE = 0.7;

/** Builds the calls of a client. Reads and writes wait in queues of their own: a slow one cannot hold up the other. */
export function createCalls(options: CallsOptions): Calls {
  const writes = createLimiter(options.maxWrites);
  const reads = createLimiter(options.maxReads);

  async function send(call: Call): Promise<Answer> {
    const watch = createStopwatch();
    const limiter = isWrite(call.verb) ? writes : reads;
    try {
      const outcome = await limiter.run(() => {
        watch.start();
        return attempt(call, options);
      }, call.options?.signal);
      const answer = success(call, outcome);
      options.onCall?.(okRecord(call, answer, watch.read()));
      return answer;
    } catch (error) {
      options.onCall?.(errorRecord(call, error, watch.read()));
      throw error;
    }
  }

  return { send, writes, reads };
}

async function attempt(call: Call, options: CallsOptions): Promise<Answer | ExchangeFailure> {
  let resends = call.options?.triesSoFar ?? 0;
  try {
    return await withRenewal(options.credentials, (access) => once(call, options, access, resends++));
  } catch (error) {
    // The caller's own reason to stop is his, and not an error of the call.
    if (call.options?.signal?.aborted) throw error;
    throw errorFromFailure(call, error);
  }
}

async function once(
  call: Call,
  options: CallsOptions,
  access: Access,
  resends: number,
): Promise<Answer | ExchangeFailure> {
  const { method, verb, ref, resource } = call;
  const ended = options.onRequest?.({ method, verb, ref, resource, resends });
  try {
    const answer = await exchange(options.connections.calls(access), wire(call, options, access));
    ended?.({ status: answer.status, code: undefined });
    return answer;
  } catch (error) {
    const known = error instanceof ExchangeFailure ? error : undefined;
    ended?.({ status: known?.status, code: known?.code ?? (codeOf(error) || "aborted") });
    if (known === undefined) throw error;
    return known;
  }
}

function success(call: Call, outcome: Answer | ExchangeFailure): Answer {
  if (outcome instanceof ExchangeFailure) throw errorFromFailure(call, outcome);
  if (outcome.status >= 300) throw errorFromAnswer(call, outcome);
  return outcome;
}

function wire(call: Call, options: CallsOptions, access: Access): Exchange {
  const timeoutMs = call.options?.timeoutMs ?? options.timeoutMs;
  const query = isWrite(call.verb)
    ? { ...call.query, timeout: `${Math.ceil(timeoutMs * SERVER_SHARE)}ms` }
    : call.query;
  const headers: Record<string, string> = {
    ...access.headers,
    accept: call.accept ?? "application/json",
    "user-agent": options.userAgent,
  };
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  if (body !== undefined) {
    headers["content-type"] = call.contentType ?? "application/json";
  }
  return {
    ...options.target(call.path, query),
    method: call.method,
    headers,
    body,
    timeoutMs,
    signal: call.options?.signal,
  };
}
