import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { AbstractConnector, type RedisOptions } from "ioredis";
import { type Endpoint, endpointText } from "./address.ts";
import { askServer } from "./ask-server.ts";
import { serverName } from "./server-name.ts";

/** What the connector reads of a connection's options: ioredis gives it all of them. */
export interface ClusterPlace {
  /** Some nodes of the cluster to begin with; the others are learnt from them. */
  readonly clusterSeeds: readonly Endpoint[];
  /** A key of the slot whose node is looked for. */
  readonly clusterKey: string;
}

/** Between two rounds in which no node knew the slot's owner. */
const ASK_AGAIN_MS = 250;
/** Longest that a closing connection may take where the options do not say. */
const DISCONNECT_TIMEOUT_MS = 1_000;
const CLOSED = "Connection is closed."; // ioredis' own message, which it does not report after disconnect().

/** A row of CLUSTER SLOTS: first and last slot, then the nodes, the primary first: host, port, id. */
type SlotRow = readonly [number, number, ...(readonly [string | null, number, ...unknown[]])[]];

/**
 * Connects to the node of a Redis Cluster that holds one slot. All keys of an installation lie in one, so that one plain
 * connection is enough: a failover or a moved slot shows as a lost connection or a MOVED, and connecting again finds the
 * new owner, as it does with Sentinel. The slot is never followed while it is on its way (ASK): a script that ran at its
 * new owner before all keys are there would take a known repl for a new one.
 */
export class ClusterConnector extends AbstractConnector {
  readonly #options: RedisOptions & ClusterPlace;
  #known: readonly Endpoint[] = [];

  constructor(options: unknown) {
    super((options as RedisOptions).disconnectTimeout ?? DISCONNECT_TIMEOUT_MS);
    this.#options = options as RedisOptions & ClusterPlace;
  }

  /** What was the primary when it was asked for may be a replica by now. */
  override check(info: { role?: string }): boolean {
    return info.role === undefined || info.role === "master";
  }

  /** Asks until some node knows; ioredis would give up for good otherwise. Rejects only once the connection is closed. */
  override async connect(report: (type: string, error: Error) => void): Promise<Socket> {
    this.connecting = true;
    for (;;) {
      try {
        const owner = await this.#findOwner();
        if (!this.connecting) throw new Error(CLOSED);
        return this.#open(owner);
      } catch (error) {
        if (!this.connecting) throw new Error(CLOSED);
        report("error", error as Error);
        await sleep(ASK_AGAIN_MS);
      }
    }
  }

  #open({ host, port }: Endpoint): Socket {
    const { tls } = this.#options;
    const stream = tls ? connectTls({ ...tls, ...serverName(host), host, port }) : createConnection({ host, port });
    stream.once("error", (error) => {
      this.firstError = error;
    });
    this.stream = stream;
    return stream;
  }

  async #findOwner(): Promise<Endpoint> {
    const { clusterSeeds } = this.#options;
    const texts = new Map([...this.#known, ...clusterSeeds].map((endpoint) => [endpointText(endpoint), endpoint]));
    const reasons: string[] = [];
    for (const [text, endpoint] of texts) {
      try {
        return await this.#ask(endpoint);
      } catch (error) {
        reasons.push(`${text}: ${(error as Error).message}`);
      }
      if (!this.connecting) break;
    }
    throw new Error(`no node of the cluster names the owner of the keys' slot (${reasons.join("; ")})`);
  }

  async #ask(endpoint: Endpoint): Promise<Endpoint> {
    const { tls, username, password, clusterKey } = this.#options;
    const options = {
      ...endpoint,
      ...(tls ? { tls: { ...tls, ...serverName(endpoint.host) } } : {}),
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      disableClientInfo: true,
    };
    return askServer(options, async (node) => {
      const slot = await node.cluster("KEYSLOT", clusterKey);
      const rows = (await node.cluster("SLOTS")) as unknown as SlotRow[];
      this.#known = rows.flatMap(([, , ...nodes]) => nodes.map(toEndpoint(endpoint)));
      const row = rows.find(([first, last]) => first <= slot && slot <= last);
      if (row?.[2] === undefined) throw new Error(`slot ${slot} belongs to no node`);
      return toEndpoint(endpoint)(row[2]);
    });
  }
}

/** A node that does not know its own address leaves the host out: then it is where it was asked. */
function toEndpoint(asked: Endpoint) {
  return ([host, port]: readonly [string | null, number, ...unknown[]]): Endpoint => ({
    host: host || asked.host,
    port,
  });
}
