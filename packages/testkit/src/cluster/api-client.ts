import { readFile } from "node:fs/promises";
import { Agent, request as send } from "undici";

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed when the answer is JSON, the text otherwise (a 429 is text/plain). */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the API server answers.
  readonly body: any;
}

/** What a request may differ in. */
interface ApiRequestOptions {
  /** Bearer token of somebody else; default the administrator's. */
  readonly token?: string;
  /** Default application/json, for PATCH application/merge-patch+json. */
  readonly contentType?: string;
  /** Deadline in ms; default 10,000. */
  readonly timeoutMs?: number;
}

/** Talks to one API server as plainly as curl does. No retries, no types: tests use it to look at the world. */
export interface ApiClient {
  /** Any status is an answer, not an error; `body` is sent as JSON unless it is a string. Rejects when nothing answers. */
  request(method: string, path: string, body?: unknown, options?: ApiRequestOptions): Promise<ApiAnswer>;
  /** GET for what must be there. @throws Error with status and message unless the answer is 2xx. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  get(path: string): Promise<any>;
  /** Ends its connections; requests under way reject. May be called twice. */
  close(): Promise<void>;
}

/** Server, CA file and token of one user, as in a kubeconfig. */
export interface ApiAccess {
  readonly server: string;
  readonly caPath: string;
  readonly token: string;
}

/** Where an API server is and what it wants to see, whatever kind of credentials that is. */
export interface ApiConnection {
  readonly server: string;
  /** PEM; a client certificate only where the server asks for one. */
  readonly tls: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A client for one API server by a user's token, over a connection pool of its own. */
export async function createApiClient({ server, caPath, token }: ApiAccess): Promise<ApiClient> {
  return openApiClient({
    server,
    tls: { ca: await readFile(caPath, "utf8") },
    headers: { authorization: `Bearer ${token}` },
  });
}

/** A client for one API server, over a connection pool of its own. */
export function openApiClient({ server, tls, headers }: ApiConnection): ApiClient {
  const agent = new Agent({ connect: { ...tls }, allowH2: false });
  const request: ApiClient["request"] = async (method, path, body, options = {}) => {
    const answer = await send(new URL(path, server), {
      dispatcher: agent,
      method: method as "GET",
      headers: {
        ...headers,
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": options.contentType ?? defaultType(method) }),
      },
      body: typeof body === "string" ? body : body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(options.timeoutMs ?? 10_000),
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers["content-type"]).startsWith("application/json");
    return { status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  };
  const get = async (path: string): Promise<unknown> => {
    const { status, body } = await request("GET", path);
    if (status >= 200 && status < 300) return body;
    throw new Error(`GET ${path} answered ${status}: ${body?.message ?? body}`);
  };
  return { request, get, close: () => agent.destroy() };
}

function defaultType(method: string): string {
  return method === "PATCH" ? "application/merge-patch+json" : "application/json";
}
