import { setTimeout as sleep } from "node:timers/promises";
import { Failure, PHASES } from "@repl/contract";
import { KINDS, type KubeClient, shortened, withRetry } from "@repl/kube";
import { Agent, type Dispatcher } from "undici";
import { retryOptions } from "../apply/retry-options.ts";
import type { Attempt } from "../attempt.ts";
import { explain } from "../explain.ts";
import { at, listAt } from "../json.ts";
import type { Manifest } from "../render/stamp.ts";
import { urlsOf } from "../render/urls.ts";

/**
 * What must answer before a start is completed. A Deployment that is available is not yet an address that works: ingress
 * controllers were seen to answer 503 for some seconds more.
 */
type ReadyCheck = "deployment" | "service" | "url";

/** How far a start is followed beyond its pods. */
export interface AnsweringOptions {
  readonly check: ReadyCheck;
  /** Where requests for the repls' hosts are sent, as `http://address:port`; undefined: where the hosts' names lead. */
  readonly ingressAddress: string | undefined;
  readonly deadlineMs: number;
}

const LOOK_EVERY_MS = 200;
const LONGEST_REQUEST_MS = 2_000;

/** What ingress controllers answer while they do not know a backend yet. */
const NOT_YET = new Set([502, 503, 504]);
/** Bodies of the controllers' own 404 (ingress-nginx' default backend, nginx, Traefik); any other 404 is the workspace's. */
const CONTROLLER_404 = /^default backend - 404|<center>nginx(\/[\d.]+)?<\/center>|^404 page not found\s*$/;
const CONTROLLER_404_CHARACTERS = 1_000;

/**
 * Waits until what the check names answers; returns at once for `deployment`.
 * @throws {Failure} `address_silent` at the deadline, with what was seen last; what {@link explain} makes of an API server
 * that refuses to say, or does not answer until then
 */
export async function waitUntilAnswering(
  manifests: readonly Manifest[],
  client: KubeClient,
  attempt: Attempt,
  options: AnsweringOptions,
): Promise<void> {
  const endsAt = performance.now() + options.deadlineMs;
  if (options.check === "service") await untilServicesAnswer(manifests, client, attempt, endsAt);
  if (options.check === "url") await untilUrlsAnswer(urlsOf(manifests), options.ingressAddress, attempt, endsAt);
}

async function untilServicesAnswer(
  manifests: readonly Manifest[],
  client: KubeClient,
  attempt: Attempt,
  endsAt: number,
) {
  for (const service of manifests.filter(({ kind }) => kind === "Service")) {
    const look = () => hasEndpoints(client, service, attempt, endsAt);
    await until(look, `the Service ${service.metadata.name}`, endsAt, attempt);
  }
}

async function untilUrlsAnswer(
  urls: readonly string[],
  ingressAddress: string | undefined,
  attempt: Attempt,
  endsAt: number,
) {
  // Sent to an address instead of a name, a certificate proves nothing; and whether it is valid is not asked here.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: ingressAddress === undefined } });
  try {
    for (const url of urls) {
      await until(() => answers(url, ingressAddress, dispatcher, attempt.signal), url, endsAt, attempt);
    }
  } finally {
    await dispatcher.destroy();
  }
}

/** Looks until there is nothing left to say: `look` returns what is wrong, or undefined when it answers. */
async function until(
  look: () => Promise<string | undefined>,
  what: string,
  endsAt: number,
  attempt: Attempt,
): Promise<void> {
  let wrong = await look();
  if (wrong === undefined) return;
  await attempt.report({ phase: "answering", progress: PHASES.answering, message: `Waiting for ${what} to answer.` });
  while (wrong !== undefined) {
    if (performance.now() > endsAt) {
      throw new Failure("address_silent", { detail: `${what}: ${wrong}.`, details: { address: what, seen: wrong } });
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: attempt.signal });
    wrong = await look();
  }
}

async function hasEndpoints(
  client: KubeClient,
  { metadata }: Manifest,
  attempt: Attempt,
  endsAt: number,
): Promise<string | undefined> {
  const labelSelector = `kubernetes.io/service-name=${metadata.name}`;
  const selection = { namespace: metadata.namespace, labelSelector, signal: attempt.signal };
  const retry = retryOptions(attempt, endsAt - performance.now());
  try {
    const list = (triesSoFar: number) => client.list(KINDS.EndpointSlice, { ...selection, triesSoFar });
    const endpoints = (await withRetry(list, retry)).items.flatMap((slice) => listAt(slice, "endpoints"));
    const isReady = endpoints.some((endpoint) => at(endpoint, "conditions", "ready") !== false);
    return isReady ? undefined : "no endpoint is ready";
  } catch (error) {
    throw explain(error);
  }
}

async function answers(
  url: string,
  ingressAddress: string | undefined,
  dispatcher: Agent,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { host, origin, pathname, protocol } = new URL(url);
  const target = ingressAddress ?? origin;
  try {
    const { statusCode, body } = await dispatcher.request({
      origin: target,
      path: pathname,
      method: "GET",
      headers: { host, "x-forwarded-proto": protocol.slice(0, -1), "user-agent": "repl-orchestrator" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_REQUEST_MS)]),
    });
    const text = await beginningOf(body, statusCode === 404 ? CONTROLLER_404_CHARACTERS : 0);
    const isNotYet = NOT_YET.has(statusCode) || (statusCode === 404 && CONTROLLER_404.test(text.trimStart()));
    return isNotYet ? `it answers ${statusCode}` : undefined;
  } catch (error) {
    signal.throwIfAborted();
    return shortened(error instanceof Error ? error.message : String(error));
  }
}

/** No more of a body is read than is looked at: a user's program sends it, and may send without end. */
async function beginningOf(body: Dispatcher.ResponseData["body"], characters: number): Promise<string> {
  body.on("error", () => {}); // undici tells of the rest that it lets go.
  body.setEncoding("utf8");
  let text = "";
  if (characters > 0) {
    for await (const part of body) {
      text += part;
      if (text.length >= characters) break;
    }
  }
  body.destroy();
  return text.slice(0, characters);
}
