import { ApiError } from "../errors.ts";
import { pause } from "./pause.ts";
import { reaching } from "./reaching.ts";
import { readJson } from "./read-json.ts";
import type { Timing } from "./timing.ts";
import { toApiError } from "./to-error.ts";
import { toHeader } from "./to-header.ts";

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

/**
 * Sends requests to one service. Each throws ApiError, ConnectionError, the signal's reason, what the token function
 * threw, or TypeError for a token that no header can hold; those that read JSON, UnexpectedAnswerError as well.
 */
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
  const addressOf = ({ path }: Request) => new URL(path, baseUrl);

  const open = async (request: Request) => {
    const init = toInit(request, await authorizationOf(token));
    const response = await reaching(baseUrl, () => options.fetch(addressOf(request), init));
    if (response.ok || response.status === 304) return response;
    throw await toApiError(response);
  };

  const send = (request: Request) => orReason(request, () => open(request));

  const read = <Body>(request: Request) =>
    orReason(request, async (): Promise<Answer<Body>> => {
      const response = await open(request);
      const empty = response.status === 304 || response.status === 204;
      return {
        headers: response.headers,
        body: empty ? undefined : ((await readJson(response, addressOf(request))) as Body),
      };
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
  return { send, read, json };
}

/** The caller's own abort is thrown as it is, whatever comes of it. */
async function orReason<T>({ signal }: Request, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}

async function authorizationOf(token: Token | undefined): Promise<string | undefined> {
  const bearer = typeof token === "function" ? await token() : token;
  return bearer ? toHeader("token", `Bearer ${bearer}`) : undefined;
}

function toInit(
  { method = "GET", headers, body, signal, timeoutMs }: Request,
  authorization: string | undefined,
): RequestInit {
  const signals = [signal ?? [], timeoutMs === undefined ? [] : AbortSignal.timeout(timeoutMs)].flat();
  return {
    method,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(authorization === undefined ? {} : { authorization }),
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
  return error instanceof ApiError && isPutOff(error) ? error.retryAfterMs : null;
}

function isPutOff({ status, code }: ApiError): boolean {
  return code === "idempotency_in_flight" || (PUT_OFF.has(status) && code !== "user_limit");
}
