import type { Backlog, RedisMemory } from "@repl/contract";
import { Gauge, type Registry } from "prom-client";

/** BullMQ's names; jobs in the queue are `prioritized`, `waiting` are only those without a priority. */
export const QUEUE_STATES = ["waiting", "prioritized", "active", "delayed", "failed"] as const;

/** Where the gauges come from; `counts` and `backlog` reject when Redis does not answer. */
export interface QueueFacts {
  readonly counts: () => Promise<Record<string, number>>;
  readonly backlog: () => Promise<Backlog>;
  /** Never rejects. */
  readonly memory: () => Promise<RedisMemory>;
}

interface Reading extends Backlog, RedisMemory {
  readonly byState: Readonly<Record<string, number>>;
}

/** Adds gauges of the queue, read once at each scrape. While Redis is away `repl_redis_up` is 0 and the others are missing. */
export function addQueueGauges(registry: Registry, { counts, backlog, memory }: QueueFacts): void {
  const read = sharedWhilePending(async (): Promise<Reading | undefined> => {
    try {
      const [byState, rest, bytes] = await Promise.all([counts(), backlog(), memory()]);
      return { byState, ...rest, ...bytes };
    } catch {
      return undefined;
    }
  });
  const add = (name: string, help: string, value: (reading: Reading | undefined) => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const now = value(await read());
        if (now === undefined) this.remove();
        else this.set(now);
      },
    });
  new Gauge({
    name: "repl_queue_jobs",
    help: "Jobs in the queue, by BullMQ's state; failed ones are kept for the dashboard.",
    labelNames: ["state"],
    registers: [registry],
    async collect() {
      const { byState } = (await read()) ?? {};
      this.reset();
      if (byState !== undefined) for (const state of QUEUE_STATES) this.set({ state }, byState[state] ?? 0);
    },
  });
  add("repl_open_jobs", "Jobs that were accepted and have not ended.", (reading) => reading?.openJobs);
  add(
    "repl_oldest_wait_seconds",
    "Since when the oldest job waits that no worker has taken yet; 0 where none waits.",
    (reading) => reading && reading.oldestWaitMs / 1_000,
  );
  add("repl_redis_memory_bytes", "Memory that Redis uses.", (reading) => reading?.usedBytes);
  add(
    "repl_redis_memory_max_bytes",
    "Memory that Redis may use (maxmemory); 0 is no limit.",
    (reading) => reading?.maxBytes,
  );
  add("repl_redis_up", "Whether Redis answered this scrape.", (reading) => (reading === undefined ? 0 : 1));
}

/** Callers that come while the work is under way get its result: the gauges of one scrape are asked at the same time. */
function sharedWhilePending<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let pending: Promise<Result> | undefined;
  return () => {
    pending ??= work().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
