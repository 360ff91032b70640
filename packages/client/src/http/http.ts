import { ApiError } from "../errors.ts";
import { pause } from "./pause.ts";
import type { Timing } from "./timing.ts";
import { toApiError, toConnectionError } from "./to-error.ts";

/** Further tries of a request that the service put off with Retry-After. */
const MAX_RETRIES = 3;
const PUT_OFF = new Set([429, 503]);

/** A bearer token, or what gives the current one before each request. */
export type Token = string | (() => string | Promise<string>);

/** What the requests have in common. */
export interface HttpOptions {
  /** Ends with a slash. */
  readonly baseUrl: URL;
  readonly token: Token | undefined;
  readonly fetch: typeof fetch;
  readonly timing: Timing;
}

/** One request, below the base address. */
export interface Request {
  /** Without a leading slash. */
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The caller's; its reason is thrown when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** For the whole answer. */
  readonly timeoutMs?: number;
}

/** A success, read to its end; no body where there was no content or nothing new. */
export interface Answer<Body> {
  readonly headers: Headers;
  readonly body: Body | undefined;
}

/** Sends requests to one service. Each throws ApiError, ConnectionError, or the signal's reason. */
export interface Http {
  /** Sends a request once. Resolves with the headers of a success or a 304; the body may still come. */
  send(request: Request): Promise<Response>;
  /** Sends a request once and reads its JSON. */
  read<Body>(request: Request): Promise<Answer<Body>>;
  /** Sends a request, within the usual time, and reads its JSON; tries again, a few times, when the service asks for that. */
  json<Body>(request: Request): Promise<Body>;
}

/** Builds the requests' common part. */
export function createHttp(options: HttpOptions): Http {
  const { baseUrl, token, timing } = options;
  const open = async (request: Request) => {
    const bearer = await bearerOf(token);
    const response = await options.fetch(new URL(request.path, baseUrl), toInit(request, bearer));
    if (response.ok || response.status === 304) return response;
    throw await toApiError(response);
  };

  const send = (request: Request) => named(request, () => open(request));

  const read = <Body>(request: Request) =>
    named(request, async (): Promise<Answer<Body>> => {
      const response = await open(request);
      const empty = response.status === 304 || response.status === 204;
      return { headers: response.headers, body: empty ? undefined : ((await response.json()) as Body) };
    });

  const json = async <Body>(request: Request): Promise<Body> => {
    for (let retries = 0; ; retries += 1) {
      try {
        return (await read<Body>({ timeoutMs: timing.requestTimeoutMs, ...request })).body as Body;
      } catch (error) {
        const waitMs = retries < MAX_RETRIES ? putOffMs(error) : null;
        if (waitMs === null || waitMs > timing.longestPauseMs) throw error;
        await pause(waitMs, request.signal);
      }
    }
  };

  /** The caller's own abort is thrown as it is, everything else becomes an error of ours. */
  const named = async <T>({ signal }: Request, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw error instanceof ApiError ? error : toConnectionError(error, baseUrl);
    }
  };
  return { send, read, json };
}

async function bearerOf(token: Token | undefined): Promise<string | undefined> {
  return typeof token === "function" ? token() : token;
}

function toInit(
  { method = "GET", headers, body, signal, timeoutMs }: Request,
  bearer: string | undefined,
): RequestInit {
  const signals = [signal ?? [], timeoutMs === undefined ? [] : AbortSignal.timeout(timeoutMs)].flat();
  return {
    method,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.any(signals),
  };
}

/**
 * How long the service asks to wait before the same request; null where trying again is not what it asks for. A user's
 * own limit is for the user to know, not to wait for.
 */
function putOffMs(error: unknown): number | null {
  const passes = error instanceof ApiError && PUT_OFF.has(error.status) && error.code !== "user_limit";
  return passes ? error.retryAfterMs : null;
}
