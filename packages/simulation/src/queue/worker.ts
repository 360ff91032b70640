import { EventEmitter } from "node:events";
import { QUEUE_NAME } from "@repl/contract";
import type { RedisClient } from "../redis/redis-client.ts";
import type { RedisLink } from "../redis/redis-link.ts";
import { type Context, currentContext, inContext } from "../time/virtual-time.ts";
import { DelayedError, UnrecoverableError, WaitingError } from "./queue-errors.ts";
import type { QueueState, StoredJob } from "./queue-state.ts";
import { QueuedJob } from "./queued-job.ts";

interface WorkerOptions {
  readonly connection: RedisClient;
  readonly concurrency?: number;
  readonly lockDuration?: number;
  readonly stalledInterval?: number;
  readonly maxStalledCount?: number;
}

type Processor = (job: QueuedJob, token: string) => Promise<unknown>;

/** How long BullMQ's worker blocks for work before it looks again. */
const DRAIN_MS = 5_000;

/**
 * BullMQ's Worker, as far as it is used: takes jobs up to its concurrency, renews their locks at half their length, has
 * stalled ones put back, and decides by what the processor throws. A job whose lock is lost goes on running.
 */
export class Worker extends EventEmitter {
  readonly #queue: QueueState;
  readonly #link: RedisLink;
  readonly #processor: Processor;
  readonly #onTaken: (by: string, jobId: string, askedAtMs: number) => void;
  readonly #context: Context;
  readonly #options: Required<Omit<WorkerOptions, "connection">>;
  /** Jobs under way here: token and time of the last renewal by id. */
  readonly #held = new Map<string, { token: string; renewedAt: number }>();
  readonly #stalledTimer: NodeJS.Timeout;
  /** Runs while jobs are held. */
  #renewTimer: NodeJS.Timeout | undefined;
  readonly #active = new Set<Promise<void>>();
  #runs = 0;
  #serial = 0;
  #closing = false;
  #wake: () => void = () => {};
  readonly #loop: Promise<void>;

  constructor(name: string, processor: Processor, options: WorkerOptions) {
    super();
    const {
      connection,
      concurrency = 1,
      lockDuration = 30_000,
      stalledInterval = 30_000,
      maxStalledCount = 1,
    } = options;
    const context = currentContext();
    if (context === undefined) throw new Error("a worker outside of every simulated process");
    this.#context = context;
    this.#options = { concurrency, lockDuration, stalledInterval, maxStalledCount };
    this.#queue = connection.server.queue(name);
    this.#link = connection.duplicate().link;
    this.#processor = processor;
    this.#onTaken = connection.server.onTaken;
    this.#stalledTimer = setInterval(() => this.#checkStalled(), stalledInterval);
    this.#checkStalled();
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#wake();
    await this.#loop;
    while (this.#active.size > 0) await Promise.all(this.#active);
    clearInterval(this.#stalledTimer);
    clearInterval(this.#renewTimer);
    this.#link.close();
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      if (this.#active.size >= this.#options.concurrency) {
        await this.#untilWoken();
        continue;
      }
      const token = `${this.#context.process.name}:${this.#serial++}`;
      const { lockDuration } = this.#options;
      const asked = { clockMs: Date.now(), askedAtMs: performance.now() };
      const job = await this.#link.send(() => this.#take(token, lockDuration, asked));
      if (job !== undefined) this.#begin(job, token);
      else if (!this.#closing) await this.#untilWork();
    }
  }

  #take(token: string, lockMs: number, asked: { clockMs: number; askedAtMs: number }): StoredJob | undefined {
    const job = this.#queue.moveToActive(token, lockMs, asked.clockMs);
    if (job !== undefined && this.#queue.name === QUEUE_NAME)
      this.#onTaken(this.#context.process.name, job.id, asked.askedAtMs);
    return job;
  }

  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Blocks as BullMQ does; where there is nothing to take when it looks again, that look is not sent. */
  async #untilWork(): Promise<void> {
    const woken = this.#untilWoken();
    const forget = this.#queue.whenWork(this.#context, () => this.#wake());
    const timer = setInterval(() => {
      if (this.#queue.hasWork(Date.now())) this.#wake();
    }, DRAIN_MS);
    await woken;
    clearInterval(timer);
    forget();
  }

  #begin(stored: StoredJob, token: string): void {
    this.#held.set(stored.id, { token, renewedAt: performance.now() });
    this.#renewTimer ??= setInterval(() => this.#renew(), this.#options.lockDuration / 4);
    // Counted here: a Redis that lost its last writes counts from an earlier number again.
    this.#runs += 1;
    const run = `${stored.id}#${this.#runs}`;
    const work = inContext({ ...this.#context, run }, () => this.#process(stored, token)).finally(() => {
      if (this.#held.get(stored.id)?.token === token) this.#held.delete(stored.id);
      this.#active.delete(work);
      this.#wake();
    });
    this.#active.add(work);
  }

  async #process(stored: StoredJob, token: string): Promise<void> {
    const { id } = stored;
    const job = new QueuedJob(stored, this.#queue, this.#link);
    try {
      await this.#processor(job, token);
      await this.#link.send(() => this.#queue.moveToFinished(id, token, "completed"));
    } catch (error) {
      await this.#handleFailed(stored, token, error).catch((second: unknown) => this.#report(second));
    }
  }

  async #handleFailed(stored: StoredJob, token: string, error: unknown): Promise<void> {
    if (error instanceof DelayedError || error instanceof WaitingError) return;
    const { id, attemptsMade, opts } = stored;
    const isLast = error instanceof UnrecoverableError || attemptsMade + 1 >= (opts.attempts ?? 1);
    const delayMs = backoff(opts, attemptsMade + 1);
    const clockMs = Date.now();
    await this.#link.send(() =>
      isLast ? this.#queue.moveToFinished(id, token, "failed") : this.#queue.retryLater(id, token, delayMs, clockMs),
    );
    this.emit("failed", stored, error);
  }

  #renew(): void {
    if (this.#held.size === 0) {
      clearInterval(this.#renewTimer);
      this.#renewTimer = undefined;
      return;
    }
    const now = performance.now();
    const { lockDuration } = this.#options;
    const due = [...this.#held].filter(([, { renewedAt }]) => renewedAt + lockDuration / 4 < now);
    if (due.length === 0) return;
    for (const [, held] of due) held.renewedAt = now;
    const locks = due.map(([id, { token }]) => [id, token] as const);
    this.#link
      .send(() => this.#queue.extendLocks(locks, lockDuration))
      .then((lost) => {
        if (lost.length === 0) return;
        this.emit("lockRenewalFailed", lost);
        for (const id of lost) this.#report(new Error(`could not renew lock for job ${id}`));
      })
      .catch((error: unknown) => this.#report(error));
  }

  #checkStalled(): void {
    if (!this.#queue.mayStall()) return;
    const { maxStalledCount, stalledInterval } = this.#options;
    this.#link
      .send(() => this.#queue.moveStalledJobsToWait(maxStalledCount, stalledInterval))
      .catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    if (this.listenerCount("error") > 0) this.emit("error", error);
  }
}

/** BullMQ's exponential backoff with jitter (classes/backoffs). */
function backoff({ backoff: rule }: StoredJob["opts"], attemptsMade: number): number {
  if (rule === undefined) return 0;
  const full = rule.delay * 2 ** (attemptsMade - 1);
  const { jitter = 0 } = rule;
  return Math.floor(full * (1 - jitter) + Math.random() * full * jitter);
}
