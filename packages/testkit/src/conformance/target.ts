/** The API server under test. */
export interface ConformanceTarget {
  /** `https://127.0.0.1:6443` or `http://…`, without a path. */
  readonly url: string;
  /** Bearer token that may do everything. */
  readonly token: string;
  /** PEM of the authority to trust; the system's when left out. */
  readonly ca?: string;
  /** How long a Deployment's pods may take to get ready, milliseconds; 60 s when left out. */
  readonly readyTimeoutMs?: number;
}

/** Any JSON value, read without further checks: a wrong shape fails the test that looks. */
// biome-ignore lint/suspicious/noExplicitAny: the answers of an API server are what these tests check
export type Json = any;

/** One complete answer. `json` is undefined when the body is no JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Json;
}

/** What a request may carry besides method and path. A string body is sent as it is. */
export interface CallOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  /** Another token; `null` sends none. */
  readonly token?: string | null;
  readonly accept?: string;
}
