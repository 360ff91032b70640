import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { type LinkFault, type LinkState, pump } from "./link.ts";

/** "up" is from the client to the target, "down" is back. */
type Direction = "up" | "down";

/** What the proxy does with a chunk that `inspect` looked at: "drop" loses the bytes, the others end the connection. */
type Verdict = "pass" | "drop" | "cut" | "reset";

/** Looks at one chunk of one connection. */
type Inspection = (direction: Direction, data: Buffer, connection: number) => Verdict;

/** Where the proxy leads to. */
export interface TcpProxyOptions {
  /** Port on `targetHost`. */
  readonly targetPort: number;
  /** Default 127.0.0.1. */
  readonly targetHost?: string;
}

/** A TCP proxy on 127.0.0.1 that can go wrong in the ways networks do. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Connections that were accepted so far. */
  readonly accepted: number;
  /** Sets what is wrong with a direction, for open and new connections; replaces what was set before. */
  set(direction: Direction | "both", fault: LinkFault): void;
  /**
   * Judges each chunk as it arrives, before any fault: `(direction, data) => direction === "down" ? "reset" : "pass"`
   * lets the target execute a command and loses its answer. TCP keeps no message borders: a chunk may hold half a message.
   * Connections are numbered from 1 in the order in which they came.
   */
  inspect(look: Inspection | undefined): void;
  /** Ends all open connections on both sides in order (FIN); new ones are accepted. */
  cut(): void;
  /** Resets all open connections on both sides (RST); new ones are accepted. */
  reset(): void;
  /** New connections are refused (ECONNREFUSED); open ones stay. */
  refuse(): Promise<void>;
  /** Sound again in both directions: no fault, no inspection, and it listens on the same port. */
  heal(): Promise<void>;
  /** Ends everything. May be called twice. */
  stop(): Promise<void>;
}

interface Connection {
  readonly number: number;
  readonly sockets: readonly [client: Socket, target: Socket];
  readonly abort: AbortController;
}

/**
 * Starts a proxy in front of a TCP port.
 * @throws Error when it cannot listen. A target that is not there resets the client's connection.
 */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const state: Record<Direction, LinkState> = { up: sound(), down: sound() };
  const open = new Set<Connection>();
  let look: Inspection | undefined;
  let accepted = 0;
  const judge = (connection: Connection, direction: Direction) => (data: Buffer) => {
    const verdict = look?.(direction, data, connection.number) ?? "pass";
    if (verdict === "cut" || verdict === "reset") close(connection, verdict);
    return verdict === "pass";
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    const connection = connect(accepted, client, options);
    open.add(connection);
    connection.abort.signal.addEventListener("abort", () => open.delete(connection));
    join(connection, state, judge);
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const closeAll = (how: "cut" | "reset"): void => {
    for (const connection of [...open]) close(connection, how);
  };
  const set: TcpProxy["set"] = (direction, fault) => {
    for (const name of direction === "both" ? (["up", "down"] as const) : [direction]) change(state[name], fault);
  };
  const refuse = async (): Promise<void> => {
    if (server.listening) server.close(); // Its callback waits for the open connections, which stay.
  };
  const stop = async (): Promise<void> => {
    await refuse();
    closeAll("reset");
  };
  return {
    port,
    get connections() {
      return open.size;
    },
    get accepted() {
      return accepted;
    },
    set,
    inspect: (next) => {
      look = next;
    },
    cut: () => closeAll("cut"),
    reset: () => closeAll("reset"),
    refuse,
    async heal() {
      look = undefined;
      set("both", {});
      if (!server.listening) await listen(server, port);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function sound(): LinkState {
  return { fault: {}, changed: Promise.withResolvers() };
}

function change(state: LinkState, fault: LinkFault): void {
  const { changed } = state;
  state.fault = fault;
  state.changed = Promise.withResolvers();
  changed.resolve();
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen({ host: "127.0.0.1", port });
  await once(server, "listening");
}

function connect(
  number: number,
  client: Socket,
  { targetHost = "127.0.0.1", targetPort }: TcpProxyOptions,
): Connection {
  const target = createConnection({ host: targetHost, port: targetPort, allowHalfOpen: true, noDelay: true });
  return { number, sockets: [client, target], abort: new AbortController() };
}

function join(
  connection: Connection,
  state: Record<Direction, LinkState>,
  judge: (connection: Connection, direction: Direction) => (data: Buffer) => boolean,
): void {
  const [client, target] = connection.sockets;
  const { signal } = connection.abort;
  const gone = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const ways = { up: { source: client, sink: target }, down: { source: target, sink: client } } as const;
  for (const direction of ["up", "down"] as const) {
    const { source, sink } = ways[direction];
    source.on("error", async () => {
      while (state[direction].fault.hold && !signal.aborted)
        await Promise.race([state[direction].changed.promise, gone]);
      close(connection, "reset");
    });
    source.on("close", () => endWhenBothClosed(connection));
    void pump({ source, sink, state: state[direction], admit: judge(connection, direction), signal, gone });
  }
}

function endWhenBothClosed(connection: Connection): void {
  if (connection.sockets.every((socket) => socket.destroyed)) connection.abort.abort();
}

function close(connection: Connection, how: "cut" | "reset"): void {
  connection.abort.abort();
  for (const socket of connection.sockets) {
    if (how === "reset") socket.resetAndDestroy();
    else socket.end(() => socket.destroy());
  }
}
