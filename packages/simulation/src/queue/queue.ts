import type { RedisClient } from "../redis/redis-client.ts";
import type { QueuedOptions, QueueState } from "./queue-state.ts";
import { QueuedJob } from "./queued-job.ts";

interface QueueOptions {
  readonly connection: RedisClient;
  readonly defaultJobOptions?: QueuedOptions;
}

/** BullMQ's Queue, as far as it is used. */
export class Queue {
  readonly #client: RedisClient;
  readonly #state: QueueState;
  readonly #defaults: QueuedOptions;

  constructor(name: string, { connection, defaultJobOptions = {} }: QueueOptions) {
    this.#client = connection;
    this.#state = connection.server.queue(name);
    this.#defaults = defaultJobOptions;
  }

  add(name: string, data: unknown, options: QueuedOptions): Promise<void> {
    const { jobId } = options;
    if (jobId === undefined) return Promise.reject(new Error("a job without an id of its own"));
    return this.#client.link.send(() => this.#state.add(jobId, name, data, { ...this.#defaults, ...options }));
  }

  async getJob(id: string): Promise<QueuedJob | undefined> {
    const stored = await this.#client.link.send(() => this.#state.jobs.get(id));
    return stored && new QueuedJob(stored, this.#state, this.#client.link);
  }

  setGlobalConcurrency(count: number): Promise<void> {
    return this.#client.link.send(() => this.#state.setMost(count));
  }

  upsertJobScheduler(id: string, { every }: { every: number }, { name }: { name: string }): Promise<void> {
    const clockMs = Date.now();
    return this.#client.link.send(() => this.#state.upsertScheduler(id, every, name, clockMs));
  }

  getJobScheduler(id: string): Promise<object | undefined> {
    return this.#client.link.send(() => (this.#state.hasScheduler(id) ? { id } : undefined));
  }

  on(): this {
    return this;
  }

  async close(): Promise<void> {}
}
