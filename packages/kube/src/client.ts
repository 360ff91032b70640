import { type Call, type Calls, createCalls } from "./calls/calls.ts";
import { listAll } from "./calls/list.ts";
import { createRequests } from "./calls/requests.ts";
import type { CallRecord, ClientStats, KubeClient, ListOptions, RequestObserver, Transform } from "./client-types.ts";
import type { Credentials } from "./credentials/credentials-types.ts";
import { errorFromFailure } from "./errors/answer-error.ts";
import type { KindRef } from "./kinds.ts";
import { isTerminating, type KubeObject } from "./kube-object.ts";
import { parseUnmanaged } from "./parse-unmanaged.ts";
import { type Connections, createConnections } from "./transport/connections.ts";
import { createTarget } from "./transport/target.ts";
import { watchEvents } from "./watch/watch.ts";

/** How to build a client. */
export interface KubeClientOptions {
  credentials: Credentials;
  /** Owner of the fields we write; kept in each resource's managedFields. */
  fieldManager: string;
  /** `fieldManager` where left out. */
  userAgent?: string | undefined;
  /** For one call, from being sent to the last byte; 15 s where left out. */
  timeoutMs?: number | undefined;
  /** Writes at the same time; 32 where left out. */
  maxWrites?: number | undefined;
  /** Reads at the same time; 32 where left out. */
  maxReads?: number | undefined;
  /** Told of each finished call and each watch that was opened or was not. It must not throw. */
  onCall?: ((record: CallRecord) => void) | undefined;
  /** Told of each HTTP request, those of watches left out. */
  onRequest?: RequestObserver | undefined;
  /** How the server is reached; real connections where left out. */
  connections?: Connections | undefined;
}

const DEFAULTS = { timeoutMs: 15_000, maxWrites: 32, maxReads: 32 };

/** Builds a client. Connections are opened by the first call, not here. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const { credentials, fieldManager, onCall, userAgent = fieldManager } = options;
  const { timeoutMs = DEFAULTS.timeoutMs, maxWrites = DEFAULTS.maxWrites, maxReads = DEFAULTS.maxReads } = options;
  const { connections = createConnections(credentials) } = options;
  const shared = { credentials, connections, target: createTarget(credentials.server), userAgent, onCall };
  const calls = createCalls({ ...shared, timeoutMs, maxWrites, maxReads, onRequest: options.onRequest });
  const requests = createRequests(fieldManager);
  const watches = { open: 0 };

  async function list<Item = KubeObject>(kind: KindRef, listing: ListOptions & Partial<Transform<Item>> = {}) {
    // Where nothing is to be made of them, the items are the resources themselves.
    const transform = listing.transform ?? ((object: KubeObject) => object as Item);
    return listAll(kind, { ...listing, transform }, (query) =>
      json(calls, requests.list(kind, listing, query), parseUnmanaged),
    );
  }

  return {
    async create(manifest, write) {
      const { metadata } = await json<KubeObject>(calls, requests.create(manifest, write), parseUnmanaged);
      return { ...manifest, metadata };
    },
    get: async (ref, reading) => json(calls, requests.get(ref, reading)),
    replace: async (manifest, write) => json(calls, requests.replace(manifest, write)),
    patch: async (ref, body, patching) => json(calls, requests.patch(ref, body, patching)),
    async remove(ref, removal = {}) {
      const left = await json<KubeObject>(calls, requests.remove(ref, removal));
      // Some kinds answer the resource as it last was (Service), others a Status: both are gone already.
      return left.metadata && isTerminating(left) ? left : undefined;
    },
    list,
    watch: (kind, watching = {}) => watchEvents(requests.watch(kind, watching), { ...shared, watches }),
    readText: async (path, reading) => (await calls.send(requests.read(path, reading, reading?.query))).body,
    serverVersion: async (reading) => json(calls, requests.read("/version", reading)),
    stats: () => statsOf(connections, calls, watches.open),
    close: () => connections.close(),
  };
}

async function json<T extends object>(
  calls: Calls,
  call: Call,
  parse: (text: string) => unknown = JSON.parse,
): Promise<T> {
  const answer = await calls.send(call);
  try {
    const value = parse(answer.body);
    if (typeof value === "object" && value !== null) return value as T;
  } catch {
    // Falls through: JSON.parse would quote the body, which may hold a Secret.
  }
  throw errorFromFailure(call, new Error("the answer is no JSON object"), {
    sent: "yes",
    status: answer.status,
    errorCode: "BROKEN_ANSWER",
  });
}

function statsOf(connections: Connections, calls: Calls, watchesOpen: number): ClientStats {
  return {
    connectionsOpened: connections.opened,
    connectionsOpen: connections.open,
    writesInFlight: calls.writes.active,
    writesWaiting: calls.writes.waiting,
    readsInFlight: calls.reads.active,
    readsWaiting: calls.reads.waiting,
    watchesOpen,
  };
}
