import { JobFailedError } from "./errors.ts";
import { followJob } from "./follow/follow-job.ts";
import { createHttp, type Http, type Token } from "./http/http.ts";
import { DEFAULT_TIMING, type Timing } from "./http/timing.ts";
import { toHeader } from "./http/to-header.ts";
import { jobPath, replPath } from "./ids.ts";
import type { JobAccepted, JobKind, JobStatus, ReplStatus } from "./wire.ts";

/** The most that the service gives at once. */
const REPLS_PER_PAGE = 500;

interface ReplPage {
  readonly repls: readonly ReplStatus[];
  readonly next: string | null;
}

/** Where the service is, and as whom to speak to it. */
export interface ClientOptions {
  /** Of the service's public port, such as `https://repls.example.com`; a path is kept. In a browser it may be relative to the page. */
  readonly baseUrl: string | URL;
  /** Where the service asks for authentication. A function is called before each request, so that it may renew the token. */
  readonly token?: Token | undefined;
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
  readonly timing?: Partial<Timing>;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call; its reason is thrown. What the service has accepted goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What a start or stop takes. */
export interface OrderOptions extends CallOptions {
  /** Who owns the repl; left out, it is the token's subject or, without authentication, `anonymous`. */
  readonly userId?: string | undefined;
  /** The same key with the same order gives the same answer, however often it is sent. */
  readonly idempotencyKey?: string | undefined;
}

/** What a start or stop that is waited for takes. */
export interface WaitOptions extends OrderOptions {
  /** Called with the job's status now and with every change. What it throws ends the call. */
  readonly onProgress?: (status: JobStatus) => void;
}

/**
 * A client of one service. Every call throws ApiError, ConnectionError, UnexpectedAnswerError, its signal's reason, what the
 * token function threw, or TypeError for a token or an idempotencyKey that no header can hold.
 */
export interface ReplClient {
  /** Starts a repl. Resolves once the service has accepted it, long before the repl runs. */
  start(replId: string, options?: OrderOptions): Promise<JobAccepted>;
  /** Stops a repl. Stopping one that does not run succeeds. */
  stop(replId: string, options?: OrderOptions): Promise<JobAccepted>;
  job(jobId: string, options?: CallOptions): Promise<JobStatus>;
  /**
   * A job's status now and with every change, the last one being how it ended, in whichever way. Survives lost
   * connections; where event streams do not get through, it polls.
   */
  follow(jobId: string, options?: CallOptions): AsyncIterableIterator<JobStatus>;
  /**
   * Starts a repl and resolves with the completed job once the workspace runs.
   * @throws JobFailedError as well, when the start fails or is cancelled
   */
  startAndWait(replId: string, options?: WaitOptions): Promise<JobStatus>;
  /**
   * Stops a repl and resolves with the completed job once nothing of it runs any more.
   * @throws JobFailedError as well, when the stop fails or is cancelled
   */
  stopAndWait(replId: string, options?: WaitOptions): Promise<JobStatus>;
  /** Every repl that the user has ever started, by its id. */
  repls(options?: Pick<OrderOptions, "userId" | "signal">): Promise<readonly ReplStatus[]>;
  repl(replId: string, options?: CallOptions): Promise<ReplStatus>;
  /** Tells the service that a repl is in use, so that it is not stopped for being idle. */
  keepalive(replId: string, options?: CallOptions): Promise<void>;
}

/**
 * Builds a client. It opens no connection by itself.
 * @throws TypeError where baseUrl is no address of a service
 */
export function createClient(options: ClientOptions): ReplClient {
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const http = createHttp({
    baseUrl: withSlash(addressOf(options.baseUrl)),
    token: options.token,
    // Browsers refuse a `fetch` that is called as somebody's method.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    timing,
  });

  const order = async (kind: JobKind, replId: string, { userId, idempotencyKey, signal }: OrderOptions = {}) =>
    http.json<JobAccepted>({
      path: kind,
      method: "POST",
      headers: idempotencyKey === undefined ? {} : { "idempotency-key": toHeader("idempotencyKey", idempotencyKey) },
      body: { replId, userId },
      signal,
    });

  const follow = (jobId: string, { signal }: CallOptions = {}) =>
    followJob(http, jobId, timing, signal ?? new AbortController().signal);

  const wait = async (kind: JobKind, replId: string, { onProgress, ...rest }: WaitOptions = {}) => {
    const { jobId } = await order(kind, replId, rest);
    return lastOf(follow(jobId, rest), onProgress);
  };

  return {
    start: (replId, rest) => order("start", replId, rest),
    stop: (replId, rest) => order("stop", replId, rest),
    job: async (jobId, { signal } = {}) => http.json({ path: jobPath(jobId), signal }),
    follow,
    startAndWait: (replId, rest) => wait("start", replId, rest),
    stopAndWait: (replId, rest) => wait("stop", replId, rest),
    repls: ({ userId, signal } = {}) => allRepls(http, userId, signal),
    repl: async (replId, { signal } = {}) => http.json({ path: replPath(replId), signal }),
    async keepalive(replId, { signal } = {}) {
      await http.json({ path: `${replPath(replId)}/keepalive`, method: "POST", signal });
    },
  };
}

async function allRepls(
  http: Http,
  userId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ReplStatus[]> {
  const repls: ReplStatus[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const query = new URLSearchParams({
      ...(userId === undefined ? {} : { userId }),
      ...(after === "" ? {} : { after }),
      limit: String(REPLS_PER_PAGE),
    });
    const page: ReplPage = await http.json({ path: `repls?${query}`, signal });
    repls.push(...page.repls);
    after = page.next;
  }
  return repls;
}

const NO_ADDRESS =
  "baseUrl must be an absolute address with http or https and without a password, such as https://repls.example.com.";

/** @throws TypeError where `fetch` could do nothing with it */
function addressOf(baseUrl: string | URL): URL {
  const url = resolve(baseUrl);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) throw new TypeError(NO_ADDRESS);
  return url;
}

function resolve(baseUrl: string | URL): URL {
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  try {
    return new URL(baseUrl, location?.href);
  } catch (cause) {
    throw new TypeError(NO_ADDRESS, { cause });
  }
}

/** Addresses below a path are resolved against its last slash. */
function withSlash(url: URL): URL {
  return url.pathname.endsWith("/") ? url : new URL(`${url.pathname}/`, url);
}

async function lastOf(
  statuses: AsyncIterable<JobStatus>,
  onProgress?: (status: JobStatus) => void,
): Promise<JobStatus> {
  let last: JobStatus | undefined;
  for await (const status of statuses) {
    last = status;
    onProgress?.(status);
  }
  if (last?.state === "completed") return last;
  throw last === undefined ? new Error("The job told nothing.") : new JobFailedError(last);
}
