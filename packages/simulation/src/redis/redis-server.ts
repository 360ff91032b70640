import { QueueState } from "../queue/queue-state.ts";
import type { Network } from "../run/network.ts";
import type { Context, SimProcess, VirtualTime } from "../time/virtual-time.ts";
import { MemoryRedis, type ScriptCache } from "./memory-redis.ts";

/** What a connection listens to. */
interface Subscription {
  readonly channel: string;
  readonly context: Context;
  readonly listener: (channel: string, message: string) => void;
  readonly isOpen: () => boolean;
}

/** The Redis server of one schedule: its keys, its channels, and the queues that lie in it. */
export class RedisServer {
  readonly context: Context;
  readonly data: MemoryRedis;
  /** Told of each job that a process takes from a queue. */
  readonly onTaken: (by: string, jobId: string, askedAtMs: number) => void;
  readonly #network: Network;
  readonly #subscriptions = new Set<Subscription>();
  readonly #queues = new Map<string, QueueState>();
  readonly #onPublish: (channel: string, message: string) => void;

  constructor(
    network: Network,
    scripts: ScriptCache,
    onPublish: (channel: string, message: string) => void,
    onTaken: (by: string, jobId: string, askedAtMs: number) => void,
  ) {
    this.onTaken = onTaken;
    this.#network = network;
    this.#onPublish = onPublish;
    this.context = { process: network.time.process("redis") };
    const publish = (channel: string, message: string) => this.#publish(channel, message);
    this.data = new MemoryRedis({ nowMs: () => network.time.wallMs, publish }, scripts);
  }

  get time(): VirtualTime {
    return this.#network.time;
  }

  get network(): Network {
    return this.#network;
  }

  /** The queue of that name, made at its first use. */
  queue(name: string): QueueState {
    const found = this.#queues.get(name) ?? new QueueState(name, this);
    this.#queues.set(name, found);
    return found;
  }

  subscribe(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
  }

  /** Forgets what a process that has ended had subscribed to. */
  disconnect(process: SimProcess): void {
    for (const subscription of this.#subscriptions)
      if (subscription.context.process === process) this.#subscriptions.delete(subscription);
  }

  #publish(channel: string, message: string): void {
    this.#onPublish(channel, message);
    for (const { channel: own, context, listener, isOpen } of this.#subscriptions) {
      if (own !== channel) continue;
      // It sends into a connection that its client has closed as well, until it notices; nobody hears that.
      const latencyMs = this.#network.latency();
      if (isOpen()) this.time.after(latencyMs, context, () => listener(channel, message));
    }
  }
}
