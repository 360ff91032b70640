import { freePort } from "../net/free-port.ts";
import { waitFor } from "../wait-for.ts";
import { type RedisOptions, startRedis, type TestRedis } from "./start-redis.ts";

/** What a cluster for tests shall be. */
export interface RedisClusterOptions extends Pick<RedisOptions, "binary" | "args"> {
  /** A key whose node gets a replica, which takes over when the node ends. Default: nobody has one. */
  readonly replicaFor?: string;
}

/** A Redis Cluster of three primaries on loopback. */
export interface TestRedisCluster extends AsyncDisposable {
  /** `redis+cluster://127.0.0.1:…,127.0.0.1:…,127.0.0.1:…`: the three primaries it began with. */
  readonly url: string;
  /** All of them; a replica is the last one. */
  readonly nodes: readonly TestRedis[];
  /** The node that holds a key at the moment. @throws Error while there is none */
  ownerOf(key: string): Promise<TestRedis>;
  /** Moves the slot of a key to another primary, keys and all, and returns that. */
  moveSlotOf(key: string): Promise<TestRedis>;
  /** Stops all of it. May be called twice. */
  stop(): Promise<void>;
}

const PRIMARIES = 3;
const SLOTS = 16_384;
/** After this long without an answer a node counts as failed, and its replica takes over. */
const NODE_TIMEOUT_MS = 2_000;

/**
 * Starts a cluster and waits until all of its nodes say that it works.
 * @throws Error as {@link startRedis} does.
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<TestRedisCluster> {
  await using stack = new AsyncDisposableStack();
  const count = PRIMARIES + (options.replicaFor === undefined ? 0 : 1);
  const nodes: Node[] = [];
  for (let number = 0; number < count; number += 1) {
    const node = await startNode(options);
    stack.use(node.redis);
    nodes.push(node);
  }
  const all = nodes.map(({ redis }) => redis);
  await join(nodes);
  const ownerOf = async (key: string) => findOwner(all, key);
  if (options.replicaFor !== undefined) await addReplica(all, await ownerOf(options.replicaFor));
  const servers = stack.move();
  const stop = () => servers.disposeAsync();
  return {
    url: `redis+cluster://${all
      .slice(0, PRIMARIES)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(",")}`,
    nodes: all,
    ownerOf,
    moveSlotOf: (key) => moveSlot(all.slice(0, PRIMARIES), key),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Node {
  readonly redis: TestRedis;
  /** Where the nodes talk to each other. */
  readonly busPort: number;
}

async function startNode({ binary, args = [] }: RedisClusterOptions): Promise<Node> {
  const busPort = await freePort();
  const cluster = ["--cluster-enabled", "yes", "--cluster-port", String(busPort)];
  const timeout = ["--cluster-node-timeout", String(NODE_TIMEOUT_MS), "--repl-diskless-sync-delay", "0"];
  const redis = await startRedis({ ...(binary ? { binary } : {}), args: [...cluster, ...timeout, ...args] });
  return { redis, busPort };
}

async function join(nodes: readonly Node[]): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error("a cluster needs nodes");
  for (const [index, { redis }] of nodes.entries()) {
    await redis.command("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
    if (index >= PRIMARIES) continue;
    const from = Math.ceil((SLOTS * index) / PRIMARIES);
    const to = Math.ceil((SLOTS * (index + 1)) / PRIMARIES) - 1;
    await redis.command("CLUSTER", "ADDSLOTSRANGE", from, to);
  }
  for (const { redis, busPort } of others)
    await first.redis.command("CLUSTER", "MEET", "127.0.0.1", redis.port, busPort);
  for (const { redis } of nodes) await waitFor(() => isWhole(redis, nodes.length), { what: "the cluster to work" });
}

async function isWhole(redis: TestRedis, size: number): Promise<boolean> {
  const info = String(await redis.command("CLUSTER", "INFO"));
  return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${size}\r`);
}

async function addReplica(all: readonly TestRedis[], primary: TestRedis): Promise<void> {
  const replica = all.at(-1);
  if (replica === undefined) throw new Error("a replica needs a node");
  await replica.command("CLUSTER", "REPLICATE", await idOf(primary));
  await waitFor(async () => /slave0:.*state=online/.test(String(await primary.command("INFO", "replication"))), {
    what: "the replica to be filled",
  });
  // A replica is a candidate only once the others know it for one.
  const knowIt = async (node: TestRedis) =>
    String(await node.command("CLUSTER", "NODES"))
      .split("\n")
      .some((line) => line.includes(`:${replica.port}@`) && line.includes("slave"));
  for (const node of all) await waitFor(() => knowIt(node), { what: "all nodes to know the replica" });
}

async function findOwner(nodes: readonly TestRedis[], key: string): Promise<TestRedis> {
  for (const node of nodes) {
    // A node that is not the key's owner says MOVED, one that is gone nothing, and an owner about to give it away ASK.
    const isOwner = await node.command("EXISTS", key).then(
      () => true,
      ({ message }: Error) => message.startsWith("ASK "),
    );
    if (isOwner) return node;
  }
  throw new Error(`no node holds the slot of ${key}`);
}

async function moveSlot(primaries: readonly TestRedis[], key: string): Promise<TestRedis> {
  const source = await findOwner(primaries, key);
  const target = primaries.find((node) => node !== source);
  if (target === undefined) throw new Error("there is no other node");
  const slot = (await source.command("CLUSTER", "KEYSLOT", key)) as number;
  const [sourceId, targetId] = [await idOf(source), await idOf(target)];
  await target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", sourceId);
  await source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", targetId);
  for (;;) {
    const keys = (await source.command("CLUSTER", "GETKEYSINSLOT", slot, 100)) as string[];
    if (keys.length === 0) break;
    await source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 5_000, "KEYS", ...keys);
  }
  for (const node of [target, source]) await node.command("CLUSTER", "SETSLOT", slot, "NODE", targetId);
  return target;
}

async function idOf(node: TestRedis): Promise<string> {
  return String(await node.command("CLUSTER", "MYID"));
}
