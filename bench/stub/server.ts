import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import type { Issued } from "@repl/testkit";
import { runDeployment } from "./controllers.ts";
import { createObjects, type Objects, type Stored } from "./objects.ts";

/** What a stub was asked so far. */
export interface StubCounts {
  /** By HTTP method; the GET of a collection counts as `LIST`, a watch as `WATCH`. */
  readonly calls: Readonly<Record<string, number>>;
  /** TLS connections that were opened, by others than who asks this. */
  readonly connections: number;
}

/** How a stub is to be. */
export interface StubOptions {
  readonly certificate: Issued;
  /** Before each answer but those of watches. */
  readonly latencyMs: number;
  /** Whether a Deployment gets its pod and is available at once; else whoever measures patches its status. */
  readonly controllers: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const DEPLOYMENTS = /^\/apis\/apps\/v1\/namespaces\/[^/]+\/deployments$/;
/** A collection, and the name of one of its objects where there is one. */
const PATH = /^(\/apis?\/.*\/namespaces\/[^/]+\/[^/]+)(?:\/([^/]+))?(?:\/status)?$/;
const VERSION = { major: "1", minor: "35", gitVersion: "v1.35.0-stub" };

/**
 * A stub of an API server that does no more than it must to be taken for one: it stores what is sent, answers at once,
 * and tells watches. Pages of a list are no snapshot. It checks nothing, and its only patch is that of a status. HTTP/2 and HTTP/1.1 over TLS.
 * `GET /counts` answers {@link StubCounts}; `GET /arrived/NAME` when the POST of the Deployment of that name came, in ms
 * since 1970.
 */
export function createStub({ certificate, latencyMs, controllers }: StubOptions): Http2SecureServer {
  const objects = createObjects();
  const calls: Record<string, number> = {};
  const arrived = new Map<string, number>();
  const asking = new WeakSet<object>();
  let connections = 0;

  const create = (path: string, object: Stored, arrivedAtMs: number): Answer => {
    const created = objects.create(path, object);
    if (created === undefined) return refusal(409, "AlreadyExists");
    if (DEPLOYMENTS.test(path)) {
      arrived.set(created.metadata.name, arrivedAtMs);
      if (controllers) setImmediate(runDeployment, objects, path, created);
    }
    return { status: 201, body: created };
  };

  const answerTo = async (request: Http2ServerRequest, url: URL): Promise<Answer> => {
    const arrivedAtMs = performance.timeOrigin + performance.now();
    const body = await textOf(request);
    if (latencyMs > 0) await delay(latencyMs);
    const [, path = "", item] = PATH.exec(url.pathname) ?? [];
    if (request.method === "POST") return asAsked(request, create(path, JSON.parse(body) as Stored, arrivedAtMs));
    if (item === undefined) return { status: 200, body: listOf(objects, url) };
    if (request.method === "PATCH") objects.update(path, item, JSON.parse(body));
    const found = request.method === "DELETE" ? objects.remove(path, item) : objects.find(path, item);
    return found === undefined ? refusal(404, "NotFound") : { status: 200, body: found };
  };

  const handle = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    const url = new URL(request.url, "https://stub");
    const [, question, name = ""] = url.pathname.split("/");
    if (question === "counts") {
      // A connection that asks this is not one of those that are counted.
      if (!asking.has(request.socket)) connections -= 1;
      asking.add(request.socket);
      return send(response, { status: 200, body: { calls, connections } });
    }
    if (question === "arrived") return send(response, { status: 200, body: { atMs: arrived.get(name) } });
    const verb = verbOf(request.method, url);
    calls[verb] = (calls[verb] ?? 0) + 1;
    if (verb === "WATCH") watch(objects, url, response);
    else send(response, await answerTo(request, url));
  };

  const server = createSecureServer({ ...certificate, allowHTTP1: true });
  server.on("secureConnection", () => {
    connections += 1;
  });
  server.on("request", (request, response) => void handle(request, response).catch(() => response.destroy()));
  return server;
}

function verbOf(method: string, { pathname, searchParams }: URL): string {
  if (searchParams.has("watch")) return "WATCH";
  const [, collection, item] = PATH.exec(pathname) ?? [];
  return method === "GET" && collection !== undefined && item === undefined ? "LIST" : method;
}

function listOf(objects: Objects, url: URL): object {
  if (!PATH.test(url.pathname)) return VERSION;
  const items = objects.list(url.pathname).filter(selector(url));
  const from = Number(url.searchParams.get("continue") ?? 0);
  const to = from + Number(url.searchParams.get("limit") ?? items.length);
  const more = to < items.length ? { continue: String(to) } : {};
  return { kind: "List", metadata: { resourceVersion: objects.version, ...more }, items: items.slice(from, to) };
}

function watch(objects: Objects, url: URL, response: Http2ServerResponse): void {
  const isWanted = selector(url);
  response.writeHead(200, { "content-type": "application/json" });
  const end = objects.subscribe(url.pathname, ({ type, object }) => {
    if (isWanted(object)) response.write(`${JSON.stringify({ type, object })}\n`);
  });
  response.on("close", end);
}

/** Of a labelSelector only `key=value` and `key` are understood, which is what this service sends. */
function selector(url: URL): (object: Stored) => boolean {
  const terms = (url.searchParams.get("labelSelector") ?? "").split(",").filter((term) => term !== "");
  const pairs = terms.map((term) => term.split("="));
  return ({ metadata: { labels = {} } }) =>
    pairs.every(([key = "", value]) => (value === undefined ? key in labels : labels[key] === value));
}

/** The metadata alone, where `Accept` asks for that; a Status stays what it is. */
function asAsked({ headers: { accept = "" } }: Http2ServerRequest, { status, body }: Answer): Answer {
  if (!accept.includes("as=PartialObjectMetadata") || !("metadata" in body)) return { status, body };
  return { status, body: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: body.metadata } };
}

function refusal(code: number, reason: string): Answer {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: reason };
  return { status: code, body };
}

function send(response: Http2ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function textOf(request: Http2ServerRequest): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
