import type { RedisLink } from "../redis/redis-link.ts";
import type { QueueState, StoredJob } from "./queue-state.ts";

/** A job as BullMQ gives it to whoever reads or runs it: a copy of what was stored when it was read. */
export class QueuedJob {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly attemptsMade: number;
  readonly finishedOn: number | undefined;
  readonly #queue: QueueState;
  readonly #link: RedisLink;

  constructor(stored: StoredJob, queue: QueueState, link: RedisLink) {
    this.id = stored.id;
    this.name = stored.name;
    this.data = stored.data;
    this.attemptsMade = stored.attemptsMade;
    this.finishedOn = stored.finishedOn;
    this.#queue = queue;
    this.#link = link;
  }

  moveToDelayed(timestamp: number, token?: string): Promise<void> {
    const clockMs = Date.now();
    return this.#link.send(() => this.#queue.moveToDelayed(this.id, token, timestamp, clockMs));
  }

  moveToWait(token?: string): Promise<void> {
    return this.#link.send(() => this.#queue.moveToWait(this.id, token));
  }

  remove(): Promise<void> {
    return this.#link.send(() => this.#queue.remove(this.id));
  }
}
