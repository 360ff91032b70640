import { type Backlog, QUEUE_STATES, type RedisMemory } from "@repl/contract";
import { Gauge, type Registry } from "prom-client";

/** Where the gauges come from. */
export interface QueueFacts {
  /** Rejects within a second when Redis does not answer. */
  readonly backlog: () => Promise<Backlog>;
  /** Never rejects. */
  readonly memory: () => Promise<RedisMemory>;
}

type Reading = Backlog & RedisMemory;

/** Adds gauges of the queue, read once at each scrape. While Redis is away `repl_redis_up` is 0 and the others are missing. */
export function addQueueGauges(registry: Registry, { backlog, memory }: QueueFacts): void {
  const read = sharedWhilePending(async (): Promise<Reading | undefined> => {
    try {
      const [waits, bytes] = await Promise.all([backlog(), memory()]);
      return { ...waits, ...bytes };
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
      if (byState !== undefined) for (const state of QUEUE_STATES) this.set({ state }, byState[state]);
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
