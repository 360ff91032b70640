import { type Dispatcher, Pool, ProxyAgent } from "undici";
import type { Access, Credentials } from "../credentials/credentials-types.ts";

/** A client's connections. */
export interface Connections {
  /** For all calls together: one HTTP/2 connection for nearly everything, HTTP/1.1 keep-alive where there is no HTTP/2. */
  calls(access: Access): Dispatcher;
  /**
   * For one watch: a connection of its own, apart from the calls, because streams of one connection share its flow
   * control and its fate. undici 8.12 also opens nothing new on a connection that got a GOAWAY before its last stream
   * has ended: two watches on one would wait for each other, minutes long. To be discarded after the watch.
   */
  watch(access: Access): Dispatcher;
  /** Closes a watch's connection at once. */
  discard(dispatcher: Dispatcher): void;
  readonly opened: number;
  readonly open: number;
  /** Fails everything that is under way. */
  close(): Promise<void>;
}

/**
 * A ceiling, not a target: with HTTP/2 one connection carries 100 streams (kube-apiserver's default as well), more are
 * opened only beyond that. Without HTTP/2 it is the number of calls at a time.
 */
const MAX_CONNECTIONS = { calls: 16, watch: 1 };

/** Below the 90 s after which kube-apiserver closes an idle connection, so that we do not write into a closing one. */
const IDLE_CONNECTION_MS = 30_000;

/** For each step to a connection: TCP, a proxy's answer to CONNECT, TLS. undici would give a proxy 300 s. */
const CONNECT_TIMEOUT_MS = 5000;

/**
 * TCP keep-alive finds a link that died silently: after this delay, and 10 probes of 1 s (Node's choice). A watch says
 * nothing itself, so there it may begin sooner. HTTP/2 PINGs are off for watches: an unacknowledged PING stops the
 * kernel's probes and leaves minutes of TCP retransmission in their place; undici does not miss the answer.
 */
const KEEP_ALIVE_DELAY_MS = { calls: 30_000, watch: 10_000 };
const PING_INTERVAL_MS = { calls: 60_000, watch: 0 };

/** Larger than any honest answer; a list of 10 000 pods is some 100 MB. A watch has no end. */
const MAX_ANSWER_BYTES = { calls: 256 * 1024 * 1024, watch: -1 };

type Purpose = "calls" | "watch";

/** Builds a client's connections. None is opened before it is needed. */
export function createConnections(credentials: Credentials): Connections {
  const all = new Set<Dispatcher>();
  let current: { revision: number; pool: Dispatcher } | undefined;
  let opened = 0;
  let open = 0;
  let closed = false;

  function build(purpose: Purpose, access: Access): Dispatcher {
    if (closed) throw new ClientClosedError();
    const pool = createPool(purpose, credentials, access, (connections) => {
      connections.on("connect", () => {
        opened++;
        open++;
      });
      connections.on("disconnect", (_origin, _targets, error) => {
        open--;
        if (isGoAway(error) && current?.pool === pool) retire();
      });
    });
    all.add(pool);
    return pool;
  }

  /** Lets the pool of the calls finish what it has; the next call gets another one. */
  function retire(): void {
    const pool = current?.pool;
    current = undefined;
    if (pool === undefined) return;
    const forget = () => all.delete(pool);
    pool.close().then(forget, forget);
  }

  return {
    calls(access) {
      if (current?.revision !== access.tlsRevision) retire();
      current ??= { revision: access.tlsRevision, pool: build("calls", access) };
      return current.pool;
    },
    watch: (access) => build("watch", access),
    discard(dispatcher) {
      const forget = () => all.delete(dispatcher);
      dispatcher.destroy().then(forget, forget);
    },
    get opened() {
      return opened;
    },
    get open() {
      return open;
    },
    async close() {
      closed = true;
      const error = new ClientClosedError();
      await Promise.all([...all].map((pool) => pool.destroy(error)));
    },
  };
}

/** A call on a closed client. */
class ClientClosedError extends Error {
  readonly code = "CLIENT_CLOSED";

  constructor() {
    super("the client is closed");
  }
}

/** Whether a server said goodbye to a connection; what it took in before may still be under way there. */
function isGoAway(error: Error): boolean {
  return /"GOAWAY" frame received/.test(error.message);
}

/** @param observe is given what says when the API server's connections come and go. */
function createPool(
  purpose: Purpose,
  { server, proxyUrl }: Credentials,
  { tls }: Access,
  observe: (connections: Dispatcher) => void,
): Dispatcher {
  const shared = {
    connections: MAX_CONNECTIONS[purpose],
    pipelining: 1,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    bodyTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES[purpose],
    h2Options: { pingInterval: PING_INTERVAL_MS[purpose] },
  };
  const connect = {
    ...tls,
    preferH2: true,
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS[purpose],
  };
  const factory = (origin: string | URL, options: object) => {
    const pool = new Pool(origin, { ...shared, ...options });
    observe(pool);
    return pool;
  };
  if (proxyUrl === undefined) return factory(new URL(server).origin, { connect });
  return new ProxyAgent({
    uri: proxyUrl,
    requestTls: connect,
    connectTimeout: CONNECT_TIMEOUT_MS,
    clientFactory: (proxy, options) => new Pool(proxy, { ...options, headersTimeout: CONNECT_TIMEOUT_MS }),
    factory, // The agent itself tells nothing of its connections.
  });
}
